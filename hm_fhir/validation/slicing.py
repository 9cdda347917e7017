"""Slices: which item is which, how many of each there may be, in which order, and what each of them must hold.

Source: https://hl7.org/fhir/R4/profiling.html#slicing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hm_fhir.fhir.definitions import Slicing
from hm_fhir.validation.counting import Item, Items
from hm_fhir.validation.discriminator_paths import values_at
from hm_fhir.validation.remembering import RECURRING, keep, key_in
from hm_fhir.validation.run import Path, Run

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Element
    from hm_fhir.validation.profiles import Profiles

Sliced = Callable[[Items, Path, Run], None]
Matches = Callable[[Item, Run], bool]
Numbers = Callable[[Item, Run], tuple[int, ...]]
"""Which of the slices an item belongs to."""


class Slice:
    """A compiled slice.

    Args:
        element: the slice as the profile has it.
        matches: whether an item belongs to it; None: that cannot be decided.
        item: what each of its items must hold; None: nothing more.
        sliced: check of the slices inside of this one; None: it has none.
    """

    __slots__ = ("item", "matches", "maximum", "minimum", "name", "sliced")

    def __init__(
        self,
        element: Element,
        matches: Matches | None,
        item: Callable[[Items, Run], None] | None,
        sliced: Sliced | None,
    ) -> None:
        self.name = element.slice_name or ""
        self.minimum, self.maximum = element.minimum, element.maximum
        self.matches = matches
        self.item = item
        self.sliced = sliced


def slicing_check(
    element: Element, base: Element, profile: str, profiles: Profiles, inherited: Slicing | None = None
) -> Sliced | None:
    """Return the check of the slices of an element; None: it has none that say anything.

    Args:
        element: the sliced element, as a profile has it.
        base: the same, as its FHIR type has it.
        profile: URL of the profile.
        profiles: makes the checks of the slices.
        inherited: for the slices of a slice that does not say how: how the slice itself was cut.
    """
    slicing = element.slicing or inherited
    if slicing is None or (not element.slices and slicing.rules == "open"):
        return None
    if element.slices == base.slices and slicing == base.slicing:
        return None
    slices = [_compiled(one, slicing, base, profile, profiles) for one in element.slices]
    label = element.name
    numbers = _numbers(slices)
    if RECURRING.issuperset(base.types) and not any(one.type == "profile" for one in slicing.discriminators):
        numbers = _remembered(numbers, ())
    else:
        names = profiles.discriminators.recurring_path(element.slices, slicing.discriminators)
        if names:
            numbers = _remembered(numbers, names)

    def check(items: Items, path: Path, run: Run) -> None:
        found = _assign(items, numbers, slices, path, run, label, profile)
        if slicing.ordered:
            _check_order(found, label, path, run, profile)
        _check_rest(slicing, found, run, profile)
        for place, one in enumerate(slices):
            mine = [item for item, number in found if number == place]
            _check_count(one, len(mine), label, path, run, profile)
            if one.item is not None:
                one.item(mine, run)
            if one.sliced is not None:
                one.sliced(mine, path, run)

    return check


def _compiled(one: Element, slicing: Slicing, base: Element, profile: str, profiles: Profiles) -> Slice:
    matches = profiles.discriminators.matcher(one, slicing.discriminators, base)
    return Slice(
        one,
        matches,
        profiles.items.of_items(one, base, profile),
        slicing_check(one, base, profile, profiles, Slicing("open", discriminators=slicing.discriminators))
        if one.slices
        else None,
    )


def _numbers(slices: list[Slice]) -> Numbers:
    def numbers(item: Item, run: Run) -> tuple[int, ...]:
        return tuple(
            number for number, one in enumerate(slices) if one.matches is not None and one.matches(item, run)
        )

    return numbers


def _remembered(numbers: Numbers, names: tuple[str, ...]) -> Numbers:
    """Return what answers once for the same values at a path of plain names; empty: of the whole item."""
    known: dict[bytes, tuple[int, ...]] = {}

    def remembering(item: Item, run: Run) -> tuple[int, ...]:
        keys = [key_in(run, value) for value in values_at(item.value, names)]
        if None in keys:
            return numbers(item, run)
        key = b"\n".join(one for one in keys if one is not None)
        found = known.get(key)
        if found is None:
            found = numbers(item, run)
            keep(known, key, found)
        return found

    return remembering


def _assign(
    items: Items, numbers: Numbers, slices: list[Slice], path: Path, run: Run, label: str, profile: str
) -> list[tuple[Item, int | None]]:
    """Return each item with the number of its slice; None: it is in none."""
    found: list[tuple[Item, int | None]] = []
    unsure = [one for one in slices if one.matches is None]
    for one in unsure:
        text = f"{label}:{one.name}: which items belong to the slice cannot be told, so it was not checked"
        run.report("information", "not-supported", "slice-not-checked", (path, label), text, profile)
    for item in items:
        mine = numbers(item, run)
        if len(mine) > 1:
            text = f"it belongs to several slices: {', '.join(f'{label}:{slices[number].name}' for number in mine)}"
            run.report("error", "structure", "slicing-ambiguous", item.path, text, profile)
        found.append((item, mine[0] if mine else None))
    return found


def _check_order(found: list[tuple[Item, int | None]], label: str, path: Path, run: Run, profile: str) -> None:
    numbers = [number for _, number in found if number is not None]
    if numbers != sorted(numbers):
        text = f"{label}: the slices do not stand in their order"
        run.report("error", "structure", "slicing-order", (path, label), text, profile)


def _check_rest(slicing: Slicing, found: list[tuple[Item, int | None]], run: Run, profile: str) -> None:
    """Check where the items stand that are in no slice, if there may be such."""
    if slicing.rules == "open":
        return
    last = max((place for place, (_, number) in enumerate(found) if number is not None), default=-1)
    for place, (item, number) in enumerate(found):
        if number is not None:
            continue
        if slicing.rules == "closed":
            text = "it is none of the slices, and nothing else may be there"
            run.report("error", "structure", "slicing-closed", item.path, text, profile)
        elif place < last:
            text = "what is in no slice must stand after the slices"
            run.report("error", "structure", "slicing-order", item.path, text, profile)


def _check_count(one: Slice, count: int, label: str, path: Path, run: Run, profile: str) -> None:
    if one.matches is None:
        return
    name = f"{label}:{one.name}"
    if count < one.minimum:
        text = f"{name} is missing" if not count else f"{name}: at least {one.minimum} must be there"
        run.report("error", "required", "slice-min", path, text, profile)
    if one.maximum is not None and count > one.maximum:
        text = f"{name}: at most {one.maximum} may be there" if one.maximum else f"{name} must not be there"
        run.report("error", "structure", "slice-max", (path, label), text, profile)
