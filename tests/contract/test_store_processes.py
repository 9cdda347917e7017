"""What every store promises when processes die or work at the same time; runs on each back end."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from hm_fhir.outbox.entry import Outcome, Route, State, Submission
from hm_fhir.outbox.settlement import Delivered, Sent

PROGRAM = Path(__file__).parent / "store_process.py"


@pytest.fixture
def start(backend):
    """Return a function that starts a process on the same store; what still runs at the end is killed."""
    running = []

    def start(verb, *arguments):
        command = [sys.executable, str(PROGRAM), verb, backend.kind, backend.location, *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def _go(processes):
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


def _numbers(lines, word):
    found = [line.split()[1:] for line in lines if line.startswith(word) and line.endswith("\n")]
    return [int(number) for numbers in found for number in numbers]


def test_a_process_that_is_killed_loses_nothing_and_doubles_nothing(start, backend, now):
    chance = random.Random(20261120)
    added, settled = set(), set()
    later = now
    for round_number in range(6):
        first = max(added, default=-1) + 1
        process = start("work", f"worker-{round_number}", str(first))
        lines = [process.stdout.readline() for _ in range(chance.randrange(1, 40))]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
        assert process.wait() == -signal.SIGKILL
        added |= set(_numbers(lines, "added"))
        settled |= set(_numbers(lines, "settled"))

        with closing(backend.open()) as store:
            counts = store.counts()["national"]
            rows = store.list(limit=100_000)
            assert counts.missing == 0
            assert counts.routed == len(rows)
            # A commit of five may have come through just before its report; never a part of it.
            assert len(rows) % 5 == 0
            assert {f"a{number}" for number in added} <= {row.activity_key for row in rows}
            assert len({row.activity_key for row in rows}) == len(rows)
            delivered = {row.entry_id for row in rows if row.state is State.DELIVERED}
            assert settled <= delivered
            keys = [f"Encounter/{row.activity_key[1:]}" for row in rows if row.entry_id in delivered]
            assert len(store.ledger("national", keys)) == len(delivered)

    with closing(backend.open()) as store:
        later = now + timedelta(hours=1)
        while entries := store.claim("national", 100, "the last", 60, later):
            store.settle(
                [
                    Delivered(entry_id=entry.entry_id, sent=(Sent(resource_key=entry.holds[0], content_digest="d"),))
                    for entry in entries
                ],
                owner="the last",
                now=later,
            )
        counts = store.counts()["national"]
        assert counts.states[State.DELIVERED] == counts.routed >= len(added)
        again = [store.add(_same(number)) for number in sorted(added)]
        assert {one.outcome for one in again} == {Outcome.REPEATED}
        assert store.counts()["national"] == counts


def _same(number):
    route = Route(target="national", payload={}, pack="p")
    return Submission(
        activity_key=f"a{number}",
        source="visits",
        version_key="v1",
        record_digest=f"r{number}",
        content_digest=f"c{number}",
        activity_type="home-visit",
        routes=(route,),
    )


def test_processes_that_claim_at_the_same_time_never_get_the_same_entry(start, store, offer):
    with store.transaction():
        expected = [store.add(offer(f"a{number}")).entry_ids[0] for number in range(400)]
    processes = [start("take", f"worker-{number}") for number in range(3)]
    _go(processes)
    claimed = [_numbers(process.stdout.readlines(), "claimed") for process in processes]
    assert sum(map(bool, claimed)) > 1, "one process took everything, so nothing was proven"
    assert sorted(number for numbers in claimed for number in numbers) == expected


def test_processes_can_make_a_new_store_at_the_same_moment(start, backend, store):
    processes = [start("start") for _ in range(4)]
    _go(processes)
    assert [process.stdout.readline() for process in processes] == ["bound\n"] * 4
    assert [process.wait() for process in processes] == [0] * 4
    store.bind("key", "fingerprint")
