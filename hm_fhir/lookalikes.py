"""Cyrillic letters that look like Latin ones: a name with one of them reads well and is another name."""

from __future__ import annotations

import re
from typing import Final

_LATIN: Final = dict(zip("аеорсухіјѕԁһԛԝАВЕКМНОРСТУХІЈЅ", "aeopcyxijsdhqwABEKMHOPCTYXIJS", strict=True))
_CYRILLIC: Final = re.compile("[\u0400-\u052f]")


def latin(word: str) -> str:
    """Return a word with Latin letters in the place of the Cyrillic ones that look like them."""
    return "".join(_LATIN.get(letter, letter) for letter in word)


def told(word: str) -> str | None:
    """Return what is to be said of the first Cyrillic letter of a word, or None: there is none."""
    found = _CYRILLIC.search(word)
    if found is None:
        return None
    letter = found[0]
    if letter in _LATIN:
        return f"{letter!r} is a Cyrillic letter that looks like {_LATIN[letter]!r}"
    return f"{letter!r} is a Cyrillic letter"
