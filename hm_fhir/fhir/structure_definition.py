"""Reads a StructureDefinition: its snapshot becomes a type, and a type for each element that has elements.

Rules: https://hl7.org/fhir/R4/elementdefinition.html, https://hl7.org/fhir/R4/elementdefinition.html#id and
https://hl7.org/fhir/R4/profiling.html#slicing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.elements import (
    Binding,
    Constraint,
    Discriminator,
    Element,
    Kind,
    Slicing,
    TypeDefinition,
)

FHIR_URL = "http://hl7.org/fhir/StructureDefinition/"
"""What the URL of every type and profile of FHIR itself begins with."""

_SYSTEM_URL = "http://hl7.org/fhirpath/"
_FHIR_TYPE = f"{FHIR_URL}structuredefinition-fhir-type"
_REGEX = f"{FHIR_URL}regex"
_SLICE_NAME = re.compile(r":[^.]*")
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
    elements = definition.get("snapshot", {}).get("element")
    url, kind = definition.get("url"), definition.get("type")
    if not (elements and url and kind):
        raise _wrong(definition, "a StructureDefinition needs a snapshot, a url and a type")
    profile = definition.get("derivation") == "constraint"
    return _Reader(definition, known, name or (url if profile else kind), _tree(definition, elements)).types()


class _Reader:
    def __init__(self, definition: Mapping[str, Any], known: Known, name: str, root: _Node) -> None:
        self._definition = definition
        self._known = known
        self._name = name
        self._root = root
        self._kind = _KINDS.get(definition["kind"], "complex")
        self._profile = definition.get("derivation") == "constraint"
        self._types: dict[str, TypeDefinition] = {}

    def types(self) -> dict[str, TypeDefinition]:
        base = self._definition.get("baseDefinition")
        parent = None if base is None else base.partition("|")[0].removeprefix(FHIR_URL)
        root = TypeDefinition(
            name=self._name,
            namespace="FHIR",
            kind=self._kind,
            base=parent,
            abstract=self._definition["abstract"],
            url=self._definition["url"],
            elements=self._elements(self._root, parent),
            constraints=self._constraints(self._root, (parent,) if parent else ()),
            **self._primitive(),
        )
        return {self._name: root, **self._types}

    def _primitive(self) -> dict[str, Any]:
        """Return the System type and the regular expression of a primitive."""
        value = self._root.children.get("value")
        if self._kind != "primitive" or value is None:
            return {}
        kind = value.json["type"][0]
        regex = next((one["valueString"] for one in kind.get("extension", ()) if one["url"] == _REGEX), None)
        return {"system": self._system(kind["code"]), "regex": regex}

    def _system(self, code: str) -> str:
        return "System.Integer" if self._name in _INTEGERS else code.removeprefix(_SYSTEM_URL)

    def _elements(self, node: _Node, parent: str | None) -> dict[str, Element]:
        return {child.name: self._element(child, parent) for child in node.children.values()}

    def _element(self, node: _Node, parent: str | None, slice_of: Element | None = None) -> Element:
        json = node.json
        kinds = json.get("type", ())
        types = self._type_names(node, kinds, parent)
        if node.children:
            types = (self._part(node, types),)
        elif slice_of is not None and not kinds:
            types = slice_of.types
        binding = json.get("binding")
        element = Element(
            name=node.name,
            types=types,
            minimum=json["min"],
            maximum=None if json["max"] == "*" else int(json["max"]),
            choice="[x]" in str(json["id"]).rpartition(".")[2],
            targets=_short(url for kind in kinds for url in kind.get("targetProfile", ())),
            profiles=tuple(dict.fromkeys(url for kind in kinds for url in kind.get("profile", ()))),
            binding=None if binding is None else Binding(binding["strength"], binding.get("valueSet")),
            fixed=_value(json, "fixed"),
            pattern=_value(json, "pattern"),
            is_modifier=json.get("isModifier", False),
            is_summary=json.get("isSummary", False),
            # What is asked of a part stands at the type of the part.
            constraints=() if node.children else self._constraints(node, types),
            slicing=_slicing(json),
            slice_name=json.get("sliceName") if slice_of is not None else None,
        )
        if not node.slices:
            return element
        return replace(element, slices=tuple(self._element(one, parent, element) for one in node.slices))

    def _type_names(self, node: _Node, kinds: Iterable[Mapping[str, Any]], parent: str | None) -> tuple[str, ...]:
        reference = node.json.get("contentReference")
        if reference is not None:
            return (_SLICE_NAME.sub("", str(reference).partition("#")[2]),)
        names = []
        for kind in kinds:
            code = str(kind["code"])
            if code.startswith(_SYSTEM_URL):
                code = self._system_or_fhir(node, kind, code)
            elif code in {"BackboneElement", "Element"} and self._profile:
                inherited = self._inherited(parent, node.name)
                code = inherited[0] if inherited else code
            names.append(code)
        return tuple(dict.fromkeys(names))

    def _system_or_fhir(self, node: _Node, kind: Mapping[str, Any], code: str) -> str:
        root = str(node.json["id"]).count(".") == 1
        if self._kind == "primitive" and root and node.name == "value":
            return self._system(code)
        if self._kind == "resource" and root and node.name == "id":
            # The definitions say string, the specification says id: https://hl7.org/fhir/R4/resource.html#id
            return "id"
        found = [str(one["valueUrl"]) for one in kind.get("extension", ()) if one["url"] == _FHIR_TYPE]
        return found[0] if found else "string"

    def _inherited(self, parent: str | None, name: str) -> tuple[str, ...]:
        definition = self._known(parent) if parent else None
        element = definition.elements.get(name) if definition else None
        return element.types if element else ()

    def _part(self, node: _Node, types: tuple[str, ...]) -> str:
        """Add the type of an element that has elements; return its name."""
        if len(types) != 1:
            raise _wrong(self._definition, "an element with elements below needs one type")
        base = types[0]
        above = self._known(base)
        if self._profile and above is None:
            raise _wrong(self._definition, f"no type has the name {base}")
        path = str(node.json["id"])
        name = f"{self._definition['url']}#{path}" if self._profile else path
        self._types[name] = TypeDefinition(
            name=name,
            namespace="FHIR",
            kind=above.kind if self._profile and above else "backbone",
            base=base,
            elements=self._elements(node, base),
            constraints=self._constraints(node, (base,)),
            system=above.system if self._profile and above else None,
            regex=above.regex if self._profile and above else None,
        )
        return name

    def _constraints(self, node: _Node, types: tuple[str, ...]) -> tuple[Constraint, ...]:
        """Return the invariants that the types do not have yet."""
        there = {
            (one.key, one.expression)
            for definition in map(self._known, types)
            if definition is not None
            for one in definition.constraints
        }
        return tuple(
            Constraint(one["key"], one["severity"], one["human"], one.get("expression"))
            for one in node.json.get("constraint", ())
            if (one["key"], one.get("expression")) not in there
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
        if sliced:
            # A slice of a slice is named a/b; an element that has slices stands before them.
            reslice = sliced.rpartition("/")[0]
            of = nodes.get(f"{above}.{whole}:{reslice}" if reslice else f"{above}.{whole}")
            if of is None:
                raise _wrong(definition, f"{path} is a slice of an element that is missing")
            of.slices.append(node)
        else:
            parent.children[token] = node
    return next(iter(nodes.values()))


def _slicing(json: Mapping[str, Any]) -> Slicing | None:
    found = json.get("slicing")
    if found is None:
        return None
    return Slicing(
        rules=found["rules"],
        ordered=found.get("ordered", False),
        discriminators=tuple(Discriminator(one["type"], one["path"]) for one in found.get("discriminator", ())),
    )


def _short(urls: Iterable[str]) -> tuple[str, ...]:
    """Return each URL once, those of FHIR's own types as type name; a reference to any resource is no limit."""
    names = []
    for url in urls:
        tail = url.removeprefix(FHIR_URL)
        # The profiles of FHIR itself are named in lower case or with a dash; its types are not.
        names.append(tail if tail.isalpha() and tail[:1].isupper() else url)
    return () if "Resource" in names else tuple(dict.fromkeys(names))


def _value(json: Mapping[str, Any], prefix: str) -> Any:
    return next((value for key, value in json.items() if key.startswith(prefix)), None)


def _wrong(definition: Mapping[str, Any], message: str) -> SettingsError:
    return SettingsError(
        message,
        code="structure-definition",
        fix="build it with a snapshot (SUSHI: sushi build -s) on the FHIR version 4.0.1",
        place=str(definition.get("url") or definition.get("id") or "StructureDefinition"),
    )
