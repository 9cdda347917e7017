"""What is said of the rows of a sheet: for each kind how many, and which."""

from __future__ import annotations

from collections.abc import Iterator

from hm_fhir.sources.base import Remark

_SHOWN = 12


class RowRanges:
    """Numbers of rows that come in their order; only the first ranges are remembered, all are counted."""

    def __init__(self) -> None:
        self.count = 0
        self._ranges: list[list[int]] = []
        self._is_cut = False

    def add(self, row: int) -> None:
        """Add a row that comes after those before."""
        self.count += 1
        if self._ranges and not self._is_cut and row == self._ranges[-1][1] + 1:
            self._ranges[-1][1] = row
        elif len(self._ranges) < _SHOWN:
            self._ranges.append([row, row])
        else:
            self._is_cut = True

    def __str__(self) -> str:
        shown = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in self._ranges)
        return f"{'row' if self.count == 1 else 'rows'} {shown}" + (" ..." if self._is_cut else "")


class Said:
    """Gathers remarks about the rows of one sheet, one for each kind.

    Args:
        place: file and sheet.
        words: what is said of each kind.
    """

    def __init__(self, place: str, words: dict[str, str]) -> None:
        self._place = place
        self._words = words
        self._rows: dict[str, RowRanges] = {}

    def add(self, code: str, row: int) -> None:
        """Say something of a row."""
        self._rows.setdefault(code, RowRanges()).add(row)

    def remarks(self) -> Iterator[Remark]:
        """Yield what was said."""
        for code, rows in self._rows.items():
            yield Remark(f"{self._place} {rows}", code, f"{rows.count} row(s): {self._words[code]}")
