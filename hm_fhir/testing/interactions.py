"""The RESTful interactions of the test server with one resource, and searching (FHIR R4, RESTful API)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode
from uuid import uuid4

from hm_fhir.testing.exchange import Answer, Failure, Request, Resource, issue, outcome, split_url, status_line
from hm_fhir.testing.search import criteria, meets, page_size, sorted_as_asked
from hm_fhir.testing.search_parameters import PARAMETERS, RESOURCE_TYPES
from hm_fhir.testing.store import ID, Change, Store, Version, references

Query = tuple[tuple[str, str], ...]

# HAPI FHIR says with these codes what a write did; a client may look for the last one.
_CODE_SYSTEM = "https://hapifhir.io/fhir/CodeSystem/hapi-fhir-storage-response-code"
_CODES = {"created": "SUCCESSFUL_CREATE", "updated": "SUCCESSFUL_UPDATE", "unchanged": "SUCCESSFUL_UPDATE_NO_CHANGE"}
_KEPT_PAGES = 100


@dataclass(frozen=True, slots=True)
class Options:
    """How the server behaves.

    Attributes:
        client_ids: whether a PUT may create a resource.
        referential_integrity: whether what is referenced must exist.
        page_entries: resources on a page of a search when the client does not say.
        max_page_entries: most resources on a page.
    """

    client_ids: bool = True
    referential_integrity: bool = True
    page_entries: int = 50
    max_page_entries: int = 200


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did to one resource.

    Attributes:
        key: ``Type/id``.
        version: the version that is there now; None if there was nothing to delete.
        change: what happened; ``found`` where a conditional create found one.
    """

    key: str
    version: Version | None
    change: Change | Literal["found", "deleted"]

    @property
    def status(self) -> int:
        """The HTTP status that says so."""
        return {"created": 201, "deleted": 204}.get(self.change, 200)

    @property
    def location(self) -> str | None:
        """The versioned location, relative to the base URL."""
        return f"{self.key}/_history/{self.version.number}" if self.version else None

    @property
    def outcome(self) -> Resource:
        """An OperationOutcome with the code of HAPI FHIR for it."""
        note = issue("information", "informational", f"{self.key}: {self.change}")
        if self.change in _CODES:
            note["details"] = {"coding": [{"system": _CODE_SYSTEM, "code": _CODES[self.change]}]}
        return outcome(note)

    def entry(self, *, representation: bool) -> Resource:
        """Return the entry of a Bundle that answers it."""
        response: Resource = {"status": status_line(self.status), "outcome": self.outcome}
        if self.version:
            stamp = self.version.at.isoformat(timespec="milliseconds")
            response |= {"location": self.location, "etag": self.version.etag, "lastModified": stamp}
        if representation and self.version and self.version.resource:
            return {"resource": self.version.resource, "response": response}
        return {"response": response}


