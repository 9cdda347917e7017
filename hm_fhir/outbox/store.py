"""The verbs of the outbox: the narrow interface that every back end offers.

The life of an entry: `add` -> `claim` (a lease; nothing is ever deleted) -> `settle`. A process that dies between
claim and settle leaves a lease that runs out, and the entry is claimed again: a target can see it twice, which the
deterministic ids of the resources make harmless. That is at-least-once delivery with exactly-once effect.

All verbs raise StoreError when the database cannot be used; each is one transaction, or a part of the open one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from hm_fhir.outbox.entry import State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

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


class Store(Protocol):
    """Durable rows between intake and delivery, for any number of processes and threads.

    `connection` is always a connection of the caller to the database that holds the outbox (its type belongs to the
    back end): the verb then works inside the caller's open transaction and neither commits nor rolls back, so that
    the caller's own rows and the entries come or go together.
    """

    # ---- intake

    def known(self, activity_key: str, connection: Any = None) -> KnownActivity | None:
        """Return what is known of an activity, so that intake can decide before it maps; None when it is new."""

    def latest_route(self, activity_key: str) -> LatestRoute | None:
        """Return what the last entry of an activity says of it; None when no target ever got one."""

    def was_offered(self, target: str, activity_key: str, connection: Any = None) -> bool:
        """Return whether a resource of an activity was ever routed to a target, so that it may be there."""

    def add(self, submission: Submission, connection: Any = None) -> Added:
        """Offer one activity version; adding the same again changes nothing.

        - unknown: NEW; a greater version key: NEWER; a smaller one: OLDER, nothing is written;
        - same version, same content: REPEATED; only a target that has no entry for this content yet, or whose latest
          one was made by another pack, gets one;
        - same version, other content: NEWER if the record is the same (settings or a plugin changed), else CONFLICT,
          and nothing is written.

        NEW and NEWER make one entry per route. NEWER supersedes all waiting, parked and withheld entries of the
        activity, also at targets that the newer version is not routed to: nobody gets an outdated version.
        """

    def reject(self, rejection: Rejection, connection: Any = None) -> None:
        """Keep a record that cannot become an activity, once for each source and record digest."""

    def accepted(
        self,
        source: str,
        record_digest: str,
        activity_key: str | None = None,
        document: str | None = None,
        connection: Any = None,
    ) -> bool:
        """Forget the rejection of a record that was taken by now, all of it; return whether there was one.

        Args:
            source: name of the source.
            record_digest: digest of the record.
            activity_key: what was rejected of this activity in the same document is settled, too.
            document: of the record.
            connection: see the class.
        """

    def settle_activity(self, source: str, activity_key: str) -> None:
        """Forget what was rejected of a row that a source does not have any more."""

    def transaction(self) -> AbstractContextManager[None]:
        """Group all verbs of this thread in one commit; an exception takes all of them back."""

    # ---- where reading goes on

    def reading_place(self, source: str) -> ReadingPlace | None:
        """Return where reading of a source goes on, None when it was never read."""

    def begin_reading(self, source: str, made_with: str) -> ReadingPlace:
        """Count a reading of a source, and return where it begins.

        Args:
            source: name of the source.
            made_with: digest of what decides what reading gives (settings, fields, mappings, targets): a cursor that
                was made with something else does not hold, and the source is read from its beginning again.
        """

    def keep_cursor(self, source: str, cursor: str) -> None:
        """Remember up to where a source was read, in the open transaction."""

    def read_again(self, source: str) -> None:
        """Make the next reading begin at the beginning; a reading that is going on ends at its next commit."""

    def complete_reading(self, source: str, scan: int) -> None:
        """Remember that a reading came to its end."""

    def count_readings(self) -> int:
        """Return how many readings of all sources began."""

    def keep_tables(self, source: str, tables: Collection[str]) -> None:
        """Remember digests of the tables (sheets) that a complete reading met."""

    def remember_origin(
        self, source: str, activity_key: str, document_key: str, scan: int, *, said: str = "", said_in: int = 0
    ) -> None:
        """Remember from which document of a source an activity was taken; see Origin."""

    def remember_refused_origin(self, source: str, activity_key: str, document_key: str, scan: int) -> None:
        """Remember that a rejected record would have told of an activity: one that was taken keeps its document."""

    def activities_of_document(self, source: str, document_key: str) -> tuple[str, ...]:
        """Return the activities that came from a document."""

    def not_seen(self, source: str, scan: int, *, in_documents: bool) -> tuple[tuple[str, str], ...]:
        """Return the activities of a source that a reading did not meet, each with its document.

        Args:
            source: name of the source.
            scan: number of the reading.
            in_documents: only those whose document it met.
        """

    def count_origins(self, source: str) -> int:
        """Return how many activities came from a source."""

    def origins(self, activity_key: str) -> tuple[Origin, ...]:
        """Return the sources that have an activity."""

    def forget_origin(self, source: str, activity_key: str) -> tuple[str, ...]:
        """Forget that an activity came from a source; return the other sources that have it."""

    def settle_document(self, source: str, document: str, keep: Collection[str] = ()) -> None:
        """Forget what was rejected of a document, except for records with these digests."""

    # ---- delivery

    def claim(self, target: str, limit: int, owner: str, lease_seconds: float, now: datetime) -> tuple[Entry, ...]:
        """Lease up to `limit` entries that are due, in the order of their numbers.

        No two owners have one entry at a time. An entry is held back while an earlier one of the same person is
        leased or is scheduled for later (deferred ones hold nobody back), and while an older version of its activity
        is leased. Entries of one person can come together in one claim: whoever sends them keeps their order.

        Args:
            target: name of the target.
            limit: at most so many entries.
            owner: name of the worker, unique among all processes and threads.
            lease_seconds: how long the worker may take; afterwards others may claim.
            now: the present time.
        """

    def settle(self, settlements: Iterable[Settlement], *, owner: str, now: datetime) -> Mapping[int, State]:
        """End claims, all in one transaction, and return the state of each entry afterwards.

        Only the owner of the lease moves an entry, with one exception: Delivered is a fact, and always writes its
        ledger rows, even when a newer version superseded the entry (which then stays superseded). When it is told
        after the delivery of a newer version of a resource, nobody knows which content came last: the newer one is
        due again.

        Raises:
            StoreError: there is no such entry (``unknown-entry``).
        """

    def next_due(self, target: str) -> datetime | None:
        """Return when the next waiting entry can be claimed, None when nothing waits.

        A time in the past means now. What is leased counts with the end of its lease.
        """

    def release(self, owner: str, entry_ids: Iterable[int] | None = None, *, attempted: bool = False) -> int:
        """Give back leases of a worker, and return how many.

        Args:
            owner: name of the worker.
            entry_ids: only these; None for all.
            attempted: False takes back the attempt of each claim. True keeps it: the worker died, and may have died
                of one of these entries.
        """

    def renew(self, owner: str, lease_seconds: float, now: datetime) -> frozenset[int]:
        """Lengthen the leases of a worker from now on, and return the entries that it still has.

        An entry is lost when somebody else claimed it, or when its lease ran out and a newer version took its place.
        """

    def owners(self) -> tuple[str, ...]:
        """Return the names of the workers that hold leases, also ended ones."""

    def ledger(self, target: str, keys: Iterable[str]) -> Mapping[str, LedgerRow]:
        """Return resource key -> what the target last received, for those keys that it has."""

    def former_payloads(
        self, target: str, activity_key: str, before: int, beyond: Collection[str]
    ) -> tuple[dict[str, Any], ...]:
        """Return what earlier entries of an activity held, newest first, whatever became of them.

        An answer can be lost, so an entry that was never settled as delivered may be at the target all the same.

        Args:
            target: name of the target.
            activity_key: the activity.
            before: only entries with smaller numbers.
            beyond: only payloads that hold a resource that is not among these keys.
        """

    def other_producers(self, target: str, resource_key: str, activity_key: str) -> tuple[Entry, ...]:
        """Return the newest entries of other activities that hold a resource too, the newest version first.

        Their order says nothing about which content counts: see `rules.order_key`.

        Known are activities that met the other one's resource in the ledger when their entry was settled.
        """

    def ledger_keys(self, target: str) -> tuple[str, ...]:
        """Return the keys of all resources that a target received, in their order."""

    # ---- deployment and operators

    def describe(self) -> str:
        """Return where the store is and the version of its schema, for a person."""

    def install(self, connection: Any) -> None:
        """Create or migrate the tables in the caller's database, inside the caller's transaction."""

    def bind(self, key_id: str, fingerprint: str) -> None:
        """Bind a new store to an identity key, or check that it is the one it was bound to.

        Raises:
            StoreError: the store belongs to another identity key (``store-binding``).
        """

    def counts(self) -> Mapping[str, TargetCounts]:
        """Return target -> its sum, all read at one moment."""

    def list(
        self, *, target: str | None = None, state: State | None = None, limit: int = 100, after: int = 0
    ) -> tuple[EntryRow, ...]:
        """Return entries without payload whose numbers are greater than `after`, in order."""

    def show(self, entry_id: int) -> Shown:
        """Return all about one entry, with personal data.

        Raises:
            StoreError: there is no such entry (``unknown-entry``).
        """

    def retry(
        self,
        entry_ids: Sequence[int] | None = None,
        *,
        state: State = State.PARKED,
        target: str | None = None,
        code: str | None = None,
    ) -> int:
        """Make entries due now, with attempts at 0, and return how many.

        Args:
            entry_ids: only these; None for all that the other conditions choose.
            state: `State.PARKED`, or `State.WAITING` for those that are scheduled for later.
            target: only of this target.
            code: only those with this code.

        Raises:
            ValueError: another state; history is not repeated.
        """

    def rejected(
        self, source: str | None = None, *, limit: int | None = None, to_replay: bool = False
    ) -> tuple[RejectedRecord, ...]:
        """Return rejected records with their payloads, the longest known first.

        Args:
            source: only of this source.
            limit: at most so many.
            to_replay: of each activity of a document only what was read last.
        """

    def forget_rejected(self, before: datetime, source: str | None = None) -> int:
        """Drop kept records that were last read before a time, and return how many.

        Args:
            before: aware time; a record that is still in its source was read by the last run.
            source: only of this source.
        """

    def rejected_counts(self) -> Mapping[str, Mapping[str, int]]:
        """Return source -> code -> number of rejected records."""

    def close(self) -> None:
        """Close what the store opened; a later verb opens it again."""
