"""One request to the test server and its answer, without the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from hm_fhir.fhir.json import from_json, to_json

Resource = dict[str, Any]

FHIR_JSON = "application/fhir+json"
JSON_TYPES = frozenset({FHIR_JSON, "application/json"})
FORM = "application/x-www-form-urlencoded"

_canonical = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def canonical(resource: Resource) -> bytes:
    """Return the JSON of a resource with sorted names, so that equal contents have equal bytes."""
    return _canonical.encode(resource)


def copy(resource: Resource) -> Resource:
    """Return a deep copy of a resource, as JSON would make it."""
    duplicate: Resource = from_json(to_json(resource))
    return duplicate


def decode(raw: bytes) -> Resource:
    """Return the resource in a body.

    Raises:
        Failure: 400, the body is not a JSON object.
    """
    try:
        resource = from_json(raw)
    except ValueError as error:
        raise Failure(400, "the body is not JSON", code="structure") from error
    if not isinstance(resource, dict):
        raise Failure(400, "the body is not a JSON object", code="structure")
    return resource


def status_line(status: int) -> str:
    """Return a status as Bundle.entry.response.status has it, such as ``404 Not Found``."""
    return f"{status} {HTTPStatus(status).phrase}"


def issue(severity: str, code: str, diagnostics: str, *, expression: str | None = None) -> Resource:
    """Return one issue of an OperationOutcome (FHIR R4, OperationOutcome.issue)."""
    found: Resource = {"severity": severity, "code": code, "diagnostics": diagnostics}
    if expression:
        found["expression"] = [expression]
    return found


def outcome(*issues: Resource) -> Resource:
    """Return an OperationOutcome."""
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


class Failure(Exception):
    """A request that the server refuses; becomes an OperationOutcome.

    Args:
        status: HTTP status.
        diagnostics: what is wrong.
        code: FHIR issue type.
        headers: headers of the answer.
    """

    def __init__(
        self, status: int, diagnostics: str, *, code: str = "processing", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(diagnostics)
        self.status = status
        self.diagnostics = diagnostics
        self.code = code
        self.headers = dict(headers or {})

    def outcome(self) -> Resource:
        """Return the OperationOutcome that says so."""
        return outcome(issue("error", self.code, self.diagnostics))

    def answer(self) -> Answer:
        """Return the answer to the request as a whole."""
        return Answer(self.status, self.outcome(), self.headers)


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the server read it.

    Attributes:
        method: HTTP method.
        path: below the base URL, without slashes at its ends; empty for a Bundle.
        query: parameters of the URL, then those of a form.
        headers: with lower-case names.
        resource: the body, if it is a JSON object.
        failure: why the body could not be read.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    resource: Resource | None = None
    failure: Failure | None = None

    @classmethod
    def read(cls, method: str, path: str, query: str, headers: Mapping[str, str], raw: bytes) -> Request:
        """Return the request with its body parsed; a body that cannot be read is no error yet."""
        parameters = parse_qsl(query, keep_blank_values=True)
        resource, failure = None, None
        if raw:
            content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
            try:
                if content_type == FORM:
                    parameters += parse_qsl(raw.decode(), keep_blank_values=True)
                elif content_type in JSON_TYPES:
                    resource = decode(raw)
                else:
                    raise Failure(400, f"the Content-Type is not {FHIR_JSON}", code="not-supported")
            except UnicodeDecodeError:
                failure = Failure(400, "the form is not UTF-8", code="structure")
            except Failure as found:
                failure = found
        return cls(method, path.strip("/"), tuple(parameters), headers, resource, failure)

    @property
    def entries(self) -> list[Resource]:
        """The entries of a Bundle; empty for any other request."""
        if self.path or self.resource is None:
            return []
        entries = self.resource.get("entry")
        return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []

    @property
    def is_batch(self) -> bool:
        """Whether it is a Bundle whose entries stand alone."""
        return self.resource is not None and not self.path and self.resource.get("type") == "batch"

    def held(self) -> Iterator[tuple[int | None, str]]:
        """Yield what it concerns: (index of the Bundle entry or None, ``Type/id`` or a conditional URL)."""
        if self.path:
            yield None, self.path
            yield from ((None, key) for key in _keys(self.resource))
        for index, entry in enumerate(self.entries):
            request = entry.get("request")
            if isinstance(request, dict) and isinstance(request.get("url"), str):
                yield index, request["url"].strip("/")
            yield from ((index, key) for key in _keys(entry.get("resource")))


def _keys(resource: object) -> Iterator[str]:
    if isinstance(resource, dict) and "id" in resource:
        yield f"{resource.get('resourceType')}/{resource['id']}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answers.

    Attributes:
        status: HTTP status.
        resource: the body, if there is one.
        headers: beside Content-Type and Content-Length.
    """

    status: int
    resource: Resource | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def split_url(url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the path without slashes at its ends, and the parameters, of a relative URL."""
    parts = urlsplit(url)
    return parts.path.strip("/"), tuple(parse_qsl(parts.query, keep_blank_values=True))
