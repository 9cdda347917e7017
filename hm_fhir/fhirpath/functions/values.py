"""Functions of one System value: texts, mathematics, conversions (FHIRPath 2.0.0, 5.5, 5.6, 5.7).

Each is a pure function and a line that says what it takes and gives; empty in, empty out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hm_fhir.fhirpath import arithmetic, boundaries, conversion, text
from hm_fhir.fhirpath.comparison import compare
from hm_fhir.fhirpath.compiled import Compiled, as_list
from hm_fhir.fhirpath.functions.registry import BUILTINS, builtin
from hm_fhir.fhirpath.items import Collection, Unsuitable
from hm_fhir.fhirpath.operands import ANY, NUMBERS, ORDERED, fitting, limited, values
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.static import (
    BOOLEAN,
    DATE,
    DATE_TIME,
    DECIMAL,
    INTEGER,
    NUMBER,
    QUANTITY,
    STRING,
    TIME,
    UNKNOWN,
    Static,
    system_name,
)
from hm_fhir.fhirpath.tree import Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.fhirpath.compiled import Run, Scope
    from hm_fhir.fhirpath.compiler import Call

_TEXT: Final = frozenset({"String"})
_WHOLE: Final = frozenset({"Integer"})
_AMOUNT: Final = NUMBERS | {"Quantity"}
_BOUNDED: Final = _AMOUNT | {"Date", "DateTime", "Time"}
_QUANTITY: Final = frozenset({"Quantity"})
_SAME: Final = NUMBER
"""As static type of a result: the type of the input."""


def _function(
    name: str,
    compute: Callable[..., Any],
    takes: frozenset[str],
    gives: Static,
    *arguments: frozenset[str],
    optional: int = 0,
    costs: Callable[..., int] | None = None,
) -> None:
    """Register a function of one value.

    Args:
        name: as written.
        compute: gets the value and the arguments that are there; returns the result or None.
        takes: System types of the input.
        gives: static type of the result.
        arguments: System types of each argument.
        optional: how many of them may be left out, from the end.
        costs: gets what `compute` gets; returns how many steps it is, beside those for the length of a text.
    """

    def build(call: Call) -> Compiled:
        source = call.input()
        value = call.system_value(source, takes, f"the input of {name}()")
        given = [
            call.system_value(call.argument(index), arguments[index], f"an argument of {name}()")
            for index in range(len(call.arguments))
        ]
        run = _run(compute, value, given, texts=takes == _TEXT)
        if costs is not None:
            run = _costing(compute, costs, value, given)
        if gives.many:
            return Compiled(_listed(run), gives)
        return Compiled(run, _as_input(source) if gives is _SAME else gives)

    builtin(name, minimum=len(arguments) - optional, maximum=len(arguments))(build)


def _as_input(source: Compiled) -> Static:
    name = system_name(source.static.exact) if source.static.exact else None
    return Static((f"System.{name}",), many=False) if name else UNKNOWN.one()


def _costing(compute: Callable[..., Any], costs: Callable[..., int], value: Run, given: list[Run]) -> Run:
    def run(this: Any, scope: Scope) -> Any:
        found = value(this, scope)
        arguments = [argument(this, scope) for argument in given]
        if found is None or any(argument is None for argument in arguments):
            return None
        scope.spend_text(found)
        scope.spend(costs(found, *arguments))
        return compute(found, *arguments)

    return run


def _run(compute: Callable[..., Any], value: Run, given: list[Run], *, texts: bool) -> Run:
    if not given:

        def alone(this: Any, scope: Scope) -> Any:
            found = value(this, scope)
            if found is None:
                return None
            if texts:
                scope.spend_text(found)
            return compute(found)

        return alone
    if len(given) == 1:
        (only,) = given

        def with_one(this: Any, scope: Scope) -> Any:
            found, argument = value(this, scope), only(this, scope)
            if found is None or argument is None:
                return None
            if texts:
                scope.spend_text(found)
            return compute(found, argument)

        return with_one

    def with_more(this: Any, scope: Scope) -> Any:
        found = value(this, scope)
        arguments = [argument(this, scope) for argument in given]
        if found is None or any(argument is None for argument in arguments):
            return None
        if texts:
            scope.spend_text(found)
        return compute(found, *arguments)

    return with_more


def _listed(run: Run) -> Run:
    def listed(this: Any, scope: Scope) -> Collection:
        found = run(this, scope)
        if found is None:
            return []
        scope.spend(len(found))
        return list(found)

    return listed


# --- texts -------------------------------------------------------------------------------------------------------

_function("indexOf", str.find, _TEXT, INTEGER, _TEXT)
_function("lastIndexOf", str.rfind, _TEXT, INTEGER, _TEXT)
_function("substring", text.substring, _TEXT, STRING, _WHOLE, _WHOLE, optional=1)
_function("startsWith", str.startswith, _TEXT, BOOLEAN, _TEXT)
_function("endsWith", str.endswith, _TEXT, BOOLEAN, _TEXT)
_function("contains", str.__contains__, _TEXT, BOOLEAN, _TEXT)
_function("upper", str.upper, _TEXT, STRING)
_function("lower", str.lower, _TEXT, STRING)
_function("trim", str.strip, _TEXT, STRING)
_function("length", len, _TEXT, INTEGER)
_function("toChars", list, _TEXT, STRING.several())
_function("replace", text.replace, _TEXT, STRING, _TEXT, _TEXT, costs=text.replacing_steps)
_function("split", text.split, _TEXT, STRING.several(), _TEXT)
_function("encode", text.encode, _TEXT, STRING, _TEXT)
_function("decode", text.decode, _TEXT, STRING, _TEXT)
_function("escape", text.escape, _TEXT, STRING, _TEXT)
_function("unescape", text.unescape, _TEXT, STRING, _TEXT)


def _regular(name: str, compute: Callable[..., Any], gives: Static, *more: frozenset[str]) -> None:
    """Register a function with a regular expression; one that is written out is compiled with the expression."""
    _function(name, compute, _TEXT, gives, _TEXT, *more, costs=text.matching_steps)
    build = BUILTINS[name].build

    def checked(call: Call) -> Compiled:
        compiled = build(call)
        expression = call.arguments[0]
        if isinstance(expression, Literal) and isinstance(expression.value, str):
            try:
                text.pattern(expression.value)
            except Unsuitable as error:
                call.fail(str(error), "regular expressions are those of RE2: without look-around")
        return compiled

    builtin(name, minimum=1 + len(more))(checked)


_regular("matches", text.matches, BOOLEAN)
_regular("matchesFull", text.matches_full, BOOLEAN)
_regular("replaceMatches", text.replace_matches, STRING, _TEXT)


@builtin("join", minimum=0, maximum=1)
def join(call: Call) -> Compiled:
    """Return the texts of the input as one (FHIRPath 3.0.0 draft, 5.6.14)."""
    source = call.input()
    items, convert = as_list(source), values(source)
    separator = (
        call.system_value(call.argument(0), _TEXT, "the separator in join()") if call.arguments else lambda *_: ""
    )

    def run(this: Any, scope: Scope) -> str | None:
        found, between = items(this, scope), separator(this, scope)
        if not found or between is None:
            return None
        scope.spend(len(found))
        return limited(between.join(fitting(convert(item), _TEXT, "an item of join()") for item in found))

    return Compiled(run, STRING)


# --- mathematics -------------------------------------------------------------------------------------------------

_function("abs", arithmetic.absolute, _AMOUNT, _SAME)
_function("ceiling", arithmetic.ceiling, _AMOUNT, INTEGER)
_function("floor", arithmetic.floor, _AMOUNT, INTEGER)
_function("truncate", arithmetic.truncate, _AMOUNT, INTEGER)
_function("round", arithmetic.round_to, _AMOUNT, DECIMAL, _WHOLE, optional=1)
_function("exp", arithmetic.exp, NUMBERS, DECIMAL)
_function("ln", arithmetic.ln, NUMBERS, DECIMAL)
_function("log", arithmetic.log, NUMBERS, DECIMAL, NUMBERS)
_function("power", arithmetic.power, NUMBERS, _SAME, NUMBERS)
_function("sqrt", arithmetic.sqrt, NUMBERS, DECIMAL)
_function("precision", boundaries.precision, _BOUNDED, INTEGER)
_function("lowBoundary", boundaries.low_boundary, _BOUNDED, _SAME, _WHOLE, optional=1)
_function("highBoundary", boundaries.high_boundary, _BOUNDED, _SAME, _WHOLE, optional=1)
_function("comparable", Quantity.comparable, _QUANTITY, BOOLEAN, _QUANTITY)


def _fold(name: str, combine: Callable[[list[Any]], Any], takes: frozenset[str]) -> None:
    def build(call: Call) -> Compiled:
        source = call.input()
        items, convert = as_list(source), values(source)

        def run(this: Any, scope: Scope) -> Any:
            found = [fitting(convert(item), takes, f"an item of {name}()") for item in items(this, scope)]
            scope.spend(len(found))
            return combine(found) if found else None

        return Compiled(run, _as_input(source) if name != "avg" else UNKNOWN.one())

    builtin(name)(build)


def _sum(items: list[Any]) -> Any:
    total = items[0]
    for item in items[1:]:
        if total is not None:
            total = arithmetic.add(total, item)
    return total


def _average(items: list[Any]) -> Any:
    total = _sum(items)
    return None if total is None else arithmetic.divide(total, len(items))


def _extreme(sign: int) -> Callable[[list[Any]], Any]:
    def choose(items: list[Any]) -> Any:
        best = items[0]
        for item in items[1:]:
            order = compare(item, best)
            if order is None:
                return None
            if order == sign:
                best = item
        return best

    return choose


_fold("sum", _sum, _AMOUNT)
_fold("avg", _average, _AMOUNT)
_fold("min", _extreme(-1), ORDERED)
_fold("max", _extreme(1), ORDERED)

# --- conversions -------------------------------------------------------------------------------------------------


def _conversion(kind: str, convert: Callable[..., Any], gives: Static, *arguments: frozenset[str]) -> None:
    def converts(*given: Any) -> bool:
        return convert(*given) is not None

    _function(f"to{kind}", convert, ANY, gives, *arguments, optional=len(arguments))
    _function(f"convertsTo{kind}", converts, ANY, BOOLEAN, *arguments, optional=len(arguments))


_conversion("Boolean", conversion.to_boolean, BOOLEAN)
_conversion("Integer", conversion.to_integer, INTEGER)
_conversion("Decimal", conversion.to_decimal, DECIMAL)
_conversion("String", conversion.to_string, STRING)
_conversion("Date", conversion.to_date, DATE)
_conversion("DateTime", conversion.to_date_time, DATE_TIME)
_conversion("Time", conversion.to_time, TIME)
_conversion("Quantity", conversion.to_quantity, QUANTITY, _TEXT)
