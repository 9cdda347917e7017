"""A reader and a file of fields as a source of activities; or a reader alone, whose records are activities."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, Field, create_model

from hm_fhir.errors import SettingsError
from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.sources.activity_paths import ActivitySource
from hm_fhir.sources.base import Headings, Item, Reader, ReaderKind, Record, Source, SourceContext, Understood
from hm_fhir.sources.directory import Directory
from hm_fhir.sources.fields.changes import ColumnCheck
from hm_fhir.sources.fields.loading import Fields, load_fields
from hm_fhir.sources.fields.parts import Parts
from hm_fhir.sources.fields.program import Program

FIELDS_FILE: Final = "fields.yaml"
_DAYS: Final = ("date", "moment", "date-or-moment")
DIRECTORY_FILE: Final = "directory.yaml"


class FieldsSource:
    """A reader whose records mean what a file of fields says.

    Args:
        reader: gives the records.
        fields: what they mean.
        directory: mediators, facilities and the municipality; None where the fields need none.
        context: the deployment.

    Attributes:
        incremental: the reader gives only what changed.
        fields: what the records mean.
        directory: see above.
        last_read_counts: the local system keeps no time of change.
        fingerprint: changes when fields or directory do, so that what was rejected is worth reading again.

    Raises:
        SettingsError: the fields name mediators or facilities, and there is no directory, or not with these.
    """

    def __init__(self, reader: Reader, fields: Fields, directory: Directory | None, context: SourceContext) -> None:
        if directory is None and fields.needs_directory:
            raise SettingsError(
                f"the fields {fields.label} name mediators or facilities, and there is no directory of them",
                place=context.system,
                fix="name a `directory` in the settings of the source",
            )
        if directory is not None:
            _check_entries(fields, directory)
        self.incremental = reader.incremental
        self.fields = fields
        self.directory = directory
        self.fingerprint = fields.fingerprint
        self.last_read_counts = fields.last_read_counts
        self._reader = reader
        self._name = context.system
        self._program = Program(fields, directory, context)
        self._parts = Parts(fields)
        self._wants = False

    @property
    def reader(self) -> Reader:
        """What gives the records."""
        return self._reader

    def count(self) -> int | None:
        """Return about how many records there are, or None."""
        return None if self.fields.split is not None else self._reader.count()

    def records(self, since: str | None = None) -> Iterator[Item]:
        """Yield what the reader gives, and what is to be said of its columns.

        Args:
            since: the cursor of the last committed checkpoint.

        Raises:
            SettingsError: a column that the fields need is gone; and what the reader raises.
        """
        check, is_table = ColumnCheck(self.fields), False
        for item in self._items(since):
            if isinstance(item, Headings):
                is_table = True
                yield item
                yield from check.headings(item)
            elif isinstance(item, Record):
                parts = list(self._parts.of(item))
                if not is_table and item.error is None and not item.deleted:
                    # The columns of a document are there whatever becomes of it.
                    for values in [one.values for one in parts if self._parts.is_one(one)] or [item.values]:
                        check.document(values)
                yield from parts
            else:
                yield item
        if not is_table:
            yield from check.after_documents(self._name)

    def read(self, since: str | None = None) -> Iterator[Item]:
        """Yield what the reader gives, whatever its columns are; documents that are split as their parts.

        Args:
            since: the cursor of the last committed checkpoint.

        Raises:
            SettingsError: what the reader raises.
        """
        for item in self._items(since):
            if isinstance(item, Record):
                yield from self._parts.of(item)
            else:
                yield item

    def _items(self, since: str | None) -> Iterator[Item]:
        # A reader of tables finds the row of the headings by the names of the columns.
        want = getattr(self._reader, "want", None)
        if want is not None and not self._wants:
            self._wants = True
            columns = [column for column in self.fields.columns if column.within is None]
            want(tuple(name for column in columns for name in column.names))
            want_days = getattr(self._reader, "want_days", None)
            if want_days is not None:  # a workbook can count its days from another one
                want_days(tuple(name for column in columns if column.reads in _DAYS for name in column.names))
        yield from self._reader.records(since)

    def activity(self, record: Record) -> Understood:
        """Return the activity that a record tells of, and what was mended.

        Raises:
            RecordRejected: it tells of none; the message names columns, never a value.
        """
        return self._program.understood(record)

    def typed(self, record: Record) -> dict[str, Any]:
        """Return the typed values of a record: what its expressions see.

        Raises:
            RecordRejected: one cannot be read.
        """
        return self._program.typed(record)

    def local_id(self, record: Record) -> str | None:
        """Return the local id of the activity that a record would tell of, or None.

        A document that was not taken apart tells of any number of them.
        """
        if not self._parts.is_one(record):
            return None
        return self._program.local_id(record)


def _check_entries(fields: Fields, directory: Directory) -> None:
    """Look for entries of the directory that the code tables of the fields name."""
    for column in fields.columns:
        kind, _, by = column.reads.removeprefix("several of ").partition(" by ")
        if column.table is None or not by:
            continue
        known = directory.mediators if kind == "mediator" else directory.facilities
        for word, code in column.table.words.items():
            if code is not None and str(code) not in known:
                near = get_close_matches(str(code), known, n=1)
                raise SettingsError(
                    f"the code table {column.table.name!r} names a {kind} that is not in the directory",
                    code=f"unknown-{kind}",
                    place=fields.document.place(("codes", column.table.name, word)),
                    fix=f"did you mean {near[0]!r}?" if near else "add it to the directory",
                )


@cache
def source_options(kind: ReaderKind) -> type[BaseModel]:
    """Return the settings of a source: those of its reader, a file of fields, and a directory.

    Args:
        kind: of reader.
    """
    made: type[BaseModel] = create_model(
        f"{kind.options.__name__}WithFields",
        __base__=kind.options,
        __doc__=kind.options.__doc__,
        fields=(
            Path | None,
            Field(
                default=None,
                description="file that says what the records mean (YAML), relative to the settings file; without one "
                "their names are fields of an activity",
            ),
        ),
        directory=(
            Path | None,
            Field(default=None, description="mediators and facilities (YAML), relative to the settings file"),
        ),
    )
    return made


def merged_options(chosen: Mapping[str, Any], folder: Path, files: Path | None = None) -> dict[str, Any]:
    """Return the settings of a source with the ``options`` of its fields file below them.

    Args:
        chosen: as the settings have them; they win.
        folder: of the settings file.
        files: folder of a plugin with ``fields.yaml``; ``fields`` of the settings comes before it.

    Raises:
        MappingError: the fields file cannot be read.
    """
    path = _fields_path(chosen.get("fields"), folder, files)
    content = read_yaml(path).value if path is not None else None
    options = content.get("options") if isinstance(content, dict) else None
    return {**(options if isinstance(options, dict) else {}), **chosen}


def open_source(kind: ReaderKind, options: Any, context: SourceContext, files: Path | None = None) -> Source:
    """Return the source of a reader.

    Args:
        kind: of reader.
        options: its settings, of the model that `source_options` gives.
        context: the deployment.
        files: folder of a plugin with ``fields.yaml`` and ``directory.yaml``; the settings may name others.

    Raises:
        MappingErrors: everything that is wrong in the fields.
        SettingsError: the directory is wrong, or the fields are for another kind of source.
    """
    path = _fields_path(options.fields, context.folder, files)
    # A reader may ask whether fields say what its records mean, wherever they come from.
    reader = kind.open(options if path is None else options.model_copy(update={"fields": path}), context)
    if path is None:
        # Some readers know by themselves what their records mean.
        return reader if isinstance(reader, Source) else ActivitySource(reader, context)
    fields = load_fields(path)
    if fields.reads != kind.name:
        raise SettingsError(
            f"the fields {fields.label} are for a source of the kind {fields.reads!r}, this one is {kind.name!r}",
            place=fields.document.place(("reads",)),
            fix="name other fields, or correct `reads`",
        )
    found = context.folder / options.directory if options.directory is not None else None
    if found is None and files is not None and (files / DIRECTORY_FILE).is_file():
        found = files / DIRECTORY_FILE
    source = FieldsSource(reader, fields, Directory(found) if found is not None else None, context)
    if found is not None:
        source.fingerprint = hashlib.sha256(fields.fingerprint.encode() + found.read_bytes()).hexdigest()
    return source


def _fields_path(chosen: Any, folder: Path, files: Path | None) -> Path | None:
    if chosen is not None:
        return folder / Path(chosen)
    return files / FIELDS_FILE if files is not None else None
