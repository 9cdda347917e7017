"""Reads a StructureDefinition: its snapshot becomes a type, and a type for each element that has elements.

Rules: https://hl7.org/fhir/R4/elementdefinition.html, https://hl7.org/fhir/R4/elementdefinition.html#id and
https://hl7.org/fhir/R4/profiling.html#slicing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.element_definition import (
    binding_of,
    constraint_of,
    extension_of,
    limits_of,
    profiles_of,
    slicing_of,
    targets_of,
    value_of,
)
from hm_fhir.fhir.elements import FHIR_URL, Constraint, Context, Discriminator, Element, Kind, Slicing, TypeDefinition
from hm_fhir.fhir.idle_parts import without_idle_parts
from hm_fhir.fhir.stored_types import flaw_of

__all__ = ["FHIR_URL", "Known", "read"]

_SYSTEM_URL = "http://hl7.org/fhirpath/"
_FHIR_TYPE = f"{FHIR_URL}structuredefinition-fhir-type"
_REGEX = f"{FHIR_URL}regex"
_SLICE_NAME = re.compile(r":[^.]*")
_BY_TYPE = Slicing(rules="open", discriminators=(Discriminator("type", "$this"),))
_KINDS: dict[str, Kind] = {"resource": "resource", "primitive-type": "primitive"}

_INTEGERS = frozenset({"positiveInt", "unsignedInt"})
"""Their definitions say System.String; they are System.Integer: https://hl7.org/fhir/R4/fhirpath.html#types"""

Known = Callable[[str], TypeDefinition | None]


@dataclass(slots=True)
class _Node:
    """An ElementDefinition with what stands below it."""

    json: Mapping[str, Any]
    children: dict[str, _Node] = field(default_factory=dict)
    slices: list[_Node] = field(default_factory=list)

    @property
    def name(self) -> str:
        token = str(self.json["id"]).rpartition(".")[2].partition(":")[0]
        return token.removesuffix("[x]")

    @property
    def choice(self) -> bool:
        return "[x]" in str(self.json["id"]).rpartition(".")[2]


def read(definition: Mapping[str, Any], known: Known, *, name: str | None = None) -> dict[str, TypeDefinition]:
    """Return the types that a StructureDefinition defines, by name, without what they inherit.

    A resource or data type is named by its type and its parts by path (``Encounter.participant``). A profile is named
    by its URL, and an element of it that has own rules below by ``URL#element id``.

    Args:
        definition: JSON of a StructureDefinition.
        known: returns the types that this one stands on.
        name: another name for the type itself.

    Raises:
        hm_fhir.errors.SettingsError: ``structure-definition``: it has no snapshot, no url or no type, or stands on a
            type that is not known.
    """
    made = definition.get("snapshot")
    elements = made.get("element") if isinstance(made, Mapping) else None
    url, kind = definition.get("url"), definition.get("type")
    if not (elements and url and kind):
        raise _wrong(definition, "a StructureDefinition needs a snapshot, a url and a type")
    profile = definition.get("derivation") == "constraint"
    try:
        types = _Reader(definition, known, name or (url if profile else kind), _tree(definition, elements)).types()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _wrong(definition, f"this is no StructureDefinition: {type(error).__name__}") from error
    for one in types.values():
        why = flaw_of(one)
        if why is not None:
            raise _wrong(definition, f"this is no StructureDefinition: {why}")
    return types


