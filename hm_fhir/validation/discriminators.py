"""How an item is told to belong to a slice.

Source: https://hl7.org/fhir/R4/profiling.html#discriminator. The paths are the restricted FHIRPath of that page:
element names, ``$this``, ``extension('url')``, ``ofType(type)`` and ``resolve()``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from hm_fhir.validation.counting import Item
from hm_fhir.validation.discriminator_paths import Step, steps_of, values_at
from hm_fhir.validation.remembering import RECURRING, remembered_test
from hm_fhir.validation.run import Run
from hm_fhir.validation.values import comparison

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import Discriminator, Element, TypeDefinition, TypeModel
    from hm_fhir.validation.profiles import Profiles

Matches = Callable[[Item, Run], bool]
Node = tuple[Any, str]
"""A JSON value and the name of its FHIR type, as far as it is known."""


class Discriminators:
    """Makes what tells whether an item belongs to a slice.

    Args:
        types: the type model.
        profiles: makes the checks of profiles.
    """

    def __init__(self, types: TypeModel, profiles: Profiles) -> None:
        self._types = types
        self._profiles = profiles

    def matcher(self, one: Element, discriminators: Iterable[Discriminator], base: Element) -> Matches | None:
        """Return whether an item is in a slice; None where that cannot be told.

        Args:
            one: the slice.
            discriminators: of the slicing; without any, the slice of an extension goes by its URL and one of a
                choice by its type.
            base: the sliced element of the FHIR type.
        """
        given = [(each.type, each.path) for each in discriminators] or _implied(base)
        tests = [self._test(kind, path, one) for kind, path in given]
        if not tests or None in tests:
            return None
        found = [test for test in tests if test is not None]

        def matches(item: Item, run: Run) -> bool:
            return all(test(item, run) for test in found)

        return matches

    def _test(self, kind: str, path: str, one: Element) -> Matches | None:
        steps = steps_of(path)
        if steps is None:
            return None
        defined = self._defined(one, steps)
        if not defined:
            return None
        maker = {
            "value": self._by_value,
            "pattern": self._by_value,
            "exists": self._by_existence,
            "type": self._by_type,
            "profile": self._by_profile,
        }.get(kind)
        return maker(defined, steps, one) if maker is not None else None

    # --- where a path leads in the definition of the slice

    def _defined(self, one: Element, steps: list[Step]) -> list[Element]:
        """Return the elements of the slice to which a path leads: several where it leads through several slices."""
        at = [one]
        for step in steps:
            at = [found for element in at for found in self._step(element, step)]
        return at

    def _step(self, element: Element, step: Step) -> list[Element]:
        if step.kind == "resolve":
            return [element]
        if step.kind == "type":
            root = [name for name in element.types if (self._name(name)) == step.argument]
            return [element] if root or not element.types else []
        found: list[Element] = []
        for definition in self._definitions(element):
            name = "extension" if step.kind == "extension" else step.argument
            child = definition.elements.get(name)
            if child is None and step.kind == "name":
                child = _by_json_key(definition, step.argument)
            if child is None:
                continue
            if step.kind == "extension":
                found += [one for one in child.slices if self.url_of(one) == step.argument]
            else:
                # What slices of the child fix counts as well: the slice of a coding says the code of the concept.
                found += [child, *child.slices]
        return found

    def _definitions(self, element: Element) -> list[TypeDefinition]:
        """Return the definitions of what stands below an element: its part, its profiles, its type."""
        names = [*element.types, *element.profiles]
        if "Reference" in map(self._name, element.types):
            names += element.targets
        return [definition for name in names for definition in [self._types.type(name)] if definition is not None]

    def _name(self, name: str) -> str:
        root = self._profiles.root(name)
        return root.name if root is not None else name

    def url_of(self, element: Element) -> str | None:
        """Return the URL (or the name of a part) that a slice of extensions stands for; None: it says none."""
        if element.profiles:
            return element.profiles[0].partition("|")[0]
        for definition in self._definitions(element):
            url = definition.elements.get("url")
            if url is not None and url.fixed is not None:
                return str(url.fixed)
        return None

    # --- the tests

    def _by_value(self, defined: list[Element], steps: list[Step], one: Element) -> Matches | None:
        tests = [
            remembered_test(test) if RECURRING.issuperset(map(self._name, element.types)) else test
            for element in defined
            for test in self._value_tests(element)
        ]
        if not tests:
            return None
        walk = self._walk(steps)

        if self._is_plain(one, steps):
            return _by_names(tuple(step.argument for step in steps), tests)

        def matches(item: Item, run: Run) -> bool:
            values = walk(item, run)
            return all(any(test(value, run) for value, _ in values) for test in tests)

        return matches

    def recurring_path(self, slices: Iterable[Element], discriminators: tuple[Discriminator, ...]) -> tuple[str, ...]:
        """Return the path at which the values say all about the slices and come again and again; else nothing."""
        if len(discriminators) != 1 or discriminators[0].type not in ("value", "pattern"):
            return ()
        steps = steps_of(discriminators[0].path)
        if not steps:
            return ()
        for one in slices:
            kinds = {self._name(name) for element in self._defined(one, steps) for name in element.types}
            if not self._is_plain(one, steps) or not kinds or not RECURRING.issuperset(kinds):
                return ()
        return tuple(step.argument for step in steps)

    def _is_plain(self, one: Element, steps: list[Step]) -> bool:
        """Return whether the steps are JSON keys as they are: names, none of them of a choice."""
        at = [one]
        for step in steps:
            if step.kind != "name":
                return False
            at = [found for element in at for found in self._step(element, step)]
            if any(element.choice for element in at):
                return False
        return True

    def _value_tests(self, element: Element) -> list[Callable[[Any, Run], bool]]:
        fixed, pattern = element.fixed, element.pattern
        compared = comparison(fixed, pattern)
        if compared is not None:
            return [lambda value, _run: compared(value)]
        binding = element.binding
        if binding is not None and binding.strength == "required" and binding.value_set is not None:
            return [self._profiles.items.code_test(element, self._name(element.types[0]))]
        return [test for name in element.types if "#" in name for test in self._part_tests(name)]

    def _part_tests(self, name: str) -> list[Callable[[Any, Run], bool]]:
        """Return tests of all that a part fixes below: what is not fixed itself may be so in its elements."""
        definition = self._types.type(name)
        root = self._profiles.root(name)
        if definition is None or root is None:
            return []
        check = self._profiles.check(name, root.name)
        states = any(
            element != root.elements.get(element.name) and _fixes(element, self._types)
            for element in definition.elements.values()
        )
        if check is None or not states:
            return []

        def conforms(value: Any, run: Run) -> bool:
            aside = run.aside()
            check(value, (None, ""), aside)
            return not any(issue.stops for issue in aside.issues)

        return [conforms]

    def _by_existence(self, defined: list[Element], steps: list[Step], _one: Element) -> Matches | None:
        walk = self._walk(steps)
        element = defined[0]
        if element.maximum == 0:
            return lambda item, run: not walk(item, run)
        if element.minimum > 0:
            return lambda item, run: bool(walk(item, run))
        return None

    def _by_type(self, defined: list[Element], steps: list[Step], _one: Element) -> Matches | None:
        resolved = bool(steps) and steps[-1].kind == "resolve"
        wanted: set[str] = set()
        for element in defined:
            if resolved:
                wanted |= {self._name(one) for one in element.targets}
            else:
                names = (element.profiles if _is_resource(element) else ()) or element.types
                wanted |= {self._name(one) for one in names}
        if not wanted:
            return None
        walk = self._walk(steps)

        def matches(item: Item, run: Run) -> bool:
            return any(
                kind in wanted or any(self._types.is_subtype(kind, one) for one in wanted)
                for _, kind in walk(item, run)
            )

        return matches

    def _by_profile(self, defined: list[Element], steps: list[Step], _one: Element) -> Matches | None:
        resolved = bool(steps) and steps[-1].kind == "resolve"
        urls = [url for element in defined for url in (element.targets if resolved else element.profiles)]
        if not urls:
            return None
        walk = self._walk(steps)

        def matches(item: Item, run: Run) -> bool:
            return any(run.services.conforms(value, url, run) for value, _ in walk(item, run) for url in urls)

        return matches

    # --- where a path leads in the data

    def _walk(self, steps: list[Step]) -> Callable[[Item, Run], list[Node]]:
        def walk(item: Item, run: Run) -> list[Node]:
            nodes: list[Node] = [(item.value, _kind_of(item))]
            for step in steps:
                nodes = [found for node in nodes for found in self._down(node, step, run)]
            return nodes

        return walk

    def _down(self, node: Node, step: Step, run: Run) -> Iterable[Node]:
        value, kind = node
        if step.kind == "type":
            return (node,) if kind == step.argument else ()
        if step.kind == "resolve":
            reference = value.get("reference") if isinstance(value, dict) else value
            return _resolved(reference, run) if isinstance(reference, str) else ()
        if not isinstance(value, dict):
            return ()
        if step.kind == "extension":
            found = value.get("extension")
            return [
                (one, "Extension")
                for one in (found if isinstance(found, list) else ())
                if isinstance(one, dict) and one.get("url") == step.argument
            ]
        return self._named(value, kind, step.argument)

    def _named(self, value: dict[str, Any], kind: str, name: str) -> Iterable[Node]:
        definition = self._types.type(kind)
        element = definition.elements.get(name) if definition is not None else None
        keys = element.json_keys if element is not None else {name: ""}
        found: list[Node] = []
        for key, of_kind in keys.items():
            one = value.get(key)
            for each in one if isinstance(one, list) else (one,):
                if each is not None:
                    found.append((each, _resource_type(each) or of_kind))
        return found


def _resolved(reference: str, run: Run) -> Iterable[Node]:
    """Return the resource that a reference means; nothing when it is not at hand, whatever the reference says of it.

    Source: https://hl7.org/fhir/R4/fhirpath.html#functions (resolve).
    """
    resource = run.resolve(reference)
    return ((resource, _resource_type(resource) or ""),) if isinstance(resource, dict) else ()


def _by_names(names: tuple[str, ...], tests: list[Callable[[Any, Run], bool]]) -> Matches:
    """Return the test of a path of plain element names, which are JSON keys as they are."""

    def matches(item: Item, run: Run) -> bool:
        values = values_at(item.value, names)
        for test in tests:
            for value in values:
                if test(value, run):
                    break
            else:
                return False
        return True

    return matches


def _kind_of(item: Item) -> str:
    return _resource_type(item.value) or item.kind


def _resource_type(value: Any) -> str | None:
    kind = value.get("resourceType") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None


def _is_resource(element: Element) -> bool:
    return element.name in ("resource", "contained")


def _implied(base: Element) -> list[tuple[str, str]]:
    if base.types == ("Extension",):
        return [("value", "url")]
    return [("type", "$this")] if base.choice else []


def _by_json_key(definition: TypeDefinition, key: str) -> Element | None:
    found = definition.element_of(key)
    return found[0] if found is not None else None


def _fixes(element: Element, types: TypeModel, depth: int = 0) -> bool:
    """Return whether an element, or one below it, has a fixed value, a pattern or a required binding."""
    if element.fixed is not None or element.pattern is not None:
        return True
    if depth > 8:
        return False
    for name in element.types:
        if "#" in name:
            definition = types.type(name)
            if definition is not None and any(_fixes(one, types, depth + 1) for one in definition.elements.values()):
                return True
    return any(_fixes(one, types, depth + 1) for one in element.slices)
