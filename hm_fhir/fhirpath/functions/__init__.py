"""The functions of FHIRPath and those that FHIR adds. Each module registers its own."""

from __future__ import annotations

from hm_fhir.fhirpath.functions import existence, fhir, filtering, tree, types, values
from hm_fhir.fhirpath.functions.registry import BUILTINS
from hm_fhir.fhirpath.functions.tree import CLOCK_FUNCTIONS

__all__ = ["BUILTINS", "CLOCK_FUNCTIONS", "existence", "fhir", "filtering", "tree", "types", "values"]
