"""Whatever is saved, edited elsewhere, deleted and read until it dies: the last state of every report is read."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hm_fhir.sources.base import Checkpoint, Record, SourceContext
from hm_fhir.sources.cht import KIND, ChtOptions
from hm_fhir.sources.cht_documents import revision_number, version
from hm_fhir.testing.local_systems.cht import ChtSystem

small = st.integers(0, 2)


@dataclass(frozen=True)
class SavePerson:
    number: int


@dataclass(frozen=True)
class SaveReport:
    number: int
    person: int


@dataclass(frozen=True)
class EditElsewhere:
    number: int


@dataclass(frozen=True)
class Delete:
    number: int


@dataclass(frozen=True)
class Run:
    """A reading that dies after some items, or ends."""

    items: int | None


steps = st.one_of(
    st.builds(SavePerson, small),
    st.builds(SaveReport, small, small),
    st.builds(EditElsewhere, small),
    st.builds(Delete, small),
    st.builds(Run, st.none() | st.integers(1, 9)),
)


@dataclass
class Story:
    system: ChtSystem
    folder: Path
    page_size: int
    cursor: str | None = None
    told: int = 0
    read: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    versions: dict[str, dict[int, tuple[str | None, str | None]]] = field(default_factory=dict)

    def go(self, step: object) -> None:
        self.told += 1
        changed = f"2026-03-05T09:{self.told:02}:00+02:00"
        match step:
            case SavePerson(number):
                contact = {"_id": f"person-{number}", "type": "person", "name": f"Синтетичен {self.told}"}
                self.system.save({"key": f"p{self.told}", "changed": changed, "native": {"contact": contact}})
            case SaveReport(number, person):
                report = {"form": "visit", "fields": {"patient_uuid": f"person-{person}", "n": self.told}}
                self.system.save({"key": f"report-{number}", "changed": changed, "native": {"report": report}})
            case EditElsewhere(number) if self._is_there(number):
                self.system.edit_elsewhere(f"report-{number}", {"edited": self.told})
            case Delete(number) if self._is_there(number):
                self.system.delete(f"report-{number}", changed)
            case Run(items):
                self.run(items)

    def _is_there(self, number: int) -> bool:
        document = self.system.database.get(f"report-{number}")
        return document is not None and not document.get("_deleted")

    def run(self, items: int | None) -> None:
        options = ChtOptions(**self.system.options, page_size=self.page_size)
        reader = KIND.open(options, SourceContext("cht", self.folder, ZoneInfo("UTC")))
        for number, item in enumerate(reader.records(self.cursor)):
            if number == items:
                return
            if isinstance(item, Checkpoint):
                self.cursor = item.cursor
            elif isinstance(item, Record) and item.document is not None:
                self._take(item.document, item)

    def _take(self, document: str, record: Record) -> None:
        if record.deleted:
            self.read.pop(document, None)
            return
        values: Any = record.values
        state = (values["_rev"], values.get("patient", {}).get("_rev"))
        known = self.versions.setdefault(document, {})
        # One version is one state, and a state that was not seen before has a greater version than all others.
        if state not in known.values():
            assert values["_version"] > max(known, default=0)
        assert known.setdefault(values["_version"], state) == state
        self.read[document] = state

    def expected(self) -> dict[str, tuple[str | None, str | None]]:
        found: dict[str, tuple[str | None, str | None]] = {}
        for document in self.system.database.documents():
            if document.get("type") == "data_record":
                person = self.system.database.get(document["fields"]["patient_uuid"]) or {}
                found[document["_id"]] = (document["_rev"], person.get("_rev"))
        return found


@settings(max_examples=40, deadline=None)
@given(story=st.lists(steps, max_size=20), page_size=st.sampled_from([1, 2, 3, 100]))
@example(story=[SaveReport(0, 0), Run(2), SavePerson(0)], page_size=1)
@example(story=[SavePerson(0), SaveReport(0, 0), Run(None), SavePerson(0), Run(1)], page_size=1)
@example(story=[SaveReport(0, 0), Run(2), Delete(0)], page_size=1)
@example(story=[SaveReport(0, 0), SaveReport(0, 1), EditElsewhere(0), Run(None), Delete(0)], page_size=2)
def test_the_last_state_of_every_report_is_read(story: list[object], page_size: int) -> None:
    with tempfile.TemporaryDirectory() as name, ChtSystem(Path(name), noise=False) as system:
        told = Story(system, Path(name), page_size)
        for step in [*story, Run(None)]:
            told.go(step)
        assert told.read == told.expected()


generations = st.integers(0, 2000)


@given(own=st.integers(1, 5000), person=generations, reporter=st.integers(0, 900), place=st.integers(0, 900))
def test_a_version_grows_with_the_report_first_then_with_the_person(
    own: int, person: int, reporter: int, place: int
) -> None:
    def made(own: int, person: int, reporter: int, place: int) -> int:
        return version(own, {"_rev": f"{person}-a"}, {"_rev": f"{reporter}-a"}, [{"_rev": f"{place}-a"}])

    now = made(own, person, reporter, place)
    assert now < made(own, person, reporter, place + 1)
    assert now < made(own, person, reporter + 1, 0)
    assert now < made(own, person + 1, 0, 0)
    assert now < made(own + 1, 0, 0, 0)
    assert version(own, None, None, []) <= now < 2**63


def test_a_version_never_leaves_its_bounds() -> None:
    assert version(10**12, {"_rev": "999999999-a"}, {"_rev": "9999-a"}, [{"_rev": "9999-a"}]) == 2**63 - 1
    assert version(1, {"_rev": "9999999-a"}, None, []) < version(2, None, None, [])


def test_what_is_no_revision_counts_nothing() -> None:
    assert revision_number(None, {}) == 0
    assert revision_number([{"rev": 7}, "x", {"rev": "²-a"}, {"rev": ""}], {"_rev": "x-1"}) == 0
    assert revision_number([{"rev": "3-a"}, {"rev": "2-b"}], {"_rev": "3-a"}) == 5
