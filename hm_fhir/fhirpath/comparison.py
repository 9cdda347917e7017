"""``=``, ``~`` and the order of any two System values or JSON objects (http://hl7.org/fhirpath/N1/#equality).

A number next to a quantity is a quantity of unit 1, a Date next to a DateTime is a DateTime, and a FHIR Quantity
object next to a quantity is converted: the implicit conversions of FHIRPath. A Boolean is never equal to a number.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.fhirpath import quantity as quantities
from hm_fhir.fhirpath import temporal
from hm_fhir.fhirpath.arithmetic import type_name
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.temporal import Date, DateTime, Time

if TYPE_CHECKING:
    from collections.abc import Callable

    Spend = Callable[[int], None]

_NUMBERS: Final = frozenset({int, Decimal})
_TEMPORALS: Final = frozenset({Date, DateTime, Time})
_WHITESPACE: Final = str.maketrans({"\t": " ", "\n": " ", "\r": " "})


def equal(a: Any, b: Any, spend: Spend | None = None) -> bool | None:
    """``a = b`` of two single values.

    Args:
        a: a System value, or a JSON object or list, which are compared by all they hold, lists in order.
        b: the same.
        spend: called with 1 for each pair of values in them.

    Returns:
        None (empty) when precisions or units leave it open.
    """
    kind = type(a)
    if kind is type(b):
        if kind is str or kind is int or kind is bool or kind is Decimal:
            same: bool = a == b
            return same
        if kind is dict or kind is list:
            return _equal_structures(a, b, spend)
        if kind is Quantity:
            return quantities.equal(a, b)
    other = type(b)
    if kind is float or other is float:  # JSON that was read without exact numbers
        return equal(_exact(a), _exact(b), spend)
    if kind in _NUMBERS and other in _NUMBERS:
        return bool(a == b)
    if kind in _TEMPORALS and other in _TEMPORALS:
        return temporal.equal(a, b)
    pair = _quantities(a, b)
    return quantities.equal(*pair) if pair is not None else False


def equivalent(a: Any, b: Any, spend: Spend | None = None) -> bool:
    """``a ~ b`` of two single values.

    Texts are the same whatever their case and kind of whitespace, decimals to the digits of the less precise one,
    lists in any order; what :func:`equal` leaves open is not equivalent.
    """
    kind, other = type(a), type(b)
    if kind is str and other is str:
        return bool(a == b) or _normal(a) == _normal(b)
    if kind is float or other is float:
        return equivalent(_exact(a), _exact(b), spend)
    if a is None or b is None:
        return a is b
    if kind in _NUMBERS and other in _NUMBERS:
        if kind is int and other is int:
            return bool(a == b)
        return quantities.same_when_rounded(Decimal(a), Decimal(b))
    if kind is dict and other is dict and a.keys() == b.keys():
        if spend is not None:
            spend(len(a))
        return all(equivalent(value, b[name], spend) for name, value in a.items())
    if kind is list and other is list:
        return len(a) == len(b) and same_in_any_order(a, b, spend)
    if kind in _TEMPORALS and other in _TEMPORALS:
        return temporal.equivalent(a, b)
    pair = _quantities(a, b)
    if pair is not None:
        return quantities.equivalent(*pair)
    return kind is bool and other is bool and a is b


def compare(a: Any, b: Any) -> int | None:
    """The order of two single values.

    Returns:
        -1, 0 or 1; None (empty) when precisions or units leave it open.

    Raises:
        TypeError: the types have no common order.
    """
    kind, other = type(a), type(b)
    if (kind is other and kind is str) or (kind in _NUMBERS and other in _NUMBERS):
        return -1 if a < b else 1 if a > b else 0
    if kind in _TEMPORALS and other in _TEMPORALS:
        return temporal.compare(a, b)
    pair = _quantities(a, b)
    if pair is None:
        raise TypeError(f"{type_name(a)} and {type_name(b)} have no order")
    return quantities.compare(*pair)


def same_in_any_order(a: list[Any], b: list[Any], spend: Spend | None = None) -> bool:
    """Whether the values of two lists of the same length are equivalent in pairs, in any order."""
    if all(type(value) is str for value in a) and all(type(value) is str for value in b):
        return sorted(map(_normal, a)) == sorted(map(_normal, b))
    left = list(b)
    for value in a:
        place = next((place for place, candidate in enumerate(left) if equivalent(value, candidate, spend)), None)
        if spend is not None:
            spend(1 + (len(left) if place is None else place))
        if place is None:
            return False
        del left[place]
    return True


def _exact(value: Any) -> Any:
    return Decimal(str(value)) if type(value) is float else value


def _normal(text: str) -> str:
    return text.translate(_WHITESPACE).casefold()


def _equal_structures(a: Any, b: Any, spend: Spend | None) -> bool | None:
    """Whether two JSON structures hold the same: False when a pair differs, else None when one is left open."""
    result: bool | None = True
    waiting = [(a, b)]
    while waiting:
        first, second = waiting.pop()
        if spend is not None:
            spend(1)
        kind = type(first)
        if kind is dict and type(second) is dict:
            if first.keys() != second.keys():
                return False
            waiting.extend((value, second[name]) for name, value in first.items())
        elif kind is list and type(second) is list:
            if len(first) != len(second):
                return False
            waiting.extend(zip(first, second, strict=True))
        else:
            # null in a list of JSON keeps the place of a primitive's other half
            same = True if first is None and second is None else equal(first, second)
            if same is False:
                return False
            result = None if same is None else result
    return result


def _quantities(a: Any, b: Any) -> tuple[Quantity, Quantity] | None:
    """Both as quantities when at least one is."""
    if type(a) is not Quantity and type(b) is not Quantity:
        return None
    first, second = _quantity(a), _quantity(b)
    return None if first is None or second is None else (first, second)


def _quantity(value: Any) -> Quantity | None:
    kind = type(value)
    if kind is Quantity:
        quantity: Quantity = value
        return quantity
    if kind in _NUMBERS:
        return Quantity(Decimal(value))
    return Quantity.from_fhir(value) if kind is dict else None
