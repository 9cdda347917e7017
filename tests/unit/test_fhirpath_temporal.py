"""Dates, times and their partial precision: rows of the official FHIRPath suite for R4, and the algebra behind."""

from __future__ import annotations

import copy
import datetime
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhirpath import temporal
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.temporal import Date, DateTime, Time


def value_of(text: str) -> Date | DateTime | Time:
    if text.startswith("T"):
        value: Date | DateTime | Time | None = Time.parse(text)
    else:
        value = DateTime.parse(text) if "T" in text else Date.parse(text)
    assert value is not None
    return value


def duration(text: str) -> Quantity:
    quantity = Quantity.parse(text)
    assert quantity is not None
    return quantity


@pytest.mark.parametrize("text", ["2015", "2015-02", "2015-02-04", "0001-01-01", "9999-12-31", "2024-02-29"])
def test_a_date_is_read_and_written_as_it_is(text: str) -> None:
    assert str(Date.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000",
        "215",
        "20155",
        "2015-",
        "2015-13",
        "2015-00",
        "2015-1",
        "2015-02-30",
        "2015-02-00",
        "2023-02-29",
        "1900-02-29",
        "2015-02-04T",
        "2015T",
        " 2015",
        "2015\n",
        "2015-02-04T10:00:00Z",
        "२०१५",
        "@2015",
        "-2015",
    ],
)
def test_a_text_that_is_no_date_gives_none(text: str) -> None:
    assert Date.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2015",
        "2015-02",
        "2015-02-04",
        "2015-02-04T14",
        "2015-02-04T14:34",
        "2015-02-04T14:34:28",
        "2015-02-04T14:34Z",
        "2015-02-04T14:34:28.123",
        "2015-02-04T14:34:28.1",
        "2015-02-04T14:34:28Z",
        "2015-02-04T14:34:28.123456+14:00",
        "2015-02-04T14:34:28-10:00",
        "2015-02-04T14+10:00",
        "2016-12-31T23:59:60Z",
        "2015-02-04T00:00:00-00:00",
    ],
)
def test_a_date_time_is_read_and_written_as_it_is(text: str) -> None:
    assert str(DateTime.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "2015-02-04T24:00:00",
        "2015-02-04T10:60",
        "2015-02-04T10:00:61",
        "2015-02-04T10:00:00.",
        "2015-02-30T10:00:00",
        "2015-02-04T10:00:00+14:01",
        "2015-02-04T10:00:00+15:00",
        "2015-02-04T10:00:00+10:60",
        "2015-02-04TZ",
        "2015-02T10",
        "2015Z",
        "2015-02-04 10:00:00",
        "2015-02-04T10:00:00z",
        "2015-02-04T1",
        "T10:00",
        "",
        "T",
    ],
)
def test_a_text_that_is_no_date_time_gives_none(text: str) -> None:
    assert DateTime.parse(text) is None


def test_a_literal_of_a_partial_date_time_loses_its_t() -> None:
    assert str(DateTime.parse("2015T")) == "2015"
    assert str(DateTime.parse("2015-02-04T")) == "2015-02-04"


@pytest.mark.parametrize("text", ["14", "14:34", "14:34:28", "14:34:28.123"])
def test_a_time_is_read_with_and_without_t(text: str) -> None:
    assert str(Time.parse(text)) == text
    assert Time.parse("T" + text) == Time.parse(text)


