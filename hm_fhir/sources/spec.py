"""What a plugin says of a source: its kind, its settings, and the files that say what its records mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hm_fhir.sources.base import ReaderKind, Source, SourceContext
from hm_fhir.sources.fields.source import merged_options, open_source, source_options
from hm_fhir.sources.kinds import reader_kind

Defaults = Callable[[Mapping[str, Any], Path], Mapping[str, Any]]
"""Called with the settings of a source and the folder of the settings file; returns them with what is missing."""


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A kind of source.

    Args:
        name: what the settings call it: ``kind = "…"``.
        options: pydantic model of its settings (``extra="forbid"``).
        open: makes the source from its checked settings.
        description: one line for `hm-fhir plugins list`.
        defaults: completes the settings before they are checked.
        files: folder with ``fields.yaml``, ``directory.yaml`` and ``sample.yaml``, when these make the source.
        reads: kind of reader below it, when there is one.
    """

    name: str
    options: type[BaseModel]
    open: Callable[[Any, SourceContext], Source]
    description: str
    defaults: Defaults | None = None
    files: Path | None = None
    reads: str | None = None


def fields_source(name: str, *, reads: str, files: Path, description: str) -> SourceSpec:
    """Return the source of a municipality that is written in YAML.

    Args:
        name: what the settings call it: ``kind = "…"``.
        reads: kind of reader: ``csv``, ``xlsx``, ``kobo``, …
        files: folder with ``fields.yaml`` (what records mean) and ``directory.yaml`` (mediators, facilities).
        description: one line for `hm-fhir plugins list`.

    Raises:
        SettingsError: there is no such kind of reader.
    """
    return _spec(reader_kind(reads), name, files, description)


def reader_source(kind: ReaderKind, *, files: Path | None = None) -> SourceSpec:
    """Return the source of a reader: its settings name a file of fields, or its records are activities already.

    Args:
        kind: of reader.
        files: folder with ``fields.yaml`` and ``directory.yaml``; settings that name others come before it.
    """
    return _spec(kind, kind.name, files, kind.description)


def _spec(kind: ReaderKind, name: str, files: Path | None, description: str) -> SourceSpec:
    return SourceSpec(
        name,
        source_options(kind),
        partial(open_source, kind, files=files),
        description,
        defaults=partial(merged_options, files=files),
        files=files,
        reads=kind.name,
    )
