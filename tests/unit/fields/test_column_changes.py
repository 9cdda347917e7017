"""Columns that are gone, new, or called otherwise: noticed and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from hm_fhir.errors import SettingsError
from hm_fhir.sources.base import Headings, Item, Record, Remark
from hm_fhir.sources.directory import Directory
from hm_fhir.sources.fields.loading import Fields
from hm_fhir.sources.fields.source import FieldsSource

from .conftest import CONTEXT, FOLDER, ROW, Items, all_headings

Load = Callable[[str], Fields]
FORM = """\
fields: form
version: 1.0.0
reads: kobo
record:
  id: {column: _id, required: true}
  day: {column: g/day, type: date, required: true}
  changed: {column: meta.changed, type: moment, required: true}
  tests: {column: g/tests, each: {kind: {column: g/tests/kind}}}
  mood: {column: g/mood, optional: true}
ignored: ["_*", g/secret]
activity:
  local_id: "{{ id }}"
  updated_at: "{{ changed }}"
  mediator: {local_id: M1, name: {given: [Примера]}}
  type: home-visit
  period: {start: "{{ day }}"}
  setting: home
  persons: [{local_id: "{{ id }}", phone: "{{ mood }}"}]
  findings:
    tests:
      "{% for test in tests %}": {kind: "{{ %test.kind }}"}
