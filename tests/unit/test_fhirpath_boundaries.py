"""precision(), lowBoundary() and highBoundary(): rows of the official FHIRPath suite, and what bounds mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhirpath import temporal
from hm_fhir.fhirpath.boundaries import high_boundary, low_boundary, precision
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.temporal import Date, DateTime, Time

D = Decimal


@pytest.mark.parametrize(
    ("value", "places", "low", "high"),
    [
        (D("1.587"), None, "1.58650000", "1.58750000"),
        (D("1.587"), 6, "1.586500", "1.587500"),
        (D("1.587"), 2, "1.58", "1.59"),
        (D("1.587"), 0, "1", "2"),
        (D("1.587"), 8, "1.58650000", "1.58750000"),
        (D("-1.587"), None, "-1.58750000", "-1.58650000"),
        (D("-1.587"), 6, "-1.587500", "-1.586500"),
        (D("-1.587"), 2, "-1.59", "-1.58"),
        (D("-1.587"), 0, "-2", "-1"),
        (D(1), None, "0.50000000", "1.50000000"),
        (1, 0, "0", "2"),
        (1, 5, "0.50000", "1.50000"),
        (D("12.587"), 2, "12.58", "12.59"),
        (D("12.500"), 4, "12.4995", "12.5005"),
        (120, 2, "119.50", "120.50"),
        (-120, 2, "-120.50", "-119.50"),
        (D("0.0034"), 1, "0.0", "0.0"),
        (D("-0.0034"), 1, "-0.0", "-0.0"),
        (0, None, "-0.50000000", "0.50000000"),
        (D("1.523"), 1, "1.5", "1.6"),
    ],
)
def test_a_number_stands_for_all_that_round_to_it(value: Any, places: int | None, low: str, high: str) -> None:
    assert str(low_boundary(value, places)) == low
    assert str(high_boundary(value, places)) == high


@pytest.mark.parametrize("places", [-1, 29, 32, 39, 10**9])
def test_a_precision_that_no_number_has_gives_none(places: int) -> None:
    assert low_boundary(D("1.587"), places) is None
    assert high_boundary(D("1.587"), places) is None


def test_a_quantity_keeps_its_unit() -> None:
    assert str(low_boundary(Quantity(D("1.587"), "cm"), 8)) == "1.58650000 'cm'"
    assert str(high_boundary(Quantity(D("1.587"), "m"), 8)) == "1.58750000 'm'"
    assert high_boundary(Quantity(D("1.587"), "m"), -1) is None


@pytest.mark.parametrize(
    ("value", "digits", "low", "high"),
    [
        (Date.parse("2014"), 6, "2014-01", "2014-12"),
        (Date.parse("2014"), None, "2014-01-01", "2014-12-31"),
        (Date.parse("2016-02"), None, "2016-02-01", "2016-02-29"),
        (Date.parse("2016-02-10"), 4, "2016", "2016"),
        (DateTime.parse("2014-01-01T08"), 17, "2014-01-01T08:00:00.000+14:00", "2014-01-01T08:00:59.999-12:00"),
        (DateTime.parse("2014-01-01T08"), 8, "2014-01-01", "2014-01-01"),
        (
            DateTime.parse("2014-01-01T08:05+08:00"),
            17,
            "2014-01-01T08:05:00.000+08:00",
            "2014-01-01T08:05:59.999+08:00",
        ),
        (
            DateTime.parse("2014-01-01T08:05-05:00"),
            17,
            "2014-01-01T08:05:00.000-05:00",
            "2014-01-01T08:05:59.999-05:00",
        ),
        (DateTime.parse("2014-02"), None, "2014-02-01T00:00:00.000+14:00", "2014-02-28T23:59:59.999-12:00"),
        (DateTime.parse("2014-02-01T10:11:12.5Z"), 17, "2014-02-01T10:11:12.500Z", "2014-02-01T10:11:12.599Z"),
        (DateTime.parse("2014-02-01T10:11:12Z"), 14, "2014-02-01T10:11:12Z", "2014-02-01T10:11:12Z"),
        (Time.parse("10:30"), 9, "10:30:00.000", "10:30:59.999"),
        (Time.parse("10:30"), 2, "10", "10"),
        (Time.parse("10"), None, "10:00:00.000", "10:59:59.999"),
    ],
)
def test_a_partial_value_stands_for_all_its_instants(value: Any, digits: int | None, low: str, high: str) -> None:
    assert str(low_boundary(value, digits)) == low
    assert str(high_boundary(value, digits)) == high
    assert type(low_boundary(value, digits)) is type(value)


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        (Date.parse("2014"), 10),
        (Date.parse("2014"), 5),
        (DateTime.parse("2014"), 16),
        (Time.parse("10"), 8),
        (Time.parse("10"), 0),
        (Time.parse("10"), -4),
        ("2014", 4),
        (True, 4),
        (None, None),
        ({}, None),
    ],
)
def test_a_precision_or_type_without_bounds_gives_none(value: Any, digits: int | None) -> None:
    assert low_boundary(value, digits) is None
    assert high_boundary(value, digits) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (D("1.58700"), 5),
        (7, 0),
        (D("1E+3"), 0),
        (Quantity(D("1.50"), "mg"), 2),
        (Date.parse("2014"), 4),
        (Date.parse("2014-02"), 6),
        (DateTime.parse("2014-01-05T10:30:00.000"), 17),
        (DateTime.parse("2014-01-05T10:30:00Z"), 14),
        (Time.parse("10:30"), 4),
        (Time.parse("10:30:00.000"), 9),
        ("2014", None),
        (True, None),
    ],
)
def test_precision_counts_the_digits(value: Any, expected: int | None) -> None:
    assert precision(value) == expected


@given(st.decimals(-(10**6), 10**6, places=4), st.integers(5, 20))
def test_a_number_lies_between_its_bounds(value: Decimal, places: int) -> None:
    assert low_boundary(value, places) < value < high_boundary(value, places)
    assert high_boundary(value, places) - low_boundary(value, places) == D("0.0001")


@given(st.dates(), st.sampled_from([4, 7, 10]))
def test_a_date_lies_between_its_bounds(value: Any, length: int) -> None:
    day = Date.parse(str(value)[:length])
    full = Date.of(value)
    assert day is not None
    assert temporal.compare(low_boundary(day), full) in (-1, 0)
    assert temporal.compare(full, high_boundary(day)) in (-1, 0)
