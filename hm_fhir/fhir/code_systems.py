"""The concepts of one code system: which codes there are, what stands above them, which ones a filter lets through.

Rules: https://hl7.org/fhir/R4/codesystem.html, https://hl7.org/fhir/R4/codesystem-concept-properties.html and
https://hl7.org/fhir/R4/valueset-filter-operator.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import re2

from hm_fhir.fhir.extent import Slice, Verdict

Json = Mapping[str, Any]

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False

_PARENTS: Final = frozenset({"parent", "subsumedBy"})
_CODE: Final = frozenset({"code", "concept"})
_STANDARD: Final = frozenset({"inactive", "notSelectable", "parent", "child", "status"})
"""Properties that every code system has: https://hl7.org/fhir/R4/codesystem-concept-properties.html"""


class Undecided(Exception):
    """It cannot be said which codes are meant; the text says why."""


class CodeSystem:
    """The concepts of a CodeSystem resource, compiled.

    Args:
        resource: JSON of a CodeSystem.
        supplements: JSON of CodeSystems that add properties to its concepts.
    """

    def __init__(self, resource: Json, supplements: Iterable[Json] = ()) -> None:
        self.url: str = resource["url"]
        self.version: str | None = resource.get("version")
        self.complete: bool = resource.get("content") == "complete"
        self.folds = folds(resource)
        # Nesting means is-a unless something else is said: https://hl7.org/fhir/R4/codesystem.html#hierarchy
        self._is_a = resource.get("hierarchyMeaning", "is-a") == "is-a"
        self._codes: dict[str, str] = {}
        self._parents: dict[str, set[str]] = {}
        self._children: dict[str, set[str]] = {}
        self._properties: dict[str, dict[str, list[Any]]] = {}
        self._declared = set(_STANDARD)
        self._read(resource, own=True)
        for one in supplements:
            self._read(one, own=False)

    def _read(self, resource: Json, *, own: bool) -> None:
        meanings = {
            one["code"]: str(one.get("uri", "")).partition("concept-properties#")[2] or one["code"]
            for one in resource.get("property", ())
        }
        self._declared.update(meanings.values())
        for concept, above in _walk(resource.get("concept", ()), None):
            code = self.key(concept["code"])
            if own:
                self._codes[code] = concept["code"]
                if above is not None:
                    self._link(self.key(above), code)
            properties = self._properties.setdefault(code, {})
            for one in concept.get("property", ()):
                meaning = meanings.get(one["code"], one["code"])
                value = next((value for key, value in one.items() if key.startswith("value")), None)
                if meaning in _PARENTS and isinstance(value, str):
                    self._link(self.key(value), code)
                elif meaning == "child" and isinstance(value, str):
                    self._link(code, self.key(value))
                else:
                    self._declared.add(meaning)
                    properties.setdefault(meaning, []).append(value)

    def _link(self, above: str, below: str) -> None:
        self._parents.setdefault(below, set()).add(above)
        self._children.setdefault(above, set()).add(below)

    def key(self, code: str) -> str:
        """Return a code as it is compared."""
        return code.casefold() if self.folds else code

    def written(self, key: str) -> str:
        """Return a code as the code system writes it."""
        return self._codes.get(key, key)

    def has(self, code: str) -> Verdict:
        """Return whether there is such a code; None when it is not listed here and the list is not complete."""
        return True if self.key(code) in self._codes else (False if self.complete else None)

    @property
    def codes(self) -> frozenset[str]:
        """The codes that are listed here, as they are compared."""
        return frozenset(self._codes)

    def selection(self, filters: Iterable[Json] = (), *, abstract: bool = False) -> Slice:
        """Return the codes that all filters let through.

        Args:
            filters: of an include or exclude of a ValueSet.
            abstract: whether those that only group others (not selectable) are among them.

        Raises:
            Undecided: a filter asks for something that this code system does not say.
        """
        found = {code for code in self._codes if abstract or not self._is_abstract(code)}
        for one in filters:
            found &= self._filtered(one["property"], one["op"], one["value"])
        return Slice(dict.fromkeys(found, True), False if self.complete else None)

    def _is_abstract(self, key: str) -> bool:
        return True in self._properties[key].get("notSelectable", ())

    def inactive(self, key: str) -> bool:
        """Return whether a code, as it is compared, is said to be out of use."""
        properties = self._properties.get(key, {})
        return True in properties.get("inactive", ()) or "retired" in properties.get("status", ())

    def subsumes(self, above: str, below: str) -> Verdict:
        """Return whether a code is the other one or stands above it."""
        a, b = self.key(above), self.key(below)
        if a == b or a in self._above(b):
            return True
        known = self._is_a and self.complete and a in self._codes and b in self._codes
        return False if known else None

    def _filtered(self, name: str, operation: str, value: str) -> set[str]:
        if name in _CODE:
            return self._by_code(operation, value)
        if name not in self._declared:
            raise Undecided(f"the code system {self.url} has no property {name}")
        test = _TESTS.get(operation)
        if test is None:
            raise Undecided(f"the filter {name} {operation} is not known")
        matches = test(value)
        return {code for code in self._codes if matches([_text(one) for one in self._values(code, name)])}

    def _by_code(self, operation: str, value: str) -> set[str]:
        if operation == "exists":
            return set(self._codes) if value == "true" else set()
        if operation == "=":
            return {self.key(value)} & self._codes.keys()
        if operation in {"in", "not-in"}:
            named = {self.key(one.strip()) for one in value.split(",")}
            return named & self._codes.keys() if operation == "in" else self._codes.keys() - named
        if operation == "regex":
            matches = _matching(value)
            return {key for key, code in self._codes.items() if matches([code])}
        return self._by_hierarchy(operation, self.key(value))

    def _by_hierarchy(self, operation: str, value: str) -> set[str]:
        if not self._is_a:
            raise Undecided(f"the hierarchy of the code system {self.url} does not mean is-a")
        if value not in self._codes:
            if not self.complete:
                return set()
            raise Undecided(f"the code system {self.url} has no code that a filter starts from")
        if operation == "generalizes":
            return (self._above(value) | {value}) & self._codes.keys()
        below = _reachable(value, self._children) & self._codes.keys()
        if operation == "is-a":
            return below | {value}
        if operation == "descendent-of":
            return below - {value}
        if operation == "is-not-a":
            return self._codes.keys() - below - {value}
        raise Undecided(f"the filter {operation} is not known")

    def _values(self, code: str, name: str) -> Iterable[Any]:
        if name in {"parent", "child"}:
            return [
                self.written(one) for one in (self._parents if name == "parent" else self._children).get(code, ())
            ]
        found = self._properties[code].get(name, [])
        # Both are false unless said: https://hl7.org/fhir/R4/codesystem-concept-properties.html
        return found or ([False] if name in {"inactive", "notSelectable"} else [])

    def _above(self, code: str) -> set[str]:
        return _reachable(code, self._parents) - {code}


