"""Types as JSON text, one at a time: what a type adds to its base, so that it can be decoded when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any

import msgspec

from hm_fhir.fhir.elements import Constraint, Context, Element, Kind, TypeDefinition
from hm_fhir.fhir.json import to_json


@dataclass(frozen=True, slots=True)
class StoredType:
    """A type in a file: what it adds to its base; what is absent has its usual value."""

    kind: Kind
    base: str | None = None
    abstract: bool = False
    url: str | None = None
    elements: tuple[Element, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    system: str | None = None
    regex: str | None = None
    contexts: tuple[Context, ...] = ()
    context_invariants: tuple[str, ...] = ()
    is_modifier: bool = False


_DECODER = msgspec.json.Decoder(StoredType, float_hook=Decimal)


def decoded(name: str, text: bytes | msgspec.Raw) -> TypeDefinition:
    """Return a type without what it inherits.

    Args:
        name: its name.
        text: what `encoded` gave.

    Raises:
        msgspec.DecodeError: it is something else.
    """
    stored = _DECODER.decode(text)
    return TypeDefinition(
        name=name,
        namespace="FHIR",
        kind=stored.kind,
        base=stored.base,
        abstract=stored.abstract,
        url=stored.url,
        elements={element.name: element for element in stored.elements},
        constraints=stored.constraints,
        system=stored.system,
        regex=stored.regex,
        contexts=stored.contexts,
        context_invariants=stored.context_invariants,
        is_modifier=stored.is_modifier,
    )


def encoded(one: TypeDefinition, base: TypeDefinition | None) -> bytes:
    """Return a FHIR type as JSON text, without the elements that are those of its base.

    Args:
        one: the type.
        base: the type that it stands on, with all that it inherits.
    """
    inherited: Mapping[str, Element] = base.elements if base is not None else {}
    elements = [compact(element) for element in one.elements.values() if element != inherited.get(element.name)]
    found = {**compact(one), "elements": elements}
    return to_json({key: value for key, value in found.items() if key not in {"name", "namespace"}})


def flaw_of(one: TypeDefinition) -> str | None:
    """Return why a type cannot be right, or None: something in it is of another type than its field has."""
    try:
        decoded(one.name, encoded(one, None))
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        return str(error) if isinstance(error, msgspec.ValidationError) else type(error).__name__
    return None


def compact(record: Any) -> Any:
    """Return a record as plain data, without what has its usual value and without the elements of a type."""
    if is_dataclass(record):
        return {
            field.name: compact(value)
            for field in fields(record)
            for value in [getattr(record, field.name)]
            if (field.default is MISSING or value != field.default) and field.name != "elements"
        }
    if isinstance(record, tuple):
        return [compact(one) for one in record]
    if isinstance(record, frozenset):
        return sorted(record)
    return record
