"""How parts of an expression become the single System values that operators and functions work on."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.fhirpath.compiled import Compiled, as_one
from hm_fhir.fhirpath.conversion import to_string
from hm_fhir.fhirpath.items import FROM_JSON, LimitReached, Typed, Unsuitable, raw, system
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.static import BOOLEAN, suits, system_name
from hm_fhir.fhirpath.temporal import Date, DateTime, Time
from hm_fhir.fhirpath.tree import Node, start

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.fhirpath.compiled import Run, Scope
    from hm_fhir.fhirpath.compiler import Compiler

TEXT_LIMIT_CHARACTERS: Final = 1_000_000
"""The longest text that an expression may make."""

TEMPORAL: Final = (Date, DateTime, Time)
_NAMES: Final = {
    str: "String",
    int: "Integer",
    Decimal: "Decimal",
    float: "Decimal",
    bool: "Boolean",
    Date: "Date",
    DateTime: "DateTime",
    Time: "Time",
    Quantity: "Quantity",
}
SYSTEM_TYPES: Final = frozenset(_NAMES.values())
NUMBERS: Final = frozenset({"Integer", "Decimal"})
ORDERED: Final = frozenset({"String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity"})
ANY: Final = SYSTEM_TYPES
_JSON_TEXTS: Final = frozenset({"date", "dateTime", "instant", "time"})


def system_type_of(value: Any) -> str | None:
    """Return ``System.String`` for a text, and so on; None for what is no System value."""
    name = _NAMES.get(type(value))
    return f"System.{name}" if name else None


def values(part: Compiled) -> Callable[[Any], Any]:
    """Return the function that makes System values of the items of a part."""
    convert = FROM_JSON.get(part.static.exact or "")
    if convert is None:
        return system
    return lambda item: system(item) if type(item) is Typed else convert(item)


def system_value(
    compiler: Compiler, part: Compiled, wanted: frozenset[str] | set[str], what: str, position: int
) -> Run:
    """Return a closure that returns one System value of one of some types, or None when there is none.

    Args:
        compiler: refuses types that cannot suit.
        part: the operand.
        wanted: names of System types.
        what: what it is, for errors.
        position: of the operation.
    """
    static = part.static
    # The JSON of a date is a text: functions of texts take it as it is.
    as_text = "String" in wanted and "Date" not in wanted
    if part.constants != () and not suits(static, frozenset(wanted)):
        json_text = as_text and bool(_JSON_TEXTS.intersection(static.types))
        if not json_text:
            compiler.mismatch(f"{what} is {static}, not {_listed(wanted)}", position)
    one = as_one(part, what)
    if static.exact and static.exact.startswith("System.") and system_name(static.exact) in wanted:
        return one
    convert = raw if as_text else values(part)
    quick = str if as_text or ("String" in wanted and convert is system) else None

    def run(this: Any, scope: Scope) -> Any:
        item = one(this, scope)
        if item is None or type(item) is quick:
            return item
        value = convert(item)
        return None if value is None and type(item) is Typed else fitting(value, wanted, what)

    return run


def fitting(value: Any, wanted: frozenset[str] | set[str], what: str) -> Any:
    """Return a System value as one of some types (FHIRPath 2.0.0, 5.5: implicit conversions).

    Raises:
        Unsuitable: it is of another type.
    """
    name = _NAMES.get(type(value))
    if name in wanted:
        return value
    if name == "Integer" and "Decimal" in wanted:
        return value
    if name in NUMBERS and "Quantity" in wanted:
        return Quantity(Decimal(value))
    if name == "Date" and "DateTime" in wanted:
        return value.date_time()
    raise Unsuitable(f"{what} is not {_listed(wanted)}")


def _listed(wanted: frozenset[str] | set[str]) -> str:
    names = sorted(wanted)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def truth(compiler: Compiler, part: Compiled, node: Node) -> Run:
    """Return a closure that returns whether a condition holds: True, False or None."""
    if part.constants != () and not suits(part.static, frozenset({"Boolean"})):
        compiler.mismatch(
            f"a condition is true or false, this is {part.static}", start(node), "compare it, or add .exists()"
        )
    return logical(part, "a condition")


def logical(part: Compiled, what: str) -> Run:
    """Return a closure that returns True, False or None; a single item that is no boolean counts as true (4.5)."""
    if part.static == BOOLEAN:
        return part.run
    one = as_one(part, what)

    def run(this: Any, scope: Scope) -> bool | None:
        item = one(this, scope)
        if item is None or item is True or item is False:
            return item
        value = system(item)
        if value is None or value is True or value is False:
            return value
        return True

    return run


def limited(text: str) -> str:
    """Return a text that an expression made.

    Raises:
        LimitReached: it is too long.
    """
    if len(text) > TEXT_LIMIT_CHARACTERS:
        raise LimitReached
    return text


def text_or_empty(part: Compiled) -> Run:
    """Return a closure that returns one item as text, and the empty text when there is none (6.6.9)."""
    if part.constants and len(part.constants) == 1 and isinstance(part.constants[0], str):
        return part.run
    one = as_one(part, "a side of &")
    if part.static.exact == "System.String":
        return lambda this, scope: one(this, scope) or ""

    def run(this: Any, scope: Scope) -> str:
        item = one(this, scope)
        if type(item) is str:
            return item
        if item is None:
            return ""
        value = item.value if type(item) is Typed else item
        if type(value) is float:
            value = Decimal(str(value))
        text = value if isinstance(value, str) else to_string(value) if value is not None else ""
        if text is None:
            raise Unsuitable("a side of & is no text")
        return text

    return run
