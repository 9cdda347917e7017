"""What an element becomes when a differential constrains it.

Rules: https://hl7.org/fhir/R4/elementdefinition.html#interpretation and https://hl7.org/fhir/R4/profiling.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_PLACE = frozenset({"id", "path", "sliceName"})
_ONE_OF = ("fixed", "pattern", "minValue", "maxValue", "defaultValue")
"""Elements that may have any type: a new one takes the place of the old one, whatever its type."""


def merged(element: Mapping[str, Any], constraint: Mapping[str, Any]) -> Json:
    """Return an ElementDefinition with what a differential says of it; nothing becomes wider.

    Args:
        element: of the snapshot so far.
        constraint: of the differential.
    """
    found = dict(element)
    for key, value in constraint.items():
        if key in _PLACE:
            continue
        prefix = next((one for one in _ONE_OF if key.startswith(one)), None)
        if prefix is not None:
            found = {name: old for name, old in found.items() if not name.startswith(prefix)}
        merge = _MERGES.get(key)
        found[key] = value if merge is None or key not in found else merge(found[key], value)
    return found


def _least(old: int, new: int) -> int:
    return max(old, new)


def _most(old: str, new: str) -> str:
    return old if new == "*" or (old != "*" and int(old) < int(new)) else new


def _joined(old: list[Any], new: list[Any]) -> list[Any]:
    return [*old, *(one for one in new if one not in old)]


def _constraints(old: list[Json], new: list[Json]) -> list[Json]:
    there = {(one.get("key"), one.get("expression")) for one in old}
    return [*old, *(one for one in new if (one.get("key"), one.get("expression")) not in there)]


def _extensions(old: list[Json], new: list[Json]) -> list[Json]:
    urls = {one.get("url") for one in new}
    return [*(one for one in old if one.get("url") not in urls), *new]


def _binding(old: Json, new: Json) -> Json:
    # A differential may only say how strong the binding is now.
    return {key: old[key] for key in ("strength", "valueSet") if key in old} | new


def _slicing(old: Json, new: Json) -> Json:
    discriminators = _joined(old.get("discriminator", []), new.get("discriminator", []))
    found = {**old, **new}
    return {**found, "discriminator": discriminators} if discriminators else found


_MERGES: dict[str, Any] = {
    "min": _least,
    "max": _most,
    "constraint": _constraints,
    "condition": _joined,
    "mapping": _joined,
    "alias": _joined,
    "code": _joined,
    "example": _joined,
    "extension": _extensions,
    "binding": _binding,
    "slicing": _slicing,
}
