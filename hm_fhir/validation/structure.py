"""Types of FHIR as checks: which elements there are, of what JSON, how many, and the rules of each type.

Source: https://hl7.org/fhir/R4/json.html and https://hl7.org/fhir/R4/elementdefinition.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hm_fhir.validation.bindings import Bindings
from hm_fhir.validation.datatypes import DATATYPE_RULES, check_element_id
from hm_fhir.validation.handlers import (
    Handler,
    companion,
    guarded_choice,
    many_complex,
    many_primitives,
    single_complex,
    single_primitive,
)
from hm_fhir.validation.invariants import Invariant, Invariants
from hm_fhir.validation.primitives.checks import primitive_check
from hm_fhir.validation.remembering import RECURRING, remembered
from hm_fhir.validation.run import Check, Path, Problem, Run
from hm_fhir.validation.targets import plain_reference_first, target_check

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.fhir.definitions import Element, TypeDefinition, TypeModel

Entry = tuple[Handler, int]
"""What to do with a JSON key: its handler, and the bits of the invariants that depend on it."""


class Structure:
    """Makes the check of each FHIR type when it is first needed.

    Args:
        types: the type model.
        bindings: makes the checks of codes.
        resource: checks a resource inside of another one.
        extension: checks extensions against their definitions.
        of_profiles: makes the check that a value conforms to one of several profiles; see `Profiles.any_of`.
    """

    def __init__(
        self,
        types: TypeModel,
        bindings: Bindings,
        resource: Check,
        extension: Check,
        of_profiles: Callable[[tuple[str, ...], str, str | None], Check],
    ) -> None:
        self.types = types
        self._of_profiles = of_profiles
        self.invariants = Invariants(types)
        self._bindings = bindings
        self._resource = resource
        self._extension = extension
        self._checks: dict[str, Check] = {}

    def check(self, name: str) -> Check:
        """Return the check of an instance of a type that is not primitive.

        Args:
            name: name of a complex or resource type, or of a part such as ``Encounter.participant``.
        """
        found = self._checks.get(name)
        if found is None:
            definition = self.types.type(name)
            if definition is None:
                raise LookupError(name)
            found = self._resource if definition.name == "Resource" else self._made(definition)
            self._checks[name] = found
        return found

    def _made(self, definition: TypeDefinition) -> Check:
        invariants = self._of_type(definition)
        table = _Table(self, definition, invariants)
        always = sum(1 << place for place, one in enumerate(invariants) if one.keys is None)
        required = tuple(_keys(element) for element in definition.elements.values() if element.minimum > 0)
        name = definition.name
        own = (DATATYPE_RULES.get(name), self._bindings.rule(name), self._extension if name == "Extension" else None)
        rules = tuple(one for one in own if one is not None)
        by_mask: dict[int, tuple[Check, ...]] = {}

        def check(value: Any, path: Path, run: Run) -> None:
            if type(value) is not dict:
                run.problem(_not_an_object(value), path)
                return
            if not value:
                run.problem(_NOTHING, path)
            elif len(value) == 1 and "id" in value:
                run.problem(_EMPTY, path)
            mask = always
            for key, item in value.items():
                handler, bits = table[key]
                mask |= bits
                handler(item, path, run, value)
            for name, keys in required:
                for key in keys:
                    if key in value:
                        break
                else:
                    run.report("error", "required", "cardinality-min", path, f"{name} is missing")
            if mask:
                checks = by_mask.get(mask)
                if checks is None:
                    checks = tuple(one.check for place, one in enumerate(invariants) if mask >> place & 1)
                    by_mask[mask] = checks
                for invariant in checks:
                    invariant(value, path, run)
            for rule in rules:
                rule(value, path, run)

        return check

    def _of_type(self, definition: TypeDefinition) -> tuple[Invariant, ...]:
        compiled = (self.invariants.compile(one, definition.name, None) for one in definition.constraints)
        return tuple(one for one in compiled if one is not None and one.keys != frozenset())

    def handler(self, element: Element, kind: str, more: tuple[Check, ...] = ()) -> Handler:
        """Return what checks an element of one type.

        Args:
            element: the element.
            kind: name of the type that its JSON key says.
            more: further checks of its values.
        """
        definition = self.types.type(kind)
        name = f"{element.name}.ofType({kind})" if element.choice else element.name
        more = (*self._more(element, kind), *more)
        if definition is None or definition.kind == "primitive":
            check = primitive_check(kind, definition.regex if definition else None)
            codes = self._bindings.fast_codes(element, kind)
            return (many_primitives if element.many else single_primitive)(name, check, codes, more)
        checks: tuple[Check, ...] = (self.check(kind), *more)
        if kind == "Reference" and element.targets and not element.constraints:
            checks = (plain_reference_first(checks, element.targets_of(kind)),)
        # The codings of a concept are remembered with it.
        if kind in RECURRING and element.name != "coding" and not element.constraints:
            checks = (remembered(checks),)
        return (many_complex if element.many else single_complex)(name, checks, element.maximum)

    def _more(self, element: Element, kind: str) -> tuple[Check, ...]:
        """Return what an element asks beside its type: codes, targets of references, its own invariants."""
        found: list[Check] = []
        if element.binding is not None:
            bound = self._bindings.check(element.binding, kind, None)
            if bound is not None:
                found.append(bound)
        targets = element.targets_of(kind)
        if targets and kind == "Reference":
            found.append(target_check(targets, (), None))
        urls = element.profiles_of(kind)
        if urls:  # simple quantities, and the like
            found.append(self._of_profiles(urls, kind, None))
        for constraint in element.constraints:
            invariant = self.invariants.compile(constraint, kind, None)
            if invariant is not None and invariant.keys != frozenset():
                found.append(invariant.check)
        return tuple(found)


class _Table(dict[str, Entry]):
    """JSON key -> entry of one type; an entry is made when its key is first seen."""

    def __init__(self, structure: Structure, definition: TypeDefinition, invariants: tuple[Invariant, ...]) -> None:
        super().__init__()
        self._structure = structure
        self._definition = definition
        self._invariants = invariants

    def __missing__(self, key: str) -> Entry:
        handler = self._handler(key)
        if handler is None:
            return _unknown(key), 0
        bits = sum(1 << place for place, one in enumerate(self._invariants) if one.keys and key in one.keys)
        entry = self[key] = (handler, bits)
        return entry

    def _handler(self, key: str) -> Handler | None:
        definition = self._definition
        if key == "resourceType" and definition.kind == "resource":
            return _nothing
        plain = key[1:] if key.startswith("_") else key
        found = definition.element_of(plain)
        if found is None:
            return None
        element, kind = found
        of_kind = self._structure.types.type(kind)
        primitive = of_kind is None or of_kind.kind == "primitive"
        if key is not plain:
            itself = plain == "id" or (plain == "url" and definition.name == "Extension")
            check = self._structure.check("Element")
            may_be = primitive and kind != "xhtml"
            handler = companion(element, plain, check, itself=itself) if may_be else None
        else:
            # The ids in a snapshot and in a differential are those of the same elements.
            of_element = key == "id" and definition.kind != "resource" and definition.name != "ElementDefinition"
            handler = self._structure.handler(element, kind, (check_element_id,) if of_element else ())
        if handler is None or not element.choice:
            return handler
        return guarded_choice(handler, element, plain)


_NOTHING: Final[Problem] = ("error", "invalid", "empty-object", "an object must not be empty; leave it out")
_EMPTY: Final[Problem] = ("error", "invariant", "ele-1", "an element must have a value or other content")


def _keys(element: Element) -> tuple[str, tuple[str, ...]]:
    keys = tuple(element.json_keys)
    return element.name, (*keys, *(f"_{key}" for key in keys))


def _nothing(_item: Any, _path: Path, _run: Run, _owner: Any) -> None:
    """The key says what the resource is; that was looked at before."""


def _unknown(key: str) -> Handler:
    # The name of a property that nobody knows could be data; one that looks like a slip is shown.
    shown = f" ({key})" if key.isidentifier() and key.isascii() and len(key) <= 40 else ""

    def handler(_item: Any, path: Path, run: Run, _owner: Any) -> None:
        run.report("error", "structure", "unknown-element", path, f"there is no such element{shown}")

    return handler


def _not_an_object(value: Any) -> Problem:
    if value is None:
        return "error", "invalid", "null-value", "null stands where an object must be"
    if isinstance(value, list):
        return "error", "structure", "list-not-expected", "a list stands where one object must be"
    return "error", "structure", "wrong-json-type", "an object must stand here"
