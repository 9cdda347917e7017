"""Issues as OperationOutcome: what other systems read, and valid itself."""

from __future__ import annotations

from typing import Any

import pytest

from hm_fhir.fhir.json import from_json, to_json
from hm_fhir.fhir.outcomes import issue_codes
from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.issue import SEVERITIES, WHOLE, Issue, operation_outcome
from hm_fhir.validation.validator import Validator

URL = "https://example.org/fhir/StructureDefinition/visit"


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(load_definitions(own=False))


def errors(validator: Validator, resource: dict[str, Any]) -> list[str]:
    found = validator.validate(from_json(to_json(resource)))
    return [f"{one.location}: {one.text}" for one in found if one.severity != "information"]


def test_it_says_rule_place_profile_and_the_line_of_the_mapping() -> None:
    issue = Issue("error", "required", "cardinality-min", "Encounter.class", "missing", URL, "visit.yaml:12")
    assert operation_outcome([issue]) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "required",
                "details": {"text": "cardinality-min"},
                "diagnostics": f"missing ({URL}) [visit.yaml:12]",
                "expression": ["Encounter.class"],
            }
        ],
    }


def test_what_is_found_in_every_kind_of_resource_is_a_valid_outcome(validator: Validator) -> None:
    wrong: list[Any] = [
        {"resourceType": "Patient", "gender": "x", "birthDate": "2026-13-01", "name": [], "unknown": 1},
        {"resourceType": "Encounter", "class": {"code": "HH"}, "subject": {"reference": "a b"}},
        {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": {"resourceType": "Nobody"}}]},
        {"resourceType": "Observation", "meta": {"profile": ["https://example.org/none"]}, "valueString": None},
    ]
    for resource in wrong:
        found = validator.validate(resource)
        assert any(issue.stops for issue in found)
        assert errors(validator, operation_outcome(found)) == []


def test_every_severity_and_the_whole_text_make_a_valid_outcome(validator: Validator) -> None:
    issues = [Issue(severity, "value", "a-rule", WHOLE, "text") for severity in SEVERITIES]
    outcome = operation_outcome(issues)
    assert all("expression" not in one for one in outcome["issue"]), "FHIRPath has no word for what is no resource"
    assert errors(validator, outcome) == []


def test_without_issues_it_says_that_all_is_well(validator: Validator) -> None:
    outcome = operation_outcome([])
    assert [one["severity"] for one in outcome["issue"]] == ["information"]
    assert errors(validator, outcome) == []


def test_the_reader_of_servers_answers_reads_it() -> None:
    issue = Issue("error", "required", "cardinality-min", "Encounter.class", "missing")
    assert issue_codes(operation_outcome([issue])) == ("required",)