@pytest.mark.parametrize(
    "text", ["", "T", "24", "1", "14:60", "14:3", "14:34:28Z", "14:34:28+10:00", "TT14", "14:34:"]
)
def test_a_text_that_is_no_time_gives_none(text: str) -> None:
    assert Time.parse(text) is None


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("2012-04-15", "2012-04-15", True),
        ("2012-04-15", "2012-04-16", False),
        ("2012-04-15", "2012-04-15T10:00:00", None),
        ("2012-04-15", "2012-04-16T10:00:00", False),
        ("2012-04-15T15:00:00", "2012-04-15T10:00:00", False),
        ("2012-04-15T15:30:31", "2012-04-15T15:30:31.0", True),
        ("2012-04-15T15:30:31", "2012-04-15T15:30:31.1", False),
        ("2012-04-15T15:00:00Z", "2012-04-15T10:00:00", None),
        ("2012-04-15T15:00:00Z", "2012-04-17T10:00:00", False),
        ("2012-04-15T15:00:00+02:00", "2012-04-15T16:00:00+03:00", True),
        ("2017-11-05T01:30:00.0-04:00", "2017-11-05T01:15:00.0-05:00", False),
        ("2017-11-05T01:30:00.0-04:00", "2017-11-05T00:30:00.0-05:00", True),
        ("1974-12-25", "1974-12-25T12:34:00-10:00", None),
        ("1974-12-25", "T12:14:15", False),
        ("1974-12-25", "T12:14", False),
        ("2012", "2012-01", None),
        ("2012", "2013-01", False),
        ("2012-12-31T23:30-01:00", "2013-01-01T00:30Z", True),
    ],
)
def test_equal_is_open_where_the_precision_does_not_decide(first: str, second: str, expected: bool | None) -> None:
    a, b = value_of(first), value_of(second)
    assert temporal.equal(a, b) is expected
    assert temporal.equal(b, a) is expected
    assert temporal.equivalent(a, b) is (expected is True)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("2014-12-12", "2014-12-13", -1),
        ("2014-12-13T12:00:01", "2014-12-13T12:00:00", 1),
        ("T12:00:00", "T14:00:00", -1),
        ("T12:00:00", "T12:00:00", 0),
        ("2018-03", "2018-03-01", None),
        ("2018-03-01T10:30", "2018-03-01T10:30:00", None),
        ("T10:30", "T10:30:00", None),
        ("T10:30", "T10:31:00", -1),
        ("2018-03-01T10:30:00", "2018-03-01T10:30:00.0", 0),
        ("T10:30:00", "T10:30:00.0", 0),
        ("2017-11-05T01:30:00.0-04:00", "2017-11-05T01:15:00.0-05:00", -1),
        ("2014", "2015-01", -1),
        ("2015-01-01T10+05:30", "2015-01-01T10+05:00", None),
        ("2015-01-02", "2015-01-01T11:00:00Z", None),
        ("2015-01-02", "2015-01-03T13:00:00Z", -1),
    ],
)
def test_compare_orders_what_is_decided(first: str, second: str, expected: int | None) -> None:
    assert temporal.compare(value_of(first), value_of(second)) == expected


def test_a_time_has_no_order_with_a_date() -> None:
    with pytest.raises(TypeError):
        temporal.compare(value_of("T10:00"), value_of("2015"))


