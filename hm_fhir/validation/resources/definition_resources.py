"""Rules of resources that define searches, operations and guides, that no invariant of R4 states."""

from __future__ import annotations

from typing import Any

from hm_fhir.errors import ExpressionError
from hm_fhir.fhirpath import expression
from hm_fhir.validation.run import Path, Run


def check_search_parameter(value: Any, path: Path, run: Run) -> None:
    """Check a SearchParameter: its expression fits its types; a composite one has components.

    Source: https://hl7.org/fhir/R4/searchparameter.html.

    Args:
        value: the SearchParameter.
        path: where it is.
        run: the validation.
    """
    components = value.get("component")
    if value.get("type") == "composite" and not (isinstance(components, list) and len(components) > 1):
        problem = "a composite search parameter has two or more components"
        run.report("error", "business-rule", "search-parameter", path, problem)
    text, bases = value.get("expression"), value.get("base")
    if isinstance(text, str) and isinstance(bases, list) and bases:
        flaw = _expression_flaw(text, [one for one in bases if isinstance(one, str)], run)
        if flaw is not None:
            run.report("error", "invalid", "search-parameter", (path, "expression"), flaw)


def _expression_flaw(text: str, bases: list[str], run: Run) -> str | None:
    """Return what is wrong with an expression over resources of some types, or None."""
    try:
        expression.compile(text)
    except ExpressionError:
        return "it is no FHIRPath expression"
    types = run.services.types
    known = [one for one in bases if (kind := types.type(one)) is not None and not kind.abstract]
    if len(known) != 1 or len(bases) != 1:
        return None  # an expression for several types has a part for each of them
    try:
        expression.compile(text, types=types, root=known[0])
    except ExpressionError:
        return "it does not fit the type of resource that is searched"
    return None


def check_operation(value: Any, path: Path, run: Run) -> None:
    """Check the profiles of an OperationDefinition (https://hl7.org/fhir/R4/operationdefinition.html).

    Args:
        value: the OperationDefinition.
        path: where it is.
        run: the validation.
    """
    for name in ("inputProfile", "outputProfile"):
        url = value.get(name)
        if isinstance(url, str) and run.services.type_of(url) != "Parameters":
            problem = "it must be a profile of Parameters, and at hand"
            run.report("error", "invalid", "operation-profile", (path, name), problem)


def check_guide(value: Any, path: Path, run: Run) -> None:
    """Check the dependencies of an ImplementationGuide (https://hl7.org/fhir/R4/implementationguide.html).

    Args:
        value: the ImplementationGuide.
        path: where it is.
        run: the validation.
    """
    dependencies = value.get("dependsOn")
    for place, one in enumerate(dependencies if isinstance(dependencies, list) else ()):
        uri = one.get("uri") if isinstance(one, dict) else None
        if isinstance(uri, str) and "/ImplementationGuide/" not in uri:
            problem = "a dependency is the canonical URL of an ImplementationGuide"
            run.report("error", "business-rule", "guide-dependency", (path, f"dependsOn[{place}]"), problem)
