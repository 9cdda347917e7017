"""Reports of Dimitrovgrad's health mediators in the CHT; what they mean stands in fields.yaml and directory.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hm_fhir import SourceSpec, fields_source, hookimpl


@hookimpl
def hm_fhir_sources() -> Iterator[SourceSpec]:
    """Yield the source that the settings call ``kind = "dimitrovgrad"``."""
    yield fields_source(
        "dimitrovgrad",
        reads="cht",
        files=Path(__file__).parent,
        description="Dimitrovgrad: needs, rights, papers and cases (forms in the Community Health Toolkit)",
    )
