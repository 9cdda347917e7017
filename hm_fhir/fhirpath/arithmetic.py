"""The operators + - * / div mod and the math functions of FHIRPath on System values.

http://hl7.org/fhirpath/N1/#math and #math-2. None is the empty collection: overflow (Integer has 32 bits, Decimal 28
digits before the point), division by zero, no real result. TypeError: the operator does not take these types, which
is an error of the expression. Decimal results have 28 significant digits. The work of every function is bounded.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any, Final

from hm_fhir.fhir.units import plain
from hm_fhir.fhirpath import quantity as quantities
from hm_fhir.fhirpath import temporal
from hm_fhir.fhirpath.conversion import MAXIMUM_INTEGER, MINIMUM_INTEGER
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.temporal import Date, DateTime, Time

Number = int | Decimal

MAXIMUM_TEXT: Final = 10_000_000
"""Longest text that + makes, in characters."""

_LIMIT: Final = Decimal(10) ** 28
_MAXIMUM_DIGITS: Final = 64
_DECIMAL = Context(prec=28, rounding=ROUND_HALF_UP, Emax=999, Emin=-999, traps=[])
_FINER = Context(prec=40, rounding=ROUND_HALF_UP, Emax=999, Emin=-999, traps=[])
_WIDE = Context(prec=200, rounding=ROUND_HALF_UP, Emax=9999, Emin=-9999, traps=[])


def _integer(value: int) -> int | None:
    return value if MINIMUM_INTEGER <= value <= MAXIMUM_INTEGER else None


def _decimal(value: Decimal) -> Decimal | None:
    return value if value.is_finite() and value.copy_abs() < _LIMIT else None


def _are_numbers(a: Any, b: Any) -> bool:
    return type(a) in (int, Decimal) and type(b) in (int, Decimal)


def _pair_of_quantities(a: Any, b: Any) -> tuple[Quantity, Quantity] | None:
    """Both as quantities when one is; a number is a quantity of unit 1."""
    if type(a) is Quantity:
        if type(b) is Quantity:
            return a, b
        return (a, Quantity(Decimal(b))) if type(b) in (int, Decimal) else None
    if type(b) is Quantity and type(a) in (int, Decimal):
        return Quantity(Decimal(a)), b
    return None


def _refused(a: Any, operator: str, b: Any) -> TypeError:
    return TypeError(f"{type_name(a)} {operator} {type_name(b)} is not defined")


def type_name(value: Any) -> str:
    """The FHIRPath name of the type of a System value, ``object`` for other values."""
    names = {str: "String", int: "Integer", Decimal: "Decimal", bool: "Boolean"}
    kind = type(value)
    return names.get(kind) or (kind.__name__ if kind in (Quantity, Date, DateTime, Time) else "object")


def add(a: Any, b: Any) -> Any:
    """``a + b``: numbers, texts, quantities, or a temporal value plus a duration.

    Raises:
        TypeError: other types, or a unit that the temporal value does not take.
    """
    if type(a) is int and type(b) is int:
        return _integer(a + b)
    if type(a) is str and type(b) is str:
        return a + b if len(a) + len(b) <= MAXIMUM_TEXT else None
    if _are_numbers(a, b):
        return _decimal(_DECIMAL.add(a, b))
    if type(b) is Quantity and type(a) in (Date, DateTime, Time):
        return temporal.add(a, b)
    pair = _pair_of_quantities(a, b)
    if pair is None:
        raise _refused(a, "+", b)
    return quantities.add(*pair)


def subtract(a: Any, b: Any) -> Any:
    """``a - b``: numbers, quantities, or a temporal value minus a duration.

    Raises:
        TypeError: other types, or a unit that the temporal value does not take.
    """
    if type(a) is int and type(b) is int:
        return _integer(a - b)
    if _are_numbers(a, b):
        return _decimal(_DECIMAL.subtract(a, b))
    if type(b) is Quantity and type(a) in (Date, DateTime, Time):
        return temporal.subtract(a, b)
    pair = _pair_of_quantities(a, b)
    if pair is None:
        raise _refused(a, "-", b)
    return quantities.subtract(*pair)


def multiply(a: Any, b: Any) -> Any:
    """``a * b`` of numbers and quantities; TypeError for other types."""
    if type(a) is int and type(b) is int:
        return _integer(a * b)
    if _are_numbers(a, b):
        return _decimal(_DECIMAL.multiply(a, b))
    pair = _pair_of_quantities(a, b)
    if pair is None:
        raise _refused(a, "*", b)
    return quantities.multiply(*pair)


def divide(a: Any, b: Any) -> Any:
    """``a / b`` of numbers (always a Decimal) and quantities; TypeError for other types."""
    if _are_numbers(a, b):
        return _decimal(_DECIMAL.divide(a, b)) if b else None
    pair = _pair_of_quantities(a, b)
    if pair is None:
        raise _refused(a, "/", b)
    return quantities.divide(*pair)


def whole_divide(a: Any, b: Any) -> int | None:
    """``a div b``: the whole part of the quotient of two numbers, towards zero; TypeError for other types."""
    if not _are_numbers(a, b):
        raise _refused(a, "div", b)
    if not b:
        return None
    if type(a) is int and type(b) is int:
        quotient = abs(a) // abs(b)
        return _integer(quotient if (a < 0) is (b < 0) else -quotient)
    if _is_far(a, b):
        return None
    whole = _WIDE.divide_int(a, b)
    return truncate(whole) if whole.is_finite() else None


def modulo(a: Any, b: Any) -> Number | None:
    """``a mod b``: what is left of ``a div b``, with the sign of ``a``; TypeError for other than numbers."""
    if not _are_numbers(a, b):
        raise _refused(a, "mod", b)
    if not b:
        return None
    if type(a) is int and type(b) is int:
        rest = abs(a) % abs(b)
        return -rest if a < 0 else rest
    return None if _is_far(a, b) else _decimal(_WIDE.remainder(a, b))


def _is_far(a: Number, b: Number) -> bool:
    """Whether the quotient has more digits than any result: it would take long to find, to be refused then."""
    return Decimal(a).adjusted() - Decimal(b).adjusted() > _MAXIMUM_DIGITS


def negate(a: Any) -> Any:
    """``-a`` of a number or quantity; TypeError for other types."""
    if type(a) is int:
        return _integer(-a)
    if type(a) is Decimal:
        return a.copy_negate() if a else a
    if type(a) is Quantity:
        return a.negate()
    raise TypeError(f"-{type_name(a)} is not defined")


def absolute(a: Any) -> Any:
    """abs() of a number or quantity; TypeError for other types."""
    if type(a) is int:
        return _integer(abs(a))
    if type(a) is Decimal:
        return a.copy_abs()
    if type(a) is Quantity:
        return a.absolute()
    raise TypeError(f"abs() is not defined for {type_name(a)}")


def _number(a: Any, function: str) -> Number:
    if type(a) is int or type(a) is Decimal:
        number: Number = a
        return number
    raise TypeError(f"{function}() is not defined for {type_name(a)}")


def _short(a: Any, function: str) -> Decimal:
    """The number in the digits that count: thousands of digits would make logarithms slow."""
    return _FINER.plus(_number(a, function))


def _whole(a: Any, function: str, rounding: str) -> int | None:
    number = _number(a, function)
    if isinstance(number, int):
        return _integer(number)
    if number.copy_abs() > MAXIMUM_INTEGER + 2:
        return None
    return _integer(int(number.to_integral_value(rounding=rounding)))


def ceiling(a: Any) -> int | None:
    """``a.ceiling()``: the smallest Integer that is not below."""
    return _whole(a, "ceiling", ROUND_CEILING)


def floor(a: Any) -> int | None:
    """``a.floor()``: the largest Integer that is not above."""
    return _whole(a, "floor", ROUND_FLOOR)


def truncate(a: Any) -> int | None:
    """``a.truncate()``: the Integer without the fraction."""
    return _whole(a, "truncate", ROUND_DOWN)


def round_to(a: Any, precision: int = 0) -> Decimal | None:
    """round([precision]): a half is rounded away from zero.

    Args:
        a: an Integer or Decimal.
        precision: digits after the point.

    Raises:
        ValueError: the precision is negative (an error by the specification).
        TypeError: not a number.
    """
    number = Decimal(_number(a, "round"))
    if precision < 0:
        raise ValueError("round() takes no negative precision")
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent <= precision:
        return _decimal(number)
    return _decimal(number.quantize(Decimal(1).scaleb(-precision, _WIDE), rounding=ROUND_HALF_UP, context=_WIDE))


def sqrt(a: Any) -> Decimal | None:
    """``a.sqrt()``; None (empty) of a negative number."""
    return _result(_FINER.sqrt(_short(a, "sqrt")))


def exp(a: Any) -> Decimal | None:
    """``a.exp()``: e to the power."""
    return _result(_FINER.exp(_short(a, "exp")))


def ln(a: Any) -> Decimal | None:
    """``a.ln()``: natural logarithm; None (empty) of zero and below."""
    return _result(_FINER.ln(_short(a, "ln")))


def log(a: Any, base: Any) -> Decimal | None:
    """``a.log(base)``; None (empty) of zero and below, and for a base of 1, zero and below."""
    divisor = _FINER.ln(_short(base, "log"))
    if not divisor or not divisor.is_finite():
        return None
    return _result(_FINER.divide(_FINER.ln(_short(a, "log")), divisor))


def power(a: Any, exponent: Any) -> Number | None:
    """``a.power(exponent)``: an Integer of two Integers where it is one; None (empty) without a real result."""
    base, raised = _number(a, "power"), _number(exponent, "power")
    if raised == 0:
        return 1 if isinstance(base, int) and isinstance(raised, int) else Decimal(1)
    result = _result(_FINER.power(_FINER.plus(base), _FINER.plus(raised)))
    if result is not None and isinstance(base, int) and isinstance(raised, int) and raised > 0:
        return _integer(int(result)) if result.copy_abs() <= MAXIMUM_INTEGER + 1 else None
    return result


def _result(value: Decimal) -> Decimal | None:
    """The value in 28 digits, without the zeros that the finer calculation leaves."""
    rounded = _DECIMAL.plus(value)
    if not rounded.is_finite() or rounded.copy_abs() >= _LIMIT:
        return None
    return plain(rounded)
