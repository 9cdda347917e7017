"""Fixed values and patterns. Source: https://hl7.org/fhir/R4/elementdefinition.html (fixed[x], pattern[x])."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def same(value: Any, wanted: Any) -> bool:
    """Return whether a JSON value is exactly the fixed one; numbers are compared as numbers."""
    if isinstance(wanted, dict):
        return (
            isinstance(value, dict)
            and value.keys() == wanted.keys()
            and all(same(value[key], one) for key, one in wanted.items())
        )
    if isinstance(wanted, list):
        return (
            isinstance(value, list)
            and len(value) == len(wanted)
            and all(same(one, other) for one, other in zip(value, wanted, strict=True))
        )
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def matches(value: Any, pattern: Any) -> bool:
    """Return whether a JSON value has all that a pattern has; items of a list stand in any order, among others."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and matches(value[key], one) for key, one in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(matches(item, one) for item in value) for one in pattern)
    return same(value, pattern)


def comparison(fixed: Any, pattern: Any) -> Callable[[Any], bool] | None:
    """Return what tells whether a value is the fixed one or follows the pattern; None without either."""
    if fixed is not None:
        return lambda value: same(value, fixed)
    if pattern is not None:
        return lambda value: matches(value, pattern)
    return None
