"""The ``iif()`` of an expression whose conditions can be evaluated by themselves, for coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hm_fhir.fhirpath import Expression, compile  # noqa: A004
from hm_fhir.fhirpath.lexer import tokens
from hm_fhir.fhirpath.parser import parse
from hm_fhir.fhirpath.tree import FunctionCall, children
from hm_fhir.mapping.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_fhir.fhirpath.tree import Node

# Their arguments are evaluated for each item of the input, not for what the expression as a whole starts at.
_PER_ITEM: Final = frozenset({"where", "select", "all", "exists", "repeat", "aggregate", "any", "trace"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One ``iif(condition, then, otherwise)``.

    Attributes:
        text: of the condition.
        position: 0-based offset of the condition in the expression.
        condition: compiled; starts at what the whole expression starts at.
        inside: number of the choice in whose `then` or `otherwise` it stands, or None.
        inside_then: whether that is its `then`.
    """

    text: str
    position: int
    condition: Expression
    inside: int | None
    inside_then: bool


def choices_of(text: str) -> tuple[Choice, ...]:
    """Return each ``iif()`` of an expression that starts where the expression itself starts, outer ones first.

    Args:
        text: FHIRPath that compiles.
    """
    if "iif" not in text:
        return ()
    found: list[Choice] = []
    _find(parse(text), text, None, True, found)
    return tuple(found)


def _find(node: Node, text: str, inside: int | None, inside_then: bool, found: list[Choice]) -> None:
    if isinstance(node, FunctionCall):
        if node.target is not None:
            _find(node.target, text, inside, inside_then, found)
        if node.name == "iif" and node.target is None:
            position, condition = _first_argument(text, node.position)
            found.append(Choice(condition, position, compile(condition, FUNCTIONS), inside, inside_then))
            own = len(found) - 1
            _find(node.arguments[0], text, inside, inside_then, found)
            for number, argument in enumerate(node.arguments[1:]):
                _find(argument, text, own, number == 0, found)
        elif node.name not in _PER_ITEM:
            for argument in node.arguments:
                _find(argument, text, inside, inside_then, found)
        return
    for inner in children(node):
        _find(inner, text, inside, inside_then, found)


def _first_argument(text: str, call: int) -> tuple[int, str]:
    """Return offset and text of the first argument of the call whose name stands at an offset."""
    inner = list(_inside_call(text, call))
    start, end = inner[0], inner[-1]
    return start, text[start:end].strip()


def _inside_call(text: str, call: int) -> Iterator[int]:
    """Yield the offsets of the tokens of the first argument, and of the comma or bracket that ends it."""
    depth = 0
    for token in tokens(text):
        if token.position <= call:
            continue
        is_symbol = token.kind == "symbol"
        if depth:
            yield token.position
        if is_symbol and depth == 1 and token.text in ",)":
            return
        if is_symbol:
            depth += (token.text in "([{") - (token.text in ")]}")
