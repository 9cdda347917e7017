"""Rules of StructureDefinition that no invariant of R4 states: a profile only constrains what its base has.

Source: https://hl7.org/fhir/R4/structuredefinition.html, https://hl7.org/fhir/R4/profiling.html and
https://hl7.org/fhir/R4/elementdefinition.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hm_fhir.validation.resources.differentials import check_differential
from hm_fhir.validation.run import Path, Run

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.fhir.elements import TypeDefinition

_KINDS: Final = {"resource": "resource", "complex": "complex-type", "primitive": "primitive-type"}
_EXTENSION: Final = "http://hl7.org/fhir/StructureDefinition/Extension"
_TYPES: Final = "http://hl7.org/fhir/StructureDefinition/"


def check_structure_definition(value: Any, path: Path, run: Run) -> None:
    """Check a StructureDefinition against the type or profile that it stands on, where that is at hand.

    Args:
        value: the StructureDefinition.
        path: where it is.
        run: the validation.
    """
    if value.get("type") != "Extension":
        for name in ("context", "contextInvariant"):
            if name in value:
                problem = "only the definition of an extension says where it may be used"
                run.report("error", "invalid", "definition-context", (path, name), problem)
    url = value.get("baseDefinition")
    if not isinstance(url, str):
        return
    types = run.services.types
    base = types.type(url)
    if base is None:
        problem = "the base is not at hand, so the differential was not checked against it"
        run.report("warning", "not-found", "definition-base", (path, "baseDefinition"), problem)
        return
    root = _root(base, types)
    _check_kind(value, base, root, path, run)
    if value.get("derivation") != "constraint" or value.get("type") != root.name:
        return
    if url == _EXTENSION:
        _check_extension_url(value, path, run)
    differential = value.get("differential")
    elements = differential.get("element") if isinstance(differential, dict) else None
    if isinstance(elements, list):
        check_differential(elements, base, root.name, (path, "differential"), run)


def _root(base: TypeDefinition, types: TypeModel) -> TypeDefinition:
    """Return the type that a profile is about, or the type itself."""
    while base.name == base.url and base.base is not None and (above := types.type(base.base)) is not None:
        base = above
    return base


def _check_kind(value: Any, base: TypeDefinition, root: TypeDefinition, path: Path, run: Run) -> None:
    kind, name, constraint = value.get("kind"), value.get("type"), value.get("derivation") == "constraint"
    expected = _KINDS.get(root.kind)
    if expected is not None and kind != expected and (constraint or not base.abstract):
        problem = f"the kind must be the one of the base: {expected}"
        run.report("error", "business-rule", "definition-base", (path, "kind"), problem)
    if constraint:
        if name != root.name:
            problem = f"a profile is about the type of its base: {root.name}"
            run.report("error", "business-rule", "definition-base", (path, "type"), problem)
    elif isinstance(name, str) and "/" not in name:
        known = run.services.types.type(name)
        if name == root.name:
            problem = "a new type must not have the name of the type that it specialises"
            run.report("error", "business-rule", "definition-base", (path, "type"), problem)
        elif known is not None and value.get("url") != f"{_TYPES}{name}":
            problem = "a type of FHIR can be constrained only"
            run.report("error", "business-rule", "definition-base", (path, "type"), problem)


def _check_extension_url(value: Any, path: Path, run: Run) -> None:
    differential = value.get("differential")
    elements = differential.get("element") if isinstance(differential, dict) else None
    if not isinstance(elements, list):
        return
    fixed = next(
        (one.get("fixedUri") for one in elements if isinstance(one, dict) and one.get("path") == "Extension.url"),
        None,
    )
    if fixed != value.get("url"):
        problem = "Extension.url must be fixed to the URL of the definition"
        run.report("error", "invalid", "definition-context", (path, "differential"), problem)
