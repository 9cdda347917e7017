"""A server of the Community Health Toolkit on this machine: its database ``medic``, by the API of CouchDB.

What it holds and answers is shaped by the products' own documentation, read and not copied. For CouchDB see
`hm_fhir.testing.local_systems.couch_database`.

- medic/cht-docs (GPL-3.0): ``content/en/reference-apps/covid-rdt-reference-app.md`` (reports as they are stored, with
  the copies of personal data in ``fields.inputs``) and, below ``content/en/technical-overview/data/``,
  ``db-schema.md``, ``hydration.md``, ``database-conflicts.md``;
- medic/cht-core (AGPL-3.0): what the views ``reports_by_subject`` and ``contacts_by_reference`` below
  ``ddocs/medic-db/medic-client/views/`` emit;
- medic/cht-sync (AGPL-3.0): ``couch2pg/tests/unit/importer.spec.js`` (how a reader asks).
"""

from __future__ import annotations

import base64
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from hm_fhir.testing.exchange import Request
from hm_fhir.testing.local_systems.couch_database import CouchDatabase, Document, sequence_number
from hm_fhir.testing.local_systems.served import Said, ServedSystem

USER, PASSWORD = "hm-fhir", "synthetic-1-password"
# What the views take for a contact; the first is that of 3.7 and newer.
_CONTACTS = ("contact", "district_hospital", "health_center", "clinic", "person")
_SUBJECTS = ("patient_id", "place_id", "case_id", "patient_uuid", "place_uuid")
_ERRORS = {
    400: ("bad_request", "invalid UTF-8 JSON"),
    401: ("unauthorized", "Name or password is incorrect."),
    403: ("forbidden", "You are not allowed to access this db."),
    404: ("not_found", "missing"),
    405: ("method_not_allowed", "Only GET,HEAD allowed"),
    429: ("too_many_requests", "Too many requests"),
}


