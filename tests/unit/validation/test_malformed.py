"""Whatever stands where something else belongs: a finding, never a crash."""

from __future__ import annotations

import copy
import random
from decimal import Decimal
from typing import Any

import pytest

JUNK: list[Any] = [
    None, 1, True, "x", "#", "", [], {}, ["x"], [None], [[]], {"a": 1}, Decimal("1.5"), {"resourceType": 1}, [1, {}],
    "\ud800", {"reference": 3}, [{"reference": []}], "Patient?", "urn:uuid:", "http://",
]  # fmt: skip

DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="#p">x</a></div>'
PATIENT = {
    "resourceType": "Patient", "id": "p", "language": "bg", "meta": {"security": [{"code": "R"}, {"code": "N"}]},
    "text": {"status": "generated", "div": DIV}, "identifier": [{"id": "a", "system": "http://e.org", "value": "1"}],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "x", "partOf": {"reference": "#"}}],
    "photo": [{"contentType": "text/plain", "data": "aGVsbG8=", "size": 5, "hash": "qvTGHdzF6KLavt4PO0gs2a6pQ00="}],
    "managingOrganization": {"reference": "#o", "type": "Organization"},
}  # fmt: skip
FORM = {
    "resourceType": "Questionnaire", "id": "q", "status": "draft", "item": [
        {"linkId": "1", "type": "choice", "answerOption": [{"valueCoding": {"code": "x"}}]},
        {"linkId": "2", "type": "integer",
         "enableWhen": [{"question": "1", "operator": "exists", "answerBoolean": True}],
         "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueInteger": 1}]},
    ],
}  # fmt: skip
ANSWERS = {
    "resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "#q", "contained": [FORM],
    "item": [{"linkId": "1", "answer": [{"valueCoding": {"code": "x"}}]},
             {"linkId": "2", "answer": [{"valueInteger": 1, "item": [{"linkId": "3"}]}]}],
}  # fmt: skip
DOCUMENT = {
    "resourceType": "Bundle", "type": "document", "timestamp": "2026-01-01T00:00:00Z",
    "identifier": {"system": "http://e.org", "value": "1"},
    "link": [{"relation": "self", "url": "http://e.org"}, {"relation": "stylesheet", "url": "Binary/x"}],
    "entry": [
        {"fullUrl": "http://e.org/Composition/c", "resource": {
            "resourceType": "Composition", "id": "c", "status": "final", "type": {"text": "x"}, "date": "2026",
            "author": [{"reference": "Patient/p"}], "title": "x", "attester": [{"party": {"reference": "Patient/p"}}],
            "section": [{"title": "x", "entry": [{"reference": "Patient/p"}]}]}},
        {"fullUrl": "http://e.org/Patient/p", "resource": PATIENT},
    ],
}  # fmt: skip
SEARCH = {
    "resourceType": "Bundle", "type": "searchset", "link": [{"relation": "self", "url": "http://e.org/Patient?a=b"}],
    "entry": [{"fullUrl": "http://e.org/Patient/p", "resource": PATIENT, "search": {"mode": "match"}}],
}  # fmt: skip
TRANSACTION = {
    "resourceType": "Bundle", "type": "transaction",
    "entry": [{"fullUrl": "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c1", "resource": PATIENT,
               "request": {"method": "PUT", "url": "Patient/p"}}],
}  # fmt: skip
CODES = {
    "resourceType": "CodeSystem", "url": "http://e.org/cs", "status": "draft", "content": "complete", "count": 1,
    "property": [{"code": "p", "uri": "http://e.org/p", "type": "string"}],
    "concept": [{"code": "a", "property": [{"code": "p", "valueString": "x"}], "concept": [{"code": "b"}]}],
}  # fmt: skip
VALUES = {
    "resourceType": "ValueSet", "status": "draft",
    "compose": {"include": [{"system": "http://e.org/cs"}], "exclude": [{"system": "http://e.org/cs"}]},
}  # fmt: skip
MAP = {
    "resourceType": "ConceptMap", "status": "draft", "sourceUri": "http://e.org/vs",
    "group": [{"source": "http://e.org/cs", "target": "http://e.org/ct", "element": [
        {"code": "a", "target": [{"code": "b", "equivalence": "equal"}]}]}],
}  # fmt: skip
PROFILE = {
    "resourceType": "StructureDefinition", "url": "http://e.org/p", "name": "P", "status": "draft",
    "kind": "resource", "abstract": False, "type": "Patient", "derivation": "constraint",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "differential": {"element": [
        {"id": "Patient", "path": "Patient"},
        {"id": "Patient.name", "path": "Patient.name", "min": 1, "max": "1", "type": [{"code": "HumanName"}]},
        {"id": "Patient.gender", "path": "Patient.gender", "fixedCode": "male", "binding": {"strength": "required"}},
    ]},
}  # fmt: skip
SEARCH_PARAMETER = {
    "resourceType": "SearchParameter", "url": "http://e.org/sp", "name": "S", "status": "draft", "description": "d",
    "code": "s", "base": ["Patient"], "type": "string", "expression": "Patient.name",
    "component": [{"definition": "http://e.org", "expression": "x"}],
}  # fmt: skip
STRUCTURE_MAP = {
    "resourceType": "StructureMap", "url": "http://e.org/m", "name": "M", "status": "draft",
    "structure": [{"url": "http://e.org/x", "mode": "source", "alias": "X"}],
    "group": [{"name": "g", "typeMode": "none", "extends": "g",
               "input": [{"name": "s", "type": "X", "mode": "source"}],
               "rule": [{"name": "r", "source": [{"context": "s", "element": "name", "variable": "n"}],
                         "target": [{"context": "s"}], "dependent": [{"name": "g", "variable": ["n"]}],
                         "rule": [{"name": "q", "source": [{"context": "n"}]}]}]}],
}  # fmt: skip
RESOURCES = [
    PATIENT, FORM, ANSWERS, DOCUMENT, SEARCH, TRANSACTION, CODES, VALUES, MAP, PROFILE, SEARCH_PARAMETER,
    STRUCTURE_MAP,
]  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return all containers of a JSON value with each of their keys."""
    found: list[tuple[Any, Any]] = []
    todo = [value]
    while todo:
        one = todo.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        found += [(one, key) for key in keys]
        todo += [one[key] for key in keys]
    return found


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource["resourceType"])
def test_junk_in_any_place_is_found_without_a_crash(plain_validator, resource):
    for number in range(len(places(resource))):
        for junk in JUNK:
            damaged = copy.deepcopy(resource)
            holder, key = places(damaged)[number]
            holder[key] = copy.deepcopy(junk)
            plain_validator.validate(damaged)


def test_junk_in_several_places_is_found_without_a_crash(plain_validator):
    dice = random.Random(7)
    for _ in range(1500):
        damaged = copy.deepcopy(dice.choice(RESOURCES))
        for _ in range(dice.randint(2, 5)):
            holder, key = dice.choice(places(damaged))
            holder[key] = copy.deepcopy(dice.choice(JUNK))
            if not places(damaged):
                break
        plain_validator.validate(damaged)
