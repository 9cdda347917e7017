"""What `known` and `add` do, on a cursor inside an open transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from hm_fhir.outbox.entry import Added, KnownActivity, LatestRoute, Outcome
from hm_fhir.outbox.queries import load_queries
from hm_fhir.outbox.rules import judge, routes_to_add
from hm_fhir.outbox.sqlite.rows import from_keys

if TYPE_CHECKING:
    import sqlite3

    from hm_fhir.outbox.codec import PayloadCodec
    from hm_fhir.outbox.entry import Route, Submission

_SQL = load_queries()


def read_known(cursor: sqlite3.Cursor, activity_key: str) -> KnownActivity | None:
    """Return what the store knows of an activity."""
    row = cursor.execute(_SQL["known_activity"], {"activity_key": activity_key}).fetchone()
    if row is None:
        return None
    packs = cursor.execute(
        _SQL["packs_of_activity"], {"activity_key": activity_key, "revision": row["revision"]}
    ).fetchall()
    return KnownActivity(
        activity_key=activity_key,
        source=row["source"],
        version_key=row["version_key"],
        record_digest=row["record_digest"],
        content_digest=row["content_digest"],
        revision=row["revision"],
        packs={pack["target"]: pack["pack"] for pack in packs},
        changed_at=datetime.fromisoformat(row["changed_at"]),
    )


def read_latest_route(cursor: sqlite3.Cursor, activity_key: str) -> LatestRoute | None:
    """Return what the last entry of an activity says of it."""
    row = cursor.execute(_SQL["latest_route"], {"activity_key": activity_key}).fetchone()
    return row and LatestRoute(activity_type=row["activity_type"], person_key=row["person_key"])


def write_submission(cursor: sqlite3.Cursor, submission: Submission, codec: PayloadCodec, *, now: str) -> Added:
    """Write what is new about an activity version; see Store.add.

    Raises:
        RecordRejected: a payload cannot be encoded.
    """
    known = read_known(cursor, submission.activity_key)
    outcome = judge(known, submission)
    routes = routes_to_add(known, submission, outcome)
    revision = known.revision if known else 1
    superseded = 0
    if outcome is Outcome.NEWER:
        revision += 1
        superseded += _supersede(cursor, submission.activity_key, None, now)
    if outcome in (Outcome.NEW, Outcome.NEWER):
        _write_activity(cursor, submission, revision, now)
    elif outcome is Outcome.REPEATED:
        if known is not None and known.record_digest != submission.record_digest:
            _write_record_digest(cursor, submission)
        for route in routes:
            superseded += _supersede(cursor, submission.activity_key, route.target, now)
    entry_ids = tuple(_write_entry(cursor, submission, route, codec, revision, now) for route in routes)
    return Added(outcome=outcome, entry_ids=entry_ids, superseded=superseded)


def _supersede(cursor: sqlite3.Cursor, activity_key: str, target: str | None, now: str) -> int:
    rows = cursor.execute(_SQL["unsettled_entries"], {"activity_key": activity_key, "target": target}).fetchall()
    for row in rows:
        cursor.execute(_SQL["supersede_entry"], {"entry_id": row["entry_id"], "now": now})
        if row["deferred"]:
            cursor.execute(_SQL["forget_missing"], {"entry_id": row["entry_id"]})
    return len(rows)


def _write_activity(cursor: sqlite3.Cursor, submission: Submission, revision: int, now: str) -> None:
    cursor.execute(
        _SQL["write_activity"],
        {
            "activity_key": submission.activity_key,
            "source": submission.source,
            "version_key": submission.version_key,
            "record_digest": submission.record_digest,
            "content_digest": submission.content_digest,
            "revision": revision,
            "now": now,
        },
    )


def _write_record_digest(cursor: sqlite3.Cursor, submission: Submission) -> None:
    cursor.execute(
        _SQL["write_record_digest"],
        {"activity_key": submission.activity_key, "record_digest": submission.record_digest},
    )


def _write_entry(
    cursor: sqlite3.Cursor,
    submission: Submission,
    route: Route,
    codec: PayloadCodec,
    revision: int,
    now: str,
) -> int:
    cursor.execute(
        _SQL["insert_entry"],
        {
            "target": route.target,
            "source": submission.source,
            "activity_key": submission.activity_key,
            "version_key": submission.version_key,
            "revision": revision,
            "activity_type": submission.activity_type,
            "person_key": route.person_key,
            "state": route.state,
            "code": route.rule,
            "now": now,
            "mapping": route.mapping,
            "mapping_version": route.mapping_version,
            "pack": route.pack,
        },
    )
    entry_id = cursor.lastrowid
    assert entry_id is not None  # noqa: S101 - an INSERT of one row always has one
    cursor.execute(
        _SQL["insert_payload"],
        {
            "entry_id": entry_id,
            "content": codec.encode(route.payload),
            "holds": from_keys(route.holds),
            "needs": from_keys(route.needs),
        },
    )
    cursor.execute(_SQL["add_to_tally"], {"target": route.target, "name": "routed"})
    return entry_id
