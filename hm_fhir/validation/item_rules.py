"""What a profile asks of each item of an element: its value, codes, targets, invariants and the elements below.

Source: https://hl7.org/fhir/R4/elementdefinition.html.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hm_fhir.validation.counting import Items
from hm_fhir.validation.invariants import looks_around
from hm_fhir.validation.remembering import RECURRING, remembered
from hm_fhir.validation.run import Check, Path, Run
from hm_fhir.validation.targets import target_check
from hm_fhir.validation.values import comparison, less

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Constraint, Element
    from hm_fhir.validation.bindings import Bindings
    from hm_fhir.validation.profiles import Profiles
    from hm_fhir.validation.structure import Structure

Keep = Callable[["Constraint"], bool]
"""Whether an invariant is among those that are checked."""


def all_of_them(_constraint: Constraint) -> bool:
    """Keep every invariant."""
    return True


class ItemRules:
    """Makes the checks of items.

    Args:
        profiles: makes the checks of profiles.
        structure: the checks of FHIR types.
        bindings: makes the checks of codes.
    """

    def __init__(self, profiles: Profiles, structure: Structure, bindings: Bindings) -> None:
        self._profiles = profiles
        self._structure = structure
        self._types = structure.types
        self._bindings = bindings

    def of_items(self, element: Element, base: Element, profile: str) -> Callable[[Items, Run], None] | None:
        """Return what an element of a profile asks of each of its items; None: nothing."""
        kinds = _kinds(element, base, self._profiles)
        by_kind = {kind: self.of_kind(element, base, kind, profile) for kind in kinds}
        # A primitive is a JSON value with its id and extensions beside it; a profile sees one element.
        whole = {kind: tuple(self._part_checks(element, kind)) for kind in kinds if self._profiles.is_primitive(kind)}
        if not any(by_kind.values()) and not any(whole.values()):
            return None
        fixed = element.fixed is not None

        def check(items: Items, run: Run) -> None:
            for item in items:
                for one in by_kind.get(item.kind, ()):
                    one(item.value, item.path, run)
                if fixed and isinstance(item.extra, dict) and "extension" in item.extra:
                    text = f"{element.name}: the value is fixed, so it has no extensions"
                    run.report("error", "value", "fixed-value", item.path, text, profile)
                for one in whole.get(item.kind, ()):
                    extra = item.extra if isinstance(item.extra, dict) else {}
                    one(extra if item.value is None else {**extra, "value": item.value}, item.path, run)

        return check

    def of_kind(self, element: Element, base: Element, kind: str, profile: str) -> tuple[Check, ...]:
        """Return the checks of the items of one type: where the same values come again, each is checked once."""
        if kind not in RECURRING or not all(self._is_alone(name) for name in element.types):
            return self._item_checks(element, base, kind, profile)
        around = [one for one in self._constraints(element, base, kind) if looks_around(one)]
        pending = []
        for constraint in around:
            parts = self._structure.invariants.split(constraint, kind, profile, self._resource_type(profile))
            if parts is None:
                return self._item_checks(element, base, kind, profile)
            pending.append(parts)
        checks = self._item_checks(element, base, kind, profile, lambda one: not looks_around(one))
        return (remembered(checks, tuple(pending)),) if checks or pending else ()

    def _resource_type(self, profile: str) -> str:
        root = self._profiles.root(profile)
        return root.name if root is not None and root.kind == "resource" else "Resource"

    def _constraints(self, element: Element, base: Element, kind: str) -> list[Constraint]:
        """Return the invariants of an element, and of its part, that its type does not have."""
        definitions = [self._types.type(kind), *(self._types.type(name) for name in element.types)]
        plain = definitions[0]
        there = {(one.key, one.expression) for one in (*base.constraints, *(plain.constraints if plain else ()))}
        given = [*element.constraints, *(one for each in definitions[1:] if each for one in each.constraints)]
        return [one for one in dict.fromkeys(given) if (one.key, one.expression) not in there]

    def _is_alone(self, name: str) -> bool:
        """Return whether nothing that a part says of the elements below it looks at more than these."""
        definition = self._types.type(name) if "#" in name else None
        if definition is None:
            return "/" not in name
        elements = [*definition.elements.values()]
        while elements:
            element = elements.pop()
            below = [self._types.type(one) for one in element.types if "#" in one]
            given = [*element.constraints, *(one for each in below if each for one in each.constraints)]
            if any(map(looks_around, given)) or element.profiles or "Reference" in element.types:
                return False
            elements += [*element.slices, *(one for each in below if each for one in each.elements.values())]
        return True

    def _item_checks(
        self, element: Element, base: Element, kind: str, profile: str, keep: Keep = all_of_them
    ) -> tuple[Check, ...]:
        found: list[Check] = []
        compared = comparison(element.fixed, element.pattern)
        if compared is not None and (element.fixed, element.pattern) != (base.fixed, base.pattern):
            found.append(_value_check(compared, element, profile))
        if element.binding is not None and element.binding != base.binding:
            bound = self._bindings.check(element.binding, kind, profile)
            found += [bound] if bound is not None else []
        targets, places = element.targets_of(kind), element.aggregation
        if kind == "Reference" and (set(targets), places) != (set(base.targets_of(kind)), base.aggregation):
            found.append(target_check(targets, places, profile))
        found += _limits(element, base, profile)
        urls = element.profiles_of(kind)
        if urls and set(urls) != set(base.profiles_of(kind)) and kind != "Extension":
            found.append(self._profiles.any_of(urls, kind, profile))
        there = {(one.key, one.expression) for one in base.constraints}
        definition = self._types.type(kind)
        there |= {(one.key, one.expression) for one in definition.constraints} if definition else set()
        for constraint in element.constraints:
            if (constraint.key, constraint.expression) not in there and keep(constraint):
                invariant = self._structure.invariants.compile(constraint, kind, profile)
                found += [invariant.check] if invariant is not None else []
        if not self._profiles.is_primitive(kind):
            found += self._part_checks(element, kind, keep)
        return tuple(found)

    def _part_checks(self, element: Element, kind: str, keep: Keep = all_of_them) -> list[Check]:
        """Return the checks of what a profile says of the elements below."""
        found = []
        for name in element.types:
            if "#" in name or "/" in name:
                root = self._profiles.root(name)
                if len(element.types) == 1 or (root is not None and root.name == kind):
                    part = self._profiles.check(name, None if kind == "Resource" else kind, keep)
                    found += [part] if part is not None else []
        return found

    def code_test(self, element: Element, kind: str) -> Callable[[Any, Run], bool]:
        """Return whether a value has a code of the value set that an element is bound to."""
        has_code = self._bindings.test(element.binding.value_set if element.binding else None, kind)
        return lambda value, _run: has_code(value)


def _kinds(element: Element, base: Element, profiles: Profiles) -> tuple[str, ...]:
    """Return the names of the FHIR types that items of an element can have."""
    if not base.choice:
        if base.types == ("Resource",):
            return ("Resource",)
        return base.types
    wanted = set()
    for name in element.types:
        root = profiles.root(name)
        wanted.add(root.name if root is not None else name)
    return tuple(kind for kind in base.types if kind in wanted)


def _value_check(compared: Callable[[Any], bool], element: Element, profile: str) -> Check:
    fixed = element.fixed is not None
    rule = "fixed-value" if fixed else "pattern-value"
    text = "it does not have the value that is fixed" if fixed else "it lacks what the pattern asks for"

    def check(value: Any, path: Path, run: Run) -> None:
        if not compared(value) and (fixed or value is not None):
            run.report("error", "value", rule, path, f"{element.name}: {text}", profile)

    return check


def _limits(element: Element, base: Element, profile: str) -> list[Check]:
    found: list[Check] = []
    length, least, most = element.max_length, element.min_value, element.max_value
    if length is not None and length != base.max_length:

        def short(value: Any, path: Path, run: Run) -> None:
            if isinstance(value, str) and len(value) > length:
                run.report("error", "too-long", "max-length", path, f"at most {length} characters", profile)

        found.append(short)
    if (least is not None or most is not None) and (least, most) != (base.min_value, base.max_value):

        def ranged(value: Any, path: Path, run: Run) -> None:
            below = least is not None and less(value, least)
            if below or (most is not None and less(most, value)):
                run.report("error", "value", "value-range", path, "it is out of the range of its profile", profile)

        found.append(ranged)
    return found
