"""The day sheets of Novi pazar's health mediators; what they mean stands in fields.yaml and directory.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hm_fhir import SourceSpec, fields_source, hookimpl


@hookimpl
def hm_fhir_sources() -> Iterator[SourceSpec]:
    """Yield the source that the settings call ``kind = "novi-pazar"``."""
    yield fields_source(
        "novi-pazar",
        reads="odk",
        files=Path(__file__).parent,
        description="Novi pazar: mother and child, campaigns, immunisations, no-shows (day sheets in ODK Central)",
    )
