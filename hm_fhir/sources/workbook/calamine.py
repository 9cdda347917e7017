"""Workbooks that python-calamine reads: .xls, .xlsb, .ods. It holds a whole sheet in memory, though not as objects.

It gives an empty cell for a cell with an error, and does not tell which rows are hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from hm_fhir.errors import SettingsError
from hm_fhir.sources.workbook.cells import Layout, Merged, Sheet, SheetRow, Unreadable, Value, number


class CalamineBook:
    """A workbook that is open.

    Args:
        path: the file.

    Raises:
        Unreadable: it is damaged, no workbook, or needs a password.
        SettingsError: python-calamine is not installed.
        OSError: it cannot be read.
    """

    from_1904 = False
    unseen: str | None = "cells with errors, which look empty, and which rows are hidden"

    def __init__(self, path: Path) -> None:
        try:
            import python_calamine
        except ImportError:
            raise SettingsError(
                "this kind of workbook needs python-calamine",
                fix="pip install 'hm-fhir[xlsx]', or save the workbook as .xlsx",
            ) from None
        try:
            self._book = python_calamine.CalamineWorkbook.from_path(path)
        except python_calamine.PasswordError:
            raise Unreadable("the workbook needs a password") from None
        except python_calamine.CalamineError:
            raise Unreadable("the file is no workbook, or it is damaged") from None
        self._error: type[Exception] = python_calamine.CalamineError
        self.sheets = tuple(
            Sheet(
                about.name,
                hidden=about.visible != python_calamine.SheetVisibleEnum.Visible,
                has_cells=about.typ == python_calamine.SheetTypeEnum.WorkSheet,
                part=about.name,
            )
            for about in self._book.sheets_metadata
        )

    def layout(self, sheet: Sheet) -> Layout:
        """Return what stands around the cells."""
        found = self._sheet(sheet)
        merged = found.merged_cell_ranges or ()
        areas = (Merged(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in merged)
        return Layout(tuple(areas), rows=found.total_height)

    def rows(self, sheet: Sheet) -> Iterator[SheetRow]:
        """Yield the rows that hold something."""
        found = self._sheet(sheet)
        if found.start is None:
            return
        first = found.start[1]
        for row_number, row in enumerate(found.iter_rows(), 1):
            cells = {
                column: value for column, cell in enumerate(row, first) if (value := _value(cell)) not in (None, "")
            }
            if cells:
                yield SheetRow(row_number, cells)

    def close(self) -> None:
        """Close the file."""
        self._book.close()

    def _sheet(self, sheet: Sheet) -> Any:
        try:
            return self._book.get_sheet_by_name(sheet.part)
        except self._error:
            raise Unreadable("the workbook is damaged: a sheet cannot be read") from None


def _value(cell: Any) -> Value | None:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float):
        return number(repr(cell))
    if isinstance(cell, datetime):
        whole = cell.time() == time()
        return cell.date().isoformat() if whole else cell.isoformat(timespec=_precision(cell.microsecond))
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat(timespec=_precision(cell.microsecond))
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return cell if isinstance(cell, int) else None


def _precision(microseconds: int) -> str:
    return "milliseconds" if microseconds else "seconds"
