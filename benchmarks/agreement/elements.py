"""Changes of elements and of primitive values, and changes that leave a resource valid."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from change import XHTML, Change, Register, put
from places import Place
from primitives import WRONG

mutation = Register()


# --- elements -------------------------------------------------------------------------------------------------------


@mutation
def _remove_required(change: Change) -> str | None:
    place = change.some(lambda one: one.element.minimum > 0)
    if place is None:
        return None
    place.remove()
    return place.path


@mutation
def _remove_any(change: Change) -> str | None:
    place = change.some()
    if place is None:
        return None
    place.remove()
    return place.path


@mutation
def _unknown_element(change: Change) -> str | None:
    name = change.chance.pick(
        ("colour", "Name", "valueFoo", "fhir_comments", "resource_type", "_colour", "name ", "x.y", "id2")
    )
    change.chance.pick([change.resource, *change.objects()])[name] = change.chance.pick(
        ("red", 1, {"a": 1}, ["b"], True)
    )
    return name


@mutation
def _element_of_elsewhere(change: Change) -> str | None:
    one, other = change.some(), change.some()
    if one is None or other is None or one.parent is other.parent:
        return None
    other.parent[one.key] = deepcopy(one.parent[one.key])
    return f"{one.path} -> {other.path}"


@mutation
def _repeat_in_list(change: Change) -> str | None:
    place = change.some(lambda one: one.index is not None)
    if place is None:
        return None
    place.parent[place.key].append(deepcopy(place.value))
    return place.path


@mutation
def _list_instead_of_single(change: Change) -> str | None:
    return put(change, lambda one: one.index is None, lambda one: [one.value] * change.chance.pick((1, 1, 2)))


@mutation
def _single_instead_of_list(change: Change) -> str | None:
    place = change.some(lambda one: one.index is not None)
    if place is None:
        return None
    place.parent[place.key] = place.value
    return place.path


@mutation
def _list_in_list(change: Change) -> str | None:
    return put(change, lambda one: one.index is not None, lambda one: [one.value])


@mutation
def _wrong_json_kind(change: Change) -> str | None:
    def other(place: Place) -> Any:
        if isinstance(place.value, dict):
            return change.chance.pick(("text", 12, True))
        return change.chance.pick(
            ({"value": "a"}, {}, 12 if isinstance(place.value, str) else "text", not place.value)
        )

    return put(change, lambda _: True, other)


@mutation
def _null(change: Change) -> str | None:
    return put(change, lambda _: True, lambda _: None)


@mutation
def _empty(change: Change) -> str | None:
    place = change.some()
    if place is None:
        return None
    if place.index is not None and change.chance.happens(0.4):
        place.parent[place.key] = []
    else:
        place.put("" if place.primitive else {})
    return place.path


@mutation
def _swap_values(change: Change) -> str | None:
    one, other = change.some(), change.some()
    if one is None or other is None or one.path.startswith(other.path) or other.path.startswith(one.path):
        return None
    first, second = one.value, other.value
    one.put(second)
    other.put(first)
    return f"{one.path} <-> {other.path}"


@mutation
def _other_choice(change: Change) -> str | None:
    """A second value of a choice, or one of another type in its place, allowed or not."""
    place = change.some(lambda one: one.element.choice)
    if place is None:
        return None
    name = place.element.name
    kinds = change.model.type("Extension").elements["value"].types  # type: ignore[union-attr]
    kind = change.chance.pick(("string", "boolean", "Quantity", "CodeableConcept", "Period", "dateTime", *kinds))
    made: Any = {"CodeableConcept": {"text": "a"}, "Period": {"start": "2020"}, "Quantity": {"value": 1}}.get(kind)
    if made is None:
        definition = change.model.type(kind)
        if definition is None or definition.kind != "primitive":
            return None
        made = change.values.primitive(kind, place.element)
    if change.chance.happens(0.6):
        del place.parent[place.key]
    place.parent[f"{name}{kind[0].upper()}{kind[1:]}"] = made
    return place.path


@mutation
def _plain_choice_name(change: Change) -> str | None:
    place = change.some(lambda one: one.element.choice)
    if place is None:
        return None
    place.parent[place.element.name] = place.parent.pop(place.key)
    return place.path


@mutation
def _resource_type(change: Change) -> str | None:
    kind = change.chance.pick(("Patient", "Foo", "patient", None, 1, "", "DomainResource", "Resource", "Observation"))
    if kind is None:
        change.resource.pop("resourceType")
    else:
        change.resource["resourceType"] = kind
    return "resourceType"


# --- primitives -----------------------------------------------------------------------------------------------------


@mutation
def _primitive_text(change: Change) -> str | None:
    return put(
        change,
        lambda one: one.primitive and one.kind in WRONG,
        lambda one: change.chance.pick(WRONG[one.kind]),
    )


@mutation
def _number_or_time(change: Change) -> str | None:
    kinds = {
        "decimal",
        "integer",
        "positiveInt",
        "unsignedInt",
        "date",
        "dateTime",
        "instant",
        "time",
        "boolean",
        "base64Binary",
    }
    return put(change, lambda one: one.kind in kinds, lambda one: change.chance.pick(WRONG[one.kind]))


@mutation
def _primitive_extension(change: Change) -> str | None:
    place = change.some(lambda one: one.primitive)
    if place is None:
        return None
    extra: Any = {"extension": [{"url": "http://example.org/e", "valueString": "a"}]}
    kind = change.chance.number(0, 9)
    if kind == 0:
        extra = {}
    elif kind == 1:
        extra = {"id": "p1"}
    elif kind == 2:
        extra = {"colour": "red"}
    elif kind == 3:
        extra = "text"
    elif kind == 4:
        extra = [None]
    elif kind == 5:
        extra = {"extension": []}
    listed = place.index is not None
    if kind == 6:
        listed = not listed
    if listed and isinstance(place.parent[place.key], list):
        count = len(place.parent[place.key])
        whole: Any = [None] * count
        whole[place.index or 0] = extra
        if kind == 7:
            whole.append(None)
        elif kind == 8:
            place.parent[place.key][place.index or 0] = None
    else:
        whole = [extra] if listed else extra
        if kind in (7, 8):
            del place.parent[place.key]
    place.parent[f"_{place.key}"] = whole
    return place.path


# --- harmless -------------------------------------------------------------------------------------------------------


@mutation
def _harmless_order(change: Change) -> str | None:
    holder = change.chance.pick([change.resource, *change.objects()])
    for key in sorted(holder):
        holder[key] = holder.pop(key)
    return "order of keys"


@mutation
def _harmless_text(change: Change) -> str | None:
    return put(
        change,
        lambda one: one.kind in ("string", "markdown") and one.element.binding is None and one.element.name != "id",
        lambda _: change.chance.pick(("another text", "друг текст", "1", "a < b & c", "<a>", "т" * 2000)),
    )


@mutation
def _harmless_additions(change: Change) -> str | None:
    kind = change.chance.number(0, 3)
    if kind == 0:
        change.resource.setdefault("extension", []).append({"url": "http://example.org/e", "valueInteger": 1})
    elif kind == 1:
        change.resource["text"] = {"status": "generated", "div": XHTML}
    elif kind == 2:
        change.resource["language"] = "en"
    else:
        change.resource["meta"] = {"tag": [{"system": "http://example.org/tags", "code": "a"}]}
    return f"addition {kind}"


@mutation
def _harmless_value(change: Change) -> str | None:
    """Another valid value of the same element."""
    place = change.some(
        lambda one: (
            one.primitive and one.kind not in ("xhtml", "code") and one.element.name not in ("id", "url", "system")
        )
    )
    if place is None:
        return None
    place.put(change.values.primitive(place.kind, place.element))
    return place.path


@mutation
def _harmless_removal(change: Change) -> str | None:
    place = change.some(lambda one: not one.element.minimum and one.key not in ("resourceType",))
    if place is None:
        return None
    place.remove()
    return place.path


@mutation
def _nothing(change: Change) -> str | None:  # noqa: ARG001 - the mutations have one signature
    return "as it is"
