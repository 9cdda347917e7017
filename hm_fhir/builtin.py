"""What hm_fhir brings itself, through the same hooks as every plugin."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from hm_fhir.delivery.fhir_target import FhirTarget, FhirTargetOptions
from hm_fhir.hookspecs import hookimpl
from hm_fhir.records import MappingPackSpec, ProfilePackSpec, SourceSpec, TargetSpec
from hm_fhir.sources.kinds import READER_NAMES, reader_kind
from hm_fhir.sources.spec import reader_source

_DATA = Path(str(files("hm_fhir") / "_data"))
OWN_PROFILES = _DATA / "profiles" / "package"
"""The package of this project; validation knows it without being told."""


@hookimpl
def hm_fhir_sources() -> Iterator[SourceSpec]:
    """Files, databases and products of others; a file of fields says what their records mean."""
    for name in READER_NAMES:
        yield reader_source(reader_kind(name))


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
