"""Excel workbooks as offices write them: titles, headings in two levels, totals, signatures, a sheet for each month.

An ``.xlsx`` is read row by row, whatever its size; ``.xls``, ``.xlsb`` and ``.ods`` are read by python-calamine.
Everything that is not read is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hm_fhir.config import Section
from hm_fhir.errors import SettingsError
from hm_fhir.sources.base import Headings, Item, ReaderKind, Remark, SourceContext
from hm_fhir.sources.headings import heading_key
from hm_fhir.sources.workbook.calamine import CalamineBook
from hm_fhir.sources.workbook.cells import Book, Sheet, Unreadable
from hm_fhir.sources.workbook.lines import NUMBERS, TOTALS
from hm_fhir.sources.workbook.naming import shown_sheet
from hm_fhir.sources.workbook.package import PackageBook, is_package
from hm_fhir.sources.workbook.sheet import SheetRecords, TableOptions
from hm_fhir.sources.workbook.table import Wanted

_PATTERN = "*?"


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class XlsxOptions(Section):
    """Settings of a workbook."""

    path: Path = Field(description="the workbook (.xlsx, .xlsm, .xls, .xlsb, .ods), relative to the settings file")
    sheets: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=("*",),
        min_length=1,
        description="names of the sheets to read; `*` stands for any text, `?` for one letter; a hidden sheet is "
        "read when its name stands here in full",
    )
    heading_rows: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(),
        max_length=2,
        description="numbers of the rows with the headings, the upper one first, when they are not found: `[4, 5]`",
    )
    filled_ahead: tuple[str, ...] = Field(
        default=NUMBERS,
        description="headings of columns that are filled before anything happened; rows with nothing else are empty",
    )
    totals: tuple[str, ...] = Field(
        default=TOTALS, min_length=1, description="words with which totals begin, whatever their case"
    )


class XlsxReader:
    """Yields the rows of a workbook as records.

    Args:
        options: settings.
        context: the deployment.

    Attributes:
        incremental: never; a workbook is read as a whole.
    """

    incremental = False

    def __init__(self, options: XlsxOptions, context: SourceContext) -> None:
        self._options = options
        self._path = context.folder / options.path
        self._wanted = Wanted()

    def want(self, names: Iterable[str]) -> None:
        """Tell how columns are called, so that the headings are found.

        Args:
            names: of columns; in another sheet one may be called otherwise.
        """
        self._wanted = Wanted(names, self._wanted.days)

    def want_days(self, names: Iterable[str]) -> None:
        """Tell in which columns a bare number is a day: one of a workbook that counts from 1904 is translated.

        Args:
            names: of columns; their numbers become those of the 1900 system, which the reading of days knows.
        """
        self._wanted = Wanted(self._wanted.keys, map(heading_key, names))

    def count(self) -> int | None:
        """Return about how many rows the sheets have, or None when the workbook does not say it."""
        with closing(self._open()) as book:
            if not isinstance(book, PackageBook):
                return None
            rows = [book.layout(sheet).rows for sheet in self._chosen(book) if self._is_read(sheet)]
        return None if None in rows else sum(filter(None, rows))

    def records(self, since: str | None = None) -> Iterator[Item]:  # noqa: ARG002  (a workbook is read as a whole)
        """Yield headings and rows of each sheet, and what was not read.

        Raises:
            SettingsError: no such file, no workbook, a password is needed, no such sheet, no sheet has the headings,
                a heading stands twice.
        """
        with closing(self._open()) as book:
            try:
                yield from self._items(book)
            except Unreadable as error:
                raise self._wrong(error.message, fix="open it in its own program and save it again") from None

    def _items(self, book: Book) -> Iterator[Item]:
        yield from self._about(book)
        options = TableOptions(self._options.heading_rows, self._options.filled_ahead, self._options.totals)
        read, best = 0, None
        numbers = {sheet.name: number for number, sheet in enumerate(book.sheets, 1)}
        for sheet in self._chosen(book):
            place = f"{self._path.name} {shown_sheet(sheet.name, numbers[sheet.name], self._options.sheets)}"
            if not self._is_read(sheet):
                yield self._unread(sheet, place)
                continue
            records = SheetRecords(book, sheet, place, self._wanted, options)
            if records.is_empty:
                yield Remark(place, "empty-sheet", "the sheet is empty")
            elif records.heads is None or not (records.is_table or sheet.name in self._options.sheets):
                yield Remark(place, "other-sheet", "no headings of this table are in the sheet, not read")
                best = _better(best, records, self._wanted)
            else:
                read += 1
                yield from records.items()
        if not read:
            # Who wants the columns knows best what is gone.
            if best is None:
                raise self._wrong("no sheet has headings", fix="look at `sheets` and `heading_rows` of this source")
            yield best

    def _about(self, book: Book) -> Iterator[Remark]:
        if book.unseen:
            said = f"a file of this kind does not tell: {book.unseen}; an .xlsx does"
            yield Remark(self._path.name, "unseen", said)
        if book.from_1904 and not self._wanted.days:
            said = "days are counted from 1904: numbers without a date format are not days of the usual count"
            yield Remark(self._path.name, "days-from-1904", said)

    def _chosen(self, book: Book) -> list[Sheet]:
        names = {sheet.name for sheet in book.sheets}
        for wanted in self._options.sheets:
            if not any(fnmatchcase(name, wanted) for name in names):
                what = "no sheet is called like" if set(_PATTERN) & set(wanted) else "there is no sheet"
                raise self._wrong(f"{what} {wanted!r}", fix="look at `sheets` of this source")
        return [sheet for sheet in book.sheets if any(fnmatchcase(sheet.name, one) for one in self._options.sheets)]

    def _is_read(self, sheet: Sheet) -> bool:
        return sheet.has_cells and (not sheet.hidden or sheet.name in self._options.sheets)

    def _unread(self, sheet: Sheet, place: str) -> Remark:
        if not sheet.has_cells:
            return Remark(place, "other-sheet", "a chart or a dialog, not read")
        return Remark(place, "hidden-sheet", "the sheet is hidden, not read; name it in `sheets` to read it")

    def _open(self) -> Book:
        try:
            self._path.open("rb").close()  # the same error whoever reads it
            return PackageBook(self._path) if is_package(self._path) else CalamineBook(self._path)
        except Unreadable as error:
            raise self._wrong(error.message, fix="save it again, without a password, as .xlsx") from None
        except OSError as error:
            raise self._wrong(
                f"cannot read the file: {type(error).__name__}", fix="look at the path of this source in the settings"
            ) from None

    def _wrong(self, message: str, *, fix: str) -> SettingsError:
        return SettingsError(message, place=str(self._path), fix=fix)


def _better(best: Headings | None, records: SheetRecords, wanted: Wanted) -> Headings | None:
    if records.heads is None:
        return best
    found = records.headings()
    return found if best is None or wanted.found(found.names) > wanted.found(best.names) else best


KIND = ReaderKind("xlsx", XlsxOptions, XlsxReader, "Excel workbook (.xlsx, .xls, .ods)")
