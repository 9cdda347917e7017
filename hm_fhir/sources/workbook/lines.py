"""Rows of a sheet that are no records: totals, signatures, headings again, numbers written ahead.

Doubtful rows are records: what they lack is said then, by name and place; a row that is skipped is never heard of
again but in a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeGuard

from hm_fhir.sources.headings import heading_key
from hm_fhir.sources.workbook.cells import CellError, Layout, SheetRow, Value
from hm_fhir.sources.workbook.table import Heads

TOTALS = (
    "общо",
    "всичко",
    "сума",
    "сбор",
    "междинна сума",
    "междинен сбор",
    "итого",
    "total",
    "subtotal",
    "grand total",
)
SIGNATURES = (
    "изготвил", "съставил", "проверил", "утвърдил", "одобрил", "съгласувал", "предал", "приел", "подпис", "подписи",
    "ръководител", "кмет", "печат", "забележка", "забележки", "легенда", "signature", "signed", "prepared by",
)  # fmt: skip
NUMBERS = ("№", "№ по ред", "№ по ред.", "no", "no.", "n", "n:", "nr", "#", "пореден №", "пореден номер", "п. №")

SAID = {
    "above-headings": "above the headings, not read",
    "repeated-headings": "the headings again, not read",
    "column-numbers": "numbers of the columns, not read",
    "totals": "totals, not read",
    "signatures": "signatures and notes below the table, not read",
    "section-rows": "one text over several columns, not read",
    "numbered-ahead": "numbered ahead and empty, not read",
    "hidden-rows": "hidden (by a filter or by hand), read",
    "merged-rows": "a merged cell above holds for the row, too: read so",
    "no-heading": "a cell in a column without a heading, not read",
    "cell-errors": "an error in a column that nobody asks for, left out",
}
"""What is said of rows, by code."""

_NUMERIC = re.compile(r"[+-]?[\d\s]*\d(?:[.,]\d*)?\s*%?")
_SIGNATURE_CELLS = 4
_FEW_CELLS = 2
_SECTION_COLUMNS = 3


class Lines:
    """Says of each row below the headings whether it is a record.

    Args:
        heads: the headings.
        layout: the merged cells.
        ahead: headings of columns that are filled ahead.
        totals: words that begin a total.
    """

    def __init__(self, heads: Heads, layout: Layout, *, ahead: Iterable[str], totals: Iterable[str]) -> None:
        self._heads = heads
        keys = {heading_key(name) for name in ahead}
        self._ahead = {column for column, name in heads.names.items() if heading_key(name) in keys}
        self._totals = _beginning(totals)
        self._signatures = _beginning(SIGNATURES)
        self._few = max(_FEW_CELLS, min(_SIGNATURE_CELLS, len(heads.names) // 2))
        self._leftmost = min(heads.names, default=0)
        self._wide = {area.top for area in layout.merged if area.right - area.left + 1 >= _SECTION_COLUMNS}
        self._is_first = True
        self._is_below = False

    def kind(self, row: SheetRow) -> str | None:
        """Return why a row is no record, or None when it is one."""
        first, self._is_first = self._is_first, False
        cells = row.cells
        if first and len(cells) >= _SECTION_COLUMNS and _is_counting(list(cells.values())):
            return "column-numbers"
        if all(self._is_heading(column, value) for column, value in cells.items()):
            return "repeated-headings"
        if self._is_total(row):
            return "totals"
        if self._is_signature(row):
            return "signatures"
        if len(cells) == 1 and row.number in self._wide and _is_word(next(iter(cells.values()))):
            return "section-rows"
        if set(cells) <= self._ahead or (set(cells) == {self._leftmost} and _is_number(cells[self._leftmost])):
            return "numbered-ahead"
        return None

    def _is_heading(self, column: int, value: Value) -> bool:
        return isinstance(value, str) and heading_key(value) in self._heads.words.get(column, ())

    def _is_signature(self, row: SheetRow) -> bool:
        if len(row.cells) > self._few:
            self._is_below = False
        else:
            first = next(iter(row.cells.values()))
            self._is_below = self._is_below or (isinstance(first, str) and bool(self._signatures.match(first)))
        return self._is_below

    def _is_total(self, row: SheetRow) -> bool:
        # A record begins with its number or its day, and a day is no number.
        first = next(iter(row.cells.values()))
        if _is_word(first):
            return all(self._totals.match(value) for value in row.cells.values() if _is_word(value))
        if not row.formulas or set(row.cells) & self._ahead:
            return False
        return all(not isinstance(value, CellError) and not _is_word(value) for value in row.cells.values())


def _is_word(value: Value) -> TypeGuard[str]:
    return isinstance(value, str) and not _NUMERIC.fullmatch(value)


def _is_number(value: Value) -> bool:
    return not isinstance(value, CellError | bool) and bool(_NUMERIC.fullmatch(str(value)))


def _beginning(words: Iterable[str]) -> re.Pattern[str]:
    found = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"\W*(?:{'|'.join(found)})(?!\w)", re.IGNORECASE)


def _is_counting(values: list[Value]) -> bool:
    numbers = [int(text) if (text := str(value)).isdecimal() else None for value in values]
    start = numbers[0]
    return start in (0, 1) and numbers == list(range(start, start + len(numbers)))
