"""The cells of a sheet of an .xlsx file, row by row: only one piece of the file is in memory.

ECMA-376 part 1, 18.3. The merged cells stand behind the cells, so they are looked up first.
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
_MIDNIGHT = re.compile(r"T00:00(:00(\.0+)?)?Z?$")
_SURE_DIGITS = 10
_TRUE = ("1", "true")
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
    rows = None
    for _ in xml.feed(reader, _WithoutCells(file)):  # type: ignore[arg-type]  # all that is asked of it is read()
        for name, attributes in found:
            if name == "mergeCell":
                merged.append(_area(attributes.get("ref", "")))
            elif name == "dimension" and ":" in attributes.get("ref", ""):
                rows = _area(attributes["ref"]).bottom
        found.clear()
    return Layout(tuple(merged), rows)


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
    reader.StartElementHandler = lambda name, _: _put_together(reader, xml.prefix(name), reading, found)
    for _ in xml.feed(reader, file):
        yield from found
        found.clear()


def _put_together(reader: Any, before: str, reading: CellReading, found: list[SheetRow]) -> None:
    """Let a parser put the cells of rows together while it goes through a sheet.

    Args:
        reader: the parser, at the root of the sheet.
        before: prefix of the names of elements.
        reading: see `CellReading`.
        found: where the rows are put.
    """
    # Functions in a function: these few lines run for every cell, and looking up attributes is a third of the time.
    row_name, cell_name, value_name, formula_name = f"{before}row", f"{before}c", f"{before}v", f"{before}f"
    gathered = TextParts(reader, before)
    parts, texts, values = gathered.parts, reading.texts, _Values(reading)
    columns: dict[str, int] = {}
    cells: dict[int, Value] = {}
    line = formulas = 0
    column = -1
    is_hidden = has_formula = False
    kind: str | None = None
    style: str | None = None

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal cells, line, formulas, column, is_hidden, has_formula, kind, style
        if name == cell_name:
            kind, style = attributes.get("t"), attributes.get("s")
            has_formula = False
            place = attributes.get("r")
            if place is None:
                column += 1
            else:
                letters = place.rstrip("0123456789")
                try:
                    column = columns[letters]
                except KeyError:
                    column = columns[letters] = _column_number(letters)
        elif name == value_name:
            reader.CharacterDataHandler = parts.append
        elif name == row_name:
            cells, formulas, column = {}, 0, -1
            line = _row_number(attributes.get("r"), line + 1)
            is_hidden = attributes.get("hidden") in _TRUE
        elif name == formula_name:
            has_formula = True
            formulas += 1
        else:
            gathered.start(name)

    def end(name: str) -> None:
        nonlocal cells
        if name == value_name:
            reader.CharacterDataHandler = None
        elif name == cell_name:
            text = parts[0] if len(parts) == 1 else "".join(parts)
            parts.clear()
            if has_formula and not text and kind != "str":  # a text can be empty, a number cannot
                cells[column] = _NOT_COMPUTED
            elif kind == "s":
                try:
                    if shared := texts[int(text)]:
                        cells[column] = shared
                except (IndexError, ValueError):
                    cells[column] = _WRONG_TEXT
            elif text and (value := values.read(text, kind, style)) != "":
                cells[column] = value
        elif name == row_name:
            if cells:
                found.append(SheetRow(line, cells, is_hidden, formulas))
                cells = {}
        else:
            gathered.end(name)

    reader.StartElementHandler = start
    reader.EndElementHandler = end


class _Values:
    """Reads the cells that hold their value themselves.

    Args:
        reading: see `CellReading`.
    """

    def __init__(self, reading: CellReading) -> None:
        self._forms = reading.forms
        self._from_1904 = reading.from_1904
        self._dates: dict[tuple[str, DateForm], Value | None] = {}

    def read(self, text: str, kind: str | None, style: str | None) -> Value:
        """Return what a cell says; an empty text for nothing.

        Args:
            text: what stands in it, not empty.
            kind: its type (ECMA-376 part 1, 18.18.11); a number if absent.
            style: number of its style.
        """
        if kind is None or kind == "n":
            if style is None and len(text) < _SURE_DIGITS and text.isdecimal():
                return int(text)
            value = self._number(text, int(style) if style and style.isdecimal() else 0)
            return _WRONG_NUMBER if value is None else value
        if kind == "b":
            return text.strip() in _TRUE
        if kind == "e":
            return CellError(text)
        if kind == "d":  # ISO 8601 already; a whole day is a day alone
            return _MIDNIGHT.sub("", text.strip())
        return unescaped(text).strip()

    def _number(self, text: str, style: int) -> Value | None:
        form = self._forms[style] if style < len(self._forms) else None
        if form is None:
            return number(text)
        key = (text, form)  # the same days come again and again
        if key not in self._dates:
            if len(self._dates) == _MOST_DATES:
                self._dates.clear()
            self._dates[key] = dated(text, form, from_1904=self._from_1904)
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
