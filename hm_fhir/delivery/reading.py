"""Reads one source into the outbox: many records in one commit, each counted once, nothing lost.

The cursor of a checkpoint is committed together with the entries of the records before it. A process that dies, or a
source that does not answer any more, leaves both at the same place; the next reading goes on there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.errors import HmFhirError, PluginError, RecordRejected, SettingsError, StoreError, place_of
from hm_fhir.fhir.json import to_json
from hm_fhir.outbox.entry import Outcome, Rejection
from hm_fhir.sources.base import Checkpoint, Item, Record, Remark, Source, understand

if TYPE_CHECKING:
    from datetime import datetime

    from hm_fhir.activities.identity import Identity
    from hm_fhir.delivery.intake import Intake
    from hm_fhir.outbox.store import Store

_log = logging.getLogger(__name__)

ITEMS_IN_A_COMMIT = 500
FEW = 3
"""So many activities may always be missing from a snapshot: of a small source they are soon a large share."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Which source is read, and how.

    Args:
        name: name of the source in the settings.
        source: where records come from.
        system: name of the local system; with a local id the identity of an activity.
        made_with: digest of what decides what reading gives; see `Store.begin_reading`.
        withdraw_missing: an activity that a complete snapshot does not hold any more is withdrawn.
        missing_at_most: greatest share of a source that may be missing, 0 to 1; when more is, nothing is withdrawn.
    """

    name: str
    source: Source
    system: str
    made_with: str = ""
    withdraw_missing: bool = False
    missing_at_most: float = 0.1


class SourceReader:
    """Takes what a source gives.

    Args:
        intake: turns activities into entries.
        store: where entries wait.
        identity: keys and digests.
        now: clock, to stamp rows.
        reading: what is read.
        counts: where to count; it has what was committed, also when the reading ends early.
    """

    def __init__(
        self,
        intake: Intake,
        store: Store,
        identity: Identity,
        now: Callable[[], datetime],
        reading: Reading,
        counts: RecordCounts,
    ) -> None:
        self._intake = intake
        self._store = store
        self._identity = identity
        self._now = now
        self._reading = reading
        self._counts = counts
        self._snapshot = reading.withdraw_missing and not reading.source.incremental
        self._scan = 0
        self._document = _Document(None)
        self._unidentified = 0

    def read(self, advance: Callable[[int], None] = lambda _: None) -> None:
        """Read the source to its end, or to where it fails.

        Args:
            advance: called with a number of records after their commit.

        Raises:
            SettingsError: the source as a whole cannot be read; what was read before stays.
            DeliveryError: it does not answer, or refuses us; the same.
        """
        place = self._store.begin_reading(self._reading.name, self._reading.made_with)
        # Of an incremental source nothing follows from what was not met: its rows need not be written again.
        self._scan = place.scan if self._snapshot else 0
        items = _Items(self._reading.source, place.cursor)
        while batch := list(islice(items, ITEMS_IN_A_COMMIT)):
            taken = RecordCounts()
            cursor = None
            with self._store.transaction():
                for item in batch:
                    if isinstance(item, Record):
                        self._take(item, taken)
                    elif isinstance(item, Checkpoint):
                        self._end_document(taken)
                        cursor = item.cursor
                    elif isinstance(item, Remark):
                        taken.remark(item)
                if cursor is not None:
                    self._store.keep_cursor(self._reading.name, cursor)
            self._counts.add(taken)
            advance(taken.read)
            _log.info("%s: %d records read", self._reading.name, self._counts.read)
        if items.failure is not None:
            raise items.failure
        taken = RecordCounts()
        with self._store.transaction():
            self._end_document(taken)
            if self._snapshot:
                self._withdraw_missing(taken)
        self._counts.add(taken)

    def replay(self, records: Iterator[Record]) -> None:
        """Take records that were rejected before; what is good by now is not kept any more."""
        while batch := list(islice(records, ITEMS_IN_A_COMMIT)):
            taken = RecordCounts()
            with self._store.transaction():
                for record in batch:
                    # It is one part of its document: nothing follows from what is not there.
                    self._document = _Document(record.document, is_complete=False)
                    self._take_record(record, taken)
            self._counts.add(taken)

    def _take(self, record: Record, counts: RecordCounts) -> None:
        if record.document is None or record.document != self._document.name:
            self._end_document(counts)
            self._document = _Document(record.document)
        if record.deleted:
            self._take_deleted(record, counts)
        else:
            self._take_record(record, counts)

    def _take_deleted(self, record: Record, counts: RecordCounts) -> None:
        counts.read += 1
        self._document.is_complete = False  # its end is this
        withdrawn = 0
        if record.document is not None:
            for activity_key in self._store.activities_of_document(self._reading.name, self._key_of(record.document)):
                withdrawn += self._withdraw(activity_key)
        if withdrawn:
            counts.newer += 1
            counts.deleted += 1
        else:
            counts.repeated += 1

    def _take_record(self, record: Record, counts: RecordCounts) -> None:
        counts.read += 1
        name = self._reading.name
        digest = self._identity.digest(to_json(dict(record.values)))
        try:
            understood = understand(self._reading.source, record)
            activity = understood.activity
            submitted = self._intake.submit_record(activity, digest)
        except RecordRejected as error:
            self._reject(record, error, digest)
            counts.rejected[error.code] += 1
            return
        counts.repaired.update(understood.repairs)
        activity_key = self._identity.pseudonym("activity", activity.key)
        self._met(record, activity_key)
        outcome, verdict = submitted.outcome, submitted.verdict
        is_new = outcome in (Outcome.NEW, Outcome.NEWER)
        self._store.accepted(name, digest, activity_key if is_new else None)
        if outcome is Outcome.NEW:
            counts.new += 1
        elif outcome is Outcome.NEWER:
            counts.newer += 1
        else:
            counts.repeated += 1
            counts.older += outcome is Outcome.OLDER
        if is_new and submitted.is_unmapped:
            counts.unmapped[activity.type] += 1
        if is_new and verdict.stops:
            counts.not_valid[activity.type] += 1
        counts.findings.add((issue for _, issue in verdict.found), record.place)
        counts.findings.add_remarks(verdict.remarks)

    def _reject(self, record: Record, error: RecordRejected, digest: str) -> None:
        activity_key = self._activity_key(record)
        if activity_key is None:
            self._unidentified += 1
            self._document.is_complete = False
        else:
            self._met(record, activity_key)
        self._store.reject(
            Rejection(
                source=self._reading.name,
                record_digest=digest,
                place=record.place,
                code=error.code,
                message=error.message,
                payload=dict(record.values),
                at=self._now(),
                document=record.document,
                activity_key=activity_key,
                replayable=record.error is None,
            )
        )

    def _activity_key(self, record: Record) -> str | None:
        """Return the key of the activity that a rejected record would have told of."""
        try:
            local_id = self._reading.source.local_id(record)
        except Exception:  # noqa: BLE001  (the record was rejected for a reason)
            return None
        return self._identity.pseudonym("activity", f"{self._reading.system}|{local_id}") if local_id else None

    def _met(self, record: Record, activity_key: str) -> None:
        """Remember that an activity is there."""
        if record.document is not None or self._snapshot:
            document_key = activity_key if record.document is None else self._key_of(record.document)
            self._store.remember_origin(self._reading.name, activity_key, document_key, self._scan)
        self._document.met.add(activity_key)

    def _end_document(self, counts: RecordCounts) -> None:
        """Withdraw what a document held once and does not hold any more."""
        document, self._document = self._document, _Document(None)
        if document.name is None or not document.is_complete:
            return
        for activity_key in self._store.activities_of_document(self._reading.name, self._key_of(document.name)):
            if activity_key not in document.met:
                counts.gone += self._withdraw(activity_key)

    def _withdraw_missing(self, counts: RecordCounts) -> None:
        missing, known = self._store.activities_not_seen(self._reading.name, self._scan)
        if not missing:
            return
        if self._unidentified:
            counts.remark(
                Remark(
                    self._reading.name,
                    "missing-kept",
                    f"{len(missing)} activities are missing and were kept: {self._unidentified} records that could"
                    " not be read may be theirs",
                )
            )
            return
        if len(missing) > max(FEW, known * self._reading.missing_at_most):
            raise SettingsError(
                f"{len(missing)} of {known} activities are missing; nothing was withdrawn",
                code="too-many-missing",
                place=f"sources.{self._reading.name}",
                fix="look whether the source is whole; if they are gone, run once with a greater missing_at_most",
            )
        for activity_key in missing:
            counts.gone += self._withdraw(activity_key)

    def _withdraw(self, activity_key: str) -> bool:
        if not self._store.forget_origin(self._reading.name, activity_key):
            return False  # another source of the same system still has it
        return self._intake.withdraw(activity_key)

    def _key_of(self, document: str) -> str:
        return self._identity.pseudonym("document", f"{self._reading.name}|{document}")


class _Document:
    """The document whose records are being read.

    Args:
        name: its identity; None: records that are no parts of anything.
        is_complete: whether what was not met is not in it.
    """

    def __init__(self, name: str | None, *, is_complete: bool = True) -> None:
        self.name = name
        self.is_complete = is_complete
        self.met: set[str] = set()


class _Items:
    """Gives what a source yields to its end or to where it fails; what came before a failure is not lost.

    Args:
        source: the source.
        since: cursor to go on from.
    """

    def __init__(self, source: Source, since: str | None) -> None:
        self._items = self._all(source, since)
        self.failure: HmFhirError | None = None

    def __iter__(self) -> Iterator[Item]:
        return self._items

    def __next__(self) -> Item:
        return next(self._items)

    def _all(self, source: Source, since: str | None) -> Iterator[Item]:
        try:
            yield from source.records(since)
        except StoreError:
            raise
        except HmFhirError as error:
            self.failure = error
        except Exception as defect:  # noqa: BLE001  (a plugin's defect must not stop the other sources)
            self.failure = PluginError(
                f"the plugin failed: {type(defect).__name__} at {place_of(defect)}",
                code="plugin-defect",
                fix="report this to the author of the plugin",
            )
