"""How the snapshot of a profile is made from its differential."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.definitions import TypeModel, r4
from hm_fhir.fhir.json import from_json
from hm_fhir.fhir.snapshots import snapshot
from hm_fhir.fhir.structure_definition import FHIR_URL, read
from hm_fhir.fhir.written_definitions import structure_definition

URL = "https://example.org/StructureDefinition/"
Json = dict[str, Any]


def profile(name: str, kind: str, /, *elements: Json, base: str | None = None, **more: Any) -> Json:
    return {
        "resourceType": "StructureDefinition",
        "url": URL + name,
        "kind": "resource",
        "abstract": False,
        "type": kind,
        "baseDefinition": base or FHIR_URL + kind,
        "derivation": "constraint",
        "differential": {"element": list(elements)},
    } | more


def at(path: str, slice_name: str | None = None, **rules: Any) -> Json:
    """Return an element that has only a path, as hand-written differentials do."""
    return {"path": path} | ({"sliceName": slice_name} if slice_name else {}) | rules


def made(*profiles: Json) -> Json:
    """Return the snapshot of the last profile as element id -> element."""
    known = {one["url"]: one for one in profiles}
    found = snapshot(profiles[-1], lambda url: known.get(url) or structure_definition(r4(), url))
    return {one["id"]: one for one in found["snapshot"]["element"]}


def model(*profiles: Json) -> TypeModel:
    known = {one["url"]: one for one in profiles}
    types = r4()
    for one in profiles:
        with_snapshot = snapshot(one, lambda url: known.get(url) or structure_definition(r4(), url))
        types = types.extended(read(with_snapshot, types.type))
    return types


def test_a_definition_with_a_snapshot_stays_as_it_is() -> None:
    one = profile("visit", "Encounter") | {"snapshot": {"element": [{"id": "Encounter", "path": "Encounter"}]}}
    assert snapshot(one, lambda url: None) is one


def test_a_snapshot_has_all_elements_of_the_base_in_their_order() -> None:
    found = list(made(profile("visit", "Encounter", at("Encounter.period", min=1))))
    base = structure_definition(r4(), FHIR_URL + "Encounter")
    assert base is not None
    assert found == [one["id"] for one in base["snapshot"]["element"]]


def test_an_element_of_a_data_type_is_written_out_without_one_for_the_element_above() -> None:
    found = made(profile("patient", "Patient", at("Patient.identifier.system", min=1, fixedUri="https://x.example")))
    assert found["Patient.identifier.system"]["min"] == 1
    assert found["Patient.identifier.system"]["fixedUri"] == "https://x.example"
    assert found["Patient.identifier.system"]["type"] == [{"code": "uri"}]
    assert "Patient.identifier.value" in found
    assert "Patient.name.family" not in found


def test_slices_are_told_apart_without_ids() -> None:
    slicing = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
    found = made(
        profile(
            "patient",
            "Patient",
            at("Patient.identifier", slicing=slicing),
            at("Patient.identifier", "own", min=1, max="1"),
            at("Patient.identifier.system", fixedUri="https://x.example/a"),
            at("Patient.identifier", "other"),
            at("Patient.identifier.system", fixedUri="https://x.example/b"),
            at("Patient.birthDate", min=1),
        )
    )
    assert found["Patient.identifier:own"]["min"] == 1
    assert found["Patient.identifier:own.system"]["fixedUri"] == "https://x.example/a"
    assert found["Patient.identifier:other"]["min"] == 0
    assert found["Patient.identifier:other"]["max"] == "*"
    assert found["Patient.identifier:other.system"]["fixedUri"] == "https://x.example/b"
    assert "slicing" not in found["Patient.identifier:own"]
    assert found["Patient.birthDate"]["min"] == 1


def test_ids_that_say_nothing_are_not_used() -> None:
    slicing = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
    found = made(
        profile(
            "patient",
            "Patient",
            at("Patient.identifier", slicing=slicing, id="e1"),
            at("Patient.identifier", "own", id="e2"),
            at("Patient.identifier.value", min=1, id="e3"),
        )
    )
    assert found["Patient.identifier:own.value"]["min"] == 1


def test_a_slice_begins_with_the_rules_of_the_element() -> None:
    found = made(
        profile(
            "pressure",
            "Observation",
            at(
                "Observation.component",
                slicing={"discriminator": [{"type": "value", "path": "code"}], "rules": "open"},
            ),
            at("Observation.component.value[x]", min=1, type=[{"code": "Quantity"}]),
            at("Observation.component", "high", min=1),
            at("Observation.component.code", patternCodeableConcept={"text": "high"}),
        )
    )
    assert found["Observation.component:high.value[x]"]["type"] == [{"code": "Quantity"}]
    assert found["Observation.component:high.value[x]"]["min"] == 1


def test_slices_of_slices_stand_in_their_slice() -> None:
    by_system = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
    by_use = {"discriminator": [{"type": "value", "path": "use"}], "rules": "closed"}
    types = model(
        profile(
            "patient",
            "Patient",
            at("Patient.identifier", slicing=by_system),
            at("Patient.identifier", "own", slicing=by_use),
            at("Patient.identifier.system", fixedUri="https://x.example"),
            at("Patient.identifier", "own/temp", max="1"),
            at("Patient.identifier.use", fixedCode="temp"),
        )
    )
    patient = types.type(URL + "patient")
    assert patient is not None
    (own,) = patient.elements["identifier"].slices
    (temp,) = own.slices
    assert own.slicing is not None
    assert (own.slice_name, own.slicing.rules, temp.slice_name, temp.maximum) == ("own", "closed", "own/temp", 1)
    inner = types.type(temp.types[0])
    assert inner is not None
    assert inner.elements["use"].fixed == "temp"
    assert inner.elements["system"].fixed == "https://x.example"


def test_a_profile_on_a_profile_keeps_its_rules_and_slices() -> None:
    slicing = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
    first = profile(
        "first",
        "Patient",
        at("Patient", constraint=[{"key": "x-1", "severity": "error", "human": "a", "expression": "true"}]),
        at("Patient.identifier", slicing=slicing),
        at("Patient.identifier", "own", min=1),
        at("Patient.name", max="2"),
        at("Patient.contact", max="0"),
    )
    second = profile(
        "second",
        "Patient",
        at("Patient", constraint=[{"key": "x-2", "severity": "error", "human": "b", "expression": "true"}]),
        at("Patient.identifier", "own", max="1"),
        at("Patient.identifier", "other"),
        at("Patient.name", min=1, max="*"),
        base=URL + "first",
    )
    found = made(first, second)
    assert {"x-1", "x-2", "dom-2"} <= {one["key"] for one in found["Patient"]["constraint"]}
    assert (found["Patient.identifier:own"]["min"], found["Patient.identifier:own"]["max"]) == (1, "1")
    assert "Patient.identifier:other" in found
    assert (found["Patient.name"]["min"], found["Patient.name"]["max"]) == (1, "2")  # never wider
    assert found["Patient.contact"]["max"] == "0"


def test_elements_below_a_profiled_type_are_those_of_the_profile() -> None:
    identifier = profile(
        "own-identifier",
        "Identifier",
        at("Identifier.type.text", min=1),
        at("Identifier.system", min=1),
        kind="complex-type",
    )
    kinds = [{"code": "Identifier", "profile": [URL + "own-identifier"]}]
    patient = profile(
        "patient", "Patient", at("Patient.identifier", type=kinds), at("Patient.identifier.value", min=1)
    )
    found = made(identifier, patient)
    assert found["Patient.identifier.system"]["min"] == 1
    assert found["Patient.identifier.type.text"]["min"] == 1
    assert found["Patient.identifier.value"]["min"] == 1
    absent = made(patient)
    assert absent["Patient.identifier.system"]["min"] == 0  # the profile is not at hand: the type as it is


def test_extensions_are_sliced_by_url_without_saying_so() -> None:
    found = made(
        profile(
            "patient",
            "Patient",
            at("Patient.name.extension", "e", min=1, type=[{"code": "Extension", "profile": [URL + "e"]}]),
        )
    )
    assert found["Patient.name.extension"]["slicing"]["discriminator"] == [{"type": "value", "path": "url"}]
    assert found["Patient.name.extension:e"]["min"] == 1


@pytest.mark.parametrize(
    ("elements", "rules", "kinds"),
    [
        ([at("Observation.valueQuantity.code", min=1)], "closed", ["Quantity"]),
        ([at("Observation.valueQuantity"), at("Observation.valueString")], "closed", ["Quantity", "string"]),
        ([at("Observation.value[x]", min=1), at("Observation.valueQuantity")], "open", None),
        ([at("Observation.value[x]", "valueQuantity", type=[{"code": "Quantity"}])], "closed", None),
    ],
)
def test_a_choice_is_sliced_by_type_without_saying_so(
    elements: list[Json], rules: str, kinds: list[str] | None
) -> None:
    found = made(profile("finding", "Observation", *elements))
    value = found["Observation.value[x]"]
    assert value["slicing"]["discriminator"] == [{"type": "type", "path": "$this"}]
    assert value["slicing"]["rules"] == rules
    assert [one["code"] for one in found["Observation.value[x]:valueQuantity"]["type"]] == ["Quantity"]
    assert len(value["type"]) == 11 if kinds is None else [one["code"] for one in value["type"]] == kinds


def test_the_rules_of_a_choice_slice_can_be_asked_for_by_json_key() -> None:
    types = model(profile("weight", "Observation", at("Observation.valueQuantity.code", min=1, fixedCode="kg")))
    weight = types.type(URL + "weight")
    assert weight is not None
    (slice_,) = weight.elements["value"].slices
    part = slice_.json_keys["valueQuantity"]
    assert types.is_subtype(part, "Quantity")
    found = types.type(part)
    assert found is not None
    assert found.elements["code"].fixed == "kg"


def test_a_content_reference_is_walked_into_and_else_leads_to_the_base() -> None:
    types = model(
        profile(
            "form", "Questionnaire", at("Questionnaire.item.text", min=1), at("Questionnaire.item.item.prefix", min=1)
        )
    )
    form = types.type(URL + "form")
    assert form is not None
    outer = types.type(form.elements["item"].types[0])
    assert outer is not None
    assert outer.elements["text"].minimum == 1
    inner = types.type(outer.elements["item"].types[0])
    assert inner is not None
    assert (inner.elements["prefix"].minimum, inner.elements["text"].minimum) == (1, 0)
    assert inner.elements["item"].types == ("Questionnaire.item",)


def test_what_all_types_of_a_choice_have_can_be_constrained() -> None:
    types = model(profile("finding", "Observation", at("Observation.value[x].extension", "e", min=1)))
    finding = types.type(URL + "finding")
    assert finding is not None
    keys = finding.elements["value"].json_keys
    assert len(keys) == 11
    for kind in ("Quantity", "boolean"):
        part = types.type(keys[f"value{kind[0].upper()}{kind[1:]}"])
        assert part is not None
        assert part.base == kind
        assert [one.slice_name for one in part.elements["extension"].slices] == ["e"]


def test_a_slice_name_without_a_slicing_names_the_element() -> None:
    types = model(profile("patient", "Patient", at("Patient.birthDate", "born", min=1)))
    patient = types.type(URL + "patient")
    assert patient is not None
    assert patient.elements["birthDate"].minimum == 1
    assert patient.elements["birthDate"].slices == ()


def test_a_binding_may_only_become_stronger() -> None:
    found = made(profile("visit", "Encounter", at("Encounter.type", binding={"strength": "required"})))
    assert found["Encounter.type"]["binding"]["strength"] == "required"
    assert found["Encounter.type"]["binding"]["valueSet"] == "http://hl7.org/fhir/ValueSet/encounter-type"


def test_a_fixed_value_takes_the_place_of_another_and_keeps_its_digits() -> None:
    quantity = {"value": Decimal("1.50")}
    first = profile("first", "Observation", at("Observation.value[x]", patternCodeableConcept={"text": "a"}))
    second = profile(
        "second", "Observation", at("Observation.value[x]", patternQuantity=quantity), base=URL + "first"
    )
    value = made(first, second)["Observation.value[x]"]
    assert "patternCodeableConcept" not in value
    assert str(value["patternQuantity"]["value"]) == "1.50"


def test_a_new_type_may_have_new_elements() -> None:
    visit = profile(
        "Visit",
        URL + "Visit",
        at("Visit.day", min=1, max="1", type=[{"code": "date"}]),
        base=FHIR_URL + "Element",
        kind="logical",
        derivation="specialization",
    )
    found = made(visit)
    assert list(found) == ["Visit", "Visit.id", "Visit.extension", "Visit.day"]


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (profile("p", "Patient", at("Patient.colour", min=1)), "Patient.colour: there is no such element"),
        (profile("p", "Patient", at("Patient.gender.colour")), "Patient.gender.colour: there is no such element"),
        (profile("p", "Observation", at("Observation.valueAddress")), "there is no such element"),
        (profile("p", "Patient", at("Encounter.status")), "Encounter is not Patient"),
        (profile("p", "Patient", at("Patient.name", "a"), at("Patient.name", "b")), "slices without a slicing"),
        (profile("p", "Patient", base=URL + "absent"), "base https://example.org/StructureDefinition/absent is not"),
        (profile("p", "Patient", base=URL + "p"), "it stands on itself"),
        (profile("p", "Patient") | {"baseDefinition": None}, "no baseDefinition"),
        (profile("p", "Patient", {"min": 1}), "an element has no path"),
        (profile("p", "Patient", at("Patient.name", min="1")), "TypeError"),
        (profile("p", "Patient") | {"differential": {"element": [None]}}, "cannot be read"),
        (profile("p", "Patient") | {"differential": [], "snapshot": [1]}, "cannot be read"),
    ],
)
def test_a_differential_that_cannot_be_applied_is_refused_with_its_place(one: Json, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        made(one)
    assert caught.value.code == "structure-definition"
    assert caught.value.place == URL + "p"


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_is_wrong_with_a_definition_it_is_a_settings_error(data: st.DataObject) -> None:
    base = json.dumps(
        profile(
            "p",
            "Observation",
            at("Observation", constraint=[{"key": "x-1", "severity": "error", "human": "a"}]),
            at(
                "Observation.category",
                slicing={"discriminator": [{"type": "value", "path": "code"}], "rules": "open"},
            ),
            at("Observation.category", "a", min=1, max="1", id="Observation.category:a"),
            at("Observation.valueQuantity.code", fixedCode="kg"),
            at("Observation.subject", type=[{"code": "Reference", "targetProfile": [FHIR_URL + "Patient"]}]),
        )
    )
    definition = json.loads(base)
    holders = [definition["differential"], definition, *definition["differential"]["element"]]
    holder = data.draw(st.sampled_from(holders))
    holder[data.draw(st.sampled_from(sorted(set(holder) - {"url"})))] = data.draw(
        st.sampled_from([None, 1, "a", [], {}, [None], {"a": 1}, "Observation.value[x]", [[]], [{}]])
    )
    try:
        types = model(definition)
    except SettingsError:
        return
    assert types.profiles >= r4().profiles


def own_profiles() -> dict[str, Json]:
    folder = files("hm_fhir").joinpath("_data/profiles/package")
    names = (one for one in folder.iterdir() if one.name.startswith("StructureDefinition-"))
    found = (from_json(one.read_bytes()) for one in names)
    return {one["url"]: one for one in found}


def test_the_snapshots_of_our_profiles_are_those_that_sushi_makes() -> None:
    profiles = own_profiles()
    bare = {url: {key: one[key] for key in one if key != "snapshot"} for url, one in profiles.items()}
    types, waiting = r4(), dict(profiles)
    while waiting:
        ready = [url for url, one in waiting.items() if types.type(one["baseDefinition"]) is not None]
        assert ready
        for url in ready:
            types = types.extended(read(with_full_references(waiting.pop(url)), types.type))
    for url in profiles:
        ours = snapshot(bare[url], lambda base: bare.get(base) or structure_definition(r4(), base))
        theirs = with_full_references(profiles[url])
        assert read(ours, types.type) == read(theirs, types.type), url
    assert len(profiles) > 40


def with_full_references(definition: Json) -> Json:
    """SUSHI leaves content references as they are in the base: without the URL that they belong to."""
    elements = [
        one
        | (
            {"contentReference": definition["baseDefinition"] + one["contentReference"]}
            if "contentReference" in one
            else {}
        )
        for one in definition["snapshot"]["element"]
    ]
    return definition | {"snapshot": {"element": elements}}
