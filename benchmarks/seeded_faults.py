"""Prints the table of seeded faults: who finds them. Ours, the official validation, fhir.resources, pyrofile.

    python benchmarks/seeded_faults.py                 # the official column needs Java 17 and Maven
    python benchmarks/seeded_faults.py --no-official --list

The cases are tests/seeded_faults; a fault whose severity is warning counts as found when it is named. Who finds an
error in an example without faults has a false alarm. --list names what each one missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from rich.console import Console
from rich.table import Table

from hm_fhir.testing.cases import Case, read_cases
from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.issue import Issue
from hm_fhir.validation.reading.strict_json import read_resource
from hm_fhir.validation.validator import Validator

ROOT = Path(__file__).parents[1]
SEEDED = ROOT / "tests" / "seeded_faults"
OFFICIAL = ROOT / "tests" / "servers" / "hapi" / "validate.sh"
Finds = Callable[[list[Case]], list[bool]]
"""For each case whether something is found."""


def ours(cases: list[Case]) -> list[bool]:
    validator = Validator(load_definitions([SEEDED / "package"], own=False))

    def found(case: Case) -> bool:
        resource = read_resource(case.text)
        issues = (resource,) if isinstance(resource, Issue) else validator.validate(resource)
        if case.good:
            return any(issue.stops for issue in issues)
        return any(issue.rule in case.rules for issue in issues)

    return [found(case) for case in cases]


def official(cases: list[Case]) -> list[bool]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cases.ndjson"
        file.write_bytes(b"\n".join(case.text for case in cases) + b"\n")
        command = ["bash", str(OFFICIAL), "--package", str(SEEDED / "package"), "--unknown", "warning"]
        command += ["--level", "information", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(f"the official validation did not run:\n{done.stderr[-2000:]}")
    worst: dict[int, set[str]] = {}
    for line in done.stdout.splitlines()[:-1]:
        issue = json.loads(line)
        worst.setdefault(issue["index"], set()).add(issue["severity"])
    return [
        bool(worst.get(number, set()) & ({"error", "fatal"} if case.severity == "error" else {case.official}))
        for number, case in enumerate(cases)
    ]


def fhir_resources(cases: list[Case]) -> list[bool]:
    def found(case: Case) -> bool:
        try:
            data = json.loads(case.text)
            get_fhir_model_class(data["resourceType"]).model_validate(data)
        except Exception:  # noqa: BLE001 - every failure is a finding here
            return True
        return False

    return [found(case) for case in cases]


def pyrofile(cases: list[Case]) -> list[bool] | None:
    try:
        from pyrofile_validator import Validator as Pyrofile
        from pyrofile_validator.config import ValidatorConfig
    except ImportError:
        return None
    config = {"localPackagePaths": [str(SEEDED / "package")], "allowUnknownExtensions": True}
    peer = Pyrofile(ValidatorConfig.load_dict(config))

    def found(case: Case) -> bool:
        try:
            with redirect_stdout(StringIO()):  # it prints traces of FHIRPath
                report = peer.validate_resource(json.loads(case.text))
        except Exception:  # noqa: BLE001 - every failure is a finding here
            return True
        return any(issue.severity.value in ("error", "fatal") for issue in report.issues)

    return [found(case) for case in cases]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-official", action="store_true")
    parser.add_argument("--list", action="store_true", help="name what each one missed, and its false alarms")
    given = parser.parse_args()
    cases = read_cases(SEEDED / "cases", profiles="http://example.org/seeded/StructureDefinition/")
    found: dict[str, list[bool]] = {"ours": ours(cases), "fhir.resources": fhir_resources(cases)}
    peer = pyrofile(cases)
    if peer is not None:
        found["pyrofile"] = peer
    if not given.no_official:
        found["official"] = official(cases)
    kinds = Counter(case.kind for case in cases if not case.good)
    table = Table("kind of fault", "seeded", *found)
    for kind in sorted(kinds):
        numbers = [number for number, case in enumerate(cases) if case.kind == kind and not case.good]
        table.add_row(
            kind, str(len(numbers)), *(str(sum(seen[number] for number in numbers)) for seen in found.values())
        )
    faults = [number for number, case in enumerate(cases) if not case.good]
    shares = [
        f"{sum(seen[one] for one in faults)} ({sum(seen[one] for one in faults) / len(faults):.1%})"
        for seen in found.values()
    ]
    table.add_section()
    table.add_row("all", str(len(faults)), *shares)
    good = [number for number, case in enumerate(cases) if case.good]
    table.add_row(
        "false alarms", f"of {len(good)}", *(str(sum(seen[number] for number in good)) for seen in found.values())
    )
    Console(width=120).print(table)
    if given.list:
        _list(cases, found)


def _list(cases: list[Case], found: dict[str, list[bool]]) -> None:
    for name, seen in found.items():
        for case, one in zip(cases, seen, strict=True):
            if one == case.good:
                word: Any = "false alarm" if case.good else "missed"
                print(f"{name}: {word}: {case.kind}: {case.name}" + (f" ({case.why})" if case.why else ""))


if __name__ == "__main__":
    main()
