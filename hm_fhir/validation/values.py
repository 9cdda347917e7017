"""Fixed values, patterns and limits.

Source: https://hl7.org/fhir/R4/elementdefinition.html (fixed[x], pattern[x], minValue[x], maxValue[x]).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hm_fhir.fhirpath import temporal


def same(value: Any, wanted: Any) -> bool:
    """Return whether a JSON value is exactly the fixed one, also in the digits of a decimal.

    That 9.20 is not 9.2: https://hl7.org/fhir/R4/datatypes.html#decimal.
    """
    if isinstance(wanted, dict):
        return (
            isinstance(value, dict)
            and value.keys() == wanted.keys()
            and all(same(value[key], one) for key, one in wanted.items())
        )
    if isinstance(wanted, list):
        return (
            isinstance(value, list)
            and len(value) == len(wanted)
            and all(same(one, other) for one, other in zip(value, wanted, strict=True))
        )
    if isinstance(value, bool) != isinstance(wanted, bool) or value != wanted:
        return False
    return not (_is_exact(value) and _is_exact(wanted)) or _digits(value) == _digits(wanted)


def matches(value: Any, pattern: Any) -> bool:
    """Return whether a JSON value has all that a pattern has; items of a list stand in any order, among others."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and matches(value[key], one) for key, one in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(matches(item, one) for item in value) for one in pattern)
    return same(value, pattern)


def comparison(fixed: Any, pattern: Any) -> Callable[[Any], bool] | None:
    """Return what tells whether a value is the fixed one or follows the pattern; None without either."""
    if fixed is not None:
        return lambda value: same(value, fixed)
    if pattern is not None:
        return lambda value: matches(value, pattern)
    return None


def less(one: Any, other: Any) -> bool:
    """Return whether a value is below another one of its kind; False where they cannot be compared.

    Args:
        one: a number, a date or time, or a Quantity, as JSON.
        other: the same; quantities of other units, and dates whose precision leaves it open, cannot be compared.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        if (one.get("system"), one.get("code")) != (other.get("system"), other.get("code")):
            return False
        one, other = one.get("value"), other.get("value")
    if isinstance(one, str) and isinstance(other, str):
        a, b = _moment(one), _moment(other)
        return a is not None and b is not None and type(a) is type(b) and temporal.compare(a, b) == -1
    try:
        return bool(one < other)
    except TypeError:
        return False


def _moment(text: str) -> temporal.DateTime | temporal.Time | None:
    return temporal.DateTime.parse(text) or temporal.Time.parse(text)


def _is_exact(value: Any) -> bool:
    """Return whether a number says its digits: a float does not."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _digits(value: int | Decimal) -> Any:
    return Decimal(value).as_tuple().exponent
