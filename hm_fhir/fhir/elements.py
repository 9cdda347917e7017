"""What a type definition says: elements, bindings, constraints, slices, codes of a value set.

Source of all rules: https://hl7.org/fhir/R4/elementdefinition.html and https://hl7.org/fhir/R4/structuredefinition.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

Namespace = Literal["FHIR", "System", "hm"]
"""FHIR types; FHIRPath's own (``System.String``); types of this project (the activity)."""

Kind = Literal["resource", "complex", "backbone", "primitive"]
Strength = Literal["required", "extensible", "preferred", "example"]
Severity = Literal["error", "warning"]
ContextType = Literal["element", "extension", "fhirpath"]

FHIR_URL = "http://hl7.org/fhir/StructureDefinition/"
"""What the URL of every type and profile of FHIR itself begins with."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Binding:
    """The value set that the codes of an element come from.

    Args:
        strength: how binding it is.
        value_set: canonical URL, perhaps with ``|version``; None where only a description exists.
        max_value_set: canonical URL of the value set that no code may leave, however weak the binding is
            (https://hl7.org/fhir/R4/extension-elementdefinition-maxvalueset.html); None: none.
    """

    strength: Strength
    value_set: str | None = None
    max_value_set: str | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """An invariant.

    Args:
        key: its id, such as ``ele-1``.
        severity: error or warning.
        human: what it asks for.
        expression: in FHIRPath, evaluated on the element (or the instance of the type); None where there is none.
        best_practice: whether it only recommends (https://hl7.org/fhir/R4/extension-elementdefinition-bestpractice.html).
    """

    key: str
    severity: Severity
    human: str
    expression: str | None = None
    best_practice: bool = False


@dataclass(frozen=True, slots=True)
class Discriminator:
    """How a slice is recognised.

    Args:
        type: value, exists, pattern, type or profile.
        path: FHIRPath (restricted) from the sliced element.
    """

    type: str
    path: str


@dataclass(frozen=True, slots=True)
class Slicing:
    """How a list (or a choice) is cut into slices.

    Args:
        rules: open, closed or openAtEnd.
        ordered: whether the slices come in their order.
        discriminators: how a slice is recognised; empty where only the names say it.
    """

    rules: str
    ordered: bool = False
    discriminators: tuple[Discriminator, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """Where an extension may be used (https://hl7.org/fhir/R4/defining-extensions.html#context).

    Args:
        type: how to read the expression: an element (by its id or the name of a type; ``Element``: any), an extension
            (by its URL), or FHIRPath.
        expression: the place.
    """

    type: ContextType
    expression: str


@dataclass(frozen=True, slots=True)
class TypeLimit:
    """What is asked of one of the types of a choice; see `Element.profiles` and `Element.targets`.

    Args:
        type: FHIR type name, as in `Element.key_types`.
        profiles: URLs of profiles that a value of this type follows (one of them).
        targets: what a Reference or canonical of this type may point to.
    """

    type: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type.

    Args:
        name: FHIRPath name: ``value``, not ``value[x]``.
        types: names of the types that it may have; more than one for a choice only. A backbone element has the type
            that is named by its path (``Encounter.participant``), a content reference the one it refers to.
        minimum: how many at least. What an element with slices asks of its values holds for each value, in a slice or
            not; what a slice asks holds on top of it.
        maximum: how many at most; None: any number.
        choice: whether its JSON key is the name with the type (``valueQuantity``); see `json_keys`.
        targets: what a Reference or a canonical may point to: resource type names, and URLs of profiles; empty: any.
        profiles: URLs of profiles or of the extension that the value follows (one of them); empty: none asked. A
            profile of one element is named ``URL#element id``. In a choice of several types see `profiles_of`.
        binding: where its codes come from.
        codes: all codes that it may have, where they are known without a value set (activities); None: unknown.
        fixed: the exact JSON value that it has; None: not fixed.
        pattern: JSON value that it must contain; None: none.
        is_modifier: whether it changes what the rest means.
        is_summary: whether it is part of a summary.
        constraints: invariants of this place, beside those of its types.
        slicing: how it is sliced, in a profile.
        slices: its slices, in a profile; each is an element with a `slice_name`. Slices of a slice stand in it.
        slice_name: name of the slice, when it is one: ``systolic``, or ``systolic/sitting`` for a slice of a slice.
        key_types: for a choice whose types are types of parts (``URL#Observation.value[x]``): the FHIR types that the
            JSON keys are made of, in the order of the types; empty: the types themselves.
        limits: for a choice of several types: what is asked of each; see `profiles_of` and `targets_of`.
        aggregation: how the target of a Reference is there: contained, referenced, bundled; empty: any way.
        max_length: how many characters a string has at most; None: any number.
        min_value: the smallest JSON value; a Quantity at a date or time counts from now; None: any.
        max_value: the greatest, likewise.
    """

    name: str
    types: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int | None = 1
    choice: bool = False
    targets: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    binding: Binding | None = None
    codes: frozenset[str] | None = None
    fixed: Any = None
    pattern: Any = None
    is_modifier: bool = False
    is_summary: bool = False
    constraints: tuple[Constraint, ...] = ()
    slicing: Slicing | None = None
    slices: tuple[Element, ...] = ()
    slice_name: str | None = None
    key_types: tuple[str, ...] = ()
    limits: tuple[TypeLimit, ...] = ()
    aggregation: tuple[str, ...] = ()
    max_length: int | None = None
    min_value: Any = None
    max_value: Any = None

    @property
    def many(self) -> bool:
        """Whether it can be there more than once. It is a JSON list where the type, not a profile, allows several."""
        return self.maximum is None or self.maximum > 1

    @property
    def json_keys(self) -> dict[str, str]:
        """JSON key -> type name; one key unless it is a choice."""
        if not self.choice:
            return {self.name: self.types[0]} if self.types else {}
        names = self.key_types or self.types
        return {
            f"{self.name}{name[:1].upper()}{name[1:]}": kind for name, kind in zip(names, self.types, strict=True)
        }

    def profiles_of(self, kind: str) -> tuple[str, ...]:
        """Return the profiles that a value of one of the types follows (one of them); empty: none asked.

        Args:
            kind: FHIR type name, such as ``Quantity``.
        """
        if not self.limits:
            return self.profiles
        return next((one.profiles for one in self.limits if one.type == kind), ())

    def targets_of(self, kind: str) -> tuple[str, ...]:
        """Return what a Reference or canonical may point to; empty: anything.

        Args:
            kind: FHIR type name, such as ``Reference``.
        """
        if not self.limits:
            return self.targets
        return next((one.targets for one in self.limits if one.type == kind), ())


@dataclass(frozen=True, slots=True)
class TypeDefinition:
    """One type.

    Args:
        name: how elements name it: ``Encounter``, ``string``, ``Encounter.participant``, ``System.String``,
            ``Activity.person``; the URL for a profile.
        namespace: where it comes from.
        kind: resource, complex, backbone or primitive.
        base: name of the type that it specialises or constrains; None for a root.
        abstract: whether there is no instance of just this type.
        url: canonical URL of its StructureDefinition; None for backbone and System types.
        elements: by FHIRPath name, with the inherited ones, in the order of the definition.
        constraints: invariants of every instance, with the inherited ones.
        system: for a primitive: the System type of its value (``System.String``).
        regex: for a primitive: regular expression of the whole text; None: any.
        contexts: for an extension: where it may be used; empty: anywhere.
        context_invariants: for an extension: FHIRPath that is true of the element that has it.
        is_modifier: for an extension: whether it stands in ``modifierExtension`` only (else never there).
    """

    name: str
    namespace: Namespace
    kind: Kind
    base: str | None = None
    abstract: bool = False
    url: str | None = None
    elements: Mapping[str, Element] = field(default_factory=lambda: _NOTHING)
    constraints: tuple[Constraint, ...] = ()
    system: str | None = None
    regex: str | None = None
    contexts: tuple[Context, ...] = ()
    context_invariants: tuple[str, ...] = ()
    is_modifier: bool = False

    def element_of(self, key: str) -> tuple[Element, str] | None:
        """Return the element and the type name that a JSON key stands for, or None.

        Args:
            key: JSON key without a leading underscore, such as ``valueQuantity``.
        """
        element = self.elements.get(key)
        if element is not None:
            return None if element.choice or not element.types else (element, element.types[0])
        for choice in self.elements.values():
            if choice.choice and key.startswith(choice.name):
                kind = choice.json_keys.get(key)
                if kind is not None:
                    return choice, kind
        return None


@dataclass(frozen=True, slots=True)
class ValueSetCodes:
    """All codes of a value set.

    Args:
        url: canonical URL without version.
        systems: URI of a code system -> codes of it.
    """

    url: str
    systems: Mapping[str, frozenset[str]]

    @property
    def codes(self) -> frozenset[str]:
        """All codes, of whatever system."""
        return frozenset().union(*self.systems.values())

    def contains(self, code: str, system: str | None = None) -> bool:
        """Return whether a code is in it; of any of its systems when no system is given."""
        if system is not None:
            return code in self.systems.get(system, ())
        return any(code in codes for codes in self.systems.values())
