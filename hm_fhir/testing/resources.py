"""Generated resources of every type of R4, for tests of validation: every data type, every form of a value.

They are valid as far as types, cardinalities, bindings and the invariants of R4 say so; what an implementation asks
beyond (that the snapshot of a StructureDefinition makes sense) is not looked at. The same seed gives the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from hm_fhir.errors import HmFhirError
from hm_fhir.fhir.definitions import TypeModel, r4
from hm_fhir.fhir.elements import Constraint, Element, TypeDefinition
from hm_fhir.fhirpath import Expression, Scope, expression
from hm_fhir.fhirpath.static import UNKNOWN
from hm_fhir.testing import resource_specials, resource_words
from hm_fhir.testing.activity_parts import Deck
from hm_fhir.testing.people import Chance
from hm_fhir.testing.resource_extensions import KnownExtensions
from hm_fhir.testing.resource_values import EXAMPLE, Json, Values, element_order

_SHARES: Final = (0.05, 0.9, 0.3, 0.15, 0.5)
_LESS_BELOW: Final = 0.55
_DEEPEST: Final = 7
_MOST_NODES: Final = 150
_REPAIRS: Final = 60
_ASIDE: Final = frozenset({"id", "extension", "modifierExtension"})
_OF_RESOURCES: Final = frozenset({"meta", "implicitRules", "text", "contained"})
_QUANTITIES: Final = frozenset(
    {"Quantity", "Age", "Count", "Distance", "Duration", "SimpleQuantity", "MoneyQuantity"}
)
_CONTEXT: Final = ("resource", "rootResource", "context")


def generate_resources(
    seed: int, count: int, types: Sequence[str] | None = None, *, repaired: bool = True
) -> Iterator[Json]:
    """Yield resources as plain data.

    Types come in turn; of each type the first is nearly minimal, the second nearly maximal, the others in between.

    Args:
        seed: another seed, other resources.
        count: how many.
        types: names of resource types; all of R4 when None.
        repaired: whether the invariants of R4 hold; without it they hold or fail as chance wants.
    """
    model = r4()
    chosen = tuple(types) if types is not None else tuple(sorted(model.resource_types))
    maker = _Maker(Deck(Chance(seed)), model, repaired=repaired)
    for number in range(count):
        turn = number // len(chosen)
        share = _SHARES[turn] if turn < 2 else maker.chance.pick(_SHARES)
        yield maker.resource(chosen[number % len(chosen)], f"r{number}", share)


class _Maker:
    def __init__(self, deck: Deck, model: TypeModel, *, repaired: bool) -> None:
        self.deck = deck
        self.chance = deck.chance
        self.model = model
        self.values = Values(deck, model)
        self.extensions = KnownExtensions(deck, model, self.values)
        self.repaired = repaired
        self._share = 0.3
        self._nodes = 0
        self._rules: dict[str, Callable[[Json], int]] = {}

    def resource(self, kind: str, name: str, share: float, *, plain: bool = False) -> Json:
        """Return a resource.

        Args:
            kind: its type.
            name: its id.
            share: how much of what may be absent is there.
            plain: without meta, narrative, contained resources and extensions of its own.
        """
        before = self._share, self._nodes, self.values.references
        self._share, self._nodes, self.values.references = share, 0, []
        try:
            special = resource_specials.MAKERS.get(kind)
            body = self.node(kind, 0) if special is None else special(self, kind)
            made: Json = {"resourceType": kind, "id": name, **(self._around(kind) if not plain else {}), **body}
            if not plain and "text" in self._type(kind).elements:
                self._contain(made)
            return made
        finally:
            self._share, self._nodes, self.values.references = before

    def _around(self, kind: str) -> Json:
        """Return meta, language, narrative and extensions of a resource."""
        found: Json = {}
        if self.chance.happens(0.2):
            found["meta"] = {
                "versionId": "3",
                "lastUpdated": "2020-06-30T10:00:00Z",
                "source": "http://example.org/s",
            }
        if self.chance.happens(0.1):
            found.setdefault("meta", {})["tag"] = [{"system": "http://example.org/tags", "code": "a"}]
        if "text" in self._type(kind).elements:
            if self.chance.happens(0.3):
                found["text"] = self.values.narrative()
            if self.chance.happens(0.1):
                found["extension"] = [self._extension(kind)]
        return found

    def _extension(self, name: str) -> Json:
        """Return one that may stand on a type: of FHIR itself, or one that nobody knows."""
        known = self.extensions.urls(name)
        made = self.extensions.make(self.deck.turn(f"extensions of {name}", known)) if known else None
        if made is not None and self.chance.happens(0.6):
            return made
        if self.chance.happens(0.3):
            return self.values.extension()
        value = self._type("Extension").elements["value"]
        return {"url": f"{EXAMPLE}/extension/four", **self._part("Extension", value, _DEEPEST)}

    def _contain(self, made: Json) -> None:
        """Turn one reference of a resource into one to a contained resource, sometimes."""
        if not self.chance.happens(0.25):
            return
        there = {id(value) for value in _objects(made)}
        usable = [one for one in self.values.references if id(one[0]) in there and "resourceType" not in one[0]]
        usable = [one for one in usable if one[1] and not set(one[1]) & {"Bundle", "Binary", "Parameters"}]
        if not usable:
            return
        reference, targets = self.chance.pick(usable)
        kind = self.chance.pick(targets)
        inner = self.resource(kind, "c1", 0.1, plain=True)
        reference.clear()
        reference["reference"] = "#c1"
        body = {
            key: made.pop(key) for key in list(made) if key not in ("resourceType", "id", "meta", "language", "text")
        }
        made["contained"] = [inner]
        made.update(body)

    def node(self, name: str, depth: int) -> Json:
        """Return an object of a complex type, as good as its own invariants ask for.

        Args:
            name: the type.
            depth: how deep it is in the resource.
        """
        self._nodes += 1
        definition = self._type(name)
        parts: dict[str, Json] = {}
        for element in definition.elements.values():
            if self._wanted(definition, element, depth):
                parts[element.name] = self._part(name, element, depth)
        if not any(parts.values()):
            self._add_something(definition, parts, depth)
        if self.repaired:
            self._repair(definition, parts, depth)
        made = self._joined(definition, parts)
        if depth and self.values.odd():
            made = {"extension": [self._extension(name)], **made}
        if depth and self.chance.happens(0.02):
            made = {"id": self.values.new_id(), **made}
        return made

    def _wanted(self, definition: TypeDefinition, element: Element, depth: int) -> bool:
        if element not in self._usable(definition):
            return False
        if element.minimum:
            return True
        if depth >= _DEEPEST or self._nodes > _MOST_NODES:
            return False
        return self.chance.happens(self._share * _LESS_BELOW**depth)

    def _usable(self, definition: TypeDefinition) -> list[Element]:
        """Return the elements that are drawn one by one."""
        aside = _ASIDE | _OF_RESOURCES if definition.kind == "resource" else _ASIDE
        return [
            one
            for one in definition.elements.values()
            if one.name not in aside
            and one.maximum != 0
            and f"{definition.name}.{one.name}" not in resource_words.NEVER
        ]

    def _add_something(self, definition: TypeDefinition, parts: dict[str, Json], depth: int) -> None:
        """An object must not be empty."""
        usable = self._usable(definition)
        simple = [one for one in usable if self._is_primitive(one)] if depth else []
        if depth:
            element = self.chance.pick(simple or usable)
            parts[element.name] = self._part(definition.name, element, depth)

    def _is_primitive(self, element: Element) -> bool:
        kind = self.model.type(element.types[0])
        return kind is not None and kind.kind == "primitive"

    def _part(self, owner: str, element: Element, depth: int) -> Json:
        """Return the JSON keys and values of an element."""
        kinds = element.json_keys
        keys = list(kinds)
        if element.choice and self._nodes > _MOST_NODES:
            keys = [key for key in keys if self.model.type(kinds[key]).kind == "primitive"] or keys  # type: ignore[union-attr]
        key = self.deck.turn(f"keys {keys}", keys)
        kind = kinds[key]
        if not element.many:
            return self._with_extension(key, kind, self._value(owner, kind, element, depth))
        number = max(element.minimum, self.chance.pick((1, 1, 1, 2, 3)))
        if f"{owner}.{element.name}" in resource_words.SINGLE:
            number = 1
        if element.maximum is not None:
            number = min(number, element.maximum)
        found = [self._value(owner, kind, element, depth) for _ in range(number)]
        if element.name in resource_words.DISTINCT:
            found = [one for index, one in enumerate(found) if one not in found[:index]]
        return {key: found}

    def _with_extension(self, key: str, kind: str, value: Any) -> Json:
        """Return a single value, sometimes with an extension on it when it is primitive."""
        if isinstance(value, dict) or not self.values.odd() or kind == "xhtml":
            return {key: value}
        return {key: value, f"_{key}": {"extension": [self.values.extension()]}}

    def _value(self, owner: str, kind: str, element: Element, depth: int) -> Any:
        if kind == "Resource":
            return self.resource(
                "Basic" if depth > 1 else self._some_type(), self.values.new_id("i"), 0.1, plain=True
            )
        word = resource_words.word(self.deck, owner, element.name)
        if word is not None:
            return word
        definition = self._type(kind)
        if definition.kind == "primitive":
            return self.values.primitive(kind, element)
        if kind == "CodeableConcept":
            return self.values.concept(element)
        if kind == "Coding":
            return self.values.coding(element)
        if kind in _QUANTITIES:
            return self.values.quantity(kind, simple=bool(element.profiles))
        if kind == "Reference":
            return self.values.reference(element)
        if kind == "Extension":
            return self.values.extension()
        if kind == "Narrative":
            return self.values.narrative()
        if kind == "Meta":
            return {"versionId": "1"}
        return self.node(kind, depth + 1)

    def _some_type(self) -> str:
        names = sorted(self.model.resource_types - {"Bundle", "Parameters"})
        return self.deck.turn("inner type", names)

    def _type(self, name: str) -> TypeDefinition:
        definition = self.model.type(name)
        assert definition is not None, name  # noqa: S101 - the model is complete
        return definition

    def _joined(self, definition: TypeDefinition, parts: dict[str, Json]) -> Json:
        made: Json = {}
        for name in element_order(definition, list(parts)):
            made.update(parts[name])
        return made

    def _repair(self, definition: TypeDefinition, parts: dict[str, Json], depth: int) -> None:
        """Draw parts anew, add and drop them, until the invariants hold."""
        broken = self._broken(definition, parts)
        if not broken:
            return
        usable = self._usable(definition)
        for _ in range(_REPAIRS):
            texts = " ".join(rule.text for rule in broken)
            named = [one for one in usable if one.name in texts]
            element = self.chance.pick(named if named and self.chance.happens(0.8) else usable)
            other = dict(parts)
            if element.name in other and not element.minimum and self.chance.happens(0.6):
                del other[element.name]
            else:
                other[element.name] = self._part(definition.name, element, max(depth, _DEEPEST - 2))
            if depth and not any(other.values()):
                continue
            still = self._broken(definition, other)
            if len(still) <= len(broken):
                broken = still
                parts.clear()
                parts.update(other)
            if not broken:
                return

    def _broken(self, definition: TypeDefinition, parts: dict[str, Json]) -> list[Expression]:
        """Return the invariants of the object itself that do not hold."""
        made = self._joined(definition, parts)
        if definition.kind == "resource":
            made = {"resourceType": definition.name, **made}
        variables = dict.fromkeys(_CONTEXT, made)
        broken = [rule for rule in _rules(definition.name) if not _holds(rule, made, variables)]
        for element in definition.elements.values():
            part = parts.get(element.name)
            if not part or not element.constraints:
                continue
            for key, kind in element.json_keys.items():
                values = part.get(key, [])
                for value in values if isinstance(values, list) else [values]:
                    broken += [
                        rule
                        for rule in _element_rules(definition.name, element.name, kind)
                        if not _holds(rule, value, variables)
                    ]
        return broken


@cache
def _rules(name: str) -> tuple[Expression, ...]:
    definition = r4().type(name)
    assert definition is not None  # noqa: S101 - the model is complete
    return _compiled(definition.constraints, name, definition.kind == "resource")


@cache
def _element_rules(owner: str, name: str, kind: str) -> tuple[Expression, ...]:
    definition = r4().type(owner)
    assert definition is not None  # noqa: S101 - the model is complete
    return _compiled(definition.elements[name].constraints, kind, inside=False)


def _compiled(constraints: Sequence[Constraint], root: str, inside: bool) -> tuple[Expression, ...]:
    found = []
    for rule in constraints:
        text = rule.expression
        if rule.severity != "error" or text is None or rule.key in ("ele-1", "dom-3", "txt-1", "txt-2", "ref-1"):
            continue
        if "%resource" in text and not inside:
            continue
        variables = dict.fromkeys(_CONTEXT, UNKNOWN)
        found.append(expression.compile(text, types=r4(), root=root, variables=variables, strict=False))
    return tuple(found)


def _holds(rule: Expression, value: Any, variables: Json) -> bool:
    try:
        return rule.true(Scope(value, variables))
    except HmFhirError:
        return False


def _objects(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _objects(one)
    elif isinstance(value, list):
        for one in value:
            yield from _objects(one)
