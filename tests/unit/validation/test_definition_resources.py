"""Resources that define codes, profiles, searches and maps: rules that stand in no invariant."""

from __future__ import annotations

import copy

import pytest

GENDER = "http://hl7.org/fhir/administrative-gender"
V3_GENDER = "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender"


@pytest.fixture
def errors(findings):
    def found(resource):
        return {(rule, place) for severity, rule, place in findings(resource) if severity == "error"}

    return found


# --- code systems, value sets, maps of codes


def code_system(**more):
    return {
        "resourceType": "CodeSystem", "url": "http://e.org/cs", "name": "C", "status": "draft", "content": "complete",
        "concept": [{"code": "a", "concept": [{"code": "b"}]}], **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({}, None),
        ({"count": 2}, None),
        ({"count": 3}, "count"),
        ({"content": "not-present"}, "concept"),
        ({"content": "supplement"}, "content"),
        ({"content": "supplement", "supplements": GENDER}, None),
        ({"supplements": GENDER}, "content"),
        ({"content": "supplement", "supplements": GENDER, "caseSensitive": True}, "caseSensitive"),
    ],
)
def test_a_code_system_is_what_it_says_of_its_content(errors, more, place):
    assert errors(code_system(**more)) == ({("code-system-content", f"CodeSystem.{place}")} if place else set())


def test_a_property_of_a_concept_has_its_type(findings):
    def found(value):
        concept = [{"code": "a", "property": [{"code": "p", **value}]}]
        return findings(code_system(property=[{"code": "p", "type": "string"}], concept=concept))

    assert not found({"valueString": "x"})
    assert found({"valueInteger": 1}) == {("warning", "code-system-property", "CodeSystem.concept[0].property[0]")}


@pytest.mark.parametrize(
    ("include", "right"),
    [
        ({"system": GENDER}, True),
        ({"system": "http://example.org/unknown"}, True),
        ({"valueSet": ["http://hl7.org/fhir/ValueSet/administrative-gender"]}, True),
        ({"system": "foo"}, False),
        ({"system": "#cs"}, False),
        ({"system": f"{GENDER}|4.0.1"}, False),
        ({"system": "http://hl7.org/fhir/ValueSet/administrative-gender"}, False),
    ],
)
def test_a_value_set_takes_codes_from_code_systems(errors, include, right):
    value_set = {"resourceType": "ValueSet", "status": "draft", "compose": {"include": [include]}}
    assert (("value-set-system", "ValueSet.compose.include[0]") not in errors(value_set)) == right


def concept_map(source="male", target="M", **more):
    element = {"code": source, "target": [{"code": target, "equivalence": "equal"}]}
    return {
        "resourceType": "ConceptMap", "status": "draft",
        "group": [{"source": GENDER, "target": V3_GENDER, "element": [element]}], **more,
    }  # fmt: skip


def test_a_concept_map_maps_codes_that_exist(errors):
    assert not errors(concept_map())
    place = "ConceptMap.group[0].element[0]"
    assert errors(concept_map(source="man")) == {("code-unknown", f"{place}.code")}
    assert errors(concept_map(target="Q")) == {("code-unknown", f"{place}.target[0].code")}
    scoped = concept_map(sourceCanonical="http://hl7.org/fhir/ValueSet/observation-status")
    assert errors(scoped) == {("concept-map-scope", f"{place}.code")}
    assert errors(concept_map(sourceCanonical=GENDER)) == {("concept-map-scope", "ConceptMap.source")}


def test_a_canonical_url_is_absolute(findings):
    assert ("error", "canonical-url", "ValueSet.url") in findings(
        {"resourceType": "ValueSet", "status": "draft", "url": "x"}
    )
    assert ("warning", "canonical-url", "CodeSystem.version") in findings(code_system(version="1#2"))


