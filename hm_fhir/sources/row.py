"""A record as named values, read with errors that name the column and never the value.

A column that is empty or absent reads as None; `Row.needs` names the columns that may not be empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar, overload
from zoneinfo import ZoneInfo

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import Record

T = TypeVar("T")


class Row:
    """The values of one record, or of one part of it.

    Args:
        record: the record; its values are texts or, from a JSON document, whatever JSON knows.
        zone: zone of times that have none.
        path: where this part stands in the record, for messages, such as ``tests.0.``.
    """

    def __init__(self, record: Record, zone: ZoneInfo, *, path: str = "") -> None:
        self.place = record.place
        self._values = record.values
        self._zone = zone
        self._path = path

    def __bool__(self) -> bool:
        return bool(self._values)

    def refuse(self, column: str, message: str, *, code: str, fix: str | None = None) -> RecordRejected:
        """Return the rejection of this row because of a column."""
        return RecordRejected(f"{self._path + column!r} {message}", code=code, place=self.place, fix=fix)

    def needs(self, *columns: str) -> None:
        """Refuse the row when one of these columns is empty.

        Raises:
            RecordRejected: the first that is.
        """
        for column in columns:
            if self._values.get(column) in (None, "", [], {}) or self._is_blank(column):
                raise self.refuse(column, "is empty", code="empty", fix="fill it in the local system")

    def _is_blank(self, column: str) -> bool:
        value = self._values.get(column)
        return isinstance(value, str) and not value.strip()

    def text(self, column: str) -> str | None:
        """Return the text of a column without surrounding white space.

        Raises:
            RecordRejected: it is neither a text nor a whole number.
        """
        value = self._values.get(column)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._wrong_kind(column, "a text")
        return str(value).strip() or None

    def flag(self, column: str) -> bool | None:
        """Return a JSON true or false.

        Raises:
            RecordRejected: it is something else.
        """
        value = self._values.get(column)
        if value is None or isinstance(value, bool):
            return value
        raise self._wrong_kind(column, "true or false")

    def day(self, column: str, form: str) -> date | None:
        """Return the date of a column.

        Args:
            column: name of the column.
            form: how dates are written there (strptime), such as ``%d.%m.%Y``; nothing else is accepted.

        Raises:
            RecordRejected: it is no date of that form.
        """
        value = self.text(column)
        if value is None:
            return None
        try:
            return datetime.strptime(value, form).date()  # noqa: DTZ007  (only its date is used)
        except ValueError:
            raise self.refuse(column, f"is not a date written {form}", code="wrong-date") from None

    def moment(self, column: str, form: str = "iso") -> datetime | None:
        """Return the date-time of a column in its own zone, else in the zone of the deployment.

        Args:
            column: name of the column.
            form: how times are written there (strptime); ``iso`` stands for ISO 8601 with day and time of day.

        Raises:
            RecordRejected: it is no date-time of that form.
        """
        value = self.text(column)
        if value is None:
            return None
        try:
            if form == "iso":
                # A day alone would become midnight, which nobody has said.
                found = datetime.fromisoformat(value) if ":" in value else None
            else:
                found = datetime.strptime(value, form)  # noqa: DTZ007  (the zone is added below)
        except ValueError:
            found = None
        if found is None:
            wanted = "in ISO 8601 with day and time of day" if form == "iso" else form
            raise self.refuse(column, f"is not a time written {wanted}", code="wrong-date")
        return found if found.tzinfo else found.replace(tzinfo=self._zone)

    def start(self, day_column: str, clock_column: str, *, form: str) -> datetime | date | None:
        """Return day and time of two columns: the local date-time, or the day alone when the time is empty.

        Args:
            day_column: name of the column with the day.
            clock_column: name of the column with the time, ``HH:MM``.
            form: how days are written (strptime).

        Raises:
            RecordRejected: no date of that form, or no time ``HH:MM``.
        """
        day, clock = self.day(day_column, form), self.text(clock_column)
        if day is None or clock is None:
            return day
        try:
            hour = datetime.strptime(clock, "%H:%M").time()  # noqa: DTZ007  (the zone is added below)
        except ValueError:
            raise self.refuse(clock_column, "is not a time written HH:MM", code="wrong-date") from None
        return datetime.combine(day, time(hour.hour, hour.minute), self._zone)

    @overload
    def code(self, column: str, table: Mapping[str, T]) -> T | None: ...
    @overload
    def code(self, column: str, table: Mapping[str, T], *, default: T) -> T: ...
    def code(self, column: str, table: Mapping[str, T], *, default: T | None = None) -> T | None:
        """Return what a local word stands for; case and white space do not matter.

        Args:
            column: name of the column.
            table: meaning of each word; its keys are in lower case (`str.casefold`).
            default: what an empty column stands for.

        Raises:
            RecordRejected: the word is not in the table.
        """
        value = self.text(column)
        return default if value is None else self._find(column, value, table)

    def codes(self, column: str, table: Mapping[str, T], *, separator: str = ",") -> tuple[T, ...]:
        """Return what each word of a column stands for, each once; a JSON list, or one text with separators.

        Raises:
            RecordRejected: a word is not in the table.
        """
        return tuple(
            dict.fromkeys(self._find(column, word, table) for word in self.words(column, separator=separator))
        )

    def words(self, column: str, *, separator: str = ",") -> tuple[str, ...]:
        """Return the words of a column that are not empty; a JSON list, or one text with separators.

        Raises:
            RecordRejected: the column is of another kind.
        """
        value = self._values.get(column)
        words: Iterable[object] = value if isinstance(value, list) else (self.text(column) or "").split(separator)
        return tuple(text for word in words if (text := str(word).strip()))

    def entry(self, column: str, find: Callable[[str], T]) -> T | None:
        """Return what is known under the text of a column.

        Args:
            column: name of the column.
            find: finds it, such as `Directory.mediator`.

        Raises:
            RecordRejected: `find` does not know it.
        """
        value = self.text(column)
        if value is None:
            return None
        try:
            return find(value)
        except RecordRejected as error:
            raise self.refuse(column, f"- {error.message}", code=error.code, fix=error.fix) from None

    def part(self, column: str) -> Row:
        """Return the JSON object of a column as a row of its own; an empty row, which is false, when it is absent.

        Raises:
            RecordRejected: it is something else.
        """
        value = self._values.get(column)
        return self._inner(column, {} if value is None else value)

    def parts(self, column: str) -> tuple[Row, ...]:
        """Return the JSON objects of a list as rows of their own; none when it is absent.

        Raises:
            RecordRejected: it is no list, or something in it is no object.
        """
        value = self._values.get(column)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._wrong_kind(column, "a list")
        return tuple(self._inner(f"{column}.{number}", item) for number, item in enumerate(value))

    def _inner(self, column: str, value: Any) -> Row:
        if not isinstance(value, Mapping):
            raise self._wrong_kind(column, "a JSON object")
        return Row(Record(self.place, value), self._zone, path=f"{self._path}{column}.")

    def _find(self, column: str, word: str, table: Mapping[str, T]) -> T:
        found = table.get(" ".join(word.split()).casefold())
        if found is None:
            raise self.refuse(
                column,
                "has a word that is not in the code list",
                code="unknown-code",
                fix="correct it in the local system, or add the word to the plugin's codes",
            )
        return found

    def _wrong_kind(self, column: str, wanted: str) -> RecordRejected:
        return self.refuse(column, f"is not {wanted}", code="wrong-kind")
