"""Paths: ``a.b.c`` over JSON, with the types of a model or without any.

Source of the rules: https://hl7.org/fhir/R4/fhirpath.html (choice elements have one name, primitives have children).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import did_you_mean
from hm_fhir.fhirpath.compiled import Compiled, as_list
from hm_fhir.fhirpath.items import Collection, Typed
from hm_fhir.fhirpath.static import JSON_OF_SYSTEM, UNKNOWN, Static

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_fhir.fhir.definitions import Element, TypeDefinition, TypeModel
    from hm_fhir.fhirpath.compiled import Path, Run, Scope

_AS_THEY_ARE = frozenset({"System.String", "System.Integer", "System.Boolean"})
_TYPE_INFO = {"name": "System.String", "namespace": "System.String"}


def member(model: TypeModel | None, source: Compiled, name: str) -> Compiled | str | None:
    """Return the compiled step ``source.name``.

    Returns:
        the step; a text when the type of the source is known and has no such element: what to do about it (perhaps
        empty); None when the type is known to have no elements at all.
    """
    exact = source.static.exact
    if exact == "System.TypeInfo" and name in _TYPE_INFO:
        return _plain_step(source, name, Static((_TYPE_INFO[name],), many=False), None)
    definition = model.type(exact) if model and exact else None
    origin = (*source.origin, name) if source.origin is not None else None
    if definition is None:
        if exact is not None and exact.startswith("System."):
            return None
        return _dynamic(model, source, name, origin)
    element = definition.elements.get(name)
    if element is None:
        return did_you_mean(name, definition.elements) or ""
    assert model is not None  # noqa: S101 - the definition came from it
    return _typed(model, definition, element, source, origin)


def _typed(
    model: TypeModel, definition: TypeDefinition, element: Element, source: Compiled, origin: Path | None
) -> Compiled:
    many = source.many or element.many
    # Texts, whole numbers and truths of the project's own JSON are System values as they are.
    own = definition.namespace == "hm"
    types = tuple(kind if own and kind in _AS_THEY_ARE else json_type(model, kind) for kind in element.types)
    if definition.kind == "primitive":
        return Compiled(_of_primitive(source, element), Static(types, many), origin=origin)
    if element.choice:
        return Compiled(_choice(source, element), Static(_carried(types), many), origin=origin)
    static = Static(() if _abstract(model, types[0]) else types, many)
    if definition.namespace != "FHIR" or not _is_primitive(model, types[0]):
        return _plain_step(source, element.name, static, origin, many_values=element.many)
    run = _primitives(source, element.name, types[0], many_values=element.many)
    return Compiled(run, static, origin=origin)


def json_type(model: TypeModel, kind: str) -> str:
    """Return the name of the type that a JSON value of an element type has."""
    if kind.startswith("System."):
        return JSON_OF_SYSTEM.get(kind, kind)
    definition = model.type(kind)
    return definition.name if definition else kind


def _carried(types: tuple[str, ...]) -> tuple[str, ...]:
    # One name means "plain JSON of this type", which the items of a choice are not.
    return types if len(types) != 1 else ()


def _abstract(model: TypeModel, name: str) -> bool:
    definition = model.type(name)
    return definition is None or definition.abstract


def _is_primitive(model: TypeModel, name: str) -> bool:
    definition = model.type(name)
    return definition is not None and definition.kind == "primitive"


# --- steps over plain JSON -------------------------------------------------------------------------------------


def _plain_step(
    source: Compiled, name: str, static: Static, origin: Path | None, *, many_values: bool = False
) -> Compiled:
    """A step to a value that needs no type of its own at run time."""
    if source.many:
        return Compiled(_collect(source.run, name), static.several(), origin=origin, is_json=True)
    if source.keys is not None:
        keys = (*source.keys, name)
        follow = _follow(keys) if source.variable is None else _follow_variable(source.variable, keys)
        if many_values:
            return Compiled(_listed(follow), static, origin=origin, is_json=True)
        return Compiled(follow, static, origin=origin, keys=keys, variable=source.variable, is_json=True)
    inner = source.run

    def run(this: Any, scope: Scope) -> Any:
        item = inner(this, scope)
        return None if item is None else item.get(name)

    return Compiled(_listed(run) if many_values else run, static, origin=origin, is_json=True)


def _follow(keys: Path) -> Run:
    if len(keys) == 1:
        (only,) = keys
        return lambda this, _: this.get(only)
    if len(keys) == 2:
        first, second = keys

        def two(this: Any, _: Scope) -> Any:
            item = this.get(first)
            return None if item is None else item.get(second)

        return two

    def run(this: Any, _: Scope) -> Any:
        for key in keys:
            if this is None:
                return None
            this = this.get(key)
        return this

    return run


def _follow_variable(variable: str, keys: Path) -> Run:
    if len(keys) == 1:
        (only,) = keys

        def one(_: Any, scope: Scope) -> Any:
            item = scope.variables[variable]
            return None if item is None else item.get(only)

        return one

    def run(_: Any, scope: Scope) -> Any:
        item = scope.variables[variable]
        for key in keys:
            if item is None:
                return None
            item = item.get(key)
        return item

    return run


def _listed(run: Run) -> Run:
    def listed(this: Any, scope: Scope) -> Collection:
        found = run(this, scope)
        return [] if found is None else found if type(found) is list else [found]

    return listed


def _collect(run: Run, name: str) -> Run:
    def collect(this: Any, scope: Scope) -> Collection:
        found: Collection = []
        for item in run(this, scope):
            value = item.get(name)
            if type(value) is list:
                found += value
            elif value is not None:
                found.append(value)
        scope.spend(len(found))
        return found

    return collect


# --- steps to FHIR primitives: the value and its other half ----------------------------------------------------


def _halves(item: dict[str, Any], name: str, other: str, type_name: str) -> Iterator[Any]:
    value, extra = item.get(name), item.get(other)
    values = value if isinstance(value, list) else [value]
    extras = extra if isinstance(extra, list) else [extra]
    for index in range(max(len(values), len(extras))):
        value = values[index] if index < len(values) else None
        extra = extras[index] if index < len(extras) else None
        if extra is not None:
            yield Typed(value, type_name, extra)
        elif value is not None:
            yield value


def _primitives(source: Compiled, name: str, type_name: str, *, many_values: bool) -> Run:
    other = f"_{name}"
    if source.many or many_values:
        inner = as_list(source)

        def collect(this: Any, scope: Scope) -> Collection:
            found: Collection = []
            for item in inner(this, scope):
                if other in item:
                    found += _halves(item, name, other, type_name)
                    continue
                value = item.get(name)
                if type(value) is list:
                    found += value
                elif value is not None:
                    found.append(value)
            scope.spend(len(found))
            return found

        return collect
    single = source.run

    def run(this: Any, scope: Scope) -> Any:
        item = single(this, scope)
        if item is None:
            return None
        if other in item:
            return next(_halves(item, name, other, type_name), None)
        return item.get(name)

    return run


def _of_primitive(source: Compiled, element: Element) -> Run:
    """``id``, ``extension`` and ``value`` of a primitive."""
    name = element.name
    inner = as_list(source)

    def found_in(item: Any) -> Any:
        if name == "value":
            return item.value if type(item) is Typed else item
        return item.extra.get(name) if type(item) is Typed and item.extra else None

    if source.many or element.many:

        def collect(this: Any, scope: Scope) -> Collection:
            found: Collection = []
            for item in inner(this, scope):
                value = found_in(item)
                if type(value) is list:
                    found += value
                elif value is not None:
                    found.append(value)
            return found

        return collect
    single = source.run

    def run(this: Any, scope: Scope) -> Any:
        item = single(this, scope)
        return None if item is None else found_in(item)

    return run


def _choice(source: Compiled, element: Element) -> Run:
    keys = tuple((key, f"_{key}", json) for key, json in _choice_keys(element))

    def found_in(item: dict[str, Any]) -> Typed | None:
        for key, other, type_name in keys:
            if key in item or other in item:
                return Typed(item.get(key), type_name, item.get(other))
        return None

    if source.many:
        inner = source.run

        def collect(this: Any, scope: Scope) -> Collection:
            return [found for item in inner(this, scope) if (found := found_in(item)) is not None]

        return collect
    single = source.run

    def run(this: Any, scope: Scope) -> Any:
        item = single(this, scope)
        return None if item is None else found_in(item)

    return run


def _choice_keys(element: Element) -> Iterator[tuple[str, str]]:
    for key, kind in element.json_keys.items():
        yield key, JSON_OF_SYSTEM.get(kind, kind)


# --- steps where the type is only known from the item -----------------------------------------------------------


def _dynamic(model: TypeModel | None, source: Compiled, name: str, origin: Path | None) -> Compiled:
    inner = as_list(source)

    def run(this: Any, scope: Scope) -> Collection:
        found: Collection = []
        for item in inner(this, scope):
            found += element_of(model, item, name)
        scope.spend(len(found))
        return found

    return Compiled(run, UNKNOWN, origin=origin)


def element_of(model: TypeModel | None, item: Any, name: str) -> Collection:
    """Return the items of an element of one item whose type is not known to the compiler."""
    definition = type_of(model, item)
    if definition is None:
        return _untyped(item, name)
    element = definition.elements.get(name)
    return [] if element is None or model is None else _items(model, definition, element, item)


def children_of(model: TypeModel | None, item: Any) -> Collection:
    """Return all elements of one item, each with its type where that is known."""
    definition = type_of(model, item)
    if definition is not None and model is not None:
        holder = _holder(definition, item)
        if holder is None:
            return []
        found: Collection = []
        for key, other, type_name in _keys_of(model, definition.name):
            if key in holder or other in holder:
                found += (described(child, type_name) for child in _halves(holder, key, other, type_name))
        return found
    value = item.value if type(item) is Typed else item
    if not isinstance(value, dict):
        return []
    names = dict.fromkeys(key.removeprefix("_") for key in value if key != "resourceType")
    return [child for name in names for child in _untyped(value, name)]


def type_of(model: TypeModel | None, item: Any) -> TypeDefinition | None:
    """Return the definition of the FHIR type that an item carries, or None."""
    if model is None:
        return None
    if type(item) is Typed:
        return model.type(item.type)
    if type(item) is dict and type(name := item.get("resourceType")) is str:
        return model.type(name)
    return None


def _items(model: TypeModel, definition: TypeDefinition, element: Element, item: Any) -> Collection:
    holder = _holder(definition, item)
    if holder is None or (definition.kind == "primitive" and element.name == "value"):
        return []
    found: Collection = []
    for key, kind in element.json_keys.items():
        other = f"_{key}"
        if key in holder or other in holder:
            type_name = json_type(model, kind)
            found += (described(child, type_name) for child in _halves(holder, key, other, type_name))
    return found


def _holder(definition: TypeDefinition, item: Any) -> dict[str, Any] | None:
    """Return the JSON object that the elements of an item are in."""
    value = item.value if type(item) is Typed else item
    if definition.kind == "primitive":
        value = item.extra if type(item) is Typed else None
    return value if isinstance(value, dict) else None


@lru_cache(maxsize=4096)
def _keys_of(model: TypeModel, name: str) -> tuple[tuple[str, str, str], ...]:
    """Return for each element of a type its JSON keys, of both halves, and its type."""
    definition = model.type(name)
    return tuple(
        (key, f"_{key}", json_type(model, kind))
        for element in (definition.elements.values() if definition else ())
        if definition is not None and not (definition.kind == "primitive" and element.name == "value")
        for key, kind in element.json_keys.items()
    )


def described(item: Any, type_name: str) -> Any:
    """Return an item of a known type so that it carries its type."""
    if type(item) is Typed or type_name.startswith("System."):
        return item
    if isinstance(item, dict) and "resourceType" in item:
        return item
    return Typed(item, type_name)


def _untyped(item: Any, name: str) -> Collection:
    """Return the values of a key of JSON without types; of a primitive's other half only what is beside a value."""
    value = item.value if type(item) is Typed else item
    if not isinstance(value, dict):
        return []
    found = value.get(name)
    if isinstance(found, list):
        return [one for one in found if one is not None]
    return [] if found is None else [found]
