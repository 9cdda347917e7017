"""Leaves out the parts of a profile that ask for nothing beyond the type that they stand on.

A snapshot lists all elements of a resource, changed or not; nobody needs to check an unchanged part again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from hm_fhir.fhir.elements import Element, TypeDefinition


def without_idle_parts(
    types: Mapping[str, TypeDefinition], known: Callable[[str], TypeDefinition | None]
) -> dict[str, TypeDefinition]:
    """Return the types of a profile without its idle parts; elements of such a part have its base type.

    Args:
        types: the profile and its parts (their names have a ``#``).
        known: returns the types that these stand on.
    """
    bases = {name: one.base for name, one in types.items() if "#" in name and one.base}
    idle = dict(bases)
    # Parts may hold each other (a section in a section): all are idle until one of them is not.
    while True:
        busy = {name for name in idle if not _is_idle(types[name], known(bases[name]), idle)}
        if not busy:
            break
        idle = {name: base for name, base in idle.items() if name not in busy}
    return {
        name: replace(one, elements={key: _swapped(element, idle) for key, element in one.elements.items()})
        for name, one in types.items()
        if name not in idle
    }


def _is_idle(part: TypeDefinition, base: TypeDefinition | None, idle: Mapping[str, str]) -> bool:
    return (
        base is not None
        and not part.constraints
        and all(_swapped(element, idle) == base.elements.get(name) for name, element in part.elements.items())
    )


def _swapped(element: Element, idle: Mapping[str, str]) -> Element:
    if element.slices:
        element = replace(element, slices=tuple(_swapped(one, idle) for one in element.slices))
    if not any(kind in idle for kind in element.types):
        return element
    types = tuple(idle.get(kind, kind) for kind in element.types)
    return replace(element, types=types, key_types=() if types == element.key_types else element.key_types)
