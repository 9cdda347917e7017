"""Dates and times of FHIR as texts whose order is the order of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_MOMENT: Final = re.compile(r"(\d{4})(-\d\d)?(-\d\d)?(T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)


def moment_text(text: str) -> str | None:
    """Return a date, dateTime or instant (datatypes.html#dateTime) as UTC text of fixed width; None if it is none.

    What is less exact counts as its begin: a year, a month and a day as their first midnight in UTC. A time without a
    zone is taken as UTC.

    Args:
        text: such as ``2026``, ``2026-03``, ``2026-03-10`` or ``2026-03-10T09:30:00+02:00``.
    """
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    year, month, day, time = found.groups()
    try:
        moment = datetime.fromisoformat(f"{year}{month or '-01'}{day or '-01'}{time or ''}")
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S.%fZ}"
