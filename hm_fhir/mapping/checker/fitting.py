"""Whether what a template makes fits the element that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hm_fhir.errors import did_you_mean
from hm_fhir.mapping.checker.concepts import Concepts
from hm_fhir.mapping.checker.fixed import Fixed
from hm_fhir.mapping.checker.objects import Leaf, Variant
from hm_fhir.mapping.checker.plain import as_expression, written_by_hand
from hm_fhir.mapping.checker.primitives import misfit
from hm_fhir.mapping.checker.scope import Made
from hm_fhir.mapping.checker.terminology import Terminology
from hm_fhir.mapping.checker.values import Presence
from hm_fhir.mapping.template.tree import ArrayNode, Collection, Constant, First, ObjectNode

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Element, TypeDefinition
    from hm_fhir.mapping.checker.finding import Spot
    from hm_fhir.mapping.checker.scope import Env, Facts
    from hm_fhir.mapping.checker.templates import TemplateValues
    from hm_fhir.mapping.checker.values import Shape
    from hm_fhir.mapping.checker.world import World
    from hm_fhir.mapping.template.tree import Node

_ENGINE_SETS: Final = frozenset({"resourceType", "id"})
_RESOURCES: Final = frozenset({"Resource", "DomainResource"})


class Fitting:
    """Compares templates with types.

    Args:
        world: the mapping.
        templates: evaluates the templates.
    """

    def __init__(self, world: World, templates: TemplateValues) -> None:
        self._world = world
        self._model = world.model
        self._findings = world.findings
        self._templates = templates
        self._objects = templates.objects
        self._terminology = Terminology(world.model, world.findings)
        self._concepts = Concepts(templates, self._terminology, world.findings)
        self._fixed = Fixed(templates, world.findings)

    def resource(self, node: Node, env: Env, facts: Facts, type_name: str, given: frozenset[str]) -> None:
        """Check the template of a resource.

        Args:
            node: the template.
            env: where it stands.
            facts: what is known there.
            type_name: name of a resource type, or URL of a profile.
            given: elements that the engine adds, so that they may be missing, and are no list.
        """
        definition = self._model.type(type_name)
        if definition is not None:
            self._object(Made(node, env, facts), definition, Leaf(node, env, facts), given, is_root=True)

    # --- objects --------------------------------------------------------------------------------------------------

    def _object(
        self,
        made: Made,
        definition: TypeDefinition,
        leaf: Leaf,
        given: frozenset[str] = frozenset(),
        *,
        is_root: bool = False,
    ) -> None:
        variants = self._objects.variants(made)
        checked: set[int] = set()
        for variant in variants:
            for key, leaves in variant.members.items():
                for one in leaves:
                    if id(one) not in checked:
                        checked.add(id(one))
                        self._member(definition, key, one, given)
        shown = Leaf(made.node, made.env, made.facts) if isinstance(made.node, ObjectNode) else leaf
        self._required(variants, definition, shown, given, is_root=is_root)
        for variant in variants:
            self._choices(variant, definition)

    def _required(
        self,
        variants: list[Variant],
        definition: TypeDefinition,
        shown: Leaf,
        given: frozenset[str],
        *,
        is_root: bool,
    ) -> None:
        # An empty object vanishes; one that may have more members lacks nothing for certain.
        whole = [one for one in variants if not one.open and (one.members or is_root)]
        for element in definition.elements.values():
            if element.minimum < 1 or element.name in given:
                continue
            lacking = [one for one in whole if not _of_element(one, element) and element.name not in one.members]
            # Where a condition decides it, the first case says enough.
            for variant in lacking[:1]:
                where = f" where {variant.where}" if variant.where and len(lacking) < len(variants) else ""
                message = f"{_named(definition, element)} is missing{where}, FHIR wants it"
                self._findings.error(shown.key_spot, "missing-element", message, f"add {_keys(element)}")
            for variant in whole:
                self._may_be_empty(variant, definition, element, is_root=is_root)

    def _may_be_empty(self, variant: Variant, definition: TypeDefinition, element: Element, *, is_root: bool) -> None:
        leaves = _of_element(variant, element)
        if not leaves:
            return
        name = _named(definition, element)
        presence = self._objects.of_member(leaves).presence
        if presence is Presence.NEVER:
            self._findings.error(
                leaves[0].spot, "missing-element", f"{name} is always empty here, FHIR wants it",
                "give it a value, or leave out the object around it",
            )  # fmt: skip
        elif presence is Presence.MAYBE and (is_root or self._has_others(variant, leaves)):
            self._findings.warning(
                leaves[0].spot, "may-be-empty",
                f"{name} is empty for activities that lack what it is made of, FHIR wants it",
                "put a condition around the object, or say what it is otherwise",
            )  # fmt: skip

    def _has_others(self, variant: Variant, leaves: tuple[Leaf, ...]) -> bool:
        """Return whether an object is there although one of its elements is empty."""
        return any(
            self._objects.of_member(others).presence is Presence.ALWAYS
            for others in variant.members.values()
            if not set(others) & set(leaves)
        )

    def _choices(self, variant: Variant, definition: TypeDefinition) -> None:
        for element in definition.elements.values():
            if not element.choice:
                continue
            keys = [key for key in variant.members if key in element.json_keys]
            if len(keys) < 2:
                continue
            presences = [self._objects.of_member(variant.members[key]).presence for key in keys]
            if sum(presence is not Presence.NEVER for presence in presences) < 2:
                continue
            leaf = variant.members[keys[1]][0]
            message = f"{keys[0]} and {keys[1]} are two of one choice, {_named(definition, element)}[x]"
            fix = "put them into {% if %} and {% else %}"
            if all(presence is Presence.ALWAYS for presence in presences):
                self._findings.error(leaf.key_spot, "two-of-a-choice", message, fix)
            else:
                self._findings.warning(leaf.key_spot, "two-of-a-choice", f"{message}; both can be there", fix)

    # --- members --------------------------------------------------------------------------------------------------

    def _member(self, definition: TypeDefinition, key: str, member: Leaf, given: frozenset[str]) -> None:
        if key in _ENGINE_SETS and definition.kind == "resource":
            return
        found = definition.element_of(key.removeprefix("_"))
        if found is None:
            self._unknown(definition, key, member)
            return
        element, kind = found
        name = _named(definition, element)
        if key.startswith("_"):
            if not self._is_primitive(kind):
                self._findings.error(
                    member.key_spot, "unknown-element",
                    f"{key} is for the extensions of a primitive, and {name} is {self._base_name(kind)}",
                    f"write {key[1:]}",
                )  # fmt: skip
                return
            kind = "Element"
        if element.maximum == 0:
            self._findings.error(
                member.key_spot, "too-many", f"{name} must not be there, says {definition.name}", f"remove {key}"
            )
            return
        is_list = self._is_list(definition, element)
        for leaf in self._objects.leaves(member):
            if key in given:
                self._items(leaf, element, kind, name)
                continue
            value = self._objects.of_leaf(leaf)
            if value.presence is Presence.NEVER and not value.shapes:
                continue
            if is_list and not leaf.is_list:
                self._findings.error(leaf.spot, "one-for-list", f"{name} is a list in FHIR", _as_list(leaf))
            elif leaf.is_list and not is_list:
                self._findings.error(leaf.spot, "list-for-one", f"{name} is no list in FHIR", _as_one(leaf))
                continue
            elif is_list:
                self._number(leaf, element, name)
            self._items(leaf, element, kind, name)
            self._fixed.check(element, leaf, name)

    def _unknown(self, definition: TypeDefinition, key: str, member: Leaf) -> None:
        element = definition.elements.get(key)
        if element is not None:
            keys = list(element.json_keys)
            fix = f"write its type into the name: {', '.join(keys[:8])}{' ...' if len(keys) > 8 else ''}"
        else:
            known = [name for one in definition.elements.values() for name in one.json_keys]
            fix = did_you_mean(key, known) or "see https://hl7.org/fhir/R4/resourcelist.html"
        self._findings.error(
            member.key_spot, "unknown-element", f"{self._base_name(definition.name)} has no element {key!r}", fix
        )

    def _number(self, leaf: Leaf, element: Element, name: str) -> None:
        if element.maximum is None or not isinstance(leaf.node, ArrayNode):
            return
        sure = [
            item
            for item in leaf.node.items
            if self._templates.value(item, leaf.env, leaf.facts).presence is Presence.ALWAYS
        ]
        if len(sure) > element.maximum:
            self._findings.error(
                leaf.spot, "too-many", f"{name} can be there {element.maximum} times, here it is {len(sure)} times"
            )

    def _items(self, leaf: Leaf, element: Element, kind: str, name: str) -> None:
        for item in self._objects.items(leaf):
            value = self._objects.of_leaf(item)
            for shape in value.shapes:
                self._shape(shape, element, kind, name, item)

    def _shape(self, shape: Shape, element: Element, kind: str, name: str, leaf: Leaf) -> None:
        definition = self._model.type(kind)
        if definition is None:
            return
        spot = shape.spot or leaf.spot
        base = self._base_name(kind)
        if shape.made is not None:
            self._made(shape.made, element, definition, name, leaf)
        elif shape.type is None:
            return
        elif (meant := as_expression(shape, leaf, self._world)) is not None:
            self._expression(shape, element, definition, name, spot, meant)
        elif definition.kind == "primitive":
            self._scalar(shape, element, definition, base, name, spot)
        elif not self._suits(shape.type, kind):
            fix = "write `coding: [...]` around it" if (shape.type, base) == ("Coding", "CodeableConcept") else None
            self._findings.error(spot, "wrong-type", f"{name} is {base}, this is {_what(shape)}", fix)
        elif shape.type == "Reference":
            self._targets(shape.targets, element, name, spot)
        elif shape.type == "Coding":
            self._terminology.concept([shape.codings], element.binding, spot, via=shape.via)

    def _expression(
        self, shape: Shape, element: Element, definition: TypeDefinition, name: str, spot: Spot, fix: str
    ) -> None:
        base = self._base_name(definition.name)
        fits = definition.kind == "primitive" and misfit(shape, definition, base) is None
        is_bound = element.binding is not None and element.binding.strength == "required"
        say = self._findings.warning if fits and not is_bound else self._findings.error
        say(spot, "plain-expression", f"{name} is the text as it stands here, and not what it names", fix)

    def _scalar(
        self, shape: Shape, element: Element, definition: TypeDefinition, base: str, name: str, spot: Spot
    ) -> None:
        source = self._model.type(shape.type or "")
        if source is None or source.kind != "primitive":
            fix = "write .code at its end" if shape.type == "Coding" and base == "code" else None
            self._findings.error(spot, "wrong-type", f"{name} is {base}, this is {_what(shape)}", fix)
            return
        wrong = misfit(shape, definition, base)
        if wrong is not None:
            self._findings.error(spot, wrong.code, f"{name}: {wrong.message}", wrong.fix)
        elif base == "code" or (element.binding and base in {"uri", "string"}):
            self._terminology.code(shape.codes, element.binding, spot, via=shape.via)

    # --- objects of a kind ----------------------------------------------------------------------------------------

    def _made(self, made: Made, element: Element, definition: TypeDefinition, name: str, leaf: Leaf) -> None:
        base = self._base_name(definition.name)
        if definition.kind == "primitive":
            self._findings.error(leaf.spot, "wrong-type", f"{name} is {base}, this is an object")
            return
        if definition.name in _RESOURCES:
            contained = self._contained(made)
            if contained is not None:
                self._object(made, contained, leaf)
            return
        self._object(made, definition, leaf)
        if base == "Reference":
            self._literal_reference(made, element, name)
        elif base in {"Coding", "CodeableConcept"}:
            self._concepts.check(made, element, base, leaf)

    def _contained(self, made: Made) -> TypeDefinition | None:
        value = self._objects.member(made, "resourceType")
        codes = value.codes() if value else None
        return self._model.type(str(next(iter(codes)))) if codes and len(codes) == 1 else None

    def _literal_reference(self, made: Made, element: Element, name: str) -> None:
        for variant in self._objects.variants(made):
            for key in ("reference", "type"):
                for leaf in variant.members.get(key, ()):
                    codes = self._objects.of_leaf(leaf).codes() or ()
                    kinds = {str(code).rpartition("/")[0].rpartition("/")[2] if key == "reference" else str(code)
                             for code in codes}  # fmt: skip
                    self._targets(frozenset(kinds - {""}), element, name, leaf.spot)
            for leaf in written_by_hand(variant, self._objects):
                self._findings.error(
                    leaf.spot, "literal-reference",
                    f"{name} has an id that is written by hand, and it is the engine that makes the ids",
                    "use reference('name') in the place of the object",
                )  # fmt: skip

    # --- types ------------------------------------------------------------------------------------------------------

    def _targets(self, targets: frozenset[str] | None, element: Element, name: str, spot: Spot) -> None:
        if targets is None or not element.targets:
            return
        allowed = {self._base_name(target) for target in element.targets}
        for target in sorted(targets):
            if target not in allowed and not any(self._model.is_subtype(target, one) for one in allowed):
                self._findings.error(
                    spot,
                    "wrong-reference",
                    f"{name} cannot refer to {'an' if target[:1] in 'AEIO' else 'a'} {target}",
                    f"it refers to {', '.join(sorted(allowed))}",
                )

    def _suits(self, source: str, kind: str) -> bool:
        """Return whether a value of a type can be used where one of another type is wanted."""
        base = self._base_name(kind)
        return source == base or self._model.is_subtype(source, base) or self._model.is_subtype(base, source)

    def _is_primitive(self, kind: str) -> bool:
        definition = self._model.type(kind)
        return definition is not None and definition.kind == "primitive"

    def _base_name(self, kind: str) -> str:
        """Return the name of the type of FHIR itself that a type of a profile stands on."""
        definition = self._model.type(kind)
        while definition is not None and "/" in definition.name and definition.base:
            definition = self._model.type(definition.base)
        return definition.name if definition is not None else kind

    def _is_list(self, definition: TypeDefinition, element: Element) -> bool:
        """Return whether an element is a JSON list: a profile that allows one item leaves it a list."""
        base = self._model.type(self._base_name(definition.name))
        origin = base.elements.get(element.name) if base is not None else None
        return (origin or element).many


def _of_element(variant: Variant, element: Element) -> tuple[Leaf, ...]:
    """Return what gives an element, by any of its keys."""
    found: list[Leaf] = []
    for key in element.json_keys:
        found += variant.members.get(key, ())
        found += variant.members.get(f"_{key}", ())
    return tuple(found)


def _named(definition: TypeDefinition, element: Element) -> str:
    name = definition.name.rpartition("/")[2].replace("#", " ")
    return f"{name}.{element.name}"


def _keys(element: Element) -> str:
    keys = list(element.json_keys) or [element.name]
    return " or ".join(keys[:4]) + (" ..." if len(keys) > 4 else "")


def _what(shape: Shape) -> str:
    if shape.type in {"string", "code", "uri", "markdown"}:
        return "a text"
    return f"a value of type {shape.type}"


def _as_list(leaf: Leaf) -> str:
    if isinstance(leaf.node, First):
        return 'write {[ ]} for all values, or put it into a list: - "{{ ... }}"'
    return "put `- ` before it" if isinstance(leaf.node, ObjectNode | Constant) else "put it into a list"


def _as_one(leaf: Leaf) -> str:
    return "write {{ }} for one value" if isinstance(leaf.node, Collection) else "write one value, without `- `"
