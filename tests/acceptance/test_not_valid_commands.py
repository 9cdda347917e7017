"""What is not valid: run, map, outbox show and mappings test say it, with the line of the mapping."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hm_fhir.testing import FhirServer
from hm_fhir.testing.deployment import Deployment

URL = "https://example.org/fhir/StructureDefinition/visit"
PROFILE = {
    "resourceType": "StructureDefinition",
    "url": URL,
    "name": "Visit",
    "status": "active",
    "fhirVersion": "4.0.1",
    "kind": "resource",
    "abstract": False,
    "type": "Encounter",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Encounter",
    "derivation": "constraint",
    "differential": {"element": [{"id": "Encounter.priority", "path": "Encounter.priority", "min": 1}]},
}
VISIT = {
    "local_id": "v1",
    "updated_at": "2026-03-05T10:00:00+02:00",
    "municipality": {"code": "SFO39", "name": "Самоков"},
    "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
    "type": "home-visit",
    "period": {"start": "2026-03-05"},
    "setting": "home",
    "persons": [{"local_id": "p", "name": {"given": ["Проба"]}}],
}


@pytest.fixture
def deployment(tmp_path: Path, fhir_server: FhirServer) -> Deployment:
    (tmp_path / "visit.json").write_text(json.dumps(PROFILE), encoding="utf-8")
    (tmp_path / "activities.ndjson").write_text(json.dumps(VISIT, ensure_ascii=False) + "\n", encoding="utf-8")
    made = Deployment(tmp_path).source("register", "ndjson", "activities.ndjson").target("hospital", fhir_server.url)
    return made.section("validation", packages=["visit.json"], profiles=[URL])


def test_a_run_says_what_is_withheld_and_why(deployment: Deployment, fhir_server: FhirServer) -> None:
    done = deployment.run("run")
    assert done.code == 3, "a person has to look"
    assert "1 withheld, not valid: home-visit" in done.output
    assert "error Encounter: priority is missing [cardinality-min] at activities.ndjson:1" in done.output
    assert "parts/encounter.yaml:" in done.output
    assert "1 routed = 0 waiting + 1 withheld + 0 delivered" in done.output
    assert "1 withheld: not-valid" in done.output
    assert not fhir_server.resources
    assert "Проба" not in done.output + done.errors

    shown = deployment.run("outbox", "show", "1")
    assert "error: Encounter: priority is missing [cardinality-min], made in " in shown.output
    assert "Проба" not in shown.output
    (issue,) = [
        one
        for one in deployment.run("outbox", "show", "1", "--json").json()["findings"]
        if one["severity"] == "error"
    ]
    assert (issue["rule"], issue["profile"]) == ("cardinality-min", URL)
    assert "Проба" in deployment.run("outbox", "show", "1", "--payload").output, "asked for"

    counts = deployment.run("outbox", "stats", "--json")
    assert counts.code == 0
    assert counts.json()["targets"]["hospital"]["withheld_by_rule"] == {"not-valid": 1}


def test_a_dry_run_prints_the_resources_and_what_is_wrong(deployment: Deployment) -> None:
    done = deployment.run("map")
    assert done.code == 0
    kinds = [json.loads(line)["resourceType"] for line in done.output.splitlines()]
    assert "Encounter" in kinds
    assert "1 not valid" in done.errors
    assert "error Encounter: priority is missing [cardinality-min]" in done.errors
    unchecked = deployment.run("map", "--no-validate")
    assert unchecked.output == done.output
    assert "valid" not in unchecked.errors
    again = deployment.run("map", "--workers", "2")
    assert (again.output, again.errors) == (done.output, done.errors)


def test_a_case_whose_resources_are_not_valid_fails(deployment: Deployment) -> None:
    cases = deployment.folder / "cases"
    cases.mkdir()
    case = "case: a visit\nactivity:\n" + "".join(
        f"  {key}: {json.dumps(value, ensure_ascii=False)}\n"
        for key, value in {"system": "register", **VISIT}.items()
    )
    (cases / "visit.yaml").write_text(case + "resources: {}\n", encoding="utf-8")
    deployment.run("mappings", "test", "--no-validate", "--write", str(cases))
    assert deployment.run("mappings", "test", "--no-validate", str(cases)).code == 0

    done = deployment.run("mappings", "test", str(cases))
    assert done.code == 1
    assert "failed visit\n" in done.output
    assert "error Encounter: priority is missing [cardinality-min]" in done.output
    assert "0 of 1 cases pass" in done.output
    before = (cases / "visit.yaml").read_bytes()
    shown = deployment.run("mappings", "test", "--write", "--json", str(cases)).json()
    assert (shown["passed"], shown["difference"], shown["written"]) == (False, "", False)
    assert [one["rule"] for one in shown["findings"] if one["severity"] == "error"] == ["cardinality-min"]
    assert (cases / "visit.yaml").read_bytes() == before, "the case is right, the resource is not"


def test_without_validation_everything_goes(deployment: Deployment, fhir_server: FhirServer) -> None:
    deployment.section("validation", enabled=False)
    done = deployment.run("run")
    assert done.code == 0
    assert "found" not in done.output
    assert fhir_server.resources
