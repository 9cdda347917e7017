"""Reads a fields file: all of its mistakes together, each with file, line and column."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hm_fhir.errors import MappingErrors
from hm_fhir.mapping.checker.finding import Finding
from hm_fhir.mapping.files.problems import Problems
from hm_fhir.mapping.files.yaml_file import YamlDocument, read_yaml
from hm_fhir.sources.fields.check import check_fields
from hm_fhir.sources.fields.code_tables import CodeTable
from hm_fhir.sources.fields.declared import Declared, Value, declared_in
from hm_fhir.sources.fields.spec import FieldsSpec, read_fields_spec
from hm_fhir.sources.fields.template import UPDATED_AT, Templates, compile_templates


@dataclass(frozen=True, slots=True)
class Column:
    """One column (or key, or path) that a fields file reads.

    Attributes:
        names: its headings or paths; the first that is filled counts.
        value: name of the value that is read from it; values of lists of objects as ``tests.kind``.
        reads: what it is read as, for people: ``date``, ``code of types``.
        table: its code table, or None.
        optional: it may be absent.
        personal: its values are never shown.
        within: paths of the list of objects that it stands in, such as ``tests[]``; None: in the record itself.
        separators: what stands between several values in a text; None: one value.
    """

    names: tuple[str, ...]
    value: str
    reads: str
    table: CodeTable | None
    optional: bool
    personal: bool
    within: tuple[str, ...] | None = None
    separators: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """A fields file, checked.

    Attributes:
        name: of the fields.
        version: of the file.
        reads: kind of source that it is written for.
        options: settings of that source.
        columns: all that it reads.
        ignored: patterns of columns that tell nothing.
        codes: code tables by name.
        warnings: what is probably a mistake, and stops nothing.
        fingerprint: SHA-256 of the file, hex.
        split: key or path of the list whose objects are records; None: a document is one record.
        split_optional: a document without that list has none of these, and is not wrong.
        last_read_counts: see `Understood`.
    """

    name: str
    version: str
    reads: str
    options: Mapping[str, Any]
    columns: tuple[Column, ...]
    ignored: tuple[str, ...]
    codes: Mapping[str, CodeTable]
    warnings: tuple[Finding, ...]
    fingerprint: str
    split: str | None
    split_optional: bool
    last_read_counts: bool
    document: YamlDocument = field(repr=False)
    declared: Declared = field(repr=False)
    templates: Templates = field(repr=False)

    @property
    def label(self) -> str:
        """Name and version, for messages."""
        return f"{self.name} {self.version}"

    @property
    def needs_directory(self) -> bool:
        """Whether mediators or facilities are named by their codes."""
        return _needs_directory(self.declared.values)


def warnings_of(source: object) -> tuple[Finding, ...]:
    """Return what is probably a mistake in the fields of a source; a source without fields has none.

    Args:
        source: any source.
    """
    fields = getattr(source, "fields", None)
    return fields.warnings if isinstance(fields, Fields) else ()


def load_fields(path: Path) -> Fields:
    """Return the fields of a file.

    Raises:
        MappingErrors: all mistakes of the file, each with file:line:column, the line, and what to do.
    """
    problems = Problems()
    document = read_yaml(path)
    report = problems.at(document)
    spec = read_fields_spec(document, report)
    if spec is None:
        problems.raise_all()
    assert spec is not None  # noqa: S101 - for the type checker; otherwise there were mistakes
    declared = declared_in(spec, report)
    templates = compile_templates(spec, declared.values, document, report)
    problems.raise_all()
    filled_in = (UPDATED_AT,) if spec.newest == "last-read" else ()
    findings = check_fields(document, declared, templates, filled_in)
    errors = [finding.as_error() for finding in findings if finding.is_error]
    if errors:
        raise MappingErrors(errors)
    return _fields(spec, document, declared, templates, findings)


def _fields(
    spec: FieldsSpec, document: YamlDocument, declared: Declared, templates: Templates, findings: Iterable[Finding]
) -> Fields:
    return Fields(
        name=spec.fields,
        version=spec.version,
        reads=spec.reads,
        options=spec.options,
        columns=tuple(_columns(declared.values)),
        ignored=spec.ignored,
        codes=declared.tables,
        warnings=tuple(findings),
        fingerprint=hashlib.sha256(document.text.encode()).hexdigest(),
        split=spec.split.column if spec.split is not None else None,
        split_optional=spec.split is not None and spec.split.optional,
        last_read_counts=spec.newest == "last-read",
        document=document,
        declared=declared,
        templates=templates,
    )


def _columns(values: tuple[Value, ...], prefix: str = "", within: tuple[str, ...] | None = None) -> Iterator[Column]:
    for value in values:
        name, spec = f"{prefix}{value.name}", value.spec

        whole = Column(
            value.names, name, _reads(value), value.table, spec.optional, spec.personal, within, value.separators
        )
        yield whole
        if spec.time is not None:
            yield replace(whole, names=spec.time, reads="time of day", table=None, separators=None)
        if not isinstance(value.kinds, tuple):
            table = value.kinds.table
            yield replace(whole, names=value.kinds.names, reads=f"code of {table.name}", table=table, personal=False)
        outer = [f"{path}." for path in within] if within is not None else [""]
        yield from _columns(value.parts, f"{name}.", tuple(f"{path}{one}[]" for path in outer for one in value.names))


def _reads(value: Value) -> str:
    if value.type == "object":
        return "list of objects"
    if value.table is None:
        reads = value.type
    else:
        reads = f"code of {value.table.name}" if value.type == "text" else f"{value.type} by {value.table.name}"
    return f"several of {reads}" if value.is_many else reads


def _needs_directory(values: tuple[Value, ...]) -> bool:
    return any(value.type in ("mediator", "facility") or _needs_directory(value.parts) for value in values)
