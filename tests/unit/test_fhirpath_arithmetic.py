"""Operators and math functions (rows of the official FHIRPath suite for R4 among them), and their bounds."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhirpath import arithmetic
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.temporal import Date, Time

D = Decimal
DAY = Date.parse("1974-12-25")


@pytest.mark.parametrize(
    ("operator", "a", "b", "expected"),
    [
        ("add", 1, 1, 2),
        ("add", D("1.2"), D("1.8"), D("3.0")),
        ("add", "a", "b", "ab"),
        ("add", 2**31 - 1, 1, None),
        ("add", DAY, Quantity(D(7), "days"), Date.parse("1975-01-01")),
        ("subtract", D("1.8"), D("1.2"), D("0.6")),
        ("subtract", DAY, Quantity(D(1), "month"), Date.parse("1974-11-25")),
        ("subtract", -(2**31), 1, None),
        ("multiply", D("1.2"), D("1.8"), D("2.16")),
        ("multiply", 2**16, 2**15, None),
        ("multiply", 2, Quantity(D(3), "mg"), Quantity(D(6), "mg")),
        ("multiply", D("1e27"), 10, None),
        ("divide", 4, 2, D(2)),
        ("divide", 1, 2, D("0.5")),
        ("divide", 1, 0, None),
        ("divide", D(1), D("0.0"), None),
        ("divide", 1, 3, D("0." + "3" * 28)),
        ("divide", Quantity(D(6), "mg"), 4, Quantity(D("1.5"), "mg")),
        ("whole_divide", 5, 2, 2),
        ("whole_divide", -5, 2, -2),
        ("whole_divide", D("2.2"), D("1.8"), 1),
        ("whole_divide", 5, 0, None),
        ("whole_divide", D("1e27"), D("0.1"), None),
        ("whole_divide", -(2**31), -1, None),
        ("modulo", 5, 2, 1),
        ("modulo", -5, 2, -1),
        ("modulo", 5, -2, 1),
        ("modulo", D("2.2"), D("1.8"), D("0.4")),
        ("modulo", 5, 0, None),
        ("log", 16, 2, D("4.0")),
        ("log", D("100.0"), D("10.0"), D("2.0")),
        ("log", 16, 1, None),
        ("log", 16, 0, None),
        ("log", -1, 2, None),
        ("power", 2, 3, 8),
        ("power", D("2.5"), 2, D("6.25")),
        ("power", 2, -1, D("0.5")),
        ("power", -1, D("0.5"), None),
        ("power", 0, 0, 1),
        ("power", 0, -1, None),
        ("power", 10, 1_000_000, None),
        ("power", 2, 31, None),
        ("power", -2, 31, -(2**31)),
        ("round_to", D("3.14159"), 3, D("3.142")),
        ("round_to", 1, 0, D(1)),
        ("round_to", D("0.5"), 0, D(1)),
        ("round_to", D("-0.5"), 0, D(-1)),
        ("round_to", D("2.5"), 0, D(3)),
        ("round_to", D("1.23"), 10**12, D("1.23")),
    ],
)
def test_operators_of_two_values(operator: str, a: Any, b: Any, expected: Any) -> None:
    result = getattr(arithmetic, operator)(a, b)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("function", "a", "expected"),
    [
        ("negate", 5, -5),
        ("negate", D("0.0"), D("0.0")),
        ("negate", D("1.10"), D("-1.10")),
        ("negate", -(2**31), None),
        ("absolute", -5, 5),
        ("absolute", D("-5.5"), D("5.5")),
        ("absolute", Quantity(D("-5.5"), "mg"), Quantity(D("5.5"), "mg")),
        ("ceiling", 1, 1),
        ("ceiling", D("-1.1"), -1),
        ("ceiling", D("1.1"), 2),
        ("floor", D("2.1"), 2),
        ("floor", D("-2.1"), -3),
        ("truncate", 101, 101),
        ("truncate", D("1.00000001"), 1),
        ("truncate", D("-1.56"), -1),
        ("truncate", D("2147483647.9"), 2**31 - 1),
        ("ceiling", D("2147483647.9"), None),
        ("floor", D("1E+999999"), None),
        ("sqrt", 81, D("9.0")),
        ("sqrt", -1, None),
        ("exp", 0, D(1)),
        ("exp", D("-0.0"), D(1)),
        ("exp", 1, D("2.718281828459045235360287471")),
        ("exp", D("1e20"), None),
        ("ln", 1, D("0.0")),
        ("ln", 0, None),
        ("ln", D(-1), None),
    ],
)
def test_functions_of_one_number(function: str, a: Any, expected: Any) -> None:
    result = getattr(arithmetic, function)(a)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("operator", "a", "b"),
    [
        ("subtract", "a", "b"),
        ("add", "a", 1),
        ("add", True, 1),
        ("add", DAY, 7),
        ("add", DAY, DAY),
        ("add", Quantity(D(1), "day"), DAY),
        ("add", Time.parse("10:00"), Quantity(D(1), "day")),
        ("multiply", "a", 2),
        ("divide", DAY, 2),
        ("whole_divide", Quantity(D(4), "mg"), 2),
        ("modulo", "5", 2),
        ("power", "2", 2),
        ("log", 2, "2"),
        ("round_to", "2", 2),
    ],
)
def test_operators_refuse_other_types(operator: str, a: Any, b: Any) -> None:
    with pytest.raises(TypeError):
        getattr(arithmetic, operator)(a, b)


@pytest.mark.parametrize("function", ["negate", "absolute", "ceiling", "floor", "truncate", "sqrt", "exp", "ln"])
@pytest.mark.parametrize("value", ["1", True, DAY, None, {}])
def test_functions_refuse_other_types(function: str, value: Any) -> None:
    with pytest.raises(TypeError):
        getattr(arithmetic, function)(value)


def test_round_refuses_a_negative_precision() -> None:
    with pytest.raises(ValueError, match="negative"):
        arithmetic.round_to(D("1.5"), -1)


def test_results_of_functions_have_no_zeros_that_say_nothing() -> None:
    assert str(arithmetic.sqrt(81)) == "9"
    assert str(arithmetic.log(1000, 10)) == "3"
    assert str(arithmetic.sqrt(100_000_000)) == "10000"


def test_a_text_does_not_grow_without_bound() -> None:
    half = "x" * (arithmetic.MAXIMUM_TEXT // 2 + 1)
    assert arithmetic.add(half, half) is None


numbers = st.integers(-(2**31), 2**31 - 1) | st.decimals(-(10**20), 10**20, places=6)
extremes = st.sampled_from(
    [
        D("1E+999999"),
        D("-1E+999999"),
        D("1E-999999"),
        10**4000,
        D("1." + "0" * 50 + "1"),
        2**31 - 1,
        D("0.1"),
        D("-7.5"),
        0,
    ]
)


@given(numbers, numbers)
def test_division_with_rest_is_a_whole(a: Any, b: Any) -> None:
    quotient, rest = arithmetic.whole_divide(a, b), arithmetic.modulo(a, b)
    if quotient is None or rest is None:
        return
    assert quotient * D(b) + rest == a
    assert abs(rest) < abs(b)


@given(numbers, numbers)
def test_what_is_added_can_be_taken_away(a: Any, b: Any) -> None:
    total = arithmetic.add(a, b)
    if total is not None:
        assert arithmetic.subtract(total, b) in (a, None)


@given(numbers)
def test_a_whole_number_lies_within_floor_and_ceiling(a: Any) -> None:
    low, high = arithmetic.floor(a), arithmetic.ceiling(a)
    if low is not None and high is not None:
        assert low <= a <= high
        assert high - low <= 1
        assert arithmetic.truncate(a) in (low, high)


@given(extremes, extremes)
def test_extreme_numbers_cost_little(a: Any, b: Any) -> None:
    start = time.perf_counter()
    for name in ("add", "subtract", "multiply", "divide", "whole_divide", "modulo", "power", "log"):
        getattr(arithmetic, name)(a, b)
    for name in ("ceiling", "floor", "truncate", "sqrt", "exp", "ln", "round_to", "negate", "absolute"):
        getattr(arithmetic, name)(a)
    assert time.perf_counter() - start < 0.5