@pytest.mark.parametrize(
    ("start", "moved_by", "expected"),
    [
        ("1973-12-25", "7 days", "1974-01-01"),
        ("1973-12-25", "7.7 days", "1974-01-01"),
        ("1973-12-25T00:00:00.000+10:00", "7 days", "1974-01-01T00:00:00.000+10:00"),
        ("1973-12-25T00:00:00.000+10:00", "7.7 days", "1974-01-01T00:00:00.000+10:00"),
        ("1973-12-25T00:00:00.000+10:00", "1 second", "1973-12-25T00:00:01.000+10:00"),
        ("1973-12-25T00:00:00.000+10:00", "10 millisecond", "1973-12-25T00:00:00.010+10:00"),
        ("1973-12-25T00:00:00.000+10:00", "1 minute", "1973-12-25T00:01:00.000+10:00"),
        ("1973-12-25T00:00:00.000+10:00", "1 hour", "1973-12-25T01:00:00.000+10:00"),
        ("1973-12-25", "1 month", "1974-01-25"),
        ("1973-12-25", "1 week", "1974-01-01"),
        ("1973-12-25", "1 year", "1974-12-25"),
        ("1973-12-25", "1 'd'", "1973-12-26"),
        ("1973-12-25", "1 'wk'", "1974-01-01"),
        ("1973-12-25T00:00:00.000+10:00", "1 's'", "1973-12-25T00:00:01.000+10:00"),
        ("1973-12-25T00:00:00.000+10:00", "0.1 's'", "1973-12-25T00:00:00.000+10:00"),
        ("1973-12-25T00:00:00.000+10:00", "10 'ms'", "1973-12-25T00:00:00.010+10:00"),
        ("1973-12-25T00:00:00.000+10:00", "1 'min'", "1973-12-25T00:01:00.000+10:00"),
        ("1973-12-25T00:00:00.000+10:00", "1 'h'", "1973-12-25T01:00:00.000+10:00"),
        ("1974-12-25", "-1 'month'", "1974-11-25"),
        ("2014", "24 months", "2016"),
        ("2014", "23 months", "2015"),
        ("2016", "365 days", "2017"),
        ("2016", "364 days", "2016"),
        ("2014-05", "29 days", "2014-05"),
        ("2014-05", "-30 days", "2014-04"),
        ("2019-03-01", "24 months", "2021-03-01"),
        ("2014-01-31", "1 month", "2014-02-28"),
        ("2016-02-29", "1 year", "2017-02-28"),
        ("2016-02-29", "4 years", "2020-02-29"),
        ("2015-02-04T10", "90 minutes", "2015-02-04T11"),
        ("2015-02-04", "-1.9 days", "2015-02-03"),
        ("2015-02-04T10:00:00", "1.5 seconds", "2015-02-04T10:00:01.500"),
        ("2015-12-31T23:59:59Z", "1 second", "2016-01-01T00:00:00Z"),
        ("T23:30", "1 hour", "00:30"),
        ("T00:00:00.5", "-1 second", "23:59:59.5"),
        ("T10", "59 minutes", "10"),
    ],
)
def test_a_duration_moves_a_value(start: str, moved_by: str, expected: str) -> None:
    assert str(temporal.add(value_of(start), duration(moved_by))) == expected


@pytest.mark.parametrize(
    ("start", "moved_by"),
    [
        ("1973-12-25", "1 'mo'"),
        ("1973-12-25", "1 'a'"),
        ("1974-12-25", "1 'cm'"),
        ("1974-12-25", "7"),
        ("1974-12-25", "1 hour"),
        ("T10:00", "1 day"),
        ("T10:00", "1 year"),
    ],
)
def test_a_unit_that_the_value_does_not_take_is_an_error(start: str, moved_by: str) -> None:
    with pytest.raises(TypeError):
        temporal.add(value_of(start), duration(moved_by))


@pytest.mark.parametrize("unit", ["years", "months", "weeks", "days", "hours", "milliseconds"])
@pytest.mark.parametrize("amount", [Decimal("1E+999999"), Decimal(10) ** 14, Decimal("Infinity"), Decimal("-1E+30")])
def test_beyond_the_calendar_there_is_nothing(unit: str, amount: Decimal) -> None:
    if unit == "milliseconds" and amount == Decimal(10) ** 14:
        amount = -amount
    assert temporal.add(value_of("2015-02-04T10:00:00Z"), Quantity(amount, unit)) is None
    assert temporal.subtract(value_of("2015-02-04T10:00:00Z"), Quantity(Decimal(8000), "years")) is None


def test_a_vanishing_duration_costs_no_time() -> None:
    start = value_of("2015-02-04T10:00:00Z")
    assert temporal.add(start, Quantity(Decimal("1E-999999"), "seconds")) == start


def test_a_date_is_a_date_time_of_its_precision_and_back() -> None:
    moment = DateTime.parse("2015-02-04T10:30Z")
    assert moment is not None
    assert str(moment.date()) == "2015-02-04"
    assert str(moment.time()) == "10:30"
    assert str(moment.date().date_time()) == "2015-02-04"
    assert moment.date().date_time().time() is None


def test_python_values_become_fhirpath_values() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=-3, minutes=-30))
    moment = datetime.datetime(2026, 3, 1, 9, 5, 7, 1999, tzinfo=zone)
    assert str(DateTime.of(moment)) == "2026-03-01T09:05:07.001-03:30"
    assert str(DateTime.of(moment.replace(tzinfo=datetime.UTC))) == "2026-03-01T09:05:07.001Z"
    assert str(DateTime.of(moment.replace(tzinfo=None))) == "2026-03-01T09:05:07.001"
    assert str(Date.of(moment.date())) == "2026-03-01"
    assert str(Time.of(moment.time())) == "09:05:07.001"


