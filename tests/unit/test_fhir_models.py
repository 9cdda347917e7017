"""The door to fhir.resources: models, and problems that never show a value."""

from __future__ import annotations

import pytest
from fhir.resources.R4B.encounter import Encounter
from fhir.resources.R4B.patient import Patient

from hm_fhir.errors import RecordRejected
from hm_fhir.fhir.models import parse, problems

ENCOUNTER = {
    "resourceType": "Encounter",
    "status": "finished",
    "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HH"},
}


def test_a_resource_becomes_its_model() -> None:
    patient = parse({"resourceType": "Patient", "birthDate": "1892-05-14"})

    assert isinstance(patient, Patient)
    assert patient.birthDate is not None
    assert patient.birthDate.isoformat() == "1892-05-14"
    assert isinstance(parse(ENCOUNTER), Encounter)


def test_a_good_resource_has_no_problems() -> None:
    assert problems(ENCOUNTER) == []


def test_problems_name_place_and_rule_and_no_value() -> None:
    found = problems(
        {"resourceType": "Patient", "birthDate": "Marked Secret", "name": {"family": "Marked"}, "nickname": "Marked"}
    )

    assert found == [
        "Patient.birthDate: value error",
        "Patient.name: list type",
        "Patient.nickname: extra forbidden",
    ]


def test_a_missing_element_is_a_problem() -> None:
    assert problems({"resourceType": "Encounter", "status": "finished"}) == ["Encounter.class: missing"]


def test_parsing_what_is_wrong_is_rejected_without_values() -> None:
    with pytest.raises(RecordRejected) as caught:
        parse({"resourceType": "Patient", "birthDate": "Marked Secret"})

    assert caught.value.code == "not-fhir"
    assert "Marked" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("resource", [{}, {"resourceType": "Patiend"}, {"resourceType": 7}])
def test_a_resource_needs_a_type_of_fhir(resource: dict[str, object]) -> None:
    with pytest.raises(RecordRejected, match="resourceType"):
        problems(resource)
