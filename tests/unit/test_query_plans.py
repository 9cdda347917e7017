"""What runs for every entry looks up rows; it never walks through a table that grows with the work done."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from hm_fhir.outbox.queries import load_queries
from hm_fhir.outbox.sqlite import SqliteStore

# Once for a run, or for a person: these may look at much.
SELDOM = {
    "binding",
    "codes",
    "count_readings",
    "entries_to_retry",
    "forget_rejected",
    "ledger_keys",
    "list_entries",
    "list_entries_in_state",
    "owners",
    "rejected_counts",
    "rejected_records",
    "rejected_to_replay",
    "states",
    "tallies",
}
# Begin at the first waiting entry of a target: what is delivered stands in another part of the index.
WAITING = {"due_entries", "next_due"}

QUERIES = {name: sql for name, sql in load_queries().items() if name not in SELDOM and "INSERT" not in sql}


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("store") / "outbox.db"
    with SqliteStore(path) as store:
        store.counts()
    with closing(sqlite3.connect(path)) as opened:
        yield opened


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_query_looks_rows_up(name: str, connection: sqlite3.Connection) -> None:
    sql = QUERIES[name]
    values = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    walks = [step for step in steps if re.match(r"SCAN hm_fhir|SCAN [a-z]+ USING", step)]
    # A search by the target alone is a walk through all that the target ever got.
    walks += [
        step for step in steps if step.startswith("SEARCH") and re.search(r"\((state=\? AND )?target=\?\)$", step)
    ]
    if name in WAITING:
        walks = [step for step in walks if "state=?" not in step]
    assert walks == []
