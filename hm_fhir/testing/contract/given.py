"""Sources that give what another one gave: shuffled, interrupted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from hm_fhir.activities.model import Activity
from hm_fhir.sources.base import Item, Record, Source, Understood
from hm_fhir.testing.people import Chance


class Stopped(BaseException):
    """The process is killed: nothing in it can catch this and go on."""


class Given:
    """A source that gives these items; what they mean is for the other source to say.

    Args:
        source: understands records.
        items: what is given; None: what `source` gives.
        stop_after: raises `stop` after so many items; None: never.
        stop: what is raised.
    """

    def __init__(
        self,
        source: Source,
        items: Sequence[Item] | None = None,
        *,
        stop_after: int | None = None,
        stop: BaseException | None = None,
    ) -> None:
        self.incremental = source.incremental
        self._source = source
        self._items = items
        self._stop_after = stop_after
        self._stop = stop or Stopped()

    def count(self) -> int | None:
        """Return None: nobody waits for it."""
        return None

    def records(self, since: str | None = None) -> Iterator[Item]:
        """Yield the items, up to where it stops.

        Raises:
            BaseException: what was to be raised.
        """
        items: Iterable[Item] = self._source.records(since) if self._items is None else self._items
        for number, item in enumerate(items):
            if number == self._stop_after:
                raise self._stop
            yield item
        if self._stop_after is not None:
            raise self._stop

    def activity(self, record: Record) -> Activity | Understood:
        """Return the activity of a record."""
        return self._source.activity(record)

    def local_id(self, record: Record) -> str | None:
        """Return the local id of a rejected record."""
        return self._source.local_id(record)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


def shuffled(items: Iterable[Item], chance: Chance) -> list[Item]:
    """Return the records of a source in another order; what belongs to one document stays together.

    Args:
        items: what the source gave; headings, remarks and checkpoints are left out.
        chance: where the order comes from.
    """
    records = [item for item in items if isinstance(item, Record)]
    documents = [list(group) for _, group in groupby(enumerate(records), key=_document)]
    mixed: list[Item] = []
    while documents:
        chosen = documents.pop(chance.number(0, len(documents) - 1))
        mixed += [record for _, record in chosen]
    return mixed


def _document(numbered: tuple[int, Record]) -> str:
    number, record = numbered
    return f"of the row {number}" if record.document is None else f"document {record.document}"
