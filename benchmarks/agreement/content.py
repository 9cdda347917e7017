"""Changes of codes, references, contained resources, extensions, narrative, ids and meta."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from change import XHTML, Change, Register, put
from places import Json, places
from primitives import NARRATIVES, REFERENCES, WRONG

mutation = Register()


# --- codes ----------------------------------------------------------------------------------------------------------


@mutation
def _code(change: Change) -> str | None:
    return put(
        change,
        lambda one: one.kind == "code",
        lambda one: change.chance.pick(
            ("nothing", "final", "active", "male", "en", one.value.upper(), one.value + "x", "http://a")
        ),
    )


@mutation
def _coding(change: Change) -> str | None:
    place = change.some(lambda one: one.kind == "Coding")
    if place is None or not isinstance(place.value, dict):
        return None
    coding = place.value
    kind = change.chance.number(0, 9)
    if kind == 0:
        coding["code"] = "nothing"
    elif kind == 1:
        coding["system"] = change.chance.pick(
            ("http://example.org/unknown", "http://loinc.org", "http://snomed.info/sct")
        )
    elif kind == 2:
        coding["system"] = change.chance.pick(
            ("foo", "http://hl7.org/fhir/ValueSet/languages", "http://loinc.org/", "urn:oid:1.2.3.4.5")
        )
    elif kind == 3:
        coding.pop("system", None)
    elif kind == 4:
        coding.pop("code", None)
    elif kind == 5:
        coding["display"] = "another display"
    elif kind == 6:
        coding["version"] = "99"
    elif kind == 7:
        coding |= {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "code": change.chance.pick(("AMB", "NOTHING")),
        }
    elif kind == 8:
        coding |= {"system": "http://unitsofmeasure.org", "code": change.chance.pick(("mg", "mgg"))}
    else:
        coding |= {"system": "http://hl7.org/fhir/administrative-gender", "code": change.chance.pick(("male", "man"))}
    return place.path


@mutation
def _concept(change: Change) -> str | None:
    place = change.some(lambda one: one.kind == "CodeableConcept")
    if place is None or not isinstance(place.value, dict):
        return None
    kind = change.chance.number(0, 4)
    coding = place.value.get("coding")
    if kind == 0:
        place.put({"text": "only words"})
    elif kind == 1 or not isinstance(coding, list):
        place.put({"coding": [{"system": "http://example.org/unknown", "code": "a"}]})
    elif kind == 2:
        coding.append({"system": "http://example.org/unknown", "code": "a"})
    elif kind == 3:
        coding.insert(0, {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK"})
    else:
        coding.append(deepcopy(coding[0]))
    return place.path


@mutation
def _quantity(change: Change) -> str | None:
    kinds = ("Quantity", "Age", "Duration", "Count", "Distance")
    place = change.some(lambda one: one.kind in kinds)
    if place is None or not isinstance(place.value, dict):
        return None
    new = change.chance.pick(
        (
            {"code": "mg"}, {"system": "http://unitsofmeasure.org"}, {"system": "http://unitsofmeasure.org",
                "code": "foo"},
            {"system": "http://unitsofmeasure.org", "code": "mg/"}, {"system": "http://unitsofmeasure.org",
                "code": "a"},
            {"system": "http://example.org/units", "code": "a"}, {"comparator": "<"}, {"comparator": "~"},
                {"value": -1},
            {"unit": ""}, {"system": "http://unitsofmeasure.org", "code": "kg.m/s2"}, {"value": "1"},
        )
    )  # fmt: skip
    place.value.update(new)
    if change.chance.happens(0.2):
        place.value.pop("value", None)
    return place.path


# --- references and contained resources -----------------------------------------------------------------------------


@mutation
def _reference(change: Change) -> str | None:
    place = change.some(lambda one: one.kind == "Reference")
    if place is None or not isinstance(place.value, dict):
        return None
    kind = change.chance.number(0, 5)
    if kind == 0:
        place.value["type"] = change.chance.pick(
            ("Patient", "Group", "Foo", "http://example.org/type", "Organization")
        )
    elif kind == 1:
        targets = sorted(change.model.resource_types)
        place.value["reference"] = f"{change.chance.pick(targets)}/1"
    elif kind == 2:
        place.value["identifier"] = {"system": change.chance.pick(("relative", "http://example.org/s")), "value": "1"}
    else:
        place.value["reference"] = change.chance.pick(REFERENCES)
    return place.path


@mutation
def _contained(change: Change) -> str | None:
    inner: Json = {"resourceType": "Organization", "id": "k1", "name": "a"}
    kind = change.chance.number(0, 9)
    holder = change.resource
    if kind == 0:
        del inner["id"]
    elif kind == 1:
        inner["contained"] = [{"resourceType": "Organization", "id": "k2", "name": "a"}]
    elif kind == 2:
        inner["meta"] = change.chance.pick(
            ({"versionId": "1"}, {"lastUpdated": "2020-01-01T00:00:00Z"}, {"security": [{"code": "R"}]})
        )
    elif kind == 3:
        inner["resourceType"] = change.chance.pick(("Foo", "Patient"))
    elif kind == 4:
        inner["text"] = {"status": "generated", "div": XHTML}
    elif kind == 5:
        inner["id"] = "a b"
    elif kind == 6:
        del inner["name"]
    there = holder.setdefault("contained", [])
    there.append(inner)
    if kind == 7:
        there.append(deepcopy(inner))
    references = [one for one in places(holder, change.model) if one.kind == "Reference"]
    fitting = [one for one in references if not one.element.targets or "Organization" in one.element.targets]
    if references and kind != 8:
        change.chance.pick(fitting or references).put({"reference": "#k1"})
    return f"contained kind {kind}"


# --- extensions -----------------------------------------------------------------------------------------------------

_EXTENSIONS: Final[tuple[Any, ...]] = (
    {"url": "http://example.org/e", "valueString": "a"},
    {"url": "http://example.org/e"},
    {"valueString": "a"},
    {"url": "relative", "valueString": "a"},
    {"url": "", "valueString": "a"},
    {"url": "http://example.org/e", "valueString": "a", "extension": [{"url": "b", "valueString": "a"}]},
    {"url": "http://example.org/e", "extension": [{"url": "b", "valueString": "a"}, {"url": "c", "valueCode": "a"}]},
    {"url": "http://example.org/e", "extension": [{"url": "b", "extension": [{"url": "c", "valueCode": "a"}]}]},
    {"url": "http://example.org/e", "valueFoo": "a"},
    {"url": "http://example.org/e", "value": "a"},
    {"url": "http://example.org/e", "valueString": "a", "valueCode": "a"},
    {"url": "http://example.org/e", "valuePatient": {"id": "a"}},
    {"url": "http://hl7.org/fhir/StructureDefinition/nothing", "valueString": "a"},
    {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"},
    {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "nothing"},
    {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueString": "unknown"},
    {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "a"}},
    {"url": "http://hl7.org/fhir/StructureDefinition/patient-nationality", "extension": [{"url": "code",
        "valueCodeableConcept": {"text": "a"}}]},
    {"url": "http://hl7.org/fhir/StructureDefinition/patient-nationality", "extension": [{"url": "colour",
        "valueString": "a"}]},
    {"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang",
        "valueCode": "bg"}, {"url": "content", "valueString": "a"}]},
    {"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "bg"}]},
    {"url": " http://example.org/e", "valueString": "a"},
    {"url": "http://example.org/e|1", "valueString": "a"},
    {"url": "http://example.org/e", "id": "a b", "valueString": "a"},
    "text",
    {},
)  # fmt: skip


@mutation
def _extension(change: Change) -> str | None:
    holder = change.chance.pick([change.resource, *change.objects()])
    found = holder.setdefault("extension", [])
    if not isinstance(found, list):
        return None
    found.append(deepcopy(change.chance.pick(_EXTENSIONS)))
    return "extension"


@mutation
def _known_extension(change: Change) -> str | None:
    """An extension of FHIR itself, in its place or not, with a value of a right or a wrong type."""
    place = change.some()
    if place is None:
        return None
    chance, kind = change.chance, str(change.resource.get("resourceType"))
    holder = change.resource if chance.happens(0.4) or place.primitive else place.value
    fitting = change.extensions.urls(kind) if holder is change.resource else change.extensions.urls(place.kind)
    url = chance.pick(fitting) if fitting and chance.happens(0.7) else change.extensions.anywhere()
    made = change.extensions.make(url)
    if made is None or not isinstance(holder, dict):
        return None
    wrong = chance.number(0, 9)
    if wrong == 0:
        made = {"url": url, "valueString": "a"}
    elif wrong == 1 and "extension" in made:
        made["extension"] = made["extension"][1:] or [{"url": "nothing", "valueCode": "a"}]
    elif wrong == 2 and "extension" in made:
        made["extension"].append(deepcopy(made["extension"][0]))
    elif wrong == 3:
        made = {"url": url, "extension": [{"url": "http://example.org/e", "valueCode": "a"}]}
    if place.primitive and place.index is None and chance.happens(0.5):
        place.parent[f"_{place.key}"] = {"extension": [made]}
    else:
        holder.setdefault("extension", []).append(made)
    return url


@mutation
def _modifier_extension(change: Change) -> str | None:
    change.chance.pick([change.resource, *change.objects()])["modifierExtension"] = [
        deepcopy(change.chance.pick(_EXTENSIONS))
    ]
    return "modifierExtension"


# --- narrative, ids, meta -------------------------------------------------------------------------------------------


@mutation
def _narrative(change: Change) -> str | None:
    kind = change.chance.number(0, 9)
    text: Any = {"status": "generated", "div": change.chance.pick(NARRATIVES)}
    if kind == 0:
        text = {"status": change.chance.pick(("generated", "empty"))}
    elif kind == 1:
        text = {"div": XHTML}
    elif kind == 2:
        text = {"status": change.chance.pick(("empty", "nothing", "Generated")), "div": XHTML}
    elif kind == 3:
        text = "text"
    change.resource["text"] = text
    return "text"


@mutation
def _resource_id(change: Change) -> str | None:
    change.resource["id"] = change.chance.pick((*WRONG["id"], "12", "A-b.C", None, ["a"], "x" * 64))
    return "id"


@mutation
def _element_id(change: Change) -> str | None:
    objects = change.objects()
    if len(objects) < 2:
        return None
    name = change.chance.pick(("same", "a b", "", " ", "x" * 70, "ü", 12))
    change.chance.pick(objects)["id"] = name
    if change.chance.happens(0.7):
        change.chance.pick(objects)["id"] = name
    return "element id"


@mutation
def _meta(change: Change) -> str | None:
    change.resource["meta"] = change.chance.pick(
        (
            {"profile": ["http://example.org/unknown"]},
            {"profile": [f"http://hl7.org/fhir/StructureDefinition/{change.resource['resourceType']}"]},
            {"profile": ["http://hl7.org/fhir/StructureDefinition/Patient"]},
            {"profile": ["http://hl7.org/fhir/StructureDefinition/bodyweight"]},
            {"profile": "http://hl7.org/fhir/StructureDefinition/Patient"},
            {"lastUpdated": "2020-01-01"}, {"versionId": "a b"}, {"versionId": 1}, {"source": "a b"}, {},
            {"tag": [{"code": "a"}]}, {"tag": [{"system": "http://example.org/s", "code": "a"}] * 2},
            {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]},
            {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "ZZ"}]},
            {"security": {"code": "R"}}, {"colour": "red"}, [], "text",
        )
    )  # fmt: skip
    return "meta"


@mutation
def _claimed_profile(change: Change) -> str | None:
    if not change.profiles:
        return None
    change.resource.setdefault("meta", {})["profile"] = [change.chance.pick(change.profiles)]
    return "meta.profile"


@mutation
def _language(change: Change) -> str | None:
    change.resource["language"] = change.chance.pick(
        ("en", "bg", "english", "", "en-US", "xx", "de-AT", "en_US", "i-klingon")
    )
    change.resource["implicitRules"] = change.chance.pick(("http://example.org/rules", "a b", "rules"))
    if change.chance.happens(0.7):
        del change.resource["implicitRules"]
    return "language"
