"""What a resource may reference."""

from __future__ import annotations

import pytest


def key(resource):
    return f"{resource['resourceType']}/{resource['id']}"


def gone(server):
    patient = server.stored(server.patient())
    server.delete(patient)
    return key(patient)


@pytest.mark.parametrize(
    ("rule", "reference"),
    [
        ("a reference to something absent", lambda server: "Patient/never-here"),
        ("a reference to something deleted", gone),
        ("a reference to another server", lambda server: "https://fhir.example.org/Patient/x"),
        ("a reference by a word", lambda server: "nobody"),
        ("a reference by urn outside a transaction", lambda server: "urn:uuid:8f6a2f2e-6c0b-4a0f-9d7e-2f1f4d0f6b11"),
    ],
)
def test_references_that_lead_nowhere(server, rule, reference):
    observation = server.observation(reference(server))
    assert server.put(observation).status_code == server.says(rule)
    assert server.exists(observation) is (server.says(rule) == 201)


def test_references_that_are_accepted(server):
    patient = server.stored(server.patient())
    contained = server.patient(id="inside")
    for subject in ({"reference": key(patient)}, {"identifier": {"system": "urn:x", "value": "1"}}):
        assert server.put(server.observation("") | {"subject": subject}).status_code == 201
    assert server.put(server.observation("#inside", contained=[contained])).status_code == 201


def test_a_reference_in_a_contained_resource(server):
    inside = server.observation("Patient/never-here", id="inside")
    answer = server.put(server.observation(key(server.stored(server.patient())), contained=[inside]))
    assert answer.status_code == server.says("a reference in a contained resource to something absent")


def test_a_reference_that_no_search_parameter_covers(server):
    url = "urn:hm-fhir:extension"
    patient = server.patient(extension=[{"url": url, "valueReference": {"reference": "Patient/never-here"}}])
    rule = "a reference without a search parameter to something absent"
    assert server.put(patient).status_code == server.says(rule)


def test_a_conditional_reference_becomes_what_it_matches(server, refused):
    patient = server.stored(server.patient())
    observation = server.observation(f"Patient?identifier={patient['identifier'][0]['system']}|{patient['id']}")
    assert server.bundle(server.puts(observation)).status_code == 200
    assert server.get(key(observation)).json()["subject"]["reference"] == key(patient)
    lost = server.observation("Patient?identifier=urn:x|never-here")
    refused(server.bundle(server.puts(lost)), 404)
    assert server.put(lost).status_code == server.says("a conditional reference that matches nothing, alone")


def test_deleting_what_is_referenced(server):
    patient = server.stored(server.patient())
    observation = server.stored(server.observation(key(patient)))
    assert server.delete(patient).status_code == server.says("deleting what is referenced")
    server.delete(observation)
    assert server.delete(patient).status_code in (200, 204)
