"""CSV as local systems write it: what is read, what is refused, and that nothing is lost or shown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.fhir.json import to_json
from hm_fhir.sources.activity_paths import ActivitySource, unflatten
from hm_fhir.sources.base import Headings, Item, Record, Remark, SourceContext, records_of
from hm_fhir.sources.csv import KIND, CsvOptions, CsvReader, find_encoding
from hm_fhir.testing.local_systems.csv import CsvSystem

Read = Callable[..., list[Record]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def records(content: str | bytes, want: tuple[str, ...] = (), **options: object) -> list[Record]:
        return [item for item in items(tmp_path, content, want, **options) if isinstance(item, Record)]

    return records


def items(folder: Path, content: str | bytes, want: tuple[str, ...] = (), **options: object) -> list[Item]:
    path = folder / "register.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    reader = CsvReader(path, **options)  # type: ignore[arg-type]
    if want:
        reader.want(want)
    return list(reader.records())


def values(records: list[Record]) -> list[dict[str, str]]:
    assert all(record.error is None for record in records)
    return [dict(record.values) for record in records]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_each_encoding_is_found(read: Read, encoding: str) -> None:
    assert values(read("Имена;Бележка\r\nПроба;„ъ“ – №\r\n".encode(encoding))) == [
        {"Имена": "Проба", "Бележка": "„ъ“ – №"}
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "koi8-r"])
def test_a_named_encoding_is_used(read: Read, encoding: str) -> None:
    assert values(read("Имена;Б\r\nПроба;1\r\n".encode(encoding), encoding=encoding)) == [
        {"Имена": "Проба", "Б": "1"}
    ]


def test_one_damaged_line_does_not_turn_a_file_into_other_letters(read: Read) -> None:
    good = "Имена;Б\r\nПроба;1\r\nМостра;2\r\n".encode()
    first, second, damaged = read(good + b"\xcf\xf0;3\r\n")
    assert values([first, second]) == [{"Имена": "Проба", "Б": "1"}, {"Имена": "Мостра", "Б": "2"}]
    assert damaged.error is not None
    assert (damaged.error.code, damaged.place) == ("unreadable", "register.csv:4")
    assert "\\xcf\\xf0" in to_json(dict(damaged.values)).decode().replace("\\\\", "\\")


def test_a_file_cut_inside_a_letter_loses_its_last_row_only(read: Read) -> None:
    first, cut = read("Имена;Б\r\nПроба;1\r\nМостр;а".encode()[:-1])
    assert first.values["Имена"] == "Проба"
    assert cut.error is not None


def test_ascii_is_utf8(tmp_path: Path) -> None:
    (tmp_path / "ascii.csv").write_bytes(b"a;b\r\n1;2\r\n")
    assert find_encoding(tmp_path / "ascii.csv") == "utf-8-sig"


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_each_delimiter_is_found(read: Read, delimiter: str) -> None:
    assert values(read(f"a{delimiter}b\n1{delimiter}2\n")) == [{"a": "1", "b": "2"}]


def test_a_delimiter_inside_quotation_marks_does_not_count(read: Read) -> None:
    assert values(read('"Насочен (ОПЛ, АГ, друг)";Дата\n1;2\n')) == [{"Насочен (ОПЛ, АГ, друг)": "1", "Дата": "2"}]


def test_a_named_delimiter_is_used(read: Read) -> None:
    assert values(read("a|b,c\n1|2\n", delimiter="|")) == [{"a": "1", "b,c": "2"}]


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "a", "\n"])
def test_a_delimiter_that_cannot_be_one_is_refused(delimiter: str) -> None:
    with pytest.raises(ValueError, match="delimiter"):
        CsvOptions(path=Path("x"), delimiter=delimiter)


def test_values_stay_the_text_that_they_are(read: Read) -> None:
    row = {"ЕГН": "0345098765", "ЕКАТТЕ": "07079", "Дата": "01.02.2026", "Число": "1e5", "Дума": "NULL"}
    assert values(read(";".join(row) + "\n" + ";".join(row.values()) + "\n")) == [row]


def test_quoted_fields_keep_delimiters_quotes_and_line_breaks(read: Read) -> None:
    assert values(read('a;b\r\n"x;y";"каза ""да"",\r\nпосле не"\r\n1;2\r\n')) == [
        {"a": "x;y", "b": 'каза "да",\r\nпосле не'},
        {"a": "1", "b": "2"},
    ]


def test_the_place_of_a_row_is_the_line_where_it_begins(read: Read) -> None:
    records = read('"a\nb";c\n"1\n2";3\n\n4;5\n')
    assert [record.place for record in records] == ["register.csv:3", "register.csv:6"]
    assert list(records[0].values) == ["a b", "c"]


def test_empty_values_are_left_out_and_empty_rows_skipped(read: Read) -> None:
    assert values(read("a;b\n ;2\n;\n\n   \n")) == [{"b": "2"}]


def test_a_last_row_without_a_line_end_is_read(read: Read) -> None:
    assert values(read("a;b\n1;2")) == [{"a": "1", "b": "2"}]


@pytest.mark.parametrize("content", ["", "a;b", "a;b\r\n"])
def test_a_file_without_rows_has_no_records(read: Read, content: str) -> None:
    assert read(content) == []


@pytest.mark.parametrize("row", ["1;2", "1", "1;2;3;4"])
def test_a_row_that_does_not_fit_the_headings_is_refused_and_kept(read: Read, row: str) -> None:
    wrong, good = read(f"a;b;c\n{row}\n1;2;3\n")
    assert wrong.error is not None
    assert (wrong.error.code, wrong.error.place) == ("unreadable", "register.csv:2")
    assert list(wrong.values.values()) == row.split(";")
    assert good.error is None


def test_empty_surplus_fields_and_columns_without_a_heading_do_no_harm(read: Read) -> None:
    assert values(read("a;b;;\n1;2;;;;\n3;4;;\n")) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize("opened", ['"отворено;1', '"x"y;1', '1;"отворено'])
def test_a_wrong_quotation_mark_costs_one_line_and_no_other(read: Read, opened: str) -> None:
    records = read(f'a;b\n1;2\n{opened}\n3;4\n"5";6\n7;8\n')
    assert [record.values for record in records if not record.error] == [
        {"a": first, "b": second} for first, second in ("12", "34", "56", "78")
    ]
    (wrong,) = [record for record in records if record.error]
    assert wrong.place == "register.csv:3"
    assert wrong.values == {"0": f"{opened}\n"}


def test_two_lines_with_a_wrong_quotation_mark_are_two_records(read: Read) -> None:
    records = read('a;b\n"1;2\n"1;2\n3;4\n')
    assert [record.place for record in records if record.error] == ["register.csv:2", "register.csv:3"]
    assert [record.values for record in records if not record.error] == [{"a": "3", "b": "4"}]


@given(st.lists(st.text('"a;\n', max_size=8), max_size=8))
def test_whatever_the_quotation_marks_no_line_is_lost(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("any") / "register.csv"
    path.write_text("h;i\n" + "\n".join(lines), encoding="utf-8", newline="")
    kept = "".join("".join(record.values.values()) for record in records_of(CsvReader(path)))
    assert kept.count("a") == "".join(lines).count("a")


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"])), min_size=2, max_size=2)))
def test_what_a_csv_writer_wrote_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([["a", "b"], *rows])
    path = tmp_path_factory.mktemp("any") / "register.csv"
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    wanted = [{key: value for key, value in zip("ab", row, strict=True) if value} for row in rows]
    assert [record.values for record in records_of(CsvReader(path))] == [row for row in wanted if row]


def test_spaces_and_line_breaks_in_headings_do_not_matter(read: Read) -> None:
    assert values(read('" Вид\nдейност ";b\n1;2\n')) == [{"Вид дейност": "1", "b": "2"}]


def test_the_headings_come_before_the_rows(tmp_path: Path) -> None:
    first, row = items(tmp_path, "Дата;;Вид\n1;;2\n")
    assert first == Headings("register.csv:1", ("Дата", "Вид"))
    assert isinstance(row, Record)


def test_headings_below_titles_are_found_by_the_wanted_columns(tmp_path: Path) -> None:
    content = 'Община Пример\n"Период: януари";;\n\nДАТА;Вид  дейност\n1;2\n'
    remark, headings, row = items(tmp_path, content, want=("Дата", "Вид дейност", "Бележка"))
    assert isinstance(remark, Remark)
    assert (remark.place, remark.code) == ("register.csv:1-3", "titles")
    assert headings == Headings("register.csv:4", ("ДАТА", "Вид дейност"))
    assert isinstance(row, Record)
    assert (row.place, row.values) == ("register.csv:5", {"ДАТА": "1", "Вид дейност": "2"})


def test_without_wanted_columns_the_first_line_holds_the_headings(tmp_path: Path) -> None:
    headings, *_ = items(tmp_path, "Община;Пример\nДата;Вид\n")
    assert headings == Headings("register.csv:1", ("Община", "Пример"))


def test_a_heading_has_no_letters_that_nobody_sees(tmp_path: Path) -> None:
    headings, record = items(tmp_path, "\ufeffЕГН\u200b;Да\u00adта\u00a0 на\n1;2\n")
    assert headings == Headings("register.csv:1", ("ЕГН", "Дата на"))
    assert isinstance(record, Record)
    assert record.values == {"ЕГН": "1", "Дата на": "2"}


def test_a_heading_that_stands_twice_is_refused(read: Read) -> None:
    with pytest.raises(SettingsError, match="columns 1 and 3 have the same heading"):
        read("Дата;b;Дата\n1;2;3\n")


def test_headings_that_are_no_csv_are_refused(read: Read) -> None:
    with pytest.raises(SettingsError, match="headings are not a CSV row"):
        read('"a"x;b\n1;2\n')


@pytest.mark.parametrize("first", ["Скрита;0345098765;Скрита", "Имене;0345098765;2"])
def test_a_file_without_headings_shows_nobody(tmp_path: Path, first: str) -> None:
    with pytest.raises(SettingsError) as caught:
        list(paths_source(tmp_path, first + "\n").records())
    assert "Скрита" not in str(caught.value)
    assert "Имене" not in str(caught.value)
    assert "0345098765" not in str(caught.value)


def test_a_missing_file_and_an_unknown_encoding_are_settings_errors(tmp_path: Path, read: Read) -> None:
    with pytest.raises(SettingsError, match="FileNotFoundError"):
        list(CsvReader(tmp_path / "none.csv").records())
    assert CsvReader(tmp_path / "none.csv").count() is None
    with pytest.raises(SettingsError, match="LookupError"):
        read("a\n1\n", encoding="klingon")


def test_lines_are_counted_for_progress(tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_text("a;b\n1;2\n3;4\n", encoding="utf-8")
    assert CsvReader(tmp_path / "register.csv").count() == 2


def test_reading_again_gives_the_same(tmp_path: Path) -> None:
    (tmp_path / "register.csv").write_text('a;b\n"1;2\n3;4\n', encoding="utf-8")
    reader = CsvReader(tmp_path / "register.csv")
    first, second = ([record.values for record in records_of(reader)] for _ in range(2))
    assert first == second


def paths_source(folder: Path, content: str) -> ActivitySource:
    (folder / "activities.csv").write_text(content, encoding="utf-8")
    context = SourceContext("clinic", folder, ZoneInfo("Europe/Sofia"))
    return ActivitySource(KIND.open(CsvOptions(path=Path("activities.csv")), context), context)


def test_headings_that_are_paths_make_an_activity(tmp_path: Path) -> None:
    cells = {
        "local_id": "7",
        "updated_at": "2026-01-05T16:00:00+02:00",
        "municipality.code": "SFO39",
        "municipality.name": "Самоков",
        "mediator.local_id": "M1",
        "mediator.name.given.0": "Мостра",
        "type": "home-visit",
        "setting": "home",
        "period.start": "2026-01-05",
        "persons.0.local_id": "L1",
        "persons.0.name.family": "Примерова",
        "topics.1": "hygiene",
        "topics.0": "nutrition",
    }
    source = paths_source(tmp_path, ";".join(cells) + "\n" + ";".join(cells.values()) + "\n")
    (record,) = records_of(source)
    activity = source.activity(record)
    assert (activity.system, activity.key) == ("clinic", "clinic|7")
    assert activity.topics == ("nutrition", "hygiene")
    assert activity.persons[0].name is not None


def test_a_heading_that_is_no_field_is_named_by_its_column_only(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="heading 2 is no field") as caught:
        list(paths_source(tmp_path, "local_id;Скрита.name\n1;2\n").records())
    assert "Скрита" not in str(caught.value)


@pytest.mark.parametrize("cells", [{"a": "1", "a.b": "2"}, {"a.b": "2", "a": "1"}])
def test_headings_that_contradict_each_other_are_refused(cells: dict[str, str]) -> None:
    with pytest.raises(RecordRejected, match="contradicts"):
        unflatten(cells)


def test_numbers_in_headings_are_list_positions() -> None:
    found = unflatten({"a.10.x": "c", "a.2.x": "b", "a.0.x": "a", "b.²": "no list"})
    assert json.loads(json.dumps(found)) == {"a": [{"x": "a"}, {"x": "b"}, {"x": "c"}], "b": {"²": "no list"}}


def test_a_register_is_written_and_read_again(tmp_path: Path) -> None:
    with CsvSystem(tmp_path, titles=["Община Пример"], columns=["№"], encoding="cp1251") as system:
        for key in "abc":
            cells = {"№": key, "Бележка": 'каза "да"; после не', "Тегло": Decimal("3.25"), "Дошла": True, "П": None}
            system.save({"key": key, "changed": "2026-03-05T10:00:00+02:00", "native": {"cells": cells}})
        system.save({"key": "a", "native": {"cells": {"№": "А", "Ново": 7}}})
        system.delete("b", "2026-03-06T10:00:00+02:00")
        system.flush()
        reader = KIND.open(CsvOptions(**system.options), SourceContext("clinic", tmp_path, ZoneInfo("Europe/Sofia")))
        reader.want(("№", "Ново"))  # type: ignore[attr-defined]
    assert [record.values for record in records_of(reader)] == [
        {"№": "А", "Ново": "7"},
        {"№": "c", "Бележка": 'каза "да"; после не', "Тегло": "3,25", "Дошла": "да"},
    ]
