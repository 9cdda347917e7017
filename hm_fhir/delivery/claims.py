"""Which record an activity belongs to, where no time of change says which of two contents is newer.

What was read last counts then. But two records with one number would take turns in every run, so a record replaces
what is known only when no other one claims the activity with another content.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hm_fhir.errors import RecordRejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.delivery.reading import Reading
    from hm_fhir.outbox.entry import Origin
    from hm_fhir.outbox.store import Store


def same_number() -> RecordRejected:
    """Return why a record is rejected that does not agree with another one."""
    return RecordRejected(
        "another record with the same number says something else",
        code="same-number",
        fix="give each its own number; a register without times of change does not tell which is newer",
    )


@dataclass(frozen=True, slots=True)
class LastRead:
    """What is read last counts, whatever its time of change is.

    Args:
        may_replace: says whether a content may replace the one that is known, by the key of the activity and the
            digest of the content.
        reading: number of the reading.
    """

    may_replace: Callable[[str, str], bool]
    reading: int


class Claims:
    """The claims of the records of one reading.

    Args:
        store: remembers what each source said.
        reading: what is read.
        number: of the reading; in a replay of the last one.
        is_replay: whether records are taken again that were rejected before.

    Attributes:
        readings: how many readings of all sources there were, this one among them.
    """

    def __init__(self, store: Store, reading: Reading, number: int, *, is_replay: bool = False) -> None:
        self._store = store
        self._reading = reading
        self._number = number
        self._is_replay = is_replay
        self.readings = store.count_readings()

    def may_replace(
        self, activity_key: str, document_key: str | None, content_digest: str, *, was_refused: bool
    ) -> bool:
        """Return whether a record may replace what is known of its activity.

        Args:
            activity_key: pseudonym of the activity.
            document_key: pseudonym of the document that the record is of; None: a row, known by its number alone.
            content_digest: of what it says.
            was_refused: a record with its number was rejected in this reading.
        """
        origins = {origin.source: origin for origin in self._store.origins(activity_key)}
        own = origins.pop(self._reading.name, None)
        if own is not None and own.said and self._is_another(own, document_key, content_digest, was_refused):
            return False
        agree = all(self._agrees(other, content_digest) for other in origins.values())
        if not agree:
            # Once the other source says the same, neither stands in the way of the other.
            self.keep(activity_key, document_key, content_digest)
        return agree

    def keep(self, activity_key: str, document_key: str | None, content_digest: str) -> None:
        """Remember what a record says.

        Args:
            activity_key: pseudonym of the activity.
            document_key: see `may_replace`.
            content_digest: of what it says.
        """
        gives_all = not self._reading.source.incremental
        self._store.remember_origin(
            self._reading.name,
            activity_key,
            document_key or activity_key,
            self._number if gives_all and not self._is_replay else 0,
            said=content_digest,
            said_in=self._number if gives_all else -self._number,
        )

    def _is_another(self, own: Origin, document_key: str | None, content_digest: str, was_refused: bool) -> bool:
        """Return whether the source has the activity from another record, which is still there."""
        is_of_this_reading = abs(own.said_in) == self._number and own.said != content_digest
        if document_key is None:
            return is_of_this_reading or was_refused
        if own.document_key == document_key:
            return is_of_this_reading and self._is_replay  # another part of the document
        return own.said_in < 0 or is_of_this_reading or was_refused

    def _agrees(self, other: Origin, content_digest: str) -> bool:
        """Return whether another source says the same, or says nothing any more."""
        if not other.said or other.said == content_digest or not self._reading.counts(other.source):
            return True
        if other.said_in < 0:
            return False
        place = self._store.reading_place(other.source)
        return place is None or other.scan < place.complete
