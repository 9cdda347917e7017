"""The items of an element in the object that holds it, and how many of them a profile wants."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from hm_fhir.validation.run import Path, Run

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Element


class Item(NamedTuple):
    """One value of an element.

    Args:
        value: its JSON; None for a primitive that has only extensions.
        path: where it is.
        kind: name of its FHIR type, as its JSON key says.
        extra: the other half of a primitive (id and extensions), or None.
    """

    value: Any
    path: Path
    kind: str
    extra: Any = None


Items = list[Item]


Counted = Callable[[Items, Path, Run], None]
"""Checks the number and the types of the items of an element."""

Collect = Callable[[dict[str, Any], Path], Items]
"""Gathers the items of an element from the object that holds it, whose path is given."""


def items_of(element: Element, base: Element, *, primitive: Callable[[str], bool]) -> Collect:
    """Return what gathers the items of an element.

    Args:
        element: the element, as a profile has it.
        base: the same, as its FHIR type has it: the JSON keys are those of the type.
        primitive: whether a FHIR type is primitive, so that there may be a ``_key``.
    """
    keys = tuple(base.json_keys.items())
    name = element.name
    if not base.choice and keys and not primitive(keys[0][1]):
        return _complex(name, keys[0][1])

    def collect(owner: dict[str, Any], path: Path) -> Items:
        found: Items = []
        for key, kind in keys:
            if key in owner or f"_{key}" in owner:
                step = f"{name}.ofType({kind})" if base.choice else name
                value, extra = owner.get(key), owner.get(f"_{key}")
                if extra is None and type(value) is not list:
                    found.append(Item(value, (path, step), kind))
                else:
                    _gather(value, extra, kind, (path, step), found)
        return found

    return collect


def _complex(name: str, kind: str) -> Collect:
    def collect(owner: dict[str, Any], path: Path) -> Items:
        value = owner.get(name)
        if value is None:
            return []
        if type(value) is list:
            return [Item(one, (path, f"{name}[{place}]"), kind) for place, one in enumerate(value) if one is not None]
        return [Item(value, (path, name), kind)]

    return collect


def _gather(value: Any, extra: Any, kind: str, path: Path, found: Items) -> None:
    """Add the items of one JSON key and of the ``_key`` beside it."""
    if not isinstance(value, list) and not isinstance(extra, list):
        if value is not None or extra is not None:
            found.append(Item(value, path, kind, extra))
        return
    values = value if isinstance(value, list) else []
    extras = extra if isinstance(extra, list) else []
    above, step = path
    for place in range(max(len(values), len(extras))):
        one = values[place] if place < len(values) else None
        other = extras[place] if place < len(extras) else None
        if one is not None or other is not None:
            found.append(Item(one, (above, f"{step}[{place}]"), kind, other))


def count_check(element: Element, base: Element, narrowed: frozenset[str] | None, profile: str) -> Counted | None:
    """Return the check of how many items there are and which types they have; None: nothing beyond the type.

    Args:
        element: the element, as a profile has it.
        base: the same, as its FHIR type has it.
        narrowed: the types that the profile leaves; None: all of them.
        profile: URL of the profile.
    """
    minimum = element.minimum if element.minimum > base.minimum else 0
    maximum = element.maximum if element.maximum != base.maximum else None
    if not minimum and maximum is None and narrowed is None:
        return None
    name = element.name

    def check(items: Items, path: Path, run: Run) -> None:
        count = len(items)
        if count < minimum:
            text = f"{name} is missing" if not count else f"{name}: at least {minimum} must be there"
            run.report("error", "required", "cardinality-min", path, text, profile)
        if maximum is not None and count > maximum:
            run.report("error", "structure", "cardinality-max", (path, name), too_many(name, maximum), profile)
        if narrowed is not None:
            for item in items:
                if _type_of(item) not in narrowed:
                    text = f"only {' or '.join(sorted(narrowed))} may stand here"
                    run.report("error", "structure", "type-not-allowed", item.path, text, profile)

    return check


def too_many(name: str, maximum: int) -> str:
    """Return what is said of more items than there may be."""
    return f"{name}: at most {maximum} may be there" if maximum else f"{name} must not be there"


def _type_of(item: Item) -> Any:
    if item.kind == "Resource" and isinstance(item.value, dict):
        return item.value.get("resourceType")
    return item.kind
