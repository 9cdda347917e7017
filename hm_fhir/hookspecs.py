"""Every hook, on one page. A plugin is a module or object with some of them, found by an entry point in `hm_fhir`.

::

    from hm_fhir import SourceSpec, hookimpl

    @hookimpl
    def hm_fhir_sources():
        yield SourceSpec("samokov", SamokovOptions, SamokovSource, "monthly register of Samokov")

A hook yields frozen records and gets nothing to register at. It is called once, when the app is made; the records of
all plugins are gathered one plugin at a time, in the order of the plugins' names, built-ins first.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from hm_fhir.records import MappingPackSpec, ProfilePackSpec, SourceSpec, TargetSpec

PROJECT = "hm_fhir"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def hm_fhir_sources() -> Iterable[SourceSpec]:  # type: ignore[empty-body]
    """Yield the kinds of sources that this plugin can read.

    Called when the app is made. The settings name a kind in ``[sources.NAME]``.
    """


@hookspec
def hm_fhir_mappings() -> Iterable[MappingPackSpec]:  # type: ignore[empty-body]
    """Yield folders of mappings.

    Called when the app is made. All packs are in force together; two mappings that match one activity are an error.
    """


@hookspec
def hm_fhir_profiles() -> Iterable[ProfilePackSpec]:  # type: ignore[empty-body]
    """Yield folders of FHIR definitions: the code systems that mappings may name in ``coding()``.

    Called when the app is made, before the mappings are compiled.
    """


@hookspec
def hm_fhir_targets() -> Iterable[TargetSpec]:  # type: ignore[empty-body]
    """Yield the kinds of targets that this plugin can deliver to.

    Called when the app is made. The settings name a kind in ``[targets.NAME]``.
    """
