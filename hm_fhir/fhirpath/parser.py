"""Tokens -> tree: operator precedence as in the published grammar (FHIRPath 2.0.0, appendix "Formal Specifications").

The grammar is small, and what matters here is what an error says: where, what was expected, which name was meant. So
this is a precedence climber by hand rather than a generated parser, which is also why compiling a pack is fast.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, NoReturn

from hm_fhir.errors import ExpressionError
from hm_fhir.fhirpath.lexer import Token, tokens
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.temporal import Date, DateTime, Time
from hm_fhir.fhirpath.tree import (
    Binary,
    FunctionCall,
    Index,
    Literal,
    Member,
    Node,
    Sign,
    Special,
    TypeName,
    TypeOperation,
    Variable,
)

if TYPE_CHECKING:
    from hm_fhir.fhirpath.tree import Constant

DEPTH_LIMIT: Final = 120
"""How deep an expression may be nested, also by chains of operators and calls."""

_PRECEDENCE: Final = {
    "implies": 1,
    "or": 2,
    "xor": 2,
    "and": 3,
    "in": 4,
    "contains": 4,
    "=": 5,
    "~": 5,
    "!=": 5,
    "!~": 5,
    "<": 6,
    "<=": 6,
    ">": 6,
    ">=": 6,
    "|": 7,
    "is": 8,
    "as": 8,
    "+": 9,
    "-": 9,
    "&": 9,
    "*": 10,
    "/": 10,
    "div": 10,
    "mod": 10,
}
_UNITS: Final = frozenset(
    word
    for unit in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for word in (unit, unit + "s")
)
# Of the words of the grammar only these may also be names.
_ALSO_NAMES: Final = frozenset({"as", "contains", "in", "is"})
_RESERVED: Final = frozenset({"and", "or", "xor", "implies", "div", "mod", "true", "false"})
_TYPE_FUNCTIONS: Final = frozenset({"is", "as", "ofType"})
_SPECIALS: Final = frozenset({"$this", "$index", "$total"})
# Operators of other languages, each a symbol of this one twice.
_DOUBLED: Final = {"=": "=", "&": "and", "|": "or"}


def parse(text: str) -> Node:
    """Return the tree of an expression.

    Raises:
        ExpressionError: it is no FHIRPath; with the position and what was expected.
    """
    if not text.strip():
        raise ExpressionError("the expression is empty", text=text, position=0)
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = 0
        self._depth = 0
        self._closing: list[str] = []

    def whole(self) -> Node:
        node, _ = self._expression(0)
        if self._token.kind != "end":
            self._fail_at_operator()
        return node

    # Every method that builds a node returns how deep it is, too: a chain of operators nests to the left without
    # recursion here, but whoever walks the tree later recurses.

    def _expression(self, minimum: int) -> tuple[Node, int]:
        self._depth += 1
        self._check_depth(self._depth)
        node, depth = self._signed()
        while True:
            token = self._token
            precedence = _PRECEDENCE.get(token.text, -1) if token.kind in ("symbol", "name") else -1
            if precedence < 0 or precedence <= minimum:
                break
            self._next += 1
            if token.text in ("is", "as"):
                node = TypeOperation(token.text, node, self._type_name(), token.position)
            else:
                right, right_depth = self._expression(precedence)
                node = Binary(token.text, node, right, token.position)
                depth = max(depth, right_depth)
            depth += 1
            self._check_depth(depth)
        self._depth -= 1
        return node, depth

    def _signed(self) -> tuple[Node, int]:
        signs = []
        while self._token.kind == "symbol" and self._token.text in "+-":
            signs.append(self._token)
            self._next += 1
        node, depth = self._path()
        for sign in reversed(signs):
            depth += 1
            self._check_depth(depth)
            node = Sign(sign.text, node, sign.position)
        return node, depth

    def _path(self) -> tuple[Node, int]:
        node, depth = self._term()
        while self._token.kind == "symbol" and self._token.text in ".[":
            token = self._take()
            below = 0
            if token.text == "[":
                index, below = self._inside("[", "]")
                node = Index(node, index, token.position)
            else:
                node, below = self._invocation(node)
            depth = max(depth, below) + 1
            self._check_depth(depth)
        return node, depth

    def _term(self) -> tuple[Node, int]:
        token = self._token
        if token.kind == "symbol" and token.text == "(":
            self._next += 1
            return self._inside("(", ")")
        if token.kind == "symbol" and token.text == "{":
            self._next += 1
            if self._token.kind == "symbol" and self._token.text in ("{", "[", "%"):
                raise ExpressionError(
                    "an expression here is written without {{ }}",
                    text=self._text,
                    position=token.position,
                    fix="remove the brackets",
                )
            self._expect("}", "}")
            return Literal(None, token.position), 1
        if token.kind == "symbol" and token.text == "%":
            self._next += 1
            name = self._token
            if name.kind not in ("name", "delimited", "string"):
                self._fail("a name")
            self._next += 1
            return Variable(name.text, token.position), 1
        if token.kind == "name" and token.text in ("true", "false"):
            self._next += 1
            return Literal(token.text == "true", token.position), 1
        if token.kind in ("name", "delimited", "special"):
            return self._invocation(None)
        return self._literal(), 1

    def _literal(self) -> Node:
        token = self._token
        value: Constant | None
        if token.kind == "string":
            value = token.text
        elif token.kind == "number":
            value = Decimal(token.text) if "." in token.text else int(token.text)
        elif token.kind == "date":
            value = Date.parse(token.text)
        elif token.kind == "datetime":
            value = DateTime.parse(token.text)
        elif token.kind == "time":
            value = Time.parse(token.text.removeprefix("T"))
        else:
            self._fail("a value")
        if value is None:
            raise ExpressionError(
                "there is no such date or time", text=self._text, position=token.position, fix="look at its digits"
            )
        self._next += 1
        unit = self._token
        if token.kind == "number" and (unit.kind == "string" or (unit.kind == "name" and unit.text in _UNITS)):
            self._next += 1
            value = Quantity(Decimal(token.text), unit.text)
        return Literal(value, token.position)

    def _invocation(self, target: Node | None) -> tuple[Node, int]:
        token = self._token
        if token.kind == "special":
            if target is not None or token.text not in _SPECIALS:
                self._fail("a name" if target is not None else "$this, $index or $total")
            self._next += 1
            return Special(token.text, token.position), 1
        if token.kind == "name" and token.text in _RESERVED:
            self._fail("a name" if target is not None else "a value")
        if token.kind not in ("name", "delimited"):
            self._fail("a name")
        self._next += 1
        if not (self._token.kind == "symbol" and self._token.text == "("):
            return Member(target, token.text, token.position), 1
        self._next += 1
        arguments, depth = self._arguments(token)
        return FunctionCall(target, token.text, arguments, token.position), depth + 1

    def _arguments(self, function: Token) -> tuple[tuple[Node, ...], int]:
        if self._token.kind == "symbol" and self._token.text == ")":
            self._next += 1
            return (), 0
        arguments: list[Node] = []
        depth = 0
        self._closing.append(")")
        while True:
            node, below = self._expression(0)
            if function.text in _TYPE_FUNCTIONS and function.kind == "name":
                self._check_type_argument(function, node)
            arguments.append(node)
            depth = max(depth, below)
            if self._token.kind == "symbol" and self._token.text == ",":
                self._next += 1
                continue
            self._expect(")", ") or an operator")
            self._closing.pop()
            return tuple(arguments), depth

    def _check_type_argument(self, function: Token, node: Node) -> None:
        if type_name_of(node) is None:
            raise ExpressionError(
                f"{function.text}() takes the name of a type", text=self._text, position=function.position
            )

    def _type_name(self) -> TypeName:
        first = self._name("the name of a type")
        if self._token.kind == "symbol" and self._token.text == ".":
            self._next += 1
            second = self._name("the name of a type")
            return TypeName(first.text, second.text, first.position)
        return TypeName(None, first.text, first.position)

    def _name(self, expected: str) -> Token:
        token = self._token
        if token.kind not in ("name", "delimited") or (token.kind == "name" and token.text in _RESERVED):
            self._fail(expected)
        self._next += 1
        return token

    def _inside(self, opening: str, closing: str) -> tuple[Node, int]:
        self._closing.append(closing)
        node, depth = self._expression(0)
        self._expect(closing, f"{closing} or an operator")
        self._closing.pop()
        return node, depth + (opening == "[")

    def _expect(self, symbol: str, expected: str) -> None:
        if self._token.kind != "symbol" or self._token.text != symbol:
            self._fail(expected)
        self._next += 1

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _check_depth(self, depth: int) -> None:
        if depth > DEPTH_LIMIT:
            raise ExpressionError(
                "the expression is nested too deeply", text=self._text, position=self._token.position
            )

    def _fail_at_operator(self) -> NoReturn:
        self._fail(f"{self._closing[-1]} or an operator" if self._closing else "an operator or the end")

    def _fail(self, expected: str) -> NoReturn:
        token = self._token
        before = self._tokens[self._next - 1] if self._next else token
        if (
            token.kind == before.kind == "symbol"
            and token.text == before.text in _DOUBLED
            and token.position == before.position + 1
        ):
            raise ExpressionError(
                f"{token.text * 2} is no operator",
                text=self._text,
                position=before.position,
                fix=f"write {_DOUBLED[token.text]}",
            )
        if token.kind == "end":
            found = "the expression ends too early"
        else:
            end = self._tokens[self._next + 1].position
            found = f"unexpected {self._text[token.position : end].split()[0][:40]!r}"
        raise ExpressionError(f"{found}, expected {expected}", text=self._text, position=token.position)


def type_name_of(node: Node) -> TypeName | None:
    """Return the type specifier that a member path ``Name`` or ``Namespace.Name`` stands for, or None."""
    match node:
        case Member(target=None, name=name, position=position):
            return TypeName(None, name, position)
        case Member(target=Member(target=None, name=namespace, position=position), name=name):
            return TypeName(namespace, name, position)
        case _:
            return None
