"""The three servers of the contract suite, and where they really differ.

The suite keeps the loopback server honest: what it claims is tried in the same words on HAPI FHIR and on sekmet. A
test whose answer differs asks `server.says(...)`, so that every cell of the table is checked against its server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import requests

from hm_fhir.testing import FhirServer

Resource = dict[str, Any]

JSON = "application/fhir+json"
SYSTEM = "urn:hm-fhir:contract"


@dataclass(frozen=True, slots=True)
class Difference:
    """What each server answers, and why the loopback server does what it does."""

    loopback: object
    sekmet: object
    hapi: object
    why: str


DIFFERENCES = {
    # single resources
    "the same content again makes a version": Difference(False, True, False, "as HAPI"),
    "a stale If-Match": Difference(409, 412, 409, "as HAPI; R4 says 412"),
    "If-Match on what never existed": Difference(409, 412, 201, "HAPI creates it, which no client should rely on"),
    "a number as client id": Difference(400, 201, 400, "as HAPI out of the box"),
    "a body that is not FHIR JSON": Difference(400, 200, 400, "as HAPI; sekmet does not look at the Content-Type"),
    "history of what never existed": Difference(404, 200, 404, "as HAPI"),
    "labels of before": Difference("kept", "replaced", "kept", "as HAPI: meta.tag and meta.security accumulate"),
    "9.20": Difference("9.20", "9.2", "9.20", "as HAPI and R4; sekmet loses the digit"),
    # conditional requests
    "a conditional update whose body has another id": Difference(200, 400, 200, "as HAPI: the match decides"),
    "the id of a body that a conditional update creates": Difference(
        "the server's", "the body's", "the server's", "as HAPI; R4 would take the body's"
    ),
    # references
    "a reference to something absent": Difference(400, 201, 400, "as HAPI; sekmet keeps no referential integrity"),
    "a reference to something deleted": Difference(400, 201, 400, "as HAPI"),
    "a reference to another server": Difference(400, 201, 400, "as HAPI out of the box"),
    "a reference by a word": Difference(400, 201, 400, "as HAPI"),
    "a reference by urn outside a transaction": Difference(400, 201, 400, "as HAPI"),
    "a reference in a contained resource to something absent": Difference(
        400, 201, 201, "HAPI does not look there; the loopback server does, to find more mistakes"
    ),
    "a reference without a search parameter to something absent": Difference(
        400, 201, 201, "HAPI checks only what it indexes; the loopback server checks all, to find more mistakes"
    ),
    "deleting what is referenced": Difference(409, 200, 409, "as HAPI"),
    "a conditional reference that matches nothing, alone": Difference(404, 201, 404, "as HAPI"),
    # Bundles
    "the same resource twice in a transaction": Difference(400, 200, 400, "as HAPI and R4"),
    "PUT and DELETE of one resource in a transaction": Difference(
        400, 200, 200, "R4 says that it fails; HAPI lets it pass"
    ),
    "the same condition twice in a transaction": Difference(
        400, (200, 2), (200, 1), "HAPI leaves the second answer out: the loopback server refuses what R4 refuses"
    ),
    "the same ifNoneExist twice, without fullUrl": Difference(
        400, 200, 400, "as HAPI; sekmet finds for the second what the first made"
    ),
    "the same fullUrl twice": Difference(400, 200, 400, "as HAPI and R4"),
    "an entry whose resource has another id than its URL": Difference(
        400, 400, 200, "HAPI lets the URL win; the loopback server finds the mistake"
    ),
    "an absolute URL in an entry": Difference(400, 200, 400, "as HAPI"),
    "GET of something absent in a transaction": Difference("404 inside 200", 404, "404 inside 200", "as HAPI"),
    "resources in the answer without asking": Difference(False, True, False, "as HAPI"),
    "a placeholder between entries of a batch": Difference("400", "201", "400", "as HAPI and R4"),
    # searching and declarations
    "an unknown search parameter": Difference(400, 200, 400, "as HAPI; sekmet passes it over"),
    "updateCreate is declared": Difference(True, True, False, "HAPI does it and does not say so"),
    "batch is declared": Difference(True, True, False, "HAPI does it and does not say so"),
    "entries of a batch are limited": Difference(True, None, False, "HAPI limits transactions only"),
}


@dataclass(frozen=True, slots=True)
class Server:
    """One of the servers, with words for requests and for synthetic resources of fresh identity."""

    name: str
    url: str
    http: requests.Session = field(default_factory=requests.Session)

    def says(self, rule: str) -> Any:
        """Return what this server is known to do about a rule of the table."""
        return getattr(DIFFERENCES[rule], self.name)

    def send(self, method: str, path: str, resource: Resource | None = None, /, **headers: str) -> requests.Response:
        """Send a request; ``if_match="..."`` becomes the header If-Match."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Accept": JSON, **({"Content-Type": JSON} if resource is not None else {}), **given}
        url = path if path.startswith("http") else f"{self.url}/{path}".rstrip("/")
        return self.http.request(method, url, json=resource, headers=given, timeout=60)

    def get(self, path: str) -> requests.Response:
        return self.send("GET", path)

    def put(self, resource: Resource, **headers: str) -> requests.Response:
        return self.send("PUT", f"{resource['resourceType']}/{resource['id']}", resource, **headers)

    def delete(self, resource: Resource) -> requests.Response:
        return self.send("DELETE", f"{resource['resourceType']}/{resource['id']}")

    def bundle(self, *entries: Resource, kind: str = "transaction", **headers: str) -> requests.Response:
        return self.send("POST", "", {"resourceType": "Bundle", "type": kind, "entry": list(entries)}, **headers)

    def entry(
        self, method: str, url: str, resource: Resource | None = None, /, full_url: str | None = None, **request: str
    ) -> Resource:
        """Return a Bundle entry."""
        found: Resource = {"request": {"method": method, "url": url, **request}}
        if resource is not None:
            found["resource"] = resource
        if full_url is not None:
            found["fullUrl"] = full_url
        return found

    def puts(self, resource: Resource) -> Resource:
        """Return the entry that writes a resource under its id."""
        key = f"{resource['resourceType']}/{resource['id']}"
        return self.entry("PUT", key, resource, full_url=f"{self.url}/{key}")

    def found(self, search: str) -> list[str]:
        """Return the ids that a search finds, on all its pages."""
        ids, url = [], search
        while url:
            answer = self.get(url)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            ids += [entry["resource"]["id"] for entry in page.get("entry", [])]
            url = next((link["url"] for link in page.get("link", []) if link["relation"] == "next"), "")
        return ids

    def version(self, resource: Resource) -> str:
        """Return the version that the server has of a resource."""
        found: str = self.get(f"{resource['resourceType']}/{resource['id']}").json()["meta"]["versionId"]
        return found

    def exists(self, resource: Resource) -> bool:
        return self.get(f"{resource['resourceType']}/{resource['id']}").status_code == 200

    def patient(self, **elements: object) -> Resource:
        """Return a synthetic patient of fresh identity."""
        id_ = f"p-{uuid4()}"
        return {
            "resourceType": "Patient",
            "id": id_,
            "identifier": [{"system": SYSTEM, "value": id_}],
            "active": True,
            **elements,
        }

    def observation(self, subject: str, **elements: object) -> Resource:
        """Return a synthetic observation of fresh identity."""
        return {
            "resourceType": "Observation",
            "id": f"o-{uuid4()}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]},
            "subject": {"reference": subject},
            **elements,
        }

    def stored(self, resource: Resource) -> Resource:
        """Write a resource and return it."""
        assert self.put(resource).status_code == 201
        return resource


def assert_refused(answer: requests.Response, *statuses: int) -> None:
    """Check a refusal: its status, and an OperationOutcome with an error in FHIR JSON."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["Content-Type"].startswith(JSON)
    said = answer.json()
    assert said["resourceType"] == "OperationOutcome"
    assert any(issue["severity"] in ("error", "fatal") for issue in said["issue"])


@pytest.fixture
def refused() -> Callable[..., None]:
    return assert_refused


@pytest.fixture(scope="module")
def loopback() -> Iterator[str]:
    with FhirServer() as running:
        yield running.url


@pytest.fixture(scope="module", params=["loopback", "sekmet", pytest.param("hapi", marks=pytest.mark.server)])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with requests.Session() as session:
        yield Server(request.param, request.getfixturevalue(request.param), session)


@pytest.fixture(scope="session")
def make_server() -> type[Server]:
    return Server


@pytest.fixture(scope="session")
def differences() -> dict[str, Difference]:
    return DIFFERENCES


@pytest.fixture
def requests_session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session
