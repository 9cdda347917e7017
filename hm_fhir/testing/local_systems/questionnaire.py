"""A FHIR server on this machine that holds the answers to a form, as form fillers send them.

What it holds and answers is shaped by the specification, https://hl7.org/fhir/R4/http.html and
https://hl7.org/fhir/R4/search.html (CC0), and by the examples of QuestionnaireResponses of HL7 Structured Data
Capture (HL7/sdc, ``input/resources`` and ``input/examples``, CC0), read and not copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hm_fhir.testing.exchange import Request
from hm_fhir.testing.local_systems.served import Said, ServedSystem

TOKEN = "synthetic-form-server-token"  # noqa: S105  (of a server on this machine)
_TYPE = "QuestionnaireResponse"


class QuestionnaireSystem(ServedSystem):
    """A server with QuestionnaireResponses.

    ``native`` of a document is the resource without id, versionId and lastUpdated, which the server gives it: the key
    as id, a version that counts, the time of change. Saving a key again is an edit (a completed response is then
    ``amended``); a response that is deleted is gone, and its address answers 410.

    Args:
        folder: where the token is written.
        paging: how a search goes on: by the ``position`` in what is there now, as most servers do it; from a
            ``snapshot`` of what was there at its first page; or ``none``, all of it in one answer.
        sorts: whether it obeys `_sort`; a server may ignore it.
        totals: whether it says how many there are; otherwise it says in the link `self` what it has obeyed.
        filters: whether it obeys `_lastUpdated`; a server may ignore it.

    Attributes:
        resources: what it holds, by id.
        forgets_links: how many of the next answers lack their link to the next page, as HAPI FHIR does it at times.
    """

    def __init__(
        self, folder: Path, *, paging: str = "position", sorts: bool = True, filters: bool = True, totals: bool = True
    ) -> None:
        super().__init__(folder)
        self.resources: dict[str, dict[str, Any]] = {}
        self.forgets_links = 0
        self._versions: dict[str, int] = {}
        self._snapshots: list[list[dict[str, Any]]] = []
        self._token = self.secret("form-server.token", TOKEN)
        self._paging, self._sorts, self._filters, self._totals = paging, sorts, filters, totals

    @property
    def options(self) -> dict[str, Any]:
        """What a source needs in its settings, beside its kind and a directory."""
        return {"server": {"url": self.url, "auth": {"kind": "bearer", "token": self._token}}}

    def save(self, document: Mapping[str, Any]) -> None:
        """Save a response.

        Args:
            document: ``key``, ``changed`` (ISO 8601 with a zone), ``native``.
        """
        key = str(document["key"])
        moment = self.pass_time(datetime.fromisoformat(document["changed"]))
        with self._lock:
            version = self._versions[key] = self._versions.get(key, 0) + 1
            native = document["native"]
            status = native.get("status", "completed")
            status = "amended" if version > 1 and status == "completed" else status
            changed = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            meta = {**native.get("meta", {}), "versionId": str(version), "lastUpdated": changed}
            self.resources[key] = {"resourceType": _TYPE, "id": key, **native, "status": status, "meta": meta}

    def delete(self, key: str, changed: str | datetime) -> None:
        """Delete a response; no search shows it any more.

        Raises:
            KeyError: there is none.
        """
        self.pass_time(datetime.fromisoformat(changed) if isinstance(changed, str) else changed)
        with self._lock:
            del self.resources[key]

    def error(self, status: int) -> Any:
        """Return the body of an error as FHIR servers write it."""
        issue = {"severity": "error", "code": "processing", "diagnostics": f"HTTP {status}"}
        return {"resourceType": "OperationOutcome", "issue": [issue]}

    def answer(self, request: Request) -> Said:
        """Return what a FHIR server answers."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Said(self.error(401), 401)
        kind, _, key = request.path.partition("/")
        if request.method != "GET" or kind != _TYPE:
            return Said(self.error(404), 404)
        if key:
            found = self.resources.get(key)
            status = 410 if key in self._versions else 404
            return Said(found) if found is not None else Said(self.error(status), status)
        return Said(self._search(dict(request.query)))

    def _search(self, asked: dict[str, str]) -> dict[str, Any]:
        size, start = int(asked.get("_count", 10)), int(asked.get("_offset", 0))
        if self._paging == "snapshot" and "_snapshot" in asked:
            found = self._snapshots[int(asked["_snapshot"])]
        else:
            found = self._found(asked)
        if self._paging == "none":
            start, size = 0, len(found)
        kept = {"_sort"} if not self._sorts and not self._totals else set()
        obeyed = {name: value for name, value in asked.items() if name not in kept}
        bundle: dict[str, Any] = {
            "resourceType": "Bundle",
            "type": "searchset",
            **({"total": len(found)} if self._totals else {}),
            "link": [{"relation": "self", "url": f"{self.url}/{_TYPE}?{urlencode(obeyed)}"}],
            "entry": [
                {"fullUrl": f"{self.url}/{_TYPE}/{one['id']}", "resource": one, "search": {"mode": "match"}}
                for one in found[start : start + size]
            ],
        }
        self.forgets_links, forgets = max(0, self.forgets_links - 1), self.forgets_links > 0
        if start + size < len(found) and not forgets:
            following = {**asked, "_offset": str(start + size)}
            if self._paging == "snapshot" and "_snapshot" not in asked:
                self._snapshots.append(found)
                following["_snapshot"] = str(len(self._snapshots) - 1)
            bundle["link"].append({"relation": "next", "url": f"{self.url}/{_TYPE}?{urlencode(following)}"})
        if not bundle["entry"]:
            del bundle["entry"]
        return bundle

    def _found(self, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        found = list(self.resources.values())
        if "questionnaire" in asked:
            # As it stands: a server need not know that a canonical with a version is one without it.
            canonicals = set(asked["questionnaire"].split(","))
            found = [one for one in found if one.get("questionnaire") in canonicals]
        if self._filters and asked.get("_lastUpdated", "").startswith("ge"):
            least = datetime.fromisoformat(asked["_lastUpdated"].removeprefix("ge"))
            found = [one for one in found if _changed(one) >= least]
        if self._sorts and asked.get("_sort") == "_lastUpdated":
            found.sort(key=_changed)
        return found


def _changed(resource: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(resource["meta"]["lastUpdated"])


LOCAL_SYSTEM = QuestionnaireSystem
