"""Whether an item that a template makes belongs to a slice.

Source: https://hl7.org/fhir/R4/profiling.html#discriminator. Paths are the restricted FHIRPath of that page.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hm_fhir.fhir.definitions import Discriminator
from hm_fhir.mapping.checker.matching import Match, OneOf, agreed
from hm_fhir.mapping.checker.naming import base_name
from hm_fhir.mapping.checker.values import ANY_PROFILE, ANYTHING, Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hm_fhir.fhir.definitions import Element, TypeDefinition, TypeModel
    from hm_fhir.mapping.checker.codes import Codes
    from hm_fhir.mapping.checker.matching import Matching
    from hm_fhir.mapping.checker.objects import Objects
    from hm_fhir.mapping.checker.values import Shape, Target

_STEP: Final = re.compile(
    r"\$this|extension\(\s*'(?P<extension>[^']*)'\s*\)|ofType\(\s*(?P<type>[A-Za-z]+)\s*\)|(?P<resolve>resolve\(\))"
    r"|(?P<name>[A-Za-z]+)(?:\[x\])?"
)
_BY_URL: Final = (Discriminator("value", "url"),)
_BY_TYPE: Final = (Discriminator("type", "$this"),)


class _Step(NamedTuple):
    kind: str
    name: str


@lru_cache(maxsize=256)
def _steps(path: str) -> tuple[_Step, ...] | None:
    """Return the steps of a path; None when it is none that a discriminator may have."""
    steps = []
    for part in re.split(r"\.(?![^(]*\))", path):
        found = _STEP.fullmatch(part.strip())
        if found is None:
            return None
        if found.lastgroup is not None:
            steps.append(_Step(found.lastgroup, found[found.lastgroup]))
    return tuple(steps)


class Discriminators:
    """Compares items with slices.

    Args:
        model: all types.
        objects: takes the templates apart.
        matching: compares what they make with JSON values.
        codes: knows the value sets.
    """

    def __init__(self, model: TypeModel, objects: Objects, matching: Matching, codes: Codes) -> None:
        self._model = model
        self._objects = objects
        self._matching = matching
        self._codes = codes

    def match(self, shape: Shape, kind: str, one: Element, sliced: Element) -> Match:
        """Return whether an item belongs to a slice.

        Args:
            shape: the item.
            kind: FHIR type that it is used as.
            one: the slice.
            sliced: the element that is cut into slices.
        """
        given = sliced.slicing.discriminators if sliced.slicing is not None else ()
        if not given:
            given = _BY_TYPE if sliced.choice else _BY_URL if kind == "Extension" else ()
        return min((self._one(shape, kind, one, each) for each in given), default=Match.UNKNOWN)

    def _one(self, shape: Shape, kind: str, one: Element, discriminator: Discriminator) -> Match:
        steps = _steps(discriminator.path)
        if steps is None:
            return Match.UNKNOWN
        match discriminator.type:
            case "value" | "pattern":
                return self._value(shape, kind, one, steps)
            case "exists":
                return self._exists(shape, one, steps)
            case "type":
                return self._type(shape, kind, one, steps)
            case "profile":
                return self._profile(shape, one, steps)
            case _:
                return Match.UNKNOWN

    # --- what the slice says at the end of a path -------------------------------------------------------------------

    def definitions(self, element: Element) -> Iterator[TypeDefinition]:
        """Yield what says which elements stand below an element: its type, and the profiles that it follows."""
        for name in (*element.types, *(element.profiles if len(element.profiles) == 1 else ())):
            definition = self._model.type(name)
            if definition is not None:
                yield definition

    def _demands(self, element: Element, steps: tuple[_Step, ...]) -> Iterator[Any]:
        """Yield the JSON values that must stand at the end of a path."""
        for whole in (element.fixed, element.pattern):
            if whole is not None:
                yield from _dug(whole, steps)
        if not steps:
            if element.fixed is None and element.pattern is None:
                yield from self._implied(element)
            return
        step, rest = steps[0], steps[1:]
        if step.kind == "type":
            yield from self._demands(element, rest)
            return
        for definition in self.definitions(element):
            if step.kind == "extension":
                children = definition.elements["extension"].slices if "extension" in definition.elements else ()
                found = [child for child in children if self.url_of(child) == step.name]
            else:
                child = definition.elements.get(step.name)
                found = [] if child is None else [child, *(part for part in child.slices if part.minimum)]
            for child in found:
                yield from self._demands(child, rest)

    def _implied(self, element: Element) -> Iterator[Any]:
        """Yield what is asked of an element without a value of its own: by its binding, or by what it consists of."""
        binding = element.binding
        if binding is not None and binding.strength == "required":
            allowed = self._codes.allowed(binding.value_set)
            if allowed is not None:
                yield OneOf(allowed.contains)
                return
        inner: dict[str, Any] = {}
        for definition in self.definitions(element):
            if "#" not in definition.name:
                continue
            for child in definition.elements.values():
                parts = [child, *(part for part in child.slices if part.minimum)] if not child.choice else []
                found = [value for part in parts for value in self._demands(part, ())]
                if found:
                    inner[child.name] = found if child.many or len(found) > 1 else found[0]
        if inner:
            yield inner

    def url_of(self, element: Element) -> str | None:
        """Return the URL of an extension by what its element says."""
        for definition in self.definitions(element):
            url = definition.elements.get("url")
            if url is not None and isinstance(url.fixed, str):
                return url.fixed
        return element.profiles[0].partition("|")[0] if len(element.profiles) == 1 else None

    # --- kinds of discriminators -----------------------------------------------------------------------------------

    def _value(self, shape: Shape, kind: str, one: Element, steps: tuple[_Step, ...]) -> Match:
        if steps == (_Step("name", "url"),) and kind == "Extension":
            url = self.url_of(one)
            return Match.UNKNOWN if url is None else self._matching.shape(shape, {"url": url})
        found = []
        for value in self._demands(one, steps):
            wanted = self._around(value, kind, steps)
            found.append(Match.UNKNOWN if wanted is None else self._matching.shape(shape, wanted))
        return min(found, default=Match.UNKNOWN)

    def _around(self, value: Any, kind: str, steps: tuple[_Step, ...]) -> Any:
        """Return the JSON that has a value at the end of a path; None when the path is too free for that."""
        if not steps:
            return value
        step, rest = steps[0], steps[1:]
        if step.kind == "extension":
            inner = self._around(value, "Extension", rest)
            return None if not isinstance(inner, dict) else {"extension": [{"url": step.name, **inner}]}
        definition = self._model.type(kind)
        element = definition.elements.get(step.name) if definition is not None else None
        if step.kind != "name" or element is None:
            return None
        key, below = element.name, element.types[0] if element.types else ""
        if element.choice:
            if not rest or rest[0].kind != "type":
                return None
            key, below, rest = f"{element.name}{rest[0].name[:1].upper()}{rest[0].name[1:]}", rest[0].name, rest[1:]
        inner = self._around(value, below, rest)
        return None if inner is None else {key: [inner] if element.many else inner}

    def _elements(self, one: Element, steps: tuple[_Step, ...]) -> list[Element]:
        """Return the elements of a slice to which a path of names leads."""
        elements = [one]
        for step in steps:
            elements = [
                child
                for element in elements
                for definition in self.definitions(element)
                if (child := definition.elements.get(step.name)) is not None
            ]
        return elements

    def _exists(self, shape: Shape, one: Element, steps: tuple[_Step, ...]) -> Match:
        elements = self._elements(one, steps)
        presence = self._presence(shape, steps)
        if not elements or presence is None:
            return Match.UNKNOWN
        there = {Presence.NEVER: Match.NO, Presence.MAYBE: Match.PARTLY, Presence.ALWAYS: Match.YES}
        found = there.get(presence, Match.UNKNOWN)
        if elements[0].maximum == 0:
            return {Match.NO: Match.YES, Match.YES: Match.NO}.get(found, found)
        return found if elements[0].minimum else Match.UNKNOWN

    def _presence(self, shape: Shape, steps: tuple[_Step, ...]) -> Presence | None:
        """Return whether there is something at the end of a path of names, as far as it is known."""
        if len(steps) != 1 or steps[0].kind != "name" or shape.made is None:
            return None
        kind = steps[0].name
        keys = [key for key in self._objects.names(shape.made) if key == kind or _is_choice_key(key, kind)]
        if len(keys) > 1:
            return None
        value = self._objects.member(shape.made, keys[0] if keys else kind)
        return Presence.NEVER if value is None else value.presence

    def _type(self, shape: Shape, kind: str, one: Element, steps: tuple[_Step, ...]) -> Match:
        if not steps:
            wanted = {base_name(self._model, name) for name in (one.key_types or one.types)}
            return Match.YES if kind in wanted else Match.NO
        return self._at_end(shape, one, steps, by_profile=False)

    def _profile(self, shape: Shape, one: Element, steps: tuple[_Step, ...]) -> Match:
        return self._at_end(shape, one, steps, by_profile=True)

    def _at_end(self, shape: Shape, one: Element, steps: tuple[_Step, ...], *, by_profile: bool) -> Match:
        """Return whether what references at the end of a path lead to is what the slice allows there."""
        *names, last = steps or (_Step("", ""),)
        if last.kind != "resolve" or any(step.kind != "name" for step in names):
            return Match.UNKNOWN
        shapes = [shape]
        for step in names:
            values = [
                self._objects.member(each.made, step.name) if each.made is not None else ANYTHING for each in shapes
            ]
            shapes = [each for value in values if value is not None for each in value.shapes]
        allowed = [url for element in self._elements(one, tuple(names)) for url in element.targets_of("Reference")]
        return agreed(self._resolved(each, allowed, by_profile=by_profile) for each in shapes)

    def _resolved(self, shape: Shape, allowed: Sequence[str], *, by_profile: bool) -> Match:
        if shape.referred is None or not allowed:
            return Match.UNKNOWN
        return agreed(
            max((self._points(target, one, by_profile=by_profile) for one in allowed), default=Match.NO)
            for target in shape.referred.exact
        )

    def _points(self, target: Target, wanted: str, *, by_profile: bool) -> Match:
        if not self._model.is_subtype(target.type, base_name(self._model, wanted)):
            return Match.NO
        if not by_profile or "/" not in wanted:
            return Match.YES
        if target.profile == ANY_PROFILE:
            return Match.UNKNOWN
        return Match.YES if target.profile and self._model.is_subtype(target.profile, wanted) else Match.NO


def _dug(value: Any, steps: Iterable[_Step]) -> Iterator[Any]:
    """Yield what stands at the end of a path in a JSON value."""
    found = [value]
    for step in steps:
        if step.kind == "type":
            continue
        inner = [one[step.name] for one in found if isinstance(one, dict) and step.name in one]
        found = [each for one in inner for each in (one if isinstance(one, list) else [one])]
    yield from found


def _is_choice_key(key: str, name: str) -> bool:
    return key.startswith(name) and key[len(name) : len(name) + 1].isupper()
