"""Mappings at work, watched: every condition, list of items and translation is told to somebody.

The nodes of templates are watched by the mapper itself (`Mapper.watched`). What stands around templates (`when`,
`refuse`, `each`, `if`, `key`) and the concept maps are watched through proxies in copies of the packs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hm_fhir.fhirpath import Expression, Scope
    from hm_fhir.mapping.conceptmap import ConceptMap
    from hm_fhir.mapping.fragment import Refusal, ResourceRule
    from hm_fhir.mapping.pack import CompiledMapping, Pack

    Seen = Callable[[Scope, Any], None]


class Watcher(Protocol):
    """Who is told what happens while activities are mapped."""

    def chosen(self, mapping: CompiledMapping) -> None:
        """A mapping is for the activity."""

    def refusal(self, refusal: Refusal, scope: Scope, *, holds: bool) -> None:
        """A reason to refuse was looked at."""

    def items(self, rule: ResourceRule, scope: Scope, items: Sequence[Any]) -> None:
        """The items of `each` of a resource are known."""

    def condition(self, rule: ResourceRule, scope: Scope, *, holds: bool) -> None:
        """The `if` of a resource was looked at; once per item where there is `each`."""

    def key(self, rule: ResourceRule, scope: Scope) -> None:
        """The `key` of a resource was looked at."""

    def translated(self, concept_map: ConceptMap, code: str, system: str | None) -> None:
        """A code was translated."""


class _WatchedExpression:
    """An expression that tells what it gives; it is like the expression in all else."""

    __slots__ = ("_expression", "_seen")

    def __init__(self, expression: Expression, seen: Seen) -> None:
        self._expression = expression
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._expression, name)

    def true(self, scope: Scope) -> bool:
        value = self._expression.true(scope)
        self._seen(scope, value)
        return value

    def values(self, scope: Scope) -> list[Any]:
        values: list[Any] = self._expression.values(scope)
        self._seen(scope, values)
        return values

    def first(self, scope: Scope) -> Any:
        value = self._expression.first(scope)
        self._seen(scope, value)
        return value


@dataclass(frozen=True, slots=True)
class _WatchedMap:
    """A concept map that tells what it translates."""

    concept_map: ConceptMap
    watcher: Watcher

    def __getattr__(self, name: str) -> Any:
        return getattr(self.concept_map, name)

    def translate(self, code: str, system: str | None = None) -> list[Mapping[str, str]]:
        codings = self.concept_map.translate(code, system)
        self.watcher.translated(self.concept_map, code, system)
        return codings


def watched_packs(packs: Sequence[Pack], watcher: Watcher) -> tuple[Pack, ...]:
    """Return copies of packs whose mappings and concept maps tell a watcher what they do.

    Templates, files and all that is constant are those of the packs.
    """
    return tuple(_pack(pack, watcher) for pack in packs)


def _pack(pack: Pack, watcher: Watcher) -> Pack:
    maps: Mapping[str, Any] = {name: _WatchedMap(one, watcher) for name, one in pack.concept_maps.items()}
    return replace(
        pack,
        mappings=tuple(_mapping(mapping, watcher) for mapping in pack.mappings),
        replaced=tuple(_mapping(mapping, watcher) for mapping in pack.replaced),
        concept_maps=maps,
    )


def _mapping(mapping: CompiledMapping, watcher: Watcher) -> CompiledMapping:
    def chosen(_: Scope, holds: bool) -> None:
        if holds:
            watcher.chosen(mapping)

    return replace(
        mapping,
        when=_proxy(mapping.when, chosen),
        refuse=tuple(_refusal(one, watcher) for one in mapping.refuse),
        resources=tuple(_rule(one, watcher) for one in mapping.resources),
    )


def _refusal(refusal: Refusal, watcher: Watcher) -> Refusal:
    return replace(
        refusal, when=_proxy(refusal.when, lambda scope, holds: watcher.refusal(refusal, scope, holds=holds))
    )


def _rule(rule: ResourceRule, watcher: Watcher) -> ResourceRule:
    return replace(
        rule,
        each=rule.each and _proxy(rule.each, lambda scope, items: watcher.items(rule, scope, items)),
        condition=rule.condition
        and _proxy(rule.condition, lambda scope, holds: watcher.condition(rule, scope, holds=holds)),
        key=rule.key and _proxy(rule.key, lambda scope, _: watcher.key(rule, scope)),
    )


def _proxy(expression: Expression, seen: Seen) -> Expression:
    return cast("Expression", _WatchedExpression(expression, seen))
