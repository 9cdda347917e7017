"""Where reading of a source goes on and what came from it, on a cursor inside an open transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from hm_fhir.outbox.entry import ReadingPlace
from hm_fhir.outbox.queries import load_queries

if TYPE_CHECKING:
    import sqlite3

_SQL = load_queries()


def read_place(cursor: sqlite3.Cursor, source: str) -> ReadingPlace | None:
    """Return where reading of a source goes on, None when it was never read."""
    row = cursor.execute(_SQL["reading_of_source"], {"source": source}).fetchone()
    if row is None:
        return None
    return ReadingPlace(cursor=row["cursor"], scan=row["scan"], read_at=datetime.fromisoformat(row["read_at"]))


def begin_reading(cursor: sqlite3.Cursor, source: str, made_with: str, *, now: str) -> ReadingPlace:
    """Count a reading, and return where it begins."""
    cursor.execute(_SQL["begin_reading"], {"source": source, "made_with": made_with, "now": now})
    place = read_place(cursor, source)
    assert place is not None  # noqa: S101 - it was written above
    return place


def activities_of_document(cursor: sqlite3.Cursor, source: str, document_key: str) -> tuple[str, ...]:
    """Return the activities that came from a document."""
    where = {"source": source, "document_key": document_key}
    return tuple(row["activity_key"] for row in cursor.execute(_SQL["activities_of_document"], where))


def activities_not_seen(cursor: sqlite3.Cursor, source: str, scan: int) -> tuple[tuple[str, ...], int]:
    """Return the activities that a reading did not meet, and how many came from the source in all."""
    missing = cursor.execute(_SQL["activities_not_seen"], {"source": source, "scan": scan}).fetchall()
    known: int = cursor.execute(_SQL["origins_of_source"], {"source": source}).fetchone()["number"]
    return tuple(row["activity_key"] for row in missing), known


def forget_origin(cursor: sqlite3.Cursor, source: str, activity_key: str) -> bool:
    """Forget that an activity came from a source; return whether no other source has it."""
    cursor.execute(_SQL["forget_origin"], {"source": source, "activity_key": activity_key})
    return cursor.execute(_SQL["other_origin"], {"activity_key": activity_key}).fetchone() is None
