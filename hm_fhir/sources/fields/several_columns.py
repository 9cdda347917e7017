"""Values that need more than one column: a day with its time of day, a national number with its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hm_fhir.sources.fields import dates, national_numbers
from hm_fhir.sources.fields.declared import KindColumn, Value
from hm_fhir.sources.fields.guard import Guard, refused
from hm_fhir.sources.fields.headings import Values, finder
from hm_fhir.sources.fields.unreadable import Unreadable

if TYPE_CHECKING:
    from hm_fhir.sources.fields.code_tables import CodeTable

Read = Callable[[Values, list[str]], Any]
"""Gets the values of an object and the list of repairs, to which it adds; returns a typed value or None."""


def day_with_time(value: Value, zone: ZoneInfo) -> Read:
    """Return what reads a day and the time of day that another column has; a day alone stays a day.

    Args:
        value: the declaration.
        zone: of the deployment.
    """
    spec, guard = value.spec, Guard(value)
    assert spec.time is not None  # noqa: S101 - for the type checker; the caller asked
    find, find_time, names = finder(value.names), finder(spec.time), spec.time
    own = ZoneInfo(spec.zone) if spec.zone is not None else zone
    convert, required, default = dates.joined_converter(value.forms, own), spec.required, spec.default

    def read(values: Values, _: list[str]) -> Any:
        raw, hour = find(values), find_time(values)
        if raw is None:
            if hour is not None:
                fix = f"{names[0]!r} says nothing without it"
                raise refused(guard.name(values), "is empty", code="empty", fix=fix)
            if required:
                raise guard.empty(values)
            return default
        try:
            return convert(raw, hour)
        except dates.WrongTime as error:
            failure, column = error.inner, names[0]
        except Unreadable as error:
            failure, column = error, guard.name(values)
        raise refused(column, failure.message, code=failure.code, fix=failure.fix)

    return read


def national_number(value: Value, *, proved: bool) -> Read:
    """Return what reads a national number with its kind.

    Args:
        value: the declaration.
        proved: see `national_numbers.of_kind`.
    """
    find, guard, required = finder(value.names), Guard(value), value.spec.required
    kinds = value.kinds
    if isinstance(kinds, KindColumn):
        by_kind = {kind: national_numbers.of_kind(str(kind), proved=proved) for kind in kinds.table.targets}
        find_kind, table, column = finder(kinds.names), kinds.table, kinds.names[0]
    else:
        by_kind, find_kind, table, column = {}, finder(("",)), None, ""
        several = len(kinds) > 1
        fixed = national_numbers.of_kinds(kinds) if several else national_numbers.of_kind(kinds[0], proved=proved)

    def read(values: Values, repairs: list[str]) -> Any:
        raw = find(values)
        if raw is None:
            if required:
                raise guard.empty(values)
            return None
        convert = by_kind[_kind(values, table, find_kind, column)] if table is not None else fixed
        try:
            return convert(raw, repairs)
        except Unreadable as error:
            failure = error
        raise guard.wrong(values, failure)

    return read


def _kind(values: Values, table: CodeTable, find: Callable[[Values], Any], column: str) -> Any:
    raw = find(values)
    if raw is None:
        raise refused(column, "is empty", code="empty", fix="a national number says nothing without its kind")
    try:
        found = table.convert(raw)
    except Unreadable as error:
        failure = error
    else:
        if found is not None:
            return found
        failure = Unreadable("says nothing, and the number needs its kind", "empty")
    raise refused(column, failure.message, code=failure.code, fix=failure.fix)
