"""What the loopback FHIR server does wrong on request. What it does right is in tests/contract/fhir_server."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import requests

from hm_fhir.errors import SettingsError
from hm_fhir.testing import ALWAYS, Fault, FhirServer
from hm_fhir.testing.exchange import Failure

JSON = {"Content-Type": "application/fhir+json"}


@pytest.fixture
def http():
    with requests.Session() as session:
        session.headers.update(JSON)
        yield session


def patient(name):
    return {"resourceType": "Patient", "id": name, "active": True}


def observation(name, subject):
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": subject},
    }


def bundle(*resources, kind="transaction"):
    entries = []
    for resource in resources:
        key = f"{resource['resourceType']}/{resource['id']}"
        entries.append({"fullUrl": f"urn:x:{key}", "resource": resource, "request": {"method": "PUT", "url": key}})
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


@pytest.fixture
def send(fhir_server, http):
    """Send resources as one Bundle."""

    def send(*resources, kind="transaction", timeout=10):
        return http.post(fhir_server.url, json=bundle(*resources, kind=kind), timeout=timeout)

    return send


def test_without_faults_everything_goes_right(fhir_server, send):
    assert send(patient("p"), observation("o", "Patient/p")).status_code == 200
    assert set(fhir_server.resources) == {"Patient/p", "Observation/o"}
    assert fhir_server.faults.outstanding == ()


@pytest.mark.parametrize("status", [401, 409, 412, 429, 500, 503])
def test_a_status_instead_of_the_work_and_then_none(fhir_server, send, status):
    fhir_server.faults.add(Fault(status=status, headers={"Retry-After": "2"}))
    answer = send(patient("p"))
    assert answer.status_code == status
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert fhir_server.resources == {}
    assert send(patient("p")).status_code == 200
    assert fhir_server.versions("Patient/p")[-1]["active"] is True


def test_an_outcome_that_names_an_entry_or_nothing(fhir_server, send):
    fhir_server.faults.add(Fault(status=422, entry=1), Fault(status=422))
    named, unnamed = send(patient("p"), patient("q")), send(patient("p"), patient("q"))
    assert named.json()["issue"][0]["expression"] == ["Bundle.entry[1]"]
    assert "entry" not in unnamed.text


def test_an_outcome_of_ones_own(fhir_server, send):
    said = {"resourceType": "OperationOutcome", "issue": [{"severity": "fatal", "code": "transient"}]}
    fhir_server.faults.add(Fault(status=500, outcome=said))
    assert send(patient("p")).json() == said


def test_a_gateway_that_lost_patience_after_the_work_was_done(fhir_server, send):
    fhir_server.faults.add(Fault(status=504, processed=True))
    assert send(patient("p")).status_code == 504
    assert "Patient/p" in fhir_server.resources


def test_a_connection_dropped_before_the_work(fhir_server, send):
    fhir_server.faults.add(Fault(drop="before"))
    with pytest.raises(requests.ConnectionError):
        send(patient("p"))
    assert fhir_server.resources == {}
    assert send(patient("p")).status_code == 200


def test_a_connection_dropped_after_the_work(fhir_server, send):
    fhir_server.faults.add(Fault(drop="after"))
    with pytest.raises(requests.ConnectionError):
        send(patient("p"))
    assert "Patient/p" in fhir_server.resources
    assert send(patient("p")).json()["entry"][0]["response"]["status"] == "200 OK"
    assert len(fhir_server.versions("Patient/p")) == 1


def test_a_slow_answer_comes_after_the_work(fhir_server, send):
    fhir_server.faults.add(Fault(delay_seconds=30))
    with pytest.raises(requests.ReadTimeout):
        send(patient("p"), timeout=0.2)
    assert "Patient/p" in fhir_server.resources
    begun = time.monotonic()
    fhir_server.faults.add(Fault(delay_seconds=0.1, status=503))
    assert send(patient("q")).status_code == 503
    assert time.monotonic() - begun >= 0.1


def test_stopping_does_not_wait_for_a_slow_answer(http):
    begun = time.monotonic()
    with FhirServer() as server:
        server.faults.add(Fault(delay_seconds=60))
        with pytest.raises(requests.ReadTimeout):
            http.get(f"{server.url}/metadata", timeout=0.1)
    assert time.monotonic() - begun < 10


def test_a_page_of_html_instead_of_an_answer(fhir_server, send):
    fhir_server.faults.add(Fault(garbage="html"), Fault(garbage="html", status=502, processed=True))
    answer = send(patient("p"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert fhir_server.resources == {}
    assert send(patient("p")).status_code == 502
    assert "Patient/p" in fhir_server.resources


def test_half_of_the_json(fhir_server, send):
    fhir_server.faults.add(Fault(garbage="truncated"))
    answer = send(patient("p"))
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert "Patient/p" in fhir_server.resources


def test_an_answer_that_breaks_off(fhir_server, send):
    fhir_server.faults.add(Fault(garbage="cut"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        send(patient("p"))
    assert "Patient/p" in fhir_server.resources


def test_a_refused_resource_fails_every_transaction_that_holds_it_and_is_named(fhir_server, send):
    fhir_server.faults.add(Fault(refuse="Observation/bad"))
    for _ in range(2):
        answer = send(patient("p"), observation("bad", "Patient/p"), observation("good", "Patient/p"))
        assert answer.status_code == 422
        warning, error = answer.json()["issue"]
        # As HAPI FHIR does: a warning about a good entry comes first.
        assert (warning["severity"], warning["expression"]) == ("warning", ["Bundle.entry[0].resource/*Patient/p*/"])
        assert error["severity"] == "error"
        assert error["expression"] == ["Bundle.entry[1].resource/*Observation/bad*/"]
        assert fhir_server.resources == {}
    assert send(patient("p"), observation("good", "Patient/p")).status_code == 200


def test_a_refused_resource_need_not_be_named(fhir_server, send):
    fhir_server.faults.add(Fault(refuse="Observation/bad", named=False, status=400))
    answer = send(patient("p"), observation("bad", "Patient/p"))
    assert answer.status_code == 400
    assert "entry" not in answer.text
    assert answer.json()["issue"][0]["severity"] == "error"


def test_a_refused_resource_fails_alone_in_a_batch(fhir_server, send):
    fhir_server.faults.add(Fault(refuse="Patient/b*"))
    answer = send(patient("a"), patient("bad"), patient("c"), kind="batch")
    assert [entry["response"]["status"][:3] for entry in answer.json()["entry"]] == ["201", "422", "201"]
    assert set(fhir_server.resources) == {"Patient/a", "Patient/c"}


def test_a_refused_resource_is_refused_alone_too(fhir_server, http):
    fhir_server.faults.add(Fault(refuse="Patient/bad"))
    assert http.put(f"{fhir_server.url}/Patient/bad", json=patient("bad")).status_code == 422
    assert http.put(f"{fhir_server.url}/Patient/good", json=patient("good")).status_code == 201


def test_a_transaction_answered_200_with_a_failure_inside(fhir_server, send):
    fhir_server.faults.add(Fault(refuse="Patient/b", inside=True, status=409))
    answer = send(patient("a"), patient("b"))
    assert answer.status_code == 200
    good, bad = (entry["response"] for entry in answer.json()["entry"])
    assert good["status"] == "201 Created"
    assert bad["status"] == "409 Conflict"
    assert bad["outcome"]["resourceType"] == "OperationOutcome"
    assert set(fhir_server.resources) == {"Patient/a"}


def statuses(answers):
    return [answer.status_code for answer in answers]


def test_faults_begin_with_the_nth_request_and_happen_so_often(fhir_server, send):
    fhir_server.faults.add(Fault(status=503, nth=2, times=2))
    assert statuses(send(patient("p")) for _ in range(5)) == [200, 503, 503, 200, 200]


def test_faults_happen_one_after_the_other(fhir_server, send):
    fhir_server.faults.add(Fault(status=503, times=2), Fault(status=429))
    assert statuses(send(patient("p")) for _ in range(4)) == [503, 503, 429, 200]


def test_a_fault_for_ever_ends_when_the_plan_is_cleared(fhir_server, send):
    fhir_server.faults.add(Fault(status=500, times=ALWAYS))
    assert statuses(send(patient("p")) for _ in range(3)) == [500, 500, 500]
    fhir_server.faults.clear()
    assert send(patient("p")).status_code == 200


def test_faults_choose_requests_by_method_path_resource_and_anything(fhir_server, http, send):
    url = fhir_server.url
    send(patient("p"))
    fhir_server.faults.add(
        Fault(status=500, method="DELETE"),
        Fault(status=501, path="Patient/p"),
        Fault(status=502, path="Observation*"),
        Fault(status=503, path="", holds="Patient/q"),
        Fault(status=504, when=lambda request: ("_count", "7") in request.query),
    )
    assert send(patient("p")).status_code == 200
    assert http.delete(f"{url}/Patient/x").status_code == 500
    assert http.get(f"{url}/Patient/p").status_code == 501
    assert http.get(f"{url}/Observation", params={"_count": "1"}).status_code == 502
    assert send(patient("p"), patient("q")).status_code == 503
    assert http.get(f"{url}/Patient", params={"_count": "7"}).status_code == 504
    assert http.get(f"{url}/Patient", params={"_count": "7"}).status_code == 200


def test_faults_that_did_not_happen_are_outstanding(fhir_server, send):
    seen, unseen, half = Fault(status=500), Fault(refuse="Patient/never"), Fault(status=503, times=2)
    fhir_server.faults.add(seen, unseen, half)
    send(patient("p"))
    send(patient("p"))
    assert fhir_server.faults.outstanding == (unseen, half)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"status": 500, "drop": "before"},
        {"drop": "after", "garbage": "html"},
        {"refuse": "Patient/p", "drop": "before"},
        {"status": 500, "garbage": "truncated"},
        {"status": 500, "nth": 0},
    ],
)
def test_a_fault_that_contradicts_itself_is_refused(arguments):
    with pytest.raises(SettingsError):
        Fault(**arguments)


def test_requests_are_recorded_without_bodies(fhir_server, http, send):
    fault = Fault(drop="after", method="POST")
    fhir_server.faults.add(fault)
    with pytest.raises(requests.ConnectionError):
        send(patient("p"), patient("q"))
    http.get(f"{fhir_server.url}/Patient", params={"_id": "p"})
    http.get(f"{fhir_server.url}/Patient/never-here")
    rows = [(one.method, one.path, one.query, one.entries, one.status) for one in fhir_server.requests]
    assert rows == [
        ("POST", "", "", 2, None),
        ("GET", "Patient", "_id=p", 0, 200),
        ("GET", "Patient/never-here", "", 0, 404),
    ]
    assert [one.number for one in fhir_server.requests] == [1, 2, 3]
    assert fhir_server.requests[0].fault is fault


def test_what_is_looked_at_cannot_change_the_server(fhir_server, send):
    send(patient("p"))
    fhir_server.resources["Patient/p"]["active"] = False
    fhir_server.versions("Patient/p")[0]["active"] = False
    assert fhir_server.resources["Patient/p"]["active"] is True
    with pytest.raises(TypeError):
        fhir_server.resources["Patient/p"] = {}


def test_versions_show_what_happened(fhir_server, http):
    url = f"{fhir_server.url}/Patient/p"
    http.put(url, json=patient("p"))
    http.put(url, json=patient("p") | {"gender": "female"})
    http.delete(url)
    first, second, third = fhir_server.versions("Patient/p")
    assert "gender" not in first
    assert second["gender"] == "female"
    assert third is None
    assert fhir_server.versions("Patient/never-here") == ()


def test_somebody_else_writes_in_between(fhir_server, http):
    assert fhir_server.put(patient("p")) == "1"
    assert fhir_server.put(patient("p") | {"gender": "male"}) == "2"
    stale = http.put(f"{fhir_server.url}/Patient/p", json=patient("p"), headers={"If-Match": 'W/"1"'})
    assert stale.status_code == 409
    with pytest.raises(Failure, match="not found"):
        fhir_server.put(observation("o", "Patient/never-here"))
    assert "Observation/o" not in fhir_server.resources


def test_an_outage_refuses_the_connection_and_loses_nothing(fhir_server, http, send):
    send(patient("p"))
    url = fhir_server.url
    fhir_server.stop()
    with pytest.raises(requests.ConnectionError):
        send(patient("q"))
    fhir_server.start()
    assert fhir_server.url == url
    assert http.get(f"{url}/Patient/p").status_code == 200


def test_the_clock_of_the_test_stamps_resources(clock, http):
    with FhirServer(now=clock.now) as server:
        http.put(f"{server.url}/Patient/p", json=patient("p"))
        clock.advance(hours=1)
        http.put(f"{server.url}/Patient/q", json=patient("q"))
        stamp = server.resources["Patient/p"]["meta"]["lastUpdated"]
        assert stamp == "2026-03-02T08:00:00.000+00:00"
        found = http.get(f"{server.url}/Patient", params={"_lastUpdated": f"gt{stamp}"}).json()
        assert [entry["resource"]["id"] for entry in found["entry"]] == ["q"]


def test_it_can_be_had_without_referential_integrity(http):
    with FhirServer(referential_integrity=False) as server:
        answer = http.put(f"{server.url}/Observation/o", json=observation("o", "Patient/never-here"))
        assert answer.status_code == 201


def test_connections_stay_open_and_only_this_machine_can_connect(fhir_server):
    port = urlsplit(fhir_server.url).port
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.connect()
        first = connection.sock
        for method in ("GET", "HEAD", "DELETE"):
            connection.request(method, "/fhir/Patient/x")
            connection.getresponse().read()
            assert connection.sock is first
    for address in {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}:
        if not address.startswith("127."):
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((address, port), timeout=5)


def test_an_address_before_the_start_is_an_error():
    with pytest.raises(SettingsError, match="no address"):
        _ = FhirServer().url
