"""Generated resources: the same for a seed, of every type and with every data type, and nearly all valid."""

from __future__ import annotations

import pytest

from hm_fhir.fhir.definitions import r4
from hm_fhir.fhir.json import to_json
from hm_fhir.testing.resources import generate_resources
from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.validator import Validator

TYPES = sorted(r4().resource_types)
ROUNDS = 3
MOST_REFUSED = 0.03
CHOICES = len(r4().type("Extension").elements["value"].types)


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(load_definitions(own=False))


def test_the_same_seed_gives_the_same_resources_and_another_seed_others() -> None:
    first, again, other = ([to_json(one) for one in generate_resources(seed, 200)] for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_every_type_comes_in_turn_and_every_data_type_occurs() -> None:
    resources = list(generate_resources(5, len(TYPES) * ROUNDS))
    assert [one["resourceType"] for one in resources] == TYPES * ROUNDS
    texts = b"\n".join(to_json(one) for one in resources)
    values = r4().type("Extension").elements["value"].json_keys
    assert sum(f'"{key}":'.encode() in texts for key in values) == CHOICES > 40


def test_they_are_valid_by_the_rules_of_r4(validator: Validator) -> None:
    refused = [
        (one["resourceType"], sorted({issue.rule for issue in validator.validate(one) if issue.stops}))
        for one in generate_resources(6, len(TYPES) * ROUNDS)
    ]
    assert len([rules for _, rules in refused if rules]) < MOST_REFUSED * len(refused), refused


def test_without_repair_invariants_fail_by_chance(validator: Validator) -> None:
    rules = {
        issue.rule
        for one in generate_resources(6, len(TYPES) * ROUNDS, repaired=False)
        for issue in validator.validate(one)
        if issue.stops
    }
    assert len({rule for rule in rules if rule.rpartition("-")[2].isdigit()}) > 40


def test_types_can_be_chosen() -> None:
    kinds = [one["resourceType"] for one in generate_resources(1, 4, ["Goal", "Task"])]
    assert kinds == ["Goal", "Task", "Goal", "Task"]
