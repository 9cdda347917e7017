"""Checks what a mapping made of an activity, before it goes to the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hm_fhir.mapping.reuse import Kept
from hm_fhir.validation.deployment.origins import Origins, ResourceIssue
from hm_fhir.validation.issue import Issue

if TYPE_CHECKING:
    from hm_fhir.mapping.engine import Mapper
    from hm_fhir.mapping.mapped import Mapped, Resource
    from hm_fhir.mapping.pack import Pack
    from hm_fhir.validation.deployment.check import ResourceCheck

NOT_VALID: Final = "not-valid"
"""The rule that withholds an entry because of findings that stop it."""

_RESOURCES_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in the resources of one activity.

    Attributes:
        found: errors, warnings and what else stops, in the order of the resources.
        remarks: the other findings by rule: nearly every resource has one, such as a code of SNOMED CT that is not
            checked.
        stops: whether the resources must not be delivered.
    """

    found: tuple[ResourceIssue, ...] = ()
    remarks: Mapping[str, int] = field(default_factory=dict)
    stops: bool = False


FINE: Final = Verdict()
"""Nothing was found."""


class _Judged(NamedTuple):
    """The findings of one resource, apart as in `Verdict`."""

    found: tuple[Issue, ...]
    remarks: tuple[str, ...]


class MappedCheck:
    """Checks the resources of activities.

    Args:
        check: what checks a resource.
        mapper: the packs that make them; says which line of a mapping a finding is about.
        fingerprint: of everything beside the resources that decides what is found.
    """

    def __init__(self, check: ResourceCheck, mapper: Mapper, fingerprint: str) -> None:
        self._check = check
        self._origins = Origins(mapper)
        self._kept: Kept[_Judged] = Kept(_RESOURCES_KEPT)
        self.fingerprint = fingerprint

    def __call__(self, mapped: Mapped, activity: Mapping[str, Any], *, cases_of: Pack | None = None) -> Verdict:
        """Return what is found in the resources of an activity.

        Args:
            mapped: what the activity became.
            activity: as `Mapper.map` takes it.
            cases_of: as for `Mapper.map`.
        """
        found: list[tuple[Resource, Issue]] = []
        remarks: dict[str, int] = {}
        for resource in mapped.resources:
            judged = self._judged(resource)
            found += [(resource, issue) for issue in judged.found]
            for rule in judged.remarks:
                remarks[rule] = remarks.get(rule, 0) + 1
        if not found:
            return Verdict(remarks=remarks) if remarks else FINE
        with_origins = self._origins.add(found, mapped, activity, cases_of=cases_of)
        return Verdict(with_origins, remarks, self._check.policy.stops(issue for _, issue in with_origins))

    def _judged(self, resource: Resource) -> _Judged:
        """Return the findings of a resource; one that is kept for many activities is checked once."""
        if resource.encoded is None:
            return self._apart(self._check(resource.content))
        judged = self._kept.get(resource.encoded)
        if judged is None:
            judged = self._apart(self._check(resource.content))
            self._kept.put(resource.encoded, judged)
        return judged

    def _apart(self, issues: tuple[Issue, ...]) -> _Judged:
        is_remark = self._check.policy.is_remark
        return _Judged(
            tuple(issue for issue in issues if not is_remark(issue)),
            tuple(issue.rule for issue in issues if is_remark(issue)),
        )
