"""Explain: every element of the output has the place, the expression and the fields that made it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.config import Identifiers
from hm_fhir.mapping.cases import Case, load_cases
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.inspection.explain import Explainer, explain
from hm_fhir.mapping.inspection.explanation import ExplainedResource, Explanation, Origin
from hm_fhir.mapping.loader import load_pack

ROOT = Path(__file__).parents[2]
CODE_SYSTEMS = read_code_systems(ROOT / "profiles" / "package")
MAPPED = [case for case in load_cases(ROOT / "mappings" / "cases") if case.spec.refused is None]
ACTIVITY: dict[str, Any] = {
    "key": "tests|1",
    "type": "home-visit",
    "status": "completed",
    "note": "confidential",
    "topics": ["hygiene", "rights"],
    "persons": [{"key": "p|1", "name": {"family": "Примерова", "given": ["Проба", "Втора"]}}],
    "period": {"start": "2026-03-06"},
    "sensitivity": ["SOC"],
}
MAPPING = """\
mapping: everything
version: 1.0.0
when: "type = 'home-visit'"
assign:
  - known: "{{ iif(status = 'planned', updated_at, period.start) }}"
refuse:
  - code: no-period
    when: "%known.empty()"
    say: nobody knows when
resources:
  - name: patient
    type: Patient
    shared: true
    each: persons
    key: "%item.key"
    template:
      identifier: {value: own}
      name:
        "{{ %item.name }}": {family: "{{ family }}", given: "{[ given ]}"}
  - name: nobody
    type: Group
    if: group.exists()
    template: {type: person}
  - name: never
    type: Group
    each: documents
    template: {type: person}
  - name: observation
    type: Observation
    profile: http://profiles.example/observation
    template:
      meta:
        source: "#{{ type }}"
        security: [{system: "urn:own", code: OWN}]
      "{% assign %}":
        - person: "{{ persons }}"
        - names: "{[ %person.name.given ]}"
      "{% merge %}":
        - status: final
          code: {text: "{{ note }}"}
        - code: {text: "{{ type }} at {{ %known }}"}
      code: {text: hidden}
      subject: "{{ reference('patient') }}"
      effectiveDateTime: "{{ %known }}"
      note:
        - "{% for i, topic in topics %}":
            "{% if %topic = 'hygiene' %}": [{text: "{{ %topic }}"}, {text: "{{ %i }}"}]
            "{% else %}": {text: other}
        - text: "{{ %names.first() }}"
      valueQuantity: {value: 1.50, unit: "{{ missing }}"}
      bodySite:
        coding: ["{{ missing }}", {code: "{{ %names }}"}]
