"""What a receiver, a hospital or a registry may change in what it got still fits the profile that it claims."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.validator import Validator

EXAMPLES = Path(__file__).parents[2] / "profiles" / "package" / "example"
CANONICAL = "https://w3id.org/hm-fhir/StructureDefinition/"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
BSER = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
OWN = "https://w3id.org/hm-fhir/CodeSystem/"

Json = dict[str, Any]


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(load_definitions())


def example_of(profile: str) -> Json:
    for path in sorted(EXAMPLES.glob("[A-Z]*.json")):
        resource: Json = json.loads(path.read_text(encoding="utf-8"))
        if resource["meta"].get("profile") == [CANONICAL + profile]:
            return resource
    raise AssertionError(profile)


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


PLAIN_VISIT = [coded(f"{OWN}activity-type", "home-visit"), coded(f"{OWN}setting", "home")]
CHANGES: dict[str, tuple[str, Json]] = {
    "unattended, in the words of BSeR": (
        "hm-referral-task",
        {"status": "in-progress", "businessStatus": coded(BSER, "5.1.2"), "owner": {"display": "Ward"}},
    ),
    "unattended, in free text": ("hm-referral-task", {"status": "failed", "businessStatus": {"text": "не се яви"}}),
    "rejected with a reason": (
        "hm-referral-task",
        {"status": "rejected", "statusReason": {"text": "няма капацитет"}, "note": [{"text": "без капацитет"}]},
    ),
    "completed with a result": (
        "hm-referral-task",
        {"status": "completed", "output": [{"type": {"text": "report"}, "valueString": "Report 12"}]},
    ),
    "a need that is over": (
        "hm-need",
        {"clinicalStatus": coded(CLINICAL, "resolved"), "abatementDateTime": "2026-05-01"},
    ),
    "a pregnancy that a doctor ruled out": (
        "hm-pregnancy",
        {"clinicalStatus": coded(CLINICAL, "inactive"), "verificationStatus": coded(VERIFICATION, "refuted")},
    ),
    "names and addresses of a registry": (
        "hm-patient",
        {
            "name": [{"use": "official", "family": "Примерова"}, {"use": "maiden", "family": "Измислена"}],
            "address": [{"use": "home", "country": "BG"}, {"use": "temp", "country": "DE"}],
        },
    ),
    "a server that labels everything": (
        "hm-encounter-individual",
        {"meta": {"security": [{"system": CONFIDENTIALITY, "code": "N"}]}, "type": PLAIN_VISIT, "reasonCode": []},
    ),
    "a name alone": (
        "hm-patient",
        {"name": [{"given": ["Ана"]}], "birthDate": "1990", "gender": "unknown", "address": [], "telecom": []},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_receiver_fits_the_profile(validator: Validator, change: str) -> None:
    profile, elements = CHANGES[change]
    changed = {key: value for key, value in {**example_of(profile), **elements}.items() if value != []}
    changed["meta"] = {**changed["meta"], "profile": [CANONICAL + profile]}

    assert [issue for issue in validator.validate(changed) if issue.stops] == []


def test_a_place_adds_a_doctor_and_a_room_to_its_appointment(validator: Validator) -> None:
    appointment = example_of("hm-appointment")
    appointment["participant"] += [
        {"actor": {"reference": "Practitioner/1"}, "required": "information-only", "status": "accepted"},
        {"type": [{"text": "room"}], "status": "needs-action"},
    ]

    assert [issue for issue in validator.validate(appointment) if issue.stops] == []


def test_an_audit_repository_adds_the_number_of_the_request(validator: Validator) -> None:
    # IHE BALP has an entity without a role for it.
    disclosure = example_of("hm-disclosure")
    kind = {"system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "code": "XrequestId"}
    disclosure["entity"].append({"what": {"identifier": {"value": "e3cdfc81"}}, "type": kind})

    assert [issue for issue in validator.validate(disclosure) if issue.stops] == []
