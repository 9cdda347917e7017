"""How types, elements and profiles are called: in FHIR itself, and in messages."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hm_fhir.fhir.definitions import Element, TypeDefinition, TypeModel

_NEAR: Final = 0.6


def base_name(model: TypeModel, kind: str) -> str:
    """Return the name of the type of FHIR itself that a type of a profile stands on."""
    definition = model.type(kind)
    while definition is not None and "/" in definition.name and definition.base:
        definition = model.type(definition.base)
    return definition.name if definition is not None else kind


def base_element(model: TypeModel, definition: TypeDefinition, element: Element) -> Element | None:
    """Return the element of FHIR itself that an element of a profile constrains, or None."""
    base = model.type(base_name(model, definition.name))
    return base.elements.get(element.name) if base is not None else None


def is_list(model: TypeModel, definition: TypeDefinition, element: Element) -> bool:
    """Return whether an element is a JSON list: a profile that allows one item leaves it a list."""
    return (base_element(model, definition, element) or element).many


def short(url: str) -> str:
    """Return the last part of a URL, which is how people call a profile or value set."""
    return url.partition("|")[0].rpartition("/")[2]


def named(definition: TypeDefinition, element: Element) -> str:
    """Return how an element is called: ``Encounter.status``, ``hm-encounter Encounter.participant:mediator.type``."""
    tail = definition.name.rpartition("/")[2] if "/" in definition.name else definition.name
    profile, _, path = tail.partition("#")
    whole = f"{profile} {path}" if path else profile
    return f"{whole}.{element.name}" + (f":{element.slice_name}" if element.slice_name else "")


def nearest_url(url: str, known: Iterable[str]) -> str | None:
    """Return ``did you mean '…'?`` for the URL whose last part is nearest, or None."""
    tails: dict[str, str] = {}
    for one in sorted(known):
        tails.setdefault(short(one).casefold(), one)
    wanted = short(url).casefold()
    near = get_close_matches(wanted, list(tails), n=1, cutoff=_NEAR)
    return f"did you mean {tails[near[0]]!r}?" if near else None
