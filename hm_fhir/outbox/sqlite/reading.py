"""Where reading of a source goes on and what came from it, on a cursor inside an open transaction."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

from hm_fhir.outbox.entry import Origin, ReadingPlace
from hm_fhir.outbox.queries import load_queries

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

_SQL = load_queries()


def read_place(cursor: sqlite3.Cursor, source: str) -> ReadingPlace | None:
    """Return where reading of a source goes on, None when it was never read."""
    row = cursor.execute(_SQL["reading_of_source"], {"source": source}).fetchone()
    if row is None:
        return None
    return ReadingPlace(
        cursor=row["cursor"],
        scan=row["scan"],
        read_at=datetime.fromisoformat(row["read_at"]),
        tables=frozenset(json.loads(row["tables"])),
        complete=row["complete"],
    )


def begin_reading(cursor: sqlite3.Cursor, source: str, made_with: str, *, now: str) -> ReadingPlace:
    """Count a reading, and return where it begins."""
    cursor.execute(_SQL["begin_reading"], {"source": source, "made_with": made_with, "now": now})
    place = read_place(cursor, source)
    assert place is not None  # noqa: S101 - it was written above
    return place


def keep_tables(cursor: sqlite3.Cursor, source: str, tables: Collection[str]) -> None:
    """Remember which tables a complete reading met."""
    cursor.execute(_SQL["keep_tables"], {"source": source, "tables": json.dumps(sorted(tables))})


def activities_of_document(cursor: sqlite3.Cursor, source: str, document_key: str) -> tuple[str, ...]:
    """Return the activities that came from a document."""
    where = {"source": source, "document_key": document_key}
    return tuple(row["activity_key"] for row in cursor.execute(_SQL["activities_of_document"], where))


def not_seen(cursor: sqlite3.Cursor, source: str, scan: int, *, in_documents: bool) -> tuple[tuple[str, str], ...]:
    """Return the activities that a reading did not meet, each with its document."""
    query = _SQL["parts_not_seen"] if in_documents else _SQL["activities_not_seen"]
    rows = cursor.execute(query, {"source": source, "scan": scan}).fetchall()
    return tuple((row["activity_key"], row["document_key"]) for row in rows)


def count_origins(cursor: sqlite3.Cursor, source: str) -> int:
    """Return how many activities came from a source."""
    number: int = cursor.execute(_SQL["origins_of_source"], {"source": source}).fetchone()["number"]
    return number


def read_origins(cursor: sqlite3.Cursor, activity_key: str) -> tuple[Origin, ...]:
    """Return the sources that have an activity."""
    return tuple(Origin(**row) for row in cursor.execute(_SQL["origins_of_activity"], {"activity_key": activity_key}))


def forget_origin(cursor: sqlite3.Cursor, source: str, activity_key: str) -> tuple[str, ...]:
    """Forget that an activity came from a source; return the other sources that have it."""
    cursor.execute(_SQL["forget_origin"], {"source": source, "activity_key": activity_key})
    return tuple(origin.source for origin in read_origins(cursor, activity_key))


def settle_document(cursor: sqlite3.Cursor, source: str, document: str, keep: Collection[str]) -> None:
    """Forget what was rejected of a document, except for some records."""
    rows = cursor.execute(_SQL["rejected_of_document"], {"source": source, "document": document}).fetchall()
    for row in rows:
        if row["record_digest"] not in keep:
            cursor.execute(_SQL["accept_record"], {"source": source, "record_digest": row["record_digest"]})
