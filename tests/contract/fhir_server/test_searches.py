"""Searches: the parameters that the loopback server knows, and pages."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import chain

import pytest

from hm_fhir.testing.search_parameters import PARAMETERS


def key(resource):
    return f"{resource['resourceType']}/{resource['id']}"


@pytest.fixture(scope="module")
def people(server):
    """Five patients, in order of creation, each in a millisecond of its own."""
    found = []
    for _ in range(5):
        found.append(server.stored(server.patient()))
        time.sleep(0.002)
    return found


def ids_of(resources):
    return sorted(resource["id"] for resource in resources)


def test_by_id(server, people):
    one, two = people[:2]
    assert server.found(f"Patient?_id={one['id']}") == [one["id"]]
    assert sorted(server.found(f"Patient?_id={one['id']},{two['id']},never-here")) == ids_of([one, two])
    assert server.found(f"Patient?_id={one['id']}&_id={two['id']}") == []


def test_by_identifier(server, people):
    one, two = people[:2]
    system = one["identifier"][0]["system"]
    for value in (f"{system}|{one['id']}", f"{system}%7C{one['id']}", one["id"]):
        assert server.found(f"Patient?identifier={value}") == [one["id"]]
    both = f"Patient?identifier={system}|{one['id']},{system}|{two['id']}"
    assert sorted(server.found(both)) == ids_of([one, two])
    assert set(server.found(f"Patient?identifier={system}|&_count=100")) >= set(ids_of(people))
    assert server.found(f"Patient?identifier=|{one['id']}") == []
    assert server.found(f"Patient?identifier=urn:other|{one['id']}") == []


def test_a_changed_or_deleted_resource_is_found_by_what_it_has_now(server):
    patient = server.stored(server.patient())
    system = patient["identifier"][0]["system"]
    server.put(patient | {"identifier": [{"system": system, "value": f"{patient['id']}-new"}]})
    assert server.found(f"Patient?identifier={system}|{patient['id']}") == []
    assert server.found(f"Patient?identifier={system}|{patient['id']}-new") == [patient["id"]]
    server.delete(patient)
    assert server.found(f"Patient?identifier={system}|{patient['id']}-new") == []


def test_by_reference_status_and_code(server, people):
    patient, other = people[:2]
    encounter = server.stored(
        {
            "resourceType": "Encounter",
            "id": f"e-{patient['id'][2:]}",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HH"},
            "subject": {"reference": key(patient)},
        }
    )
    final = server.stored(server.observation(key(patient), encounter={"reference": key(encounter)}))
    amended = server.stored(server.observation(key(patient), status="amended"))
    both = ids_of([final, amended])
    for of_patient in (f"subject={key(patient)}", f"subject={patient['id']}", f"patient={patient['id']}"):
        assert sorted(server.found(f"Observation?{of_patient}")) == both
        assert server.found(f"Observation?{of_patient}&status=final") == [final["id"]]
        assert sorted(server.found(f"Observation?{of_patient}&status=final,amended")) == both
        assert server.found(f"Observation?{of_patient}&status=cancelled") == []
        assert sorted(server.found(f"Observation?{of_patient}&code=http://loinc.org|8302-2")) == both
        assert sorted(server.found(f"Observation?{of_patient}&code=8302-2")) == both
        assert server.found(f"Observation?{of_patient}&code=http://loinc.org|0-0") == []
        assert server.found(f"Observation?{of_patient}&code=urn:x|8302-2") == []
    assert sorted(server.found(f"Observation?patient={key(patient)},{key(other)}")) == both
    for value in (key(encounter), encounter["id"]):
        assert server.found(f"Observation?encounter={value}") == [final["id"]]
    assert server.found(f"Observation?subject={key(other)}") == []


def test_tasks_by_requester_patient_and_owner(server, people):
    patient, requester = people[2:4]
    task = server.stored(
        {
            "resourceType": "Task",
            "id": f"t-{patient['id'][2:]}",
            "status": "requested",
            "intent": "order",
            "for": {"reference": key(patient)},
            "requester": {"reference": key(requester)},
        }
    )
    for by in (f"requester={key(requester)}", f"patient={patient['id']}", f"subject={key(patient)}"):
        assert server.found(f"Task?{by}") == [task["id"]]
    assert server.found(f"Task?owner={key(requester)}") == []
    assert server.found(f"Task?requester={key(requester)}&status=accepted") == []


def test_by_last_update(server):
    early = server.stored(server.patient())
    time.sleep(0.03)
    late = server.stored(server.patient())
    ids = f"{early['id']},{late['id']}"
    at = server.get(key(late)).json()["meta"]["lastUpdated"].replace("Z", "+00:00")

    def found(condition):
        return server.found(f"Patient?_id={ids}&_lastUpdated={condition}".replace("+", "%2B"))

    both = ids_of([early, late])
    assert found(f"ge{at}") == [late["id"]]
    assert found(f"gt{at}") == []
    assert found(f"lt{at}") == [early["id"]]
    assert sorted(found(f"le{at}")) == both
    assert found(at) == [late["id"]]
    assert found(f"ge{at}&_lastUpdated=le{at}") == [late["id"]]
    # A second stands for all of its milliseconds, a day for all of its seconds.
    second = datetime.fromisoformat(at).replace(microsecond=0)
    assert late["id"] in found(f"ge{second.isoformat()}")
    assert late["id"] in found(f"le{second.isoformat()}")
    assert late["id"] not in found(f"gt{second.isoformat()}")
    assert late["id"] not in found(f"lt{second.isoformat()}")
    assert sorted(found(f"gt{(second - timedelta(hours=1)).isoformat()}")) == both
    assert found(f"gt{second.date() + timedelta(days=1)}") == []
    assert sorted(found(f"ge{second.date() - timedelta(days=1)}")) == both


def test_counting_without_resources(server, people):
    ids = ",".join(ids_of(people))
    for how in ("_summary=count", "_count=0"):
        bundle = server.get(f"Patient?_id={ids}&{how}").json()
        assert bundle["total"] == 5
        assert bundle.get("entry", []) == []


def test_pages_hold_everything_once(server, people):
    ids = ",".join(ids_of(people))
    pages, url = [], f"Patient?_id={ids}&_count=2"
    while url:
        page = server.get(url).json()
        pages.append([entry["resource"]["id"] for entry in page["entry"]])
        assert page.get("total", 5) == 5
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(chain.from_iterable(pages)) == ids_of(people)
    assert server.get(f"Patient?_id={ids}&_count=2&_total=accurate").json()["total"] == 5


def test_in_the_order_of_the_last_update(server, people):
    ids = ",".join(ids_of(people))
    in_order = [patient["id"] for patient in people]
    assert server.found(f"Patient?_id={ids}&_sort=_lastUpdated&_count=2") == in_order
    assert server.found(f"Patient?_id={ids}&_sort=-_lastUpdated") == in_order[::-1]


def test_each_match_is_a_match_with_a_full_url(server, people):
    (entry,) = server.get(f"Patient?_id={people[0]['id']}").json()["entry"]
    assert entry["fullUrl"] == f"{server.url}/{key(people[0])}"
    assert entry["search"]["mode"] == "match"


def test_a_search_by_post_keeps_identifiers_out_of_the_url(server, people):
    form = {"identifier": f"{people[0]['identifier'][0]['system']}|{people[0]['id']}"}
    answer = server.http.post(f"{server.url}/Patient/_search", data=form, timeout=60)
    assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == [people[0]["id"]]
    form = {"_id": ",".join(ids_of(people)), "_count": "2"}
    page = server.http.post(f"{server.url}/Patient/_search", data=form, timeout=60).json()
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    assert len(page["entry"]) + len(server.found(following)) == 5


def test_mistakes_in_a_search_are_refused(server, refused, people):
    refused(server.get("Patient?_lastUpdated=gtyesterday"), 400)
    refused(server.get("Patient?_count=many"), 400)
    answer = server.get(f"Patient?nonsense=1&_id={people[0]['id']}")
    assert answer.status_code == server.says("an unknown search parameter")


def test_an_empty_result_is_a_bundle_with_total_0(server):
    bundle = server.get("Patient?identifier=urn:x|never-here").json()
    assert (bundle["type"], bundle["total"]) == ("searchset", 0)
    assert bundle.get("entry", []) == []


@pytest.mark.server
def test_hapi_declares_every_search_parameter_of_the_loopback_server(hapi, requests_session):
    statement = requests_session.get(f"{hapi}/metadata", timeout=60).json()
    declared = {
        entry["type"]: {one["name"]: one["type"] for one in entry["searchParam"]}
        for entry in statement["rest"][0]["resource"]
    }
    ours = {type_: {one.name: one.kind for one in found.values()} for type_, found in PARAMETERS.items()}
    assert ours.keys() == declared.keys()
    for type_, found in ours.items():
        assert found.items() <= declared[type_].items(), type_
