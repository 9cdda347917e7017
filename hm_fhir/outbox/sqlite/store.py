"""SqliteStore: every verb of the outbox on one SQLite file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hm_fhir.outbox.codec import JsonCodec, encode_evidence
from hm_fhir.outbox.entry import State
from hm_fhir.outbox.queries import load_queries
from hm_fhir.outbox.sqlite import operators, reading
from hm_fhir.outbox.sqlite.connection import Connections
from hm_fhir.outbox.sqlite.delivery import Settling, lease_due, read_ledger
from hm_fhir.outbox.sqlite.intake import read_known, read_latest_route, write_submission
from hm_fhir.outbox.sqlite.rows import entry, entry_row, to_keys, to_text, to_time
from hm_fhir.outbox.sqlite.schema import install, is_current, schema_version, update_schema

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from hm_fhir.outbox.codec import PayloadCodec
    from hm_fhir.outbox.entry import (
        Added,
        Entry,
        EntryRow,
        KnownActivity,
        LatestRoute,
        Origin,
        ReadingPlace,
        RejectedRecord,
        Rejection,
        Shown,
        Submission,
        TargetCounts,
    )
    from hm_fhir.outbox.settlement import LedgerRow, Settlement

_SQL = load_queries()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SqliteStore:
    """The outbox in an SQLite file; see Store for what the verbs promise.

    The file is opened by the first verb that needs it, gets a write-ahead log (which stays a property of the file),
    and is created or migrated in a transaction. Every commit is synced to the disk. It must be on a local disk.

    With `connection`, a sqlite3.Connection of the caller, verbs work in the caller's database and transaction. SQLite
    allows that for the tables too (its DDL is transactional), but not for the journal mode or foreign keys, which
    stay as the caller set them: how durable such a commit is, is up to the caller's ``PRAGMA synchronous``. A worker
    then opens the same file by its path.

    Args:
        path: the file.
        codec: how payloads are written.
        clock: returns the present time, with a zone.
        busy_timeout_seconds: how long a verb waits for another process that writes.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        codec: PayloadCodec | None = None,
        clock: Callable[[], datetime] = _utc_now,
        busy_timeout_seconds: float = 30.0,
    ) -> None:
        self._codec = codec or JsonCodec()
        self._clock = clock
        self._path = Path(path)
        self._connections = Connections(Path(path), busy_timeout_seconds=busy_timeout_seconds, prepare=_prepare)

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- intake

    def known(self, activity_key: str, connection: sqlite3.Connection | None = None) -> KnownActivity | None:
        """Return what is known of an activity; see Store."""
        with self._connections.reading(connection) as cursor:
            return read_known(cursor, activity_key)

    def latest_route(self, activity_key: str) -> LatestRoute | None:
        """Return what the last entry of an activity says; see Store."""
        with self._connections.reading() as cursor:
            return read_latest_route(cursor, activity_key)

    def was_offered(self, target: str, activity_key: str, connection: sqlite3.Connection | None = None) -> bool:
        """Return whether a resource was ever routed to a target; see Store."""
        where = {"target": target, "activity_key": activity_key}
        with self._connections.reading(connection) as cursor:
            return cursor.execute(_SQL["offered_activity"], where).fetchone() is not None

    def add(self, submission: Submission, connection: sqlite3.Connection | None = None) -> Added:
        """Offer one activity version; see Store."""
        with self._connections.writing(connection) as cursor:
            return write_submission(cursor, submission, self._codec, now=self._now())

    def reject(self, rejection: Rejection, connection: sqlite3.Connection | None = None) -> None:
        """Keep a record that cannot become an activity; see Store."""
        with self._connections.writing(connection) as cursor:
            cursor.execute(
                _SQL["reject_record"],
                {
                    "source": rejection.source,
                    "record_digest": rejection.record_digest,
                    "place": rejection.place,
                    "code": rejection.code,
                    "message": rejection.message,
                    "content": encode_evidence(self._codec, rejection.payload),
                    "at": to_text(rejection.at),
                    "document": rejection.document,
                    "activity_key": rejection.activity_key,
                    "replayable": int(rejection.replayable),
                },
            )

    def accepted(
        self,
        source: str,
        record_digest: str,
        activity_key: str | None = None,
        document: str | None = None,
        connection: sqlite3.Connection | None = None,
    ) -> bool:
        """Forget the rejection of a record; see Store."""
        with self._connections.writing(connection) as cursor:
            cursor.execute(_SQL["accept_record"], {"source": source, "record_digest": record_digest})
            forgotten = cursor.rowcount
            if activity_key is not None:
                where = {"source": source, "activity_key": activity_key, "document": document}
                cursor.execute(_SQL["accept_activity"], where)
                forgotten += cursor.rowcount
            return forgotten > 0

    def settle_activity(self, source: str, activity_key: str) -> None:
        """Forget what was rejected of a row; see Store."""
        with self._connections.writing() as cursor:
            cursor.execute(_SQL["settle_activity"], {"source": source, "activity_key": activity_key})

    def transaction(self) -> AbstractContextManager[None]:
        """Group all verbs of this thread in one commit; see Store. Other threads of the process wait."""
        return self._connections.transaction()

    # ---- where reading goes on

    def reading_place(self, source: str) -> ReadingPlace | None:
        """Return where reading of a source goes on; see Store."""
        with self._connections.reading() as cursor:
            return reading.read_place(cursor, source)

    def begin_reading(self, source: str, made_with: str) -> ReadingPlace:
        """Count a reading, and return where it begins; see Store."""
        with self._connections.writing() as cursor:
            return reading.begin_reading(cursor, source, made_with, now=self._now())

    def keep_cursor(self, source: str, cursor: str) -> None:
        """Remember up to where a source was read; see Store."""
        with self._connections.writing() as one:
            one.execute(_SQL["keep_cursor"], {"source": source, "cursor": cursor})

    def read_again(self, source: str) -> None:
        """Make the next reading begin at the beginning; see Store."""
        with self._connections.writing() as cursor:
            cursor.execute(_SQL["read_again"], {"source": source})

    def complete_reading(self, source: str, scan: int) -> None:
        """Remember that a reading came to its end; see Store."""
        with self._connections.writing() as cursor:
            cursor.execute(_SQL["complete_reading"], {"source": source, "scan": scan})

    def count_readings(self) -> int:
        """Return how many readings of all sources began; see Store."""
        with self._connections.reading() as cursor:
            number: int = cursor.execute(_SQL["count_readings"]).fetchone()["number"]
            return number

    def keep_tables(self, source: str, tables: Collection[str]) -> None:
        """Remember which tables a complete reading met; see Store."""
        with self._connections.writing() as cursor:
            reading.keep_tables(cursor, source, tables)

    def remember_origin(
        self, source: str, activity_key: str, document_key: str, scan: int, *, said: str = "", said_in: int = 0
    ) -> None:
        """Remember from which document an activity was taken; see Store."""
        origin = {"source": source, "activity_key": activity_key, "document_key": document_key, "scan": scan}
        with self._connections.writing() as cursor:
            cursor.execute(_SQL["remember_origin"], origin | {"said": said, "said_in": said_in})

    def remember_refused_origin(self, source: str, activity_key: str, document_key: str, scan: int) -> None:
        """Remember that a rejected record would have told of an activity; see Store."""
        origin = {"source": source, "activity_key": activity_key, "document_key": document_key, "scan": scan}
        with self._connections.writing() as cursor:
            cursor.execute(_SQL["remember_refused_origin"], origin)

    def activities_of_document(self, source: str, document_key: str) -> tuple[str, ...]:
        """Return the activities that came from a document; see Store."""
        with self._connections.reading() as cursor:
            return reading.activities_of_document(cursor, source, document_key)

    def not_seen(self, source: str, scan: int, *, in_documents: bool) -> tuple[tuple[str, str], ...]:
        """Return what a reading did not meet; see Store."""
        with self._connections.reading() as cursor:
            return reading.not_seen(cursor, source, scan, in_documents=in_documents)

    def count_origins(self, source: str) -> int:
        """Return how many activities came from a source; see Store."""
        with self._connections.reading() as cursor:
            return reading.count_origins(cursor, source)

    def origins(self, activity_key: str) -> tuple[Origin, ...]:
        """Return the sources that have an activity; see Store."""
        with self._connections.reading() as cursor:
            return reading.read_origins(cursor, activity_key)

    def forget_origin(self, source: str, activity_key: str) -> tuple[str, ...]:
        """Forget that an activity came from a source; see Store."""
        with self._connections.writing() as cursor:
            return reading.forget_origin(cursor, source, activity_key)

    def settle_document(self, source: str, document: str, keep: Collection[str] = ()) -> None:
        """Forget what was rejected of a document; see Store."""
        with self._connections.writing() as cursor:
            reading.settle_document(cursor, source, document, keep)

    # ---- delivery

    def claim(self, target: str, limit: int, owner: str, lease_seconds: float, now: datetime) -> tuple[Entry, ...]:
        """Lease entries that are due; see Store."""
        with self._connections.writing() as cursor:
            return lease_due(
                cursor,
                self._codec,
                target=target,
                limit=limit,
                owner=owner,
                lease_seconds=lease_seconds,
                now=now,
            )

    def settle(self, settlements: Iterable[Settlement], *, owner: str, now: datetime) -> dict[int, State]:
        """End claims; see Store."""
        with self._connections.writing() as cursor:
            settling = Settling(cursor, self._codec, owner=owner, now=now)
            states = {settlement.entry_id: settling.settle(settlement) for settlement in settlements}
            settling.finish()
            return states

    def next_due(self, target: str) -> datetime | None:
        """Return when the next waiting entry can be claimed; see Store."""
        with self._connections.reading() as cursor:
            row = cursor.execute(_SQL["next_due"], {"target": target}).fetchone()
            return to_time(row["ready_at"])

    def release(self, owner: str, entry_ids: Iterable[int] | None = None, *, attempted: bool = False) -> int:
        """Give back leases; see Store."""
        where = {"owner": owner, "taken_back": 0 if attempted else 1}
        with self._connections.writing() as cursor:
            if entry_ids is None:
                return cursor.execute(_SQL["release_leases"], where).rowcount
            return sum(
                cursor.execute(_SQL["release_lease"], where | {"entry_id": entry_id}).rowcount
                for entry_id in entry_ids
            )

    def renew(self, owner: str, lease_seconds: float, now: datetime) -> frozenset[int]:
        """Lengthen leases; see Store."""
        until = to_text(now + timedelta(seconds=lease_seconds))
        where = {"owner": owner, "now": to_text(now)}
        with self._connections.writing() as cursor:
            cursor.execute(_SQL["renew_leases"], where | {"until": until})
            return frozenset(row["entry_id"] for row in cursor.execute(_SQL["leased_entries"], where))

    def owners(self) -> tuple[str, ...]:
        """Return who holds leases; see Store."""
        with self._connections.reading() as cursor:
            return tuple(row["lease_owner"] for row in cursor.execute(_SQL["owners"]))

    def ledger(self, target: str, keys: Iterable[str]) -> dict[str, LedgerRow]:
        """Return what a target last received; see Store."""
        with self._connections.reading() as cursor:
            return read_ledger(cursor, target, keys)

    def former_payloads(
        self, target: str, activity_key: str, before: int, beyond: Collection[str]
    ) -> tuple[dict[str, Any], ...]:
        """Return what earlier entries of an activity held; see Store."""
        where = {"target": target, "activity_key": activity_key, "before": before}
        with self._connections.reading() as cursor:
            return tuple(
                self._codec.decode(row["content"])
                for row in cursor.execute(_SQL["former_payloads"], where)
                if not set(to_keys(row["holds"])).issubset(beyond)
            )

    def other_producers(self, target: str, resource_key: str, activity_key: str) -> tuple[Entry, ...]:
        """Return entries of other activities that hold a resource; see Store."""
        where = {"target": target, "resource_key": resource_key, "activity_key": activity_key}
        with self._connections.reading() as cursor:
            found = [entry(row, self._codec) for row in cursor.execute(_SQL["other_producers"], where)]
        return tuple(one for one in found if resource_key in one.holds)

    # ---- deployment and operators

    def install(self, connection: sqlite3.Connection) -> None:
        """Create or migrate the tables in the caller's database; see Store."""
        install(connection)

    def bind(self, key_id: str, fingerprint: str) -> None:
        """Bind the store to an identity key, or check it; see Store."""
        with self._connections.writing() as cursor:
            operators.bind_key(cursor, key_id, fingerprint, now=self._now())

    def counts(self) -> dict[str, TargetCounts]:
        """Return the sum of each target; see Store."""
        with self._connections.reading() as cursor:
            return operators.read_counts(cursor)

    def list(
        self, *, target: str | None = None, state: State | None = None, limit: int = 100, after: int = 0
    ) -> tuple[EntryRow, ...]:
        """Return entries without payload; see Store."""
        query = _SQL["list_entries"] if state is None else _SQL["list_entries_in_state"]
        with self._connections.reading() as cursor:
            rows = cursor.execute(query, {"target": target, "state": state, "limit": limit, "after": after})
            return tuple(entry_row(row) for row in rows)

    def show(self, entry_id: int) -> Shown:
        """Return all about one entry; see Store."""
        with self._connections.reading() as cursor:
            return operators.read_shown(cursor, self._codec, entry_id)

    def retry(
        self,
        entry_ids: Sequence[int] | None = None,
        *,
        state: State = State.PARKED,
        target: str | None = None,
        code: str | None = None,
    ) -> int:
        """Make entries due now; see Store."""
        if state not in (State.PARKED, State.WAITING):
            raise ValueError(f"only parked and waiting entries can be tried again, not {state}")
        with self._connections.writing() as cursor:
            return operators.make_due(cursor, entry_ids, state=state, target=target, code=code, now=self._now())

    def rejected(
        self, source: str | None = None, *, limit: int | None = None, to_replay: bool = False
    ) -> tuple[RejectedRecord, ...]:
        """Return rejected records; see Store."""
        with self._connections.reading() as cursor:
            return operators.read_rejected(cursor, self._codec, source, limit, to_replay=to_replay)

    def forget_rejected(self, before: datetime, source: str | None = None) -> int:
        """Drop kept records that were last read before a time, and return how many; see Store."""
        with self._connections.writing() as cursor:
            values = {"before": to_text(before), "source": source}
            return cursor.execute(_SQL["forget_rejected"], values).rowcount

    def rejected_counts(self) -> Mapping[str, Mapping[str, int]]:
        """Return how many records are rejected, by source and reason; see Store."""
        with self._connections.reading() as cursor:
            return operators.read_rejected_counts(cursor)

    def ledger_keys(self, target: str) -> tuple[str, ...]:
        """Return the keys of all resources that a target received; see Store."""
        with self._connections.reading() as cursor:
            return tuple(row["resource_key"] for row in cursor.execute(_SQL["ledger_keys"], {"target": target}))

    def describe(self) -> str:
        """Return the file and the version of its schema, for a person; opens it."""
        with self._connections.reading() as cursor:
            return f"{self._path}, schema {schema_version(cursor.connection)}"

    def close(self) -> None:
        """Close the file; a later verb opens it again."""
        self._connections.close()

    def _now(self) -> str:
        return to_text(self._clock())


def _prepare(connection: sqlite3.Connection) -> None:
    """Create or migrate the schema of a file; processes that start together wait for each other."""
    if is_current(connection):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        update_schema(connection)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
