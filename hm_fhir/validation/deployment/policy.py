"""Which findings stop a delivery, which only count: the policy of a deployment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING

from hm_fhir.validation.issue import SEVERITIES, Issue, Severity

if TYPE_CHECKING:
    from hm_fhir.config import ValidationRule, ValidationSettings

_INDEX = re.compile(r"\[\d+\]")


def without_indices(location: str) -> str:
    """Return a location as it is for all items of all lists: ``Encounter.participant.period``."""
    return _INDEX.sub("", location) if "[" in location else location


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """What a deployment says about some findings.

    Attributes:
        rule: pattern of the rule's id.
        profile: pattern of the profile's URL; FHIR as a whole has the URL "".
        location: pattern of the location without indices.
        severity: what they become; None: they are left out.
    """

    rule: re.Pattern[str]
    profile: re.Pattern[str]
    location: re.Pattern[str]
    severity: Severity | None

    def is_about(self, issue: Issue) -> bool:
        """Return whether a finding is one of them."""
        return (
            self.rule.fullmatch(issue.rule) is not None
            and self.profile.fullmatch(issue.profile or "") is not None
            and self.location.fullmatch(without_indices(issue.location)) is not None
        )


_ANY = re.compile(".*", re.DOTALL)
_R4_EXTENSIBLE = PolicyRule(re.compile("binding-extensible"), re.compile(""), _ANY, "information")
"""What R4 itself says should come from its value sets (types of identifiers, of places) is in nearly every resource,
and nobody can mend it. What a profile says so is a warning; so is the same where a rule of the settings says that."""


class Policy:
    """Judges findings. Without rules each keeps its severity, and errors stop.

    Args:
        rules: the first one that is about a finding decides.
        stop_on: the least severity that stops; None: nothing does.
    """

    def __init__(self, rules: Iterable[PolicyRule] = (), stop_on: Severity | None = "error") -> None:
        self._rules = tuple(rules)
        self._stopping = frozenset(SEVERITIES[: SEVERITIES.index(stop_on) + 1] if stop_on else ())

    @classmethod
    def of(cls, settings: ValidationSettings) -> Policy:
        """Return the policy that settings say."""
        stop_on: Severity | None = None if settings.stop_on == "never" else settings.stop_on
        return cls((*map(_rule, settings.rules), _R4_EXTENSIBLE), stop_on)

    def judged(self, issues: Iterable[Issue]) -> tuple[Issue, ...]:
        """Return findings with the severities of this deployment, without those that it leaves out."""
        if not self._rules:
            return tuple(issues)
        return tuple(judged for issue in issues if (judged := self._judge(issue)) is not None)

    def stops(self, issues: Iterable[Issue]) -> bool:
        """Return whether one of some judged findings stops a delivery."""
        return any(issue.severity in self._stopping for issue in issues)

    def is_remark(self, issue: Issue) -> bool:
        """Return whether a judged finding neither stops nor asks for anything to be mended."""
        return issue.severity == "information" and "information" not in self._stopping

    def _judge(self, issue: Issue) -> Issue | None:
        for rule in self._rules:
            if rule.is_about(issue):
                return None if rule.severity is None else issue._replace(severity=rule.severity)
        return issue


def _rule(settings: ValidationRule) -> PolicyRule:
    rule, profile, location = (
        re.compile(translate(text)) for text in (settings.rule, settings.profile, settings.location)
    )
    return PolicyRule(rule, profile, location, None if settings.severity == "ignore" else settings.severity)
