"""Notices that columns are gone or new, and which one may have become which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hm_fhir.errors import SettingsError
from hm_fhir.sources.base import Headings, Remark
from hm_fhir.sources.fields.headings import followed, steps_of
from hm_fhir.sources.headings import heading_key

if TYPE_CHECKING:
    from hm_fhir.sources.fields.loading import Column, Fields

NEW_COLUMNS: Final = "new-columns"
"""Code of the remark about columns that nobody declared."""

NUMBER_OF_PART: Final = "#"
"""Follows the name of the column that is split, in the name of the value with the number of the part."""

_NEAR: Final = 0.5
_GROUP: Final = re.compile(r".*[/.]")
_SHOWN: Final = 12
_CHARACTERS_SHOWN: Final = 60
_KEYS_KEPT: Final = 1_000
_NUMBER: Final = re.compile(r"[0-9]{5}")
"""A name with a long number may be the key of a record."""


class _Known(NamedTuple):
    """What is known of a key: whether it is declared, and whether it holds declared ones as an object or a list."""

    is_known: bool
    holds: bool
    lists: bool


class ColumnCheck:
    """Compares the columns of a source with those that its fields declare.

    Args:
        fields: the fields.
    """

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._wanted = tuple(column for column in fields.columns if column.within is None)
        names = [name for column in self._wanted for name in column.names]
        inner = [f"{one}.{name}" for column in fields.columns for one in column.within or () for name in column.names]
        split = (fields.split, fields.split + NUMBER_OF_PART) if fields.split else ()
        every = {heading_key(name) for name in (*names, *inner, *split)}
        self._declared = frozenset(every)
        self._holders = frozenset(holder for name in every for holder in _holders(name))
        self._ignored = tuple(map(heading_key, fields.ignored))
        self._keys: dict[str, _Known] = {}
        self._unseen = list(self._wanted)

    def headings(self, headings: Headings) -> Iterator[Remark]:
        """Yield what is to be said of the headings of a table.

        Raises:
            SettingsError: a column that the fields need is gone.
        """
        found: dict[str, str] = {}
        for name in headings.names:
            first = found.setdefault(heading_key(name), name)
            if first is not name and heading_key(name) in self._declared:
                raise SettingsError(
                    f"two columns have the heading {first!r}: case and white space do not matter",
                    code="same-heading",
                    place=headings.place,
                    fix="rename one of them",
                )
        gone = [
            one for one in self._wanted if not one.optional and not any(heading_key(n) in found for n in one.names)
        ]
        new = [name for plain, name in found.items() if not self._is_known(plain)]
        if gone:
            # A table without headings has somebody's record in their place, of which nothing may be shown.
            are_headings = 2 * len(gone) <= len(self._wanted)
            raise self._gone(gone, new if are_headings else [], headings.place)
        if new:
            yield Remark(headings.place, NEW_COLUMNS, _of_new(new))

    def _is_known(self, plain: str) -> bool:
        return plain in self._declared or any(fnmatchcase(plain, pattern) for pattern in self._ignored)

    def _gone(self, gone: list[Column], new: list[str], place: str) -> SettingsError:
        what = " and ".join(repr(column.names[0]) for column in gone[:_SHOWN])
        message = f"column {what} is gone" if len(gone) == 1 else f"columns {what} are gone"
        found = guesses(gone, new)
        if found and len(gone) == 1:
            message += f"; did it become {found[gone[0].names[0]]!r}?"
        elif found:
            asked = ", ".join(f"{name!r} {near!r}" for name, near in found.items())
            message += f"; did they become others: {asked}?"
        file = self._fields.document.name
        fix = f"correct the headings, or `column` in {file} (`optional: true` if it may be absent)"
        return SettingsError(message, code="column-gone", place=place, fix=fix)

    # --- documents -----------------------------------------------------------------------------------------------

    def document(self, values: Mapping[str, Any]) -> None:
        """Look at the keys of a document, which has no headings; what is left empty has no key in many products."""
        self._look_at(values, "")
        if self._unseen:
            self._unseen = [one for one in self._unseen if not any(_has(values, name) for name in one.names)]

    def _look_at(self, values: Mapping[str, Any], prefix: str) -> None:
        keys = self._keys
        for key, value in values.items():
            path = prefix + key
            known = keys.get(path)
            if known is None:
                if len(keys) >= _KEYS_KEPT:
                    continue
                plain = heading_key(path)
                known = keys[path] = _Known(
                    self._is_known(plain), plain in self._holders, f"{plain}[]" in self._holders
                )
            if known.holds and isinstance(value, Mapping):
                self._look_at(value, f"{path}.")
            elif known.lists and isinstance(value, list):
                for item in value:
                    if isinstance(item, Mapping):
                        self._look_at(item, f"{path}[].")

    def after_documents(self, place: str) -> Iterator[Remark]:
        """Yield what is to be said when all documents were read.

        Args:
            place: of the remarks: the source.
        """
        new = [key for key, known in self._keys.items() if not (known.is_known or known.holds or known.lists)]
        if not new:
            return
        found = list(guesses(self._unseen, new).items())[:_SHOWN]
        asked = "".join(f"; column {name!r} is gone; did it become {near!r}?" for name, near in found)
        yield Remark(place, NEW_COLUMNS, _of_new(new) + asked)


def guesses(gone: Iterable[Column], new: Iterable[str]) -> dict[str, str]:
    """Return what columns that are gone may be called now: the most alike first, each new name once.

    Args:
        gone: the columns.
        new: names that nobody declared; those that may be keys of records are left out.
    """
    names = [name for name in new if _is_shown(name)]
    pairs = [
        (max(_likeness(heading_key(one), heading_key(name)) for one in column.names), column.names[0], name)
        for column in gone
        for name in names
    ]
    found: dict[str, str] = {}
    for likeness, column_name, name in sorted(pairs, key=lambda one: -one[0]):
        if likeness >= _NEAR and column_name not in found and name not in found.values():
            found[column_name] = name
    return found


def _likeness(one: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1; of keys of one group only what is below it counts."""
    group = _GROUP.match(one)
    if group is not None and other.startswith(group[0]):
        one, other = one[group.end() :], other[group.end() :]
    if one and other and (one.startswith(other) or other.startswith(one)):
        return _NEAR + min(len(one), len(other)) / max(len(one), len(other)) / 2
    return SequenceMatcher(None, one, other).ratio()


def _holders(name: str) -> Iterator[str]:
    """Yield what stands around a name: ``a`` and ``a.b`` for ``a.b.c``; ``a[]`` for ``a[].b``."""
    steps = name.split(".")
    for length in range(1, len(steps)):
        yield ".".join(steps[:length])


def _has(values: Mapping[str, Any], name: str) -> bool:
    if name in values or followed(values, steps_of(name) or ("",)) is not None:
        return True
    plain = heading_key(name)
    return any(heading_key(key) == plain for key in values)


def _of_new(new: list[str]) -> str:
    shown = [name for name in new if _is_shown(name)][:_SHOWN]
    named = ", ".join(repr(name[:_CHARACTERS_SHOWN]) for name in shown)
    more = len(new) - len(shown)
    if not shown:
        return f"{more} new columns are not read"
    word = "column is" if len(new) == 1 else "columns are"
    return f"new {word} not read: {named}" + (f" and {more} more" if more else "")


def _is_shown(name: str) -> bool:
    return _NUMBER.search(name) is None
