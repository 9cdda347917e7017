"""NDJSON files: one JSON document a line, UTF-8; decimals keep their digits."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.sources.base import Record, SourceContext

_DOCUMENT = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_BOM = b"\xef\xbb\xbf"


class NdjsonOptions(BaseModel):
    """Settings of an NDJSON file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path = Field(description="the file, relative to the settings file")


class NdjsonReader:
    """Yields the lines of an NDJSON file as records.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def count(self) -> int | None:
        """Return the number of lines."""
        try:
            with self._path.open("rb") as file:
                return sum(1 for line in file if line.strip())
        except OSError:
            return None

    def records(self) -> Iterator[Record]:
        """Yield each line that is not empty.

        Raises:
            SettingsError: there is no such file.
        """
        try:
            with self._path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    text = line.removeprefix(_BOM).strip() if number == 1 else line.strip()
                    if text:
                        yield _record(text, f"{self._path.name}:{number}")
        except OSError as error:
            raise SettingsError(
                f"cannot read the file: {type(error).__name__}",
                place=str(self._path),
                fix="look at the path of this source in the settings",
            ) from None


def _record(text: bytes, place: str) -> Record:
    try:
        return Record(place, _DOCUMENT.decode(text))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        error = RecordRejected("the line is not a JSON object in UTF-8", code="unreadable", place=place)
        return Record(place, {"line": text.decode("utf-8", "backslashreplace")}, error)


def each(record: Record, column: str, word: str) -> Iterator[Record]:
    """Yield one record for every object in a list of a document; the rest of the document goes with each of them.

    Args:
        record: the document.
        column: name of the list; in each new record it holds one object.
        word: what stands in the place of the new records: ``people.ndjson:3 visit 2``.
    """
    items = record.values.get(column)
    if record.error is not None:
        yield record
    elif not isinstance(items, list):
        error = RecordRejected(f"{column!r} is not a list", code="wrong-kind", place=record.place)
        yield Record(record.place, record.values, error)
    else:
        for number, item in enumerate(items, 1):
            yield Record(f"{record.place} {word} {number}", {**record.values, column: item})


class NdjsonSource(NdjsonReader):
    """An NDJSON file of activities as this project writes them, one a line.

    Args:
        options: settings.
        context: the deployment.
    """

    def __init__(self, options: NdjsonOptions, context: SourceContext) -> None:
        super().__init__(context.folder / options.path)
        self._system = context.system

    def activity(self, record: Record) -> Activity:
        """Return the activity of a line; `system` is that of the source unless the line says another."""
        return Activity.model_validate({"system": self._system, **record.values})
