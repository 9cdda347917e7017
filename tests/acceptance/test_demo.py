"""`hm-fhir demo`: exit 0 only when the figures of the run and of the server agree."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.testing import Fault, FhirServer

PROGRAM = "from hm_fhir.cli.main import main; main()"
MAIN_RESOURCES = {
    "Appointment",
    "CarePlan",
    "Communication",
    "Condition",
    "Encounter",
    "EpisodeOfCare",
    "Goal",
    "Group",
    "Location",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "ServiceRequest",
    "Task",
}


def demo(folder: Path, *arguments: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HM_FHIR_")}
    command = [sys.executable, "-c", program, "demo", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300, env=clean)


def check(verdict: dict[str, Any]) -> None:
    assert verdict["agrees"], verdict["findings"]
    assert {row["type"] for row in verdict["resources"]} == MAIN_RESOURCES
    first, late, again = verdict["runs"]
    assert all(counts["new"] >= 150 for counts in first["records"].values())
    assert sum(counts["newer"] for counts in late["records"].values()) >= 2
    assert sum(counts["repeated_older"] for counts in late["records"].values()) >= 2
    assert sum(counts["rejected"] for counts in late["records"].values()) >= 10
    assert again["deliveries"]["demo"]["resources"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_ends_with_130(number: signal.Signals, tmp_path: Path, fhir_server: FhirServer) -> None:
    fhir_server.faults.add(Fault(delay_seconds=0.15, times=1000))
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "demo", "--folder", str(tmp_path / "new"), "--server", fhir_server.url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(fhir_server.requests) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert errors.count("stopped") == 1
    assert "2. Later files" not in output


def test_the_demo_runs_with_nothing_but_python(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "yes  the server has exactly what the ledger says" in done.stdout
    assert (tmp_path / "hm-fhir-demo" / "hm-fhir.toml").exists()
    again = demo(tmp_path, "--json")
    assert again.returncode == 0, again.stderr
    check(json.loads(again.stdout))
    assert (tmp_path / "hm-fhir-demo-2").exists()


def test_the_demo_uses_a_server_that_is_there(tmp_path: Path, fhir_server: FhirServer) -> None:
    done = demo(tmp_path, "--server", fhir_server.url, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    check(json.loads(done.stdout))


def test_the_demo_notices_a_server_that_lost_something(tmp_path: Path, fhir_server: FhirServer) -> None:
    # The reader is told of one encounter less than there is.
    program = (
        "import hm_fhir.delivery.readback as r\n"
        "real = r.ReadBack.ids_by_identifier\n"
        "def lossy(self, kind, system):\n"
        "    found = real(self, kind, system)\n"
        "    if kind == 'Encounter':\n"
        "        found.pop(next(iter(found)))\n"
        "    return found\n"
        f"r.ReadBack.ids_by_identifier = lossy\n{PROGRAM}"
    )
    done = demo(tmp_path, "--server", fhir_server.url, program=program)
    assert done.returncode == 1, done.stdout
    assert "NO   the server has exactly what the ledger says" in done.stdout


@pytest.mark.server
def test_the_demo_agrees_with_hapi(tmp_path: Path, hapi: str) -> None:
    done = demo(tmp_path, "--server", hapi, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    check(json.loads(done.stdout))
