"""A clock that tests set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock

from hm_fhir.errors import SettingsError

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Clock:
    """Stands still until somebody moves it; may be shared by threads.

    Pass ``clock.now`` where a callable that returns the time is wanted, ``clock.sleep`` instead of ``time.sleep``.

    Args:
        at: the first time that it shows; with a time zone.

    Raises:
        SettingsError: `at` has no time zone.
    """

    def __init__(self, at: datetime = START) -> None:
        self._lock = Lock()
        self._slept: list[float] = []
        self._at = _aware(at)

    def now(self) -> datetime:
        """Return the time that it shows, with its time zone."""
        with self._lock:
            return self._at

    __call__ = now

    def set(self, at: datetime) -> None:
        """Show another time, earlier or later.

        Args:
            at: with a time zone.

        Raises:
            SettingsError: `at` has no time zone.
        """
        at = _aware(at)
        with self._lock:
            self._at = at

    def advance(
        self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0
    ) -> datetime:
        """Move the time by the sum of the arguments and return it; a negative sum moves it back."""
        step = timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        with self._lock:
            self._at += step
            return self._at

    def sleep(self, seconds: float) -> None:
        """Advance by so many seconds without waiting; remembered in `slept_seconds`."""
        with self._lock:
            self._at += timedelta(seconds=seconds)
            self._slept.append(seconds)

    @property
    def slept_seconds(self) -> tuple[float, ...]:
        """Every sleep so far, in seconds, oldest first."""
        with self._lock:
            return tuple(self._slept)


def _aware(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise SettingsError(
            "a clock needs a time with a time zone",
            code="naive-time",
            fix="write datetime(2026, 3, 2, 8, 0, tzinfo=UTC)",
        )
    return at
