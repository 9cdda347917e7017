"""Tree -> closures. Nothing is looked up, parsed or decided at run time that the tree knows before.

A closure takes ``(this, scope)``, as those of expressions do: what paths start at (the root of the scope), and the
scope. Two kinds are made of one tree. The faithful one keeps nulls, as FPML has them. The fast one is for resources,
where FHIR has nulls in few places: in it nothing is null, so None means absent; data of a record that holds a null
raises `NullMet`, and whoever asked takes the faithful one for that record.

What comes out shares objects with the constants of the template, the variables and the record: it is read, never
changed. Errors do not know their place, and are not all RecordRejected (`FAILURES`): who runs a closure asks
`annotation.annotated` what happened, and where, when something did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

from hm_fhir.errors import RecordRejected
from hm_fhir.fhirpath import FAILURES
from hm_fhir.mapping.template.cleaning import ABSENT, SCALARS, as_text, clean, clean_without_nulls, flat, is_clean
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
    Text,
    Wrong,
    is_constant,
)

if TYPE_CHECKING:
    from hm_fhir.fhirpath import Expression, Scope

Closure = Callable[[Any, "Scope"], Any]
Run = Callable[["Scope"], Any]
Around = Callable[[Node, Run], Run]
"""Gets each node and what gives its value in a scope; returns what is called instead: how explain and coverage watch
a rendering. Expressions raise RecordRejected only, when somebody watches."""

Kind = Literal[0, 1, 2]
CONSTANT: Final = 0
"""The member is a value."""
RAW: Final = 1
"""The member is a closure that gives what an expression gave, to be cleaned."""
FINAL: Final = 2
"""The member is a closure that gives the value."""
Members = tuple[tuple[str, Any, Kind], ...]

ERRORS: Final = (RecordRejected, *FAILURES)
"""What closures raise when they fail on a record."""


def closure_of(node: Node, *, around: Around | None = None, fast: bool = False) -> Closure:
    """Return the closure of a tree; it gives plain data, ABSENT when all of it vanishes (None if fast).

    Args:
        node: the tree.
        around: see `Around`.
        fast: without nulls; for trees that cannot be null.
    """
    return Compiler(around=around, fast=fast).run_of(node)


class Compiler:
    """Makes closures; see `closure_of`."""

    def __init__(self, *, around: Around | None = None, fast: bool = False) -> None:
        self._around = around
        self._absent: Any = None if fast else ABSENT
        self._clean: Callable[[Any], Any] = clean_without_nulls if fast else clean

    def run_of(self, node: Node) -> Closure:
        """Return the closure of a node."""
        run = self._run_of(node)
        if self._around is None:
            return run
        watched = self._around(node, lambda scope: run(scope.root, scope))
        return lambda _, scope: watched(scope)

    def members_of(self, node: ObjectNode) -> Members:
        """Return the members of an object with what gives each value; members that are never there are left out."""
        members: list[tuple[str, Any, Kind]] = []
        for key, value in node.members:
            if self._around is None and is_constant(value):
                if (data := self._data(value)) is not self._absent:
                    members.append((key, data, CONSTANT))
            elif self._around is None and isinstance(value, First) and not value.keeps_null and self._absent is None:
                members.append((key, value.expression.one, FINAL if is_clean(value.expression) else RAW))
            else:
                members.append((key, self.run_of(value), FINAL))
        return tuple(members)

    def scope_of(self, node: Assign) -> Callable[[Scope], Scope]:
        """Return what makes the scope of the body of an ``{% assign %}``."""
        names = [(name, self.run_of(value)) for name, value in node.names]

        def scoped(scope: Scope) -> Scope:
            variables = dict(scope.variables)
            inner = scope.within(scope.root, variables)
            for name, run in names:
                value = run(scope.root, inner)
                variables[name] = None if value is ABSENT else value
            return inner

        return scoped

    def _run_of(self, node: Node) -> Closure:
        if self._around is None and is_constant(node):
            return _constant(self._data(node))
        match node:
            case Constant(value=value):
                return _constant(value)
            case First():
                return self._first(node)
            case Collection(expression=expression):
                return self._collection(expression)
            case Text():
                return self._text(node)
            case ArrayNode():
                return self._array(node)
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
                return _constant(self._absent)

    def _data(self, node: Node) -> Any:
        """Return the cleaned data of a constant node."""
        match node:
            case Constant(value=value):
                return value
            case ArrayNode(items=items):
                return flat([self._data(item) for item in items], self._absent)
            case ObjectNode(members=members):
                data = {key: self._data(value) for key, value in members}
                return {key: value for key, value in data.items() if value is not self._absent} or self._absent
            case _:
                raise TypeError(type(node).__name__)

    def _one(self, expression: Expression) -> Closure:
        if self._around is None:
            return expression.one
        return lambda _, scope: expression.first(scope)

    def _several(self, expression: Expression) -> Closure:
        if self._around is None:
            return expression.several
        return lambda _, scope: expression.values(scope)

    def _first(self, node: First) -> Closure:
        one, clean_ = self._one(node.expression), self._clean
        empty = None if node.keeps_null else self._absent
        if empty is None and is_clean(node.expression):
            return one

        def run(this: Any, scope: Scope) -> Any:
            value = one(this, scope)
            if value.__class__ in SCALARS:
                return value
            return empty if value is None else clean_(value)

        return run

    def _collection(self, expression: Expression) -> Closure:
        several, clean_, absent = self._several(expression), self._clean, self._absent
        if is_clean(expression):
            return lambda this, scope: several(this, scope) or absent

        def run(this: Any, scope: Scope) -> Any:
            values = several(this, scope)
            for value in values:
                if value.__class__ not in SCALARS:
                    return flat([clean_(value) for value in values], absent)
            return values or absent

        return run

    def _text(self, node: Text) -> Closure:
        parts: list[tuple[str, Closure | None, Any, str]] = []
        for part in node.parts:
            if isinstance(part, str):
                parts.append((part, None, None, ""))
            else:
                empty = None if part.keeps_null else self._absent
                parts.append(("", self._one(part.expression), empty, part.expression.text))

        def run(this: Any, scope: Scope) -> Any:
            text = ""
            for plain, one, empty, source in parts:
                if one is None:
                    text += plain
                    continue
                value = one(this, scope)
                if value is None:
                    return empty
                text += value if value.__class__ is str else as_text(value, source)
            return text

        return run

    def _array(self, node: ArrayNode) -> Closure:
        runs, absent = self._items(node), self._absent
        if len(runs) == 1:
            only = runs[0]
            if self._around is None and isinstance(node.items[0], For | Context):
                return only  # an array already, or absent

            def run_one(this: Any, scope: Scope) -> Any:
                value = only(this, scope)
                return (value or absent) if value is absent or value.__class__ is list else [value]

            return run_one

        def run(this: Any, scope: Scope) -> Any:
            items: list[Any] = []
            for item in runs:
                value = item(this, scope)
                if value.__class__ is list:
                    items += value
                elif value is not absent:
                    items.append(value)
            return items or absent

        return run

    def _items(self, node: ArrayNode) -> list[Closure]:
        """Return the closures of the items of an array; what gives an array may give an empty one, too."""
        runs = []
        for item in node.items:
            is_plain = self._around is None and isinstance(item, Collection) and is_clean(item.expression)
            runs.append(item.expression.several if isinstance(item, Collection) and is_plain else self.run_of(item))
        return runs

    def _object(self, node: ObjectNode) -> Closure:
        if self._around is None and len(node.members) == 1:
            return self._object_of_one(*node.members[0])
        members, absent, clean_ = self.members_of(node), self._absent, self._clean

        def run(this: Any, scope: Scope) -> Any:
            made = {}
            for key, member, kind in members:
                if kind == CONSTANT:
                    made[key] = member
                    continue
                value = member(this, scope)
                if value is absent:
                    continue
                if kind == RAW and value.__class__ not in SCALARS:
                    value = clean_(value)
                    if value is absent:
                        continue
                made[key] = value
            return made or absent

        return run

    def _object_of_one(self, key: str, value: Node) -> Closure:
        """``{"coding": [item]}`` and ``{"coding": value}``, which are a third of all that a resource consists of."""
        absent = self._absent
        if isinstance(value, ArrayNode) and not is_constant(value):
            runs = self._items(value)
            return _array_in_object(key, runs, absent) if len(runs) > 1 else _item_in_object(key, runs[0], absent)
        only = self.run_of(value)

        def run(this: Any, scope: Scope) -> Any:
            made = only(this, scope)
            return absent if made is absent else {key: made}

        return run

    def _overlaid(self, node: ObjectNode) -> Closure:
        members = [(key, self.run_of(value)) for key, value in node.members]
        overlays = [self.run_of(overlay) for overlay in node.overlays]
        absent = self._absent

        def run(this: Any, scope: Scope) -> Any:
            over: dict[str, Any] = {}
            for overlay in overlays:
                value = overlay(this, scope)
                if value.__class__ is dict:
                    over |= value
                elif value is not absent and value is not None:
                    raise RecordRejected("only an object can be merged into an object", code="expression-failed")
            made = {}
            for key, member in members:
                value = over[key] if key in over else member(this, scope)
                if value is not absent:
                    made[key] = value
            made.update(over)
            return made or absent

        return run

    def _choice(self, node: If) -> Closure:
        then = self.run_of(node.then)
        otherwise = _constant(self._absent) if node.otherwise is None else self.run_of(node.otherwise)
        true = node.condition.true
        if self._around is not None or node.condition.result.many:
            return lambda this, scope: then(this, scope) if true(scope) else otherwise(this, scope)
        one = node.condition.one

        def run(this: Any, scope: Scope) -> Any:
            value = one(this, scope)
            if value is True:
                return then(this, scope)
            if value is None or value is False:
                return otherwise(this, scope)
            return true(scope)  # says what is wrong

        return run

    def _loop(self, node: For) -> Closure:
        several, item, index = self._several(node.expression), node.item, node.index
        body, absent = self.run_of(node.body), self._absent

        def run(this: Any, scope: Scope) -> Any:
            values = several(this, scope)
            if not values:
                return absent
            variables = dict(scope.variables)
            inner = scope.within(this, variables)
            items: list[Any] = []
            for number, value in enumerate(values):
                variables[item] = value
                if index is not None:
                    variables[index] = number
                made = body(this, inner)
                if made.__class__ is list:
                    items += made
                elif made is not absent:
                    items.append(made)
            return items or absent

        return run

    def _context(self, node: Context) -> Closure:
        several, body, absent = self._several(node.expression), self.run_of(node.body), self._absent

        def run(this: Any, scope: Scope) -> Any:
            variables, within = scope.variables, scope.within
            return flat([body(item, within(item, variables)) for item in several(this, scope)], absent)

        return run

    def _assign(self, node: Assign) -> Closure:
        scoped, body = self.scope_of(node), self.run_of(node.body)
        return lambda this, scope: body(this, scoped(scope))


def _array_in_object(key: str, runs: list[Closure], absent: Any) -> Closure:
    def run(this: Any, scope: Scope) -> Any:
        items: list[Any] = []
        for item in runs:
            value = item(this, scope)
            if value.__class__ is list:
                items += value
            elif value is not absent:
                items.append(value)
        return {key: items} if items else absent

    return run


def _item_in_object(key: str, only: Closure, absent: Any) -> Closure:
    def run(this: Any, scope: Scope) -> Any:
        made = only(this, scope)
        if made.__class__ is list:
            return {key: made} if made else absent
        return absent if made is absent else {key: [made]}

    return run


def _constant(value: Any) -> Closure:
    return lambda *_: value