def folds(resource: Json) -> bool:
    """Return whether codes of a CodeSystem are compared without regard to case.

    Where the resource does not say, codes are accepted in any case:
    https://hl7.org/fhir/R4/codesystem-definitions.html#CodeSystem.caseSensitive.
    """
    return resource.get("caseSensitive") is not True


def _reachable(start: str, links: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for one in links.get(waiting.pop(), ()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found


def _walk(concepts: Iterable[Json], above: str | None) -> Iterator[tuple[Json, str | None]]:
    for concept in concepts:
        yield concept, above
        yield from _walk(concept.get("concept", ()), concept["code"])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return str(value.get("code"))
    return str(value)


_Matches = Callable[[list[str]], bool]


def _matching(pattern: str) -> _Matches:
    try:
        compiled = re2.compile(pattern, _OPTIONS)
    except (re2.error, UnicodeEncodeError):
        raise Undecided("a filter has a regular expression that cannot be read") from None
    return lambda values: any(compiled.fullmatch(one) is not None for one in values)


def _equal(value: str) -> _Matches:
    return lambda values: value in values


def _one_of(value: str) -> _Matches:
    named = {one.strip() for one in value.split(",")}
    return lambda values: any(one in named for one in values)


def _none_of(value: str) -> _Matches:
    one_of = _one_of(value)
    return lambda values: not one_of(values)


def _existing(value: str) -> _Matches:
    return lambda values: bool(values) is (value == "true")


_TESTS: Final[Mapping[str, Callable[[str], _Matches]]] = {
    "=": _equal,
    "in": _one_of,
    "not-in": _none_of,
    "exists": _existing,
    "regex": _matching,
}
