"""Finds the values of a record, however deep, and puts others in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import Record, Source, understand

Steps = tuple[str | int, ...]


def places(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    """Yield where the single values of a record stand; of a list, those of its first item.

    Args:
        value: of the record, or a part of it.
        steps: where that part stands.
    """
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from places(inner, (*steps, name))
    elif isinstance(value, list):
        if value:
            yield from places(value[0], (*steps, 0))
    elif value is not None:
        yield steps


def path_of(steps: Steps) -> str:
    """Return a place as text, without positions in lists."""
    return ".".join(step for step in steps if isinstance(step, str))


def spoiled(record: Record, steps: Steps, value: object) -> Record:
    """Return the record with another value at a place."""
    return replace(record, values=_with(record.values, steps, value))


def refusal(source: Source, record: Record) -> RecordRejected | None:
    """Return why a record is no activity; None when it is one."""
    try:
        understand(source, record)
    except RecordRejected as error:
        return error
    return None


def text_at(values: Mapping[str, Any], column: str) -> str:
    """Return the text of a column of a record, by its name or path; nothing when there is none."""
    found: Any = values
    if column in values:
        found = values[column]
    else:
        for step in column.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


def _with(value: Any, steps: Steps, news: object) -> Any:
    if not steps:
        return news
    first, *rest = steps
    if isinstance(value, Mapping):
        return {**value, first: _with(value[first], tuple(rest), news)}
    return [_with(value[0], tuple(rest), news), *value[1:]]
