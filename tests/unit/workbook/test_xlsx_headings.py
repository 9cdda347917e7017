"""Where the headings of a sheet stand, and what they are called."""

from __future__ import annotations

from typing import Any

import pytest

from hm_fhir.errors import SettingsError

WANTED = ("Дата", "Лице / ЕГН", "Лице / Имена", "Вид дейност")


def test_headings_of_the_first_row_are_found_by_their_shape(office: Any) -> None:
    office.table(["Дата", "Вид"], ["05.03.2026", "посещение"])
    read = office.read()
    assert read.headings == [("Дата", "Вид")]
    assert read.values == [{"Дата": "05.03.2026", "Вид": "посещение"}]
    assert read.records[0].place == "register.xlsx 'Март' row 2"


def test_titles_above_the_headings_are_not_read_and_said(office: Any) -> None:
    office.table(["РЕГИСТЪР"], ["Месец:", "март"], [], ["Дата", "Вид", "Лице"], ["1", "2", "x"])
    for wanted in ((), ("Дата", "Вид", "Лице")):
        read = office.read(*wanted)
        assert read.headings == [("Дата", "Вид", "Лице")]
        assert read.remarks == [("above-headings", "Март' rows 1-2")]
        assert read.values == [{"Дата": "1", "Вид": "2", "Лице": "x"}]


def test_a_table_can_begin_in_any_column(office: Any) -> None:
    office.table([], [None, None, "Дата", "Вид"], [None, None, "1", "2"])
    assert office.read().values == [{"Дата": "1", "Вид": "2"}]


def two_levels(sheet: Any, row: int, *, is_merged: bool = True) -> None:
    if is_merged:
        sheet.merge_range(row, 0, row + 1, 0, "Дата")
        sheet.merge_range(row, 1, row, 2, "Лице")
        sheet.merge_range(row, 3, row + 1, 3, "Вид\nдейност")
    else:
        sheet.write_row(row, 0, ["Дата", "Лице", None, "Вид дейност"])
    sheet.write_row(row + 1, 1, ["ЕГН", "Имена"])
    sheet.write_row(row + 2, 0, list("abcd"))


@pytest.mark.parametrize("wanted", [(), WANTED])
@pytest.mark.parametrize("title", ["", "РЕГИСТЪР на дейностите"])
def test_headings_in_two_levels_are_joined(office: Any, wanted: tuple[str, ...], title: str) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        if title:
            sheet.merge_range(0, 0, 0, 3, title)
        two_levels(sheet, 2)

    office.write(fill)
    read = office.read(*wanted)
    assert read.headings == [WANTED]
    assert read.values == [dict(zip(WANTED, "abcd", strict=True))]


def test_two_levels_without_merged_cells_are_joined_when_that_is_wanted(office: Any) -> None:
    office.write(lambda book: two_levels(book.add_worksheet("Март"), 1, is_merged=False))
    assert office.read(*WANTED).values == [dict(zip(WANTED, "abcd", strict=True))]


def test_sheets_may_have_different_headings_of_the_same_columns(office: Any) -> None:
    def fill(book: Any) -> None:
        two_levels(book.add_worksheet("Януари"), 0)
        flat = book.add_worksheet("Февруари")
        flat.write_row(3, 0, ["ВИД  дейност", "лице / егн", "Лице / Имена", "Дата"])
        flat.write_row(4, 0, list("dbca"))

    office.write(fill)
    read = office.read(*WANTED)
    assert read.headings == [WANTED, ("ВИД дейност", "лице / егн", "Лице / Имена", "Дата")]
    assert [record.place for record in read.records] == [
        "register.xlsx 'Януари' row 3",
        "register.xlsx 'Февруари' row 5",
    ]


def test_the_lower_heading_alone_is_enough_when_it_is_wanted(office: Any) -> None:
    office.write(lambda book: two_levels(book.add_worksheet("Март"), 0))
    assert office.read("Дата", "ЕГН", "Имена", "Вид дейност").headings == [("Дата", "ЕГН", "Имена", "Вид дейност")]


