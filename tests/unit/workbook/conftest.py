"""Workbooks that are written for a test and read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter

from hm_fhir.sources.base import Headings, Item, Record, Remark, SourceContext
from hm_fhir.sources.xlsx import KIND, XlsxOptions


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader gave."""

    items: list[Item]

    @property
    def records(self) -> list[Record]:
        return [item for item in self.items if isinstance(item, Record)]

    @property
    def values(self) -> list[dict[str, Any]]:
        assert [record.error for record in self.records if record.error] == []
        return [dict(record.values) for record in self.records]

    @property
    def headings(self) -> list[tuple[str, ...]]:
        return [item.names for item in self.items if isinstance(item, Headings)]

    @property
    def remarks(self) -> list[tuple[str, str]]:
        return [
            (item.code, item.place.partition("'")[2] or item.place) for item in self.items if isinstance(item, Remark)
        ]


@dataclass(frozen=True, slots=True)
class Office:
    """Writes a workbook and reads it."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "register.xlsx"

    def read(self, *wanted: str, path: Path | None = None, days: Iterable[str] = (), **options: Any) -> Read:
        context = SourceContext("clinic", self.folder, ZoneInfo("Europe/Sofia"))
        reader = KIND.open(XlsxOptions(path=path or self.path, **options), context)
        if wanted:
            reader.want(wanted)  # type: ignore[attr-defined]
            reader.want_days(days)  # type: ignore[attr-defined]
        return Read(list(reader.records()))

    def write(self, fill: Callable[[Any], None], **options: Any) -> None:
        with xlsxwriter.Workbook(str(self.path), options) as book:
            fill(book)

    def table(self, *rows: Sequence[object], sheet: str = "Март", **options: Any) -> None:
        """Write rows; None is an empty cell, a formula begins with `=`."""

        def fill(book: Any) -> None:
            written = book.add_worksheet(sheet)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if value is not None:
                        written.write(number, column, value)

        self.write(fill, **options)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)
