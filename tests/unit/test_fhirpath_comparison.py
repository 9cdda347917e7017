"""Equality, equivalence and order of any two values."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhirpath.comparison import compare, equal, equivalent
from hm_fhir.fhirpath.quantity import UCUM, Quantity
from hm_fhir.fhirpath.temporal import Date, DateTime, Time

DAY, MOMENT, CLOCK = Date.parse("2012-04-15"), DateTime.parse("2012-04-15T10:00:00"), Time.parse("10:00")
WEIGHT = {"value": Decimal(185), "unit": "lbs", "system": UCUM, "code": "[lb_av]"}
POUNDS = Quantity(Decimal(185), "[lb_av]")


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("a", "a", True),
        ("a", "A", False),
        (1, 1, True),
        (1, Decimal("1.0"), True),
        (Decimal("1.10"), Decimal("1.1"), True),
        (Decimal("1.1"), Decimal("1.2"), False),
        (True, True, True),
        (True, False, False),
        (True, 1, False),
        (False, Decimal(0), False),
        ("1", 1, False),
        (DAY, DAY, True),
        (DAY, MOMENT, None),
        (DAY, CLOCK, False),
        (DAY, "2012-04-15", False),
        (WEIGHT, POUNDS, True),
        (POUNDS, Quantity(Decimal(185), "kg"), False),
        (POUNDS, Quantity(Decimal(185), "m"), None),
        (Quantity(Decimal(3)), 3, True),
        (POUNDS, "185", False),
        (POUNDS, {"unit": "lbs"}, False),
        ([1, 2], [1, Decimal("2.0")], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 1], False),
        ({"a": 1, "b": [True]}, {"b": [True], "a": Decimal("1.0")}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"b": 1}, False),
        ({"a": {"b": 1}}, {"a": [1]}, False),
        ([DAY, 1], [MOMENT, 1], None),
        ([DAY, 1], [MOMENT, 2], False),
        ({}, [], False),
        (None, None, False),
    ],
)
def test_equal_is_by_value_and_type(a: object, b: object, expected: bool | None) -> None:
    assert equal(a, b) is expected
    assert equal(b, a) is expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("a", "A", True),
        ("a b", "A\tB", True),
        ("a\nb", "a b", True),
        ("a  b", "a b", False),
        ("ЯНА", "яна", True),
        ("a", "b", False),
        (1, 1, True),
        (1, 2, False),
        (0, Decimal("0.0"), True),
        (Decimal("1.10"), Decimal("1.1"), True),
        (Decimal("0.6666666666666667"), Decimal("0.67"), True),
        (Decimal("0.6666666666666667"), Decimal("0.6"), False),
        (Decimal("1.25"), Decimal("1.3"), True),
        (True, True, True),
        (True, 1, False),
        ("1", 1, False),
        (DAY, MOMENT, False),
        (DAY, DAY, True),
        (WEIGHT, POUNDS, True),
        (POUNDS, Quantity(Decimal(185), "kg"), False),
        ([1, "a", "b"], ["B", 1, "A"], True),
        (["a", "b"], ["B", "A"], True),
        (["a", "a", "b"], ["a", "b", "b"], False),
        ([1, 1], [1], False),
        ({"a": "X", "b": [1, 2]}, {"b": [2, 1], "a": "x"}, True),
        ({"a": 1}, {"b": 1}, False),
        ({"a": 1}, [1], False),
    ],
)
def test_equivalent_forgives_case_order_and_digits(a: object, b: object, expected: bool) -> None:
    assert equivalent(a, b) is expected
    assert equivalent(b, a) is expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("a", "b", -1),
        ("A", "a", -1),
        ("a", "a", 0),
        (1, 2, -1),
        (2, Decimal("1.5"), 1),
        (Decimal("1.0"), 1, 0),
        (DAY, MOMENT, None),
        (Date.parse("2012-04-16"), MOMENT, 1),
        (Quantity(Decimal(4)), 3, 1),
        (WEIGHT, Quantity(Decimal(200), "[lb_av]"), -1),
        (POUNDS, Quantity(Decimal(200), "m"), None),
    ],
)
def test_values_are_ordered(a: object, b: object, expected: int | None) -> None:
    assert compare(a, b) == expected
    assert compare(b, a) == (None if expected is None else -expected)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, "test"),
        (True, False),
        (True, 1),
        (DAY, CLOCK),
        (DAY, "2012"),
        (POUNDS, "1"),
        ([], []),
        ({}, {}),
        (POUNDS, DAY),
    ],
)
def test_types_without_a_common_order_are_an_error(a: object, b: object) -> None:
    with pytest.raises(TypeError):
        compare(a, b)


scalars = (
    st.text(max_size=3)
    | st.integers(-3, 3)
    | st.decimals(-3, 3, places=1)
    | st.booleans()
    | st.sampled_from([DAY, MOMENT, CLOCK, POUNDS, WEIGHT, Quantity(Decimal(2))])
)
structures = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
)


@given(structures, structures)
def test_equality_does_not_depend_on_the_side(a: object, b: object) -> None:
    assert equal(a, b) is equal(b, a)
    if equal(a, b) is True:
        assert equivalent(a, b)


@given(structures)
def test_every_value_is_equal_and_equivalent_to_itself(a: object) -> None:
    assert equal(a, a) is True
    assert equivalent(a, a)


@given(scalars, scalars)
def test_order_agrees_with_equality(a: object, b: object) -> None:
    try:
        order = compare(a, b)
    except TypeError:
        return
    assert equal(a, b) == (None if order is None else order == 0)


def test_deep_and_long_structures_cost_little() -> None:
    deep: list[object] = []
    for _ in range(50_000):
        deep = [deep]
    long = [str(number) for number in range(50_000)]
    start = time.perf_counter()
    assert equal(deep, deep) is True
    assert equivalent(long, long[::-1])
    assert time.perf_counter() - start < 2
    while deep:  # a deep list is taken apart by hand: its own destructor would recurse
        deep = deep.pop()  # type: ignore[assignment]
