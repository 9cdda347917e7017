"""What FHIR R4 adds to FHIRPath (https://hl7.org/fhir/R4/fhirpath.html): types, halves of primitives, functions."""

from __future__ import annotations

from typing import Any

import pytest

from hm_fhir.errors import RecordRejected
from hm_fhir.fhir.definitions import r4
from hm_fhir.fhirpath import compile  # noqa: A004

EXTENSION = {"url": "http://x", "valueString": "why"}
DAYS = {"value": 4, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "contained": [
        {"resourceType": "Organization", "id": "o", "name": "Ward"},
        {"resourceType": "Practitioner", "id": "d", "gender": "female"},
    ],
    "active": True,
    "_birthDate": {"id": "b", "extension": [EXTENSION]},
    "gender": "female",
    "_gender": {"extension": [EXTENSION]},
    "name": [{"given": ["Ana", None], "_given": [None, {"extension": [EXTENSION]}]}],
    "multipleBirthInteger": 2,
    "deceasedDateTime": "2020-01",
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "#d"}, {"reference": "#nobody"}, {"display": "Dr"}],
    "extension": [
        {"url": "http://a", "valueQuantity": DAYS},
        {
            "url": "http://b",
            "valueCodeableConcept": {"coding": [{"system": "http://hl7.org/fhir/administrative-gender"}]},
        },
    ],
}


def typed(text: str, root: Any = None, **variables: Any) -> list[Any]:
    data = PATIENT if root is None else root
    return compile(text, types=r4(), root=data["resourceType"]).evaluate(data, variables)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        # choice elements
        ("multipleBirth is integer", [True]),
        ("multipleBirth is FHIR.integer", [True]),
        ("multipleBirth is boolean", [False]),
        ("multipleBirth is System.Integer", [False]),
        ("multipleBirth.ofType(integer) + 1", [3]),
        ("multipleBirth.ofType(boolean)", []),
        ("multipleBirth as integer", [2]),
        ("multipleBirth.as(boolean)", []),
        ("deceased is dateTime", [True]),
        ("deceased.ofType(dateTime) < @2020-02", [True]),
        ("(deceased as dateTime) + 1 month", ["2020-02"]),
        ("extension('http://a').value is Quantity", [True]),
        ("extension('http://a').value.ofType(Quantity).value", [4]),
        ("extension('http://a').value > 3 days", [True]),
        ("extension('http://a').value > 1 week", [False]),
        ("extension.value.type().name", ["Quantity", "CodeableConcept"]),
        # derived types
        ("gender is code", [True]),
        ("gender is string", [True]),
        ("gender is uri", [False]),
        ("contained.ofType(Organization).name", ["Ward"]),
        ("contained.where($this is DomainResource).count()", [2]),
        ("Patient is Resource", [True]),
        ("Resource.id", ["p"]),
        ("name.first() is HumanName", [True]),
        ("name.first() is Element", [True]),
        ("contained.type().name", ["Organization", "Practitioner"]),
        ("active.type().namespace", ["FHIR"]),
        ("true.type().namespace", ["System"]),
        # primitives: value and the other half
        ("birthDate.exists()", [True]),
        ("birthDate", []),
        ("birthDate.hasValue()", [False]),
        ("gender.hasValue()", [True]),
        ("active.hasValue()", [True]),
        ("name.hasValue()", [False]),
        ("name.given.count()", [2]),
        ("name.given", ["Ana"]),
        ("name.given.where(hasValue())", ["Ana"]),
        ("name.given.where(hasValue().not()).extension('http://x').value", ["why"]),
        ("birthDate.extension('http://x').value", ["why"]),
        ("birthDate.extension.url", ["http://x"]),
        ("birthDate.id", ["b"]),
        ("gender.extension('http://x').value", ["why"]),
        ("gender.extension('http://y')", []),
        ("gender = 'female'", [True]),
        ("gender.upper()", ["FEMALE"]),
        ("birthDate < today()", []),
        ("birthDate.getValue()", []),
        ("gender.getValue()", ["female"]),
        ("gender.getValue().type().name", ["String"]),
        # resolve
        ("managingOrganization.resolve().name", ["Ward"]),
        ("managingOrganization.resolve() is Organization", [True]),
        ("generalPractitioner.resolve().gender", ["female"]),
        ("generalPractitioner.reference.resolve().count()", [1]),
        ("'#o'.resolve().name", ["Ward"]),
        ("'#'.resolve().id", ["p"]),
        # value sets and profiles
        ("gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", [True]),
        ("gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1')", [True]),
        ("'man'.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", [False]),
        ("gender.memberOf('http://nobody/knows')", []),
        ("gender.memberOf(%`vs-administrative-gender`)", [True]),
        ("conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", [True]),
        ("conformsTo('http://hl7.org/fhir/StructureDefinition/DomainResource')", [True]),
        ("conformsTo('http://hl7.org/fhir/StructureDefinition/Observation')", [False]),
        # variables
        ("%sct", ["http://snomed.info/sct"]),
        ("%loinc", ["http://loinc.org"]),
        ("%ucum", ["http://unitsofmeasure.org"]),
        ("%`ext-patient-age`", ["http://hl7.org/fhir/StructureDefinition/patient-age"]),
        ("%resource.id", ["p"]),
        ("%context.id", ["p"]),
        ("%rootResource.id", ["p"]),
        ("name.select(%resource.id)", ["p"]),
        # children and descendants
        ("children().where($this is HumanName).given.first()", ["Ana"]),
        ("children().where($this is Quantity)", []),
        ("descendants().where($this is Quantity).value", [4]),
        ("descendants().where($this is code)", ["female", "female", "d"]),
        ("descendants().where($this is Organization).name", ["Ward"]),
        ("name.children().count()", [2]),
        ("gender.children().count()", [1]),
        ("active.children()", []),
        ("repeat(children()).count() = descendants().distinct().count()", [True]),
    ],
)
def test_the_additions_of_fhir(text: str, result: list[Any]) -> None:
    assert typed(text) == result


BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "1"}},
        {
            "fullUrl": "https://x/Observation/2",
            "resource": {
                "resourceType": "Observation",
                "id": "2",
                "subject": {"reference": "urn:uuid:1"},
                "hasMember": [{"reference": "Observation/2"}, {"reference": "https://elsewhere/Observation/3"}],
            },
        },
    ],
}


def test_references_inside_of_a_bundle_are_resolved() -> None:
    assert typed("entry.resource.ofType(Observation).subject.resolve().id", BUNDLE) == ["1"]
    assert typed("entry.resource.ofType(Observation).hasMember.resolve().id", BUNDLE) == ["2"]
    assert typed("entry.resource.ofType(Observation).subject.resolve() is Patient", BUNDLE) == [True]


def test_what_is_outside_is_asked_from_the_environment() -> None:
    class Outside:
        def resolve(self, target: str) -> dict[str, Any] | None:
            return {"resourceType": "Observation", "id": "3"} if target.endswith("/3") else None

        def conforms_to(self, resource: Any, url: str) -> bool:
            return url == "http://profile" and resource["resourceType"] == "Bundle"

    def evaluate(text: str) -> list[Any]:
        return compile(text, types=r4(), root="Bundle").evaluate(BUNDLE, environment=Outside())

    assert evaluate("entry.resource.ofType(Observation).hasMember.resolve().id") == ["2", "3"]
    assert evaluate("conformsTo('http://profile')") == [True]
    assert evaluate("conformsTo('http://other')") == [False]


def test_a_profile_that_is_not_at_hand_is_no_answer() -> None:
    with pytest.raises(RecordRejected, match="not at hand"):
        typed("conformsTo('http://profile')")


