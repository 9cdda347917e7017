"""What a form can say of an activity."""

from __future__ import annotations

from typing import Any

import pytest

from hm_fhir.activities.model import Activity
from hm_fhir.errors import SettingsError
from hm_fhir.testing.activities import generate_activities
from hm_fhir.testing.story.carried import Carried

NUMBER = {"kind": "lnch", "value": "7111042925"}
TEST = {"kind": "hiv-rapid", "done_on": "2026-03-04", "result": "negative"}
GP = {"local_id": "G", "kind": "gp-practice", "name": "Г"}
DATA: dict[str, Any] = {
    "system": "s",
    "local_id": "1",
    "updated_at": "2026-03-05T09:30:00+02:00",
    "version": 3,
    "municipality": {"code": "SFO39", "name": "Самоков"},
    "mediator": {"local_id": "M1", "name": {"family": "Примерова"}, "phone": "1"},
    "type": "home-visit",
    "status": "completed",
    "period": {"start": "2026-03-05", "end": "2026-03-05"},
    "setting": "home",
    "facility": {"local_id": "F", "kind": "hospital", "name": "Пример", "ward": "АГ"},
    "persons": [
        {"local_id": "P1", "identifiers": [NUMBER], "name": {"family": "А"}, "phone": "2"},
        {"local_id": "P2", "role": "mother", "name": {"family": "Б"}},
    ],
    "topics": ["hygiene", "hiv"],
    "findings": {"tests": [TEST, {"kind": "pregnancy"}]},
    "referral": {"destination": "gp", "reasons": ["no-gp"], "facility": GP},
    "consent": {"decision": "given", "on": "2026-03-05", "by": "mother"},
    "note": "текст",
}
OBLIGATORY = {
    name: DATA[name] for name in ("system", "local_id", "updated_at", "municipality", "mediator", "type", "setting")
}


def left(tables: dict[str, list[str]] | None = None, /, **paths: Any) -> dict[str, Any]:
    found = Carried({path.replace("__", "."): limit for path, limit in paths.items()}, tables or {}).left(DATA)
    assert found is not None
    return {name: value for name, value in found.items() if name not in OBLIGATORY}


def test_a_form_of_everything_carries_everything() -> None:
    assert Carried().left(DATA) == DATA
    assert Carried().says("persons.formerly")
    for data in generate_activities(3, 100):
        assert Carried().left(data) == data


def test_what_the_model_demands_is_always_there() -> None:
    found = Carried({}).left(DATA)
    assert found == {**OBLIGATORY, "period": {"start": "2026-03-05"}}


def test_an_object_that_is_named_is_carried_whole() -> None:
    assert left(referral=True)["referral"] == DATA["referral"]
    assert left(persons=True)["persons"] == DATA["persons"]
    assert left(findings=True)["findings"] == DATA["findings"]


def test_of_an_object_whose_parts_are_named_only_these_and_what_it_demands() -> None:
    assert left(persons__name=True)["persons"] == [{"name": {"family": "А"}}, {"name": {"family": "Б"}}]
    assert left(findings__tests__done_on=True)["findings"] == {
        "tests": [{"kind": "hiv-rapid", "done_on": "2026-03-04"}, {"kind": "pregnancy"}]
    }
    assert left(referral__facility=True)["referral"] == {
        "destination": "gp",
        "facility": DATA["referral"]["facility"],
    }
    assert left(period__end=True)["period"] == DATA["period"]


def test_of_an_object_that_is_carried_whole_the_parts_that_are_named_are_limited() -> None:
    tables = {"reasons": ["screening"], "destinations": ["gp"]}
    assert left(tables, referral=True, referral__reasons="reasons")["referral"] == {
        "destination": "gp",
        "facility": GP,
    }
    assert left(tables, referral__reasons="reasons", referral__destination="destinations")["referral"] == {
        "destination": "gp"
    }
    assert left(persons=True, persons__identifiers=1)["persons"] == DATA["persons"]


def test_a_number_is_how_many_of_a_list() -> None:
    assert left(persons=1)["persons"] == DATA["persons"][:1]
    assert left(topics=1)["topics"] == ["hygiene"]
    assert left(persons=1, persons__phone=True)["persons"] == [{"phone": "2"}]


def test_a_table_is_the_codes_that_have_a_word() -> None:
    tables = {"topics": ["hygiene"], "tests": ["pregnancy"], "types": ["home-visit"], "none": []}
    assert left(tables, topics="topics")["topics"] == ["hygiene"]
    assert left(tables, findings__tests__kind="tests")["findings"] == {"tests": [{"kind": "pregnancy"}]}
    assert "topics" not in left(tables, topics="none")
    assert "referral" not in left(tables, referral__destination="none")
    assert Carried({"type": "none"}, tables).left(DATA) is None
    assert Carried({"type": "types"}, tables).left(DATA) is not None


def test_a_form_without_a_status_tells_what_was_done() -> None:
    planned = {**DATA, "status": "planned"}
    assert Carried({}).left(planned) is None
    found = Carried({"status": True}).left(planned)
    assert found is not None
    assert found["status"] == "planned"


def test_a_consent_of_somebody_who_is_not_told_is_not_told() -> None:
    assert left(consent=True, persons=True)["consent"] == DATA["consent"]
    assert "consent" not in left(consent=True, persons=1)


def test_what_can_be_said_is_known_before() -> None:
    carried = Carried({"persons": 1, "persons.name": True, "note": True, "topics": "topics"}, {"topics": ["hiv"]})
    assert carried.says("note")
    assert carried.says("persons.name.family")
    assert carried.says("local_id")
    assert not carried.says("persons.phone")
    assert not carried.says("findings.tests")
    assert (carried.most("persons"), carried.most("persons.name"), carried.most("findings")) == (1, None, 0)
    assert (carried.codes("topics"), carried.codes("note")) == ({"hiv"}, None)


@pytest.mark.parametrize(
    ("paths", "message", "fix"),
    [
        ({"topic": True}, "no field 'topic'", "topics"),
        ({"persons.nam": True}, "no field 'persons.nam'", "name"),
        ({"note.text": True}, "no field 'note.text'", ""),
        ({"topics": "topic"}, "no code table of this name", "topics"),
        ({"note": False}, "left out", "remove"),
    ],
)
def test_mistakes_are_named(paths: dict[str, Any], message: str, fix: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        Carried(paths, {"topics": []})
    assert fix in (caught.value.fix or "")


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_left_of_any_activity_is_one(seed: int) -> None:
    carried = Carried({"persons": 1, "status": True, "group": True, "findings": True, "consent": True, "topics": 2})
    for data in generate_activities(seed, 300):
        found = carried.left(data)
        assert found is not None
        if "persons" in found or "group" in found:
            Activity.model_validate(found)
