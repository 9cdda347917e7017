"""Addresses: bases from settings, links from answers. A link leads nowhere but to the host of its base."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import SplitResult, urljoin, urlsplit

from pydantic import AfterValidator

_PORTS = {"http": 80, "https": 443}


def _http_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_base = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_base = False
    if not is_base or "@" in parts.netloc or "?" in url or "#" in url:
        raise ValueError("an http(s) address without query and user, such as https://fhir.example.org/fhir")
    return url.rstrip("/")


HttpUrl = Annotated[str, AfterValidator(_http_url)]
"""The base of a server, without a slash at its end."""


def link_on_host(link: str, asked: str) -> str | None:
    """Return the absolute address of a link, or None when it leads to another host.

    A server behind a proxy often calls itself ``http`` although it is asked by ``https``: such a link is followed
    with the scheme that was asked, so that no credentials go over the wire in the open.

    Args:
        link: absolute or relative.
        asked: the address whose answer holds the link.
    """
    try:
        base, parts = urlsplit(asked), urlsplit(urljoin(asked, link))
        same_port = _port(base) == _port(parts)
        behind_proxy = base.scheme == "https" and parts.scheme == "http" and parts.port in (None, 80, 443, base.port)
    except ValueError:
        return None
    if parts.hostname != base.hostname or parts.scheme not in _PORTS or not (same_port or behind_proxy):
        return None
    return parts._replace(scheme=base.scheme, netloc=base.netloc, fragment="").geturl()


def named(url: str) -> str:
    """Return an address as a message may show it: without user, query and fragment."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def _port(parts: SplitResult) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)
