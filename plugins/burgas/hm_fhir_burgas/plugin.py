"""The register of Burgas's health mediators in PostgreSQL; what it means stands in fields.yaml and directory.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hm_fhir import SourceSpec, fields_source, hookimpl


@hookimpl
def hm_fhir_sources() -> Iterator[SourceSpec]:
    """Yield the source that the settings call ``kind = "burgas"``."""
    yield fields_source(
        "burgas",
        reads="sql",
        files=Path(__file__).parent,
        description="Burgas: mediation in hospital wards and after discharge (register in PostgreSQL)",
    )
