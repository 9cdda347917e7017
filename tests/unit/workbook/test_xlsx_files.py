"""Workbooks as files: their sheets, other kinds of file, damaged ones, and what python-calamine reads of the same."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import python_calamine
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.errors import SettingsError
from hm_fhir.sources.base import Headings, Record, Remark, SourceContext, count_of, records_of
from hm_fhir.sources.workbook import xml
from hm_fhir.sources.workbook.calamine import CalamineBook
from hm_fhir.sources.workbook.package import PackageBook
from hm_fhir.sources.xlsx import XlsxOptions, XlsxReader
from hm_fhir.testing.local_systems.xlsx import XlsxSystem

FILES = Path(__file__).with_name("files")


def several_sheets(book: Any) -> None:
    for name in ("01.2026", "02.2026", "Списъци", "Скрит", "Празен"):
        sheet = book.add_worksheet(name)
        if name != "Празен":
            sheet.write_row(0, 0, ["Дата", "Вид"] if name != "Списъци" else ["Код", "Дума"])
            sheet.write_row(1, 0, [name, "x"])
        if name == "Скрит":
            sheet.hide()
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "='01.2026'!$A$1:$A$2"})
    book.add_chartsheet("Графика").set_chart(chart)


def test_all_visible_sheets_with_the_table_are_read_and_the_others_said(office: Any) -> None:
    office.write(several_sheets)
    read = office.read("Дата", "Вид")
    assert [row["Дата"] for row in read.values] == ["01.2026", "02.2026"]
    assert read.remarks == [
        ("other-sheet", "Списъци'"),
        ("hidden-sheet", "register.xlsx sheet 4"),
        ("empty-sheet", "register.xlsx sheet 5"),
        ("other-sheet", "Графика'"),
    ]


@pytest.mark.parametrize(
    ("sheets", "wanted"),
    [
        (("02.2026",), ["02.2026"]),
        ("0?.2026", ["01.2026", "02.2026"]),
        (("02.*", "Скрит"), ["02.2026", "Скрит"]),
    ],
)
def test_sheets_are_chosen_by_name_and_pattern(office: Any, sheets: object, wanted: list[str]) -> None:
    office.write(several_sheets)
    read = office.read("Дата", "Вид", sheets=sheets)
    assert [row["Дата"] for row in read.values] == wanted
    assert read.remarks == []


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Март 2026 г.", "register.xlsx 'Март 2026 г.' row 2"),
        ("окт-дек", "register.xlsx 'окт-дек' row 2"),
        ("Q1 (IV)", "register.xlsx 'Q1 (IV)' row 2"),
        ("Sheet1", "register.xlsx 'Sheet1' row 2"),
        ("Марта Тестова", "register.xlsx sheet 1 row 2"),
        ("Юлия март", "register.xlsx sheet 1 row 2"),
        ("01.03.2026", "register.xlsx '01.03.2026' row 2"),
        ("8501011234", "register.xlsx sheet 1 row 2"),
        ("М 0888 123 456", "register.xlsx sheet 1 row 2"),
        ("II_850101", "register.xlsx sheet 1 row 2"),
    ],
)
def test_a_sheet_that_may_bear_a_persons_name_is_called_by_its_number(office: Any, name: str, place: str) -> None:
    office.table(["Дата", "Вид"], ["1", "2"], sheet=name)
    assert office.read("Дата", "Вид").records[0].place == place


def test_a_sheet_that_the_settings_name_is_called_by_its_name(office: Any) -> None:
    office.table(["Дата", "Вид"], ["1", "2"], sheet="Екип Юг")
    assert office.read("Дата", "Вид", sheets="Екип*").records[0].place == "register.xlsx sheet 1 row 2"
    assert office.read("Дата", "Вид", sheets="Екип Юг").records[0].place == "register.xlsx 'Екип Юг' row 2"


def test_the_name_of_the_sheet_is_a_column_for_those_who_ask_for_it(office: Any) -> None:
    def fill(book: Any) -> None:
        for sheet in ("Март", "Април"):
            book.add_worksheet(sheet).write_row(0, 0, ["№", "Дата"])
            book.get_worksheet_by_name(sheet).write_row(1, 0, ["1", sheet])

    office.write(fill)
    assert [row.get("_sheet") for row in office.read("№", "Дата").values] == [None, None]
    read = office.read("№", "Дата", "_sheet")
    assert read.values == [{"_sheet": name, "№": "1", "Дата": name} for name in ("Март", "Април")]
    assert read.headings == [("№", "Дата", "_sheet")] * 2


def test_a_sheet_without_a_shown_name_is_the_same_table_wherever_it_stands(office: Any) -> None:
    def tables(*sheets: str) -> list[str | None]:
        def fill(book: Any) -> None:
            for sheet in sheets:
                book.add_worksheet(sheet).write_row(0, 0, ["Дата", "Вид"])

        office.write(fill)
        return [item.table for item in office.read("Дата", "Вид").items if isinstance(item, Headings)]

    assert tables("Екип Юг", "Екип Север") == tables("Екип Север", "Екип Юг")[::-1]


@pytest.mark.parametrize("sheets", ["Март", "03.*"])
def test_a_sheet_that_is_not_there_is_a_settings_error(office: Any, sheets: str) -> None:
    office.write(several_sheets)
    with pytest.raises(SettingsError, match=sheets):
        office.read(sheets=sheets)


def test_the_number_of_rows_is_known_for_progress(office: Any) -> None:
    office.table(["Дата", "Вид"], *[["1", "2"]] * 40)
    context = SourceContext("clinic", office.folder, ZoneInfo("Europe/Sofia"))
    assert XlsxReader(XlsxOptions(path=office.path), context).count() == 41
    assert count_of(XlsxReader(XlsxOptions(path=Path("none.xlsx")), context)) is None


def test_a_missing_file_is_a_settings_error(office: Any) -> None:
    with pytest.raises(SettingsError, match="FileNotFoundError"):
        office.read()


def test_a_workbook_with_a_password_is_a_settings_error(office: Any) -> None:
    with pytest.raises(SettingsError, match=r"password\.xlsx: the workbook needs a password"):
        office.read(path=FILES / "password.xlsx")


def test_old_workbooks_are_read_and_what_they_do_not_tell_is_said(office: Any) -> None:
    read = office.read(path=FILES / "register.xls")
    assert read.values == [
        {
            "№": 1, "Лице / ЕГН": 345098765, "Лице / Имена": "Проба", "Дата": "2026-03-05",
            "Промяна": "2026-03-05T09:30:00",
        },
        {
            "№": 2, "Лице / ЕГН": "0345098765", "Лице / Имена": True, "Дата": 46086,
            "Промяна": Decimal("3.25"),
        },
    ]  # fmt: skip
    assert [code for code, _ in read.remarks] == ["unseen", "above-headings", "totals", "hidden-sheet"]


def test_open_document_sheets_are_read(office: Any) -> None:
    cells = [["Дата", "Вид", "Брой"], ["5.3.2026", "посещение", 3]]
    rows = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in cells)
    path = office.folder / "register.ods"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        file.writestr(
            "content.xml",
            '<?xml version="1.0"?><office:document-content '
            'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
            'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
            f'<table:table table:name="Март">{rows}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>",
        )
    assert office.read(path=path).values == [{"Дата": "5.3.2026", "Вид": "посещение", "Брой": 3}]


def ods_cell(value: object) -> str:
    kind = f'float" office:value="{value}' if isinstance(value, int) else "string"
    return f'<table:table-cell office:value-type="{kind}"><text:p>{value}</text:p></table:table-cell>'


def changed(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            found = change(name, content)
            if found is not None:
                file.writestr(name, found)


@pytest.mark.parametrize("content", [b"", b"Data;Vid\n1;2\n", b"PK\x03\x04 and nothing else"])
def test_a_file_that_is_no_workbook_is_a_settings_error(office: Any, content: bytes) -> None:
    office.path.write_bytes(content)
    with pytest.raises(SettingsError, match="no workbook, or it is damaged"):
        office.read()


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize("part", ["workbook.xml", "worksheets/sheet1.xml", "sharedStrings.xml", "styles.xml"])
@pytest.mark.parametrize("damage", [cut_short, lambda _: b"<a", lambda _: None, lambda _: b""])
def test_a_damaged_workbook_never_loses_rows_silently(office: Any, part: str, damage: Any) -> None:
    office.table(["Дата", "Вид"], *[["1", "x"]] * 3)
    changed(office.path, lambda name, content: damage(content) if name == f"xl/{part}" else content)
    with pytest.raises(SettingsError, match="damaged"):
        office.read()


def test_bytes_that_are_damaged_are_found(office: Any) -> None:
    office.table(["Дата", "Вид"], *[[f"{number * 7919}", "x"] for number in range(500)])
    with zipfile.ZipFile(office.path) as file:
        about = file.getinfo("xl/worksheets/sheet1.xml")
    content = bytearray(office.path.read_bytes())
    middle = about.header_offset + about.compress_size // 2
    content[middle : middle + 8] = bytes(8)
    office.path.write_bytes(content)
    with pytest.raises(SettingsError, match="damaged"):
        office.read()


def test_a_document_type_is_refused(office: Any) -> None:
    office.table(["Дата", "Вид"], ["1", "x"])
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>'

    def change(name: str, content: bytes) -> bytes:
        return content.replace(b"?>", b"?>" + bomb, 1) if name.endswith("sheet1.xml") else content

    changed(office.path, change)
    with pytest.raises(SettingsError, match="document type"):
        office.read()


def test_prefixes_of_names_do_not_matter(office: Any) -> None:
    office.table(["Дата", "Вид"], ["1", "x"], [1.5, True])

    def change(name: str, content: bytes) -> bytes:
        if name.endswith(("sheet1.xml", "sharedStrings.xml")):
            head, text = content.split(b"?>", 1)
            text = text.replace(b"</", b"</@x:").replace(b"<", b"<x:").replace(b"<x:/@x:", b"</x:")
            return head + b"?>" + text.replace(b"xmlns=", b"xmlns:x=")
        return content

    before = office.read().values
    changed(office.path, change)
    assert office.read().values == before == [{"Дата": "1", "Вид": "x"}, {"Дата": Decimal("1.5"), "Вид": True}]


def test_cells_and_rows_without_a_place_follow_each_other(office: Any) -> None:
    office.table(["Дата", "Вид"], ["1", "x"])
    changed(
        office.path,
        lambda name, content: re.sub(rb' r="[AB]?2"', b"", content) if name.endswith("sheet1.xml") else content,
    )
    (record,) = office.read().records
    assert (record.place[-5:], record.values) == ("row 2", {"Дата": "1", "Вид": "x"})


def test_texts_inside_the_sheet_are_read(office: Any) -> None:
    office.table(["Дата", "Вид"], ["1", "посещение"], constant_memory=True)
    assert office.read().values == [{"Дата": "1", "Вид": "посещение"}]


def test_a_cell_whose_text_is_missing_is_a_rejected_record(office: Any) -> None:
    office.table(["Дата", "Вид"], ["1", "x"])
    changed(
        office.path,
        lambda name, content: (
            content.replace(b'<c r="B2" t="s"><v>3</v>', b'<c r="B2" t="s"><v>99</v>')
            if name.endswith("sheet1.xml")
            else content
        ),
    )
    (record,) = office.read().records
    assert record.error is not None
    assert record.error.code == "cell-error"


@pytest.mark.parametrize("value", [b"", b"<v></v>", b"<v/>"])
def test_a_formula_that_was_never_computed_is_a_rejected_record(office: Any, value: bytes) -> None:
    office.write(lambda book: fill_formula(book.add_worksheet("Март")))
    changed(
        office.path,
        lambda name, content: (
            content.replace(b"</f><v>0</v>", b"</f>" + value) if name.endswith("sheet1.xml") else content
        ),
    )
    (record,) = office.read().records
    assert record.error is not None
    assert record.error.code == "cell-error"


def test_a_formula_that_gave_an_empty_text_is_an_empty_cell(office: Any) -> None:
    office.write(lambda book: fill_formula(book.add_worksheet("Март")))
    changed(
        office.path,
        lambda name, content: (
            content.replace(b'r="A2"', b'r="A2" t="str"').replace(b"</f><v>0</v>", b"</f><v></v>")
            if name.endswith("sheet1.xml")
            else content
        ),
    )
    assert office.read().values == [{"Вид": "x"}]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("2026-03-05", "2026-03-05"),
        ("2026-03-05T00:00:00.000", "2026-03-05"),
        ("2026-03-05T09:30", "2026-03-05T09:30"),
    ],
)
def test_dates_of_the_strict_form_are_read(office: Any, cell: str, wanted: str) -> None:
    office.table(["Дата", "Вид"], [7, "x"])
    changed(
        office.path,
        lambda name, content: (
            content.replace(b'<c r="A2"><v>7<', f'<c r="A2" t="d"><v>{cell}<'.encode())
            if name.endswith("sheet1.xml")
            else content
        ),
    )
    assert office.read().values == [{"Дата": wanted, "Вид": "x"}]


def fill_formula(sheet: Any) -> None:
    sheet.write_row(0, 0, ["Дата", "Вид"])
    sheet.write_formula(1, 0, "=TODAY()")
    sheet.write(1, 1, "x")


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(str.strip)


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=6), st.booleans(), st.integers(40, 400))
def test_any_table_of_texts_that_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], inline: bool, piece: int
) -> None:
    path = tmp_path_factory.mktemp("any") / "register.xlsx"
    names = ["Дата", "Вид", "Лице"]
    with xlsxwriter.Workbook(str(path), {"constant_memory": inline}) as book:
        sheet = book.add_worksheet("Март")
        for number, row in enumerate([names, *rows]):
            for column, text in enumerate(row):
                sheet.write_string(number, column, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml, "PIECE", piece)
        book = PackageBook(path)
        found = {row.number: row.cells for row in book.rows(book.sheets[0])}
        layout = book.layout(book.sheets[0])
        book.close()
    wanted = {
        number: {column: text for column, text in enumerate(row) if text}
        for number, row in enumerate([names, *rows], 1)
        if any(row)
    }
    assert found == wanted
    assert layout.rows == len(rows) + 1


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 5), st.integers(0, 30)),
        st.one_of(
            st.integers(-(10**6), 10**6),
            st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: round(number, 6)),
            st.booleans(),
            TEXT,
        ),
        min_size=1,
        max_size=12,
    )
)
def test_the_cells_are_those_that_calamine_reads(
    tmp_path_factory: pytest.TempPathFactory, cells: Mapping[tuple[int, int], Any]
) -> None:
    path = tmp_path_factory.mktemp("any") / "register.xlsx"
    with xlsxwriter.Workbook(str(path)) as written:
        sheet = written.add_worksheet("Март")
        sheet.merge_range(20, 2, 21, 4, "x")
        for (row, column), value in cells.items():
            if isinstance(value, str):
                sheet.write_string(row, column, value)
            else:
                sheet.write(row, column, value)
    ours, peer = PackageBook(path), CalamineBook(path)
    own, other = (
        [(row.number, row.cells) for sheet in book.sheets for row in book.rows(sheet)] for book in (ours, peer)
    )
    assert own == other
    assert ours.layout(ours.sheets[0]).merged == peer.layout(peer.sheets[0]).merged
    ours.close()
    peer.close()


def test_calamine_does_not_tell_an_error_from_an_empty_cell(office: Any) -> None:
    """Why .xlsx files have a reader of their own."""
    office.write(lambda book: book.add_worksheet("Март").write_formula(0, 0, "=1/0", None, "#DIV/0!"))
    with python_calamine.CalamineWorkbook.from_path(office.path) as book:
        assert book.get_sheet_by_index(0).to_python() in ([], [[""]])


def test_a_messy_register_holds_the_same_records_as_a_tidy_one(tmp_path: Path) -> None:
    found = []
    for mess in (False, True):
        with XlsxSystem(tmp_path, mess=mess, columns=["№", "Дата", "Лице / ЕГН"], numbers=["Лице / ЕГН"]) as system:
            for number in range(120):
                cells = {"№": number + 1, "Дата": "05.03.2026", "Лице / ЕГН": "0345098765", "Вид": "посещение"}
                sheet = f"{number // 50 + 1:02}.2026"
                system.save({"key": str(number), "changed": "x", "native": {"sheet": sheet, "cells": cells}})
            system.delete("7", "x")
            system.flush()
            first = system.path.read_bytes()
            system.flush()
            assert system.path.read_bytes() == first
            context = SourceContext("clinic", tmp_path, ZoneInfo("Europe/Sofia"))
            for wanted in ((), ("№", "Дата", "Лице / ЕГН", "Вид")):
                reader = XlsxReader(XlsxOptions(**system.options), context)
                if wanted:
                    reader.want(wanted)
                found.append([dict(record.values) for record in records_of(reader)])
    assert len(found[0]) == 119
    assert found[0][0] == {"№": 1, "Дата": "05.03.2026", "Лице / ЕГН": 345098765, "Вид": "посещение"}
    assert found[0] == found[1] == found[2] == found[3]


def messy(folder: Path, **options: Any) -> XlsxSystem:
    """Return the workbook of one sheet with headings in two levels."""
    system = XlsxSystem(folder, mess=True, **options)
    for number in range(60):
        cells = {"№": str(number + 1), "Дата": "05.03.2026", "Лице / ЕГН": "0345098765", "Лице / Имена": "Проба"}
        system.save({"key": str(number), "native": {"cells": cells}})
    system.flush()
    return system


def test_the_lower_headings_are_enough_where_the_headings_stand_again_in_one_row(tmp_path: Path) -> None:
    system = messy(tmp_path)
    context = SourceContext("clinic", tmp_path, ZoneInfo("Europe/Sofia"))
    reader = XlsxReader(XlsxOptions(**system.options), context)
    reader.want(("№", "Дата", "ЕГН", "Имена"))
    items = list(reader.records())
    assert len([item for item in items if isinstance(item, Record)]) == 60
    assert "repeated-headings" in {item.code for item in items if isinstance(item, Remark)}


@pytest.mark.parametrize("option", ["dates", "numbers"])
def test_a_sample_that_names_a_heading_by_its_lower_level_alone_is_told(tmp_path: Path, option: str) -> None:
    with pytest.raises(SettingsError) as caught:
        messy(tmp_path, **{option: ["ЕГН"]})
    assert caught.value.message == f"'ЕГН' in `{option}` of the workbook is the lower level of 'Лице / ЕГН'"
    assert caught.value.fix == "write the heading in full, as it stands in `native`"