class _Reader:
    def __init__(self, definition: Mapping[str, Any], known: Known, name: str, root: _Node) -> None:
        self._definition = definition
        self._known = known
        self._name = name
        self._root = root
        self._profile = definition.get("derivation") == "constraint"
        self._parent = self._base()
        above = known(self._parent) if self._parent and self._profile else None
        # What a profile is of says its base: some profiles of resources say that they are of a data type.
        self._kind = above.kind if above is not None else _KINDS.get(definition["kind"], "complex")
        self._types: dict[str, TypeDefinition] = {}
        self._parts = {str(node.json["id"]) for node in _walk(root) if node.children}

    def _base(self) -> str | None:
        base = self._definition.get("baseDefinition")
        if base is None:
            return None
        url = str(base).partition("|")[0]
        name = url.removeprefix(FHIR_URL)
        # The types of FHIR are known by name, its profiles by URL.
        return url if self._known(name) is None and self._known(url) is not None else name

    def types(self) -> dict[str, TypeDefinition]:
        parent = self._parent
        root = TypeDefinition(
            name=self._name,
            namespace="FHIR",
            kind=self._kind,
            base=parent,
            abstract=self._definition.get("abstract", False),
            url=self._definition["url"],
            elements=self._elements(self._root, parent),
            constraints=self._constraints(self._root, (parent,) if parent else ()),
            **self._primitive(),
            **self._extension(),
        )
        types = {self._name: root, **self._types}
        return without_idle_parts(types, self._known) if self._profile else types

    def _extension(self) -> dict[str, Any]:
        """Return what only the definition of an extension says."""
        if self._definition["type"] != "Extension" or not self._profile:
            return {}
        return {
            "contexts": tuple(Context(one["type"], one["expression"]) for one in self._definition.get("context", ())),
            "context_invariants": tuple(self._definition.get("contextInvariant", ())),
            "is_modifier": self._root.json.get("isModifier", False),
        }

    def _primitive(self) -> dict[str, Any]:
        """Return the System type and the regular expression of a primitive."""
        value = self._root.children.get("value")
        if self._kind != "primitive" or value is None or self._profile:
            return {}
        kind = value.json["type"][0]
        return {"system": self._system(kind["code"]), "regex": extension_of(kind, _REGEX)}

    def _system(self, code: str) -> str:
        return "System.Integer" if self._name in _INTEGERS else code.removeprefix(_SYSTEM_URL)

    def _elements(self, node: _Node, parent: str | None) -> dict[str, Element]:
        above = self._known(parent) if parent and self._profile else None
        elements: dict[str, Element] = {}
        for child in node.children.values():
            element = self._element(child, above)
            there = elements.get(element.name)
            if there is not None:  # valueQuantity beside value[x]
                element = replace(
                    there,
                    slices=(*there.slices, replace(element, slice_name=child.name)),
                    slicing=there.slicing or _BY_TYPE,
                )
            elements[element.name] = element
        return elements

    def _element(self, node: _Node, above: TypeDefinition | None, slice_of: Element | None = None) -> Element:
        json = node.json
        inherited = above.elements.get(node.name) if above else None
        name, choice = node.name, node.choice
        renamed = above.element_of(name) if above and inherited is None and not choice else None
        if renamed is not None and renamed[0].choice:
            # valueQuantity instead of value[x]: https://hl7.org/fhir/R4/elementdefinition.html#path
            inherited, choice, name = renamed[0], True, renamed[0].name
        kinds = json.get("type", ())
        types = self._type_names(node, kinds, inherited)
        if not types and slice_of is not None:
            types = slice_of.types
        elif not types and inherited is not None:
            types = inherited.types
        key_types = inherited.key_types if inherited is not None and types is inherited.types else ()
        if node.children:
            names = slice_of.key_types if slice_of is not None and types is slice_of.types else types
            key_types = (names or types) if choice else ()
            types = self._part(node, types)
        elif choice and slice_of is not None and types is slice_of.types:
            key_types = slice_of.key_types
        least, most = json.get("min"), json.get("max")
        element = Element(
            name=name,
            types=types,
            minimum=(inherited.minimum if inherited else 0) if least is None else least,
            maximum=(inherited.maximum if inherited else None)
            if most is None
            else None
            if most == "*"
            else int(most),
            choice=choice,
            targets=targets_of(kinds),
            profiles=profiles_of(kinds),
            binding=binding_of(json),
            fixed=value_of(json, "fixed"),
            pattern=value_of(json, "pattern"),
            is_modifier=json.get("isModifier", False),
            is_summary=json.get("isSummary", False),
            # What is asked of a part stands at the type of the part.
            constraints=() if node.children else self._constraints(node, self._standing(node, types)),
            slicing=slicing_of(json),
            slice_name=json.get("sliceName") if slice_of is not None else None,
            key_types=key_types,
            limits=limits_of(kinds),
            aggregation=tuple(dict.fromkeys(one for kind in kinds for one in kind.get("aggregation", ()))),
            max_length=json.get("maxLength"),
            min_value=value_of(json, "minValue"),
            max_value=value_of(json, "maxValue"),
        )
        if not node.slices:
            return element
        return replace(element, slices=tuple(self._element(one, above, element) for one in node.slices))

    def _type_names(
        self, node: _Node, kinds: Iterable[Mapping[str, Any]], inherited: Element | None
    ) -> tuple[str, ...]:
        reference = node.json.get("contentReference")
        if reference is not None:
            return (self._referred(str(reference), own=not node.children),)
        names = []
        for kind in kinds:
            code = str(kind["code"]).removeprefix(FHIR_URL)
            if code.startswith(_SYSTEM_URL):
                code = self._system_or_fhir(node, kind, code)
            elif code in {"BackboneElement", "Element"} and inherited is not None:
                code = inherited.types[0]
            if self._profile and self._known(code) is None:
                raise _wrong(self._definition, f"no type has the name {code}")
            names.append(code)
        return tuple(dict.fromkeys(names))

    def _standing(self, node: _Node, types: tuple[str, ...]) -> tuple[str, ...]:
        """Return the types without those of this profile, which are still in the making."""
        reference = node.json.get("contentReference")
        return types if reference is None else (self._referred(str(reference), own=False),)

    def _referred(self, reference: str, *, own: bool) -> str:
        """Return the type that a content reference names, in a profile what the profile itself says of that place."""
        url, _, path = reference.partition("#")
        plain = url.partition("|")[0]
        if own and self._profile and plain in {"", self._definition["url"]} and path in self._parts:
            return f"{self._definition['url']}#{path}"
        if not plain or plain == self._definition["url"] or plain.removeprefix(FHIR_URL) == path.partition(".")[0]:
            return _SLICE_NAME.sub("", path)
        name = f"{plain}#{path}"
        return name if self._known(name) is not None else _SLICE_NAME.sub("", path)

    def _system_or_fhir(self, node: _Node, kind: Mapping[str, Any], code: str) -> str:
        root = str(node.json["id"]).count(".") == 1
        if self._kind == "primitive" and root and node.name == "value":
            return self._system(code)
        if self._kind == "resource" and root and node.name == "id":
            # The definitions say string, the specification says id: https://hl7.org/fhir/R4/resource.html#id
            return "id"
        return extension_of(kind, _FHIR_TYPE) or "string"

    def _part(self, node: _Node, types: tuple[str, ...]) -> tuple[str, ...]:
        """Add the type of an element that has elements below; return its name, and those of each type of a choice."""
        if not types or (len(types) != 1 and not self._profile):
            raise _wrong(self._definition, "an element with elements below needs one type")
        path = str(node.json["id"])
        if not self._profile:
            self._types[path] = self._part_type(node, path, types[0], "backbone")
            return (path,)
        names = []
        for base in types:
            above = self._known(base)
            if above is None:
                raise _wrong(self._definition, f"no type has the name {base}")
            name = f"{self._definition['url']}#{path}" + (f"({base})" if len(types) > 1 else "")
            self._types[name] = replace(
                self._part_type(node, name, base, above.kind), system=above.system, regex=above.regex
            )
            names.append(name)
        return tuple(names)

    def _part_type(self, node: _Node, name: str, base: str, kind: Kind) -> TypeDefinition:
        return TypeDefinition(
            name=name,
            namespace="FHIR",
            kind=kind,
            base=base,
            elements=self._elements(node, base),
            constraints=self._constraints(node, (base,)),
        )

    def _constraints(self, node: _Node, types: tuple[str, ...]) -> tuple[Constraint, ...]:
        """Return the invariants that the types do not have yet."""
        there = {
            (one.key, one.expression)
            for definition in map(self._known, types)
            if definition is not None
            for one in definition.constraints
        }
        return tuple(
            one
            for one in map(constraint_of, node.json.get("constraint", ()))
            if (one.key, one.expression) not in there
        )


