"""The only door to fhir.resources: typed models of FHIR resources, for plugin authors and as a second opinion.

fhir.resources has R4B (4.3.0), not R4, since its version 7. For the types that this project writes both are the same;
https://hl7.org/fhir/R4B/diff.html lists what differs. It knows elements and types; it does not know bindings,
invariants or profiles, and is not on the way of the data: the validation of this project is.
"""

from __future__ import annotations

from typing import Any, cast

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from hm_fhir.errors import RecordRejected


def parse(resource: dict[str, Any]) -> BaseModel:
    """Return a resource as its fhir.resources model.

    Args:
        resource: plain JSON data with ``resourceType``.

    Raises:
        hm_fhir.errors.RecordRejected: ``not-fhir``: it is no resource of R4B; the message lists `problems`.
    """
    try:
        return _validated(resource)
    except ValidationError as error:
        raise RecordRejected("; ".join(_lines(resource, error)), code="not-fhir") from None


def problems(resource: dict[str, Any]) -> list[str]:
    """Return what is wrong with a resource: ``path: rule`` each, never a value; empty when nothing is.

    Args:
        resource: plain JSON data with ``resourceType``.

    Raises:
        hm_fhir.errors.RecordRejected: ``not-fhir``: ``resourceType`` is missing or unknown.
    """
    try:
        _validated(resource)
    except ValidationError as error:
        return _lines(resource, error)
    return []


def _validated(resource: dict[str, Any]) -> BaseModel:
    kind = resource.get("resourceType")
    try:
        # fhir.resources is not typed for us; the class is a pydantic model.
        model = cast("type[BaseModel]", get_fhir_model_class(str(kind)))
    except ValueError:
        raise RecordRejected(
            "resourceType is missing or unknown", code="not-fhir", fix="use a type of FHIR R4"
        ) from None
    return model.model_validate(resource)


def _lines(resource: dict[str, Any], error: ValidationError) -> list[str]:
    # The messages of fhir.resources can quote what was given; place and rule cannot.
    lines = []
    for finding in error.errors(include_url=False, include_context=False, include_input=False):
        path = ".".join([resource["resourceType"], *(str(step) for step in finding["loc"])])
        lines.append(f"{path}: {finding['type'].removeprefix('model.').replace('_', ' ')}")
    return lines
