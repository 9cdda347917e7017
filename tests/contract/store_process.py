"""A process of its own that works on a store; the tests start it, and kill it.

It reports on standard output what was committed, one line each, after the commit.
"""

from __future__ import annotations

import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

from hm_fhir.outbox.entry import Route, Submission
from hm_fhir.outbox.settlement import Delivered, Sent
from hm_fhir.outbox.sqlite import SqliteStore
from hm_fhir.outbox.store import Store

STORES = {"sqlite": SqliteStore}
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def submission(number: int) -> Submission:
    key = f"Encounter/{number}"
    route = Route(target="national", person_key=f"p{number % 7}", payload={"text": "x" * 300}, holds=(key,), pack="p")
    return Submission(
        activity_key=f"a{number}",
        source="visits",
        version_key="v1",
        record_digest=f"r{number}",
        content_digest=f"c{number}",
        activity_type="home-visit",
        routes=(route,),
    )


def report(word: str, numbers: list[int]) -> None:
    sys.stdout.write(" ".join([word, *map(str, numbers)]) + "\n")
    sys.stdout.flush()


def work(store: Store, owner: str, first: int) -> None:
    """Add and deliver for ever, until somebody kills this process."""
    number = first
    while True:
        added = list(range(number, number + 5))
        with store.transaction():
            for one in added:
                store.add(submission(one))
        report("added", added)
        number += 5
        entries = store.claim("national", 4, owner, 60, NOW)
        delivered = [
            Delivered(entry_id=entry.entry_id, sent=(Sent(resource_key=entry.holds[0], content_digest="d"),))
            for entry in entries
        ]
        store.settle(delivered, owner=owner, now=NOW)
        report("settled", [entry.entry_id for entry in entries])


def take(store: Store, owner: str) -> None:
    """Claim until nothing is left; settle every second entry at once."""
    report("ready", [])
    sys.stdin.readline()
    while entries := store.claim("national", 7, owner, 3600, NOW):
        ids = [entry.entry_id for entry in entries]
        report("claimed", ids)
        store.settle([Delivered(entry_id=one) for one in ids[::2]], owner=owner, now=NOW + timedelta(seconds=1))
        # Waiting processes look again after some milliseconds; without a pause one would take everything.
        time.sleep(0.002)


def start(store: Store) -> None:
    """Be one of several that make a new store at the same moment."""
    report("ready", [])
    sys.stdin.readline()
    store.bind("key", "fingerprint")
    report("bound", [])


if __name__ == "__main__":
    verb, kind, location, *rest = sys.argv[1:]
    with closing(STORES[kind](location)) as opened:
        if verb == "work":
            work(opened, rest[0], int(rest[1]))
        elif verb == "take":
            take(opened, rest[0])
        else:
            start(opened)
