"""Where the functions of the language register themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hm_fhir.fhirpath.surroundings import Builtin

if TYPE_CHECKING:
    from collections.abc import Callable

    from hm_fhir.fhirpath.compiled import Compiled
    from hm_fhir.fhirpath.compiler import Call

BUILTINS: Final[dict[str, Builtin]] = {}


def builtin(
    *names: str, minimum: int = 0, maximum: int | None = -1
) -> Callable[[Callable[[Call], Compiled]], Callable[[Call], Compiled]]:
    """Return a decorator that registers the builder of one or more functions.

    Args:
        names: as written in expressions.
        minimum: smallest number of arguments.
        maximum: largest number; None for any; by default the same as `minimum`.
    """

    def register(build: Callable[[Call], Compiled]) -> Callable[[Call], Compiled]:
        for name in names:
            BUILTINS[name] = Builtin(name, minimum, minimum if maximum == -1 else maximum, build)
        return build

    return register
