"""The floor: the same four resources by hand-written Python, as somebody would write it who knows all that is asked.

Nothing general is in it: tables are built once, what may be missing is asked for, dicts are written out in the order
of the output. It makes the keyed ids that the mapping makes, once for each resource and reference.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

HM = "https://w3id.org/hm-fhir/CodeSystem/"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ENCODE = msgspec.json.Encoder(decimal_format="number").encode
Json = dict[str, Any]


class Floor:
    """Makes the resources of a visit.

    Args:
        key: of the identity.
        system: of the surrogate identifiers.
        systems: URI of the identifier systems by kind.
        concept_maps: folder with the ConceptMaps.
        code_systems: folder with the CodeSystems.
        resource_id: makes the ids; None: by hand.
    """

    def __init__(
        self,
        key: bytes,
        system: str,
        systems: dict[str, str],
        concept_maps: Path,
        code_systems: Path,
        resource_id: Callable[[str, str], str] | None = None,
    ) -> None:
        self.mac = hmac.new(key, digestmod="sha256")
        self.resource_id = resource_id or self.new_id
        self.system = system
        self.systems = systems
        self.maps = {path.stem: _translations(path) for path in concept_maps.glob("*.json")}
        self.codings: dict[str, dict[str, Json]] = {}
        for path in code_systems.glob("CodeSystem-*.json"):
            self.codings.update(_codings(path))

    def new_id(self, kind: str, key: str) -> str:
        """Return the keyed id of a resource."""
        name, text = kind.encode(), key.encode()
        mac = self.mac.copy()
        mac.update(b"\0\0\0\x08resource" + len(name).to_bytes(4, "big") + name + len(text).to_bytes(4, "big") + text)
        raw = mac.hexdigest()
        return f"{raw[:8]}-{raw[8:12]}-8{raw[13:16]}-{'89ab'[int(raw[16], 16) & 3]}{raw[17:20]}-{raw[20:32]}"

    def texts(self, activity: Json) -> list[bytes]:
        """Return the resources of a visit as JSON texts."""
        return [ENCODE(resource) for resource in self.resources(activity)]

    def resources(self, activity: Json) -> list[Json]:
        """Return the resources of a visit."""
        person, referral, plan = activity["person"], activity.get("referral"), activity.get("case_plan")
        key = activity["key"]
        if any(not one["identifiers"] and not one.get("name") for one in activity["persons"]):
            raise ValueError("anonymous-person")
        patient_id = self.resource_id("Patient", person["key"])
        encounter_id = self.resource_id("Encounter", f"{key}/encounter")
        patient, encounter = {"reference": f"Patient/{patient_id}"}, {"reference": f"Encounter/{encounter_id}"}
        role = {"reference": f"PractitionerRole/{self.resource_id('PractitionerRole', activity['mediator']['key'])}"}
        meta = _meta(activity["sensitivity"])
        made = [
            self.patient(patient_id, person),
            self.encounter(encounter_id, activity, meta, patient, role),
        ]
        request = None
        if referral:
            request_id = self.resource_id("ServiceRequest", f"{key}/service-request")
            request = {"reference": f"ServiceRequest/{request_id}"}
            made.append(self.service_request(request_id, activity, meta, patient, encounter, role))
        if plan:
            plan_id = self.resource_id("CarePlan", activity.get("case_key") or key)
            made.append(self.care_plan(plan_id, activity, meta, patient, encounter, role, request))
        return made

    def patient(self, patient_id: str, person: Json) -> Json:
        """Return the Patient."""
        numbers: list[Json] = [{"system": self.system, "value": patient_id}]
        for number in person["identifiers"]:
            kind = number["kind"]
            identifier: Json = {
                "use": "temp" if kind == "nhis-newborn" else "official",
                "type": {"coding": [*self.maps["identifier-kind"][kind], self.codings["hm-identifier-kind"][kind]]},
            }
            if kind in self.systems:
                identifier["system"] = self.systems[kind]
            identifier["value"] = number["value"]
            numbers.append(identifier)
        patient: Json = {"resourceType": "Patient", "id": patient_id, "identifier": numbers}
        if name := person.get("name"):
            human: Json = {}
            if "family" in name:
                human["family"] = name["family"]
            if name.get("given"):
                human["given"] = name["given"]
            patient["name"] = [human]
        if "phone" in person:
            patient["telecom"] = [{"system": "phone", "value": person["phone"]}]
        if "gender" in person:
            patient["gender"] = person["gender"]
        if "birth_date" in person:
            patient["birthDate"] = person["birth_date"]
        if home := person.get("address"):
            settlement, line, district = home.get("settlement"), home.get("line"), home.get("district")
            address: Json = {"use": "home"}
            if settlement is not None and line is not None:
                address["text"] = f"{settlement}, {line}"
            if lines := [text for text in (line, district) if text is not None]:
                address["line"] = lines
            if settlement is not None:
                address["city"] = settlement
            address["country"] = "BG"
            patient["address"] = [address]
        if "language" in person:
            patient["communication"] = [{"language": {"text": person["language"]}, "preferred": True}]
        return patient

    def encounter(self, encounter_id: str, activity: Json, meta: Json | None, patient: Json, role: Json) -> Json:
        """Return the Encounter."""
        kind = activity["type"]
        encounter: Json = {"resourceType": "Encounter", "id": encounter_id}
        if meta:
            encounter["meta"] = meta
        encounter["identifier"] = [{"system": self.system, "value": encounter_id}]
        encounter["status"] = self.maps["encounter-status"][activity["status"]][0]["code"]
        encounter["class"] = self.maps["encounter-class"][activity["class"]][0]
        encounter["type"] = [
            {"coding": [self.codings["hm-activity-type"][kind], *self.maps["activity-type"][kind]]},
            {"coding": [self.codings["hm-setting"][activity["setting"]]]},
        ]
        encounter["subject"] = patient
        if earlier := activity["fulfilled"]:
            encounter["basedOn"] = [
                {"reference": f"ServiceRequest/{self.resource_id('ServiceRequest', key)}"} for key in earlier
            ]
        performer = {"system": PARTICIPATION, "code": "PPRF", "display": "primary performer"}
        encounter["participant"] = [{"type": [{"coding": [performer]}], "individual": role}]
        period: Json = {"start": activity["period"]["start"]}
        if "end" in activity["period"]:
            period["end"] = activity["period"]["end"]
        encounter["period"] = period
        if reasons := activity["reasons"]:
            encounter["reasonCode"] = self.reasons(reasons)
        provider = self.resource_id("Organization", activity["municipality"]["key"])
        encounter["serviceProvider"] = {"reference": f"Organization/{provider}"}
        return encounter

    def reasons(self, reasons: list[str]) -> list[Json]:
        """Return CodeableConcepts."""
        own, mapped = self.codings["hm-reason"], self.maps["reason"]
        return [{"coding": [own[reason], *mapped[reason]]} for reason in reasons]

    def service_request(
        self, request_id: str, activity: Json, meta: Json | None, patient: Json, encounter: Json, role: Json
    ) -> Json:
        """Return the ServiceRequest."""
        referral = activity["referral"]
        destination = referral["destination"]
        request: Json = {"resourceType": "ServiceRequest", "id": request_id}
        if meta:
            request["meta"] = meta
        request["identifier"] = [{"system": self.system, "value": request_id}]
        request["status"] = "revoked" if activity["status"] == "cancelled" else referral["status"]
        may_order = destination in activity["municipality"].get("mediators_may_order", ())
        category = {"system": "http://snomed.info/sct", "code": "3457005", "display": "Patient referral"}
        request["category"] = [{"coding": [category]}]
        request["priority"] = referral["priority"]
        codings = [
            self.codings["hm-referral-destination"][destination],
            *self.maps["referral-destination"][destination],
        ]
        request["code"] = {"coding": codings}
        request["subject"] = patient
        request["encounter"] = encounter
        if appointment := referral.get("appointment"):
            request["occurrenceDateTime"] = appointment["start"]
        request["authoredOn"] = activity["updated_at"]
        request["requester"] = role
        if facility := referral.get("facility"):
            performer = self.resource_id("Organization", facility["key"])
            request["performer"] = [{"reference": f"Organization/{performer}"}]
        if reasons := referral["reasons"]:
            request["reasonCode"] = self.reasons(reasons)
        if "note" in activity:
            request["note"] = [{"text": activity["note"]}]
        request["intent"] = "order" if may_order else "proposal"
        return request

    def care_plan(
        self,
        plan_id: str,
        activity: Json,
        meta: Json | None,
        patient: Json,
        encounter: Json,
        role: Json,
        request: Json | None,
    ) -> Json:
        """Return the CarePlan."""
        plan: Json = {"resourceType": "CarePlan", "id": plan_id}
        if meta:
            plan["meta"] = meta
        plan["identifier"] = [{"system": self.system, "value": plan_id}]
        plan["status"] = activity["case_plan"]["status"]
        plan["intent"] = "plan"
        plan["title"] = "Case plan"
        plan["subject"] = patient
        plan["encounter"] = encounter
        plan["period"] = {"start": activity["period"]["start"]}
        plan["author"] = role
        steps: list[Json] = []
        for step in activity["case_plan"]["steps"]:
            detail: Json = {
                "kind": "ServiceRequest" if step["type"] == "referral" else "Task",
                "code": {"coding": [self.codings["hm-activity-type"][step["type"]]]},
                "status": step["status"],
            }
            if "due" in step:
                detail["scheduledPeriod"] = {"end": step["due"]}
            steps.append({"detail": detail})
        if request:
            steps.append({"reference": request})
        plan["activity"] = steps
        return plan


def _meta(sensitivity: list[str]) -> Json | None:
    if not sensitivity:
        return None
    labels = [{"system": CONFIDENTIALITY, "code": "R"}]
    labels += [{"system": ACT_CODE, "code": code} for code in sorted(set(sensitivity))]
    return {"security": labels}


def _translations(path: Path) -> dict[str, list[Json]]:
    table: dict[str, list[Json]] = {}
    for group in json.loads(path.read_bytes())["group"]:
        for element in group["element"]:
            codings = table.setdefault(element["code"], [])
            for target in element.get("target", ()):
                if target["equivalence"] not in ("unmatched", "disjoint"):
                    coding = {"system": group["target"], "code": target["code"]}
                    codings.append({**coding, "display": target["display"]} if "display" in target else coding)
    return table


def _codings(path: Path) -> dict[str, dict[str, Json]]:
    system = json.loads(path.read_bytes())
    concepts = system.get("concept", [])
    return {
        system["id"]: {
            concept["code"]: {"system": system["url"], "code": concept["code"], "display": concept["display"]}
            for concept in concepts
        }
    }