class ChtSystem(ServedSystem):
    """A CHT server.

    ``native`` of a document is ``{"report": {…}, "contacts": [{…}]}``. ``report`` holds ``form``, ``fields`` and
    ``contact`` (the reporter, minified: ``{"_id", "parent"}``); its ``_id`` is the key, and the rest is added here as
    the product does it: ``reported_date`` of the first saving, an edit keeps it; the copy of the person's document in
    ``fields.inputs``, unless it is given. ``contacts`` (or ``contact``, one) are documents with their ``_id``; they
    are saved before the report, and get a new revision only when they say something new. Saving a key again is an
    edit.

    Args:
        folder: where the password is written.
        contacts: people and places that are there from the beginning.
        noise: whether tasks, targets and telemetry come up between the documents, as on every real server.

    Attributes:
        database: its documents.
        views: names of views that it has.
    """

    def __init__(self, folder: Path, *, contacts: Iterable[Mapping[str, Any]] = (), noise: bool = True) -> None:
        super().__init__(folder)
        self.database = CouchDatabase()
        self.views = {"reports_by_subject", "contacts_by_reference", "reports_by_form"}
        self._password = self.secret("cht.password", PASSWORD)
        self._noise = noise
        self._back = 0
        if noise:
            self.database.put({"_id": "_design/medic-client", "views": {}})
            self.database.put({"_id": "form:contact:person:create", "type": "form"})
            self.database.put({"_id": "messages-bg", "type": "translations", "code": "bg"})
        for contact in contacts:
            self._save_contact(contact)

    @property
    def options(self) -> dict[str, Any]:
        """What a source needs in its settings, beside its kind."""
        return {"url": self.url, "auth": {"kind": "basic", "user": USER, "password": self._password}}

    def save(self, document: Mapping[str, Any]) -> None:
        """Save a report and the contacts that it brings.

        Args:
            document: ``key``, ``changed`` (ISO 8601 with a zone), ``native``.
        """
        native, key = document["native"], str(document["key"])
        moment = self.pass_time(datetime.fromisoformat(document["changed"]))
        with self._lock:
            contacts = native.get("contacts") or [one for one in [native.get("contact")] if one]
            for contact in contacts:
                self._save_contact({"reported_date": _epoch(moment), **contact})
            if "report" in native:
                self._save_report(key, native["report"], moment)
            if self._noise:
                self._make_noise(key, moment)

    def delete(self, key: str, changed: str | datetime) -> None:
        """Delete a document; a stub stays.

        Raises:
            KeyError: there is none.
        """
        self.pass_time(datetime.fromisoformat(changed) if isinstance(changed, str) else changed)
        with self._lock:
            before = self.database.get(key)
            if before is None or before.get("_deleted"):
                raise KeyError(key)
            self.database.put({"_id": key, "_deleted": True})

    def edit_elsewhere(self, key: str, changes: Mapping[str, Any]) -> str:
        """Save another revision beside the present one, as a telephone does that was offline, and return its name."""
        with self._lock:
            document = self.database.get(key)
            if document is None:
                raise KeyError(key)
            return self.database.put({**document, **changes}, branch_of=self.database.parent_of(key) or "0-0")

    def go_back(self, rows: int) -> None:
        """Let the next answer of the feed begin so many rows earlier: another replica answers."""
        self._back = rows

    def _save_contact(self, contact: Mapping[str, Any]) -> None:
        before = self.database.get(contact["_id"])
        if before is not None and not before.get("_deleted"):
            kept = {key: value for key, value in before.items() if key != "_rev"}
            if {**contact, "reported_date": kept.get("reported_date")} == {"reported_date": None, **kept}:
                return
            contact = {**contact, "reported_date": kept.get("reported_date")}
        self.database.put(contact)

    def _save_report(self, key: str, report: Mapping[str, Any], moment: datetime) -> None:
        before = self.database.get(key)
        is_edit = before is not None and not before.get("_deleted")
        fields = dict(report.get("fields", {}))
        person = self.database.get(str(fields.get("patient_uuid") or fields.get("patient_id")))
        if "inputs" not in fields and person is not None:
            fields = {"inputs": {"source": "contact", "contact": _without_revision(person)}, **fields}
        instance = uuid.uuid5(uuid.NAMESPACE_URL, f"{key}/{moment.isoformat()}")
        reporter = self.database.get(str(report.get("contact", {}).get("_id"))) or {}
        self.database.put(
            {
                "form": report["form"],
                "type": "data_record",
                "content_type": "xml",
                "reported_date": before["reported_date"] if is_edit and before else _epoch(moment),
                **({"from": reporter["phone"]} if "phone" in reporter else {}),
                "hidden_fields": ["meta"],
                **report,
                "fields": {**fields, "meta": {"instanceID": f"uuid:{instance}"}},
                "_id": key,
                "_attachments": {
                    "content": {"content_type": "application/xml", "revpos": 1, "length": 5612, "stub": True}
                },
            }
        )

    def _make_noise(self, key: str, moment: datetime) -> None:
        user = "org.couchdb.user:mediator"
        self.database.put({"_id": f"task~{user}~{key}~follow-up~1", "type": "task", "user": user, "state": "Ready"})
        self.database.put({"_id": f"target~{moment:%Y-%m}~mediator~{user}", "type": "target", "updated_date": key})
        if moment.day == 1:
            self.database.put({"_id": f"telemetry-{moment:%Y-%m}-mediator-{key}", "type": "telemetry"})
        if moment.day == 2:  # now and then
            self.database.put({"_id": f"{key}-info", "type": "info", "doc_id": key})

    def error(self, status: int) -> Any:
        """Return the body of an error as CouchDB writes it."""
        error, reason = _ERRORS.get(status, ("internal_server_error", "No reason given"))
        return {"error": error, "reason": reason}

    def answer(self, request: Request) -> Said:
        """Return what CouchDB answers."""
        allowed = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != allowed:
            return Said(self.error(401), 401, {"WWW-Authenticate": 'Basic realm="Medic Web Services"'})
        path, asked = unquote(request.path), dict(request.query)
        body = request.resource or {}
        if path == "medic/_changes":
            return self._changes(asked, body if request.method == "POST" else {})
        if path == "medic/_all_docs" and request.method == "POST":
            return Said({"total_rows": 0, "offset": 0, "rows": [self._row(key) for key in body.get("keys", [])]})
        view = re.fullmatch(r"medic/_design/medic-client/_view/(\w+)", path)
        if view and view[1] in self.views:
            return Said(self._view(view[1], asked, body.get("keys")))
        return Said(self.error(404), 404)

    def _changes(self, asked: Mapping[str, str], body: Mapping[str, Any]) -> Said:
        if asked.get("feed", "normal") != "normal" or asked.get("filter", "_doc_ids") != "_doc_ids":
            return Said(self.error(400), 400)
        try:
            since = sequence_number(asked.get("since", "0"))
        except ValueError:
            reason = "Malformed sequence supplied in 'since' parameter."
            return Said({"error": "bad_request", "reason": reason}, 400)
        since, self._back = max(0, since - self._back), 0
        return Said(
            self.database.changes(
                since,
                int(asked["limit"]) if "limit" in asked else None,
                every=int(asked.get("seq_interval", 1)),
                only=body.get("doc_ids"),
                with_documents=asked.get("include_docs") == "true",
                with_conflicts=asked.get("conflicts") == "true",
                all_leaves=asked.get("style") == "all_docs",
            )
        )

    def _row(self, key: str) -> Document:
        document = self.database.get(key)
        if document is None:
            return {"key": key, "error": "not_found"}
        value = {"rev": document["_rev"]}
        if document.get("_deleted"):
            return {"id": key, "key": key, "value": {**value, "deleted": True}, "doc": None}
        return {"id": key, "key": key, "value": value, "doc": document}

    def _view(self, name: str, asked: Mapping[str, str], keys: list[Any] | None) -> Document:
        emitted = [(key, document) for document in self.database.documents() for key in _emitted(name, document)]
        if name == "reports_by_form":
            counts = Counter(key[0] for key, _ in emitted)
            return {"rows": [{"key": [form], "value": number} for form, number in sorted(counts.items())]}
        rows = [
            {"id": document["_id"], "key": key, "value": document.get("reported_date")}
            | ({"doc": document} if asked.get("include_docs") == "true" else {})
            for wanted in keys or []
            for key, document in emitted
            if key == wanted
        ]
        return {"total_rows": len(emitted), "offset": 0, "rows": rows}


def _emitted(view: str, document: Document) -> list[Any]:
    """Return the keys that a view of the product emits for a document."""
    if view == "contacts_by_reference" and document.get("type") in _CONTACTS:
        return [["shortcode", str(document[name])] for name in ("patient_id", "place_id") if document.get(name)]
    if document.get("type") != "data_record" or not document.get("form"):
        return []
    if view == "reports_by_form":
        return [[document["form"]]]
    if view == "reports_by_subject":
        fields = document.get("fields", {})
        found = [document.get(name) for name in _SUBJECTS[:3]] + [fields.get(name) for name in _SUBJECTS]
        return list(dict.fromkeys(value for value in found if value))
    return []


def _without_revision(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in ("_rev", "reported_date")}


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


LOCAL_SYSTEM = ChtSystem
