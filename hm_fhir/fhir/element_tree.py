"""The elements of a StructureDefinition as a tree: what stands below an element, and its slices.

Rules of ids and paths: https://hl7.org/fhir/R4/elementdefinition.html#id and
https://hl7.org/fhir/R4/elementdefinition.html#path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_PLACE = frozenset({"id", "path", "sliceName"})

Step = tuple[str, str | None]
"""A part of an element id: name (``value[x]``) and name of the slice."""


@dataclass(slots=True)
class Branch:
    """An element with what stands below it.

    Args:
        name: last part of its path: ``participant``, ``value[x]``.
        json: its ElementDefinition without id, path and slice name, which `elements` makes anew.
        children: by name; None: those of its type, not written out.
        slices: by slice name; the slices of a slice stand in it, named ``a/b``.
        alias: slice name that means the element itself, because it is not sliced.
        stated: whether the differential at hand says something of the element itself.
        wider: the types of a choice before the differential at hand named some of them (``valueQuantity``).
    """

    name: str
    json: dict[str, Any]
    children: dict[str, Branch] | None = None
    slices: dict[str, Branch] = field(default_factory=dict)
    alias: str | None = None
    stated: bool = False
    wider: list[dict[str, Any]] | None = None

    def copy(self) -> Branch:
        """Return one that can be changed without changing this one."""
        return Branch(
            self.name,
            dict(self.json),
            None if self.children is None else {name: one.copy() for name, one in self.children.items()},
            {name: one.copy() for name, one in self.slices.items()},
            self.alias,
        )

    def walk(self) -> Iterator[Branch]:
        """Yield this branch and all below."""
        yield self
        for one in (*(self.children or {}).values(), *self.slices.values()):
            yield from one.walk()

    def slice(self, name: str) -> tuple[Branch, Branch | None]:
        """Return the branch that holds a slice, or would hold it, and the slice, or None.

        Args:
            name: of the slice; ``a/b`` is held by the slice ``a`` where there is one.
        """
        holder = self
        parts = name.split("/")
        for count in range(1, len(parts)):
            holder = holder.slices.get("/".join(parts[:count]), holder)
        return holder, holder.slices.get(name)

    def at(self, steps: Iterable[Step]) -> Branch | None:
        """Return the branch at the end of steps from here, or None."""
        found: Branch | None = self
        for name, slice_name in steps:
            found = (found.children or {}).get(name) if found is not None else None
            if found is not None and slice_name is not None and found.alias != slice_name:
                found = found.slice(slice_name)[1]
        return found

    def elements(self, path: str = "", element_id: str = "") -> Iterator[dict[str, Any]]:
        """Yield the ElementDefinitions in their order: an element, those below it, its slices.

        Args:
            path: of the element above.
            element_id: of the element above.
        """
        path = f"{path}.{self.name}" if path else self.name
        element_id = f"{element_id}.{self.name}" if element_id else self.name
        yield from self._elements(path, element_id, self.alias)

    def _elements(self, path: str, stem: str, slice_name: str | None) -> Iterator[dict[str, Any]]:
        own_id = f"{stem}:{slice_name}" if slice_name else stem
        yield {"id": own_id, "path": path} | ({"sliceName": slice_name} if slice_name else {}) | self.json
        for child in (self.children or {}).values():
            yield from child.elements(path, own_id)
        for name, one in self.slices.items():
            yield from one._elements(path, stem, name)


def tree(elements: Iterable[Mapping[str, Any]]) -> Branch:
    """Return the tree of a snapshot.

    Raises:
        ValueError: an element stands below one that is missing.
    """
    root: Branch | None = None
    for steps, json in with_steps(elements):
        (name, slice_name), own = steps[-1], {key: value for key, value in json.items() if key not in _PLACE}
        one = Branch(name, own)
        if root is None:
            root = one
            continue
        above = root.at(steps[1:-1])
        if above is None:
            raise ValueError(f"no element stands above {json.get('id') or json.get('path')}")
        if above.children is None:
            above.children = {}
        if slice_name is None:
            above.children[name] = one
        elif name not in above.children:
            # A slice name without a slicing names the element itself, as in some profiles of the specification.
            one.alias = slice_name
            above.children[name] = one
        else:
            above.children[name].slice(slice_name)[0].slices[slice_name] = one
    if root is None:
        raise ValueError("there is no element")
    return root


def with_steps(elements: Iterable[Mapping[str, Any]]) -> Iterator[tuple[list[Step], Mapping[str, Any]]]:
    """Yield each element with the steps of its id; where there is no good id, path and slice name tell.

    Raises:
        ValueError: an element has no path.
    """
    open_slices: dict[str, str] = {}
    for json in elements:
        path = json.get("path")
        if not isinstance(path, str) or not path:
            raise ValueError("an element has no path")
        names = path.split(".")
        steps = _steps_of_id(json.get("id"), names)
        if steps is None:
            prefixes = [".".join(names[: count + 1]) for count in range(len(names))]
            steps = [(name, open_slices.get(prefix)) for name, prefix in zip(names, prefixes, strict=True)]
            steps[-1] = (names[-1], json.get("sliceName"))
        # An element ends the slices of its own path, and of all below it, and may open one.
        for prefix in [one for one in open_slices if one == path or one.startswith(f"{path}.")]:
            del open_slices[prefix]
        for count, (_, slice_name) in enumerate(steps):
            if slice_name is not None:
                open_slices[".".join(names[: count + 1])] = slice_name
        yield steps, json


def _steps_of_id(element_id: object, names: list[str]) -> list[Step] | None:
    if not isinstance(element_id, str):
        return None
    steps: list[Step] = []
    for token in element_id.split("."):
        name, _, slice_name = token.partition(":")
        steps.append((name, slice_name or None))
    if len(steps) != len(names) or steps[0][0] != names[0]:
        return None
    # Only the way of writing a choice may differ: value[x] and valueQuantity.
    same = all(
        name == step[0]
        or name.startswith(step[0].removesuffix("[x]"))
        or step[0].startswith(name.removesuffix("[x]"))
        for name, step in zip(names, steps, strict=True)
    )
    return steps if same else None
