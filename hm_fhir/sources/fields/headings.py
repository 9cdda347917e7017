"""Finds the values of a record by the names of its columns, whatever the spelling of its headings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from hm_fhir.sources.headings import heading_key

Values = dict[str, Any]
Find = Callable[[Values], Any]

_OTHERS_KEPT: Final = 10_000
"""Names of columns that are remembered; documents may have keys without number."""


class Columns:
    """The declared columns of one kind of object.

    Args:
        declared: headings and paths.
    """

    def __init__(self, declared: Iterable[str]) -> None:
        names = tuple(declared)
        # A document has the first step of a path as its key.
        heads = (steps[0] for name in names if (steps := steps_of(name)))
        self._exact = frozenset((*names, *heads))
        self._plain = {heading_key(name): name for name in reversed(names)}
        self._others: dict[str, str | None] = {}

    def declared(self, key: str) -> str | None:
        """Return the declared name of a key of a record, or None: it is none of the declared ones."""
        if key in self._exact:
            return key
        try:
            return self._others[key]
        except KeyError:
            if len(self._others) >= _OTHERS_KEPT:
                self._others.clear()
            found = self._others[key] = self._plain.get(heading_key(key))
            return found

    def values(self, raw: Mapping[str, Any]) -> Values:
        """Return the values of declared columns under their declared names; texts stripped, nothing empty."""
        found: Values = {}
        exact, others = self._exact, self._others
        for key, value in raw.items():
            if value.__class__ is str:
                value = value.strip()
                if not value:
                    continue
            elif value is None or value == [] or value == {}:
                continue
            if key in exact:
                found[key] = value
            else:
                name = others[key] if key in others else self.declared(key)
                if name is not None:
                    found.setdefault(name, value)
        return found


def steps_of(name: str) -> tuple[str, ...]:
    """Return the steps of a dotted path; none for a name that is no path."""
    steps = tuple(name.split("."))
    return steps if len(steps) > 1 and all(steps) else ()


def finder(names: tuple[str, ...]) -> Find:
    """Return what finds the value of a column: a key as it is written, else a path; the first that is filled.

    Args:
        names: headings or paths.
    """
    finders = [_finder(name) for name in names]
    if len(finders) == 1:
        return finders[0]

    def find(values: Values) -> Any:
        for one in finders:
            value = one(values)
            if value is not None:
                return value
        return None

    return find


def _finder(name: str) -> Find:
    steps = steps_of(name)
    if not steps:
        return lambda values: values.get(name)

    def find(values: Values) -> Any:
        value = values.get(name)
        return followed(values, steps) if value is None else value

    return find


def followed(value: Any, steps: Iterable[str]) -> Any:
    """Return what stands at the end of a path of keys and positions, or None: nothing, or something empty."""
    for step in steps:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal():
            position = int(step)
            value = value[position] if position < len(value) else None
        else:
            return None
    if isinstance(value, str):
        return value.strip() or None
    return None if value == [] or value == {} else value
