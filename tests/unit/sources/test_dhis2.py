"""The reader of DHIS2 tracker: what an event becomes, what changed, what is withdrawn.

Shapes: dhis2/dhis2-docs src/developer/web-api/tracker.md (GFDL, read only), dhis2/dhis2-core
dhis-test-integration/src/test/resources/tracker/event_with_data_values.json (BSD-3-Clause).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from hm_fhir.errors import OperatorNeeded, SettingsError
from hm_fhir.sources.base import Checkpoint, Headings, Record, Remark, SourceContext, records_of
from hm_fhir.sources.dhis2 import KIND, Dhis2Options, Dhis2Reader
from hm_fhir.testing.exchange import Request
from hm_fhir.testing.local_systems.dhis2 import PASSWORD, TOKEN, Dhis2System, uid
from hm_fhir.testing.local_systems.served import Said

NAME = "Маркер Примеров"
DAY = "2026-03-{:02}T10:00:00+02:00"
ANNA, BORIS = uid("anna"), uid("boris")
SCHEMA: dict[str, Any] = {"attributes": ["NAME", "EGN"], "elements": ["KIND", "WOMEN", "PLACE"]}


@pytest.fixture
def dhis2(tmp_path: Path) -> Iterator[Dhis2System]:
    with Dhis2System(tmp_path, **SCHEMA) as system:
        yield system


def save(dhis2: Dhis2System, name: str, day: int = 1, person: str = ANNA, **said: Any) -> None:
    attributes = said.pop("attributes", {})
    enrollment = said.pop("enrollment", {})
    event = {"occurredAt": "2026-03-01T00:00:00.000", "orgUnit": "samokov", **said}
    native = {"event": event, "enrollment": enrollment, "trackedEntity": {"trackedEntity": person}}
    native["trackedEntity"]["attributes"] = attributes
    dhis2.save({"key": uid(name), "changed": DAY.format(day), "native": native})


def reader(dhis2: Dhis2System, **options: Any) -> Dhis2Reader:
    chosen = Dhis2Options.model_validate({**dhis2.options, "quick_attempts": 1, "overlap_seconds": 0, **options})
    made = KIND.open(chosen, SourceContext("kazanlak", dhis2.folder, ZoneInfo("Europe/Sofia")))
    assert isinstance(made, Dhis2Reader)
    return made


def read(dhis2: Dhis2System, since: str | None = None, **options: Any) -> dict[str | None, Record]:
    return {record.document: record for record in records_of(reader(dhis2, **options), since)}


def events(dhis2: Dhis2System, since: str | None = None, **options: Any) -> list[str | None]:
    return [record.document for record in records_of(reader(dhis2, **options), since)]


def values(dhis2: Dhis2System, name: str, *wanted: str, **options: Any) -> dict[str, Any]:
    made = reader(dhis2, **options)
    if wanted:
        made.want(wanted)
    return dict(next(record.values for record in records_of(made) if record.document == uid(name)))


def end(dhis2: Dhis2System, since: str | None = None, **options: Any) -> str:
    last = list(reader(dhis2, **options).records(since))[-1]
    assert isinstance(last, Checkpoint)
    return last.cursor


def remarks(dhis2: Dhis2System, **options: Any) -> dict[str, str]:
    return {one.code: one.message for one in reader(dhis2, **options).records() if isinstance(one, Remark)}


# What an event becomes


def test_an_event_its_enrolment_and_its_person_are_one_flat_record(dhis2: Dhis2System) -> None:
    save(
        dhis2,
        "visit",
        programStage="home",
        dataValues={"KIND": "home", "WOMEN": 3, "PLACE": "[23.55, 42.33]"},
        attributes={"NAME": NAME, "EGN": "0000000000"},
        enrollment={"enrolledAt": "2026-02-01T00:00:00.000"},
    )
    assert values(dhis2, "visit") == {
        "event": uid("visit"),
        "status": "COMPLETED",
        "program": "HmProgram01",
        "programStage": uid("home"),
        "orgUnit": uid("samokov"),
        "occurredAt": "2026-03-01",
        "createdAt": "2026-03-01T10:00:00.000+02:00",
        "updatedAt": "2026-03-01T10:00:00.000+02:00",
        "changedAt": "2026-03-01T10:00:00.000+02:00",
        "followUp": False,
        "attributeOptionCombo": "HllvX50cXC0",
        "enrollment": uid(f"enrollment of {ANNA}"),
        "enrollmentStatus": "ACTIVE",
        "enrollmentOrgUnit": uid("samokov"),
        "enrolledAt": "2026-02-01",
        "trackedEntity": ANNA,
        "trackedEntityOrgUnit": uid("samokov"),
        "NAME": NAME,
        "EGN": "0000000000",
        "KIND": "home",
        "WOMEN": "3",
        "PLACE": "[23.55, 42.33]",
    }


def test_attributes_of_the_program_are_read_beside_those_of_the_person(dhis2: Dhis2System) -> None:
    save(dhis2, "visit", attributes={"NAME": NAME}, enrollment={"attributes": {"EGN": "0000000000"}})
    found = values(dhis2, "visit")
    assert (found["NAME"], found["EGN"]) == (NAME, "0000000000")


def test_only_attributes_of_the_own_enrolment_are_read(dhis2: Dhis2System) -> None:
    save(dhis2, "one", enrollment={"enrollment": uid("first"), "attributes": {"EGN": "1"}})
    save(dhis2, "two", enrollment={"enrollment": uid("second"), "attributes": {"EGN": "2"}})
    assert [values(dhis2, name)["EGN"] for name in ("one", "two")] == ["1", "2"]


def test_columns_can_go_by_their_uid(dhis2: Dhis2System) -> None:
    save(dhis2, "visit", dataValues={"KIND": "home"}, attributes={"EGN": "1"})
    found = values(dhis2, "visit", names="uid")
    assert (found[uid("KIND")], found[uid("EGN")]) == ("home", "1")
    assert not found.keys() & {"KIND", "EGN"}


def test_what_has_no_code_goes_by_its_uid_and_that_is_said(tmp_path: Path) -> None:
    with Dhis2System(tmp_path, **SCHEMA, codeless=("EGN", "WOMEN")) as dhis2:
        save(dhis2, "visit", dataValues={"WOMEN": "3"}, attributes={"EGN": "1"})
        found = values(dhis2, "visit")
        assert (found[uid("WOMEN")], found[uid("EGN")]) == ("3", "1")
        assert remarks(dhis2)["no-code"].startswith("2 ")


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    with Dhis2System(tmp_path, attributes=["KIND"], elements=["status"]) as dhis2:
        with pytest.raises(SettingsError, match="'status' is the name of two columns") as refused:
            events(dhis2)
        assert 'names = "uid"' in str(refused.value)
        assert events(dhis2, names="uid") == []


def test_a_time_is_told_with_its_zone_and_a_day_as_a_day(tmp_path: Path) -> None:
    with Dhis2System(tmp_path, zone="Europe/Berlin") as dhis2:
        save(dhis2, "visit", occurredAt="2026-03-01T09:30:00.000", scheduledAt="2026-07-01T00:00:00.000")
        found = values(dhis2, "visit")
        assert found["occurredAt"] == "2026-03-01T09:30:00.000+01:00"
        assert found["scheduledAt"] == "2026-07-01"
        assert found["updatedAt"] == "2026-03-01T09:00:00.000+01:00"


def test_a_server_that_does_not_say_its_zone_has_that_of_the_municipality(
    dhis2: Dhis2System, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(dhis2, "visit")
    _answers(dhis2, monkeypatch, "api/system/info", {"version": "2.40.1"})
    assert values(dhis2, "visit")["updatedAt"] == "2026-03-01T10:00:00.000+02:00"


def test_an_event_marked_for_follow_up_says_so_in_either_spelling(
    dhis2: Dhis2System, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(dhis2, "visit", followUp=True)
    assert values(dhis2, "visit")["followUp"] is True
    event = {key: value for key, value in dhis2.events[uid("visit")].items() if key != "followUp"}
    _answers(dhis2, monkeypatch, "api/tracker/events", {"events": [{**event, "followup": True}]})
    assert values(dhis2, "visit")["followUp"] is True


def _answers(dhis2: Dhis2System, monkeypatch: pytest.MonkeyPatch, path: str, body: Any) -> None:
    def answer(request: Request) -> Said:
        return Said(body) if request.path == path else Dhis2System.answer(dhis2, request)

    monkeypatch.setattr(dhis2, "answer", answer)


def test_people_who_write_and_free_text_are_told_only_where_the_fields_ask(dhis2: Dhis2System) -> None:
    writer = {"username": "m1", "firstName": NAME}
    save(dhis2, "visit", createdBy=writer, storedBy=NAME, notes=[{"value": NAME}], assignedUser=writer)
    assert NAME not in str(values(dhis2, "visit"))
    found = values(dhis2, "visit", "KIND", "createdBy.username")
    assert found["createdBy"] == writer
    assert not found.keys() & {"storedBy", "notes", "assignedUser"}


def test_columns_are_announced_so_that_a_missing_one_is_noticed(dhis2: Dhis2System) -> None:
    made = reader(dhis2)
    made.want(["event", "createdBy.username", "EGN", "gone"])
    (headings,) = [item for item in made.records() if isinstance(item, Headings)]
    assert headings.names == ("event", "createdBy.username", "NAME", "EGN", "KIND", "WOMEN", "PLACE")


def test_an_event_program_has_no_persons(tmp_path: Path) -> None:
    with Dhis2System(tmp_path, registration=False) as dhis2:
        for number in range(3):
            event = {"dataValues": {"KIND": "talk"}}
            dhis2.save({"key": uid(str(number)), "changed": DAY.format(number + 1), "native": {"event": event}})
        assert set(events(dhis2, page_size=1)) == {uid("0"), uid("1"), uid("2")}
        assert events(dhis2, end(dhis2)) == [uid("2")]
        assert not [one for one in dhis2.requests if one.path == "api/tracker/trackedEntities"]


def test_a_person_whom_the_user_may_not_see_is_said(dhis2: Dhis2System) -> None:
    save(dhis2, "visit", attributes={"EGN": "1"})
    del dhis2.entities[ANNA]
    assert "EGN" not in values(dhis2, "visit")
    assert remarks(dhis2)["no-person"].startswith("1 events")


def test_neither_places_nor_cursors_nor_remarks_hold_a_value(dhis2: Dhis2System) -> None:
    for number in range(3):
        save(dhis2, f"v{number}", number + 1, attributes={"NAME": NAME}, status=["COMPLETED", "SCHEDULE"][number % 2])
    items = list(reader(dhis2, page_size=1).records())
    assert NAME not in repr(items)
    assert not [one for one in items if isinstance(one, Checkpoint) and uid("v1") in one.cursor]


# Which versions


@pytest.mark.parametrize("version", ["2.38.0", "2.40.4", "2.41.3", "2.42", "42.1.0"])
def test_names_of_old_and_new_versions_are_spoken(tmp_path: Path, version: str) -> None:
    units = {"ward": "samokov", "samokov": "oblast"}
    with Dhis2System(tmp_path, version=version, units=units) as dhis2:
        save(dhis2, "inside", 1, attributes={"EGN": "1"}, orgUnit="ward")
        save(dhis2, "outside", 2, BORIS, attributes={"EGN": "2"}, orgUnit="plovdiv")
        assert [one.values["EGN"] for one in records_of(reader(dhis2))] == ["1", "2"]
        unit = uid("samokov")
        assert events(dhis2, org_unit=unit) == [uid("inside")]
        assert events(dhis2, org_unit=uid("oblast"), org_unit_mode="CHILDREN") == []
        assert events(dhis2, org_unit=unit, org_unit_mode="CHILDREN") == [uid("inside")]
        assert events(dhis2, org_unit=unit, org_unit_mode="SELECTED") == []


def test_a_version_without_this_tracker_is_refused(tmp_path: Path) -> None:
    with Dhis2System(tmp_path, version="2.35.1") as dhis2, pytest.raises(SettingsError, match=r"2\.35 is too old"):
        events(dhis2)


# What changed since


def test_the_next_reading_gives_what_was_saved_since(dhis2: Dhis2System) -> None:
    for number in range(4):
        save(dhis2, f"v{number}", number + 1, uid(f"p{number}"))
    cursor = end(dhis2)
    save(dhis2, "v4", 10, uid("p4"))
    save(dhis2, "v1", 11, uid("p1"), dataValues={"KIND": "corrected"})
    found = read(dhis2, cursor)
    assert set(found) == {uid("v3"), uid("v4"), uid("v1")}
    assert found[uid("v1")].values["changedAt"] == "2026-03-11T10:00:00.000+02:00"
    assert events(dhis2, end(dhis2, cursor)) == [uid("v1")]


def test_a_new_number_of_a_person_gives_all_their_events_as_newer(dhis2: Dhis2System) -> None:
    save(dhis2, "first", 1, attributes={"EGN": "1"})
    save(dhis2, "second", 2)
    save(dhis2, "other", 3, BORIS)
    cursor = end(dhis2)
    dhis2.save_person(ANNA, {"EGN": "2"}, DAY.format(9))
    found = read(dhis2, cursor)
    assert set(found) == {uid("first"), uid("second"), uid("other")}
    for name in ("first", "second"):
        assert found[uid(name)].values["EGN"] == "2"
        assert found[uid(name)].values["changedAt"] == "2026-03-09T10:00:00.000+02:00"
        assert found[uid(name)].values["updatedAt"] < "2026-03-03"
    assert found[uid("other")].values["changedAt"] == "2026-03-03T10:00:00.000+02:00"


def test_an_attribute_that_is_taken_away_gives_the_events_as_newer(dhis2: Dhis2System) -> None:
    save(dhis2, "visit", 1, attributes={"EGN": "1", "NAME": NAME})
    cursor = end(dhis2)
    dhis2.save_person(ANNA, {"NAME": None}, DAY.format(9))
    found = read(dhis2, cursor)[uid("visit")].values
    assert "NAME" not in found
    assert found["changedAt"] == "2026-03-09T10:00:00.000+02:00"


def test_a_change_of_the_enrolment_gives_its_events_as_newer(dhis2: Dhis2System) -> None:
    save(dhis2, "first", 1)
    save(dhis2, "second", 2)
    cursor = end(dhis2)
    enrollment = dhis2.enrollments[uid(f"enrollment of {ANNA}")]
    enrollment |= {"status": "CANCELLED", "updatedAt": "2026-03-09T10:00:00.000"}
    dhis2.entities[ANNA]["updatedAt"] = "2026-03-09T10:00:00.000"
    found = read(dhis2, cursor)[uid("first")].values
    assert found["enrollmentStatus"] == "CANCELLED"
    assert found["changedAt"] == "2026-03-09T10:00:00.000+02:00"


def test_a_reading_from_the_beginning_gives_the_times_that_the_readings_of_changes_gave(dhis2: Dhis2System) -> None:
    for number, (name, person) in enumerate([("one", ANNA), ("two", ANNA), ("three", BORIS), ("four", uid("vera"))]):
        save(dhis2, name, number + 1, person, attributes={"EGN": f"{number}"})
    cursor, known = end(dhis2), {key: record.values for key, record in read(dhis2).items()}
    enrollment = dhis2.enrollments[uid(f"enrollment of {ANNA}")]
    enrollment |= {"status": "CANCELLED", "updatedAt": "2026-03-09T10:00:00.000"}
    dhis2.entities[ANNA]["updatedAt"] = "2026-03-09T10:00:00.000"
    dhis2.save_person(BORIS, {"EGN": None}, DAY.format(10))
    known |= {key: record.values for key, record in read(dhis2, cursor).items()}
    assert {key: record.values for key, record in read(dhis2).items()} == known
    assert [known[uid(name)]["changedAt"][:10] for name in ("one", "two", "three", "four")] == [
        "2026-03-09",
        "2026-03-09",
        "2026-03-10",
        "2026-03-04",
    ]


def test_an_event_of_a_person_does_not_give_their_other_events_again(dhis2: Dhis2System) -> None:
    for number in range(4):
        save(dhis2, f"v{number}", number + 1, attributes={"EGN": "1"})
    cursor = end(dhis2)
    save(dhis2, "v4", 9)
    assert events(dhis2, cursor) == [uid("v3"), uid("v4")]


def test_a_change_that_happens_before_anybody_was_there_is_not_missed(dhis2: Dhis2System) -> None:
    cursor = end(dhis2)
    save(dhis2, "visit", 1, attributes={"EGN": "1"})
    cursor = end(dhis2, cursor)
    dhis2.save_person(ANNA, {"EGN": "2"}, DAY.format(2))
    assert read(dhis2, cursor)[uid("visit")].values["EGN"] == "2"


def test_the_hour_that_comes_twice_in_autumn_loses_nothing(tmp_path: Path) -> None:
    def visit(dhis2: Dhis2System, name: str, clock: str) -> None:
        native = {"event": {}, "trackedEntity": {"trackedEntity": uid(f"person of {name}")}}
        dhis2.save({"key": uid(name), "changed": f"2026-10-25T{clock}", "native": native})

    with Dhis2System(tmp_path) as dhis2:
        visit(dhis2, "summer", "03:50:00+03:00")
        made = reader(dhis2, overlap_seconds=4200)
        cursor = [one.cursor for one in made.records() if isinstance(one, Checkpoint)][-1]
        visit(dhis2, "winter", "03:05:00+02:00")  # an hour and a quarter later, on the clock three quarters earlier
        assert dhis2.events[uid("winter")]["updatedAt"] < dhis2.events[uid("summer")]["updatedAt"]
        assert uid("winter") in events(dhis2, cursor, overlap_seconds=4200)


# What is withdrawn


def withdrawn(dhis2: Dhis2System, since: str | None = None, **options: Any) -> set[str | None]:
    return {key for key, record in read(dhis2, since, **options).items() if record.deleted}


def test_a_deleted_event_is_told(dhis2: Dhis2System) -> None:
    save(dhis2, "one", 1, attributes={"NAME": NAME})
    save(dhis2, "two", 2)
    cursor = end(dhis2)
    dhis2.delete(uid("one"), DAY.format(3))
    assert withdrawn(dhis2, cursor) == withdrawn(dhis2) == {uid("one")}
    assert dict(read(dhis2)[uid("one")].values) == {}


@pytest.mark.parametrize("with_events", [True, False])
def test_the_events_of_a_deleted_person_are_withdrawn(dhis2: Dhis2System, with_events: bool) -> None:
    save(dhis2, "one", 1)
    save(dhis2, "two", 2)
    save(dhis2, "other", 3, BORIS)
    cursor = end(dhis2)
    dhis2.delete_person(ANNA, DAY.format(4), with_events=with_events)
    assert withdrawn(dhis2, cursor) == withdrawn(dhis2) == {uid("one"), uid("two")}


def test_an_event_that_is_only_planned_counts_as_not_there(dhis2: Dhis2System) -> None:
    save(dhis2, "planned", 1, status="SCHEDULE", occurredAt=None, scheduledAt="2026-04-01T00:00:00.000")
    save(dhis2, "done", 2)
    assert withdrawn(dhis2) == {uid("planned")}
    assert remarks(dhis2)["status"] == "1 events are SCHEDULE and count as not there"
    cursor = end(dhis2)
    save(dhis2, "planned", 3, status="COMPLETED")
    assert read(dhis2, cursor)[uid("planned")].deleted is False
    save(dhis2, "done", 4, status="SKIPPED")
    assert uid("done") in withdrawn(dhis2, cursor)


def test_planned_events_can_be_read(dhis2: Dhis2System) -> None:
    save(dhis2, "planned", 1, status="SCHEDULE", occurredAt=None, scheduledAt="2026-04-01T00:00:00.000")
    found = values(dhis2, "planned", statuses=["SCHEDULE"])
    assert found["scheduledAt"] == "2026-04-01"
    assert "occurredAt" not in found


def test_only_the_wanted_stages_are_read(dhis2: Dhis2System) -> None:
    for number, stage in enumerate(("home", "office", "talk")):
        save(dhis2, stage, number + 1, programStage=stage)
    assert events(dhis2, program_stages=[uid("home")]) == [uid("home")]
    assert events(dhis2, program_stages=[uid("home"), uid("talk")]) == [uid("home"), uid("talk")]
    assert remarks(dhis2, program_stages=[uid("home"), uid("talk")])["stages"].startswith("1 events")


# Who we are, and what is wrong


def test_a_token_is_sent_as_dhis2_wants_it(dhis2: Dhis2System) -> None:
    save(dhis2, "visit")
    assert events(dhis2) == [uid("visit")]
    assert {one.headers["authorization"] for one in dhis2.requests} == {f"ApiToken {TOKEN}"}


def test_user_and_password_work_too(tmp_path: Path) -> None:
    with Dhis2System(tmp_path, auth="basic") as dhis2:
        save(dhis2, "visit")
        assert events(dhis2) == [uid("visit")]


def test_a_wrong_password_is_told_without_it(tmp_path: Path) -> None:
    with Dhis2System(tmp_path, auth="basic") as dhis2:
        auth = {"kind": "basic", "user": "reader", "password": dhis2.secret("wrong", f"not {PASSWORD}")}
        with pytest.raises(OperatorNeeded, match="answers 401") as refused:
            events(dhis2, auth=auth)
        assert PASSWORD not in str(refused.value)


def test_a_program_that_is_not_there_is_a_matter_of_settings(dhis2: Dhis2System) -> None:
    with pytest.raises(SettingsError) as refused:
        events(dhis2, program="NoProgram01")
    assert refused.value.code == "not-found"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"program": "short"}, "program"),
        ({"org_unit_mode": "DESCENDANTS"}, "needs org_unit"),
        ({"org_unit": "DiszpKrYNg8", "org_unit_mode": "ALL"}, "no org_unit"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(dhis2: Dhis2System, wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Dhis2Options.model_validate({**dhis2.options, **wrong})
