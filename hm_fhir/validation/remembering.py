"""Checks whose answer depends on the value alone are run once for each value: the same codes come again and again.

What is kept is bounded, and lives as long as the validator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from hm_fhir.validation.run import Check, Path, Run

if TYPE_CHECKING:
    from hm_fhir.validation.issue import Issue

RECURRING: Final = frozenset({"CodeableConcept", "Coding", "Meta"})
"""Types of which the same value stands in many resources."""

_VALUES_KEPT: Final = 2048
_LONGEST: Final = 4096
_ENCODE: Final = msgspec.json.Encoder(decimal_format="number").encode

T = TypeVar("T")
Pending = tuple[Callable[[Any, Run], bool], Check]
"""A check that also looks at other things, and a condition on the value without which it finds nothing."""


def key_of(value: Any) -> bytes | None:
    """Return what stands for a JSON value; None: it is not worth to be kept, or no JSON."""
    try:
        key = _ENCODE(value)
    except (TypeError, ValueError, RecursionError):
        return None
    return key if len(key) <= _LONGEST else None


def key_in(run: Run, value: Any) -> bytes | None:
    """Return the key of a value of the resource that a run is about; made once for all checks of the value."""
    found = run.keys.get(id(value))
    if found is None:
        found = run.keys[id(value)] = (value, key_of(value))
    return found[1]


def keep(known: dict[bytes, T], key: bytes, found: T) -> None:
    """Keep what was found about a value; the number of values is bounded."""
    if len(known) >= _VALUES_KEPT:
        known.clear()
    known[key] = found


def remembered(checks: tuple[Check, ...], pending: tuple[Pending, ...] = ()) -> Check:
    """Return one check that does what several do, and does it once for each value.

    Args:
        checks: their findings depend on the value alone, if neither ids nor extensions are in it.
        pending: run for each value whose condition is met.
    """
    known: dict[bytes, tuple[tuple[Issue, ...], tuple[Check, ...]]] = {}

    def every(value: Any, path: Path, run: Run) -> None:
        for check in checks:
            check(value, path, run)
        for applies, check in pending:
            if applies(value, run):
                check(value, path, run)

    def check(value: Any, path: Path, run: Run) -> None:
        key = key_in(run, value)
        if key is None:
            every(value, path, run)
            return
        found = known.get(key)
        if found is None:
            if b'"id"' in key or b'xtension"' in key:
                every(value, path, run)
                return
            aside = Run(run.root, run.services)
            for one in checks:
                one(value, (None, ""), aside)
            found = tuple(aside.issues), tuple(one for applies, one in pending if applies(value, run))
            keep(known, key, found)
        issues, more = found
        for issue in issues:
            run.repeat(issue, path)
        for one in more:
            one(value, path, run)

    return check


def remembered_answer(holds: Callable[[Any, Run], bool], keys: tuple[str, ...]) -> Callable[[Any, Run], bool]:
    """Return a condition that is decided once for the same values of some elements.

    Args:
        holds: depends on these elements alone.
        keys: their JSON keys.
    """
    known: dict[bytes, bool] = {}

    def remembering(value: Any, run: Run) -> bool:
        key = key_of([value.get(one) for one in keys])
        if key is None:
            return holds(value, run)
        answer = known.get(key)
        if answer is None:
            answer = holds(value, run)
            keep(known, key, answer)
        return answer

    return remembering


def remembered_test(holds: Callable[[Any, Run], bool]) -> Callable[[Any, Run], bool]:
    """Return a condition on a value that is decided once for each value."""
    known: dict[bytes, bool] = {}

    def remembering(value: Any, run: Run) -> bool:
        key = key_in(run, value)
        if key is None:
            return holds(value, run)
        answer = known.get(key)
        if answer is None:
            answer = holds(value, run)
            keep(known, key, answer)
        return answer

    return remembering
