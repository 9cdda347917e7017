"""Mediators and facilities that records name and the directory has not.

The local number of a mediator may be a name, and no declaration says that it is none: mediators are counted, with the
places of their records, and never shown. Facilities are shown as words of code tables are (see `profile`): those that
stand in several records or are like one of the directory, in no personal column, and without a number that can be
that of a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, Literal

from hm_fhir.sources.fields import scalars
from hm_fhir.sources.fields.reading import words_of
from hm_fhir.sources.fields.unreadable import Unreadable
from hm_fhir.sources.headings import heading_key

if TYPE_CHECKING:
    from hm_fhir.sources.directory import Directory
    from hm_fhir.sources.fields.loading import Column

EntryKind = Literal["mediator", "facility"]

_DIGIT: Final = re.compile(r"[0-9]")
_MOST_DIGITS: Final = 4
"""More can be a date, a telephone or the number of a person."""
_ALIKE: Final = 0.8
_LONGEST: Final = 40
_DISTINCT_KEPT: Final = 10_000
_PLACES_KEPT: Final = 20


@dataclass(frozen=True, slots=True)
class Unlisted:
    """What one column names and the directory has not.

    Attributes:
        kind: mediator or facility.
        distinct: how many different values, at most 10,000.
        records: in how many records.
        shown: facilities that may be shown, each with the number of its records; most frequent first.
        places: of the first record of each value that is not shown, at most 20.
    """

    kind: EntryKind
    distinct: int
    records: int
    shown: tuple[tuple[str, int], ...] = ()
    places: tuple[str, ...] = ()


@dataclass(slots=True)
class _Named:
    """Where one value stands."""

    place: str
    first_in: int
    records: int = 0
    repeated: bool = False


@dataclass(slots=True)
class UnlistedCounts:
    """Counts the entries of one kind that a column names and the directory has not.

    Args:
        kind: mediator or facility.
        known: entries of the directory, by their codes.
        columns: declarations of the column that read such an entry without a code table: the codes of a table are
            in the directory, or the source does not open.
    """

    kind: EntryKind
    known: Mapping[str, Any]
    columns: tuple[Column, ...]
    _found: dict[str, _Named] = field(default_factory=dict)
    _records: int = 0

    def count(self, value: Any, document: int, place: str) -> None:
        """Count the value of a record.

        Args:
            value: as it was read, not empty.
            document: number of the document; a value that stands in several of them is no slip.
            place: of the record.
        """
        missing = set(self._missing(value))
        self._records += bool(missing)
        for text in missing:
            named = self._found.get(text)
            if named is None:
                if len(self._found) >= _DISTINCT_KEPT:
                    continue
                named = self._found[text] = _Named(place, document)
            named.records += 1
            named.repeated |= named.first_in != document

    def _missing(self, value: Any) -> Iterator[str]:
        for column in self.columns:
            try:
                words = [value] if column.separators is None else words_of(value, column.separators)
                texts = [scalars.text(word) for word in words]
            except Unreadable:
                continue
            yield from (text for text in texts if text not in self.known)

    def unlisted(self) -> Unlisted | None:
        """Return what was found, None when the directory has all."""
        if not self._found:
            return None
        shown = {text: named.records for text, named in self._found.items() if self._may_be_shown(text, named)}
        places = [named.place for text, named in self._found.items() if text not in shown]
        by_frequency = sorted(shown.items(), key=lambda one: (-one[1], one[0]))
        return Unlisted(self.kind, len(self._found), self._records, tuple(by_frequency), tuple(places[:_PLACES_KEPT]))

    def _may_be_shown(self, text: str, named: _Named) -> bool:
        if self.kind == "mediator" or any(column.personal for column in self.columns):
            return False
        if len(text) > _LONGEST or len(_DIGIT.findall(text)) > _MOST_DIGITS:
            return False
        known = (heading_key(code) for code in self.known)
        return named.repeated or bool(get_close_matches(heading_key(text), known, n=1, cutoff=_ALIKE))


def entry_kind(column: Column) -> EntryKind | None:
    """Return which entries of the directory a column names, None for none."""
    kind = column.reads.removeprefix("several of ").partition(" by ")[0]
    return kind if kind in ("mediator", "facility") else None  # type: ignore[return-value]


def unlisted_counts(columns: Iterable[Column], directory: Directory | None) -> tuple[UnlistedCounts, ...]:
    """Return what counts the entries that a column names.

    Args:
        columns: declarations of one column.
        directory: of the source; None where no column names an entry.
    """
    if directory is None:
        return ()
    found: dict[EntryKind, list[Column]] = {}
    for column in columns:
        kind = entry_kind(column)
        if kind is not None and column.table is None:
            found.setdefault(kind, []).append(column)
    known: dict[EntryKind, Mapping[str, Any]] = {"mediator": directory.mediators, "facility": directory.facilities}
    return tuple(UnlistedCounts(kind, known[kind], tuple(found[kind])) for kind in found)
