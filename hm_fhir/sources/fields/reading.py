"""Declarations -> closures that read the typed values of a record; whatever they say names columns, never values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.fields import dates, scalars
from hm_fhir.sources.fields.declared import Declared, Value, column_names
from hm_fhir.sources.fields.entries import entry_converter
from hm_fhir.sources.fields.guard import Guard, refused
from hm_fhir.sources.fields.headings import Columns, Values, finder, steps_of
from hm_fhir.sources.fields.several_columns import Read, day_with_time, national_number
from hm_fhir.sources.fields.unreadable import Convert, Unreadable

if TYPE_CHECKING:
    from hm_fhir.sources.directory import Directory


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What reading needs beside the declarations.

    Attributes:
        zone: of the deployment.
        directory: mediators and facilities; None where nobody names one.
        proved: see `national_numbers.of_kind`.
    """

    zone: ZoneInfo
    directory: Directory | None
    proved: bool = False


class ObjectReader:
    """Reads the typed values of one kind of object: a record, or an item of a list in it.

    Args:
        values: the declarations.
        surroundings: of the deployment.
        together: see `Declared.together`.

    Attributes:
        columns: finds its values.
    """

    def __init__(
        self,
        values: tuple[Value, ...],
        surroundings: Surroundings,
        together: tuple[tuple[str, tuple[str, ...]], ...] = (),
    ) -> None:
        self.columns = Columns(column_names(values))
        self._values = values
        self._surroundings = surroundings
        self._reads = tuple((value.name, read_of(value, surroundings)) for value in values)
        # Most values of a record are empty: those that are nothing then are read where their column is filled.
        self._always = tuple(one for value, one in zip(values, self._reads, strict=True) if not _is_optional(value))
        self._when_filled: dict[str, list[tuple[str, Read]]] = {}
        for value, one in zip(values, self._reads, strict=True):
            if _is_optional(value):
                self._when_filled.setdefault(value.names[0], []).append(one)
        self._together = tuple(
            (column, finder((self._declared(column),)), other, finder((self._declared(other),)))
            for column, others in together
            for other in others
        )

    def _declared(self, name: str) -> str:
        return self.columns.declared(name) or name

    def read(self, raw: Mapping[str, Any], repairs: list[str]) -> dict[str, Any]:
        """Return the typed values of an object, without those that are empty.

        Args:
            raw: as the source gives it.
            repairs: gets the code of everything that is mended.

        Raises:
            RecordRejected: one cannot be read; it has no place yet.
        """
        values = self.columns.values(raw)
        for column, find, other, find_other in self._together:
            if find(values) is not None and find_other(values) is None:
                raise _missing(other, column)
        found = {}
        for name, read in self._always:
            value = read(values, repairs)
            if value is not None:
                found[name] = value
        when_filled = self._when_filled
        for key in values:
            for name, read in when_filled.get(key, ()):
                value = read(values, repairs)
                if value is not None:
                    found[name] = value
        return found

    def faults(self, raw: Mapping[str, Any]) -> Iterator[RecordRejected]:
        """Yield everything that is wrong with the values of an object.

        Args:
            raw: as the source gives it.
        """
        values = self.columns.values(raw)
        for column, find, other, find_other in self._together:
            if find(values) is not None and find_other(values) is None:
                yield _missing(other, column)
        for value, (_, read) in zip(self._values, self._reads, strict=True):
            inner = list(self._inner_faults(value, values)) if value.type == "object" else []
            yield from inner
            try:
                if not inner:
                    read(values, [])
            except RecordRejected as error:
                yield error

    def _inner_faults(self, value: Value, values: Values) -> Iterator[RecordRejected]:
        items, column = finder(value.names)(values), Guard(value).name(values)
        reader = ObjectReader(value.parts, self._surroundings)
        for number, item in enumerate(items, 1) if isinstance(items, list) else ():
            for fault in reader.faults(item) if isinstance(item, Mapping) else ():
                yield _in_item(fault, number, column)

    def read_what_can_be_read(self, raw: Mapping[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
        """Return the typed values that can be read, and the names of those that cannot."""
        values = self.columns.values(raw)
        found, lost = {}, set()
        for name, read in self._reads:
            try:
                value = read(values, [])
            except RecordRejected:
                lost.add(name)
                continue
            if value is not None:
                found[name] = value
        return found, frozenset(lost)


def _missing(column: str, because_of: str) -> RecordRejected:
    return refused(column, "is empty", code="empty", fix=f"{because_of!r} says nothing without it")


def _in_item(error: RecordRejected, number: int, column: str) -> RecordRejected:
    error.message = f"item {number} of {column!r}: {error.message}"
    return error


def _is_optional(value: Value) -> bool:
    """Return whether a value is nothing as long as its one column is empty."""
    spec = value.spec
    return not (spec.required or spec.default is not None or spec.time is not None or len(value.names) > 1) and not (
        steps_of(value.names[0])
    )


def record_reader(declared: Declared, surroundings: Surroundings) -> ObjectReader:
    """Return what reads the records of a file.

    Args:
        declared: its declarations.
        surroundings: of the deployment.
    """
    return ObjectReader(declared.values, surroundings, declared.together)


def read_of(value: Value, surroundings: Surroundings) -> Read:
    """Return the closure that reads a value."""
    if value.type == "object":
        return _list_of_objects(value, surroundings)
    if value.type == "national-number":
        return national_number(value, proved=surroundings.proved)
    if value.spec.time is not None:
        return day_with_time(value, surroundings.zone)
    convert = converter(value, surroundings)
    if value.separators is not None:
        return _several(value, convert)
    return _one(value, convert)


def converter(value: Value, surroundings: Surroundings) -> Convert:
    """Return what makes a typed value of what stands in a column (of one word of it, where there are several)."""
    spec, zone = value.spec, surroundings.zone
    own_zone = ZoneInfo(spec.zone) if spec.zone is not None else zone
    match value.type:
        case "integer":
            return scalars.integer
        case "decimal":
            return scalars.decimal
        case "boolean":
            return scalars.boolean(spec.yes, spec.no)
        case "date":
            return dates.date_converter(value.forms, zone)
        case "time":
            return dates.time_text
        case "moment":
            return dates.moment_converter(value.forms, own_zone, zone, days=False)
        case "date-or-moment":
            return dates.moment_converter(value.forms, own_zone, zone, days=True)
        case "mediator" | "facility":
            assert surroundings.directory is not None  # noqa: S101 - for the type checker; the source has looked
            return entry_converter(value, surroundings.directory)
        case _:
            return scalars.text if value.table is None else value.table.convert


# --- how many ----------------------------------------------------------------------------------------------------


def _list_of_objects(value: Value, surroundings: Surroundings) -> Read:
    find, guard, required = finder(value.names), Guard(value), value.spec.required
    inner = ObjectReader(value.parts, surroundings)

    def read(values: Values, repairs: list[str]) -> Any:
        raw = find(values)
        if raw is None:
            if required:
                raise guard.empty(values)
            return None
        if not isinstance(raw, list):
            raise refused(guard.name(values), "is not a list", code="wrong-kind")
        items = []
        for number, item in enumerate(raw, 1):
            if not isinstance(item, Mapping):
                raise refused(guard.name(values), f"has no object as item {number}", code="wrong-kind")
            try:
                made = inner.read(item, repairs)
            except RecordRejected as error:
                _in_item(error, number, guard.name(values))
                raise
            if made:
                items.append(made)
        return items or None

    return read


def _one(value: Value, convert: Convert) -> Read:
    find, guard = finder(value.names), Guard(value)
    required, default = value.spec.required, value.spec.default

    def read(values: Values, _: list[str]) -> Any:
        raw = find(values)
        if raw is not None:
            try:
                found = convert(raw)
            except Unreadable as error:
                failure = error
            else:
                if found is not None:
                    return found
                if required:
                    raise guard.empty(values)
                return default
            raise guard.wrong(values, failure)
        if required:
            raise guard.empty(values)
        return default

    return read


def _several(value: Value, convert: Convert) -> Read:
    find, guard, separators = finder(value.names), Guard(value), value.separators or ()
    required, default = value.spec.required, value.spec.default
    is_coded = value.table is not None

    def read(values: Values, _: list[str]) -> Any:
        raw = find(values)
        if raw is not None:
            try:
                found = [one for word in words_of(raw, separators) if (one := convert(word)) is not None]
            except Unreadable as error:
                failure = error
            else:
                if found:
                    # A code that stands twice says nothing more; a name may well stand twice.
                    return list(dict.fromkeys(found)) if is_coded and found[0].__class__ is not dict else found
                if required:
                    raise guard.empty(values)
                return None if default is None else [default]
            raise guard.wrong(values, failure)
        if required:
            raise guard.empty(values)
        return None if default is None else [default]

    return read


def words_of(value: Any, separators: tuple[str, ...]) -> list[Any]:
    """Return the values that stand in a column, none of them empty; a JSON list is split already.

    Args:
        value: text or list.
        separators: a space stands for white space of any kind; none: only lists are read.

    Raises:
        Unreadable: it is of another kind.
    """
    if value.__class__ is list:
        words = value
    elif not separators:
        raise Unreadable("is not a list", "wrong-kind")
    else:
        text, first = scalars.text(value), separators[0]
        for other in separators[1:]:
            text = text.replace(other, first)
        words = text.split() if first == " " else text.split(first)
    stripped = (word.strip() if isinstance(word, str) else word for word in words)
    return [word for word in stripped if word is not None and word not in ("", [], {})]