@dataclass(frozen=True, slots=True)
class Interactions:
    """Reads and writes single resources.

    Args:
        store: where they are.
        options: how the server behaves.
        base: returns the base URL.
    """

    store: Store
    options: Options
    base: Callable[[], str]
    _pages: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def write(self, request: Request) -> Answer:
        """Answer a single PUT, POST or DELETE."""
        parts = request.path.split("/")
        with self.store.transaction():
            if request.method == "POST" and len(parts) == 1:
                written = self.create(parts[0], request.resource, request.headers.get("if-none-exist"))
            elif request.method == "PUT" and len(parts) == 2:
                if (request.resource or {}).get("id") != parts[1]:
                    raise Failure(400, "the body has no id, or another one than the URL", code="invalid")
                written = self.update(request.path, request.resource, request.headers.get("if-match"))
            elif request.method == "PUT" and len(parts) == 1:
                written = self.update_matching(parts[0], request.query, request.resource)
            elif request.method == "DELETE" and len(parts) == 2:
                written = self.delete(request.path)
            else:
                raise Failure(405, "this server does not do that", code="not-supported")
            self.settle([written])
        if written.version is None or written.change == "deleted":
            return Answer(200, written.outcome)
        headers = {
            "ETag": written.version.etag,
            "Location": f"{self.base()}/{written.location}",
            "Content-Location": f"{self.base()}/{written.location}",
        }
        minimal = "return=minimal" in request.headers.get("prefer", "")
        return Answer(written.status, None if minimal else written.version.resource, headers)

    def settle(self, written: list[Written]) -> None:
        """Check what a finished transaction leaves behind.

        Raises:
            Failure: something references what is absent.
        """
        if not self.options.referential_integrity:
            return
        for one in written:
            if one.change in ("created", "updated") and one.version and one.version.resource:
                self.store.check_references(one.version.resource)
        self.store.check_unreferenced(one.key for one in written if one.change == "deleted")

    def create(self, type_name: str, resource: Resource | None, if_none_exist: str | None = None) -> Written:
        """Create a resource under an id of the server, unless one matches."""
        resource = self.checked(type_name, resource)
        if if_none_exist is not None:
            query = split_url(if_none_exist if "?" in if_none_exist else f"?{if_none_exist}")[1]
            found = self.single_match(type_name, query)
            if found:
                return Written(found, self.store.latest(found), "found")
        return self.put(f"{type_name}/{uuid4()}", resource, method="POST")

    def update(self, key: str, resource: Resource | None, if_match: str | None = None) -> Written:
        """Write a resource under the id of the client."""
        type_name, _, id_ = key.partition("/")
        resource = self.checked(type_name, resource)
        if not ID.fullmatch(id_):
            raise Failure(400, "the id does not have the form of a FHIR id", code="value")
        latest = self.store.latest(key)
        if latest is None and not self.options.client_ids:
            raise Failure(404, f"{key} is not known, and clients may not choose ids", code="not-found")
        if latest is None and id_.isdigit():
            raise Failure(400, "an id chosen by a client must not be a number", code="value")
        current = str(latest.number) if latest else None
        if if_match is not None and if_match.removeprefix("W/").strip('"') != current:
            raise Failure(409, f"{key} has another version", code="conflict")
        return self.put(key, resource, method="PUT")

    def update_matching(self, type_name: str, query: Query, resource: Resource | None) -> Written:
        """Write the one resource that matches, or create it under an id of the server."""
        resource = self.checked(type_name, resource)
        key = self.single_match(type_name, query) or f"{type_name}/{uuid4()}"
        return self.put(key, resource, method="PUT")

    def delete(self, key: str) -> Written:
        """Delete a resource; to delete nothing is no error."""
        self.known_type(key.partition("/")[0])
        return Written(key, self.store.delete(key), "deleted")

    def put(self, key: str, resource: Resource, *, method: str) -> Written:
        """Write a resource whose identity is settled."""
        for element in references(resource):
            type_name, question, query = element["reference"].partition("?")
            if question and type_name in RESOURCE_TYPES:
                found = self.single_match(type_name, split_url(f"?{query}")[1])
                if found is None:
                    raise Failure(404, "a conditional reference matches nothing", code="not-found")
                element["reference"] = found
        version, change = self.store.put(key, resource, method=method)
        return Written(key, version, change)

    def single_match(self, type_name: str, query: Query) -> str | None:
        """Return the ``Type/id`` of the one resource that matches, or None.

        Raises:
            Failure: 400, there is no condition; 412, several match.
        """
        self.known_type(type_name)
        conditions = criteria(type_name, query)
        if not conditions:
            raise Failure(400, "a conditional request needs a condition", code="invalid")
        found = [resource["id"] for _, resource in self.store.of_type(type_name) if meets(resource, conditions)]
        if len(found) > 1:
            raise Failure(412, f"{len(found)} resources match the condition", code="multiple-matches")
        return f"{type_name}/{found[0]}" if found else None

    def read(self, path: str, query: Query) -> Answer:
        """Answer a GET: read, vread, history, search."""
        parts = path.split("/")
        if path == "":
            raise Failure(400, "a type is missing in the URL", code="not-supported")
        self.known_type(parts[0])
        if len(parts) == 1:
            return self.search(parts[0], query)
        if parts[1].startswith(("_", "$")):
            raise Failure(400, "this server does not do that", code="not-supported")
        key = "/".join(parts[:2])
        if len(parts) == 2:
            version, resource = self.store.read(key)
            return Answer(200, resource, {"ETag": version.etag})
        if parts[2] != "_history" or len(parts) > 4:
            raise Failure(400, "this server does not do that", code="not-supported")
        history = self.store.history(key)
        if not history:
            raise Failure(404, f"{key} is not known", code="not-found")
        if len(parts) == 3:
            return Answer(200, self._history(key, history))
        for version in history:
            if str(version.number) == parts[3]:
                if version.resource is None:
                    raise Failure(410, f"{key} is deleted", code="deleted")
                return Answer(200, version.resource, {"ETag": version.etag})
        raise Failure(404, f"{key} has no such version", code="not-found")

    def _history(self, key: str, history: tuple[Version, ...]) -> Resource:
        entries: list[Resource] = []
        for version in reversed(history):
            entry: Resource = {"fullUrl": f"{self.base()}/{key}"}
            if version.resource:
                entry["resource"] = version.resource
            entry["request"] = {"method": version.method, "url": f"{key}/_history/{version.number}"}
            status = status_line({"DELETE": 204}.get(version.method, 201 if version.number == 1 else 200))
            entry["response"] = {"status": status, "etag": version.etag}
            entries.append(entry)
        return {"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries}

    def search(self, type_name: str, query: Query) -> Answer:
        """Answer a search with its first page, or a further page of an earlier one."""
        self.known_type(type_name)
        if query and query[0][0] == "_page":
            return self._page(type_name, dict(query))
        conditions = criteria(type_name, query)
        size = page_size(query, self.options.page_entries, self.options.max_page_entries)
        found = [resource for _, resource in self.store.of_type(type_name) if meets(resource, conditions)]
        if size == 0 or ("_summary", "count") in query:
            return Answer(200, {"resourceType": "Bundle", "type": "searchset", "total": len(found)})
        ids = tuple(resource["id"] for resource in sorted_as_asked(found, query))
        token = uuid4().hex
        with self.store.lock:
            self._pages[token] = ids
            while len(self._pages) > _KEPT_PAGES:
                del self._pages[next(iter(self._pages))]
        answer = self._page(type_name, {"_page": token, "_from": "0", "_count": str(size)})
        # Like HAPI FHIR, no total where it costs: a client follows the links and counts for itself.
        if len(ids) <= size or ("_total", "accurate") in query:
            answer = Answer(200, {**(answer.resource or {}), "total": len(ids)})
        return answer

    def _page(self, type_name: str, place: dict[str, str]) -> Answer:
        ids = self._pages.get(place["_page"])
        if ids is None:
            raise Failure(410, "this page is no longer there: search again", code="not-found")
        start, size = int(place.get("_from", "0")), int(place.get("_count", self.options.page_entries))
        entries = []
        for id_ in ids[start : start + size]:
            latest = self.store.latest(f"{type_name}/{id_}")
            if latest and latest.resource:
                url = f"{self.base()}/{type_name}/{id_}"
                entries.append({"fullUrl": url, "resource": latest.resource, "search": {"mode": "match"}})
        bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "link": []}
        for relation, at in (("self", start), ("next", start + size)):
            if relation == "self" or at < len(ids):
                url = f"{self.base()}/{type_name}?{urlencode({**place, '_from': at})}"
                bundle["link"].append({"relation": relation, "url": url})
        return Answer(200, bundle | ({"entry": entries} if entries else {}))

    def known_type(self, type_name: str) -> None:
        """Refuse a type that R4 does not have.

        Raises:
            Failure: 404.
        """
        if type_name not in PARAMETERS:
            raise Failure(404, "unknown resource type", code="not-supported")

    def checked(self, type_name: str, resource: Resource | None) -> Resource:
        """Return the resource of a write.

        Raises:
            Failure: 400, it is absent or of another type.
        """
        self.known_type(type_name)
        if resource is None:
            raise Failure(400, "there is no resource in the request", code="required")
        if resource.get("resourceType") != type_name:
            raise Failure(400, f"the resource is not of type {type_name}", code="invalid")
        if not isinstance(resource.get("meta", {}), dict):
            raise Failure(400, "meta is not an object", code="structure")
        return resource
