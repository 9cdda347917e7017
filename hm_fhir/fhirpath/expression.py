"""A compiled FHIRPath expression: the only way in which the rest of the project meets FHIRPath."""

from __future__ import annotations

from copy import deepcopy
from decimal import DecimalException
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hm_fhir.errors import ExpressionError, HmFhirError, RecordRejected
from hm_fhir.fhirpath.compiled import Compiled, Scope
from hm_fhir.fhirpath.compiler import Compiler
from hm_fhir.fhirpath.functions import BUILTINS
from hm_fhir.fhirpath.items import Collection, LimitReached, Unsuitable, plain
from hm_fhir.fhirpath.navigation import json_type
from hm_fhir.fhirpath.parser import parse
from hm_fhir.fhirpath.project import Call, Function, plain_item, plain_items, project_function
from hm_fhir.fhirpath.static import UNKNOWN, Static
from hm_fhir.fhirpath.surroundings import Found, Surroundings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.fhirpath.compiled import Run

_COMPILED_KEPT: Final = 8192
FAILURES: Final = (
    Unsuitable,
    LimitReached,
    TypeError,
    ValueError,
    AttributeError,
    KeyError,
    IndexError,
    ArithmeticError,
    DecimalException,
    RecursionError,
    MemoryError,
)
"""What the closures of an expression may raise beside what project functions raise; never to be shown: they may hold
data."""


SHOWN_CHARACTERS: Final = 200
"""How much of an expression a message shows."""


class Expression:
    """A compiled expression; made by :func:`compile`.

    Attributes:
        text: as written.
        variables: names of the ``%variables`` that it reads, without the standard ones (``%context``, ``%ucum`` ...).
        calls: its calls of project functions.
        functions: names of all functions that it calls.
        reads: paths of the root whose values it uses, such as ``period.start``; where a path leads to the input of a
            function, the whole of it counts as used. The empty text is the whole root.
        result: static type of the result.
        constants: the values that it always gives; None when they depend on anything.
        one, several: closures over (root, scope) to the first value and to all of them, for callers that evaluate
            many expressions and guard them together against ``FAILURES``.
    """

    __slots__ = ("calls", "constants", "functions", "one", "reads", "result", "several", "text", "variables")

    def __init__(self, text: str, part: Compiled, found: Found) -> None:
        self.text = text
        self.variables = frozenset(found.variables)
        self.calls: tuple[Call, ...] = tuple(found.calls)
        self.functions = frozenset(found.functions)
        self.reads = frozenset(".".join(path) for path in found.reads)
        self.result = part.static
        self.constants = None if part.constants is None else tuple(plain(value) for value in part.constants)
        self.several: Run = plain_items(part)
        self.one: Run = plain_item(part)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    @property
    def constant(self) -> bool:
        """Whether it depends neither on the root nor on a variable nor calls a project function."""
        return self.constants is not None

    def values(self, scope: Scope) -> Collection:
        """Return the resulting collection: str, int, Decimal, bool, dict or list, never None.

        What is found in the data is handed out as it is: it must not be changed.

        Raises:
            RecordRejected: ``expression-failed``: it cannot be evaluated on this root; ``expression-limit``: it takes
                too many steps.
        """
        result: Collection = self._guarded(self.several, scope)
        return result

    def first(self, scope: Scope) -> Any:
        """Return the first value of the resulting collection, or None; otherwise as :meth:`values`."""
        return self._guarded(self.one, scope)

    def _guarded(self, run: Run, scope: Scope) -> Any:
        try:
            return run(scope.root, scope)
        except RecordRejected as error:
            error.expression = error.expression or self.text
            raise
        except HmFhirError:
            raise
        except FAILURES as error:
            failure = error
        raise self._rejection(failure)

    def true(self, scope: Scope) -> bool:
        """Return whether the expression is true; empty is false.

        Raises:
            RecordRejected: as :meth:`values`, or the result is no boolean.
        """
        if not self.result.many:
            value = self.first(scope)
            if value is None:
                return False
            if type(value) is bool:
                return value
        else:
            values = self.values(scope)
            if not values:
                return False
            if len(values) == 1 and type(values[0]) is bool:
                return values[0]
        raise self._rejected(
            f"the condition {self._shown} is neither true, false nor empty",
            code="expression-failed",
            fix="compare it, or write .exists() at its end",
        )

    def evaluate(
        self, root: object, variables: Mapping[str, Any] | None = None, environment: object = None
    ) -> Collection:
        """Return the resulting collection, copied from the data; otherwise as :meth:`values`.

        Args:
            root: what a path starts at; a list is a collection.
            variables: values of ``%variables``; a list is a collection, None is empty.
            environment: handed to the project functions.
        """
        found = self.values(Scope(root, variables, environment))
        try:
            return deepcopy(found)
        except RecursionError as error:
            failure = error
        raise self._rejection(failure)

    def holds(self, root: object, variables: Mapping[str, Any] | None = None, environment: object = None) -> bool:
        """Return whether the expression is true; as :meth:`true`."""
        return self.true(Scope(root, variables, environment))

    @property
    def _shown(self) -> str:
        text = self.text
        return repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 3]}...")

    def _rejected(self, message: str, *, code: str, fix: str) -> RecordRejected:
        error = RecordRejected(message, code=code, fix=fix)
        error.expression = self.text
        return error

    def _rejection(self, failure: BaseException) -> RecordRejected:
        # Raised outside of the except block: an exception of Python may carry data, and a chained one would show it.
        if isinstance(failure, LimitReached):
            return self._rejected(
                f"the expression {self._shown} takes too many steps on this record",
                code="expression-limit",
                fix="make it simpler: it goes through far more items than a record has",
            )
        why = str(failure) if isinstance(failure, Unsuitable) else None
        return self._rejected(
            f"the expression {self._shown} cannot be evaluated on this record",
            code="expression-failed",
            fix=why or "a value has a type or a number of items that the expression does not expect",
        )


