"""How a resource that should not be there any more says so (R4): nothing is deleted, its status tells.

``entered-in-error`` where the type has it; Condition says it in verificationStatus and then has no clinicalStatus
(con-5); types without such a status become inactive; a Provenance stays, it tells what happened.
"""

from __future__ import annotations

from typing import Any

_ERROR = "entered-in-error"
_STATUS = {
    "Appointment": "status",
    "CarePlan": "status",
    "Communication": "status",
    "Consent": "status",
    "DocumentReference": "status",
    "Encounter": "status",
    "Goal": "lifecycleStatus",
    "Immunization": "status",
    "Observation": "status",
    "Procedure": "status",
    "ServiceRequest": "status",
    "Task": "status",
}
_INACTIVE = {"Group", "Organization", "Patient", "Practitioner", "PractitionerRole", "RelatedPerson"}


def withdrawn(resource: dict[str, Any]) -> dict[str, Any] | None:
    """Return the resource as withdrawn, or None when its type has no way to say so.

    Args:
        resource: the content that was last delivered; it is not changed.
    """
    kind = str(resource.get("resourceType"))
    if kind in _STATUS:
        return {**resource, _STATUS[kind]: _ERROR}
    if kind == "Condition":
        kept = {key: value for key, value in resource.items() if key != "clinicalStatus"}
        system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
        return {**kept, "verificationStatus": {"coding": [{"system": system, "code": _ERROR}]}}
    if kind in _INACTIVE:
        return {**resource, "active": False}
    return None
