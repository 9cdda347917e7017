"""Which fields of an activity an expression uses, also through variables, loops and references.

Fields are paths of the activity, such as ``persons.name.family``. What decides (the condition of ``where()`` or
``iif()``) counts as much as what comes out. ``%systems``, from the settings, is named like that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hm_fhir.fhirpath.parser import parse
from hm_fhir.fhirpath.tree import (
    Binary,
    FunctionCall,
    Index,
    Literal,
    Member,
    Sign,
    Special,
    TypeOperation,
    Variable,
)
from hm_fhir.mapping.template import tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hm_fhir.fhirpath.tree import Node
    from hm_fhir.mapping.fragment import ResourceRule
    from hm_fhir.mapping.pack import CompiledMapping

Path = tuple[str, ...]
_ROOT: Final = ""
_REFERENCE: Final = "reference()/"
_ROOTS: Final = frozenset({"activity", "context", "resource", "rootResource"})
_NO_DATA: Final = frozenset({"ucum", "sct", "loinc"})
_KEEP: Final = frozenset(
    {"where", "first", "last", "tail", "skip", "take", "single", "ofType", "as", "distinct", "trace", "repeat"}
)
_PER_ITEM: Final = frozenset({"where", "select", "all", "exists", "repeat", "aggregate"})
_TYPES: Final = frozenset({"ofType", "as", "is"})


@dataclass(frozen=True, slots=True, order=True)
class _Ref:
    """A path from the root, a variable, or the key of a resource."""

    base: str
    path: Path = ()

    def then(self, name: str) -> _Ref:
        return _Ref(self.base, (*self.path, name))


@dataclass(frozen=True, slots=True)
class _Uses:
    """What an expression uses: what its result consists of, and everything."""

    result: frozenset[_Ref]
    all: frozenset[_Ref]


@dataclass(frozen=True, slots=True)
class Value:
    """Where a value comes from.

    Attributes:
        result: fields that it consists of; what is taken out of it is taken out of them.
        all: all fields that it depends on.
    """

    result: frozenset[Path] = frozenset()
    all: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class NodeInputs:
    """What a node of a template depends on.

    Attributes:
        fields: that its own expression uses.
        conditions: texts of the conditions and lists around it, outer ones first.
    """

    fields: frozenset[Path]
    conditions: tuple[str, ...]


@dataclass(slots=True)
class MappingInputs:
    """What each node and each key of a mapping depends on.

    Attributes:
        nodes: by ``id()`` of the node.
        keys: fields behind the key of each resource, by resource name.
        as_of: fields behind its `as_of`.
        profiles: fields behind its `profile`.
        each: fields behind its `each`.
        conditions: fields behind its `if`.
        refusals: fields behind each reason to refuse, by ``id()``.
    """

    nodes: dict[int, NodeInputs] = field(default_factory=dict)
    keys: dict[str, frozenset[Path]] = field(default_factory=dict)
    as_of: dict[str, frozenset[Path]] = field(default_factory=dict)
    profiles: dict[str, frozenset[Path]] = field(default_factory=dict)
    each: dict[str, frozenset[Path]] = field(default_factory=dict)
    conditions: dict[str, frozenset[Path]] = field(default_factory=dict)
    refusals: dict[int, frozenset[Path]] = field(default_factory=dict)


def shown(fields: Iterable[Path]) -> tuple[str, ...]:
    """Return fields as texts, sorted; the whole activity is ``activity``."""
    return tuple(sorted({".".join(path) if path else "activity" for path in fields}))


def inputs_of_mapping(mapping: CompiledMapping) -> MappingInputs:
    """Return what each node of a mapping depends on, with the variables of this mapping in its parts."""
    return _Walk(mapping).inputs


class _Walk:
    def __init__(self, mapping: CompiledMapping) -> None:
        self.inputs = MappingInputs()
        root = frozenset({()})
        known = {_ROOT: Value(root, root), "systems": Value(all=frozenset({("%systems",)}))}
        for assignment in mapping.assign:
            known[assignment.name] = self._node(assignment.template.tree, known, ())
        for refusal in mapping.refuse:
            self.inputs.refusals[id(refusal)] = _value(refusal.when.text, known).all
        for rule in mapping.resources:
            known[_REFERENCE + rule.name] = Value(all=self._key(rule, known))
        for rule in mapping.resources:
            inner, conditions = self._of_rule(rule, known)
            if rule.as_of is not None:
                self.inputs.as_of[rule.name] = _value(rule.as_of.text, inner).all
            if rule.profile is not None:
                self.inputs.profiles[rule.name] = self._node(rule.profile.tree, inner, conditions).all
            self._node(rule.template.tree, inner, conditions)

    def _of_rule(self, rule: ResourceRule, known: Mapping[str, Value]) -> tuple[dict[str, Value], tuple[str, ...]]:
        inner, conditions = dict(known), []
        if rule.each is not None:
            inner["item"] = _value(rule.each.text, known)
            self.inputs.each[rule.name] = inner["item"].all
            inner["index"] = Value(all=inner["item"].all)
            conditions.append(f"each {rule.each.text}")
        if rule.condition is not None:
            self.inputs.conditions[rule.name] = _value(rule.condition.text, inner).all
            conditions.append(f"if {rule.condition.text}")
        return inner, tuple(conditions)

    def _key(self, rule: ResourceRule, known: Mapping[str, Value]) -> frozenset[Path]:
        inner, _ = self._of_rule(rule, known)
        if rule.key is not None:
            found = _value(rule.key.text, inner).all
        else:
            found = frozenset({("key",)}) | (inner["item"].all if rule.each is not None else frozenset())
        self.inputs.keys[rule.name] = found
        return found

    def _node(self, node: tree.Node, known: Mapping[str, Value], conditions: tuple[str, ...]) -> Value:
        """Return where the value of a node comes from, and note it for all nodes below."""
        own = [_value(expression.text, known) for expression in tree.expressions(node)]
        used = frozenset[Path]().union(*(value.all for value in own))
        self.inputs.nodes[id(node)] = NodeInputs(used, conditions)
        if isinstance(node, tree.First | tree.Collection):
            return own[0]
        inner = list(self._below(node, known, conditions))
        result = frozenset[Path]()
        if isinstance(node, tree.If):
            result = result.union(*(value.result for value in inner))
        return Value(result, used.union(*(value.all for value in inner)))

    def _below(self, node: tree.Node, known: Mapping[str, Value], conditions: tuple[str, ...]) -> Iterator[Value]:
        match node:
            case tree.If(condition=condition, then=then, otherwise=otherwise):
                yield self._node(then, known, (*conditions, f"if {condition.text}"))
                if otherwise is not None:
                    yield self._node(otherwise, known, (*conditions, f"if not {condition.text}"))
            case tree.For(expression=expression, item=item, index=index, body=body):
                items = _value(expression.text, known)
                more = {item: items, **({index: Value(all=items.all)} if index else {})}
                yield self._node(body, {**known, **more}, (*conditions, f"for {expression.text}"))
            case tree.Context(expression=expression, body=body):
                items = _value(expression.text, known)
                yield self._node(body, {**known, _ROOT: items}, (*conditions, f"for {expression.text}"))
            case tree.Assign(names=names, body=body):
                known = dict(known)
                for name, value in names:
                    known[name] = self._node(value, known, conditions)
                yield self._node(body, known, conditions)
            case _:
                for below in tree.inside(node):
                    yield self._node(below, known, conditions)


def _value(text: str, known: Mapping[str, Value]) -> Value:
    uses = _uses(text)
    return Value(_resolved(uses.result, known, lead_on=True), _resolved(uses.all, known, lead_on=False))


def _resolved(refs: Iterable[_Ref], known: Mapping[str, Value], *, lead_on: bool) -> frozenset[Path]:
    found: set[Path] = set()
    for ref in refs:
        value = known.get(ref.base, Value())
        found |= {(*path, *ref.path) for path in value.result}
        if not lead_on:
            found |= value.all - value.result
    return frozenset(found)


@lru_cache(maxsize=4096)
def _uses(text: str) -> _Uses:
    search = _Search()
    result = search.flow(parse(text), frozenset({_Ref(_ROOT)}))
    return _Uses(result, result | frozenset(search.decides))


class _Search:
    """Finds what the value of an expression consists of; what only decides is collected."""

    def __init__(self) -> None:
        self.decides: set[_Ref] = set()

    def flow(self, node: Node, this: frozenset[_Ref]) -> frozenset[_Ref]:
        match node:
            case Literal():
                return frozenset()
            case Member(target=target, name=name):
                return frozenset(ref.then(name) for ref in (self.flow(target, this) if target else this))
            case Variable(name=name):
                if name in _NO_DATA:
                    return frozenset()
                return frozenset({_Ref(_ROOT if name in _ROOTS else name)})
            case Special(name=name):
                return this if name == "$this" else frozenset()
            case Index(target=target, index=index):
                self._decide(index, this)
                return self.flow(target, this)
            case TypeOperation(operator="as", operand=operand):
                return self.flow(operand, this)
            case Binary(operator="|", left=left, right=right):
                return self.flow(left, this) | self.flow(right, this)
            case Binary(left=left, right=right):
                self._decide(left, this)
                self._decide(right, this)
                return frozenset()
            case Sign(operand=operand) | TypeOperation(operand=operand):
                self._decide(operand, this)
                return frozenset()
            case FunctionCall():
                return self._call(node, this)

    def _decide(self, node: Node, this: frozenset[_Ref]) -> None:
        self.decides |= self.flow(node, this)

    def _call(self, call: FunctionCall, this: frozenset[_Ref]) -> frozenset[_Ref]:
        target = self.flow(call.target, this) if call.target is not None else this
        name, arguments = call.name, call.arguments
        if name == "iif":
            self._decide(arguments[0], this)
            return frozenset().union(*(self.flow(argument, this) for argument in arguments[1:]))
        if name == "select":
            return self.flow(arguments[0], target)
        if name in ("union", "combine"):
            return target | self.flow(arguments[0], this)
        if name == "reference" and len(arguments) == 1 and isinstance(arguments[0], Literal):
            return frozenset({_Ref(f"{_REFERENCE}{arguments[0].value}")})
        if name not in _TYPES:
            for argument in arguments:
                self._decide(argument, target if name in _PER_ITEM else this)
        if name in _KEEP:
            return target
        if call.target is not None or not arguments:
            self.decides |= target
        return frozenset()
