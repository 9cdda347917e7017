"""What an expression can give: its tree is walked with what is known instead of with data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from hm_fhir.errors import ExpressionError, did_you_mean
from hm_fhir.fhirpath import tree
from hm_fhir.fhirpath.compiler import STANDARD_VARIABLES
from hm_fhir.fhirpath.navigation import json_type
from hm_fhir.fhirpath.static import JSON_OF_SYSTEM, UNKNOWN, Static
from hm_fhir.fhirpath.temporal import Date, DateTime, Time
from hm_fhir.mapping.activity_types import ROOT
from hm_fhir.mapping.checker.calls import call_value
from hm_fhir.mapping.checker.conditions import Conditions
from hm_fhir.mapping.checker.finding import Spot
from hm_fhir.mapping.checker.scope import ACTIVITY, NO_FACTS, Bound, Deferred
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
    truth_value,
)
from hm_fhir.mapping.checker.world import tree_of
from hm_fhir.mapping.template.tree import First

if TYPE_CHECKING:
    from hm_fhir.fhirpath import Expression
    from hm_fhir.mapping.checker.scope import Binding, Env, Facts, Key, Narrow
    from hm_fhir.mapping.checker.templates import TemplateValues
    from hm_fhir.mapping.checker.world import World
    from hm_fhir.mapping.files.yaml_file import YamlPath

_TRUTHS: Final = frozenset(
    {"=", "!=", "~", "!~", "<", ">", "<=", ">=", "in", "contains", "and", "or", "xor", "implies"}
)
_TEXTS_KEPT: Final = 64
_BOTH: Final = frozenset({True, False})


@dataclass(frozen=True, slots=True, eq=False)
class At:
    """Where a part of an expression stands.

    Attributes:
        env: what can be named.
        facts: what is known.
        path: of the YAML value that holds the expression.
        text: the expression.
        this: ``$this``.
        this_key: names ``$this``; None: it has no name.
    """

    env: Env
    facts: Facts
    path: YamlPath
    text: str
    this: Value
    this_key: Key | None

    def spot(self, position: int) -> Spot:
        """Return a place in the expression."""
        return Spot(self.env.document, self.path, self.text, position)

    def inner(self, this: Value) -> At:
        """Return the place of an argument that is evaluated for each item."""
        return replace(self, this=this, this_key=None)


class Expressions:
    """Evaluates expressions without data, and reports what is wrong in them.

    Args:
        world: the mapping.
        templates: gives the values of variables.
    """

    def __init__(self, world: World, templates: TemplateValues) -> None:
        self.world = world
        self.templates = templates
        self.conditions = Conditions(self)

    def value(self, expression: Expression, path: YamlPath, env: Env, facts: Facts) -> Value:
        """Return what an expression can give."""
        if self.static(expression, path, env) is None:
            return ANYTHING
        return self.of(tree_of(expression.text), self.at(expression, path, env, facts))

    def at(self, expression: Expression, path: YamlPath, env: Env, facts: Facts) -> At:
        """Return the place of a whole expression."""
        return At(env, facts, path, expression.text, env.root, env.root_key)

    def static(self, expression: Expression, path: YamlPath, env: Env) -> Static | None:
        """Return the static type of an expression; None when it does not fit the types, which is reported."""
        if not expression.variables and env.root_key == ACTIVITY:
            return expression.result  # the loader knew as much
        root = env.root.shapes[0].type if len(env.root.shapes) == 1 else None
        variables = {
            name: self._static_of(name, binding)
            for name in expression.variables
            if (binding := self.binding(name, env)) is not None
        }
        found = self.world.shared.static(expression.text, root, variables)
        if isinstance(found, ExpressionError):
            self.world.findings.expression(Spot(env.document, path), found)
            return None
        return found

    def _static_of(self, name: str, binding: Binding) -> Static:
        if binding.key[0] == "%":
            return self.world.recorded(("static", name, id(binding)), lambda: self._static(binding))
        return self._static(binding)

    def _static(self, binding: Binding) -> Static:
        value = self._bound(binding, NO_FACTS) if isinstance(binding, Deferred) else binding.value
        kinds = {shape.type for shape in value.shapes if shape.made is None}
        if len(kinds) != 1 or None in kinds or any(shape.made for shape in value.shapes):
            return replace(UNKNOWN, many=value.many)
        return Static(tuple(kind for kind in kinds if kind), many=value.many)

    # --- nodes ------------------------------------------------------------------------------------------------

    def of(self, node: tree.Node, at: At) -> Value:
        """Return what a part of an expression can give."""
        match node:
            case tree.Literal():
                return self._literal(node, at)
            case tree.Member():
                return self._member(node, at)
            case tree.Variable(name=name):
                return self._variable(name, at)
            case tree.Special(name=name):
                return at.this if name == "$this" else scalar("integer") if name == "$index" else ANYTHING
            case tree.Index(target=target, index=index):
                self.of(index, at)
                return self.of(target, at).at_most(Presence.UNKNOWN).one()
            case tree.Sign(operand=operand):
                value = self.of(operand, at)
                return replace(value, shapes=tuple(Shape(shape.type) for shape in value.shapes))
            case tree.FunctionCall():
                return call_value(self, node, at)
            case tree.TypeOperation(operator="is", operand=operand):
                self.of(operand, at)
                return scalar("boolean")
            case tree.TypeOperation(operand=operand, type=kind):
                value = self.of(operand, at).at_most(Presence.UNKNOWN)
                return replace(value, shapes=(Shape(self._named(kind)),))
            case tree.Binary(operator=operator):
                if operator in _TRUTHS:
                    return truth_value(self.conditions.truth(node, at))
                return self._operation(node, at)

    def _named(self, kind: tree.TypeName) -> str:
        name = f"System.{kind.name}" if kind.namespace == "System" else kind.name
        return JSON_OF_SYSTEM.get(name, name)

    def _literal(self, node: tree.Literal, at: At) -> Value:
        value = node.value
        if value is None:
            return NOTHING
        if isinstance(value, (str, int, Decimal)):
            return constant(value, at.spot(node.position))
        kinds: tuple[tuple[type, str], ...] = ((Date, "date"), (DateTime, "dateTime"), (Time, "time"))
        kind = next((name for one, name in kinds if isinstance(value, one)), "Quantity")
        return scalar(kind, spot=at.spot(node.position))

    def _operation(self, node: tree.Binary, at: At) -> Value:
        left, right = self.of(node.left, at), self.of(node.right, at)
        if node.operator == "|":
            return joined((left, right))
        if node.operator == "&":
            return scalar("string", _texts(left, right))
        presence = min(left.presence, right.presence)
        kinds = {shape.type for shape in (*left.shapes, *right.shapes)}
        kind = kinds.pop() if len(kinds) == 1 else "decimal" if kinds <= {"integer", "decimal"} else None
        if node.operator == "/" and kind == "integer":
            kind = "decimal"
        return Value((Shape(kind),), min(presence, Presence.ALWAYS), many=False)

    # --- variables --------------------------------------------------------------------------------------------

    def binding(self, name: str, env: Env) -> Binding | None:
        """Return what a variable stands for, or None."""
        found = env.variables.get(name)
        if isinstance(found, Deferred) and found.key[0] == "%":
            self.world.uses(name)
        return found

    def _variable(self, name: str, at: At) -> Value:
        if name in STANDARD_VARIABLES:
            return scalar("string", (STANDARD_VARIABLES[name],))
        if name in {"context", "resource", "rootResource"}:
            return at.env.root
        binding = self.binding(name, at.env)
        if binding is None:
            return ANYTHING
        return self.narrowed(self._bound(binding, at.facts), binding.key, at.facts)

    def _bound(self, binding: Binding, facts: Facts) -> Value:
        if isinstance(binding, Bound):
            return binding.value
        return self.templates.value(binding.node, binding.env, facts)

    def key(self, node: tree.Node, at: At) -> Key | None:
        """Return the name of the value of a part of an expression, or None if it has none."""
        match node:
            case tree.Special(name="$this"):
                return at.this_key
            case tree.Member(target=None, name=name):
                if self._is_type(name):
                    return at.this_key
                return (*at.this_key, name) if at.this_key is not None else None
            case tree.Member(target=target, name=name) if target is not None:
                source = self.key(target, at)
                return (*source, name) if source is not None else None
            case tree.Variable(name="context" | "resource" | "rootResource"):
                return at.env.root_key
            case tree.Variable(name=name):
                binding = self.binding(name, at.env)
                return None if binding is None else self._key_of(binding)
            case _:
                return None

    def _key_of(self, binding: Binding) -> Key | None:
        inside = self.inside(binding)
        if inside is not None:
            # Another name of the same value: what is said of one holds for the other.
            return self.key(*inside) or binding.key
        return binding.key

    def inside(self, binding: Binding) -> tuple[tree.Node, At] | None:
        """Return the expression that is the value of a variable, and where it stands; None if there is no one."""
        if isinstance(binding, Deferred) and isinstance(binding.node, First):
            expression = binding.node.expression
            at = self.at(expression, binding.node.path, binding.env, NO_FACTS)
            return tree_of(expression.text), at
        return None

    # --- paths ------------------------------------------------------------------------------------------------

    def _is_type(self, name: str) -> bool:
        return name == ROOT or (name[:1].isupper() and self.world.model.type(name) is not None)

    def _member(self, node: tree.Member, at: At) -> Value:
        if node.target is None and self._is_type(node.name):
            return at.this
        source = at.this if node.target is None else self.of(node.target, at)
        value = self._step(source, node, at)
        key = self.key(node, at)
        return value if key is None else self.narrowed(value, key, at.facts)

    def _step(self, source: Value, node: tree.Member, at: At) -> Value:
        steps = [self._step_of(shape, node, at) for shape in source.shapes]
        if not steps:
            return NOTHING
        value = steps[0]
        for step in steps[1:]:
            value = chosen(value, step)
        many = value.many or source.many
        plain = (value.plain or source.plain) and (source.plain or not source.many)
        presence = min(value.presence, source.presence)
        if (presence, many, plain) == (value.presence, value.many, value.plain):
            return value
        return Value(value.shapes, presence, many, plain)

    def _step_of(self, shape: Shape, node: tree.Member, at: At) -> Value:
        if shape.made is not None:
            found = self.templates.objects.member(shape.made, node.name)
            if found is None:
                names = self.templates.objects.names(shape.made)
                self.world.findings.error(
                    at.spot(node.position),
                    "unknown-field",
                    f"the object has no {node.name!r}",
                    did_you_mean(node.name, names),
                )
                return ANYTHING
            return found
        definition = self.world.model.type(shape.type) if shape.type else None
        element = definition.elements.get(node.name) if definition else None
        if definition is None or element is None:
            return ANYTHING
        if shape.codings is not None and node.name in {"system", "code"}:
            return _part_of_coding(shape, node.name)
        presence = (
            Presence.ALWAYS
            if element.minimum
            else Presence.MAYBE
            if definition.namespace == "hm"
            else Presence.UNKNOWN
        )
        shapes = self.world.shared.shapes.get(element.types) if element.codes is None else None
        if shapes is None:
            kinds = [json_type(self.world.model, kind) for kind in element.types]
            shapes = tuple(
                Shape(kind, _BOTH if kind == "boolean" else element.codes, element.codes) for kind in kinds
            )
            if element.codes is None:
                self.world.shared.shapes[element.types] = shapes
        return _with_known(Value(shapes, presence, element.many, element.many), shape, node.name)

    def narrowed_by(self, value: Value, narrow: Narrow) -> Value:
        """Return a value of whose items something is known."""
        return _narrowed(value.one(), narrow)

    def narrowed(self, value: Value, key: Key, facts: Facts) -> Value:
        """Return a value with what is known of it."""
        for narrow in (facts.get(key), self.world.fact(key)):
            if narrow is not None:
                value = _narrowed(value, narrow)
        return value


def _with_known(value: Value, shape: Shape, name: str) -> Value:
    """Return a part of an item with what is known of the part."""
    own = [(path[1:], narrow) for path, narrow in shape.known if path[0] == name]
    for path, narrow in own:
        if not path:
            value = _narrowed(value, narrow)
    inner = tuple((path, narrow) for path, narrow in own if path)
    return replace(value, shapes=tuple(replace(one, known=inner) for one in value.shapes)) if inner else value


def _narrowed(value: Value, narrow: Narrow) -> Value:
    if narrow.exists is False:
        return NOTHING
    if narrow.exists and value.presence is not Presence.ALWAYS:
        value = Value(value.shapes, Presence.ALWAYS, value.many, value.plain)
    if value.many or (narrow.only is None and not narrow.never):
        return value
    shapes = []
    for shape in value.shapes:
        codes = shape.codes
        if codes is None:
            codes = narrow.only
        elif narrow.only is not None:
            codes = codes & narrow.only
        if codes is not None:
            codes = codes - narrow.never
            if not codes:
                continue
        shapes.append(replace(shape, codes=codes))
    return replace(value, shapes=tuple(shapes)) if shapes else NOTHING


def _part_of_coding(shape: Shape, name: str) -> Value:
    codings = shape.codings or frozenset()
    found = {code if name == "code" else system for system, code in codings}
    texts = None if None in found else frozenset(one for one in found if one is not None)
    if texts is not None and not texts:
        return NOTHING
    kind = "code" if name == "code" else "uri"
    return Value((Shape(kind, texts, via=shape.via),), Presence.ALWAYS, many=False)


def _texts(left: Value, right: Value) -> frozenset[str] | None:
    """Return the texts that ``left & right`` can be, if they are few."""
    sides = []
    for value in (left, right):
        codes = value.codes()
        if codes is None or value.many or not all(isinstance(code, str) for code in codes):
            return None
        texts = {str(code) for code in codes}
        sides.append(texts if value.presence is Presence.ALWAYS else texts | {""})
    if len(sides[0]) * len(sides[1]) > _TEXTS_KEPT:
        return None
    return frozenset(one + two for one in sides[0] for two in sides[1])
