"""The part of OData filters that ODK Central knows, read and applied.

Source: getodk/central-backend (Apache-2.0), ``lib/data/odata-filter.js``, ``lib/data/submission.js``: comparisons of
system fields with literals, ``and``, ``or``, ``not``, parentheses. A filter that names ``deletedAt`` lets deleted
submissions pass; any other one does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

_WORD = re.compile(r"\s*(\(|\)|'[^']*'|[^\s()]+)")
_FIELDS = ("submissionDate", "updatedAt", "deletedAt", "reviewState", "submitterId")
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")

System = Mapping[str, Any]
Passes = Callable[[System], bool]


class Unparseable(Exception):
    """It is no filter (Central: 400.18)."""


class Unsupported(Exception):
    """It names a field that filters do not know (Central: 501)."""


def read_filter(text: str | None, *, prefix: str = "__system/", knows_deletions: bool = True) -> Passes:
    """Return what decides whether a submission, by its ``__system``, is told.

    Args:
        text: the filter; None lets pass all that is not deleted.
        prefix: of the fields: another one in tables of repeats.
        knows_deletions: whether filters know ``deletedAt``.

    Raises:
        Unparseable: it is no filter.
        Unsupported: it names a field that is not known.
    """
    if text is None:
        return lambda system: system["deletedAt"] is None
    words = _WORD.findall(text)
    if "".join(words) != "".join(text.split()):
        raise Unparseable
    parser = _Parser(words, prefix, knows_deletions)
    passes = parser.whole()
    if f"{prefix}deletedAt" in words:
        return passes
    return lambda system: system["deletedAt"] is None and passes(system)


class _Parser:
    def __init__(self, words: list[str], prefix: str, knows_deletions: bool) -> None:
        self._words = words
        self._prefix = prefix
        self._fields = _FIELDS if knows_deletions else tuple(field for field in _FIELDS if field != "deletedAt")

    def whole(self) -> Passes:
        passes = self._either()
        if self._words:
            raise Unparseable
        return passes

    def _either(self) -> Passes:
        left = self._both()
        while self._take("or"):
            left = _or(left, self._both())
        return left

    def _both(self) -> Passes:
        left = self._one()
        while self._take("and"):
            left = _and(left, self._one())
        return left

    def _one(self) -> Passes:
        if self._take("not"):
            passes = self._one()
            return lambda system: not passes(system)
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise Unparseable
            return inner
        return self._comparison()

    def _comparison(self) -> Passes:
        if len(self._words) < 3:
            raise Unparseable
        field, operator, literal, *self._words = self._words
        name = field.removeprefix(self._prefix)
        if operator not in _COMPARISONS:
            raise Unparseable
        if not field.startswith(self._prefix) or name not in self._fields:
            raise Unsupported
        return lambda system: _compare(_value(system.get(name)), operator, _literal(literal))

    def _take(self, word: str) -> bool:
        if self._words and self._words[0] == word:
            del self._words[0]
            return True
        return False


def _or(left: Passes, right: Passes) -> Passes:
    return lambda system: left(system) or right(system)


def _and(left: Passes, right: Passes) -> Passes:
    return lambda system: left(system) and right(system)


def _literal(text: str) -> Any:
    if text == "null":
        return None
    return _value(text[1:-1] if text.startswith("'") else text)


def _value(value: Any) -> Any:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _compare(left: Any, operator: str, right: Any) -> bool:
    if operator in ("eq", "ne"):
        return bool(left == right) is (operator == "eq")
    if left is None or right is None:
        return False  # as SQL has it
    return bool({"lt": left < right, "le": left <= right, "gt": left > right, "ge": left >= right}[operator])
