"""Rows of offices that are no records, and rows that are, whatever they look like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

HEADS = ["№", "Дата", "Вид", "Брой"]
ROW = [1, "05.03.2026", "посещение", 3]


def kinds(office: Any, *rows: Sequence[object]) -> list[tuple[str, str]]:
    office.table(HEADS, *rows)
    remarks: list[tuple[str, str]] = office.read(*HEADS).remarks
    return remarks


def test_empty_rows_are_no_records(office: Any) -> None:
    office.table(HEADS, [], ROW, [None, " ", "", "\u00a0"], [], ROW)
    read = office.read()
    assert [record.place[-5:] for record in read.records] == ["row 3", "row 6"]
    assert read.remarks == []


@pytest.mark.parametrize(
    "total",
    [
        ["Общо", None, None, 7],
        ["ОБЩО:", None, None, "=SUM(D2:D3)"],
        [None, "Всичко за март", 12, 7],
        [None, None, "Междинна сума", 7],
        ["Общо", "Общо", 3, 7],
        [None, None, None, "=SUBTOTAL(9,D2:D3)"],
    ],
)
def test_totals_are_said(office: Any, total: list[object]) -> None:
    assert kinds(office, ROW, total, ROW) == [("totals", "Март' row 3")]


@pytest.mark.parametrize(
    "record",
    [
        [1, "05.03.2026", "Общо", 3],
        ["Общо", "05.03.2026", "посещение", 3],
        [None, None, "Общозначима беседа", 3],
        ["2", None, None, "=SUM(1,2)"],
        [3, "05.03.2026", None, None],
        [3, "Изготвил документи", "помощ с документи", 5, "x", "y"],
        [None, None, "посещение", None],
        [None, None, None, 7],
    ],
)
def test_a_doubtful_row_is_a_record(office: Any, record: list[object]) -> None:
    office.table([*HEADS, "А", "Б"], ROW, record)
    read = office.read(*HEADS)
    assert len(read.records) == 2
    assert read.remarks == []


def test_words_of_totals_can_be_said(office: Any) -> None:
    office.table(HEADS, ["Резултат", None, None, 7])
    assert office.read(totals=("резултат",)).remarks == [("totals", "Март' row 2")]


def test_signatures_and_what_stands_below_them_are_said(office: Any) -> None:
    below = [["Изготвил:", None, "............"], [None, "/длъжност/"], [None, None, "Дата: 31.03.2026"]]
    assert kinds(office, ROW, [], *below) == [("signatures", "Март' rows 4-6")]


def test_a_record_below_the_signatures_is_still_a_record(office: Any) -> None:
    office.table([*HEADS, "А"], ROW, ["Подпис:"], ["Проверил", "/длъжност/"], [*ROW, "x"])
    read = office.read(*HEADS)
    assert [record.place[-5:] for record in read.records] == ["row 2", "row 4", "row 5"]
    assert read.remarks == [("signatures", "Март' row 3")]


def test_in_a_narrow_table_a_full_row_is_a_record_also_below_a_signature(office: Any) -> None:
    office.table(["Дата", "Вид", "Брой"], ["Изготвил:"], ["05.03.2026", "посещение", 2], ["06.03.2026", "посещение"])
    assert len(office.read().records) == 2


def narrow(count: int) -> list[list[object]]:
    return [[number, f"{number:02}.03.2026", "посещение"] for number in range(1, count + 1)]


def coded(count: int) -> list[list[object]]:
    return [[f"а{number}", f"{number:02}.03.2026 10:00"] for number in range(1, count + 1)]


@pytest.mark.parametrize("columns", [3, 8])
@pytest.mark.parametrize("rows", [narrow(20), coded(20)], ids=["numbers", "codes"])
@pytest.mark.parametrize("note", ["Забележка", "Изготвил: М. Примерова", "Печат"])
def test_a_note_in_the_middle_hides_no_record(office: Any, columns: int, rows: list[list[object]], note: str) -> None:
    heads = ["№", "Дата", "Вид", "К4", "К5", "К6", "К7", "К8"][:columns]
    below = [["Изготвил:"], [None, "М. Примерова"], ["Дата: 31.03.2026"]]
    office.table(heads, *rows[:10], [note], *rows[10:], [], *below)
    read = office.read(*heads)
    assert [list(values.values()) for values in read.values] == rows
    assert read.remarks == [("signatures", "Март' rows 12, 24-26")]


@pytest.mark.parametrize(
    "row",
    [
        [None, "05.03.2026"],
        [None, "5 март 2026 г."],
        [None, "05.03.2026 (четвъртък)"],
        [None, None, None, 2],
        ["а7", None, "посещение"],
        [None, None, "посещение", None, "М. Примерова"],  # texts where records have texts
    ],
)
def test_what_looks_like_a_record_is_no_signature(office: Any, row: list[object]) -> None:
    heads = ["Номер", "Дата", "Вид", "Брой", "Име", "А", "Б", "В"]
    full = [1, "05.03.2026", "посещение", 3, "Х. Примеров"]
    office.table(heads, full, full, ["Изготвил:"], [None, "М. Примерова"], row)
    read = office.read()
    assert read.records[-1].place.endswith("row 6")
    assert ("signatures", "Март' row 4") in read.remarks


def test_texts_between_a_note_and_a_record_are_records(office: Any) -> None:
    office.table([*HEADS, "А"], ROW, ["Забележка"], ["без номер", "без дата"], [None, "само текст"], ROW)
    read = office.read(*HEADS)
    assert [record.place[-5:] for record in read.records] == ["row 2", "row 4", "row 5", "row 6"]
    assert read.remarks == [("signatures", "Март' row 3")]


def test_a_signature_before_headings_again_ends_a_table(office: Any) -> None:
    block: list[Any] = [["Изготвил:", "М. Примерова"], [None, "/длъжност/"]]
    assert kinds(office, ROW, *block, HEADS, ROW, *block) == [
        ("signatures", "Март' rows 3-4, 7-8"),
        ("repeated-headings", "Март' row 5"),
    ]


def test_more_rows_than_signatures_have_are_records(office: Any) -> None:
    texts: list[list[object]] = [[None, f"{letter} {letter}"] for letter in "абвгдежзийклмнопрстуфхцчшщъьюя"]
    office.table(HEADS, ROW, ["Забележка"], *texts)
    assert len(office.read(*HEADS).records) == 1 + len(texts)


@pytest.mark.parametrize("row", [["Приел документи", "05.03.2026"], ["Приел документи", None, 2]])
def test_a_row_with_a_day_or_a_number_is_a_record_though_it_begins_like_a_signature(
    office: Any, row: list[object]
) -> None:
    office.table(["Вид", "Дата", "Брой"], ["посещение", "05.03.2026", 1], row)
    assert len(office.read().records) == 2


def test_a_row_below_a_merged_cell_of_a_record_is_no_signature(office: Any) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        sheet.write_row(0, 0, ["Дата", "Вид", "Брой"])
        sheet.merge_range(1, 0, 3, 0, "05.03.2026")
        sheet.write_column(1, 1, ["посещение", "Подпис на декларация", "беседа"])

    office.write(fill)
    assert len(office.read().records) == 3


def test_rows_that_are_numbered_ahead_are_said(office: Any) -> None:
    assert kinds(office, ROW, [2], ["3."], [4]) == [("numbered-ahead", "Март' rows 3-5")]


def test_columns_that_are_filled_ahead_can_be_said(office: Any) -> None:
    office.table(["№", "Медиатор", "Дата"], [1, "М-1", "05.03.2026"], [2, "М-1"], [3, "М-1"])
    read = office.read(filled_ahead=("№", "медиатор"))
    assert len(read.records) == 1
    assert read.remarks == [("numbered-ahead", "Март' rows 3-4")]


def test_headings_in_the_middle_of_a_sheet_are_said(office: Any) -> None:
    assert kinds(office, ROW, HEADS, ROW, [None, "ДАТА", "Вид"]) == [("repeated-headings", "Март' rows 3, 5")]


def test_both_levels_of_repeated_headings_are_said(office: Any) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        for row in (0, 3):
            sheet.merge_range(row, 0, row + 1, 0, "Дата")
            sheet.merge_range(row, 1, row, 2, "Лице")
            sheet.write_row(row + 1, 1, ["ЕГН", "Имена"])
            sheet.write_row(row + 2, 0, ["1", "2", "x"])

    office.write(fill)
    read = office.read()
    assert read.values == [{"Дата": "1", "Лице / ЕГН": "2", "Лице / Имена": "x"}] * 2
    assert read.remarks == [("repeated-headings", "Март' rows 4-5")]


@pytest.mark.parametrize("numbers", [[1, 2, 3, 4], ["1", "2", "3", "4"], [0, 1, 2, 3]])
def test_numbers_of_the_columns_below_the_headings_are_said(office: Any, numbers: list[object]) -> None:
    assert kinds(office, numbers, ROW) == [("column-numbers", "Март' row 2")]


def test_numbers_that_count_further_down_are_a_record(office: Any) -> None:
    assert kinds(office, ROW, [1, 2, 3, 4]) == []


def test_a_text_over_several_columns_is_said(office: Any) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        sheet.write_row(0, 0, HEADS)
        sheet.merge_range(1, 0, 1, 3, "Първа седмица")
        sheet.write_row(2, 0, ROW)

    office.write(fill)
    read = office.read()
    assert len(read.records) == 1
    assert read.remarks == [("section-rows", "Март' row 2")]


def test_a_cell_over_several_rows_holds_for_each_of_them(office: Any) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        sheet.write_row(0, 0, ["Дата", "Вид"])
        sheet.merge_range(1, 0, 3, 0, "05.03.2026")
        sheet.write_column(1, 1, ["а", "б", None, "г"])

    office.write(fill)
    read = office.read()
    assert read.values == [{"Дата": "05.03.2026", "Вид": "а"}, {"Дата": "05.03.2026", "Вид": "б"}, {"Вид": "г"}]
    assert read.remarks == [("merged-rows", "Март' row 3")]


def test_hidden_rows_are_read_and_said(office: Any) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        sheet.write_row(0, 0, HEADS)
        for row in range(1, 9):
            sheet.write_row(row, 0, ROW)
        sheet.autofilter(0, 0, 8, 3)
        for row in (2, 3, 6):
            sheet.set_row(row, None, None, {"hidden": True})

    office.write(fill)
    read = office.read()
    assert len(read.records) == 8
    assert read.remarks == [("hidden-rows", "Март' rows 3-4, 7")]


def test_a_remark_is_short_however_many_rows_it_names(office: Any) -> None:
    office.table(HEADS, *([ROW, [7]] * 400))
    ((code, place),) = office.read().remarks
    assert code == "numbered-ahead"
    assert place.endswith("23, 25 ...")
    assert len(place) < 80


def test_a_remark_names_no_value(office: Any) -> None:
    office.table(HEADS, ["Общо", None, None, 54321], ["Изготвил:", "Скрита Проба"], [1, "x", "y", 5])
    said = str([item for item in office.read().items if not hasattr(item, "values")])
    assert "54321" not in said
    assert "Скрита" not in said
