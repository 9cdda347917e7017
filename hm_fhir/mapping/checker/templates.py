"""What the nodes of a template can give: values, the objects that they make, and the branches between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hm_fhir.mapping.checker.conditions import TRUE
from hm_fhir.mapping.checker.expressions import Expressions
from hm_fhir.mapping.checker.finding import Spot
from hm_fhir.mapping.checker.objects import Objects
from hm_fhir.mapping.checker.produced import Produced
from hm_fhir.mapping.checker.scope import Bound, Deferred, Facts, Made, Narrow
from hm_fhir.mapping.checker.values import (
    ANYTHING,
    NOTHING,
    Presence,
    Shape,
    Value,
    chosen,
    constant,
    joined,
    scalar,
    together,
)
from hm_fhir.mapping.checker.world import tree_of
from hm_fhir.mapping.template.tree import (
    ArrayNode,
    Assign,
    Collection,
    Constant,
    Context,
    First,
    For,
    If,
    Insertion,
    Node,
    ObjectNode,
    Text,
    Wrong,
)

if TYPE_CHECKING:
    from hm_fhir.fhirpath import Expression
    from hm_fhir.mapping.checker.scope import Env
    from hm_fhir.mapping.checker.world import World
    from hm_fhir.mapping.files.yaml_file import YamlPath

_TEXTS_KEPT: Final = 8


class TemplateValues:
    """Evaluates templates without data, and reports conditions that are none, or that decide nothing.

    Args:
        world: the mapping.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.expressions = Expressions(world, self)
        self.objects = Objects(self)
        self.produced = Produced(self)
        self._values: dict[tuple[int, int, int], tuple[Node, Env, Facts, Value]] = {}
        self._chosen: dict[tuple[int, int, int], tuple[If, Env, Facts, tuple[Facts | None, Facts | None]]] = {}
        self._made: dict[tuple[int, int, int], Made] = {}
        self._bodies: dict[tuple[int, int, int], tuple[Env, Facts, Env, Facts]] = {}
        self._scopes: dict[tuple[int, int], tuple[Env, Env]] = {}

    # --- values -----------------------------------------------------------------------------------------------

    def value(self, node: Node, env: Env, facts: Facts) -> Value:
        """Return what a node can give."""
        key = (id(node), id(env), id(facts))
        known = self._values.get(key)
        if known is not None:
            return known[3]
        value = self._value(node, env, facts)
        self._values[key] = (node, env, facts, value)
        return value

    def _value(self, node: Node, env: Env, facts: Facts) -> Value:
        match node:
            case Constant(value=plain):
                return NOTHING if plain is None else constant(plain, Spot(env.document, node.path))
            case First():
                return self._first(node, env, facts)
            case Collection(expression=expression):
                value = self.expressions.value(expression, node.path, env, facts)
                return replace(value, many=True, plain=False)
            case Text():
                return self._text(node, env, facts)
            case ArrayNode(items=items):
                return replace(joined(self.value(item, env, facts) for item in items), many=True)
            case ObjectNode():
                return self._object(node, env, facts)
            case If():
                return self._choice(node, env, facts)
            case For() | Context():
                return self._loop(node, env, facts)
            case Assign(body=body):
                return self.value(body, self.scope_of(node, env), facts)
            case Wrong():
                return ANYTHING

    def _first(self, node: First, env: Env, facts: Facts) -> Value:
        value = self.expressions.value(node.expression, node.path, env, facts)
        if value.many and value.plain:
            self.world.findings.warning(
                Spot(env.document, node.path, node.expression.text),
                "several-values",
                "there can be several of these, and {{ }} takes the first",
                "take all with {[ ]}, or say which one: .first(), .where(...)",
            )
        return value.one()

    def _text(self, node: Text, env: Env, facts: Facts) -> Value:
        presence = Presence.ALWAYS
        texts: set[str] | None = {""}
        for part in node.parts:
            if not isinstance(part, Insertion):
                texts = None if texts is None else {text + part for text in texts}
                continue
            value = self.expressions.value(part.expression, node.path, env, facts)
            presence = min(presence, value.presence)
            self._must_be_text(part.expression, value, node, env)
            codes = value.codes()
            known = codes is not None and len(codes) <= _TEXTS_KEPT and all(isinstance(code, str) for code in codes)
            few = texts is not None and len(texts) <= _TEXTS_KEPT
            texts = {text + str(code) for text in texts or () for code in codes or ()} if known and few else None
        if presence is Presence.NEVER:
            return NOTHING
        return Value((Shape("string", None if texts is None else frozenset(texts)),), presence, many=False)

    def _must_be_text(self, expression: Expression, value: Value, node: Text, env: Env) -> None:
        kinds = {shape.type for shape in value.shapes if shape.made is None and shape.type is not None}
        is_object = any(shape.made for shape in value.shapes)
        wrong = sorted(kind for kind in kinds if self._is_complex(kind))
        if is_object or wrong:
            self.world.findings.error(
                Spot(env.document, node.path, expression.text),
                "wrong-type",
                f"{wrong[0] if wrong else 'an object'} inside of a text",
                "name an element of it, or let the expression be the whole text",
            )
        elif value.many and value.plain:
            self.world.findings.warning(
                Spot(env.document, node.path, expression.text),
                "several-values",
                "there can be several of these, and the text gets the first",
                "join them with .join(', '), or say which one",
            )

    def _is_complex(self, kind: str) -> bool:
        definition = self.world.model.type(kind)
        return definition is not None and definition.kind != "primitive"

    def _object(self, node: ObjectNode, env: Env, facts: Facts) -> Value:
        key = (id(node), id(env), id(facts))
        made = self._made.setdefault(key, Made(node, env, facts))
        presences = [
            Presence.ALWAYS if _is_there(value) else self.value(value, env, facts).presence
            for _, value in node.members
        ]
        presences += [self.value(overlay, env, facts).presence for overlay in node.overlays]
        presence = Presence.ALWAYS if Presence.ALWAYS in presences else together(presences)
        return Value((Shape(made=made),), presence, many=False) if presence is not Presence.NEVER else NOTHING

    # --- conditions and loops -----------------------------------------------------------------------------------

    def _choice(self, node: If, env: Env, facts: Facts) -> Value:
        then, otherwise = self.branches(node, env, facts)
        values = []
        if then is not None:
            values.append(self.value(node.then, env, then))
        if otherwise is not None:
            values.append(NOTHING if node.otherwise is None else self.value(node.otherwise, env, otherwise))
        if not values:
            return ANYTHING
        return values[0] if len(values) == 1 else chosen(*values)

    def branches(self, node: If, env: Env, facts: Facts) -> tuple[Facts | None, Facts | None]:
        """Return what is known in each of both branches; None for one that is never taken here."""
        key = (id(node), id(env), id(facts))
        known = self._chosen.get(key)
        if known is not None:
            return known[3]
        found = self._branches(node, env, facts)
        self._chosen[key] = (node, env, facts, found)
        return found

    def _branches(self, node: If, env: Env, facts: Facts) -> tuple[Facts | None, Facts | None]:
        possible = self.condition(node.condition, node.path, env, facts)
        same = ("said", node.condition.text, env.root_key, *self._named(node.condition, env))
        said = facts.get(same)
        if said is not None and said.exists is not None:
            possible = frozenset({said.exists})
        spot = Spot(env.document, node.path, node.condition.text)
        note = self.world.shared.branches.note
        what = "this {% if %} is never true here, so what is below it is never used"
        note((env.document.name, node.path, True), spot, reached=True in possible, message=what,
             fix="correct the condition, or remove the branch")  # fmt: skip
        self.world.shared.branches.side(env.document, node.path, on=True in possible, off=possible != TRUE)
        if node.otherwise is not None:
            what = "this {% if %} is always true here, so its {% else %} is never used"
            note((env.document.name, node.path, False), spot, reached=possible != TRUE,
                 message=what, fix="correct the condition, or remove the branch")  # fmt: skip
        assumed = self.assumed
        then = assumed(node.condition, node.path, env, facts, holds=True) if True in possible else None
        otherwise = assumed(node.condition, node.path, env, facts, holds=False) if possible != TRUE else None
        return (
            then.knowing({same: Narrow(exists=True)}) if then else None,
            otherwise.knowing({same: Narrow(exists=False)}) if otherwise else None,
        )

    def _named(self, expression: Expression, env: Env) -> Iterator[object]:
        for name in sorted(expression.variables):
            binding = env.variables.get(name)
            yield binding.key if binding is not None else name

    def condition(self, expression: Expression, path: YamlPath, env: Env, facts: Facts) -> frozenset[bool | None]:
        """Return what a condition can give; one that is no condition is reported."""
        static = self.expressions.static(expression, path, env)
        if static is None:
            return frozenset({True, False})
        at = self.expressions.at(expression, path, env, facts)
        tree = tree_of(expression.text)
        value = self.expressions.of(tree, at)
        kinds = {name.removeprefix("System.").lower() for name in static.types}
        kinds |= {"object" for shape in value.shapes if shape.made is not None}
        if kinds and "boolean" not in kinds:
            self.world.findings.error(
                Spot(env.document, path, expression.text),
                "not-a-condition",
                f"a condition is true or false, this is {' or '.join(sorted(kinds))}",
                "compare it, or write .exists() at its end",
            )
            return frozenset({True, False})
        return self.expressions.conditions.truth(tree, at)

    def assumed(self, expression: Expression, path: YamlPath, env: Env, facts: Facts, *, holds: bool) -> Facts:
        """Return the facts with what a condition says where it is true, or where it is not."""
        at = self.expressions.at(expression, path, env, facts)
        return facts.knowing(self.expressions.conditions.assumed(tree_of(expression.text), at, holds=holds))

    def something(self, expression: Expression, path: YamlPath, env: Env, facts: Facts) -> Facts:
        """Return the facts with what is known where an expression gives something."""
        at = self.expressions.at(expression, path, env, facts)
        return facts.knowing(self.expressions.conditions.there(tree_of(expression.text), at))

    def _loop(self, node: For | Context, env: Env, facts: Facts) -> Value:
        source = self.expressions.value(node.expression, node.path, env, facts)
        sides = {"on": source.presence is not Presence.NEVER, "off": source.presence is not Presence.ALWAYS}
        self.world.shared.branches.side(env.document, node.path, **sides)
        if source.presence is Presence.NEVER:
            return replace(NOTHING, many=True)
        inner, known = self.body_of(node, env, facts)
        body = self.value(node.body, inner, known)
        return replace(body.at_most(source.presence), many=True, plain=False)

    def body_of(self, node: For | Context, env: Env, facts: Facts) -> tuple[Env, Facts]:
        """Return where the body of a loop stands, and what is known there."""
        key = (id(node), id(env), id(facts))
        if key not in self._bodies:
            source = self.expressions.value(node.expression, node.path, env, facts)
            item = source.item() if source.shapes else ANYTHING.item()
            known = self.something(node.expression, node.path, env, facts)
            if isinstance(node, Context):
                inner = replace(env, root=item, root_key=("item", id(node)))
            else:
                inner = env.having(**{node.item: Bound(item, ("item", id(node)))})
                if node.index:
                    inner = inner.having(**{node.index: Bound(scalar("integer"), ("index", id(node)))})
            self._bodies[key] = (env, facts, inner, known)
        return self._bodies[key][2:]

    def scope_of(self, node: Assign, env: Env) -> Env:
        """Return where the body of an ``{% assign %}`` stands."""
        key = (id(node), id(env))
        if key not in self._scopes:
            inner = env
            for name, template in node.names:
                inner = inner.having(**{name: Deferred(template, inner, ("assigned", id(template), id(env)))})
            self._scopes[key] = (env, inner)
        return self._scopes[key][1]


def _is_there(node: Node) -> bool:
    """Return whether a node gives something whatever the record is, as far as that is quick to see."""
    match node:
        case Constant(value=value):
            return value is not None
        case ArrayNode(items=items):
            return any(_is_there(item) for item in items)
        case ObjectNode(members=members):
            return any(_is_there(value) for _, value in members)
        case _:
            return False
