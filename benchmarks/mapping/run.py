"""Prints the table of mapping: one activity -> Patient, Encounter, ServiceRequest, CarePlan as JSON texts.

    python benchmarks/mapping/run.py                 # the table
    python benchmarks/mapping/run.py --json          # the same figures for machines
    python benchmarks/mapping/run.py --activities 500 --rounds 3

All in one process and one run: ours, hand-written Python (the floor), fpml with the same templates, fhir.resources
building and dumping the same. Outputs are compared before anything is timed: ours, the floor and fpml byte for byte,
fhir.resources as JSON. Keyed ids are made by everybody; every activity is of another person, and each round begins
with nothing known of any of them. The floor stands twice: with ids of its own making, and with ours, which remember
what recurs (mediators, municipalities, facilities). Times are CPU times of this process.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import fhirpathpy  # noqa: E402
from activities import activities  # noqa: E402
from floor import Floor  # noqa: E402
from peers import Fpml, Models  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from hm_fhir.activities.identity import Identity  # noqa: E402
from hm_fhir.fhirpath import Scope  # noqa: E402
from hm_fhir.mapping.conceptmap import read_code_systems  # noqa: E402
from hm_fhir.mapping.engine import Mapper  # noqa: E402
from hm_fhir.mapping.loader import load_packs  # noqa: E402
from hm_fhir.mapping.template.tree import Use  # noqa: E402

ROOT = HERE.parents[1]
KEY, SYSTEM = bytes(range(32)), "https://example.org/benchmark"
SYSTEMS = {"egn": "https://example.org/egn", "nrn": "https://example.org/nrn"}
CODE_SYSTEMS = ROOT / "profiles" / "package"
FUNCTIONS = ("reference(", "coding(", "translate(")
COLD = """
import sys, time
from pathlib import Path
begin = time.process_time()
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.loader import load_packs
from hm_fhir.activities.identity import Identity
from hm_fhir.mapping.conceptmap import read_code_systems
imported = time.process_time()
packs = load_packs([Path(sys.argv[1])])
Mapper(packs, Identity(bytes(32), key_id="x", system="urn:x"), read_code_systems(Path(sys.argv[2]))).prepare()
print(imported - begin, time.process_time() - imported)
"""
PEERS = ("floor", "floor_remembering", "models", "fpml", "fpml_cached")
Texts = Callable[[dict[str, Any]], Sequence[bytes]]


def floor(resource_id: Callable[[str, str], str] | None = None) -> Floor:
    """Return the floor; it makes its ids by itself, or by `resource_id`."""
    return Floor(KEY, SYSTEM, SYSTEMS, ROOT / "mappings" / "conceptmaps", CODE_SYSTEMS, resource_id)


def mapper() -> Mapper:
    packs = load_packs([ROOT / "mappings", HERE / "pack"])
    identity = Identity(KEY, key_id="benchmark", system=SYSTEM)
    return Mapper(packs, identity, read_code_systems(CODE_SYSTEMS), SYSTEMS)


def ours() -> Texts:
    made = mapper()

    def texts(activity: dict[str, Any]) -> Sequence[bytes]:
        mapped = made.map(activity)
        assert mapped is not None
        return [resource.text() for resource in mapped.resources]

    return texts


def microseconds(texts: Texts, sample: Sequence[dict[str, Any]]) -> float:
    """Return the CPU time that one activity takes; what else the machine does is not in it."""
    gc.collect()
    begin = time.process_time()
    for activity in sample:
        texts(activity)
    return (time.process_time() - begin) / len(sample) * 1e6


def compare(sample: Sequence[dict[str, Any]]) -> int:
    """Stop unless everybody makes the same, and return the bytes of one activity."""
    peers = {"ours": ours(), "fpml": Fpml(HERE / "pack", floor(), is_cached=True).texts}
    models, hand, sizes = Models(floor()), floor(), []
    for place, activity in enumerate(sample):
        expected = hand.texts(activity)
        for name, texts in peers.items():
            if list(texts(activity)) != expected:
                raise SystemExit(f"{name} differs from the floor at activity {place}")
        if [json.loads(text) for text in models.texts(activity)] != [json.loads(text) for text in expected]:
            raise SystemExit(f"fhir.resources differs from the floor at activity {place}")
        sizes.append(sum(map(len, expected)))
    return round(statistics.mean(sizes))


def expressions() -> list[Use]:
    """Return the expressions of the templates that read the activity alone: no functions of ours, no variables."""
    pack = load_packs([ROOT / "mappings", HERE / "pack"])[1]
    uses = [use for rule in pack.mappings[0].resources for use in rule.template.uses]
    unique = {use.expression.text: use for use in uses if not use.expression.variables}
    return [use for text, use in unique.items() if not any(name in text for name in FUNCTIONS)]


def per_expression(sample: Sequence[dict[str, Any]]) -> tuple[float, float, int]:
    """Return the microseconds that one expression takes here and compiled by fhirpathpy, and how many there are."""
    uses = expressions()
    mine = [use.expression for use in uses]
    theirs = [fhirpathpy.compile(use.expression.text) for use in uses]

    def all_of_mine(root: dict[str, Any]) -> Sequence[bytes]:
        scope = Scope(root, {}, None)
        for expression in mine:
            expression.first(scope)
        return ()

    def all_of_theirs(root: dict[str, Any]) -> Sequence[bytes]:
        for evaluate in theirs:
            evaluate(root, {})
        return ()

    few = sample[: max(1, len(sample) // 20)]
    own = statistics.median(microseconds(all_of_mine, sample) for _ in range(5)) / len(uses)
    return own, statistics.median(microseconds(all_of_theirs, few) for _ in range(3)) / len(uses), len(uses)


def cold(rounds: int) -> tuple[float, float]:
    """Return the median seconds of importing the engine, and of reading and compiling the base pack after that."""
    command = [sys.executable, "-c", COLD, str(ROOT / "mappings"), str(CODE_SYSTEMS)]
    taken = [
        tuple(map(float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()))
        for _ in range(rounds)
    ]
    return statistics.median(one for one, _ in taken), statistics.median(one for _, one in taken)


def measure(number: int, rounds: int) -> dict[str, float]:
    """Return all figures."""
    sample = activities(number, first=1000)
    few = sample[: max(10, number // 20)]
    rare = sample[: max(5, number // 200)]
    warm = activities(50)
    size = compare([*warm, *sample[:100]])
    taken: dict[str, list[float]] = {name: [] for name in ("ours", *PEERS)}
    for _ in range(rounds):
        contenders: list[tuple[str, Texts, Sequence[dict[str, Any]]]] = [
            ("ours", ours(), sample),
            ("floor", floor().texts, sample),
            ("floor_remembering", floor(Identity(KEY, key_id="floor", system=SYSTEM).resource_id).texts, sample),
            ("models", Models(floor()).texts, few),
            ("fpml_cached", Fpml(HERE / "pack", floor(), is_cached=True).texts, few),
            ("fpml", Fpml(HERE / "pack", floor(), is_cached=False).texts, rare),
        ]
        for name, texts, chosen in contenders:
            microseconds(texts, warm if len(chosen) > len(warm) else warm[:3])
            taken[name].append(microseconds(texts, chosen))
    figures = {f"{name}_us": statistics.median(values) for name, values in taken.items()}
    mine = taken["ours"]
    for name in PEERS:
        ratios = [other / own for own, other in zip(mine, taken[name], strict=True)]
        figures[f"throughput_of_{name}"] = statistics.median(ratios)
    figures["expression_us"], figures["fhirpathpy_us"], figures["expressions"] = per_expression(sample)
    figures["import_seconds"], figures["compile_seconds"] = cold(min(rounds, 5))
    figures["bytes"] = size
    return figures


def table(figures: dict[str, float]) -> Table:
    """Return the figures for people."""
    rows = Table("one activity -> 4 resources as JSON", "µs", "our throughput / theirs", "goal")
    mine = figures["ours_us"]
    rows.add_row("ours", f"{mine:.0f}", "1", "")
    for name, what, goal in (
        ("floor", "hand-written Python (floor)", ">= 0.35"),
        ("floor_remembering", "the same, with our ids, which are remembered", ""),
        ("models", "fhir.resources, building and dumping", ">= 10"),
        ("fpml", "fpml, the same templates", ">= 45"),
        ("fpml_cached", "fpml, each expression compiled once", ""),
    ):
        rows.add_row(what, f"{figures[f'{name}_us']:.0f}", f"{figures[f'throughput_of_{name}']:.2f}", goal)
    rows.add_section()
    number, theirs = int(figures["expressions"]), figures["fhirpathpy_us"]
    rows.add_row(f"one expression (mean of {number})", f"{figures['expression_us']:.2f}", "", "<= 0.6")
    rows.add_row("the same, fhirpathpy compiled", f"{theirs:.1f}", f"{theirs / figures['expression_us']:.0f}", "")
    rows.add_section()
    rows.add_row("base pack, read and compiled", f"{figures['compile_seconds']:.2f} s", "", "< 1 s")
    rows.add_row("import of the mapping engine", f"{figures['import_seconds']:.2f} s", "", "")
    return rows


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--activities", type=int, default=2000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--json", action="store_true")
    chosen = arguments.parse_args()
    figures = measure(chosen.activities, chosen.rounds)
    if chosen.json:
        print(json.dumps(figures, indent=1))
    else:
        Console(width=110).print(table(figures))


if __name__ == "__main__":
    main()
