"""One reading of a table: its pages in order, the rows of child tables, and what was not as it should be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from hm_fhir.errors import SettingsError
from hm_fhir.sources.base import Checkpoint, Headings, Item, Record, Remark
from hm_fhir.sources.sql import SqlOptions
from hm_fhir.sources.sql_database import Database
from hm_fhir.sources.sql_position import Clock, Position, of_cursor
from hm_fhir.sources.sql_tables import Table, child_table_of, lists_of, table_of
from hm_fhir.sources.sql_values import document_of, is_deleted

_ISO_DAY = "____-__-__%"
_TEXTS = {"text", "character varying", "character", "citext"}
_TIMES = {"date", "timestamp without time zone", "timestamp with time zone"}
_FIRST, _LAST = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001  (what Python can say in every zone)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known before the first row.

    Args:
        table: of the records.
        children: tables of lists, by the name of the list.
        now: time of the database, or of this machine where it says none.
        usable: which rows have a time of change that can be compared; None: all that have one.
        keyless: number of rows without a key.
    """

    table: Table
    children: dict[str, Table]
    now: datetime
    usable: ColumnElement[bool] | None
    keyless: int


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a page.

    Args:
        place: what it is ordered by.
        document: see Record.
        deleted: see Record.
        values: see Record.
        raw: as the driver gives it, in the order of the table's columns.
    """

    place: tuple[Any, ...]
    document: str
    deleted: bool
    values: dict[str, Any]
    raw: tuple[Any, ...]


def count_rows(options: SqlOptions, database: Database) -> int:
    """Return the number of rows.

    Raises:
        HmFhirError: see `Database.read`.
    """

    def count(connection: sa.Connection) -> int:
        source = table_of(options, database, connection).source
        return int(connection.execute(sa.select(sa.func.count()).select_from(source)).scalar_one())

    return database.read(count)


class Reading:
    """One reading.

    Args:
        options: settings.
        zone: of the deployment.
        database: opened.
    """

    def __init__(self, options: SqlOptions, zone: ZoneInfo, database: Database) -> None:
        self._options = options
        self._database = database
        self._name = options.table or "query"
        self._clock = Clock(options.updated_as, ZoneInfo(options.zone) if options.zone else None, zone)
        said = [options.table, options.query, options.updated_at, options.updated_as, *options.key]
        self._of = hashlib.sha256("\0".join(map(str, said)).encode()).hexdigest()[:16]
        self._rows = 0

    def items(self, since: str | None) -> Iterator[Item]:
        """Yield what `Reader.records` yields.

        Raises:
            HmFhirError: see `Database.read`; SettingsError also for columns that are not there.
        """
        seen = self._database.read(self._look)
        yield Headings(self._name, (*seen.table.columns, *seen.children))
        if seen.keyless:
            message = f"{seen.keyless} rows are not read: they have no {' or '.join(self._options.key)}"
            yield Remark(self._name, "no-key", message)
        if self._options.updated_at is None:
            yield from self._all(seen)
            return
        position = of_cursor(since, self._of) if since is not None else Position()
        if position is None:
            position = Position()
            message = "the settings of this source have changed: it is read from the beginning"
            yield Remark(self._name, "other-cursor", message)
        yield from self._changes(seen, position)

    def _look(self, connection: sa.Connection) -> _Seen:
        options = self._options
        table = table_of(options, self._database, connection)
        children = {
            name: child_table_of(name, child, self._database, connection) for name, child in options.children.items()
        }
        for name in children:
            if name in table.columns:
                fix = "give the list another name"
                raise SettingsError(f"children.{name} has the name of a column", place=self._name, fix=fix)
        columns = table.source.c
        now, keyless = _now(), 0
        if self._database.kind == "postgresql":
            now = connection.execute(sa.select(sa.func.current_timestamp())).scalar_one()
        if table.may_be_null.intersection(options.key):
            none = sa.or_(*(columns[name].is_(None) for name in options.key))
            keyless = connection.execute(
                sa.select(sa.func.count()).select_from(table.source).where(none)
            ).scalar_one()
        return _Seen(table, children, now, self._usable(connection, table), keyless)

    def _usable(self, connection: sa.Connection, table: Table) -> ColumnElement[bool] | None:
        if self._options.updated_at is None or self._options.updated_as != "time":
            return None
        column = table.source.c[self._options.updated_at]
        is_postgresql = self._database.kind == "postgresql"
        asked = sa.cast(sa.func.pg_typeof(column), sa.Text) if is_postgresql else column
        found = connection.execute(sa.select(asked).where(column.is_not(None)).limit(1)).scalar_one_or_none()
        if found in _TEXTS if is_postgresql else isinstance(found, str):
            return column.like(_ISO_DAY)
        if is_postgresql and found in _TIMES:
            return column.between(sa.literal(_FIRST), sa.literal(_LAST))
        return None

    def _all(self, seen: _Seen) -> Iterator[Item]:
        for rows in self._pages(seen, self._options.key, (), None):
            yield from self._records(rows)

    def _changes(self, seen: _Seen, position: Position) -> Iterator[Item]:
        updated_at = str(self._options.updated_at)
        column = seen.table.source.c[updated_at]
        # What cannot be compared with others as a time would be passed by for ever.
        without = column.is_(None) if seen.usable is None else sa.or_(column.is_(None), sa.not_(seen.usable))
        is_resumed = position.after is not None or position.nulls is not None
        begun = position.begun or seen.now
        position = replace(position, begun=begun)
        if (updated_at in seen.table.may_be_null or seen.usable is not None) and position.after is None:
            number = self._rows
            for rows in self._pages(seen, self._options.key, (without,), position.nulls):
                yield from self._records(rows)
                position = replace(position, nulls=rows[-1].place)
                yield self._checkpoint(position)
            if self._rows > number:
                message = f"{self._rows - number} rows have no usable time in {updated_at}: they are read in each run"
                yield Remark(self._name, "no-time-of-change", message)
        position = replace(position, nulls=None)
        conditions: list[ColumnElement[bool]] = [] if seen.usable is None else [seen.usable]
        if position.after is None and position.at is not None:
            options = self._options
            start = self._clock.lowered(position.at, options.overlap_seconds, options.overlap_numbers)
            conditions.append(column >= sa.literal(start))
        for rows in self._pages(seen, (updated_at, *self._options.key), conditions, position.after):
            yield from self._records(rows)
            position = self._moved(position, begun, [row.place for row in rows])
            yield self._checkpoint(position)
        done = Position(at=position.at)
        if done.at is not None:
            yield self._checkpoint(done)
        if is_resumed:  # what came late while nobody read
            yield from self._changes(seen, done)

    def _moved(self, position: Position, begun: datetime, places: list[tuple[Any, ...]]) -> Position:
        latest = next((place[0] for place in reversed(places) if self._clock.says(place[0])), None)
        if latest is None and position.at is None:
            raise SettingsError(
                f"the column {self._options.updated_at!r} holds no {self._options.updated_as}",
                place=self._name,
                fix="look at updated_at and updated_as of this source; a text must be ISO 8601",
            )
        if latest is not None:
            position = replace(position, at=self._clock.bounded(latest, begun))
        return replace(position, after=places[-1])

    def _checkpoint(self, position: Position) -> Checkpoint:
        try:
            return Checkpoint(position.cursor(self._of))
        except ValueError as error:
            raise SettingsError(
                f"key or updated_at has values of a kind that gives no order ({error})",
                place=self._name,
                fix="name columns of numbers, texts, times or UUIDs",
            ) from None

    def _pages(
        self,
        seen: _Seen,
        order: Sequence[str],
        conditions: Sequence[ColumnElement[bool]],
        after: tuple[Any, ...] | None,
    ) -> Iterator[list[_Row]]:
        """Yield pages of rows strictly behind `after`, in the order of some columns."""
        columns = [seen.table.source.c[name] for name in order]
        given = [column.is_not(None) for column in columns]
        size = self._options.page_size
        while True:
            behind = [_behind(columns, after)] if after is not None else []
            query = seen.table.selected.where(*conditions, *given, *behind).order_by(*columns).limit(size + 1)
            rows = self._database.read(partial(self._page, seen, query, order))
            if any(one.place == other.place for one, other in pairwise(rows)):
                raise SettingsError(
                    f"{' and '.join(self._options.key)} do not make a row unique",
                    code="key-not-unique",
                    place=self._name,
                    fix="name more columns in key; rows of a second table belong into children",
                )
            if rows[:size]:
                yield rows[:size]
            if len(rows) <= size:
                return
            after = rows[size - 1].place

    def _page(
        self, seen: _Seen, query: sa.Select[Any], order: Sequence[str], connection: sa.Connection
    ) -> list[_Row]:
        places = [seen.table.columns.index(name) for name in order]
        keys = [seen.table.columns.index(name) for name in self._options.key]
        flag = seen.table.columns.index(self._options.deleted) if self._options.deleted else None
        rows = []
        for raw in connection.execute(query):
            key = tuple(raw[index] for index in keys)
            deleted = flag is not None and is_deleted(raw[flag])
            values = {} if deleted else seen.table.values(raw)
            rows.append(_Row(tuple(raw[index] for index in places), document_of(key), deleted, values, tuple(raw)))
        for name, child in self._options.children.items():
            parent_key = seen.table.columns.index(child.parent_key or self._options.key[0])
            wanted = [row for row in rows if not row.deleted]
            lists = lists_of(connection, seen.children[name], child, [row.raw[parent_key] for row in wanted])
            for row in wanted:
                row.values[name] = lists[row.raw[parent_key]]
        return rows

    def _records(self, rows: list[_Row]) -> Iterator[Record]:
        for row in rows:
            self._rows += 1
            place = f"{self._name} row {self._rows} of this reading"
            yield Record(place, row.values, document=row.document, deleted=row.deleted)


def _now() -> datetime:
    return datetime.now(UTC)


def _behind(columns: Sequence[ColumnElement[Any]], after: tuple[Any, ...]) -> ColumnElement[bool]:
    """Return the condition of rows behind some values in the order of some columns; not all databases know tuples."""
    values = [sa.literal(value) for value in after]
    steps = [
        sa.and_(
            *(column == value for column, value in zip(columns[:number], values, strict=False)),
            columns[number] > values[number],
        )
        for number in range(len(columns))
    ]
    # The first comparison says nothing new; an index serves it.
    return sa.and_(columns[0] >= values[0], sa.or_(*steps))