def test_the_resource_of_an_element_is_told_from_the_root() -> None:
    observation = {"resourceType": "Observation", "id": "inner", "code": {"text": "x"}}
    expression = compile("%resource.id | %rootResource.id | %context.text", types=r4(), root="CodeableConcept")
    variables = {"resource": observation, "rootResource": BUNDLE | {"id": "outer"}}
    assert expression.evaluate(observation["code"], variables) == ["inner", "outer", "x"]


@pytest.mark.parametrize(
    ("narrative", "safe"),
    [
        ("<p>text</p>", True),
        ("text", True),
        ("<table class='x'><tr><td colspan='2'>a</td></tr></table>", True),
        ("<a href='https://x'>a</a>", True),
        ("<a name='x' title='y'>a</a>", True),
        ("<img src='#image' alt='x'/>", True),
        ("<img src='data:image/png;base64,AAAA' alt='x'/>", True),
        ("<img src='data:image/svg+xml;base64,AAAA' alt='x'/>", False),
        ("<a href='data:text/html,x'>a</a>", False),
        ("<p xml:lang='bg' lang='bg'>текст</p>", True),
        ("<!-- a comment --><b>x</b>", True),
        ("", False),
        ("   ", False),
        ("<p> </p>", False),
        ("<script>alert(1)</script>", False),
        ("<p onclick='x()'>a</p>", False),
        ("<a href='javascript:x()'>a</a>", False),
        ("<a href=' JaVaScRiPt:x()'>a</a>", False),
        ("<a href='vbscript:x'>a</a>", False),
        ("<iframe src='https://x'/>x", False),
        ("<form action='x'>a</form>", False),
        ("<input value='x'/>x", False),
        ("<object data='x'/>x", False),
        ("<link href='x'/>x", False),
        ("<style>b{}</style>x", False),
        ("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>x", False),
        ("<p>a", False),
        ("&nbsp;", False),
        ("<?php x ?>x", False),
        ("<![CDATA[x]]>", False),
    ],
)
def test_narratives(narrative: str, safe: bool) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{narrative}</div>'
    patient = {"resourceType": "Patient", "text": {"status": "generated", "div": div}}
    assert typed("text.`div`.htmlChecks()", patient) == [safe]


@pytest.mark.parametrize(
    "div",
    [
        "<div>no namespace</div>",
        '<p xmlns="http://www.w3.org/1999/xhtml">no div</p>',
        '<!DOCTYPE div [<!ENTITY x "y">]><div xmlns="http://www.w3.org/1999/xhtml">&x;</div>',
        '<?xml version="1.0"?><div xmlns="http://www.w3.org/1999/xhtml">x</div>',
        "not xml",
        "",
    ],
)
def test_what_is_no_narrative_at_all(div: str) -> None:
    assert typed("text.`div`.htmlChecks()", {"resourceType": "Patient", "text": {"div": div}}) == [False]


# --- JSON without types ---


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Patient.name.given", ["Ana"]),
        ("Observation.name", []),
        ("multipleBirthInteger", [2]),
        ("multipleBirth", []),
        ("birthDate", []),
        ("gender.upper()", ["FEMALE"]),
        ("active.type().namespace", ["System"]),
        ("contained.where(resourceType = 'Organization').name", ["Ward"]),
        ("contained.ofType(Organization).name", ["Ward"]),
        ("deceasedDateTime < @2020-02", [True]),
        ("managingOrganization.resolve().name", ["Ward"]),
        ("children().count() > 5", [True]),
        ("descendants().where($this = 'Ward').count()", [1]),
        ("gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", []),
        ("extension('http://a').valueQuantity.value", [4]),
    ],
)
def test_json_without_types(text: str, result: list[Any]) -> None:
    assert compile(text).evaluate(PATIENT) == result


def test_without_types_the_root_may_be_a_list() -> None:
    assert compile("a").evaluate([{"a": 1}, {"a": 2}]) == [1, 2]
    assert compile("$this.count()").evaluate([]) == [0]
