"""When mediators work: days, hours, and appointments that do not overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hm_fhir.activities.people import Mediator
from hm_fhir.testing.people import Chance

QUARTER = 15
"""Visits begin at a quarter of an hour; minutes."""

_LONGEST = 60
_NEAR_DAYS = 7

HOLIDAYS = frozenset({(1, 1), (3, 3), (5, 1), (5, 6), (5, 24), (9, 6), (9, 22), (12, 24), (12, 25), (12, 26)})
"""Fixed days (month, day) of the Bulgarian Labour Code, article 154; Easter moves and is left out."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Hours = Mapping[int, tuple[time, time]]
"""First and last minute of work by day of the week, 0 for Monday; a day that is not there is free."""

USUAL_HOURS: Hours = {weekday: (time(8, 30), time(17, 0)) for weekday in range(5)}


@dataclass(slots=True)
class Diary:
    """What is free in the days of the mediators.

    Args:
        hours: of each mediator, by local number; who is not in it works at the usual hours.
        zone: of the municipality.
        chance: where choices come from.
    """

    hours: Mapping[str, Hours]
    zone: ZoneInfo
    chance: Chance
    _taken: set[tuple[str, date, int]] = field(default_factory=set)

    def is_working(self, mediator: str, day: date) -> bool:
        """Return whether a mediator works on a day."""
        return day.weekday() in self._hours(mediator) and (day.month, day.day) not in HOLIDAYS

    def working_day(self, mediator: str, day: date) -> date:
        """Return the day, or the next one on which a mediator works and has time; when all are full, the first."""
        while not self.is_working(mediator, day):
            day += timedelta(days=1)
        near = (day + timedelta(days=later) for later in range(_NEAR_DAYS))
        return next((one for one in near if self.is_working(mediator, one) and self._free(mediator, one)), day)

    def visit(self, mediator: str, day: date) -> tuple[datetime, datetime]:
        """Return begin and end of a visit, in time that is free, and keep it."""
        day = self.working_day(mediator, day)
        # Of more visits than there is time for, some begin together.
        free = self._free(mediator, day) or self._quarters(mediator, day)
        start = self.chance.pick(free)
        quarters = 1
        while quarters < _LONGEST // QUARTER and start + quarters * QUARTER in free:
            quarters += 1
        length = self.chance.number(min(2, quarters), quarters) * QUARTER
        for minute in range(start, start + length, QUARTER):
            self._taken.add((mediator, day, minute))
        begin = datetime.combine(day, time(start // 60, start % 60), self.zone)
        return begin, begin + timedelta(minutes=length)

    def recorded(self, mediator: str, end: datetime) -> datetime:
        """Return when a visit is written down: the same day or, of some, on the next working morning."""
        if self.chance.happens(0.8):
            return end + timedelta(minutes=self.chance.number(2, 50))
        day = self.working_day(mediator, end.date() + timedelta(days=1))
        opens = self._hours(mediator)[day.weekday()][0]
        return datetime.combine(day, opens, self.zone) + timedelta(minutes=self.chance.number(0, 59))

    def _hours(self, mediator: str) -> Hours:
        return self.hours.get(mediator) or USUAL_HOURS

    def _free(self, mediator: str, day: date) -> list[int]:
        return [minute for minute in self._quarters(mediator, day) if (mediator, day, minute) not in self._taken]

    def _quarters(self, mediator: str, day: date) -> list[int]:
        opens, closes = (moment.hour * 60 + moment.minute for moment in self._hours(mediator)[day.weekday()])
        first = -(-opens // QUARTER) * QUARTER
        return list(range(first, closes - QUARTER, QUARTER))


def hours_of(mediator: Mediator) -> Hours:
    """Return the working hours of a mediator of the directory; the usual ones when it says none."""
    found: dict[int, tuple[time, time]] = {}
    for one in mediator.hours:
        opens, closes = time.fromisoformat(str(one.start)), time.fromisoformat(str(one.end))
        for day in one.days:
            weekday = _DAYS.index(day)
            before = found.get(weekday, (opens, closes))
            found[weekday] = (min(opens, before[0]), max(closes, before[1]))
    return found or USUAL_HOURS
