"""Rows of a sheet that are no records: totals, signatures, headings again, numbers written ahead.

Doubtful rows are records: what they lack is said then, by name and place; a row that is skipped is never heard of
again but in a report.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
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
_MOST_SIGNATURES = 20  # rows; more than that are no signatures
_LEARNED_FROM = 200  # records; later ones look the same
_DATA = re.compile(
    r"[№#+-]?\s*\d[\d\s.,:/%T-]*(?:г|ч|лв)?\.?"  # a number, a day, a time
    r"|\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b.*"  # a day and more
    r"|\d{1,2}[\s.-]*[^\W\d_]+[\s.-]*\d{2,4}\b.*"  # a day with the name of its month
    r"|(?=\D*\d)[^\s:]+",  # a code
    re.DOTALL,
)


class Lines:
    """Says of the rows below the headings which are records.

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
        self._down: dict[int, int] = {}
        for area in layout.merged:
            if area.bottom > area.top and area.left in heads.names:
                self._down[area.top] = max(area.bottom, self._down.get(area.top, 0))
        self._held_to = 0
        self._records = 0
        self._texts: Counter[int] = Counter()
        self._data: Counter[int] = Counter()
        self._is_first = True

    def sorted(self, rows: Iterable[SheetRow]) -> Iterator[tuple[SheetRow, str | None]]:
        """Yield rows in their order, each with why it is no record, or with None when it is one.

        Signatures end a table: what stands among them is only left out when no record follows. So they wait, at most
        `_MOST_SIGNATURES` rows.
        """
        block: list[SheetRow] = []
        for row in rows:
            kind = self._kind(row, is_below=bool(block))
            if kind == "signatures":
                block.append(row)
                if len(block) > _MOST_SIGNATURES:
                    yield from self._not_at_the_end(block)
                    block = []
                continue
            if kind == "repeated-headings":
                yield from ((one, "signatures") for one in block)
            else:
                yield from self._not_at_the_end(block)
            block = []
            if kind is None:
                self._learn(row)
            yield row, kind
        yield from ((one, "signatures") for one in block)

    def _kind(self, row: SheetRow, *, is_below: bool) -> str | None:
        first, self._is_first = self._is_first, False
        cells = row.cells
        if first and len(cells) >= _SECTION_COLUMNS and _is_counting(list(cells.values())):
            return "column-numbers"
        if all(self._is_heading(column, value) for column, value in cells.items()):
            return "repeated-headings"
        if self._is_total(row):
            return "totals"
        if (is_below or self._begins_signatures(row)) and self._can_be_signature(row):
            return "signatures"
        return self._section_or_ahead(row)

    def _section_or_ahead(self, row: SheetRow) -> str | None:
        cells = row.cells
        if len(cells) == 1 and row.number in self._wide and _is_word(next(iter(cells.values()))):
            return "section-rows"
        if set(cells) <= self._ahead or (set(cells) == {self._leftmost} and _is_number(cells[self._leftmost])):
            return "numbered-ahead"
        return None

    def _not_at_the_end(self, block: list[SheetRow]) -> Iterator[tuple[SheetRow, str | None]]:
        # A note alone in its row says itself what it is; the others may be records that lack something.
        for row in block:
            is_note = len(row.cells) == 1 and self._begins_signatures(row)
            yield row, "signatures" if is_note else self._section_or_ahead(row)

    def _learn(self, row: SheetRow) -> None:
        self._held_to = max(self._held_to, self._down.get(row.number, 0))
        if self._records < _LEARNED_FROM:
            self._records += 1
            for column, value in row.cells.items():
                (self._data if _is_data(value) else self._texts)[column] += 1

    def _is_heading(self, column: int, value: Value) -> bool:
        return isinstance(value, str) and heading_key(value) in self._heads.words.get(column, ())

    def _begins_signatures(self, row: SheetRow) -> bool:
        first = next(iter(row.cells.values()))
        return isinstance(first, str) and bool(self._signatures.match(first))

    def _can_be_signature(self, row: SheetRow) -> bool:
        """Return whether a row does not look like a record, nor belongs to the one above by a merged cell."""
        if len(row.cells) > self._few or row.number <= self._held_to or any(map(_is_data, row.cells.values())):
            return False
        # Texts, each in a column where records have texts, are what a record looks like that lacks the rest.
        return len(row.cells) == 1 or any(self._texts[column] <= self._data[column] for column in row.cells)

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


def _is_data(value: Value) -> bool:
    return not isinstance(value, str) or bool(_DATA.fullmatch(value))


def _beginning(words: Iterable[str]) -> re.Pattern[str]:
    found = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"\W*(?:{'|'.join(found)})(?!\w)", re.IGNORECASE)


def _is_counting(values: list[Value]) -> bool:
    numbers = [int(text) if (text := str(value)).isdecimal() else None for value in values]
    start = numbers[0]
    return start in (0, 1) and numbers == list(range(start, start + len(numbers)))
