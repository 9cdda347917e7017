"""The functions that FHIR adds (https://hl7.org/fhir/R4/fhirpath.html#functions)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hm_fhir.fhir.xhtml import read_xhtml
from hm_fhir.fhirpath import joining
from hm_fhir.fhirpath.compiled import Compiled, as_list, as_one
from hm_fhir.fhirpath.functions.registry import builtin
from hm_fhir.fhirpath.functions.types import runtime_type
from hm_fhir.fhirpath.items import Collection, Typed, Unsuitable, raw, system
from hm_fhir.fhirpath.operands import values
from hm_fhir.fhirpath.static import BOOLEAN, UNKNOWN, Static, system_name

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.fhirpath.compiled import Scope
    from hm_fhir.fhirpath.compiler import Call

_TYPE_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
_XHTML_CHARACTERS_PER_STEP: Final = 20


@builtin("hasValue")
def has_value(call: Call) -> Compiled:
    """Return whether the input is one primitive that has a value, not only extensions."""
    source = call.input()
    model, items, primitive = call.compiler.model, as_list(source), _statically_primitive(source)

    def run(this: Any, scope: Scope) -> bool:
        found = items(this, scope)
        if len(found) != 1:
            return False
        item = found[0]
        if type(item) is Typed:
            return item.value is not None and (primitive or _is_primitive(model, item))
        return primitive or not isinstance(item, dict)

    return Compiled(run, BOOLEAN)


def _statically_primitive(source: Compiled) -> bool:
    exact = source.static.exact
    return exact is not None and system_name(exact) not in (None, "Quantity")


def _is_primitive(model: TypeModel | None, item: Typed) -> bool:
    definition = model.type(item.type) if model else None
    return definition is not None and definition.kind == "primitive"


@builtin("getValue")
def get_value(call: Call) -> Compiled:
    """Return the System value of a primitive."""
    source = call.input()
    one = as_one(source, "the input of getValue()")
    name = system_name(source.static.exact) if source.static.exact else None
    convert = values(source)

    def run(this: Any, scope: Scope) -> Any:
        item = one(this, scope)
        value = None if item is None else convert(item)
        return None if isinstance(value, dict) else value

    return Compiled(run, Static((f"System.{name}",), many=False) if name else UNKNOWN.one())


@builtin("extension", minimum=1)
def extension(call: Call) -> Compiled:
    """Return the extensions with a URL; also those of a primitive."""
    source, url = call.input(), call.system_value(call.argument(0), {"String"}, "the URL in extension()")
    items = as_list(source)

    def run(this: Any, scope: Scope) -> Collection:
        wanted = url(this, scope)
        source = items(this, scope)
        scope.spend(len(source))
        found: Collection = []
        for item in source:
            holder = item
            if type(item) is Typed:
                holder = item.value if isinstance(item.value, dict) else item.extra
            if isinstance(holder, dict):
                found += (one for one in holder.get("extension", ()) if one.get("url") == wanted)
        scope.spend(len(found))
        return found

    typed = call.compiler.model is not None
    return Compiled(run, Static(("Extension",)) if typed else UNKNOWN)


@builtin("resolve")
def resolve(call: Call) -> Compiled:
    """Return the resources that references, canonicals and URIs point to, where they are at hand.

    At hand are contained resources, the entries of a Bundle that is ``%rootResource``, and what ``resolve`` of the
    environment gives for a text. What is not found is left out.
    """
    items = joining.self_describing(call.input())

    def run(this: Any, scope: Scope) -> Collection:
        references = items(this, scope)
        scope.spend(len(references))
        found: Collection = []
        for item in references:
            value = raw(item)
            target = value.get("reference") if isinstance(value, dict) else value
            resource = _resolved(target, scope) if isinstance(target, str) else None
            if resource is not None:
                found.append(resource)
        return found

    return Compiled(run, UNKNOWN)


def _described_input(call: Call) -> Compiled:
    """Return the input with items that carry their types."""
    source = call.input()
    return Compiled(joining.self_describing(source), Static(source.static.types))


def _resolved(target: str, scope: Scope) -> Any:
    resource = scope.variables.get("resource", scope.root)
    container = scope.variables.get("rootResource", resource)
    scope.spend(1)
    if target.startswith("#"):
        if target == "#":
            return container
        return next(
            (one for one in _list(container, "contained") if isinstance(one, dict) and one.get("id") == target[1:]),
            None,
        )
    entries = _list(container, "entry")
    scope.spend(len(entries))
    for entry in entries:
        inner = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(inner, dict):
            relative = f"{inner.get('resourceType')}/{inner.get('id')}"
            if target in (entry.get("fullUrl"), relative):
                return inner
    outside = getattr(scope.environment, "resolve", None)
    return outside(target) if callable(outside) else None


def _list(value: Any, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


@builtin("memberOf", minimum=1)
def member_of(call: Call) -> Compiled:
    """Return whether a code, Coding or CodeableConcept is in a value set; empty when its codes are not known."""
    url = call.system_value(call.argument(0), {"String"}, "the value set in memberOf()")
    one, model = as_one(_described_input(call), "the input of memberOf()"), call.compiler.model

    def run(this: Any, scope: Scope) -> bool | None:
        item, wanted = one(this, scope), url(this, scope)
        if item is None or wanted is None or model is None:
            return None
        codes = model.value_set(wanted)
        if codes is None:
            return None
        value = raw(item)
        if isinstance(value, str):
            return codes.contains(value)
        if not isinstance(value, dict):
            raise Unsuitable("memberOf() takes a code, a Coding or a CodeableConcept")
        codings = value["coding"] if isinstance(value.get("coding"), list) else [value]
        return any(
            isinstance(coding.get("code"), str) and codes.contains(coding["code"], coding.get("system"))
            for coding in codings
        )

    return Compiled(run, BOOLEAN)


@builtin("conformsTo", minimum=1)
def conforms_to(call: Call) -> Compiled:
    """Return whether the input is of the type of a URL; ``conforms_to`` of the environment judges profiles."""
    url = call.system_value(call.argument(0), {"String"}, "the profile in conformsTo()")
    one, model = as_one(_described_input(call), "the input of conformsTo()"), call.compiler.model

    def run(this: Any, scope: Scope) -> bool | None:
        item, wanted = one(this, scope), url(this, scope)
        if item is None or wanted is None:
            return None
        definition = model.type(wanted) if model else None
        if model is not None and definition is not None and wanted == f"{_TYPE_BASE}{definition.name}":
            own = runtime_type(model, item)
            return own is not None and model.is_subtype(own, definition.name)
        judge = getattr(scope.environment, "conforms_to", None)
        if not callable(judge):
            raise Unsuitable("conformsTo() names a profile that is not at hand")
        return bool(judge(raw(item), wanted))

    return Compiled(run, BOOLEAN)


@builtin("htmlChecks")
def html_checks(call: Call) -> Compiled:
    """Return whether a narrative is XHTML of the allowed elements and attributes, without anything that runs."""
    one = as_one(call.input(), "the input of htmlChecks()")

    def run(this: Any, scope: Scope) -> bool | None:
        item = one(this, scope)
        value = None if item is None else system(item)
        if value is None:
            return None
        if not isinstance(value, str):
            return False
        scope.spend(len(value) // _XHTML_CHARACTERS_PER_STEP)
        return read_xhtml(value).safe

    return Compiled(run, BOOLEAN)
