"""Responses on a FHIR server, in the order of their last change, each search from where the one before ended.

A server may page by position: what changes while it is read moves to the end, and something else slips past the
reader. So each page is a search of its own from the time of the last response on. Only where all of a page changed at
one moment, or the server does not sort, links to the next page are followed, and again, until nothing new comes.

Source: https://hl7.org/fhir/R4/search.html (_lastUpdated, _sort, _total, paging).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hm_fhir.errors import OperatorNeeded, RetryLater
from hm_fhir.http.answers import server_time
from hm_fhir.http.client import HttpReader, Page
from hm_fhir.http.options import HttpOptions
from hm_fhir.sources.base import Item, Remark
from hm_fhir.sources.cursor import Bookmark
from hm_fhir.sources.questionnaire.records import Responses

_PATH = "QuestionnaireResponse"
_MOST_PASSES = 10
# HAPI FHIR answers with the results of an equal search of the last minute, unless it is told not to.
_HEADERS = {"Accept": "application/fhir+json", "Cache-Control": "no-cache"}


def search(
    options: HttpOptions,
    folder: Path,
    responses: Responses,
    *,
    canonicals: Sequence[str],
    version: str | None,
    since: str | None,
    overlap_hours: float | None,
) -> Iterator[Item]:
    """Yield the responses that changed, and checkpoints where reading can go on.

    Args:
        options: of the server.
        folder: where relative paths of secrets start.
        responses: makes the records.
        canonicals: of the form, without versions.
        version: of the form: some servers find a canonical with a version only by all of it.
        since: the cursor of the last reading; None: everything is read.
        overlap_hours: how far back it is read again; None: no checkpoints.

    Raises:
        RetryLater: the server counts more than it gives, where everything should be read; and as the others.
        OperatorNeeded, SettingsError: as `HttpReader.get_json`.
    """
    names = [name for one in canonicals for name in (one, f"{one}|{version}" if version else None) if name]
    place = f"{options.url}/{_PATH}"
    with HttpReader(options, folder, headers=_HEADERS) as http:
        reading = _Search(http, ",".join(names), options.page_size, _start(since, overlap_hours), place)
        number = 0
        for turn in reading.turns():
            for resource in turn.resources:
                number += 1
                if (record := responses.record(resource, f"{place} {number}")) is not None:
                    yield record
            if overlap_hours is not None and turn.reached is not None:
                yield _Reached(turn.reached).checkpoint()
    yield from responses.remarks()
    if reading.missing:
        message = f"the server counts {reading.missing} responses more than it gives"
        if overlap_hours is None:
            # What is missing from a complete reading may be withdrawn: this is none.
            raise RetryLater(f"{place}: {message}")
        yield Remark(place, "missing-responses", f"{message}; they are asked for again next time")


class _Reached(Bookmark, frozen=True):
    """Until when all is read; None: nothing is."""

    since: datetime | None = None


def _start(since: str | None, overlap_hours: float | None) -> datetime | None:
    reached = _Reached.of(since).since
    if reached is None or overlap_hours is None:
        return None
    return reached - timedelta(hours=overlap_hours)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one answer brought.

    Args:
        resources: those that did not come before.
        reached: until when all is read; None: not known.
    """

    resources: list[Any] = field(repr=False)
    reached: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    """One page.

    Args:
        fresh: resources that did not come before.
        first: time of change of the first one; None: nothing says it.
        last: of the last one.
        link: to the next page.
        is_full: it holds as many as were asked for.
    """

    fresh: list[Any] = field(repr=False)
    first: datetime | None
    last: datetime | None
    link: str | None = field(repr=False)
    is_full: bool


