"""A register that exports a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from hm_fhir.testing.local_systems.kept_rows import FileSystem, headings_of


class CsvSystem(FileSystem):
    """A CSV file, one row a document.

    ``native`` of a document is ``{"cells": {heading: value}}``; a value is a text, a number, true, false, or nothing.

    Args:
        folder: where the file is written.
        name: of the file.
        columns: headings that come first, in this order; others follow as documents bring them.
        encoding: of the file.
        delimiter: one character.
        titles: lines above the headings.
        comma: whether decimals have a comma, as Bulgarian programs write them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "register.csv",
        columns: Sequence[str] = (),
        encoding: str = "utf-8-sig",
        delimiter: str = ";",
        titles: Sequence[str] = (),
        comma: bool = True,
    ) -> None:
        super().__init__(folder, name)
        self._columns = tuple(columns)
        self._encoding = encoding
        self._delimiter = delimiter
        self._titles = tuple(titles)
        self._comma = comma

    def flush(self) -> None:
        """Write the file."""
        rows: list[Mapping[str, Any]] = [native["cells"] for native in self._documents.values()]
        headings = headings_of(rows, self._columns)
        written = io.StringIO()
        writer = csv.writer(written, delimiter=self._delimiter, lineterminator="\r\n")
        for title in self._titles:
            writer.writerow([title])
        writer.writerow(headings)
        writer.writerows([self._text(row.get(heading)) for heading in headings] for row in rows)
        self.path.write_text(written.getvalue(), encoding=self._encoding, newline="")

    def _text(self, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "да" if value else "не"
        text = str(value)
        return text.replace(".", ",") if isinstance(value, Decimal | float) and self._comma else text


LOCAL_SYSTEM = CsvSystem
