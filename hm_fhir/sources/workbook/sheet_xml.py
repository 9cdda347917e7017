"""The cells of a sheet of an .xlsx file, row by row: only one piece of the file is in memory.

ECMA-376 part 1, 18.3. The merged cells and the filter stand behind the cells, so they are looked up first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from hm_fhir.sources.workbook import xml
from hm_fhir.sources.workbook.cells import (
    CellError,
    DateForm,
    Layout,
    Merged,
    SheetRow,
    Unreadable,
    Value,
    dated,
    number,
)
from hm_fhir.sources.workbook.texts import SharedTexts, TextParts, unescaped

_END_OF_CELLS = re.compile(rb"</(?:[^<>:\s]+:)?sheetData\s*>")
_LONGEST_END = 100
_NOT_COMPUTED = CellError("a formula that was never computed")
_WRONG_TEXT = CellError("a text that the workbook does not hold")
_WRONG_NUMBER = CellError("a number that is none")
_SURE_DIGITS = 10
_MOST_DATES = 5_000
LAST_ROW = 1_048_576
LAST_COLUMN = 16_383


@dataclass(frozen=True, slots=True)
class CellReading:
    """What is needed to read the cells of a workbook.

    Args:
        texts: its shared texts.
        forms: for each cell style what its number format shows.
        from_1904: its days are counted from 1904.
    """

    texts: SharedTexts = field(repr=False)
    forms: Sequence[DateForm | None]
    from_1904: bool


def layout(file: IO[bytes]) -> Layout:
    """Return what stands around the cells; the cells themselves are skipped.

    Raises:
        Unreadable: the sheet is damaged.
    """
    found: list[tuple[str, dict[str, str]]] = []
    reader = xml.parser()
    reader.StartElementHandler = lambda name, attributes: found.append((xml.local(name), attributes))
    merged: list[Merged] = []
    filtered, rows = False, None
    for _ in xml.feed(reader, _WithoutCells(file)):  # type: ignore[arg-type]  # all that is asked of it is read()
        for name, attributes in found:
            if name == "mergeCell":
                merged.append(_area(attributes.get("ref", "")))
            elif name == "autoFilter":
                filtered = True
            elif name == "dimension" and ":" in attributes.get("ref", ""):
                rows = _area(attributes["ref"]).bottom
        found.clear()
    return Layout(tuple(merged), filtered, rows)


class _WithoutCells:
    """A file of a sheet without most of its cells; what is left is a whole document.

    The start of the cells is kept up to the end of its last whole row, and everything behind the cells.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._step = self._head

    def read(self, _: int) -> bytes:
        return self._step()

    def _head(self) -> bytes:
        piece = self._file.read(xml.PIECE)
        begin = re.search(rb"<(?:[^<>:\s]+:)?sheetData\s*>", piece)
        if begin is None:
            self._step = self._rest
            return piece
        rest = piece[begin.end() :]
        self._step = self._skip(rest)
        return piece[: begin.end()]

    def _skip(self, piece: bytes) -> Any:
        def skip() -> bytes:
            held = piece
            while True:
                end = _END_OF_CELLS.search(held)
                if end:
                    self._step = self._rest
                    return held[end.start() :]
                more = self._file.read(xml.PIECE)
                if not more:
                    return b""
                held = held[-_LONGEST_END:] + more

        return skip

    def _rest(self) -> bytes:
        return self._file.read(xml.PIECE)


def rows(file: IO[bytes], reading: CellReading) -> Iterator[SheetRow]:
    """Yield the rows in which a cell holds something.

    Raises:
        Unreadable: the sheet is damaged.
    """
    reader = xml.parser()
    found: list[SheetRow] = []
    reader.StartElementHandler = lambda name, _: _Cells(reader, xml.prefix(name), reading, found)
    for _ in xml.feed(reader, file):
        yield from found
        found.clear()


