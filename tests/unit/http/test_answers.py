"""When to ask again, and what time it is where the server stands (RFC 9110)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.http.answers import retry_after_seconds, server_time

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120),
        ("Sun, 01 Mar 2026 14:02:00 +0200", 120),
        ("Sun, 01 Mar 2026 12:02:00 -0000", 120),  # a zone that nobody knows is read as UTC
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),  # it is past
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("²", None),  # a digit to Python, and what a byte of a header may become
        ("Sun, 99 Mar 2026 12:02:00 GMT", None),
        ("Sun, 01 Mar 99999999999999999999 12:02:00 GMT", None),
        ("Sun, 01 Mar 2026 12:02:00 +9999", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@given(st.text())
def test_no_retry_after_breaks_a_run(value: str) -> None:
    seconds = retry_after_seconds(value, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("headers", "moment"),
    [
        ({"Date": "Sun, 01 Mar 2026 09:00:00 GMT"}, datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ({"Date": "Sun, 01 Mar 2026 09:00:00 +0200"}, datetime(2026, 3, 1, 7, tzinfo=UTC)),
        ({"Date": "yesterday"}, NOW),
        ({}, NOW),
    ],
)
def test_the_time_of_the_server_counts_and_ours_where_it_says_none(headers: dict[str, str], moment: datetime) -> None:
    ours = NOW.astimezone(timezone(timedelta(hours=2)))
    assert server_time(headers, ours) == moment
    assert server_time(headers, ours).tzinfo is UTC
