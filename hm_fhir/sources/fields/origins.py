"""From which columns a field of the activity comes: named where the activity model refuses what a record made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.fhirpath import tree
from hm_fhir.mapping.checker.world import tree_of
from hm_fhir.mapping.template.tree import ObjectNode, expressions, inside, walk
from hm_fhir.sources.fields.headings import finder

if TYPE_CHECKING:
    from pydantic import ValidationError

    from hm_fhir.errors import RecordRejected
    from hm_fhir.fhirpath import Expression
    from hm_fhir.mapping.template.tree import Node
    from hm_fhir.sources.fields.declared import Declared, Value
    from hm_fhir.sources.fields.template import Templates

_NAMED: Final = 8
_ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "type": ("type",),
    "persons?": ("persons",),
    "group": ("group",),
    "born": ("persons", "birth_date"),
    "recorded": ("updated_at",),
    "findings?": ("findings",),
    "decision": ("consent", "on"),
    "consent": ("consent",),
    "case plan": ("case_plan",),
    "stay in hospital": ("hospital_stay",),
    "hospital": ("facility",),
}
"""Words of the rules of the activity as a whole, and the fields that they are about."""


class Origins:
    """Knows which columns a field of the activity is made of.

    Args:
        templates: of the fields file.
        declared: its declarations.
        file: its name.
    """

    def __init__(self, templates: Templates, declared: Declared, file: str) -> None:
        self._activity = templates.activity.tree
        self._variables = {one.name: one.template.tree for one in templates.assign}
        self._values = declared.values
        self._file = file

    def name_columns(
        self, told: RecordRejected, error: ValidationError, values: Mapping[str, Any], *, but: str | None = None
    ) -> None:
        """Add to a rejection which columns it is about, and which of them are empty.

        Args:
            told: the rejection.
            error: of the activity model, from which it comes.
            values: of the record, as `Columns.values` gives them.
            but: a field whose columns are named already.
        """
        findings = error.errors(include_url=False, include_input=False, include_context=False)
        others = [one for one in findings if but not in one["loc"]]
        paths = dict.fromkeys(path for one in others for path in _paths(one["loc"], one["msg"]))
        columns = dict.fromkeys(name for path in paths for name in self._columns(path, values))
        if columns:
            more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
            told.message += f"; look at {', '.join(list(columns)[:_NAMED])}{more}"
            told.fix = f"correct it in the local system, or `activity` in {self._file}"
        else:
            fields = " and ".join(dict.fromkeys(f"`{path[0]}`" for path in paths)) or "`activity`"
            told.fix = f"correct {fields} in {self._file}: no column says it"

    def _columns(self, path: tuple[str, ...], values: Mapping[str, Any]) -> Iterator[str]:
        used: set[str] = set()
        while path and not used:
            used = set(self._names(_at(self._activity, path)))
            path = path[:-1]
        for value in self._values:
            if value.name in used:
                yield from _shown(value, used, values)

    def _names(self, found: Iterable[Expression], seen: frozenset[str] = frozenset()) -> Iterator[str]:
        for expression in found:
            for node in tree.walk(tree_of(expression.text)):
                if isinstance(node, tree.Member):
                    yield node.name
                elif isinstance(node, tree.Variable) and node.name in self._variables and node.name not in seen:
                    yield from self._names(_all(self._variables[node.name]), seen | {node.name})


def fields_named(rule: str) -> Iterator[tuple[str, ...]]:
    """Yield the fields that a rule about the whole activity names in its words.

    Args:
        rule: the message of the activity model.
    """
    for word, field in _ABOUT.items():
        if re.search(rf"\b{word}\b", rule):
            yield field


def _paths(steps: tuple[int | str, ...], message: str) -> Iterator[tuple[str, ...]]:
    path = tuple(step for step in steps if isinstance(step, str))
    yield from (path,) if path else fields_named(message)


def _at(node: Node, path: tuple[str, ...]) -> Iterator[Expression]:
    """Yield the expressions of the field at a path, with the conditions on the way to it."""
    if not path:
        yield from _all(node)
    elif isinstance(node, ObjectNode):
        member = dict(node.members).get(path[0])
        if member is not None:
            yield from _at(member, path[1:])
        for overlay in node.overlays:
            yield from _at(overlay, path)
    elif inside(node):
        yield from expressions(node)
        for inner in inside(node):
            yield from _at(inner, path)
    else:
        yield from _all(node)


def _all(node: Node) -> Iterator[Expression]:
    for one in walk(node):
        yield from expressions(one)


def _shown(value: Value, used: set[str], values: Mapping[str, Any]) -> Iterator[str]:
    inner = [part for part in value.parts if part.name in used]
    for part in inner:
        yield f"{part.names[0]!r} in {value.names[0]!r}"
    for names in value.all_names if not inner else ():
        filled = next((name for name in names if finder((name,))(dict(values)) is not None), None)
        yield f"{names[0]!r} (empty)" if filled is None else repr(filled)
