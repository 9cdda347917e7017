"""JSON files: NDJSON, one document a line, or one JSON text with a list of documents; decimals keep their digits.

Both are read one document after the other, whatever the size of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from pydantic import Field

from hm_fhir.config import Section
from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.sources.base import UNREADABLE, Item, ReaderKind, Record, SourceContext
from hm_fhir.sources.fields.headings import followed
from hm_fhir.sources.json_stream import NoList, NotJson, documents

_DOCUMENT = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_BOM = b"\xef\xbb\xbf"


class NdjsonOptions(Section):
    """Settings of an NDJSON file."""

    path: Path = Field(description="the file, relative to the settings file")
    key: str | None = Field(
        default=None,
        description="member that identifies a document, as a path: needed where one document holds several "
        "activities, to notice the one that a correction has left out",
    )


class JsonOptions(NdjsonOptions):
    """Settings of a JSON file."""

    items: str = Field(
        default="", description="path of the list of documents, such as `data.visits`; empty: the whole"
    )


class NdjsonReader:
    """Yields the lines of an NDJSON file as records.

    Args:
        path: the file.
        key: path of the member that identifies a document.

    Attributes:
        incremental: never; a file is read as a whole.
    """

    incremental = False

    def __init__(self, path: Path, *, key: str | None = None) -> None:
        self._path = path
        self._key = key

    def count(self) -> int | None:
        """Return the number of lines."""
        try:
            with self._path.open("rb") as file:
                return sum(1 for line in file if line.strip())
        except OSError:
            return None

    def records(self, since: str | None = None) -> Iterator[Item]:  # noqa: ARG002  (a file is read as a whole)
        """Yield each line that is not empty.

        Raises:
            SettingsError: there is no such file.
        """
        try:
            with self._path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    text = line.removeprefix(_BOM).strip() if number == 1 else line.strip()
                    if text:
                        yield _read(text, f"{self._path.name}:{number}", self._key)
        except OSError as error:
            raise _no_file(self._path, error) from None


class JsonReader:
    """Yields the documents of a JSON text as records.

    Args:
        path: the file.
        items: path of the list of documents in it; empty: the whole.
        key: path of the member that identifies a document.

    Attributes:
        incremental: never; a file is read as a whole.
    """

    incremental = False

    def __init__(self, path: Path, *, items: str = "", key: str | None = None) -> None:
        self._path = path
        self._items = items
        self._key = key

    def count(self) -> int | None:
        """Return None: to count the documents takes as long as to read them."""
        return None

    def records(self, since: str | None = None) -> Iterator[Item]:  # noqa: ARG002  (a file is read as a whole)
        """Yield each document.

        Raises:
            SettingsError: no such file, it is no JSON, or there is no list of documents in it.
        """
        number = 0
        try:
            with self._path.open("rb") as file:
                for number, text in enumerate(documents(file, list(filter(None, self._items.split(".")))), 1):
                    yield _read(text, f"{self._path.name} [{number}]", self._key)
        except OSError as error:
            raise _no_file(self._path, error) from None
        except NoList:
            where = f"at {self._items!r}" if self._items else "in it"
            raise self._wrong(f"there is no list {where}", fix="say with `items` where the documents are") from None
        except NotJson:
            after = f" after document {number}" if number else ""
            raise self._wrong(
                f"the file is not JSON in UTF-8{after}", fix="one document a line is the kind `ndjson`"
            ) from None

    def _wrong(self, message: str, *, fix: str) -> SettingsError:
        return SettingsError(message, place=str(self._path), fix=fix)


def _read(text: bytes, place: str, key: str | None) -> Record:
    try:
        return _document(_DOCUMENT.decode(text), place, key)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        values = {"text": text.decode("utf-8", "backslashreplace")}
        return Record(place, values, _unreadable("this is not a JSON object in UTF-8", place))


def _document(values: dict[str, Any], place: str, key: str | None) -> Record:
    if key is None:
        return Record(place, values)
    found = followed(values, key.split("."))
    if isinstance(found, bool) or not isinstance(found, str | int):
        return Record(
            place, values, _unreadable(f"{key!r}, which identifies a document, is no text or number", place)
        )
    return Record(place, values, document=str(found))


def _unreadable(message: str, place: str) -> RecordRejected:
    return RecordRejected(message, code=UNREADABLE, place=place)


def _no_file(path: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"cannot read the file: {type(error).__name__}",
        place=str(path),
        fix="look at the path of this source in the settings",
    )


def _open_ndjson(options: NdjsonOptions, context: SourceContext) -> NdjsonReader:
    return NdjsonReader(context.folder / options.path, key=options.key)


def _open_json(options: JsonOptions, context: SourceContext) -> JsonReader:
    return JsonReader(context.folder / options.path, items=options.items, key=options.key)


NDJSON = ReaderKind("ndjson", NdjsonOptions, _open_ndjson, "NDJSON file, one document a line")
JSON = ReaderKind("json", JsonOptions, _open_json, "JSON file with a list of documents")
