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
    "Consent",
    "DocumentReference",
    "Encounter",
    "EpisodeOfCare",
    "Goal",
    "Group",
    "Immunization",
    "Location",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "RelatedPerson",
    "ServiceRequest",
    "Task",
}
FEW = ("--only", "samokov", "--only", "dupnitsa")
ALL = 6


def demo(folder: Path, *arguments: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HM_FHIR_")}
    command = [sys.executable, "-c", program, "demo", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=900, env=clean)


def check(verdict: dict[str, Any], municipalities: int = 2) -> None:
    assert verdict["agrees"], verdict["findings"]
    assert {row["type"] for row in verdict["resources"]} >= MAIN_RESOURCES
    first, late, again = verdict["runs"]
    assert len(first["records"]) == municipalities
    assert all(counts["new"] >= 300 for counts in first["records"].values())
    assert all(counts["newer"] >= 2 for counts in late["records"].values())
    assert all(counts["rejected"] >= 5 for counts in late["records"].values())
    assert again["deliveries"]["demo"]["resources"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_ends_with_130(number: signal.Signals, tmp_path: Path, fhir_server: FhirServer) -> None:
    fhir_server.faults.add(Fault(delay_seconds=0.15, times=1000))
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "demo", "--folder", str(tmp_path / "new"), "--server", fhir_server.url,
         *FEW],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(fhir_server.requests) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert errors.count("stopped") == 1
    assert "2. Corrections" not in output


def test_the_demo_runs_with_nothing_but_python(tmp_path: Path) -> None:
    done = demo(tmp_path, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    check(json.loads(done.stdout), ALL)
    assert (tmp_path / "hm-fhir-demo" / "hm-fhir.toml").exists()


def test_the_demo_uses_a_server_that_is_there(tmp_path: Path, fhir_server: FhirServer) -> None:
    done = demo(tmp_path, "--server", fhir_server.url, *FEW)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "yes  the server has exactly what the ledger says" in done.stdout
    again = demo(tmp_path, "--server", fhir_server.url, "--json", *FEW)
    check(json.loads(again.stdout))
    assert (tmp_path / "hm-fhir-demo-2").exists()


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
    done = demo(tmp_path, "--server", fhir_server.url, *FEW, program=program)
    assert done.returncode == 1, done.stdout
    assert "NO   the server has exactly what the ledger says" in done.stdout


@pytest.mark.server
def test_the_demo_agrees_with_hapi(tmp_path: Path, hapi: str) -> None:
    done = demo(tmp_path, "--server", hapi, "--json", *FEW)
    assert done.returncode == 0, done.stdout + done.stderr
    check(json.loads(done.stdout))
