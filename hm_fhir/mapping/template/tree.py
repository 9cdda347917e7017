"""A template as it was parsed: what the compiler, the checker, explain and coverage all walk.

Every node says where it stands in its document: `path` leads to the YAML value that the node is made of, and the
document knows line and column of each path. A block stands at its key: the condition, loop or context of
``{% if x %}: body`` has the path that ends with the key ``{% if x %}``, and so has the body.

Whoever walks treats all nodes alike with `inside`, or asks for the kind::

    match node:
        case First(expression=expression): ...
        case ObjectNode(members=members, overlays=overlays): ...
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from hm_fhir.errors import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_fhir.fhirpath import Expression
    from hm_fhir.mapping.files.yaml_file import YamlPath

Scalar = str | int | Decimal | bool | None


@dataclass(frozen=True, slots=True)
class Constant:
    """A value without an expression; a text, number, boolean or null. Objects and arrays have nodes of their own."""

    path: YamlPath
    value: Scalar


@dataclass(frozen=True, slots=True)
class First:
    """``{{ expression }}`` as a whole text: the first value with its type.

    Attributes:
        keeps_null: written ``{{+ expression +}}``: an empty result is null, not absent.
    """

    path: YamlPath
    expression: Expression
    keeps_null: bool


@dataclass(frozen=True, slots=True)
class Collection:
    """``{[ expression ]}``: all values, as an array."""

    path: YamlPath
    expression: Expression


@dataclass(frozen=True, slots=True)
class Insertion:
    """One ``{{ expression }}`` of a longer text; an empty result makes the whole text absent, or null."""

    expression: Expression
    keeps_null: bool


@dataclass(frozen=True, slots=True)
class Text:
    """Text with ``{{ expression }}`` in it."""

    path: YamlPath
    parts: tuple[str | Insertion, ...]


@dataclass(frozen=True, slots=True)
class ArrayNode:
    """``[a, b]``; an item that is an array itself gives its items."""

    path: YamlPath
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ObjectNode:
    """An object, and what is laid over it: the items of ``{% merge %}``, or an ``{% if %}`` that has keys beside it.

    Attributes:
        members: its keys in order; the value of the key `k` stands at ``(*path, k)``.
        overlays: each gives an object or nothing; the last one wins.
    """

    path: YamlPath
    members: tuple[tuple[str, Node], ...]
    overlays: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class If:
    """``{% if condition %}: then`` and ``{% else %}: otherwise``.

    Attributes:
        otherwise: None where there is no ``{% else %}``: absent.
    """

    path: YamlPath
    condition: Expression
    then: Node
    otherwise: Node | None


@dataclass(frozen=True, slots=True)
class For:
    """``{% for index, item in expression %}: body``: the body once per item, as an array.

    Attributes:
        item: name of the variable of the item.
        index: name of the variable of its number from 0, or None.
    """

    path: YamlPath
    expression: Expression
    item: str
    index: str | None
    body: Node


@dataclass(frozen=True, slots=True)
class Context:
    """``{{ expression }}: body``: the body once per item, as an array; paths of the body start at the item."""

    path: YamlPath
    expression: Expression
    body: Node


@dataclass(frozen=True, slots=True)
class Assign:
    """``{% assign %}`` and the object that it stands in; each variable may use those before it.

    Attributes:
        path: of the object; `body` is the same object without the block.
        names: the variables in order, each with its value, whose path ends with the name.
    """

    path: YamlPath
    names: tuple[tuple[str, Node], ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Wrong:
    """What could not be read, which has been reported; only in templates that must not be rendered.

    Attributes:
        inside: the parts of it that could be read.
        names: the variables that it would define for them.
    """

    path: YamlPath
    inside: tuple[Node, ...] = ()
    names: frozenset[str] = frozenset()


Node = Constant | First | Collection | Text | ArrayNode | ObjectNode | If | For | Context | Assign | Wrong


@dataclass(frozen=True, slots=True)
class Use:
    """One expression of a template or of a mapping file.

    Attributes:
        path: of the text or key that holds it.
        expression: compiled.
        bound: variables that the template itself defines there (``assign``, ``for``).
    """

    path: YamlPath
    expression: Expression
    bound: frozenset[str]

    @property
    def free_variables(self) -> frozenset[str]:
        """Variables that must come from outside of the template."""
        return self.expression.variables - self.bound

    def mistake(self, message: str, word: str, *, fix: str | None = None) -> ExpressionError:
        """Return an error about the place where `word` first stands in the expression."""
        text = self.expression.text
        return ExpressionError(message, text=text, position=max(text.find(word), 0), fix=fix)


def inside(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below a node, in the order of the file."""
    match node:
        case ArrayNode(items=items):
            return items
        case ObjectNode():
            return (*(value for _, value in node.members), *node.overlays)
        case If():
            return (node.then,) if node.otherwise is None else (node.then, node.otherwise)
        case For() | Context():
            return (node.body,)
        case Assign():
            return (*(value for _, value in node.names), node.body)
        case Wrong():
            return node.inside
        case _:
            return ()


def expressions(node: Node) -> tuple[Expression, ...]:
    """Return the expressions of a node itself, without those of the nodes below it."""
    match node:
        case First() | Collection() | For() | Context():
            return (node.expression,)
        case If():
            return (node.condition,)
        case Text():
            return tuple(part.expression for part in node.parts if isinstance(part, Insertion))
        case _:
            return ()


def is_constant(node: Node) -> bool:
    """Return whether a node is the same data for every record: no expression and no overlay in it."""
    match node:
        case Constant():
            return True
        case ArrayNode() | ObjectNode(overlays=()):
            return all(is_constant(inner) for inner in inside(node))
        case _:
            return False


def can_be_null(node: Node) -> bool:
    """Return whether a template writes null by itself; it has no fast closures then."""
    for part in walk(node):
        match part:
            case Constant(value=None) | First(keeps_null=True):
                return True
            case Text(parts=parts) if any(isinstance(one, Insertion) and one.keeps_null for one in parts):
                return True
    return False


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all nodes below it, each before those inside of it."""
    yield node
    for inner in inside(node):
        yield from walk(inner)


def uses(node: Node, bound: frozenset[str] = frozenset()) -> Iterator[Use]:
    """Yield every expression below a node with the variables that are bound where it stands.

    Args:
        node: where to begin.
        bound: variables that are bound around it.
    """
    for expression in expressions(node):
        yield Use(node.path, expression, bound)
    match node:
        case Assign():
            for name, value in node.names:
                yield from uses(value, bound)
                bound |= {name}
            yield from uses(node.body, bound)
        case For():
            yield from uses(node.body, bound | {node.item, *([node.index] if node.index else [])})
        case Wrong():
            for inner in node.inside:
                yield from uses(inner, bound | node.names)
        case _:
            for inner in inside(node):
                yield from uses(inner, bound)