"""
DOCUMENT = {"_id": "1", "g/day": "2026-01-05", "meta": {"changed": "2026-01-05T10:00:00Z"}}


def read(fields: Fields, items: Sequence[Item]) -> list[Item]:
    return list(FieldsSource(Items(list(items)), fields, Directory(FOLDER / "directory.yaml"), CONTEXT).records())


def remarks(fields: Fields, items: Sequence[Item]) -> list[Remark]:
    return [item for item in read(fields, items) if isinstance(item, Remark)]


def stopped(fields: Fields, names: Sequence[str]) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        read(fields, [Headings("Март:4", tuple(names)), Record("Март:5", ROW)])
    return caught.value


def renamed(fields: Fields, changes: dict[str, str]) -> list[str]:
    return [changes.get(name, name) for name in all_headings(fields) if changes.get(name, name)]


def test_a_column_that_is_gone_stops_the_source_with_the_name_that_it_may_have_now(samokov: Fields) -> None:
    error = stopped(samokov, renamed(samokov, {"ЕГН/ЛНЧ": "ЕГН"}))
    assert error.message == "column 'ЕГН/ЛНЧ' is gone; did it become 'ЕГН'?"
    assert (error.code, error.place) == ("column-gone", "Март:4")
    assert "samokov.yaml" in (error.fix or "")


def test_a_column_that_is_gone_without_a_likely_name(samokov: Fields) -> None:
    assert stopped(samokov, renamed(samokov, {"Бележка": ""})).message == "column 'Бележка' is gone"


def test_several_columns_that_are_gone_are_named_together(samokov: Fields) -> None:
    error = stopped(samokov, renamed(samokov, {"Тест": "Тестове", "Бележка": ""}))
    assert error.message == "columns 'Тест' and 'Бележка' are gone; did they become others: 'Тест' 'Тестове'?"


@pytest.mark.parametrize(
    ("heading", "letters"),
    [("EГН", "'E': Latin"), ("EГH", "'E', 'H': Latin"), ("eгh", "'e', 'h': Latin")],
)
def test_a_heading_with_letters_that_look_alike_is_named_with_them(load: Load, heading: str, letters: str) -> None:
    fields = load(FORM.replace("column: g/day", "column: ЕГН").replace("reads: kobo", "reads: csv"))
    error = stopped(fields, ("_id", "meta.changed", "g/tests", heading))
    assert error.message == (
        f"column 'ЕГН' is gone; {heading!r} differs from 'ЕГН' only in letters that look alike ({letters})"
    )


def test_headings_that_look_alike_are_named_though_most_columns_are_gone(samokov: Fields) -> None:
    changes = {name: name.replace("е", "e").replace("а", "a") for name in all_headings(samokov)}
    error = stopped(samokov, renamed(samokov, changes))
    assert "'Пол'" not in error.message
    assert "'Дaтa' differs from 'Дата' only in letters that look alike ('a': Latin)" in error.message
    assert "did it become" not in error.message


def test_a_column_that_may_be_absent_and_looks_alike_is_said(load: Load) -> None:
    fields = load(FORM.replace("column: g/mood", "column: Име"))
    (remark,) = remarks(fields, [Headings("t:1", ("_id", "g/day", "meta.changed", "g/tests", "Имe"))])
    assert remark.message == (
        "new column is not read: 'Имe'; 'Имe' differs from 'Име' only in letters that look alike ('e': Latin)"
    )
    assert remarks(fields, [Headings("t:1", ("_id", "g/day", "meta.changed", "g/tests", "Име"))]) == []


def test_a_key_of_documents_that_looks_alike_is_said(load: Load) -> None:
    document = {**DOCUMENT, "g/dаy": "x"}
    del document["g/day"]
    (remark,) = remarks(load(FORM), [Record("form:1", document)])
    assert "'g/dаy' differs from 'g/day' only in letters that look alike ('а': Cyrillic)" in remark.message


def test_a_lower_heading_that_stands_twice_is_to_be_written_in_full(load: Load) -> None:
    fields = load(FORM.replace("column: g/day", "column: ЕГН").replace("reads: kobo", "reads: xlsx"))
    names = ("_id", "meta.changed", "g/tests", "Лице / ЕГН", "Придружител / ЕГН")
    assert stopped(fields, names).message == (
        "column 'ЕГН' is gone; 'ЕГН' stands there twice, as 'Лице / ЕГН' and as 'Придружител / ЕГН': write the one "
        "that is meant in full"
    )
    assert stopped(fields, names[:-1]).message == (
        "column 'ЕГН' is gone; 'ЕГН' is the lower half of 'Лице / ЕГН': write it in full"
    )


def test_a_heading_that_a_comment_cut_off_is_to_be_written_in_quotes(load: Load) -> None:
    fields = load(
        FORM.replace("{column: g/day, type: date, required: true}", "\n    column: Ред # 1\n    type: date")
    )
    assert stopped(fields, ("_id", "meta.changed", "g/tests", "Ред # 1")).message == (
        "column 'Ред' is gone; 'Ред # 1' holds a #, after which YAML reads a comment: write it in quotes"
    )


def test_a_table_without_headings_shows_nobody(samokov: Fields) -> None:
    error = stopped(samokov, list(ROW.values()))
    assert "gone" in error.message
    assert "did it become" not in str(error)
    for column in ("№ по ред", "ЕГН/ЛНЧ", "Имена", "Населено място (ЕКАТТЕ)", "Дата", "Последна промяна"):
        assert ROW[column] not in str(error)


def test_case_line_breaks_and_hard_spaces_of_a_heading_do_not_matter(samokov: Fields) -> None:
    changes = {"Последна промяна": "ПОСЛЕДНА\n промяна", "Вид дейност": "Вид\u00a0дейност"}
    row = {changes.get(name, name): value for name, value in ROW.items()}
    items = [Headings("table:1", tuple(renamed(samokov, changes))), Record("table:2", row)]
    source = FieldsSource(Items(items), samokov, Directory(FOLDER / "directory.yaml"), CONTEXT)
    record = next(item for item in source.records() if isinstance(item, Record))
    assert source.activity(record).activity.type == "home-visit"


def test_two_headings_that_differ_in_case_alone_stop_the_source(samokov: Fields) -> None:
    error = stopped(samokov, [*all_headings(samokov), "ДАТА"])
    assert (error.code, error.message.startswith("two columns have the heading 'Дата'")) == ("same-heading", True)


def test_a_new_column_is_said_and_nothing_stops(samokov: Fields) -> None:
    (remark,) = remarks(samokov, [Headings("Март:4", (*all_headings(samokov), "Подпис", "Вид 2"))])
    assert (remark.place, remark.code) == ("Март:4", "new-columns")
    assert remark.message == "new columns are not read: 'Подпис', 'Вид 2'"


def test_a_name_with_a_long_number_is_not_shown(samokov: Fields) -> None:
    (remark,) = remarks(samokov, [Headings("Март:4", (*all_headings(samokov), "0350509927"))])
    assert remark.message == "1 new columns are not read"


def test_a_column_that_may_be_absent_stops_nothing(load: Load) -> None:
    names = ("_id", "g/day", "meta.changed", "g/tests")
    assert remarks(load(FORM), [Headings("t:1", names)]) == []
    with pytest.raises(SettingsError, match="column 'g/tests' is gone"):
        remarks(load(FORM), [Headings("t:1", names[:-1])])


def test_a_column_of_a_database_may_hold_the_list_that_is_split(load: Load) -> None:
    text = FORM.replace("reads: kobo", "reads: sql\nsplit: v").replace("column: g/day", "column: v.day")
    text = text.replace("column: g/mood", 'column: "v#"')
    assert remarks(load(text), [Headings("t:1", ("_id", "v", "meta", "g/tests"))]) == []
    with pytest.raises(SettingsError, match=r"column 'v\.day' is gone"):
        remarks(load(text), [Headings("t:1", ("_id", "meta", "g/tests"))])


def test_a_column_is_not_found_in_another_one_that_is_read_itself(load: Load) -> None:
    text = FORM.replace("column: g/day", "column: _id.day")
    with pytest.raises(SettingsError, match=r"column '_id\.day' is gone"):
        remarks(load(text), [Headings("t:1", ("_id", "meta.changed", "g/tests"))])


def test_one_of_several_headings_is_enough(load: Load) -> None:
    fields = load(FORM.replace("column: g/day", "column: [g/day, day]"))
    assert remarks(fields, [Headings("t:1", ("_id", "day", "meta.changed", "g/tests"))]) == []


def test_keys_of_documents_that_nobody_declared_are_said_once_at_the_end(load: Load) -> None:
    documents = [
        Record("form:1", {**DOCUMENT, "g/daytime": "x", "_tags": [], "g/secret": 1}),
        Record("form:2", DOCUMENT),
    ]
    *_, last = items = read(load(FORM), documents)
    assert [type(item) for item in items] == [Record, Record, Remark]
    assert last == Remark("register", "new-columns", "new column is not read: 'g/daytime'")


def test_a_key_that_no_document_has_any_more_is_named_beside_the_new_one(load: Load) -> None:
    changed = {"_id": "1", "g/days": "2026-01-05", "meta": {"changed": "2026-01-05T10:00:00Z"}}
    (remark,) = remarks(load(FORM), [Record("form:1", changed)])
    assert remark.message == ("new column is not read: 'g/days'; column 'g/day' is gone; did it become 'g/days'?")


def test_keys_inside_of_objects_and_lists_are_looked_at_where_fields_read_in_them(load: Load) -> None:
    document = {
        **DOCUMENT,
        "meta": {"changed": "2026-01-05T10:00:00Z", "author": "x"},
        "g/tests": [{"g/tests/kind": "hiv-rapid", "g/tests/day": "x"}],
    }
    (remark,) = remarks(load(FORM), [Record("form:1", document)])
    assert remark.message == "new columns are not read: 'meta.author', 'g/tests[].g/tests/day'"


def test_what_a_document_leaves_out_is_no_change(load: Load) -> None:
    assert remarks(load(FORM), [Record("form:1", DOCUMENT)]) == []


def test_records_that_are_unreadable_or_deleted_say_nothing_of_columns(load: Load) -> None:
    gone = Record("form:1", {"x": 1}, document="1", deleted=True)
    assert remarks(load(FORM), [gone]) == []
