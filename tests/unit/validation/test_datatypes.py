"""Rules of data types and of contained resources that stand in no invariant."""

from __future__ import annotations

import base64
import hashlib

import pytest

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
ORGANIZATION = {"resourceType": "Organization", "id": "o", "name": "x"}


def patient(**more):
    return {"resourceType": "Patient", **more}


def quantity(**more):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "valueQuantity": {"value": 1, **more},
    }


def rules(found, severity="error"):
    return {rule for one, rule, _ in found if one == severity}


@pytest.mark.parametrize(("system", "value", "severity"), [
    ("http://e.org/x", "1", None), ("https://e.org/x", "1", None), ("urn:oid:1.2.3.4", "1", None),
    ("ldap://x", "1", None), ("foo", "1", "error"), ("ftp://x", "1", "error"), ("mailto:a@b", "1", "error"),
    ("urn:ietf:rfc:3986", "http://e.org", None), ("urn:ietf:rfc:3986", "1.2.3", "error"),
    ("https://tools.ietf.org/html/rfc4122", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "warning"),
    ("https://tools.ietf.org/html/rfc4122", "foo", "error"),
])  # fmt: skip
def test_the_system_of_an_identifier_is_absolute(findings, system, value, severity):
    found = findings(patient(identifier=[{"system": system, "value": value}]))
    assert found == ({(severity, "identifier-system", "Patient.identifier[0]")} if severity else set())


@pytest.mark.parametrize(("system", "right"), [
    ("http://e.org/cs", True), ("urn:oid:1.2.3.4", True), ("foo", False), ("http://e.org/ValueSet/x", False),
])  # fmt: skip
def test_the_system_of_a_coding_should_be_that_of_a_code_system(findings, system, right):
    found = findings(patient(maritalStatus={"coding": [{"system": system, "code": "x"}]}))
    assert (("warning", "coding-system", "Patient.maritalStatus.coding[0]") not in found) == right


def test_the_system_of_a_quantity_must_be_absolute_and_annotations_are_for_people(findings):
    place = "Observation.value.ofType(Quantity)"
    assert ("error", "coding-system", place) in findings(quantity(system="foo", code="x"))
    annotated = quantity(system="http://unitsofmeasure.org", code="{visits}", unit="visits")
    assert ("warning", "ucum-annotation", place) in findings(annotated)
    assert not findings(quantity(system="http://unitsofmeasure.org", code="kg", unit="kg"))


CONTENT = b"hello"
DATA = base64.b64encode(CONTENT).decode()
HASH = base64.b64encode(hashlib.sha1(CONTENT).digest()).decode()


@pytest.mark.parametrize(("attachment", "rule"), [
    ({"data": DATA, "size": 5, "hash": HASH}, None), ({"data": DATA, "size": 6}, "attachment-size"),
    ({"data": DATA, "hash": "AAAA"}, "attachment-hash"), ({"url": "http://e.org", "size": 9}, None),
])  # fmt: skip
def test_size_and_hash_of_an_attachment_are_those_of_its_data(findings, attachment, rule):
    found = findings(patient(photo=[{"contentType": "text/plain", **attachment}]))
    assert found == ({("error", rule, "Patient.photo[0]")} if rule else set())


def test_an_attachment_without_anything_is_a_warning(findings):
    assert ("warning", "attachment-empty", "Patient.photo[0]") in findings(patient(photo=[{"title": "x"}]))


def test_a_security_label_stands_once(findings):
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    found = findings(patient(meta={"security": [label, label]}))
    assert ("error", "security-label-twice", "Patient.meta.security[1]") in found
    assert not findings(patient(meta={"security": [label, {**label, "code": "N"}]}))


def test_the_id_of_an_element_stands_once_in_its_resource(findings):
    twice = patient(name=[{"id": "a", "family": "x"}], contact=[{"id": "a", "name": {"family": "y"}}])
    assert ("error", "duplicate-id", "Patient.contact[0]") in findings(twice)
    apart = patient(
        id="a", name=[{"id": "a", "family": "x"}], managingOrganization={"reference": "#o"},
        contained=[{**ORGANIZATION, "identifier": [{"id": "a", "value": "1"}]}],
    )  # fmt: skip
    assert not findings(apart)


