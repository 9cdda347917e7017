"""Two municipalities' samples to a real HAPI, the process killed again and again: nothing lost, nothing doubled."""

from __future__ import annotations

import logging
import random
import signal
import sqlite3
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests

from hm_fhir.delivery.readback import ReadBack, compare_with_ledger
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.samples import Sample, open_sample

pytestmark = pytest.mark.server

KILLS = 12
SEED = 20260301


@pytest.fixture
def samples(tmp_path: Path) -> Iterator[dict[str, Sample]]:
    """A workbook, which is read as a whole each time, and an API, which is asked for what changed."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(open_sample(name, tmp_path / name)) for name in ("samokov", "dupnitsa")}


@pytest.fixture
def deployment(samples: dict[str, Sample], tmp_path: Path, hapi: str) -> Deployment:
    """Both municipalities; small transactions, so that kills fall between many."""
    made = Deployment(tmp_path / "deployment", identifier_system=f"urn:hm-fhir:killed:{uuid.uuid4()}")
    made.enable(*samples).target("hapi", hapi, max_entries=25).section("delivery", claim_entries=20)
    for name, sample in samples.items():
        made.source(name, sample.kind, **sample.options)
    return made


def delivered(deployment: Deployment) -> int:
    """Return how many entries the store says are delivered, while another process works with it."""
    path = deployment.folder / "store" / "outbox.db"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as store:
        try:
            [(number,)] = store.execute("SELECT count(*) FROM hm_fhir_entries WHERE state = 'delivered'")
        except sqlite3.OperationalError:  # killed before the tables were there
            return 0
    return int(number)


def run_and_kill(deployment: Deployment, when: Callable[[], bool]) -> bool:
    """Start a run and kill it as soon as `when` says so; return whether it was killed."""
    process = subprocess.Popen(deployment.command("run"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            if when():
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.002)
    finally:
        code = process.wait(120)
    return code == -signal.SIGKILL


def test_killed_at_random_points_and_started_again(
    deployment: Deployment, samples: dict[str, Sample], hapi: str
) -> None:
    chance = random.Random(SEED)
    log: list[str] = []

    for number in range(4):  # while it starts, reads and maps
        end = time.monotonic() + chance.uniform(0.2, 1.6)
        killed = run_and_kill(deployment, lambda end=end: time.monotonic() > end)  # type: ignore[misc]
        log.append(f"kill {number + 1}: {'killed' if killed else 'had ended'}, {delivered(deployment)} delivered")
    for number in range(4, KILLS):  # while it delivers
        before = delivered(deployment)
        after = before + chance.randint(1, 12)
        end: list[float] = []

        def when(after: int = after, end: list[float] = end) -> bool:
            if not end and delivered(deployment) >= after:
                end.append(time.monotonic() + chance.uniform(0, 0.05))
            return bool(end) and time.monotonic() > end[0]

        killed = run_and_kill(deployment, when)
        log.append(f"kill {number + 1}: {'killed' if killed else 'had ended'}, {delivered(deployment)} delivered")
    for line in log:
        logging.getLogger(__name__).info(line)  # shown by --log-cli-level=INFO
    assert sum("killed" in line for line in log) >= 10
    assert len({line.rpartition(",")[2] for line in log}) >= 5, "the kills fell at different points of the delivery"

    finished = deployment.run("run", "--json")
    assert finished.code == 0, finished.output + finished.errors
    check_server(deployment, hapi)

    again = deployment.run("run", "--json").json()
    assert all(counts["new"] == counts["newer"] == 0 for counts in again["records"].values())
    assert again["deliveries"]["hapi"]["resources"] == 0

    for sample in samples.values():
        sample.change()
    assert deployment.run("run").code == 0
    check_server(deployment, hapi)
    assert deployment.run("run", "--json").json()["deliveries"]["hapi"]["resources"] == 0


def check_server(deployment: Deployment, hapi: str) -> None:
    """Compare the server with the ledger: every id once, none missing, none more, not more versions than contents."""
    with deployment.app() as app:
        keys = sorted(app.store.ledger_keys("hapi"))
        contents = contents_by_key(deployment)
        ledger = app.store.ledger("hapi", keys)
    with closing(ReadBack(hapi)) as reader:
        compared = compare_with_ledger(reader, keys, deployment.identifier_system)
    assert [one for one in compared if not one.agrees] == []
    for key in keys:
        resource = requests.get(f"{hapi}/{key}", timeout=30).json()
        # What is not in its source any more gets one more version, which says so.
        assert int(resource["meta"]["versionId"]) <= contents[key] + ledger[key].withdrawn, key


def contents_by_key(deployment: Deployment) -> dict[str, int]:
    """Return how many different contents the outbox ever had for each resource: more versions would be repeats."""
    found: dict[str, set[str]] = {}
    with deployment.app() as app:
        for row in app.store.list(limit=100_000):
            shown = app.store.show(row.entry_id)
            assert shown is not None
            for resource in shown.entry.payload["resources"]:
                found.setdefault(resource["key"], set()).add(repr(resource["content"]))
    # A resource that a newer version no longer makes gets one more version, which says so.
    return {key: len(contents) + 1 if len(contents) > 1 else 1 for key, contents in found.items()}
