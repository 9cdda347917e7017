"""What both validations say about the same lines of NDJSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
OFFICIAL: Final = ROOT / "tests" / "servers" / "hapi" / "validate.sh"
_BAD: Final = ("error", "fatal")


@dataclass(frozen=True, slots=True)
class Finding:
    """An issue of severity error or fatal.

    Args:
        rule: id of the rule, or of the message.
        location: FHIRPath.
        text: in words.
    """

    rule: str
    location: str
    text: str


Verdicts = dict[int, list[Finding]]
"""Line -> what is wrong with it; lines without errors are not in it."""


def ours(file: Path, packages: Iterable[Path] = ()) -> Verdicts:
    """Return what `hm-fhir validate` says.

    Raises:
        RuntimeError: it could not run.
    """
    program = "from hm_fhir.cli.main import main; main()"
    command = [sys.executable, "-c", program, "validate", "--json"]
    for package in packages:
        command += ["--package", str(package)]
    return _run([*command, str(file)], "rule")


def official(file: Path, packages: Iterable[Path] = ()) -> Verdicts:
    """Return what the official HL7 validation says.

    Raises:
        RuntimeError: it could not run.
    """
    command = ["bash", str(OFFICIAL), "--unknown", "warning", "--level", "error"]
    for package in packages:
        command += ["--package", str(package)]
    return _run([*command, str(file)], "id")


def _run(command: Sequence[str], rule: str) -> Verdicts:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{command[:4]} did not run: {done.stderr[-2000:]}")
    found: Verdicts = defaultdict(list)
    for line in done.stdout.splitlines():
        issue: dict[str, Any] = json.loads(line)
        if issue.get("severity") in _BAD:
            said = Finding(str(issue.get(rule)), str(issue.get("location")), str(issue.get("text")))
            found[issue["index"]].append(said)
    return dict(found)
