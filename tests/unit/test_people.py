"""People and places of an activity: national numbers, dates of birth, groups, and what is refused."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from pydantic import ValidationError

from hm_fhir.activities.findings import Measurement, Pregnancy, Referral, Test
from hm_fhir.activities.people import (
    Address,
    Facility,
    Group,
    Mediator,
    Municipality,
    Person,
    PersonIdentifier,
    PersonName,
    WorkingHours,
    person_key,
    replaced,
)

BORN_1875 = "7523169263"
LNCH = "7111042925"


def person(**fields: Any) -> Person:
    return Person.model_validate({"identifiers": [{"kind": "egn", "value": BORN_1875}], **fields})


@pytest.mark.parametrize(
    ("egn", "birth_date"),
    [
        (BORN_1875, date(1875, 3, 16)),  # month + 20: the 19th century
        ("8032056031", date(1880, 12, 5)),
        ("6808070004", date(1968, 8, 7)),  # no addition: the 20th
        ("6101057509", date(1961, 1, 5)),
        ("7542011030", date(2075, 2, 1)),  # month + 40: the 21st
        ("0041010002", date(2000, 1, 1)),  # leading zeros
    ],
)
def test_a_valid_egn_tells_the_date_of_birth(egn: str, birth_date: date) -> None:
    assert person(identifiers=[{"kind": "egn", "value": egn}]).birth_date == birth_date


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("egn", "8019010008", "not a valid EGN"),  # there is no such day
        ("egn", "7552A10004", "not a valid EGN"),
        ("egn", "7523169264", "not a valid EGN"),  # check digit
        ("egn", "41010002", "not a valid EGN"),  # a spreadsheet has eaten the leading zeros
        ("egn", "75231692630", "not a valid EGN"),
        ("egn", "752316 9263", "digits only"),
        ("egn", "752316-9263", "digits only"),
        # Full-width digits are other letters: they would be a second id for the same person.
        ("egn", "７５２３１６９２６３", "digits only"),
        ("lnch", "7111042922", "not a valid LNCH"),
        ("lnch", "711104292", "not a valid LNCH"),
        ("lnch", "7111 042925", "digits only"),
        ("egn", "", "at least 1 character"),
        ("passport", " ", "at least 1 character"),
        ("ssn", "1", "'egn', 'lnch', 'nhis-newborn' or 'passport'"),
    ],
)
def test_a_wrong_national_number_is_refused_and_not_shown(kind: str, value: str, why: str) -> None:
    with pytest.raises(ValidationError) as refused:
        PersonIdentifier(kind=kind, value=value)  # type: ignore[arg-type]
    assert why in str(refused.value)
    assert value.strip() == "" or len(value) == 1 or value not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("lnch", LNCH), ("nhis-newborn", "NB-17"), ("passport", "123456789"), ("egn", f" {BORN_1875}\n")],
)
def test_every_kind_of_number_is_taken(kind: str, value: str) -> None:
    assert PersonIdentifier(kind=kind, value=value).value == value.strip()  # type: ignore[arg-type]


def test_the_kind_decides_how_a_number_is_read() -> None:
    assert person(identifiers=[{"kind": "lnch", "value": LNCH}]).birth_date is None


def test_a_date_of_birth_that_contradicts_the_egn_is_refused() -> None:
    with pytest.raises(ValidationError, match="differs from the one in the EGN"):
        person(birth_date="1975-03-16")


@pytest.mark.parametrize("given", ["1875-03-16", date(1875, 3, 16)])
def test_a_date_of_birth_that_agrees_with_the_egn_is_taken(given: object) -> None:
    assert person(birth_date=given).birth_date == date(1875, 3, 16)


def test_the_egn_tells_the_date_of_birth_also_as_an_object_or_in_json() -> None:
    number = PersonIdentifier(kind="egn", value=BORN_1875)
    as_json = f'{{"identifiers": [{{"kind": "egn", "value": "{BORN_1875}"}}]}}'
    assert Person(identifiers=(number,)).birth_date == date(1875, 3, 16)
    assert Person.model_validate_json(as_json).birth_date == date(1875, 3, 16)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "16.03.1875",
        "18750316",
        "-2991600000",  # pydantic would take seconds since 1970
        -2991600000,
        0,
        True,
        "1875-03-16T00:00:00",
        "1875-13-01",
        "１８７５-03-16",
        [],
    ],
)
def test_only_a_date_is_a_date_of_birth(wrong: object) -> None:
    with pytest.raises(ValidationError, match="birth_date"):
        person(birth_date=wrong)


def test_a_spreadsheets_midnight_is_a_date() -> None:
    midnight = datetime(1875, 3, 16)  # noqa: DTZ001  (what a reader of spreadsheets gives for a date cell)
    assert person(birth_date=midnight).birth_date == date(1875, 3, 16)


@pytest.mark.parametrize("wrong", [5, BORN_1875, [5], [BORN_1875], {"kind": "egn"}, [None], [["kind", "egn"]]])
def test_identifiers_of_a_wrong_shape_are_a_validation_error(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Person.model_validate({"identifiers": wrong, "local_id": "1"})


def test_a_person_needs_a_number() -> None:
    with pytest.raises(ValidationError, match="a national number or a local id"):
        Person(name=PersonName(given=("Проба",)))
    assert Person(local_id="K-1").identifiers == ()


def test_two_numbers_of_one_kind_are_refused() -> None:
    with pytest.raises(ValidationError, match="two identifiers of one kind"):
        person(identifiers=[{"kind": "passport", "value": "1"}, {"kind": "passport", "value": "2"}])


def test_a_name_is_not_empty() -> None:
    with pytest.raises(ValidationError, match="a given or a family name"):
        PersonName()
    assert PersonName(family=" Примерова ").family == "Примерова"


@pytest.mark.parametrize("wrong", ["7079", "070790", 7079, "0707a"])
def test_a_settlement_code_has_five_digits(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Address.model_validate({"ekatte": wrong})
    assert Address(ekatte="07079").ekatte == "07079"


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x0b", "\x1f"])
def test_a_text_with_a_control_character_is_refused(character: str) -> None:
    with pytest.raises(ValidationError, match="control character"):
        person(phone=f"0888{character}1")


def test_lines_and_tabs_in_a_text_are_kept() -> None:
    assert Address(line="ул. Примерна 1\n\tвх. А").line == "ул. Примерна 1\n\tвх. А"


@pytest.mark.parametrize(
    "parts",
    [{"women": 11}, {"women": 6, "men": 5}, {"children": 11}, {"size": 0}, {"women": -1}],
)
def test_the_parts_of_a_group_are_not_more_than_the_whole(parts: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Group.model_validate({"size": 10, **parts})


def test_a_child_is_counted_twice_in_a_group_once_as_a_child() -> None:
    assert Group(size=10, women=6, men=4, children=10).size == 10


def test_where_a_mediator_may_order_is_a_known_destination() -> None:
    with pytest.raises(ValidationError, match="did you mean 'social-services'"):
        Municipality(code="SFO39", name="Самоков", mediators_may_order=("social-service",))


@pytest.mark.parametrize("code", ["SFO39", "BGS04"])
def test_a_municipality_has_its_nsi_code(code: str) -> None:
    assert Municipality(code=code, name="Пример").code == code


@pytest.mark.parametrize("code", ["sfo39", "SFO", "SFO390", "СФО39", ""])
def test_another_code_of_a_municipality_is_refused(code: str) -> None:
    with pytest.raises(ValidationError):
        Municipality(code=code, name="Пример")


@pytest.mark.parametrize("nrn", ["251909005065", "25190900506A"])
def test_a_referral_number_of_the_nhis_has_twelve_characters(nrn: str) -> None:
    assert Referral(destination="gp", nrn=nrn).nrn == nrn
    with pytest.raises(ValidationError):
        Referral(destination="gp", nrn=nrn[1:])


def test_a_result_needs_the_day_of_the_test() -> None:
    with pytest.raises(ValidationError, match="the day of the test"):
        Test(kind="syphilis-rapid", result="positive")
    assert Test(kind="syphilis-rapid").result is None


def test_the_expected_delivery_comes_after_the_last_period() -> None:
    day = date(2026, 1, 5)
    with pytest.raises(ValidationError, match="not after the last menstrual period"):
        Pregnancy(status="pregnant", last_menstrual_period=day, expected_delivery=day)


def test_a_number_keeps_its_digits() -> None:
    assert str(Measurement.model_validate({"kind": "body-weight", "value": "9.20", "unit": "kg"}).value) == "9.20"


@pytest.mark.parametrize(("kind", "unit"), [("body-height", "kg"), ("body-weight", "cm"), ("birth-weight", "cm")])
def test_a_measurement_has_a_unit_of_its_kind(kind: str, unit: str) -> None:
    with pytest.raises(ValidationError, match="a height is in cm"):
        Measurement.model_validate({"kind": kind, "value": 1, "unit": unit})


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", 0, "1,5"])
def test_a_measurement_is_a_positive_number(value: object) -> None:
    with pytest.raises(ValidationError):
        Measurement.model_validate({"kind": "body-weight", "value": value, "unit": "kg"})


NUMBERS = {"egn": BORN_1875, "lnch": LNCH, "nhis-newborn": "N1", "passport": "X1"}


@pytest.mark.parametrize(
    ("kinds", "formerly", "key", "weaker"),
    [
        (["egn"], [], f"egn|{BORN_1875}", []),
        (["passport", "nhis-newborn", "lnch", "egn"], [], f"egn|{BORN_1875}", ["lnch", "nhis-newborn", "passport"]),
        (["passport", "lnch"], [], f"lnch|{LNCH}", ["passport"]),
        (["egn"], ["17", "16"], f"egn|{BORN_1875}", ["register|17", "register|16"]),
        (["egn", "lnch"], ["18"], f"egn|{BORN_1875}", ["lnch", "register|18"]),
        ([], ["17"], "register|18", ["register|17"]),
        # Nobody replaces themselves.
        ([], ["18", "17"], "register|18", ["register|17"]),
        ([], ["18"], "register|18", []),
    ],
)
def test_the_strongest_number_is_the_person_and_replaces_the_others(
    kinds: list[str], formerly: list[str], key: str, weaker: list[str]
) -> None:
    numbers = [{"kind": kind, "value": NUMBERS[kind]} for kind in kinds]
    somebody = person(identifiers=numbers, local_id="18", formerly=formerly)

    assert person_key(somebody, "register") == key
    found = replaced(somebody, "register")
    assert [one.number.kind if one.number else one.key for one in found] == weaker
    assert [one.key for one in found if one.number] == [
        f"{one.number.kind}|{one.number.value}" for one in found if one.number
    ]


def test_a_former_local_id_stands_once() -> None:
    with pytest.raises(ValidationError, match="two former local ids are the same"):
        person(formerly=["17", "17"])


def mediator(**fields: Any) -> Mediator:
    return Mediator.model_validate({"local_id": "M1", "name": {"family": "Примерова"}, **fields})


def test_a_mediator_has_areas_offices_and_hours() -> None:
    found = mediator(
        areas=[
            {"ekatte": "07079", "settlement": "Бургас"},
            {"ekatte": "07079", "settlement": "Бургас", "district": "x"},
        ],
        offices=[{"local_id": "O1", "kind": "office", "name": "Кабинет"}],
        hours=[{"days": ["mon", "fri"], "start": "08:30", "end": "17:00:00"}],
    )
    assert (found.hours[0].start, found.hours[0].end) == (time(8, 30), time(17))
    assert found.model_dump(mode="json")["hours"][0]["start"] == "08:30:00"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"offices": [{"local_id": "H", "kind": "hospital", "name": "x"}]}, "a facility of the kind office"),
        ({"offices": [{"local_id": "O", "kind": "office", "name": name} for name in "xy"]}, "an office stands twice"),
        ({"areas": [{"ekatte": "07079", "settlement": name} for name in "xy"]}, "a service area stands twice"),
        ({"areas": [{"ekatte": "7079", "settlement": "x"}]}, "pattern"),
        ({"areas": [{"settlement": "x"}]}, "Field required"),
    ],
)
def test_offices_and_areas_that_cannot_be_are_refused(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        mediator(**fields)


@pytest.mark.parametrize(
    ("days", "start", "end", "why"),
    [
        (["mon"], "17:00", "08:30", "end after they begin"),
        (["mon"], "08:30", "08:30", "end after they begin"),
        (["mon", "mon"], "08:30", "17:00", "stands twice"),
        ([], "08:30", "17:00", "at least 1"),
        (["monday"], "08:30", "17:00", "'mon'"),
        (["mon"], "8:30", "17:00", "a time of day is written hh:mm"),
        (["mon"], 8, "17:00", "a time of day is written hh:mm"),
        (["mon"], "08:30+02:00", "17:00", "a time of day is written hh:mm"),
        (["mon"], "08:30", "24:00", "hour value"),
    ],
)
def test_working_hours_that_cannot_be_are_refused(days: list[str], start: object, end: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        WorkingHours.model_validate({"days": days, "start": start, "end": end})


def test_unknown_fields_are_refused_everywhere() -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        person(ethnicity="x")
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Facility.model_validate({"local_id": "1", "kind": "office", "name": "x", "color": "y"})
