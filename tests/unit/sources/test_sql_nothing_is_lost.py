"""Whatever the order of writing, committing late, reading and dying: the last state of every row is read."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hm_fhir.sources.base import Checkpoint, Record, SourceContext
from hm_fhir.sources.sql import KIND, SqlOptions

SOFIA = ZoneInfo("Europe/Sofia")
OVERLAP_SECONDS = 100
AUTUMN = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # clocks go back at 01:00 UTC


@dataclass(frozen=True)
class Write:
    """A row is shown `late` seconds after the time that it says, or says a time that is still to come."""

    key: int
    late: int


@dataclass(frozen=True)
class Run:
    """A run that dies after some items, or ends."""

    items: int | None


writes = st.builds(Write, st.integers(0, 4), st.integers(-5000, OVERLAP_SECONDS))
runs = st.builds(Run, st.none() | st.integers(1, 12))
ticks = st.integers(0, 900)
FORMS = {
    "local text": lambda moment: moment.astimezone(SOFIA).strftime("%Y-%m-%d %H:%M:%S"),
    "UTC text, nobody said so": lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S"),
    "offset": lambda moment: moment.astimezone(SOFIA).isoformat(),
    "Z": lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "day": lambda moment: moment.astimezone(SOFIA).date().isoformat(),
}


@dataclass
class Register:
    folder: Path
    form: str
    now: datetime = AUTUMN
    cursor: str | None = None
    written: dict[int, int] = field(default_factory=dict)
    read: dict[int, int] = field(default_factory=dict)

    def write(self, connection: sqlite3.Connection, write: Write, number: int) -> None:
        changed = FORMS[self.form](self.now - timedelta(seconds=write.late))
        connection.execute("REPLACE INTO visits VALUES (?, ?, ?)", (write.key, number, changed))
        connection.commit()
        self.written[write.key] = number

    def run(self, run: Run) -> None:
        options = SqlOptions(
            url="sqlite:///register.db",
            table="visits",
            key=("id",),
            updated_at="changed",
            page_size=2,
            overlap_seconds=OVERLAP_SECONDS,
        )
        reading = KIND.open(options, SourceContext("r", self.folder, SOFIA)).records(self.cursor)
        with patch("hm_fhir.sources.sql_reading._now", lambda: self.now), closing(reading):
            for number, item in enumerate(reading):
                if number == run.items:
                    return
                if isinstance(item, Record):
                    self.read[item.values["id"]] = item.values["number"]
                elif isinstance(item, Checkpoint):
                    self.cursor = item.cursor


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(st.one_of(writes, runs, ticks), max_size=25))
@example(steps=[Write(0, 0), Run(None), 1, Write(1, 1), Run(None)])
@example(steps=[Write(0, -3000), Run(None), 60, Write(1, 0), Run(None)])
@example(steps=[Write(0, 0), 900, Run(None), 900, Write(1, 0), 900, Write(2, 0), Run(None)])
@pytest.mark.parametrize("form", FORMS)
def test_the_last_state_of_every_row_is_read(form: str, steps: list[Write | Run | int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        register = Register(Path(name), form)
        with closing(sqlite3.connect(register.folder / "register.db")) as connection:
            connection.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, number INTEGER, changed TEXT)")
            for number, step in enumerate([*steps, 1, Run(None)]):
                if isinstance(step, Write):
                    register.write(connection, step, number)
                elif isinstance(step, Run):
                    register.run(step)
                else:
                    register.now += timedelta(seconds=step)
        assert register.read == register.written
