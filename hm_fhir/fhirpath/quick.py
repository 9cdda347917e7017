"""Direct closures for the commonest expressions: a literal, a member path, a member path compared with a text.

They give exactly what the evaluated tree gives (tested side by side) without parsing or walking a tree. Anything
that does not look this simple is not tried here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Collection = list[Any]
Run = Callable[[Any, Mapping[str, Any]], Collection]

# `length` of a text is special in fhirpathpy, a capital letter may be a type, `_x` is the other half of a primitive.
_NAME = r"(?!(?:true|false|div|mod|is|as|in|contains|and|or|xor|implies|length)\b)[a-z][A-Za-z0-9_]*"
_UNIT = r"(?!(?:year|month|week|day|hour|minute|second|millisecond)s?\b)"
_STEPS = rf"{_UNIT}{_NAME}(?:\.{_UNIT}{_NAME})*"
_PATH = rf"(?:%(?P<variable>[A-Za-z_][A-Za-z0-9_]*)(?:\.(?P<rest>{_STEPS}))?|(?P<names>{_STEPS}))"
_TEXT = r"'(?P<text>[^'\\\n]*)'"
_SIMPLE_PATH = re.compile(_PATH)
_COMPARED = re.compile(rf"{_PATH}\s*(?P<operator>!?=)\s*{_TEXT}")
_SIMPLE_LITERAL = re.compile(rf"{_TEXT}|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<boolean>true|false)")


def quick(text: str) -> tuple[Run, str | None] | None:
    """Return a closure over (root, variables) and the name of the %variable it reads, or None if not that simple."""
    text = text.strip()
    if found := _SIMPLE_LITERAL.fullmatch(text):
        return _literal(found), None
    if found := _SIMPLE_PATH.fullmatch(text):
        return _path(found), found["variable"]
    if found := _COMPARED.fullmatch(text):
        return _comparison(_path(found), found["text"], equal=found["operator"] == "="), found["variable"]
    return None


def _literal(found: re.Match[str]) -> Run:
    value: Any
    if found["boolean"]:
        value = found["boolean"] == "true"
    elif found["number"]:
        value = Decimal(found["number"]) if "." in found["number"] else int(found["number"])
    else:
        value = found["text"]
    return lambda _root, _variables: [value]


def _path(found: re.Match[str]) -> Run:
    variable = found["variable"]
    names = found["rest"] if variable else found["names"]
    steps = tuple((name, f"_{name}") for name in (names or "").split(".") if name)

    def run(root: Any, variables: Mapping[str, Any]) -> Collection:
        start = variables[variable] if variable else root
        items: Collection = start if isinstance(start, list) else [] if start is None else [start]
        for name, other_half in steps:
            found: Collection = []
            for item in items:
                if isinstance(item, Mapping):
                    for key in (name, other_half):
                        value = item.get(key)
                        if isinstance(value, list):
                            found += value
                        elif value is not None:
                            found.append(value)
            items = found
        return items

    return run


def _comparison(path: Run, text: str, *, equal: bool) -> Run:
    def run(root: Any, variables: Mapping[str, Any]) -> Collection:
        items = path(root, variables)
        if not items:
            return []
        return [(len(items) == 1 and items[0] == text) is equal]

    return run