def test_a_lower_heading_that_stands_twice_keeps_the_upper_one(office: Any) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        sheet.merge_range(0, 0, 0, 1, "Лице")
        sheet.merge_range(0, 2, 0, 3, "Придружител")
        sheet.write_row(1, 0, ["ЕГН", "Имена", "ЕГН", "Имена"])
        sheet.write_row(2, 0, ["1", "2", "3", "4"])

    office.write(fill)
    names = ("ЕГН", "Имена", "Придружител / ЕГН", "Придружител / Имена")
    assert office.read(*names).headings == [names]
    with pytest.raises(SettingsError, match="columns A and C have the same heading") as caught:
        office.read("ЕГН", "Имена")
    assert "write 'Лице / ЕГН' or 'Придружител / ЕГН' in full" in (caught.value.fix or "")


def test_line_breaks_no_break_spaces_and_soft_hyphens_in_headings_do_not_matter(office: Any) -> None:
    office.table(["Вид\nдей\u00adност", "Дата\u00a0на  посещение "], ["1", "2"])
    assert office.read().headings == [("Вид дейност", "Дата на посещение")]


def test_the_wanted_columns_show_the_headings_below_a_table_of_something_else(office: Any) -> None:
    office.table(["Община", "Код", "Област"], ["Пример", "X1", "Y"], [], ["Дата", "Вид"], ["1", "2"])
    read = office.read("Дата", "Вид", "Лице")
    assert read.values == [{"Дата": "1", "Вид": "2"}]
    assert read.remarks == [("above-headings", "Март' rows 1-2")]


def test_a_renamed_column_does_not_hide_the_others(office: Any) -> None:
    office.table(["Дата", "Вид", "ЕГН/ЛНЧ"], ["1", "2", "x"])
    assert office.read("Дата", "Вид", "ЕГН").values == [{"Дата": "1", "Вид": "2", "ЕГН/ЛНЧ": "x"}]


def test_the_rows_of_the_headings_can_be_said(office: Any) -> None:
    office.table(["1", "2"], ["Дата", "Вид"], ["3", "4"])
    assert office.read(heading_rows=(2,)).values == [{"Дата": "3", "Вид": "4"}]
    office.write(lambda book: two_levels(book.add_worksheet("Март"), 4))
    assert office.read(heading_rows=(5, 6)).headings == [WANTED]


def test_headings_that_are_numbers_are_headings(office: Any) -> None:
    office.table(["Медиатор", 1, 2], ["М-1", "а", "б"])
    assert office.read("Медиатор", "1", "2").values == [{"Медиатор": "М-1", "1": "а", "2": "б"}]


def test_a_heading_that_stands_twice_is_refused(office: Any) -> None:
    office.table(["Дата", "Вид", "дата"], ["1", "2", "3"])
    with pytest.raises(SettingsError, match=r"'Март' row 1: columns A and C have the same heading"):
        office.read("Дата", "Вид")


def test_a_heading_that_nobody_wants_may_stand_twice(office: Any) -> None:
    office.table(["Дата", "Вид", "Бележка", "Бележка"], ["1", "2", "x", "y"])
    read = office.read("Дата", "Вид")
    assert read.values == [{"Дата": "1", "Вид": "2", "Бележка": "x"}]
    assert ("same-heading", "Март' row 1") in read.remarks


def test_a_filled_column_without_a_heading_is_said(office: Any) -> None:
    office.table(["Дата", None, "Вид"], ["1", "x", "2"], ["1", None, "2"], ["1", "y", "2"])
    read = office.read()
    assert read.values == [{"Дата": "1", "Вид": "2"}] * 3
    assert read.remarks == [("no-heading", "Март' rows 2, 4")]


def test_the_headings_of_the_best_sheet_are_given_when_none_is_the_table(office: Any) -> None:
    office.table(["Други", "неща", "Дата"], ["1", "2", "3"])
    read = office.read("Дата", *(f"Колона {number}" for number in range(20)))
    assert read.headings == [("Други", "неща", "Дата")]
    assert read.remarks == [("other-sheet", "Март'")]
    assert read.records == []


def test_a_workbook_without_headings_is_refused(office: Any) -> None:
    office.table([1, 2], [3, 4])
    with pytest.raises(SettingsError, match="no sheet has headings"):
        office.read()
    with pytest.raises(SettingsError, match="no sheet has headings"):
        office.read("Дата")
