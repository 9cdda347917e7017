"""The second phase: what a run over it counts is known before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.delivery.intake import Intake
from hm_fhir.delivery.reading import Reading
from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.errors import SettingsError
from hm_fhir.mapping.engine import Mapper
from hm_fhir.outbox.sqlite import SqliteStore
from hm_fhir.testing.clock import Clock
from hm_fhir.testing.samples import Sample
from hm_fhir.testing.story.changes import AGAIN, CORRECTIONS, DELETIONS
from hm_fhir.testing.story.defects import DEFECTS
from hm_fhir.testing.story.municipality import Municipality
from hm_fhir.testing.story.native import compile_native
from hm_fhir.testing.story.sample_file import SampleSpec, read_sample, saving_is_editing


class Desk:
    """A store, and what takes a sample into it."""

    def __init__(self, store: SqliteStore, mapper: Mapper, sample: Sample, folder: Path) -> None:
        identity = Identity(bytes(32), key_id="test", system="urn:test")
        self.sample, self.folder = sample, folder
        self.intake = Intake(store, mapper, identity, ("national",), lambda: sample.now)

    def read(self) -> RecordCounts:
        missing = self.sample.options.get("missing") == "deleted"
        source = self.sample.source(self.folder)
        reading = Reading(name="x", source=source, system=self.sample.system, withdraw_missing=missing)
        return self.intake.take(reading)


@pytest.fixture
def desk(sample: Sample, mapper: Mapper, tmp_path: Path) -> Iterator[Desk]:
    with closing(SqliteStore(tmp_path / "outbox.db", clock=lambda: sample.now)) as store:
        yield Desk(store, mapper, sample, tmp_path)


def test_both_phases_count_what_the_sample_says(desk: Desk, sample: Sample) -> None:
    first = desk.read()
    assert sample.figures.differences(first) == {}
    assert first.new == len(sample.activities) == sample.figures.types.total()
    figures = sample.change()
    assert figures is sample.figures
    second = desk.read()
    assert figures.differences(second) == {}
    assert figures.matches(second)
    assert second.new > 0
    assert second.newer >= CORRECTIONS
    assert set(second.rejected) >= {defect.code for defect in DEFECTS}
    again = desk.read()
    assert (again.new, again.newer, again.gone) == (0, 0, 0)
    assert again.rejected == figures.rejected


def test_figures_that_do_not_agree_are_named(desk: Desk, sample: Sample) -> None:
    counts = desk.read()
    counts.new -= 1
    assert sample.figures.differences(counts) == {
        "new": (sample.figures.new, counts.new),
        "adds_up": (True, False),
    }
    assert not sample.figures.matches(counts)


def test_what_was_read_again_by_a_cursor_is_not_counted_on(sample: Sample) -> None:
    few = RecordCounts(read=sample.figures.new, new=sample.figures.new)
    many = RecordCounts(read=sample.figures.new + 5, new=sample.figures.new, repeated=5)
    assert sample.figures.matches(few)
    assert not sample.figures.matches(many)
    assert replace(sample.figures, is_exact=False).matches(many)


def test_every_kind_of_change_happens(municipality: Municipality) -> None:
    story = municipality.story()
    kinds = Counter(change.kind for change in story.changes)
    assert kinds["late"] >= 8
    assert (kinds["corrected"], kinds["again"], kinds["defect"]) == (CORRECTIONS, AGAIN, len(DEFECTS))
    assert kinds["deleted"] + kinds["entered-in-error"] == DELETIONS
    assert kinds["taken-out"] == (municipality.spec.deletion == "document")
    assert all(
        before.changed < after.changed for before, after in zip(story.changes, story.changes[1:], strict=False)
    )
    assert max(one.updated_at for one in story.first) < story.changes[0].changed


def test_a_correction_has_a_later_time_and_says_something_else(municipality: Municipality) -> None:
    story = municipality.story()
    first = {one.local_id: one for one in story.first}
    for change in story.changes:
        if change.kind == "corrected":
            (corrected,) = change.touched
            before = first[corrected.local_id]
            assert corrected.version_key > before.version_key
            assert corrected.model_copy(update={"updated_at": before.updated_at}) != before


def test_the_same_again_is_the_same_document(municipality: Municipality) -> None:
    story = municipality.story()
    documents = municipality.documents(story.first)
    for change in story.changes:
        if change.kind == "again":
            plain = [one.for_mapping() for one in documents[change.key]]
            assert change.native == municipality.native.write(plain[0], plain)


def test_what_is_deleted_stands_in_withdrawn_and_nowhere_else(sample: Sample) -> None:
    before = {one.local_id for one in sample.activities}
    assert sample.withdrawn == ()
    sample.change()
    standing = {one.local_id for one in sample.activities if one.status != "entered-in-error"}
    assert len(sample.withdrawn) >= DELETIONS
    assert set(sample.withdrawn) <= before
    assert not set(sample.withdrawn) & standing


def test_a_defect_that_a_form_cannot_have_is_left_out(municipality: Municipality) -> None:
    told = {**municipality.spec.model_dump(), "defects": {"wrong-date": None, "unknown-code": "other-code"}}
    other = replace(municipality, spec=SampleSpec.model_validate(told)).story()
    codes = {change.defect: change.code for change in other.changes if change.kind == "defect"}
    assert "wrong-date" not in codes
    assert codes["unknown-code"] == "other-code"


def test_nothing_is_deleted_where_the_sample_says_so(municipality: Municipality) -> None:
    told = {**municipality.spec.model_dump(), "deletion": "none"}
    kinds = {change.kind for change in replace(municipality, spec=SampleSpec.model_validate(told)).story().changes}
    assert not kinds & {"deleted", "taken-out", "entered-in-error"}


def test_personal_texts_are_all_that_names_somebody(sample: Sample) -> None:
    people = (person for one in sample.activities for person in one.persons)
    person = next(one for one in people if one.identifiers)
    assert person.name is not None
    assert {*person.name.given, person.name.family, person.phone, person.identifiers[0].value} <= set(sample.personal)
    assert len(set(sample.personal)) == len(sample.personal) > 100


def test_the_clock_stands_after_everything_that_happened(sample: Sample) -> None:
    assert Clock(sample.now)() > max(one.updated_at for one in sample.activities)
    before = sample.now
    sample.change()
    assert before < sample.now
    assert max(change.changed for change in sample.story.changes) < sample.now


def test_where_saving_is_editing_the_same_again_is_newer(municipality: Municipality) -> None:
    told = {**municipality.spec.model_dump(), "again": "newer"}
    story = replace(municipality, spec=SampleSpec.model_validate(told)).story()
    again = [change for change in story.changes if change.kind == "again"]
    assert len(again) == AGAIN
    first = {one.local_id: one for one in story.first}
    for change in again:
        assert change.touched == change.activities
        for one in change.touched:
            assert one.updated_at == change.changed
            before = first[one.local_id]
            assert one.model_copy(update={"updated_at": before.updated_at, "version": 0}) == before


@pytest.fixture
def day_sheets(municipality: Municipality, files: Path) -> Municipality:
    """A municipality whose document is the sheet of a mediator for a day; the product knows when it was saved."""
    told = {
        **municipality.spec.model_dump(),
        "document": "mediator.local_id & ' ' & period.start.local('%Y-%m-%d')",
        "again": "newer",
        "deletion": "document",
    }
    spec = SampleSpec.model_validate(told)
    native = compile_native(spec, read_sample(files)[1], municipality.native.words)
    return replace(municipality, spec=spec, native=native)


def test_all_that_a_document_holds_was_saved_with_it(day_sheets: Municipality) -> None:
    story = day_sheets.story()
    sheets = day_sheets.documents(story.first)
    assert max(len(held) for held in sheets.values()) > 2
    assert all(len({one.updated_at for one in held}) == 1 for held in sheets.values())
    held_now = {one.local_id: one for one in story.first}
    renewed = 0
    for change in story.changes:
        renewed += len(change.renewed)
        assert {one.updated_at for one in change.activities} <= {change.changed}
        assert not {one.local_id for one in change.renewed} & {one.local_id for one in change.touched}
        for one in change.renewed:
            before = held_now[one.local_id]
            assert one.version_key > before.version_key
            assert one.model_copy(update={"updated_at": before.updated_at, "version": before.version}) == before
        held_now |= {one.local_id: one for one in change.activities}
    assert renewed > 0


def test_a_record_with_a_defect_overwrites_no_document(day_sheets: Municipality) -> None:
    story = day_sheets.story()
    others = {change.key for change in story.changes if change.kind != "defect"} | set(
        day_sheets.documents(story.first)
    )
    wrong = [change.key for change in story.changes if change.kind == "defect"]
    assert len(set(wrong)) == len(wrong) == len(DEFECTS)
    assert not others & set(wrong)


def test_a_document_that_every_record_shares_can_hold_no_defect(day_sheets: Municipality, files: Path) -> None:
    spec = day_sheets.spec.model_copy(update={"document": "system"})
    one_document = replace(
        day_sheets, spec=spec, native=compile_native(spec, read_sample(files)[1], day_sheets.native.words)
    )
    with pytest.raises(SettingsError, match="would overwrite another document"):
        one_document.story()


@pytest.mark.parametrize(
    ("system", "newer"), [("kobo", True), ("odk", True), ("dhis2", True), ("cht", False), ("csv", False)]
)
def test_products_with_times_of_their_own_take_saving_for_editing(
    municipality: Municipality, system: str, newer: bool
) -> None:
    spec = municipality.spec.model_copy(update={"system": system})
    assert saving_is_editing(spec) is newer
    assert saving_is_editing(spec.model_copy(update={"again": "repeated"})) is False


def test_a_wrong_number_is_of_nobody_else(municipality: Municipality) -> None:
    story = municipality.story()
    (wrong,) = [change for change in story.changes if change.defect == "wrong-check-digit"]
    people = {person.local_id for one in story.first for person in one.persons if person.local_id}
    text = str(wrong.native)
    assert not any(number in text for number in people)
    (future,) = [change for change in story.changes if change.defect == "future-date"]
    assert "2099" in str(future.native)
