"""How a resource that should not be there any more says so (R4): nothing is deleted, its status tells.

``entered-in-error`` where the type has it; Condition says it in verificationStatus and then has no clinicalStatus
(con-5) and no abatement, which would need one (con-4); an Appointment without start and end, or with a reason of its
cancellation, can only be cancelled (app-3, app-4); types without such a status become inactive, a Patient without its
links to others; a Provenance stays, it tells what happened.
"""

from __future__ import annotations

from typing import Any

_ERROR = "entered-in-error"
_NOT_OF_AN_ERROR = ("clinicalStatus", "abatement")
_STATUS = {
    "Appointment": "status",
    "CarePlan": "status",
    "CareTeam": "status",
    "ClinicalImpression": "status",
    "Communication": "status",
    "CommunicationRequest": "status",
    "Composition": "status",
    "Consent": "status",
    "Coverage": "status",
    "DetectedIssue": "status",
    "DiagnosticReport": "status",
    "DocumentReference": "status",
    "Encounter": "status",
    "EpisodeOfCare": "status",
    "Flag": "status",
    "Goal": "lifecycleStatus",
    "Immunization": "status",
    "List": "status",
    "MedicationStatement": "status",
    "Observation": "status",
    "Procedure": "status",
    "QuestionnaireResponse": "status",
    "RequestGroup": "status",
    "RiskAssessment": "status",
    "ServiceRequest": "status",
    "Task": "status",
}
_INACTIVE = {
    "Group",
    "HealthcareService",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
}


def withdrawn(resource: dict[str, Any]) -> dict[str, Any] | None:
    """Return the resource as withdrawn, or None when its type has no way to say so.

    Args:
        resource: the content that was last delivered; it is not changed.
    """
    kind = str(resource.get("resourceType"))
    if kind == "Appointment" and not (resource.keys() >= {"start", "end"} and "cancelationReason" not in resource):
        return {**resource, "status": "cancelled"}
    if kind in _STATUS:
        return {**resource, _STATUS[kind]: _ERROR}
    if kind == "Condition":
        kept = {key: value for key, value in resource.items() if not key.lstrip("_").startswith(_NOT_OF_AN_ERROR)}
        system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
        return {**kept, "verificationStatus": {"coding": [{"system": system, "code": _ERROR}]}}
    if kind == "Patient":
        # What it said about other records of the person is taken back with it.
        return {**{key: value for key, value in resource.items() if key != "link"}, "active": False}
    if kind in _INACTIVE:
        return {**resource, "active": False}
    if kind == "Location":
        return {**resource, "status": "inactive"}
    return None
