"""Where the headings of a sheet stand: below titles, in one row or in two, with merged cells.

The columns that are wanted show the row; where nobody says what is wanted, its shape does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hm_fhir.sources.headings import BETWEEN_LEVELS, heading_key, heading_name
from hm_fhir.sources.workbook.cells import Layout, Merged, SheetRow

LOOKED_THROUGH = 60
"""Rows with something in them among which headings are looked for."""
_FEWEST = 2
_MOST_COLUMNS = 0.9
_HALF_OF_THEM = 0.5
_SHARE = 0.2  # a sheet with less of the wanted columns is another table; one column can have several names
_IS_VALUE = re.compile(r"[\d\s.,:/T-]*|\d{4}-\d\d-\d\d.*")


class Wanted:
    """The columns that somebody will ask for.

    Args:
        names: their headings; one column may have several in different sheets.
        days: those below which bare numbers are days.
    """

    def __init__(self, names: Iterable[str] = (), days: Iterable[str] = ()) -> None:
        self.keys = frozenset(map(heading_key, names))
        self.days = frozenset(map(heading_key, days))

    def __bool__(self) -> bool:
        return bool(self.keys)

    def found(self, names: Iterable[str]) -> int:
        """Return how many of the headings are wanted."""
        return len(self.keys.intersection(map(heading_key, names)))

    def is_table(self, names: Iterable[str]) -> bool:
        """Return whether headings are those of the table, though some of them may have changed."""
        return self.found(names) >= min(len(self.keys), max(_FEWEST, round(_SHARE * len(self.keys))))


@dataclass(frozen=True, slots=True)
class Heads:
    """The headings of a sheet.

    Args:
        rows: numbers of the rows that they take, the upper one first.
        names: for each column its heading; columns without one are not among them.
        words: for each column what stands in it in these rows, for comparison.
    """

    rows: tuple[int, ...]
    names: Mapping[int, str]
    words: Mapping[int, frozenset[str]] = field(repr=False)


def find_heads(rows: Sequence[SheetRow], layout: Layout, wanted: Wanted) -> Heads | None:
    """Return the headings, or None when there are none.

    Args:
        rows: the first rows of the sheet.
        layout: its merged cells.
        wanted: what is asked for; without it the shape decides.
    """
    return _by_names(rows, layout, wanted) if wanted else _by_shape(rows, layout)


def heads_at(numbers: Sequence[int], rows: Sequence[SheetRow], layout: Layout, wanted: Wanted) -> Heads:
    """Return the headings of rows that somebody named."""
    levels = [_texts(next((row for row in rows if row.number == number), None)) for number in numbers]
    return _heads(tuple(numbers), levels, layout, wanted)


def full_name(column: int, heads: Heads, rows: Sequence[SheetRow], layout: Layout) -> str | None:
    """Return the heading of a column with the one above it, or None where no upper level can be seen.

    Args:
        column: one whose lower heading stands twice.
        heads: of the sheet.
        rows: the first rows of the sheet.
        layout: its merged cells.
    """
    number = heads.rows[-1]
    above = next((row for row in rows if row.number == number - 1), None)
    if above is None or (len(heads.rows) == 1 and not _is_first_level(above, layout)):
        return None
    spread = _spread(above.number, _texts(above), layout)
    left = max((other for other in spread if other <= column), default=None)
    lower = next((row for row in rows if row.number == number), None)
    name = _texts(lower).get(column)
    return None if left is None or name is None else _joined([spread[left], name])


def _by_names(rows: Sequence[SheetRow], layout: Layout, wanted: Wanted) -> Heads | None:
    best: Heads | None = None
    score = (0, False)
    for lower in range(len(rows)):
        for count in (1, 2):
            taken = rows[max(0, lower - count + 1) : lower + 1]
            if len(taken) == count and taken[-1].number - taken[0].number == count - 1:
                heads = _heads(tuple(row.number for row in taken), [_texts(row) for row in taken], layout, wanted)
                # The upper row of two can have as many of them: then cells that are merged above the lower one count.
                found = wanted.found(heads.names.values())
                this = (found, count == 2 and _are_two_levels(taken[0], taken[1], layout))
                if found and this > score:
                    best, score = heads, this
    return best


def _by_shape(rows: Sequence[SheetRow], layout: Layout) -> Heads | None:
    widest = max((len(row.cells) for row in rows), default=0)
    fitting = [
        heads
        for position, row in enumerate(rows)
        if _is_heading_row(row) and (heads := _around(position, rows, layout))
    ]
    for share in (_MOST_COLUMNS, _HALF_OF_THEM):
        for heads in fitting:
            if len(set(heads.names.values())) >= share * widest:
                return heads
    return None


def _around(position: int, rows: Sequence[SheetRow], layout: Layout) -> Heads:
    row = rows[position]
    levels = [row]
    below = rows[position + 1] if position + 1 < len(rows) else None
    above = rows[position - 1] if position else None
    if below and below.number == row.number + 1 and _is_second_level(below, row, layout):
        levels = [row, below]
    elif above and above.number == row.number - 1 and _is_first_level(above, layout):
        levels = [above, row]
    return _heads(tuple(one.number for one in levels), [_texts(one) for one in levels], layout, Wanted())


def _is_heading_row(row: SheetRow) -> bool:
    texts = [value for value in row.cells.values() if isinstance(value, str) and not _IS_VALUE.fullmatch(value)]
    return len(texts) == len(row.cells) and len({heading_key(text) for text in texts}) == len(texts)


def _is_second_level(below: SheetRow, row: SheetRow, layout: Layout) -> bool:
    texts = _texts(below)
    if len(texts) < len(below.cells) or not _are_words(texts):
        return False
    under = {column for area in _across(row, layout) for column in range(area.left, area.right + 1)}
    beside = {
        column
        for area in layout.merged
        if (area.top, area.bottom) == (row.number, below.number)
        for column in range(area.left, area.right + 1)
    }
    # Either all of it stands below merged cells, or beside headings that go down to it.
    return (bool(under) and set(texts) <= under) or (bool(beside) and not beside & set(texts))


def _are_two_levels(above: SheetRow, below: SheetRow, layout: Layout) -> bool:
    return _is_first_level(above, layout) and _is_second_level(below, above, layout)


def _is_first_level(above: SheetRow, layout: Layout) -> bool:
    groups = [area for area in _across(above, layout) if area.left in above.cells]
    return bool(groups) and len(above.cells) > 1 and _are_words(_texts(above))


def _across(row: SheetRow, layout: Layout) -> list[Merged]:
    return [area for area in layout.merged if area.top == area.bottom == row.number and area.right > area.left]


def _are_words(texts: Mapping[int, str]) -> bool:
    return not any(_IS_VALUE.fullmatch(text) for text in texts.values())


def _texts(row: SheetRow | None) -> dict[int, str]:
    # A number can be a heading, too: the day of a month.
    cells = row.cells if row else {}
    return {
        column: name
        for column, value in cells.items()
        if isinstance(value, str | int) and (name := heading_name(str(value)))
    }


def _heads(numbers: tuple[int, ...], levels: list[dict[int, str]], layout: Layout, wanted: Wanted) -> Heads:
    spread = [_spread(number, texts, layout) for number, texts in zip(numbers, levels, strict=True)]
    columns = sorted({column for texts in spread for column in texts})
    joined = {column: _joined([texts[column] for texts in spread if column in texts]) for column in columns}
    alone = Counter(
        heading_key(text)
        for column, text in spread[-1].items()
        if heading_key(joined[column]) not in wanted.keys or len(spread) == 1
    )
    names, words = {}, {}
    for column in columns:
        parts = [texts[column] for texts in spread if column in texts]
        name = joined[column]
        if wanted and heading_key(name) not in wanted.keys:
            name = _wanted_name(column, parts, spread, wanted, alone) or name
        names[column] = name
        # Below, the headings can stand again in one row, joined as they are in sheets with one.
        words[column] = frozenset({heading_key(part) for part in (*parts, name, joined[column])})
    return Heads(numbers, names, words)


def _joined(parts: list[str]) -> str:
    return BETWEEN_LEVELS.join({heading_key(part): part for part in parts}.values())


def _wanted_name(
    column: int, parts: list[str], spread: list[dict[int, str]], wanted: Wanted, alone: Mapping[str, int]
) -> str | None:
    # Sheets differ: one has "Лице / ЕГН", the next one "ЕГН"; a heading above several columns is not always merged.
    if len(spread) == 2 and column not in spread[0]:
        left = [other for other in spread[0] if other < column]
        if left and heading_key(name := spread[0][max(left)] + BETWEEN_LEVELS + parts[-1]) in wanted.keys:
            return name
    lower = heading_key(parts[-1])
    return parts[-1] if lower in wanted.keys and alone.get(lower) == 1 else None


def _spread(number: int, texts: dict[int, str], layout: Layout) -> dict[int, str]:
    found = dict(texts)
    for area in layout.merged:
        # A title over the whole table is merged, too, but it stands in a row of its own.
        if area.top == number and area.left in texts:
            found.update(dict.fromkeys(range(area.left, area.right + 1), texts[area.left]))
    return found
