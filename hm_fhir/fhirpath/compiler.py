"""Tree -> closures. Types are worked out on the way: what is known makes closures shorter and mistakes visible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from hm_fhir.errors import ExpressionError, did_you_mean
from hm_fhir.fhirpath import navigation, operators
from hm_fhir.fhirpath.compiled import Compiled, as_list
from hm_fhir.fhirpath.items import Unsuitable
from hm_fhir.fhirpath.operands import system_value, truth
from hm_fhir.fhirpath.static import BOOLEAN, INTEGER, STRING, UNKNOWN, Static
from hm_fhir.fhirpath.tree import (
    Binary,
    FunctionCall,
    Index,
    Literal,
    Member,
    Node,
    Sign,
    Special,
    TypeName,
    TypeOperation,
    Variable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.fhirpath.compiled import Path, Run, Scope
    from hm_fhir.fhirpath.surroundings import Found, Surroundings

# https://hl7.org/fhir/R4/fhirpath.html#variables
STANDARD_VARIABLES = {
    "ucum": "http://unitsofmeasure.org",
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}
ROOT_VARIABLES = frozenset({"context", "resource", "rootResource"})
NODE_LIMIT = 100_000
"""How many nodes are compiled; the argument of repeat() may be compiled twice, and what is inside of it again."""

_PREFIXES = {
    "vs-": "http://hl7.org/fhir/ValueSet/",
    "ext-": "http://hl7.org/fhir/StructureDefinition/",
}


class Compiler:
    """Compiles the nodes of one expression.

    Args:
        surroundings: what it is compiled against.
        this: static type of ``$this``.
        origin: where ``$this`` comes from in the data.
        found: shared with the compilers of inner expressions.
    """

    def __init__(
        self, surroundings: Surroundings, this: Static, origin: Path | None, found: Found, total: Static | None = None
    ) -> None:
        self.surroundings = surroundings
        self.this = this
        self.origin = origin
        self.found = found
        self.total = total

    @property
    def model(self) -> TypeModel | None:
        """The types."""
        return self.surroundings.model

    def inner(self, this: Static, origin: Path | None, total: Static | None = None) -> Compiler:
        """Return a compiler for an expression that is evaluated for each item."""
        return Compiler(self.surroundings, this.one(), origin, self.found, total or self.total)

    def fail(self, message: str, position: int, fix: str | None = None) -> NoReturn:
        """Refuse the expression.

        Raises:
            ExpressionError: always.
        """
        raise ExpressionError(message, text=self.surroundings.text, position=position, fix=fix)

    def mismatch(self, message: str, position: int, fix: str | None = None) -> None:
        """Refuse the expression if types are checked."""
        if self.surroundings.strict:
            self.fail(message, position, fix)

    def compile(self, node: Node) -> Compiled:
        """Return a node compiled."""
        self.found.compiled += 1
        if self.found.compiled > NODE_LIMIT:
            self.fail("the expression is too complex", node.position, "write it in several parts")
        match node:
            case Member():
                return self.read(self._member(node))
            case Literal(value=value):
                return _literal(value)
            case FunctionCall():
                return self._call(node)
            case Binary():
                return operators.binary(self, node)
            case Special(name=name):
                return self._special(name, node.position)
            case Variable():
                return self._variable(node)
            case TypeOperation(operator=operator, operand=operand, type=type_name):
                return self.surroundings.builders[operator].build(
                    Call(self, FunctionCall(operand, operator, (), node.position), type_name)
                )
            case Index():
                return self._index(node)
            case Sign():
                return operators.sign(self, node)

    def read(self, part: Compiled) -> Compiled:
        """Note that a path of the data is used."""
        if part.origin is not None:
            self.found.reads.add(part.origin)
        return part

    def this_part(self) -> Compiled:
        """Return ``$this``."""
        if self.this.many:
            # The root of JSON without types may be a list: a collection.
            return Compiled(
                lambda this, _: this if type(this) is list else [] if this is None else [this],
                self.this,
                origin=self.origin,
            )
        return Compiled(lambda this, _: this, self.this, origin=self.origin, keys=())

    def _member(self, node: Member) -> Compiled:
        if node.target is None:
            if (root := self._type_at_start(node)) is not None:
                return root
            source = self.this_part()
        elif isinstance(node.target, Member):
            source = self._member(node.target)  # a step on the way to another is not read itself
        elif isinstance(node.target, Special) and node.target.name == "$this":
            source = self.this_part()
        else:
            source = self.compile(node.target)
        step = navigation.member(self.model, source, node.name)
        if isinstance(step, Compiled):
            return step
        kind = source.static
        if step is None:
            self.mismatch(f"{kind} has no elements", node.position)
        else:
            self.mismatch(f"{kind} has no element {node.name!r}", node.position, step or None)
        return nothing()

    def _type_at_start(self, node: Member) -> Compiled | None:
        """``Patient.name``: a type at the start of a path stands for the root when that is one."""
        name = node.name
        exact = self.this.exact
        if not name[:1].isupper():
            return None
        if self.model is None or exact is None:
            known = self.model is None or self.model.type(name) is not None
            return self._root_of_type(name) if known else None
        if self.model.type(name) is None:
            return None
        if name == exact or self.model.is_subtype(exact, name):
            return self.this_part()
        definition = self.model.type(exact)
        if definition is not None and name in definition.elements:
            return None
        self.mismatch(f"the path starts at {exact}, not at {name}", node.position)
        return nothing()

    def _root_of_type(self, name: str) -> Compiled:
        source, model = as_list(self.this_part()), self.model

        def of_type(this: Any, scope: Scope) -> list[Any]:
            found = []
            for item in source(this, scope):
                definition = navigation.type_of(model, item)
                own = definition.name if definition else item.get("resourceType") if isinstance(item, dict) else None
                if own == name or (own is not None and model is not None and model.is_subtype(own, name)):
                    found.append(item)
                elif definition is None and isinstance(item, dict):
                    found += navigation.element_of(model, item, name)
            return found

        definition = self.model.type(name) if self.model else None
        # A resource says its type itself, so its items are as plain as those of an exact type.
        exact = definition is not None and definition.kind == "resource" and not definition.abstract
        return Compiled(of_type, Static((name,)) if exact else UNKNOWN, origin=self.origin)

    def _special(self, name: str, position: int) -> Compiled:
        if name == "$this":
            return self.read(self.this_part())
        if name == "$index":
            return Compiled(lambda _, scope: scope.index, INTEGER)
        if self.total is None:
            self.mismatch("$total is known inside of aggregate() only", position)
        return Compiled(
            lambda _, scope: scope.total if isinstance(scope.total, list) else [scope.total], self.total or UNKNOWN
        )

    def _variable(self, node: Variable) -> Compiled:
        name = node.name
        static = self.surroundings.variables.get(name)
        if name in STANDARD_VARIABLES and static is None:
            return _literal(STANDARD_VARIABLES[name])
        for prefix, url in _PREFIXES.items():
            if name.startswith(prefix) and static is None:
                return _literal(url + name.removeprefix(prefix))
        if name in ROOT_VARIABLES and static is None:
            return self._root_variable(name)
        self.found.variables.setdefault(name, node.position)
        if static is not None and not static.many:
            return Compiled(lambda _, scope: scope.variables[name], static, keys=(), variable=name)

        def run(_: Any, scope: Scope) -> list[Any]:
            try:
                value = scope.variables[name]
            except KeyError:
                raise Unsuitable(f"there is no variable %{name}") from None
            if type(value) is list:
                return value
            return [] if value is None else [value]

        return Compiled(run, static or UNKNOWN)

    def _root_variable(self, name: str) -> Compiled:
        root = self.surroundings.root
        origin: Path | None
        if name == "context":
            static, origin = root, ()
        else:
            # The root of an invariant may be an element; its resource is of a type that the data tells.
            definition = self.model.type(root.exact) if self.model and root.exact else None
            is_resource = definition is not None and definition.kind == "resource"
            static, origin = (root, ()) if is_resource or self.model is None else (UNKNOWN, None)

        def run(_: Any, scope: Scope) -> Any:
            return scope.variables.get(name, scope.root)

        if not static.many:
            return Compiled(run, static, origin=origin)

        def several(this: Any, scope: Scope) -> list[Any]:
            value = run(this, scope)
            return value if type(value) is list else [] if value is None else [value]

        return Compiled(several, static, origin=origin)

    def _index(self, node: Index) -> Compiled:
        source = self.compile(node.target)
        self.check_order(source, node.position)
        index = system_value(self, self.compile(node.index), {"Integer"}, "an index", node.position)
        items = as_list(source)

        def run(this: Any, scope: Scope) -> Any:
            position = index(this, scope)
            if position is None or position < 0:
                return None
            found = items(this, scope)
            return found[position] if position < len(found) else None

        return Compiled(run, source.static.one(), origin=source.origin)

    def check_order(self, source: Compiled, position: int) -> None:
        """Refuse what depends on an order that the input does not have, if types are checked."""
        if not source.static.ordered:
            self.mismatch("children() and descendants() have no order", position, "use where() to choose")

    def _call(self, node: FunctionCall) -> Compiled:
        builder = self.surroundings.builders.get(node.name)
        if builder is None:
            self.fail(
                f"there is no function {node.name}()",
                node.position,
                did_you_mean(node.name, self.surroundings.builders),
            )
        count = len(node.arguments)
        if count < builder.minimum or (builder.maximum is not None and count > builder.maximum):
            self.fail(f"{node.name}() takes {builder.takes}, here it gets {count}", node.position)
        self.found.functions.add(node.name)
        return builder.build(Call(self, node))


class Call:
    """One call of a function, as its builder sees it.

    Attributes:
        compiler: of the expression around it.
        node: the call.
        type: the type of ``is`` and ``as`` written as operators.
    """

    __slots__ = ("compiler", "node", "type")

    def __init__(self, compiler: Compiler, node: FunctionCall, type_name: TypeName | None = None) -> None:
        self.compiler = compiler
        self.node = node
        self.type = type_name

    @property
    def arguments(self) -> tuple[Node, ...]:
        """The trees of the arguments."""
        return self.node.arguments

    def input(self) -> Compiled:
        """Return what the function is called on."""
        if self.node.target is None:
            return self.compiler.read(self.compiler.this_part())
        return self.compiler.compile(self.node.target)

    def argument(self, index: int) -> Compiled:
        """Return an argument that is evaluated once, in the context of the call."""
        return self.compiler.compile(self.arguments[index])

    def for_each(self, index: int, source: Compiled, total: Static | None = None) -> Compiled:
        """Return an argument that is evaluated for each item of the input."""
        return self.compiler.inner(source.static, source.origin, total).compile(self.arguments[index])

    def criterion(self, index: int, source: Compiled) -> Callable[[Any, Scope], bool | None]:
        """Return an argument that is a condition on each item of the input."""
        inner = self.compiler.inner(source.static, source.origin)
        return truth(inner, inner.compile(self.arguments[index]), self.arguments[index])

    def fail(self, message: str, fix: str | None = None) -> NoReturn:
        """Refuse the call.

        Raises:
            ExpressionError: always.
        """
        self.compiler.fail(message, self.node.position, fix)

    def system_value(self, part: Compiled, wanted: frozenset[str] | set[str], what: str) -> Run:
        """Return a closure that returns one System value of one of some types, or None."""
        return system_value(self.compiler, part, wanted, what, self.node.position)


def _literal(value: Any) -> Compiled:
    if value is None:
        return nothing()
    kind = {bool: BOOLEAN, str: STRING, int: INTEGER}.get(type(value))
    static = kind or Static((f"System.{type(value).__name__}",), many=False)
    return Compiled(lambda *_: value, static, constants=(value,))


def nothing() -> Compiled:
    """Return the compiled empty collection."""
    return Compiled(lambda *_: [], UNKNOWN, constants=())
