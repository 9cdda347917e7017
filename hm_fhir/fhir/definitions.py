"""The type model: what types there are and what they are made of, whatever they come from.

`r4` is FHIR R4 4.0.1; `TypeModel.extended` and `TypeModel.add` put more on top (the activity, profiles).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.elements import (
    FHIR_URL,
    Binding,
    Constraint,
    Context,
    Discriminator,
    Element,
    Slicing,
    TypeDefinition,
    TypeLimit,
    ValueSetCodes,
)

__all__ = [
    "SYSTEM_TYPES",
    "Binding",
    "Constraint",
    "Context",
    "Discriminator",
    "Element",
    "Slicing",
    "TypeDefinition",
    "TypeLimit",
    "TypeModel",
    "ValueSetCodes",
    "r4",
]

_SYSTEM_NAMES = ("Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity")

SYSTEM_TYPES: Mapping[str, TypeDefinition] = {
    "System.Any": TypeDefinition("System.Any", "System", "complex", abstract=True),
    **{
        f"System.{name}": TypeDefinition(
            f"System.{name}", "System", "complex" if name == "Quantity" else "primitive", base="System.Any"
        )
        for name in _SYSTEM_NAMES
    },
}
"""The types of FHIRPath's own values: http://hl7.org/fhirpath/N1/#using-types"""


class TypeModel:
    """Types and value sets by name; what it says never changes. A model may stand on another one.

    Args:
        types: by name; what a type inherits may be left out of it.
        value_sets: by canonical URL without version.
        below: the model that this one stands on.
    """

    def __init__(
        self,
        types: Mapping[str, TypeDefinition],
        *,
        value_sets: Iterable[ValueSetCodes] = (),
        below: TypeModel | None = None,
    ) -> None:
        self._given = types
        self._given_value_sets = {one.url: one for one in value_sets}
        self._below = below
        self._complete: dict[str, TypeDefinition | None] = {}

    def type(self, name: str) -> TypeDefinition | None:
        """Return a type, or None when there is none of the name.

        Args:
            name: ``Encounter``, ``Encounter.participant``, ``string``, ``System.String``, ``Activity.person``, or the
                canonical URL of a type or profile (with or without ``|version``).
        """
        try:
            return self._complete[name]
        except KeyError:
            plain = name.partition("|")[0]
            found = self._find(plain) or (
                self._find(plain.removeprefix(FHIR_URL)) if plain.startswith(FHIR_URL) else None
            )
            if found is not None:  # names that do not exist are without number
                self._complete[name] = found
            return found

    def is_subtype(self, name: str, ancestor: str) -> bool:
        """Return whether a type is the other one or derives from it; False when either is not known."""
        wanted = self.type(ancestor)
        one = self.type(name)
        while one is not None and wanted is not None:
            if one.name == wanted.name:
                return True
            one = self.type(one.base) if one.base else None
        return False

    def value_set(self, url: str) -> ValueSetCodes | None:
        """Return the codes of a value set, or None when they are not known or cannot be listed.

        Args:
            url: canonical URL, with or without ``|version``.
        """
        plain = url.partition("|")[0]
        found = self._own_value_set(plain)
        return found if found is not None or self._below is None else self._below.value_set(plain)

    @property
    def resource_types(self) -> frozenset[str]:
        """Names of the resource types that are not abstract; no profiles."""
        below = self._below.resource_types if self._below is not None else frozenset()
        return below | self._own_resource_types()

    @property
    def profiles(self) -> frozenset[str]:
        """URLs of the profiles and of the definitions of extensions."""
        below = self._below.profiles if self._below is not None else frozenset()
        return below | self._own_profiles()

    def extended(self, types: Mapping[str, TypeDefinition], *, value_sets: Iterable[ValueSetCodes] = ()) -> TypeModel:
        """Return a model with these as well (they win over those of the same name); this one stays as it is.

        Args:
            types: by name; what a type inherits may be left out of it.
            value_sets: further value sets.
        """
        return TypeModel(dict(types), value_sets=value_sets, below=self)

    def add(self, structure_definition: Mapping[str, Any]) -> TypeModel:
        """Return a model with the type or profile of a StructureDefinition as well; this one stays as it is.

        Args:
            structure_definition: JSON of one with a snapshot. A profile is found by its URL; the types of elements
                that it has rules below are named ``URL#element id``.

        Raises:
            hm_fhir.errors.SettingsError: ``structure-definition``: it has no snapshot, or stands on a type that is
                not in this model.
        """
        # Few who need a type bring one of their own.
        from hm_fhir.fhir.structure_definition import read

        added = self.extended(read(structure_definition, self.type))
        base = structure_definition.get("baseDefinition")
        if base is not None and self.type(base) is None:
            raise SettingsError(
                f"the base {base} is not known",
                code="structure-definition",
                fix="add the base first",
                place=str(structure_definition["url"]),
            )
        return added

    def _find(self, name: str) -> TypeDefinition | None:
        own = self._own(name)
        if own is None:
            return self._below.type(name) if self._below is not None else None
        # A type that replaces one of the same name may stand on the one it replaces.
        model = self._below if own.base == name and self._below is not None else self
        base = model.type(own.base) if own.base else None
        if base is None:
            return own
        return replace(
            own,
            elements={**base.elements, **own.elements},
            constraints=tuple(dict.fromkeys((*base.constraints, *own.constraints))),
            system=own.system or base.system,
            regex=own.regex or base.regex,
        )

    def _own(self, name: str) -> TypeDefinition | None:
        return self._given.get(name)

    def _own_value_set(self, url: str) -> ValueSetCodes | None:
        return self._given_value_sets.get(url)

    def _own_resource_types(self) -> frozenset[str]:
        return frozenset(
            one.name
            for one in self._given.values()
            if one.kind == "resource" and not one.abstract and "/" not in one.name
        )

    def _own_profiles(self) -> frozenset[str]:
        return frozenset(one.name for one in self._given.values() if one.name == one.url)


@cache
def r4() -> TypeModel:
    """Return all types, profiles and extensions of FHIR R4 4.0.1 and the System types of FHIRPath.

    The file is read at the first call, that of the profiles when one is first asked for, a type likewise.
    """
    # The decoder is of no use to those who never ask for a definition.
    from hm_fhir.fhir.r4 import packaged

    return packaged().extended(SYSTEM_TYPES)
