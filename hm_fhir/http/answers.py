"""Answers of a server, read within bounds of bytes and of time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
import urllib3
from urllib3.exceptions import NewConnectionError

MOST_ANSWER_BYTES = 64_000_000
"""A server that says more than this in one answer is broken, or asked for too much at once."""
_PIECE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, read to its end.

    Args:
        status_code: HTTP status.
        headers: response headers, case-insensitive.
        content: the body.
    """

    status_code: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class AnswerTooLong(requests.exceptions.RequestException):
    """The answer has more bytes than `MOST_ANSWER_BYTES`."""


def content_of(response: requests.Response, deadline: float) -> bytes:
    """Return the body, bounded in bytes and in time as a whole: `requests` bounds each piece only.

    Args:
        response: made with ``stream=True``.
        deadline: of `time.monotonic`.

    Raises:
        AnswerTooLong: it has too many bytes.
        requests.exceptions.RequestException: it breaks off, or takes too long.
    """
    content = bytearray()
    try:
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            content += piece
            if len(content) > MOST_ANSWER_BYTES:
                raise AnswerTooLong("the answer is too long")
            if time.monotonic() > deadline:
                raise requests.exceptions.ReadTimeout("the answer takes too long")
    except urllib3.exceptions.ReadTimeoutError:
        raise requests.exceptions.ReadTimeout("the answer takes too long") from None
    except urllib3.exceptions.HTTPError:
        raise requests.exceptions.ChunkedEncodingError("the answer breaks off") from None
    return bytes(content)


def is_unreachable(error: requests.exceptions.RequestException) -> bool:
    """Return whether nothing was sent, because no connection was made."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)


def server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """Return the time of the server that answered (RFC 9110, section 6.6.1), in UTC; without one, ours.

    Args:
        headers: of the answer, case-insensitive.
        now: our time, aware.
    """
    try:
        moment = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return now.astimezone(UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After asks for: a number or an HTTP date (RFC 9110, section 10.2.3).

    Args:
        value: of the header.
        now: aware time.
    """
    if value is None:
        return None
    if value.isascii() and value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
