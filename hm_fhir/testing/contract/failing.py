"""How a contract says what is wrong: what was seen, and what the author of the plugin can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

import pytest

_MOST_LINES = 20


def fail(what: str, do: str) -> NoReturn:
    """Fail the test.

    Args:
        what: what was seen.
        do: what to do.
    """
    __tracebackhide__ = True
    pytest.fail(f"{what}\n\n  -> {do}", pytrace=False)


def expect(holds: object, what: str, do: str) -> None:
    """Fail the test unless something holds; see `fail`."""
    __tracebackhide__ = True
    if not holds:
        fail(what, do)


def expect_none(found: Iterable[object], what: str, do: str) -> None:
    """Fail the test if something was found, and list it.

    Args:
        found: what should not be there.
        what: a title for the list.
        do: what to do.
    """
    __tracebackhide__ = True
    lines = [str(one) for one in found]
    if lines:
        more = [f"and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
        fail("\n  ".join([f"{what}:", *lines[:_MOST_LINES], *more]), do)
