"""What is known of a part of an expression before it runs: its types, and whether it can be several items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hm_fhir.fhirpath.items import QUANTITY_TYPES

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import TypeModel


@dataclass(frozen=True, slots=True)
class Static:
    """The static type of an expression.

    Attributes:
        types: names of the types that its items may have; empty when nothing is known. One name means that every item
            is plain JSON (or a System value) of exactly this type; several, that the items carry their type.
        many: whether there may be more than one item.
        ordered: whether the order of the items means something (``children()`` gives none).
    """

    types: tuple[str, ...] = ()
    many: bool = True
    ordered: bool = True

    @property
    def exact(self) -> str | None:
        """The only type, or None."""
        return self.types[0] if len(self.types) == 1 else None

    def one(self) -> Static:
        """Return the static type of a single item of it."""
        return replace(self, many=False) if self.many else self

    def several(self) -> Static:
        """Return the static type of a collection of such items."""
        return self if self.many else replace(self, many=True)

    def __str__(self) -> str:
        return " or ".join(name.removeprefix("System.") for name in self.types) or "anything"


UNKNOWN: Final = Static()
STRING: Final = Static(("System.String",), many=False)
BOOLEAN: Final = Static(("System.Boolean",), many=False)
INTEGER: Final = Static(("System.Integer",), many=False)
DECIMAL: Final = Static(("System.Decimal",), many=False)
NUMBER: Final = Static(("System.Integer", "System.Decimal"), many=False)
DATE: Final = Static(("System.Date",), many=False)
DATE_TIME: Final = Static(("System.DateTime",), many=False)
TIME: Final = Static(("System.Time",), many=False)
QUANTITY: Final = Static(("System.Quantity",), many=False)

# A JSON value is never a System value with a class of its own, so these are told apart.
JSON_OF_SYSTEM: Final = {
    "System.String": "string",
    "System.Boolean": "boolean",
    "System.Integer": "integer",
    "System.Decimal": "decimal",
    "System.Date": "date",
    "System.DateTime": "dateTime",
    "System.Time": "time",
    "System.Quantity": "Quantity",
}

# https://hl7.org/fhir/R4/fhirpath.html#types
SYSTEM_OF_FHIR: Final = {
    "boolean": "Boolean",
    "integer": "Integer",
    "unsignedInt": "Integer",
    "positiveInt": "Integer",
    "decimal": "Decimal",
    "date": "Date",
    "dateTime": "DateTime",
    "instant": "DateTime",
    "time": "Time",
    **dict.fromkeys(
        ("string", "uri", "code", "oid", "id", "uuid", "markdown", "base64Binary", "url", "canonical", "xhtml"),
        "String",
    ),
    **dict.fromkeys(QUANTITY_TYPES, "Quantity"),
}

IMPLICIT: Final = {
    "Integer": frozenset({"Integer", "Decimal", "Quantity"}),
    "Decimal": frozenset({"Decimal", "Quantity"}),
    "Date": frozenset({"Date", "DateTime"}),
}
"""Implicit conversions (FHIRPath 2.0.0, 5.5): what a value of a type may be used as."""


def system_name(type_name: str) -> str | None:
    """Return the System type (``String``) whose values the items of a type are or convert to, or None."""
    if type_name.startswith("System."):
        return type_name[7:]
    return SYSTEM_OF_FHIR.get(type_name)


def suits(static: Static, wanted: frozenset[str]) -> bool:
    """Return whether an item of a static type can be used where one of some System types is wanted."""
    if not static.types:
        return True
    for name in static.types:
        found = system_name(name)
        if found is not None and IMPLICIT.get(found, frozenset({found})) & wanted:
            return True
    return False


def qualified(model: TypeModel | None, type_name: str) -> tuple[str, str]:
    """Return namespace and name of a type, as ``type()`` shows them (FHIRPath 2.0.0, 10.2)."""
    if type_name.startswith("System."):
        return "System", type_name[7:]
    definition = model.type(type_name) if model else None
    return (definition.namespace if definition else "FHIR"), type_name
