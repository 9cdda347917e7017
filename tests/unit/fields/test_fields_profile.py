"""What a profile says of columns, and what it never shows."""

from __future__ import annotations

import json
from collections.abc import Callable

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.activity_paths import ActivitySource
from hm_fhir.sources.base import Headings, Record, Remark
from hm_fhir.sources.fields.loading import Fields
from hm_fhir.sources.fields.profile import ColumnProfile, Profile, profile_of
from hm_fhir.sources.fields.source import FieldsSource

from .conftest import CONTEXT, ROW, Items, all_headings, table

Open = Callable[..., FieldsSource]


SHEETS = """\
fields: sheets
version: 1.0.0
reads: rows
split: visits
record:
  id: {column: id, required: true}
  n: {column: visits.n, required: true}
  changed: {column: changed, type: moment, required: true}
  team: {column: team, codes: teams, required: true}
codes:
  teams: {first: М1}
activity:
  local_id: "{{ id }}-{{ n }}"
  updated_at: "{{ changed }}"
  municipality: {code: SFO39, name: Самоков}
  mediator: {local_id: "{{ team }}", name: {given: [Примера]}}
  type: home-visit
  period: {start: "{{ changed }}"}
  setting: home
  persons: [{local_id: "7"}]
"""


def column(profile: Profile, name: str) -> ColumnProfile:
    return next(one for one in profile.columns if one.name == name)


def test_how_often_columns_are_filled_and_how_many_values_differ(open_register: Open) -> None:
    rows = [{**ROW, "№ по ред": str(number), "Час": "9:30" if number % 2 else " "} for number in range(4)]
    profile = profile_of(open_register(*rows))
    assert (profile.records, profile.unreadable) == (4, 0)
    number, hour = column(profile, "№ по ред"), column(profile, "Час")
    assert (number.filled, number.distinct, number.state) == (4, 4, "read")
    assert (hour.filled, hour.distinct, hour.read_as) == (2, 1, "start: time of day")
    assert (
        column(profile, "Бременност").read_as
        == "pregnancy: code of pregnancies; confirmed: code of pregnancy-confirmed"
    )


def test_words_that_no_table_has_are_listed_the_most_frequent_first(open_register: Open) -> None:
    words = ["Разни", "хигиена, Друго, разни  неща", "друго", "Друго"]
    profile = profile_of(open_register(*({**ROW, "Теми": word} for word in [*words, "Разни, разни неща"])))
    assert column(profile, "Теми").unmapped == (("Друго", 2), ("Разни", 2), ("разни неща", 2), ("друго", 1))


def test_a_word_of_a_column_with_two_tables_is_counted_once(open_register: Open) -> None:
    rows = [{**ROW, "Бременност": "може би"}] * 2
    assert column(profile_of(open_register(*rows)), "Бременност").unmapped == (("може би", 2),)


def test_a_word_that_stands_in_one_record_only_may_be_a_name_and_is_counted(open_register: Open) -> None:
    profile = profile_of(open_register({**ROW, "Теми": "Скрита Скритова"}, {**ROW, "Теми": "Тайна"}))
    assert (column(profile, "Теми").unmapped, column(profile, "Теми").hidden) == ((), 2)
    assert "Скрит" not in repr(profile)


def test_a_word_that_is_like_one_of_the_table_is_shown(open_register: Open, samokov: Fields) -> None:
    word = next(iter(samokov.codes["topics"].words))
    profile = profile_of(open_register({**ROW, "Теми": f"{word}а"}))
    assert column(profile, "Теми").unmapped == ((f"{word}а", 1),)


def test_a_word_of_a_document_is_in_one_record_however_many_parts_it_has(load: Callable[[str], Fields]) -> None:
    fields = load(SHEETS)
    sheet = {"id": "1", "team": "Скрита", "visits": [{"n": 1}, {"n": 2}]}
    profile = profile_of(
        FieldsSource(Items([Record("s:1", sheet), Record("s:2", {**sheet, "team": "Тайна"})]), fields, None, CONTEXT)
    )
    assert (column(profile, "team").unmapped, column(profile, "team").hidden) == ((), 4)
    profile = profile_of(FieldsSource(Items([Record("s:1", sheet), Record("s:2", sheet)]), fields, None, CONTEXT))
    assert column(profile, "team").unmapped == (("Скрита", 4),)


