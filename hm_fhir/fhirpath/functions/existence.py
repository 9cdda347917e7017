"""Functions about collections as wholes: existence, subsetting, combining (FHIRPath 2.0.0, 5.1, 5.3, 5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hm_fhir.fhirpath import joining
from hm_fhir.fhirpath.compiled import Compiled, as_list, as_one
from hm_fhir.fhirpath.functions.registry import builtin
from hm_fhir.fhirpath.items import Collection, Unsuitable, system
from hm_fhir.fhirpath.operands import logical
from hm_fhir.fhirpath.static import BOOLEAN, INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.fhirpath.compiled import Scope
    from hm_fhir.fhirpath.compiler import Call


@builtin("empty")
def empty(call: Call) -> Compiled:
    """5.1.1."""
    source = call.input()
    inner = source.run
    if source.many:
        return Compiled(lambda this, scope: not inner(this, scope), BOOLEAN)
    return Compiled(lambda this, scope: inner(this, scope) is None, BOOLEAN)


@builtin("not")
def not_(call: Call) -> Compiled:
    """6.5.5."""
    inner = logical(call.input(), "the input of not()")

    def run(this: Any, scope: Scope) -> bool | None:
        value = inner(this, scope)
        return None if value is None else not value

    return Compiled(run, BOOLEAN)


def _over_booleans(name: str, judge: Callable[[list[bool]], bool]) -> None:
    def build(call: Call) -> Compiled:
        inner = as_list(call.input())

        def run(this: Any, scope: Scope) -> bool:
            values = [system(item) for item in inner(this, scope)]
            scope.spend(len(values))
            if any(type(value) is not bool for value in values):
                raise Unsuitable(f"{name}() takes true and false only")
            return judge(values)

        return Compiled(run, BOOLEAN)

    builtin(name)(build)


_over_booleans("allTrue", all)
_over_booleans("anyTrue", any)
_over_booleans("allFalse", lambda values: not any(values))
_over_booleans("anyFalse", lambda values: not all(values))


def _keys(part: Compiled) -> Callable[[Any, Scope], set[Any]]:
    inner, key_of = as_list(part), joining.keys(part.static)

    def run(this: Any, scope: Scope) -> set[Any]:
        items = inner(this, scope)
        scope.spend(len(items))
        return {key_of(item, scope) for item in items}

    return run


@builtin("subsetOf", minimum=1)
def subset_of(call: Call) -> Compiled:
    """5.1.8."""
    a, b = _keys(call.input()), _keys(call.argument(0))
    return Compiled(lambda this, scope: a(this, scope) <= b(this, scope), BOOLEAN)


@builtin("supersetOf", minimum=1)
def superset_of(call: Call) -> Compiled:
    """5.1.9."""
    a, b = _keys(call.input()), _keys(call.argument(0))
    return Compiled(lambda this, scope: a(this, scope) >= b(this, scope), BOOLEAN)


@builtin("count")
def count(call: Call) -> Compiled:
    """5.1.10."""
    inner = as_list(call.input())
    return Compiled(lambda this, scope: len(inner(this, scope)), INTEGER)


@builtin("distinct")
def distinct(call: Call) -> Compiled:
    """5.1.11."""
    source = call.input()
    inner, key_of = as_list(source), joining.keys(source.static)

    def run(this: Any, scope: Scope) -> Collection:
        items = inner(this, scope)
        scope.spend(len(items))
        return joining.unique(items, key_of, scope)

    return Compiled(run, source.static.several(), origin=source.origin)


@builtin("isDistinct")
def is_distinct(call: Call) -> Compiled:
    """5.1.12."""
    source = call.input()
    inner, key_of = as_list(source), joining.keys(source.static)

    def run(this: Any, scope: Scope) -> bool:
        items = inner(this, scope)
        scope.spend(len(items))
        return len(joining.unique(items, key_of, scope)) == len(items)

    return Compiled(run, BOOLEAN)


@builtin("single")
def single(call: Call) -> Compiled:
    """5.3.2."""
    source = call.input()
    return Compiled(as_one(source, "the input of single()"), source.static.one(), origin=source.origin)


def _ordered(call: Call) -> Compiled:
    source = call.input()
    call.compiler.check_order(source, call.node.position)
    return source


@builtin("first")
def first(call: Call) -> Compiled:
    """5.3.3."""
    source = _ordered(call)
    if not source.many:
        return source
    inner = source.run

    def run(this: Any, scope: Scope) -> Any:
        items = inner(this, scope)
        return items[0] if items else None

    return Compiled(run, source.static.one(), origin=source.origin)


@builtin("last")
def last(call: Call) -> Compiled:
    """5.3.4."""
    source = _ordered(call)
    if not source.many:
        return source
    inner = source.run

    def run(this: Any, scope: Scope) -> Any:
        items = inner(this, scope)
        return items[-1] if items else None

    return Compiled(run, source.static.one(), origin=source.origin)


@builtin("tail")
def tail(call: Call) -> Compiled:
    """5.3.5."""
    source = _ordered(call)
    inner = as_list(source)

    def run(this: Any, scope: Scope) -> Collection:
        items: Collection = inner(this, scope)
        scope.spend(len(items))
        return items[1:]

    return Compiled(run, source.static.several(), origin=source.origin)


def _counted(call: Call, choose: Callable[[Collection, int], Collection]) -> Compiled:
    source, number = _ordered(call), call.argument(0)
    inner, how_many = as_list(source), call.system_value(number, {"Integer"}, f"the number in {call.node.name}()")

    def run(this: Any, scope: Scope) -> Collection:
        count = how_many(this, scope)
        items = inner(this, scope)
        scope.spend(len(items))
        return [] if count is None else choose(items, max(count, 0))

    return Compiled(run, source.static.several(), origin=source.origin)


@builtin("skip", minimum=1)
def skip(call: Call) -> Compiled:
    """5.3.6."""
    return _counted(call, lambda items, count: items[count:])


@builtin("take", minimum=1)
def take(call: Call) -> Compiled:
    """5.3.7."""
    return _counted(call, lambda items, count: items[:count])


@builtin("intersect", minimum=1)
def intersect(call: Call) -> Compiled:
    """5.3.8."""
    source, other = call.input(), call.argument(0)
    a, b, key_of = as_list(source), _keys(other), joining.keys(source.static)

    def run(this: Any, scope: Scope) -> Collection:
        items, wanted = a(this, scope), b(this, scope)
        scope.spend(len(items))
        return [item for item in joining.unique(items, key_of, scope) if key_of(item, scope) in wanted]

    return Compiled(run, source.static.several(), origin=source.origin)


@builtin("exclude", minimum=1)
def exclude(call: Call) -> Compiled:
    """5.3.9."""
    source, other = call.input(), call.argument(0)
    a, b, key_of = as_list(source), _keys(other), joining.keys(source.static)

    def run(this: Any, scope: Scope) -> Collection:
        items, unwanted = a(this, scope), b(this, scope)
        scope.spend(len(items))
        return [item for item in items if key_of(item, scope) not in unwanted]

    return Compiled(run, source.static.several(), origin=source.origin)


@builtin("union", minimum=1)
def union(call: Call) -> Compiled:
    """5.4.1."""
    other = call.argument(0)
    return joining.union(call.input(), other)


@builtin("combine", minimum=1)
def combine(call: Call) -> Compiled:
    """5.4.2."""
    other = call.argument(0)
    return joining.combine(call.input(), other)


@builtin("coalesce", minimum=1, maximum=None)
def coalesce(call: Call) -> Compiled:
    """Return the first argument that is not empty (FHIRPath 3.0.0 draft, 5.5)."""
    static, runs = joining.joined([call.compiler.compile(node) for node in call.arguments])

    def run(this: Any, scope: Scope) -> Collection:
        found: Collection = []
        for one in runs:
            if found := one(this, scope):
                break
        return found

    return Compiled(run, static)
