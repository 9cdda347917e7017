"""How a StructureDefinition becomes types of the model."""

from __future__ import annotations

from typing import Any

import pytest

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.definitions import Element, TypeDefinition, TypeModel, r4

PROFILE_URL = "https://example.org/StructureDefinition/visit"


def definition(name: str) -> TypeDefinition:
    found = r4().type(name)
    assert found is not None, name
    return found


def element(path: str) -> Element:
    name, _, last = path.rpartition(".")
    return definition(name).elements[last]


def profile() -> dict[str, Any]:
    """Return a profile on Encounter: a part that is required, a slice, a fixed system, a reference to a profile."""
    rows: list[dict[str, Any]] = [
        {"id": "Encounter"},
        {
            "id": "Encounter.identifier",
            "min": 1,
            "max": "*",
            "type": [{"code": "Identifier"}],
            "slicing": {"rules": "open", "discriminator": [{"type": "value", "path": "system"}]},
        },
        {
            "id": "Encounter.identifier:own",
            "sliceName": "own",
            "min": 1,
            "max": "1",
            "type": [{"code": "Identifier"}],
        },
        {
            "id": "Encounter.identifier:own.system",
            "min": 1,
            "max": "1",
            "type": [{"code": "uri"}],
            "fixedUri": "https://example.org/ids",
        },
        {"id": "Encounter.participant", "min": 1, "max": "*", "type": [{"code": "BackboneElement"}]},
        {
            "id": "Encounter.participant.individual",
            "min": 1,
            "max": "1",
            "type": [{"code": "Reference", "targetProfile": ["https://example.org/StructureDefinition/mediator"]}],
            "constraint": [
                {"key": "ele-1", "severity": "error", "human": "as ever", "expression": ele_1()},
                {"key": "own-1", "severity": "warning", "human": "a display", "expression": "display.exists()"},
            ],
        },
    ]
    for row in rows:
        row.setdefault("path", row["id"])
        row.setdefault("min", 0)
        row.setdefault("max", "*")
    return {
        "resourceType": "StructureDefinition",
        "url": PROFILE_URL,
        "kind": "resource",
        "abstract": False,
        "type": "Encounter",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Encounter",
        "derivation": "constraint",
        "snapshot": {"element": rows},
    }


def ele_1() -> str | None:
    return definition("Element").constraints[0].expression


def with_profile() -> TypeModel:
    return r4().add(profile())


def test_a_profile_is_a_type_known_by_its_url() -> None:
    model = with_profile()
    visit = model.type(f"{PROFILE_URL}|1.0")
    assert visit is not None
    assert (visit.name, visit.base, visit.kind) == (PROFILE_URL, "Encounter", "resource")
    assert visit.elements["status"] == element("Encounter.status")
    assert model.is_subtype(PROFILE_URL, "DomainResource")
    assert PROFILE_URL not in model.resource_types
    assert r4().type(PROFILE_URL) is None


def test_a_part_with_rules_below_is_a_type_of_its_own() -> None:
    model = with_profile()
    visit = model.type(PROFILE_URL)
    assert visit is not None
    name = f"{PROFILE_URL}#Encounter.participant"
    assert visit.elements["participant"].types == (name,)
    assert visit.elements["participant"].minimum == 1
    participant = model.type(name)
    assert participant is not None
    assert (participant.kind, participant.base) == ("backbone", "Encounter.participant")
    assert participant.elements["period"] == element("Encounter.participant.period")
    individual = participant.elements["individual"]
    assert individual.targets == ("https://example.org/StructureDefinition/mediator",)
    assert [one.key for one in individual.constraints] == ["own-1"]


def test_slices_are_kept_with_what_tells_them_apart() -> None:
    model = with_profile()
    visit = model.type(PROFILE_URL)
    assert visit is not None
    identifier = visit.elements["identifier"]
    assert identifier.types == ("Identifier",)
    assert identifier.slicing is not None
    assert [(one.type, one.path) for one in identifier.slicing.discriminators] == [("value", "system")]
    (own,) = identifier.slices
    assert (own.name, own.slice_name, own.minimum, own.maximum) == ("identifier", "own", 1, 1)
    sliced = model.type(own.types[0])
    assert sliced is not None
    assert sliced.name == f"{PROFILE_URL}#Encounter.identifier:own"
    assert sliced.elements["system"].fixed == "https://example.org/ids"
    assert sliced.elements["value"] == element("Identifier.value")


def test_a_definition_without_a_snapshot_is_refused() -> None:
    without = profile()
    del without["snapshot"]
    with pytest.raises(SettingsError, match="needs a snapshot") as caught:
        r4().add(without)
    assert caught.value.place == PROFILE_URL


def test_a_definition_on_an_unknown_base_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"base https://example\.org/base is not known"):
        r4().add(profile() | {"baseDefinition": "https://example.org/base"})


def test_a_snapshot_with_a_hole_is_refused() -> None:
    broken = profile()
    broken["snapshot"]["element"] = [one for one in broken["snapshot"]["element"] if ":own" not in one["id"]]
    r4().add(broken)
    broken["snapshot"]["element"] = [one for one in profile()["snapshot"]["element"] if one["id"][-3:] != "own"]
    with pytest.raises(SettingsError, match=r"no element Encounter\.identifier:own stands above"):
        r4().add(broken)


