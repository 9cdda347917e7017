"""CHT: reports from the feed of changes, with whom they name. The server behaves as CouchDB documents it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hm_fhir.errors import OperatorNeeded, RetryLater, SettingsError
from hm_fhir.sources.base import Checkpoint, Item, Reader, Record, Remark, SourceContext
from hm_fhir.sources.cht import KIND, ChtOptions, ChtReader
from hm_fhir.testing.faults import ALWAYS, Fault
from hm_fhir.testing.local_systems.cht import ChtSystem

OFFICE = {"_id": "office-1", "type": "health_center", "name": "Офис Изток"}
DISTRICT = {"_id": "district-1", "type": "district_hospital", "name": "Община"}
MEDIATOR = {
    "_id": "mediator-1",
    "type": "contact",
    "contact_type": "mediator",
    "name": "Медиаторка Синтетична",
    "phone": "+359000000001",
    "parent": {"_id": "office-1", "parent": {"_id": "district-1"}},
}
NAME, PHONE = "Синтетичен Човек", "+359000000002"
Values = Mapping[str, Any]


def person(number: int, **more: Any) -> dict[str, Any]:
    said = {"name": NAME, "phone": PHONE, "patient_id": f"7{number:04}", "parent": {"_id": "office-1"}}
    return {"_id": f"person-{number}", "type": "person", **said, **more}


def report(number: int, form: str = "home_visit", **fields: Any) -> dict[str, Any]:
    reporter = {"_id": "mediator-1", "parent": {"_id": "office-1", "parent": {"_id": "district-1"}}}
    return {"form": form, "contact": reporter, "fields": {"patient_uuid": f"person-{number}", **fields}}


class Cht:
    """A server, and a reader of it."""

    def __init__(self, system: ChtSystem, folder: Path) -> None:
        self.system = system
        self._folder = folder
        self._minute = 0

    def save(self, key: str, *contacts: Values, report: Values | None = None) -> None:
        self._minute += 1
        native = {"contacts": list(contacts), **({"report": report} if report else {})}
        changed = f"2026-03-{3 + self._minute // 60:02}T09:{self._minute % 60:02}:00+02:00"
        self.system.save({"key": key, "changed": changed, "native": native})

    def delete(self, key: str) -> None:
        self.system.delete(key, "2026-04-01T09:00:00+02:00")

    def reader(self, **options: Any) -> Reader:
        given = {**self.system.options, "quick_attempts": 2, **options}
        return KIND.open(ChtOptions(**given), SourceContext("cht", self._folder, ZoneInfo("Europe/Sofia")))

    def items(self, since: str | None = None, **options: Any) -> list[Item]:
        return list(self.reader(**options).records(since))


@pytest.fixture
def cht(tmp_path: Path) -> Iterator[Cht]:
    with ChtSystem(tmp_path, contacts=[DISTRICT, OFFICE, MEDIATOR]) as system:
        yield Cht(system, tmp_path)


def records(items: list[Item]) -> list[Record]:
    return [item for item in items if isinstance(item, Record)]


def documents(items: list[Item]) -> list[str | None]:
    return [record.document for record in records(items)]


def remarks(items: list[Item]) -> dict[str, str]:
    return {item.code: item.message for item in items if isinstance(item, Remark)}


def last_cursor(items: list[Item]) -> str:
    return [item for item in items if isinstance(item, Checkpoint)][-1].cursor


def test_a_report_comes_with_its_person_its_reporter_and_their_places(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1, visit={"date": "2026-03-03", "topics": "hygiene vaccination"}))
    (record,) = records(cht.items())
    values = record.values
    assert (record.document, record.place) == ("report-1", "report home_visit, change 1 of this reading")
    assert values["fields"]["visit"] == {"date": "2026-03-03", "topics": "hygiene vaccination"}
    assert values["reported_date"] == 1_772_521_260_000
    assert values["patient"]["name"] == NAME
    assert values["patient"]["parent"]["name"] == "Офис Изток"
    assert values["contact"]["contact_type"] == "mediator"
    assert values["contact"]["parent"]["parent"]["name"] == "Община"
    assert "place" not in values


@pytest.mark.parametrize("page_size", [1, 2, 5, 100])
def test_every_report_is_read_once_whatever_the_pages(cht: Cht, page_size: int) -> None:
    for number in range(7):
        cht.save(f"report-{number}", person(number), report=report(number))
    assert documents(cht.items(page_size=page_size)) == [f"report-{number}" for number in range(7)]
    asked = [one.query for one in cht.system.requests if one.method == "GET"]
    assert asked[0]["since"] == "0"  # the beginning
    assert {one["limit"] for one in asked} == {one["seq_interval"] for one in asked} == {str(page_size)}
    assert {one["include_docs"] for one in asked} == {"true"}
    # The sequence goes back as it came: a number and what only the server understands.
    assert all("-g1AAAA" in one["since"] for one in asked[1:])


def test_reading_goes_on_at_every_item_where_it_was_interrupted(cht: Cht) -> None:
    for number in range(6):
        cht.save(f"report-{number}", person(number), report=report(number))
    whole = set(documents(cht.items(page_size=3)))
    for stop in range(1, len(cht.items(page_size=3))):
        cursor, before = None, []
        for _, item in zip(range(stop), cht.reader(page_size=3).records(), strict=False):
            cursor = item.cursor if isinstance(item, Checkpoint) else cursor
            before.append(item)
        assert {*documents(before), *documents(cht.items(cursor, page_size=3))} == whole, stop


def test_nothing_new_is_nothing_read(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1))
    items = cht.items(last_cursor(cht.items()))
    assert documents(items) == []
    assert isinstance(items[0], Checkpoint)


def test_an_edit_is_the_same_document_with_a_greater_version(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1))
    items = cht.items()
    cht.save("report-1", report=report(1, note="second"))
    again = cht.items(last_cursor(items))
    before, after = records(items)[0], records(again)[0]
    assert (before.document, after.document) == ("report-1", "report-1")
    assert after.values["reported_date"] == before.values["reported_date"]
    assert after.values["_rev"].startswith("2-")
    assert after.values["_version"] > before.values["_version"]


def test_a_deleted_report_is_a_deletion(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1))
    cursor = last_cursor(cht.items())
    cht.delete("report-1")
    (record,) = records(cht.items(cursor))
    assert (record.document, record.deleted, record.values) == ("report-1", True, {})


@pytest.mark.parametrize("since", [None, '{"of":"other settings","seq":"1"}'], ids=["read again", "other settings"])
def test_a_reading_from_the_beginning_tells_of_deletions_that_nobody_has_read(cht: Cht, since: str | None) -> None:
    cht.save("report-1", person(1), report=report(1))
    cht.save("report-2", person(2), report=report(2))
    cht.items()
    cht.delete("report-1")
    items = cht.items(since)
    told = [(one.document, one.deleted) for one in records(items)]
    assert sorted(told) == [("report-1", True), ("report-2", False)]
    assert "deleted" not in remarks(items)["skipped-documents"]


@pytest.mark.parametrize(
    "left", [{}, {"type": "data_record"}, {"type": "data_record", "form": "other"}, {"type": "x"}]
)
def test_a_deletion_is_told_whatever_is_left_of_the_document(cht: Cht, left: Values) -> None:
    cht.save("report-1", person(1), report=report(1))
    cursor = last_cursor(cht.items(forms=["home_visit"]))
    cht.system.database.put({"_id": "report-1", "_deleted": True, **left})
    (record,) = records(cht.items(cursor, forms=["home_visit"]))
    assert (record.document, record.deleted) == ("report-1", True)


def test_a_deletion_of_what_never_told_of_an_activity_is_counted(cht: Cht) -> None:
    cht.system.database.put({"_id": "task~1", "type": "task"})
    cht.system.database.put({"_id": "task~1", "_deleted": True})
    items = cht.items()
    assert documents(items) == []
    assert "1 task" in remarks(items)["skipped-documents"]


def test_what_is_deleted_during_the_first_reading_is_a_deletion(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1))
    cht.save("report-2", person(2), report=report(2))
    reading = cht.reader(page_size=3).records()
    seen = [next(reading)]
    while "report-1" not in documents(seen):
        seen.append(next(reading))
    cht.delete("report-1")
    rest = records(list(reading))
    assert [(one.document, one.deleted) for one in rest if one.deleted] == [("report-1", True)]


def test_of_a_conflict_the_revision_that_couchdb_shows_is_read_and_said(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1))
    cht.save("report-1", report=report(1, note="at the office"))
    cht.system.edit_elsewhere("report-1", report(1, note="on the telephone"))
    items = cht.items()
    shown = cht.system.database.get("report-1")
    assert shown is not None
    assert [one.values["_rev"] for one in records(items)] == [shown["_rev"]]
    assert remarks(items)["conflicts"].startswith("1 documents have several revisions")


def test_the_version_grows_when_a_conflict_is_resolved_for_the_shorter_branch(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1))
    cht.save("report-1", report=report(1, note="a"))
    cht.system.edit_elsewhere("report-1", report(1, note="b"))
    cht.save("report-1", report=report(1, note="longest"))
    versions = [records(cht.items())[0].values["_version"]]
    # Deleting the winner, of generation 3, shows the other branch, of generation 2.
    cht.system.database.put({"_id": "report-1", "_deleted": True})
    (record,) = records(cht.items())
    assert record.values["_rev"].startswith("2-")
    assert record.values["_version"] > versions[0]
    assert "conflicts" not in remarks(cht.items())


def test_other_documents_and_other_forms_are_counted_not_read(cht: Cht) -> None:
    for number in range(3):
        cht.save(
            f"report-{number}", person(number), report=report(number, form="pregnancy" if number else "home_visit")
        )
    cht.system.database.put({"_id": "sms", "type": "data_record", "sms_message": {"message": "здравей"}})
    cht.system.database.put({"_id": "feedback-2026", "type": "feedback"})
    cht.system.database.put({"_id": "strange", "type": "Синтетичен Вид"})
    items = cht.items(forms=["home_visit"])
    assert documents(items) == ["report-0"]
    said = remarks(items)
    assert said["other-forms"] == "2 reports of other forms are not read: 2 pregnancy"
    for kind in ("3 task", "1 message", "1 feedback", "1 design", "1 other"):
        assert kind in said["skipped-documents"]
    assert "Вид" not in said["skipped-documents"]


def test_when_a_person_changes_the_reports_are_read_again_with_a_greater_version(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1))
    cht.save("report-2", person(2), report=report(2))
    items = cht.items()
    cht.save("edit", person(1, name="Друго Синтетично"))
    again = cht.items(last_cursor(items))
    (record,) = records(again)
    assert record.document == "report-1"
    assert record.values["patient"]["name"] == "Друго Синтетично"
    assert record.values["_version"] > records(items)[0].values["_version"]
    assert remarks(again)["read-again"].startswith("1 reports were read again")


def test_a_report_that_came_before_its_person_is_read_again_when_the_person_comes(cht: Cht) -> None:
    cht.save("report-1", report=report(1))
    first = cht.items()
    assert "patient" not in records(first)[0].values
    assert remarks(first)["no-contact"].startswith("1 reports name a person")
    cht.save("contact", person(1))
    (record,) = records(cht.items(last_cursor(first)))
    assert record.values["patient"]["name"] == NAME


@pytest.mark.parametrize("page_size", [1, 3, 100])
def test_the_same_within_the_first_reading(cht: Cht, page_size: int) -> None:
    cht.save("report-1", report=report(1))
    cht.save("report-2", person(2), report=report(2))
    cht.save("contact", person(1), person(2, name="Друго Синтетично"))
    read = {one.document: one.values["patient"]["name"] for one in records(cht.items(page_size=page_size))}
    assert read == {"report-1": NAME, "report-2": "Друго Синтетично"}


def test_without_the_view_of_reports_it_is_said(cht: Cht) -> None:
    cht.system.views.remove("reports_by_subject")
    cht.save("report-1", person(1), report=report(1))
    assert remarks(cht.items())["no-reports-view"].startswith("there is no view medic-client/reports_by_subject")
    assert "no-reports-view" not in remarks(cht.items(reports_view=None))


@pytest.mark.parametrize(
    ("where", "name"),
    [
        ("fields.patient_uuid", "person-1"),
        ("fields.patient_id", "person-1"),
        ("fields.patient_id", "70001"),
        ("patient_id", "70001"),
        ("fields.inputs.contact._id", "person-1"),
    ],
)
def test_a_person_is_found_wherever_the_form_says_it(cht: Cht, where: str, name: str) -> None:
    native: dict[str, Any] = {"form": "home_visit", "fields": {}}
    step = native
    *path, last = where.split(".")
    for part in path:
        step = step.setdefault(part, {})
    step[last] = name
    cht.save("report-1", person(1), report=native)
    (record,) = records(cht.items())
    assert record.values["patient"]["_id"] == "person-1"
    assert record.values["patient"]["parent"]["name"] == "Офис Изток"


def test_without_the_view_of_codes_nobody_is_found_by_a_code(cht: Cht) -> None:
    cht.system.views.remove("contacts_by_reference")
    cht.save("report-1", person(1), report={"form": "home_visit", "fields": {"patient_id": "70001"}})
    items = cht.items()
    assert "patient" not in records(items)[0].values
    assert {"no-codes-view", "no-contact"} <= remarks(items).keys()


def test_a_report_about_a_place_has_the_place(cht: Cht) -> None:
    family = {"_id": "family-1", "type": "clinic", "name": "Домакинство", "parent": {"_id": "office-1"}}
    cht.save("report-1", family, report={"form": "survey", "fields": {"place_id": "family-1"}})
    opened = {"form": "survey", "fields": {"inputs": {"contact": {"_id": "family-1"}}}}
    cht.save("report-2", report=opened)
    for record in records(cht.items()):
        assert record.values["place"]["name"] == "Домакинство"
        assert record.values["place"]["parent"]["name"] == "Офис Изток"
        assert "patient" not in record.values


def test_contacts_of_chosen_types_are_records_too(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1))
    items = cht.items(contact_types=["person", "mediator"])
    assert documents(items) == ["mediator-1", "person-1", "report-1"]
    assert records(items)[0].values["parent"]["parent"]["name"] == "Община"
    cht.save("edit", person(1, name="Друго Синтетично"))
    again = cht.items(last_cursor(items), contact_types=["person", "mediator"])
    assert documents(again) == ["person-1", "report-1"]
    assert records(again)[0].values["_version"] > records(items)[1].values["_version"]


def test_copies_of_personal_data_are_left_out(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1))
    stored = cht.system.database.get("report-1")
    assert stored is not None
    assert stored["fields"]["inputs"]["contact"]["phone"] == PHONE
    assert stored["from"] == MEDIATOR["phone"]
    (record,) = records(cht.items())
    assert not {"from", "_attachments", "hidden_fields"} & record.values.keys()
    assert "inputs" not in record.values["fields"]


def test_copies_that_the_fields_file_names_are_passed_on(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1))
    reader = cht.reader()
    assert isinstance(reader, ChtReader)
    reader.want(["fields.inputs.contact.phone", "from"])
    (record,) = records(list(reader.records()))
    assert record.values["fields"]["inputs"]["contact"]["phone"] == PHONE
    assert record.values["from"] == MEDIATOR["phone"]


def test_nothing_that_is_said_or_kept_holds_personal_data(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1, form="Синтетична форма"))
    cht.save("report-2", report=report(2))
    items = cht.items(forms=["home_visit"])
    said = [*remarks(items).values(), last_cursor(items), *(one.place for one in records(items))]
    said += [repr(item) for item in items]
    for value in (NAME, PHONE, "70001", "person-1", "report-1", "Синтетична форма"):
        assert not [text for text in said if value in text]


def test_a_replica_that_goes_back_gives_the_same_again(cht: Cht) -> None:
    for number in range(4):
        cht.save(f"report-{number}", person(number), report=report(number))
    cursor = last_cursor(cht.items())
    cht.system.go_back(5)
    again = cht.items(cursor)
    assert set(documents(again)) < {f"report-{number}" for number in range(4)}
    assert documents(again)
    assert documents(cht.items(last_cursor(again))) == []


def test_other_settings_begin_anew_and_say_so(cht: Cht) -> None:
    cht.save("report-1", person(1), report=report(1))
    cursor = last_cursor(cht.items(forms=["pregnancy"]))
    items = cht.items(cursor, forms=["home_visit"])
    assert documents(items) == ["report-1"]
    assert "other-cursor" in remarks(items)
    for strange in ("", "7", "[]", "{}", '{"of":"x"}'):
        assert "other-cursor" in remarks(cht.items(strange))


def test_the_number_of_reports_is_known_for_progress(cht: Cht) -> None:
    for number in range(3):
        cht.save(f"report-{number}", report=report(number, form="pregnancy" if number else "home_visit"))
    assert cht.reader().count() == 3
    assert cht.reader(forms=["pregnancy"]).count() == 2
    cht.system.faults.add(Fault(status=401, times=ALWAYS))
    assert cht.reader().count() is None


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, headers={"Retry-After": "0"}),
        Fault(status=503),
        Fault(drop="before"),
        Fault(garbage="cut"),
        Fault(garbage="truncated"),
    ],
    ids=lambda fault: str(fault.status or fault.drop or fault.garbage),
)
@pytest.mark.parametrize("path", ["medic/_changes", "medic/_all_docs", "medic/_design/*"])
def test_what_breaks_off_is_asked_again(cht: Cht, fault: Fault, path: str) -> None:
    for number in range(4):
        cht.save(f"report-{number}", person(number), report=report(number))
    whole = documents(cht.items(page_size=5))
    cht.system.faults.add(Fault(status=fault.status, drop=fault.drop, garbage=fault.garbage, path=path, nth=2))
    assert documents(cht.items(page_size=5)) == whole
    assert cht.system.faults.outstanding == ()


@pytest.mark.parametrize("path", ["medic/_changes", "medic/_all_docs", "medic/_design/*"])
def test_a_server_that_stays_down_loses_nothing(cht: Cht, path: str) -> None:
    for number in range(6):
        cht.save(f"report-{number}", person(number), report=report(number))
    whole = set(documents(cht.items(page_size=5)))
    cht.system.faults.add(Fault(status=503, path=path, nth=3, times=ALWAYS))
    seen: list[Item] = []
    with pytest.raises(RetryLater):
        _take_all(cht.reader(page_size=5, quick_attempts=1).records(), seen)
    cht.system.faults.clear()
    cursors = [item.cursor for item in seen if isinstance(item, Checkpoint)]
    rest = cht.items(cursors[-1] if cursors else None, page_size=5)
    assert {*documents(seen), *documents(rest)} == whole


def _take_all(items: Iterator[Item], into: list[Item]) -> None:
    for item in items:
        into.append(item)


def test_wrong_credentials_are_the_operators_matter(cht: Cht) -> None:
    wrong = cht.system.secret("wrong.password", "not-this")
    with pytest.raises(OperatorNeeded) as error:
        cht.items(auth={"kind": "basic", "user": "hm-fhir", "password": wrong})
    assert "not-this" not in str(error.value)


def test_a_wrong_database_is_a_matter_of_settings(cht: Cht) -> None:
    with pytest.raises(SettingsError, match="medik/_changes"):
        cht.items(database="medik")


@pytest.mark.parametrize("body", [[], {"results": 5}, {"results": ["x"]}, {"results": []}, {"rows": []}], ids=str)
def test_another_server_is_noticed(cht: Cht, monkeypatch: pytest.MonkeyPatch, body: object) -> None:
    monkeypatch.setattr("hm_fhir.http.client.HttpReader.get_json", lambda *_, **__: body)
    with pytest.raises(OperatorNeeded, match="not what CouchDB answers"):
        cht.items()


def test_a_feed_that_stands_still_is_noticed(cht: Cht, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"results": [{"id": "_design/a", "seq": "1", "changes": []}], "last_seq": "1-x"}
    monkeypatch.setattr("hm_fhir.http.client.HttpReader.get_json", lambda *_, **__: answer)
    with pytest.raises(OperatorNeeded, match="comes back to where it was"):
        cht.items()


def test_a_sequence_may_be_any_json(cht: Cht, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(_: object, path: str, parameters: Mapping[str, str]) -> object:
        asked.append(parameters["since"])
        return {"results": [], "last_seq": [12, "g1AAA"]}

    monkeypatch.setattr("hm_fhir.http.client.HttpReader.get_json", answer)
    cursor = last_cursor(cht.items())
    assert json.loads(cursor)["seq"] == [12, "g1AAA"]
    cht.items(cursor)
    assert asked == ["0", '[12,"g1AAA"]']


def test_pages_become_smaller_when_documents_are_large(cht: Cht, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        cht.save(f"report-{number}", person(number), report=report(number, picture="A" * 4000))
    monkeypatch.setattr("hm_fhir.http.answers.MOST_ANSWER_BYTES", 20_000)
    assert documents(cht.items(page_size=40)) == [f"report-{number}" for number in range(6)]
    monkeypatch.setattr("hm_fhir.http.answers.MOST_ANSWER_BYTES", 100)
    with pytest.raises(SettingsError, match="too long"):
        cht.items(page_size=40)
