"""Generated activities: all words, all edges, nobody real, and the same ones for ever."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from hm_fhir.activities.catalogue import ACTIVITY_TYPES, TYPES
from hm_fhir.activities.findings import ImmunisationStatus, Measurement, Pregnancy, ReportedCondition
from hm_fhir.activities.model import Activity, Status
from hm_fhir.activities.people import Facility, IdentifierKind, Person
from hm_fhir.activities.vocabulary import VOCABULARIES
from hm_fhir.testing.activities import generate_activities

COUNT = 5000
DATA = list(generate_activities(7, COUNT))
ACTIVITIES = [Activity.model_validate(data) for data in DATA]
CLOSED_LISTS: dict[str, Any] = {
    "status": Status,
    "identifier": IdentifierKind,
    "gender": get_args(Person.model_fields["gender"].annotation)[0],
    "role": Person.model_fields["role"].annotation,
    "facility": Facility.model_fields["kind"].annotation,
    "pregnancy": Pregnancy.model_fields["status"].annotation,
    "verification": ReportedCondition.model_fields["verification"].annotation,
    "condition": ReportedCondition.model_fields["status"].annotation,
    "immunisation": ImmunisationStatus.model_fields["status"].annotation,
    "origin": ImmunisationStatus.model_fields["known_from"].annotation,
    "measurement": Measurement.model_fields["kind"].annotation,
}


def words(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from words(item)
    elif isinstance(value, str):
        yield value


USED = set(words([activity.model_dump(mode="json") for activity in ACTIVITIES]))


@pytest.mark.parametrize("vocabulary", [TYPES, *VOCABULARIES], ids=lambda one: one.name)
def test_every_word_of_every_vocabulary_occurs(vocabulary: Any) -> None:
    assert set(vocabulary.terms) - USED == set()


@pytest.mark.parametrize("closed", CLOSED_LISTS)
def test_every_word_of_every_closed_list_occurs(closed: str) -> None:
    assert set(get_args(CLOSED_LISTS[closed])) - USED == set()


def test_every_type_comes_in_every_status_and_equally_often() -> None:
    types = Counter(activity.type for activity in ACTIVITIES)

    assert set(types) == set(ACTIVITY_TYPES)
    assert max(types.values()) - min(types.values()) <= 1
    found = {(activity.type, activity.status) for activity in ACTIVITIES}
    assert len(found) == len(ACTIVITY_TYPES) * len(get_args(Status))


def test_of_each_type_the_first_is_minimal_and_the_second_maximal() -> None:
    first, second = DATA[: len(TYPES.terms)], DATA[len(TYPES.terms) : 2 * len(TYPES.terms)]
    required = {name for name, field in Activity.model_fields.items() if field.is_required()}

    for small, large in zip(first, second, strict=True):
        assert small["type"] == large["type"]
        assert required <= small.keys()
        assert len(small) <= len(required) + 5
        assert {
            "facility",
            "topics",
            "reasons",
            "barriers",
            "outcome",
            "referral",
            "documents",
            "note",
        } <= large.keys()
        if "persons" in large:
            assert len(large["persons"]) > 1
            assert {"case_plan", "consent", "findings"} <= large.keys()


def test_the_same_seed_gives_the_same_activities_on_every_machine() -> None:
    def fingerprint(seed: int) -> str:
        text = json.dumps(list(generate_activities(seed, 520)), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    assert fingerprint(7) == fingerprint(7)
    assert fingerprint(7) != fingerprint(8)
    # More of them begin with the same ones.
    assert list(generate_activities(7, 30)) == DATA[:30]


def test_nobody_is_real() -> None:
    for activity in ACTIVITIES:
        for person in activity.persons:
            if any(number.kind == "egn" for number in person.identifiers):
                assert person.birth_date is not None
                assert person.birth_date.year < 1900


def test_each_has_an_identity_of_its_own() -> None:
    assert len({activity.key for activity in ACTIVITIES}) == COUNT


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("a version of 0", lambda data: data["version"] == 0),
        ("the greatest version", lambda data: data["version"] == 2**63 - 1),
        ("four people", lambda data: len(data.get("persons", ())) == 4),
        ("a group of one", lambda data: data.get("group", {}).get("size") == 1),
        ("the greatest group", lambda data: data.get("group", {}).get("size") == 100_000),
        ("a long note", lambda data: len(data.get("note", "")) > 5000),
        ("markup", lambda data: "<script>" in data.get("note", "")),
        ("something like a template", lambda data: "{%" in data.get("note", "")),
        ("an emoji of several characters", lambda data: "\u200d" in data.get("note", "")),
        ("a leap day", lambda data: data["period"]["start"].startswith("2024-02-29")),
        ("an hour that came twice", lambda data: data["period"]["start"] == "2025-10-26T03:30:00+02:00"),
        ("a time in UTC", lambda data: data["period"]["start"].endswith("Z")),
        ("a day only", lambda data: len(data["period"]["start"]) == 10),
        ("a fraction of a second", lambda data: ".123456" in data["period"]["start"]),
        ("a time and a day", lambda data: len(data["period"].get("end", "")) == 10 < len(data["period"]["start"])),
    ],
)
def test_edges_occur(what: str, found: Any) -> None:
    assert any(found(data) for data in DATA), what


def test_types_can_be_chosen() -> None:
    chosen = [data["type"] for data in generate_activities(1, 5, ["referral", "home-visit"])]

    assert chosen == ["referral", "home-visit", "referral", "home-visit", "referral"]
    with pytest.raises(ValueError, match="did you mean 'referral'"):
        next(generate_activities(1, 1, ["referal"]))
