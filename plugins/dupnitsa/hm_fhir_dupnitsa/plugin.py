"""The form of Dupnitsa's health mediators in KoboToolbox; what it means stands in fields.yaml and directory.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hm_fhir import SourceSpec, fields_source, hookimpl


@hookimpl
def hm_fhir_sources() -> Iterator[SourceSpec]:
    """Yield the source that the settings call ``kind = "dupnitsa"``."""
    yield fields_source(
        "dupnitsa",
        reads="kobo",
        files=Path(__file__).parent,
        description="Dupnitsa: visits, pregnancies, newborns, immunisations (form in KoboToolbox)",
    )
