"""System.Quantity of FHIRPath: a decimal with a UCUM unit or a calendar word.

Calendar durations (http://hl7.org/fhirpath/N1/#time-valued-quantities): ``week`` and shorter are the same as their
UCUM units; ``year`` and ``month`` have no fixed length, so against a UCUM unit they are neither equal nor ordered
(empty), only equivalent to ``a`` and ``mo``. Among calendar words a year is 12 months or 365 days and a month is 30
days.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.fhir.units import Unit, base_amount, decimal_of, decimal_text, parse_unit, plain, product

if TYPE_CHECKING:
    from collections.abc import Mapping

UCUM: Final = "http://unitsofmeasure.org"
"""The code system of UCUM in FHIR."""

CALENDAR_UNITS: Final = {
    word: code
    for name, code in {
        "year": "a",
        "month": "mo",
        "week": "wk",
        "day": "d",
        "hour": "h",
        "minute": "min",
        "second": "s",
        "millisecond": "ms",
    }.items()
    for word in (name, name + "s")
}
"""Calendar word, singular and plural, to its UCUM unit."""

_FROM_FHIR: Final = {"a": "year", "mo": "month", "d": "day", "h": "hour", "min": "minute", "s": "second"}
_MONTHS: Final = {"month": 1, "months": 1, "year": 12, "years": 12}
_DAYS: Final = {"month": 30, "months": 30, "year": 365, "years": 365}
_DAY_SECONDS: Final = 86400
_MAXIMUM_TEXT: Final = 200
_LIMIT: Final = Decimal(10) ** 28

_TEXT = re.compile(r"([+-]?\d{1,64}(?:\.\d{1,64})?)\s*(?:'([^']+)'|([a-zA-Z]+))?", re.ASCII)
_ARITHMETIC = Context(prec=28, rounding=ROUND_HALF_UP, Emax=999, Emin=-999, traps=[])
_WIDE = Context(prec=200, rounding=ROUND_HALF_UP, traps=[])


class Quantity:
    """A decimal with a unit; immutable.

    Args:
        value: how many of the unit.
        unit: a UCUM code, or a calendar word as written (``day``, ``days``), or a unit that nothing is known of.
    """

    __slots__ = ("unit", "value")
    value: Decimal
    unit: str

    def __init__(self, value: Decimal, unit: str = "1") -> None:
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "unit", unit)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"Quantity has no {name} to set")

    def __reduce__(self) -> tuple[type[Quantity], tuple[Decimal, str]]:
        return Quantity, (self.value, self.unit)

    def __eq__(self, other: object) -> bool:
        if type(other) is not Quantity:
            return NotImplemented
        return self.value == other.value and self.unit == other.unit

    def __hash__(self) -> int:
        return hash((self.value, self.unit))

    def __repr__(self) -> str:
        return f"Quantity({str(self)!r})"

    def __str__(self) -> str:
        unit = self.unit if self.unit in CALENDAR_UNITS else f"'{self.unit}'"
        return f"{decimal_text(self.value)} {unit}"

    @classmethod
    def parse(cls, text: str) -> Quantity | None:
        """The quantity of a text (toQuantity() of http://hl7.org/fhirpath/N1/#conversion).

        Args:
            text: like ``4.5 'mg'``, ``4 days`` or ``1``.

        Returns:
            None when the text is no quantity; a bare word has to be a calendar word.
        """
        match = _TEXT.fullmatch(text) if len(text) <= _MAXIMUM_TEXT else None
        if match is None:
            return None
        number, unit, word = match.groups()
        if word is not None and word not in CALENDAR_UNITS:
            return None
        return cls(Decimal(number), unit or word or "1")

    @classmethod
    def from_fhir(cls, json: Mapping[str, Any]) -> Quantity | None:
        """The quantity of a FHIR Quantity.

        Durations in UCUM become calendar words, as https://hl7.org/fhir/R4/fhirpath.html#quantity rules.

        Args:
            json: the FHIR object, with its numbers as int or Decimal.

        Returns:
            None without a value, with a comparator (the value is a bound then), or with a code of another system.
        """
        value = json.get("value")
        if isinstance(value, float):
            value = Decimal(str(value))
        if "comparator" in json or isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        system, code = json.get("system"), json.get("code")
        if system is not None and system != UCUM:
            return None
        unit = (code or json.get("unit") or "1") if system is not None else (json.get("unit") or code or "1")
        if not isinstance(unit, str):
            return None
        return cls(Decimal(value), _FROM_FHIR.get(unit, unit) if system is not None else unit)

    def to_fhir(self) -> dict[str, Any]:
        """The FHIR Quantity: system and code are there when the unit is UCUM or a calendar word."""
        code = CALENDAR_UNITS.get(self.unit, self.unit)
        json: dict[str, Any] = {"value": self.value, "unit": self.unit}
        if parse_unit(code) is not None:
            json |= {"system": UCUM, "code": code}
        return json

    def negate(self) -> Quantity:
        """The quantity with the other sign."""
        return Quantity(self.value.copy_negate() if self.value else self.value, self.unit)

    def absolute(self) -> Quantity:
        """The quantity without its sign."""
        return Quantity(self.value.copy_abs(), self.unit)

    def comparable(self, other: Quantity) -> bool:
        """Whether the two units measure the same thing (comparable() of the FHIR additions to FHIRPath)."""
        if self.unit == other.unit:
            return _unit(self.unit) is not None
        first, second = _unit(self.unit), _unit(other.unit)
        return first is not None and second is not None and first.dimension == second.dimension

    def convert(self, unit: str) -> Quantity | None:
        """The same amount in another unit.

        Args:
            unit: a UCUM code or a calendar word.

        Returns:
            None when the units are not comparable, or one is a calendar year or month and the other is not.
        """
        if unit == self.unit:
            return self
        amounts = _amounts(self, Quantity(Decimal(1), unit))
        target = _unit(unit)
        if amounts is None or target is None:
            return None
        if target.offset is None:
            return Quantity(decimal_of(amounts[0] / amounts[1]), unit)
        return Quantity(decimal_of((amounts[0] - target.offset) / target.factor), unit)


def _unit(text: str) -> Unit | None:
    return parse_unit(CALENDAR_UNITS.get(text, text))


def _amounts(a: Quantity, b: Quantity, *, definite: bool = False) -> tuple[Fraction, Fraction] | None:
    """Both in one unit; ``definite`` reads a calendar year and month as the UCUM ones."""
    if not definite and (a.unit in _MONTHS or b.unit in _MONTHS):
        return _calendar_amounts(a, b)
    first, second = _unit(a.unit), _unit(b.unit)
    if first is None or second is None or first.dimension != second.dimension:
        return None
    left, right = base_amount(a.value, first), base_amount(b.value, second)
    return None if left is None or right is None else (left, right)


def _calendar_amounts(a: Quantity, b: Quantity) -> tuple[Fraction, Fraction] | None:
    if a.unit not in CALENDAR_UNITS or b.unit not in CALENDAR_UNITS:
        return None
    factors: list[Fraction | int] = []
    for unit in (a.unit, b.unit):
        if a.unit in _MONTHS and b.unit in _MONTHS:
            factors.append(_MONTHS[unit])
        elif unit in _DAYS:
            factors.append(_DAYS[unit] * _DAY_SECONDS)
        else:
            known = _unit(unit)
            factors.append(known.factor if known is not None else 0)
    left, right = base_amount(a.value, _NUMBER), base_amount(b.value, _NUMBER)
    return None if left is None or right is None else (left * factors[0], right * factors[1])


_NUMBER: Final = Unit(Fraction(1), (), None, ())


def equal(a: Quantity, b: Quantity) -> bool | None:
    """``a = b`` of FHIRPath: the same amount, whatever the unit; None (empty) when the units are not comparable."""
    order = compare(a, b)
    return None if order is None else order == 0


def identity(quantity: Quantity) -> tuple[object, object]:
    """What is the same for two quantities exactly when they are equal, and can be put into a set."""
    if quantity.unit in _MONTHS:
        return "month", quantity.value * _MONTHS[quantity.unit]
    unit = _unit(quantity.unit)
    amount = base_amount(quantity.value, unit) if unit is not None else None
    return (quantity.unit, quantity.value) if unit is None or amount is None else (unit.dimension, amount)


def compare(a: Quantity, b: Quantity) -> int | None:
    """The order of two quantities.

    Returns:
        -1, 0 or 1; None (empty) when the units are not comparable.
    """
    if a.unit == b.unit:
        return (a.value > b.value) - (a.value < b.value)
    amounts = _amounts(a, b)
    if amounts is None:
        return None
    return (amounts[0] > amounts[1]) - (amounts[0] < amounts[1])


def equivalent(a: Quantity, b: Quantity) -> bool:
    """``a ~ b`` of FHIRPath: equal in the coarser unit after rounding to the digits of the less precise value."""
    if a.unit == b.unit:
        return same_when_rounded(a.value, b.value)
    calendar = a.unit in CALENDAR_UNITS and b.unit in CALENDAR_UNITS
    amounts = _amounts(a, b, definite=not calendar)
    ones = _amounts(Quantity(Decimal(1), a.unit), Quantity(Decimal(1), b.unit), definite=not calendar)
    if amounts is None or ones is None:
        return False
    if _is_scale(a) or _is_scale(b):
        return amounts[0] == amounts[1]
    fine, coarse, ratio = (a, b, ones[1] / ones[0]) if ones[1] > ones[0] else (b, a, ones[0] / ones[1])
    digits = max(0, -_exponent(fine.value)) + len(str(int(ratio))) - 1
    converted = decimal_of(Fraction(fine.value) / ratio)
    places = min(digits, _places(coarse.value))
    return _rounded(converted, places) == _rounded(coarse.value, places)


def _is_scale(quantity: Quantity) -> bool:
    unit = _unit(quantity.unit)
    return unit is not None and unit.offset is not None


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _places(value: Decimal) -> int:
    """Digits after the point that say something: 1.10 has one."""
    return max(0, -_exponent(value.normalize(_WIDE)))


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-min(places, 100)), context=_WIDE)


def same_when_rounded(a: Decimal, b: Decimal) -> bool:
    """Whether two decimals are the same rounded to the places of the less precise, as ``~`` asks."""
    if a == b:
        return True
    places = min(_places(a), _places(b))
    return _rounded(a, places) == _rounded(b, places)


def add(a: Quantity, b: Quantity) -> Quantity | None:
    """The sum in the finer of the two units; None (empty) when they are not comparable."""
    if a.unit == b.unit:
        return _bounded(_ARITHMETIC.add(a.value, b.value), a.unit)
    if _is_scale(a) or _is_scale(b):
        return None
    ones = _amounts(Quantity(Decimal(1), a.unit), Quantity(Decimal(1), b.unit))
    if ones is None:
        return None
    unit = a.unit if ones[0] <= ones[1] else b.unit
    first, second = a.convert(unit), b.convert(unit)
    if first is None or second is None:
        return None
    return _bounded(_ARITHMETIC.add(first.value, second.value), unit)


def subtract(a: Quantity, b: Quantity) -> Quantity | None:
    """The difference in the finer of the two units; None (empty) when they are not comparable."""
    return add(a, b.negate())


def multiply(a: Quantity, b: Quantity) -> Quantity | None:
    """The product, in the product of the units; None (empty) when a unit is not known or is a temperature scale."""
    if b.unit == "1" or a.unit == "1":
        return _bounded(_ARITHMETIC.multiply(a.value, b.value), a.unit if b.unit == "1" else b.unit)
    b = _same_unit(a, b)
    unit = _combined(a, b, 1)
    return None if unit is None else _bounded(_ARITHMETIC.multiply(a.value, b.value), unit)


def divide(a: Quantity, b: Quantity) -> Quantity | None:
    """The quotient, in the quotient of the units; None (empty) for division by zero and where multiply() is."""
    if not b.value:
        return None
    if b.unit == "1":
        return _bounded(_ARITHMETIC.divide(a.value, b.value), a.unit)
    b = _same_unit(a, b)
    if not b.value:
        return None
    unit = "1" if a.unit == b.unit and not _is_scale(a) else _combined(a, b, -1)
    return None if unit is None else _bounded(_ARITHMETIC.divide(a.value, b.value), unit)


def _same_unit(a: Quantity, b: Quantity) -> Quantity:
    """The second in the unit of the first where both measure the same: cm times m is cm2."""
    unit = _unit(a.unit)
    if unit is None or not unit.dimension or unit.offset is not None:
        return b
    return b.convert(a.unit) or b


def _combined(a: Quantity, b: Quantity, power: int) -> str | None:
    first, second = _unit(a.unit), _unit(b.unit)
    return None if first is None or second is None else product(first, second, power)


def _bounded(value: Decimal, unit: str) -> Quantity | None:
    if not value.is_finite() or value.copy_abs() >= _LIMIT:
        return None
    return Quantity(plain(value) if value.as_tuple().exponent > 0 else value, unit)  # type: ignore[operator]
