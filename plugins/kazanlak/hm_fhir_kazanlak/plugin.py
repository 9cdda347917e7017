"""The DHIS2 tracker of Kazanlak's health mediators; what it means stands in fields.yaml and directory.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hm_fhir import SourceSpec, fields_source, hookimpl


@hookimpl
def hm_fhir_sources() -> Iterator[SourceSpec]:
    """Yield the source that the settings call ``kind = "kazanlak"``."""
    yield fields_source(
        "kazanlak",
        reads="dhis2",
        files=Path(__file__).parent,
        description="Kazanlak: syphilis, partners, mothers and newborns (DHIS2 tracker)",
    )
