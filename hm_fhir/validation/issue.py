"""What validation finds: an issue, its place, and the same as OperationOutcome."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

Severity = Literal["fatal", "error", "warning", "information"]
"""https://hl7.org/fhir/R4/valueset-issue-severity.html"""

Code = Literal[
    "invalid", "structure", "required", "value", "invariant", "code-invalid", "extension", "not-found",
    "not-supported", "duplicate", "business-rule", "incomplete", "informational", "too-long", "security",
    "too-costly",
]  # fmt: skip
"""https://hl7.org/fhir/R4/valueset-issue-type.html, as far as validation uses it"""

SEVERITIES: tuple[Severity, ...] = ("fatal", "error", "warning", "information")
"""From the worst on."""

WHOLE = "$"
"""The location of what is no resource of R4; FHIRPath has no name for it."""


class Issue(NamedTuple):
    """One finding about a resource. It never holds a value of the data.

    Args:
        severity: error: not conformant, or nothing of it can be read; warning: should be mended; information: a
            remark, or something that could not be checked. FHIR's fatal is not used: error says it as well.
        code: what kind of finding, in FHIR's words.
        rule: id of the rule: the key of an invariant (``per-1``), or a name of this project (``binding-required``).
        location: FHIRPath of the element, from the resource type on: ``Encounter.participant[0].period``.
        text: what is wrong, for a person.
        profile: URL of the profile (or type) whose rule it is; None for rules of FHIR as a whole.
        origin: ``file:line`` of the mapping that produced the element, where it is known.
    """

    severity: Severity
    code: Code
    rule: str
    location: str
    text: str
    profile: str | None = None
    origin: str | None = None

    @property
    def stops(self) -> bool:
        """Whether the resource is not valid."""
        return self.severity in ("fatal", "error")


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """Return issues as an OperationOutcome (https://hl7.org/fhir/R4/operationoutcome.html).

    Without issues it says that all is well, because `OperationOutcome.issue` must not be empty.
    """
    found = [_outcome_issue(issue) for issue in issues]
    all_well = {"severity": "information", "code": "informational", "diagnostics": "no issue found"}
    return {"resourceType": "OperationOutcome", "issue": found or [all_well]}


def _outcome_issue(issue: Issue) -> dict[str, Any]:
    text = issue.text
    if issue.profile:
        text = f"{text} ({issue.profile})"
    if issue.origin:
        text = f"{text} [{issue.origin}]"
    found: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"text": issue.rule},
        "diagnostics": text,
    }
    if issue.location != WHOLE:
        found["expression"] = [issue.location]
    return found
