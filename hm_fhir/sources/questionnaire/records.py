"""From QuestionnaireResponses to records, and what is not read of them.

The name of a record's value is a linkId, or begins with ``_`` where the response itself says it. Nothing else of the
response is passed on: neither its text nor the display of its subject, which can name somebody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import UNREADABLE, Record, Remark
from hm_fhir.sources.questionnaire.answers import name_of, values_of
from hm_fhir.sources.questionnaire.form import Form

UNFINISHED = ("in-progress", "stopped")
TAKEN_BACK = "entered-in-error"


class Responses:
    """Makes records of the responses of one reading, and counts what is left out.

    Args:
        form: what they answer.
        names: canonicals under which the form is answered, without versions; the form's own is one of them.
        where: file name, or address of the server, for remarks.
        by_id: a document is known by the id at its server; otherwise by its identifier, where it has one.
    """

    def __init__(self, form: Form, names: frozenset[str], where: str, *, by_id: bool) -> None:
        self._form = form
        self._names = names
        self._where = where
        self._by_id = by_id
        self._left_out: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()

    def record(self, resource: Any, place: str) -> Record | None:
        """Return the record of a resource, or None when it is not read; `remarks` tells of it then."""
        if not isinstance(resource, Mapping) or not isinstance(resource.get("resourceType"), str):
            error = RecordRejected("this is no FHIR resource", code=UNREADABLE, place=place)
            return Record(place, {"value": resource}, error)
        if resource["resourceType"] != "QuestionnaireResponse":
            self._left_out["other-resource"] += resource["resourceType"] != "OperationOutcome"
            return None
        if str(resource.get("questionnaire", "")).partition("|")[0] not in self._names:
            self._left_out["other-questionnaire"] += 1
            return None
        status, local_id, response_id = resource.get("status"), _local_id(resource), resource.get("id")
        document = response_id if self._by_id and isinstance(response_id, str) else local_id
        if status == TAKEN_BACK and document is not None:
            return Record(place, {}, document=document, deleted=True)
        if status in (*UNFINISHED, TAKEN_BACK):
            self._left_out[str(status)] += 1
            return None
        said = {
            "_local_id": local_id,
            "_changed": _mapping(resource.get("meta")).get("lastUpdated"),
            "_version": _mapping(resource.get("meta")).get("versionId"),
            "_authored": resource.get("authored"),
            "_author": name_of(resource.get("author")),
        }
        own = {name: value for name, value in said.items() if value is not None}
        try:
            values = values_of(resource, self._form, self._unknown)
        except RecordRejected as error:
            error.place = place
            return Record(place, own, error, document=document)
        return Record(place, {**own, **values}, document=document)

    def remarks(self) -> Iterator[Remark]:
        """Yield what was left out."""
        for code, message in _MESSAGES.items():
            if number := self._left_out[code]:
                yield Remark(self._where, code, message.format(number=number))
        for link_id, number in sorted(self._unknown.items()):
            if number:
                text = f"the form has no question {link_id!r}: {number} answers to it are not read"
                yield Remark(self._where, "unknown-question", text)


_MESSAGES = {
    "other-resource": "{number} resources are no QuestionnaireResponse and are not read",
    "other-questionnaire": "{number} responses answer another questionnaire and are not read",
    "in-progress": "{number} responses are not finished and are not read yet",
    "stopped": "{number} responses were given up and are not read",
    TAKEN_BACK: "{number} responses were entered in error, and have neither id nor identifier",
}


def _local_id(resource: Mapping[str, Any]) -> str | None:
    """Return the number of a response: that of its identifier (in R5 the first), else its id."""
    identifier = resource.get("identifier")
    if isinstance(identifier, list):
        identifier = identifier[0] if identifier else None
    value = _mapping(identifier).get("value", resource.get("id"))
    return value if isinstance(value, str) and value else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
