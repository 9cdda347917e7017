"""Operators (FHIRPath 2.0.0, chapter 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.fhirpath import arithmetic, joining
from hm_fhir.fhirpath.comparison import compare, equal, equivalent
from hm_fhir.fhirpath.compiled import CHARACTERS_PER_STEP, Compiled, as_list, as_one
from hm_fhir.fhirpath.items import raw, system
from hm_fhir.fhirpath.operands import (
    NUMBERS,
    ORDERED,
    TEMPORAL,
    limited,
    logical,
    system_value,
    text_or_empty,
    values,
)
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.static import BOOLEAN, STRING, UNKNOWN, Static, system_name
from hm_fhir.fhirpath.temporal import Date, DateTime, Time
from hm_fhir.fhirpath.tree import Binary, Node, Sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.fhirpath.compiled import Run, Scope
    from hm_fhir.fhirpath.compiler import Compiler


def binary(compiler: Compiler, node: Binary) -> Compiled:
    """Return a binary operation compiled."""
    if node.operator == "&":
        return _concatenation(compiler, node)
    left, right = compiler.compile(node.left), compiler.compile(node.right)
    match node.operator:
        case "and" | "or" | "xor" | "implies":
            return _logic(node, left, right)
        case "=" | "!=":
            return _equality(left, right, negated=node.operator == "!=")
        case "~" | "!~":
            return _equivalence(left, right, negated=node.operator == "!~")
        case "<" | "<=" | ">" | ">=":
            return _ordering(compiler, node, left, right)
        case "in":
            return _membership(left, right)
        case "contains":
            return _membership(right, left)
        case "|":
            return joining.union(left, right)
        case _:
            return _arithmetic(compiler, node, left, right)


# --- logic -------------------------------------------------------------------------------------------------------


def _logic(node: Binary, left: Compiled, right: Compiled) -> Compiled:
    a, b = (logical(part, f"a side of {node.operator}") for part in (left, right))

    def both(this: Any, scope: Scope) -> bool | None:
        first = a(this, scope)
        if first is False:
            return False
        second = b(this, scope)
        return second if first else False if second is False else None

    def either(this: Any, scope: Scope) -> bool | None:
        first = a(this, scope)
        if first:
            return True
        second = b(this, scope)
        return second if first is False else True if second else None

    def one_only(this: Any, scope: Scope) -> bool | None:
        first, second = a(this, scope), b(this, scope)
        return None if first is None or second is None else first is not second

    def implied(this: Any, scope: Scope) -> bool | None:
        first = a(this, scope)
        if first is False:
            return True
        second = b(this, scope)
        return second if first else True if second else None

    run = {"and": both, "or": either, "xor": one_only, "implies": implied}[node.operator]
    return Compiled(run, BOOLEAN)


# --- equality ----------------------------------------------------------------------------------------------------


def _equality(left: Compiled, right: Compiled, *, negated: bool) -> Compiled:
    for part, other in ((left, right), (right, left)):
        text = part.constants[0] if part.constants and len(part.constants) == 1 else None
        if type(text) is str and not other.many:
            return Compiled(_equals_text(other, text, negated=negated), BOOLEAN)
    if left.many or right.many:
        return Compiled(_equal_collections(left, right, negated=negated), BOOLEAN)
    a, b, first_value, second_value = left.run, right.run, values(left), values(right)
    untyped = _untyped(left, right)

    def run(this: Any, scope: Scope) -> bool | None:
        first, second = a(this, scope), b(this, scope)
        if first is None or second is None:
            return None
        one, other = first_value(first), second_value(second)
        if one is None or other is None:
            one, other = _bare(first, one), _bare(second, other)
        same = _same(one, other, scope, untyped)
        return same if same is None else same is not negated

    return Compiled(run, BOOLEAN)


def _equals_text(part: Compiled, text: str, *, negated: bool) -> Run:
    inner, convert = part.run, values(part)
    if convert is not system:  # a date or quantity, compared with a text
        return lambda this, scope: None if inner(this, scope) is None else negated

    def run(this: Any, scope: Scope) -> bool | None:
        item = inner(this, scope)
        if item is None:
            return None
        if type(item) is not str:
            item = system(item)
        return (item == text) is not negated

    return run


def _bare(item: Any, value: Any) -> Any:
    """Return the JSON of what is no System value: a quantity with a comparator, a text that is no date."""
    return raw(item) if value is None else value


def _untyped(left: Compiled, right: Compiled) -> bool:
    """Return whether a text may be a date, because the type of a side is only known from its JSON."""
    return left.static.exact is None or right.static.exact is None


def _same(first: Any, second: Any, scope: Scope, untyped: bool) -> bool | None:
    if untyped and type(first) is str and type(second) in TEMPORAL:
        first = _as_temporal(first, second)
    elif untyped and type(second) is str and type(first) in TEMPORAL:
        second = _as_temporal(second, first)
    if first is None or second is None:
        return False
    return equal(first, second, scope.spend)


def _as_temporal(text: str, other: Any) -> Any:
    """Return a text of JSON without types as what it is compared with; None when it is no date or time."""
    return Time.parse(text) if type(other) is Time else Date.parse(text) or DateTime.parse(text)


def _equal_collections(left: Compiled, right: Compiled, *, negated: bool) -> Run:
    a, b, first_value, second_value = as_list(left), as_list(right), values(left), values(right)
    untyped = _untyped(left, right)

    def run(this: Any, scope: Scope) -> bool | None:
        first, second = a(this, scope), b(this, scope)
        if not first or not second:
            return None
        if len(first) != len(second):
            return negated
        scope.spend(len(first))
        unknown = False
        for one, other in zip(first, second, strict=True):
            same = _same(_bare(one, first_value(one)), _bare(other, second_value(other)), scope, untyped)
            if same is False:
                return negated
            unknown = unknown or same is None
        return None if unknown else not negated

    return run


def _equivalence(left: Compiled, right: Compiled, *, negated: bool) -> Compiled:
    a, b, first_value, second_value = as_list(left), as_list(right), values(left), values(right)

    def run(this: Any, scope: Scope) -> bool:
        first = [_bare(item, first_value(item)) for item in a(this, scope)]
        rest = [_bare(item, second_value(item)) for item in b(this, scope)]
        if len(first) != len(rest):
            return negated
        for item in first:
            scope.spend(len(rest))
            place = next((index for index, other in enumerate(rest) if equivalent(item, other, scope.spend)), None)
            if place is None:
                return negated
            del rest[place]
        return not negated

    return Compiled(run, BOOLEAN)


def _membership(item: Compiled, collection: Compiled) -> Compiled:
    one, convert = as_one(item, "the item of in or contains"), values(item)
    constants = collection.constants
    if convert is system and constants and all(type(value) is str for value in constants):
        texts = frozenset(constants)

        def among(this: Any, scope: Scope) -> bool | None:
            found = one(this, scope)
            if found is None:
                return None
            value = found if type(found) is str else system(found)
            return type(value) is str and value in texts

        return Compiled(among, BOOLEAN)
    items, member_value, untyped = as_list(collection), values(collection), _untyped(item, collection)
    texts_only = convert is system and member_value is system

    def run(this: Any, scope: Scope) -> bool | None:
        found = one(this, scope)
        if found is None:
            return None
        members = items(this, scope)
        scope.spend(len(members))
        if texts_only and type(found) is str and all(type(member) is str for member in members):
            return found in members
        value = _bare(found, convert(found))
        return any(_same(_bare(member, member_value(member)), value, scope, untyped) for member in members)

    return Compiled(run, BOOLEAN)


# --- order -------------------------------------------------------------------------------------------------------

_HOLDS: Final[dict[str, Callable[[int], bool]]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def _ordering(compiler: Compiler, node: Binary, left: Compiled, right: Compiled) -> Compiled:
    a = system_value(compiler, left, ORDERED, f"the left side of {node.operator}", node.position)
    b = system_value(compiler, right, ORDERED, f"the right side of {node.operator}", node.position)
    holds = _HOLDS[node.operator]

    def run(this: Any, scope: Scope) -> bool | None:
        first, second = a(this, scope), b(this, scope)
        if first is None or second is None:
            return None
        if type(first) is str and type(second) in TEMPORAL:
            first = _as_temporal(first, second)
        elif type(second) is str and type(first) in TEMPORAL:
            second = _as_temporal(second, first)
        order = compare(first, second)
        return None if order is None else holds(order)

    return Compiled(run, BOOLEAN)


# --- arithmetic --------------------------------------------------------------------------------------------------

_OPERATIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": arithmetic.add,
    "-": arithmetic.subtract,
    "*": arithmetic.multiply,
    "/": arithmetic.divide,
    "div": arithmetic.whole_divide,
    "mod": arithmetic.modulo,
}
_OPERANDS: Final = {
    "+": ORDERED,
    "-": ORDERED - {"String"},
    "*": NUMBERS | {"Quantity"},
    "/": NUMBERS | {"Quantity"},
    "div": NUMBERS | {"Quantity"},
    "mod": NUMBERS | {"Quantity"},
}


def _arithmetic(compiler: Compiler, node: Binary, left: Compiled, right: Compiled) -> Compiled:
    operation, wanted = _OPERATIONS[node.operator], _OPERANDS[node.operator]
    a = system_value(compiler, left, wanted, f"the left side of {node.operator}", node.position)
    b = system_value(compiler, right, wanted, f"the right side of {node.operator}", node.position)
    static = _result(compiler, node, left, right)

    def run(this: Any, scope: Scope) -> Any:
        first, second = a(this, scope), b(this, scope)
        if first is None or second is None:
            return None
        if type(first) is str and type(second) is Quantity:
            # JSON without types: a date is a text.
            first = Date.parse(first) or DateTime.parse(first) or Time.parse(first) or first
        result = operation(first, second)
        if type(result) is str:
            scope.spend_text(result)
            return limited(result)
        return result

    return Compiled(run, static)


def _result(compiler: Compiler, node: Binary, left: Compiled, right: Compiled) -> Static:
    kinds = [system_name(part.static.exact) if part.static.exact else None for part in (left, right)]
    first, second = kinds
    if first is None or second is None:
        return UNKNOWN.one()
    temporal = {"Date", "DateTime", "Time"}
    if first in temporal and node.operator in "+-" and second == "Quantity":
        return Static((f"System.{first}",), many=False)
    if first == second == "String" and node.operator == "+":
        return STRING
    if {first, second} <= NUMBERS | {"Quantity"}:
        if "Quantity" in kinds:
            return Static(("System.Quantity",), many=False)
        whole = node.operator == "div" or (first == second == "Integer" and node.operator != "/")
        return Static(("System.Integer" if whole else "System.Decimal",), many=False)
    compiler.mismatch(
        f"{first} {node.operator} {second} means nothing",
        node.position,
        "add a quantity of time, such as 7 days" if first in temporal and second in NUMBERS else None,
    )
    return UNKNOWN.one()


def _concatenation(compiler: Compiler, node: Binary) -> Compiled:
    """A chain of ``&`` at once (6.6.9)."""
    operands: list[Node] = [node.right]
    left = node.left
    while isinstance(left, Binary) and left.operator == "&":
        operands.append(left.right)
        left = left.left
    parts = tuple(text_or_empty(compiler.compile(operand)) for operand in (left, *reversed(operands)))

    def run(this: Any, scope: Scope) -> str:
        text = "".join([part(this, scope) for part in parts])
        if len(text) > CHARACTERS_PER_STEP:
            scope.spend_text(text)
            limited(text)
        return text

    return Compiled(run, STRING)


def sign(compiler: Compiler, node: Sign) -> Compiled:
    """Return ``+x`` or ``-x`` compiled."""
    operand = compiler.compile(node.operand)
    if operand.constants and len(operand.constants) == 1 and type(operand.constants[0]) in (int, Decimal):
        value = operand.constants[0] if node.operator == "+" else -operand.constants[0]
        return Compiled(lambda *_: value, operand.static, constants=(value,))
    inner = system_value(
        compiler, operand, NUMBERS | {"Quantity"}, f"what stands after {node.operator}", node.position
    )
    static = operand.static.one()
    if static.exact and not static.exact.startswith("System."):
        static = Static((f"System.{system_name(static.exact) or 'Decimal'}",), many=False)
    if node.operator == "+":
        return Compiled(inner, static)

    def run(this: Any, scope: Scope) -> Any:
        value = inner(this, scope)
        return None if value is None else arithmetic.negate(value)

    return Compiled(run, static)
