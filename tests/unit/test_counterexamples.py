"""Each counter-example of the profiles is refused because of the rule that it was made for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.validator import Validator

PROFILES = Path(__file__).parents[2] / "profiles"
CANONICAL = "https://w3id.org/hm-fhir/StructureDefinition/"
EXPECTED: dict[str, dict[str, str]] = yaml.safe_load(
    (PROFILES / "counterexamples" / "expected.yaml").read_text("utf-8")
)


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(load_definitions())


def read(name: str) -> dict[str, Any]:
    resource: dict[str, Any] = json.loads((PROFILES / "counterexamples" / name).read_text("utf-8"))
    return resource


def without_profile(resource: dict[str, Any]) -> dict[str, Any]:
    meta = {key: value for key, value in resource["meta"].items() if key != "profile"}
    return {**{key: value for key, value in resource.items() if key != "meta"}, **({"meta": meta} if meta else {})}


def own_profiles() -> dict[str, dict[str, Any]]:
    files = sorted((PROFILES / "package").glob("StructureDefinition-*.json"))
    return {path.stem.removeprefix("StructureDefinition-"): json.loads(path.read_text("utf-8")) for path in files}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_counter_example_is_refused_by_its_rule(validator: Validator, name: str) -> None:
    resource, expected = read(name), EXPECTED[name]
    assert resource["meta"]["profile"] == [CANONICAL + expected["profile"]]
    found = [issue for issue in validator.validate(resource) if issue.stops]
    assert (expected["rule"], expected["where"]) in [(issue.rule, issue.location) for issue in found]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_without_its_profile_it_is_right(validator: Validator, name: str) -> None:
    assert [issue for issue in validator.validate(without_profile(read(name))) if issue.stops] == []


def test_every_file_is_expected() -> None:
    assert {path.name for path in (PROFILES / "counterexamples").glob("*.json")} == set(EXPECTED)


def test_every_profile_refuses_something() -> None:
    assert {expected["profile"] for expected in EXPECTED.values()} == set(own_profiles())


def test_every_invariant_of_ours_refuses_something() -> None:
    ours = {
        constraint["key"]
        for profile in own_profiles().values()
        for element in profile["differential"]["element"]
        for constraint in element.get("constraint", ())
        if constraint["severity"] == "error" and constraint["key"].startswith("hm-")
    }
    assert ours <= {expected["rule"] for expected in EXPECTED.values()}
