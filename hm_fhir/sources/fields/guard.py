"""What is said of a column that is empty or cannot be read: its name and what to do, never what stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.fields.headings import Values, finder

if TYPE_CHECKING:
    from hm_fhir.sources.fields.declared import Value
    from hm_fhir.sources.fields.unreadable import Unreadable


def refused(column: str, message: str, *, code: str, fix: str | None = None) -> RecordRejected:
    """Return the rejection of a record because of a column."""
    return RecordRejected(f"{column!r} {message}", code=code, fix=fix)


class Guard:
    """What is done when a column is empty or cannot be read.

    Args:
        value: the declaration.
    """

    def __init__(self, value: Value) -> None:
        self._value = value
        self._find = finder(value.names)

    def empty(self, values: Values) -> RecordRejected:
        """Return the rejection of a record without a value that it needs."""
        if self._find(values) is not None:
            fix = "correct it in the local system"
            return refused(self.name(values), "says nothing, and it is required", code="empty", fix=fix)
        return refused(self._value.names[0], "is empty", code="empty", fix="fill it in the local system")

    def wrong(self, values: Values, error: Unreadable) -> RecordRejected:
        """Return the rejection of a record with a value that cannot be read."""
        return refused(self.name(values), error.message, code=error.code, fix=error.fix)

    def name(self, values: Values) -> str:
        """Return the name of the column that is filled."""
        return next((one for one in self._value.names if finder((one,))(values) is not None), self._value.names[0])
