"""What ``reference('name')`` leads to: whether the mapping makes it here, and which profile it has then."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from hm_fhir.mapping.checker.claims import UNKNOWN, Claims
from hm_fhir.mapping.checker.scope import Bound
from hm_fhir.mapping.checker.values import ANY_PROFILE, ANYTHING, Presence, Target, scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hm_fhir.mapping.checker.scope import Facts
    from hm_fhir.mapping.checker.templates import TemplateValues
    from hm_fhir.mapping.fragment import ResourceRule


class Referred:
    """What one reference leads to.

    Args:
        templates: evaluates condition and profile of the rule.
        kind: FHIR type of the resources of the name.
        name: of the resource.
        rule: of the mapping, that makes it; None: another activity may have made it.
        facts: what is known where the reference stands.
    """

    def __init__(
        self, templates: TemplateValues, kind: str, name: str, rule: ResourceRule | None, facts: Facts
    ) -> None:
        self._templates = templates
        self._kind = kind
        self._name = name
        self._rule = rule
        self._facts = facts

    @cached_property
    def written(self) -> frozenset[Target]:
        """What it can lead to, whatever the activity is."""
        return self._targets(self._templates.world.profiles(self._name))

    @cached_property
    def exact(self) -> frozenset[Target]:
        """What it can lead to at its place; empty when it never leads anywhere there."""
        rule, facts = self._rule, self._facts
        if rule is None:
            return self.written
        env = self._templates.world.env(rule.document)
        if rule.each is not None:
            path = (*rule.path, "each")
            items = self._templates.expressions.value(rule.each, path, env, facts)
            if items.presence is Presence.NEVER:
                return frozenset()
            facts = self._templates.something(rule.each, path, env, facts)
            item = items.item() if items.shapes else ANYTHING.item()
            index = Bound(scalar("integer"), ("index", id(rule)))
            env = env.having(item=Bound(item, ("item", id(rule))), index=index)
        if rule.condition is not None:
            path = (*rule.path, "if")
            if True not in self._templates.condition(rule.condition, path, env, facts):
                return frozenset()
            facts = self._templates.assumed(rule.condition, path, env, facts, holds=True)
        if rule.profile is None:
            return self._targets((None,))
        return self._targets(claim.url for claim in Claims(self._templates).of(rule.profile.tree, env, facts))

    def _targets(self, urls: Iterable[str | None]) -> frozenset[Target]:
        return frozenset(Target(self._kind, ANY_PROFILE if url == UNKNOWN else url, self._name) for url in urls)


class Produced:
    """Looks up what references lead to.

    Args:
        templates: evaluates the templates.
    """

    def __init__(self, templates: TemplateValues) -> None:
        self._templates = templates
        self._found: dict[tuple[str, int, bool], tuple[Facts, Referred]] = {}

    def of(self, name: str, facts: Facts, *, any_mapping: bool) -> tuple[Referred, Presence, bool] | None:
        """Return what a reference leads to, whether there is any, and whether there can be several.

        Args:
            name: of the resource; None is returned when there is none of that name.
            facts: what is known where the reference stands.
            any_mapping: another activity may have made it.
        """
        world = self._templates.world
        kind = world.resource_type(name)
        if kind is None:
            return None
        rule = None if any_mapping else world.rule(name)
        key = (name, id(facts), any_mapping)
        if key not in self._found:
            self._found[key] = (facts, Referred(self._templates, kind, name, rule, facts))
        referred = self._found[key][1]
        if any_mapping:
            return referred, Presence.UNKNOWN, False
        if rule is None:
            return referred, Presence.NEVER, False
        is_sure = rule.condition is None and rule.each is None
        return referred, Presence.ALWAYS if is_sure else Presence.UNKNOWN, rule.each is not None
