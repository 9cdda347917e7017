"""CSV files: UTF-8, Windows-1251 or UTF-16; `;` `,` or tab; Bulgarian headings; every value stays the text it is.

What stands above the headings (the name of the office, the month) is not read, and said.

One bad line never takes others with it: a quotation mark that is opened and not closed swallows, for any CSV parser,
all lines up to the next one. Here the line where it stands is refused and reading goes on with the next line.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import Field

from hm_fhir.config import Section
from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.sources.base import UNREADABLE, Headings, Item, ReaderKind, Record, Remark
from hm_fhir.sources.headings import heading_key, heading_name

DELIMITERS = ";,\t"
MOST_TITLE_LINES = 30
"""So far down the headings are looked for, when it is known how they are called."""
_QUOTED = re.compile(r'"[^"]*"')


class CsvOptions(Section):
    """Settings of a CSV file."""

    path: Path = Field(description="the file, relative to the settings file")
    encoding: str = Field(
        default="auto",
        description="auto: UTF-16 by its BOM, else the one of UTF-8 and Windows-1251 that fits more lines",
    )
    delimiter: str = Field(
        default="auto",
        pattern=r"^(auto|[^\s\w\"]|\t)$",
        description="one character; auto: the one of ; , tab that the headings use most",
    )


def find_encoding(path: Path) -> str:
    """Return ``utf-16``, ``utf-8-sig`` or ``cp1251``.

    UTF-16 has its BOM. Between the others each line with more than ASCII votes: Cyrillic in Windows-1251 is hardly
    ever UTF-8 by chance, so a single damaged line does not turn a whole UTF-8 file into other letters.
    """
    utf8 = other = 0
    with path.open("rb") as file:
        for number, line in enumerate(file):
            if number == 0 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            if not line.isascii():
                try:
                    line.decode("utf-8")
                    utf8 += 1
                except UnicodeDecodeError:
                    other += 1
    return "utf-8-sig" if utf8 >= other else "cp1251"


class CsvReader:
    """Yields the rows of a CSV file as records.

    A column without a heading is not read.

    Args:
        path: the file.
        encoding: see CsvOptions.
        delimiter: see CsvOptions.

    Attributes:
        incremental: never; a file is read as a whole.
    """

    incremental = False

    def __init__(self, path: Path, *, encoding: str = "auto", delimiter: str = "auto") -> None:
        self._path = path
        self._encoding = encoding
        self._delimiter = delimiter
        self._wanted: frozenset[str] = frozenset()

    def want(self, names: Collection[str]) -> None:
        """Tell how columns are called, so that the headings are found below lines of titles.

        Args:
            names: of columns; in another reading one may be called otherwise.
        """
        self._wanted = frozenset(map(heading_key, names))

    def count(self) -> int | None:
        """Return the number of lines below the headings (a row with a line break counts twice)."""
        try:
            with self._path.open("rb") as file:
                return max(0, sum(1 for _ in file) - 1)
        except OSError:
            return None

    def records(self, since: str | None = None) -> Iterator[Item]:  # noqa: ARG002  (a file is read as a whole)
        """Yield the headings, and each row; empty values are left out, empty rows are skipped.

        Raises:
            SettingsError: no such file, unknown encoding, a heading stands twice.
        """
        try:
            encoding = find_encoding(self._path) if self._encoding == "auto" else self._encoding
            with self._path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
                yield from self._rows(_Lines(file))
        except (OSError, UnicodeError, LookupError) as error:
            raise SettingsError(
                f"cannot read the file: {type(error).__name__}",
                place=str(self._path),
                fix="look at path and encoding of this source in the settings",
            ) from None

    def _rows(self, lines: _Lines) -> Iterator[Item]:
        yield from self._titles(lines)
        rows = csv.reader(lines, delimiter=self._delimiter_of(lines.peek()), strict=True)
        lines.begin()
        first = lines.number
        try:
            headings = [heading_name(heading) for heading in next(rows, [])]
        except csv.Error:
            raise self._wrong(first, "the headings are not a CSV row", fix="look at the quotation marks") from None
        self._check(headings, first)
        yield Headings(f"{self._path.name}:{first}", tuple(filter(None, headings)))
        while True:
            lines.begin()
            place = f"{self._path.name}:{lines.number}"
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error:
                yield _unreadable(place, "not a CSV row (quotation marks)", [lines.give_back()])
                continue
            if any(field.strip() for field in row):
                yield _record(place, headings, row)

    def _delimiter_of(self, line: str) -> str:
        if self._delimiter != "auto":
            return self._delimiter
        return max(DELIMITERS, key=_QUOTED.sub("", line).count)

    def _titles(self, lines: _Lines) -> Iterator[Remark]:
        """Step over the lines above the headings: the headings have the most of the wanted names."""
        ahead = lines.ahead(MOST_TITLE_LINES) if self._wanted else []
        found = [self._names_in(line) for line in ahead]
        above = found.index(max(found)) if found and max(found) > 0 else 0
        filled = sum(bool(line.strip().strip(DELIMITERS)) for line in ahead[:above])
        for _ in range(above):
            next(lines)
        if filled:
            where = f"{self._path.name}:1-{above}"
            yield Remark(where, "titles", f"{filled} lines above the headings, not read")

    def _names_in(self, line: str) -> int:
        try:
            row = next(csv.reader([line], delimiter=self._delimiter_of(line)), [])
        except csv.Error:
            return 0
        return len(self._wanted.intersection(map(heading_key, row)))

    def _wrong(self, line: int, message: str, *, fix: str) -> SettingsError:
        return SettingsError(message, place=f"{self._path.name}:{line}", fix=fix)

    def _check(self, headings: list[str], line: int) -> None:
        # In a file without headings the first line is somebody's record: nothing of it may be shown.
        for number, heading in enumerate(headings):
            if heading and heading in headings[:number]:
                first = headings.index(heading)
                message = f"columns {first + 1} and {number + 1} have the same heading"
                raise self._wrong(line, message, fix="rename one")


class _Lines:
    """The lines of a file, of which those of the last row can be read again."""

    def __init__(self, file: Iterator[str]) -> None:
        self._file = file
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self.number = 1  # of the line where the row begins

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._file)
        self._taken.append(line)
        return line

    def peek(self) -> str:
        """Return the next line without taking it; empty at the end."""
        if not self._waiting:
            self._waiting.extend(line for line in [next(self._file, "")] if line)
        return self._waiting[0] if self._waiting else ""

    def ahead(self, number: int) -> list[str]:
        """Return the next lines without taking them."""
        while len(self._waiting) < number and (line := next(self._file, "")):
            self._waiting.append(line)
        return list(self._waiting)[:number]

    def begin(self) -> None:
        """Begin a row with the next line."""
        self.number += len(self._taken)
        self._taken.clear()

    def give_back(self) -> str:
        """Return the first line of the row; the others will be read again."""
        first, *others = self._taken
        self._waiting.extendleft(reversed(others))
        self._taken = [first]
        return first


def _record(place: str, headings: list[str], row: list[str]) -> Record:
    if not _is_text("".join(row)):
        return _unreadable(place, "the row has bytes that are not letters of the file's encoding", row)
    surplus = row[len(headings) :]
    if len(row) < len(headings) or any(field.strip() for field in surplus):
        return _unreadable(place, f"the row has {len(row)} fields, the headings are {len(headings)}", row)
    cells = zip(headings, row, strict=False)
    return Record(place, {key: text for key, value in cells if key and (text := value.strip())})


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a byte that could not be decoded
        return False
    return True


def _unreadable(place: str, message: str, fields: list[str]) -> Record:
    kept = (field.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for field in fields)
    values = {str(number): field for number, field in enumerate(kept)}
    return Record(place, values, RecordRejected(message, code=UNREADABLE, place=place))


KIND = ReaderKind(
    "csv",
    CsvOptions,
    lambda options, context: CsvReader(
        context.folder / options.path, encoding=options.encoding, delimiter=options.delimiter
    ),
    "CSV file",
)
