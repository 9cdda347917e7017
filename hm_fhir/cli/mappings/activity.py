"""Reads the activity that a command is about: from a file, standard input, or a source of the settings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hm_fhir.activities.model import Activity, rejected
from hm_fhir.app import App
from hm_fhir.errors import MappingError, RecordRejected, SettingsError
from hm_fhir.fhir.json import from_json
from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.sources.base import activity_of, records_of

_STDIN = "-"
_NEAR = 3
_WITHOUT_CONTENT = ("this is nested too deeply", "a number is too large")


def read_activity(name: str, app: App) -> Activity:
    """Return one activity.

    Args:
        name: a JSON or YAML file with an activity or a case; ``-``: standard input; or ``SOURCE:LOCAL_ID``.
        app: whose sources these are.

    Raises:
        SettingsError: there is no such thing, or it is no activity in JSON or YAML.
        RecordRejected: the activity model refuses it.
    """
    source, colon, local_id = name.partition(":")
    if name != _STDIN and colon and not Path(name).exists() and source in app.settings.sources:
        return _of_source(app, source, local_id)
    text = _standard_input() if name == _STDIN else _content(name, tuple(app.settings.sources))
    value = _value(text, "standard input" if name == _STDIN else name)
    if "case" in value and isinstance(value.get("activity"), dict):
        value = value["activity"]
    try:
        return Activity.model_validate({"system": "explain", **value})
    except ValidationError as error:
        raise rejected(error, place=name) from None


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise SettingsError("standard input is closed", fix="send it an activity, or name a file")
    return sys.stdin.buffer.read()


def _content(name: str, sources: tuple[str, ...]) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"cannot read the activity: {type(error).__name__}",
            place=name,
            fix=_near(name, sources)
            or "name a file, - for standard input, or SOURCE:LOCAL_ID with a source of the settings",
        ) from None


def _near(name: str, sources: tuple[str, ...]) -> str:
    """Return what was probably meant, or nothing."""
    source, _, local_id = name.partition(":")
    meant = [f"{one}:{local_id or 'LOCAL_ID'}" for one in get_close_matches(source, sources, _NEAR)]
    path = Path(name)
    try:
        files = [one.name for one in path.parent.iterdir()]
    except OSError:
        files = []
    meant += [str(path.parent / one) for one in get_close_matches(path.name, files, _NEAR) if one != path.name]
    return f"did you mean {' or '.join(meant)}?" if meant else ""


def _value(text: bytes, name: str) -> dict[str, Any]:
    try:
        value = from_json(text)
    except ValueError:
        value = _of_yaml(text, name)
    if not isinstance(value, dict):
        raise SettingsError("this is no activity in JSON or YAML", place=name, fix="one JSON object, or YAML")
    return value


def _of_yaml(text: bytes, name: str) -> Any:
    """Return a value that is no JSON. What YAML says could show a line of the activity, so only its place is told."""
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise SettingsError("this is not UTF-8 text", place=f"{name}:{line}", fix="save it as UTF-8") from None
    try:
        return read_yaml(decoded, name).value
    except MappingError as error:
        if error.message in _WITHOUT_CONTENT:
            raise SettingsError(error.message, place=error.place) from None
        what, place = "YAML", error.place
    if name.endswith(".json") or decoded.lstrip().startswith(("{", "[")):
        what, place = "JSON", _place_in_json(decoded, name) or place
    raise SettingsError(f"this is no {what} that can be read", place=place, fix="look at this line and column")


def _place_in_json(text: str, name: str) -> str | None:
    """Return where a text stops being JSON, or None when that is about something else (a number, the depth)."""
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        return f"{name}:{error.lineno}:{error.colno}"
    except RecursionError:
        return None
    return None


def _of_source(app: App, name: str, local_id: str) -> Activity:
    source = app.source(name)
    for record in records_of(source):
        if record.error is None and not record.deleted and local_id in map(str, _texts(record.values)):
            try:
                activity = activity_of(source, record)
            except RecordRejected:
                if source.local_id(record) == local_id:
                    raise
                continue  # the text stands in another column of it
            if activity.local_id == local_id:
                return activity
    raise SettingsError(f"the source {name!r} has no such activity", fix="look at its local ids")


def _texts(value: Any) -> Iterator[Any]:
    """Yield all values of a record: one that does not hold the local id need not become an activity."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    else:
        yield value
