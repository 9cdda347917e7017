"""A compiled FHIRPath expression: the only way in which the rest of the project meets FHIRPath."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fhirpathpy.engine import do_eval
from fhirpathpy.engine.invocations.constants import constants
from fhirpathpy.engine.nodes import FP_Quantity, FP_Type, ResourceNode

from hm_fhir.errors import HmFhirError, RecordRejected
from hm_fhir.fhirpath.corrections import CORRECTED, standard_signatures
from hm_fhir.fhirpath.parsing import Call, Parsed, Signature, parse
from hm_fhir.fhirpath.quick import quick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hm_fhir.fhirpath.quick import Collection, Run

UCUM = "http://unitsofmeasure.org"
# https://hl7.org/fhir/R4/fhirpath.html#variables
STANDARD_VARIABLES: dict[str, str] = {
    "ucum": UCUM,
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
}
CLOCK_FUNCTIONS = frozenset({"now", "today", "timeOfDay"})
_COMPILED_KEPT = 8192
_SCALARS = frozenset({str, bool, int, Decimal})
_STANDARD = standard_signatures()


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the project adds to FHIRPath.

    Attributes:
        name: as written in expressions.
        minimum_arguments: smallest number of arguments.
        maximum_arguments: largest number of arguments.
        call: gets the environment of the evaluation, the input collection and one collection per argument; returns
            the resulting collection. All values are plain (str, int, Decimal, bool, dict, list).
    """

    name: str
    minimum_arguments: int
    maximum_arguments: int
    call: Callable[..., Collection]


class Expression:
    """A compiled expression; made by :func:`compile`.

    Attributes:
        text: as written.
        variables: names of the ``%variables`` that it reads, without the standard ones (``%context``, ``%ucum`` ...).
        calls: its calls of project functions.
        functions: names of all functions that it calls.
        constant: True if it reads neither the root nor a variable nor calls a project function.
    """

    __slots__ = ("_run", "calls", "functions", "text", "variables")

    def __init__(
        self,
        text: str,
        run: Callable[[Any, Mapping[str, Any], object], Collection],
        *,
        variables: Iterable[str] = (),
        calls: Iterable[Call] = (),
        functions: Iterable[str] = (),
    ) -> None:
        self.text = text
        self.variables = frozenset(variables) - {"context", *STANDARD_VARIABLES}
        self.calls = tuple(calls)
        self.functions = frozenset(functions)
        self._run = run

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def evaluate(
        self, root: object, variables: Mapping[str, Any] | None = None, environment: object = None
    ) -> Collection:
        """Return the resulting collection: str, int, Decimal, bool, dict or list, never None, copied from the input.

        Args:
            root: what a path starts at; a list is a collection.
            variables: values of ``%variables``; a list is a collection, None is empty.
            environment: handed to the project functions.

        Raises:
            RecordRejected: ``expression-failed``: it cannot be evaluated on this root.
        """
        # Raised outside of the except block: fhirpathpy puts data into its messages, and a chained exception would
        # carry them into logs.
        try:
            return [
                item if type(item) in _SCALARS else _plain(item)
                for item in self._run(root, variables or {}, environment)
                if type(item) in _SCALARS or _is_value(item)
            ]
        except HmFhirError:
            raise
        except Exception:  # noqa: BLE001, S110
            pass
        raise RecordRejected(
            f"the expression {self.text!r} cannot be evaluated on this record",
            code="expression-failed",
            fix="a value has a type or a number of items that the expression does not expect",
        )

    def holds(self, root: object, variables: Mapping[str, Any] | None = None, environment: object = None) -> bool:
        """Return whether the expression is true; empty is false.

        Raises:
            RecordRejected: ``expression-failed``: as evaluate(), or the result is no boolean.
        """
        result = self.evaluate(root, variables, environment)
        if not result:
            return False
        if len(result) == 1 and isinstance(result[0], bool):
            return result[0]
        raise RecordRejected(
            f"the condition {self.text!r} is neither true, false nor empty",
            code="expression-failed",
            fix="compare it, or write .exists() at its end",
        )


def compile(text: str, functions: Iterable[Function] = ()) -> Expression:  # noqa: A001
    """Return the compiled expression.

    Args:
        text: FHIRPath 2.0.
        functions: of the project, beside the standard ones.

    Raises:
        ExpressionError: it is no FHIRPath, or calls an unknown function, or with a wrong number of arguments.
    """
    return _compile(text, tuple(functions))


