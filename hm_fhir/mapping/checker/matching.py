"""Whether what a template makes contains a JSON value: a pattern, a fixed value, what a discriminator asks for.

Source: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_.
"""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from hm_fhir.mapping.checker.values import Presence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hm_fhir.mapping.checker.objects import Leaf, Objects, Variant
    from hm_fhir.mapping.checker.values import Coding, Scalar, Shape


class Match(IntEnum):
    """Whether it is so. What needs all of several needs their minimum."""

    NO = 0
    """For no activity."""
    PARTLY = 1
    """Known not to be for some activities."""
    UNKNOWN = 2
    YES = 3
    """For every activity."""


def agreed(found: Iterable[Match]) -> Match:
    """Return what holds when any one of several may be the case."""
    kinds = set(found)
    if len(kinds) == 1:
        return kinds.pop()
    return Match.UNKNOWN if kinds <= {Match.YES, Match.UNKNOWN} else Match.PARTLY


def one_of(found: Iterable[Match]) -> Match:
    """Return what holds of at least one of several that are there together."""
    kinds = list(found)
    partly = kinds.count(Match.PARTLY)
    best = max(kinds, default=Match.NO)
    # One may hold where the other does not.
    return Match.UNKNOWN if best is Match.PARTLY and partly > 1 else best


def when_there(match: Match, presence: Presence) -> Match:
    """Return a match of something that may be absent."""
    if presence is Presence.NEVER:
        return Match.NO
    if match is Match.YES and presence is not Presence.ALWAYS:
        return Match.PARTLY if presence is Presence.MAYBE else Match.UNKNOWN
    return match


class OneOf:
    """Stands in a pattern for any code of a value set.

    Args:
        contains: whether a system (None: whichever) and code are in it; None: not known.
    """

    def __init__(self, contains: Callable[[str | None, str], bool | None]) -> None:
        self._contains = contains

    def match(self, codings: Iterable[tuple[str | None, str]]) -> Match:
        """Return whether all of these are in it."""
        known = {True: Match.YES, False: Match.NO, None: Match.UNKNOWN}
        return agreed(known[self._contains(system, code)] for system, code in codings)


class Matching:
    """Compares what templates make with JSON values.

    Args:
        objects: takes the templates apart.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def leaf(self, leaf: Leaf, wanted: Any, *, exact: bool = False) -> Match:
        """Return whether what a node gives contains a JSON value; it is not asked whether it gives something.

        Args:
            leaf: the node.
            wanted: the JSON value.
            exact: nothing else may be there.
        """
        if isinstance(wanted, list):
            items = list(self._objects.placed(leaf))
            return min((self._among(items, one, exact=exact) for one in wanted), default=Match.YES)
        return agreed(self.shape(shape, wanted, exact=exact) for shape in self._objects.of_leaf(leaf).shapes)

    def _among(self, items: list[tuple[Leaf, Presence]], wanted: Any, *, exact: bool) -> Match:
        return one_of(when_there(self.leaf(item, wanted, exact=exact), presence) for item, presence in items)

    def member(self, leaves: tuple[Leaf, ...] | None, wanted: Any, *, exact: bool = False) -> Match:
        """Return whether a member of an object is there and contains a JSON value."""
        if leaves is None:
            return Match.NO
        presence = self._objects.of_member(leaves).presence
        if presence is Presence.NEVER:
            return Match.NO
        parts = [part for leaf in leaves for part in self._objects.leaves(leaf)]
        if isinstance(wanted, list):
            found = agreed(self.leaf(part, wanted, exact=exact) for part in parts)
            return found if presence is Presence.ALWAYS else min(found, when_there(Match.YES, presence))
        return when_there(agreed(self.leaf(part, wanted, exact=exact) for part in parts), presence)

    def shape(self, shape: Shape, wanted: Any, *, exact: bool = False) -> Match:
        """Return whether an item contains a JSON value."""
        if isinstance(wanted, OneOf):
            return self._one_of(shape, wanted)
        if not isinstance(wanted, dict):
            return _scalar(shape, wanted)
        if shape.made is not None:
            variants = [one for one in self._objects.variants(shape.made) if one.members or one.open]
            return agreed(self._variant(one, wanted, exact=exact) for one in variants)
        if shape.codings is not None and shape.type == "Coding":
            return agreed(_coding(coding, wanted) for coding in shape.codings)
        return Match.UNKNOWN

    def _variant(self, variant: Variant, wanted: Mapping[str, Any], *, exact: bool) -> Match:
        found = []
        for key, value in wanted.items():
            match = self.member(variant.members.get(key), value, exact=exact)
            found.append(max(match, Match.UNKNOWN) if variant.open and key not in variant.members else match)
        if exact:
            more = [self._objects.of_member(leaves) for key, leaves in variant.members.items() if key not in wanted]
            if any(value.presence is Presence.ALWAYS for value in more):
                return Match.NO
        return min(found, default=Match.YES)

    def _one_of(self, shape: Shape, wanted: OneOf) -> Match:
        if shape.made is not None:
            return agreed(self._coded(one, wanted) for one in self._objects.variants(shape.made) if one.members)
        if shape.codings is not None:
            return wanted.match(shape.codings)
        if shape.codes is not None:
            return wanted.match((None, str(code)) for code in shape.codes)
        return Match.UNKNOWN

    def _coded(self, variant: Variant, wanted: OneOf) -> Match:
        if "coding" in variant.members:
            items = [item for leaf in variant.members["coding"]
                     for part in self._objects.leaves(leaf) for item in self._objects.placed(part)]  # fmt: skip
            return self._among(items, wanted, exact=False)
        codes, systems = (self._texts(variant, key) for key in ("code", "system"))
        if variant.open or codes is None or systems is None:
            return Match.UNKNOWN
        return wanted.match((system or "", code) for system in systems or {""} for code in codes)

    def _texts(self, variant: Variant, key: str) -> frozenset[str] | None:
        """Return all that a member can be; nothing when there is none, None when it is not known."""
        leaves = variant.members.get(key)
        codes: frozenset[Scalar] | None = frozenset() if leaves is None else self._objects.of_member(leaves).codes()
        return None if codes is None else frozenset(str(code) for code in codes)


def _scalar(shape: Shape, wanted: Any) -> Match:
    if shape.made is not None:
        return Match.NO
    if shape.codes is None:
        return Match.UNKNOWN
    return agreed(Match.YES if _equal(code, wanted) else Match.NO for code in shape.codes)


def _equal(code: Scalar, wanted: Any) -> bool:
    if isinstance(code, bool) or isinstance(wanted, bool):
        return code is wanted
    if isinstance(code, int | Decimal) and isinstance(wanted, int | float | Decimal):
        return str(code) == str(wanted)  # 9.20 is not 9.200: https://hl7.org/fhir/R4/datatypes.html#decimal
    return bool(code == wanted)


def _coding(coding: Coding, wanted: Mapping[str, Any]) -> Match:
    system, code = coding
    found = []
    for key, value in wanted.items():
        if key == "code":
            found.append(Match.YES if code == value else Match.NO)
        elif key == "system" and system is not None:
            found.append(Match.YES if system == value else Match.NO)
        else:
            found.append(Match.UNKNOWN)  # display and version are not followed
    return min(found, default=Match.YES)
