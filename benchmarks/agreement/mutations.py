"""Changes of a resource, by kind: most break it, some leave it valid. Each is drawn by chance, from a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from places import Json, Place, places
from primitives import NARRATIVES, REFERENCES, WRONG

from hm_fhir.fhir.definitions import TypeModel
from hm_fhir.testing.people import Chance
from hm_fhir.testing.resource_values import Values

_XHTML: Final = '<div xmlns="http://www.w3.org/1999/xhtml">a</div>'


@dataclass(slots=True)
class Change:
    """What a mutation works on.

    Args:
        chance: where choices come from.
        model: the types.
        values: makes valid values.
        resource: is changed in place.
        extensions: URLs of extension definitions at hand, with the types of their values.
        profiles: URLs of profiles by resource type.
    """

    chance: Chance
    model: TypeModel
    values: Values
    resource: Json
    extensions: Sequence[tuple[str, tuple[str, ...]]] = ()
    profiles: Sequence[str] = ()

    def some(self, wanted: Callable[[Place], bool] = lambda _: True) -> Place | None:
        """Return a place that is wanted, or None."""
        found = [one for one in places(self.resource, self.model) if wanted(one)]
        return self.chance.pick(found) if found else None

    def objects(self) -> list[Json]:
        """Return all objects that are no resources."""
        found = [one.value for one in places(self.resource, self.model) if isinstance(one.value, dict)]
        return [one for one in found if "resourceType" not in one]


Mutation = Callable[[Change], str | None]
"""Changes the resource; returns where, or None when there is nothing to change in this way."""

MUTATIONS: dict[str, Mutation] = {}
"""By kind."""


def _mutation(run: Mutation) -> Mutation:
    MUTATIONS[run.__name__.strip("_").replace("_", "-")] = run
    return run


def _at(change: Change, wanted: Callable[[Place], bool], value: Callable[[Place], Any]) -> str | None:
    place = change.some(wanted)
    if place is None:
        return None
    place.put(value(place))
    return place.path


# --- elements -------------------------------------------------------------------------------------------------------


@_mutation
def _remove_required(change: Change) -> str | None:
    place = change.some(lambda one: one.element.minimum > 0)
    if place is None:
        return None
    place.remove()
    return place.path


@_mutation
def _remove_any(change: Change) -> str | None:
    place = change.some()
    if place is None:
        return None
    place.remove()
    return place.path


@_mutation
def _unknown_element(change: Change) -> str | None:
    name = change.chance.pick(("colour", "Name", "valueFoo", "fhir_comments", "resource_type", "_colour", "name ", "x.y", "id2"))
    change.chance.pick([change.resource, *change.objects()])[name] = change.chance.pick(("red", 1, {"a": 1}, ["b"], True))
    return name


@_mutation
def _element_of_elsewhere(change: Change) -> str | None:
    one, other = change.some(), change.some()
    if one is None or other is None or one.parent is other.parent:
        return None
    other.parent[one.key] = deepcopy(one.parent[one.key])
    return f"{one.path} -> {other.path}"


@_mutation
def _repeat_in_list(change: Change) -> str | None:
    place = change.some(lambda one: one.index is not None)
    if place is None:
        return None
    place.parent[place.key].append(deepcopy(place.value))
    return place.path


@_mutation
def _list_instead_of_single(change: Change) -> str | None:
    return _at(change, lambda one: one.index is None, lambda one: [one.value] * change.chance.pick((1, 1, 2)))


@_mutation
def _single_instead_of_list(change: Change) -> str | None:
    place = change.some(lambda one: one.index is not None)
    if place is None:
        return None
    place.parent[place.key] = place.value
    return place.path


@_mutation
def _list_in_list(change: Change) -> str | None:
    return _at(change, lambda one: one.index is not None, lambda one: [one.value])


@_mutation
def _wrong_json_kind(change: Change) -> str | None:
    def other(place: Place) -> Any:
        if isinstance(place.value, dict):
            return change.chance.pick(("text", 12, True))
        return change.chance.pick(({"value": "a"}, {}, 12 if isinstance(place.value, str) else "text", not place.value))

    return _at(change, lambda _: True, other)


@_mutation
def _null(change: Change) -> str | None:
    return _at(change, lambda _: True, lambda _: None)


@_mutation
def _empty(change: Change) -> str | None:
    place = change.some()
    if place is None:
        return None
    if place.index is not None and change.chance.happens(0.4):
        place.parent[place.key] = []
    else:
        place.put("" if place.primitive else {})
    return place.path


@_mutation
def _swap_values(change: Change) -> str | None:
    one, other = change.some(), change.some()
    if one is None or other is None or one.path.startswith(other.path) or other.path.startswith(one.path):
        return None
    first, second = one.value, other.value
    one.put(second)
    other.put(first)
    return f"{one.path} <-> {other.path}"


@_mutation
def _other_choice(change: Change) -> str | None:
    """A second value of a choice, or one of another type in its place, allowed or not."""
    place = change.some(lambda one: one.element.choice)
    if place is None:
        return None
    name = place.element.name
    kinds = change.model.type("Extension").elements["value"].types  # type: ignore[union-attr]
    kind = change.chance.pick(("string", "boolean", "Quantity", "CodeableConcept", "Period", "dateTime", *kinds))
    made: Any = {"CodeableConcept": {"text": "a"}, "Period": {"start": "2020"}, "Quantity": {"value": 1}}.get(kind)
    if made is None:
        definition = change.model.type(kind)
        if definition is None or definition.kind != "primitive":
            return None
        made = change.values.primitive(kind, place.element)
    if change.chance.happens(0.6):
        del place.parent[place.key]
    place.parent[f"{name}{kind[0].upper()}{kind[1:]}"] = made
    return place.path


@_mutation
def _plain_choice_name(change: Change) -> str | None:
    place = change.some(lambda one: one.element.choice)
    if place is None:
        return None
    place.parent[place.element.name] = place.parent.pop(place.key)
    return place.path


@_mutation
def _resource_type(change: Change) -> str | None:
    kind = change.chance.pick(("Patient", "Foo", "patient", None, 1, "", "DomainResource", "Resource", "Observation"))
    if kind is None:
        change.resource.pop("resourceType")
    else:
        change.resource["resourceType"] = kind
    return "resourceType"


# --- primitives -----------------------------------------------------------------------------------------------------


@_mutation
def _primitive_text(change: Change) -> str | None:
    return _at(
        change,
        lambda one: one.primitive and one.kind in WRONG,
        lambda one: change.chance.pick(WRONG[one.kind]),
    )


@_mutation
def _number_or_time(change: Change) -> str | None:
    kinds = {"decimal", "integer", "positiveInt", "unsignedInt", "date", "dateTime", "instant", "time", "boolean", "base64Binary"}
    return _at(change, lambda one: one.kind in kinds, lambda one: change.chance.pick(WRONG[one.kind]))


@_mutation
def _primitive_extension(change: Change) -> str | None:
    place = change.some(lambda one: one.primitive)
    if place is None:
        return None
    extra: Any = {"extension": [{"url": "http://example.org/e", "valueString": "a"}]}
    kind = change.chance.number(0, 9)
    if kind == 0:
        extra = {}
    elif kind == 1:
        extra = {"id": "p1"}
    elif kind == 2:
        extra = {"colour": "red"}
    elif kind == 3:
        extra = "text"
    elif kind == 4:
        extra = [None]
    elif kind == 5:
        extra = {"extension": []}
    listed = place.index is not None
    if kind == 6:
        listed = not listed
    if listed and isinstance(place.parent[place.key], list):
        count = len(place.parent[place.key])
        whole: Any = [None] * count
        whole[place.index or 0] = extra
        if kind == 7:
            whole.append(None)
        elif kind == 8:
            place.parent[place.key][place.index or 0] = None
    else:
        whole = [extra] if listed else extra
        if kind in (7, 8):
            del place.parent[place.key]
    place.parent[f"_{place.key}"] = whole
    return place.path


# --- codes ----------------------------------------------------------------------------------------------------------


@_mutation
def _code(change: Change) -> str | None:
    return _at(
        change,
        lambda one: one.kind == "code",
        lambda one: change.chance.pick(("nothing", "final", "active", "male", "en", one.value.upper(), one.value + "x", "http://a")),
    )


@_mutation
def _coding(change: Change) -> str | None:
    place = change.some(lambda one: one.kind == "Coding")
    if place is None or not isinstance(place.value, dict):
        return None
    coding = place.value
    kind = change.chance.number(0, 9)
    if kind == 0:
        coding["code"] = "nothing"
    elif kind == 1:
        coding["system"] = change.chance.pick(("http://example.org/unknown", "http://loinc.org", "http://snomed.info/sct"))
    elif kind == 2:
        coding["system"] = change.chance.pick(("foo", "http://hl7.org/fhir/ValueSet/languages", "http://loinc.org/", "urn:oid:1.2.3.4.5"))
    elif kind == 3:
        coding.pop("system", None)
    elif kind == 4:
        coding.pop("code", None)
    elif kind == 5:
        coding["display"] = "another display"
    elif kind == 6:
        coding["version"] = "99"
    elif kind == 7:
        coding |= {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": change.chance.pick(("AMB", "NOTHING"))}
    elif kind == 8:
        coding |= {"system": "http://unitsofmeasure.org", "code": change.chance.pick(("mg", "mgg"))}
    else:
        coding |= {"system": "http://hl7.org/fhir/administrative-gender", "code": change.chance.pick(("male", "man"))}
    return place.path


@_mutation
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


@_mutation
def _quantity(change: Change) -> str | None:
    kinds = ("Quantity", "Age", "Duration", "Count", "Distance")
    place = change.some(lambda one: one.kind in kinds)
    if place is None or not isinstance(place.value, dict):
        return None
    new = change.chance.pick(
        (
            {"code": "mg"}, {"system": "http://unitsofmeasure.org"}, {"system": "http://unitsofmeasure.org", "code": "foo"},
            {"system": "http://unitsofmeasure.org", "code": "mg/"}, {"system": "http://unitsofmeasure.org", "code": "a"},
            {"system": "http://example.org/units", "code": "a"}, {"comparator": "<"}, {"comparator": "~"}, {"value": -1},
            {"unit": ""}, {"system": "http://unitsofmeasure.org", "code": "kg.m/s2"}, {"value": "1"},
        )
    )  # fmt: skip
    place.value.update(new)
    if change.chance.happens(0.2):
        place.value.pop("value", None)
    return place.path


# --- references and contained resources -----------------------------------------------------------------------------


@_mutation
def _reference(change: Change) -> str | None:
    place = change.some(lambda one: one.kind == "Reference")
    if place is None or not isinstance(place.value, dict):
        return None
    kind = change.chance.number(0, 5)
    if kind == 0:
        place.value["type"] = change.chance.pick(("Patient", "Group", "Foo", "http://example.org/type", "Organization"))
    elif kind == 1:
        targets = sorted(change.model.resource_types)
        place.value["reference"] = f"{change.chance.pick(targets)}/1"
    elif kind == 2:
        place.value["identifier"] = {"system": change.chance.pick(("relative", "http://example.org/s")), "value": "1"}
    else:
        place.value["reference"] = change.chance.pick(REFERENCES)
    return place.path


@_mutation
def _contained(change: Change) -> str | None:
    inner: Json = {"resourceType": "Organization", "id": "k1", "name": "a"}
    kind = change.chance.number(0, 9)
    holder = change.resource
    if kind == 0:
        del inner["id"]
    elif kind == 1:
        inner["contained"] = [{"resourceType": "Organization", "id": "k2", "name": "a"}]
    elif kind == 2:
        inner["meta"] = change.chance.pick(({"versionId": "1"}, {"lastUpdated": "2020-01-01T00:00:00Z"}, {"security": [{"code": "R"}]}))
    elif kind == 3:
        inner["resourceType"] = change.chance.pick(("Foo", "Patient"))
    elif kind == 4:
        inner["text"] = {"status": "generated", "div": _XHTML}
    elif kind == 5:
        inner["id"] = "a b"
    elif kind == 6:
        del inner["name"]
    there = holder.setdefault("contained", [])
    there.append(inner)
    if kind == 7:
        there.append(deepcopy(inner))
    references = [one for one in places(holder, change.model) if one.kind == "Reference"]
    if references and kind != 8:
        change.chance.pick(references).put({"reference": "#k1"})
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
    {"url": "http://hl7.org/fhir/StructureDefinition/patient-nationality", "extension": [{"url": "code", "valueCodeableConcept": {"text": "a"}}]},
    {"url": "http://hl7.org/fhir/StructureDefinition/patient-nationality", "extension": [{"url": "colour", "valueString": "a"}]},
    {"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "bg"}, {"url": "content", "valueString": "a"}]},
    {"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "bg"}]},
    {"url": " http://example.org/e", "valueString": "a"},
    {"url": "http://example.org/e|1", "valueString": "a"},
    {"url": "http://example.org/e", "id": "a b", "valueString": "a"},
    "text",
    {},
)  # fmt: skip


@_mutation
def _extension(change: Change) -> str | None:
    holder = change.chance.pick([change.resource, *change.objects()])
    found = holder.setdefault("extension", [])
    if not isinstance(found, list):
        return None
    found.append(deepcopy(change.chance.pick(_EXTENSIONS)))
    return "extension"


@_mutation
def _known_extension(change: Change) -> str | None:
    """An extension of FHIR itself, somewhere, with a value of a right or wrong type."""
    if not change.extensions:
        return None
    url, kinds = change.chance.pick(change.extensions)
    place = change.some()
    if place is None:
        return None
    kind = change.chance.pick(kinds) if kinds and change.chance.happens(0.8) else "string"
    definition = change.model.type(kind)
    extension: Json = {"url": url}
    if definition is not None and definition.kind == "primitive":
        extension[f"value{kind[0].upper()}{kind[1:]}"] = change.values.primitive(kind, place.element)
    else:
        made = {"CodeableConcept": {"text": "a"}, "Reference": {"display": "a"}, "Coding": {"system": "http://example.org/s", "code": "a"}}
        extension[f"value{kind}"] = made.get(kind, {"id": "a1"})
    holder = change.resource if change.chance.happens(0.5) else place.parent
    if place.primitive and place.index is None and change.chance.happens(0.3):
        holder[f"_{place.key}"] = {"extension": [extension]}
    else:
        holder.setdefault("extension", []).append(extension)
    return url


@_mutation
def _modifier_extension(change: Change) -> str | None:
    change.chance.pick([change.resource, *change.objects()])["modifierExtension"] = [
        deepcopy(change.chance.pick(_EXTENSIONS))
    ]
    return "modifierExtension"


# --- narrative, ids, meta -------------------------------------------------------------------------------------------


@_mutation
def _narrative(change: Change) -> str | None:
    kind = change.chance.number(0, 9)
    text: Any = {"status": "generated", "div": change.chance.pick(NARRATIVES)}
    if kind == 0:
        text = {"status": change.chance.pick(("generated", "empty")) }
    elif kind == 1:
        text = {"div": _XHTML}
    elif kind == 2:
        text = {"status": change.chance.pick(("empty", "nothing", "Generated")), "div": _XHTML}
    elif kind == 3:
        text = "text"
    change.resource["text"] = text
    return "text"


@_mutation
def _resource_id(change: Change) -> str | None:
    change.resource["id"] = change.chance.pick((*WRONG["id"], "12", "A-b.C", None, ["a"], "x" * 64))
    return "id"


@_mutation
def _element_id(change: Change) -> str | None:
    objects = change.objects()
    if len(objects) < 2:
        return None
    name = change.chance.pick(("same", "a b", "", " ", "x" * 70, "ü", 12))
    change.chance.pick(objects)["id"] = name
    if change.chance.happens(0.7):
        change.chance.pick(objects)["id"] = name
    return "element id"


@_mutation
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


@_mutation
def _claimed_profile(change: Change) -> str | None:
    if not change.profiles:
        return None
    change.resource.setdefault("meta", {})["profile"] = [change.chance.pick(change.profiles)]
    return "meta.profile"


@_mutation
def _language(change: Change) -> str | None:
    change.resource["language"] = change.chance.pick(("en", "bg", "english", "", "en-US", "xx", "de-AT", "en_US", "i-klingon"))
    change.resource["implicitRules"] = change.chance.pick(("http://example.org/rules", "a b", "rules"))
    if change.chance.happens(0.7):
        del change.resource["implicitRules"]
    return "language"


# --- harmless -------------------------------------------------------------------------------------------------------


@_mutation
def _harmless_order(change: Change) -> str | None:
    holder = change.chance.pick([change.resource, *change.objects()])
    for key in sorted(holder):
        holder[key] = holder.pop(key)
    return "order of keys"


@_mutation
def _harmless_text(change: Change) -> str | None:
    return _at(
        change,
        lambda one: one.kind in ("string", "markdown") and one.element.binding is None and one.element.name != "id",
        lambda _: change.chance.pick(("another text", "друг текст", "1", "a < b & c", "<a>", "т" * 2000)),
    )


@_mutation
def _harmless_additions(change: Change) -> str | None:
    kind = change.chance.number(0, 3)
    if kind == 0:
        change.resource.setdefault("extension", []).append({"url": "http://example.org/e", "valueInteger": 1})
    elif kind == 1:
        change.resource["text"] = {"status": "generated", "div": _XHTML}
    elif kind == 2:
        change.resource["language"] = "en"
    else:
        change.resource["meta"] = {"tag": [{"system": "http://example.org/tags", "code": "a"}]}
    return f"addition {kind}"


@_mutation
def _harmless_value(change: Change) -> str | None:
    """Another valid value of the same element."""
    place = change.some(
        lambda one: one.primitive and one.kind not in ("xhtml", "code") and one.element.name not in ("id", "url", "system")
    )
    if place is None:
        return None
    place.put(change.values.primitive(place.kind, place.element))
    return place.path


@_mutation
def _harmless_removal(change: Change) -> str | None:
    place = change.some(lambda one: not one.element.minimum and one.key not in ("resourceType",))
    if place is None:
        return None
    place.remove()
    return place.path


@_mutation
def _nothing(change: Change) -> str | None:  # noqa: ARG001 - the mutations have one signature
    return "as it is"
