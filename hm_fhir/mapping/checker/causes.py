"""Which mapping makes a part of another pack wrong, and with which variable: its author cannot edit that part."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.mapping.checker.scope import Deferred
from hm_fhir.mapping.template.tree import ArrayNode, Collection, Constant, First, For, ObjectNode, Text, uses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hm_fhir.mapping.checker.finding import Spot
    from hm_fhir.mapping.checker.scope import Binding
    from hm_fhir.mapping.pack import CompiledMapping, Pack
    from hm_fhir.mapping.template.tree import Node

_VARIABLE: Final = re.compile(r"%([A-Za-z_]\w*)", re.ASCII)
_KINDS: Final = {"String": "a text", "Boolean": "true or false", "Integer": "a number", "Decimal": "a number"}


class MappingCause:
    """One mapping as the cause of findings.

    Args:
        pack: of the mapping.
        mapping: itself.
        variables: those that it has assigned so far; it grows while the mapping is checked.
    """

    def __init__(self, pack: Pack, mapping: CompiledMapping, variables: Mapping[str, Binding]) -> None:
        self._pack = pack
        self._mapping = mapping
        self._variables = variables

    @property
    def file(self) -> str:
        """Name of its file."""
        return self._mapping.document.name

    def of(self, spot: Spot) -> str | None:
        """Return which of its variables lead to a place of another pack, and where it assigns them."""
        if self._is_own(spot.document.name):
            return None
        said = [self._assigned(name, binding) for name, binding in self._behind(spot)]
        return " and ".join(said) or f"so it is in the mapping {self._mapping.name!r} ({self._short(self.file)})"

    def _is_own(self, file: str) -> bool:
        return Path(file).is_relative_to(self._pack.folder)

    def _short(self, file: str) -> str:
        return str(Path(file).relative_to(self._pack.folder.parent)) if self._is_own(file) else file

    def _behind(self, spot: Spot) -> Iterator[tuple[str, Deferred]]:
        """Yield the variables of the mapping's own pack that a place depends on."""
        text = spot.text if spot.text is not None else _value_at(spot)
        names = _VARIABLE.findall(text)
        seen: set[str] = set()
        while names:
            name = names.pop(0)
            binding = self._variables.get(name)
            if name in seen or not isinstance(binding, Deferred):
                continue
            seen.add(name)
            if self._is_own(binding.env.document.name):
                yield name, binding
            else:
                names += sorted({other for use in uses(binding.node) for other in use.free_variables})

    def _assigned(self, name: str, binding: Deferred) -> str:
        file, line, _ = binding.env.document.place(binding.node.path, key=True).rsplit(":", 2)
        kind = _kind(binding.node)
        return f"%{name} is assigned in {self._short(file)}:{line}" + (f" and is {kind}" if kind else "")


def _value_at(spot: Spot) -> str:
    value: Any = spot.document.value
    for step in spot.path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return ""
    return value if isinstance(value, str) else ""


def _kind(node: Node) -> str | None:
    """Return what a template is, as people call it, where that is plain to see."""
    match node:
        case Constant(value=bool()):
            return "true or false"
        case Constant(value=int() | Decimal()):
            return "a number"
        case Constant(value=str()) | Text():
            return "a text"
        case ObjectNode():
            return "an object"
        case ArrayNode() | Collection() | For():
            return "a list"
        case First(expression=expression):
            kinds = {_KINDS.get(kind.removeprefix("System.")) for kind in expression.result.types}
            return kinds.pop() if len(kinds) == 1 else None
        case _:
            return None
