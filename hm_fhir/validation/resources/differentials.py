"""The differential of a profile against the base: elements that exist, in their order, not wider than they were.

Source: https://hl7.org/fhir/R4/elementdefinition.html#interpretation and https://hl7.org/fhir/R4/profiling.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.validation.json_parts import listed, text_of
from hm_fhir.validation.run import Path, Run

if TYPE_CHECKING:
    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.fhir.elements import Element, TypeDefinition

_ANY: Final = frozenset(["Resource", "DomainResource", "Element", "BackboneElement"])
"""Types that others stand for."""


@dataclass(frozen=True, slots=True)
class _Place:
    """An element of the base, found by the path of a differential element.

    Args:
        element: the element.
        position: its place among its siblings, and theirs, from the outermost on.
        types: names of the types that it may still have.
        renamed: whether the path names one type of a choice (``valueQuantity``).
    """

    element: Element
    position: tuple[int, ...]
    types: tuple[str, ...]
    renamed: bool


def check_differential(elements: list[Any], base: TypeDefinition, root: str, path: Path, run: Run) -> None:
    """Report elements of a differential that cannot be applied to the base.

    Args:
        elements: ``differential.element``.
        base: the type or profile that it constrains.
        root: name of the type: the first step of every path.
        path: of the differential.
        run: the validation.
    """
    walk = _Walk(base, run)
    last: tuple[int, ...] = ()
    for place, one in enumerate(elements):
        text = one.get("path") if isinstance(one, dict) else None
        if not isinstance(text, str):
            continue
        here = (path, f"element[{place}]")
        steps = text.split(".")
        if steps[0] != root:
            walk.error(here, f"the path must start with {root}")
        elif len(steps) > 1:
            found = walk.find(steps[1:], one)
            if found is None:
                walk.error(here, "the base has no element of this path")
                continue
            sliced = isinstance(one.get("sliceName"), str) or found.renamed
            if not _follows(last, found.position, sliced=sliced):
                walk.error(here, "it is not in the order of the base, or stands there twice without being a slice")
            last = found.position
            walk.check(one, found, sliced, here)


def _follows(last: tuple[int, ...], position: tuple[int, ...], *, sliced: bool) -> bool:
    for before, after in zip(last, position, strict=False):
        if before != after:
            return before < after
    return len(position) > len(last) or sliced


def _more(most: str, limit: int) -> bool:
    return most == "*" or (most.isdecimal() and int(most) > limit)


class _Walk:
    """Finds the elements of a differential in the base; knows what earlier elements of it said."""

    def __init__(self, base: TypeDefinition, run: Run) -> None:
        self.base = base
        self.run = run
        self.types: TypeModel = run.services.types
        self.narrowed: dict[str, tuple[str, ...]] = {}
        self.sliced: set[str] = set()

    def error(self, path: Path, text: str) -> None:
        self.run.report("error", "invalid", "differential", path, text)

    def find(self, steps: list[str], one: Any) -> _Place | None:
        """Return the place of a path, without its first step; None when the base has none."""
        holders: tuple[TypeDefinition, ...] = (self.base,)
        position: tuple[int, ...] = ()
        found: _Place | None = None
        name = one.get("id") if isinstance(one.get("id"), str) else ""
        for depth, step in enumerate(steps):
            found = next((at for holder in holders if (at := self._step(holder, step, position)) is not None), None)
            if found is None:
                return None
            position = found.position
            names = self.narrowed.get(".".join(name.split(".")[: depth + 2]), found.types)
            holders = tuple(kind for one in names if (kind := self.types.type(one)) is not None)
        return found

    def _step(self, holder: TypeDefinition, step: str, above: tuple[int, ...]) -> _Place | None:
        plain = step.removesuffix("[x]")
        for place, element in enumerate(holder.elements.values()):
            keys = element.json_keys if element.choice else {}
            if element.name == plain or step in keys:
                types = (keys[step],) if step in keys and element.choice else element.types
                return _Place(element, (*above, place), types, step in keys and element.choice)
        return None

    def check(self, one: Any, found: _Place, sliced: bool, path: Path) -> None:
        """Check what a differential element asks."""
        text = one["path"]
        if "slicing" in one:
            self.sliced.add(text)
        elif sliced and not found.renamed and not self._is_sliced(text, found.element):
            self.error(path, "it is a slice of an element that was not sliced before")
        if not sliced:
            self._check_count(one, found.element, path)
        types = self._check_types(one, found, path)
        if isinstance(one.get("id"), str) and types:
            self.narrowed[one["id"]] = types
        self._check_value(one, types or found.types, path)
        self._check_binding(one, found.element, path)

    def _is_sliced(self, text: str, element: Element) -> bool:
        extension = element.name in ("extension", "modifierExtension")
        return text in self.sliced or extension or element.choice or element.slicing is not None

    def _check_count(self, one: Any, element: Element, path: Path) -> None:
        least, most = one.get("min"), one.get("max")
        if type(least) is int and least < element.minimum:
            self.error(path, f"min must be at least {element.minimum}, as in the base")
        if element.maximum is not None and isinstance(most, str) and _more(most, element.maximum):
            self.error(path, f"max must be at most {element.maximum}, as in the base")

    def _check_types(self, one: Any, found: _Place, path: Path) -> tuple[str, ...]:
        """Check the types, and return their names."""
        names: list[str] = []
        for kind in listed(one, "type"):
            code = text_of(kind, "code")
            if code is None or code.startswith("http:"):
                continue
            # The JSON of a part has the type of the part in the model.
            names += found.types if code in ("BackboneElement", "Element") else (code,)
            if code not in found.types and not self._allowed(code, found.types):
                self.error(path, "the base does not have this type")
            targets = found.element.targets_of(code)
            wanted = kind.get("targetProfile")
            if targets and isinstance(wanted, list) and not all(self._pointed(url, targets) for url in wanted):
                self.error(path, "the base does not have this target of the reference")
        return tuple(names)

    def _allowed(self, code: str, types: tuple[str, ...]) -> bool:
        if code in ("BackboneElement", "Element"):
            return any("." in kind or "#" in kind for kind in types)
        roots = {self._root(kind) for kind in types}
        return code in roots or any(kind in _ANY and self.types.is_subtype(code, kind) for kind in roots)

    def _root(self, name: str) -> str:
        one = self.types.type(name)
        while one is not None and "/" in one.name and one.base is not None:
            one = self.types.type(one.base)
        return name if one is None else one.name

    def _pointed(self, url: Any, targets: tuple[str, ...]) -> bool:
        kind = self.run.services.type_of(url) if isinstance(url, str) else None
        if kind is None:
            return True  # not at hand
        allowed = {self.run.services.type_of(one) if "/" in one else one for one in targets}
        return None in allowed or any(one is not None and self.types.is_subtype(kind, one) for one in allowed)

    def _check_value(self, one: Any, types: tuple[str, ...], path: Path) -> None:
        roots = {self._root(kind) for kind in types}
        if any(root.startswith("System.") or "." in root for root in roots):
            return  # ids and parts
        for key in one:
            for prefix in ("fixed", "pattern"):
                kind = key.removeprefix(prefix)
                if kind not in (key, "") and roots.isdisjoint({kind, f"{kind[:1].lower()}{kind[1:]}"}):
                    self.error(path, f"the {prefix} value is not of a type of the element")

    def _check_binding(self, one: Any, element: Element, path: Path) -> None:
        binding = one.get("binding")
        strength = binding.get("strength") if isinstance(binding, dict) else None
        required = element.binding is not None and element.binding.strength == "required"
        if required and isinstance(strength, str) and strength != "required":
            self.error(path, "the binding must stay required, as in the base")
