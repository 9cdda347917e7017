"""UCUM units: text to an exact factor and a dimension, and conversion between comparable units.

Why not a library: ucumvert (the one maintained UCUM reader on PyPI) stands on pint and lark, which count in binary
floating point, bring 6 packages and take 0.4 s to import and build their registry; pyucum asks a web
service; pint and the others do not know UCUM. FHIRPath needs exact decimals, a bounded parser and a fast start, and
the grammar is small.

The grammar is that of UCUM section 2 (https://ucum.org/ucum): '.' and '/' from left to right, exponents,
parentheses, annotations, prefixes, whole numbers. Hostile text is bounded: 100 characters, 8 nested parentheses,
exponents and factors of limited size.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from hm_fhir.fhir.unit_table import ARBITRARY, ARBITRARY_METRIC, BASE, METRIC, PLAIN, PREFIXES, SPECIAL

MAXIMUM_LENGTH: Final = 100
"""Longest unit that is read, in characters."""

_MAXIMUM_NESTING: Final = 8
_MAXIMUM_EXPONENT: Final = 99
_MAXIMUM_BITS: Final = 2048
_MAXIMUM_MAGNITUDE: Final = 100

_EXACT = Context(prec=28, rounding=ROUND_HALF_EVEN, traps=[])

_TOKEN = re.compile(
    r"(?P<atom>10[*^]|(?:[^\s\d\[\]{}().\/+*^=\"-]|\[[!-Z\\^-z|~]*\])+)(?P<exponent>[+-]?\d+)?"
    r"|(?P<number>\d+)|(?P<open>\()|(?P<close>\))|(?P<operator>[./])|(?P<note>\{[!-z|~]*\})",
    re.ASCII,
)


class Unit(NamedTuple):
    """A unit that is understood.

    Attributes:
        factor: how many of the base units one of it is.
        dimension: exponent of each base unit, sorted by name; empty for a plain number.
        offset: base units from absolute zero to the zero of a temperature scale, None for all other units.
        symbols: exponent of each symbol as written, for products and quotients.
    """

    factor: Fraction
    dimension: tuple[tuple[str, int], ...]
    offset: Fraction | None
    symbols: tuple[tuple[str, int], ...]


_ONE = Unit(Fraction(1), (), None, ())


class _NoUnit(ValueError):
    """The text is no UCUM unit, or none within the bounds."""


def parse_unit(text: str) -> Unit | None:
    """The unit of a UCUM term.

    Args:
        text: case-sensitive UCUM code like ``mg/dL`` or ``10*3/uL``.

    Returns:
        the unit, None when the text is no unit that is known here.
    """
    if not 0 < len(text) <= MAXIMUM_LENGTH:
        return None
    return _parse(text)


def comparable(a: str, b: str) -> bool:
    """Whether values in two units measure the same thing, so that one converts to the other."""
    first, second = parse_unit(a), parse_unit(b)
    if first is None or second is None:
        return False
    return first.dimension == second.dimension


def convert(value: Decimal, source: str, target: str) -> Decimal | None:
    """The value in another unit.

    Args:
        value: how many of ``source``.
        source: UCUM unit of the value.
        target: UCUM unit of the result.

    Returns:
        exact where 28 digits can say it, else rounded to 28 digits; None when the units are not comparable.
    """
    first, second = parse_unit(source), parse_unit(target)
    if first is None or second is None or first.dimension != second.dimension:
        return None
    if source == target:
        return value
    amount = base_amount(value, first)
    if amount is None:
        return None
    return decimal_of((amount - (second.offset or 0)) / second.factor)


def base_amount(value: Decimal, unit: Unit) -> Fraction | None:
    """The value in base units; None when it is too large or too small to be a measurement."""
    if not value.is_finite() or (value and abs(value.adjusted()) > _MAXIMUM_MAGNITUDE):
        return None
    amount = Fraction(value) * unit.factor
    return amount + unit.offset if unit.offset is not None else amount


def decimal_of(amount: Fraction) -> Decimal:
    """The amount as a decimal of at most 28 digits, without zeros that say nothing."""
    quotient = _EXACT.divide(Decimal(amount.numerator), Decimal(amount.denominator))
    return plain(quotient)


def plain(value: Decimal) -> Decimal:
    """The same value without trailing zeros after the point and without an exponent."""
    reduced = value.normalize(_EXACT)
    exponent = reduced.as_tuple().exponent
    if isinstance(exponent, int) and 0 < exponent <= _EXACT.prec:
        return reduced.quantize(Decimal(1), context=Context(prec=64, traps=[]))
    return reduced


def decimal_text(value: Decimal) -> str:
    """The digits of a decimal as written, without an exponent unless that would make it very long."""
    return f"{value:f}" if abs(value.adjusted()) < _MAXIMUM_MAGNITUDE else str(value)


def product(a: Unit, b: Unit, power: int = 1) -> str | None:
    """The text of the unit ``a`` times ``b`` to a power of 1 or -1; None for temperature scales."""
    if a.offset is not None or b.offset is not None:
        return None
    exponents = dict(a.symbols)
    for symbol, exponent in b.symbols:
        exponents[symbol] = exponents.get(symbol, 0) + power * exponent
    above = [_raised(symbol, exponent) for symbol, exponent in exponents.items() if exponent > 0]
    below = ["/" + _raised(symbol, -exponent) for symbol, exponent in exponents.items() if exponent < 0]
    text = ".".join(above) + "".join(below) or "1"
    return text if len(text) <= MAXIMUM_LENGTH else None


def _raised(symbol: str, exponent: int) -> str:
    if symbol.isdigit():
        return ".".join([symbol] * exponent)
    return symbol if exponent == 1 else f"{symbol}{exponent}"


@lru_cache(maxsize=2048)
def _parse(text: str) -> Unit | None:
    try:
        return _Reader(text).unit()
    except _NoUnit:
        return None


@lru_cache(maxsize=1024)
def _atom(symbol: str) -> Unit:
    """The unit of one symbol with its prefix."""
    found = _named(symbol, metric_only=False)
    if found is not None:
        return found
    for length in (1, 2):
        prefix = PREFIXES.get(symbol[:length])
        if prefix is None:
            continue
        found = _named(symbol[length:], metric_only=True)
        if found is not None:
            return Unit(found.factor * Fraction(prefix), found.dimension, found.offset, ((symbol, 1),))
    raise _NoUnit


def _named(symbol: str, *, metric_only: bool) -> Unit | None:
    mine = ((symbol, 1),)
    if symbol in BASE or symbol in ARBITRARY_METRIC:
        return Unit(Fraction(1), mine, None, mine)
    definition = METRIC.get(symbol)
    if definition is None and not metric_only:
        definition = PLAIN.get(symbol)
        if symbol in ARBITRARY:
            return Unit(Fraction(1), mine, None, mine)
    if definition is not None:
        factor, term = definition
        unit = _Reader(term).unit()
        return Unit(unit.factor * Fraction(factor), unit.dimension, None, mine)
    if symbol in SPECIAL and (not metric_only or symbol == "Cel"):
        kelvin, degrees = map(Fraction, SPECIAL[symbol])
        return Unit(kelvin, (("K", 1),), kelvin * degrees, mine)
    return None


class _Reader:
    """Reads one term; the product so far is kept as factor, dimension and symbols."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._nesting = 0

    def unit(self) -> Unit:
        unit = self._term(first=True)
        if self._place != len(self._text):
            raise _NoUnit
        return unit

    def _next(self) -> re.Match[str]:
        match = _TOKEN.match(self._text, self._place)
        if match is None:
            raise _NoUnit
        self._place = match.end()
        return match

    def _term(self, *, first: bool = False) -> Unit:
        text = self._text
        unit = _ONE if first and text.startswith("/") else self._component()
        while self._place < len(text) and text[self._place] in "./":
            power = 1 if text[self._place] == "." else -1
            self._place += 1
            unit = _times(unit, self._component(), power)
        return unit

    def _component(self) -> Unit:
        match = self._next()
        kind = match.lastgroup
        if kind == "note":
            return _ONE
        if kind == "open":
            unit = self._parenthesis()
        elif kind == "number":
            unit = _number(match["number"])
        elif match["atom"]:
            unit = _power(_atom(match["atom"]), int(match["exponent"][:4] if match["exponent"] else 1))
        else:
            raise _NoUnit
        if self._text.startswith("{", self._place) and self._next().lastgroup != "note":
            raise _NoUnit
        return unit

    def _parenthesis(self) -> Unit:
        self._nesting += 1
        if self._nesting > _MAXIMUM_NESTING:
            raise _NoUnit
        unit = self._term()
        if self._place >= len(self._text) or self._next().lastgroup != "close":
            raise _NoUnit
        self._nesting -= 1
        return unit


