"""Prints the first table: delivery against bare requests, memory of mapping, time of import.

    python benchmarks/first_table.py --url http://127.0.0.1:8801/fhir      # a HAPI that is running
    python benchmarks/first_table.py                                       # starts HAPI itself (Java 17, Maven)

Every figure is a ratio to a peer or a floor of the same run.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from hm_fhir.app import App
from hm_fhir.delivery.target import Done, Limits, Write
from hm_fhir.fhir.json import to_json
from hm_fhir.testing.activities import generate_activities
from hm_fhir.testing.deployment import Deployment

SEED = 7
HAPI = Path(__file__).parents[1] / "tests" / "servers" / "hapi"
LAUNCH = (
    "import resource, subprocess, sys\n"
    "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)\n"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)
HEADERS = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}


class Recorder:
    """A target that takes everything, and keeps the transactions that would have been sent."""

    def __init__(self, app: App) -> None:
        self._real = app.targets["server"]
        self.limits: Limits = self._real.limits
        self.bodies: list[bytes] = []

    def send(self, writes: Sequence[Write]) -> Done:
        self.bodies.append(self._real._transaction(writes))  # type: ignore[attr-defined]  # the very bytes
        return Done({})

    def read(self, keys: Sequence[str]) -> dict[str, object]:  # noqa: ARG002  (nothing is held)
        return {}

    def check(self) -> str:
        return "recorder"

    def close(self) -> None:
        self._real.close()


@contextmanager
def deployment(url: str, activities: int) -> Iterator[Deployment]:
    """Give a deployment with a key and people of its own, so that the server knows none of it."""
    folder = Path(tempfile.mkdtemp())
    try:
        with (folder / "activities.ndjson").open("wb") as file:
            file.writelines(to_json(activity) + b"\n" for activity in generate_activities(SEED, 2 * activities))
        made = Deployment(folder, identifier_system=f"urn:hm-fhir:benchmark:{folder.name}")
        made.target("server", url)
        yield made.source("activities", "ndjson", "activities.ndjson")
    finally:
        shutil.rmtree(folder)


def ours(url: str, activities: int) -> tuple[float, int]:
    """Return the seconds that delivery takes (claim, send, settle), and the resources."""
    with deployment(url, activities) as made, made.app() as app:
        for name in app.settings.sources:
            app.intake.take(app.reading(name))
        begin = time.perf_counter()
        counts = app.deliver()["server"]
        seconds = time.perf_counter() - begin
        if counts.settled["parked"] or counts.settled["retried"]:
            raise SystemExit(f"the delivery went wrong: {counts.settled}")
        return seconds, counts.resources


def bare(url: str, activities: int) -> float:
    """Return the seconds that posting the same prebuilt transactions takes."""
    with deployment(url, activities) as made, made.app() as app:
        recorder = Recorder(app)
        app.targets["server"] = recorder  # type: ignore[assignment]
        for name in app.settings.sources:
            app.intake.take(app.reading(name))
        app.deliver()
        with requests.Session() as session:
            begin = time.perf_counter()
            for body in recorder.bodies:
                session.post(url, data=body, headers=HEADERS, timeout=120).raise_for_status()
            return time.perf_counter() - begin


def entries_per_second(activities: int) -> float:
    """Return how many entries a second are claimed, planned and settled for a target that takes all at once."""
    with deployment("http://127.0.0.1:9/fhir", activities // 2) as made, made.app() as app:
        app.targets["server"] = Recorder(app)  # type: ignore[assignment]
        for name in app.settings.sources:
            app.intake.take(app.reading(name))
        begin = time.perf_counter()
        counts = app.deliver()["server"]
        return counts.settled["delivered"] / (time.perf_counter() - begin)


def peak_of_map(activities: int) -> tuple[float, float]:
    """Return the peak memory in MiB and the seconds of `hm-fhir map` over so many activities."""
    with deployment("http://127.0.0.1:9/fhir", activities // 2) as made:
        begin = time.perf_counter()
        # By way of a small process: a child's peak counts what its parent held when it was started.
        done = subprocess.run(
            [sys.executable, "-c", LAUNCH, *made.command("map")], capture_output=True, text=True, check=True
        )
        return int(done.stdout) / 1024, time.perf_counter() - begin


def seconds_of(program: str, repeat: int = 15) -> float:
    """Return the median seconds of a Python process that runs a program."""
    taken = []
    for _ in range(repeat):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


@contextmanager
def hapi(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([HAPI / "run.sh", str(port)], stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("ready"):
            raise SystemExit("HAPI did not start: it needs Java 17 and Maven")
        yield line.split()[1]
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--url", help="base of a HAPI FHIR server that is running")
    arguments.add_argument("--activities", type=int, default=300, help="activities of each municipality")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--most", type=int, default=100_000, help="activities of the larger mapping")
    chosen = arguments.parse_args()

    rows = Table("figure", "ours", "peer or floor", "ratio")
    with hapi(chosen.url) as url:
        ours(url, 50)  # warms the server up
        pairs = []
        for _ in range(chosen.rounds):
            seconds, resources = ours(url, chosen.activities)
            pairs.append((seconds, bare(url, chosen.activities), resources))
    ratio = statistics.median(mine / theirs for mine, theirs, _ in pairs)
    mine, theirs, resources = sorted(pairs)[len(pairs) // 2]
    rows.add_row(
        f"delivery of {resources} resources to HAPI / the same transactions by bare requests",
        f"{resources / mine:.0f} resources/s",
        f"{resources / theirs:.0f} resources/s",
        f"{ratio:.2f} times the time",
    )
    large_rate, small_rate = entries_per_second(chosen.most // 5), entries_per_second(chosen.most // 50)
    rows.add_row(
        f"outbox alone: {chosen.most // 5} / {chosen.most // 50} activities waiting",
        f"{large_rate:.0f} entries/s",
        f"{small_rate:.0f} entries/s",
        f"{large_rate / small_rate:.2f}",
    )
    small, small_seconds = peak_of_map(chosen.most // 10)
    large, large_seconds = peak_of_map(chosen.most)
    rows.add_row(
        f"peak memory of `map`: {chosen.most} / {chosen.most // 10} activities",
        f"{large:.0f} MiB",
        f"{small:.0f} MiB",
        f"{large / small:.2f}",
    )
    rows.add_row(
        "`map`: activities per second, large / small",
        f"{chosen.most / large_seconds:.0f}/s",
        f"{chosen.most / 10 / small_seconds:.0f}/s",
        f"{chosen.most / large_seconds / (chosen.most / 10 / small_seconds):.2f}",
    )
    light, floor = seconds_of("import hm_fhir"), seconds_of("pass")
    rows.add_row(
        "import hm_fhir / an empty Python", f"{light * 1000:.0f} ms", f"{floor * 1000:.0f} ms", f"{light / floor:.2f}"
    )
    Console(width=150).print(rows)


if __name__ == "__main__":
    main()
