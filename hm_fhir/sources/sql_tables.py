"""What is selected from: tables and views with their columns, a query as a table, rows of child tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from hm_fhir.errors import SettingsError, did_you_mean
from hm_fhir.sources.sql import ChildTable, SqlOptions
from hm_fhir.sources.sql_database import Database
from hm_fhir.sources.sql_values import decoded_json, json_like

_MOST_PARENTS = 500


@dataclass(frozen=True, slots=True)
class Table:
    """What is selected from.

    Args:
        source: table, or query as a table.
        columns: what is selected, by name.
        readers: what makes a value of each column JSON-like.
        may_be_null: the columns that can be null.
    """

    source: sa.FromClause
    columns: tuple[str, ...]
    readers: tuple[Callable[[Any], Any], ...]
    may_be_null: frozenset[str]

    @property
    def selected(self) -> sa.Select[Any]:
        """A SELECT of the columns."""
        return sa.select(*(self.source.c[name] for name in self.columns))

    def values(self, row: Sequence[Any]) -> dict[str, Any]:
        """Return what a row says; what is null is left out."""
        cells = zip(self.columns, self.readers, row, strict=True)
        return {name: read(value) for name, read, value in cells if value is not None}


def table_of(options: SqlOptions, database: Database, connection: sa.Connection) -> Table:
    """Return the table or the query of some settings.

    Raises:
        SettingsError: the table, or a column that the settings name, is not there.
    """
    named: dict[str, Sequence[str | None]] = {
        "columns": options.columns,
        "key": options.key,
        "updated_at": [options.updated_at],
        "deleted": [options.deleted],
    }
    for name, child in options.children.items():
        named[f"children.{name}.parent_key"] = [child.parent_key]
    if options.table is not None:
        return _named_table(options.table, named, connection, database)
    # What looks like a parameter of SQLAlchemy is a part of the query: ::date.
    text = sa.text(str(options.query).replace(":", r"\:") + "\n")
    found = list(
        connection.execute(sa.select(sa.literal_column("*")).select_from(_as_table(text, ())).limit(0)).keys()
    )
    chosen = _chosen("query", found, named)
    return Table(_as_table(text, found), chosen, (json_like,) * len(chosen), frozenset(found))


def child_table_of(name: str, child: ChildTable, database: Database, connection: sa.Connection) -> Table:
    """Return a child table.

    Args:
        name: of the list in a record.
        child: settings.
        database: opened.
        connection: of the transaction.

    Raises:
        SettingsError: the table, or a column that the settings name, is not there.
    """
    place = f"children.{name}"
    named = {f"{place}.columns": child.columns, f"{place}.parent": [child.parent], f"{place}.order": child.order}
    return _named_table(child.table, named, connection, database)


def lists_of(
    connection: sa.Connection, table: Table, child: ChildTable, parents: Iterable[Any]
) -> Mapping[Any, list[dict[str, Any]]]:
    """Return the rows of a child table by the key of their parent; no rows are an empty list.

    Raises:
        SettingsError: what is equal to the key of a parent for the database is not for us (another case of letters, a
            number and a text, blanks at the end): the row would belong to nobody.
    """
    lists: defaultdict[Any, list[dict[str, Any]]] = defaultdict(list)
    column = table.source.c[child.parent]
    order = [table.source.c[name] for name in child.order]
    position = table.columns.index(child.parent)
    wanted = [parent for parent in parents if parent is not None]
    known = frozenset(wanted)
    for start in range(0, len(wanted), _MOST_PARENTS):
        some = wanted[start : start + _MOST_PARENTS]
        for raw in connection.execute(table.selected.where(column.in_(some)).order_by(column, *order)):
            if raw[position] not in known:
                raise SettingsError(
                    f"{child.parent!r} of {child.table} has values of another kind than the column that it refers to",
                    code="other-kind",
                    place=child.table,
                    fix="read a view of the table in which both columns are of one type and one way of writing",
                )
            lists[raw[position]].append(table.values(raw))
    return lists


def _named_table(
    name: str, named: Mapping[str, Sequence[str | None]], connection: sa.Connection, database: Database
) -> Table:
    schema, _, table = name.rpartition(".")
    found = database.columns_of(connection, schema or None, table)
    chosen = _chosen(name, list(found), named)
    source = sa.table(
        quoted_name(table, quote=True),
        *(sa.column(quoted_name(column, quote=True)) for column in found),
        schema=quoted_name(schema, quote=True) if schema else None,
    )
    readers = tuple(_reader(database.kind, found[column][1]) for column in chosen)
    return Table(source, chosen, readers, frozenset(column for column, (null, _) in found.items() if null))


def _as_table(text: sa.TextClause, columns: Sequence[str]) -> sa.FromClause:
    return text.columns(*(sa.column(quoted_name(name, quote=True)) for name in columns)).subquery("query")


def _chosen(table: str, found: Sequence[str], named: Mapping[str, Sequence[str | None]]) -> tuple[str, ...]:
    """Return the columns that are selected, in the order of the table.

    Args:
        table: for messages.
        found: its columns.
        named: columns that the settings name, by the setting; the first setting chooses, and all when it is empty.
    """
    if len(set(found)) < len(found):
        twice = next(name for name in found if found.count(name) > 1)
        fix = "write `AS` and another name behind one of them"
        raise SettingsError(f"two columns are called {twice!r}", place=table, fix=fix)
    for setting, names in named.items():
        for name in names:
            if name is not None and name not in found:
                other_case = next((one for one in found if one.casefold() == name.casefold()), None)
                raise SettingsError(
                    f"there is no column {name!r}, which {setting} names",
                    code="no-column",
                    place=table,
                    fix=f"did you mean {other_case!r}?" if other_case else did_you_mean(name, found),
                )
    (_, chosen), *_ = named.items()
    needed = {name for names in named.values() for name in names}
    return tuple(name for name in found if not chosen or name in needed)


def _reader(kind: str, type_name: str) -> Callable[[Any], Any]:
    """Return what makes values of a column JSON-like; SQLite has fewer kinds of values than of columns."""
    if kind == "sqlite" and type_name == "JSON":
        return lambda value: decoded_json(value) if isinstance(value, str | bytes) else json_like(value)
    if kind == "sqlite" and type_name == "BOOLEAN":
        return lambda value: bool(value) if value in (0, 1) else json_like(value)
    return json_like
