"""Headings of tables: how they are tidied, and when two of them are the same."""

from __future__ import annotations

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


def heading_name(text: str) -> str:
    """Return a heading as it is shown: no line breaks, no-break spaces, double spaces, or invisible characters."""
    return " ".join(text.translate(_INVISIBLE).split())


def heading_key(text: str) -> str:
    """Return what two headings have in common when they are the same: case and white space do not matter."""
    return heading_name(text).casefold()
