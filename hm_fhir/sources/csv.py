"""CSV files: UTF-8, Windows-1251 or UTF-16; `;` `,` or tab; Bulgarian headings; every value stays the text it is.

One bad line never takes others with it: a quotation mark that is opened and not closed swallows, for any CSV parser,
all lines up to the next one. Here the line where it stands is refused and reading goes on with the next line.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.sources.base import Record, SourceContext

DELIMITERS = ";,\t"
_QUOTED = re.compile(r'"[^"]*"')


class CsvOptions(BaseModel):
    """Settings of a CSV file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
        required: headings without which nothing can be read.
    """

    def __init__(
        self, path: Path, *, encoding: str = "auto", delimiter: str = "auto", required: Sequence[str] = ()
    ) -> None:
        self._path = path
        self._encoding = encoding
        self._delimiter = delimiter
        self._required = required

    def count(self) -> int | None:
        """Return the number of lines below the headings (a row with a line break counts twice)."""
        try:
            with self._path.open("rb") as file:
                return max(0, sum(1 for _ in file) - 1)
        except OSError:
            return None

    def records(self) -> Iterator[Record]:
        """Yield each row; empty values are left out, empty rows are skipped.

        Raises:
            SettingsError: no such file, unknown encoding, a required heading is missing, a heading stands twice.
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

    def _rows(self, lines: _Lines) -> Iterator[Record]:
        delimiter = self._delimiter
        if delimiter == "auto":
            delimiter = max(DELIMITERS, key=_QUOTED.sub("", lines.peek()).count)
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            headings = [" ".join(heading.split()) for heading in next(rows, [])]
        except csv.Error:
            raise self._wrong("the headings are not a CSV row", fix="look at the quotation marks") from None
        self._check(headings)
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

    def _wrong(self, message: str, *, fix: str) -> SettingsError:
        return SettingsError(message, place=f"{self._path.name}:1", fix=fix)

    def _check(self, headings: list[str]) -> None:
        # In a file without headings the first line is somebody's record: nothing of it may be shown.
        for number, heading in enumerate(headings):
            if heading and heading in headings[:number]:
                first = headings.index(heading)
                raise self._wrong(f"columns {first + 1} and {number + 1} have the same heading", fix="rename one")
        for heading in self._required:
            if heading not in headings:
                raise self._wrong(
                    f"the heading {heading!r} is missing", fix="the first line holds the headings; has one changed?"
                )


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
    return Record(place, values, RecordRejected(message, code="unreadable", place=place))


class CsvSource(CsvReader):
    """A CSV file whose headings are paths of the activity, such as ``persons.0.birth_date``.

    Args:
        options: settings.
        context: the deployment.
    """

    def __init__(self, options: CsvOptions, context: SourceContext) -> None:
        super().__init__(context.folder / options.path, encoding=options.encoding, delimiter=options.delimiter)
        self._system = context.system

    def activity(self, record: Record) -> Activity:
        """Return the activity that the headings spell out; the model turns the texts into its own types."""
        return Activity.model_validate({"system": self._system, **unflatten(record.values)})

    def _check(self, headings: list[str]) -> None:
        super()._check(headings)
        for number, heading in enumerate(headings, 1):
            if heading and heading.split(".")[0] not in Activity.model_fields:
                raise self._wrong(
                    f"the heading of column {number} is no field of an activity",
                    fix="the first line holds the headings, such as local_id, period.start, persons.0.birth_date",
                )


def unflatten(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return nested data for cells whose names are dotted paths; numbers are list positions.

    Raises:
        RecordRejected: one name is both a value and a group of values.
    """
    tree: dict[str, Any] = {}
    for path, value in cells.items():
        node = tree
        *steps, last = path.split(".")
        for step in steps:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise _contradiction(path)
        if last in node:
            raise _contradiction(path)
        node[last] = value
    return {key: _lists(value) for key, value in tree.items()}


def _contradiction(path: str) -> RecordRejected:
    return RecordRejected(f"the heading {path!r} contradicts another one", code="wrong-kind")


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    inner = {key: _lists(value) for key, value in node.items()}
    if inner and all(key.isdecimal() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
