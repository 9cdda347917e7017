"""A type of the model, written as StructureDefinition and read again, is the same type."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from hm_fhir.fhir.definitions import TypeModel, r4
from hm_fhir.fhir.structure_definition import FHIR_URL, read
from hm_fhir.fhir.written_definitions import structure_definition


def stored_names() -> list[str]:
    folder = files("hm_fhir.fhir.r4")
    types = json.loads(folder.joinpath("definitions.json").read_text(encoding="utf-8"))["types"]
    return [*types, *json.loads(folder.joinpath("profiles.json").read_text(encoding="utf-8"))]


def test_every_type_and_profile_of_r4_comes_back_as_it_was() -> None:
    names = stored_names()
    whole = [name for name in names if "#" not in name and ("/" in name or "." not in name)]
    assert len(whole) > 640
    seen: set[str] = set()
    for name in whole:
        one = r4().type(name)
        assert one is not None
        written = structure_definition(r4(), str(one.url))
        assert written is not None
        assert written["url"] == one.url
        again = read(written, r4().type, name=name)
        model = r4().extended(again)
        for part in again:
            assert model.type(part) == r4().type(part), part
        seen |= again.keys()
    assert seen == set(names)


def test_the_json_is_that_of_a_structure_definition() -> None:
    written = structure_definition(r4(), f"{FHIR_URL}bp")
    assert written is not None
    assert written["type"] == "Observation"
    assert written["derivation"] == "constraint"
    assert written["baseDefinition"] == f"{FHIR_URL}vitalsigns"
    elements = {one["id"]: one for one in written["snapshot"]["element"]}
    component = elements["Observation.component"]
    assert component["type"] == [{"code": "BackboneElement"}]
    assert (component["min"], component["max"], component["slicing"]["rules"]) == (2, "*", "open")
    value = elements["Observation.component:SystolicBP.value[x]"]
    assert value["type"] == [{"code": "Quantity"}]
    assert elements["Observation.component:SystolicBP.value[x].code"]["fixedCode"] == "mm[Hg]"
    assert elements["Observation.subject"]["type"] == [{"code": "Reference", "targetProfile": [f"{FHIR_URL}Patient"]}]
    assert json.loads(json.dumps(written)) == written


def test_a_content_reference_stays_one() -> None:
    written = structure_definition(r4(), f"{FHIR_URL}Questionnaire")
    assert written is not None
    (inner,) = (one for one in written["snapshot"]["element"] if one["id"] == "Questionnaire.item.item")
    assert inner["contentReference"] == "#Questionnaire.item"
    assert "type" not in inner


@pytest.mark.parametrize("url", [f"{FHIR_URL}Nothing", "https://example.org/nothing", "Patient", "Patient.contact"])
def test_what_has_no_url_of_its_own_cannot_be_written(url: str) -> None:
    assert structure_definition(r4(), url) is None


def test_only_the_model_that_is_given_is_asked() -> None:
    assert structure_definition(TypeModel({}), f"{FHIR_URL}Patient") is None
