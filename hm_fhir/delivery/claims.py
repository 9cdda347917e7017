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

    Attributes:
        number: see above.
    """

    def __init__(self, store: Store, reading: Reading, number: int) -> None:
        self._store = store
        self._reading = reading
        self.number = number

    def may_replace(self, activity_key: str, document_key: str | None, content_digest: str) -> bool:
        """Return whether a record may replace what is known of its activity.

        Args:
            activity_key: pseudonym of the activity.
            document_key: pseudonym of the document that the record is of; None: a row, known by its number alone.
            content_digest: of what it says.
        """
        origins = {origin.source: origin for origin in self._store.origins(activity_key)}
        own = origins.pop(self._reading.name, None)
        if own is not None and own.said and self._is_another(own, document_key, content_digest):
            return False
        agree = all(self._agrees(other, content_digest) for other in origins.values())
        if not agree:
            # Once the other source says the same, neither stands in the way of the other.
            self.keep(activity_key, document_key, content_digest)
        return agree

    def keep(self, activity_key: str, document_key: str | None, content_digest: str, *, scan: int = 0) -> None:
        """Remember what a record says.

        Args:
            activity_key: pseudonym of the activity.
            document_key: see `may_replace`.
            content_digest: of what it says.
            scan: number of the reading that met it; 0: nothing follows from when it was met.
        """
        self._store.remember_origin(
            self._reading.name,
            activity_key,
            document_key or activity_key,
            scan,
            said=content_digest,
            # What gives only changes does not say again what stays.
            said_in=0 if self._reading.source.incremental else self.number,
        )

    def _is_another(self, own: Origin, document_key: str | None, content_digest: str) -> bool:
        """Return whether the source has the activity from another record, which is still there."""
        if document_key is None:
            return own.said_in == self.number and own.said != content_digest
        if own.document_key == document_key:
            return False
        return own.said_in in (0, self.number)

    def _agrees(self, other: Origin, content_digest: str) -> bool:
        """Return whether another source says the same, or says nothing any more."""
        if not other.said or other.said == content_digest or not self._reading.counts(other.source):
            return True
        if other.said_in == 0:
            return False
        place = self._store.reading_place(other.source)
        return place is None or place.scan != other.said_in
