"""Functions with an expression for each item: where, select, repeat, all, exists, aggregate, sort, iif, trace."""

from __future__ import annotations

import logging
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.fhirpath import joining
from hm_fhir.fhirpath.comparison import compare
from hm_fhir.fhirpath.compiled import Compiled, as_list, as_one
from hm_fhir.fhirpath.compiler import nothing
from hm_fhir.fhirpath.functions.registry import builtin
from hm_fhir.fhirpath.items import Collection, identity_of, system
from hm_fhir.fhirpath.operands import truth
from hm_fhir.fhirpath.static import BOOLEAN, UNKNOWN, Static
from hm_fhir.fhirpath.tree import Sign, Special, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.fhirpath.compiled import Run, Scope
    from hm_fhir.fhirpath.compiler import Call

_NODES_PER_STEP: Final = 20
_LOG = logging.getLogger("hm_fhir.fhirpath")


def _indexed(call: Call, run: Run) -> Run:
    """Put ``$index`` back after a loop, if the loop sets it."""
    if not _uses_index(call):
        return run

    def kept(this: Any, scope: Scope) -> Any:
        before = scope.index
        try:
            return run(this, scope)
        finally:
            scope.index = before

    return kept


def _uses_index(call: Call) -> bool:
    return any(
        isinstance(node, Special) and node.name == "$index" for argument in call.arguments for node in walk(argument)
    )


def _weight(call: Call) -> int:
    """Return how many steps an item counts as: one, and more for a long expression."""
    return 1 + sum(1 for argument in call.arguments for _ in walk(argument)) // _NODES_PER_STEP


def _satisfying(call: Call, source: Compiled) -> Run:
    """Return a closure over the items for which the first argument is true."""
    items, holds, counts = as_list(source), call.criterion(0, source), _uses_index(call)
    weight = _weight(call)

    def run(this: Any, scope: Scope) -> Collection:
        found = items(this, scope)
        scope.spend(len(found) * weight)
        if not counts:
            return [item for item in found if holds(item, scope)]
        kept = []
        for index, item in enumerate(found):
            scope.index = index
            if holds(item, scope):
                kept.append(item)
        return kept

    return _indexed(call, run)


@builtin("where", minimum=1)
def where(call: Call) -> Compiled:
    """5.2.1."""
    source = call.input()
    return Compiled(_satisfying(call, source), source.static.several(), origin=source.origin)


@builtin("exists", minimum=0, maximum=1)
def exists(call: Call) -> Compiled:
    """5.1.2."""
    source = call.input()
    if call.arguments:
        kept = _satisfying(call, source)
        return Compiled(lambda this, scope: bool(kept(this, scope)), BOOLEAN)
    inner = source.run
    if source.many:
        return Compiled(lambda this, scope: bool(inner(this, scope)), BOOLEAN)
    return Compiled(lambda this, scope: inner(this, scope) is not None, BOOLEAN)


@builtin("all", minimum=1)
def all_(call: Call) -> Compiled:
    """5.1.3."""
    source = call.input()
    items, holds, counts = as_list(source), call.criterion(0, source), _uses_index(call)
    weight = _weight(call)

    def run(this: Any, scope: Scope) -> bool:
        found = items(this, scope)
        scope.spend(len(found) * weight)
        for index, item in enumerate(found):
            if counts:
                scope.index = index
            if not holds(item, scope):
                return False
        return True

    return Compiled(_indexed(call, run), BOOLEAN)


@builtin("select", minimum=1)
def select(call: Call) -> Compiled:
    """5.2.2."""
    source = call.input()
    projection = call.for_each(0, source)
    items, project, counts = as_list(source), projection.run, _uses_index(call)
    single, weight = not projection.many, _weight(call)

    def run(this: Any, scope: Scope) -> Collection:
        found: Collection = []
        source_items = items(this, scope)
        scope.spend(1 + len(source_items) * weight)
        for index, item in enumerate(source_items):
            if counts:
                scope.index = index
            result = project(item, scope)
            if not single:
                scope.spend(len(result))
                found += result
            elif result is not None:
                found.append(result)
        return found

    return Compiled(_indexed(call, run), projection.static.several(), origin=projection.origin)


