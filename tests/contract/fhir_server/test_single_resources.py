"""PUT, POST, GET and DELETE of one resource, conditional ones included."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest


def key(resource):
    return f"{resource['resourceType']}/{resource['id']}"


def without_id(resource):
    return {name: value for name, value in resource.items() if name != "id"}


def test_the_server_declares_r4(server):
    statement = server.get("metadata").json()
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["fhirVersion"] == "4.0.1"
    rest = statement["rest"][0]
    codes = {interaction["code"] for interaction in rest["interaction"]}
    assert "transaction" in codes
    assert ("batch" in codes) is server.says("batch is declared")
    patient = next(entry for entry in rest["resource"] if entry["type"] == "Patient")
    assert patient.get("updateCreate", False) is server.says("updateCreate is declared")


def test_a_put_with_an_id_of_ours_creates_version_1(server):
    patient = server.patient()
    answer = server.put(patient)
    assert answer.status_code == 201
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.json()["meta"]["versionId"] == "1"
    read = server.get(key(patient))
    assert read.status_code == 200
    assert read.headers["ETag"] == 'W/"1"'
    assert read.headers["Content-Type"].startswith("application/fhir+json")
    assert {name: read.json()[name] for name in patient} == patient


def test_other_content_makes_the_next_version_and_the_first_stays_readable(server):
    patient = server.stored(server.patient())
    answer = server.put(patient | {"gender": "female"})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == 'W/"2"'
    first = server.get(f"{key(patient)}/_history/1")
    assert first.status_code == 200
    assert "gender" not in first.json()
    history = server.get(f"{key(patient)}/_history").json()
    assert history["type"] == "history"
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["2", "1"]


@pytest.mark.parametrize("how", ["as sent", "as read", "in another order"])
def test_the_same_content_again_keeps_its_version(server, how):
    patient = server.stored(server.patient())
    again = {
        "as sent": patient,
        "as read": server.get(key(patient)).json(),
        "in another order": dict(reversed(patient.items())),
    }[how]
    answer = server.put(again)
    assert answer.status_code == 200
    version = "2" if server.says("the same content again makes a version") else "1"
    assert answer.headers["ETag"] == f'W/"{version}"'
    assert server.version(patient) == version


def test_the_right_if_match_writes(server):
    patient = server.stored(server.patient())
    assert server.put(patient | {"gender": "male"}, if_match='W/"1"').status_code == 200
    assert server.put(patient | {"gender": "other"}, if_match=f'W/"{server.version(patient)}"').status_code == 200


def test_a_stale_if_match_writes_nothing(server, refused):
    patient = server.stored(server.patient())
    server.put(patient | {"gender": "male"})
    refused(server.put(patient | {"gender": "other"}, if_match='W/"1"'), server.says("a stale If-Match"))
    assert server.get(key(patient)).json()["gender"] == "male"
    server.delete(patient)
    refused(server.put(patient, if_match='W/"2"'), server.says("a stale If-Match"))


def test_if_match_on_what_never_existed(server):
    answer = server.put(server.patient(), if_match='W/"1"')
    assert answer.status_code == server.says("If-Match on what never existed")


def test_mistakes_in_a_put_are_refused(server, refused):
    patient = server.patient()
    refused(server.send("PUT", key(patient), server.patient()), 400)
    refused(server.send("PUT", key(patient), without_id(patient)), 400)
    refused(server.send("PUT", key(patient), server.observation("Patient/x") | {"id": patient["id"]}), 400)
    refused(server.send("PUT", "Patient/a_b", patient | {"id": "a_b"}), 400)
    refused(server.send("PUT", f"Patient/{'a' * 65}", patient | {"id": "a" * 65}), 400)
    refused(server.send("PUT", f"Nonsense/{patient['id']}", patient), 404)
    assert not server.exists(patient)


@pytest.mark.parametrize("body", [b"{nope", b"[]", b'{"resourceType": "Patient"'])
def test_a_body_that_is_no_json_object_is_refused(server, refused, body):
    for method, path in (("PUT", "/Patient/x"), ("POST", "/Patient"), ("POST", "")):
        headers = {"Content-Type": "application/fhir+json"}
        refused(server.http.request(method, server.url + path, data=body, headers=headers, timeout=60), 400)


def test_a_body_of_another_content_type(server):
    patient = server.stored(server.patient())
    answer = server.put(patient, content_type="text/plain")
    assert answer.status_code == server.says("a body that is not FHIR JSON")
    assert server.put(patient, content_type="application/json").status_code == 200


def test_a_number_as_client_id(server):
    answer = server.put(server.patient(id=str(uuid4().int)[:15]))
    assert answer.status_code == server.says("a number as client id")


def test_a_post_creates_under_an_id_of_the_server(server):
    patient = server.patient()
    answer = server.send("POST", "Patient", patient)
    assert answer.status_code == 201
    created = answer.json()
    assert created["id"] != patient["id"]
    assert answer.headers["Location"] == f"{server.url}/Patient/{created['id']}/_history/1"
    assert server.exists(created)


def test_what_never_existed_is_not_found(server, refused):
    patient = server.stored(server.patient())
    refused(server.get("Patient/never-here"), 404)
    refused(server.get(f"{key(patient)}/_history/9"), 404)
    refused(server.get("Nonsense/x"), 404)
    refused(server.get("Nonsense"), 404)
    answer = server.get("Patient/never-here/_history")
    assert answer.status_code == server.says("history of what never existed")


def test_a_deleted_resource_is_gone_until_it_is_written_again(server, refused):
    patient = server.stored(server.patient())
    assert server.delete(patient).status_code in (200, 204)
    refused(server.get(key(patient)), 410)
    refused(server.get(f"{key(patient)}/_history/2"), 410)
    assert server.found(f"Patient?_id={patient['id']}") == []
    assert server.get(f"{key(patient)}/_history").json()["entry"][0]["request"]["method"] == "DELETE"
    again = server.put(patient)
    assert again.status_code == 201
    assert again.headers["ETag"] == 'W/"3"'


def test_deleting_nothing_is_no_error(server):
    patient = server.stored(server.patient())
    server.delete(patient)
    assert server.delete(patient).status_code in (200, 204)
    assert server.delete(server.patient()).status_code in (200, 204)


def test_prefer_minimal_leaves_the_body_out(server):
    answer = server.put(server.patient(), prefer="return=minimal")
    assert answer.status_code == 201
    assert answer.content == b""
    assert answer.headers["ETag"] == 'W/"1"'


def test_a_conditional_create_finds_what_is_there(server, refused):
    patient = server.patient()
    condition = f"identifier={patient['identifier'][0]['system']}|{patient['id']}"
    created = server.send("POST", "Patient", patient, if_none_exist=condition)
    assert created.status_code == 201
    found = server.send("POST", "Patient", patient, if_none_exist=condition)
    assert found.status_code == 200
    assert found.json()["id"] == created.json()["id"]
    server.send("POST", "Patient", patient)
    refused(server.send("POST", "Patient", patient, if_none_exist=condition), 412)
    assert len(server.found(f"Patient?{condition}")) == 2


def test_a_conditional_update_writes_what_matches(server, refused):
    patient = server.patient()
    url = f"Patient?identifier={patient['identifier'][0]['system']}|{patient['id']}"
    created = server.send("PUT", url, without_id(patient))
    assert created.status_code == 201
    updated = server.send("PUT", url, without_id(patient) | {"gender": "male"})
    assert updated.status_code == 200
    assert updated.headers["ETag"] == 'W/"2"'
    assert updated.json()["id"] == created.json()["id"]
    server.send("POST", "Patient", patient)
    refused(server.send("PUT", url, without_id(patient)), 412)
    refused(server.send("PUT", "Patient", patient), 400)
    refused(server.send("PUT", "Patient?nonsense=1", without_id(patient)), 400)


def test_ids_in_the_body_of_a_conditional_update(server):
    patient = server.patient()
    url = f"Patient?identifier={patient['identifier'][0]['system']}|{patient['id']}"
    created = server.send("PUT", url, patient)
    assert created.status_code == 201
    whose = "the body's" if created.json()["id"] == patient["id"] else "the server's"
    assert whose == server.says("the id of a body that a conditional update creates")
    other = server.send("PUT", url, patient | {"id": f"other-{patient['id']}", "gender": "male"})
    assert other.status_code == server.says("a conditional update whose body has another id")


def test_labels_of_before(server):
    patient = server.stored(server.patient(meta={"tag": [{"system": "urn:x", "code": "a"}], "profile": ["urn:one"]}))
    server.put(patient | {"meta": {"tag": [{"system": "urn:x", "code": "b"}], "profile": ["urn:two"]}})
    meta = server.get(key(patient)).json()["meta"]
    assert meta["profile"] == ["urn:two"]
    kept = {tag["code"] for tag in meta["tag"]} == {"a", "b"}
    assert ("kept" if kept else "replaced") == server.says("labels of before")


def test_decimals_keep_their_digits(server):
    observation = server.observation(key(server.stored(server.patient())), valueQuantity={"value": 1})
    body = server.http.put(
        f"{server.url}/{key(observation)}",
        data=json.dumps(observation).replace('"value": 1}', '"value": 9.20}'),
        headers={"Content-Type": "application/fhir+json"},
        timeout=60,
    ).text
    assert '"value":9.2' in body.replace(" ", "")
    assert ("9.20" if "9.20" in body else "9.2") == server.says("9.20")
