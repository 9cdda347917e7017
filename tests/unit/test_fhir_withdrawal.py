"""What a newer version of an activity no longer makes says of itself that it should not be there."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from hm_fhir.fhir.models import problems
from hm_fhir.fhir.withdrawal import _INACTIVE, _STATUS, withdrawn

PATIENT = {"reference": "Patient/p"}
CODE: dict[str, Any] = {"coding": [{"system": "urn:x", "code": "y"}]}
AT = "2026-03-02T10:00:00+02:00"

# One minimal resource of every type that can be withdrawn.
MINIMAL: dict[str, dict[str, Any]] = {
    "Appointment": {
        "status": "booked",
        "start": AT,
        "end": AT,
        "participant": [{"actor": PATIENT, "status": "accepted"}],
    },
    "CarePlan": {"status": "active", "intent": "plan", "subject": PATIENT},
    "CareTeam": {"status": "active"},
    "ClinicalImpression": {"status": "completed", "subject": PATIENT},
    "Communication": {"status": "completed"},
    "CommunicationRequest": {"status": "active"},
    "Composition": {"status": "final", "type": CODE, "date": AT, "author": [PATIENT], "title": "x"},
    "Condition": {
        "subject": PATIENT,
        "clinicalStatus": CODE,
        "abatementString": "x",
        "_abatementString": {"id": "i"},
    },
    "Consent": {
        "status": "active",
        "scope": CODE,
        "category": [CODE],
        "patient": PATIENT,
        "policyRule": CODE,
    },
    "Coverage": {"status": "active", "beneficiary": PATIENT, "payor": [PATIENT]},
    "DetectedIssue": {"status": "final"},
    "DiagnosticReport": {"status": "final", "code": CODE},
    "DocumentReference": {"status": "current", "content": [{"attachment": {"title": "x"}}]},
    "Encounter": {"status": "finished", "class": {"code": "HH"}},
    "EpisodeOfCare": {"status": "active", "patient": PATIENT},
    "Flag": {"status": "active", "code": CODE, "subject": PATIENT},
    "Goal": {"lifecycleStatus": "active", "description": CODE, "subject": PATIENT},
    "Group": {"type": "person", "actual": True},
    "HealthcareService": {"name": "x"},
    "Immunization": {"status": "completed", "vaccineCode": CODE, "patient": PATIENT, "occurrenceString": "x"},
    "List": {"status": "current", "mode": "working"},
    "Location": {"name": "x", "status": "active"},
    "MedicationStatement": {"status": "active", "medicationCodeableConcept": CODE, "subject": PATIENT},
    "Observation": {"status": "final", "code": CODE},
    "Organization": {"name": "x"},
    "Patient": {"active": True, "link": [{"other": PATIENT, "type": "replaced-by"}]},
    "Practitioner": {"name": [{"family": "x"}]},
    "PractitionerRole": {"practitioner": {"reference": "Practitioner/m"}},
    "Procedure": {"status": "completed", "subject": PATIENT},
    "QuestionnaireResponse": {"status": "completed"},
    "RelatedPerson": {"patient": PATIENT},
    "RequestGroup": {"status": "active", "intent": "plan"},
    "RiskAssessment": {"status": "final", "subject": PATIENT},
    "ServiceRequest": {"status": "active", "intent": "order", "subject": PATIENT},
    "Task": {"status": "requested", "intent": "order"},
}
RESOURCES = [{"resourceType": kind, "id": "a", **elements} for kind, elements in MINIMAL.items()]
kind_of = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource["resourceType"])


def test_there_is_an_example_of_every_type() -> None:
    assert set(MINIMAL) == {*_STATUS, *_INACTIVE, "Condition", "Location", "Patient"}


@kind_of
def test_what_is_withdrawn_is_a_valid_resource(resource: dict[str, Any]) -> None:
    content = withdrawn(resource)
    assert problems(resource) == []
    assert content is not None
    assert problems(content) == []


@kind_of
def test_it_says_so_and_stays_the_same_resource(resource: dict[str, Any]) -> None:
    before = deepcopy(resource)
    content = withdrawn(resource) or {}
    said = [
        content.get("active") is False,
        "entered-in-error" in (content.get("status"), content.get("lifecycleStatus")),
        (content.get("verificationStatus") or {}).get("coding", [{}])[0].get("code") == "entered-in-error",
        resource["resourceType"] == "Location" and content.get("status") == "inactive",
    ]
    assert said.count(True) == 1
    assert (content["resourceType"], content["id"]) == (resource["resourceType"], resource["id"])
    assert resource == before


@kind_of
def test_to_withdraw_it_again_changes_nothing(resource: dict[str, Any]) -> None:
    once = withdrawn(resource) or {}
    assert withdrawn(once) == once


def test_a_condition_in_error_has_no_clinical_status_and_no_abatement() -> None:
    # con-5; and con-4: what is abated has a clinical status
    content = withdrawn({"resourceType": "Condition", **MINIMAL["Condition"], "onsetString": "y"})
    assert content is not None
    assert set(content) == {"resourceType", "subject", "verificationStatus", "onsetString"}


@pytest.mark.parametrize(
    "elements",
    [{"start": None, "end": None}, {"end": None}, {"cancelationReason": CODE}],
    ids=["no time", "start", "why"],
)
def test_an_appointment_that_cannot_be_in_error_is_cancelled(elements: dict[str, Any]) -> None:
    # app-3: only a proposed or cancelled one has no time; app-4: only a cancelled one has a reason for that
    given = {"resourceType": "Appointment", **MINIMAL["Appointment"], **elements}
    content = withdrawn({key: value for key, value in given.items() if value is not None})
    assert content is not None
    assert content["status"] == "cancelled"


@pytest.mark.parametrize("resource", [{"resourceType": "Provenance"}, {"resourceType": "AuditEvent"}, {}])
def test_what_tells_what_happened_stays(resource: dict[str, Any]) -> None:
    assert withdrawn(resource) is None


def test_a_patient_takes_back_what_it_said_of_other_records() -> None:
    said = {"resourceType": "Patient", "id": "a", **MINIMAL["Patient"]}
    assert withdrawn(said) == {"resourceType": "Patient", "id": "a", "active": False}
