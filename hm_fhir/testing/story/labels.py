"""From labels of the story (``A:17``, ``P:3``) to the numbers that the local system gives.

A story is told before anybody knows what comes first, so it uses labels. Numbers are given in the order of time, as a
register counts its rows.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

LABEL = re.compile(r"[APCGS]:\d+")
_UID = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_UID_LENGTH = 11
NAMES = {"A": "activity", "P": "person", "C": "case", "G": "group", "S": "stay"}
USUAL = {
    "activity": "A-{number:05}",
    "person": "P-{number:05}",
    "case": "C-{number:04}",
    "group": "G-{number:04}",
    "stay": "S-{number:05}",
}
_WHERE = {
    ("local_id",): "A",
    ("follows",): "A",
    ("fulfils",): "A",
    ("case_id",): "C",
    ("hospital_stay",): "S",
    ("group", "local_id"): "G",
    ("persons", "local_id"): "P",
    ("persons", "formerly"): "P",
}


class Labels:
    """Numbers by labels.

    Args:
        patterns: of each kind (``activity``, ``person``, ``case``, ``group``, ``stay``): ``{number:04}``,
            ``{uuid}``, ``{uid}`` (a letter and ten letters or digits, as DHIS2), ``{year}``.
        seed: other uuids and uids for another one.
        year: of the first day.
    """

    def __init__(self, patterns: Mapping[str, str], *, seed: str, year: int) -> None:
        self._patterns = {**USUAL, **patterns}
        self._seed = seed
        self._year = year
        self._given: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def number(self, label: str) -> str:
        """Return the number of a label; a new one gets the next."""
        if label not in self._given:
            kind = label[0]
            count = self._counts[kind] = self._counts.get(kind, 0) + 1
            pattern = self._patterns[NAMES[kind]]
            seed = f"{self._seed}/{kind}/{count}"
            self._given[label] = pattern.format(number=count, year=self._year, uuid=uuid_of(seed), uid=uid_of(seed))
        return self._given[label]

    def replaced(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return activity data with numbers in the place of labels."""
        return {name: self._replaced(value, (name,)) for name, value in data.items()}

    def _replaced(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return {name: self._replaced(one, (*path, name)) for name, one in value.items()}
        if isinstance(value, list):
            return [self._replaced(one, path) for one in value]
        if path in _WHERE and isinstance(value, str) and LABEL.fullmatch(value):
            return self.number(value)
        return value


def uuid_of(text: str) -> str:
    """Return a UUID (version 4 in form) that is always the same for a text."""
    return str(UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


def uid_of(text: str) -> str:
    """Return a DHIS2 uid that is always the same for a text: a letter and ten letters or digits."""
    rest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    rest, first = divmod(rest, len(_UID))
    found = _UID[first]
    letters = _UID + "0123456789"
    while len(found) < _UID_LENGTH:
        rest, digit = divmod(rest, len(letters))
        found += letters[digit]
    return found
