"""A register that an office keeps in a workbook, as tidy or as messy as one wants it.

The workbook is written with XlsxWriter. What an office puts around its rows is asked for with keywords; the rows are
the same whatever stands around them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from hm_fhir.errors import SettingsError
from hm_fhir.testing.local_systems.kept_rows import FileSystem, headings_of
from hm_fhir.testing.local_systems.xlsx_cells import CellWriter

BETWEEN_LEVELS = " / "
_TITLE = "РЕГИСТЪР на дейностите на здравните медиатори"
_WRITTEN_ON = datetime(2026, 1, 1)  # noqa: DTZ001  (the format has no zone)
_ROWS_TO_A_SUBTOTAL = 25
_ROWS_TO_A_HIDDEN_ONE = 7


class XlsxSystem(FileSystem):
    """A workbook, one row a document.

    ``native`` of a document is ``{"sheet": name, "cells": {heading: value}}``; ``sheet`` may be absent. A value is a
    text, a number, true, false, or nothing; in columns of `dates` an ISO day, moment or time of day. A heading in two
    levels is written ``Лице / ЕГН``.

    Args:
        folder: where the workbook is written.
        name: of the file.
        columns: headings that come first, in this order; others follow as documents bring them.
        dates: columns whose days and moments are written in five forms, one after the other: two forms of real dates,
            bare serial numbers, and two forms of text; times of day as real ones and as text.
        numbers: columns whose digits are written as numbers, which lose their leading zeros.
        mess: all of the following.
        titles: rows above the headings.
        levels: headings in two levels with merged cells; in every other sheet only, since offices change them.
        hidden_sheet: a hidden sheet with lists.
        totals: a subtotal below every 25 rows, and a total.
        signatures: lines below the table.
        numbered_ahead: so many rows below the last one have a number and nothing else.
        filtered: a filter, which hides every seventh row.
        repeated: the headings again, above row 41.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "register.xlsx",
        columns: Sequence[str] = (),
        dates: Sequence[str] = (),
        numbers: Sequence[str] = (),
        mess: bool = False,
        titles: bool = False,
        levels: bool = False,
        hidden_sheet: bool = False,
        totals: bool = False,
        signatures: bool = False,
        numbered_ahead: int = 0,
        filtered: bool = False,
        repeated: bool = False,
    ) -> None:
        super().__init__(folder, name)
        self._columns = tuple(columns)
        self._dates = frozenset(dates)
        self._numbers = frozenset(numbers)
        self._titles = titles or mess
        self._levels = levels or mess
        self._hidden_sheet = hidden_sheet or mess
        self._totals = totals or mess
        self._signatures = signatures or mess
        self._numbered_ahead = numbered_ahead or (12 if mess else 0)
        self._filtered = filtered or mess
        self._repeated = repeated or mess

    def flush(self) -> None:
        """Write the workbook.

        Raises:
            SettingsError: XlsxWriter is not installed; `dates` or `numbers` name a heading by its lower level alone.
        """
        try:
            import xlsxwriter
        except ModuleNotFoundError:
            raise SettingsError("workbooks are written with XlsxWriter", fix="pip install XlsxWriter") from None
        sheets: dict[str, list[Mapping[str, Any]]] = {}
        for native in self._documents.values():
            sheets.setdefault(str(native.get("sheet", "Регистър")), []).append(native["cells"])
        headings = headings_of([row for rows in sheets.values() for row in rows], self._columns)
        for option, names in (("dates", self._dates), ("numbers", self._numbers)):
            _check_full(option, names, headings)
        book = xlsxwriter.Workbook(str(self.path))
        book.set_properties({"created": _WRITTEN_ON})
        for position, (sheet, rows) in enumerate((sheets or {"Регистър": []}).items()):
            self._write(book, sheet, headings, rows, has_levels=self._levels and position % 2 == 0)
        if self._hidden_sheet:
            lists = book.add_worksheet("Списъци")
            lists.write_column(0, 0, ["Вид дейност", "домашно посещение", "придружаване"])
            lists.hide()
        book.close()

    def _write(
        self, book: Any, name: str, headings: list[str], rows: list[Mapping[str, Any]], *, has_levels: bool
    ) -> None:
        sheet = book.add_worksheet(name)
        cells = CellWriter(book, sheet, dates=self._dates, numbers=self._numbers)
        line = 0
        if self._titles:
            sheet.merge_range(0, 0, 0, max(1, len(headings) - 1), _TITLE, None)
            sheet.write_string(1, 0, f"Период: {name}")
            line = 3
        top = line
        line = _write_headings(sheet, line, headings, has_levels=has_levels)
        first = line
        for number, row in enumerate(rows, 1):
            if self._repeated and number == 41:
                _write_flat(sheet, line, headings)
                line += 1
            if self._filtered and number % _ROWS_TO_A_HIDDEN_ONE == 0:
                sheet.set_row(line, None, None, {"hidden": True})
            for column, heading in enumerate(headings):
                cells.write(line, column, heading, row.get(heading))
            line += 1
            if self._totals and number % _ROWS_TO_A_SUBTOTAL == 0:
                line = _write_total(sheet, line, "Междинна сума", first, _ROWS_TO_A_SUBTOTAL)
        if self._filtered and headings:
            sheet.autofilter(top + int(has_levels), 0, max(first, line - 1), len(headings) - 1)
        for number in range(self._numbered_ahead):
            sheet.write_number(line, 0, len(rows) + number + 1)
            line += 1
        if self._totals:
            line = _write_total(sheet, line, "Общо:", first, len(rows))
        if self._signatures:
            sheet.write_string(line + 2, 0, "Изготвил: ....................")
            sheet.write_string(line + 3, 1, "/здравен медиатор/")
            sheet.write_string(line + 4, 0, "Проверил: ....................")


def _check_full(option: str, names: Iterable[str], headings: Sequence[str]) -> None:
    for name in sorted(names):
        full = [heading for heading in headings if heading.endswith(BETWEEN_LEVELS + name)]
        if full and name not in headings:
            raise SettingsError(
                f"{name!r} in `{option}` of the workbook is the lower level of {' and of '.join(map(repr, full))}",
                fix="write the heading in full, as it stands in `native`",
            )


def _write_headings(sheet: Any, line: int, headings: list[str], *, has_levels: bool) -> int:
    if not has_levels or not any(BETWEEN_LEVELS in heading for heading in headings):
        _write_flat(sheet, line, headings)
        return line + 1
    column = 0
    while column < len(headings):
        upper, between, _ = headings[column].partition(BETWEEN_LEVELS)
        last = column
        while between and last + 1 < len(headings) and headings[last + 1].startswith(upper + BETWEEN_LEVELS):
            last += 1
        if not between:
            sheet.merge_range(line, column, line + 1, column, upper, None)
        else:
            if last > column:
                sheet.merge_range(line, column, line, last, upper, None)
            else:
                sheet.write_string(line, column, upper)
            for one in range(column, last + 1):
                sheet.write_string(line + 1, one, headings[one].partition(BETWEEN_LEVELS)[2])
        column = last + 1
    return line + 2


def _write_flat(sheet: Any, line: int, headings: list[str]) -> None:
    for column, heading in enumerate(headings):
        sheet.write_string(line, column, heading)


def _write_total(sheet: Any, line: int, word: str, first: int, count: int) -> int:
    sheet.write_string(line, 0, word)
    sheet.write_formula(line, 1, f"=COUNTA(B{first + 1}:B{line})", None, count)
    return line + 1


LOCAL_SYSTEM = XlsxSystem