"""


def mapper_of(folder: Path, mapping: str) -> Mapper:
    (folder / "pack.yaml").write_text("pack: tests\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "mapping.yaml").write_text(mapping.replace("missing", "case_key"), encoding="utf-8")
    return Mapper([load_pack(folder)], Identity(bytes(32), key_id="tests", system="urn:tests"), CODE_SYSTEMS)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Mapper:
    return mapper_of(tmp_path_factory.mktemp("pack"), MAPPING)


@pytest.fixture(scope="module")
def base() -> tuple[Mapper, Explainer]:
    identity = Identity(bytes(32), key_id="tests", system="urn:tests")
    mapper = Mapper([load_pack(ROOT / "mappings")], identity, CODE_SYSTEMS, Identifiers().by_kind())
    return mapper, Explainer(mapper)


def at(content: Any, location: str) -> Any:
    for name, index in re.findall(r"\.([^.\[]+)|\[(\d+)\]", location):
        content = content[name] if name else content[int(index)]
    return content


def leaves(value: Any, location: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{location}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{location}[{number}]")
    elif value is not None:
        yield location


def check(mapper: Mapper, activity: dict[str, Any], explanation: Explanation) -> None:
    """Every leaf of every resource is in exactly one element, and every element has the value of its location."""
    mapped = mapper.map(activity)
    assert mapped is not None
    assert [one.key for one in explanation.resources] == [one.key for one in mapped.resources]
    for resource, explained in zip(mapped.resources, explanation.resources, strict=True):
        of_elements = []
        for element in explained.elements:
            assert at(resource.content, element.location) == element.value
            of_elements += leaves(element.value, element.location)
        assert sorted(of_elements) == sorted(leaves(resource.content, resource.type))


def origins(explanation: Explanation, name: str) -> dict[str, Origin]:
    return {element.location: element.origin for element in resource(explanation, name).elements}


def resource(explanation: Explanation, name: str) -> ExplainedResource:
    return next(one for one in explanation.resources if one.name == name)


@pytest.mark.parametrize("case", MAPPED, ids=lambda case: case.name)
def test_every_element_of_the_base_pack_is_explained(case: Case, base: tuple[Mapper, Explainer]) -> None:
    mapper, explainer = base
    activity = Activity.model_validate(case.spec.activity).for_mapping()
    explanation = explainer.explain(activity)
    check(mapper, activity, explanation)
    for explained in explanation.resources:
        for element in explained.elements:
            assert re.search(r"\.yaml:\d+:\d+$", element.origin.place)
            assert element.origin.expression


def test_every_construct_of_the_template_language_is_explained(everything: Mapper) -> None:
    check(everything, ACTIVITY, explain(everything, ACTIVITY))


def test_an_element_names_its_line_expression_fields_and_conditions(everything: Mapper) -> None:
    found = origins(explain(everything, ACTIVITY), "observation")
    line = next(number for number, text in enumerate(MAPPING.splitlines(), 1) if "other}" in text)
    other = found["Observation.note[2].text"]
    assert (other.expression, other.inputs) == ("other", ())
    assert other.place.endswith(f"mapping.yaml:{line}:34")
    assert other.conditions == ("for topics", "if not %topic = 'hygiene'")
    assert found["Observation.note[0].text"].inputs == ("topics",)
    assert found["Observation.code.text"].expression == "{{ type }} at {{ %known }}"


def test_fields_are_found_through_variables_loops_contexts_and_references(everything: Mapper) -> None:
    explanation = explain(everything, ACTIVITY)
    found = origins(explanation, "observation")
    assert found["Observation.effectiveDateTime"].inputs == ("period.start", "status", "updated_at")
    assert found["Observation.note[3].text"].inputs == ("persons.name.given",)
    assert found["Observation.subject"].inputs == ("persons.key",)
    assert origins(explanation, "patient")["Patient.name[0].family"].inputs == ("persons.name.family",)


def test_what_the_engine_adds_is_explained(everything: Mapper) -> None:
    explanation = explain(everything, ACTIVITY)
    patient, found = origins(explanation, "patient"), origins(explanation, "observation")
    assert patient["Patient.id"].expression == "%item.key"
    assert patient["Patient.id"].inputs == ("persons.key",)
    assert patient["Patient.identifier[0]"].is_added
    assert not patient["Patient.identifier[1].value"].is_added
    assert found["Observation.id"].inputs == ("key",)
    assert found["Observation.meta.profile[0]"].expression == "http://profiles.example/observation"
    assert found["Observation.meta.security[0]"].inputs == ("sensitivity",)
    assert not found["Observation.meta.security[2]"].is_added
    assert found["Observation.meta.source"].inputs == ("type",)


def test_what_was_not_made_says_what_decided(everything: Mapper) -> None:
    found = {one.name: one for one in explain(everything, ACTIVITY).not_made}
    assert set(found) == {"nobody", "never"}
    assert (found["nobody"].because, found["nobody"].inputs) == ("if group.exists() is not true", ("group",))
    assert (found["never"].because, found["never"].inputs) == ("each documents has no items", ("documents",))
    assert found["nobody"].place.endswith(":22:9")


def test_a_refusal_names_its_rule_and_fields(everything: Mapper) -> None:
    refused = explain(everything, {**ACTIVITY, "period": {}}).refused
    assert refused is not None
    assert (refused.code, refused.expression) == ("no-period", "%known.empty()")
    assert refused.inputs == ("period.start", "status", "updated_at")
    assert refused.place.endswith("mapping.yaml:8:12")


def test_an_activity_that_no_mapping_takes_is_not_explained(everything: Mapper) -> None:
    assert explain(everything, {**ACTIVITY, "type": "phone-contact"}) == Explanation(None)


def test_a_failing_expression_is_a_refusal_with_its_element(tmp_path: Path) -> None:
    mapping = MAPPING.replace('effectiveDateTime: "{{ %known }}"', 'effectiveDateTime: "{{ topics.single() }}"')
    refused = explain(mapper_of(tmp_path, mapping), ACTIVITY).refused
    assert refused is not None
    assert refused.code == "expression-failed"
    line = next(number for number, text in enumerate(mapping.splitlines(), 1) if "topics.single()" in text)
    assert refused.place.endswith(f"mapping.yaml:{line}:{mapping.splitlines()[line - 1].index('topics') + 1}")
    assert (refused.expression, refused.inputs) == ("topics.single()", ("topics",))


@pytest.mark.parametrize(
    ("old", "new"),
    [("if: group.exists()", "each: topics.single()"), ("if: group.exists()", "if: topics.single() = 'a'")],
)
def test_a_failing_expression_of_a_rule_is_found_with_its_fields(tmp_path: Path, old: str, new: str) -> None:
    refused = explain(mapper_of(tmp_path, MAPPING.replace(old, new)), ACTIVITY).refused
    assert refused is not None
    assert refused.expression == new.partition(": ")[2]
    assert refused.inputs == ("topics",)
    assert ".yaml:" in refused.place


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("Observation.code.text", "{{ type }} at {{ %known }}"),
        ("Observation.value.ofType(Quantity).value", "1.50"),
        ("Observation.valueQuantity.value", "1.50"),
        ("Observation.effective", "%known"),
        ("Observation.effective.ofType(dateTime)", "%known"),
        ("Observation.subject.reference", "reference('patient')"),
        ("Observation.note[2].text.extension[0]", "other"),
        ("Observation.status[0]", "final"),
        ("Observation.performer", "resource observation"),
        ("Observation", "resource observation"),
    ],
)
def test_an_outcome_location_leads_to_its_origin(location: str, found: str, everything: Mapper) -> None:
    explanation = explain(everything, ACTIVITY)
    origin = explanation.origin(resource(explanation, "observation").key, location)
    assert origin is not None
    assert origin.expression == found


def test_a_resource_that_is_not_there_has_no_origin(everything: Mapper) -> None:
    assert explain(everything, ACTIVITY).origin("Patient/unknown", "Patient.name") is None


def test_no_value_of_the_activity_is_in_the_representation(everything: Mapper) -> None:
    shown = repr(explain(everything, ACTIVITY))
    assert "observation" in shown
    assert not any(value in shown for value in ("Примерова", "confidential", "2026-03-06", "p|1"))