def compile(  # noqa: A001
    text: str,
    functions: Iterable[Function] = (),
    *,
    types: TypeModel | None = None,
    root: str | None = None,
    variables: Mapping[str, Static] | None = None,
    strict: bool = True,
) -> Expression:
    """Return the compiled expression.

    Args:
        text: FHIRPath 2.0.
        functions: of the project, beside the standard ones.
        types: the types of the data; without them it is JSON of which nothing is known.
        root: name of the type of the root; without it the root says its type itself (``resourceType``).
        variables: static types of ``%variables``.
        strict: with `types`: refuse what cannot be right for them; else it is empty when it is evaluated.

    Raises:
        ExpressionError: it is no FHIRPath, calls an unknown function or one with a wrong number of arguments, or does
            not fit the types.
    """
    fixed = tuple(functions)
    if types is None and not variables:
        return _compile_untyped(text, fixed)
    return _compile(text, fixed, types, root, variables or {}, strict=strict and types is not None)


@lru_cache(maxsize=_COMPILED_KEPT)
def _compile_untyped(text: str, functions: tuple[Function, ...]) -> Expression:
    return _compile(text, functions, None, None, {}, strict=False)


def _compile(
    text: str,
    functions: tuple[Function, ...],
    types: TypeModel | None,
    root: str | None,
    variables: Mapping[str, Static],
    *,
    strict: bool,
) -> Expression:
    builders = {**BUILTINS, **{function.name: project_function(function) for function in functions}}
    static = UNKNOWN
    if root is not None and types is not None:
        definition = types.type(root)
        abstract = definition is None or definition.abstract
        static = Static(() if abstract else (json_type(types, root),), many=False)
    found = Found()
    surroundings = Surroundings(text, builders, types, strict, variables, static)
    try:
        part = Compiler(surroundings, static, (), found).compile(parse(text))
    except RecursionError:
        part = None
    if part is None:  # the limit of the parser suits any caller but one that is very deep itself
        raise ExpressionError("the expression is nested too deeply", text=text, position=0)
    return Expression(text, part, found)
