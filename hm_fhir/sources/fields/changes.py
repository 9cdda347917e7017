"""Notices that columns are gone or new, and which one may have become which."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hm_fhir.errors import SettingsError
from hm_fhir.sources.base import Headings, Remark
from hm_fhir.sources.fields.headings import followed, steps_of
from hm_fhir.sources.fields.near_misses import near_misses
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
_DEEPEST: Final = 6
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
        self._split = fields.split
        split = (fields.split, fields.split + NUMBER_OF_PART) if fields.split else ()
        every = {heading_key(name) for name in (*names, *inner, *split)}
        self._declared = frozenset(every)
        self._own = frozenset(map(heading_key, names))
        self._holders = frozenset(holder for name in every for holder in _holders(name))
        self._ignored = tuple(map(heading_key, fields.ignored))
        self._keys: dict[str, _Known] = {}
        self._unseen = list(self._wanted)
        self._has_parts = self._has_list = False
        self._other_lists: dict[str, None] = {}

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
        gone, new = self.gone_and_new(headings.names)
        if gone:
            raise self._gone(gone, new, headings)
        if new:
            absent = [column for column in self._wanted if column.optional and not _is_in(column, found, ())]
            missed = near_misses(absent, new)
            said = "".join(f"; {one}" for one in list(missed.values())[:_SHOWN])
            yield Remark(headings.place, NEW_COLUMNS, _of_new(new) + said)

    def are_headings(self, names: Iterable[str]) -> bool:
        """Return whether the names of columns are headings.

        A table without headings has somebody's record in their place, of which nothing may be shown.

        Args:
            names: of all columns.
        """
        return 2 * len(self.gone_and_new(names)[0]) <= len(self._wanted)

    def gone_and_new(self, names: Iterable[str]) -> tuple[list[Column], list[str]]:
        """Return columns that are needed and not there, and names that nobody declared.

        Args:
            names: of all columns.
        """
        found: dict[str, str] = {}
        for name in names:
            found.setdefault(heading_key(name), name)
        # A column of a database may hold an object or a list, in which others are read.
        around = {
            plain
            for column in self._wanted
            for name in column.names
            for plain in _around(heading_key(name))
            if plain in found and plain not in self._own
        }
        gone = [one for one in self._wanted if not one.optional and not _is_in(one, found, around)]
        new = [name for plain, name in found.items() if not self._is_known(plain) and plain not in around]
        return gone, new

    def _is_known(self, plain: str) -> bool:
        return plain in self._declared or any(fnmatchcase(plain, pattern) for pattern in self._ignored)

    def _gone(self, gone: list[Column], new: list[str], headings: Headings) -> SettingsError:
        what = " and ".join(repr(column.names[0]) for column in gone[:_SHOWN])
        message = f"column {what} is gone" if len(gone) == 1 else f"columns {what} are gone"
        missed = near_misses(gone, new)
        message += "".join(f"; {said}" for said in list(missed.values())[:_SHOWN])
        others = [column for column in gone if column.names[0] not in missed]
        found = guesses(others, new) if self.are_headings(headings.names) else {}
        if found and len(gone) == 1:
            message += f"; did it become {found[gone[0].names[0]]!r}?"
        elif found:
            asked = ", ".join(f"{name!r} {near!r}" for name, near in found.items())
            message += f"; did they become others: {asked}?"
        file = self._fields.document.name
        fix = f"correct the headings, or `column` in {file} (`optional: true` if it may be absent)"
        return SettingsError(message, code="column-gone", place=headings.place, fix=fix)

    # --- documents -----------------------------------------------------------------------------------------------

    def document(self, values: Mapping[str, Any]) -> None:
        """Look at the keys of a document, which has no headings; what is left empty has no key in many products."""
        self._look_at(values, "")
        if self._split is not None:
            if self._split + NUMBER_OF_PART in values:
                self._has_parts = self._has_list = True
            elif self._split in values or followed(values, steps_of(self._split) or ("",)) is not None:
                self._has_list = True
            else:
                self._other_lists |= dict.fromkeys(self.unknown_lists(values))
        if self._unseen:
            self._unseen = [one for one in self._unseen if not any(_has(values, name) for name in one.names)]

    def unknown_lists(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the paths of lists of objects that nobody declared.

        Args:
            values: a document.
        """
        return tuple(self._unknown_lists(values, "", _DEEPEST))

    def _unknown_lists(self, values: Mapping[str, Any], prefix: str, depth: int) -> Iterator[str]:
        for key, value in values.items():
            path = prefix + key
            plain = heading_key(path)
            if self._is_known(plain):
                continue
            if isinstance(value, Mapping) and depth:
                yield from self._unknown_lists(value, f"{path}.", depth - 1)
                continue
            is_list = isinstance(value, list) and any(isinstance(item, Mapping) for item in value)
            if is_list and plain not in self._holders and f"{plain}[]" not in self._holders:
                yield path

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
        asked, gone = "", self._unseen
        if self._split is not None:
            if not self._has_parts:  # then nothing is known of what stands in them
                inside = (f"{self._split}.", self._split + NUMBER_OF_PART)
                gone = [one for one in gone if not all(name.startswith(inside) for name in one.names)]
            near = most_like(self._split, self._other_lists)
            if near is not None:
                where = " from some documents" if self._has_list else ""
                asked = f"; column {self._split!r} is gone{where}; did it become {near!r}?"
        missed = near_misses(gone, new)
        asked += "".join(f"; {said}" for said in list(missed.values())[:_SHOWN])
        found = guesses((column for column in gone if column.names[0] not in missed), new)
        asked += "".join(
            f"; column {name!r} is gone; did it become {near!r}?" for name, near in list(found.items())[:_SHOWN]
        )
        yield Remark(place, NEW_COLUMNS, _of_new(new) + asked)


