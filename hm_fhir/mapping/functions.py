"""The functions that mappings add to FHIRPath: ``reference``, ``coding`` and ``translate``.

They hold no state; what they need comes with each evaluation as a :class:`Production`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import RecordRejected, did_you_mean
from hm_fhir.fhirpath import Function

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hm_fhir.activities.identity import Identity
    from hm_fhir.mapping.conceptmap import CodeSystem, ConceptMap

Collection = list[Any]


@dataclass(slots=True)
class Production:
    """What the functions know while one activity is mapped.

    Attributes:
        identity: makes the ids.
        types: FHIR type of each resource name of the pack and those that it extends.
        concept_maps: by name.
        code_systems: by name and by url.
        produced: keys ``Type/id`` of the resources of this activity by resource name.
        outside: keys that were referenced but are not produced, with their resource name.
    """

    identity: Identity
    types: Mapping[str, str]
    concept_maps: Mapping[str, ConceptMap]
    code_systems: Mapping[str, CodeSystem]
    produced: dict[str, list[str]] = field(default_factory=dict)
    outside: dict[str, str] = field(default_factory=dict)


def _reference(production: Production, _: Collection, name: Collection, keys: Collection | None = None) -> Collection:
    resource = _one_text(name, "the name in reference()")
    if resource is None:
        return []
    if resource not in production.types:
        raise RecordRejected(
            "reference() got a name that no resource of the pack has",
            code="unknown-resource-name",
            fix=did_you_mean(resource, production.types),
        )
    if keys is None:
        return [{"reference": key} for key in dict.fromkeys(production.produced.get(resource, []))]
    resource_type = production.types[resource]
    contained = {key for produced in production.produced.values() for key in produced}
    references = []
    for business_key in keys:
        if not isinstance(business_key, str):
            raise RecordRejected("a key in reference() is no text", code="key-not-text")
        if business_key:
            key = f"{resource_type}/{production.identity.resource_id(resource_type, business_key)}"
            if key not in contained:
                production.outside.setdefault(key, resource)
            references.append({"reference": key})
    return references


def _coding(
    production: Production,
    _: Collection,
    system: Collection,
    codes: Collection,
    display: Collection | None = None,
) -> Collection:
    name = _one_text(system, "the system in coding()")
    given = _one_text(display, "the display in coding()") if display else None
    if name is None:
        return []
    carried = production.code_systems.get(name)
    if carried is None and not is_absolute(name):
        raise RecordRejected(
            "coding() got the name of no code system",
            code="unknown-code-system",
            fix=did_you_mean(name, [known for known in production.code_systems if not is_absolute(known)]),
        )
    return [_coded(code, name, carried, given) for code in codes if code != ""]


def _coded(code: Any, name: str, carried: CodeSystem | None, display: str | None) -> dict[str, str]:
    if not isinstance(code, str):
        raise RecordRejected("a code in coding() is no text", code="code-not-text")
    if carried is not None:
        if code not in carried.concepts:
            raise RecordRejected(
                f"the code system {carried.name!r} does not have a code of this record",
                code="unknown-code",
                fix=f"correct the record, or add the code to {carried.name!r}",
            )
        display = display or carried.display(code)
    coding = {"system": carried.url if carried else name, "code": code}
    return {**coding, "display": display} if display else coding


def _translate(production: Production, codes: Collection, name: Collection) -> Collection:
    map_name = _one_text(name, "the name in translate()")
    concept_map = production.concept_maps.get(map_name or "")
    if concept_map is None:
        raise RecordRejected(
            "translate() got the name of no concept map",
            code="unknown-concept-map",
            fix=did_you_mean(map_name or "", production.concept_maps),
        )
    codings: Collection = []
    for code in codes:
        if isinstance(code, dict) and isinstance(code.get("code"), str):
            codings += concept_map.translate(code["code"], code.get("system"))
        elif isinstance(code, str):
            codings += concept_map.translate(code)
        else:
            raise RecordRejected("translate() takes codes and codings", code="code-not-text")
    return codings


def is_absolute(system: str) -> bool:
    """Return whether a code system is written as an absolute URI rather than as a name."""
    return "://" in system or system.startswith("urn:")


def _one_text(collection: Collection, what: str) -> str | None:
    if not collection:
        return None
    if len(collection) > 1 or not isinstance(collection[0], str):
        raise RecordRejected(f"{what} is not one text", code="expression-failed")
    return collection[0]


FUNCTIONS = (
    Function("reference", 1, 2, _reference),
    Function("coding", 2, 3, _coding),
    Function("translate", 1, 1, _translate),
)
