"""Prints the table of validation: Encounter, ServiceRequest and CarePlan of the base pack with their profiles.

    python benchmarks/validation/run.py                # the table; the official validation needs Java 17 and Maven
    python benchmarks/validation/run.py --no-official
    python benchmarks/validation/run.py --json         # the same figures for machines

All in one run, over the same resources, parsed from JSON beforehand for everybody in Python (numbers as each reader
gives them); the official validation reads the texts, and its rate is what a long run takes more than a short one (the
faster of two), when Java is warm. Ours and the official one check types, cardinalities, profiles, invariants and
bindings; the `model_validate` of fhir.resources checks types and required elements. Before anything is timed ours
must find nothing in the resources and must find a code outside of a required binding, a broken invariant, and an
element that the profile needs. Times are CPU times of this process, the best of several rounds; for the official
validation wall time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from rich.console import Console
from rich.table import Table

from hm_fhir.activities.model import Activity
from hm_fhir.errors import MappingRefused
from hm_fhir.fhir.json import from_json, to_json
from hm_fhir.testing.activities import generate_activities
from hm_fhir.testing.deployment import Deployment
from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.validator import Validator

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "profiles" / "package"
OFFICIAL = ROOT / "tests" / "servers" / "hapi" / "validate.sh"
TYPES = ("Encounter", "ServiceRequest", "CarePlan")
WARM_UP, MEASURED = 4, 20
"""How often the official validation goes through the resources: before it is warm, and to be measured."""
WANTED = {"fhir.resources": 3, "pyrofile": 100, "official": 40}
"""How many times faster ours should be."""

BROKEN: dict[str, tuple[dict[str, Any], tuple[str, ...], dict[str, Any]]] = {
    "Encounter": ({"status": "done"}, ("subject", "class"), {"period": {"start": "2026-02-01", "end": "2026-01-01"}}),
    "ServiceRequest": ({"status": "done"}, ("code", "subject"), {"occurrencePeriod": {"start": "2026-02-01",
        "end": "2026-01-01"}}),
    "CarePlan": ({"status": "done"}, ("subject", "title"), {"period": {"start": "2026-02-01", "end": "2026-01-01"}}),
}  # fmt: skip
"""Type -> a code outside of its required binding; elements that must be there; a period that breaks its invariant."""


def texts(count: int) -> dict[str, list[bytes]]:
    """Return JSON texts of different resources of each type, made by the base pack of generated activities."""
    found: dict[str, dict[bytes, None]] = {kind: {} for kind in TYPES}
    with tempfile.TemporaryDirectory() as folder, Deployment(Path(folder)).write().app() as app:
        for data in generate_activities(7, count * 8):
            activity = Activity.model_validate(data)
            try:
                result = app.case_mapper.map(activity.for_mapping())
            except MappingRefused:
                continue
            for resource in result.resources if result is not None else ():
                if resource.type in found and len(found[resource.type]) < count:
                    found[resource.type][to_json(resource.content)] = None
    return {kind: list(group) for kind, group in found.items()}


def microseconds(check: Callable[[Any], object], resources: Sequence[Any], rounds: int) -> float:
    """Return how long a resource takes, in the best of some rounds."""
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        for resource in resources:
            check(resource)
        times.append(time.process_time() - begin)
    return min(times) / len(resources) * 1e6


def prove(validator: Validator, kind: str, resources: Sequence[Any]) -> None:
    """Stop unless ours accepts the resources, and refuses each of three faults in one of them."""
    for resource in resources:
        found = [(one.rule, one.location) for one in validator.validate(resource) if one.stops]
        if found:
            sys.exit(f"{kind}: the base pack's own output is not valid: {found[:5]}")
    wrong_code, required, wrong_period = BROKEN[kind]
    for change, rules in ((wrong_code, {"binding-required"}), (wrong_period, {"per-1"})):
        if not rules & {one.rule for one in validator.validate({**resources[0], **change}) if one.stops}:
            sys.exit(f"{kind}: {rules} is not found")
    without = {key: value for key, value in resources[0].items() if key != required[0]}
    if not any(one.rule == "cardinality-min" for one in validator.validate(without)):
        sys.exit(f"{kind}: a missing element is not found")


def pyrofile() -> Callable[[Any], object] | None:
    """Return its check with our package, or None when it is not installed."""
    try:
        from pyrofile_validator import Validator as Pyrofile
        from pyrofile_validator.config import ValidatorConfig
    except ImportError:
        return None
    config = ValidatorConfig.load_dict({"localPackagePaths": [str(PACKAGE)]})
    peer = Pyrofile(config)

    def check(resource: Any) -> object:
        with redirect_stdout(StringIO()):  # it prints traces of FHIRPath
            return peer.validate_resource(resource)

    return check


def official(lines: Sequence[bytes]) -> float | None:
    """Return the microseconds of the official validation for a resource once it is warm; None without Java."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for repeats in (WARM_UP, WARM_UP, WARM_UP + MEASURED):
            file = Path(folder) / f"{repeats}.ndjson"
            file.write_bytes(b"\n".join(lines * repeats) + b"\n")
            command = ["bash", str(OFFICIAL), "--package", str(PACKAGE), "--unknown", "warning", "--level", "error"]
            done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
            if done.returncode:
                print(done.stdout[-500:], done.stderr[-500:], file=sys.stderr)
                return None
            seconds.append(json.loads(done.stdout.splitlines()[-1])["summary"]["seconds"])
    return (seconds[2] - min(seconds[:2])) / (MEASURED * len(lines)) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resources", type=int, default=300, help="of each type")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-official", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    begin = time.process_time()
    validator = Validator(load_definitions())
    loading = time.process_time() - begin
    peer = pyrofile()
    rows: dict[str, dict[str, float | None]] = {}
    for kind, lines in texts(given.resources).items():
        exact, plain = [from_json(line) for line in lines], [json.loads(line) for line in lines]
        prove(validator, kind, exact)
        rows[kind] = {
            "resources": len(lines),
            "ours": microseconds(validator.validate, exact, given.rounds),
            "fhir.resources": microseconds(get_fhir_model_class(kind).model_validate, plain, given.rounds),
            "pyrofile": microseconds(peer, plain[:50], 1) if peer else None,
            "official": None if given.no_official else official(lines),
        }
    if given.json:
        print(json.dumps({"load_seconds": loading, "microseconds": rows}))
        return
    table = Table("", "resources", "ours", *(f"{name}, times ours" for name in WANTED))
    for kind, row in rows.items():
        ours = row["ours"] or 0.0
        cells = [
            "not run"
            if (figure := row[name]) is None
            else f"{figure:,.0f} us, {figure / ours:,.1f} x (wanted {least})"
            for name, least in WANTED.items()
        ]
        table.add_row(kind, f"{row['resources']:.0f}", f"{ours:,.1f} us", *cells)
    Console(width=150).print(table)
    print(f"definitions loaded in {loading:.2f} s")


if __name__ == "__main__":
    main()
