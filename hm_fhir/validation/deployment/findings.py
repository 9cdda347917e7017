"""Findings counted by what they have in common, for reports: ten thousand times the same is one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from hm_fhir.validation.deployment.policy import without_indices
from hm_fhir.validation.issue import SEVERITIES, Issue, Severity

MOST_KINDS: Final = 1000
"""How many kinds are kept apart; of resources that people or programs make there are some dozens."""


class Kind(NamedTuple):
    """What findings of one kind have in common.

    Attributes:
        severity: see Issue.
        rule: see Issue.
        location: see Issue; without indices of lists.
        profile: see Issue.
        origin: see Issue.
        text: see Issue.
    """

    severity: Severity
    rule: str
    location: str
    profile: str | None
    origin: str | None
    text: str


@dataclass(slots=True)
class Count:
    """How often a kind was found.

    Attributes:
        number: findings.
        first: where the first one was, as the caller names places.
    """

    number: int
    first: str


class Findings:
    """Counts findings; what is counted in parts can be added.

    Attributes:
        more: findings of kinds that came after `MOST_KINDS` others, by severity.
        remarks: see `add_remarks`.
    """

    def __init__(self) -> None:
        self._kinds: dict[Kind, Count] = {}
        self.more: dict[Severity, int] = {}
        self.remarks: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._kinds or self.remarks)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Findings):
            return NotImplemented
        return (self._kinds, self.more, self.remarks) == (other._kinds, other.more, other.remarks)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def add(self, issues: Iterable[Issue], place: str) -> None:
        """Count the findings of a resource.

        Args:
            issues: what was found.
            place: of the resource.
        """
        for issue in issues:
            location = without_indices(issue.location)
            kind = Kind(issue.severity, issue.rule, location, issue.profile, issue.origin, issue.text)
            self._add(kind, Count(1, place))

    def add_remarks(self, remarks: Mapping[str, int]) -> None:
        """Count findings of severity information of which no more than the rule counts.

        Args:
            remarks: rule -> number.
        """
        for rule, number in remarks.items():
            self.remarks[rule] = self.remarks.get(rule, 0) + number

    def merge(self, others: Findings) -> None:
        """Add what was counted elsewhere, later."""
        for kind, count in others._kinds.items():
            self._add(kind, Count(count.number, count.first))
        for severity, number in others.more.items():
            self.more[severity] = self.more.get(severity, 0) + number
        self.add_remarks(others.remarks)

    def _add(self, kind: Kind, count: Count) -> None:
        known = self._kinds.get(kind)
        if known is not None:
            known.number += count.number
        elif len(self._kinds) < MOST_KINDS:
            self._kinds[kind] = count
        else:
            self.more[kind.severity] = self.more.get(kind.severity, 0) + count.number

    def kinds(self) -> Iterator[tuple[Kind, Count]]:
        """Yield kinds and counts, the worst first, else in the order in which they were found."""
        yield from sorted(self._kinds.items(), key=lambda found: SEVERITIES.index(found[0].severity))

    def by_severity(self) -> dict[Severity, int]:
        """Return the number of findings of each severity; every severity is there."""
        numbers: dict[Severity, int] = {severity: self.more.get(severity, 0) for severity in SEVERITIES}
        for kind, count in self._kinds.items():
            numbers[kind.severity] += count.number
        numbers["information"] += sum(self.remarks.values())
        return numbers

    def as_json(self) -> list[dict[str, Any]]:
        """Return kinds and counts as plain data."""
        listed: list[dict[str, Any]] = [
            {**kind._asdict(), "number": count.number, "first": count.first} for kind, count in self.kinds()
        ]
        listed += [
            {"severity": severity, "rule": "more", "number": self.more[severity]}
            for severity in SEVERITIES
            if severity in self.more
        ]
        remarks = sorted(self.remarks.items())
        return listed + [{"severity": "information", "rule": rule, "number": number} for rule, number in remarks]