def _number(digits: str) -> Unit:
    value = int(digits)
    if value == 0:
        raise _NoUnit
    return _ONE if value == 1 else Unit(Fraction(value), (), None, ((str(value), 1),))


def _power(unit: Unit, exponent: int) -> Unit:
    if exponent == 1:
        return unit
    bits = max(unit.factor.numerator.bit_length(), unit.factor.denominator.bit_length())
    if unit.offset is not None or abs(exponent) > _MAXIMUM_EXPONENT or bits * abs(exponent) > _MAXIMUM_BITS:
        raise _NoUnit
    return Unit(
        unit.factor**exponent,
        tuple((base, power * exponent) for base, power in unit.dimension if exponent),
        None,
        tuple((symbol, power * exponent) for symbol, power in unit.symbols if exponent),
    )


def _times(a: Unit, b: Unit, power: int) -> Unit:
    if (a.offset is not None and b is not _ONE) or (b.offset is not None and (a is not _ONE or power < 0)):
        raise _NoUnit
    factor = a.factor * b.factor if power > 0 else a.factor / b.factor
    if max(factor.numerator.bit_length(), factor.denominator.bit_length()) > _MAXIMUM_BITS:
        raise _NoUnit
    return Unit(
        factor,
        tuple(sorted(_sum(a.dimension, b.dimension, power))),
        a.offset if a.offset is not None else b.offset,
        tuple(_sum(a.symbols, b.symbols, power)),
    )


def _sum(a: tuple[tuple[str, int], ...], b: tuple[tuple[str, int], ...], power: int) -> list[tuple[str, int]]:
    exponents = dict(a)
    for name, exponent in b:
        exponents[name] = exponents.get(name, 0) + power * exponent
    return [(name, exponent) for name, exponent in exponents.items() if exponent]
