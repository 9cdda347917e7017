"""Whatever happens between two answers, readings that go on from their cursors end with what the system holds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hm_fhir.sources.base import Checkpoint, Reader, Record, SourceContext
from hm_fhir.sources.dhis2 import Dhis2Options, Dhis2Reader
from hm_fhir.sources.odk import OdkOptions, OdkReader
from hm_fhir.testing.local_systems.dhis2 import Dhis2System, uid
from hm_fhir.testing.local_systems.odk import OdkSystem

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
System = OdkSystem | Dhis2System


@dataclass
class Kept:
    """What somebody knows who takes records as an intake does: with the cursor, or not at all."""

    documents: dict[str, str | None] = field(default_factory=dict)
    cursor: str | None = None

    def read(self, reader: Reader, between: Callable[[], bool]) -> None:
        """Read until the end, or until `between`, called after each item, says that the process dies."""
        waiting: dict[str, str | None] = {}
        for item in reader.records(self.cursor):
            if isinstance(item, Record):
                assert item.document is not None
                waiting[item.document] = None if item.deleted else str(item.values.get("text"))
            elif isinstance(item, Checkpoint):
                self.documents |= waiting
                waiting, self.cursor = {}, item.cursor
            if not between():
                return


class Office:
    """People who save, correct and delete while others read."""

    def __init__(self, system: System, keys: list[str]) -> None:
        self.system = system
        self.now = BEGIN
        self.number = 0
        self.keys = keys
        self.expected: dict[str, str | None] = {}
        self.deleted: dict[str, str] = {}

    def do(self, what: str, which: int) -> None:
        if what == "nothing":
            return
        self.now += timedelta(milliseconds=7 * (which % 3))  # now and then in the same millisecond
        key = self.keys[which % len(self.keys)]
        if what == "save":
            self.number += 1
            self.system.save({"key": key, "changed": self.now.isoformat(), "native": self._native(key)})
            self.expected[key] = str(self.number)
        elif what == "restore":
            if isinstance(self.system, OdkSystem) and self.expected.get(key, "") is None:
                self.system.restore(key)  # which moves no time
                self.expected[key] = self.deleted[key]
        elif (text := self.expected.get(key)) is not None:
            self.system.delete(key, self.now.isoformat())
            self.expected[key], self.deleted[key] = None, text

    def _native(self, key: str) -> dict[str, Any]:
        if isinstance(self.system, OdkSystem):
            return {"submission": {"text": str(self.number)}}
        person = {"trackedEntity": uid(f"person {key[0]}")}
        return {"event": {"dataValues": {"text": self.number}}, "trackedEntity": person}


def _reader(system: System, page_size: int) -> Reader:
    context = SourceContext("novi-pazar", system.folder, ZoneInfo("Europe/Sofia"))
    settings = {**system.options, "page_size": page_size, "overlap_seconds": 0}
    if isinstance(system, OdkSystem):
        return OdkReader(OdkOptions.model_validate(settings), context)
    return Dhis2Reader(Dhis2Options.model_validate(settings), context)


HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["save", "save", "delete", "restore", "nothing", "nothing", "death"]), st.integers(0, 30)
    ),
    max_size=40,
)


@pytest.mark.parametrize("make", [OdkSystem, Dhis2System])
@settings(max_examples=30, deadline=None)
@given(before=HAPPENINGS, meanwhile=HAPPENINGS, page_size=st.integers(1, 4))
def test_in_the_end_everything_is_known(
    make: Callable[..., System],
    before: list[tuple[str, int]],
    meanwhile: list[tuple[str, int]],
    page_size: int,
) -> None:
    # A data element that is added to a DHIS2 program during a reading is known to the next one only.
    program = {"elements": ["text"]} if make is Dhis2System else {}
    with tempfile.TemporaryDirectory() as folder, make(Path(folder), **program) as system:
        office = Office(system, [uid(str(number)) for number in range(9)])
        for what, which in before:
            office.do(what, which)
        kept, happenings = Kept(), iter(meanwhile)

        def between() -> bool:
            what, which = next(happenings, ("nothing", 0))
            office.do("nothing" if what == "death" else what, which)
            return what != "death"

        if not before and isinstance(system, OdkSystem):
            office.do("save", 0)  # a form that nobody ever filled in has no table here
        for _ in range(6):
            kept.read(_reader(system, page_size), between)
        for _ in range(2):  # the first one ends what was interrupted, and what came meanwhile is for the next
            kept.read(_reader(system, page_size), lambda: True)
        known = {key: text for key, text in kept.documents.items() if text is not None}
        assert known == {key: text for key, text in office.expected.items() if text is not None}
