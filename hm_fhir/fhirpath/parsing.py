r"""Text of an expression -> tree, strictly: the whole text must be FHIRPath, and every function must exist.

The grammar is the published one (FHIRPath 2.0, appendix "Grammar") as fhirpathpy generated it with ANTLR. The tree is
the one that fhirpathpy evaluates, with three repairs: string literals are decoded here (fhirpathpy turns ``'\\n'``
into a line break and loses ``\u041f``), ``2.0`` keeps its digits, and ``-a.b`` becomes ``0 - a.b`` (fhirpathpy
refuses a sign before a path, and changes the variable in ``-%x``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from antlr4 import CommonTokenStream, InputStream, Lexer, Token
from antlr4.error.ErrorListener import ErrorListener
from antlr4.tree.Tree import TerminalNodeImpl
from fhirpathpy.parser.generated.FHIRPathLexer import FHIRPathLexer
from fhirpathpy.parser.generated.FHIRPathParser import FHIRPathParser

from hm_fhir.errors import ExpressionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Literal = str | int | Decimal | bool
Tree = dict[str, Any]

ESCAPES = {"'": "'", '"': '"', "`": "`", "\\": "\\", "/": "/", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_TYPE_NAME = re.compile(r"`?[A-Za-z_]\w*`?(\.`?[A-Za-z_]\w*`?)?")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_UNITS = frozenset({"year", "month", "week", "day", "hour", "minute", "second", "millisecond"})
_BEFORE = {".": "a name", "%": "a name", "is": "the name of a type", "as": "the name of a type", "{": "}"}
_ENDS_VALUE = frozenset({")", "]", "}", "true", "false", "$this", "$index", "$total"})
_TYPE_FUNCTIONS = frozenset({"is", "as", "ofType"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a project function in an expression.

    Attributes:
        name: of the function.
        arguments: the value of each argument that is a literal, None for any other.
        position: 0-based offset of the name in the text.
    """

    name: str
    arguments: tuple[Literal | None, ...]
    position: int


@dataclass(slots=True)
class Parsed:
    """What parsing found: the tree, its literals by hidden variable name, and what it uses."""

    tree: Tree
    literals: dict[str, Literal] = field(default_factory=dict)
    variables: dict[str, int] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Signature:
    """How many arguments a function takes, and whether the project added it.

    Attributes:
        minimum: smallest number of arguments.
        maximum: largest number, None for any.
        project: True for a function of the project, False for one of FHIRPath.
    """

    minimum: int
    maximum: int | None
    project: bool


def parse(text: str, signatures: Mapping[str, Signature]) -> Parsed:
    """Return the tree of an expression.

    Args:
        text: FHIRPath.
        signatures: every function that the expression may call, by name.

    Raises:
        ExpressionError: with what was expected, or the nearest known function.
    """
    if not text.strip():
        raise ExpressionError("the expression is empty", text=text, position=0)
    listener = _Strict(text)
    lexer = FHIRPathLexer(InputStream(text))
    lexer.removeErrorListeners()
    lexer.addErrorListener(listener)
    parser = FHIRPathParser(CommonTokenStream(lexer))
    parser.removeErrorListeners()
    parser.addErrorListener(listener)
    builder = _Builder(text, signatures)
    builder.parsed.tree = builder.node(parser.entireExpression().expression())
    return builder.parsed


def literal_value(node: Tree, literals: Mapping[str, Literal]) -> Literal | None:
    """Return the value of a tree that is one literal, else None."""
    while node["type"] in ("TermExpression", "LiteralTerm") and len(node["children"]) == 1:
        node = node["children"][0]
    if node["type"] == "BooleanLiteral":
        return bool(node["text"] == "true")
    return literals.get(node["literal"]) if "literal" in node else None


class _Strict(ErrorListener):  # type: ignore[misc]
    def __init__(self, text: str) -> None:
        self._text = text

    def syntaxError(  # noqa: N802 - the names are ANTLR's
        self,
        recognizer: Any,
        offendingSymbol: Any,  # noqa: N803
        line: int,
        column: int,
        msg: str,  # noqa: ARG002
        e: Any,  # noqa: ARG002
    ) -> NoReturn:
        position = sum(len(part) for part in self._text.splitlines(keepends=True)[: line - 1]) + column
        if isinstance(recognizer, Lexer):
            character = self._text[position : position + 1]
            if character in ("'", "`"):
                raise ExpressionError(
                    f"the text after this {character} is not closed", text=self._text, position=position
                )
            raise ExpressionError(f"{character!r} has no meaning here", text=self._text, position=position)
        expected = _expected(recognizer, offendingSymbol)
        if offendingSymbol.type == Token.EOF:
            found = "the expression ends too early"
        else:
            found, position = f"unexpected {offendingSymbol.text!r}", offendingSymbol.start
        raise ExpressionError(f"{found}, expected {expected}", text=self._text, position=position)


