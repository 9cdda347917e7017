"""How a list that is too long for one answer goes on: by a link, a position, a number of the page, or a token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urljoin

from pydantic import Field
from requests.utils import parse_header_links

from hm_fhir.config import Section
from hm_fhir.http.client import Page

_GOES_ON = (
    "a reading that broke off goes on at its last page: where that is said by a key, and not by a position, which "
    "documents that are added or removed before it make wrong. Otherwise it begins again"
)

Position = Mapping[str, Any]
"""Where the next page is, JSON-like; goes into cursors."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The request of a page.

    Args:
        parameters: beside those that all requests have.
        link: an address that replaces path and parameters.
    """

    parameters: Mapping[str, str | int]
    link: str | None = None


def value_at(content: Any, path: str) -> Any:
    """Return what stands at a path, or None.

    Args:
        content: JSON-like.
        path: names with dots between them; a name that holds dots itself is found first. Empty: the whole.
    """
    if not path:
        return content
    if not isinstance(content, Mapping):
        return None
    if path in content:
        return content[path]
    name, dot, rest = path.partition(".")
    return value_at(content.get(name), rest) if dot else None


class NoPaging(Section):
    """One answer has everything.

    Attributes:
        goes_on: a reading that broke off can go on at its position; otherwise it begins again.
    """

    goes_on: ClassVar[bool] = False
    kind: Literal["none"] = "none"

    def ask(self, position: Position | None, size: int) -> Ask:  # noqa: ARG002  (all kinds are asked alike)
        """Return the request of a page; the first one at position None."""
        return Ask({})

    def after(self, page: Page, position: Position | None, items: int) -> Position | None:  # noqa: ARG002
        """Return where the page after this one is; None: there is none."""
        return None


class LinkPaging(Section):
    """Each answer has the address of the next one."""

    goes_on: bool = Field(default=False, description=_GOES_ON)
    kind: Literal["link"]
    link: str | None = Field(
        default=None, description="where it stands in the answer: `next`, `paging.next`; absent: in the header `Link`"
    )
    size: str | None = Field(default=None, description="parameter for `page_size`, if there is one")

    def ask(self, position: Position | None, size: int) -> Ask:
        """Return the request of a page; see `NoPaging`."""
        if position is not None:
            return Ask({}, str(position["link"]))
        return Ask({self.size: size} if self.size else {})

    def after(self, page: Page, position: Position | None, items: int) -> Position | None:  # noqa: ARG002
        """Return where the next page is; see `NoPaging`."""
        link = _header_link(page.headers) if self.link is None else value_at(page.content, self.link)
        return {"link": _absolute(link, page.url)} if isinstance(link, str) and link else None


class OffsetPaging(Section):
    """Pages are asked by the position of their first document. They overlap by one, to see when the list moves."""

    goes_on: ClassVar[bool] = True
    kind: Literal["offset"]
    offset: str = Field(default="offset", description="parameter for the position; the first document is 0")
    size: str = Field(default="limit", description="parameter for `page_size`")

    def ask(self, position: Position | None, size: int) -> Ask:
        """Return the request of a page; see `NoPaging`."""
        read = int(position["read"]) if position else 0
        return Ask({self.offset: max(0, read - 1), self.size: size + 1 if read else size})

    def after(self, page: Page, position: Position | None, items: int) -> Position | None:  # noqa: ARG002
        """Return where the next page is; see `NoPaging`."""
        # A server may give less than was asked; only an empty page is the end.
        return {"read": (int(position["read"]) if position else 0) + items} if items else None


class NumberPaging(Section):
    """Pages are numbered."""

    goes_on: ClassVar[bool] = False  # nobody knows whether page 7 is still what it was
    kind: Literal["page"]
    page: str = Field(default="page", description="parameter for the number of the page")
    size: str | None = Field(default="pageSize", description="parameter for `page_size`, if there is one")
    first: Annotated[int, Field(ge=0)] = Field(default=1, description="number of the first page")
    pages: str | None = Field(
        default=None,
        description="where an answer says how many pages there are: `pager.pageCount`; absent: an empty page ends it",
    )

    def ask(self, position: Position | None, size: int) -> Ask:
        """Return the request of a page; see `NoPaging`."""
        number = int(position["page"]) if position else self.first
        return Ask({self.page: number, **({self.size: size} if self.size else {})})

    def after(self, page: Page, position: Position | None, items: int) -> Position | None:
        """Return where the next page is; see `NoPaging`."""
        number = (int(position["page"]) if position else self.first) + 1
        last = value_at(page.content, self.pages) if self.pages else None
        if isinstance(last, int):
            return {"page": number} if number < self.first + last else None
        return {"page": number} if items else None


class TokenPaging(Section):
    """Each answer has a token that asks for the next one."""

    goes_on: bool = Field(default=False, description=_GOES_ON)
    kind: Literal["token"]
    token: str = Field(description="where it stands in the answer: `nextPageToken`")
    parameter: str = Field(description="parameter that takes it: `pageToken`")
    size: str | None = Field(default=None, description="parameter for `page_size`, if there is one")

    def ask(self, position: Position | None, size: int) -> Ask:
        """Return the request of a page; see `NoPaging`."""
        sized: dict[str, str | int] = {self.size: size} if self.size else {}
        return Ask({**sized, self.parameter: str(position["token"])} if position else sized)

    def after(self, page: Page, position: Position | None, items: int) -> Position | None:  # noqa: ARG002
        """Return where the next page is; see `NoPaging`."""
        token = value_at(page.content, self.token)
        return {"token": str(token)} if isinstance(token, str | int) and str(token) else None


Paging = Annotated[NoPaging | LinkPaging | OffsetPaging | NumberPaging | TokenPaging, Field(discriminator="kind")]


def _absolute(link: str, read_at: str) -> str:
    """Return the address of a link: a relative one begins where it was read (RFC 3986, section 5.1.3)."""
    try:
        return urljoin(read_at, link)
    except ValueError:
        return link  # no address: refused where it is followed


def _header_link(headers: Mapping[str, str]) -> str | None:
    """Return the address with ``rel=next`` of a Link header (RFC 8288)."""
    links: list[dict[str, str]] = parse_header_links(headers.get("Link", ""))
    return next((link["url"] for link in links if "next" in link.get("rel", "").lower().split()), None)
