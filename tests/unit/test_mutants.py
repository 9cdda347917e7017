"""Resources changed at random, as benchmarks/agreement makes them, never break the validation down."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

AGREEMENT = Path(__file__).parents[2] / "benchmarks" / "agreement"
MUTANTS = 1000
JUDGE = f"""
import json
import run
from hm_fhir.testing.people import Chance
from hm_fhir.testing.resources import generate_resources
from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.issue import Issue
from hm_fhir.validation.reading.strict_json import read_resource
from hm_fhir.validation.validator import Validator

bases = run.any_type(5, 280) + list(generate_resources(5, 20, ["Bundle"]))
maker, validator, chance = run.Maker(5, None), Validator(load_definitions(own=False)), Chance(5)
kinds, refused, accepted = set(), 0, 0
for number in range({MUTANTS}):
    base = chance.number(0, len(bases) - 1)
    mutant = maker.mutant(number, base, bases[base])
    kinds.add(mutant.kind.partition("+")[0])
    resource = read_resource(mutant.text)
    issues = (resource,) if isinstance(resource, Issue) else validator.validate(resource)
    json.dumps([[issue.rule, issue.location, issue.text] for issue in issues])
    if any(issue.stops for issue in issues):
        refused += 1
    else:
        accepted += 1
some = []
for maker in (run.Maker(5, None), run.Maker(5, None)):
    some.append([maker.mutant(number, 0, bases[0]).text for number in range(100)])
print(json.dumps({{
    "missing": sorted(set(run.KINDS) - kinds), "refused": refused, "accepted": accepted,
    "same": some[0] == some[1],
}}))
"""


def test_every_kind_of_mutation_is_judged_without_breaking_down() -> None:
    done = subprocess.run([sys.executable, "-c", JUDGE], cwd=AGREEMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["missing"] in ([], ["claimed-profile"])  # these resources claim no profile
    assert found["refused"] > MUTANTS / 3
    assert found["accepted"] > MUTANTS / 5
    assert found["same"]
