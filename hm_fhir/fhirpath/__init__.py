"""FHIRPath, the one expression language of the project: text in, compiled expression out.

``compile(text, functions)`` is the door. What evaluates behind it today is fhirpathpy; nothing of it comes through:
results are plain values, failures are :class:`hm_fhir.errors.RecordRejected` without a value of the record, and
wrong expressions are :class:`hm_fhir.errors.ExpressionError` with the position and what was expected.
"""

from __future__ import annotations

from hm_fhir.fhirpath.expression import CLOCK_FUNCTIONS, Expression, Function, compile  # noqa: A004
from hm_fhir.fhirpath.parsing import Call

__all__ = ["CLOCK_FUNCTIONS", "Call", "Expression", "Function", "compile"]
