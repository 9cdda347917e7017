"""The objects that templates make: which node gives what, in each combination of branches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Final

from hm_fhir.mapping.checker.finding import Spot
from hm_fhir.mapping.checker.values import ANYTHING, NOTHING, Presence, Value, chosen, merged
from hm_fhir.mapping.template.tree import (
    ArrayNode,
    Assign,
    Collection,
    Constant,
    Context,
    First,
    For,
    If,
    Node,
    ObjectNode,
    Wrong,
)

if TYPE_CHECKING:
    from hm_fhir.mapping.checker.scope import Env, Facts, Made
    from hm_fhir.mapping.checker.templates import TemplateValues

_VARIANTS_KEPT: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One node that can give the value of an element, after all conditions.

    Attributes:
        node: no condition and no assignment.
        env: where it stands.
        facts: what is known there.
    """

    node: Node
    env: Env
    facts: Facts

    @property
    def spot(self) -> Spot:
        """Its place."""
        return Spot(self.env.document, self.node.path)

    @property
    def key_spot(self) -> Spot:
        """The place of its key."""
        return Spot(self.env.document, self.node.path, key=True)

    @property
    def is_list(self) -> bool:
        """Whether it gives a JSON list."""
        return isinstance(self.node, ArrayNode | Collection | For | Context)


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One combination of branches of an object.

    Attributes:
        members: what gives the value of each key; several, where a later one may leave the place to an earlier one.
        where: says when it is this one, or None.
        open: it may have more members, of which nothing is known.
    """

    members: dict[str, tuple[Leaf, ...]]
    where: str | None = None
    open: bool = False


class Objects:
    """Takes templates apart.

    Args:
        templates: evaluates them.
    """

    def __init__(self, templates: TemplateValues) -> None:
        self._templates = templates
        self._variants: dict[int, tuple[Made, list[Variant]]] = {}

    def leaves(self, leaf: Leaf) -> Iterator[Leaf]:
        """Yield every node that can give the value of a node."""
        node, env, facts = leaf.node, leaf.env, leaf.facts
        match node:
            case If():
                then, otherwise = self._templates.branches(node, env, facts)
                if then is not None:
                    yield from self.leaves(Leaf(node.then, env, then))
                if otherwise is not None and node.otherwise is not None:
                    yield from self.leaves(Leaf(node.otherwise, env, otherwise))
            case Assign(body=body):
                yield from self.leaves(Leaf(body, self._templates.scope_of(node, env), facts))
            case Constant(value=None) | Wrong():
                return
            case _:
                yield leaf

    def items(self, leaf: Leaf) -> Iterator[Leaf]:
        """Yield what gives the items of a list; the node itself for one that is an expression."""
        node, env, facts = leaf.node, leaf.env, leaf.facts
        match node:
            case ArrayNode(items=items):
                for item in items:
                    for inner in self.leaves(Leaf(item, env, facts)):
                        yield from self.items(inner)
            case For() | Context():
                if self._templates.value(node, env, facts).presence is not Presence.NEVER:
                    for inner in self.leaves(Leaf(node.body, *self._templates.body_of(node, env, facts))):
                        yield from self.items(inner)
            case _:
                yield leaf

    def placed(self, leaf: Leaf) -> Iterator[tuple[Leaf, Presence]]:
        """Yield what gives the items of a list, each with whether at least one item comes of it."""
        node, env, facts = leaf.node, leaf.env, leaf.facts
        match node:
            case ArrayNode(items=items):
                for item in items:
                    value = self._templates.value(item, env, facts)
                    for inner in self.leaves(Leaf(item, env, facts)):
                        for one, presence in self.placed(inner):
                            yield one, min(presence, value.presence)
            case For() | Context():
                value = self._templates.value(node, env, facts)
                if value.presence is not Presence.NEVER:
                    for inner in self.leaves(Leaf(node.body, *self._templates.body_of(node, env, facts))):
                        for one, presence in self.placed(inner):
                            yield one, min(presence, value.presence)
            case _:
                yield leaf, self.of_leaf(leaf).presence

    def of_leaf(self, leaf: Leaf) -> Value:
        """Return what a leaf can give."""
        return self._templates.value(leaf.node, leaf.env, leaf.facts)

    def of_member(self, leaves: tuple[Leaf, ...]) -> Value:
        """Return what a member can be."""
        values = [self.of_leaf(leaf) for leaf in leaves]
        if len(values) == 1:
            return values[0]
        merged_shapes = merged(shape for value in values for shape in value.shapes)
        presence = max(value.presence for value in values)
        return Value(merged_shapes, presence, many=any(value.many for value in values))

    def variants(self, made: Made) -> list[Variant]:
        """Return every combination of branches of an object."""
        key = id(made)
        if key not in self._variants:
            self._variants[key] = (made, self._variants_of(Leaf(made.node, made.env, made.facts)))
        return self._variants[key][1]

    def _variants_of(self, leaf: Leaf) -> list[Variant]:
        node, env, facts = leaf.node, leaf.env, leaf.facts
        match node:
            case ObjectNode(members=members, overlays=overlays):
                own = Variant({name: (Leaf(value, env, facts),) for name, value in members})
                if not overlays:
                    return [own]
                sides = [self._variants_of(Leaf(overlay, env, facts)) for overlay in overlays]
                found = [_laid_over(own, chosen_ones) for chosen_ones in product(*sides)]
                return found if len(found) <= _VARIANTS_KEPT else [replace(one, open=True) for one in found[:1]]
            case If(condition=condition):
                then, otherwise = self._templates.branches(node, env, facts)
                found = []
                if then is not None:
                    found += _when(f"{condition.text}", self._variants_of(Leaf(node.then, env, then)))
                if otherwise is not None:
                    other = (
                        [Variant({})]
                        if node.otherwise is None
                        else self._variants_of(Leaf(node.otherwise, env, otherwise))
                    )
                    found += _when(f"not ({condition.text})", other)
                return found
            case Assign(body=body):
                return self._variants_of(Leaf(body, self._templates.scope_of(node, env), facts))
            case Constant(value=None):
                return [Variant({})]
            case First():
                shapes = self.of_leaf(leaf).shapes
                if shapes and all(shape.made is not None for shape in shapes):
                    found = [one for shape in shapes if shape.made is not None for one in self.variants(shape.made)]
                    return found if self.of_leaf(leaf).presence is Presence.ALWAYS else [*found, Variant({})]
                return [Variant({}, open=True)] if shapes else [Variant({})]
            case _:
                return [Variant({}, open=True)]

    def member(self, made: Made, name: str) -> Value | None:
        """Return what a member of an object can be, or None when it never has one of the name."""
        variants = self.variants(made)
        values = []
        known = False
        for variant in variants:
            leaves = variant.members.get(name)
            if leaves is not None:
                known = True
                values.append(self.of_member(leaves))
            elif variant.open:
                return ANYTHING
            else:
                values.append(NOTHING)
        if not known:
            return None
        value = values[0]
        for other in values[1:]:
            value = chosen(value, other)
        return value

    def names(self, made: Made) -> frozenset[str]:
        """Return the names of all members that an object can have."""
        return frozenset(name for variant in self.variants(made) for name in variant.members)


def _laid_over(own: Variant, overlays: tuple[Variant, ...]) -> Variant:
    members = dict(own.members)
    for overlay in overlays:
        for name, leaves in overlay.members.items():
            # What is laid over and empty leaves the place to what is below.
            members[name] = (*leaves, *members.get(name, ()))
    where = " and ".join(one.where for one in overlays if one.where) or None
    return Variant(members, where, own.open or any(one.open for one in overlays))


def _when(condition: str, variants: list[Variant]) -> list[Variant]:
    text = " ".join(condition.split())
    return [replace(one, where=f"{text} and {one.where}" if one.where else text) for one in variants]
