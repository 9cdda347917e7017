"""Whether what a template makes fits the elements that it is for: objects, their members, and lists."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hm_fhir.errors import did_you_mean
from hm_fhir.mapping.checker.extensions import Holder
from hm_fhir.mapping.checker.items import Items
from hm_fhir.mapping.checker.naming import base_name, is_list, named, short
from hm_fhir.mapping.checker.objects import Leaf
from hm_fhir.mapping.checker.required import Required, of_element
from hm_fhir.mapping.checker.scope import Made
from hm_fhir.mapping.checker.slices import Item
from hm_fhir.mapping.checker.values import Presence
from hm_fhir.mapping.template.tree import ArrayNode, Collection, Constant, First, ObjectNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hm_fhir.fhir.definitions import Element, TypeDefinition
    from hm_fhir.mapping.checker.objects import Variant
    from hm_fhir.mapping.checker.scope import Env, Facts
    from hm_fhir.mapping.checker.templates import TemplateValues
    from hm_fhir.mapping.checker.world import World
    from hm_fhir.mapping.template.tree import Node

    Given = Mapping[str, Leaf | None]
    """Elements that the engine adds, each with an item that it adds, as far as that is known."""

_ENGINE_SETS: Final = frozenset({"resourceType", "id"})
_NOTHING: Final[Given] = MappingProxyType({})


class Fitting:
    """Compares templates with types.

    Args:
        world: the mapping.
        templates: evaluates the templates.
    """

    def __init__(self, world: World, templates: TemplateValues) -> None:
        self._model = world.model
        self._findings = world.findings
        self._templates = templates
        self._objects = templates.objects
        self._items = Items(world, templates, self._object)
        self._required = Required(world.model, templates.objects, world.findings)

    def resource(self, node: Node, env: Env, facts: Facts, type_name: str, given: Given) -> None:
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
            self._fill(Made(node, env, facts), Holder(definition), Leaf(node, env, facts), given, is_root=True)

    # --- objects --------------------------------------------------------------------------------------------------

    def _object(self, made: Made, holder: Holder, leaf: Leaf) -> None:
        self._fill(made, holder, leaf, _NOTHING, is_root=False)

    def _fill(self, made: Made, holder: Holder, leaf: Leaf, given: Given, *, is_root: bool) -> None:
        variants = self._objects.variants(made)
        checked: set[int] = set()
        for variant in variants:
            for key, leaves in variant.members.items():
                for one in leaves:
                    if id(one) not in checked:
                        checked.add(id(one))
                        self._member(holder, key, one, given)
        shown = Leaf(made.node, made.env, made.facts) if isinstance(made.node, ObjectNode) else leaf
        self._required.check(variants, holder.definition, shown, frozenset(given), is_root=is_root)
        whole = [one for one in variants if not one.open and (one.members or is_root)]
        for element in holder.definition.elements.values():
            if any(one.minimum for one in element.slices):
                self._without(element, whole, holder.definition, shown, given)

    def _without(
        self, element: Element, variants: list[Variant], definition: TypeDefinition, shown: Leaf, given: Given
    ) -> None:
        """Report slices that are demanded of an element that is not there at all."""
        if element.minimum and element.name not in given:
            return  # then it is the element that is missing
        if any(not of_element(variant, element) for variant in variants):
            items = list(self._given(element, given.get(element.name)))
            self._items.slices.check(items, element, named(definition, element), shown.key_spot)

    def _given(self, element: Element, leaf: Leaf | None) -> list[Item]:
        if leaf is None:
            return []
        return [Item(leaf, self._objects.of_leaf(leaf).shapes, Presence.ALWAYS, element.types[0], is_given=True)]

    # --- members --------------------------------------------------------------------------------------------------

    def _member(self, holder: Holder, key: str, member: Leaf, given: Given) -> None:
        definition = holder.definition
        if key in _ENGINE_SETS and definition.kind == "resource":
            return
        found = definition.element_of(key.removeprefix("_"))
        if found is None:
            self._unknown(definition, key, member)
            return
        element, kind = found
        name = named(definition, element)
        if key.startswith("_") and not self._is_primitive(kind):
            self._findings.error(
                member.key_spot, "unknown-element",
                f"{key} is for the extensions of a primitive, and {name} is {base_name(self._model, kind)}",
                f"write {key[1:]}",
            )  # fmt: skip
            return
        if element.maximum == 0:
            if self._leads_nowhere(member):
                return
            says = short(definition.name.partition("#")[0]) if "/" in definition.name else definition.name
            self._findings.error(
                member.key_spot, "too-many", f"{name} must not be there, says {says}", f"remove {key}"
            )
            return
        for leaf in self._objects.leaves(member):
            value = self._objects.of_leaf(leaf)
            if key not in given and value.presence is Presence.NEVER and not value.shapes:
                continue
            if key in given or self._is_right_list(leaf, definition, element, name):
                self._list(leaf, element, kind, key, name, holder, given)

    def _leads_nowhere(self, member: Leaf) -> bool:
        """Return whether a member is always empty, as far as that is quick to see, or refers to what is not there."""
        value = self._objects.of_leaf(member)
        if value.presence is Presence.NEVER:
            return True
        return all(shape.referred is not None and not shape.referred.exact for shape in value.shapes)

    def _list(
        self, leaf: Leaf, element: Element, kind: str, key: str, name: str, holder: Holder, given: Given
    ) -> None:
        """Check the items of a list, or a single value."""
        base = base_name(self._model, kind)
        items = [
            Item(item, self._objects.of_leaf(item).shapes, presence, base)
            for item, presence in self._objects.placed(leaf)
        ]
        for item in items:
            for shape in item.shapes:
                self._items.check(shape, element, kind, name, item.leaf, holder, is_extended=key.startswith("_"))
        if not key.startswith("_"):
            if key not in given:
                self._items.fixed.check(element, leaf, name)
            more = self._given(element, given.get(key))
            self._items.slices.check([*more, *items], element, name, leaf.spot)

    def _is_right_list(self, leaf: Leaf, definition: TypeDefinition, element: Element, name: str) -> bool:
        """Report a list for one value, and the other way round; return whether the items can be checked."""
        if not is_list(self._model, definition, element):
            if leaf.is_list:
                self._findings.error(
                    leaf.spot, "list-for-one", f"{name} is no list{_where(definition)}", _as_one(leaf)
                )
            return not leaf.is_list
        if not leaf.is_list:
            self._findings.error(leaf.spot, "one-for-list", f"{name} is a list{_where(definition)}", _as_list(leaf))
        else:
            self._number(leaf, element, name)
        return True

    def _unknown(self, definition: TypeDefinition, key: str, member: Leaf) -> None:
        element = definition.elements.get(key)
        base = base_name(self._model, definition.name)
        whole = self._model.type(base)
        if element is not None:
            keys = list(element.json_keys)
            fix = f"write its type into the name: {', '.join(keys[:8])}{' ...' if len(keys) > 8 else ''}"
        elif whole is not None and whole is not definition and (of_base := whole.element_of(key.removeprefix("_"))):
            self._narrowed(definition, of_base[0].name, key, member)
            return
        else:
            known = [name for one in definition.elements.values() for name in one.json_keys]
            fix = did_you_mean(key, known) or "see https://hl7.org/fhir/R4/resourcelist.html"
        self._findings.error(member.key_spot, "unknown-element", f"{base} has no element {key!r}", fix)

    def _narrowed(self, definition: TypeDefinition, name: str, key: str, member: Leaf) -> None:
        """Report a type of a choice that the profile does not allow."""
        element = definition.elements.get(name)
        if element is None:
            return
        keys = ", ".join(element.json_keys)
        self._findings.error(
            member.key_spot, "type-not-allowed", f"{named(definition, element)}[x] cannot be {key} in this profile",
            f"it can be {keys}" if keys else f"remove {key}",
        )  # fmt: skip

    def _number(self, leaf: Leaf, element: Element, name: str) -> None:
        """Report a list with too many items or too few, where each item stands there by itself."""
        if not isinstance(leaf.node, ArrayNode):
            return
        presences = [
            (value.presence, value.many or isinstance(item, Collection))
            for item in leaf.node.items
            for value in [self._templates.value(item, leaf.env, leaf.facts)]
        ]
        sure = sum(presence is Presence.ALWAYS for presence, _ in presences)
        if element.maximum is not None and sure > element.maximum:
            message = f"{name} can be there {element.maximum} times, here it is {sure} times"
            self._findings.error(leaf.spot, "too-many", message, "remove what is too many")
        possible = [many for presence, many in presences if presence is not Presence.NEVER]
        if 1 < element.minimum > len(possible) > 0 and not any(possible):
            message = f"{name} must be there {element.minimum} times, here it is {len(possible)} times"
            self._findings.error(leaf.spot, "too-few", message, "add what is missing")

    def _is_primitive(self, kind: str) -> bool:
        definition = self._model.type(kind)
        return definition is not None and definition.kind == "primitive"


def _where(definition: TypeDefinition) -> str:
    return "" if definition.namespace == "hm" else " in FHIR"


def _as_list(leaf: Leaf) -> str:
    if isinstance(leaf.node, First):
        return 'write {[ ]} for all values, or put it into a list: - "{{ ... }}"'
    return "put `- ` before it" if isinstance(leaf.node, ObjectNode | Constant) else "put it into a list"


def _as_one(leaf: Leaf) -> str:
    return "write {{ }} for one value" if isinstance(leaf.node, Collection) else "write one value, without `- `"
