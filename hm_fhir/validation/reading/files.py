"""Which resources stand in files: JSON, NDJSON, a folder with both, standard input.

Nothing is kept of what was read before: an NDJSON file of any length takes the memory of its longest line. Every text
comes back as it stands in the file, so that other processes can read it (`strict_json.read_resource`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from hm_fhir.errors import SettingsError

STANDARD_INPUT: Final = "-"
"""Name of standard input among files, as on most command lines."""

_ENDINGS: Final = (".json", ".ndjson", ".jsonl")
_LINES: Final = (".ndjson", ".jsonl")
_NO_RESOURCES: Final = ("package.json",)
"""What a FHIR package has beside its resources, with ``.index.json``."""

_ITEMS: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])
_WIDE_ENCODINGS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00")


@dataclass(frozen=True, slots=True)
class Text:
    """What should be one resource.

    Attributes:
        file: name of the file as it was asked for, or below the folder that was.
        index: 0-based line in NDJSON, 0-based position in a list, else 0.
        text: PERSONAL DATA.
    """

    file: str
    index: int
    text: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that is to be read.

    Attributes:
        name: as a person would find it.
        size_bytes: None when it is not known.
    """

    name: str
    size_bytes: int | None


def find_files(names: Iterable[str]) -> Iterator[InputFile]:
    """Yield files, and the JSON and NDJSON files below folders in the order of their names; each one once.

    Hidden files and folders, and ``package.json``, are left out below a folder: in a FHIR package they hold no
    resources.

    Args:
        names: files, folders, ``-`` for standard input.

    Raises:
        SettingsError: there is no such file, a folder cannot be read or has none.
    """
    seen: set[str] = set()
    for name in names:
        found = 0
        for file in _files(name):
            found += 1
            if file not in seen:
                seen.add(file)
                yield InputFile(file, _size(file))
        if not found:
            raise SettingsError("there is no .json or .ndjson file in this folder", place=name)


def _files(name: str) -> Iterator[str]:
    if name == STANDARD_INPUT or not Path(name).is_dir():
        yield name
        return
    for folder, folders, files in os.walk(name, onerror=_cannot_read):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for file in sorted(files):
            if file.lower().endswith(_ENDINGS) and not file.startswith(".") and file not in _NO_RESOURCES:
                yield str(Path(folder) / file)


def _size(name: str) -> int | None:
    if name == STANDARD_INPUT:
        return None
    try:
        return Path(name).stat().st_size
    except OSError as error:
        _cannot_read(error)
    return None


def _cannot_read(error: OSError) -> None:
    raise unreadable(str(error.filename), error) from None


def unreadable(name: str, error: OSError) -> SettingsError:
    """Return what is said of a file or folder that the system does not let be read."""
    return SettingsError(f"cannot be read: {error.strerror}", place=name, fix="look at who may read it")


def read_texts(name: str) -> Iterator[Text]:
    """Yield what should be the resources of a file.

    The ending says what it is: ``.json`` one resource or a list of them, ``.ndjson`` and ``.jsonl`` one a line; empty
    lines are no resources and count as lines. Of any other file, and of standard input, the first line decides.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        if name == STANDARD_INPUT:
            yield from _read(name, sys.stdin.buffer)
            return
        with Path(name).open("rb") as file:
            yield from _read(name, file)
    except OSError as error:
        raise unreadable(name, error) from None


def _read(name: str, file: BinaryIO) -> Iterator[Text]:
    ending = Path(name).suffix.lower()
    if ending == ".json":
        yield from _document(name, file.read())
        return
    first = _first_lines(file)
    if ending in _LINES or not first or _is_document(first[-1]):
        yield from _lines(name, chain(first, file))
    else:
        yield from _document(name, b"".join([*first, file.read()]))


def _first_lines(file: BinaryIO) -> list[bytes]:
    """Return the lines up to the first one that is not empty."""
    lines = []
    for line in file:
        lines.append(line)
        if line.strip():
            break
    return lines


def _is_document(line: bytes) -> bool:
    """Return whether a first line is a whole resource, be it a broken one: then one stands in every line."""
    text = line.strip()
    return text.startswith(b"{") and text.endswith(b"}")


def _lines(name: str, lines: Iterable[bytes]) -> Iterator[Text]:
    for index, line in enumerate(lines):
        text = line.strip()
        if index == 0 and text[:2].startswith(_WIDE_ENCODINGS):
            yield Text(name, 0, text)
            return  # UTF-16: what looks like lines is none
        if text:
            yield Text(name, index, text)


def _document(name: str, text: bytes) -> Iterator[Text]:
    if text.lstrip()[:1] == b"[":
        try:
            items = _ITEMS.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            items = []
        for index, item in enumerate(items):
            yield Text(name, index, bytes(item))
        if items:
            return
    yield Text(name, 0, text)
