"""References: what their text says, and which resource of a bundle they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.validation.references import BundleIndex, ParsedReference, is_search, parse_reference, references_in

BASE = "http://example.org/fhir/"
URN = "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c"


def observation(reference, **more):
    return {
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "subject": {"reference": reference, **more},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("Patient/1", ParsedReference("relative", "Patient", "1")),
        ("Patient/1/_history/2", ParsedReference("relative", "Patient", "1", "2")),
        ("http://e.org/fhir/Patient/1", ParsedReference("absolute", "Patient", "1", None, "http://e.org/fhir/")),
        (
            "http://e.org/fhir/Patient/1/_history/2",
            ParsedReference("absolute", "Patient", "1", "2", "http://e.org/fhir/"),
        ),
        ("http://e.org/other", ParsedReference("absolute")),
        ("urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", ParsedReference("urn")),
        ("#p", ParsedReference("contained", id="p")),
        ("#", ParsedReference("contained", id="")),
        ("Patient?identifier=a|b", ParsedReference("conditional", "Patient")),
        ("Foo/1", ParsedReference("odd")),
        ("patient/1", ParsedReference("odd")),
        ("Patient/a_b", ParsedReference("odd")),
        ("hello", ParsedReference("odd")),
        ("", ParsedReference("odd")),
    ],
)
def test_the_text_of_a_reference_tells_form_type_and_id(text, parsed):
    assert parse_reference(text) == parsed


@given(st.text())
def test_any_text_can_be_parsed(text):
    assert parse_reference(text).form in ("relative", "absolute", "urn", "contained", "conditional", "odd")


def test_a_search_has_a_known_type_and_parameters_with_values():
    assert is_search("Patient?identifier=a|b&name:exact=x")
    assert not any(map(is_search, ["Patient?x", "Patient?", "Foo?a=b", "Patient", "?a=b"]))


def entry(resource, url=None):
    return {"resource": resource, **({"fullUrl": url} if url else {})}


PATIENT = {"resourceType": "Patient", "id": "p"}
OLD = {"resourceType": "Patient", "id": "p", "meta": {"versionId": "1"}}


def index_of(*entries, kind="collection"):
    return BundleIndex({"resourceType": "Bundle", "type": kind, "entry": list(entries)})


def test_a_relative_reference_belongs_to_the_server_of_its_entry():
    here, there = observation("Patient/p"), observation("Patient/p")
    index = index_of(
        entry(PATIENT, f"{BASE}Patient/p"),
        entry(here, f"{BASE}Observation/o"),
        entry(there, "http://f.org/Observation/o"),
    )
    assert index.resolve("Patient/p", here) is PATIENT
    assert index.resolve("Patient/p", there) is None
    assert index.same_name("Patient/p") == [PATIENT]
    assert index.resolve(f"{BASE}Patient/p", there) is PATIENT


def test_a_reference_in_a_contained_resource_belongs_to_the_entry_around():
    inner = {"resourceType": "Observation", "id": "i"}
    outer = {"resourceType": "Encounter", "id": "e", "contained": [inner]}
    index = index_of(entry(PATIENT, f"{BASE}Patient/p"), entry(outer, f"{BASE}Encounter/e"))
    assert index.resolve("Patient/p", inner) is PATIENT


def test_a_urn_means_the_entry_with_this_full_url():
    here = observation(f"{URN}1")
    index = index_of(entry(PATIENT, f"{URN}1"), entry(here, f"{URN}2"))
    assert index.resolve(f"{URN}1", here) is PATIENT
    assert index.resolve(f"{URN}3", here) is None
    assert index.resolve(f"Patient/{URN[9:]}1", here) is PATIENT


def test_a_version_is_looked_for_in_meta():
    here = observation("x")
    index = index_of(entry(OLD, f"{BASE}Patient/p"), entry(here, f"{BASE}Observation/o"))
    assert index.resolve("Patient/p/_history/1", here) is OLD
    assert index.resolve(f"{BASE}Patient/p/_history/1", here) is OLD
    assert index.resolve("Patient/p/_history/2", here) is None


def test_an_entry_without_full_url_resolves_nothing_relative():
    here = observation("Patient/p")
    assert index_of(entry(PATIENT), entry(here)).resolve("Patient/p", here) is None


def test_malformed_bundles_are_read_as_far_as_they_go():
    for bundle in (
        None,
        [],
        {},
        {"entry": 1},
        {"entry": [1, None, {}, {"resource": 1}, {"fullUrl": 3, "resource": {}}]},
    ):
        assert BundleIndex(bundle).resolve("Patient/p", {}) is None


def test_all_references_of_a_resource_are_found_but_not_those_of_a_bundle_in_it():
    resource = {
        "resourceType": "Parameters",
        "parameter": [
            {"valueReference": {"reference": "Patient/1"}},
            {"valueUri": "http://e.org"},
            {"resource": {"resourceType": "Bundle", "entry": [{"resource": observation("Patient/2")}]}},
        ],
    }
    assert set(references_in(resource)) == {("Patient/1", True), ("http://e.org", False)}


# --- as rules of a resource


@pytest.mark.parametrize(
    ("reference", "severity", "rule"),
    [
        ("Patient/1", None, None),
        ("http://e.org/x", None, None),
        ("urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", None, None),
        ("Patient?identifier=a|b", None, None),
        ("Patient?x", "error", "reference-format"),
        ("Patient/a b", "error", "reference-format"),
        ("#", "error", "reference-unresolved"),
        ("patient/1", "warning", "reference-format"),
        ("hello", "warning", "reference-format"),
    ],
)
def test_the_form_of_a_reference_is_judged(findings, reference, severity, rule):
    found = {(one, name) for one, name, place in findings(observation(reference)) if place == "Observation.subject"}
    assert (severity, rule) in found if severity else not found


def test_the_type_of_a_reference_is_the_one_of_its_target(findings):
    assert ("error", "reference-type", "Observation.subject") in findings(observation("Patient/1", type="Group"))
    assert not findings(observation("Patient/1", type="Patient"))
    assert not findings(observation("http://e.org/x", type="Patient"))


def test_a_reference_that_says_nothing_should_have_a_display(findings):
    empty = observation("x") | {"subject": {"type": "Patient"}}
    assert ("warning", "reference-display", "Observation.subject") in findings(empty)
    assert not findings(empty | {"subject": {"display": "x"}})
    assert not findings(empty | {"subject": {"identifier": {"value": "1"}}})
