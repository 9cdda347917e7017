"""The activity: what it accepts, what makes one newer than another, whom it is about, and what mappings see of it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hm_fhir.activities.model import Activity, Period
from hm_fhir.fhir.json import to_json

EGN, LNCH = "6808070004", "7111042925"


def activity(**changes: Any) -> Activity:
    data: dict[str, Any] = {
        "system": "register",
        "local_id": "A-1",
        "updated_at": "2026-03-02T12:00:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M-1", "name": {"family": "Образцова"}},
        "type": "home-visit",
        "period": {"start": "2026-03-02T10:00:00+02:00"},
        "setting": "home",
        "persons": [{"local_id": "K-1"}],
    }
    return Activity.model_validate({**data, **changes})


def refusal(**changes: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        activity(**changes)
    return str(refused.value)


# When


@pytest.mark.parametrize(
    "start",
    [
        "2026-03-02T10:00:00",
        "2026-03-02 10:00:00",
        "2026-03-02T00:00:00",
        datetime(2026, 3, 2, 10),  # noqa: DTZ001  (the point of the test)
    ],
)
def test_a_date_time_without_a_zone_is_refused(start: object) -> None:
    assert "timezone" in refusal(period={"start": start})
    assert "timezone" in refusal(updated_at=start)


@pytest.mark.parametrize(
    "wrong", [1700000000, "1700000000", "1700006400", 17.5, True, "20260302", "02.03.2026", "yesterday", "", None]
)
def test_only_a_date_or_a_date_time_is_a_moment(wrong: object) -> None:
    # pydantic would take digits as seconds since 1970: a column of the wrong kind must not become a time.
    assert "period.start" in refusal(period={"start": wrong})
    assert "updated_at" in refusal(updated_at=wrong)


@pytest.mark.parametrize("start", ["2026-03-02", date(2026, 3, 2)])
def test_a_date_stays_a_date(start: object) -> None:
    made = activity(period={"start": start, "end": "2026-03-02"})
    assert made.period == Period(start=date(2026, 3, 2), end=date(2026, 3, 2))
    assert not isinstance(made.period.start, datetime)
    assert made.for_mapping()["period"] == {"start": "2026-03-02", "end": "2026-03-02"}


@pytest.mark.parametrize("separator", ["T", " "])
def test_a_date_time_keeps_its_zone(separator: str) -> None:
    made = activity(period={"start": f"2026-03-02{separator}10:00+02:00"})
    assert made.for_mapping()["period"] == {"start": "2026-03-02T10:00:00+02:00"}


@pytest.mark.parametrize(
    ("start", "end", "is_fine"),
    [
        ("2026-03-02", "2026-03-02", True),
        ("2026-03-02", "2026-03-01", False),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z", True),
        ("2026-03-02T10:00:00Z", "2026-03-02T09:59:59Z", False),
        ("2026-03-02T10:00:00+02:00", "2026-03-02T08:00:00Z", True),  # the same moment
        ("2026-03-02T10:00:00+02:00", "2026-03-02T09:30:00+03:00", False),
        ("2026-03-02", "2026-03-02T09:00:00Z", True),
        ("2026-03-02T09:00:00Z", "2026-03-01", False),
    ],
)
def test_a_period_does_not_end_before_it_starts(start: str, end: str, is_fine: bool) -> None:
    if is_fine:
        assert activity(period={"start": start, "end": end})
    else:
        assert "the end is before the start" in refusal(period={"start": start, "end": end})


@pytest.mark.parametrize("absent", ["0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"])
def test_what_systems_write_for_no_time_is_refused(absent: str) -> None:
    # In UTC these moments do not even exist.
    assert "between 1900 and 2199" in refusal(updated_at=absent)


def test_nobody_is_born_after_the_record() -> None:
    # The EGN is valid, of a person born in 2075.
    assert "born after this was recorded" in refusal(
        persons=[{"identifiers": [{"kind": "egn", "value": "7542011030"}]}]
    )
    assert activity(persons=[{"local_id": "K-1", "birth_date": "2026-03-02"}])


@pytest.mark.parametrize(
    "changes",
    [
        {"findings": {"tests": [{"kind": "syphilis-rpr", "done_on": "2026-03-04", "result": "negative"}]}},
        {"findings": {"immunisations": [{"vaccine": "MMR", "status": "given", "given_on": "2026-03-04"}]}},
        {"findings": {"conditions": [{"code": "syphilis", "onset": "2026-03-04"}]}},
        {"findings": {"pregnancy": {"status": "pregnant", "last_menstrual_period": "2026-03-04"}}},
        {
            "findings": {
                "pregnancy": {"status": "not-pregnant", "outcome": "live-birth", "ended_on": "2026-03-04"},
            }
        },
        {"consent": {"decision": "given", "on": "2026-03-04"}},
    ],
)
def test_a_fact_is_not_of_a_day_after_the_record(changes: dict[str, Any]) -> None:
    assert "has a day after this was recorded" in refusal(**changes)
    assert "has a day after this was recorded" in refusal(**changes, status="planned", period={"start": "2026-04-01"})
    assert activity(**changes, updated_at="2026-03-03T23:30:00+02:00")  # a day for time zones
    assert activity(**changes, status="entered-in-error")  # its error may be the day


# About whom


@pytest.mark.parametrize(
    ("kind", "persons", "group", "is_fine"),
    [
        ("home-visit", 1, False, True),
        ("home-visit", 0, False, False),
        ("home-visit", 0, True, False),
        ("home-visit", 1, True, False),
        ("group-health-talk", 0, True, True),
        ("group-health-talk", 1, False, False),
        ("group-health-talk", 1, True, False),
        ("screening-campaign", 1, False, True),
        ("screening-campaign", 0, True, True),
        ("screening-campaign", 0, False, False),
        ("screening-campaign", 1, True, False),
    ],
)
def test_an_activity_is_about_persons_or_a_group(kind: str, persons: int, group: bool, is_fine: bool) -> None:
    changes = {"type": kind, "persons": [{"local_id": "K-1"}] * persons, "group": {"size": 9} if group else None}
    if is_fine:
        assert activity(**changes)
    else:
        assert "concerns" in refusal(**changes)


def test_the_first_person_is_the_subject() -> None:
    assert "the first person is the subject" in refusal(persons=[{"local_id": "K-1", "role": "mother"}])


_NUMBERS = {
    "egn": {"kind": "egn", "value": EGN},
    "lnch": {"kind": "lnch", "value": LNCH},
    "nhis-newborn": {"kind": "nhis-newborn", "value": "NB-1"},
    "passport": {"kind": "passport", "value": "P1"},
}


@pytest.mark.parametrize(
    ("kinds", "key"),
    [
        (["passport", "lnch", "egn", "nhis-newborn"], f"egn|{EGN}"),
        (["passport", "nhis-newborn", "lnch"], f"lnch|{LNCH}"),
        (["passport", "nhis-newborn"], "nhis-newborn|NB-1"),
        (["passport"], "passport|P1"),
        ([], "register|K-1"),
    ],
)
def test_a_person_is_known_by_the_strongest_number(kinds: list[str], key: str) -> None:
    made = activity(persons=[{"local_id": "K-1", "identifiers": [_NUMBERS[kind] for kind in kinds]}])
    assert made.person_key == key
    assert made.for_mapping()["person"]["key"] == key


def test_a_group_is_nobody() -> None:
    assert activity(type="group-health-talk", persons=[], group={"size": 9}).person_key is None


@pytest.mark.parametrize("system", ["egn", "passport", "a|b", ""])
def test_a_system_cannot_be_taken_for_another_part_of_a_key(system: str) -> None:
    # Else the person 6808070004 of a system "egn" would be the person with this EGN.
    assert "system" in refusal(system=system)


# What is refused


@pytest.mark.parametrize(
    "changes",
    [
        {"ethnicity": "x"},
        {"period": {"start": "2026-03-02", "ethnicity": "x"}},
        {"persons": [{"local_id": "K-1", "ethnicity": "x"}]},
        {"findings": {"race": "x"}},
    ],
)
def test_unknown_fields_are_refused_at_every_depth(changes: dict[str, Any]) -> None:
    assert "Extra inputs are not permitted" in refusal(**changes)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("type", "home-visits"),
        ("setting", "hom"),
        ("topics", ["hygene"]),
        ("reasons", ["pregnant"]),
        ("barriers", ["languages"]),
        ("outcome", "achievd"),
        ("status", "done"),
    ],
)
def test_a_word_of_no_vocabulary_is_refused(field: str, wrong: object) -> None:
    assert field in refusal(**{field: wrong})


def test_an_activity_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        activity().note = "x"


def test_an_activity_survives_a_round_trip() -> None:
    made = activity(findings={"pregnancy": {"status": "pregnant"}}, period={"start": "2026-03-02"})
    assert Activity.model_validate(made.model_dump(round_trip=True)) == made
    assert Activity.model_validate_json(made.model_dump_json(round_trip=True)) == made


# Which version is newer

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1901, 1, 1), datetime(2198, 12, 31), timezones=ZONES)  # noqa: DTZ001  (zones are added)
VERSIONS = st.integers(0, 2**63 - 1)


@given(MOMENTS, VERSIONS, MOMENTS, VERSIONS)
def test_the_version_key_orders_as_time_and_version_do(
    at: datetime, version: int, other_at: datetime, other_version: int
) -> None:
    base = activity()
    one = base.model_copy(update={"updated_at": at, "version": version})
    other = base.model_copy(update={"updated_at": other_at, "version": other_version})
    assert (one.version_key < other.version_key) == ((at, version) < (other_at, other_version))
    assert (one.version_key == other.version_key) == ((at, version) == (other_at, other_version))


@given(MOMENTS, VERSIONS, VERSIONS, ZONES)
def test_the_version_decides_between_equal_times_in_whatever_zone(
    at: datetime, version: int, other_version: int, zone: timezone
) -> None:
    one = activity(updated_at=at, version=version)
    other = activity(updated_at=at.astimezone(zone), version=other_version)
    assert (one.version_key < other.version_key) == (version < other_version)


def test_a_version_is_a_number_that_the_key_has_room_for() -> None:
    assert "version" in refusal(version=2**63)
    assert "version" in refusal(version=-1)
    assert activity(version=2**63 - 1).version_key == "2026-03-02T10:00:00.000000Z/9223372036854775807"


# What mappings see


def everything() -> Activity:
    facility = {"local_id": "F-1", "kind": "hospital", "name": "Болница Пример", "ward": "АГ"}
    return activity(
        persons=[{"local_id": "K-1", "name": {"given": ["Проба"]}}, {"local_id": "K-2", "role": "child"}],
        facility=facility,
        referral={"destination": "hospital", "facility": {**facility, "local_id": "F-2"}},
        findings={
            "tests": [
                {"kind": "syphilis-rapid"},
                {"kind": "syphilis-rpr", "facility": {**facility, "local_id": "F-3"}},
            ],
            "measurements": [{"kind": "body-weight", "value": "9.20", "unit": "kg"}],
        },
        case_id="C-1",
        follows=["A-0"],
        consent={"decision": "refused", "on": "2026-03-01"},
    )


def test_mappings_see_plain_json_data() -> None:
    seen = everything().for_mapping()
    assert json.loads(json.dumps(seen)) == seen
    assert seen["findings"]["measurements"][0]["value"] == "9.20"
    assert seen["consent"]["decision"] == "refused"
    assert seen["mediator"]["occupation"] == "3253 3001"
    assert "note" not in seen


def test_mappings_see_the_same_for_the_same_activity() -> None:
    assert to_json(everything().for_mapping()) == to_json(everything().for_mapping())


def test_mappings_see_the_class_of_the_encounter_and_the_first_person() -> None:
    seen = everything().for_mapping()
    assert seen["class"] == "HH"
    assert seen["person"] == seen["persons"][0]


def test_mappings_see_a_key_of_everything_that_has_an_identity() -> None:
    seen = everything().for_mapping()
    assert seen["key"] == "register|A-1"
    assert [one["key"] for one in seen["persons"]] == ["register|K-1", "register|K-2"]
    assert seen["mediator"]["key"] == "SFO39|M-1"
    assert seen["municipality"]["key"] == "SFO39"
    assert seen["facility"]["key"] == "SFO39|F-1"
    assert seen["referral"]["facility"]["key"] == "SFO39|F-2"
    assert seen["findings"]["tests"][1]["facility"]["key"] == "SFO39|F-3"
    assert seen["case_key"] == "register|C-1"
    assert seen["followed"] == ["register|A-0"]


def test_a_group_without_a_number_is_not_the_group_with_the_number_of_the_activity() -> None:
    talk = {"type": "group-health-talk", "persons": []}
    anonymous = activity(**talk, group={"size": 9}).for_mapping()["group"]["key"]
    numbered = activity(**talk, local_id="A-2", group={"size": 9, "local_id": "A-1"}).for_mapping()["group"]["key"]
    assert numbered == "register|A-1"
    assert anonymous != numbered


def test_the_version_key_is_in_utc() -> None:
    made = activity(updated_at=datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(microseconds=7))
    assert made.version_key == "2026-03-02T12:00:00.000007Z/0000000000000000000"