# --- contained resources


def test_a_contained_resource_is_referred_to_by_a_reference_a_url_or_the_narrative(findings):
    assert not findings(patient(contained=[ORGANIZATION], managingOrganization={"reference": "#o"}))
    link = {"status": "generated", "div": DIV.format("<a href='#o'>x</a>")}
    assert "contained-unreferenced" not in rules(findings(patient(contained=[ORGANIZATION], text=link)))
    by_url = [{"url": "http://e.org/x", "valueUri": "#o"}]
    assert "contained-unreferenced" not in rules(findings(patient(contained=[ORGANIZATION], extension=by_url)))
    by_text = [{"url": "http://e.org/x", "valueString": "#o"}]
    assert "contained-unreferenced" in rules(findings(patient(contained=[ORGANIZATION], extension=by_text)))


def test_a_contained_resource_may_be_referred_to_by_one_that_is(findings):
    chain = [{**ORGANIZATION, "partOf": {"reference": "#p"}}, {**ORGANIZATION, "id": "p"}]
    assert not findings(patient(contained=chain, managingOrganization={"reference": "#o"}))
    lost = {place for _, rule, place in findings(patient(contained=chain)) if rule == "contained-unreferenced"}
    assert lost == {"Patient.contained[0]", "Patient.contained[1]"}


def test_a_contained_resource_that_refers_to_its_holder_is_in_use(findings):
    inner = {
        "resourceType": "Observation", "id": "b", "status": "final", "code": {"text": "x"},
        "subject": {"reference": "#"},
    }  # fmt: skip
    assert not findings(patient(contained=[inner]))


def test_a_contained_resource_has_an_id_of_its_own(findings):
    owner = {"reference": "#o"}
    nameless = [{"resourceType": "Organization", "name": "x"}]
    assert "contained-id" in rules(findings(patient(contained=nameless)))
    assert "contained-id" in rules(
        findings(patient(contained=[ORGANIZATION, ORGANIZATION], managingOrganization=owner))
    )


# --- narrative


def narrative(inner, **more):
    return patient(text={"status": "generated", "div": DIV.format(inner)}, **more)


def test_a_narrative_is_safe_and_says_something(findings):
    assert not findings(narrative("<p>x</p>"))
    place = "Patient.text.div"
    assert findings(narrative("<script>x</script>")) == {("error", "txt-1", place)}
    assert findings(narrative(" ")) == {("error", "txt-2", place)}
    assert findings(narrative("&nbsp;")) == {("error", "narrative-xml", place)}
    assert findings(narrative("<a href='javascript:x'>x</a>")) == {("error", "narrative-link", place)}


def test_a_link_in_a_narrative_leads_to_an_id_in_the_resource(findings):
    assert ("error", "narrative-link", "Patient.text.div") in findings(narrative("<a href='#q'>x</a>"))
    assert not findings(narrative("<a href='#q'>x</a>", id="q"))
    assert not findings(narrative("<a href='#q'>x</a>", name=[{"id": "q", "family": "x"}]))
    assert not findings(narrative("<a href='#q'>x</a><p id='q'>y</p>"))
    assert not findings(narrative("<img src='#q'/>", photo=[{"id": "q", "contentType": "image/png"}]))


@pytest.mark.parametrize(("attributes", "right"), [
    (" lang='bg' xml:lang='bg'", True), ("", False), (" lang='bg'", False), (" lang='en' xml:lang='en'", False),
])  # fmt: skip
def test_a_narrative_says_the_language_of_its_resource(findings, attributes, right):
    div = DIV.format("x").replace("<div", f"<div{attributes}", 1)
    found = findings(patient(language="bg", text={"status": "generated", "div": div}))
    assert (("warning", "narrative-language", "Patient") not in found) == right
