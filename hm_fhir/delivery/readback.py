"""Reads a FHIR server back, to compare it with what the ledger says that it has.

fhirclient parses every page strictly, so this is a second opinion on what is there. It only reads: its requests get
a timeout here, which it does not set itself, and its searches are GETs, so that nothing but our own surrogate
identifiers and ids may stand in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any

from fhirclient.client import FHIRClient
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

IDS_IN_A_SEARCH = 50
PAGE = 100
WITHOUT_IDENTIFIER = frozenset({"Provenance"})
"""Types that carry no surrogate identifier: what else of them is on the server nobody can ask for."""


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


@dataclass(frozen=True, slots=True)
class Compared:
    """What the ledger and the server say of one type.

    Args:
        type: the resource type.
        sent: ids in the ledger.
        on_server: resources that the server gave; one that came twice counts twice.
        missing: ids of the ledger that the server does not have.
        too_many: what the server has beside them.
    """

    type: str
    sent: int
    on_server: int
    missing: int
    too_many: int

    @property
    def agrees(self) -> bool:
        """Whether every id is there once, and nothing else."""
        return not self.missing and not self.too_many


def compare_with_ledger(reader: ReadBack, ledger_keys: Iterable[str], system: str) -> list[Compared]:
    """Return what a ledger and its server say, type by type.

    Args:
        reader: of the server.
        ledger_keys: ``Type/id`` of everything that the target received.
        system: of the surrogate identifiers.
    """
    sent: dict[str, set[str]] = {}
    for key in ledger_keys:
        resource_type, _, resource_id = key.partition("/")
        sent.setdefault(resource_type, set()).add(resource_id)
    compared = []
    for resource_type, ids in sorted(sent.items()):
        if resource_type in WITHOUT_IDENTIFIER:
            there = reader.ids_by_id(resource_type, sorted(ids))
        else:
            there = reader.ids_by_identifier(resource_type, system)
        missing, too_many = len(ids - set(there)), len(set(there) - ids) + there.total() - len(there)
        compared.append(Compared(resource_type, len(ids), there.total(), missing, too_many))
    return compared


def _model(resource_type: str) -> Any:
    return getattr(import_module(f"fhirclient.models.{resource_type.lower()}"), resource_type)
