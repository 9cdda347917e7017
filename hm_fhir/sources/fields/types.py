"""The types on both sides of a fields file: the record as it is read, and the activity as it has to be written.

The activity that a mapping reads has more than anybody writes (keys, the class, the first person), and all that has a
default; here an activity has what is written: its fields alone, and of these only those are required that have no
default.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen
from pydantic import BaseModel

from hm_fhir.activities.model import Activity
from hm_fhir.fhir.definitions import Element, TypeDefinition, TypeModel, r4
from hm_fhir.mapping.activity_types import activity_types

ACTIVITY: Final = "Activity"
"""Name of the type of what is written."""
RECORD: Final = "Record"
"""Name of the type of what is read: the root of every expression of a fields file."""
MUNICIPALITY: Final = "Activity.municipality"
MEDIATOR: Final = "Activity.mediator"
FACILITY: Final = "Activity.facility"
IDENTIFIER: Final = "Activity.persons.identifiers"

_WRITTEN: Final = {
    "System.String": "string",
    "System.Integer": "integer",
    "System.Decimal": "decimal",
    "System.Boolean": "boolean",
    "System.Date": "date",
    "System.DateTime": "dateTime",
    "System.Time": "time",
}


def written_type(path: str) -> Mapping[str, Element]:
    """Return the fields of the activity, or of a part of it, that can be written.

    Args:
        path: ``Activity``, ``Activity.referral.appointment``.
    """
    return written_types()[path].elements


@cache
def written_types() -> dict[str, TypeDefinition]:
    """Return the types of the activity as it is written, by path: ``Activity.findings.tests``.

    Parts of one model (facilities stand in three places) have one base, so that one can be used for the other.
    """
    models: dict[str, type[BaseModel]] = {}
    _collect(models, ACTIVITY, Activity)
    highest: dict[type[BaseModel], str] = {}
    for path in sorted(models, key=lambda path: path.count(".")):
        highest.setdefault(models[path], path)
    return {path: _type(path, model, highest[model]) for path, model in models.items()}


@cache
def writing_model() -> TypeModel:
    """Return FHIR R4 with the types of `written_types` on top."""
    return r4().extended(written_types())


def record_model(record: Mapping[str, TypeDefinition]) -> TypeModel:
    """Return all types that expressions and the template of a fields file can meet.

    Args:
        record: types of the record, by name.
    """
    return writing_model().extended(record)


def _collect(models: dict[str, type[BaseModel]], path: str, model: type[BaseModel]) -> None:
    models[path] = model
    for name, field in model.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is not None and not field.exclude:
            _collect(models, f"{path}.{name}", inner)


def _type(path: str, model: type[BaseModel], base: str) -> TypeDefinition:
    read = activity_types().type(path)
    assert read is not None  # noqa: S101 - for the type checker; it is made of the same model
    elements = {}
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        element = read.elements[name]
        kind = f"{path}.{name}" if _model_in(field.annotation) is not None else _WRITTEN.get(element.types[0], "")
        if "Decimal" in str(field.annotation):
            kind = "decimal"
        elements[name] = Element(
            name,
            (kind or element.types[0],),
            1 if field.is_required() else 0,
            element.maximum,
            codes=element.codes,
            **_limits(field.annotation, field.metadata),
        )
    return TypeDefinition(
        name=path,
        namespace="hm",
        kind="complex" if path == ACTIVITY else "backbone",
        base=None if base == path else base,
        elements=elements,
    )


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((one for one in found if one is not None), None)


def _limits(annotation: Any, metadata: list[Any]) -> dict[str, Any]:
    """Return the limits of a single value, as an element has them."""
    if get_origin(annotation) in {Union, UnionType}:
        for part in get_args(annotation):
            metadata = [*metadata, *getattr(part, "__metadata__", ())]
    limits: dict[str, Any] = {}
    for one in metadata:
        match one:
            case Ge(ge=int(bound)):
                limits["min_value"] = bound
            case Gt(gt=int(bound)):
                limits["min_value"] = bound + 1
            case Le(le=int(bound)):
                limits["max_value"] = bound
            case Lt(lt=int(bound)):
                limits["max_value"] = bound - 1
            case MaxLen(max_length=length):
                limits["max_length"] = length
            case _:
                # StringConstraints and Field() bundle them.
                bundled = getattr(one, "max_length", None)
                if isinstance(bundled, int):
                    limits["max_length"] = bundled
                for inner in getattr(one, "metadata", ()):
                    limits |= _limits(None, [inner])
    return limits
