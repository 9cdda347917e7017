"""An .xlsx file: its sheets, styles and texts (ECMA-376 parts 1 and 2). Nothing of it is unpacked on the disk."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hm_fhir.sources.workbook import sheet_xml, xml
from hm_fhir.sources.workbook.cells import DateForm, Layout, Sheet, SheetRow, Unreadable, date_form
from hm_fhir.sources.workbook.texts import SharedTexts

_TRUE = ("1", "true")
_SHEET = "worksheet"


def is_package(path: Path) -> bool:
    """Return whether a file is an .xlsx or .xlsm, whatever it is called."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as file:
        return any(name in file.namelist() for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")) and not any(
            name.endswith("workbook.bin") for name in file.namelist()
        )


class PackageBook:
    """An .xlsx file that is open. Its shared texts are held packed, its sheets are not held.

    Args:
        path: the file.

    Raises:
        Unreadable: it is damaged.
        OSError: it cannot be read.
    """

    unseen: str | None = None

    def __init__(self, path: Path) -> None:
        with _damage():
            self._file = zipfile.ZipFile(path)
        try:
            with _damage():
                self._read()
        except BaseException:
            self.close()
            raise

    def _read(self) -> None:
        main = next(
            (part for kind, part in self._related("").values() if kind == "officeDocument"), "xl/workbook.xml"
        )
        related = self._related(main)
        self.from_1904 = False
        sheets = []
        with self._open(main) as file:
            for name, attributes in xml.elements(file):
                if name == "workbookPr":
                    self.from_1904 = attributes.get("date1904") in _TRUE
                elif name == "sheet":
                    kind, part = related.get(attributes.get("id", ""), ("", ""))
                    hidden = attributes.get("state", "visible") != "visible"
                    sheets.append(Sheet(attributes.get("name", ""), hidden, kind == _SHEET, part))
        self.sheets = tuple(sheets)
        parts = dict(related.values())
        with self._maybe(parts.get("sharedStrings")) as texts:
            shared = SharedTexts(texts)
        with self._maybe(parts.get("styles")) as styles:
            forms = _forms(styles) if styles else []
        self._reading = sheet_xml.CellReading(shared, forms, self.from_1904)

    def layout(self, sheet: Sheet) -> Layout:
        """Return what stands around the cells.

        Raises:
            Unreadable: the file is damaged.
        """
        with _damage(), self._open(sheet.part) as file:
            return sheet_xml.layout(file)

    def rows(self, sheet: Sheet) -> Iterator[SheetRow]:
        """Yield the rows that hold something, one piece of the file after the other.

        Raises:
            Unreadable: the file is damaged.
        """
        with _damage(), self._open(sheet.part) as file:
            yield from sheet_xml.rows(file, self._reading)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _open(self, part: str) -> IO[bytes]:
        return self._file.open(part)

    @contextmanager
    def _maybe(self, part: str | None) -> Iterator[IO[bytes] | None]:
        if part is None:
            yield None
        else:
            with self._open(part) as file:
                yield file

    def _related(self, part: str) -> dict[str, tuple[str, str]]:
        """Return the kind and the name of each part that a part refers to, by the id of the reference."""
        folder, own_name = posixpath.split(part)
        found = {}
        with self._open(posixpath.join(folder, "_rels", f"{own_name}.rels")) as file:
            for name, attributes in xml.elements(file):
                if name == "Relationship" and attributes.get("TargetMode") != "External":
                    kind = attributes.get("Type", "").rpartition("/")[2]
                    target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
                    found[attributes.get("Id", "")] = (kind, target.lstrip("/"))
        return found


def _forms(file: IO[bytes]) -> list[DateForm | None]:
    codes: dict[str, str] = {}
    forms: list[DateForm | None] = []
    in_cells = False
    for name, attributes in xml.elements(file):
        if name == "numFmt":
            codes.setdefault(attributes.get("numFmtId", ""), attributes.get("formatCode", ""))
        elif name in ("cellXfs", "cellStyles", "dxfs"):
            in_cells = name == "cellXfs"
        elif name == "xf" and in_cells:
            number = attributes.get("numFmtId", "0")
            forms.append(date_form(int(number) if number.isdecimal() else 0, codes.get(number)))
    return forms


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError):
        raise Unreadable("the workbook is damaged: it cannot be unpacked") from None
    except RuntimeError as error:
        if "password" not in str(error):
            raise
        raise Unreadable("the workbook needs a password") from None
