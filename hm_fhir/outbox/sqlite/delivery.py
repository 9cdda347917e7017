"""What `claim` and `settle` do, on a cursor inside an open transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import StoreError
from hm_fhir.outbox.codec import encode_evidence
from hm_fhir.outbox.entry import State
from hm_fhir.outbox.queries import load_queries
from hm_fhir.outbox.rules import came_before, is_late_fact, state_after
from hm_fhir.outbox.settlement import Deferred, Delivered, Parked, RetryAt, Superseded, Unchanged
from hm_fhir.outbox.sqlite.rows import entry, ledger_row, to_keys, to_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from hm_fhir.outbox.codec import PayloadCodec
    from hm_fhir.outbox.entry import Entry, Words
    from hm_fhir.outbox.settlement import LedgerRow, Sent, Settlement

_SQL = load_queries()


def lease_due(
    cursor: sqlite3.Cursor,
    codec: PayloadCodec,
    *,
    target: str,
    limit: int,
    owner: str,
    lease_seconds: float,
    now: datetime,
) -> tuple[Entry, ...]:
    """Lease what is due; see Store.claim."""
    rows = cursor.execute(_SQL["due_entries"], {"target": target, "limit": limit, "now": to_text(now)}).fetchall()
    until = now + timedelta(seconds=lease_seconds)
    cursor.executemany(
        _SQL["lease_entry"],
        [{"entry_id": row["entry_id"], "owner": owner, "until": to_text(until)} for row in rows],
    )
    return tuple(
        replace(found, lease_owner=owner, lease_until=until, attempts=found.attempts + 1)
        for found in (entry(row, codec) for row in rows)
    )


class Settling:
    """Ends the claims of one bundle.

    Args:
        cursor: inside the transaction of the whole bundle.
        codec: for the words of the target.
        owner: who settles.
        now: the present time.
    """

    def __init__(self, cursor: sqlite3.Cursor, codec: PayloadCodec, *, owner: str, now: datetime) -> None:
        self._cursor = cursor
        self._codec = codec
        self._owner = owner
        self._now = to_text(now)
        self._finished: list[sqlite3.Row] = []

    def settle(self, settlement: Settlement) -> State:
        """Write one settlement and return the state of its entry afterwards.

        Raises:
            StoreError: there is no such entry.
        """
        row = self._read(settlement.entry_id)
        has_lease = row["lease_owner"] == self._owner
        before = State(row["state"])
        after = state_after(before, settlement, has_lease=has_lease)
        values = {name: row[name] for name in _SETTLED_COLUMNS}
        if has_lease:
            values |= {"lease_owner": None, "lease_until": None}
        if after is not None:
            values |= {"state": after, "retry_at": None, "deferred": 0}
            values |= self._waiting(settlement, row) if after is State.WAITING else self._settled(settlement)
            self._cursor.execute(_SQL["forget_missing"], {"entry_id": settlement.entry_id})
        # The target had this content, whatever became of the entry meanwhile.
        if isinstance(settlement, Delivered) or (isinstance(settlement, Unchanged) and has_lease):
            values["delivered_at"] = self._now
        self._cursor.execute(_SQL["settle_entry"], values)
        if isinstance(settlement, Deferred) and after is State.WAITING:
            self._wait_for(row, settlement.needs)
        if isinstance(settlement, Delivered | Unchanged | Superseded):
            self._remember_producers(row)
            self._finished.append(row)
        if isinstance(settlement, Delivered):
            for sent in settlement.sent:
                self._write_ledger(row, sent)
        if isinstance(settlement, Delivered | Unchanged):
            for sent in settlement.confirmed:
                self._confirm_ledger(row, sent)
        if isinstance(settlement, Delivered | Unchanged | Superseded):
            self._release_ledger(row, settlement.released)
        if settlement.words is not None:
            self._write_words(settlement.entry_id, settlement.words)
        return after or before

    def finish(self) -> None:
        """Remember what entries of one bundle make together: the ledger has it from one of them only now."""
        for row in self._finished:
            self._remember_producers(row)

    def _read(self, entry_id: int) -> sqlite3.Row:
        row: sqlite3.Row | None = self._cursor.execute(_SQL["entry_to_settle"], {"entry_id": entry_id}).fetchone()
        if row is None:
            raise StoreError(
                f"there is no entry {entry_id}",
                code="unknown-entry",
                fix="settle only what claim handed out, in the same store",
            )
        return row

    def _waiting(self, settlement: Settlement, row: sqlite3.Row) -> dict[str, Any]:
        if isinstance(settlement, Deferred):
            return {
                "retry_at": to_text(settlement.at),
                "code": settlement.code,
                "deferred": 1,
                "attempts": max(row["attempts"] - 1, 0),
            }
        assert isinstance(settlement, RetryAt)  # noqa: S101 - no other settlement leaves an entry waiting
        return {"retry_at": to_text(settlement.at), "code": settlement.code}

    def _settled(self, settlement: Settlement) -> dict[str, Any]:
        code = settlement.code if isinstance(settlement, Parked) else None
        return {"settled_at": self._now, "code": code}

    def _wait_for(self, row: sqlite3.Row, needs: tuple[str, ...]) -> None:
        for key in needs:
            where = {"target": row["target"], "resource_key": key}
            # It may have arrived between the look into the ledger and now.
            if self._cursor.execute(_SQL["ledger_row"], where).fetchone() is None:
                self._cursor.execute(_SQL["insert_missing"], where | {"entry_id": row["entry_id"]})
        self._cursor.execute(_SQL["wake_entry"], {"entry_id": row["entry_id"]})

    def _remember_producers(self, row: sqlite3.Row) -> None:
        """Remember both activities where this one makes a resource that the ledger has from another one."""
        held = self._cursor.execute(_SQL["holds_of_entry"], {"entry_id": row["entry_id"]}).fetchone()
        for key in to_keys(held["holds"]):
            where = {"target": row["target"], "resource_key": key}
            known = self._cursor.execute(_SQL["ledger_row"], where).fetchone()
            if known is not None and not known["shared"] and known["activity_key"] != row["activity_key"]:
                for activity_key in (known["activity_key"], row["activity_key"]):
                    self._cursor.execute(_SQL["write_producer"], where | {"activity_key": activity_key})

    def _write_ledger(self, row: sqlite3.Row, sent: Sent) -> None:
        where = {"target": row["target"], "resource_key": sent.resource_key}
        known = self._cursor.execute(_SQL["ledger_row"], where).fetchone()
        order, activity_key = _origin(row, sent)
        if known is not None and self._is_late(row, ledger_row(known), sent):
            self._doubt_ledger(ledger_row(known), where, sent)
            return
        self._cursor.execute(
            _SQL["write_ledger"],
            where
            | {
                "content_digest": sent.content_digest,
                "version_key": order,
                "activity_key": activity_key,
                "shared": sent.shared,
                "remote_version": sent.remote_version,
                "withdrawn": sent.withdrawn,
                "sent_at": self._now,
            },
        )
        waiting = self._cursor.execute(_SQL["entries_missing_resource"], where).fetchall()
        if waiting:
            self._cursor.execute(_SQL["forget_missing_resource"], where)
            for one in waiting:
                self._cursor.execute(_SQL["wake_entry"], {"entry_id": one["entry_id"]})

    def _is_late(self, row: sqlite3.Row, known: LedgerRow, sent: Sent) -> bool:
        order, activity_key = _origin(row, sent)
        if is_late_fact(known, order=order, activity_key=activity_key, replaces=sent.replaces):
            return True
        # A newer version of its activity had its turn meanwhile, and left the resource to another one.
        if row["state"] != State.SUPERSEDED or known.activity_key == row["activity_key"]:
            return False
        where = {"activity_key": row["activity_key"], "target": row["target"], "entry_id": row["entry_id"]}
        return self._cursor.execute(_SQL["settled_successor"], where).fetchone() is not None

    def _doubt_ledger(self, known: LedgerRow, where: dict[str, str], sent: Sent) -> None:
        if known.content_digest != sent.content_digest and not came_before(sent.remote_version, known.remote_version):
            self._cursor.execute(_SQL["doubt_ledger"], where)
            self._cursor.execute(_SQL["send_again"], {"target": where["target"], "activity_key": known.activity_key})

    def _confirm_ledger(self, row: sqlite3.Row, sent: Sent) -> None:
        where = {"target": row["target"], "resource_key": sent.resource_key}
        known = self._cursor.execute(_SQL["ledger_row"], where).fetchone()
        if known is None or known["content_digest"] != sent.content_digest:
            return
        order, activity_key = _origin(row, sent)
        if not is_late_fact(ledger_row(known), order=order, activity_key=activity_key, replaces=sent.replaces):
            more = {"version_key": order, "activity_key": activity_key, "shared": sent.shared}
            self._cursor.execute(_SQL["confirm_ledger"], where | more)

    def _release_ledger(self, row: sqlite3.Row, keys: tuple[str, ...]) -> None:
        where = {"target": row["target"], "activity_key": row["activity_key"]}
        for key in keys:
            self._cursor.execute(_SQL["release_ledger"], where | {"resource_key": key})

    def _write_words(self, entry_id: int, words: Words) -> None:
        self._cursor.execute(
            _SQL["insert_words"],
            {
                "entry_id": entry_id,
                "at": self._now,
                "status": words.status,
                "content": encode_evidence(self._codec, words.content),
            },
        )


def _origin(row: sqlite3.Row, sent: Sent) -> tuple[str, str]:
    """Return the order and the activity of a content; an entry can bring that of another activity."""
    return (
        row["version_key"] if sent.order is None else sent.order,
        row["activity_key"] if sent.activity_key is None else sent.activity_key,
    )


_SETTLED_COLUMNS = (
    "entry_id",
    "state",
    "code",
    "attempts",
    "retry_at",
    "deferred",
    "lease_owner",
    "lease_until",
    "settled_at",
    "delivered_at",
)


def read_ledger(cursor: sqlite3.Cursor, target: str, keys: Iterable[str]) -> dict[str, LedgerRow]:
    """Return the ledger rows of some resources; see Store.ledger."""
    found = {}
    for key in keys:
        row = cursor.execute(_SQL["ledger_row"], {"target": target, "resource_key": key}).fetchone()
        if row is not None:
            found[key] = ledger_row(row)
    return found
