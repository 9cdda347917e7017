"""Valid values for generated resources: each primitive type in its many forms, codes of a binding, references.

Source of the forms: https://hl7.org/fhir/R4/datatypes.html#primitive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from hm_fhir.fhir.definitions import TypeModel
from hm_fhir.fhir.elements import Element, TypeDefinition
from hm_fhir.testing.activity_parts import Deck

Json = dict[str, Any]

UCUM: Final = "http://unitsofmeasure.org"
EXAMPLE: Final = "http://example.org"
_VALUE_SET: Final = "http://hl7.org/fhir/ValueSet/"

_VALUES: Final[Mapping[str, tuple[Any, ...]]] = {
    "boolean": (True, False),
    "integer": (0, 1, -1, 7, 2147483647, -2147483648),
    "unsignedInt": (0, 1, 12, 2147483647),
    "positiveInt": (1, 2, 12, 2147483647),
    "decimal": tuple(map(Decimal, ("0", "1", "-1", "9.20", "0.000001", "100.00", "3.14159265358979", "1E+3",
        "-0.5"))),
    "string": ("a", "Мостра", "two words", 'quotes " and \\', "line\nbreak\ttab", "a-b_c.d", "ünïcode ✓ 👩", "12"),
    "markdown": ("plain", "# Title\n\n* **bold** [link](http://example.org/a)", "един ред"),
    "uri": ("http://example.org/a", "urn:oid:2.16.840.1.113883.4.642",
        "urn:uuid:6ba7b810-9dad-41d1-80b4-00c04fd430c8", "https://a.example/b?c=d#e"),
    "url": ("http://example.org/a", "https://example.org:8443/b?c=d", "mailto:nobody@example.org", "ftp://example.org/f"),
    "canonical": ("http://example.org/thing", "http://example.org/thing|1.0", "http://example.org/thing|2.1.0"),
    "oid": ("urn:oid:2.16.840.1.113883.4.642", "urn:oid:2.16.840.1.113883"),
    "uuid": ("urn:uuid:6ba7b810-9dad-41d1-80b4-00c04fd430c8", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
    "id": ("a", "A-1.b", "0123456789", "x" * 64),
    "code": ("a", "a-b", "two words"),
    "base64Binary": ("AA==", "SGVsbG8=", "SGVsbG8gd29ybGQh"),
    "date": ("2020", "2020-02", "2020-02-29", "1905-08-23", "2099-12-31"),
    "dateTime": (
        "2020", "2020-02", "2020-02-29", "2015-02-07T13:28:17-05:00", "2020-01-01T00:00:00Z",
        "2020-01-01T23:59:59.999+02:00", "2020-06-30T10:00:00.123456Z",
    ),
    "instant": ("2015-02-07T13:28:17.239+02:00", "2017-01-01T00:00:00Z", "2020-06-30T10:00:00.1Z"),
    "time": ("00:00:00", "10:30:00", "23:59:59"),
}  # fmt: skip

_UNITS: Final = ("mg", "kg", "cm", "mm[Hg]", "/min", "d", "h", "%", "10*3/uL", "mmol/L", "{score}", "1", "mg/kg")
_TIME_UNITS: Final = ("s", "min", "h", "d", "wk", "mo", "a")
_LENGTH_UNITS: Final = ("m", "km", "cm")

_OPEN: Final[Mapping[str, tuple[str, ...]]] = {
    "mimetypes": ("text/plain", "application/fhir+json", "image/png", "text/html; charset=UTF-8"),
    "currencies": ("BGN", "EUR", "USD"),
    "ucum-units": _UNITS,
    "languages": ("en", "de", "fr", "en-US"),
    "all-languages": ("bg", "en"),
    "units-of-time": _TIME_UNITS,
}
"""Codes of value sets that cannot be listed."""

_SYSTEM_OF: Final = {
    "mimetypes": "urn:ietf:bcp:13",
    "currencies": "urn:iso:std:iso:4217",
    "ucum-units": UCUM,
    "languages": "urn:ietf:bcp:47",
    "all-languages": "urn:ietf:bcp:47",
}

_OUTSIDE: Final = (
    ("http://loinc.org", "29463-7"),
    ("http://loinc.org", "8867-4"),
    ("http://snomed.info/sct", "73211009"),
    ("http://hl7.org/fhir/sid/icd-10", "Z34.9"),
    (f"{EXAMPLE}/codes", "anything"),
)
"""Codings that nobody can check offline, or that nobody knows."""

_ODD: Final = 0.06


class Values:
    """Makes values, from all their forms in turn.

    Args:
        deck: where choices come from.
        model: the types and value sets.
    """

    def __init__(self, deck: Deck, model: TypeModel) -> None:
        self._deck = deck
        self._model = model
        self._ids = 0
        self.references: list[tuple[Json, tuple[str, ...]]] = []
        """Each reference made, with the types that it may point to."""

    def primitive(self, kind: str, element: Element) -> Any:
        """Return a value of a primitive type, from its binding where it has one."""
        if element.fixed is not None:
            return element.fixed
        if element.binding is not None and kind in ("code", "string", "uri"):
            found = self._bound(element)
            if found is not None:
                return found[1]
        if kind in ("uri", "url", "canonical") and element.name == "system":
            return f"{EXAMPLE}/system"
        return self._deck.turn(kind, _VALUES[kind])

    def new_id(self, prefix: str = "e") -> str:
        """Return an id that no other element of the resource has."""
        self._ids += 1
        return f"{prefix}{self._ids}"

    def coding(self, element: Element) -> Json:
        """Return a Coding that satisfies a binding."""
        found = self._bound(element)
        chance = self._deck.chance
        if found is None or (self._free(element) and chance.happens(0.15)):
            found = self._deck.turn("outside", _OUTSIDE)
        coding: Json = {"system": found[0], "code": found[1]}
        if chance.happens(0.3):
            coding["display"] = "a display"
        if chance.happens(0.1):
            coding["userSelected"] = chance.happens(0.5)
        return coding

    def concept(self, element: Element) -> Json:
        """Return a CodeableConcept that satisfies a binding."""
        strength = element.binding.strength if element.binding else "example"
        chance = self._deck.chance
        if strength != "required" and chance.happens(0.15):
            return {"text": self._deck.turn("string", _VALUES["string"])}
        concept: Json = {"coding": [self.coding(element)]}
        if self._free(element) and chance.happens(0.15):
            concept["coding"].append(dict(zip(("system", "code"), self._deck.turn("outside", _OUTSIDE), strict=True)))
        if chance.happens(0.3):
            concept["text"] = self._deck.turn("string", _VALUES["string"])
        return concept

    def quantity(self, kind: str, *, simple: bool = False) -> Json:
        """Return a Quantity, or one of its kinds (Age, Duration ...).

        Args:
            kind: name of the type.
            simple: without a comparator.
        """
        chance = self._deck.chance
        if kind == "Count":
            return {"value": 7, "system": UCUM, "code": "1"}
        units = {"Age": _TIME_UNITS, "Duration": _TIME_UNITS, "Distance": _LENGTH_UNITS}.get(kind, _UNITS)
        value: Any = self._deck.turn("decimal", _VALUES["decimal"])
        if kind == "Age":
            value = Decimal("2.5")
        unit = self._deck.turn(f"unit {kind}", units)
        quantity: Json = {"value": value}
        if not simple and chance.happens(0.1):
            quantity["comparator"] = chance.pick(("<", "<=", ">=", ">"))
        if chance.happens(0.5):
            quantity["unit"] = "a unit"
        if kind != "Quantity" or chance.happens(0.7):
            quantity |= {"system": UCUM, "code": unit}
        return quantity

    def reference(self, element: Element) -> Json:
        """Return a Reference to one of the types that an element allows."""
        chance = self._deck.chance
        asked = element.targets_of("Reference")
        targets = tuple(one for one in asked if "/" not in one)
        if asked and not targets:
            return {"display": "somebody"}
        target = chance.pick(targets) if targets else "Patient"
        form = chance.number(0, 11)
        found: Json
        if form == 0:
            found = {"reference": f"https://fhir.example.org/base/{target}/{self._id()}"}
        elif form == 1:
            found = {"reference": self._deck.turn("uuid", _VALUES["uuid"])}
        elif form == 2:
            found = {"identifier": {"system": f"{EXAMPLE}/numbers", "value": "12"}}
        elif form == 3:
            found = {"display": "somebody"}
        elif form == 4:
            found = {"reference": f"{target}/{self._id()}/_history/2"}
        else:
            found = {"reference": f"{target}/{self._id()}"}
        if chance.happens(0.15):
            found["type"] = target
        if chance.happens(0.2):
            found["display"] = "a display"
        self.references.append((found, targets))
        return found

    def extension(self, inner: bool = True) -> Json:
        """Return an extension that nobody defined: simple, or with others inside."""
        chance = self._deck.chance
        url = f"{EXAMPLE}/extension/{chance.pick(('one', 'two', 'three'))}"
        if inner and chance.happens(0.2):
            return {"url": url, "extension": [{"url": "part", **self._value()}, {"url": "other", **self._value()}]}
        return {"url": url, **self._value()}

    def narrative(self) -> Json:
        """Return a narrative."""
        inside = self._deck.turn(
            "narrative",
            ("text", "<p>one</p><p>two <b>bold</b><br/></p>", '<table><tr><td class="a">1 &lt; 2</td></tr></table>',
             '<a href="http://example.org">a</a> <img src="http://example.org/i.png" alt="i"/>',
                 "<ul><li>Мостра</li></ul>"),
        )  # fmt: skip
        status = self._deck.turn("narrative status", ("generated", "extensions", "additional"))
        return {"status": status, "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'}

    def odd(self) -> bool:
        """Return whether something rare happens now."""
        return self._deck.chance.happens(_ODD)

    def _value(self) -> Json:
        kind = self._deck.turn(
            "extension type", ("string", "boolean", "dateTime", "decimal", "integer", "code", "uri")
        )
        return {f"value{kind[0].upper()}{kind[1:]}": self._deck.turn(kind, _VALUES[kind])}

    def _free(self, element: Element) -> bool:
        """Return whether a code of anywhere is good for an element."""
        binding = element.binding
        if binding is None or binding.value_set is None:
            return True
        name = binding.value_set.partition("|")[0].removeprefix(_VALUE_SET)
        return binding.strength in ("preferred", "example") and name not in _OPEN

    def _id(self) -> str:
        return str(self._deck.turn("id", _VALUES["id"]))

    def _bound(self, element: Element) -> tuple[str, str] | None:
        """Return system and code of a binding's value set, as far as its codes are known."""
        url = element.binding.value_set if element.binding else None
        if url is None:
            return None
        plain = url.partition("|")[0]
        name = plain.removeprefix(_VALUE_SET)
        if name in _OPEN:
            return _SYSTEM_OF.get(name, UCUM), self._deck.turn(name, _OPEN[name])
        listed = self._model.value_set(plain)
        if listed is None:
            return None
        systems = sorted(system for system, codes in listed.systems.items() if codes)
        if not systems:
            return None
        system = self._deck.turn(f"systems {plain}", systems)
        return system, self._deck.turn(f"{plain} {system}", sorted(listed.systems[system]))


def element_order(definition: TypeDefinition, names: Sequence[str]) -> list[str]:
    """Return names of elements in the order of the definition."""
    order = {name: number for number, name in enumerate(definition.elements)}
    return sorted(names, key=lambda name: order[name])
