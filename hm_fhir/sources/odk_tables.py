"""Repeats of ODK Central: inside their submission, or as tables of their own that are joined to it.

The service document of a form names its tables: ``Submissions``, ``Submissions.children.child`` for the repeat
``child`` in the group ``children``, ``Submissions.children.child.toys.toy`` for one inside it. A row of a repeat
holds the ``__id`` of the row it belongs to, as ``__Submissions-id`` or ``__Submissions-children-child-id``.

Source of the shapes: getodk/central-backend (Apache-2.0), ``test/integration/api/odata.js``,
``lib/formats/odata.js``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hm_fhir.errors import SettingsError
from hm_fhir.http.client import HttpReader, Page

SUBMISSIONS = "Submissions"
NEXT_LINK = "@odata.nextLink"
_NAVIGATION_LINK = "@odata.navigationLink"

Row = dict[str, Any]


def rows_of(content: Any, place: str) -> list[Row]:
    """Return the rows of an OData answer.

    Raises:
        SettingsError: it is no such answer.
    """
    rows = content.get("value") if isinstance(content, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SettingsError(
            "the answer is no OData table",
            code="not-odata",
            place=place,
            fix="the url of this source is the base of ODK Central, such as https://odk.example.org",
        )
    return rows


def next_link(page: Page) -> str | None:
    """Return where the next page is; its ``$skiptoken`` is opaque and followed as it is."""
    link = page.content.get(NEXT_LINK) if isinstance(page.content, dict) else None
    return link if isinstance(link, str) else None


def form_only(row: Row, place: str, *, expanded: bool) -> Row:
    """Return the answers of a row and of the repeats in it, without what Central adds to them.

    Args:
        row: of the main table.
        place: where it was read.
        expanded: each repeat must stand beside its link.

    Raises:
        SettingsError: it does not: the server left it out, and it would be lost.
    """
    answers = _answers(row, place, expanded=expanded)
    return {name: answer for name, answer in answers.items() if name not in ("__system", "meta")}


def _answers(value: Any, place: str, *, expanded: bool) -> Any:
    if isinstance(value, list):
        return [_answers(item, place, expanded=expanded) for item in value]
    if not isinstance(value, dict):
        return value
    left = {}
    for key, inner in value.items():
        if not key.endswith(_NAVIGATION_LINK):
            if key != "__id":  # of a repeat: made of its place
                left[key] = _answers(inner, place, expanded=expanded)
        elif expanded and key.removesuffix(_NAVIGATION_LINK) not in value:
            raise SettingsError(
                "the server does not put repeats into their submission ($expand)",
                code="not-expanded",
                place=place,
                fix='write repeats = "tables" in the settings of this source',
            )
    return left


class RepeatTables:
    """Reads repeats as tables of their own.

    Args:
        http: ODK Central.
        service: path of the OData service of the form.
        place: what messages say.
        page_size: rows in one answer.

    Raises:
        HmFhirError: the service document cannot be read.
    """

    def __init__(self, http: HttpReader, service: str, *, place: str, page_size: int) -> None:
        self._http = http
        self._service = service
        self._place = place
        self._page_size = page_size
        names = [row.get("url") for row in rows_of(http.get_json(service, place=place), place)]
        repeats = {name for name in names if isinstance(name, str) and name.startswith(f"{SUBMISSIONS}.")}
        # Parents first, so that a nested repeat finds the row it belongs to.
        self._tables = sorted(repeats, key=lambda name: name.count("."))

    def join(self, submissions: Iterable[Row], filter_of_page: str) -> None:
        """Put the rows of all repeats into their submissions.

        Args:
            submissions: rows of the main table.
            filter_of_page: ``$filter`` of the tables of repeats; it lets pass at least the rows of these submissions.

        Raises:
            HmFhirError: a table cannot be read, or does not say to what its rows belong.
        """
        parents: dict[str, Mapping[str, Row]] = {SUBMISSIONS: {row["__id"]: row for row in submissions}}
        for table in self._tables:
            above = max((name for name in parents if table.startswith(f"{name}.")), key=len)
            parents[table] = self._children(table, above, parents[above], filter_of_page)

    def _children(self, table: str, above: str, parents: Mapping[str, Row], filter_of_page: str) -> Mapping[str, Row]:
        parent_key = f"__{above.replace('.', '-')}-id"
        *groups, name = table.removeprefix(f"{above}.").split(".")
        found = {}
        params: dict[str, str | int | list[str]] = {"$filter": filter_of_page, "$top": self._page_size}
        for page in self._http.pages(f"{self._service}/{table}", params, following=next_link, place=self._place):
            for row in rows_of(page.content, self._place):
                if parent_key not in row:
                    raise SettingsError(
                        "the rows of a repeat do not say to which row they belong",
                        code="not-odata",
                        place=self._place,
                        fix='write repeats = "expand" in the settings of this source',
                    )
                parent = parents.get(row.pop(parent_key))
                if parent is None:
                    continue  # of a submission that is not in this page
                for group in groups:
                    parent = parent.setdefault(group, {})
                parent.setdefault(name, []).append(row)
                found[row.get("__id", "")] = row
        return found