class _Cells:
    """Puts the cells of rows together while a parser goes through a sheet."""

    def __init__(self, reader: Any, before: str, reading: CellReading, found: list[SheetRow]) -> None:
        self._reading = reading
        self._texts = reading.texts
        self._forms = reading.forms
        self._found = found
        self._row, self._cell = f"{before}row", f"{before}c"
        self._value, self._formula = f"{before}v", f"{before}f"
        self._columns: dict[str, int] = {}
        self._dates: dict[tuple[str, DateForm], Value | None] = {}
        self._reader = reader
        self._parts = TextParts(reader, before)
        self._number = 0
        self._hidden = False
        self._begin_row()
        self._type: str | None = None
        self._style: str | None = None
        self._has_value = self._has_formula = False
        reader.StartElementHandler = self._start
        reader.EndElementHandler = self._end

    def _begin_row(self) -> None:
        self._cells: dict[int, Value] = {}
        self._formulas = 0
        self._column = -1

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == self._cell:
            self._type = attributes.get("t")
            self._style = attributes.get("s")
            self._has_value = self._has_formula = False
            place = attributes.get("r")
            if place is None:
                self._column += 1
            else:
                letters = place.rstrip("0123456789")
                column = self._columns.get(letters)
                if column is None:
                    column = self._columns[letters] = _column_number(letters)
                self._column = column
        elif name == self._value:
            self._has_value = True
            self._reader.CharacterDataHandler = self._parts.parts.append
        elif name == self._row:
            self._begin_row()
            self._number = _row_number(attributes.get("r"), self._number + 1)
            self._hidden = attributes.get("hidden") in ("1", "true")
        elif name == self._formula:
            self._has_formula = True
        else:
            self._parts.start(name)

    def _end(self, name: str) -> None:
        if name == self._value:
            self._reader.CharacterDataHandler = None
        elif name == self._cell:
            if self._has_formula:
                self._formulas += 1
            value = self._read()
            if value is not None and value != "":
                self._cells[self._column] = value
        elif name == self._row:
            if self._cells:
                self._found.append(SheetRow(self._number, self._cells, self._hidden, self._formulas))
                self._begin_row()
        else:
            self._parts.end(name)

    def _read(self) -> Value | None:
        parts = self._parts.parts
        text = parts[0] if len(parts) == 1 else "".join(parts)
        parts.clear()
        if self._has_formula and not self._has_value:
            return _NOT_COMPUTED
        kind = self._type
        if kind == "s":
            try:
                return self._texts[int(text)]
            except (IndexError, ValueError):
                return _WRONG_TEXT
        if not text:
            return None
        if kind is None or kind == "n":
            if self._style is None and len(text) < _SURE_DIGITS and text.isdecimal():
                return int(text)
            return self._number_of(text)
        if kind == "b":
            return text.strip() in ("1", "true")
        if kind == "e":
            return CellError(text)
        return unescaped(text).strip()  # str, inlineStr, and d, which is ISO 8601 already

    def _number_of(self, text: str) -> Value | None:
        style = int(self._style) if self._style and self._style.isdecimal() else 0
        form = self._forms[style] if style < len(self._forms) else None
        value = self._dated(text, form) if form else number(text)
        return _WRONG_NUMBER if value is None else value

    def _dated(self, text: str, form: DateForm) -> Value | None:
        # The same days come again and again.
        key = (text, form)
        if key not in self._dates:
            if len(self._dates) == _MOST_DATES:
                self._dates.clear()
            self._dates[key] = dated(text, form, from_1904=self._reading.from_1904)
        return self._dates[key]


def _row_number(text: str | None, otherwise: int) -> int:
    row = int(text) if text and text.isdecimal() else otherwise
    if not 1 <= row <= LAST_ROW:
        raise Unreadable("a sheet of the workbook has a row that no sheet can have")
    return row


def _column_number(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter.upper()) - 64 if "A" <= letter.upper() <= "Z" else LAST_COLUMN + 2
    if not 1 <= column <= LAST_COLUMN + 1:
        raise Unreadable("a sheet of the workbook has a column that no sheet can have")
    return column - 1


def _area(reference: str) -> Merged:
    first, _, last = reference.replace("$", "").partition(":")
    (left, top), (right, bottom) = _cell_place(first), _cell_place(last or first)
    return Merged(top, left, bottom, right)


def _cell_place(place: str) -> tuple[int, int]:
    letters = place.rstrip("0123456789")
    return _column_number(letters), _row_number(place[len(letters) :], 0)
