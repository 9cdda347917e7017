"""Reads a FHIR server back, to compare it with what the ledger says that it has.

fhirclient parses every page strictly, so this is a second opinion on what is there. It only reads: its requests get
a timeout here, which it does not set itself, and its searches are GETs, so that nothing but our own surrogate
identifiers and ids may stand in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any

from fhirclient.client import FHIRClient
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

IDS_IN_A_SEARCH = 50
PAGE = 100


class _TimeoutAdapter(HTTPAdapter):
    def __init__(self, timeout_seconds: float) -> None:
        super().__init__()
        self._timeout_seconds = timeout_seconds

    def send(self, request: PreparedRequest, **options: Any) -> Response:  # type: ignore[override]
        options["timeout"] = options.get("timeout") or self._timeout_seconds
        return super().send(request, **options)


class ReadBack:
    """A FHIR server, to be read.

    Args:
        url: base of the server.
        timeout_seconds: longest wait for an answer.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 60) -> None:
        self._server = FHIRClient(settings={"app_id": "hm-fhir", "api_base": url}).server
        for scheme in ("http://", "https://"):
            self._server.session.mount(scheme, _TimeoutAdapter(timeout_seconds))

    def ids_by_identifier(self, resource_type: str, system: str) -> Counter[str]:
        """Return the ids of all resources of a type with an identifier of a system, and how often each came."""
        return Counter(self._search(resource_type, {"identifier": f"{system}|"}))

    def ids_by_id(self, resource_type: str, ids: Iterable[str]) -> Counter[str]:
        """Return those of the ids that the server has, for types without identifiers (Provenance)."""
        found: Counter[str] = Counter()
        remaining = iter(ids)
        while some := list(islice(remaining, IDS_IN_A_SEARCH)):
            found.update(self._search(resource_type, {"_id": ",".join(some)}))
        return found

    def read(self, resource_type: str, resource_id: str) -> dict[str, Any]:
        """Return one resource as the server has it, parsed by fhirclient on the way."""
        content: dict[str, Any] = _model(resource_type).read(resource_id, self._server).as_json()
        return {"resourceType": resource_type, **content}

    def _search(self, resource_type: str, parameters: dict[str, str]) -> Iterator[str]:
        search = _model(resource_type).where({**parameters, "_count": str(PAGE)})
        for resource in search.perform_resources_iter(self._server):
            if resource.resource_type == resource_type:
                yield resource.id

    def close(self) -> None:
        """Give back connections."""
        self._server.session.close()


def _model(resource_type: str) -> Any:
    return getattr(import_module(f"fhirclient.models.{resource_type.lower()}"), resource_type)
