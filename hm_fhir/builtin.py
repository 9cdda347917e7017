"""What hm_fhir brings itself, through the same hooks as every plugin."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from hm_fhir.delivery.fhir_target import FhirTarget, FhirTargetOptions
from hm_fhir.hookspecs import hookimpl
from hm_fhir.records import MappingPackSpec, ProfilePackSpec, SourceSpec, TargetSpec
from hm_fhir.sources.csv import CsvOptions, CsvSource
from hm_fhir.sources.ndjson import NdjsonOptions, NdjsonSource

_DATA = Path(str(files("hm_fhir") / "_data"))
OWN_PROFILES = _DATA / "profiles" / "package"
"""The package of this project; validation knows it without being told."""


@hookimpl
def hm_fhir_sources() -> Iterator[SourceSpec]:
    """CSV and NDJSON files of activities."""
    yield SourceSpec("csv", CsvOptions, CsvSource, "CSV file whose headings are paths of the activity")
    yield SourceSpec("ndjson", NdjsonOptions, NdjsonSource, "NDJSON file, one activity a line")


@hookimpl
def hm_fhir_mappings() -> Iterator[MappingPackSpec]:
    """The base mapping pack."""
    yield MappingPackSpec("hm-fhir-base", _DATA / "mappings")


@hookimpl
def hm_fhir_profiles() -> Iterator[ProfilePackSpec]:
    """The FHIR package of this project: profiles, code systems, maps, plans."""
    yield ProfilePackSpec("hm-fhir-base", OWN_PROFILES)


@hookimpl
def hm_fhir_targets() -> Iterator[TargetSpec]:
    """A FHIR R4 server."""
    yield TargetSpec("fhir", FhirTargetOptions, FhirTarget, "FHIR R4 server, by transactions")
