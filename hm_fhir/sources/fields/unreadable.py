"""Why a value cannot be read: said without the value; whoever knows the column adds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Convert = Callable[[Any], Any]
"""Makes a typed value of one that is not empty; None: it says nothing.

Raises:
    Unreadable: it cannot be read.
"""


class Unreadable(Exception):
    """A value cannot be read.

    Args:
        message: what is wrong, as it follows the name of the column: ``is not a whole number``.
        code: for machines.
        fix: what to do, or None.
    """

    def __init__(self, message: str, code: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.fix = fix
