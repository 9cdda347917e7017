"""Profiles as checks: only what a profile asks beyond the FHIR type that it constrains, which is checked anyway.

Source: https://hl7.org/fhir/R4/profiling.html.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.validation.counting import count_check, items_of, too_many
from hm_fhir.validation.discriminators import Discriminators
from hm_fhir.validation.item_rules import ItemRules, Keep, all_of_them
from hm_fhir.validation.run import Check, Path, Run
from hm_fhir.validation.slicing import slicing_check

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Element, TypeDefinition
    from hm_fhir.validation.bindings import Bindings
    from hm_fhir.validation.structure import Structure

_STEPS_KEPT: Final = 8

ElementCheck = Callable[[dict[str, Any], Path, Run], None]
"""Takes the object that holds the element, its path and the run."""


@dataclass(frozen=True, slots=True)
class _ElementRules:
    """What a profile asks of one element.

    Args:
        required: whether it must be there, which is all that is asked of how many there are.
        single: what is asked of the one value that it may have; None: more has to be looked at.
        check: whatever else is asked; None: nothing.
        keys: JSON keys without any of which `check` finds nothing; empty: it must always be run.
    """

    name: str
    required: bool = False
    single: tuple[Check, ...] | None = None
    check: ElementCheck | None = None
    keys: tuple[str, ...] = ()


class Profiles:
    """Makes the check of each profile when it is first needed.

    Args:
        structure: the checks of FHIR types.
        bindings: see `Structure`.
    """

    def __init__(self, structure: Structure, bindings: Bindings) -> None:
        self._structure = structure
        self._types = structure.types
        self._checks: dict[tuple[str, str], Check] = {}
        self.discriminators = Discriminators(self._types, self)
        self.items = ItemRules(self, structure, bindings)

    def root(self, name: str) -> TypeDefinition | None:
        """Return the FHIR type that a type, profile or part of a profile stands on."""
        found = self._types.type(name)
        while found is not None and "/" in found.name:
            found = self._types.type(found.base) if found.base else None
        return found

    def check(self, name: str, base: str | None = None, keep: Keep = all_of_them) -> Check | None:
        """Return the check of what a profile (or a part of one) asks beyond its FHIR type; None: it is not known.

        Args:
            name: URL of the profile, or name of a part of it.
            base: name of the FHIR type that the values were checked against; None: the one that it stands on.
            keep: which of its own invariants are checked.
        """
        definition = self._types.type(name)
        root = self._types.type(base) if base else self.root(name)
        if definition is None or root is None:
            return None
        if keep is not all_of_them:
            return self._lazy(definition, root, keep)
        key = (definition.name, root.name)
        found = self._checks.get(key)
        if found is None:
            found = self._checks[key] = self._lazy(definition, root)
        return found

    def _lazy(self, definition: TypeDefinition, base: TypeDefinition, keep: Keep = all_of_them) -> Check:
        made: Check | None = None

        def check(value: Any, path: Path, run: Run) -> None:
            nonlocal made
            if made is None:
                made = self._made(definition, base, keep)
            made(value, path, run)

        return check

    def _made(self, definition: TypeDefinition, base: TypeDefinition, keep: Keep = all_of_them) -> Check:
        profile = definition.name.partition("#")[0]
        rules = [
            self._element(element, base.elements[element.name], profile)
            for element in definition.elements.values()
            if element.name in base.elements
        ]
        required = tuple((one.name, f"_{one.name}") for one in rules if one.required)
        singles = tuple((one.name, f"_{one.name}", one.single) for one in rules if one.single)
        others = tuple((one.keys, one.check) for one in rules if one.check is not None)
        there = {(one.key, one.expression) for one in base.constraints}
        compiled = [
            self._structure.invariants.compile(one, base.name, profile)
            for one in definition.constraints
            if (one.key, one.expression) not in there and keep(one)
        ]
        invariants = tuple(one for one in compiled if one is not None and one.keys != frozenset())

        def check(value: Any, path: Path, run: Run) -> None:
            if type(value) is not dict:
                return
            for name, extra in required:
                if name not in value and extra not in value:
                    run.report("error", "required", "cardinality-min", path, f"{name} is missing", profile)
            for name, extra, checks in singles:
                if name in value or extra in value:
                    item, here = value.get(name), (path, name)
                    for one in checks:
                        one(item, here, run)
            for keys, whole in others:
                for key in keys:
                    if key in value:
                        whole(value, path, run)
                        break
                else:
                    if not keys:
                        whole(value, path, run)
            for invariant in invariants:
                if invariant.keys is None or not invariant.keys.isdisjoint(value):
                    invariant.check(value, path, run)

        return check

    def _element(self, element: Element, base: Element, profile: str) -> _ElementRules:
        name = element.name
        narrowed = self._narrowed(element, base)
        of_items = self.items.of_items(element, base, profile)
        sliced = slicing_check(element, base, profile, self)
        # An empty list is an error of its own.
        only_required = (
            element.minimum == 1 > base.minimum
            and element.maximum == base.maximum
            and not base.choice
            and not narrowed
        )
        if sliced is None and narrowed is None and element.minimum <= 1 and self._is_list_of_objects(base):
            checks = self.items.of_kind(element, base, base.types[0], profile)
            maximum = element.maximum if element.maximum != base.maximum else None
            each = (_each(name, checks, maximum, profile),) if checks or maximum is not None else None
            return _ElementRules(name, element.minimum > base.minimum, each)
        counted = None if only_required else count_check(element, base, narrowed, profile)
        if of_items is None and sliced is None and counted is None:
            return _ElementRules(name, required=only_required)
        if counted is None and sliced is None and self._has_one_value(element, base):
            return _ElementRules(name, only_required, self.items.of_kind(element, base, base.types[0], profile))
        collect = items_of(element, base, primitive=self.is_primitive)

        def check(owner: dict[str, Any], path: Path, run: Run) -> None:
            items = collect(owner, path)
            if counted is not None:
                counted(items, path, run)
            if of_items is not None:
                of_items(items, run)
            if sliced is not None:
                sliced(items, path, run)

        always = (counted is not None and element.minimum > base.minimum) or _asks_for_slices(element)
        keys = tuple(base.json_keys)
        return _ElementRules(
            name, only_required, check=check, keys=() if always else (*keys, *(f"_{key}" for key in keys))
        )

    def _is_list_of_objects(self, base: Element) -> bool:
        kinds = base.types
        return base.many and not base.choice and len(kinds) == 1 and not self.is_primitive(kinds[0])

    def _has_one_value(self, element: Element, base: Element) -> bool:
        """Return whether an element is one JSON value that says all: no list, no choice, no ``_key`` to look at."""
        if base.many or base.choice or not base.types or base.types == ("Resource",):
            return False
        return not self.is_primitive(base.types[0]) or (
            element.fixed is None and not any("#" in name for name in element.types)
        )

    def _narrowed(self, element: Element, base: Element) -> frozenset[str] | None:
        """Return the types that a profile leaves of a choice, or of any resource; None: all of them."""
        resource = base.types == ("Resource",)
        if not (base.choice or resource) or not element.types:
            return None
        roots = [self.root(name) for name in element.types]
        left = frozenset(one.name for one in roots if one is not None)
        if None in roots or left >= set(base.types) or (resource and "DomainResource" in left):
            return None
        return left

    def is_primitive(self, kind: str) -> bool:
        """Return whether a FHIR type is primitive."""
        definition = self._types.type(kind)
        return definition is None or definition.kind == "primitive"

    def any_of(self, urls: tuple[str, ...], kind: str, profile: str | None) -> Check:
        """Return the check that a value conforms to a profile, or to one of several.

        Args:
            urls: the profiles.
            kind: FHIR type of the values.
            profile: URL of the profile that asks for it; None for FHIR itself.
        """
        if len(urls) == 1:
            only = self.check(urls[0], None if kind == "Resource" else kind)
            url = urls[0]

            def one(value: Any, path: Path, run: Run) -> None:
                if kind == "Resource":
                    name = run.services.type_of(url)
                    if name is not None and isinstance(value, dict) and value.get("resourceType") != name:
                        text = f"a resource that conforms to {url} must stand here"
                        run.report("error", "structure", "type-not-allowed", path, text, profile)
                        return
                if only is None:
                    text = f"the profile {url} is not at hand, so nothing of it was checked"
                    run.report("warning", "not-found", "profile-unknown", path, text, profile)
                else:
                    only(value, path, run)

            return one

        def several(value: Any, path: Path, run: Run) -> None:
            if not any(run.services.conforms(value, url, run) for url in urls):
                text = f"it conforms to none of {', '.join(urls)}"
                run.report("error", "structure", "profile-none", path, text, profile)

        return several


def _each(name: str, checks: tuple[Check, ...], maximum: int | None, profile: str) -> Check:
    """Return the check of a list: how many items there may be, and what each of them has to pass."""
    steps = [f"{name}[{place}]" for place in range(_STEPS_KEPT)]

    def check(value: Any, path: Path, run: Run) -> None:
        if type(value) is not list:
            return
        above = path[0]
        if maximum is not None and len(value) > maximum:
            run.report("error", "structure", "cardinality-max", path, too_many(name, maximum), profile)
        names = steps if len(value) <= _STEPS_KEPT else [f"{name}[{place}]" for place in range(len(value))]
        for item, step in zip(value, names, strict=False):
            if item is not None:
                for one in checks:
                    one(item, (above, step), run)

    return check


def _asks_for_slices(element: Element) -> bool:
    return any(one.minimum > 0 for one in element.slices)