class _Search:
    """One reading of the server.

    Args:
        http: the server.
        names: canonicals, separated by commas.
        size: most responses in one answer.
        start: of the time of change; None: everything.
        place: for messages.
    """

    def __init__(self, http: HttpReader, names: str, size: int, start: datetime | None, place: str) -> None:
        self._http = http
        self._names = names
        self._size = size
        self._since = start
        self._place = place
        self._obeys = self._says_sorted = True
        self._total: int | None = None
        self._ids: set[str] = set()
        self._began: datetime | None = None
        self._seen: set[str] = set()

    def turns(self) -> Iterator[_Turn]:
        """Yield what the server has, answer by answer."""
        start = self._since
        yield from self._reading()
        if self.missing:
            # Its pages were sorted as it seemed, or are those of an earlier search.
            self._obeys, self._since = False, start
            yield from self._reading()
        if not self.missing:
            yield _Turn([], self._began)

    @property
    def missing(self) -> int:
        """How many responses the server has counted and not given."""
        return max(0, (self._total or 0) - len(self._ids))

    def _reading(self) -> Iterator[_Turn]:
        passes = 0
        while True:
            answer = self._ask(None)
            if self._since and answer.first and answer.first < self._since:
                self._obeys = False  # it overlooks the time, and gives everything
            goes_on = self._is_beyond(answer, answer.first)
            # A full page without a link is not believed to be the last: HAPI FHIR sometimes forgets the link.
            if answer.link is None and not (answer.is_full and goes_on):
                yield _Turn(answer.fresh)
                return
            if goes_on:
                yield _Turn(answer.fresh, answer.last if self._says_sorted else None)
                # From here by time: what stands at this moment comes again and is known.
                self._since, passes = answer.last, 0
                continue
            yield _Turn(answer.fresh)
            found, first = 0, answer.first
            link: str | None = answer.link
            followed: set[str] = set()
            while link is not None and not self._is_beyond(answer, first):
                if link in followed:
                    raise self._circle()
                followed.add(link)
                answer = self._ask(link)
                link, found = answer.link, found + len(answer.fresh)
                yield _Turn(answer.fresh)
            if found:
                # By position: if something has moved meanwhile, something else was overlooked. So once more.
                passes += 1
                if passes > _MOST_PASSES:
                    raise RetryLater(f"what is found at {self._place} changes all the time while it is read")
            elif link is None:
                return
            else:
                self._since, passes = answer.last, 0

    def _is_beyond(self, answer: _Answer, first: datetime | None) -> bool:
        """Return whether an answer goes on to a later moment, from where can be searched."""
        return self._obeys and answer.last is not None and first is not None and answer.last > first

    def _circle(self) -> OperatorNeeded:
        return OperatorNeeded(
            "the same page came twice: the server does not page as FHIR says",
            code="paging",
            place=self._place,
            fix="look at a proxy before the server",
        )

    def _ask(self, link: str | None) -> _Answer:
        page = self._page(link)
        found = self._entries(page)
        times = [_changed(one) for one in found]
        known = [one for one in times if one is not None]
        total = page.content.get("total")
        if self._total is None and isinstance(total, int):
            self._total = total
        if link is None:
            self._says_sorted = "_sort=" in (_link(page, "self") or "_sort=")
        self._obeys = self._obeys and self._says_sorted and len(known) == len(times) and known == sorted(known)
        fresh = [one for one in found if self._is_new(one)]
        first, last = (known[0], known[-1]) if known else (None, None)
        return _Answer(fresh, first, last, _link(page, "next"), len(found) >= self._size)

    def _page(self, link: str | None) -> Page:
        parameters: dict[str, str | int] = {"_sort": "_lastUpdated", "_total": "accurate", "_count": self._size}
        parameters["questionnaire"] = self._names
        if self._since is not None:
            parameters["_lastUpdated"] = f"ge{self._since.astimezone(UTC).isoformat(timespec='milliseconds')}"
        asked = None if link else parameters
        page = next(self._http.pages(link or _PATH, asked, following=lambda _: None, place=self._place))
        if self._began is None:
            self._began = server_time(page.headers, datetime.now(UTC))
        return page

    def _entries(self, page: Page) -> list[Any]:
        content = page.content
        if not isinstance(content, dict) or content.get("resourceType") != "Bundle":
            raise OperatorNeeded(
                "it does not answer a search with a Bundle",
                code="no-bundle",
                place=self._place,
                fix="the url of the source is the base of a FHIR R4 API",
            )
        entries = content.get("entry")
        found = [one.get("resource") for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
        return [one for one in found if isinstance(one, dict) and one.get("resourceType") != "OperationOutcome"]

    def _is_new(self, resource: dict[str, Any]) -> bool:
        meta = resource.get("meta")
        changed = meta.get("lastUpdated") if isinstance(meta, dict) else None
        self._ids.add(str(resource.get("id")))
        mark = f"{resource.get('id')}|{changed}"
        if mark in self._seen:
            return False
        self._seen.add(mark)
        return True


def _changed(resource: dict[str, Any]) -> datetime | None:
    meta = resource.get("meta")
    text = meta.get("lastUpdated") if isinstance(meta, dict) else None
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _link(page: Page, relation: str) -> str | None:
    links = page.content.get("link")
    if not isinstance(links, list):
        return None
    found = [one.get("url") for one in links if isinstance(one, dict) and one.get("relation") == relation]
    return next((url for url in found if isinstance(url, str)), None)