def guesses(gone: Iterable[Column], new: Iterable[str]) -> dict[str, str]:
    """Return what columns that are gone may be called now: the most alike first, each new name once.

    Args:
        gone: the columns.
        new: names that nobody declared; those that may be keys of records are left out.
    """
    names = [name for name in new if may_be_shown(name)]
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


def most_like(name: str, others: Iterable[str]) -> str | None:
    """Return the one of other names that is the most like a name, or None: none may be shown.

    Args:
        name: of a column that is gone.
        others: names of which one must have taken its place, however little alike; those that may be keys of records
            are left out.
    """
    shown = [one for one in others if may_be_shown(one) and len(one) <= _CHARACTERS_SHOWN]
    return max(shown, key=lambda one: _likeness(heading_key(name), heading_key(one)), default=None)


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


def _around(plain: str) -> Iterator[str]:
    """Yield the columns that can hold what a path names."""
    if plain.endswith(NUMBER_OF_PART):
        yield plain.removesuffix(NUMBER_OF_PART)
    yield from _holders(plain)


def _is_in(column: Column, found: Mapping[str, str], around: Collection[str]) -> bool:
    plains = [heading_key(name) for name in column.names]
    return any(plain in found or any(one in around for one in _around(plain)) for plain in plains)


def _has(values: Mapping[str, Any], name: str) -> bool:
    if name in values or followed(values, steps_of(name) or ("",)) is not None:
        return True
    plain = heading_key(name)
    return any(heading_key(key) == plain for key in values)


def _of_new(new: list[str]) -> str:
    shown = [name for name in new if may_be_shown(name)][:_SHOWN]
    named = ", ".join(repr(name[:_CHARACTERS_SHOWN]) for name in shown)
    more = len(new) - len(shown)
    if not shown:
        return f"{more} new columns are not read"
    word = "column is" if len(new) == 1 else "columns are"
    return f"new {word} not read: {named}" + (f" and {more} more" if more else "")


def may_be_shown(name: str) -> bool:
    """Return whether the name of a column is surely not the key of a record: it has no long number."""
    return _NUMBER.search(name) is None
