"""What the compiler makes of a part of an expression: a closure, and what is known of its result.

A closure takes ``(this, scope)``. The closure of a single item returns the item or None; that of a collection returns
a list, which nobody changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hm_fhir.fhirpath.items import Collection, LimitReached, Unsuitable
from hm_fhir.fhirpath.static import Static

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Run = Callable[[Any, "Scope"], Any]

STEP_LIMIT: Final = 1_000_000
"""How many items the evaluations of one scope may go through before they are stopped."""

CHARACTERS_PER_STEP: Final = 200
"""How much of a long text counts as one step."""

Path = tuple[str, ...]


class Scope:
    """What expressions are evaluated in: the root, the ``%variables``, and what the project functions need.

    One scope and its children serve many expressions about one record; the steps that they may take together are
    limited.

    Args:
        root: what a path starts at.
        variables: values of ``%variables``; a list is a collection, None is empty.
        environment: handed to the project functions.
        steps: how many items may be gone through in all.
    """

    __slots__ = ("_left", "environment", "index", "root", "total", "variables")

    def __init__(
        self,
        root: object,
        variables: Mapping[str, Any] | None = None,
        environment: object = None,
        steps: int = STEP_LIMIT,
    ) -> None:
        self.root = root
        self.variables: Mapping[str, Any] = variables if variables is not None else {}
        self.environment = environment
        self._left = [steps]
        self.index: int | None = None
        self.total: Any = None

    def child(self, variables: Mapping[str, Any]) -> Scope:
        """Return a scope with more variables, or with others of the same names."""
        return self.within(self.root, {**self.variables, **variables})

    def within(self, root: object, variables: Mapping[str, Any]) -> Scope:
        """Return a scope with another root and only these variables; the two share their steps."""
        scope = Scope(root, variables, self.environment)
        scope._left = self._left
        return scope

    def spend(self, steps: int) -> None:
        """Count steps.

        Raises:
            LimitReached: there were too many.
        """
        left = self._left
        left[0] -= steps
        if left[0] < 0:
            raise LimitReached

    def spend_text(self, text: str) -> None:
        """Count what work on a long text costs; otherwise as :meth:`spend`."""
        if len(text) > CHARACTERS_PER_STEP:
            self.spend(len(text) // CHARACTERS_PER_STEP)


class Compiled:
    """A compiled part of an expression.

    Attributes:
        run: the closure.
        static: the type of its result.
        origin: path from the root of the data, where the items come from there.
        keys: the JSON keys to follow from ``$this`` (or `variable`), when that is all that it does; each step is
            single.
        variable: name of the ``%variable`` at which `keys` start.
        is_json: whether the items are JSON as they are, never :class:`hm_fhir.fhirpath.items.Typed`.
        constants: the System values that it always gives; None when it depends on anything.
    """

    __slots__ = ("constants", "is_json", "keys", "origin", "run", "static", "variable")

    def __init__(
        self,
        run: Run,
        static: Static,
        *,
        origin: Path | None = None,
        keys: Path | None = None,
        variable: str | None = None,
        is_json: bool = False,
        constants: tuple[Any, ...] | None = None,
    ) -> None:
        self.run = run
        self.static = static
        self.origin = origin
        self.keys = keys
        self.variable = variable
        self.is_json = is_json
        self.constants = constants

    @property
    def many(self) -> bool:
        """Whether the closure returns a list."""
        return self.static.many


def as_list(part: Compiled) -> Run:
    """Return a closure that returns a list."""
    if part.many:
        return part.run
    inner = part.run

    def run(this: Any, scope: Scope) -> Collection:
        item = inner(this, scope)
        return [] if item is None else [item]

    return run


def as_one(part: Compiled, what: str) -> Run:
    """Return a closure that returns one item or None (FHIRPath 2.0.0, 4.5 "Singleton evaluation of collections").

    Args:
        part: what is evaluated.
        what: what it is, for the error when there are several items.
    """
    if not part.many:
        return part.run
    inner = part.run

    def run(this: Any, scope: Scope) -> Any:
        items = inner(this, scope)
        if not items:
            return None
        if len(items) > 1:
            raise Unsuitable(f"{what} has several items where one is wanted")
        return items[0]

    return run
