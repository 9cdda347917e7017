"""A whole register by its fields: what Python read from it before, YAML reads now."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import Understood, activity_of, records_of
from hm_fhir.sources.fields.loading import Fields
from hm_fhir.sources.fields.source import FieldsSource
from hm_fhir.testing.people import egn, lnch, wrong_check_digit

from .conftest import FOLDER, ROW

Register = Callable[..., Understood]
OBLIGATORY = ("№ по ред", "Дата", "Медиатор", "Вид дейност", "Място", "Последна промяна")


def rejected(register: Register, changes: dict[str, Any]) -> RecordRejected:
    with pytest.raises(RecordRejected) as caught:
        register(changes)
    return caught.value


def test_the_fields_have_no_mistake_and_nothing_that_looks_like_one(samokov: Fields) -> None:
    assert samokov.warnings == ()
    assert (samokov.label, samokov.reads, len(samokov.columns)) == ("samokov-register 1.0.0", "csv", 37)


def test_each_row_gives_the_activity_that_python_gave(open_register: Callable[..., FieldsSource]) -> None:
    """The activities were made by the plugin's Python, before fields replaced it."""
    with (FOLDER / "register" / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    lines = (FOLDER / "register" / "activities.ndjson").read_text(encoding="utf-8").splitlines()
    source = open_register(*rows)
    found = [activity_of(source, record) for record in records_of(source)]
    wanted = [Activity.model_validate_json(line).model_copy(update={"system": "register"}) for line in lines]
    assert len(found) == 22
    assert found == wanted


def test_a_home_visit(register: Register) -> None:
    visit = register({"Теми": "Имунизации,  хигиена", "Пол": "ж", "Телефон": "+359 000 000001"}).activity
    assert (visit.type, visit.setting, visit.status) == ("home-visit", "home", "completed")
    assert visit.topics == ("immunisation", "hygiene")
    assert visit.period.start == datetime.fromisoformat("2026-01-05T09:30:00+02:00")
    assert visit.municipality.code == "SFO39"
    (person,) = visit.persons
    assert person.name is not None
    assert (person.name.given, person.name.family) == (("Проба", "Тестова"), "Примерова")
    assert person.birth_date == date(2003, 5, 9)


def test_a_day_without_a_time_stays_a_day(register: Register) -> None:
    assert register({"Час": ""}).activity.period.start == date(2026, 1, 5)


def test_a_foreigner_has_a_date_of_birth_of_its_own(register: Register) -> None:
    foreigner = {"Вид номер": "ЛНЧ", "ЕГН/ЛНЧ": lnch(123_456_789), "Дата на раждане": "01.02.1990"}
    assert register(foreigner).activity.persons[0].birth_date == date(1990, 2, 1)


def test_a_facility_is_that_of_the_referral_or_where_it_happened(register: Register) -> None:
    sent = register({"Насочен към": "АГ", "Лечебно заведение": "АГ-1"}).activity
    assert sent.facility is None
    assert sent.referral is not None
    assert sent.referral.facility is not None
    assert (sent.referral.facility.local_id, sent.referral.priority) == ("АГ-1", "routine")
    there = register({"Лечебно заведение": "АГ-1"}).activity
    assert there.referral is None
    assert there.facility is not None
    assert there.facility.local_id == "АГ-1"


def test_one_column_read_by_two_tables_says_two_things(register: Register) -> None:
    pregnancy = register({"Бременност": "да, потвърдена", "ПМ": "01.11.2025"}).activity.findings.pregnancy
    assert pregnancy is not None
    assert (pregnancy.status, pregnancy.confirmed) == ("pregnant", True)


def test_a_loop_gives_the_goals_of_a_plan(register: Register) -> None:
    plan = register({"План/цели": "личен лекар, имунизации", "Срок": "01.02.2026"}).activity.case_plan
    assert plan is not None
    assert [(goal.code, goal.due) for goal in plan.goals] == [
        ("gp-chosen", date(2026, 2, 1)),
        ("immunised", date(2026, 2, 1)),
    ]


def test_a_talk_has_a_group_and_no_person(register: Register) -> None:
    nobody = dict.fromkeys(("Вид номер", "ЕГН/ЛНЧ", "Имена", "Населено място (ЕКАТТЕ)"), "")
    talk = register({**nobody, "Вид дейност": "Беседа", "Брой участници": "24"}).activity
    assert (talk.persons, talk.group.size if talk.group else None) == ((), 24)


@pytest.mark.parametrize("column", OBLIGATORY)
def test_an_empty_obligatory_column_is_named(register: Register, column: str) -> None:
    error = rejected(register, {column: ""})
    assert (error.code, error.place) == ("empty", "table:2")
    assert repr(column) in error.message


@pytest.mark.parametrize(
    ("column", "other"),
    [
        ("НРН", "Насочен към"),
        ("Приоритет", "Насочен към"),
        ("ПМ", "Бременност"),
        ("Резултат", "Тест"),
        ("ЕГН/ЛНЧ", "Имена"),
    ],
)
def test_a_column_that_says_nothing_alone_is_not_lost_but_refused(
    register: Register, column: str, other: str
) -> None:
    words = {"Приоритет": "планов", "Резултат": "неясен"}
    error = rejected(register, {column: words.get(column, ROW.get(column, "01.01.2026")), other: ""})
    assert (error.code, error.message) == ("empty", f"{other!r} is empty")
    assert error.fix == f"{column!r} says nothing without it"


def test_a_reason_of_the_file_refuses_a_record(register: Register) -> None:
    error = rejected(register, {"ЕГН/ЛНЧ": ""})
    assert (error.code, error.message) == ("empty", "'ЕГН/ЛНЧ' is empty, and so is 'Брой участници'")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Медиатор": "М99"}, "unknown-mediator"),
        ({"Лечебно заведение": "ОПЛ-99"}, "unknown-facility"),
        ({"Вид дейност": "ТАЙНА"}, "unknown-code"),
        ({"Теми": "хигиена, ТАЙНА"}, "unknown-code"),
        ({"Дата": "31.02.2026"}, "wrong-date"),
        ({"Час": "25:00"}, "wrong-date"),
        ({"Последна промяна": "05.01.2026"}, "wrong-date"),
        ({"ЕГН/ЛНЧ": wrong_check_digit(ROW["ЕГН/ЛНЧ"])}, "wrong-number"),
        ({"Населено място (ЕКАТТЕ)": "7079"}, "invalid-activity"),
        ({"Брой участници": "ТАЙНА", "ЕГН/ЛНЧ": ""}, "wrong-number"),
        ({"Вид дейност": "Беседа", "Брой участници": "24"}, "invalid-activity"),
    ],
)
def test_a_rejection_has_code_and_place_and_shows_no_value(
    register: Register, changes: dict[str, str], code: str
) -> None:
    planted = {"Имена": "Скрита Скритова", "Телефон": "+359 000 777777", "Бележка": "Шушукане"}
    error = rejected(register, {**planted, **changes})
    assert (error.code, error.place) == (code, "table:2")
    shown = " ".join([str(error), repr(error), error.message, error.fix or ""])
    for secret in ("Скрит", "777777", "Шушукане", ROW["ЕГН/ЛНЧ"][1:9], "ТАЙНА", "М99", "ОПЛ-99", "31.02", "25:00"):
        assert secret not in shown


def test_a_wrong_number_is_named_by_its_column(register: Register) -> None:
    error = rejected(register, {"ЕГН/ЛНЧ": wrong_check_digit(ROW["ЕГН/ЛНЧ"])})
    assert error.message == "'ЕГН/ЛНЧ' is not a valid EGN (length, date or check digit)"
    assert error.__cause__ is None


def test_the_same_number_with_its_kind_missing_is_refused(register: Register) -> None:
    assert rejected(register, {"Вид номер": ""}).message == "'Вид номер' is empty"


def test_people_who_are_born_in_the_future_are_refused(register: Register) -> None:
    assert rejected(register, {"ЕГН/ЛНЧ": egn(date(2027, 1, 1), 1)}).code == "invalid-activity"


def test_the_local_id_of_a_rejected_record_is_known(open_register: Callable[..., FieldsSource]) -> None:
    source = open_register({**ROW, "Дата": "31.02.2026", "Вид дейност": "ТАЙНА"}, {**ROW, "№ по ред": ""})
    first, second = records_of(source)
    assert source.local_id(first) == "2026-0001"
    assert source.local_id(second) is None
