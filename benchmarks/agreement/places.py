"""Where a resource can be changed: each JSON value with the element and the type that it is of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hm_fhir.fhir.definitions import TypeModel
from hm_fhir.fhir.elements import Element, TypeDefinition

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A value (one of a list, where it is a list).

    Args:
        parent: the object that has it.
        key: its JSON key.
        index: its number in the list; None when it is no list.
        owner: type of the parent.
        element: its element.
        kind: name of its type.
        primitive: whether that is a primitive type.
        resource: the resource that it belongs to most closely.
        path: for people.
    """

    parent: Json
    key: str
    index: int | None
    owner: TypeDefinition
    element: Element
    kind: str
    primitive: bool
    resource: Json
    path: str

    @property
    def value(self) -> Any:
        """The value now."""
        whole = self.parent[self.key]
        return whole if self.index is None else whole[self.index]

    def put(self, value: Any) -> None:
        """Put another value in its place."""
        if self.index is None:
            self.parent[self.key] = value
        else:
            self.parent[self.key][self.index] = value

    def remove(self) -> None:
        """Take it away; an empty list goes as well."""
        if self.index is not None and len(self.parent[self.key]) > 1:
            del self.parent[self.key][self.index]
        else:
            del self.parent[self.key]


def places(resource: Json, model: TypeModel) -> list[Place]:
    """Return all places of a resource, of what it contains and of the resources in a Bundle."""
    return list(_resource(resource, model, str(resource.get("resourceType"))))


def _resource(resource: Json, model: TypeModel, path: str) -> Iterator[Place]:
    definition = model.type(str(resource.get("resourceType")))
    if definition is not None:
        yield from _object(resource, definition, model, resource, path)


def _object(value: Json, definition: TypeDefinition, model: TypeModel, around: Json, path: str) -> Iterator[Place]:
    for key in value:
        found = None if key.startswith("_") else definition.element_of(key)
        if found is None:
            continue
        element, kind = found
        of = model.type(kind)
        if of is None:
            continue
        whole = value[key]
        for index, one in enumerate(whole) if isinstance(whole, list) else ((None, whole),):
            here = f"{path}.{key}" if index is None else f"{path}.{key}[{index}]"
            yield Place(value, key, index, definition, element, kind, of.kind == "primitive", around, here)
            if not isinstance(one, dict):
                continue
            if of.kind == "resource":
                yield from _resource(one, model, here)
            else:
                yield from _object(one, of, model, around, here)