def test_a_table_without_headings_shows_nobody(open_register: Open, samokov: Fields) -> None:
    person = ("1", "05.01.2026 10:00", ROW["ЕГН/ЛНЧ"], "Скрита Скритова", "дом")
    items = [Headings("t:1", person), Record("t:2", dict(zip(person, person, strict=True)))]
    for source in (open_register(items=list(items)), ActivitySource(Items(list(items)), CONTEXT)):
        profile = profile_of(source)
        assert [one.name for one in profile.columns[:5]] == [f"(heading {number})" for number in range(1, 6)]
        assert [one.filled for one in profile.columns[:5]] == [1] * 5
        shown = json.dumps(profile.as_json(), ensure_ascii=False) + repr(profile)
        for secret in person[1:4]:
            assert secret not in shown


def test_a_heading_with_a_long_number_is_not_shown(open_register: Open, samokov: Fields) -> None:
    names = (*all_headings(samokov), "Скрита 0350509927")
    profile = profile_of(open_register(items=[Headings("t:1", names), Record("t:2", {**ROW, names[-1]: "x"})]))
    assert column(profile, f"(heading {len(names)})").filled == 1
    assert "Скрита" not in repr(profile)


def test_words_that_may_be_of_people_are_hidden_and_counted(open_register: Open) -> None:
    words = ["0350509927", "ул. Първа 123", "д" * 41]
    profile = profile_of(open_register(*({**ROW, "Теми": word} for word in words)))
    assert (column(profile, "Теми").unmapped, column(profile, "Теми").hidden) == ((), 3)


def test_no_value_of_a_personal_column_is_shown(open_register: Open) -> None:
    secrets = {"Имена": "Скрита Скритова", "Телефон": "+359 000 777777", "Бележка": "Шушукане", "Ново": "Тайнствена"}
    profile = profile_of(open_register({**ROW, **secrets}))
    assert column(profile, "Имена").personal
    shown = json.dumps(profile.as_json(), ensure_ascii=False) + repr(profile)
    for secret in ("Скрит", "777777", "Шушукане", "Тайнствена", ROW["ЕГН/ЛНЧ"]):
        assert secret not in shown


def test_columns_that_are_new_ignored_and_gone(
    open_register: Open, load: Callable[[str], Fields], samokov: Fields
) -> None:
    names = [name for name in all_headings(samokov) if name != "Тест"]
    source = open_register(items=[Headings("t:1", (*names, "Подпис")), Record("t:2", {**ROW, "Подпис": "x"})])
    profile = profile_of(source)
    assert (column(profile, "Подпис").state, column(profile, "Подпис").filled) == ("not declared", 1)
    assert (column(profile, "Тест").state, column(profile, "Тест").filled) == ("gone", 0)


def test_a_key_that_documents_leave_out_is_not_gone(open_register: Open) -> None:
    profile = profile_of(open_register(items=[Record("form:1", ROW)]))
    assert (column(profile, "Тест").state, column(profile, "Тест").filled) == ("read", 0)


def test_documents_are_looked_at_inside(open_register: Open) -> None:
    document = {**ROW, "g": {"a": 1, "b": {"c": 2}}, "l": [{"x": 1}, {"x": 2}], "0350509927": {"y": 1}}
    profile = profile_of(open_register(items=[Record("form:1", document)]))
    assert {"g.a", "g.b.c", "l", "l[].x", "#.y"} <= {one.name for one in profile.columns}
    assert column(profile, "l[].x").filled == 2


def test_unreadable_records_are_counted_and_not_looked_at(open_register: Open) -> None:
    broken = Record("t:3", {"0": "x"}, RecordRejected("broken", code="unreadable"))
    remark = Remark("t", "hidden-sheet", "not read")
    profile = profile_of(open_register(items=[*table(ROW), broken, remark]))
    assert (profile.records, profile.unreadable, profile.remarks) == (2, 1, (remark,))
    assert not any(one.name == "0" for one in profile.columns)


def test_a_limit_ends_the_reading_and_progress_is_told(open_register: Open) -> None:
    told: list[int] = []
    profile = profile_of(open_register(*[ROW] * 5), limit=3, advance=told.append)
    assert (profile.records, sum(told)) == (3, 3)


def test_a_source_without_fields_has_columns_that_nobody_declared() -> None:
    profile = profile_of(ActivitySource(Items(table({"a": "1", "b": "Тайна"})), CONTEXT))
    assert [(one.name, one.state, one.unmapped) for one in profile.columns] == [
        ("a", "not declared", ()),
        ("b", "not declared", ()),
    ]
