"""What an expression is compiled against, and what compiling finds out about it as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hm_fhir.fhir.definitions import TypeModel
    from hm_fhir.fhirpath.compiled import Compiled, Path
    from hm_fhir.fhirpath.compiler import Call
    from hm_fhir.fhirpath.static import Static


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function of the language.

    Attributes:
        name: as written.
        minimum: smallest number of arguments.
        maximum: largest number, None for any.
        build: compiles a call.
    """

    name: str
    minimum: int
    maximum: int | None
    build: Callable[[Call], Compiled]

    @property
    def takes(self) -> str:
        """How many arguments it takes, in words."""
        if self.maximum is None:
            return f"at least {self.minimum} arguments"
        if self.minimum == self.maximum:
            return f"{self.minimum or 'no'} {'argument' if self.minimum == 1 else 'arguments'}"
        return f"{self.minimum} to {self.maximum} arguments"


@dataclass(slots=True)
class Surroundings:
    """What an expression is compiled against.

    Attributes:
        text: the expression, for messages.
        builders: every function that it may call, by name.
        model: the types; None: JSON without types.
        strict: whether what cannot be right for the types is an error; else it is empty, as the specification lets
            an engine without types do.
        variables: static types of ``%variables``.
        root: static type of the root.
    """

    text: str
    builders: Mapping[str, Builtin]
    model: TypeModel | None
    strict: bool
    variables: Mapping[str, Static]
    root: Static


@dataclass(slots=True)
class Found:
    """What compiling found out about an expression as a whole."""

    variables: dict[str, int] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    reads: set[Path] = field(default_factory=set)
    calls: list[Any] = field(default_factory=list)
    compiled: int = 0
