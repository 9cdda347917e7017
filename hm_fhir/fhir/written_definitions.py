"""Writes a type of the model as a StructureDefinition: what `structure_definition.read` makes a type of.

The definitions of FHIR itself are shipped as types only, without texts. Who needs one as a resource, to make the
snapshot of a profile that stands on it, gets it from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hm_fhir.fhir.definitions import TypeModel
from hm_fhir.fhir.element_definition import BEST_PRACTICE, MAX_VALUE_SET, PROFILE_ELEMENT
from hm_fhir.fhir.elements import FHIR_URL, Constraint, Element, TypeDefinition

Json = dict[str, Any]

_SYSTEM = "System."
_SYSTEM_URL = "http://hl7.org/fhirpath/"
_REGEX = f"{FHIR_URL}regex"


def structure_definition(model: TypeModel, url: str) -> Json | None:
    """Return a type or profile as a StructureDefinition with a snapshot, or None when there is none of the URL.

    Args:
        model: has the type.
        url: its canonical URL.
    """
    one = model.type(url)
    if one is None or one.url is None or one.url != url.partition("|")[0]:
        return None
    return _Writer(model, one).written()


class _Writer:
    def __init__(self, model: TypeModel, one: TypeDefinition) -> None:
        self._model = model
        self._one = one
        self._profile = one.name == one.url

    def written(self) -> Json:
        one = self._one
        path = self._plain(one.name)
        root: Json = {"id": path, "path": path, "min": 0, "max": "*", "constraint": _constraints(one.constraints)}
        if one.is_modifier:
            root["isModifier"] = True
        found: Json = {
            "resourceType": "StructureDefinition",
            "url": one.url,
            "kind": {"primitive": "primitive-type", "resource": "resource"}.get(one.kind, "complex-type"),
            "abstract": one.abstract,
            "type": path,
            "derivation": "constraint" if self._profile or one.name != path else "specialization",
            "context": [{"type": context.type, "expression": context.expression} for context in one.contexts],
            "contextInvariant": list(one.context_invariants),
            "snapshot": {"element": [root, *self._below(one, path, path)]},
        }
        if one.base is not None:
            found["baseDefinition"] = one.base if "/" in one.base else FHIR_URL + one.base
        return {key: value for key, value in found.items() if value != []}

    def _below(self, holder: TypeDefinition, path: str, element_id: str) -> Iterator[Json]:
        for element in holder.elements.values():
            name = f"{element.name}[x]" if element.choice else element.name
            yield from self._element(element, f"{path}.{name}", self._named(element, f"{element_id}.{name}"))

    def _named(self, element: Element, element_id: str) -> str:
        """Return the id with the slice name of an element that is not sliced, where the profile names it so."""
        own, _, place = element.types[0].partition("#")
        return place if own == self._one.url and place.rpartition(":")[0] == element_id else element_id

    def _element(self, element: Element, path: str, element_id: str) -> Iterator[Json]:
        json: Json = {
            "id": element_id,
            "path": path,
            "sliceName": element.slice_name,
            "slicing": _slicing(element),
            "min": element.minimum,
            "max": "*" if element.maximum is None else str(element.maximum),
            "isModifier": element.is_modifier,
            "isSummary": element.is_summary,
            "maxLength": element.max_length,
            "binding": _binding(element),
        }
        part = self._part(element, path, element_id)
        reference = self._reference(element, part)
        if reference is not None:
            json["contentReference"] = reference
        else:
            json["type"] = [self._type(element, kind) for kind in self._kinds(element)]
        json["constraint"] = _constraints((part.constraints if part is not None else ()) + element.constraints)
        suffix = self._kinds(element)[0][:1].upper() + self._kinds(element)[0][1:]
        for prefix, value in (
            ("fixed", element.fixed),
            ("pattern", element.pattern),
            ("minValue", element.min_value),
            ("maxValue", element.max_value),
        ):
            json[prefix + suffix] = value
        yield {key: value for key, value in json.items() if value is not None and value != []}
        if part is not None:
            yield from self._below(part, path, element_id)
        stem = element_id if element.slice_name is None else element_id[: element_id.rindex(":")]
        for one in element.slices:
            yield from self._element(one, path, f"{stem}:{one.slice_name}")

    def _part(self, element: Element, path: str, element_id: str) -> TypeDefinition | None:
        """Return the type of the elements that stand below, when they are written there."""
        kind = element.types[0]
        if "#" in kind:
            own, _, place = kind.partition("#")
            # What a base profile says of this place is said here; of another place: a content reference.
            there = place == element_id or (own != self._one.url and place.partition("(")[0] == element_id)
            return self._model.type(kind) if there or place == f"{element_id}({self._plain(kind)})" else None
        return self._model.type(kind) if kind == path and "." in kind else None

    def _reference(self, element: Element, part: TypeDefinition | None) -> str | None:
        kind = element.types[0]
        if part is not None or not ("#" in kind or "." in kind) or kind.startswith(_SYSTEM):
            return None
        return kind if "#" in kind else f"#{kind}"

    def _kinds(self, element: Element) -> tuple[str, ...]:
        return element.key_types or tuple(dict.fromkeys(self._plain(kind) for kind in element.types))

    def _plain(self, name: str) -> str:
        """Return the FHIR type that a type stands on: no profile, no part."""
        found: str | None = name
        while found is not None and ("/" in found or "#" in found):
            one = self._model.type(found)
            found = one.base if one is not None else None
        one = self._model.type(found or name)
        if one is not None and one.kind == "backbone":
            return one.base or "BackboneElement"
        return found or name

    def _type(self, element: Element, kind: str) -> Json:
        json: Json = {"code": kind}
        if kind.startswith(_SYSTEM):
            json["code"] = _SYSTEM_URL + kind
            json["extension"] = [{"url": _REGEX, "valueString": self._one.regex}] if self._one.regex else []
        profiles = element.profiles_of(kind)
        if profiles:
            json["profile"] = [url.partition("#")[0] for url in profiles]
            parts = [url.partition("#")[2] for url in profiles]
            if any(parts):
                json["_profile"] = [
                    {"extension": [{"url": PROFILE_ELEMENT, "valueString": part}]} if part else None for part in parts
                ]
        targets = element.targets_of(kind) if kind in {"Reference", "canonical"} else ()
        json["targetProfile"] = [one if "/" in one else FHIR_URL + one for one in targets]
        json["aggregation"] = list(element.aggregation) if kind == "Reference" else []
        return {key: value for key, value in json.items() if value != []}


def _constraints(constraints: tuple[Constraint, ...]) -> list[Json]:
    return [
        {"key": one.key, "severity": one.severity, "human": one.human}
        | ({"expression": one.expression} if one.expression is not None else {})
        | ({"extension": [{"url": BEST_PRACTICE, "valueBoolean": True}]} if one.best_practice else {})
        for one in constraints
    ]


def _slicing(element: Element) -> Json | None:
    found = element.slicing
    if found is None:
        return None
    return {
        "discriminator": [{"type": one.type, "path": one.path} for one in found.discriminators],
        "ordered": found.ordered,
        "rules": found.rules,
    }


def _binding(element: Element) -> Json | None:
    found = element.binding
    if found is None:
        return None
    json: Json = {"strength": found.strength}
    if found.value_set is not None:
        json["valueSet"] = found.value_set
    if found.max_value_set is not None:
        json["extension"] = [{"url": MAX_VALUE_SET, "valueCanonical": found.max_value_set}]
    return json
