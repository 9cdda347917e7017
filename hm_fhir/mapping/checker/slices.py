"""Lists that a profile cuts into slices: what the items of a template belong to, and which slices are empty.

Source: https://hl7.org/fhir/R4/profiling.html#slicing. What depends on the activity (an item that belongs to a slice
for some activities) is left to the validation of the resources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hm_fhir.mapping.checker.matching import Match, agreed
from hm_fhir.mapping.checker.naming import short
from hm_fhir.mapping.checker.values import Presence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hm_fhir.fhir.definitions import Element
    from hm_fhir.mapping.checker.discriminators import Discriminators
    from hm_fhir.mapping.checker.finding import Findings, Spot
    from hm_fhir.mapping.checker.objects import Leaf
    from hm_fhir.mapping.checker.values import Shape


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """What gives one item of a list, or several of a kind.

    Attributes:
        leaf: the node.
        shapes: what it can be.
        presence: whether there is one at least.
        kind: FHIR type that it is used as.
        is_given: the engine adds it.
    """

    leaf: Leaf
    shapes: tuple[Shape, ...]
    presence: Presence
    kind: str
    is_given: bool = False


class Slices:
    """Compares the items of lists with the slices of a profile.

    Args:
        discriminators: say what belongs to a slice.
        findings: where mistakes are added.
    """

    def __init__(self, discriminators: Discriminators, findings: Findings) -> None:
        self._discriminators = discriminators
        self._findings = findings

    def of(self, shape: Shape, kind: str, element: Element) -> list[Element]:
        """Return the slices that an item belongs to for every activity: at most one, and the slices of that.

        Args:
            shape: the item.
            kind: FHIR type that it is used as.
            element: the sliced element.
        """
        found: list[Element] = []
        while element.slices:
            sure = [one for one in element.slices if self._match(shape, kind, one, element) is Match.YES]
            if len(sure) != 1:
                break
            element = sure[0]
            found.append(element)
        return found

    def check(self, items: Sequence[Item], element: Element, name: str, spot: Spot) -> None:
        """Report slices without the items that they need, with too many, and items without a slice that need one.

        Args:
            items: all that a list is made of.
            element: the sliced element.
            name: of the element, for messages.
            spot: where the list stands.
        """
        if not element.slices:
            return
        matches = [[self._of_item(item, one, element) for one in element.slices] for item in items]
        for number, one in enumerate(element.slices):
            self._count(items, [row[number] for row in matches], one, name, spot)
        self._closed(items, matches, element, name)
        self._order(items, matches, element, name)
        for number, one in enumerate(element.slices):
            if one.slices:
                inner = [item for item, row in zip(items, matches, strict=True) if row[number] is Match.YES]
                self.check(inner, one, f"{name}:{one.slice_name}", spot)

    def _of_item(self, item: Item, one: Element, element: Element) -> Match:
        if item.presence is Presence.NEVER or not item.shapes:
            return Match.NO
        return agreed(self._match(shape, item.kind, one, element) for shape in item.shapes)

    def _match(self, shape: Shape, kind: str, one: Element, element: Element) -> Match:
        return self._discriminators.match(shape, kind, one, element)

    def _count(self, items: Sequence[Item], matches: Sequence[Match], one: Element, name: str, spot: Spot) -> None:
        what = self._what(one)
        # Of the identifier that the engine adds it is not known here which system it has: none that a profile names.
        possible = [
            item
            for item, match in zip(items, matches, strict=True)
            if match is Match.YES or (match is not Match.NO and not item.is_given)
        ]
        sure = [
            item
            for item, match in zip(items, matches, strict=True)
            if match is Match.YES and item.presence is Presence.ALWAYS
        ]
        if one.maximum is not None and len(sure) > one.maximum:
            message = f"{name} has the slice {what} {_times(one.maximum)}, here it is there {_times(len(sure))}"
            self._findings.error(sure[one.maximum].leaf.spot, "too-many", message, "remove what is too many")
        if one.minimum and not possible:
            self._findings.error(
                spot, "missing-slice", f"{name} lacks the slice {what}, which the profile demands",
                "add an item for it",
            )  # fmt: skip
        elif one.minimum and _can_lack(possible, items):
            self._findings.warning(
                possible[0].leaf.spot, "may-be-empty",
                f"the slice {what} of {name} is empty for activities that lack what it is made of, the profile"
                " demands it",
                "put a condition around the list, or say what it is otherwise",
            )  # fmt: skip

    def _closed(self, items: Sequence[Item], matches: Sequence[Sequence[Match]], element: Element, name: str) -> None:
        if element.slicing is None or element.slicing.rules != "closed":
            return
        for item, row in zip(items, matches, strict=True):
            if item.is_given or item.presence is Presence.NEVER or any(match is not Match.NO for match in row):
                continue
            known = ", ".join(str(one.slice_name) for one in element.slices)
            self._findings.error(
                item.leaf.spot,
                "no-slice",
                f"this belongs to no slice of {name}, and the profile allows nothing else",
                f"its slices are: {known}",
            )

    def _order(self, items: Sequence[Item], matches: Sequence[Sequence[Match]], element: Element, name: str) -> None:
        slicing = element.slicing
        if slicing is None or not (slicing.ordered or slicing.rules == "openAtEnd"):
            return
        last, is_outside = 0, False
        for item, row in zip(items, matches, strict=True):
            if item.presence is Presence.NEVER:
                continue
            if all(match is Match.NO for match in row):
                is_outside = True
                continue
            if Match.YES not in row:
                return
            number = row.index(Match.YES)
            if (slicing.ordered and number < last) or (slicing.rules == "openAtEnd" and is_outside):
                what = f"the slice {self._what(element.slices[number])} of {name} comes too late"
                self._findings.error(
                    item.leaf.spot, "slice-order", what, "put the items into the order of the slices"
                )
                return
            last = number

    def _what(self, one: Element) -> str:
        """Return name and extension of a slice."""
        url = self._discriminators.url_of(one) if one.profiles else None
        return f"{one.slice_name!r}" + (f" (extension {short(url)})" if url else "")


def _can_lack(possible: Sequence[Item], items: Sequence[Item]) -> bool:
    """Return whether a slice is empty for some activities for which the list is there."""
    if len(possible) != 1 or possible[0].presence is not Presence.MAYBE:
        return False
    return any(item.presence is Presence.ALWAYS for item in items if item is not possible[0] and not item.is_given)


def _times(number: int) -> str:
    return "never" if number == 0 else "once" if number == 1 else f"{number} times"
