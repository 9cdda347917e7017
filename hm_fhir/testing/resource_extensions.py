"""Extensions that FHIR itself defines, for generated resources: where they may stand, with a fitting value."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from hm_fhir.fhir.definitions import TypeModel
from hm_fhir.fhir.elements import Element, TypeDefinition
from hm_fhir.testing.activity_parts import Deck
from hm_fhir.testing.resource_values import EXAMPLE, Json, Values

_EVERYWHERE: Final = ("Element", "Resource", "DomainResource")
_QUANTITIES: Final = frozenset({"Quantity", "Age", "Count", "Distance", "Duration"})
_SIMPLE: Final[dict[str, Json]] = {
    "Period": {"start": "2020-01-01", "end": "2020-02"},
    "Identifier": {"system": f"{EXAMPLE}/numbers", "value": "12"},
    "Address": {"city": "a"},
    "HumanName": {"family": "a"},
    "ContactPoint": {"system": "phone", "value": "1"},
    "Annotation": {"text": "a"},
    "Attachment": {"url": f"{EXAMPLE}/a.txt", "contentType": "text/plain"},
    "Range": {"low": {"value": 1}, "high": {"value": 2}},
    "Ratio": {"numerator": {"value": 1}, "denominator": {"value": 2}},
    "Money": {"value": 1, "currency": "BGN"},
    "ContactDetail": {"name": "a"},
    "Expression": {"language": "text/fhirpath", "expression": "true"},
    "Timing": {"event": ["2020-01-01"]},
    "Signature": {
        "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}],
        "when": "2020-01-01T00:00:00Z",
        "who": {"display": "a"},
    },
}


class KnownExtensions:
    """Makes extensions from their definitions.

    Args:
        deck: where choices come from.
        model: the types, with definitions of extensions.
        values: makes their values.
    """

    def __init__(self, deck: Deck, model: TypeModel, values: Values) -> None:
        self._deck = deck
        self._model = model
        self._values = values
        self._of: dict[str, list[str]] = defaultdict(list)
        self._modifiers: set[str] = set()
        for url in sorted(model.profiles):
            definition = model.type(url)
            if definition is None or definition.base != "Extension":
                continue
            if definition.is_modifier:
                self._modifiers.add(url)
                continue
            for context in definition.contexts:
                if context.type == "element":
                    self._of[context.expression].append(url)

    def urls(self, *names: str) -> list[str]:
        """Return the extensions that may stand on any of these: types and paths of elements."""
        return [url for name in names for url in self._of.get(name, ())]

    def anywhere(self) -> str:
        """Return some extension."""
        return self._deck.turn("known extensions", sorted({url for urls in self._of.values() for url in urls}))

    def make(self, url: str) -> Json | None:
        """Return an extension with a value of a type and from the codes that its definition asks for, or None.

        Args:
            url: of its definition.
        """
        definition = self._model.type(url)
        if definition is None:
            return None
        content = self._content(definition)
        return None if content is None else {"url": url, **content}

    def _content(self, definition: TypeDefinition) -> Json | None:
        value, inner = definition.elements.get("value"), definition.elements.get("extension")
        if value is not None and value.maximum != 0:
            return self._value(value)
        parts: list[Json] = []
        for one in inner.slices if inner is not None else ():
            part = self._model.type(one.types[0])
            fixed = part.elements["url"].fixed if part is not None and "url" in part.elements else None
            if part is None or fixed is None:
                return None
            if one.minimum or self._deck.chance.happens(0.5) or not parts:
                content = self._content(part)
                if content is None:
                    return None
                parts.append({"url": fixed, **content})
        return {"extension": parts} if parts else None

    def _value(self, element: Element) -> Json | None:
        if element.fixed is not None or element.pattern is not None or element.slices:
            return None
        key, kind = self._deck.chance.pick(sorted(element.json_keys.items()))
        of = self._model.type(kind)
        if of is None:
            return None
        plain = of.name if "/" not in of.name else str(of.base)
        made: Any
        if of.kind == "primitive":
            made = self._values.primitive(plain, element)
        elif plain == "CodeableConcept":
            made = self._values.concept(element)
        elif plain == "Coding":
            made = self._values.coding(element)
        elif plain in _QUANTITIES:
            made = self._values.quantity(plain)
        elif plain == "Reference":
            made = self._values.reference(element)
        elif plain in _SIMPLE:
            made = dict(_SIMPLE[plain])
        else:
            return None
        return {key: made}