def _expected(recognizer: Any, offending: Any) -> str:
    """Say in plain words what may stand here; ANTLR's own list names up to forty tokens."""
    before = [
        token
        for token in recognizer.getTokenStream().tokens[: offending.tokenIndex]
        if token.channel == Token.DEFAULT_CHANNEL
    ]
    last = before[-1] if before else None
    if last is None:
        return "a value"
    if last.text in _BEFORE:
        return _BEFORE[last.text]
    names = recognizer.symbolicNames
    kind = names[last.type] if last.type < len(names) else "<INVALID>"
    if kind == "<INVALID>" and last.text not in _ENDS_VALUE and last.text.rstrip("s") not in _UNITS:
        return "a value"
    closing: list[str] = []
    for token in before:
        if token.text in _BRACKETS:
            closing.append(_BRACKETS[token.text])
        elif closing and token.text == closing[-1]:
            closing.pop()
    return f"{closing[-1]} or an operator" if closing else "an operator or the end"


class _Builder:
    def __init__(self, text: str, signatures: Mapping[str, Signature]) -> None:
        self.parsed = Parsed(tree={})
        self._text = text
        self._signatures = signatures

    def node(self, context: Any) -> Tree:
        kind = type(context).__name__.removesuffix("Context")
        if kind == "StringLiteral":
            return self._literal(self._decode(context.getText(), context.start.start))
        if kind == "NumberLiteral":
            digits = context.getText()
            return self._literal(Decimal(digits) if "." in digits else int(digits))
        if kind == "ExternalConstantTerm":
            return self._variable(context)
        tree: Tree = {
            "type": kind,
            "text": context.getText(),
            "start": context.start.start,
            "terminalNodeText": [
                child.getText() for child in context.children if isinstance(child, TerminalNodeImpl)
            ],
        }
        children = [self.node(child) for child in context.children if not isinstance(child, TerminalNodeImpl)]
        if children:
            tree["children"] = children
        if kind == "FunctionInvocation":
            self._check_call(tree)
        if kind == "PolarityExpression":
            return {**tree, "type": "AdditiveExpression", "children": [self._literal(0), children[0]]}
        return tree

    def _literal(self, value: Literal) -> Tree:
        """A hidden variable: fhirpathpy has no other node that gives back a value as it is."""
        name = f"#{len(self.parsed.literals)}"
        self.parsed.literals[name] = value
        return {"type": "ExternalConstantTerm", "literal": name, "children": [{"children": [{"text": name}]}]}

    def _variable(self, context: Any) -> Tree:
        written = context.externalConstant().getText()[1:]
        position = context.start.start
        name = self._decode(written, position) if written[:1] in ("'", "`") else written
        self.parsed.variables.setdefault(name, position)
        return {"type": "ExternalConstantTerm", "children": [{"children": [{"text": name}]}]}

    def _decode(self, quoted: str, position: int) -> str:
        def replace(found: re.Match[str]) -> str:
            escape = found.group(1)
            if len(escape) > 1:
                return chr(int(escape[1:], 16))
            if escape not in ESCAPES:
                raise ExpressionError(
                    f"\\{escape} is no escape of FHIRPath",
                    text=self._text,
                    position=position + 1 + found.start(),
                    fix=f"write \\\\{escape} for a backslash and {escape}",
                )
            return ESCAPES[escape]

        return _ESCAPE.sub(replace, quoted[1:-1])

    def _check_call(self, tree: Tree) -> None:
        name_node, *rest = tree["children"][0]["children"]
        arguments: Sequence[Tree] = rest[0]["children"] if rest else ()
        name = name_node["text"].strip("`")
        position = tree["start"]
        signature = self._signatures.get(name)
        if signature is None:
            raise ExpressionError(
                f"there is no function {name}()",
                text=self._text,
                position=position,
                fix="trace() would print data of people" if name == "trace" else did_you_mean(name, self._signatures),
            )
        if len(arguments) < signature.minimum or (
            signature.maximum is not None and len(arguments) > signature.maximum
        ):
            raise ExpressionError(
                f"{name}() takes {_count(signature)}, here it gets {len(arguments)}",
                text=self._text,
                position=position,
            )
        if name in _TYPE_FUNCTIONS and not _TYPE_NAME.fullmatch(arguments[0].get("text", "")):
            raise ExpressionError(f"{name}() takes the name of a type", text=self._text, position=position)
        self.parsed.functions.add(name)
        if signature.project:
            values = tuple(literal_value(argument, self.parsed.literals) for argument in arguments)
            self.parsed.calls.append(Call(name, values, position))


def _count(signature: Signature) -> str:
    if signature.maximum is None:
        return f"at least {signature.minimum} arguments"
    if signature.minimum == signature.maximum:
        noun = "argument" if signature.minimum == 1 else "arguments"
        return f"{signature.minimum or 'no'} {noun}"
    return f"{signature.minimum} to {signature.maximum} arguments"
