"""Where the next run begins: never behind a row that can still come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.sources.sql_position import Clock, Position, of_cursor

SOFIA = ZoneInfo("Europe/Sofia")
NOW = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
times = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1))  # noqa: DTZ001  (columns without a zone)
keys = st.one_of(
    st.integers(-(2**63), 2**63),
    st.text(max_size=20),
    st.uuids(),
    st.binary(max_size=16),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False),
    st.dates(),
    times,
    times.map(lambda moment: moment.replace(tzinfo=UTC)),
)


def clock(ticks: Any = "time", zone: str | None = None) -> Clock:
    return Clock(ticks, ZoneInfo(zone) if zone else None, SOFIA)


@given(
    at=keys,
    after=st.lists(keys, min_size=1, max_size=3),
    begun=st.none() | times.map(lambda t: t.replace(tzinfo=UTC)),
)
def test_a_cursor_gives_back_the_position(at: Any, after: list[Any], begun: datetime | None) -> None:
    position = Position(at, tuple(after), begun, None)
    assert of_cursor(position.cursor("a"), "a") == position


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "7", '{"of":"b"}', '{"of":"a","at":["float","x"]}', '{"of":"a","at":1}']
)
def test_a_cursor_of_other_settings_is_none(text: str) -> None:
    assert of_cursor(text, "a") is None


def test_a_cursor_of_the_beginning_is_one() -> None:
    assert of_cursor('{"of":"a"}', "a") == Position()


@given(late=times, seconds=st.integers(0, 100_000), overlap=st.integers(0, 10_000))
def test_a_row_that_is_late_by_less_than_the_overlap_is_behind_the_start(
    late: datetime, seconds: int, overlap: int
) -> None:
    """The row says `late`; it shows itself when another one, up to `overlap` seconds younger, was read."""
    read = late + timedelta(seconds=min(seconds, overlap))
    for zone in (None, "Europe/Sofia", "UTC"):
        assert clock(zone=zone).lowered(read, overlap, 0) <= late
    assert clock().lowered(read.replace(tzinfo=UTC), overlap, 0) <= late.replace(tzinfo=UTC)
    assert clock().lowered(read.isoformat(" ", "seconds"), overlap, 0) <= late.isoformat(" ", "seconds")


@given(utc=times, later=st.integers(0, 7200))
def test_local_times_that_come_twice_in_autumn_hide_nothing(utc: datetime, later: int) -> None:
    """A column without a zone says the local time of Sofia; clocks may go back between the two rows."""
    first = utc.replace(tzinfo=UTC).astimezone(SOFIA)
    second = (utc.replace(tzinfo=UTC) + timedelta(seconds=later)).astimezone(SOFIA)
    assert clock().lowered(first.replace(tzinfo=None), 0, 0) <= second.replace(tzinfo=None)
    texts = first.isoformat("T", "seconds"), second.isoformat("T", "seconds")
    assert clock().lowered(texts[0], 0, 0)[:19] <= texts[1][:19]


@given(utc=times, ahead=st.integers(1, 10_000_000))
def test_a_clock_that_goes_ahead_does_not_move_the_place_beyond_now(utc: datetime, ahead: int) -> None:
    now = utc.replace(tzinfo=UTC)
    future = now + timedelta(seconds=ahead)
    assert clock().bounded(future, now) == now
    for zone in ("Europe/Sofia", "UTC"):
        local = future.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert clock(zone=zone).bounded(local, now) <= now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        # Nobody said the zone: whichever of the two the column has, the bound is not after now.
        assert clock().bounded(local, now) <= now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert clock("seconds").bounded(int(future.timestamp()), now) <= now.timestamp()
    assert clock("milliseconds").bounded(int(future.timestamp() * 1000), now) <= now.timestamp() * 1000


@given(utc=times, ago=st.integers(15_000, 10_000_000))
def test_what_is_past_is_left_as_it_is(utc: datetime, ago: int) -> None:
    now, past = utc.replace(tzinfo=UTC), utc - timedelta(seconds=ago)
    assert clock().bounded(past, now) == past
    assert clock().bounded(past.replace(tzinfo=UTC), now) == past.replace(tzinfo=UTC)
    assert clock("number").bounded(10**30, now) == 10**30


@pytest.mark.parametrize(
    ("at", "start"),
    [
        ("2026-03-05 09:30:00", "2026-03-05 08:30:00"),
        ("2026-03-05T09:30:00.123456", "2026-03-05T08:30:00.000000"),
        ("2026-03-05T09:30:00,5Z", "2026-03-05T08:30:00,0Z"),
        ("2026-03-05T09:30:00+02:00", "2026-03-05T08:30:00+02:00"),
        ("2026-03-05T09:30:00-0330", "2026-03-05T08:30:00-0330"),
        ("2026-03-05", "2026-03-04"),
        (date(2026, 3, 5), date(2026, 3, 4)),
        ("0001-01-01 00:10:00", "0001-01-01 00:00:00"),
    ],
)
def test_a_text_keeps_its_form(at: Any, start: Any) -> None:
    assert clock().lowered(at, 3600, 0) == start


def test_texts_with_an_offset_are_bounded_in_their_own_offset() -> None:
    assert clock().bounded("2026-03-05T13:00:00.5+02:00", NOW) == "2026-03-05T12:00:00.0+02:00"
    assert clock().bounded("2026-03-05T11:59:59+02:00", NOW) == "2026-03-05T11:59:59+02:00"
    assert clock().bounded("2026-03-05T10:00:01Z", NOW) == "2026-03-05T10:00:00Z"


@pytest.mark.parametrize(
    ("ticks", "at", "start"),
    [
        ("seconds", 1_772_704_800, 1_772_701_200),
        ("seconds", Decimal("1772704800.5"), Decimal(1_772_701_200)),
        ("seconds", 1_772_704_800.5, 1_772_701_200.0),
        ("milliseconds", 1_772_704_800_000, 1_772_701_200_000),
        ("number", 500, 490),
    ],
)
def test_numbers_are_lowered_in_their_unit(ticks: str, at: Any, start: Any) -> None:
    lowered = clock(ticks).lowered(at, 3600, 10)
    assert lowered == start
    assert type(lowered) is type(start)


@pytest.mark.parametrize("at", ["05.03.2026", "yesterday", "", 5, True, UUID(int=1)])
def test_what_is_no_time_is_known(at: Any) -> None:
    assert not clock().says(at)
    assert clock("number").says(at) is (at == 5 and at is not True)


def test_an_offset_may_have_minutes() -> None:
    tz = timezone(-timedelta(hours=3, minutes=30))
    moment = datetime(2026, 3, 5, 6, 30, tzinfo=tz)
    assert clock().bounded("2026-03-05T07:00:00-03:30", moment) == "2026-03-05T06:30:00-03:30"
