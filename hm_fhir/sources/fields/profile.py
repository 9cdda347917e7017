"""What the columns of a source hold: how often they are filled, and which words and entries nobody has declared.

Values are never shown, but words of columns that are read by a code table, and codes of facilities (see `unlisted`):
without them nobody could add them. Of these only short ones without numbers, none of a personal column, no word for a
mediator, which is mostly a name, and none that may be a slip: what stands in one record only, and is like no word of
the table, can be a name that somebody typed into the wrong column. In a table without headings somebody's record
stands in their place: it is not shown either.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, Literal

from hm_fhir.sources.activity_paths import ActivitySource
from hm_fhir.sources.base import Headings, Record, Remark
from hm_fhir.sources.fields.changes import NUMBER_OF_PART, ColumnCheck, may_be_shown
from hm_fhir.sources.fields.reading import words_of
from hm_fhir.sources.fields.source import FieldsSource
from hm_fhir.sources.fields.unlisted import Unlisted, UnlistedCounts, entry_kind, unlisted_counts
from hm_fhir.sources.fields.unreadable import Unreadable
from hm_fhir.sources.headings import heading_key

if TYPE_CHECKING:
    from hm_fhir.sources.base import Source
    from hm_fhir.sources.directory import Directory
    from hm_fhir.sources.fields.loading import Column, Fields

State = Literal["read", "ignored", "not declared", "gone"]

_NUMBER: Final = re.compile(r"[0-9]{3}")
_LONG_NUMBER: Final = re.compile(r"[0-9]{5,}")
_OF_A_RECORD: Final = re.compile(r"[0-9]{5}|[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{2,4}|^[0-9]+$")
"""A long number, a date, or nothing but a number: no heading looks like this, and a record does."""
_ALIKE: Final = 0.8
_LONGEST_WORD: Final = 40
_WORDS_KEPT: Final = 200
_DISTINCT_KEPT: Final = 100_000
_DEEPEST: Final = 6
_PATHS_KEPT: Final = 2_000


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What is known of one column.

    Attributes:
        name: heading, key or path; ``tests[].kind`` in the objects of a list; ``(heading 3)`` for one that may be of
            a person: nobody declared it, and it has a long number or stands in a row that is none of headings.
        read_as: what it is read as, for people.
        state: read, ignored, not declared, or gone: declared and nowhere to be found.
        personal: its values are of people.
        filled: in how many records.
        distinct: how many different values, at most 100,000.
        unmapped: words that no code table has, each with how often it stands there; most frequent first.
        hidden: how often other such words stand there, which are not shown: long ones, those with numbers, those
            that stand in one record only and are not like any word of the table, and words for mediators.
        unlisted: mediators and facilities that it names and the directory has not.
    """

    name: str
    read_as: str
    state: State
    personal: bool
    filled: int
    distinct: int
    unmapped: tuple[tuple[str, int], ...] = ()
    hidden: int = 0
    unlisted: tuple[Unlisted, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What the columns of a source hold.

    Attributes:
        records: how many were read; in those that could not be read nothing was looked at.
        unreadable: how many of these.
        columns: in the order in which they were found, then those that are gone.
        remarks: what the reader had to say.
    """

    records: int
    unreadable: int
    columns: tuple[ColumnProfile, ...]
    remarks: tuple[Remark, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        return asdict(self)


def profile_of(
    source: Source, *, limit: int | None = None, advance: Callable[[int], object] = lambda _: None
) -> Profile:
    """Return what the columns of a source hold.

    Args:
        source: with fields, or without: then all columns are not declared.
        limit: how many records are read at most; None: all.
        advance: called with the number of records that were read since.

    Raises:
        SettingsError, OperatorNeeded, RetryLater: the source cannot be read.
    """
    found = _Found(source.fields, source.directory) if isinstance(source, FieldsSource) else _Found(None, None)
    records = unreadable = 0
    remarks: list[Remark] = []
    # Not its records: those end where a column is gone, which is just what a profile shall show.
    items = source.read() if isinstance(source, FieldsSource | ActivitySource) else source.records()
    for item in items:
        if isinstance(item, Remark):
            remarks.append(item)
        elif isinstance(item, Headings):
            found.headings(item.names)
        elif isinstance(item, Record) and not item.deleted:
            records += 1
            unreadable += item.error is not None
            if item.error is None:
                found.look_at(item)
            advance(1)
            if limit is not None and records >= limit:
                break
    return Profile(records, unreadable, found.profiles(), tuple(remarks))


@dataclass(slots=True)
class _Counts:
    columns: tuple[Column, ...]
    state: State
    entries: tuple[UnlistedCounts, ...] = ()
    filled: int = 0
    hidden: int = 0
    distinct: set[int] = field(default_factory=set)
    unmapped: Counter[str] = field(default_factory=Counter)
    first_in: dict[str, int] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)

    @property
    def personal(self) -> bool:
        return any(column.personal for column in self.columns)

    def count(self, value: Any, record: int, place: str) -> None:
        if isinstance(value, str):
            value = value.strip()
        if value is None or value in ("", [], {}):
            return
        self.filled += 1
        if len(self.distinct) < _DISTINCT_KEPT:
            self.distinct.add(hash(repr(value)))
        for entries in self.entries:
            entries.count(value, record, place)
        if not self.personal:
            missing = (text for column in self.columns for text in _not_in_table(value, column))
            self._count_words(dict.fromkeys(missing), record)

    def _count_words(self, texts: Iterable[str], record: int) -> None:
        of_mediators = any(entry_kind(column) == "mediator" for column in self.columns)
        for text in texts:
            is_shown = not of_mediators and len(text) <= _LONGEST_WORD and _NUMBER.search(text) is None
            if is_shown and (text in self.unmapped or len(self.unmapped) < _WORDS_KEPT):
                self.unmapped[text] += 1
                plain = heading_key(text)
                if self.first_in.setdefault(plain, record) != record:
                    self.repeated.add(plain)
            else:
                self.hidden += 1

    def _may_be_shown(self, text: str) -> bool:
        plain = heading_key(text)
        if plain in self.repeated:
            return True
        known = (heading_key(word) for column in self.columns if column.table for word in column.table.words)
        return bool(get_close_matches(plain, known, n=1, cutoff=_ALIKE))

    def profile(self, name: str) -> ColumnProfile:
        reads = "; ".join(dict.fromkeys(f"{column.value}: {column.reads}" for column in self.columns))
        shown = {text: number for text, number in self.unmapped.items() if self._may_be_shown(text)}
        unmapped = sorted(shown.items(), key=lambda one: (-one[1], one[0]))
        return ColumnProfile(
            name,
            reads or self.state,
            self.state,
            self.personal,
            self.filled,
            len(self.distinct),
            tuple(unmapped),
            self.hidden + self.unmapped.total() - sum(shown.values()),
            tuple(one for entries in self.entries if (one := entries.unlisted()) is not None),
        )


def _not_in_table(value: Any, column: Column) -> Iterator[str]:
    table = column.table
    if table is None:
        return
    try:
        words = [value] if column.separators is None else words_of(value, column.separators)
    except Unreadable:
        return
    for word in words:
        if isinstance(word, str | int | Decimal) and not table.has(word):
            yield " ".join(str(word).split())


class _Found:
    def __init__(self, fields: Fields | None, directory: Directory | None) -> None:
        self._fields = fields
        self._directory = directory
        self._counts: dict[str, _Counts] = {}
        self._declared: dict[str, list[Column]] = {}
        self._check = ColumnCheck(fields) if fields is not None else None
        self._unnamed: dict[str, str] = {}
        self._document = 0
        self.is_table = False
        for column in fields.columns if fields is not None else ():
            for name in column.names:
                for prefix in ("",) if column.within is None else (f"{one}." for one in column.within):
                    self._declared.setdefault(heading_key(prefix + name), []).append(column)

    def headings(self, names: tuple[str, ...]) -> None:
        """Take the headings of a table; what may be of a person gets a number for its name."""
        self.is_table = True
        if self._check is not None:
            are_declared = any(heading_key(name) in self._declared for name in names)
            are_headings = are_declared and self._check.are_headings(names)
        else:
            are_headings = not any(_OF_A_RECORD.search(name) for name in names)
        for number, name in enumerate(names, 1):
            is_declared = heading_key(name) in self._declared
            if not is_declared and name not in self._counts and not (are_headings and may_be_shown(name)):
                self._unnamed[name] = f"(heading {number})"
            self.column(name)

    def column(self, name: str) -> _Counts:
        counts = self._counts.get(name)
        if counts is None:
            columns = tuple(self._declared.get(heading_key(name), ()))
            state = "read" if columns else self._state(name)
            counts = self._counts[name] = _Counts(columns, state, unlisted_counts(columns, self._directory))
        return counts

    def _state(self, name: str) -> State:
        patterns = self._fields.ignored if self._fields is not None else ()
        plain = heading_key(name)
        return "ignored" if any(fnmatchcase(plain, heading_key(one)) for one in patterns) else "not declared"

    def look_at(self, record: Record) -> None:
        values = record.values
        split = self._fields.split if self._fields is not None else None
        if split is None or values.get(split + NUMBER_OF_PART, 1) == 1:
            self._document += 1  # a word of a document stands in each of its parts
        for path, value in _paths(values, self._declared, split, unnamed=self._unnamed):
            if path in self._counts or len(self._counts) < _PATHS_KEPT:
                self.column(path).count(value, self._document, record.place)

    def profiles(self) -> tuple[ColumnProfile, ...]:
        found = [counts.profile(self._unnamed.get(name, name)) for name, counts in self._counts.items()]
        seen = {heading_key(name) for name in self._counts}
        gone: dict[str, list[Column]] = {}
        for columns in self._declared.values():
            for column in columns:
                if column.within is None and not any(heading_key(name) in seen for name in column.names):
                    gone.setdefault(column.names[0], [])
                    if column not in gone[column.names[0]]:
                        gone[column.names[0]].append(column)
        for name, missing in gone.items():
            # What is left empty in a document often has no key.
            is_gone = self.is_table and not all(column.optional for column in missing)
            found.append(_Counts(tuple(missing), "gone" if is_gone else "read").profile(name))
        return tuple(found)


def _paths(
    values: Mapping[str, Any],
    declared: Collection[str],
    split: str | None,
    prefix: str = "",
    depth: int = 0,
    unnamed: Collection[str] = (),
) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if not prefix and key in unnamed:
            yield key, value
            continue
        path = f"{prefix}{key}"
        if split is not None and not prefix and key == split + NUMBER_OF_PART:
            continue
        if heading_key(path) not in declared:
            path = _LONG_NUMBER.sub("#", path)  # a key with a number may be that of a person
        if heading_key(path) in declared or depth >= _DEEPEST:
            yield path, value
        elif isinstance(value, Mapping):
            yield from _paths(value, declared, split, f"{path}.", depth + 1)
            continue
        else:
            yield path, value
        if isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping):
                    yield from _paths(item, declared, split, f"{path}[].", depth + 1)
