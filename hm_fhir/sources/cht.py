"""Community Health Toolkit: reports with the person, the place and the reporter they name, from the feed of changes.

The feed of CouchDB tells of each document once, in its last state, wherever that stands in the order of changes. It
may tell again what it told before. Two things are not in it and are looked up: the contacts that reports name
(`_all_docs`), and, when a contact changes, the reports that name it (the CHT's own view).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from hm_fhir.errors import HmFhirError
from hm_fhir.http.client import HttpReader
from hm_fhir.http.options import HttpOptions
from hm_fhir.sources.base import Checkpoint, Item, ReaderKind, Remark, SourceContext
from hm_fhir.sources.cht_reading import ChtReading
from hm_fhir.sources.couchdb import CouchDb

TypeName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
ViewName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+/[a-z0-9_-]+$")]
_REPORTS_BY_FORM = "medic-client/reports_by_form"


class ChtOptions(HttpOptions):
    """Settings of a CHT server; `url` is its address, without the name of the database."""

    database: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_$()+/-]*$")] = Field(
        default="medic", description="database of reports and contacts"
    )
    forms: tuple[TypeName, ...] = Field(default=(), description="forms whose reports are read; all when empty")
    contact_types: tuple[TypeName, ...] = Field(
        default=(),
        description="types of contacts that are records themselves, such as `person`; persons and places of reports "
        "are joined without this",
    )
    person_types: tuple[TypeName, ...] = Field(
        default=("person",), description="types of contacts that are people; the others are places"
    )
    reports_view: ViewName | None = Field(
        default="medic-client/reports_by_subject",
        description="view that gives the reports of a contact: when a contact changes, they are read again",
    )
    codes_view: ViewName | None = Field(
        default="medic-client/contacts_by_reference",
        description="view that gives a contact by its short code, for reports that name no id",
    )


class ChtReader:
    """Reads a CHT database.

    Args:
        options: settings.
        context: the deployment.
    """

    def __init__(self, options: ChtOptions, context: SourceContext) -> None:
        self.incremental = True
        self._options = options
        self._context = context
        self._wanted: tuple[str, ...] = ()
        said = [options.database, sorted(options.forms), sorted(options.contact_types)]
        self._of = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]

    def want(self, names: Sequence[str]) -> None:
        """Say which paths are read: copies of personal data are only passed on where one of them leads there.

        Args:
            names: dotted paths, such as ``fields.inputs.contact.phone``.
        """
        self._wanted = tuple(names)

    def count(self) -> int | None:
        """Return the number of reports of the forms."""
        try:
            with self._http() as http:
                forms = self._couchdb(http).counted(_REPORTS_BY_FORM)
        except HmFhirError:
            return None
        return sum(number for form, number in forms.items() if not self._options.forms or form in self._options.forms)

    def records(self, since: str | None = None) -> Iterator[Item]:
        """Yield reports (and contacts) in the order of the feed; see `Reader.records`."""
        seq, known = self._place_of(since)
        if since is not None and not known:
            message = "the settings of this source have changed: it is read from the beginning"
            yield Remark(self._options.database, "other-cursor", message)
        with self._http() as http:
            couchdb = self._couchdb(http)
            reading = ChtReading(self._options, couchdb, self._wanted, is_first=seq is None)
            for page in couchdb.pages(seq):
                yield from reading.records(page.changes)
                yield self._checkpoint(page.last_seq)
            yield from reading.remarks()

    def _checkpoint(self, seq: Any) -> Checkpoint:
        return Checkpoint(json.dumps({"of": self._of, "seq": seq}, separators=(",", ":")))

    def _place_of(self, cursor: str | None) -> tuple[Any, bool]:
        """Return the sequence of a cursor, and whether it is one of these settings."""
        try:
            said = json.loads(cursor) if cursor is not None else {}
            return (said["seq"], True) if said.get("of") == self._of else (None, False)
        except (ValueError, AttributeError, KeyError):
            return None, False

    def _http(self) -> HttpReader:
        return HttpReader(self._options, self._context.folder)

    def _couchdb(self, http: HttpReader) -> CouchDb:
        return CouchDb(http, self._options.database, self._options.page_size)


KIND = ReaderKind(
    "cht", ChtOptions, ChtReader, "Community Health Toolkit: reports with their contacts, from _changes"
)
