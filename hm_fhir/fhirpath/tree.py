"""The tree of an expression. Every node knows where it stands in the text, for the caret of an error."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_fhir.fhirpath.quantity import Quantity
    from hm_fhir.fhirpath.temporal import Date, DateTime, Time

    Constant: TypeAlias = str | int | Decimal | bool | Date | DateTime | Time | Quantity


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written; None is the empty collection ``{}``."""

    value: Constant | None
    position: int


@dataclass(frozen=True, slots=True)
class Member:
    """``target.name``; without a target the name starts a path."""

    target: Node | None
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Index:
    """``target[index]``."""

    target: Node
    index: Node
    position: int


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """``target.name(arguments)``; without a target the input is ``$this``."""

    target: Node | None
    name: str
    arguments: tuple[Node, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Special:
    """``$this``, ``$index`` or ``$total``."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Variable:
    """``%name``."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Sign:
    """``+operand`` or ``-operand``."""

    operator: str
    operand: Node
    position: int


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right``; the position is that of the operator."""

    operator: str
    left: Node
    right: Node
    position: int


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type specifier: ``Patient``, ``FHIR.Patient``, ``System.String``."""

    namespace: str | None
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class TypeOperation:
    """``operand is Type`` or ``operand as Type``."""

    operator: str
    operand: Node
    type: TypeName
    position: int


Node: TypeAlias = Literal | Member | Index | FunctionCall | Special | Variable | Sign | Binary | TypeOperation


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below a node, in the order of the text."""
    match node:
        case Member(target=target):
            return (target,) if target is not None else ()
        case Index(target=target, index=index):
            return (target, index)
        case FunctionCall(target=target, arguments=arguments):
            return (target, *arguments) if target is not None else arguments
        case Sign(operand=operand) | TypeOperation(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, in the order of the text."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting += reversed(children(current))


def start(node: Node) -> int:
    """Return the offset of the first character of a node."""
    while below := children(node):
        if isinstance(node, (Member, FunctionCall)) and node.target is None:
            break
        if isinstance(node, Sign):
            break
        node = below[0]
    return node.position
