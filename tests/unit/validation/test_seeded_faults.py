"""Seeded faults of every kind are found with their rule at their place, and good examples have no finding.

The cases are data: tests/seeded_faults. The official validation judges the same ones in tests/integration.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hm_fhir.testing.cases import Case, read_cases
from hm_fhir.validation.definitions import Definitions, load_definitions
from hm_fhir.validation.issue import Issue
from hm_fhir.validation.reading.strict_json import read_resource
from hm_fhir.validation.validator import Validator

SEEDED = Path(__file__).parents[2] / "seeded_faults"
CASES = read_cases(SEEDED / "cases", profiles="http://example.org/seeded/StructureDefinition/")
FAULTS = [case for case in CASES if not case.good]
GOOD = [case for case in CASES if case.good]
KINDS = {
    "bindings", "bundles", "cardinality", "extensions", "invariants", "primitives", "profiles", "references",
    "slicing", "structure",
}  # fmt: skip


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    return load_definitions([SEEDED / "package"], own=False)


@pytest.fixture(scope="module")
def validator(definitions: Definitions) -> Validator:
    return Validator(definitions)


def found(validator: Validator, case: Case) -> tuple[Issue, ...]:
    resource = read_resource(case.text)
    return (resource,) if isinstance(resource, Issue) else validator.validate(resource)


def test_there_are_many_faults_of_every_kind_and_no_name_twice() -> None:
    assert len(FAULTS) >= 250
    assert len(GOOD) >= 80
    kinds = Counter(case.kind for case in FAULTS)
    assert set(kinds) == KINDS
    assert min(kinds.values()) >= 15
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []


def test_every_profile_of_the_package_can_be_read(definitions: Definitions) -> None:
    assert dict(definitions.broken) == {}
    assert all(definitions.types.type(url) is not None for url in definitions.profiles)


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case.kind}: {case.name}")
def test_a_fault_is_found(case: Case, validator: Validator) -> None:
    issues = found(validator, case)
    named = [issue for issue in issues if issue.rule in case.rules]
    assert named, [(issue.rule, issue.location) for issue in issues]
    assert case.severity in {issue.severity for issue in named}
    if case.at is not None:
        assert case.at in {issue.location for issue in named}


@pytest.mark.parametrize("case", GOOD, ids=lambda case: f"{case.kind}: {case.name}")
def test_a_good_example_has_no_finding(case: Case, validator: Validator) -> None:
    issues = found(validator, case)
    assert [(issue.rule, issue.location) for issue in issues if issue.severity != "information"] == []
