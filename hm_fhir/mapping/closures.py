"""Tree -> closures over a scope. Nothing is looked up, parsed or decided at run time that the tree knows before.

Two kinds are made of one tree. The faithful one keeps nulls, as FPML has them. The fast one is for resources, where
FHIR has nulls in few places: in it nothing is null, so None means absent; data of a record that holds a null raises
`NullMet`, and whoever asked takes the faithful one for that record.

What comes out shares objects with the constants of the template, the variables and the record: it is read, never
changed. Errors do not know their place: it is found when there is one, by `annotated`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from hm_fhir.errors import RecordRejected
from hm_fhir.fhirpath import Scope
from hm_fhir.mapping.cleaning import ABSENT, SCALARS, clean, clean_without_nulls, flat
from hm_fhir.mapping.tree import (
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
    is_constant,
    walk,
)

if TYPE_CHECKING:
    from hm_fhir.fhirpath import Expression

Run = Callable[[Scope], Any]
Kind = Literal[0, 1, 2]
CONSTANT: Final = 0
"""The member is a value."""
RAW: Final = 1
"""The member is a closure that gives what an expression gave, to be cleaned."""
FINAL: Final = 2
"""The member is a closure that gives the value."""
Members = tuple[tuple[str, Any, Kind], ...]
Around = Callable[[Node, Run], Run]
"""Gets each node with its closure and returns what is called instead: how explain and coverage watch a rendering."""


def can_be_null(node: Node) -> bool:
    """Return whether a template writes null by itself; it has no fast closures then."""
    for part in walk(node):
        match part:
            case Constant(value=None) | First(keeps_null=True):
                return True
            case Text(parts=parts) if any(isinstance(one, Insertion) and one.keeps_null for one in parts):
                return True
    return False


def annotated(depth: int) -> Around:
    """Return what makes each error say at which element it happened.

    Args:
        depth: how many steps of the paths lead to the template itself.
    """

    def around(node: Node, run: Run) -> Run:
        place = dotted(node.path[depth:])

        def annotating(scope: Scope) -> Any:
            try:
                return run(scope)
            except RecordRejected as error:
                error.place = error.place or place
                raise

        return annotating

    return around


def dotted(path: tuple[str | int, ...]) -> str:
    """Return a path for messages: ``code.coding[0].system``; block keys stay out."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif not step.startswith("{"):
            text += f".{step}" if text else step
    return text


def closure_of(node: Node, *, around: Around | None = None, fast: bool = False) -> Run:
    """Return the closure of a tree: scope in, plain data out, ABSENT when all of it vanishes (None if fast).

    Args:
        node: the tree.
        around: see `Around`.
        fast: without nulls; for trees that cannot be null.
    """
    return Compiler(around=around, fast=fast).run_of(node)


_SCALAR_TYPES = frozenset(
    f"System.{name}" for name in ("String", "Boolean", "Integer", "Decimal", "Date", "DateTime", "Time")
)


class Compiler:
    """Makes closures; see `closure_of`.

    Attributes:
        absent: what the closures return for what vanishes.
        clean: cleans what an expression gives.
    """

    def __init__(self, *, around: Around | None = None, fast: bool = False) -> None:
        self._around = around
        self.absent: Any = None if fast else ABSENT
        self.clean: Callable[[Any], Any] = clean_without_nulls if fast else clean

    def run_of(self, node: Node) -> Run:
        """Return the closure of a node."""
        run = self._run_of(node)
        return self._around(node, run) if self._around else run

    def members_of(self, node: ObjectNode) -> Members:
        """Return the members of an object with what gives each value; members that are never there are left out."""
        members: list[tuple[str, Any, Kind]] = []
        for key, value in node.members:
            if self._around is None and is_constant(value):
                if (data := self._data(value)) is not self.absent:
                    members.append((key, data, CONSTANT))
            elif self._around is None and isinstance(value, First) and not value.keeps_null and self.absent is None:
                members.append((key, value.expression.first, FINAL if is_scalar(value.expression) else RAW))
            else:
                members.append((key, self.run_of(value), FINAL))
        return tuple(members)

    def _run_of(self, node: Node) -> Run:
        if self._around is None and is_constant(node):
            return self._constant(self._data(node))
        match node:
            case Constant(value=value):
                return self._constant(value)
            case First():
                return self._first(node.expression, keeps_null=node.keeps_null)
            case Collection(expression=expression):
                return self._collection(expression)
            case Text():
                return self._text(node)
            case ArrayNode():
                return self._array([self.run_of(item) for item in node.items])
            case ObjectNode(overlays=()):
                return self._object(node)
            case ObjectNode():
                return self._overlaid(node)
            case If():
                return self._choice(node)
            case For():
                return self._loop(node)
            case Context():
                return self._context(node)
            case Assign():
                return self._assign(node)
            case Wrong():
                return self._constant(self.absent)

    def _data(self, node: Node) -> Any:
        """Return the cleaned data of a constant node."""
        match node:
            case Constant(value=value):
                return value
            case ArrayNode(items=items):
                return flat([self._data(item) for item in items], self.absent)
            case ObjectNode(members=members):
                data = {key: self._data(value) for key, value in members}
                return {key: value for key, value in data.items() if value is not self.absent} or self.absent
            case _:
                raise TypeError(type(node).__name__)

    def _constant(self, value: Any) -> Run:
        return lambda _: value

    def _first(self, expression: Expression, *, keeps_null: bool) -> Run:
        first, clean_ = expression.first, self.clean
        empty = None if keeps_null else self.absent
        if empty is None and is_scalar(expression):
            return first

        def run(scope: Scope) -> Any:
            value = first(scope)
            if value.__class__ in SCALARS:
                return value
            return empty if value is None else clean_(value)

        return run

    def _collection(self, expression: Expression) -> Run:
        values_of, clean_, absent = expression.values, self.clean, self.absent

        def run(scope: Scope) -> Any:
            values = values_of(scope)
            for value in values:
                if value.__class__ not in SCALARS:
                    return flat([clean_(value) for value in values], absent)
            return values or absent

        return run

    def _text(self, node: Text) -> Run:
        absent = self.absent
        parts: list[tuple[str, Expression | None, Any]] = [
            (part, None, None)
            if isinstance(part, str)
            else ("", part.expression, None if part.keeps_null else absent)
            for part in node.parts
        ]

        def run(scope: Scope) -> Any:
            text = ""
            for plain, expression, empty in parts:
                if expression is None:
                    text += plain
                    continue
                value = expression.first(scope)
                if value is None:
                    return empty
                text += value if value.__class__ is str else _as_text(value, expression)
            return text

        return run

    def _array(self, runs: list[Run]) -> Run:
        absent = self.absent
        if len(runs) == 1:
            only = runs[0]

            def run_one(scope: Scope) -> Any:
                value = only(scope)
                return value if value is absent or value.__class__ is list else [value]

            return run_one

        def run(scope: Scope) -> Any:
            items: list[Any] = []
            for item in runs:
                value = item(scope)
                if value.__class__ is list:
                    items += value
                elif value is not absent:
                    items.append(value)
            return items or absent

        return run

    def _object(self, node: ObjectNode) -> Run:
        members, absent, clean_ = self.members_of(node), self.absent, self.clean
        if len(members) == 1 and members[0][2] == FINAL:
            ((key, only, _),) = members

            def run_one(scope: Scope) -> Any:
                value = only(scope)
                return absent if value is absent else {key: value}

            return run_one

        def run(scope: Scope) -> Any:
            made = {}
            for key, member, kind in members:
                if kind == CONSTANT:
                    made[key] = member
                    continue
                value = member(scope)
                if value is absent:
                    continue
                if kind == RAW and value.__class__ not in SCALARS:
                    value = clean_(value)
                    if value is absent:
                        continue
                made[key] = value
            return made or absent

        return run

    def _overlaid(self, node: ObjectNode) -> Run:
        members = [(key, self.run_of(value)) for key, value in node.members]
        overlays = [self.run_of(overlay) for overlay in node.overlays]
        absent = self.absent

        def run(scope: Scope) -> Any:
            over: dict[str, Any] = {}
            for overlay in overlays:
                value = overlay(scope)
                if value.__class__ is dict:
                    over |= value
                elif value is not absent and value is not None:
                    raise RecordRejected("only an object can be merged into an object", code="expression-failed")
            made = {}
            for key, member in members:
                value = over[key] if key in over else member(scope)
                if value is not absent:
                    made[key] = value
            made.update(over)
            return made or absent

        return run

    def _choice(self, node: If) -> Run:
        true, then = node.condition.true, self.run_of(node.then)
        otherwise = self._constant(self.absent) if node.otherwise is None else self.run_of(node.otherwise)
        return lambda scope: then(scope) if true(scope) else otherwise(scope)

    def _loop(self, node: For) -> Run:
        values_of, item, index, body, absent = (
            node.expression.values,
            node.item,
            node.index,
            self.run_of(node.body),
            self.absent,
        )

        def run(scope: Scope) -> Any:
            values = values_of(scope)
            if not values:
                return absent
            variables = dict(scope.variables)
            inner = Scope(scope.root, variables, scope.environment)
            made = []
            for number, value in enumerate(values):
                variables[item] = value
                if index is not None:
                    variables[index] = number
                made.append(body(inner))
            return flat(made, absent)

        return run

    def _context(self, node: Context) -> Run:
        values_of, body, absent = node.expression.values, self.run_of(node.body), self.absent

        def run(scope: Scope) -> Any:
            variables, environment = scope.variables, scope.environment
            return flat([body(Scope(value, variables, environment)) for value in values_of(scope)], absent)

        return run

    def _assign(self, node: Assign) -> Run:
        scoped, body = self.scope_of(node), self.run_of(node.body)
        return lambda scope: body(scoped(scope))

    def scope_of(self, node: Assign) -> Callable[[Scope], Scope]:
        """Return what makes the scope of the body of an ``{% assign %}``."""
        names = [(name, self.run_of(value)) for name, value in node.names]

        def scoped(scope: Scope) -> Scope:
            variables = dict(scope.variables)
            inner = Scope(scope.root, variables, scope.environment)
            for name, run in names:
                value = run(inner)
                variables[name] = None if value is ABSENT else value
            return inner

        return scoped


def is_scalar(expression: Expression) -> bool:
    """Return whether the types say that an expression gives texts, numbers and booleans only."""
    types = expression.result.types
    return bool(types) and all(name in _SCALAR_TYPES or name[:1].islower() for name in types)


def _as_text(value: Any, expression: Expression) -> str:
    if value.__class__ is bool:
        return "true" if value else "false"
    if isinstance(value, str | int | Decimal):
        return str(value)
    raise RecordRejected(
        f"the expression {expression.text!r} gives an object inside of a text",
        code="expression-failed",
        fix="name an element of it, or let the expression be the whole text",
    )
