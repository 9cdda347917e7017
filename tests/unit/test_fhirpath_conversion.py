"""toBoolean(), toInteger() ... on System values (rows of the official FHIRPath suite for R4 among them)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhirpath.conversion import (
    to_boolean,
    to_date,
    to_date_time,
    to_decimal,
    to_integer,
    to_quantity,
    to_string,
    to_time,
)
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.temporal import Date, DateTime, Time

ALL = (to_boolean, to_date, to_date_time, to_decimal, to_integer, to_quantity, to_string, to_time)
DAY, MOMENT, CLOCK = Date.parse("2015-02-04"), DateTime.parse("2015-02-04T14:34:28Z"), Time.parse("14:34")
DOSE = Quantity(Decimal("1.50"), "mg")


@pytest.mark.parametrize("value", [True, 1, Decimal("1.0"), "true", "T", "Yes", "y", "1", "1.0", "TRUE"])
def test_true_has_many_forms(value: object) -> None:
    assert to_boolean(value) is True


@pytest.mark.parametrize("value", [False, 0, Decimal("0.0"), "false", "False", "F", "no", "N", "0", "0.0"])
def test_false_has_many_forms(value: object) -> None:
    assert to_boolean(value) is False


@pytest.mark.parametrize(
    "value", [2, -1, Decimal("0.5"), "", "2", "maybe", " true", "true ", DAY, DOSE, [], {}, None]
)
def test_other_values_are_no_boolean(value: object) -> None:
    assert to_boolean(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1),
        ("1", 1),
        ("-1", -1),
        ("+5", 5),
        ("0", 0),
        ("007", 7),
        (True, 1),
        (False, 0),
        ("2147483647", 2**31 - 1),
        ("-2147483648", -(2**31)),
        ("0" * 60 + "12", 12),
    ],
)
def test_integers_are_read(value: object, expected: int) -> None:
    result = to_integer(value)
    assert result == expected
    assert type(result) is int


@pytest.mark.parametrize(
    "value",
    [
        "1.0",
        "1.1",
        "0.0",
        "st",
        "",
        "+",
        "--1",
        " 1",
        "1\n",
        "1_0",
        "2147483648",
        "-2147483649",
        "9" * 5000,
        "١",
        "1e3",
        Decimal(1),
        2**31,
        DAY,
        DOSE,
        None,
    ],
)
def test_other_values_are_no_integer(value: object) -> None:
    assert to_integer(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "1"),
        (Decimal("1.50"), "1.50"),
        ("1", "1"),
        ("0.0", "0.0"),
        ("-1.10", "-1.10"),
        ("+2.5", "2.5"),
        (True, "1.0"),
        (False, "0.0"),
        ("1234567890987654321.0", "1234567890987654321.0"),
        ("0.00000001", "0.00000001"),
    ],
)
def test_decimals_keep_their_digits(value: object, expected: str) -> None:
    result = to_decimal(value)
    assert type(result) is Decimal
    assert to_string(result) == expected


@pytest.mark.parametrize(
    "value", ["", "st", "1.a", "1.", ".5", "1e5", "NaN", "Infinity", "1" * 65, " 1", "٢.٥", DAY, DOSE, None]
)
def test_other_values_are_no_decimal(value: object) -> None:
    assert to_decimal(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "1"),
        (-1, "-1"),
        (Decimal("1.0"), "1.0"),
        (Decimal("0.0"), "0.0"),
        (Decimal("1E+3"), "1000"),
        ("a", "a"),
        (True, "true"),
        (False, "false"),
        (DAY, "2015-02-04"),
        (MOMENT, "2015-02-04T14:34:28Z"),
        (CLOCK, "14:34"),
        (DOSE, "1.50 'mg'"),
        (Quantity(Decimal(1), "week"), "1 week"),
        (Decimal("1E-8"), "0.00000001"),
    ],
)
def test_values_are_written_as_text(value: object, expected: str) -> None:
    assert to_string(value) == expected


@pytest.mark.parametrize("value", [{}, [], None, {"value": 1}])
def test_structures_are_no_text(value: object) -> None:
    assert to_string(value) is None


def test_an_extreme_decimal_makes_no_long_text() -> None:
    assert to_string(Decimal("1E+999999")) == "1E+999999"


def test_dates_and_times_convert_among_each_other() -> None:
    assert to_date("2015-02") == Date.parse("2015-02")
    assert to_date(MOMENT) == DAY
    assert to_date(DAY) is DAY
    assert to_date_time(DAY) == DateTime.parse("2015-02-04")
    assert to_date_time("2015-02-04T14:34") == DateTime.parse("2015-02-04T14:34")
    assert to_date_time(MOMENT) is MOMENT
    assert to_time("14:34:28.123") == Time.parse("14:34:28.123")
    assert to_time(CLOCK) is CLOCK


@pytest.mark.parametrize("value", [1, True, Decimal(2015), CLOCK, DOSE, "14:34", "2015-02-30", None, {}])
def test_other_values_are_no_date(value: object) -> None:
    assert to_date(value) is None
    assert to_date_time(value) is None


@pytest.mark.parametrize("value", [14, DAY, MOMENT, "14:34Z", "25", None])
def test_other_values_are_no_time(value: object) -> None:
    assert to_time(value) is None


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1, None, "1 '1'"),
        (Decimal("1.0"), None, "1.0 '1'"),
        ("1", None, "1 '1'"),
        (True, None, "1.0 '1'"),
        ("1 day", None, "1 day"),
        ("1 'wk'", None, "1 'wk'"),
        (DOSE, None, "1.50 'mg'"),
        (DOSE, "g", "0.0015 'g'"),
        ("1 week", "days", "7 days"),
    ],
)
def test_quantities_are_read_and_converted(value: object, unit: str | None, expected: str) -> None:
    assert str(to_quantity(value, unit)) == expected


@pytest.mark.parametrize(
    ("value", "unit"), [("1 wk", None), ("1.a", None), (DAY, None), (None, None), (DOSE, "m"), ("1", "g")]
)
def test_other_values_are_no_quantity(value: object, unit: str | None) -> None:
    assert to_quantity(value, unit) is None


@given(st.integers(-(2**31), 2**31 - 1))
def test_an_integer_comes_back_from_its_text(value: int) -> None:
    assert to_integer(to_string(value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**28), max_value=10**28, places=8))
def test_a_decimal_comes_back_from_its_text_digit_for_digit(value: Decimal) -> None:
    again = to_decimal(to_string(value))
    assert again is not None
    assert again.as_tuple() == value.as_tuple()


@given(st.booleans())
def test_a_boolean_comes_back_from_its_text(value: bool) -> None:
    assert to_boolean(to_string(value)) is value
    assert to_boolean(to_integer(value)) is value
    assert to_boolean(to_decimal(value)) is value


@given(st.dates())
def test_a_date_comes_back_from_its_text(value: object) -> None:
    day = to_date(str(value))
    assert day is not None
    assert to_date(to_string(day)) == day
    assert to_date(to_date_time(day)) == day


@given(st.text() | st.integers() | st.decimals(allow_nan=False) | st.booleans() | st.none() | st.lists(st.text()))
def test_no_value_breaks_a_conversion(value: object) -> None:
    for convert in ALL:
        convert(value)
