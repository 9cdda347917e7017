"""Paths of discriminators: the restricted FHIRPath that tells slices apart.

Source: https://hl7.org/fhir/R4/profiling.html#discriminator: element names, ``$this``, ``extension('url')``,
``ofType(type)`` and ``resolve()``.
"""

from __future__ import annotations

import re
from typing import Any, Final

_STEP: Final = re.compile(
    r"\$this|extension\(\s*'(?P<url>[^']*)'\s*\)|ofType\(\s*(?P<type>[A-Za-z]+)\s*\)|resolve\(\)"
    r"|(?P<name>[A-Za-z]+)(?:\[x\])?"
)


class Step:
    """One step of a discriminator's path.

    Args:
        kind: this, extension, type, resolve or name.
        argument: URL, type or element name.
    """

    __slots__ = ("argument", "kind")

    def __init__(self, kind: str, argument: str = "") -> None:
        self.kind = kind
        self.argument = argument


def steps_of(path: str) -> list[Step] | None:
    """Return the steps of a path; None when it is not such a path."""
    steps = []
    position = 0
    while position < len(path):
        found = _STEP.match(path, position)
        if found is None:
            return None
        text = found.group()
        if found["url"] is not None:
            steps.append(Step("extension", found["url"]))
        elif found["type"] is not None:
            steps.append(Step("type", found["type"]))
        elif text == "resolve()":
            steps.append(Step("resolve"))
        elif found["name"] is not None:
            steps.append(Step("name", found["name"]))
        position = found.end()
        if position < len(path):
            if path[position] != ".":
                return None
            position += 1
    return steps


def values_at(value: Any, names: tuple[str, ...]) -> list[Any]:
    """Return the JSON values at a path of plain element names."""
    values = [value]
    for name in names:
        below: list[Any] = []
        for one in values:
            found = one.get(name) if type(one) is dict else None
            if type(found) is list:
                below += found
            elif found is not None:
                below.append(found)
        values = below
    return values
