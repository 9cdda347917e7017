"""A register in a database: an SQLite file, or a database of a PostgreSQL server that is started for it.

PostgreSQL is the one of the PyPI package ``pgserver`` (PostgreSQL 16, PostgreSQL licence): a real server on a Unix
socket, started once in a process and removed at its end.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

from hm_fhir.errors import SettingsError

DatabaseKind = Literal["sqlite", "postgresql"]
READER = "hm_fhir_reader"
"""The user of PostgreSQL that reads: may SELECT, nothing else."""
_servers: dict[str, Any] = {}


def postgresql_url(database: str = "postgres", user: str | None = None) -> str:
    """Return the SQLAlchemy URL of a database of this process's PostgreSQL server; the server is started first.

    Args:
        database: its name.
        user: who connects; the owner of everything if absent.

    Raises:
        SettingsError: ``pgserver`` is not installed.
    """
    import sqlalchemy as sa

    if "server" not in _servers:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it looks for a runtime directory of the user
                import pgserver
        except ModuleNotFoundError:
            raise SettingsError(
                "PostgreSQL for tests is not installed", place="pgserver", fix="pip install pgserver"
            ) from None
        _servers["server"] = pgserver.get_server(tempfile.mkdtemp(prefix="hm-fhir-pg-"), cleanup_mode="delete")
    server = sa.make_url(_servers["server"].get_uri())
    url = sa.URL.create("postgresql+psycopg", user or server.username, database=database, query=server.query)
    return url.render_as_string(hide_password=False)


class SqlSystem:
    """A register.

    A document is what `save` gets as ``native``: by table its row, or the list of its rows,
    ``{"visits": {"id": "7", …}, "tests": [{…}, {…}]}``; or, where one table is all, ``{"table": name, "row": {…}}``.
    The first row is the one that the document is named after. The first column of a table is its key. A document that
    is saved again replaces all its rows, in one transaction. Values are those of JSON; the database makes dates,
    times and numbers of texts, and objects and lists are written as JSON.

    Args:
        folder: an empty folder for the SQLite file and the password.
        tables: DDL type of every column of every table: ``{"visits": {"id": "text primary key", …}}``.
        database: kind of database.
        changed: column of the first row that gets the time of saving, where the row does not say it.
        deleted: column of the first row that `delete` sets to true; without it the rows are deleted.
    """

    def __init__(
        self,
        folder: Path,
        *,
        tables: Mapping[str, Mapping[str, str]],
        database: DatabaseKind = "postgresql",
        changed: str | None = "updated_at",
        deleted: str | None = None,
    ) -> None:
        self._folder = folder
        self._tables = tables
        self._kind = database
        self._changed = changed
        self._deleted = deleted
        self._database = f"register_{secrets.token_hex(8)}"
        self._documents: dict[str, list[tuple[str, object]]] = {}
        self._connection: Any = None

    def __enter__(self) -> Self:
        if self._kind == "sqlite":
            self._connection = sqlite3.connect(self._folder / "register.db")
        else:
            self._create_database()
            self._connection = _postgresql(self._database)
        for table, columns in self._tables.items():
            written = ", ".join(f"{_name(column)} {kind}" for column, kind in columns.items())
            self.execute(f"CREATE TABLE {_name(table)} ({written})")
        if self._kind == "postgresql":
            self.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        if self._kind == "postgresql":
            with closing(_postgresql("postgres", autocommit=True)) as owner:
                owner.execute(f"DROP DATABASE {self._database} WITH (FORCE)")

    @property
    def options(self) -> dict[str, Any]:
        """Settings that a source needs to connect; tables and columns are in its fields file."""
        if self._kind == "sqlite":
            return {"url": f"sqlite:///{(self._folder / 'register.db').resolve()}"}
        return {
            "url": postgresql_url(self._database, READER),
            "password": f"file:{(self._folder / 'database-password').resolve()}",
        }

    def save(self, document: Mapping[str, Any]) -> None:
        """Save a document.

        Args:
            document: ``{"key": …, "changed": ISO date-time with a zone, "native": …}``.
        """
        rows = list(_rows(document["native"]))
        first_table, first = rows[0]
        if self._changed and self._changed not in first:
            rows[0] = first_table, {**first, self._changed: document["changed"]}
        self._forget(document["key"])
        for table, row in rows:
            self._insert(table, row)
        self._documents[document["key"]] = [(table, row[self._key(table)]) for table, row in rows]
        self._connection.commit()

    def delete(self, key: str, changed: str) -> None:
        """Delete a document: by its flag, or with all its rows.

        Raises:
            KeyError: it was never saved.
        """
        (table, value), *_ = self._documents[key]
        if self._deleted is None:
            self._forget(key)
            del self._documents[key]
        else:
            news: dict[str, object] = {self._deleted: True}
            if self._changed:
                news[self._changed] = changed
            changes = ", ".join(f"{_name(column)} = ?" for column in news)
            where = f"{_name(self._key(table))} = ?"
            self._run(f"UPDATE {_name(table)} SET {changes} WHERE {where}", *news.values(), value)  # noqa: S608
        self._connection.commit()

    def flush(self) -> None:
        """Do nothing: every document is committed when it is saved."""

    def execute(self, statement: str, *values: object) -> None:
        """Execute one statement as the owner, and commit it.

        Args:
            statement: with ``?`` for each value.
            values: of JSON.
        """
        self._run(statement, *values)
        self._connection.commit()

    def _run(self, statement: str, *values: object) -> None:
        plain = [json.dumps(value) if isinstance(value, list | dict) else value for value in values]
        written = [str(value) if isinstance(value, Decimal) else value for value in plain]
        text = statement if self._kind == "sqlite" else statement.replace("?", "%s")
        self._connection.execute(text, written)

    def _key(self, table: str) -> str:
        return next(iter(self._tables[table]))

    def _insert(self, table: str, row: Mapping[str, object]) -> None:
        columns = ", ".join(map(_name, row))
        marks = ", ".join("?" * len(row))
        self._run(f"INSERT INTO {_name(table)} ({columns}) VALUES ({marks})", *row.values())  # noqa: S608

    def _forget(self, key: str) -> None:
        for table, value in reversed(self._documents.get(key, [])):
            where = f"{_name(self._key(table))} = ?"
            self._run(f"DELETE FROM {_name(table)} WHERE {where}", value)  # noqa: S608

    def _create_database(self) -> None:
        password = secrets.token_urlsafe(24)
        (self._folder / "database-password").write_text(password, encoding="ascii")
        with closing(_postgresql("postgres", autocommit=True)) as owner:
            if not owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (READER,)).fetchone():
                owner.execute(f"CREATE ROLE {READER} LOGIN")
            owner.execute(f"ALTER ROLE {READER} PASSWORD '{password}'")
            owner.execute(f"CREATE DATABASE {self._database}")


def _rows(native: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if native.keys() == {"table", "row"}:
        yield native["table"], native["row"]
        return
    for table, rows in native.items():
        for row in [rows] if isinstance(rows, Mapping) else rows:
            yield table, row


def _postgresql(database: str, *, autocommit: bool = False) -> Any:
    import psycopg

    url = postgresql_url(database).replace("postgresql+psycopg://", "postgresql://")
    return psycopg.connect(url, autocommit=autocommit)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


LOCAL_SYSTEM = SqlSystem
