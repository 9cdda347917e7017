"""Servers that are set up to allow less: ids, sizes, pages, a token."""

from __future__ import annotations

import pytest
import requests

from hm_fhir.testing import FhirServer

ENTRIES = 10
BYTES = 20_000
PAGE = 3
TOKEN = "sesame"


@pytest.fixture(scope="module")
def strict_loopback():
    with FhirServer(
        client_ids=False, max_entries=ENTRIES, max_bytes=BYTES, page_entries=2, max_page_entries=PAGE, token=TOKEN
    ) as running:
        yield running.url


@pytest.fixture(scope="module")
def strict_hapi(start_hapi):
    running = start_hapi(
        clientids="not_allowed", maxentries=ENTRIES, maxbody=BYTES, page=2, maxpage=PAGE, token=TOKEN
    )
    yield running.url
    running.stop()


@pytest.fixture(scope="module", params=["loopback", pytest.param("hapi", marks=pytest.mark.server)])
def strict(request, make_server):
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        yield make_server(request.param, request.getfixturevalue(f"strict_{request.param}"), session)


def test_without_the_token_only_the_capability_statement_is_served(strict, refused):
    wrong = strict.send("GET", "Patient/x", authorization="Bearer other")
    refused(wrong, 401)
    assert wrong.headers["WWW-Authenticate"].startswith("Bearer")
    assert strict.send("GET", "metadata", authorization="").status_code == 200
    assert strict.get("Patient/x").status_code == 404


def test_ids_of_ours_are_refused_but_known_ids_can_be_updated(strict, refused):
    patient = strict.patient()
    refused(strict.put(patient), 404)
    refused(strict.bundle(strict.puts(patient)), 404)
    batch = strict.bundle(strict.puts(patient), kind="batch").json()
    assert batch["entry"][0]["response"]["status"].startswith("404")
    created = strict.send("POST", "Patient", patient).json()
    answer = strict.put(created | {"gender": "male"})
    assert answer.status_code == 200
    assert answer.headers["ETag"] == 'W/"2"'


def test_a_transaction_with_too_many_entries_is_refused(strict, refused):
    entries = [strict.entry("POST", "Patient", strict.patient()) for _ in range(ENTRIES + 1)]
    refused(strict.bundle(*entries), 413)
    assert strict.bundle(*entries[1:]).status_code == 200
    batch = strict.bundle(*entries, kind="batch")
    assert batch.status_code == (413 if strict.says("entries of a batch are limited") else 200)


def test_a_body_that_is_too_long_is_refused(strict, refused):
    refused(strict.send("POST", "Patient", strict.patient(name=[{"text": "x" * BYTES}])), 413)
    refused(strict.bundle(strict.entry("POST", "Patient", strict.patient(name=[{"text": "x" * BYTES}]))), 413)
    assert strict.send("POST", "Patient", strict.patient(name=[{"text": "x"}])).status_code == 201


def test_a_page_is_cut_silently_and_the_links_lead_on(strict):
    code = strict.patient()["id"]
    for _ in range(5):
        strict.send("POST", "Patient", strict.patient(identifier=[{"system": "urn:x", "value": code}]))
    search = f"Patient?identifier=urn:x|{code}"
    assert len(strict.get(f"{search}&_count=1000").json()["entry"]) == PAGE
    assert len(strict.get(search).json()["entry"]) == 2
    assert len(set(strict.found(f"{search}&_count=1000"))) == 5
