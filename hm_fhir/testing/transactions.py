"""Bundles of type transaction and batch (FHIR R4, RESTful API, transaction)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from hm_fhir.testing.exchange import Answer, Failure, Resource, copy, split_url, status_line
from hm_fhir.testing.interactions import Interactions, Query, Written
from hm_fhir.testing.store import references

ORDER = ("DELETE", "POST", "PUT", "GET")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a Bundle, read.

    Attributes:
        index: 0-based position.
        method: HTTP method.
        path: of the URL, relative to the base.
        query: of the URL.
        resource: a copy of the resource, if there is one.
        full_url: how other entries reference it.
        if_match: the version that must be current.
        if_none_exist: the condition of a conditional create.
        key: ``Type/id`` once it is known.
        exists: whether the condition of a conditional create found `key`.
    """

    index: int
    method: str
    path: str
    query: Query
    resource: Resource | None
    full_url: str | None
    if_match: str | None
    if_none_exist: str | None
    key: str | None = None
    exists: bool = False


@dataclass(frozen=True, slots=True)
class Transactions:
    """Processes Bundles.

    Args:
        interactions: what an entry does.
        max_entries: most entries of a Bundle, or None.
    """

    interactions: Interactions
    max_entries: int | None = None

    def process(self, bundle: Resource, prefer: str, inside: Mapping[int, Failure] | None = None) -> Answer:
        """Answer a Bundle.

        Args:
            bundle: the body.
            prefer: the Prefer header; ``return=representation`` puts resources into the answer.
            inside: entries, by position, that fail inside an answer of 200 without being processed.

        Raises:
            Failure: it is refused as a whole.
        """
        if bundle.get("resourceType") != "Bundle" or bundle.get("type") not in ("transaction", "batch"):
            raise Failure(400, "a Bundle of type transaction or batch is wanted here", code="invalid")
        raw = bundle.get("entry", [])
        if not isinstance(raw, list):
            raise Failure(400, "Bundle.entry is not a list", code="structure")
        if self.max_entries is not None and len(raw) > self.max_entries:
            raise Failure(413, f"a Bundle may have {self.max_entries} entries here", code="too-long")
        representation = "return=representation" in prefer
        answers = {index: _failed(failure) for index, failure in (inside or {}).items()}
        rest = {index: entry for index, entry in enumerate(raw) if index not in answers}
        if bundle["type"] == "transaction":
            answers |= self._transaction(rest, representation=representation)
        else:
            answers |= {
                index: self._alone(index, entry, representation=representation) for index, entry in rest.items()
            }
        response: Resource = {"resourceType": "Bundle", "id": str(uuid4()), "type": f"{bundle['type']}-response"}
        return Answer(200, response | ({"entry": [answers[index] for index in sorted(answers)]} if answers else {}))

    def _alone(self, index: int, raw: Any, *, representation: bool) -> Resource:
        try:
            entry = _read(index, raw)
            if entry.method == "GET":
                return self._get(entry)
            with self.interactions.store.transaction():
                written = self._write(self._identify(entry))
                self.interactions.settle([written])
        except Failure as failure:
            return _failed(failure)
        return written.entry(representation=representation)

    def _transaction(self, raw: Mapping[int, Any], *, representation: bool) -> dict[int, Resource]:
        entries = [_read(index, one) for index, one in raw.items()]
        with self.interactions.store.transaction():
            entries = _resolved([self._identify(entry) for entry in entries])
            entries.sort(key=lambda entry: ORDER.index(entry.method))
            written = {entry.index: self._write(entry) for entry in entries if entry.method != "GET"}
            self.interactions.settle(list(written.values()))
            answers = {index: one.entry(representation=representation) for index, one in written.items()}
            for entry in entries:
                if entry.method == "GET":
                    try:
                        answers[entry.index] = self._get(entry)
                    except Failure as failure:  # HAPI FHIR answers 200 around it
                        answers[entry.index] = _failed(failure)
        return answers

    def _identify(self, entry: Entry) -> Entry:
        """Find out which resource an entry is about, before anything is written."""
        type_name = entry.path.partition("/")[0]
        if entry.method == "GET":
            return entry
        if "/" in entry.path:
            if entry.method == "POST" or entry.path.count("/") > 1:
                raise Failure(400, "the URL of an entry does not fit its method", code="invalid")
            return replace(entry, key=entry.path)
        found = None
        if entry.method == "PUT":
            found = self.interactions.single_match(type_name, entry.query)
        elif entry.method == "DELETE":
            raise Failure(400, "this server does not delete by condition", code="not-supported")
        elif entry.if_none_exist is not None:
            condition = entry.if_none_exist.rpartition("?")[2]
            found = self.interactions.single_match(type_name, split_url(f"?{condition}")[1])
        return replace(entry, key=found or f"{type_name}/{uuid4()}", exists=found is not None)

    def _write(self, entry: Entry) -> Written:
        key = entry.key or ""
        if entry.method == "DELETE":
            return self.interactions.delete(key)
        body = self.interactions.checked(key.partition("/")[0], entry.resource)
        if entry.method == "POST":
            if entry.exists:
                return Written(key, self.interactions.store.latest(key), "found")
            return self.interactions.put(key, body, method="POST")
        if "/" not in entry.path:
            return self.interactions.put(key, body, method="PUT")
        if body.get("id", key.partition("/")[2]) != key.partition("/")[2]:
            raise Failure(400, "a resource has another id than the URL of its entry", code="invalid")
        return self.interactions.update(key, body, entry.if_match)

    def _get(self, entry: Entry) -> Resource:
        answer = self.interactions.read(entry.path, entry.query)
        response: Resource = {"status": status_line(answer.status)}
        if "ETag" in answer.headers:
            response["etag"] = answer.headers["ETag"]
        return {"resource": answer.resource, "response": response}


