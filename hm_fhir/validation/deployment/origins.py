"""Which line of which mapping made the element that a finding is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hm_fhir.mapping.inspection.explain import Explainer
from hm_fhir.validation.deployment.policy import without_indices
from hm_fhir.validation.issue import Issue

if TYPE_CHECKING:
    from hm_fhir.mapping.engine import Mapper
    from hm_fhir.mapping.inspection.explanation import Explanation
    from hm_fhir.mapping.mapped import Mapped, Resource
    from hm_fhir.mapping.pack import Pack

SURE_AFTER: Final = 3
"""So often the same line has to be found before it is taken for the only one: to explain an activity is many times
slower than to map it, and a mistake in a part of mappings is in every activity."""


class ResourceIssue(NamedTuple):
    """A finding about one of the resources that an activity became.

    Attributes:
        resource: ``Type/id``.
        issue: the finding.
    """

    resource: str
    issue: Issue


class _Element(NamedTuple):
    made_by: str
    location: str
    rule: str


class _Line:
    """Where an element came from so far."""

    __slots__ = ("origin", "times")

    def __init__(self) -> None:
        self.origin: str | None = None
        self.times = 0

    @property
    def is_sure(self) -> bool:
        return self.times >= SURE_AFTER

    def found(self, origin: str | None) -> None:
        self.times = self.times + 1 if origin == self.origin else 1
        self.origin = origin


class Origins:
    """Finds origins; only where something was found, since an activity is mapped again for that.

    Args:
        mapper: the packs that made the resources.
    """

    def __init__(self, mapper: Mapper) -> None:
        self._mapper = mapper
        self._lines: dict[_Element, _Line] = {}

    @cached_property
    def _rules(self) -> dict[tuple[str, str, str], str]:
        """Where the rules of all mappings stand: mappings that use a part have its rules in common."""
        return {
            (pack.label, mapping.name, rule.name): rule.document.place(rule.path)
            for pack in self._mapper.packs
            for mapping in (*pack.mappings, *pack.replaced)
            for rule in mapping.resources
        }

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self._mapper)

    def add(
        self,
        found: Sequence[tuple[Resource, Issue]],
        mapped: Mapped,
        activity: Mapping[str, Any],
        *,
        cases_of: Pack | None = None,
    ) -> tuple[ResourceIssue, ...]:
        """Return findings with their origins.

        Args:
            found: findings about resources of one activity.
            mapped: what the activity became.
            activity: as `Mapper.map` takes it.
            cases_of: as for `Mapper.map`.
        """
        explanation: Explanation | None = None
        result = []
        for resource, issue in found:
            made_by = self._rules[mapped.pack, mapped.mapping, resource.name]
            element = _Element(made_by, without_indices(issue.location), issue.rule)
            line = self._lines.setdefault(element, _Line())
            if not line.is_sure:
                if explanation is None:
                    explanation = self._explain(activity, cases_of)
                line.found(_origin(explanation, resource.key, issue.location))
            result.append(ResourceIssue(resource.key, issue._replace(origin=line.origin)))
        return tuple(result)

    def _explain(self, activity: Mapping[str, Any], cases_of: Pack | None) -> Explanation:
        return self._explainer.explain(activity, cases_of=cases_of)


def _origin(explanation: Explanation, key: str, location: str) -> str | None:
    """Return ``file:line``."""
    origin = explanation.origin(key, location)
    return None if origin is None else origin.place.rpartition(":")[0]
