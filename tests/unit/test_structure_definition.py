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
