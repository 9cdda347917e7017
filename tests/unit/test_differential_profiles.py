"""Profiles without snapshot are compiled and judge as the specification says (cases: tests/differential_profiles)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hm_fhir.fhir.json import from_json
from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.validator import Validator

FOLDER = Path(__file__).parent.parent / "differential_profiles"
URL = "https://example.org/StructureDefinition/"
FHIR_URL = "http://hl7.org/fhir/StructureDefinition/"


def content() -> Iterator[dict[str, Any]]:
    for file in sorted(FOLDER.glob("*.yaml")):
        yield yaml.safe_load(file.read_text(encoding="utf-8"))


CASES = [case for file in content() for case in file["cases"]]


def definition(profile: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "id": profile["id"],
        "url": URL + profile["id"],
        "name": profile["id"].replace("-", "_"),
        "status": "active",
        "fhirVersion": "4.0.1",
        "kind": profile.get("kind", "resource"),
        "abstract": False,
        "context": profile.get("context", []),
        "type": profile["type"],
        "baseDefinition": profile.get("base", FHIR_URL + profile["type"]),
        "derivation": "constraint",
        "differential": {"element": profile["differential"]},
    }


@pytest.fixture(scope="module")
def validator(tmp_path_factory: pytest.TempPathFactory) -> Validator:
    folder = tmp_path_factory.mktemp("package")
    for file in content():
        for profile in file["profiles"]:
            (folder / f"{profile['id']}.json").write_text(json.dumps(definition(profile)), encoding="utf-8")
    definitions = load_definitions([folder], own=False, cache=tmp_path_factory.mktemp("cache"))
    assert dict(definitions.broken) == {}
    return Validator(definitions)


@pytest.mark.parametrize("case", CASES, ids=[f"{one['profile']}: {one['name']}" for one in CASES])
def test_a_resource_is_judged_by_a_profile_that_has_only_a_differential(
    case: dict[str, Any], validator: Validator
) -> None:
    resource = from_json(json.dumps(case["resource"]))
    stopping = [issue for issue in validator.validate(resource, [URL + case["profile"]]) if issue.stops]
    assert (not stopping) is case["valid"], stopping


def test_each_profile_has_cases_on_both_sides() -> None:
    verdicts: dict[str, set[bool]] = {}
    for case in CASES:
        verdicts.setdefault(case["profile"], set()).add(case["valid"])
    assert len(CASES) > 70
    assert [name for name, found in verdicts.items() if found != {True, False}] == []
