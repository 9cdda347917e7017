"""Documents of the Community Health Toolkit: which are reports and contacts, whom they concern, how they are joined.

Source: the CHT's pages on its database schema, on hydration and on conflicts (docs.communityhealthtoolkit.org), and
CouchDB's pages on changes and conflicts (docs.couchdb.org).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]

OLD_CONTACTS = frozenset({"person", "clinic", "health_center", "district_hospital", "national_office"})
"""Types of contacts before CHT 3.7; since then ``type: contact`` and a ``contact_type`` of the configuration."""

_KNOWN_TYPES = frozenset({"task", "feedback", "telemetry", "target", "info", "user-settings", "form", "translations"})
_BY_ID = {
    "_design/": "design",
    "task~": "task",
    "target~": "target",
    "telemetry-": "telemetry",
    "feedback-": "feedback",
    "form:": "form",
    "messages-": "translations",
    "org.couchdb.user:": "user-settings",
}
_LEFT_OUT = frozenset({"_attachments", "_conflicts", "_deleted_conflicts", "_revisions"})
_COPIES = ("from", "geolocation", "geolocation_log", "hidden_fields")
_FORM_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
_MOST_ANCESTORS = 20


def skipped_as(document_id: str, document: Document, *, deleted: bool) -> str | None:
    """Return the name of a kind of documents that tell of no activity, or None for reports and contacts.

    Args:
        document_id: its id.
        document: what it holds; of a deleted one anything may be left, mostly its id alone.
        deleted: it is a deletion: whatever can have been a report or a contact counts as one.
    """
    by_id = next((kind for beginning, kind in _BY_ID.items() if document_id.startswith(beginning)), None)
    if by_id is not None:
        return by_id
    if document_id.endswith("-info"):
        return "info"
    kind = document.get("type")
    if is_report(document) or is_contact(document) or (deleted and kind not in _KNOWN_TYPES):
        return None
    if kind == "data_record":
        return "message"
    return kind if kind in _KNOWN_TYPES else "other"


def is_report(document: Document) -> bool:
    """Return whether it is a form that somebody filled in; a ``data_record`` without a form is a message."""
    return document.get("type") == "data_record" and bool(document.get("form"))


def is_contact(document: Document) -> bool:
    """Return whether it is a person or a place."""
    return document.get("type") == "contact" or document.get("type") in OLD_CONTACTS


def contact_type(document: Document) -> str | None:
    """Return the configured type of a contact."""
    kind = document.get("contact_type") if document.get("type") == "contact" else document.get("type")
    return kind if isinstance(kind, str) else None


def shown(name: object) -> str:
    """Return the name of a form or a type for messages, or ``?`` when it looks like anything else."""
    return name if isinstance(name, str) and _FORM_NAME.fullmatch(name) else "?"


def short_codes(contact: Document) -> list[str]:
    """Return the codes by which reports may name a contact beside its id."""
    codes = (contact.get("patient_id"), contact.get("place_id"))
    return [str(code) for code in codes if isinstance(code, str | int) and not isinstance(code, bool) and code != ""]


def subjects(report: Document) -> tuple[list[str], list[str], str | None]:
    """Return what a report says of whom it concerns: ids or codes of the person, of the place, and the contact that
    the form was opened for, which may be either.
    """
    fields = _object(report.get("fields"))
    inputs = _object(_object(fields.get("inputs")).get("contact"))
    person = [fields.get("patient_uuid"), fields.get("patient_id"), report.get("patient_id")]
    place = [fields.get("place_uuid"), fields.get("place_id"), report.get("place_id")]
    opened_for = inputs.get("_id")
    return _codes(person), _codes(place), opened_for if isinstance(opened_for, str) and opened_for else None


def lineage(stub: object) -> Iterator[str]:
    """Yield the ids of a minified contact and of its ancestors, from below."""
    for _ in range(_MOST_ANCESTORS):
        if not isinstance(stub, Mapping):
            return
        if isinstance(stub.get("_id"), str):
            yield stub["_id"]
        stub = stub.get("parent")


def hydrated(stub: Document, documents: Mapping[str, Document]) -> dict[str, Any]:
    """Return a contact with what its document says, its ancestors likewise; what is not there stays its stub.

    Args:
        stub: ``{"_id", "parent": {…}}``, or a contact itself. Its ancestors count: of a report they are those at the
            time of the report.
        documents: by id.
    """
    chain: list[dict[str, Any]] = []
    link: object = stub
    while isinstance(link, Mapping) and len(chain) < _MOST_ANCESTORS:
        document = documents.get(str(link.get("_id")), {})
        chain.append({**link, **plain(document)})
        link = link.get("parent")
    for child, parent in zip(chain, [*chain[1:], None], strict=True):
        if parent is None:
            child.pop("parent", None)
        else:
            child["parent"] = parent
    return chain[0]


def plain(document: Document) -> dict[str, Any]:
    """Return a document without what CouchDB adds beside its id and revision."""
    return {key: value for key, value in document.items() if key not in _LEFT_OUT}


def without_copies(report: Document, wanted: Collection[str]) -> dict[str, Any]:
    """Return a report without the copies of personal data that forms carry along, and without where and by whom the
    telephone was used; what a fields file names stays.

    Args:
        report: as it is stored.
        wanted: paths that a fields file names.
    """
    values = plain(report)
    for name in _COPIES:
        if not _is_wanted(name, wanted):
            values.pop(name, None)
    fields = values.get("fields")
    if isinstance(fields, Mapping) and "inputs" in fields and not _is_wanted("fields.inputs", wanted):
        values["fields"] = {key: value for key, value in fields.items() if key != "inputs"}
    return values


def generation(revision: object) -> int:
    """Return the number in ``3-0a1b…``: how many times a branch of a document was saved."""
    number = revision.partition("-")[0] if isinstance(revision, str) else ""
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0


def revision_number(leaves: object, document: Document) -> int:
    """Return a number that grows with every change of a document.

    It is the generation of the revision; in a conflict, the sum of the generations of all leaves, the deleted ones
    included. The generation alone can fall: when the winner is deleted, a shorter branch wins.

    Args:
        leaves: ``changes`` of a row of the feed that was asked with ``style=all_docs``.
        document: the winner.
    """
    revisions = [leaf.get("rev") for leaf in leaves if isinstance(leaf, Mapping)] if isinstance(leaves, list) else []
    return max(sum(map(generation, revisions)), generation(document.get("_rev")))


def version(own: int, person: Document | None, reporter: Document | None, places: Collection[Document]) -> int:
    """Return a version number of a report together with what is joined to it.

    The report's own number counts most, then the person's, then the reporter's and those of all places together: an
    edit of the report may name another person, whose number starts again from one.
    """
    number = own
    for part, most in (
        (generation((person or {}).get("_rev")), 10**6),
        (generation((reporter or {}).get("_rev")), 10**3),
        (sum(generation(place.get("_rev")) for place in places), 10**3),
    ):
        number = number * most + min(part, most - 1)
    return min(number, 2**63 - 1)


def _is_wanted(path: str, wanted: Collection[str]) -> bool:
    return any(name == path or name.startswith(f"{path}.") for name in wanted)


def _object(value: object) -> Document:
    return value if isinstance(value, Mapping) else {}


def _codes(values: list[Any]) -> list[str]:
    found = [str(value) for value in values if isinstance(value, str | int) and not isinstance(value, bool) and value]
    return list(dict.fromkeys(found))
