"""An API on this machine that gives documents as JSON, in the ways of paging that are in use.

- ``link``, ``offset``, ``page``: Django REST framework (BSD-3-Clause), ``rest_framework/pagination.py``:
  `count`, `next`, `previous`, `results`; a page behind the last one is a 404.
- ``header``: the REST API of GitHub (its documentation "Using pagination in the REST API", CC-BY-4.0): a list, and a
  `Link` header (RFC 8288) unless it is the last page.
- ``token``: google.aip.dev/158 (CC-BY-4.0): `nextPageToken`, empty on the last page.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

from hm_fhir.testing.exchange import Request
from hm_fhir.testing.local_systems.served import Said, ServedSystem

TOKEN = "local.register-7f3c2a"  # noqa: S105  (of a system that exists in tests only)
Style = Literal["none", "link", "header", "offset", "page", "token"]
_PATH = "api/visits"
_PAGING: dict[Style, dict[str, Any]] = {
    "none": {"kind": "none"},
    "link": {"kind": "link", "link": "next", "size": "limit"},
    "header": {"kind": "link", "size": "per_page"},
    "offset": {"kind": "offset", "offset": "offset", "size": "limit"},
    "page": {"kind": "page", "page": "page", "size": "page_size", "pages": "pages"},
    "token": {"kind": "token", "token": "nextPageToken", "parameter": "pageToken", "size": "pageSize"},
}


class RestSystem(ServedSystem):
    """A register with an API.

    ``native`` is the document. It gets ``id`` (the key) and ``updatedAt`` (the time of saving) unless it has them.

    Args:
        folder: where the token is written.
        paging: how a list goes on.
        updated: the list can be asked for what was updated since a time.
        tombstones: a deleted document stays as ``{"id": …, "deleted": true}``; otherwise it is gone.
        largest_page: most documents in one answer, whatever is asked.

    Attributes:
        documents: by key, in the order of the list.
    """

    def __init__(
        self,
        folder: Path,
        *,
        paging: Style = "link",
        updated: bool = True,
        tombstones: bool = True,
        largest_page: int = 100,
    ) -> None:
        super().__init__(folder)
        self.documents: dict[str, dict[str, Any]] = {}
        self._paging: Style = paging
        self._updated = updated
        self._tombstones = tombstones
        self._largest_page = largest_page
        self._token = self.secret("rest.token", TOKEN)

    @property
    def options(self) -> dict[str, Any]:
        """What a source needs in its settings, beside its kind."""
        options: dict[str, Any] = {
            "url": self.url,
            "path": _PATH,
            "auth": {"kind": "bearer", "token": self._token},
            "items": {"header": "", "none": "", "token": "visits"}.get(self._paging, "results"),
            "key": "id",
            "paging": _PAGING[self._paging],
        }
        if self._tombstones:
            options["deleted"] = "deleted"
        if self._updated:
            options["updated"] = {"parameter": "updatedSince"}
        return options

    def save(self, document: Mapping[str, Any]) -> None:
        """Save a document: ``key``, ``changed`` (ISO 8601 with a zone), ``native``."""
        key = str(document["key"])
        moment = self.pass_time(datetime.fromisoformat(document["changed"]))
        with self._lock:
            self.documents[key] = {"id": key, "updatedAt": f"{moment:%Y-%m-%dT%H:%M:%SZ}", **document["native"]}

    def delete(self, key: str, changed: datetime | str) -> None:
        """Delete a document.

        Raises:
            KeyError: there is none.
        """
        moment = self.pass_time(datetime.fromisoformat(changed) if isinstance(changed, str) else changed)
        with self._lock:
            del self.documents[key]
            if self._tombstones:
                self.documents[key] = {"id": key, "updatedAt": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "deleted": True}

    def error(self, status: int) -> Any:
        """Return the body of an error."""
        return {"detail": f"Error {status}."}

    def answer(self, request: Request) -> Said:
        """Return a page of the list."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Said(self.error(401), 401, {"WWW-Authenticate": "Bearer"})
        if request.path != _PATH or request.method != "GET":
            return Said(self.error(404), 404)
        asked = dict(request.query)
        since = asked.get("updatedSince", "") if self._updated else ""
        found = [one for one in self.documents.values() if one["updatedAt"] >= since]
        names = _PAGING[self._paging]
        size = min(int(asked.get(str(names.get("size")), 30)), self._largest_page)
        match self._paging:
            case "none":
                return Said(found)
            case "page":
                return self._numbered(found, int(asked.get("page", 1)), size)
            case "token":
                start = int(base64.urlsafe_b64decode(asked.get("pageToken", "MA==")))
                end = start + size
                token = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(found) else ""
                return Said({"visits": found[start:end], "nextPageToken": token})
        start = int(asked.get("offset", 0))
        link = None
        if start + size < len(found):
            link = f"{self.url}/{_PATH}?{urlencode({**asked, 'offset': start + size})}"
        if self._paging == "header":
            headers = {"Link": f'<{self.url}/{_PATH}>; rel="first", <{link}>; rel="next"'} if link else {}
            return Said(found[start : start + size], headers=headers)
        return Said({"count": len(found), "next": link, "previous": None, "results": found[start : start + size]})

    def _numbered(self, found: list[dict[str, Any]], number: int, size: int) -> Said:
        pages = max(1, -(-len(found) // size))
        if number > pages:
            return Said({"detail": "Invalid page."}, 404)
        return Said({"count": len(found), "pages": pages, "results": found[(number - 1) * size : number * size]})


LOCAL_SYSTEM = RestSystem