def _tree(definition: Mapping[str, Any], elements: Iterable[Mapping[str, Any]]) -> _Node:
    nodes: dict[str, _Node] = {}
    for json in elements:
        path = json.get("id")
        if path is None:
            raise _wrong(definition, "an element of the snapshot has no id")
        node = nodes[path] = _Node(json)
        above, _, token = str(path).rpartition(".")
        parent = nodes.get(above)
        if parent is None:
            if above:
                raise _wrong(definition, f"no element {above} stands above {path}")
            continue
        whole, _, sliced = token.partition(":")
        if not sliced:
            parent.children[token] = node
            continue
        # A slice of a slice is named a/b; an element that has slices stands before them.
        reslice = sliced.rpartition("/")[0]
        of = nodes.get(f"{above}.{whole}:{reslice}" if reslice else f"{above}.{whole}") or parent.children.get(whole)
        if of is None:
            # A name without a slicing is a name of the element itself, as in some profiles of the specification.
            parent.children[whole] = node
        else:
            of.slices.append(node)
    return next(iter(nodes.values()))


def _walk(node: _Node) -> Iterator[_Node]:
    yield node
    for one in (*node.children.values(), *node.slices):
        yield from _walk(one)


def _wrong(definition: Mapping[str, Any], message: str) -> SettingsError:
    return SettingsError(
        message,
        code="structure-definition",
        fix="build it with a snapshot (SUSHI: sushi build -s) on the FHIR version 4.0.1",
        place=str(definition.get("url") or definition.get("id") or "StructureDefinition"),
    )
