"""Headings of tables: how they are tidied, and when two of them are the same."""

from __future__ import annotations

import unicodedata

from hm_fhir import lookalikes

BETWEEN_LEVELS = " / "
"""Stands between the upper and the lower heading of a column that has two."""
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


def heading_name(text: str) -> str:
    """Return a heading as it is shown: no line breaks, no-break spaces, double spaces, or invisible characters."""
    return " ".join(text.translate(_INVISIBLE).split())


def heading_key(text: str) -> str:
    """Return what two headings have in common when they are the same: case and white space do not matter."""
    return heading_name(text).casefold()


def heading_look(text: str) -> str:
    """Return what two headings have in common when they look the same, whatever alphabet their letters are of."""
    return lookalikes.latin(heading_name(text).upper())


def told_apart(text: str, other: str) -> str:
    """Return by which letters a heading differs from one that looks the same: ``'E', 'H': Latin``.

    Args:
        text: the heading whose letters are named.
        other: the one that looks the same.
    """
    found: dict[str, dict[str, None]] = {}
    for one, meant in zip(heading_name(text), heading_name(other), strict=False):
        if one.upper() != meant.upper():
            alphabet = unicodedata.name(one, "another").split()[0].capitalize()
            found.setdefault(alphabet, {})[repr(one)] = None
    return "; ".join(f"{', '.join(letters)}: {alphabet}" for alphabet, letters in found.items())
