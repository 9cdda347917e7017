"""The official HL7 validation runs and tells right from wrong."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.server


def test_it_finds_what_is_wrong_and_only_that(official_validation, tmp_path):
    right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
    right.write_text(json.dumps({"resourceType": "Patient", "id": "p", "gender": "female"}))
    wrong.write_text(json.dumps({"resourceType": "Patient", "id": "q", "gender": "nonsense", "colour": "red"}))
    found = official_validation([right, wrong], level="information")
    assert found.summary["resources"] == 2
    assert {issue["file"] for issue in found.errors()} == {str(wrong)}
    assert {issue["location"] for issue in found.errors()} == {"Patient", "Patient.gender"}
    assert found.summary["error"] == len(found.errors())
    assert {issue["severity"] for issue in found.issues} > {"error"}
    assert official_validation([right], level="error").issues == []


def test_it_validates_against_a_package(official_validation, tmp_path):
    profile = {
        "resourceType": "StructureDefinition",
        "url": "urn:hm-fhir:test:patient-with-gender",
        "name": "PatientWithGender",
        "status": "draft",
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation": "constraint",
        "differential": {"element": [{"id": "Patient.gender", "path": "Patient.gender", "min": 1}]},
    }
    package, patient = tmp_path / "package", tmp_path / "patient.json"
    package.mkdir()
    (package / "profile.json").write_text(json.dumps(profile))
    patient.write_text(json.dumps({"resourceType": "Patient", "id": "p", "meta": {"profile": [profile["url"]]}}))
    errors = official_validation([patient], packages=[package]).errors()
    assert len(errors) == 1
    assert "Patient.gender" in errors[0]["text"]
