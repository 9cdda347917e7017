"""hm_fhir maps the work of health mediators to HL7 FHIR R4 and delivers it, exactly once in effect.

Importing this package is light: what needs more is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hm_fhir.version import __version__

if TYPE_CHECKING:
    from hm_fhir.activities.model import Activity
    from hm_fhir.app import App, open_app
    from hm_fhir.errors import HmFhirError
    from hm_fhir.hookspecs import hookimpl
    from hm_fhir.records import MappingPackSpec, ProfilePackSpec, SourceSpec, TargetSpec
    from hm_fhir.sources.spec import fields_source

_WHERE = {
    "Activity": "hm_fhir.activities.model",
    "App": "hm_fhir.app",
    "HmFhirError": "hm_fhir.errors",
    "MappingPackSpec": "hm_fhir.records",
    "ProfilePackSpec": "hm_fhir.records",
    "SourceSpec": "hm_fhir.records",
    "TargetSpec": "hm_fhir.records",
    "fields_source": "hm_fhir.sources.spec",
    "hookimpl": "hm_fhir.hookspecs",
    "open_app": "hm_fhir.app",
}

__all__ = [
    "Activity",
    "App",
    "HmFhirError",
    "MappingPackSpec",
    "ProfilePackSpec",
    "SourceSpec",
    "TargetSpec",
    "__version__",
    "fields_source",
    "hookimpl",
    "open_app",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
