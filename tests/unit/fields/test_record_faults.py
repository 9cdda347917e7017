"""Why a record is rejected: all that can be found is said at once, each with its column and never with its value."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import Record, Understood, understand
from hm_fhir.sources.directory import Directory
from hm_fhir.sources.fields.faults import joined
from hm_fhir.sources.fields.loading import Fields
from hm_fhir.sources.fields.origins import fields_named
from hm_fhir.sources.fields.source import FieldsSource
from hm_fhir.testing.people import egn

from .conftest import CONTEXT, FOLDER, ROW, Items

Register = Callable[..., Understood]
WRONG_NUMBER = "0305099271"
NUMBER = egn(date(2003, 5, 9), 927)

VISITS = """\
fields: visits
version: 1.0.0
reads: csv
record:
  number: {column: Номер, required: true}
  changed: {column: Промяна, type: moment, required: true}
  day: {column: Дата, type: date, required: true}
  egn: {column: ЕГН, type: national-number, kind: egn}
  names: {column: [Имена, Име], many: " "}
  born: {column: Роден на, type: date}
  size: {column: Брой, type: integer}
  place: {column: Заведение, type: facility}
  stay: {column: ИЗ №}
  tests: {column: Тестове, each: {name: {column: тест, codes: tests, required: true}, on: {column: ден, type: date}}}
  allowed: {column: Съгласие, type: boolean}
  weeks: {column: Седмица, type: integer}
codes:
  tests: {rpr: syphilis-rpr}
assign:
  - is_group: "{{ size.exists() }}"
activity:
  local_id: "{{ number }}"
  updated_at: "{{ changed }}"
  mediator: {local_id: M1, name: {given: [Примера]}}
  type: home-visit
  period: {start: "{{ day }}"}
  setting: home
  facility: "{{ place }}"
  hospital_stay: "{{ stay }}"
  persons:
    - "{% if %is_group.not() %}":
        identifiers: ["{{ egn }}"]
        birth_date: "{{ born }}"
        name: {given: "{[ names ]}"}
  group: {size: "{{ size }}"}
  findings:
    pregnancy:
      "{% if weeks.exists() %}": {status: pregnant, gestational_age_weeks: "{{ weeks }}"}
    tests:
      "{% for test in tests %}": {kind: "{{ %test.name }}", done_on: "{{ %test.on }}"}