def test_a_value_does_not_change_and_can_be_a_key() -> None:
    value = value_of("2015-02-04T10:30Z")
    with pytest.raises(AttributeError):
        value.zone = ""
    same = pickle.loads(pickle.dumps(value))
    assert same == value == copy.deepcopy(value)
    assert len({same, value, value_of("2015-02-04")}) == 2
    assert value_of("2015") != DateTime.parse("2015")
    assert value_of("2015-02-04T10:30Z") != value_of("2015-02-04T10:30+00:00")


moments = st.datetimes(datetime.datetime(1800, 1, 1), datetime.datetime(2200, 1, 1))  # noqa: DTZ001
zones = st.sampled_from(["", "Z", "+02:00", "-05:30", "+14:00", "-12:00"])
lengths = st.sampled_from([4, 7, 10, 13, 16, 19, 23])


@st.composite
def values(draw: st.DrawFn) -> Date | DateTime:
    text = draw(moments).isoformat(timespec="milliseconds")[: draw(lengths)]
    if "T" in text:
        return value_of(text + draw(zones))
    return value_of(draw(st.sampled_from([text, text + "T"])))  # type: ignore[return-value]


@given(values(), values())
def test_compare_is_antisymmetric(a: Date | DateTime, b: Date | DateTime) -> None:
    order, reverse = temporal.compare(a, b), temporal.compare(b, a)
    assert reverse == (None if order is None else -order)


@given(values(), values(), values())
def test_compare_is_transitive(a: Date | DateTime, b: Date | DateTime, c: Date | DateTime) -> None:
    if temporal.compare(a, b) == -1 and temporal.compare(b, c) == -1 and bool(str(a.zone)) is bool(str(c.zone)):
        assert temporal.compare(a, c) == -1


@given(moments, moments)
def test_full_moments_are_ordered_as_python_orders_them(a: datetime.datetime, b: datetime.datetime) -> None:
    a, b = (value.replace(microsecond=value.microsecond // 1000 * 1000) for value in (a, b))
    assert temporal.compare(DateTime.of(a), DateTime.of(b)) == (a > b) - (a < b)


@given(values(), st.integers(-10_000, 10_000), st.sampled_from(["week", "days"]))
def test_days_are_taken_back_exactly(value: Date | DateTime, amount: int, unit: str) -> None:
    moved = temporal.add(value, Quantity(Decimal(amount), unit))
    assert moved is not None
    assert moved.precision == value.precision
    back = temporal.subtract(moved, Quantity(Decimal(amount), unit))
    assert back is not None
    assert str(back) == str(value)


@given(moments, st.integers(-(10**9), 10**9))
def test_milliseconds_are_counted_as_python_counts_them(start: datetime.datetime, amount: int) -> None:
    moved = temporal.add(DateTime.of(start), Quantity(Decimal(amount), "milliseconds"))
    assert moved == DateTime.of(start + datetime.timedelta(milliseconds=amount))


@given(values(), st.integers(-1000, 1000))
def test_months_keep_the_day_or_take_the_last_one(value: Date | DateTime, amount: int) -> None:
    moved = temporal.add(value, Quantity(Decimal(amount), "months"))
    assert moved is not None
    whole = amount if value.precision > temporal.YEAR else int(amount / 12) * 12
    year, month = (*value.parts, 1)[:2]
    year_and_month = divmod(year * 12 + month - 1 + whole, 12)
    assert moved.parts[:2] == (year_and_month[0], year_and_month[1] + 1)[: value.precision]
    assert moved.parts[3:] == value.parts[3:]
    assert all(0 <= before - after <= 3 for before, after in zip(value.parts[2:3], moved.parts[2:3], strict=True))


@given(st.text() | st.text("0123456789-:.TZ+", max_size=30))
def test_no_text_breaks_the_reading(text: str) -> None:
    for kind in (Date, DateTime, Time):
        value = kind.parse(text)
        assert value is None or str(value) == text.removesuffix("T").removeprefix("T")
        assert value is None or temporal.compare(value, value) == 0