# --- searches, operations, guides


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"expression": "Patient.name.family"}, None),
        ({"expression": "Patient.name.("}, "SearchParameter.expression"),
        ({"expression": "Patient.nope"}, "SearchParameter.expression"),
        ({"expression": "Observation.value"}, "SearchParameter.expression"),
        ({"base": ["Patient", "Person"], "expression": "Patient.name | Person.name"}, None),
        ({"type": "composite", "expression": "Patient"}, "SearchParameter"),
    ],
)
def test_a_search_parameter_has_an_expression_for_its_type(errors, more, place):
    value = {
        "resourceType": "SearchParameter", "url": "http://e.org/sp", "name": "S", "status": "draft",
        "description": "d", "code": "s", "base": ["Patient"], "type": "string", **more,
    }  # fmt: skip
    assert errors(value) == ({("search-parameter", place)} if place else set())


def test_the_profiles_of_an_operation_are_of_parameters(errors):
    operation = {
        "resourceType": "OperationDefinition", "name": "O", "status": "draft", "kind": "operation", "code": "o",
        "system": True, "type": False, "instance": False,
    }  # fmt: skip
    assert not errors(operation | {"inputProfile": "http://hl7.org/fhir/StructureDefinition/Parameters"})
    for url in ("http://hl7.org/fhir/StructureDefinition/Patient", "http://e.org/unknown"):
        found = errors(operation | {"inputProfile": url})
        assert found == {("operation-profile", "OperationDefinition.inputProfile")}


def test_a_guide_depends_on_guides(errors):
    guide = {
        "resourceType": "ImplementationGuide", "url": "http://e.org/ig", "name": "I", "status": "draft",
        "packageId": "a.b", "fhirVersion": ["4.0.1"],
    }  # fmt: skip
    assert not errors(guide | {"dependsOn": [{"uri": "http://e.org/ImplementationGuide/x"}]})
    found = errors(guide | {"dependsOn": [{"uri": "http://e.org/x"}]})
    assert found == {("guide-dependency", "ImplementationGuide.dependsOn[0]")}


# --- profiles


def profile(*elements, **more):
    return {
        "resourceType": "StructureDefinition", "url": "http://e.org/p", "name": "P", "status": "draft",
        "fhirVersion": "4.0.1", "kind": "resource", "abstract": False, "type": "Patient", "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": {"element": [part("Patient"), *elements]}, **more,
    }  # fmt: skip


def part(path, name=None, **more):
    return {"id": f"{path}:{name}" if name else path, "path": path, **({"sliceName": name} if name else {}), **more}


SLICING = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
FIELDS = {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender"}
RIGHT = {
    "narrower": [part("Patient.name", min=1, max="1"), part("Patient.gender", fixedCode="male")],
    "inside of a data type": [part("Patient.name.family", min=1)],
    "one type of a choice": [part("Patient.deceased[x]", type=[{"code": "boolean"}])],
    "a choice by its JSON name": [part("Patient.deceasedBoolean", min=1)],
    "slices": [part("Patient.identifier", slicing=SLICING), part("Patient.identifier", "a", min=1),
               part("Patient.identifier.system"), part("Patient.identifier", "b")],
    "an extension": [part("Patient.extension", "x", type=[{"code": "Extension"}])],
    "a target": [part("Patient.generalPractitioner", type=[{
        "code": "Reference", "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Organization"]}])],
}  # fmt: skip
WRONG = {
    "no such element": [part("Patient.nope")],
    "no such part": [part("Patient.name.nope")],
    "another root": [part("Observation.status")],
    "not in order": [part("Patient.gender"), part("Patient.name")],
    "twice": [part("Patient.name"), {**part("Patient.name"), "id": "other"}],
    "fewer": [part("Patient.link.other", min=0)],
    "more": [part("Patient.gender", max="2")],
    "another type": [part("Patient.gender", type=[{"code": "string"}])],
    "another value type": [part("Patient.gender", fixedString="male")],
    "a weaker binding": [part("Patient.gender", binding={**FIELDS, "strength": "example"})],
    "a slice of nothing": [part("Patient.identifier", "a")],
    "another target": [part("Patient.managingOrganization", type=[{
        "code": "Reference", "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Patient"]}])],
}  # fmt: skip


