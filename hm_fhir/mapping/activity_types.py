"""The type model of the activity as mappings see it, derived from the pydantic models of the activity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, TypeAdapter

from hm_fhir.activities.catalogue import ACTIVITY_TYPES, encounter_class
from hm_fhir.activities.model import Activity
from hm_fhir.activities.people import (
    Facility,
    Group,
    Mediator,
    Municipality,
    Person,
    Replaced,
    ServiceArea,
)
from hm_fhir.activities.vocabulary import SETTINGS, Vocabulary
from hm_fhir.fhir.definitions import Element, TypeDefinition, TypeModel, r4

ROOT = "Activity"
"""Name of the type of the root of every mapping expression."""


@dataclass(frozen=True, slots=True)
class Codes:
    """All texts that an annotated value may be, for values that pydantic does not check."""

    allowed: frozenset[str]


_CLASSES = Codes(frozenset(encounter_class(kind, setting) for kind in ACTIVITY_TYPES for setting in SETTINGS.terms))

ADDED: Mapping[type[BaseModel], Mapping[str, Any]] = MappingProxyType(
    {
        Activity: {
            "key": str,
            "class": Annotated[str, _CLASSES],
            "person": Person | None,
            "case_key": str | None,
            "fulfilled": tuple[str, ...],
            "followed": tuple[str, ...],
        },
        Person: {"key": str, "replaced": tuple[Replaced, ...]},
        Mediator: {"key": str},
        ServiceArea: {"key": str},
        Municipality: {"key": str},
        Facility: {"key": str},
        Group: {"key": str},
    }
)
"""What `Activity.for_mapping` adds to the fields of a model: name -> annotation. It is declared nowhere else."""

# A time of an activity has a zone and its seconds, which is what FHIR calls an instant.
_FORMATS = {"date": "System.Date", "date-time": "instant", "time": "System.Time"}
_JSON_TYPES = {
    "string": "System.String",
    "integer": "System.Integer",
    "number": "System.Decimal",
    "boolean": "System.Boolean",
}
_DAY_OR_TIME = {"System.Date", "instant"}


@cache
def activity_types() -> TypeModel:
    """Return FHIR R4 with the types of `Activity.for_mapping` on top.

    The root is ``Activity``; its parts are named by path: ``Activity.person``, ``Activity.persons.name``,
    ``Activity.findings.pregnancy``. A value has the System type that its JSON stands for: a day is a System.Date, a
    moment that may be a day or a time a (partial) System.DateTime, one that is always a time an instant of FHIR; a
    number whose digits count is a JSON string, so a System.String. Where only certain texts are possible, the element
    has them as `codes`.

    Raises:
        TypeError: a field of the activity is of a kind that has no type here.
    """
    return on_top_of(r4())


def on_top_of(model: TypeModel) -> TypeModel:
    """Return a model of FHIR, with profiles perhaps, with the types of `Activity.for_mapping` on top.

    Args:
        model: the types of FHIR.

    Raises:
        TypeError: as `activity_types`.
    """
    return model.extended(_types())


@cache
def _types() -> dict[str, TypeDefinition]:
    types: dict[str, TypeDefinition] = {}
    _add(types, ROOT, Activity)
    return types


def _add(types: dict[str, TypeDefinition], path: str, model: type[BaseModel]) -> None:
    annotations: dict[str, Any] = {
        name: _annotated(field.annotation, field.metadata)
        for name, field in model.model_fields.items()
        if not field.exclude
    }
    annotations |= {name: field.return_type for name, field in model.model_computed_fields.items()}
    annotations |= ADDED.get(model, {})
    types[path] = TypeDefinition(
        name=path,
        namespace="hm",
        kind="complex" if path == ROOT else "backbone",
        elements={name: _element(types, path, name, annotation) for name, annotation in annotations.items()},
    )


def _element(types: dict[str, TypeDefinition], path: str, name: str, annotation: Any) -> Element:
    inner, metadata, optional = _open(annotation)
    minimum: int = 0 if optional else 1
    maximum: int | None = 1
    if get_origin(inner) in {tuple, list}:
        annotation = get_args(inner)[0]
        # An empty list is nothing to FHIRPath, whether it is in the JSON or not.
        minimum = 0 if optional else max((getattr(one, "min_length", None) or 0 for one in metadata), default=0)
        maximum = None
        inner, metadata, _ = _open(annotation)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        _add(types, f"{path}.{name}", inner)
        return Element(name, (f"{path}.{name}",), minimum, maximum)
    kind = _value_type(annotation, f"{path}.{name}")
    return Element(name, (kind,), minimum, maximum, codes=_codes(inner, metadata))


def _open(annotation: Any) -> tuple[Any, list[Any], bool]:
    """Return what an annotation is about, its metadata, and whether it may be None."""
    metadata: list[Any] = []
    optional = False
    while True:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation = arguments[0]
            metadata += arguments[1:]
        elif origin in {Union, UnionType} and NoneType in arguments:
            optional = True
            annotation = Union[tuple(one for one in arguments if one is not NoneType)]  # noqa: UP007
        else:
            return annotation, metadata, optional


def _annotated(annotation: Any, metadata: Iterable[Any]) -> Any:
    arguments = (annotation, *metadata)
    return Annotated[arguments] if len(arguments) > 1 else annotation


def _value_type(annotation: Any, path: str) -> str:
    """Return the type of a value, as pydantic writes it to JSON."""
    schema = TypeAdapter(annotation).json_schema(mode="serialization")
    found = {
        _FORMATS.get(one.get("format", ""), _JSON_TYPES.get(one.get("type", "")))
        for one in schema.get("anyOf", [schema])
        if one.get("type") != "null"
    }
    kind = "System.DateTime" if found == _DAY_OR_TIME else found.pop() if len(found) == 1 else None
    if kind is None:
        raise TypeError(f"{path} has no type that a mapping could know")
    return kind


def _codes(annotation: Any, metadata: Iterable[Any]) -> frozenset[str] | None:
    """Return the texts that a value may be: of a Literal, of a vocabulary that checks it, or declared."""
    if get_origin(annotation) is Literal:
        return frozenset(get_args(annotation))
    for one in metadata:
        if isinstance(one, Codes):
            return one.allowed
        checked_by = getattr(one.func, "__self__", None) if isinstance(one, AfterValidator) else None
        if isinstance(checked_by, Vocabulary):
            return frozenset(checked_by.terms)
    return None
