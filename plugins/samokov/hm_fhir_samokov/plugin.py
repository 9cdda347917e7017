"""The monthly register of the health mediators of Samokov; what it means stands in fields.yaml and directory.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hm_fhir import SourceSpec, fields_source, hookimpl


@hookimpl
def hm_fhir_sources() -> Iterator[SourceSpec]:
    """Yield the source that the settings call ``kind = "samokov"``."""
    about = "monthly register of the mediators of Samokov (XLSX)"
    yield fields_source("samokov", reads="xlsx", files=Path(__file__).parent, description=about)