@lru_cache(maxsize=_COMPILED_KEPT)
def _compile(text: str, functions: tuple[Function, ...]) -> Expression:
    simple = quick(text)
    if simple is not None:
        run, variable = simple
        return Expression(text, _quick_run(run, variable), variables=[variable] if variable else [])
    return compile_tree(text, functions)


def compile_tree(text: str, functions: Iterable[Function] = ()) -> Expression:
    """Return the expression compiled without the direct closures; what they are compared with in tests."""
    functions = tuple(functions)
    signatures = dict(_STANDARD)
    table = dict(CORRECTED)
    for function in functions:
        signatures[function.name] = Signature(function.minimum_arguments, function.maximum_arguments, project=True)
        table[function.name] = _entry(function)
    parsed = parse(text, signatures)
    return Expression(
        text,
        _tree_run(parsed, table),
        variables=parsed.variables,
        calls=parsed.calls,
        functions=parsed.functions,
    )


def _quick_run(run: Run, variable: str | None) -> Callable[[Any, Mapping[str, Any], object], Collection]:
    if variable == "context":
        return lambda root, variables, _: run(root, variables if "context" in variables else {"context": root})
    if variable in STANDARD_VARIABLES:
        return lambda root, variables, _: run(root, {**STANDARD_VARIABLES, **variables})
    return lambda root, variables, _: run(root, variables)


def _tree_run(parsed: Parsed, table: Mapping[str, Any]) -> Callable[[Any, Mapping[str, Any], object], Collection]:
    tree, literals = parsed.tree, parsed.literals
    reads_clock = bool(parsed.functions & CLOCK_FUNCTIONS)

    def run(root: Any, variables: Mapping[str, Any], environment: object) -> Collection:
        if reads_clock:
            constants.reset()
        start = list(root) if isinstance(root, list) else [] if root is None else [root]
        context = {
            "dataRoot": start,
            "$this": start,
            "vars": {"context": root, **STANDARD_VARIABLES, **variables, **literals},
            "model": None,
            "userInvocationTable": table,
            "environment": environment,
        }
        result = do_eval(context, start, tree)
        return result if isinstance(result, list) else [result]

    return run


def _entry(function: Function) -> dict[str, Any]:
    def call(context: Mapping[str, Any], data: Collection, *arguments: Collection) -> Collection:
        return function.call(context["environment"], _values(data), *(_values(item) for item in arguments))

    counts = range(function.minimum_arguments, function.maximum_arguments + 1)
    return {"fn": call, "arity": {count: ["Any"] * count for count in counts}}


def _values(collection: Collection) -> Collection:
    """Return a collection without its wrappers. Not copied: the root is the input of most calls."""
    values = (item.data if isinstance(item, ResourceNode) else item for item in collection if _is_value(item))
    return [value if isinstance(value, dict | list) else _plain(value) for value in values]


def _is_value(item: Any) -> bool:
    """False for null and for a primitive that has only extensions (the lonely half of ``_birthDate``)."""
    if isinstance(item, ResourceNode):
        item = item.data
    return item is not None and not (isinstance(item, dict) and item.keys() == {"extension"})


def _plain(item: Any) -> Any:
    if isinstance(item, ResourceNode):
        item = item.data
    if isinstance(item, str | bool | int | Decimal):
        return item
    if isinstance(item, dict):
        return {key: _plain(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_plain(value) for value in item]
    if isinstance(item, float):
        # Only fhirpathpy makes them (unit conversions); data is decoded with Decimal.
        return Decimal(str(item))
    if isinstance(item, FP_Quantity):
        return _quantity(item)
    if isinstance(item, FP_Type):
        return item.asStr  # a date or time, as written
    return item


def _quantity(quantity: FP_Quantity) -> dict[str, Any]:
    """Return the FHIR Quantity of ``4 'mg'`` or ``4 days`` (https://hl7.org/fhir/R4/fhirpath.html#quantity)."""
    code = FP_Quantity.timeUnitsToUCUM.get(quantity.unit, quantity.unit).strip("'")
    return {"value": quantity.value, "unit": quantity.unit.strip("'"), "system": UCUM, "code": code}
