"""Responses in files: one file or a folder, JSON or NDJSON, resources or Bundles of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.fhir.json import from_json
from hm_fhir.sources.base import UNREADABLE, Item, Record, Remark
from hm_fhir.sources.questionnaire.records import Responses

_LINES = ".ndjson"
_ENDINGS = (".json", _LINES)
_BOM = b"\xef\xbb\xbf"
MOST_BYTES = 500_000_000
"""A JSON file is read as a whole; NDJSON has no limit."""


def count_of_files(path: Path) -> int | None:
    """Return the number of lines of NDJSON files, or None when some are not NDJSON."""
    try:
        files = _files(path)
        if any(file.suffix.lower() != _LINES for file in files):
            return None
        return sum(_lines_of(file) for file in files)
    except (OSError, SettingsError):
        return None


def read_files(path: Path, responses: Responses) -> Iterator[Item]:
    """Yield the responses of all files in the order of their names, and what was not read.

    Args:
        path: a file, or a folder; its sub-folders are not looked into.
        responses: makes the records.

    Raises:
        SettingsError: there is no such file or folder, or it cannot be read.
    """
    if path.is_dir() and (others := [one for one in path.iterdir() if _is_other(one)]):
        yield Remark(path.name, "other-file", f"{len(others)} files or folders are neither .json nor .ndjson")
    for file in _files(path):
        for resource, place in _resources(file):
            if isinstance(resource, RecordRejected):
                yield Record(place, {}, resource)
                continue
            for one, where in _opened(resource, place):
                record = responses.record(one, where)
                if record is not None:
                    yield record
    yield from responses.remarks()


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(one for one in path.iterdir() if _is_wanted(one))
    return [path]


def _lines_of(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for line in lines if line.strip())


def _is_wanted(path: Path) -> bool:
    return not path.name.startswith(".") and path.suffix.lower() in _ENDINGS and path.is_file()


def _is_other(path: Path) -> bool:
    return not path.name.startswith(".") and not _is_wanted(path)


def _resources(file: Path) -> Iterator[tuple[Any, str]]:
    """Yield what a file holds with its place; what cannot be read as a rejection."""
    try:
        if file.suffix.lower() == _LINES:
            with file.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    if text := line.removeprefix(_BOM).strip():
                        yield _parsed(text, f"{file.name}:{number}"), f"{file.name}:{number}"
            return
        if file.stat().st_size > MOST_BYTES:
            raise SettingsError(
                "the file is too large", place=str(file), fix="write it as NDJSON, one resource a line"
            )
        yield _parsed(file.read_bytes().removeprefix(_BOM), file.name), file.name
    except OSError as error:
        raise SettingsError(
            f"cannot read the file: {type(error).__name__}",
            place=str(file),
            fix="look at the path of this source in the settings",
        ) from None


def _parsed(text: bytes, place: str) -> Any:
    try:
        return from_json(text)
    except (ValueError, RecursionError):
        return RecordRejected("this is not JSON in UTF-8", code=UNREADABLE, place=place)


def _opened(resource: Any, place: str) -> Iterator[tuple[Any, str]]:
    """Yield the resources of a Bundle or of a list, or the one resource."""
    if isinstance(resource, list):
        inside = resource
    elif isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
        entries = resource.get("entry")
        inside = (
            [one.get("resource") for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
        )
    else:
        yield resource, place
        return
    for number, one in enumerate(inside, 1):
        yield from _opened(one, f"{place} [{number}]")