@builtin("repeat", minimum=1)
def repeat(call: Call) -> Compiled:
    """5.2.3: until nothing new is found."""
    source, weight = call.input(), _weight(call)
    first = call.for_each(0, source)
    if first.static.types == source.static.types or not first.static.types:
        projection = first
        static = first.static.several()
        start, project = as_list(source), as_list(projection)
        describe: Run | None = None if first.static.types else joining.self_describing(source)
        start = describe or start
    else:
        # What is found has another type than the input, so the second round must look at the items themselves.
        projection = call.for_each(0, Compiled(source.run, UNKNOWN))
        static = UNKNOWN
        start, project = joining.self_describing(source), joining.self_describing(projection)

    def run(this: Any, scope: Scope) -> Collection:
        waiting = list(start(this, scope))
        found: Collection = []
        seen: set[Any] = set()
        while waiting:
            item = waiting.pop(0)
            results = project(item, scope)
            scope.spend(weight + len(results) + len(waiting) // 8)
            for result in results:
                key = identity_of(result, scope)
                if key not in seen:
                    seen.add(key)
                    found.append(result)
                    waiting.append(result)
        return found

    return Compiled(_indexed(call, run), static)


@builtin("aggregate", minimum=1, maximum=2)
def aggregate(call: Call) -> Compiled:
    """7.1.1: ``$total`` carries the result from item to item."""
    source = call.input()
    initial = call.argument(1) if len(call.arguments) > 1 else None
    items, weight = as_list(source), _weight(call)
    begin = joining.self_describing(initial) if initial is not None else None
    step = joining.self_describing(call.for_each(0, source, UNKNOWN))

    def run(this: Any, scope: Scope) -> Collection:
        before, index_before = scope.total, scope.index
        total: Collection = begin(this, scope) if begin is not None else []
        try:
            for index, item in enumerate(items(this, scope)):
                scope.total, scope.index = total, index
                total = step(item, scope)
                scope.spend(weight + len(total))
        finally:
            scope.total, scope.index = before, index_before
        return total

    return Compiled(run, UNKNOWN)


@builtin("iif", minimum=2, maximum=3)
def iif(call: Call) -> Compiled:
    """5.5.1: only the branch that counts is evaluated; ``$this`` is the input, where there is one."""
    if call.node.target is None:
        source, compiler = None, call.compiler
    else:
        source = call.input()
        compiler = call.compiler.inner(source.static, source.origin)
    condition = truth(compiler, compiler.compile(call.arguments[0]), call.arguments[0])
    branches = [compiler.compile(node) for node in call.arguments[1:]]
    if len(branches) == 1:
        branches.append(nothing())
    static, (then, otherwise) = joining.joined(branches)
    if not any(branch.many and branch.constants != () for branch in branches) and static.exact:
        static = static.one()
        then, otherwise = (branch.run if branch.constants != () else _none for branch in branches)

    def run(this: Any, scope: Scope) -> Any:
        return then(this, scope) if condition(this, scope) else otherwise(this, scope)

    if source is None:
        return Compiled(run, static)
    one = as_one(source, "the input of iif()")
    return Compiled(lambda this, scope: run(one(this, scope), scope), static)


def _none(*_: object) -> None:
    return None


@builtin("sort", minimum=0, maximum=None)
def sort(call: Call) -> Compiled:
    """Sort by the item or by expressions, descending with a minus before one (FHIRPath 3.0.0 draft, 5.3.10)."""
    source = call.input()
    inner = call.compiler.inner(source.static, source.origin)
    keys: list[tuple[Callable[[Any, Scope], Any], bool]] = []
    for argument in call.arguments:
        descending = isinstance(argument, Sign) and argument.operator == "-"
        node = argument.operand if isinstance(argument, Sign) and descending else argument
        part = inner.compile(node)
        keys.append((as_one(part, "a key of sort()"), descending))
    items, weight = as_list(source), _weight(call)

    def order(first: list[Any], second: list[Any]) -> int:
        for (one, other), descending in zip(zip(first, second, strict=True), directions, strict=True):
            if one is None or other is None:
                if one is not other:  # what is not there comes first, in either direction
                    return -1 if one is None else 1
            elif result := compare(one, other) or 0:
                return -result if descending else result
        return 0

    directions = [descending for _, descending in keys] or [False]

    def run(this: Any, scope: Scope) -> Collection:
        found = items(this, scope)
        scope.spend(len(found) * 4 * weight)
        chosen = [[system(key(item, scope)) for key, _ in keys] if keys else [system(item)] for item in found]

        def by_place(one: int, other: int) -> int:
            return order(chosen[one], chosen[other])

        return [found[place] for place in sorted(range(len(found)), key=cmp_to_key(by_place))]

    return Compiled(run, Static(source.static.types), origin=source.origin)


@builtin("trace", minimum=1, maximum=2)
def trace(call: Call) -> Compiled:
    """5.7.1: the input; its name and the number of its items go to the log, never a value."""
    source = call.input()
    name = call.argument(0).constants
    # The label may be computed from data, so only a literal one is shown.
    label = str(name[0]) if name else "trace"
    projection = call.for_each(1, source) if len(call.arguments) > 1 else None
    items = as_list(source)
    project = as_list(projection) if projection is not None else None

    def run(this: Any, scope: Scope) -> Collection:
        found: Collection = items(this, scope)
        scope.spend(len(found))
        count = sum(len(project(item, scope)) for item in found) if project is not None else len(found)
        _LOG.debug("trace %s: %d items", label, count)
        return found

    return Compiled(run, source.static.several(), origin=source.origin)