def _read(index: int, raw: Any) -> Entry:
    request = raw.get("request") if isinstance(raw, dict) else None
    if not isinstance(request, dict):
        raise Failure(400, "an entry has no request", code="required")
    method, url = request.get("method"), request.get("url")
    if method not in ORDER or not isinstance(url, str) or not url or "://" in url:
        raise Failure(400, f"an entry needs one of the methods {', '.join(ORDER)} and a relative URL", code="invalid")
    resource = raw.get("resource")
    if method in ("POST", "PUT") and not isinstance(resource, dict):
        raise Failure(400, f"an entry has no resource to {method}", code="required")
    path, query = split_url(url)
    return Entry(
        index,
        method,
        path,
        query,
        copy(resource) if isinstance(resource, dict) else None,
        raw.get("fullUrl"),
        request.get("ifMatch"),
        request.get("ifNoneExist"),
    )


def _resolved(entries: list[Entry]) -> list[Entry]:
    """Return the entries with placeholders replaced by what they stand for.

    Raises:
        Failure: 400, two entries are about the same resource, or a placeholder stands for nothing.
    """
    keys = [entry.key for entry in entries if entry.key]
    conditions = [(entry.path, entry.query, entry.if_none_exist) for entry in entries if _is_conditional(entry)]
    if len(keys) > len(set(keys)) or len(conditions) > len(set(conditions)):
        raise Failure(400, "two entries of the transaction are about the same resource", code="duplicate")
    placeholders: dict[str, str] = {}
    for entry in entries:
        if entry.full_url and entry.full_url.startswith("urn:") and entry.key:
            if entry.full_url in placeholders:
                raise Failure(400, "two entries of the transaction have the same fullUrl", code="duplicate")
            placeholders[entry.full_url] = entry.key
    for entry in entries:
        for element in references(entry.resource):
            value = element["reference"]
            if value.startswith("urn:") and value not in placeholders:
                raise Failure(400, "a placeholder is not the fullUrl of any entry", code="invalid")
            element["reference"] = placeholders.get(value, value)
    return entries


def _is_conditional(entry: Entry) -> bool:
    return entry.if_none_exist is not None or (entry.method == "PUT" and "/" not in entry.path)


def _failed(failure: Failure) -> Resource:
    return {"response": {"status": status_line(failure.status), "outcome": failure.outcome()}}