@pytest.mark.parametrize("elements", RIGHT.values(), ids=RIGHT)
def test_a_profile_may_narrow_its_base(errors, elements):
    assert not errors(profile(*elements))


@pytest.mark.parametrize("elements", WRONG.values(), ids=WRONG)
def test_a_profile_cannot_widen_its_base(errors, elements):
    assert "differential" in {rule for rule, _ in errors(profile(*elements))}


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"type": "Observation"}, "type"),
        ({"kind": "complex-type"}, "kind"),
        ({"derivation": "specialization"}, "type"),
    ],
)
def test_a_profile_is_of_the_type_and_kind_of_its_base(errors, more, place):
    assert ("definition-base", f"StructureDefinition.{place}") in errors(profile(**more))


def test_a_base_that_is_not_at_hand_is_a_warning(findings):
    found = findings(profile(baseDefinition="http://e.org/unknown"))
    assert ("warning", "definition-base", "StructureDefinition.baseDefinition") in found


def extension(fixed="http://e.org/p"):
    elements = [part("Extension"), part("Extension.url", fixedUri=fixed)]
    return profile(
        type="Extension", kind="complex-type", differential={"element": elements},
        baseDefinition="http://hl7.org/fhir/StructureDefinition/Extension",
        context=[{"type": "element", "expression": "Patient"}],
    )  # fmt: skip


def test_an_extension_has_its_own_url_and_a_context(errors):
    assert not errors(extension())
    assert ("definition-context", "StructureDefinition.differential") in errors(extension("http://e.org/other"))
    context = [{"type": "element", "expression": "Patient"}]
    assert ("definition-context", "StructureDefinition.context") in errors(profile(context=context))


# --- maps of structures


def structure_map(change):
    group = {
        "name": "g", "typeMode": "none",
        "input": [
            {"name": "s", "type": "Patient", "mode": "source"}, {"name": "t", "type": "Person", "mode": "target"},
        ],
        "rule": [{
            "name": "r", "source": [{"context": "s", "element": "name", "variable": "n"}],
            "target": [{"context": "t", "contextType": "variable", "element": "name", "transform": "copy"}],
        }],
    }  # fmt: skip
    change(group)
    return {
        "resourceType": "StructureMap", "url": "http://e.org/m", "name": "M", "status": "draft", "group": [group],
    }  # fmt: skip


CHANGES = {
    "another input of the name": lambda group: group["input"].append({"name": "s", "mode": "source"}),
    "an unknown type": lambda group: group["input"][0].update(type="Foo"),
    "an unknown source": lambda group: group["rule"][0]["source"][0].update(context="z"),
    "a target as source": lambda group: group["rule"][0]["source"][0].update(context="t"),
    "an unknown target": lambda group: group["rule"][0]["target"][0].update(context="z"),
    "an unknown element": lambda group: group["rule"][0]["source"][0].update(element="nope"),
    "an unknown element of the target": lambda group: group["rule"][0]["target"][0].update(element="nope"),
    "an unknown group": lambda group: group["rule"][0].update(dependent=[{"name": "z", "variable": ["n"]}]),
    "an unknown base": lambda group: group.update(extends="z"),
}


def test_a_structure_map_with_known_names_is_right(errors):
    assert not errors(structure_map(lambda group: None))
    nested = [{"name": "q", "source": [{"context": "n", "element": "family"}]}]
    assert not errors(structure_map(lambda group: group["rule"][0].update(rule=nested)))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_structure_map_uses_names_that_it_has(errors, change):
    assert {rule for rule, _ in errors(structure_map(copy.deepcopy(change)))} == {"structure-map"}
