"""How far a table has been read, in the order of (time of change, key), and where the next run begins.

Rows can come late: a transaction takes the time when it begins, and shows its rows when it ends. So

- the place that a run leaves behind is never later than the time at which it began, whatever times the rows say: a
  clock that goes ahead hides nothing of the others;
- the next run begins `overlap_seconds` before that place, its first moment included. A row is lost only when it shows
  itself more than `overlap_seconds` after its time of change.

Rows that are read again are the same activities again. Within a run, and after an interruption, reading goes on
strictly after the last (time, key): any number of rows with the same time is no circle and no gap.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hm_fhir.sources.sql_values import read_back, written

Ticks = Literal["time", "seconds", "milliseconds", "number"]
"""What the column of changes counts: times, seconds or milliseconds since 1970 (UTC), or just upwards."""

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:([T ])(\d\d:\d\d:\d\d)([.,]\d+)?(Z|[+-]\d\d(?::?\d\d)?)?)?")
_UNITS = {"seconds": 1, "milliseconds": 1000}


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order.

    Args:
        at: the latest time of change so far, bounded by `begun`; None before the first row that has one.
        after: time and key of the last row while a run is under way, which goes on behind it.
        begun: when the run began that is under way (UTC).
        nulls: key of the last row without a time of change, while those are read.
    """

    at: Any = None
    after: tuple[Any, ...] | None = None
    begun: datetime | None = None
    nulls: tuple[Any, ...] | None = None

    def cursor(self, of: str) -> str:
        """Return it as a text.

        Args:
            of: what tells this table, order and query from others.

        Raises:
            ValueError: a value of the order is of a kind that cannot be written.
        """
        said: dict[str, Any] = {"of": of}
        if self.at is not None:
            said["at"] = written(self.at)
        if self.begun is not None:
            said["begun"] = self.begun.isoformat()
        for name, values in (("after", self.after), ("nulls", self.nulls)):
            if values is not None:
                said[name] = [written(value) for value in values]
        return json.dumps(said, separators=(",", ":"))


def of_cursor(text: str, of: str) -> Position | None:
    """Return the position of a cursor, or None when it is of other settings than `of`, or of another reader."""
    try:
        said = json.loads(text)
        if said["of"] != of:
            return None
        at = read_back(said["at"]) if "at" in said else None
        begun = datetime.fromisoformat(said["begun"]) if "begun" in said else None
        after, nulls = (tuple(map(read_back, said[name])) if name in said else None for name in ("after", "nulls"))
    except (ValueError, TypeError, KeyError):
        return None
    return Position(at, after, begun, nulls)


@dataclass(frozen=True, slots=True)
class Clock:
    """The time scale of a column of changes.

    Args:
        ticks: what it counts.
        zone: of times without one; None when nobody said it.
        deployment: zone of the deployment.
    """

    ticks: Ticks
    zone: tzinfo | None
    deployment: ZoneInfo

    def says(self, at: Any) -> bool:
        """Return whether a value is one of this scale."""
        try:
            self._moment(at) if self.ticks == "time" else _number(at)
        except ValueError:
            return False
        return True

    def bounded(self, at: Any, now: datetime) -> Any:
        """Return `at`, or the present time as the column would say it, whichever is earlier.

        Args:
            at: a value of the column.
            now: aware time.

        Raises:
            ValueError: the column holds something else than `ticks` says.
        """
        if self.ticks == "number":
            return _number(at)
        present = self._like(at, now)
        return min(at, present)

    def lowered(self, at: Any, overlap_seconds: float, overlap_numbers: int) -> Any:
        """Return the value where the next run begins: so much before `at`.

        Raises:
            ValueError: the column holds something else than `ticks` says.
        """
        if self.ticks == "number":
            return _number(at) - overlap_numbers
        if self.ticks != "time":
            return type(_number(at))(int(at) - math.ceil(overlap_seconds * _UNITS[self.ticks]))
        moment = self._moment(at)
        try:
            earlier = moment - timedelta(seconds=overlap_seconds)
            if moment.tzinfo is None or isinstance(at, str):
                earlier -= self._repeated_hour(earlier.replace(tzinfo=None))
        except OverflowError:  # before the year 1: everything
            earlier = datetime.min.replace(tzinfo=moment.tzinfo)
        return _in_form_of(at, earlier)

    def _like(self, at: Any, now: datetime) -> Any:
        if self.ticks != "time":
            seconds = int(now.timestamp() * _UNITS[self.ticks])
            return type(_number(at))(seconds)
        moment = self._moment(at)
        if moment.tzinfo is not None:
            return _in_form_of(at, now.astimezone(moment.tzinfo))
        # Where nobody said the zone, the earlier of two clocks loses nothing.
        zones = (self.zone,) if self.zone is not None else (self.deployment, UTC)
        return _in_form_of(at, min(now.astimezone(zone).replace(tzinfo=None) for zone in zones))

    def _repeated_hour(self, local: datetime) -> timedelta:
        """Return how far clocks went back, when this local time came twice: what is new may say an earlier time."""
        there = local.replace(tzinfo=self.zone or self.deployment)
        first, second = there.replace(fold=0).utcoffset(), there.replace(fold=1).utcoffset()
        return max(first - second, timedelta(0)) if first is not None and second is not None else timedelta(0)

    @staticmethod
    def _moment(at: Any) -> datetime:
        if isinstance(at, datetime):
            return at
        if isinstance(at, date):
            return datetime(at.year, at.month, at.day)  # noqa: DTZ001  (a day has no zone)
        found = _ISO.fullmatch(at) if isinstance(at, str) else None
        if found is None:
            raise ValueError("not a time")
        moment = datetime.fromisoformat(f"{found[1]}T{found[3] or '00:00:00'}")
        return moment.replace(tzinfo=_offset(found[5]) if found[5] else None)


def _offset(text: str) -> timezone:
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-ahead if text[0] == "-" else ahead)


def _number(at: Any) -> Any:
    if isinstance(at, bool) or not isinstance(at, int | float | Decimal):
        raise ValueError("not a number")
    return at


def _in_form_of(at: Any, moment: datetime) -> Any:
    """Return a time as the column writes it; of a text every part stays where it is, since texts are compared."""
    if isinstance(at, datetime):
        return moment
    if isinstance(at, date):
        return moment.date()
    found = _ISO.fullmatch(at)
    if found is None or found[3] is None:
        return moment.date().isoformat()
    fraction = found[4] or ""
    point = f"{fraction[0]}{'0' * (len(fraction) - 1)}" if fraction else ""
    return f"{moment.date().isoformat()}{found[2]}{moment:%H:%M:%S}{point}{found[5] or ''}"
