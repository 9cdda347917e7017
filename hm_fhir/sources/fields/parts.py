"""Documents that hold several activities: each object of one of their lists is a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import Record
from hm_fhir.sources.fields.changes import NUMBER_OF_PART, ColumnCheck, most_like
from hm_fhir.sources.fields.headings import steps_of

if TYPE_CHECKING:
    from hm_fhir.sources.fields.loading import Fields


class Parts:
    """Takes documents apart.

    A document without the list is not one whose list is empty: a form in which the list was renamed would say that
    everything is gone. It is rejected and kept, unless the fields say that the list may be left out; and also then
    where the document has a list of objects that nobody knows.

    Args:
        fields: say which list, if any.
    """

    def __init__(self, fields: Fields) -> None:
        self._split = fields.split
        self._may_be_absent = fields.split_optional
        self._check = ColumnCheck(fields)

    def of(self, record: Record) -> Iterator[Record]:
        """Yield the records of a document; the record itself where nothing is taken apart."""
        split = self._split
        if split is None or record.error is not None or record.deleted:
            yield record
            return
        steps = (split,) if split in record.values else steps_of(split) or (split,)
        items = _at(record.values, steps)
        if items is None:
            others = self._check.unknown_lists(record.values)
            if others or not self._may_be_absent:
                yield replace(record, error=_absent(split, others, record.place))
                return
            items = []
        if not isinstance(items, list):
            error = RecordRejected(f"{split!r} is not a list", code="wrong-kind", place=record.place)
            yield replace(record, error=error)
            return
        if not items and record.document is not None:  # what it told before, it tells no more
            yield replace(record, values={}, deleted=True)
        for number, item in enumerate(items, 1):
            values = {**_with(record.values, steps, item), split + NUMBER_OF_PART: number}
            yield replace(record, place=f"{record.place} part {number}", values=values)

    def is_one(self, record: Record) -> bool:
        """Return whether a record is what was taken out of a document, or is one by itself."""
        return self._split is None or self._split + NUMBER_OF_PART in record.values


def _absent(split: str, others: tuple[str, ...], place: str) -> RecordRejected:
    near = most_like(split, others)
    asked = f"did it become {near!r}?" if near is not None else "was it renamed?"
    optional = f"say `split: {{column: {split}, optional: true}}` where the product leaves an empty list out"
    tells_nothing = "name a list that tells nothing under `ignored`"
    return RecordRejected(
        f"the list {split!r} is not in the document; {asked}",
        code="empty",
        place=place,
        fix=f"correct `split` and the columns of the fields file, or {tells_nothing if others else optional}",
    )


def _at(values: Any, steps: tuple[str, ...]) -> Any:
    """Return what stands at the end of a path through objects, None where there is nothing."""
    for step in steps:
        if not isinstance(values, Mapping):
            return values  # not a list: said so
        values = values.get(step)
        if values is None:
            return None
    return values


def _with(values: Mapping[str, Any], steps: tuple[str, ...], item: Any) -> dict[str, Any]:
    """Return a document with another value at the end of a path, which leads through objects."""
    first, *others = steps
    return {**values, first: _with(values[first], tuple(others), item) if others else item}
