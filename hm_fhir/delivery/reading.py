"""Reads one source into the outbox: many records in one commit, each counted once, nothing lost.

The cursor of a checkpoint is committed together with the entries of the records before it. A process that dies, or a
source that does not answer any more, leaves both at the same place; the next reading goes on there.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from hm_fhir.delivery.claims import Claims, LastRead
from hm_fhir.delivery.items_until_failure import ItemsUntilFailure
from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.fhir.json import to_json
from hm_fhir.outbox.entry import Outcome, Rejection
from hm_fhir.sources.base import Checkpoint, Item, Record, Remark, Source, understand

if TYPE_CHECKING:
    from datetime import datetime

    from hm_fhir.activities.identity import Identity
    from hm_fhir.delivery.intake import Intake
    from hm_fhir.outbox.entry import ReadingPlace
    from hm_fhir.outbox.store import Store

_log = logging.getLogger(__name__)

ITEMS_IN_A_COMMIT = 500
_SHORT = 15  # hexadecimal digits that are enough to tell the activities of a source apart
_ROW = re.compile(r"( row |:)\d+$")
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
        sources: names of all sources in the settings; what others had does not count. None: all count.
    """

    name: str
    source: Source
    system: str
    made_with: str = ""
    withdraw_missing: bool = False
    missing_at_most: float = 0.1
    sources: frozenset[str] | None = None

    def counts(self, source: str) -> bool:
        """Return whether it counts what another source has."""
        return self.sources is None or source in self.sources


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
        self._incremental = reading.source.incremental
        self._began = now()
        self._scan = 0
        self._claims: Claims
        self._is_replay = False
        self._document = _Document(None)
        self._incomplete: set[str] = set()
        self._tables: set[str] = set()
        self._changed: set[int] = set()
        self._refused: set[str] = set()
        self._unidentified = 0
        self._met_any = False

    def read(self, advance: Callable[[int], None] = lambda _: None) -> None:
        """Read the source to its end, or to where it fails, or until another run begins to read it.

        Args:
            advance: called with a number of records after their commit.

        Raises:
            SettingsError: the source as a whole cannot be read; what was read before stays.
            DeliveryError: it does not answer, or refuses us; the same.
        """
        name = self._reading.name
        known = self._store.count_origins(name)
        place = self._store.begin_reading(name, self._reading.made_with)
        self._scan = place.scan
        self._claims = Claims(self._store, self._reading, place.scan)
        items = ItemsUntilFailure(self._reading.source, place.cursor)
        while batch := list(islice(items, ITEMS_IN_A_COMMIT)):
            taken = RecordCounts()
            with self._store.transaction():
                if self._is_overtaken():
                    return
                self._take_batch(batch, taken)
            self._counts.add(taken)
            advance(taken.read)
            _log.info("%s: %d records read", name, self._counts.read)
        if items.failure is not None:
            raise items.failure
        taken = RecordCounts()
        with self._store.transaction():
            if self._is_overtaken():
                return
            self._end_document(taken)
            if not self._incremental:
                self._end_snapshot(place, known, taken)
            self._store.complete_reading(name, self._scan)
        self._counts.add(taken)

    def replay(self, records: Iterator[Record]) -> None:
        """Take records that were rejected before; what is good by now is not kept any more."""
        self._is_replay = True
        place = self._store.reading_place(self._reading.name)
        number = place.scan if place is not None else 0
        self._claims = Claims(self._store, self._reading, number, is_replay=True)
        while batch := list(islice(records, ITEMS_IN_A_COMMIT)):
            taken = RecordCounts()
            with self._store.transaction():
                for record in batch:
                    # It is one part of its document: nothing follows from what is not there.
                    self._document = _Document(record.document, is_complete=False)
                    self._take_record(record, taken)
            self._counts.add(taken)

    def _is_overtaken(self) -> bool:
        """Return whether another run has begun to read the source: it goes on where this one was committed."""
        place = self._store.reading_place(self._reading.name)
        if place is None or place.scan == self._scan:
            return False
        self._counts.remark(
            Remark(self._reading.name, "overtaken", "another run began to read this source, this one left it to it")
        )
        return True

    def _take_batch(self, batch: list[Item], taken: RecordCounts) -> None:
        cursor = None
        for item in batch:
            if isinstance(item, Record):
                self._take(item, taken)
            elif isinstance(item, Checkpoint):
                self._end_document(taken)
                cursor = item.cursor
            elif isinstance(item, Remark):
                taken.remark(item)
            else:
                table = item.table or _ROW.sub("", item.place)
                self._tables.add(self._identity.pseudonym("table", f"{self._reading.name}|{table}"))
        if cursor is not None:
            self._store.keep_cursor(self._reading.name, cursor)

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
        withdrawn, name = 0, self._reading.name
        if record.document is not None:
            for activity_key in self._store.activities_of_document(name, self._key_of(record.document)):
                withdrawn += self._withdraw(activity_key)
            self._store.settle_document(name, record.document)
        if withdrawn:
            counts.newer += 1
            counts.deleted += 1
        else:
            counts.repeated += 1

    def _take_record(self, record: Record, counts: RecordCounts) -> None:
        counts.read += 1
        digest = self._identity.digest(to_json(dict(record.values)))
        try:
            understood = understand(self._reading.source, record)
            last_read = self._last_read(record) if understood.last_read_counts else None
            submitted = self._intake.submit_record(understood.activity, digest, last_read=last_read)
        except RecordRejected as error:
            self._reject(record, error, digest)
            counts.rejected[error.code] += 1
            return
        counts.repaired.update(understood.repairs)
        activity_key = submitted.activity_key
        self._met(record, activity_key, submitted.content_digest if understood.last_read_counts else None)
        outcome, verdict = submitted.outcome, submitted.verdict
        is_new = outcome in (Outcome.NEW, Outcome.NEWER)
        if is_new and not self._incremental:
            self._notice_twice(record, activity_key, counts)
        # What stands in the source now is what counts, also when it went back to what it was before.
        settles = is_new if self._is_replay else outcome is not Outcome.OLDER and activity_key not in self._refused
        self._store.accepted(self._reading.name, digest, activity_key if settles else None, record.document)
        if outcome is Outcome.NEW:
            counts.new += 1
        elif outcome is Outcome.NEWER:
            counts.newer += 1
        else:
            counts.repeated += 1
            counts.older += outcome is Outcome.OLDER
        if is_new and submitted.is_unmapped:
            counts.unmapped[understood.activity.type] += 1
        if is_new and verdict.stops:
            counts.not_valid[understood.activity.type] += 1
        counts.findings.add((issue for _, issue in verdict.found), record.place)
        counts.findings.add_remarks(verdict.remarks)

    def _notice_twice(self, record: Record, activity_key: str, counts: RecordCounts) -> None:
        """Say that two records of one reading tell of one activity: a number that was used twice loses a visit."""
        short = int(activity_key[:_SHORT], 16)
        if short in self._changed:
            counts.remark(
                Remark(record.place, "same-number", "an earlier record has the same number, the newer one counts")
            )
        self._changed.add(short)

    def _reject(self, record: Record, error: RecordRejected, digest: str) -> None:
        activity_key = self._activity_key(record)
        if activity_key is None:
            self._unidentified += 1
            self._document.is_complete = False
        else:
            self._met(record, activity_key, is_refused=True)
            self._refused.add(activity_key)
        self._document.rejected.add(digest)
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

    def _last_read(self, record: Record) -> LastRead:
        return LastRead(partial(self._may_replace, record), self._claims.readings)

    def _may_replace(self, record: Record, activity_key: str, content_digest: str) -> bool:
        """Return whether a record may replace what is known of its activity, where no time of change tells."""
        if activity_key in self._document.met:
            return False  # another part of the same document has its number
        was_refused = activity_key in self._refused
        return self._claims.may_replace(
            activity_key, self._document_key(record), content_digest, was_refused=was_refused
        )

    def _document_key(self, record: Record) -> str | None:
        return None if record.document is None else self._key_of(record.document)

    def _met(self, record: Record, activity_key: str, said: str | None = None, *, is_refused: bool = False) -> None:
        """Remember that an activity is there.

        Args:
            record: that tells of it.
            activity_key: its pseudonym.
            said: digest of what the record says, where no time of change decides.
            is_refused: the record was rejected.
        """
        # Where nothing follows from what was not met, rows that are known already need not be written again.
        concludes = not self._incremental and (self._reading.withdraw_missing or record.document is not None)
        scan = self._scan if (concludes or is_refused) and not self._is_replay else 0
        document_key = self._document_key(record)
        if said is not None:
            self._claims.keep(activity_key, document_key, said)
        else:
            remember = self._store.remember_refused_origin if is_refused else self._store.remember_origin
            remember(self._reading.name, activity_key, document_key or activity_key, scan)
        self._document.met.add(activity_key)
        self._met_any = True

    def _end_document(self, counts: RecordCounts) -> None:
        """Withdraw what a document held once and does not hold any more."""
        document, self._document = self._document, _Document(None)
        if document.name is None:
            return
        key = self._key_of(document.name)
        if not document.is_complete:
            self._incomplete.add(key)
        elif self._incremental:
            for activity_key in self._store.activities_of_document(self._reading.name, key):
                if activity_key not in document.met:
                    counts.gone += self._withdraw(activity_key)
            self._store.settle_document(self._reading.name, document.name, document.rejected)

    def _end_snapshot(self, place: ReadingPlace, known: int, counts: RecordCounts) -> None:
        """Withdraw what a complete reading of everything did not meet."""
        name = self._reading.name
        # A document can stand in a snapshot twice: only at the end it is known what of it is not there.
        for activity_key, document_key in self._store.not_seen(name, self._scan, in_documents=True):
            if document_key not in self._incomplete:
                counts.gone += self._withdraw(activity_key)
        if self._reading.withdraw_missing and not self._withdraw_missing(place, known, counts):
            return
        self._store.keep_tables(name, self._tables)

    def _withdraw_missing(self, place: ReadingPlace, known: int, counts: RecordCounts) -> bool:
        """Withdraw what is missing; return False when nothing follows from what is missing."""
        name = self._reading.name
        missing = self._store.not_seen(name, self._scan, in_documents=False)
        if missing and (doubt := self._doubt(place)):
            counts.remark(
                Remark(name, "missing-kept", f"{len(missing)} activities are missing and were kept: {doubt}")
            )
            return False
        most = self._reading.missing_at_most
        if len(missing) > max(FEW if self._met_any else 0, known * most) and most < 1:
            raise SettingsError(
                f"{len(missing)} of {known} activities are missing; nothing was withdrawn",
                code="too-many-missing",
                place=f"sources.{name}",
                fix="look whether the source is whole; if they are gone, run once with a greater missing_at_most",
            )
        for activity_key, _ in missing:
            counts.gone += self._withdraw(activity_key)
        self._store.forget_rejected(self._began, name)  # they are not in the source any more
        return True

    def _doubt(self, place: ReadingPlace) -> str | None:
        if self._unidentified:
            return f"{self._unidentified} records that could not be read may be theirs"
        if place.tables - self._tables:
            again = f"if it is gone for good, `hm-fhir sources read-again {self._reading.name}`"
            return f"a table that was read the last time was not there, or was not read; {again}"
        return None

    def _withdraw(self, activity_key: str) -> bool:
        name = self._reading.name
        self._store.settle_activity(name, activity_key)
        others = self._store.forget_origin(name, activity_key)
        if any(self._reading.counts(other) for other in others):
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
        self.rejected: set[str] = set()
