"""The profiles and the definitions of extensions that R4 itself has."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files

import pytest

from hm_fhir.fhir.definitions import Element, TypeDefinition, r4
from hm_fhir.fhir.elements import Context, Discriminator

URL = "http://hl7.org/fhir/StructureDefinition/"


def definition(name: str) -> TypeDefinition:
    found = r4().type(name if "/" in name else URL + name)
    assert found is not None, name
    return found


def part(element: Element) -> TypeDefinition:
    (name,) = element.types
    return definition(name)


def named(element: Element) -> dict[str | None, Element]:
    return {one.slice_name: one for one in element.slices}


def every_element() -> Iterator[tuple[str, Element]]:
    stored = json.loads(files("hm_fhir.fhir.r4").joinpath("profiles.json").read_text(encoding="utf-8"))
    waiting = [(name, one) for name in stored for one in definition(name).elements.values()]
    while waiting:
        name, element = waiting.pop()
        yield name, element
        waiting += [(name, one) for one in element.slices]


def test_all_are_known_by_url() -> None:
    assert len(r4().profiles) == 439
    assert f"{URL}bp" in r4().profiles
    assert f"{URL}Patient" not in r4().profiles
    assert not any("#" in url for url in r4().profiles)
    for url in r4().profiles:
        assert definition(f"{url}|4.0.1").url == url
    assert r4().type("bp") is None


def test_every_type_that_they_name_exists() -> None:
    count = 0
    for name, element in every_element():
        count += 1
        assert element.types, name
        assert element.choice == (element.name not in element.json_keys)
        for kind in element.types:
            assert r4().type(kind) is not None, f"{name}.{element.name}: {kind}"
    assert count > 4000


def test_blood_pressure_is_told_apart_by_its_components() -> None:
    bp = definition("bp")
    assert (bp.base, bp.kind) == (f"{URL}vitalsigns", "resource")
    assert r4().is_subtype(bp.name, "Observation")
    component = bp.elements["component"]
    assert component.slicing is not None
    assert component.slicing.discriminators == (
        Discriminator("value", "code.coding.code"),
        Discriminator("value", "code.coding.system"),
    )
    slices = named(component)
    assert list(slices) == ["SystolicBP", "DiastolicBP"]
    assert (slices["SystolicBP"].minimum, slices["SystolicBP"].maximum) == (1, 1)
    systolic = part(slices["SystolicBP"])
    coding = named(part(systolic.elements["code"]).elements["coding"])["SBPCode"]
    assert part(coding).elements["code"].fixed == "8480-6"
    value = systolic.elements["value"]
    assert list(value.json_keys) == ["valueQuantity"]
    assert value.key_types == ("Quantity",)
    quantity = definition(value.json_keys["valueQuantity"])
    assert quantity.base == "Quantity"
    assert quantity.elements["code"].fixed == "mm[Hg]"
    assert definition(f"{URL}bp#Observation.component:SystolicBP") == systolic


def test_a_slice_of_a_choice_has_its_type() -> None:
    value = definition("bodytemp").elements["value"]
    assert value.slicing is not None
    assert (value.slicing.rules, value.slicing.discriminators) == ("closed", (Discriminator("type", "$this"),))
    quantity = named(value)["valueQuantity"]
    assert quantity.key_types == ("Quantity",)
    assert set(quantity.json_keys) == {"valueQuantity"}
    binding = definition(quantity.json_keys["valueQuantity"]).elements["code"].binding
    assert binding is not None
    assert binding.value_set == "http://hl7.org/fhir/ValueSet/ucum-bodytemp|4.0.1"


def test_a_profile_keeps_the_invariants_of_its_base() -> None:
    keys = {one.key for one in definition("bmi").constraints}
    assert {"vs-2", "obs-6", "dom-2"} <= keys


def test_a_part_without_rules_of_its_own_is_that_of_the_base() -> None:
    assert definition("bp").elements["referenceRange"].types == ("Observation.referenceRange",)


def test_a_content_reference_leads_to_what_the_profile_says() -> None:
    catalog = definition("catalog")
    section = part(catalog.elements["section"])
    assert section.elements["entry"].minimum == 1
    assert part(section.elements["section"]) == section


def test_a_slice_name_without_slicing_is_no_slice() -> None:
    condition = definition("familymemberhistory-genetic").elements["condition"]
    assert condition.slices == ()
    assert part(condition).elements["note"].maximum == 1


def test_a_profile_of_a_single_element_is_named_like_a_part() -> None:
    procedure = named(definition("example-composition").elements["section"])["procedure"]
    assert procedure.profiles == (f"{URL}document-section-library#Composition.section:procedure",)
    assert procedure.minimum == 1
    library = definition("example-section-library")
    assert library.kind == "resource"
    title = part(named(library.elements["section"])["procedure"]).elements["title"]
    assert title.fixed == "Procedures Performed"


def test_an_extension_says_where_it_may_stand() -> None:
    nationality = definition("patient-nationality")
    assert nationality.contexts == (Context("element", "Patient"),)
    assert not nationality.is_modifier
    assert nationality.elements["url"].fixed == f"{URL}patient-nationality"
    assert nationality.elements["value"].maximum == 0
    code = named(nationality.elements["extension"])["code"]
    assert part(code).elements["value"].types == ("CodeableConcept",)
    unit = definition("questionnaire-unit")
    assert unit.context_invariants == ("type='integer' or type='decimal'",)


def test_modifier_extensions_are_known() -> None:
    modifiers = {url.removeprefix(URL) for url in r4().profiles if definition(url).is_modifier}
    assert modifiers == {"capabilitystatement-prohibited", "request-doNotPerform"}


def test_fixed_numbers_keep_their_digits() -> None:
    low = part(definition("hdlcholesterol").elements["referenceRange"]).elements["low"]
    assert str(low.fixed["value"]) == "1.5"
    high = part(definition("ldlcholesterol").elements["referenceRange"]).elements["high"]
    assert str(high.fixed["value"]) == "3.0"


def test_each_type_of_a_choice_has_its_own_profiles_and_targets() -> None:
    dosage = r4().type("Dosage.doseAndRate")
    assert dosage is not None
    dose = dosage.elements["dose"]
    assert dose.profiles_of("Quantity") == (f"{URL}SimpleQuantity",)
    assert dose.profiles_of("Range") == ()
    trigger = r4().type("PlanDefinition")
    assert trigger is not None
    subject = trigger.elements["subject"]
    assert subject.targets_of("Reference") == ("Group",)


@pytest.mark.parametrize(
    ("name", "element", "field", "value"),
    [
        ("string", "value", "max_length", 1048576),
        ("integer", "value", "min_value", -2147483648),
        ("integer", "value", "max_value", 2147483647),
    ],
)
def test_limits_of_values_are_known(name: str, element: str, field: str, value: int) -> None:
    assert getattr(definition(URL + name).elements[element], field) == value


def test_a_binding_may_have_a_widest_value_set() -> None:
    binding = definition(f"{URL}Resource").elements["language"].binding
    assert binding is not None
    assert (binding.strength, binding.max_value_set) == ("preferred", "http://hl7.org/fhir/ValueSet/all-languages")


def test_recommendations_are_told_from_rules() -> None:
    found = {one.key: one.best_practice for one in definition(f"{URL}DomainResource").constraints}
    assert found["dom-6"]
    assert not found["dom-2"]


def test_profiles_are_read_only_when_one_is_asked_for() -> None:
    code = (
        "from hm_fhir.fhir.definitions import r4\n"
        "import hm_fhir.fhir.r4 as package\n"
        "read, names = package._bytes, []\n"
        "package._bytes = lambda name: (names.append(name), read(name))[1]\n"
        "model = r4()\n"
        "for name in ('Encounter', 'http://hl7.org/fhir/StructureDefinition/Patient', 'Nothing'): model.type(name)\n"
        "assert names == ['definitions.json'], names\n"
        "assert model.type('http://hl7.org/fhir/StructureDefinition/bp')\n"
        "assert names == ['definitions.json', 'profiles.json'], names\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