def elements_of(definition: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = definition["snapshot"]["element"]
    return found


def with_rows(kind: str, *rows: dict[str, Any]) -> dict[str, Any]:
    """Return a profile whose snapshot has these elements only."""
    base = {"min": 0, "max": "*"}
    return profile() | {
        "type": kind,
        "baseDefinition": f"http://hl7.org/fhir/StructureDefinition/{kind}",
        "snapshot": {"element": [base | {"path": one["id"]} | one for one in ({"id": kind}, *rows)]},
    }


def read_profile(kind: str, *rows: dict[str, Any]) -> tuple[TypeModel, TypeDefinition]:
    model = r4().add(with_rows(kind, *rows))
    found = model.type(PROFILE_URL)
    assert found is not None
    return model, found


def test_what_limits_a_value_is_read() -> None:
    _, found = read_profile(
        "Patient",
        {"id": "Patient.birthDate", "type": [{"code": "date"}], "minValueDate": "1900-01-01", "maxLength": 10},
        {
            "id": "Patient.managingOrganization",
            "max": "1",
            "type": [{"code": "Reference", "aggregation": ["bundled"], "targetProfile": ["https://example.org/o"]}],
        },
    )
    birth_date = found.elements["birthDate"]
    assert (birth_date.min_value, birth_date.max_value, birth_date.max_length) == ("1900-01-01", None, 10)
    organization = found.elements["managingOrganization"]
    assert (organization.aggregation, organization.targets) == (("bundled",), ("https://example.org/o",))


def test_targets_are_told_apart_by_type() -> None:
    group, plan = (f"http://hl7.org/fhir/StructureDefinition/{name}" for name in ("Group|4.0.1", "PlanDefinition"))
    kinds = [
        {"code": "Reference", "targetProfile": [group]},
        {"code": "canonical", "targetProfile": [plan]},
        {"code": "Quantity", "profile": ["https://example.org/q"]},
        {"code": "string"},
    ]
    _, found = read_profile("Extension", {"id": "Extension.value[x]", "max": "1", "type": kinds})
    value = found.elements["value"]
    assert value.targets == ("Group", "PlanDefinition")
    assert (value.targets_of("Reference"), value.targets_of("canonical")) == (("Group",), ("PlanDefinition",))
    assert (value.profiles_of("Quantity"), value.profiles_of("string")) == (("https://example.org/q",), ())


@pytest.mark.parametrize("beside", [False, True])
def test_a_choice_may_be_named_by_its_type(beside: bool) -> None:
    whole = {"id": "Observation.value[x]", "max": "1", "type": [{"code": "Quantity"}, {"code": "string"}]}
    named = {"id": "Observation.valueQuantity", "max": "1", "type": [{"code": "Quantity"}]}
    unit = {"id": "Observation.valueQuantity.unit", "min": 1, "max": "1", "type": [{"code": "string"}]}
    model, found = read_profile("Observation", *([whole] if beside else []), named, unit)
    value = found.elements["value"]
    quantity = value
    if beside:
        assert set(value.json_keys) == {"valueQuantity", "valueString"}
        (quantity,) = value.slices
        assert (quantity.slice_name, value.slicing.rules if value.slicing else "") == ("valueQuantity", "open")
    assert list(quantity.json_keys) == ["valueQuantity"]
    part = model.type(quantity.json_keys["valueQuantity"])
    assert part is not None
    assert (part.base, part.elements["unit"].minimum) == ("Quantity", 1)


def test_rules_below_a_choice_of_several_types_hold_for_each() -> None:
    model, found = read_profile(
        "Observation",
        {"id": "Observation.value[x]", "max": "1", "type": [{"code": "Quantity"}, {"code": "string"}]},
        {"id": "Observation.value[x].id", "min": 1, "max": "1", "type": [{"code": "string"}]},
    )
    keys = found.elements["value"].json_keys
    assert list(keys) == ["valueQuantity", "valueString"]
    for key, base in (("valueQuantity", "Quantity"), ("valueString", "string")):
        part = model.type(keys[key])
        assert part is not None
        assert (part.base, part.elements["id"].minimum) == (base, 1)
    text = model.type(keys["valueString"])
    assert text is not None
    assert (text.kind, text.system) == ("primitive", "System.String")


@pytest.mark.parametrize(
    ("reference", "type_name"),
    [
        ("#Questionnaire.item", f"{PROFILE_URL}#Questionnaire.item"),
        (f"{PROFILE_URL}#Questionnaire.item", f"{PROFILE_URL}#Questionnaire.item"),
        ("http://hl7.org/fhir/StructureDefinition/Questionnaire#Questionnaire.item", "Questionnaire.item"),
        ("https://example.org/absent#Questionnaire.item", "Questionnaire.item"),
    ],
)
def test_a_content_reference_leads_to_its_definition(reference: str, type_name: str) -> None:
    model, _ = read_profile(
        "Questionnaire",
        {"id": "Questionnaire.item", "type": [{"code": "BackboneElement"}]},
        {"id": "Questionnaire.item.text", "min": 1, "max": "1", "type": [{"code": "string"}]},
        {"id": "Questionnaire.item.item", "contentReference": reference},
    )
    item = model.type(f"{PROFILE_URL}#Questionnaire.item")
    assert item is not None
    assert item.elements["item"].types == (type_name,)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("min", "1", "Expected `int`, got `str`"),
        ("max", "many", "ValueError"),
        ("type", [None], "TypeError|AttributeError"),
        ("type", [{"code": "Encountered"}], "no type has the name Encountered"),
        ("maxLength", "9", "Expected `int"),
        ("binding", {"strength": "strict"}, "Invalid enum value"),
        ("constraint", [{"key": 1}], "Expected `str`"),
        ("slicing", {"rules": "open", "discriminator": [{"type": "value"}]}, "KeyError"),
    ],
)
def test_a_snapshot_that_is_not_fhir_is_refused(key: str, value: Any, message: str) -> None:
    broken = profile()
    elements_of(broken)[1][key] = value
    with pytest.raises(SettingsError, match=message) as caught:
        r4().add(broken)
    assert caught.value.code == "structure-definition"
    assert caught.value.place == PROFILE_URL
