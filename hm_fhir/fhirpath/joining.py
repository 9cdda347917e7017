"""Collections out of collections: union, combine and the like, which must not lose the types of their items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hm_fhir.fhirpath.compiled import Compiled, Scope, as_list
from hm_fhir.fhirpath.items import FROM_JSON, Collection, Typed, identity_of
from hm_fhir.fhirpath.navigation import described
from hm_fhir.fhirpath.static import UNKNOWN, Static

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hm_fhir.fhirpath.compiled import Run

    Key = Callable[[Any, Scope], Any]


def joined(parts: Iterable[Compiled]) -> tuple[Static, list[Run]]:
    """Return the static type of items of several parts together, and a closure over the items of each part."""
    known = list(parts)
    statics = {part.static.types for part in known if part.constants != ()}
    if not statics:
        return UNKNOWN, [as_list(part) for part in known]
    if len(statics) == 1:
        (types,) = statics
        return Static(types), [as_list(part) for part in known]
    merged: dict[str, None] = {}
    for types in statics:
        if not types:
            merged = {}
            break
        merged.update(dict.fromkeys(types))
    return Static(tuple(merged)), [self_describing(part) for part in known]


def self_describing(part: Compiled) -> Run:
    """Return a closure over a list of items that carry their types."""
    exact, inner = part.static.exact, as_list(part)
    if exact is None or exact.startswith("System."):
        return inner

    def run(this: Any, scope: Scope) -> Collection:
        items = inner(this, scope)
        scope.spend(len(items))
        return [described(item, exact) for item in items]

    return run


def unique(items: Iterable[Any], key_of: Key, scope: Scope) -> Collection:
    """Return items without those that equal an earlier one; `key_of` is that of :func:`keys`."""
    seen: set[Any] = set()
    kept: Collection = []
    for item in items:
        key = key_of(item, scope)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


def keys(static: Static) -> Key:
    """Return a function that gives the same for items of this static type exactly when they are equal (6.1.1).

    It gives the same for equal items of other static types, too.
    """
    convert = FROM_JSON.get(static.exact or "")
    if convert is None:
        return identity_of

    def key_of(item: Any, scope: Scope) -> Any:
        value = None if type(item) is Typed else convert(item)
        return identity_of(item if value is None else value, scope)

    return key_of


def union(left: Compiled, right: Compiled) -> Compiled:
    """Return ``left | right`` (FHIRPath 2.0.0, 6.5.1)."""
    static, (a, b) = joined((left, right))
    constants = None
    if left.constants is not None and right.constants is not None:
        constants = tuple(unique([*left.constants, *right.constants], identity_of, Scope(None)))
    key_of = keys(static)

    def run(this: Any, scope: Scope) -> Collection:
        first: Collection = a(this, scope)
        second: Collection = b(this, scope)
        scope.spend(len(first) + len(second))
        if not second and len(first) < 2:
            return first
        if not first and len(second) < 2:
            return second
        return unique([*first, *second], key_of, scope)

    origin = left.origin if left.origin == right.origin else None
    return Compiled(run, static, origin=origin, constants=constants)


def combine(left: Compiled, right: Compiled) -> Compiled:
    """Return ``left.combine(right)`` (5.4.2)."""
    static, (a, b) = joined((left, right))

    def run(this: Any, scope: Scope) -> Collection:
        found = [*a(this, scope), *b(this, scope)]
        scope.spend(len(found))
        return found

    return Compiled(run, static)
