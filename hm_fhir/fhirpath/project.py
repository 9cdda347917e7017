"""Functions that the project adds to FHIRPath, and how their calls are compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.fhirpath.compiled import Compiled, as_list
from hm_fhir.fhirpath.items import Collection, plain
from hm_fhir.fhirpath.static import UNKNOWN, Static, system_name
from hm_fhir.fhirpath.surroundings import Builtin
from hm_fhir.fhirpath.tree import Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.fhirpath.compiled import Run, Scope
    from hm_fhir.fhirpath.compiler import Call as CallSite

INPUT: Final = -1
"""As `Specialised.over`: the input of the call."""

_PLAIN_TYPES: Final = frozenset({"System.String", "System.Integer", "System.Decimal", "System.Boolean"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a project function in an expression.

    Attributes:
        name: of the function.
        arguments: the value of each argument that is a literal, None for any other.
        position: 0-based offset of the name in the text.
    """

    name: str
    arguments: tuple[Any, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Specialised:
    """One call of a project function, made shorter by what is known of its arguments.

    Attributes:
        call: gets the environment of the evaluation and, with `over`, one item; returns an item or None, or a list
            with `gives_list`.
        over: index of the argument whose items it is called for, one by one; ``INPUT``; None: it is called once.
        gives_list: whether it returns a list.
    """

    call: Callable[..., Any]
    over: int | None = None
    gives_list: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the project adds to FHIRPath.

    Attributes:
        name: as written in expressions.
        minimum_arguments: smallest number of arguments.
        maximum_arguments: largest number of arguments.
        call: gets the environment of the evaluation, the input collection and one collection per argument; returns
            the resulting collection. All values are plain (str, int, Decimal, bool, dict, list).
        returns: name of the FHIR type of the items that it returns; None: anything.
        specialise: gets the literal arguments (None for any other) and returns the call made shorter, or None; it
            must give exactly what `call` gives.
    """

    name: str
    minimum_arguments: int
    maximum_arguments: int
    call: Callable[..., Collection]
    returns: str | None = None
    specialise: Callable[[tuple[Any, ...]], Specialised | None] | None = None


def project_function(function: Function) -> Builtin:
    """Return a function of the project as one of the language."""

    def build(call: CallSite) -> Compiled:
        arguments = [call.argument(index) for index in range(len(call.arguments))]
        literals = tuple(
            part.constants[0] if part.constants and isinstance(node, Literal) else None
            for part, node in zip(arguments, call.arguments, strict=True)
        )
        call.compiler.found.calls.append(Call(function.name, literals, call.node.position))
        known = function.returns is not None and call.compiler.model is not None
        static = Static((function.returns,)) if known and function.returns else UNKNOWN
        short = function.specialise(literals) if function.specialise else None
        if short is not None:
            over = None if short.over is None else call.input() if short.over == INPUT else arguments[short.over]
            return _specialised(short, over, static)
        source = plain_items(call.input())
        given = [plain_items(part) for part in arguments]
        call_it = function.call

        def run(this: Any, scope: Scope) -> Collection:
            return call_it(scope.environment, source(this, scope), *[one(this, scope) for one in given])

        return Compiled(run, static)

    return Builtin(function.name, function.minimum_arguments, function.maximum_arguments, build)


def _specialised(short: Specialised, over: Compiled | None, static: Static) -> Compiled:
    call_it = short.call
    if over is None:

        def once(_: Any, scope: Scope) -> Any:
            return call_it(scope.environment)

        return Compiled(once, static if short.gives_list else static.one())
    if over.many:
        items = plain_items(over)

        def for_each(this: Any, scope: Scope) -> Collection:
            found: Collection = []
            for item in items(this, scope):
                result = call_it(scope.environment, item)
                if result is not None:
                    found.append(result)
            return found

        def flat(this: Any, scope: Scope) -> Collection:
            found: Collection = []
            for item in items(this, scope):
                found += call_it(scope.environment, item)
            return found

        return Compiled(flat if short.gives_list else for_each, static)
    one = plain_item(over)
    nothing: Any = [] if short.gives_list else None

    def run(this: Any, scope: Scope) -> Any:
        item = one(this, scope)
        return nothing if item is None else call_it(scope.environment, item)

    return Compiled(run, static if short.gives_list else static.one())


def _is_plain(part: Compiled) -> bool:
    """Whether the items are in plain form as they are: simple System values, and objects of one known type."""
    exact = part.static.exact
    if exact is None or exact.startswith("System."):
        return exact in _PLAIN_TYPES
    return part.is_json or system_name(exact) in (None, "Quantity")


def plain_item(part: Compiled) -> Run:
    """Return a closure over the first item of a part in plain form, or None."""
    run = part.run
    if part.many:
        many = part.run

        def first(this: Any, scope: Scope) -> Any:
            items = many(this, scope)
            return items[0] if items else None

        run = first
    if _is_plain(part):
        return run

    def made_plain(this: Any, scope: Scope) -> Any:
        item = run(this, scope)
        return item if type(item) is str or item is None else plain(item)

    return made_plain


def plain_items(part: Compiled) -> Run:
    """Return a closure over the items of a part in plain form."""
    items = as_list(part)
    if _is_plain(part):
        return items

    def made_plain(this: Any, scope: Scope) -> Collection:
        return [
            value for item in items(this, scope) if (value := item if type(item) is str else plain(item)) is not None
        ]

    return made_plain
