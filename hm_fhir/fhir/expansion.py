"""Which codes a value set has, from the value sets and code systems that are at hand.

Rules: https://hl7.org/fhir/R4/valueset.html#expansion and https://hl7.org/fhir/R4/codesystem.html#filters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hm_fhir.fhir.elements import ValueSetCodes

Json = Mapping[str, Any]
Find = Callable[[str], Json | None]
_Pairs = frozenset[tuple[str, str]]


class _Unlisted(Exception):
    """The codes cannot be listed from what is at hand."""


def expand(url: str, value_sets: Find, code_systems: Find) -> ValueSetCodes | None:
    """Return the codes of a value set, or None when they cannot be listed.

    They cannot where a whole code system is included that is not at hand or not complete (MIME types, UCUM), or
    where a filter is used other than is-a, descendent-of and equality of a property. Abstract codes (those that
    their code system declares not selectable) are in it only where the value set names them.

    Args:
        url: canonical URL, with or without ``|version``.
        value_sets: returns the ValueSet with a URL, or None.
        code_systems: returns the CodeSystem with a URL, or None.
    """
    plain = url.partition("|")[0]
    try:
        pairs = _codes(plain, value_sets, code_systems, ())
    except _Unlisted:
        return None
    systems: dict[str, set[str]] = {}
    for system, code in pairs:
        systems.setdefault(system, set()).add(code)
    return ValueSetCodes(plain, {system: frozenset(codes) for system, codes in sorted(systems.items())})


def _codes(url: str, value_sets: Find, code_systems: Find, within: tuple[str, ...]) -> _Pairs:
    plain = url.partition("|")[0]
    value_set = value_sets(plain)
    if value_set is None or plain in within:
        raise _Unlisted(plain)
    compose = value_set.get("compose")
    if not compose:
        raise _Unlisted(plain)
    above = (*within, plain)
    found: set[tuple[str, str]] = set()
    for part in compose["include"]:
        found |= _part(part, value_sets, code_systems, above)
    for part in compose.get("exclude", ()):
        found -= _part(part, value_sets, code_systems, above)
    return frozenset(found)


def _part(part: Json, value_sets: Find, code_systems: Find, within: tuple[str, ...]) -> _Pairs:
    """Return the codes of one include or exclude: what its system and all its value sets have in common."""
    sets = [_codes(url, value_sets, code_systems, within) for url in part.get("valueSet", ())]
    system = part.get("system")
    if system is not None:
        sets.append(frozenset((system, code) for code in _of_system(part, system, code_systems)))
    if not sets:
        raise _Unlisted
    return frozenset.intersection(*sets)


def _of_system(part: Json, system: str, code_systems: Find) -> Iterable[str]:
    if "concept" in part:
        return [concept["code"] for concept in part["concept"]]
    found = code_systems(system)
    if found is None or found.get("content") != "complete":
        raise _Unlisted(system)
    tree = _Tree(found)
    codes = set(tree.selectable)
    for one in part.get("filter", ()):
        codes &= tree.filtered(one["property"], one["op"], one["value"])
    return codes


class _Tree:
    """The concepts of a code system with what stands above each of them."""

    def __init__(self, code_system: Json) -> None:
        self._listed: set[str] = set()
        self._parents: dict[str, set[str]] = {}
        self._properties: dict[str, dict[str, Any]] = {}
        # Nesting means is-a unless something else is said: https://hl7.org/fhir/R4/codesystem.html#hierarchy
        self._is_a = code_system.get("hierarchyMeaning", "is-a") == "is-a"
        declared = {
            one["code"]: one.get("uri", "").partition("#")[2] or one["code"]
            for one in code_system.get("property", ())
        }
        for concept, above in _walk(code_system.get("concept", ()), None):
            code = concept["code"]
            self._listed.add(code)
            self._parents.setdefault(code, set()).update((above,) if above else ())
            for one in concept.get("property", ()):
                meaning = declared.get(one["code"], one["code"])
                value = next((value for key, value in one.items() if key.startswith("value")), None)
                self._properties.setdefault(code, {})[meaning] = value
                if meaning in {"parent", "subsumedBy"}:
                    self._parents[code].add(str(value))
                elif meaning == "child":
                    self._parents.setdefault(str(value), set()).add(code)

    @property
    def selectable(self) -> Iterator[str]:
        """Codes that data may have."""
        return (code for code in self._listed if self._properties.get(code, {}).get("notSelectable") is not True)

    def filtered(self, name: str, operation: str, value: str) -> set[str]:
        """Return the codes that a filter of a value set lets through."""
        if name in {"concept", "code"} and operation in {"is-a", "descendent-of"} and self._is_a:
            below = {code for code in self._listed if value in self._above(code)}
            return below | {value} if operation == "is-a" else below
        if operation == "=" and name not in {"concept", "code"}:
            return {code for code, own in self._properties.items() if _text(own.get(name)) == value}
        raise _Unlisted(f"{name} {operation}")

    def _above(self, code: str) -> set[str]:
        found: set[str] = set()
        waiting = [code]
        while waiting:
            for parent in self._parents.get(waiting.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    waiting.append(parent)
        return found


def _walk(concepts: Iterable[Json], above: str | None) -> Iterator[tuple[Json, str | None]]:
    for concept in concepts:
        yield concept, above
        yield from _walk(concept.get("concept", ()), concept["code"])


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)
