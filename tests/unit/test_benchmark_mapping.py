"""The benchmark of mapping compares like with like: everybody in it makes the same resources."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "mapping"
COMPARE = "import run; print(run.compare(run.activities(12)))"


def test_ours_the_floor_fpml_and_fhir_resources_make_the_same() -> None:
    command = [sys.executable, "-W", "ignore", "-c", COMPARE]
    done = subprocess.run(command, cwd=BENCHMARK, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1000
