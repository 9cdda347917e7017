"""The clock of the test kit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hm_fhir.errors import SettingsError
from hm_fhir.testing import Clock


def test_it_stands_still(clock):
    assert clock.now() == clock.now()
    assert clock.now().utcoffset() == timedelta(0)


def test_it_can_be_passed_where_a_callable_is_wanted(clock):
    assert clock() == clock.now()


def test_sleeping_moves_it_at_once_and_is_remembered(clock):
    before = clock.now()
    clock.sleep(3600)
    clock.sleep(0.5)
    assert clock.now() - before == timedelta(seconds=3600.5)
    assert clock.slept_seconds == (3600, 0.5)


def test_it_is_moved_and_set(clock):
    before = clock.now()
    assert clock.advance(1, minutes=2, hours=3, days=4) == before + timedelta(days=4, hours=3, minutes=2, seconds=1)
    clock.set(before)
    assert clock.now() == before
    assert clock.slept_seconds == ()


def test_a_time_without_a_time_zone_is_refused(clock):
    naive = datetime(2026, 3, 2)  # noqa: DTZ001
    with pytest.raises(SettingsError, match="time zone"):
        clock.set(naive)
    with pytest.raises(SettingsError, match="time zone"):
        Clock(naive)
    assert Clock(datetime(2026, 5, 1, tzinfo=UTC)).now().month == 5
