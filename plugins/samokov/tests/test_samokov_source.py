"""How a row of the register is read."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, datetime
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from hm_fhir_samokov import codes
from hm_fhir_samokov.plugin import SamokovSource

from hm_fhir import Activity
from hm_fhir.activities import vocabulary
from hm_fhir.activities.catalogue import TYPES
from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.sources.base import activity_of
from hm_fhir.testing.people import egn, lnch, wrong_check_digit
from hm_fhir.testing.samples import words_found

Make = Callable[..., SamokovSource]
WOMAN = egn(date(2003, 5, 9), 927)
VISIT = {
    "№ по ред": "2026-0001",
    "Дата": "05.01.2026",
    "Час": "9:30",
    "Медиатор": "М1",
    "Вид дейност": "Домашно посещение",
    "Място": "дом",
    "Вид номер": "ЕГН",
    "ЕГН/ЛНЧ": WOMAN,
    "Имена": "Проба Тестова Примерова",
    "Населено място (ЕКАТТЕ)": "07079",
    "Последна промяна": "05.01.2026 16:05",
}


@pytest.fixture
def read(tmp_path: Path, source: Make) -> Callable[..., Activity]:
    def one(_changes: dict[str, str] | None = None, **changes: str) -> Activity:
        path = tmp_path / "register.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, codes.COLUMNS, delimiter=";")
            writer.writeheader()
            writer.writerow(VISIT | changes | (_changes or {}))
        register = source(path)
        (record,) = register.records()
        return activity_of(register, record)

    return one


Read = Callable[..., Activity]


def rejected(read: Read, **changes: str) -> RecordRejected:
    with pytest.raises(RecordRejected) as caught:
        read(changes)
    return caught.value


def test_a_home_visit(read: Read) -> None:
    visit = read(Теми="Имунизации,  хигиена", Пол="ж", Телефон="+359 000 000001")
    assert (visit.type, visit.setting, visit.status) == ("home-visit", "home", "completed")
    assert visit.topics == ("immunisation", "hygiene")
    assert visit.period.start == datetime.fromisoformat("2026-01-05T09:30:00+02:00")
    assert visit.updated_at == datetime.fromisoformat("2026-01-05T16:05:00+02:00")
    assert visit.municipality.code == "SFO39"
    (person,) = visit.persons
    assert person.identifiers[0].value == WOMAN
    assert WOMAN.startswith("0")
    assert person.birth_date == date(2003, 5, 9)
    assert person.name is not None
    assert (person.name.given, person.name.family) == (("Проба", "Тестова"), "Примерова")
    assert person.address is not None
    assert person.address.ekatte == "07079"


def test_a_day_without_a_time_stays_a_day(read: Read) -> None:
    assert read(Час="").period.start == date(2026, 1, 5)


def test_a_foreigner_has_an_lnch_and_a_date_of_birth_of_its_own(read: Read) -> None:
    visit = read({"Вид номер": "ЛНЧ", "ЕГН/ЛНЧ": lnch(123_456_789), "Дата на раждане": "01.02.1990"})
    assert visit.persons[0].identifiers[0].kind == "lnch"
    assert visit.persons[0].birth_date == date(1990, 2, 1)


def test_a_referral(read: Read) -> None:
    visit = read(
        {
            "Вид дейност": "Насочване",
            "Насочен към": "АГ",
            "Лечебно заведение": "АГ-1",
            "Причина": "женска консултация",
            "НРН": "260000000001",
            "Приоритет": "Спешен",
            "Час за преглед": "12.01.2026 10:30",
        }
    )
    assert visit.facility is None
    assert visit.referral is not None
    assert visit.referral.facility is not None
    assert visit.referral.facility.local_id == "АГ-1"
    assert visit.referral.priority == "urgent"
    assert visit.referral.reasons == ("antenatal-check",)
    assert visit.referral.appointment is not None
    assert visit.referral.appointment.start.isoformat() == "2026-01-12T10:30:00+02:00"


def test_a_facility_without_a_referral_is_where_it_happened(read: Read) -> None:
    visit = read({"Вид дейност": "Придружаване", "Място": "кабинет", "Лечебно заведение": "АГ-1"})
    assert visit.facility is not None
    assert visit.facility.kind == "specialist-practice"


def test_pregnancy_and_test(read: Read) -> None:
    visit = read(
        {
            "Вид дейност": "Тест за сифилис",
            "Бременност": "да, потвърдена",
            "ПМ": "01.11.2025",
            "Тест": "RPR",
            "Дата на тест": "04.01.2026",
            "Резултат": "отрицателен",
        }
    )
    pregnancy, (test,) = visit.findings.pregnancy, visit.findings.tests
    assert pregnancy is not None
    assert (pregnancy.status, pregnancy.confirmed) == ("pregnant", True)
    assert pregnancy.last_menstrual_period == date(2025, 11, 1)
    assert (test.kind, test.result, test.done_on) == ("syphilis-rpr", "negative", date(2026, 1, 4))
    assert set(visit.sensitivity) == {"SEX", "STD"}


def test_a_plan(read: Read) -> None:
    visit = read(
        {
            "Вид дейност": "Оценка на нуждите",
            "План/цели": "личен лекар, имунизации",
            "Следващи стъпки": "домашно посещение",
            "Срок": "01.02.2026",
        }
    )
    assert visit.case_plan is not None
    assert [(goal.code, goal.due) for goal in visit.case_plan.goals] == [
        ("gp-chosen", date(2026, 2, 1)),
        ("immunised", date(2026, 2, 1)),
    ]
    assert [step.type for step in visit.case_plan.steps] == ["home-visit"]


def test_a_talk_has_a_group_and_no_person(read: Read) -> None:
    nobody = dict.fromkeys(("Вид номер", "ЕГН/ЛНЧ", "Имена", "Населено място (ЕКАТТЕ)"), "")
    talk = read({**nobody, "Вид дейност": "Беседа", "Място": "махала", "Брой участници": "24"})
    assert talk.persons == ()
    assert talk.group is not None
    assert talk.group.size == 24


def test_a_person_in_a_row_of_a_group_is_not_lost_but_refused(read: Read) -> None:
    assert rejected(read, **{"Вид дейност": "Беседа", "Брой участници": "24"}).code == "invalid-activity"


@pytest.mark.parametrize(("word", "status"), sorted(codes.STATUSES.items()))
def test_status_words(read: Read, word: str, status: str) -> None:
    assert read(Статус=word.upper()).status == status


@pytest.mark.parametrize("column", [*codes.OBLIGATORY, "Вид номер", "ЕГН/ЛНЧ", "Имена"])
def test_an_empty_obligatory_column_is_named(read: Read, column: str) -> None:
    error = rejected(read, **{column: ""})
    assert (error.code, error.place) == ("empty", "register.csv:2")
    assert column in error.message


@pytest.mark.parametrize("column", codes.MEANINGLESS_WITHOUT)
def test_a_column_that_says_nothing_alone_is_not_lost_but_refused(read: Read, column: str) -> None:
    error = rejected(read, **{column: "01.01.2026"})
    assert error.code == "empty"
    assert codes.MEANINGLESS_WITHOUT[column] in error.message


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Медиатор": "М99"}, "unknown-mediator"),
        ({"Лечебно заведение": "ОПЛ-99"}, "unknown-facility"),
        ({"Вид дейност": "ТАЙНА"}, "unknown-code"),
        ({"Теми": "хигиена, ТАЙНА"}, "unknown-code"),
        ({"Дата": "2026-01-05"}, "wrong-date"),
        ({"Дата": "31.02.2026"}, "wrong-date"),
        ({"Час": "25:00"}, "wrong-date"),
        ({"Последна промяна": "05.01.2026"}, "wrong-date"),
        ({"ЕГН/ЛНЧ": wrong_check_digit(WOMAN)}, "invalid-activity"),
        ({"ЕГН/ЛНЧ": WOMAN.removeprefix("0")}, "invalid-activity"),
        ({"Населено място (ЕКАТТЕ)": "7079"}, "invalid-activity"),
        ({"Брой участници": "ТАЙНА", "ЕГН/ЛНЧ": ""}, "invalid-activity"),
    ],
)
def test_a_rejection_has_code_and_place_and_shows_no_value(read: Read, changes: dict[str, str], code: str) -> None:
    planted = {"Имена": "Скрита Скритова", "Телефон": "+359 000 777777", "Бележка": "Шушукане"}
    error = rejected(read, **planted, **changes)
    assert (error.code, error.place) == (code, "register.csv:2")
    secret = ["Скрит", "777777", "Шушукане", WOMAN[1:9], "ТАЙНА", "М99", "ОПЛ-99", "31.02", "25:00"]
    assert words_found(secret, [str(error), repr(error), error.message, error.fix or ""]) == []


def test_a_renamed_column_stops_the_source_and_is_named(tmp_path: Path, source: Make) -> None:
    path = tmp_path / "register.csv"
    path.write_text(";".join(codes.COLUMNS).replace(";Тест;", ";Тестове;") + "\r\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="'Тест' is missing"):
        list(source(path).records())


def test_a_register_without_headings_shows_nobody(tmp_path: Path, source: Make) -> None:
    path = tmp_path / "register.csv"
    path.write_text(";".join(VISIT.get(column, "") for column in codes.COLUMNS) + "\r\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        list(source(path).records())
    assert words_found(["Проба", "Примерова", WOMAN], [str(caught.value)]) == []


def test_a_directory_of_the_deployment_replaces_the_packaged_one(tmp_path: Path, source: Make) -> None:
    (tmp_path / "people.yaml").write_text(
        'municipality: {code: SFO39, name: Самоков}\nmediators: {"7": {given: [Мостра]}}\n', encoding="utf-8"
    )
    register = source(tmp_path / "register.csv", directory="people.yaml")
    with (tmp_path / "register.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, codes.COLUMNS, delimiter=";")
        writer.writeheader()
        writer.writerow(VISIT | {"Медиатор": "7"})
    (record,) = register.records()
    assert activity_of(register, record).mediator.name.given == ("Мостра",)


@pytest.mark.parametrize(
    ("table", "known"),
    [
        (codes.TYPES, TYPES),
        (codes.SETTINGS, vocabulary.SETTINGS),
        (codes.TOPICS, vocabulary.TOPICS),
        (codes.REASONS, vocabulary.REASONS),
        (codes.BARRIERS, vocabulary.BARRIERS),
        (codes.DESTINATIONS, vocabulary.DESTINATIONS),
        (codes.TESTS, vocabulary.TESTS),
        (codes.GOALS, vocabulary.GOALS),
        (codes.OUTCOMES, vocabulary.OUTCOMES),
    ],
    ids=lambda value: getattr(value, "name", "codes"),
)
def test_every_word_stands_for_a_code_that_exists(table: dict[str, str], known: vocabulary.Vocabulary) -> None:
    assert set(table.values()) <= set(known.terms)
    assert all(word == " ".join(word.split()).casefold() for word in table)


def test_every_activity_type_has_a_word() -> None:
    assert set(codes.TYPES.values()) == set(TYPES.terms)


def test_the_entry_point_brings_the_source() -> None:
    (point,) = entry_points(group="hm_fhir", name="samokov")
    (spec,) = point.load().hm_fhir_sources()
    assert (spec.name, spec.open) == ("samokov", SamokovSource)
