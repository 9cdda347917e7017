"""One reading of a CHT database: pages of changes become records, with what reports name joined to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import SettingsError
from hm_fhir.sources import cht_documents as documents
from hm_fhir.sources.base import Record, Remark
from hm_fhir.sources.cht_documents import Document
from hm_fhir.sources.couchdb import Change, CouchDb

if TYPE_CHECKING:
    from hm_fhir.sources.cht import ChtOptions

_MOST_REMEMBERED = 500_000


@dataclass(frozen=True, slots=True)
class _Joined:
    """What a report names.

    Args:
        person: whom it concerns.
        place: the place it concerns.
        reporter: who filled it in.
        others: documents of ancestors and of these, by id.
        is_lacking: it names a person or a place that is not there.
    """

    person: Document | None
    place: Document | None
    reporter: Document | None
    others: Mapping[str, Document]
    is_lacking: bool


class ChtReading:
    """One reading.

    Args:
        options: settings.
        couchdb: the database.
        wanted: paths that a fields file names.
        is_first: it begins at the beginning of the feed.
    """

    def __init__(self, options: ChtOptions, couchdb: CouchDb, wanted: Collection[str], *, is_first: bool) -> None:
        self._options = options
        self._couchdb = couchdb
        self._wanted = wanted
        self._is_first = is_first
        self._number = 0
        self._skipped: Counter[str] = Counter()
        self._forms: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        # Which contacts, in which state, went into the reports of this reading.
        self._joined: dict[int, frozenset[int]] = {}

    def records(self, changes: Sequence[Change]) -> Iterator[Record]:
        """Yield the records of a page of the feed, and those of reports whose contacts have changed."""
        reports, contacts = [], []
        for change in changes:
            skipped = documents.skipped_as(change.id, change.document, deleted=change.deleted)
            if skipped is not None:
                self._skipped[skipped] += 1
            elif change.deleted:
                yield self._deletion(change)
            elif documents.is_report(change.document):
                reports.append(change)
            elif documents.is_contact(change.document):
                contacts.append(change)
            else:
                self._skipped["other"] += 1
            self._counts["conflicts"] += change.is_conflict
        yield from self._contacts(contacts)
        yield from self._reports(reports)
        again = self._reports_of(contacts, {change.id for change in reports})
        size = self._options.page_size
        for start in range(0, len(again), size):
            found = self._couchdb.changes_of(again[start : start + size])
            live = [change for change in found if not change.deleted and documents.is_report(change.document)]
            self._counts["again"] += len(live)
            yield from self._reports(live)

    def remarks(self) -> Iterator[Remark]:
        """Yield what was not read, or is not as it should be, when everything is read."""
        place, counts = self._options.database, self._counts
        if self._skipped:
            kinds = ", ".join(f"{number} {kind}" for kind, number in self._skipped.most_common())
            message = f"{self._skipped.total()} documents tell of no activity and are not read: {kinds}"
            yield Remark(place, "skipped-documents", message)
        if self._forms:
            forms = ", ".join(f"{number} {form}" for form, number in self._forms.most_common(20))
            message = f"{self._forms.total()} reports of other forms are not read: {forms}"
            yield Remark(place, "other-forms", message)
        if counts["conflicts"]:
            message = (
                f"{counts['conflicts']} documents have several revisions that nobody decided about; the one that "
                "CouchDB shows was read"
            )
            yield Remark(place, "conflicts", message)
        if counts["lacking"]:
            message = (
                f"{counts['lacking']} reports name a person or a place that is not there; they are read again "
                "when it comes"
            )
            yield Remark(place, "no-contact", message)
        if counts["again"]:
            message = f"{counts['again']} reports were read again, because their person or place has changed"
            yield Remark(place, "read-again", message)
        if counts["no-reports-view"]:
            message = (
                f"there is no view {self._options.reports_view}: what changed about {counts['no-reports-view']} "
                "contacts does not reach the reports that were read before"
            )
            yield Remark(place, "no-reports-view", message)
        if counts["no-codes-view"]:
            message = (
                f"there is no view {self._options.codes_view}: people who are named by a short code are not found"
            )
            yield Remark(place, "no-codes-view", message)

    def _deletion(self, change: Change) -> Record:
        # Never judged by settings or by what this reading knows: the document may have been read with other settings,
        # or before a reading from the beginning. A deletion of what nobody has read withdraws nothing.
        self._number += 1
        place = f"{self._options.database} deletion, change {self._number} of this reading"
        return Record(place, {}, document=change.id, deleted=True)

    def _is_read(self, form: object) -> bool:
        return not self._options.forms or form in self._options.forms

    def _reports(self, changes: Sequence[Change]) -> Iterator[Record]:
        read = []
        for change in changes:
            if self._is_read(change.document.get("form")):
                read.append(change)
            else:
                self._forms[documents.shown(change.document.get("form"))] += 1
        if not read:
            return
        found = self._named_by([change.document for change in read])
        for change in read:
            joined = self._join(change.document, found)
            self._counts["lacking"] += joined.is_lacking
            self._remember(change.id, joined)
            yield self._report(change, joined)

    def _report(self, change: Change, joined: _Joined) -> Record:
        values = documents.without_copies(change.document, self._wanted)
        own = documents.revision_number(change.leaves, change.document)
        places = {id_: document for id_, document in joined.others.items() if document is not joined.person}
        if joined.reporter is not None:
            places.pop(str(joined.reporter.get("_id")), None)
        values["_version"] = documents.version(own, joined.person, joined.reporter, places.values())
        if isinstance(values.get("contact"), Mapping):
            values["contact"] = documents.hydrated(values["contact"], joined.others)
        if joined.person is not None:
            values["patient"] = documents.hydrated(joined.person, joined.others)
        if joined.place is not None:
            values["place"] = documents.hydrated(joined.place, joined.others)
        self._number += 1
        form = documents.shown(change.document.get("form"))
        return Record(f"report {form}, change {self._number} of this reading", values, document=change.id)

    def _contacts(self, changes: Sequence[Change]) -> Iterator[Record]:
        read = [one for one in changes if documents.contact_type(one.document) in self._options.contact_types]
        if not read:
            return
        above = {id_ for change in read for id_ in documents.lineage(change.document.get("parent"))}
        found = self._couchdb.documents(sorted(above))
        for change in read:
            own = documents.revision_number(change.leaves, change.document)
            chain = [found[id_] for id_ in documents.lineage(change.document.get("parent")) if id_ in found]
            values = documents.hydrated(change.document, {**found, change.id: change.document})
            values["_version"] = documents.version(own, None, None, chain)
            self._number += 1
            kind = documents.shown(documents.contact_type(change.document))
            yield Record(f"contact {kind}, change {self._number} of this reading", values, document=change.id)

    def _named_by(self, reports: Sequence[Document]) -> dict[str, Document]:
        """Return the contacts that some reports name, and their ancestors, by id and by short code."""
        names: dict[str, None] = {}
        codes: set[str] = set()
        for report in reports:
            person, place, opened_for = documents.subjects(report)
            named = [
                *person,
                *place,
                *([opened_for] if opened_for else []),
                *documents.lineage(report.get("contact")),
            ]
            names.update(dict.fromkeys(named))
            codes.update((*person, *place))
        found = self._couchdb.documents(list(names))
        missing = sorted(code for code in codes if code not in found)
        by_code = self._by_code(missing)
        ancestors = {
            id_
            for document in (*found.values(), *by_code.values())
            for id_ in documents.lineage(document.get("parent"))
            if id_ not in found
        }
        return {**found, **self._couchdb.documents(sorted(ancestors)), **by_code}

    def _by_code(self, codes: Sequence[str]) -> dict[str, Document]:
        if not codes or self._options.codes_view is None:
            return {}
        keys = [["shortcode", code] for code in codes]
        try:
            rows = self._couchdb.view(self._options.codes_view, keys, with_documents=True)
        except SettingsError as error:
            if error.code != "not-found":
                raise
            self._counts["no-codes-view"] += 1
            return {}
        return {str(row["key"][1]): row["doc"] for row in rows if isinstance(row.get("doc"), dict)}

    def _join(self, report: Document, found: Mapping[str, Document]) -> _Joined:
        people, places, opened_for = documents.subjects(report)
        person = next((found[name] for name in people if name in found), None)
        place = next((found[name] for name in places if name in found), None)
        inputs = found.get(opened_for) if opened_for else None
        if inputs is not None and documents.contact_type(inputs) in self._options.person_types:
            person = person or inputs
        elif inputs is not None:
            place = place or inputs
        stub = report.get("contact")
        reporter = found.get(str(stub.get("_id"))) if isinstance(stub, Mapping) else None
        above: dict[str, Document] = {}
        for start in (person, place, stub):
            above.update({id_: found[id_] for id_ in documents.lineage(start) if id_ in found})
        found_nobody = person is None and (bool(people) or place is None)
        is_lacking = found_nobody and bool(people or places or opened_for)
        return _Joined(person, place, reporter, above, is_lacking)

    def _remember(self, report: str, joined: _Joined) -> None:
        if len(self._joined) < _MOST_REMEMBERED or hash(report) in self._joined:
            states = (one.get("_rev") for one in (joined.person, joined.place) if one is not None)
            self._joined[hash(report)] = frozenset(map(hash, states))

    def _reports_of(self, contacts: Sequence[Change], here: Collection[str]) -> list[str]:
        """Return the ids of reports that were read with an earlier state of one of these contacts.

        Args:
            contacts: that have changed.
            here: reports that were read just now, with the present state.
        """
        view = self._options.reports_view
        if not contacts or view is None:
            return []
        states = {
            name: hash(change.document.get("_rev"))
            for change in contacts
            for name in (change.id, *documents.short_codes(change.document))
        }
        try:
            rows = self._couchdb.view(view, list(states), with_documents=False)
        except SettingsError as error:
            if error.code != "not-found":
                raise
            self._counts["no-reports-view"] += len(contacts)
            return []
        again: dict[str, Any] = {}
        all_remembered = self._is_first and len(self._joined) < _MOST_REMEMBERED
        for row in rows:
            report, state = str(row.get("id")), states.get(str(row.get("key")))
            known = self._joined.get(hash(report))
            # In a first reading the turn of the others is still to come.
            is_stale = not all_remembered if known is None else state not in known
            if is_stale and report not in here:
                again[report] = None
        return list(again)
