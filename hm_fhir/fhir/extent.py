"""Which codes a value set has when not all of it can be known: for each code yes, no, or cannot be decided.

An extent is a set in Kleene's three-valued logic (True, False, None). Union, intersection and difference work code by
code, so that one part that is not at hand leaves only those codes open that hang on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

Verdict = bool | None
"""True: is in it; False: is not; None: cannot be decided."""

Combine = Callable[[Verdict, Verdict], Verdict]

_NOTHING: Final[Mapping[str, Verdict]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that decides about codes that are too many to be listed.

    Args:
        test: takes a code.
        decides: whether it never answers None.
    """

    test: Callable[[str], Verdict]
    decides: bool = True


@dataclass(frozen=True, slots=True)
class Slice:
    """The codes of one code system.

    Args:
        known: codes with their verdict.
        rest: the verdict on all other codes.
    """

    known: Mapping[str, Verdict] = field(default_factory=lambda: _NOTHING)
    rest: Verdict | Rule = False

    def verdict(self, code: str) -> Verdict:
        """Return whether a code is in it."""
        try:
            return self.known[code]
        except KeyError:
            rest = self.rest
            return rest.test(code) if isinstance(rest, Rule) else rest

    @property
    def decided(self) -> bool:
        """Whether the verdict is never None."""
        rest_is_decided = self.rest.decides if isinstance(self.rest, Rule) else self.rest is not None
        return rest_is_decided and None not in self.known.values()

    @property
    def codes(self) -> frozenset[str] | None:
        """All codes that are in it, or None when they cannot be listed."""
        if self.rest is not False or None in self.known.values():
            return None
        return frozenset(code for code, verdict in self.known.items() if verdict)

    @property
    def empty(self) -> bool:
        """Whether no code at all is, or may be, in it."""
        return self.rest is False and not any(verdict is not False for verdict in self.known.values())


@dataclass(frozen=True, slots=True)
class Extent:
    """The codes of any number of code systems.

    Args:
        slices: URI of a code system -> its codes.
        others: the verdict on the codes of all other systems; None where a value set is not at hand.
        reasons: why some codes cannot be decided.
    """

    slices: Mapping[str, Slice]
    others: Verdict = False
    reasons: tuple[str, ...] = ()

    def slice(self, system: str) -> Slice:
        """Return the codes of one system."""
        found = self.slices.get(system)
        return Slice(rest=self.others) if found is None else found

    @property
    def decided(self) -> bool:
        """Whether the verdict on any code is never None."""
        return self.others is not None and all(one.decided for one in self.slices.values())

    def __or__(self, other: Extent) -> Extent:
        return _combined(self, other, either)

    def __and__(self, other: Extent) -> Extent:
        return _combined(self, other, both)

    def __sub__(self, other: Extent) -> Extent:
        return _combined(self, other, without)


NO_CODES: Final = Extent(MappingProxyType({}))
"""The extent without any code."""


def listed(system: str, codes: Iterable[str]) -> Extent:
    """Return the extent of these codes and no others."""
    return Extent({system: Slice(dict.fromkeys(codes, True))})


def unknown(reason: str) -> Extent:
    """Return the extent of which nothing is known."""
    return Extent({}, None, (reason,))


def either(a: Verdict, b: Verdict) -> Verdict:
    """Return Kleene's or."""
    if a is True or b is True:
        return True
    return None if a is None or b is None else False


def both(a: Verdict, b: Verdict) -> Verdict:
    """Return Kleene's and."""
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def without(a: Verdict, b: Verdict) -> Verdict:
    """Return Kleene's and-not."""
    return both(a, None if b is None else not b)


def _combined(a: Extent, b: Extent, combine: Combine) -> Extent:
    others = combine(a.others, b.others)
    slices = {}
    for system in dict.fromkeys((*a.slices, *b.slices)):
        one = _slice(a.slice(system), b.slice(system), combine)
        if one.known or one.rest is not others:
            slices[system] = one
    found = Extent(slices, others)
    return found if found.decided else Extent(slices, others, tuple(dict.fromkeys((*a.reasons, *b.reasons))))


def _slice(a: Slice, b: Slice, combine: Combine) -> Slice:
    rest = _rest(a.rest, b.rest, combine)
    known = {code: combine(a.verdict(code), b.verdict(code)) for code in dict.fromkeys((*a.known, *b.known))}
    if not isinstance(rest, Rule):
        known = {code: verdict for code, verdict in known.items() if verdict is not rest}
    return Slice(known, rest)


def _rest(a: Verdict | Rule, b: Verdict | Rule, combine: Combine) -> Verdict | Rule:
    if not isinstance(a, Rule) and not isinstance(b, Rule):
        return combine(a, b)
    # What the side without a rule says may settle it: nothing is in an intersection with nothing.
    possible = {combine(x, y) for x in _answers(a) for y in _answers(b)}
    if len(possible) == 1:
        return possible.pop()
    return Rule(lambda code: combine(_ask(a, code), _ask(b, code)), None not in possible)


def _answers(rest: Verdict | Rule) -> tuple[Verdict, ...]:
    if isinstance(rest, Rule):
        return (True, False) if rest.decides else (True, False, None)
    return (rest,)


def _ask(rest: Verdict | Rule, code: str) -> Verdict:
    return rest.test(code) if isinstance(rest, Rule) else rest
