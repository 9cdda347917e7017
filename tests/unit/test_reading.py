"""How a source is read into the outbox: cursors, documents, deletions, replay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.builtin import hm_fhir_mappings, hm_fhir_profiles
from hm_fhir.delivery.intake import Intake
from hm_fhir.delivery.reading import ITEMS_IN_A_COMMIT, Reading
from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.errors import RetryLater, SettingsError
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.loader import load_packs
from hm_fhir.outbox.entry import State
from hm_fhir.outbox.rules import following_version, present_version, withdrawn_version
from hm_fhir.outbox.sqlite import SqliteStore
from hm_fhir.sources.base import Checkpoint, Headings, Item, Record, Remark, Understood

NOW = datetime(2026, 4, 1, 8, tzinfo=UTC)
IDENTITY = Identity(bytes(32), key_id="test", system="urn:test")


class Given:
    """A source whose items are given; an exception among them is raised there.

    A checkpoint is a number of items: reading from a cursor gives what comes after them.
    """

    def __init__(self, *items: Item | Exception, incremental: bool = False, last_read_counts: bool = False) -> None:
        self.items: Sequence[Item | Exception] = items
        self.incremental = incremental
        self.last_read_counts = last_read_counts

    def count(self) -> int | None:
        return None

    def records(self, since: str | None = None) -> Iterator[Item]:
        for item in self.items[int(since or 0) if self.incremental else 0 :]:
            if isinstance(item, Exception):
                raise item
            yield item

    def activity(self, record: Record) -> Activity | Understood:
        values = dict(record.values)
        repairs = (values.pop("mended"),) if "mended" in values else ()
        return Understood(Activity.model_validate(values), repairs, self.last_read_counts)

    def local_id(self, record: Record) -> str | None:
        found = record.values.get("local_id")
        return found if isinstance(found, str) else None


def talk(local_id: str, *, document: str | None = None, size: int = 12, **changes: Any) -> Record:
    values = {
        "system": "register",
        "local_id": local_id,
        "updated_at": "2026-03-02T16:00:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M1", "name": {"family": "Примерова"}},
        "type": "group-health-talk",
        "setting": "field",
        "period": {"start": "2026-03-02"},
        "group": {"size": size},
        "topics": ["hygiene"],
        **changes,
    }
    return Record(f"given {local_id}", values, document=document)


def broken(local_id: str | None, *, document: str | None = None) -> Record:
    """Return a record that is rejected; without a number it does not even say which activity it is."""
    record = talk(local_id or "x", document=document, type="nonsense")
    values = dict(record.values) if local_id else {**record.values, "local_id": 7}
    return Record(record.place, values, document=document)


@pytest.fixture(scope="module")
def mapper() -> Mapper:
    (profiles,) = hm_fhir_profiles()
    code_systems = read_code_systems(profiles.folder)
    packs = load_packs([spec.folder for spec in hm_fhir_mappings()])
    return Mapper(packs, IDENTITY, code_systems, {})


class Desk:
    """A store and what takes sources into it."""

    def __init__(self, store: SqliteStore, mapper: Mapper) -> None:
        self.store = store
        ticks = count()
        self.intake = Intake(
            store, mapper, IDENTITY, ("national",), lambda: NOW + timedelta(milliseconds=next(ticks))
        )

    def read(self, source: Given, **how: Any) -> RecordCounts:
        counts = self.read_as_far_as_it_goes(source, **how)
        assert counts.adds_up
        return counts

    def read_as_far_as_it_goes(
        self, source: Given, counts: RecordCounts | None = None, *, name: str = "register", **how: Any
    ) -> RecordCounts:
        reading = Reading(name=name, source=source, system="register", **how)
        return self.intake.take(reading, counts=counts)

    def newest(self) -> dict[str, str]:
        """Return what the newest entry of each activity holds: "talk" or nothing."""
        found: dict[str, str] = {}
        for row in self.store.list(limit=10_000):
            found[row.activity_key] = "talk" if self.store.show(row.entry_id).entry.holds else ""
        return found

    def present(self) -> int:
        return sum(bool(kind) for kind in self.newest().values())


@pytest.fixture
def desk(tmp_path: Path, mapper: Mapper) -> Iterator[Desk]:
    with closing(SqliteStore(tmp_path / "outbox.db", clock=lambda: NOW)) as store:
        yield Desk(store, mapper)


# ---- cursors


def test_reading_goes_on_where_the_last_checkpoint_was_committed(desk: Desk) -> None:
    source = Given(talk("1"), talk("2"), Checkpoint("3"), talk("3"), RetryLater("down"), incremental=True)
    counts = RecordCounts()
    with pytest.raises(RetryLater):
        desk.read_as_far_as_it_goes(source, counts)
    # What came before the failure stays, and is read once more: its checkpoint was not reached.
    assert (counts.read, counts.new) == (3, 3)
    source.items = [*source.items[:4], talk("4"), Checkpoint("6")]
    counts = desk.read(source)
    assert (counts.read, counts.repeated, counts.new) == (2, 1, 1)
    assert desk.read(source).read == 0


def test_cursor_and_entries_are_in_one_commit(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Given(talk("1"), Checkpoint("2"), incremental=True)

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(desk.store, "keep_cursor", full)
    with pytest.raises(OSError, match="full"):
        desk.read_as_far_as_it_goes(source)
    monkeypatch.undo()
    assert desk.store.list() == ()
    assert desk.read(source).new == 1


def test_a_cursor_that_was_made_with_other_settings_does_not_hold(desk: Desk) -> None:
    source = Given(talk("1"), Checkpoint("2"), incremental=True)
    assert desk.read(source, made_with="a").read == 1
    assert desk.read(source, made_with="a").read == 0
    assert desk.read(source, made_with="b").repeated == 1
    assert desk.read(source, made_with="b").read == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_wherever_reading_breaks_off_nothing_is_lost_and_nothing_doubled(
    data: st.DataObject, mapper: Mapper, tmp_path_factory: pytest.TempPathFactory
) -> None:
    number = data.draw(st.integers(1, 25))
    items: list[Item] = []
    for one in range(number):
        items.append(talk(str(one), document=f"d{one // 3}"))
        if one % 3 == 2 and data.draw(st.booleans()):
            items.append(Checkpoint(str(len(items) + 1)))
    with closing(SqliteStore(tmp_path_factory.mktemp("reading") / "outbox.db", clock=lambda: NOW)) as store:
        desk = Desk(store, mapper)
        source = Given(incremental=True)
        for place in sorted(data.draw(st.lists(st.integers(0, len(items)), max_size=4))):
            source.items = [*items[:place], RetryLater("down")]
            with pytest.raises(RetryLater):
                desk.read_as_far_as_it_goes(source)
        source.items = items
        desk.read(source)
        assert desk.present() == number
        assert len(store.list(limit=1000)) == number


def test_a_long_source_is_committed_in_parts(desk: Desk) -> None:
    told: list[int] = []
    number = 2 * ITEMS_IN_A_COMMIT + 7
    reading = Reading(name="register", source=Given(*(talk(str(one)) for one in range(number))), system="register")
    desk.intake.take(reading, told.append)
    assert told == [ITEMS_IN_A_COMMIT, ITEMS_IN_A_COMMIT, 7]


# ---- documents


def test_what_an_edited_document_does_not_hold_any_more_is_withdrawn(desk: Desk) -> None:
    desk.read(Given(talk("1a", document="1"), talk("1b", document="1"), talk("2", document="2"), incremental=True))
    edited = talk("1a", document="1", size=13, updated_at="2026-03-03T16:00:00+02:00")
    counts = desk.read(Given(edited, talk("3", document="3"), incremental=True))
    assert (counts.newer, counts.new, counts.gone) == (1, 1, 1)
    assert desk.present() == 3
    assert desk.read(Given(edited, incremental=True)).gone == 0


def test_a_part_that_cannot_be_understood_any_more_is_not_taken_for_deleted(desk: Desk) -> None:
    desk.read(Given(talk("1a", document="1"), talk("1b", document="1"), incremental=True))
    for part in (broken("1b", document="1"), broken(None, document="1")):
        counts = desk.read(Given(talk("1a", document="1"), part, incremental=True))
        assert (counts.gone, counts.rejected.total()) == (0, 1)


def test_a_document_that_breaks_off_in_the_middle_deletes_nothing(desk: Desk) -> None:
    parts = [talk(f"1{part}", document="1") for part in "abc"]
    desk.read(Given(*parts, incremental=True))
    with pytest.raises(RetryLater):
        desk.read_as_far_as_it_goes(Given(parts[0], RetryLater("down"), incremental=True))
    assert desk.present() == 3


def test_a_deleted_document_takes_all_its_activities_with_it(desk: Desk) -> None:
    desk.read(Given(talk("1a", document="1"), talk("1b", document="1"), talk("2", document="2"), incremental=True))
    gone = Record("given 1", {}, document="1", deleted=True)
    counts = desk.read(Given(gone, incremental=True))
    assert (counts.read, counts.newer, counts.deleted, counts.gone) == (1, 1, 1, 0)
    assert desk.present() == 1
    unknown = Record("given 9", {}, document="9", deleted=True)
    counts = desk.read(Given(gone, unknown, incremental=True))
    assert (counts.read, counts.repeated) == (2, 2)


def test_a_document_that_was_restored_is_there_again(desk: Desk) -> None:
    source = Given(talk("1", document="1"), incremental=True)
    desk.read(source)
    for _ in range(3):
        desk.read(Given(Record("given 1", {}, document="1", deleted=True), incremental=True))
        assert desk.present() == 0
        counts = desk.read(source)
        assert (counts.newer, counts.repeated) == (1, 0)
        assert desk.present() == 1
        counts = desk.read(source)
        assert (counts.newer, counts.repeated) == (0, 1)
    changed = Given(talk("1", document="1", size=30, updated_at="2026-03-04T08:00:00+02:00"), incremental=True)
    assert desk.read(changed).newer == 1


# ---- snapshots


def rows(*numbers: int) -> list[Record]:
    return [talk(str(number)) for number in numbers]


def test_a_row_that_is_missing_is_kept_unless_the_settings_say_that_it_is_deleted(desk: Desk) -> None:
    desk.read(Given(*rows(*range(20))))
    assert desk.read(Given(*rows(*range(18)))).gone == 0
    assert desk.present() == 20
    desk.read(Given(*rows(*range(20))), withdraw_missing=True)
    assert desk.read(Given(*rows(*range(18))), withdraw_missing=True).gone == 2
    assert desk.present() == 18
    assert desk.read(Given(*rows(*range(18))), withdraw_missing=True).gone == 0
    counts = desk.read(Given(*rows(*range(20))), withdraw_missing=True)
    assert (counts.newer, counts.repeated) == (2, 18)
    assert desk.present() == 20


def test_half_a_file_does_not_withdraw_the_other_half(desk: Desk) -> None:
    desk.read(Given(*rows(*range(20))), withdraw_missing=True)
    with pytest.raises(SettingsError, match="10 of 20 activities are missing"):
        desk.read_as_far_as_it_goes(Given(*rows(*range(10))), withdraw_missing=True)
    assert desk.present() == 20
    assert desk.read(Given(*rows(*range(10))), withdraw_missing=True, missing_at_most=0.5).gone == 10


def test_a_snapshot_that_breaks_off_withdraws_nothing(desk: Desk) -> None:
    desk.read(Given(*rows(1, 2, 3)), withdraw_missing=True)
    with pytest.raises(SettingsError):
        desk.read_as_far_as_it_goes(Given(*rows(1), SettingsError("cut")), withdraw_missing=True)
    assert desk.present() == 3


def test_a_row_that_became_unreadable_is_not_taken_for_deleted(desk: Desk) -> None:
    desk.read(Given(*rows(1, 2, 3)), withdraw_missing=True)
    assert desk.read(Given(*rows(1, 3), broken("2")), withdraw_missing=True).gone == 0
    counts = desk.read(Given(*rows(1, 3), broken(None)), withdraw_missing=True)
    assert counts.gone == 0
    (remark,) = counts.remarks
    assert remark.code == "missing-kept"
    assert desk.present() == 3


def test_what_another_file_of_the_same_register_still_has_is_not_withdrawn(desk: Desk) -> None:
    desk.read(Given(*rows(1, 2)), name="january", withdraw_missing=True)
    desk.read(Given(*rows(2, 3)), name="february", withdraw_missing=True)
    assert desk.read(Given(*rows(1)), name="january", withdraw_missing=True).gone == 0
    assert desk.read(Given(*rows(3)), name="february", withdraw_missing=True).gone == 1
    assert desk.present() == 2


def test_a_withdrawn_activity_is_one_more_entry_with_nothing_in_it(desk: Desk) -> None:
    desk.read(Given(*rows(1, 2)), withdraw_missing=True)
    desk.read(Given(*rows(1)), withdraw_missing=True)
    states = [row.state for row in desk.store.list()]
    assert states == [State.WAITING, State.SUPERSEDED, State.WAITING]
    assert desk.store.counts()["national"].missing == 0


def test_what_another_source_has_counts_also_when_that_one_withdraws_nothing(desk: Desk) -> None:
    desk.read(Given(*rows(1, 2)), name="other")
    desk.read(Given(*rows(1, 2)), withdraw_missing=True)
    assert desk.read(Given(*rows(1)), withdraw_missing=True).gone == 0


def test_what_a_source_had_that_is_not_in_the_settings_any_more_does_not_count(desk: Desk) -> None:
    desk.read(Given(*rows(1, 2)), name="former", withdraw_missing=True)
    now = frozenset({"register"})
    desk.read(Given(*rows(1, 2)), withdraw_missing=True, sources=now)
    assert desk.read(Given(*rows(1)), withdraw_missing=True, sources=now).gone == 1


def test_an_empty_file_withdraws_nothing_however_few_there_were(desk: Desk) -> None:
    desk.read(Given(*rows(1, 2)), withdraw_missing=True)
    with pytest.raises(SettingsError, match="2 of 2"):
        desk.read_as_far_as_it_goes(Given(), withdraw_missing=True)
    assert desk.read(Given(), withdraw_missing=True, missing_at_most=1).gone == 2


def test_another_file_at_its_place_withdraws_nothing(desk: Desk) -> None:
    desk.read(Given(*rows(*range(20))), withdraw_missing=True)
    with pytest.raises(SettingsError, match="20 of 20"):
        desk.read_as_far_as_it_goes(Given(*rows(*range(100, 300))), withdraw_missing=True)


def test_a_sheet_that_was_not_read_this_time_is_not_taken_for_deletions(desk: Desk) -> None:
    january = [Headings("a.xlsx 'Януари' row 4", ("№",)), *rows(*range(10))]
    february = [Headings("a.xlsx 'Февруари' row 4", ("№",)), *rows(11)]
    desk.read(Given(*january, *february), withdraw_missing=True)
    moved = [Headings("a.xlsx 'Януари' row 7", ("№",)), *january[1:]]
    for _ in range(2):
        counts = desk.read(Given(*moved), withdraw_missing=True)
        assert (counts.gone, [remark.code for remark in counts.remarks]) == (0, ["missing-kept"])
    assert desk.read(Given(*moved, *february), withdraw_missing=True).gone == 0
    desk.read(Given(*moved), withdraw_missing=True)
    desk.store.read_again("register")
    assert desk.read(Given(*moved), withdraw_missing=True).gone == 1


def test_a_document_that_stands_in_a_snapshot_twice_is_one_document(desk: Desk) -> None:
    source = Given(talk("1a", document="1"), talk("2", document="2"), talk("1b", document="1"))
    desk.read(source)
    for _ in range(2):
        counts = desk.read(source)
        assert (counts.repeated, counts.newer, counts.gone) == (3, 0, 0)
    assert desk.read(Given(*source.items[:2])).gone == 1


def test_a_run_that_another_one_overtakes_leaves_the_source_to_it(desk: Desk) -> None:
    def overtaken() -> Iterator[Item]:
        yield from rows(*range(ITEMS_IN_A_COMMIT))
        desk.read(Given(*rows(*range(700))), withdraw_missing=True)
        yield from rows(*range(ITEMS_IN_A_COMMIT, 700))

    source = Given()
    source.records = lambda since=None: overtaken()  # type: ignore[method-assign]
    counts = desk.read(source, withdraw_missing=True)
    assert (counts.read, counts.gone) == (ITEMS_IN_A_COMMIT, 0)
    assert [remark.code for remark in counts.remarks] == ["overtaken"]
    assert desk.present() == 700


def test_versions_stay_in_order_however_often_a_row_vanishes() -> None:
    version = "2026-03-02T14:00:00.000000Z/0000000000000000000"
    seen = [version]
    for _ in range(20_000):
        gone = withdrawn_version(seen[-1])
        assert gone is not None
        seen += [gone, present_version(version, gone)]
    assert seen == sorted(seen)
    assert len(set(seen)) == len(seen)
    assert seen[-1] < "2026-03-02T14:00:00.000000Z/0000000000000000001"


@given(st.lists(st.booleans(), max_size=60), st.data())
def test_versions_stay_in_order_however_a_row_without_a_time_changes_and_vanishes(
    vanishes: list[bool], data: st.DataObject
) -> None:
    version = "2026-03-02T14:00:00.000000Z/0000000000000000000"
    seen, is_there = [version], True
    for wants_to_vanish in vanishes:
        gone = withdrawn_version(seen[-1])
        assert (gone is not None) == is_there
        is_there = not (is_there and wants_to_vanish)
        reading = data.draw(st.integers(0, 500))
        seen.append(following_version(seen[-1], reading) if is_there or gone is None else gone)
    assert seen == sorted(set(seen))
    assert present_version(version, seen[-1]) >= seen[-1]
    assert seen[-1] < "2026-03-02T14:00:00.000000Z/0000000000000000001"


def test_a_number_that_stands_twice_in_one_reading_is_said(desk: Desk) -> None:
    twice = [talk("1"), talk("1", size=3, updated_at="2026-03-05T08:00:00+02:00")]
    counts = desk.read(Given(*twice))
    assert (counts.new, counts.newer, [remark.code for remark in counts.remarks]) == (1, 1, ["same-number"])
    assert desk.read(Given(*twice)).remarks == []


# ---- two records with one number

BOTH = pytest.mark.parametrize("last_read_counts", [True, False])


def in_turn(desk: Desk, *readings: tuple[Record, ...], last_read_counts: bool) -> RecordCounts:
    """Read one change after the other from a source that gives only changes."""
    for items in readings:
        counts = desk.read(Given(*items, incremental=True, last_read_counts=last_read_counts))
    return counts


@BOTH
def test_a_document_whose_number_was_taken_gives_it_back_when_it_is_corrected(
    desk: Desk, last_read_counts: bool
) -> None:
    first, second = talk("1", document="A"), talk("1", document="B", size=15)
    counts = in_turn(desk, (first,), (second,), last_read_counts=last_read_counts)
    assert counts.rejected.total() == 1
    counts = in_turn(desk, (talk("2", document="B", size=15),), last_read_counts=last_read_counts)
    assert (counts.new, counts.gone, desk.present()) == (1, 0, 2)
    assert desk.store.rejected() == ()


@BOTH
def test_a_document_that_is_deleted_takes_only_what_came_from_it(desk: Desk, last_read_counts: bool) -> None:
    both = (talk("1", document="A"), talk("1", document="B", size=15))
    in_turn(desk, both, last_read_counts=last_read_counts)
    in_turn(desk, (Record("given B", {}, document="B", deleted=True),), last_read_counts=last_read_counts)
    assert (desk.present(), desk.store.rejected()) == (1, ())
    in_turn(desk, (Record("given A", {}, document="A", deleted=True),), last_read_counts=last_read_counts)
    assert desk.present() == 0


@BOTH
def test_what_was_refused_for_its_number_is_kept_when_that_number_is_free(desk: Desk, last_read_counts: bool) -> None:
    both = (talk("1", document="A"), talk("1", document="B", size=15))
    free = (Record("given A", {}, document="A", deleted=True),)
    in_turn(desk, both, free, last_read_counts=last_read_counts)
    (kept,) = desk.store.rejected()
    source = Given(incremental=True, last_read_counts=last_read_counts)
    again = Record("given B", kept.payload, document=kept.document)
    assert desk.intake.replay(Reading(name="register", source=source, system="register"), iter([again])).newer == 1
    assert (desk.present(), desk.store.rejected()) == (1, ())


@BOTH
def test_a_corrected_document_does_not_settle_what_another_one_lost(desk: Desk, last_read_counts: bool) -> None:
    both = (talk("1", document="A"), talk("1", document="B", size=15))
    corrected = talk("1", document="A", size=13, updated_at="2026-03-03T16:00:00+02:00")
    counts = in_turn(desk, both, (corrected,), last_read_counts=last_read_counts)
    assert counts.newer == 1
    assert [kept.document for kept in desk.store.rejected()] == ["B"]


def test_a_document_that_is_read_twice_in_one_reading_is_as_it_was_read_last(desk: Desk) -> None:
    passes = (talk("1", document="A", size=13), talk("2", document="B"), talk("1", document="A", size=17))
    counts = in_turn(desk, (talk("1", document="A"),), passes, last_read_counts=True)
    assert (counts.newer, counts.rejected.total()) == (2, 0)


def test_two_parts_of_a_document_with_one_number_do_not_take_turns(desk: Desk) -> None:
    parts = (talk("1", document="A"), talk("1", document="A", size=15))
    for _ in range(3):
        counts = desk.read(Given(*parts, last_read_counts=True))
        assert (counts.newer, dict(counts.rejected)) == (0, {"same-number": 1})


# ---- rejected records


def test_a_rejected_record_can_be_replayed_after_the_fields_were_mended(desk: Desk) -> None:
    source = Given(broken("1", document="1"), talk("2", document="2"), incremental=True)
    desk.read(source)
    kept = desk.store.rejected("register")
    assert [one.document for one in kept] == ["1"]
    activity = source.activity
    source.activity = lambda record: activity(  # type: ignore[method-assign]
        Record(record.place, {**record.values, "type": "group-health-talk"}, document=record.document)
    )
    reading = Reading(name="register", source=source, system="register")
    again = (Record(one.place or "", one.payload, document=one.document) for one in kept)
    counts = desk.intake.replay(reading, again)
    assert (counts.read, counts.new) == (1, 1)
    assert desk.store.rejected() == ()
    # It is known now that the document has it.
    assert desk.read(Given(Record("given 1", {}, document="1", deleted=True), incremental=True)).deleted == 1


def test_a_corrected_record_settles_what_was_rejected_of_it(desk: Desk) -> None:
    desk.read(Given(broken("1"), broken("2"), incremental=True))
    desk.read(Given(talk("1", updated_at="2026-03-03T08:00:00+02:00"), incremental=True))
    assert [one.place for one in desk.store.rejected()] == ["given 2"]


def test_what_was_mended_and_what_was_not_read_is_said(desk: Desk) -> None:
    counts = desk.read(
        Given(talk("1", mended="egn-leading-zero"), Remark("sheet 'Справка'", "hidden-sheet", "hidden, not read"))
    )
    assert dict(counts.repaired) == {"egn-leading-zero": 1}
    assert [remark.code for remark in counts.remarks] == ["hidden-sheet"]
    assert counts.as_json()["repaired_by_code"] == {"egn-leading-zero": 1}


@pytest.mark.parametrize("defect", [ValueError("Скрита"), SystemExit(3)])
def test_a_defect_in_the_identity_of_a_rejected_record_harms_nothing(desk: Desk, defect: BaseException) -> None:
    def fails(_: Record) -> str | None:
        raise defect

    source = Given(broken("1"), talk("2"))
    source.local_id = fails  # type: ignore[method-assign]
    if isinstance(defect, SystemExit):
        with pytest.raises(SystemExit):
            desk.read(source)
    else:
        assert desk.read(source).rejected.total() == 1


def test_a_row_that_went_back_to_what_it_was_settles_its_rejected_correction(desk: Desk) -> None:
    desk.read(Given(talk("1")))
    desk.read(Given(broken("1")))
    assert len(desk.store.rejected()) == 1
    desk.read(Given(talk("1")))
    assert desk.store.rejected() == ()


def test_what_was_deleted_in_the_source_is_not_replayed(desk: Desk) -> None:
    desk.read(Given(broken("1", document="1"), broken("2", document="2"), incremental=True))
    edited = [talk("2b", document="2"), Record("given 1", {}, document="1", deleted=True)]
    desk.read(Given(*edited, incremental=True))
    assert desk.store.rejected() == ()

    desk.read(Given(broken("3"), talk("4")), name="rows", withdraw_missing=True)
    desk.read(Given(talk("4")), name="rows", withdraw_missing=True)
    assert desk.store.rejected() == ()


def test_what_a_snapshot_that_withdraws_nothing_does_not_hold_any_more_stays_kept(desk: Desk) -> None:
    desk.read(Given(broken("3"), talk("4")))
    desk.read(Given(talk("4")))
    assert len(desk.store.rejected()) == 1
