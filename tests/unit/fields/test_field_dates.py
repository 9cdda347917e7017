"""Days and moments in the forms in which people write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.sources.fields.dates import (
    CONTRADICTING,
    NUMERIC,
    date_converter,
    day_reader,
    moment_converter,
    of_serial,
)
from hm_fhir.sources.fields.unreadable import Unreadable

Declare = Callable[..., Any]
SOFIA = ZoneInfo("Europe/Sofia")
MONTHS = "януари февруари март април май юни юли август септември октомври ноември декември".split()  # noqa: SIM905
ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]

WAYS: dict[str, list[Callable[[date], str]]] = {
    "iso": [date.isoformat],
    "day.month.year": [
        lambda day: f"{day:%d.%m.%Y}",
        lambda day: f"{day.day}.{day.month}.{day.year} г.",
        lambda day: f"{day.day}. {day.month:02}. {day.year}г.",
    ],
    "day/month/year": [lambda day: f"{day.day}/{day.month}/{day.year}"],
    "day-month-year": [lambda day: f"{day:%d-%m-%Y}"],
    "month/day/year": [lambda day: f"{day.month}/{day.day}/{day.year}"],
    "year.month.day": [lambda day: f"{day.year}.{day.month}.{day.day}"],
    "year/month/day": [lambda day: f"{day:%Y/%m/%d}"],
    "day-name-year": [
        lambda day: f"{day.day} {MONTHS[day.month - 1]} {day.year} г.",
        lambda day: f"{day.day}.{MONTHS[day.month - 1][:3].upper()}.{day.year}",
    ],
    "day.roman.year": [
        lambda day: f"{day.day}.{ROMAN[day.month - 1]}.{day.year}",
        # Typed on a Bulgarian keyboard.
        lambda day: f"{day.day} {ROMAN[day.month - 1].replace('X', 'Х').replace('I', 'І')} {day.year} г.",
    ],
}
days = st.dates(date(1850, 1, 1), date(2199, 12, 31))


@pytest.mark.parametrize("form", WAYS)
@given(day=days)
def test_every_form_gives_back_the_day_that_was_written(form: str, day: date) -> None:
    read = day_reader([form])
    for way in WAYS[form]:
        assert read(way(day)) == day


@given(day=st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_two_digits_of_a_year_are_of_this_century(day: date) -> None:
    assert day_reader(["day.month.yy"])(f"{day:%d.%m.%y}") == day
    assert day_reader(["day/month/yy"])(f"{day.day}/{day.month}/{day:%y}") == day


@given(day=days, form=st.sampled_from(sorted(WAYS)), other=st.sampled_from(sorted(WAYS)))
def test_no_text_is_one_day_in_one_form_and_another_day_in_another(day: date, form: str, other: str) -> None:
    if (form, other) in CONTRADICTING or (other, form) in CONTRADICTING:
        return
    for way in WAYS[form]:
        assert day_reader([other])(way(day)) in (None, day)


@given(day=st.dates(date(1990, 1, 1), date(2090, 1, 1)), second=st.integers(0, 86_399))
def test_moments_give_back_what_was_written(day: date, second: int) -> None:
    moment = datetime.combine(day, time()) + timedelta(seconds=second)
    local = moment.replace(tzinfo=SOFIA)
    convert = moment_converter(("day.month.year", "day-name-year"), SOFIA, SOFIA, days=False)
    for text in (
        moment.isoformat(),
        moment.isoformat(" "),
        f"{moment:%d.%m.%Y %H:%M:%S}",
        f"{moment:%d.%m.%Y} г., {moment:%H:%M:%S} ч.",
        f"{moment.day} {MONTHS[moment.month - 1]} {moment.year} г. {moment:%H.%M.%S} часа",
    ):
        assert convert(text) == local.isoformat()
    aware = moment.replace(tzinfo=UTC)
    assert datetime.fromisoformat(convert(f"{moment.isoformat()}Z")) == aware


@given(day=st.dates(date(1909, 1, 1), date(2099, 12, 31)), second=st.integers(0, 86_399))
def test_serial_numbers_of_a_workbook_give_back_day_and_time(day: date, second: int) -> None:
    number = (day - date(1899, 12, 30)).days
    assert of_serial(number) == day
    found = of_serial(Decimal(number) + Decimal(second) / 86_400)
    at = datetime.combine(day, time()) + timedelta(seconds=second)
    assert found == (at if second else day)


@pytest.mark.parametrize("year", [1985, 2026, 0, 99, 2_958_466])
def test_a_year_alone_in_a_cell_is_no_serial_number(year: int) -> None:
    assert of_serial(year) is None


def test_serial_numbers_are_read_where_the_source_is_a_workbook(value: Declare) -> None:
    assert value("type: date", reads="xlsx").read(46_027) == "2026-01-05"
    assert value("type: moment", reads="xlsx").read(Decimal("46027.5")) == "2026-01-05T12:00:00+02:00"
    assert value("type: date", reads="csv").rejected(46_027).code == "wrong-date"
    assert value("type: date", reads="xlsx").rejected("46027").code == "wrong-date"


@pytest.mark.parametrize("form", sorted(NUMERIC - {"excel-serial"}))
def test_counts_since_1970(value: Declare, form: str) -> None:
    count = 1_767_614_400 * (1000 if form == "epoch-milliseconds" else 1)
    moments = value(f"type: moment, forms: [{form}]", reads="cht")
    assert moments.read(count) == "2026-01-05T14:00:00+02:00"
    assert moments.read(str(count)) == "2026-01-05T14:00:00+02:00"
    assert value(f"type: date, forms: [{form}]", reads="cht").read(count) == "2026-01-05"


def test_a_form_that_is_not_declared_is_not_read(value: Declare) -> None:
    assert value("type: date").read("05.01.2026") == "2026-01-05"
    assert value("type: date", reads="kobo").rejected("05.01.2026").code == "wrong-date"
    error = value("type: date").rejected("03/04/2026")
    assert error.message == "'Колона' is not a date in one of the forms day.month.year, day-name-year, iso"
    assert "forms" in (error.fix or "")


@pytest.mark.parametrize(
    "text", ["31.02.2026", "00.01.2026", "5 марта 2026", "2026-02-30", "05.01.20266", "вчера", "1"]
)
def test_what_is_no_day_is_refused(value: Declare, text: str) -> None:
    assert value("type: date").rejected(text).code == "wrong-date"


def test_the_day_of_a_moment_is_its_local_day(value: Declare) -> None:
    day = value("type: date", reads="dhis2")
    assert day.read("2026-01-05T00:00:00.000") == "2026-01-05"
    assert day.read("2026-01-05T23:30:00Z") == "2026-01-06"


def test_a_moment_needs_its_time_of_day_unless_a_day_alone_is_allowed(value: Declare) -> None:
    assert value("type: moment").rejected("05.01.2026").code == "wrong-date"
    assert value("type: date-or-moment").read("05.01.2026") == "2026-01-05"
    assert value("type: date-or-moment").read("05.01.2026 9:30") == "2026-01-05T09:30:00+02:00"


def test_a_moment_without_a_zone_is_in_the_zone_of_the_column_else_of_the_deployment(value: Declare) -> None:
    assert value("type: moment").read("2026-07-05T09:30:00") == "2026-07-05T09:30:00+03:00"
    assert value("type: moment, zone: UTC").read("2026-07-05T09:30:00") == "2026-07-05T09:30:00+00:00"
    assert value("type: moment, zone: UTC").read("2026-07-05T09:30:00+05:00") == "2026-07-05T09:30:00+05:00"


def test_a_day_and_the_time_of_another_column(value: Declare) -> None:
    start = value("type: moment, time: Час")
    assert start.read("05.01.2026", Час="9:30") == "2026-01-05T09:30:00+02:00"
    assert start.read("05.01.2026", Час="09.30 ч.") == "2026-01-05T09:30:00+02:00"
    assert start.read("05.01.2026", Час="") == "2026-01-05"
    assert start.read("2026-01-05T00:00:00", Час="09:30:00") == "2026-01-05T09:30:00+02:00"
    assert start.read("2026-01-05", Час=Decimal("0.5")) == "2026-01-05T12:00:00+02:00"
    # As the XForms of Kobo and ODK have a time.
    assert start.read("2026-07-05", Час="09:30:00.000+03:00") == "2026-07-05T09:30:00+03:00"
    assert start.read("2026-07-05", Час="06:30:00.000Z") == "2026-07-05T06:30:00+00:00"


def test_the_column_with_the_mistake_is_named_of_a_day_and_its_time(value: Declare) -> None:
    start = value("type: moment, time: Час")
    assert start.rejected("05.01.2026", Час="25:00").message == "'Час' is not a time of day written HH:MM"
    assert start.rejected("05.13.2026", Час="9:30").message.startswith("'Колона' is not a date")
    error = start.rejected("", Час="9:30")
    assert (error.message, error.fix) == ("'Колона' is empty", "'Час' says nothing without it")


@pytest.mark.parametrize(
    ("text", "found"),
    [("9:30", "09:30:00"), ("09:30:15", "09:30:15"), ("9.30 ч.", "09:30:00"), ("09:30:00.000+02:00", "09:30:00")],
)
def test_times_of_day(value: Declare, text: str, found: str) -> None:
    assert value("type: time").read(text) == found


@given(text=st.text(max_size=30))
def test_no_text_is_shown_and_nothing_else_is_raised(text: str) -> None:
    for convert in (
        date_converter(tuple(WAYS), SOFIA),
        moment_converter(("day.month.year",), SOFIA, SOFIA, days=True),
    ):
        try:
            convert(text)
        except Unreadable as error:
            # Messages have words of their own, which a text can have, too: then another text brings the same ones.
            with pytest.raises(Unreadable) as other:
                convert("\u2042" if text != "\u2042" else "\u2051")
            own, shown = f"{other.value.message} {other.value.fix}", f"{error} {error.message} {error.fix}"
            assert len(text) < 4 or text in own or text not in shown