"""
VISIT = {"Номер": "1", "Промяна": "05.01.2026 16:05", "Дата": "05.01.2026", "ЕГН": NUMBER, "Имена": "Проба Тестова"}


@pytest.fixture
def visit(load: Callable[[str], Fields]) -> Callable[..., RecordRejected]:
    """Return why a visit with changes is rejected."""
    source = FieldsSource(Items([]), load(VISITS), Directory(FOLDER / "directory.yaml"), CONTEXT)

    def rejected(**changes: Any) -> RecordRejected:
        values = {**VISIT, **{name.replace("_", " "): value for name, value in changes.items()}}
        with pytest.raises(RecordRejected) as caught:
            understand(source, Record("table:2", values))
        return caught.value

    return rejected


def refused(register: Register, **changes: Any) -> RecordRejected:
    with pytest.raises(RecordRejected) as caught:
        register(changes)
    return caught.value


# --- several faults -------------------------------------------------------------------------------------------------


def test_one_fault_is_said_as_it_is(register: Register) -> None:
    error = refused(register, Дата="35.01.2026")
    assert (error.code, error.place) == ("wrong-date", "table:2")
    assert error.message.startswith("'Дата' is not a date")
    assert error.fix is not None


def test_all_faults_of_a_row_are_said_with_what_to_do(register: Register) -> None:
    error = refused(register, **{"Дата": "35.01.2026", "Вид дейност": "никакъв", "Брой участници": "много"})
    first, second, third = error.message.split("; ")
    assert (error.code, error.place, error.fix) == ("wrong-date", "table:2", None)
    assert first.startswith("'Дата' is not a date")
    assert first.endswith("name its form under `forms` of the column)")
    assert second.startswith("'Вид дейност' has a word that is not in the code table 'types' (")
    assert third == "'Брой участници' is not a whole number (correct it in the local system)"
    assert not [word for word in ("35.01", "никакъв", "много") if word in str(error)]


def test_what_to_do_is_said_once_when_it_is_the_same(register: Register) -> None:
    error = refused(register, **{"№ по ред": "", "Място": ""})
    assert error.message == "'№ по ред' is empty; 'Място' is empty"
    assert error.fix == "fill it in the local system"


def test_a_number_that_the_activity_would_refuse_is_among_them(register: Register) -> None:
    error = refused(register, **{"Място": "", "ЕГН/ЛНЧ": WRONG_NUMBER})
    assert error.code == "empty"
    assert "'Място' is empty" in error.message
    assert "'ЕГН/ЛНЧ' is not a valid EGN" in error.message
    assert WRONG_NUMBER not in str(error)


def test_columns_that_say_nothing_alone_are_among_them(register: Register) -> None:
    error = refused(register, **{"НРН": "123456789012", "Място": ""})
    assert error.message.startswith("'Насочен към' is empty ('НРН' says nothing without it); 'Място' is empty")


def test_more_than_five_faults_are_counted() -> None:
    error = joined(RecordRejected(f"'{number}' is empty", code=f"c{number}") for number in range(8))
    assert error.code == "c0"
    assert error.message.startswith("'0' is empty; '1' is empty")
    assert error.message.endswith("'4' is empty; and 3 more")


def test_the_same_fault_is_said_once() -> None:
    one = RecordRejected("'A' is empty", code="empty", fix="fill it")
    assert joined([one, RecordRejected("'A' is empty", code="empty", fix="'B' needs it")]) is one


def test_all_items_of_a_list_are_looked_at(visit: Callable[..., RecordRejected]) -> None:
    tests = [{"тест": "rpr"}, {"тест": "скрит"}, {"ден": "вчера"}]
    error = visit(Тестове=tests, Дата="")
    said = [part.split(" (")[0] for part in error.message.split("; ")]
    assert said == [
        "'Дата' is empty",
        "item 2 of 'Тестове': 'тест' has a word that is not in the code table 'tests'",
        "item 3 of 'Тестове': 'тест' is empty",
        "item 3 of 'Тестове': 'ден' is not a date in one of the forms day.month.year, day-name-year, iso",
    ]


def test_a_reason_of_the_file_comes_first(register: Register) -> None:
    error = refused(register, **{"ЕГН/ЛНЧ": "", "Имена": "", "Вид номер": ""})
    assert error.message == "'ЕГН/ЛНЧ' is empty, and so is 'Брой участници'"


def test_what_can_be_read_alone_is_rejected_in_the_same_words(open_register: Callable[..., FieldsSource]) -> None:
    source = open_register(ROW)
    with pytest.raises(RecordRejected) as caught:
        source.typed(Record("table:9", {**ROW, "Дата": "x", "Място": "y"}))
    assert caught.value.place == "table:9"
    assert "'Дата'" in caught.value.message
    assert "'Място'" in caught.value.message


# --- where to look when the activity model refuses ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message", "columns"),
    [
        ({"ЕГН": "", "Имена": ""}, "an activity concerns either persons or a group",
         "'Брой' (empty), 'ЕГН' (empty), 'Имена' (empty), 'Роден на' (empty)"),
        ({"Брой": "5"}, "an activity of this type concerns a person", "'ЕГН', 'Имена', 'Роден на' (empty), 'Брой'"),
        ({"ЕГН": ""}, "persons.0: a person needs a national number or a local id",
         "'ЕГН' (empty), 'Имена', 'Роден на' (empty), 'Брой' (empty)"),
        ({"Роден на": "05.01.2004"}, "persons.0: the date of birth differs", "'ЕГН', 'Имена', 'Роден на'"),
        ({"ИЗ №": "7"}, "a stay in hospital needs the hospital", "'ИЗ №', 'Заведение' (empty)"),
        ({"Седмица": "99"}, "findings.pregnancy.gestational_age_weeks: ", "'Седмица'"),
        ({"Тестове": [{"тест": "rpr", "ден": "05.01.2027"}]}, "a finding or decision has a day after",
         "'Промяна', 'тест' in 'Тестове', 'ден' in 'Тестове', 'Седмица' (empty)"),
    ],
)  # fmt: skip
def test_what_the_activity_refuses_names_its_columns_and_which_are_empty(
    visit: Callable[..., RecordRejected], changes: dict[str, Any], message: str, columns: str
) -> None:
    error = visit(**changes)
    assert error.code == "invalid-activity"
    assert error.message.startswith(message)
    named = error.message.rpartition("; look at ")[2]
    assert set(columns.split(", ")) <= set(named.split(", "))
    assert error.fix == "correct it in the local system, or `activity` in fields.yaml"
    assert not [
        value for value in changes.values() if isinstance(value, str) and len(value) > 1 and value in str(error)
    ]


def test_the_name_of_the_column_that_is_filled_is_shown(visit: Callable[..., RecordRejected]) -> None:
    error = visit(ЕГН="", Имена="", Име="Проба")
    assert "; look at 'ЕГН' (empty), 'Име', " in error.message


def test_a_constant_that_is_wrong_for_a_record_is_of_the_file(load: Callable[[str], Fields]) -> None:
    text = VISITS.replace("setting: home", "setting: home\n  hospital_stay: '7'").replace(
        '  hospital_stay: "{{ stay }}"\n', ""
    )
    text = text.replace('  facility: "{{ place }}"\n', "")
    source = FieldsSource(Items([]), load(text), Directory(FOLDER / "directory.yaml"), CONTEXT)
    with pytest.raises(RecordRejected) as caught:
        understand(source, Record("table:2", VISIT))
    assert caught.value.fix == "correct `hospital_stay` and `facility` in fields.yaml: no column says it"


def test_a_wrong_number_and_what_else_the_activity_refuses_are_said_together(
    visit: Callable[..., RecordRejected],
) -> None:
    assert visit(ЕГН=WRONG_NUMBER).message == "'ЕГН' is not a valid EGN (length, date or check digit)"
    error = visit(ЕГН=WRONG_NUMBER, Седмица="99")
    assert error.code == "wrong-number"
    assert "identifiers" not in error.message
    assert "findings.pregnancy.gestational_age_weeks: " in error.message
    assert error.message.endswith(
        "; look at 'Седмица' (correct it in the local system, or `activity` in fields.yaml)"
    )


def test_every_rule_about_a_whole_activity_names_the_fields_that_it_is_about() -> None:
    rules = re.findall(r'raise ValueError\(f?"([^"]+)"\)', inspect.getsource(Activity))
    assert len(rules) > 8
    for rule in rules:
        named = list(fields_named(rule))
        assert named, rule
        assert {path[0] for path in named} <= Activity.model_fields.keys()
