"""Prints what `hm-fhir map --workers N` gains, and what memory it takes.

    python benchmarks/workers.py                                    # 10,000 and 100,000 activities, 1 and 2 workers
    python benchmarks/workers.py --activities 1000000 --workers 2   # by hand: some minutes, 2 GB of disk in TMPDIR

The gain is a ratio of times in the same run, each with one process first; starting the processes is in it. What is
possible on the machine as it is at that moment is measured, too: so many separate runs at once, each with its share
of the activities, whose outputs nobody puts in order. Memory is the largest sum over the parent and its children,
what they share counted once, looked at ten times a second. Needs Linux for memory.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

from rich.console import Console
from rich.table import Table

from hm_fhir.fhir.json import to_json
from hm_fhir.testing.activities import generate_activities
from hm_fhir.testing.deployment import Deployment

SEED = 7
MEBIBYTE = 1024**2
READ_BYTES = 1 << 20


def deployment(folder: Path, activities: int) -> Deployment:
    """Return a deployment with so many activities; people repeat, as they do in life."""
    with (folder / "activities.ndjson").open("wb") as file:
        file.writelines(to_json(activity) + b"\n" for activity in generate_activities(SEED, activities))
    return Deployment(folder).source("activities", "ndjson", "activities.ndjson")


def tree(pid: int) -> Iterator[int]:
    """Yield the ids of a process and of those that it started."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*"):
        for child in (task / "children").read_text().split():
            yield from tree(int(child))


def memory_bytes(pid: int) -> int:
    """Return the proportional memory of a process and of those that it started (Pss of proc(5)); 0 if unknown."""
    total = 0
    try:
        for one in tree(pid):
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            total += 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except (OSError, IndexError):  # ended meanwhile, or no Linux
        return 0
    return total


def run(made: Deployment, workers: int) -> tuple[float, int, str]:
    """Return the seconds of one run, its largest memory in bytes, and a digest of its output."""
    start = time.perf_counter()
    command = made.command("map", "--workers", str(workers))
    digest, largest = hashlib.sha256(), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None

        def read(stream: object = process.stdout) -> None:
            while data := stream.read(READ_BYTES):  # type: ignore[attr-defined]
                digest.update(data)

        reader = Thread(target=read)
        reader.start()
        while reader.is_alive():
            largest = max(largest, memory_bytes(process.pid))
            reader.join(0.1)
    if process.returncode:
        sys.exit(f"hm-fhir map ended with {process.returncode}")
    return time.perf_counter() - start, largest, digest.hexdigest()


def separately(folder: Path, runs: int) -> float:
    """Return the seconds of so many separate runs at once, each with its share of the activities."""
    lines = (folder / "activities.ndjson").read_bytes().splitlines(keepends=True)
    share = -(-len(lines) // runs)
    started = []
    for number in range(runs):
        own = folder / f"share-{number}"
        made = Deployment(own).source("activities", "ndjson", "activities.ndjson")
        (own / "activities.ndjson").write_bytes(b"".join(lines[number * share : (number + 1) * share]))
        started.append(made.command("map"))
    start = time.perf_counter()
    processes = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in started
    ]
    if any(process.wait() for process in processes):
        sys.exit("a separate run failed")
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--activities", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    chosen = parser.parse_args()
    rows = Table(title="hm-fhir map --workers", title_justify="left")
    for heading in ("activities", "workers", "seconds", "gain", "possible", "MiB", "activities/s"):
        rows.add_column(heading, justify="right")
    for activities in chosen.activities:
        with tempfile.TemporaryDirectory() as folder:
            made = deployment(Path(folder), activities)
            first: tuple[float, str] | None = None
            for workers in chosen.workers:
                seconds, largest, digest = run(made, workers)
                first = first or (seconds, digest)
                if digest != first[1]:
                    sys.exit(f"{workers} workers wrote something else")
                possible = first[0] / separately(Path(folder), workers) if workers > 1 else 1
                gains = (f"{first[0] / seconds:.2f}", f"{possible:.2f}")
                cells = (f"{seconds:.1f}", *gains, f"{largest / MEBIBYTE:.0f}")
                rows.add_row(f"{activities:,}", str(workers), *cells, f"{activities / seconds:,.0f}")
    Console().print(rows)


if __name__ == "__main__":
    main()
