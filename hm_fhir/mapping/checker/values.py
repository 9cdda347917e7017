"""What can be known of a value before any data flows: its kind, what it can be, and whether it is there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hm_fhir.mapping.checker.finding import Spot
    from hm_fhir.mapping.checker.produced import Referred
    from hm_fhir.mapping.checker.scope import Key, Made, Narrow

Scalar = str | int | Decimal | bool
Coding = tuple[str | None, str]
"""System (None: not known) and code."""


class WrittenCode(str):
    """A code that knows where it is written, although a value that has it stands elsewhere: a line of a code table.

    Attributes:
        spot: where.
    """

    __slots__ = ("spot",)
    spot: Spot

    @classmethod
    def at(cls, code: str, spot: Spot) -> WrittenCode:
        """Return a code with its place."""
        made = cls(code)
        made.spot = spot
        return made


ANY_PROFILE: Final = "*"
"""Stands for a profile that is not known."""

_SHAPES_KEPT: Final = 48


class Target(NamedTuple):
    """What a reference can point to.

    Attributes:
        type: resource type.
        profile: URL of the profile that it claims; None: none.
        name: of the resource in the mapping; None: it is none of the mapping.
    """

    type: str
    profile: str | None = None
    name: str | None = None


class Presence(IntEnum):
    """Whether a value is there. What all of several needs is their minimum."""

    NEVER = 0
    MAYBE = 1
    """It is known to be empty for some activities."""
    UNKNOWN = 2
    """Nothing is known: a filter, or a resource that only some activities have."""
    ALWAYS = 3


def either(one: Presence, other: Presence) -> Presence:
    """Return the presence of one value or the other, of which a condition chooses one."""
    if one is other:
        return one
    return Presence.UNKNOWN if min(one, other) is Presence.UNKNOWN else Presence.MAYBE


def together(presences: Iterable[Presence]) -> Presence:
    """Return the presence of what is there when any of its parts is."""
    found = [one for one in presences if one is not Presence.NEVER]
    if not found:
        return Presence.NEVER
    # Each of two may be empty, and yet one of them always be there.
    return max(*found, Presence.UNKNOWN) if len(found) > 1 else found[0]


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of item that a value can have.

    Attributes:
        type: name of its type as JSON has it (``string``, ``Coding``, ``Activity.person``); None: not known.
        codes: all scalars that it can be here; None: not known.
        vocabulary: all texts that it can be anywhere in an activity; None: no list.
        codings: of a Coding: all that it can be; None: not known.
        referred: of a Reference: what it leads to; None: not known.
        known: what is known of parts of the item, by the path to them: what a filter let through.
        made: the object of a template.
        via: what gives the codes, for messages: ``the concept map 'topic'``.
        spot: where it is written, if it is a constant.
    """

    type: str | None = None
    codes: frozenset[Scalar] | None = None
    vocabulary: frozenset[str] | None = None
    codings: frozenset[Coding] | None = None
    referred: Referred | None = None
    known: tuple[tuple[Key, Narrow], ...] = ()
    made: Made | None = None
    via: str | None = None
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression or a node of a template can give.

    Attributes:
        shapes: kinds of items; empty when there is never one.
        presence: whether there is an item.
        many: whether there can be several.
        plain: whether it is a list as it is in the activity (or all resources of a name), so that taking the first
            of it loses the others without anybody having said so.
    """

    shapes: tuple[Shape, ...] = (Shape(),)
    presence: Presence = Presence.UNKNOWN
    many: bool = True
    plain: bool = False

    def item(self) -> Value:
        """Return one item of it, that is there."""
        return Value(self.shapes, Presence.ALWAYS, many=False)

    def one(self) -> Value:
        """Return it cut to one item."""
        return Value(self.shapes, self.presence, many=False) if self.many else self

    def at_most(self, presence: Presence) -> Value:
        """Return it with no more presence than another value that it depends on."""
        return self if self.presence <= presence else Value(self.shapes, presence, self.many, self.plain)

    def codes(self) -> frozenset[Scalar] | None:
        """Return all scalars that an item can be, or None."""
        if any(shape.codes is None for shape in self.shapes):
            return None
        return frozenset().union(*(shape.codes for shape in self.shapes if shape.codes is not None))

    def vocabulary(self) -> frozenset[str] | None:
        """Return all texts that an item can be in any activity, or None when there is no list of them."""
        if not self.shapes or any(shape.vocabulary is None for shape in self.shapes):
            return None
        return frozenset().union(*(shape.vocabulary for shape in self.shapes if shape.vocabulary is not None))


NOTHING: Final = Value((), Presence.NEVER, many=False)
ANYTHING: Final = Value()


def scalar(type_name: str, codes: Iterable[Scalar] | None = None, *, spot: Spot | None = None) -> Value:
    """Return a value that is one scalar and is there."""
    known = None if codes is None else frozenset(codes)
    return Value((Shape(type_name, codes=known, spot=spot),), Presence.ALWAYS, many=False)


def constant(value: Scalar, spot: Spot | None = None) -> Value:
    """Return a value as it is written."""
    kind = {bool: "boolean", int: "integer", Decimal: "decimal"}.get(type(value), "string")
    return scalar(kind, (value,), spot=spot)


def truth_value(possible: frozenset[bool | None]) -> Value:
    """Return the value of a condition that can be true, false or empty."""
    codes = frozenset(one for one in possible if one is not None)
    if not codes:
        return NOTHING
    presence = Presence.MAYBE if None in possible else Presence.ALWAYS
    return Value((Shape("boolean", codes=frozenset(codes)),), presence, many=False)


def merged(shapes: Iterable[Shape]) -> tuple[Shape, ...]:
    """Return the different shapes; too many become one of which nothing is known."""
    found = tuple(dict.fromkeys(shapes))
    return found if len(found) <= _SHAPES_KEPT else (Shape(),)


def chosen(one: Value, other: Value) -> Value:
    """Return one value or the other, of which a condition chooses one."""
    return Value(
        merged((*one.shapes, *other.shapes)),
        either(one.presence, other.presence),
        many=one.many or other.many,
        plain=one.plain or other.plain,
    )


def joined(values: Iterable[Value]) -> Value:
    """Return all items of all values."""
    found = [value for value in values if value.presence is not Presence.NEVER]
    return Value(
        merged(shape for value in found for shape in value.shapes),
        together(value.presence for value in found),
        many=len(found) > 1 or any(value.many for value in found),
    )
