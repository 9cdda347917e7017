"""Which record an activity belongs to, where no time of change says which of two contents is newer.

What was read last counts then. But two records with one number would take turns in every run, so a record replaces
what is known only when no other one claims the activity with another content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hm_fhir.delivery.reading import Reading
    from hm_fhir.outbox.entry import Origin
    from hm_fhir.outbox.store import Store


class Claims:
    """The claims of the records of one reading.

    Args:
        store: remembers what each source said.
        reading: what is read.
        scan: number of the reading; in a replay of the last one.
    """

    def __init__(self, store: Store, reading: Reading, scan: int) -> None:
        self._store = store
        self._reading = reading
        self._scan = scan

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
            said_in=0 if self._reading.source.incremental else self._scan,
        )

    def _is_another(self, own: Origin, document_key: str | None, content_digest: str) -> bool:
        """Return whether the source has the activity from another record, which is still there."""
        if document_key is None:
            return own.said_in == self._scan and own.said != content_digest
        if own.document_key == document_key:
            return False
        return own.said_in in (0, self._scan)

    def _agrees(self, other: Origin, content_digest: str) -> bool:
        """Return whether another source says the same, or says nothing any more."""
        if not other.said or other.said == content_digest or not self._reading.counts(other.source):
            return True
        if other.said_in == 0:
            return False
        place = self._store.reading_place(other.source)
        return place is None or place.scan != other.said_in
