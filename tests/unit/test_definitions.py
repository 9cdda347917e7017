"""What the type model says of FHIR R4, and how profiles and other types are put on top of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files

import pytest

from hm_fhir.fhir.definitions import Element, TypeDefinition, ValueSetCodes, r4


def definition(name: str) -> TypeDefinition:
    found = r4().type(name)
    assert found is not None, name
    return found


def element(path: str) -> Element:
    name, _, last = path.rpartition(".")
    return definition(name).elements[last]


def codes(path: str) -> frozenset[str]:
    binding = element(path).binding
    assert binding is not None
    assert binding.strength == "required"
    assert binding.value_set is not None
    found = r4().value_set(binding.value_set)
    assert found is not None
    return found.codes


def every_type() -> list[TypeDefinition]:
    stored = json.loads(files("hm_fhir.fhir.r4").joinpath("definitions.json").read_text(encoding="utf-8"))
    return [definition(name) for name in stored["types"]]


def test_the_codes_of_a_required_binding_are_known() -> None:
    wanted = "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
    assert " ".join(sorted(codes("Encounter.status"))) == " ".join(sorted(wanted.split(" ")))
    assert codes("CarePlan.intent") == {"proposal", "plan", "order", "option"}
    assert len(codes("Task.status")) == 12
    assert codes("ServiceRequest.priority") == {"routine", "urgent", "asap", "stat"}
    assert "revoked" in codes("ServiceRequest.status")
    assert {"Task", "ServiceRequest", "Appointment"} < codes("CarePlan.activity.detail.kind")
    assert len(codes("CarePlan.activity.detail.kind")) == 8


def test_mandatory_elements_are_those_of_the_specification() -> None:
    mandatory = {
        name: {one.name for one in definition(name).elements.values() if one.minimum}
        for name in ("Encounter", "CarePlan", "ServiceRequest", "Task", "Consent", "Provenance")
    }
    assert mandatory == {
        "Encounter": {"status", "class"},
        "CarePlan": {"status", "intent", "subject"},
        "ServiceRequest": {"status", "intent", "subject"},
        "Task": {"status", "intent"},
        "Consent": {"status", "scope", "category"},
        "Provenance": {"target", "recorded", "agent"},
    }
    assert element("Encounter.diagnosis.condition").minimum == 1


def test_a_reference_says_what_it_may_point_to() -> None:
    assert element("Encounter.basedOn").targets == ("ServiceRequest",)
    assert set(element("Encounter.subject").targets) == {"Patient", "Group"}
    assert element("Task.focus").targets == ()  # any resource
    assert set(element("ServiceRequest.subject").targets) == {"Patient", "Group", "Location", "Device"}


def test_targets_are_resource_types() -> None:
    targets = {target for one in every_type() for two in one.elements.values() for target in two.targets}
    assert targets <= r4().resource_types


def test_cardinalities_are_told_apart() -> None:
    assert not element("Encounter.class").many
    assert element("Encounter.participant").maximum is None
    assert element("SimpleQuantity.comparator").maximum == 0
    assert element("Quantity.comparator").maximum == 1


def test_a_choice_has_a_json_key_for_each_type() -> None:
    value = element("Observation.value")
    assert value.choice
    assert value.json_keys["valueQuantity"] == "Quantity"
    assert value.json_keys["valueCodeableConcept"] == "CodeableConcept"
    assert value.json_keys["valueBoolean"] == "boolean"
    assert "value" not in value.json_keys
    assert set(element("Patient.deceased").json_keys) == {"deceasedBoolean", "deceasedDateTime"}
    assert element("Condition.onset").json_keys["onsetAge"] == "Age"


def test_a_json_key_leads_to_its_element_and_type() -> None:
    observation = definition("Observation")
    found = observation.element_of("valueQuantity")
    assert found is not None
    assert (found[0].name, found[1]) == ("value", "Quantity")
    assert observation.element_of("status") == (observation.elements["status"], "code")
    assert observation.element_of("value") is None
    assert observation.element_of("valueAddress") is None
    assert observation.element_of("valueX") is None


def test_a_content_reference_has_the_type_it_refers_to() -> None:
    assert element("Questionnaire.item.item").types == ("Questionnaire.item",)
    assert element("Bundle.entry.link").types == ("Bundle.link",)
    assert element("Observation.component.referenceRange").types == ("Observation.referenceRange",)


def test_backbone_elements_are_types_named_by_path() -> None:
    participant = definition("Encounter.participant")
    assert element("Encounter.participant").types == ("Encounter.participant",)
    assert (participant.kind, participant.base) == ("backbone", "BackboneElement")
    assert {"id", "extension", "modifierExtension", "individual"} <= set(participant.elements)
    assert definition("Timing.repeat").base == "Element"


def test_inherited_elements_come_first() -> None:
    inherited = ["id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"]
    assert list(definition("Patient").elements)[:8] == inherited
    assert list(definition("Bundle").elements)[:4] == inherited[:4]
    assert "text" not in definition("Bundle").elements


@pytest.mark.parametrize(
    ("name", "ancestor", "expected"),
    [
        ("Age", "Quantity", True),
        ("Age", "Element", True),
        ("SimpleQuantity", "Quantity", True),
        ("Quantity", "Age", False),
        ("code", "string", True),
        ("positiveInt", "integer", True),
        ("canonical", "uri", True),
        ("uri", "string", False),
        ("Encounter", "DomainResource", True),
        ("Encounter", "Resource", True),
        ("Bundle", "DomainResource", False),
        ("Encounter.participant", "BackboneElement", True),
        ("Encounter.participant", "Element", True),
        ("Dosage", "BackboneElement", True),
        ("System.Integer", "System.Any", True),
        ("string", "System.String", False),
        ("Nothing", "Nothing", False),
        ("http://hl7.org/fhir/StructureDefinition/Age|4.0.1", "Quantity", True),
    ],
)
def test_subtypes(name: str, ancestor: str, expected: bool) -> None:
    assert r4().is_subtype(name, ancestor) is expected


@pytest.mark.parametrize(
    ("name", "system", "right", "wrong"),
    [
        ("boolean", "System.Boolean", "true", "True"),
        ("integer", "System.Integer", "-7", "07"),
        ("positiveInt", "System.Integer", "1", "0"),
        ("unsignedInt", "System.Integer", "0", "-1"),
        ("decimal", "System.Decimal", "9.20", "9."),
        ("date", "System.Date", "2026-02", "2026-13"),
        ("dateTime", "System.DateTime", "2026-02-03T10:00:00+02:00", "2026-02-03T10:00:00"),
        ("instant", "System.DateTime", "2026-02-03T10:00:00Z", "2026-02-03"),
        ("time", "System.Time", "10:00:00", "10:00"),
        ("id", "System.String", "a-1.B", "a_1"),
        ("code", "System.String", "in progress", " in"),
        ("uuid", "System.String", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "c757873d"),
        ("base64Binary", "System.String", "YQ==", "Y"),
    ],
)
def test_a_primitive_has_a_system_type_and_a_form(name: str, system: str, right: str, wrong: str) -> None:
    primitive = definition(name)
    assert (primitive.kind, primitive.system) == ("primitive", system)
    assert primitive.regex is not None
    assert re.fullmatch(primitive.regex, right)
    assert not re.fullmatch(primitive.regex, wrong)
    assert primitive.elements["value"].types == (system,)


def test_there_is_no_primitive_without_a_system_type() -> None:
    primitives = [one for one in every_type() if one.kind == "primitive"]
    assert len(primitives) == 20
    for one in primitives:
        assert one.system is not None
        assert r4().type(one.system) is not None


def test_ids_are_typed_as_the_specification_says() -> None:
    assert element("Patient.id").types == ("id",)
    assert element("HumanName.id").types == ("string",)
    assert element("Extension.url").types == ("uri",)


def test_invariants_stand_where_they_are_evaluated() -> None:
    assert {"dom-2", "dom-6"} <= {one.key for one in definition("CarePlan").constraints}
    assert {"ele-1", "pat-1"} == {one.key for one in definition("Patient.contact").constraints}
    assert [one.key for one in definition("CarePlan.activity").constraints] == ["ele-1", "cpl-3"]
    assert element("Patient.contact").constraints == ()
    keys = [one.key for one in definition("Encounter").constraints]
    assert len(keys) == len(set(keys))
    quantity = {one.key: one for one in definition("Age").constraints}
    assert quantity["qty-3"].expression == "code.empty() or system.exists()"
    assert "age-1" in quantity


def test_an_invariant_of_a_type_is_not_repeated_at_its_elements() -> None:
    for one in every_type():
        for two in one.elements.values():
            assert not {"ele-1", "ext-1"} & {constraint.key for constraint in two.constraints}


def test_modifiers_are_marked() -> None:
    assert element("Encounter.status").is_modifier
    assert not element("Encounter.class").is_modifier
    assert element("Encounter.status").is_summary


def test_a_simple_quantity_is_a_quantity_that_follows_a_profile() -> None:
    quantity = element("Dosage.doseAndRate.dose")
    assert quantity.json_keys == {"doseRange": "Range", "doseQuantity": "Quantity"}
    assert quantity.profiles == ("http://hl7.org/fhir/StructureDefinition/SimpleQuantity",)
    assert definition(quantity.profiles[0]).name == "SimpleQuantity"


def test_every_type_that_is_named_exists() -> None:
    for one in every_type():
        assert one.base is None or r4().type(one.base) is not None
        for two in one.elements.values():
            assert two.types
            assert two.choice == (len(two.json_keys) > 1 or two.name not in two.json_keys)
            for name in two.types:
                assert r4().type(name) is not None, f"{one.name}.{two.name}: {name}"


def test_abstract_types_are_no_resource_types() -> None:
    assert definition("DomainResource").abstract
    assert definition("BackboneElement").abstract
    assert not {"Resource", "DomainResource", "Element", "string"} & r4().resource_types
    assert len(r4().resource_types) == 146


def test_a_name_that_is_not_known_gives_nothing() -> None:
    assert r4().type("Activity") is None
    assert r4().type("Encounter.nothing") is None
    assert r4().type("http://hl7.org/fhir/StructureDefinition/nothing") is None


def test_a_value_set_that_cannot_be_listed_is_not_known() -> None:
    unlisted = {
        binding.value_set
        for one in every_type()
        for two in one.elements.values()
        for binding in [two.binding]
        if binding and binding.strength == "required" and binding.value_set
        if r4().value_set(binding.value_set) is None
    }
    assert unlisted == {
        "http://hl7.org/fhir/ValueSet/ucum-units|4.0.1",
        "http://hl7.org/fhir/ValueSet/mimetypes|4.0.1",
        "http://loinc.org/vs/LL379-9|4.0.1",
    }


def test_a_value_set_asks_for_the_system_where_it_is_given() -> None:
    found = r4().value_set("http://hl7.org/fhir/ValueSet/task-status|4.0.1")
    assert found is not None
    assert found.contains("rejected")
    assert found.contains("rejected", "http://hl7.org/fhir/task-status")
    assert not found.contains("rejected", "http://hl7.org/fhir/encounter-status")
    assert not found.contains("refused")


def test_an_extensible_value_set_is_known_without_codes_that_only_group_others() -> None:
    binding = element("Encounter.class").binding
    assert binding is not None
    assert binding.strength == "extensible"
    found = r4().value_set(str(binding.value_set))
    assert found is not None
    assert {"AMB", "FLD", "HH", "IMP", "VR"} <= found.codes
    assert "_ActEncounterCode" not in found.codes  # abstract: groups codes, is none


def test_the_model_is_read_once_and_only_when_it_is_asked_for() -> None:
    assert r4() is r4()
    code = "import sys, hm_fhir, hm_fhir.fhir.definitions; sys.exit('hm_fhir.fhir.r4' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_the_data_names_its_source() -> None:
    stored = json.loads(files("hm_fhir.fhir.r4").joinpath("definitions.json").read_text(encoding="utf-8"))
    assert stored["source"] == {
        "package": "hl7.fhir.r4.core",
        "version": "4.0.1",
        "licence": "CC0-1.0",
        "sha256": "b090bf929e1f665cf2c91583720849695bc38d2892a7c5037c56cb00817fb091",
    }


def test_an_extended_model_leaves_the_other_one_alone() -> None:
    visit = TypeDefinition("Visit", "hm", "complex", base="Element", elements={"day": Element("day", ("date",))})
    codes = ValueSetCodes("https://example.org/vs", {"https://example.org/cs": frozenset({"a"})})
    model = r4().extended({"Visit": visit}, value_sets=[codes])
    found = model.type("Visit")
    assert found is not None
    assert list(found.elements) == ["id", "extension", "day"]
    assert model.is_subtype("Visit", "Element")
    assert model.type("Encounter") == definition("Encounter")
    assert model.value_set("https://example.org/vs|2") == codes
    assert model.value_set("http://hl7.org/fhir/ValueSet/task-status") is not None
    assert model.resource_types == r4().resource_types
    assert r4().type("Visit") is None
    assert r4().value_set("https://example.org/vs") is None


def test_a_type_may_replace_the_one_that_it_stands_on() -> None:
    narrow = TypeDefinition(
        "Period", "hm", "complex", base="Period", elements={"end": Element("end", ("dateTime",), minimum=1)}
    )
    found = r4().extended({"Period": narrow}).type("Period")
    assert found is not None
    assert found.elements["end"].minimum == 1
    assert found.elements["start"] == element("Period.start")


def test_records_are_values() -> None:
    status = element("Encounter.status")
    assert replace(status) == status
    assert replace(status, minimum=0) != status
