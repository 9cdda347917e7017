"""Any API that gives documents as JSON, in one answer or in pages: everything each time, or what was updated."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal, Self

from msgspec import structs
from pydantic import Field, model_validator

from hm_fhir.config import Section
from hm_fhir.errors import RecordRejected, RetryLater, SettingsError
from hm_fhir.fhir.json import to_json
from hm_fhir.http.answers import server_time
from hm_fhir.http.client import HttpReader, Page, Parameters
from hm_fhir.http.options import HttpOptions
from hm_fhir.sources.base import Item, ReaderKind, Record, Remark, SourceContext
from hm_fhir.sources.cursor import Bookmark
from hm_fhir.sources.rest_paging import (
    Ask,
    LinkPaging,
    NoPaging,
    NumberPaging,
    Paging,
    Position,
    TokenPaging,
    value_at,
)

_MOST_BEGINNINGS = 3


class UpdatedSince(Section):
    """How the API is asked for what was updated since a time."""

    parameter: str = Field(description="parameter that takes the time: `updatedSince`")
    form: Literal["seconds", "milliseconds", "zoned", "local", "day"] = Field(
        default="zoned",
        description="how it is written: `zoned` 2026-03-05T09:30:00Z, `local` the same in the zone of the deployment "
        "and without one, `day` 2026-03-05, `seconds` or `milliseconds` since 1970",
    )
    overlap_hours: Annotated[float, Field(ge=0, le=87_600)] = Field(
        default=24, description="how many hours before the last reading are read again"
    )


class RestOptions(HttpOptions):
    """Settings of an API."""

    path: str = Field(description="of the list, below the url: `api/visits`")
    query: dict[str, str] = Field(default_factory=dict, description="parameters of every request; no secrets")
    items: str = Field(
        default="", description="where the documents stand in the answer: `data.items`; empty: the answer is a list"
    )
    key: str | None = Field(
        default=None,
        description="where a document says its identity, which an edit keeps: `id`. Without it no edit or deletion "
        "withdraws anything",
    )
    deleted: str | None = Field(
        default=None,
        description="where a document says that it is deleted: there stands true, a time, or any text but `false`, "
        "`no` and `0`",
    )
    paging: Paging = Field(default=NoPaging(), description="how the list goes on")
    updated: UpdatedSince | None = Field(
        default=None, description="how to ask for what changed; absent: everything is read each time"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.deleted is not None and self.key is None:
            raise ValueError("`deleted` needs `key`: nobody knows otherwise what is deleted")
        if self.updated is not None and self.updated.parameter in self.query:
            raise ValueError("the parameter of `updated` stands in `query`, too")
        return self


class _Place(Bookmark, frozen=True):
    """Where reading is.

    Attributes:
        since: begin of the last complete reading by the server's clock; None: read everything.
        began: begin of this reading; None: between two readings.
        position: of the next page; None: the first.
        mark: digest of the key that stands right before it.
    """

    since: datetime | None = None
    began: datetime | None = None
    position: Position | None = None
    mark: str | None = None


class _Walk:
    """A reading on its way.

    Args:
        place: where it begins.

    Attributes:
        place: where the page stands that is being read.
        items: documents of that page, without those of the page before.
        position: of the page after it.
    """

    def __init__(self, place: _Place) -> None:
        self.place = place
        self.items: list[Any] = []
        self.position: Position | None = None


class _Moved(Exception):
    """The list is not the one whose first pages were read."""


class RestReader:
    """Reads an API.

    Args:
        options: settings.
        context: the deployment.
    """

    def __init__(self, options: RestOptions, context: SourceContext) -> None:
        self.incremental = options.updated is not None
        self._options = options
        self._zone = context.zone
        self._shown = f"{options.url}/{options.path.lstrip('/')}"
        self._folder = context.folder

    def count(self) -> int | None:
        """Return None: nobody knows before it is read."""
        return None

    def records(self, since: str | None = None) -> Iterator[Item]:
        """Yield the documents of the list. See `Reader.records`."""
        place = _Place.of(since) if self.incremental else _Place()
        unnamed: Counter[str] = Counter()
        with HttpReader(self._options, self._folder) as http:
            for _ in range(_MOST_BEGINNINGS):
                try:
                    yield from self._reading(http, place, unnamed)
                except _Moved:
                    # What was read stays; what the move hid is read by beginning again.
                    place = _Place(since=place.since)
                    unnamed.clear()
                else:
                    break
            else:
                raise RetryLater(f"the list at {self._shown} does not stay as it is while it is read")
        if unnamed["key"]:
            text = f"{unnamed['key']} documents have nothing at {self._options.key!r} and belong to no document"
            yield Remark(self._shown, "no-key", text)

    def _reading(self, http: HttpReader, place: _Place, unnamed: Counter[str]) -> Iterator[Item]:
        walk = _Walk(place)
        ask = self._options.paging.ask(place.position, self._options.page_size)
        parameters = None if ask.link else self._parameters(place, ask)
        pages = http.pages(
            ask.link or self._options.path, parameters, following=partial(self._following, walk), place=self._shown
        )
        number = 0
        try:
            for page in pages:
                if walk.place.began is None:
                    walk.place = structs.replace(walk.place, began=server_time(page.headers, datetime.now(UTC)))
                for item in walk.items:
                    number += 1
                    yield self._record(item, number, unnamed)
                if walk.position is not None:
                    walk.place = structs.replace(walk.place, position=walk.position, mark=self._mark(walk.items))
                    if self.incremental and self._options.paging.goes_on:
                        yield walk.place.checkpoint()
        except SettingsError as error:
            opaque = isinstance(self._options.paging, LinkPaging | TokenPaging)
            if opaque and walk.place.position is not None and error.code in ("not-found", "not-understood"):
                raise _Moved from None  # a link or token that is not valid any more
            if isinstance(self._options.paging, NumberPaging) and walk.place.position and error.code == "not-found":
                raise SettingsError(
                    error.message,
                    code=error.code,
                    place=error.place,
                    fix="an API that has no page behind the last one says how many there are: name that as `pages`",
                ) from None
            raise
        if self.incremental:
            yield _Place(since=walk.place.began).checkpoint()

    def _following(self, walk: _Walk, page: Page) -> Parameters | str | None:
        """Take the documents of a page, and return the request of the next one."""
        place = walk.place
        walk.items = self._without_known(self._items(page), place)
        walk.position = self._options.paging.after(page, place.position, len(walk.items))
        if walk.position is None:
            return None
        ask = self._options.paging.ask(walk.position, self._options.page_size)
        return ask.link or self._parameters(place, ask)

    def _parameters(self, place: _Place, ask: Ask) -> Parameters:
        return {**self._options.query, **self._since(place), **ask.parameters}

    def _since(self, place: _Place) -> dict[str, str | int]:
        updated = self._options.updated
        if updated is None or place.since is None:
            return {}
        moment = place.since.astimezone(UTC) - timedelta(hours=updated.overlap_hours)
        match updated.form:
            case "seconds":
                return {updated.parameter: int(moment.timestamp())}
            case "milliseconds":
                return {updated.parameter: int(moment.timestamp()) * 1000}
            case "local":
                return {updated.parameter: f"{moment.astimezone(self._zone):%Y-%m-%dT%H:%M:%S}"}
            case "day":
                return {updated.parameter: f"{moment.astimezone(self._zone):%Y-%m-%d}"}
        return {updated.parameter: f"{moment:%Y-%m-%dT%H:%M:%SZ}"}

    def _items(self, page: Page) -> list[Any]:
        items = value_at(page.content, self._options.items)
        if not isinstance(items, list):
            raise SettingsError(
                f"there is no list at {self._options.items!r} of the answer"
                if self._options.items
                else "the answer is no list",
                code="no-list",
                place=self._shown,
                fix="`items` of this source says where the documents stand: look at an answer of the API",
            )
        return items

    def _without_known(self, items: list[Any], place: _Place) -> list[Any]:
        """Leave out what the page before had, too.

        Raises:
            _Moved: something else stands there: documents were added or removed before this place.
        """
        if place.position is None or "read" not in place.position or not place.position["read"]:
            return items
        if self._options.key is not None and place.mark is not None and self._mark(items[:1]) != place.mark:
            raise _Moved
        return items[1:]

    def _mark(self, items: list[Any]) -> str | None:
        """Return a digest of the last key, so short that nobody can guess the key from it."""
        key = value_at(items[-1], self._options.key) if items and self._options.key else None
        return hashlib.sha256(to_json(key)).hexdigest()[:6] if key is not None else None

    def _record(self, item: Any, number: int, unnamed: Counter[str]) -> Record:
        where = f"{self._shown} document {number}"
        if not isinstance(item, dict):
            error = RecordRejected("the document is no JSON object", code="wrong-kind", place=where)
            return Record(where, {"value": item}, error)
        key = value_at(item, self._options.key) if self._options.key else None
        document = str(key) if isinstance(key, str | int) and str(key) else None
        unnamed["key"] += self._options.key is not None and document is None
        if document is not None and self._options.deleted and _says_yes(value_at(item, self._options.deleted)):
            return Record(where, {}, document=document, deleted=True)
        return Record(where, item, document=document)


def _says_yes(value: object) -> bool:
    return value.strip().lower() not in ("", "false", "no", "0") if isinstance(value, str) else bool(value)


KIND = ReaderKind("rest", RestOptions, RestReader, "documents of any API that gives JSON, in one answer or in pages")
