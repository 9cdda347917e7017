"""Generated resources that need more than their definition: Bundles, and profiles that make sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hm_fhir.testing.resource_values import Json

_KINDS: Final = (
    "collection",
    "transaction",
    "searchset",
    "batch",
    "history",
    "document",
    "message",
    "batch-response",
)
_BASE: Final = "https://fhir.example.org/base"


def bundle(maker: Any, kind: str) -> Json:  # noqa: ARG001 - the makers have one signature
    """Return what a Bundle holds beside its id.

    Args:
        maker: makes the resources in it.
        kind: ``Bundle``.
    """
    use = maker.deck.turn("bundle", _KINDS)
    made: Json = {"type": use}
    if use == "document":
        made |= {
            "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:6ba7b810-9dad-41d1-80b4-00c04fd430c8"}
        }
    if maker.chance.happens(0.3) or use in ("document", "message"):
        made["timestamp"] = "2020-06-30T10:00:00Z"
    if use in ("searchset", "history") and maker.chance.happens(0.5):
        made["total"] = maker.chance.number(2, 9)
    if maker.chance.happens(0.2):
        made["link"] = [{"relation": "self", "url": f"{_BASE}/Patient?name=a"}]
    made["entry"] = [_entry(maker, use, number) for number in range(_count(maker, use))]
    return made


def _count(maker: Any, use: str) -> int:
    """A document has only what its Composition leads to."""
    return 1 if use == "document" else maker.chance.number(1, 4)


def _entry(maker: Any, use: str, number: int) -> Json:
    if number == 0 and use in ("document", "message"):
        kind = {"document": "Composition", "message": "MessageHeader"}[use]
    else:
        kind = maker.deck.turn("inner type", ("Patient", "Observation", "Organization", "Basic", "Condition"))
    name = f"b{number}"
    inner = maker.resource(kind, name, 0.05, plain=True)
    entry: Json = {"fullUrl": f"{_BASE}/{kind}/{name}", "resource": inner}
    if use == "history":
        inner["meta"] = {"versionId": str(number + 1)}
    if use in ("transaction", "batch", "history"):
        entry["request"] = {"method": "PUT", "url": f"{kind}/{name}"}
    if use == "searchset" and maker.chance.happens(0.6):
        entry["search"] = {"mode": maker.chance.pick(("match", "include"))}
    if use in ("batch-response", "history"):
        entry["response"] = {"status": "200 OK", "etag": 'W/"1"'}
    if use == "document":
        _without_targets(inner)
    return entry


def _without_targets(value: Any) -> None:
    """What a document refers to must be in it: name it in words instead."""
    if isinstance(value, list):
        for one in value:
            _without_targets(one)
    elif isinstance(value, dict):
        if isinstance(value.get("reference"), str) and not value["reference"].startswith("#"):
            value.clear()
            value["display"] = "somebody"
        for one in value.values():
            _without_targets(one)


def structure_definition(maker: Any, kind: str) -> Json:  # noqa: ARG001 - the makers have one signature
    """Return a profile of a resource type that asks a little more than its base.

    Args:
        maker: makes choices.
        kind: ``StructureDefinition``.
    """
    of = maker.deck.turn("inner type", ("Patient", "Observation", "Organization", "Basic", "Condition"))
    elements: list[Json] = [{"id": of, "path": of}]
    for name in maker.model.type(of).elements:
        if name in ("identifier", "code", "name", "text", "language") and maker.chance.happens(0.6):
            rule = maker.chance.pick(({"min": 1}, {"mustSupport": True}, {"short": "a word"}, {"comment": "why"}))
            elements.append({"id": f"{of}.{name}", "path": f"{of}.{name}", **rule})
    return {
        "url": f"http://example.org/StructureDefinition/{of}-{maker.chance.number(1, 9)}",
        "name": f"Narrower{of}",
        "status": maker.chance.pick(("draft", "active")),
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": False,
        "type": of,
        "baseDefinition": f"http://hl7.org/fhir/StructureDefinition/{of}",
        "derivation": "constraint",
        "differential": {"element": elements},
    }


MAKERS: Final[Mapping[str, Callable[[Any, str], Json]]] = {
    "Bundle": bundle,
    "StructureDefinition": structure_definition,
}
"""Resource type -> what makes it, for types that need more than their definition."""
