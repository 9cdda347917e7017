"""Types: is, as, ofType, type (FHIRPath 2.0.0, 6.3, 10.2; https://hl7.org/fhir/R4/fhirpath.html#types)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hm_fhir.errors import did_you_mean
from hm_fhir.fhirpath import joining
from hm_fhir.fhirpath.compiled import Compiled, as_one
from hm_fhir.fhirpath.functions.registry import builtin
from hm_fhir.fhirpath.items import Collection, Typed, raw
from hm_fhir.fhirpath.navigation import type_of
from hm_fhir.fhirpath.operands import SYSTEM_TYPES, system_type_of
from hm_fhir.fhirpath.parser import type_name_of
from hm_fhir.fhirpath.static import BOOLEAN, Static, qualified

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.fhirpath.compiled import Scope
    from hm_fhir.fhirpath.compiler import Call


def _wanted(call: Call) -> str:
    """Return the name of the type that the call is about; that of a System type has its namespace."""
    name = call.type
    if name is None:
        if not call.arguments:
            call.fail(f"{call.node.name}() takes the name of a type")
        name = type_name_of(call.arguments[0])
    assert name is not None  # noqa: S101 - the parser asks for the name of a type
    model = call.compiler.model
    if name.namespace == "System":
        # The official suite asks for false, not for an error, when a type of FHIR is looked for in System.
        known = name.name in SYSTEM_TYPES or name.name == "Any" or (model is not None and model.type(name.name))
        if not known:
            call.compiler.fail(
                f"there is no type System.{name.name}", name.position, did_you_mean(name.name, SYSTEM_TYPES)
            )
        return f"System.{name.name}"
    definition = model.type(name.name) if model else None
    # `boolean` is FHIR's, `Boolean` is FHIRPath's; `Quantity` is both, and FHIR's comes first.
    if name.namespace is None and definition is None and name.name in SYSTEM_TYPES:
        return f"System.{name.name}"
    if model is not None and (definition is None or name.namespace not in (None, definition.namespace)):
        written = f"{name.namespace}.{name.name}" if name.namespace else name.name
        call.compiler.fail(
            f"there is no type {written}",
            name.position,
            did_you_mean(name.name, [*SYSTEM_TYPES, *model.resource_types]),
        )
    return name.name


def _is(model: TypeModel | None, wanted: str) -> Callable[[Any], bool]:
    def holds(item: Any) -> bool:
        own = runtime_type(model, item)
        if own == wanted:
            return True
        return own is not None and model is not None and model.is_subtype(own, wanted)

    return holds


def runtime_type(model: TypeModel | None, item: Any) -> str | None:
    """Return the type of an item that carries it, or None when nobody knows."""
    definition = type_of(model, item)
    if definition is not None:
        return definition.name
    if type(item) is Typed:
        return item.type
    if isinstance(item, dict):
        name = item.get("resourceType")
        return name if isinstance(name, str) else None
    return system_type_of(item)


@builtin("is", minimum=0, maximum=1)
def is_(call: Call) -> Compiled:
    """6.3.1: whether the input is of the type or of one that derives from it."""
    source, wanted, model = call.input(), _wanted(call), call.compiler.model
    one = as_one(Compiled(joining.self_describing(source), Static(source.static.types)), "the input of is()")
    holds = _is(model, wanted)

    def run(this: Any, scope: Scope) -> bool | None:
        item = one(this, scope)
        return None if item is None else holds(item)

    return Compiled(run, BOOLEAN)


def _choose(call: Call, *, single: bool) -> Compiled:
    source, wanted, model = call.input(), _wanted(call), call.compiler.model
    definition = model.type(wanted) if model else None
    items, holds = joining.self_describing(source), _is(model, wanted)
    if definition is not None and definition.kind == "primitive":
        # The same type only: a code is no string here, as the reference implementation has it.
        def holds(item: Any) -> bool:
            return runtime_type(model, item) == wanted

    # A resource of a subtype would not be plain JSON of exactly this type.
    exact = wanted.startswith("System.") or (definition is not None and not definition.abstract)
    static = Static((wanted,) if exact else (), many=not single and source.many)
    unwrap = exact and not wanted.startswith("System.")

    def chosen(items: Collection) -> Collection:
        found = [item for item in items if holds(item)]
        return [_plain(item) for item in found] if unwrap else found

    if not static.many:
        one = as_one(Compiled(items, Static(source.static.types)), f"the input of {call.node.name}()")

        def run(this: Any, scope: Scope) -> Any:
            item = one(this, scope)
            if item is None or not holds(item):
                return None
            return _plain(item) if unwrap else item

        return Compiled(run, static, origin=source.origin)

    def several(this: Any, scope: Scope) -> Collection:
        found = items(this, scope)
        scope.spend(len(found))
        return chosen(found)

    return Compiled(several, static, origin=source.origin)


def _plain(item: Any) -> Any:
    """A primitive keeps the type that its other half travels with."""
    return item if type(item) is Typed and item.extra is not None else raw(item)


@builtin("as", minimum=0, maximum=1)
def as_(call: Call) -> Compiled:
    """6.3.3."""
    return _choose(call, single=True)


@builtin("ofType", minimum=1)
def of_type(call: Call) -> Compiled:
    """5.2.4."""
    return _choose(call, single=False)


@builtin("type")
def type_(call: Call) -> Compiled:
    """10.2: namespace and name of the type of each item."""
    source, model = call.input(), call.compiler.model
    items = joining.self_describing(source)

    def info(item: Any) -> dict[str, str]:
        namespace, name = qualified(model, runtime_type(model, item) or "System.Any")
        return {"namespace": namespace, "name": name}

    def run(this: Any, scope: Scope) -> Collection:
        found = items(this, scope)
        scope.spend(len(found))
        return [info(item) for item in found]

    return Compiled(run, Static(("System.TypeInfo",), many=True))
