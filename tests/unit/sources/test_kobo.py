"""The reader of KoboToolbox: what a submission becomes, what changed, what is not passed on.

Shapes: kobotoolbox/kpi jsapp/js/submissionUtils.mocks.es6 (AGPL-3.0, read only), ConservationMetrics/gc-scripts-hub
f/connectors/kobotoolbox/tests/assets/server_responses.py (MIT).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hm_fhir.errors import OperatorNeeded, RetryLater, SettingsError
from hm_fhir.sources.base import Checkpoint, Record, Remark, SourceContext, records_of
from hm_fhir.sources.kobo import KIND, KoboOptions, KoboReader
from hm_fhir.testing.faults import Fault
from hm_fhir.testing.local_systems.kobo import TOKEN, KoboSystem
from hm_fhir.testing.local_systems.served import Said

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
NAME = "Маркер Примеров"


def moment(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def submit(kobo: KoboSystem, key: str, hours: float = 0, **answers: Any) -> None:
    native = {"start": "2026-03-02T09:50:00.000+02:00", "end": "2026-03-02T09:58:00.000+02:00", "visit/kind": "home"}
    kobo.save({"key": key, "changed": moment(hours).isoformat(), "native": {**native, **answers}})


@pytest.fixture
def kobo(tmp_path: Path) -> Iterator[KoboSystem]:
    with KoboSystem(tmp_path) as system:
        yield system


def reader(kobo: KoboSystem, **options: Any) -> KoboReader:
    chosen = KoboOptions.model_validate({**kobo.options, "quick_attempts": 1, **options})
    made = KIND.open(chosen, SourceContext("dupnitsa", kobo.folder, ZoneInfo("Europe/Sofia")))
    assert isinstance(made, KoboReader)
    return made


def documents(kobo: KoboSystem, since: str | None = None, **options: Any) -> list[str]:
    """What is read: names of the submissions in the test."""
    names = {str(one["_id"]): key for key, one in kobo.submissions.items()}
    return [names[str(one.document)] for one in records_of(reader(kobo, **options), since)]


def end(kobo: KoboSystem, since: str | None = None, **options: Any) -> str:
    """The cursor at the end of a complete reading."""
    cursors = [one.cursor for one in reader(kobo, **options).records(since) if isinstance(one, Checkpoint)]
    return cursors[-1]


def values(kobo: KoboSystem, *wanted: str, **options: Any) -> dict[str, Any]:
    made = reader(kobo, **options)
    if wanted:
        made.want(wanted)
    (record,) = records_of(made)
    return dict(record.values)


# What a submission becomes


def test_groups_repeats_and_choices_stay_as_the_form_has_them(kobo: KoboSystem) -> None:
    answers: dict[str, Any] = {
        "visit/topics": "vaccination hygiene",
        "visit/women": "3",
        "visit/people": [
            {"visit/people/name": "А", "visit/people/tests": [{"visit/people/tests/kind": "hiv"}]},
            {"visit/people/age": "4"},  # an answer left empty has no key
        ],
        "_001": "a question whose label is Cyrillic",
    }
    submit(kobo, "one", **answers)
    assert values(kobo) == {
        "start": "2026-03-02T09:50:00.000+02:00",
        "end": "2026-03-02T09:58:00.000+02:00",
        "visit/kind": "home",
        **answers,
    }


def test_who_and_which_device_sent_it_is_not_passed_on(kobo: KoboSystem) -> None:
    personal: dict[str, Any] = {
        "username": NAME,
        "deviceid": f"collect:{NAME}",
        "phonenumber": NAME,
        "email": NAME,
        "_submitted_by": NAME,
        "_geolocation": [42.3, 23.5],
        "meta/instanceName": NAME,
        "_attachments": [{"filename": NAME, "download_url": NAME}],
    }
    submit(kobo, "one", **personal)
    assert set(values(kobo)) == {"start", "end", "visit/kind"}


def test_what_the_fields_name_is_passed_on(kobo: KoboSystem) -> None:
    submit(kobo, "one", username="m.1", _geolocation=[Decimal("42.3"), Decimal("23.5")])
    kobo.judge("one", moment(1), "validation_status_approved")
    read = values(kobo, "username", "_id", "_submission_time", "_geolocation", "_validation_status.uid")
    assert read["username"] == "m.1"
    assert read["_id"] == kobo.submissions["one"]["_id"]
    assert read["_submission_time"] == "2026-03-02T08:00:00"
    assert read["_geolocation"] == [Decimal("42.3"), Decimal("23.5")]
    assert read["_validation_status"]["uid"] == "validation_status_approved"
    assert "by_whom" not in read["_validation_status"]


def test_who_judged_is_passed_on_only_by_name(kobo: KoboSystem) -> None:
    submit(kobo, "one")
    kobo.judge("one", moment(1), "validation_status_approved")
    assert values(kobo, "_validation_status.by_whom")["_validation_status"]["by_whom"] == "coordinator"


def test_a_place_that_was_not_found_is_no_value(kobo: KoboSystem) -> None:
    submit(kobo, "one")
    assert kobo.submissions["one"]["_geolocation"] == [None, None]
    assert "_geolocation" not in values(kobo, "_geolocation")


def test_places_say_form_and_number_and_no_answer(kobo: KoboSystem) -> None:
    submit(kobo, "one", name=NAME)
    (record,) = records_of(reader(kobo))
    assert record.place == f"form {kobo.options['asset']} submission {kobo.submissions['one']['_id']}"
    assert NAME not in repr(record)


def test_attached_files_are_counted_and_not_read(kobo: KoboSystem) -> None:
    submit(kobo, "one", photo="1.jpg", _attachments=[{"filename": "1.jpg"}])
    submit(kobo, "two", _attachments=[{"filename": "2.jpg"}, {"filename": "3.jpg"}])
    remarks = [one for one in reader(kobo).records() if isinstance(one, Remark)]
    assert [(one.code, one.message[:7]) for one in remarks] == [("attachments", "3 attac")]


def test_encrypted_submissions_are_counted_and_not_read(kobo: KoboSystem) -> None:
    submit(kobo, "one")
    submit(kobo, "two", encryptedXmlFile="submission.xml.enc", base64EncryptedKey="abc")
    items = list(reader(kobo).records())
    assert len([one for one in items if isinstance(one, Record)]) == 1
    assert [one.code for one in items if isinstance(one, Remark)] == ["encrypted"]


# When it changed


def test_the_time_of_change_is_that_of_the_submission_and_after_an_edit_its_end(kobo: KoboSystem) -> None:
    submit(kobo, "one", end="2027-01-01T00:00:00.000+02:00")  # the clock of a device says nothing
    assert values(kobo, "_changed")["_changed"] == "2026-03-02T08:00:00+00:00"
    submit(kobo, "one", 30)
    assert kobo.submissions["one"]["_submission_time"] == "2026-03-02T08:00:00"
    assert values(kobo, "_changed")["_changed"] == "2026-03-03T14:00:00+00:00"


def test_a_status_counts_as_a_change_where_the_fields_read_it(kobo: KoboSystem) -> None:
    submit(kobo, "one")
    kobo.judge("one", moment(5), "validation_status_on_hold")
    assert values(kobo, "_changed")["_changed"] == "2026-03-02T08:00:00+00:00"
    assert values(kobo, "_changed", "_validation_status")["_changed"] == "2026-03-02T13:00:00+00:00"


def test_a_server_that_says_when_it_was_modified_is_believed(kobo: KoboSystem) -> None:
    submit(kobo, "one")
    kobo.submissions["one"]["_date_modified"] = "2026-03-04T10:00:00"
    assert values(kobo, "_changed")["_changed"] == "2026-03-04T10:00:00+00:00"


# What changed since the last reading


def test_the_second_reading_begins_some_days_before_the_first_one(kobo: KoboSystem) -> None:
    submit(kobo, "old")
    submit(kobo, "recent", 24 * 20)
    cursor = end(kobo)
    submit(kobo, "new", 24 * 21)
    assert documents(kobo, cursor, overlap_days=7) == ["recent", "new"]
    assert documents(kobo, cursor, overlap_days=0) == ["recent", "new"]  # the same second


def test_an_edit_is_read_however_old_the_submission_is(kobo: KoboSystem) -> None:
    for key in ("one", "two", "three"):
        submit(kobo, key)
    submit(kobo, "late", 24 * 400)
    cursor = end(kobo)
    submit(kobo, "two", 24 * 401, name="corrected")
    assert documents(kobo, cursor, overlap_days=0) == ["two", "late"]


def test_an_edit_in_bulk_is_read_too(kobo: KoboSystem) -> None:
    submit(kobo, "one")
    submit(kobo, "late", 24 * 400)
    cursor = end(kobo)
    kobo.edit_in_bulk("one", moment(24 * 401), {"visit/kind": "office"})
    assert "one" in documents(kobo, cursor, overlap_days=0)


def test_an_edited_submission_keeps_its_document(kobo: KoboSystem) -> None:
    submit(kobo, "one")
    before = [one.document for one in records_of(reader(kobo))]
    submit(kobo, "one", 1)
    assert [one.document for one in records_of(reader(kobo))] == before


def test_a_new_status_of_an_old_submission_is_read(kobo: KoboSystem) -> None:
    submit(kobo, "one")
    submit(kobo, "late", 24 * 400)
    cursor = end(kobo)
    assert "one" not in documents(kobo, cursor)
    kobo.judge("one", moment(24 * 401), "validation_status_approved")
    assert "one" in documents(kobo, cursor)


def test_a_deletion_is_seen_only_where_everything_is_read(kobo: KoboSystem) -> None:
    submit(kobo, "one")
    submit(kobo, "two")
    made = reader(kobo, incremental=False)
    assert not made.incremental
    assert not [one for one in made.records() if isinstance(one, Checkpoint)]
    kobo.delete("one")
    assert documents(kobo, '{"since": "2030-01-01T00:00:00+00:00"}', incremental=False) == ["two"]


def test_no_cursor_holds_an_answer(kobo: KoboSystem) -> None:
    submit(kobo, "one", name=NAME, _submitted_by=NAME)
    cursors = [json.loads(one.cursor) for one in reader(kobo).records() if isinstance(one, Checkpoint)]
    assert cursors == [
        {"began": "2026-03-02T08:00:00Z", "after": kobo.submissions["one"]["_id"]},
        {"since": "2026-03-02T08:00:00Z"},
    ]


# Which statuses are read


def test_what_is_not_approved_is_withdrawn_and_counted(kobo: KoboSystem) -> None:
    submit(kobo, "one")
    submit(kobo, "two")
    kobo.judge("one", moment(1), "validation_status_not_approved")
    items = list(reader(kobo).records())
    assert [one.deleted for one in items if isinstance(one, Record)] == [True, False]
    assert [(one.code, one.message) for one in items if isinstance(one, Remark)] == [
        ("status", "1 submissions with status 'not-approved' are not read")
    ]


def test_only_approved_ones_can_be_read(kobo: KoboSystem) -> None:
    for key, status in (("a", "approved"), ("b", "on_hold"), ("c", "not_approved"), ("d", None)):
        submit(kobo, key)
        kobo.judge(key, moment(1), status and f"validation_status_{status}")
    assert [one.deleted for one in records_of(reader(kobo, statuses=["approved"]))] == [False, True, True, True]
    assert not any(
        one.deleted for one in records_of(reader(kobo, statuses=["approved", "on-hold", "none", "not-approved"]))
    )


# Pages


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 500])
def test_pages_of_any_size_give_everything_once(kobo: KoboSystem, size: int) -> None:
    keys = [f"s{number}" for number in range(7)]
    for key in keys:
        submit(kobo, key)
    assert documents(kobo, page_size=size) == keys


def test_a_server_with_smaller_pages_than_asked_gives_everything(tmp_path: Path) -> None:
    with KoboSystem(tmp_path, largest_page=2) as kobo:
        for number in range(5):
            submit(kobo, f"s{number}")
        assert documents(kobo, page_size=500) == [f"s{number}" for number in range(5)]


def test_an_empty_form_is_a_complete_reading(kobo: KoboSystem) -> None:
    assert [type(one) for one in reader(kobo).records()] == [Checkpoint, Checkpoint]
    assert documents(kobo, end(kobo)) == []


def test_a_deletion_between_two_pages_takes_nothing_else_with_it(kobo: KoboSystem) -> None:
    for number in range(6):
        submit(kobo, f"s{number}")
    names = {str(one["_id"]): key for key, one in kobo.submissions.items()}
    read = []
    for record in records_of(reader(kobo, page_size=2)):
        read.append(names[str(record.document)])
        if read == ["s0", "s1"]:
            kobo.delete("s0")
    assert read == ["s0", "s1", "s2", "s3", "s4", "s5"]


@pytest.mark.parametrize("breaks_at", range(1, 6))
@pytest.mark.parametrize("how", [{"garbage": "cut"}, {"drop": "before"}, {"status": 503}, {"garbage": "truncated"}])
def test_wherever_it_breaks_off_nothing_is_lost(kobo: KoboSystem, breaks_at: int, how: dict[str, Any]) -> None:
    keys = [f"s{number}" for number in range(9)]
    for key in keys:
        submit(kobo, key)
    kobo.faults.add(Fault(nth=breaks_at, **how))
    names = {str(one["_id"]): key for key, one in kobo.submissions.items()}
    items: list[Any] = []
    with pytest.raises(RetryLater):
        _collect(items, reader(kobo, page_size=2))
    kept, cursor = _committed(items)
    kept = [names[document] for document in kept]
    # Meanwhile: an edit of what was read already, and something new.
    submit(kobo, "s0", 1, name="corrected")
    submit(kobo, "s9", 24 * 30)
    rest = documents(kobo, cursor, page_size=2)
    assert [*kept, *rest] == [*keys, "s9"]
    # The edit during the break is read by the next complete reading at the latest.
    assert breaks_at == 1 or "s0" in documents(kobo, end(kobo, cursor), overlap_days=0)


def _collect(items: list[Any], made: KoboReader) -> None:
    for item in made.records():
        items.append(item)


def _committed(items: list[Any]) -> tuple[list[str], str | None]:
    """What is kept of a reading that broke off: the records before the last checkpoint, and its cursor."""
    kept: list[str] = []
    page: list[str] = []
    cursor = None
    for item in items:
        if isinstance(item, Record):
            page.append(str(item.document))
        elif isinstance(item, Checkpoint):
            kept, page, cursor = [*kept, *page], [], item.cursor
    return kept, cursor


# What goes wrong


def test_the_token_is_sent_and_stands_in_no_message(kobo: KoboSystem) -> None:
    submit(kobo, "one", name=NAME)
    assert documents(kobo) == ["one"]
    assert {one.headers["authorization"] for one in kobo.requests} == {f"Token {TOKEN}"}
    (kobo.folder / "kobo.token").write_text("anotherTokenOfNobody", encoding="utf-8")
    with pytest.raises(OperatorNeeded) as refused:
        documents(kobo)
    assert "answers 401" in str(refused.value)
    assert "anotherTokenOfNobody" not in str(refused.value)


def test_a_form_that_the_user_may_not_see_is_not_there(kobo: KoboSystem) -> None:
    with pytest.raises(SettingsError) as refused:
        documents(kobo, auth=None)
    assert refused.value.code == "not-found"


def test_a_page_of_something_else_is_said(kobo: KoboSystem) -> None:
    kobo.faults.add(Fault(garbage="html"))
    with pytest.raises(OperatorNeeded, match="web page, such as a login"):
        documents(kobo)


@pytest.mark.parametrize("results", [["a"], {"a": 1}, "a", [{"_id": "x"}], [None]])
def test_another_api_with_pages_is_no_kobo(
    kobo: KoboSystem, results: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Said({"count": 2, "next": f"{kobo.url}/more", "results": results})
    monkeypatch.setattr(kobo, "answer", lambda request: said)
    with pytest.raises(OperatorNeeded, match="no page of submissions"):
        documents(kobo)


def test_what_is_no_page_of_submissions_is_refused(kobo: KoboSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(kobo, "one", name=NAME)
    submit(kobo, "two")
    for wrong in ({"_id": 5}, {"_id": None}, {"_id": "5"}):
        with monkeypatch.context() as patch:
            patch.setitem(kobo.submissions, "two", wrong)
            # An order that is not that of _id would lose submissions at the next page.
            with pytest.raises(OperatorNeeded, match="no page of submissions") as refused:
                list(_unsorted(kobo, patch))
            assert NAME not in str(refused.value)


def _unsorted(kobo: KoboSystem, patch: pytest.MonkeyPatch) -> Iterator[Any]:
    from hm_fhir.testing.exchange import Request

    def answer(request: Request) -> Said:
        found = list(kobo.submissions.values())
        return Said({"count": len(found), "next": None, "previous": None, "results": found})

    patch.setattr(kobo, "answer", answer)
    yield from reader(kobo).records()


def test_progress_knows_how_many_there_are(kobo: KoboSystem) -> None:
    for number in range(3):
        submit(kobo, f"s{number}")
    assert reader(kobo).count() == 3


@pytest.mark.parametrize(
    "cursor", ["", "7", "[]", "no JSON", '{"since": "x"}', '{"since": 5}', '{"after": "x"}', "{}"]
)
def test_a_cursor_of_something_else_reads_everything(kobo: KoboSystem, cursor: str) -> None:
    submit(kobo, "one")
    assert documents(kobo, cursor) == ["one"]
