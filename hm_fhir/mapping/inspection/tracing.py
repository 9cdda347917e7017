"""Which node of a template made which part of a resource, from what a watched rendering called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hm_fhir.mapping.template.cleaning import ABSENT
from hm_fhir.mapping.template.tree import (
    ArrayNode,
    Assign,
    Collection,
    Constant,
    Context,
    First,
    For,
    If,
    ObjectNode,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_fhir.fhirpath import Scope
    from hm_fhir.mapping.files.yaml_file import YamlDocument
    from hm_fhir.mapping.template.closures import Run
    from hm_fhir.mapping.template.tree import Node


@dataclass(slots=True)
class Call:
    """One evaluation of a node, with those inside of it.

    Attributes:
        document: the file of the node.
        node: the node.
        value: what it gave; ABSENT when nothing.
        inner: in the order of evaluation.
    """

    document: YamlDocument
    node: Node
    value: Any = ABSENT
    inner: list[Call] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Traced:
    """A part of the output, and the call that made it.

    Attributes:
        call: of the node that made this part.
        members: of an object that a template wrote.
        items: of a list.
        value: of anything else: a value of the template, or what an expression gave, whole.
    """

    call: Call
    members: dict[str, Traced] | None = None
    items: list[Traced] | None = None
    value: Any = None

    def plain(self) -> Any:
        """Return the data."""
        if self.members is not None:
            return {key: member.plain() for key, member in self.members.items()}
        if self.items is not None:
            return [item.plain() for item in self.items]
        return self.value


class Tracer:
    """Notes the calls of watched templates.

    Attributes:
        calls: of whole templates, in order.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._open: list[Call] = []

    def call(self, document: YamlDocument, node: Node, run: Run, scope: Scope) -> Any:
        """Evaluate a node, and note it."""
        call = Call(document, node)
        (self._open[-1].inner if self._open else self.calls).append(call)
        self._open.append(call)
        try:
            call.value = run(scope)
        finally:
            self._open.pop()
        return call.value


def traced(call: Call) -> Traced | None:
    """Return the output of a call with the origin of each part, or None if it gave nothing."""
    if call.value is ABSENT:
        return None
    match call.node:
        case ObjectNode():
            return _object(call, call.node)
        case ArrayNode() | For() | Context():
            items = [item for inner in call.inner for item in _items(traced(inner))]
            return Traced(call, items=items)
        case If():
            return traced(call.inner[0])
        case Assign(body=body):
            return next(traced(inner) for inner in call.inner if inner.node is body)
        case Collection():
            return Traced(call, items=[Traced(call, value=item) for item in call.value])
        case Constant() | First() | Text():
            return Traced(call, value=call.value)
    return None


def _object(call: Call, node: ObjectNode) -> Traced:
    inner = {id(one.node): one for one in call.inner}
    over: dict[str, Traced] = {}
    for overlay in node.overlays:
        part = traced(inner[id(overlay)])
        if part is not None:
            over |= members_of(part)
    members: dict[str, Traced] = {}
    for key, value in node.members:
        part = over[key] if key in over else traced(inner[id(value)])
        if part is not None:
            members[key] = part
    members.update(over)
    return Traced(call, members=members)


def members_of(part: Traced) -> dict[str, Traced]:
    """Return the members of an object, also of one that an expression gave."""
    if part.members is not None:
        return part.members
    if isinstance(part.value, dict):
        return {key: Traced(part.call, value=value) for key, value in part.value.items()}
    return {}


def _items(part: Traced | None) -> Iterator[Traced]:
    """Yield what a part adds to the list that it is in: lists in lists become one."""
    if part is None:
        return
    if part.items is not None:
        yield from part.items
    elif isinstance(part.value, list):
        for item in part.value:
            yield Traced(part.call, value=item)
    else:
        yield part
