"""Rows of SQLite into records, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hm_fhir.outbox.entry import Entry, EntryRow, State
from hm_fhir.outbox.settlement import LedgerRow

if TYPE_CHECKING:
    import sqlite3

    from hm_fhir.outbox.codec import PayloadCodec


def to_text(moment: datetime) -> str:
    """Return a time as UTC text of fixed width, so that text order is time order.

    Raises:
        ValueError: the time has no zone; guessing one would move retries and leases by hours.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_time(text: str | None) -> datetime | None:
    """Return the time of a column, None for none."""
    return None if text is None else datetime.fromisoformat(text)


def to_keys(text: str) -> tuple[str, ...]:
    """Return the resource keys of a column."""
    return tuple(json.loads(text))


def from_keys(keys: tuple[str, ...]) -> str:
    """Return resource keys as the text of a column."""
    return json.dumps(keys)


def entry_row(row: sqlite3.Row) -> EntryRow:
    """Return an entry without its payload."""
    return EntryRow(**_entry_values(row))


def entry(row: sqlite3.Row, codec: PayloadCodec) -> Entry:
    """Return an entry with its payload.

    Raises:
        StoreError: the payload cannot be read.
    """
    return Entry(
        **_entry_values(row),
        payload=codec.decode(row["content"]),
        holds=to_keys(row["holds"]),
        needs=to_keys(row["needs"]),
    )


def _entry_values(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "entry_id": row["entry_id"],
        "target": row["target"],
        "source": row["source"],
        "activity_key": row["activity_key"],
        "version_key": row["version_key"],
        "activity_type": row["activity_type"],
        "person_key": row["person_key"],
        "state": State(row["state"]),
        "code": row["code"],
        "attempts": row["attempts"],
        "retry_at": to_time(row["retry_at"]),
        "deferred": bool(row["deferred"]),
        "lease_owner": row["lease_owner"],
        "lease_until": to_time(row["lease_until"]),
        "created_at": to_time(row["created_at"]),
        "settled_at": to_time(row["settled_at"]),
        "delivered_at": to_time(row["delivered_at"]),
        "mapping": row["mapping"],
        "mapping_version": row["mapping_version"],
        "pack": row["pack"],
    }


def ledger_row(row: sqlite3.Row) -> LedgerRow:
    """Return a row of the ledger."""
    return LedgerRow(
        resource_key=row["resource_key"],
        content_digest=row["content_digest"],
        version_key=row["version_key"],
        activity_key=row["activity_key"],
        shared=bool(row["shared"]),
        remote_version=row["remote_version"],
        withdrawn=bool(row["withdrawn"]),
        sent_at=datetime.fromisoformat(row["sent_at"]),
    )
