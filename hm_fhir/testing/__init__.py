"""The test kit, for hm_fhir itself and for authors of municipality plugins.

Nothing is imported before it is used: pytest loads `hm_fhir.testing.pytest_plugin` in every run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hm_fhir.testing.clock import Clock
    from hm_fhir.testing.contract import plugin_contract
    from hm_fhir.testing.deployment import Deployment
    from hm_fhir.testing.faults import ALWAYS, Fault
    from hm_fhir.testing.fhir_server import FhirServer

__all__ = ["ALWAYS", "Clock", "Deployment", "Fault", "FhirServer", "plugin_contract"]

_HOME = {
    "ALWAYS": "faults",
    "Clock": "clock",
    "Deployment": "deployment",
    "Fault": "faults",
    "FhirServer": "fhir_server",
    "plugin_contract": "contract",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
