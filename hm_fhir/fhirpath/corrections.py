"""What fhirpathpy 2.2 computes wrongly or leaks, put right; an engine of the project's own replaces all of this.

==================================  =====================================================================
fhirpathpy                          here (FHIRPath 2.0)
==================================  =====================================================================
``tests.where(done)`` keeps all     a false value drops the item; several values are an error (4.5)
``$this`` and ``$index`` stay       they are put back after ``where``, ``select``, ``iif`` ... (5.2)
``(1|2) = (1|3)`` is true           every pair is compared (6.1.1)
``true = 1`` is true                a boolean equals booleans only
``single()`` of two gives a fake    an error (5.3.2)
``3 / 2`` is a binary float         a decimal (6.6.2)
``sum()``, ``min()`` ... of paths   work on the values
``toBoolean()`` of a path is empty  works on the value
==================================  =====================================================================
"""

from __future__ import annotations

from decimal import Decimal
from functools import wraps
from typing import TYPE_CHECKING, Any

from fhirpathpy.engine.invocations import aggregate, equality, invocation_registry, misc, strings
from fhirpathpy.engine.util import get_data

from hm_fhir.fhirpath.parsing import Signature

if TYPE_CHECKING:
    from collections.abc import Callable

Collection = list[Any]
Context = dict[str, Any]
_ABSENT = object()
_SCOPED = ("$this", "$index", "$total")


def holds(collection: Collection) -> bool:
    """Return a criterion's result as a condition (FHIRPath 2.0, 4.5 "Singleton evaluation of collections").

    Raises:
        ValueError: several values.
    """
    if not collection:
        return False
    if len(collection) > 1:
        raise ValueError("a criterion gave several values")
    value = get_data(collection[0])
    return value if isinstance(value, bool) else value is not None


def _scoped(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(context: Context, *arguments: Any) -> Any:
        before = [context.get(name, _ABSENT) for name in _SCOPED]
        try:
            return function(context, *arguments)
        finally:
            for name, value in zip(_SCOPED, before, strict=True):
                if value is _ABSENT:
                    context.pop(name, None)
                else:
                    context[name] = value

    return call


def _on_values(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(context: Context, data: Collection, *arguments: Any) -> Any:
        return function(context, [get_data(item) for item in data], *arguments)

    return call


def _where(context: Context, data: Collection, criterion: Callable[[Any], Collection]) -> Collection:
    kept = []
    for index, item in enumerate(data):
        context["$index"] = index
        if holds(criterion(item)):
            kept.append(item)
    return kept


def _exists(context: Context, data: Collection, criterion: Callable[[Any], Collection] | None = None) -> bool:
    return bool(data if criterion is None else _where(context, data, criterion))


def _all(context: Context, data: Collection, criterion: Callable[[Any], Collection]) -> Collection:
    return [len(_where(context, data, criterion)) == len(data)]


def _iif(_: Context, data: Collection, condition: Any, then: Any, otherwise: Any = None) -> Collection:
    if holds(condition(data)):
        return list(then(data))
    return list(otherwise(data)) if otherwise else []


def _single(_: Context, data: Collection) -> Collection:
    if len(data) > 1:
        raise ValueError("single() of several values")
    return data


def _same(context: Context, left: Any, right: Any) -> bool | None:
    """None where FHIRPath says that two dates of different precision cannot be compared."""
    if isinstance(get_data(left), bool) is not isinstance(get_data(right), bool):
        return False
    same: bool | None = equality.equality(context, [left], [right])
    return same


def _equal(context: Context, left: Collection, right: Collection) -> Collection:
    if len(left) != len(right):
        return [False]
    results = [_same(context, a, b) for a, b in zip(left, right, strict=True)]
    if False in results:
        return [False]
    return [] if None in results else [True]


def _unequal(context: Context, left: Collection, right: Collection) -> Collection:
    return [not value for value in _equal(context, left, right)]


def _contains(context: Context, collection: Collection, item: Collection) -> Collection:
    if not item:
        return []
    if len(item) > 1:
        raise ValueError("contains and in take one value")
    return [any(_same(context, candidate, item[0]) for candidate in collection)]


def _in(context: Context, item: Collection, collection: Collection) -> Collection:
    return _contains(context, collection, item)


def _divide(_: Context, left: int | Decimal, right: int | Decimal) -> Collection:
    return [Decimal(left) / Decimal(right)] if right else []


def _average(context: Context, data: Collection) -> Collection:
    values = [get_data(item) for item in data]
    return _divide(context, sum(values), len(values))


def _with(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    return {**invocation_registry[name], "fn": function}


CORRECTED: dict[str, dict[str, Any]] = {
    "where": _with("where", _scoped(_where)),
    "exists": _with("exists", _scoped(_exists)),
    "all": _with("all", _scoped(_all)),
    "iif": _with("iif", _scoped(_iif)),
    **{
        name: _with(name, _scoped(invocation_registry[name]["fn"]))
        for name in ("select", "repeat", "coalesce", "aggregate")
    },
    "single": _with("single", _single),
    "=": _with("=", _equal),
    "!=": _with("!=", _unequal),
    "containsOp": _with("containsOp", _contains),
    "inOp": _with("inOp", _in),
    "/": _with("/", _divide),
    "avg": _with("avg", _average),
    "sum": _with("sum", _on_values(aggregate.sum_fn)),
    "min": _with("min", _on_values(aggregate.min_fn)),
    "max": _with("max", _on_values(aggregate.max_fn)),
    "toBoolean": _with("toBoolean", _on_values(misc.to_boolean)),
    "convertsToBoolean": _with("convertsToBoolean", _on_values(invocation_registry["convertsToBoolean"]["fn"])),
    "encode": _with("encode", _on_values(strings.encode)),
    "decode": _with("decode", _on_values(strings.decode)),
    "first": _with("first", lambda _, data: data[:1]),
    "last": _with("last", lambda _, data: data[-1:]),
    "take": _with("take", lambda _, data, count: data[: max(int(count), 0)]),
    "skip": _with("skip", lambda _, data, count: data[max(int(count), 0) :]),
}


def standard_signatures() -> dict[str, Signature]:
    """Return every function of FHIRPath that an expression may call; not trace(), which prints values."""
    signatures = {}
    for name, entry in invocation_registry.items():
        if (
            not name.isalpha()
            or name in ("trace", "div", "mod", "or", "and", "xor", "implies")
            or name.endswith("Op")
        ):
            continue
        if "variadic" in entry:
            signatures[name] = Signature(1, None, project=False)
        else:
            counts = sorted(entry.get("arity", {0: []}))
            signatures[name] = Signature(counts[0], counts[-1], project=False)
    return signatures
