"""The resources of the test server, every version of them, in memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import RLock
from typing import Literal

from hm_fhir.testing.exchange import Failure, Resource, canonical, copy
from hm_fhir.testing.search_parameters import RESOURCE_TYPES

Change = Literal["created", "updated", "unchanged"]

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # FHIR R4, Datatypes, id
LITERAL = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a resource.

    Attributes:
        number: 1 for the first.
        method: the HTTP method that made it.
        at: when, to the millisecond.
        resource: as it is answered, or None for a deletion; never changed.
    """

    number: int
    method: str
    at: datetime
    resource: Resource | None

    @property
    def etag(self) -> str:
        """The weak ETag of the version (FHIR R4, RESTful API, versioning)."""
        return f'W/"{self.number}"'


class Store:
    """Keeps resources and their versions; one writer at a time.

    Args:
        now: returns the time, with its time zone.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._types: dict[str, dict[str, tuple[Version, ...]]] = {}
        self.lock = RLock()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything written inside stays, or, after an exception, nothing."""
        with self.lock:
            before = {name: dict(ids) for name, ids in self._types.items()}
            try:
                yield
            except BaseException:
                self._types = before
                raise

    def history(self, key: str) -> tuple[Version, ...]:
        """Return every version of ``Type/id``, oldest first; empty for one that never existed."""
        name, _, id_ = key.partition("/")
        with self.lock:
            return self._types.get(name, {}).get(id_, ())

    def latest(self, key: str) -> Version | None:
        """Return the last version of ``Type/id``, which may be a deletion, or None."""
        history = self.history(key)
        return history[-1] if history else None

    def is_live(self, key: str) -> bool:
        """Whether ``Type/id`` exists and is not deleted."""
        latest = self.latest(key)
        return latest is not None and latest.resource is not None

    def read(self, key: str) -> tuple[Version, Resource]:
        """Return the last version of ``Type/id``.

        Raises:
            Failure: 404, it never existed; 410, it is deleted.
        """
        latest = self.latest(key)
        if latest is None:
            raise Failure(404, f"{key} is not known", code="not-found")
        if latest.resource is None:
            raise Failure(410, f"{key} is deleted", code="deleted")
        return latest, latest.resource

    def of_type(self, name: str) -> list[tuple[Version, Resource]]:
        """Return every live resource of a type, in the order of creation."""
        with self.lock:
            last = [history[-1] for history in self._types.get(name, {}).values()]
        return [(version, version.resource) for version in last if version.resource is not None]

    def everything(self) -> dict[str, Resource]:
        """Return every live resource by ``Type/id``."""
        with self.lock:
            return {
                f"{name}/{resource['id']}": resource for name in self._types for _, resource in self.of_type(name)
            }

    def put(self, key: str, resource: Resource, *, method: str) -> tuple[Version, Change]:
        """Write a resource; the same content again keeps its version, as HAPI FHIR does."""
        latest = self.latest(key)
        old = latest.resource if latest else None
        written = _content(key, resource, old)
        if latest and old is not None and canonical(written) == canonical(_content(key, old, None)):
            return latest, "unchanged"
        number = latest.number + 1 if latest else 1
        at = self._time()
        stamp = at.isoformat(timespec="milliseconds")
        meta = {"versionId": str(number), "lastUpdated": stamp, **written.pop("meta", {})}
        body = {"resourceType": written.pop("resourceType"), "id": written.pop("id"), "meta": meta, **written}
        version = self._append(key, Version(number, method, at, body))
        return version, "created" if old is None else "updated"

    def delete(self, key: str) -> Version | None:
        """Mark ``Type/id`` as deleted; None if there was nothing to delete."""
        latest = self.latest(key)
        if latest is None or latest.resource is None:
            return None
        return self._append(key, Version(latest.number + 1, "DELETE", self._time(), None))

    def check_references(self, resource: Resource) -> None:
        """Refuse a reference to something that is not here.

        Raises:
            Failure: 400 or 422; names what is absent and, like HAPI FHIR, not the Bundle entry.
        """
        for element in references(resource):
            value: str = element["reference"]
            if value.startswith("#"):
                continue
            if "://" in value:
                raise Failure(400, "references to other servers are not allowed here")
            literal = LITERAL.fullmatch(value)
            if literal is None:
                raise Failure(400, "a reference does not have the form Type/id")
            if literal[1] not in RESOURCE_TYPES:
                raise Failure(422, f"a reference names the unknown type {literal[1]}")
            if not self.is_live(f"{literal[1]}/{literal[2]}"):
                raise Failure(400, f"Resource {literal[1]}/{literal[2]} not found, but it is referenced")

    def check_unreferenced(self, keys: Iterable[str]) -> None:
        """Refuse a deletion that leaves a reference behind.

        Raises:
            Failure: 409, something still references one of the keys.
        """
        gone = set(keys)
        if not gone:
            return
        for key, resource in self.everything().items():
            for element in references(resource):
                literal = LITERAL.fullmatch(element["reference"])
                if literal and f"{literal[1]}/{literal[2]}" in gone:
                    raise Failure(409, f"cannot delete what {key} references", code="conflict")

    def _append(self, key: str, version: Version) -> Version:
        name, _, id_ = key.partition("/")
        with self.lock:
            ids = self._types.setdefault(name, {})
            ids[id_] = (*ids.get(id_, ()), version)
        return version

    def _time(self) -> datetime:
        now = self._now().astimezone(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


def references(node: object) -> Iterator[Resource]:
    """Yield every Reference with a literal reference below a resource."""
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def _content(key: str, resource: Resource, old: Resource | None) -> Resource:
    """Return what the client decides: the server's meta is left out, labels of before stay (as in HAPI FHIR)."""
    name, _, id_ = key.partition("/")
    content = copy(resource) | {"resourceType": name, "id": id_}
    meta = content.pop("meta", {})
    meta.pop("versionId", None)
    meta.pop("lastUpdated", None)
    for labels in ("security", "tag"):
        before = (old or {}).get("meta", {}).get(labels, [])
        added = [label for label in meta.get(labels, []) if label not in before]
        if before or added:
            meta[labels] = [*before, *added]
    return content | {"meta": meta} if meta else content
