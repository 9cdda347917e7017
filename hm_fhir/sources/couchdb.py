"""What is asked of CouchDB: its changes, documents by their ids, rows of a view.

Source: docs.couchdb.org, sections ``/db/_changes``, ``/db/_all_docs``, ``/db/_design/…/_view`` (Apache-2.0).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hm_fhir.errors import OperatorNeeded, SettingsError
from hm_fhir.http.addresses import named
from hm_fhir.http.client import HttpReader, Parameters

_MOST_STANDS = 3
_WITH_DOCUMENTS: Parameters = {"include_docs": "true", "conflicts": "true", "style": "all_docs"}


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the feed: the last state of a document.

    Args:
        id: of the document.
        document: the winning revision; of a deleted one often a stub.
        leaves: ``[{"rev": …}]``: the winner first, then those in conflict with it, also deleted ones.
        deleted: whether the document is deleted.
    """

    id: str = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)
    leaves: list[Any]
    deleted: bool

    @property
    def is_conflict(self) -> bool:
        """Whether there are other revisions that nobody decided about."""
        return bool(self.document.get("_conflicts"))


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """Some changes.

    Args:
        changes: in the order of the feed.
        last_seq: where the next page begins: any JSON, to be given back as it is.
        is_last: nothing is known to follow.
    """

    changes: list[Change]
    last_seq: Any
    is_last: bool


class CouchDb:
    """A database of a CouchDB.

    Args:
        http: of the server.
        name: of the database.
        page_size: most documents in one answer.
    """

    def __init__(self, http: HttpReader, name: str, page_size: int) -> None:
        self._http = http
        self._name = name
        self._page_size = page_size

    def pages(self, since: Any) -> Iterator[ChangesPage]:
        """Yield the pages of the feed to its present end.

        Args:
            since: ``last_seq`` of a page, or None for the beginning.

        Raises:
            OperatorNeeded: the feed does not go on, or this is no CouchDB.
            HmFhirError: see HttpReader.
        """
        size, stands = self._page_size, 0
        while True:
            parameters: dict[str, str | int | list[str]] = {
                **_WITH_DOCUMENTS,
                "feed": "normal",
                "limit": size,
                "seq_interval": size,
                "since": _as_parameter(since),
            }
            try:
                page = self._page(self._http.get_json(f"{self._name}/_changes", parameters))
            except SettingsError as error:
                if error.code != "too-long" or size == 1:
                    raise
                size = max(1, size // 4)  # documents can hold pictures
                continue
            # Another replica may answer from further back, once.
            stands = stands + 1 if page.last_seq == since and not page.is_last else 0
            if stands > _MOST_STANDS:
                raise OperatorNeeded(
                    "the feed of changes comes back to where it was",
                    code="paging",
                    place=self._place("_changes"),
                    fix="look at a proxy before the server: it must not keep answers",
                )
            yield page
            if page.is_last:
                return
            since = page.last_seq

    def changes_of(self, ids: Sequence[str]) -> list[Change]:
        """Return the last change of each of some documents; at most `page_size`."""
        parameters = {**_WITH_DOCUMENTS, "filter": "_doc_ids"}
        answer = self._http.post_json(f"{self._name}/_changes", {"doc_ids": list(ids)}, parameters)
        return self._page(answer).changes

    def documents(self, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return documents by their ids; what is not there, or deleted, is left out."""
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(ids), self._page_size):
            some = list(ids[start : start + self._page_size])
            for row in self._rows("_all_docs", some):
                if isinstance(row.get("doc"), dict) and not row["doc"].get("_deleted"):
                    found[row["doc"].get("_id", row.get("key"))] = row["doc"]
        return found

    def view(self, name: str, keys: Sequence[Any], *, with_documents: bool) -> list[Mapping[str, Any]]:
        """Return the rows of a view.

        Args:
            name: ``design/view``.
            keys: keys of the rows.
            with_documents: whether rows have their ``doc``.

        Raises:
            SettingsError: there is no such view; code ``not-found``.
        """
        design, _, view = name.partition("/")
        path = f"_design/{design}/_view/{view}"
        rows: list[Mapping[str, Any]] = []
        for start in range(0, len(keys), self._page_size):
            rows += self._rows(path, list(keys[start : start + self._page_size]), with_documents=with_documents)
        return rows

    def counted(self, name: str) -> dict[str, int]:
        """Return how many rows a view with ``_count`` has by the first part of their keys."""
        design, _, view = name.partition("/")
        answer = self._http.get_json(f"{self._name}/_design/{design}/_view/{view}", {"group_level": 1})
        rows = self._list(answer, "rows", view)
        return {str(_first(row.get("key"))): int(row.get("value") or 0) for row in rows}

    def _rows(self, path: str, keys: list[Any], *, with_documents: bool = True) -> list[Mapping[str, Any]]:
        parameters: Parameters = {"include_docs": "true"} if with_documents else {}
        answer = self._http.post_json(f"{self._name}/{path}", {"keys": keys}, parameters)
        return self._list(answer, "rows", path)

    def _page(self, answer: object) -> ChangesPage:
        results = self._list(answer, "results", "_changes")
        said: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
        if "last_seq" not in said:
            raise self._strange("_changes")
        changes = [
            Change(
                str(row.get("id")),
                row["doc"] if isinstance(row.get("doc"), dict) else {},
                row["changes"] if isinstance(row.get("changes"), list) else [],
                row.get("deleted") is True,
            )
            for row in results
        ]
        return ChangesPage(changes, said["last_seq"], is_last=not results or said.get("pending") == 0)

    def _list(self, answer: object, name: str, path: str) -> list[Mapping[str, Any]]:
        found = answer.get(name) if isinstance(answer, dict) else None
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise self._strange(path)
        return found

    def _strange(self, path: str) -> OperatorNeeded:
        return OperatorNeeded(
            "this is not what CouchDB answers",
            code="no-couchdb",
            place=self._place(path),
            fix="look at url and database of this source",
        )

    def _place(self, path: str) -> str:
        return f"{named(self._http.base)}/{self._name}/{path}"


def _as_parameter(since: Any) -> str:
    if since is None:
        return "0"
    return since if isinstance(since, str) else json.dumps(since, separators=(",", ":"))


def _first(key: object) -> object:
    return key[0] if isinstance(key, list) and key else key
