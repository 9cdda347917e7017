"""FHIRPath 2.0.0, the one expression language of the project: text in, compiled expression out.

The way of an expression: ``lexer`` (text -> tokens), ``parser`` (tokens -> ``tree``), ``compiler`` (tree -> closures,
with the types of a model where there is one), ``expression`` (the door: plain values out, no data in any message).
Beside them: what closures work on (``items``, ``temporal``, ``quantity``, ``units``), the rules of operators and of
the ``functions``.

``compile(text, functions)`` is the door. Failures are :class:`hm_fhir.errors.RecordRejected` without a value of the
record, and wrong expressions are :class:`hm_fhir.errors.ExpressionError` with the position and what was expected.
"""

from __future__ import annotations

from hm_fhir.fhirpath.compiled import Scope
from hm_fhir.fhirpath.expression import FAILURES, Expression, compile  # noqa: A004
from hm_fhir.fhirpath.functions import CLOCK_FUNCTIONS
from hm_fhir.fhirpath.project import INPUT, Call, Function, Specialised
from hm_fhir.fhirpath.static import Static

__all__ = [
    "CLOCK_FUNCTIONS",
    "FAILURES",
    "INPUT",
    "Call",
    "Expression",
    "Function",
    "Scope",
    "Specialised",
    "Static",
    "compile",
]
