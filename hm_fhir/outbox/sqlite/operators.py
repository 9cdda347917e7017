"""What people ask of the outbox, on a cursor inside an open transaction: its key, sums, entries, rejected records."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from hm_fhir.errors import StoreError
from hm_fhir.outbox.entry import RejectedRecord, Shown, State, TargetCounts, Words
from hm_fhir.outbox.queries import load_queries
from hm_fhir.outbox.sqlite.rows import entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from hm_fhir.outbox.codec import PayloadCodec

_SQL = load_queries()
_NO_LIMIT = -1  # https://www.sqlite.org/lang_select.html#limitoffset


def bind_key(cursor: sqlite3.Cursor, key_id: str, fingerprint: str, *, now: str) -> None:
    """Bind the store to an identity key, or check it.

    Raises:
        StoreError: it belongs to another one.
    """
    row = cursor.execute(_SQL["binding"]).fetchone()
    if row is not None and row["fingerprint"] != fingerprint:
        raise StoreError(
            f"the store belongs to the identity key {row['key_id']!r} with the fingerprint"
            f" {row['fingerprint']}, the settings name {key_id!r} with {fingerprint}",
            code="store-binding",
            fix="put the former key back, or name a new store: with another key every resource would be"
            " delivered a second time under a second id",
        )
    if row is None or row["key_id"] != key_id:
        cursor.execute(_SQL["write_binding"], {"key_id": key_id, "fingerprint": fingerprint, "now": now})


def read_counts(cursor: sqlite3.Cursor) -> dict[str, TargetCounts]:
    """Return the sum of each target."""
    routed = {row["target"]: row["count"] for row in cursor.execute(_SQL["tallies"])}
    states = cursor.execute(_SQL["states"]).fetchall()
    codes = cursor.execute(_SQL["codes"]).fetchall()
    # A target that only one of the two knows of is exactly what the check is for.
    targets = sorted(routed.keys() | {row["target"] for row in states})
    return {
        target: TargetCounts(
            target=target,
            routed=routed.get(target, 0),
            states=dict.fromkeys(State, 0)
            | {State(row["state"]): row["number"] for row in states if row["target"] == target},
            withheld=_by_code(codes, target, State.WITHHELD),
            parked=_by_code(codes, target, State.PARKED),
            waiting=_by_code(codes, target, State.WAITING),
        )
        for target in targets
    }


def _by_code(rows: Iterable[sqlite3.Row], target: str, state: State) -> dict[str, int]:
    return {row["code"]: row["number"] for row in rows if row["target"] == target and row["state"] == state}


def read_shown(cursor: sqlite3.Cursor, codec: PayloadCodec, entry_id: int) -> Shown:
    """Return all about one entry.

    Raises:
        StoreError: there is none.
    """
    where = {"entry_id": entry_id}
    row = cursor.execute(_SQL["show_entry"], where).fetchone()
    if row is None:
        raise StoreError(
            f"there is no entry {entry_id}",
            code="unknown-entry",
            fix="`hm-fhir outbox list` gives the numbers",
        )
    words = cursor.execute(_SQL["words_of_entry"], where).fetchall()
    missing = cursor.execute(_SQL["missing_of_entry"], where).fetchall()
    return Shown(
        entry=entry(row, codec),
        words=tuple(
            Words(
                content=codec.decode(said["content"]),
                status=said["status"],
                at=datetime.fromisoformat(said["at"]),
            )
            for said in words
        ),
        missing=tuple(one["resource_key"] for one in missing),
    )


def make_due(
    cursor: sqlite3.Cursor,
    entry_ids: Sequence[int] | None,
    *,
    state: State,
    target: str | None,
    code: str | None,
    now: str,
) -> int:
    """Make entries due now, and return how many."""
    where = {"state": state, "target": target, "code": code, "now": now}
    if entry_ids is None:
        found = cursor.execute(_SQL["entries_to_retry"], where).fetchall()
    else:
        found = [
            row
            for entry_id in entry_ids
            for row in cursor.execute(_SQL["entry_to_retry"], where | {"entry_id": entry_id}).fetchall()
        ]
    for row in found:
        cursor.execute(_SQL["retry_entry"], {"entry_id": row["entry_id"]})
        cursor.execute(_SQL["forget_missing"], {"entry_id": row["entry_id"]})
    return len(found)


def read_rejected(
    cursor: sqlite3.Cursor, codec: PayloadCodec, source: str | None, limit: int | None, *, to_replay: bool
) -> tuple[RejectedRecord, ...]:
    """Return rejected records, those of one source or all."""
    query = _SQL["rejected_to_replay"] if to_replay else _SQL["rejected_records"]
    rows = cursor.execute(query, {"source": source, "limit": _NO_LIMIT if limit is None else limit})
    return tuple(
        RejectedRecord(
            source=row["source"],
            record_digest=row["record_digest"],
            place=row["place"],
            code=row["code"],
            message=row["message"],
            payload=codec.decode(row["content"]),
            first_at=datetime.fromisoformat(row["first_at"]),
            last_at=datetime.fromisoformat(row["last_at"]),
            times=row["times"],
            document=row["document"],
            replayable=bool(row["replayable"]),
        )
        for row in rows
    )


def read_rejected_counts(cursor: sqlite3.Cursor) -> dict[str, dict[str, int]]:
    """Return how many records are rejected, by source and reason."""
    counts: dict[str, dict[str, int]] = {}
    for row in cursor.execute(_SQL["rejected_counts"]):
        counts.setdefault(row["source"], {})[row["code"]] = row["number"]
    return counts
