"""Records that are activities already: their names are fields of an activity, or paths such as ``period.start``.

So any reader works without a file of fields: a table has the paths as its headings, a document is shaped like an
activity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.sources.base import Headings, Item, Reader, Record, SourceContext


class ActivitySource:
    """A source whose records spell out activities.

    Args:
        reader: gives the records.
        context: the deployment.

    Attributes:
        incremental: the reader gives only what changed.
    """

    def __init__(self, reader: Reader, context: SourceContext) -> None:
        self._reader = reader
        self._system = context.system
        self.incremental = reader.incremental

    def count(self) -> int | None:
        """Return about how many records there are, or None."""
        return self._reader.count()

    def records(self, since: str | None = None) -> Iterator[Item]:
        """Yield what the reader gives.

        Args:
            since: the cursor of the last committed checkpoint.

        Raises:
            SettingsError: a heading is no field of an activity; and what the reader raises.
        """
        for item in self.read(since):
            if isinstance(item, Headings):
                _check(item)
            yield item

    def read(self, since: str | None = None) -> Iterator[Item]:
        """Yield what the reader gives, whatever its headings are.

        Args:
            since: the cursor of the last committed checkpoint.

        Raises:
            SettingsError: what the reader raises.
        """
        yield from self._reader.records(since)

    def activity(self, record: Record) -> Activity:
        """Return the activity that a record spells out; the model turns the texts into its own types.

        Raises:
            RecordRejected: one name contradicts another one.
            pydantic.ValidationError: it is no activity.
        """
        return Activity.model_validate({"system": self._system, **unflatten(record.values)})

    def local_id(self, record: Record) -> str | None:
        """Return the local id of a record."""
        value = record.values.get("local_id")
        return value.strip() or None if isinstance(value, str) else None


def _check(headings: Headings) -> None:
    # In a table without headings the first row is somebody's record: nothing of it may be shown.
    for number, name in enumerate(headings.names, 1):
        if name.split(".")[0] not in Activity.model_fields:
            raise SettingsError(
                f"heading {number} is no field of an activity",
                place=headings.place,
                fix="the headings are paths of an activity, such as local_id, period.start, persons.0.birth_date; "
                "for a table with headings of its own name a file of `fields` in the settings",
            )


def unflatten(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested data for values whose names are dotted paths; numbers are list positions.

    Raises:
        RecordRejected: one name is both a value and a group of values.
    """
    tree: dict[str, Any] = {}
    for path, value in cells.items():
        node = tree
        *steps, last = path.split(".")
        for step in steps:
            node = node.setdefault(step, _Group())
            if not isinstance(node, _Group):
                raise _contradiction(path)
        if last in node:
            raise _contradiction(path)
        node[last] = value
    return {key: _lists(value) for key, value in tree.items()}


class _Group(dict[str, Any]):
    """What paths have made; an object of a document is a value."""


def _contradiction(path: str) -> RecordRejected:
    return RecordRejected(f"the heading {path!r} contradicts another one", code="wrong-kind")


def _lists(node: Any) -> Any:
    if not isinstance(node, _Group):
        return node
    inner = {key: _lists(value) for key, value in node.items()}
    if inner and all(key.isdecimal() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
