"""A database that is only read: short read-only transactions, limits of time, errors that name no value.

Each transaction reads one page and ends before its rows are handed on, so that the local system's own work (locks,
vacuum, the journal of SQLite) never waits for ours. In PostgreSQL it is REPEATABLE READ: rows and the rows of their
child tables are of one moment.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import QueuePool
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from hm_fhir.errors import HmFhirError, OperatorNeeded, RetryLater, SettingsError, did_you_mean
from hm_fhir.sources.sql_values import decoded_json

_T = TypeVar("_T")
_SQLITE_STEPS = 10_000  # of its virtual machine, between two looks at the clock
_SQLITE_WAITS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL}
_SQLITE_NO_FILE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
# What libpq knows of a refused connection is a sentence of the server without its code.
_REFUSED = ("password", "pg_hba.conf", "role ", "authentication", "permission denied for database")


class _Momentary(Exception):
    """May succeed in some seconds."""


class Database:
    """A database. A context manager.

    Args:
        url: SQLAlchemy URL.
        password: put into the URL.
        name: what messages call it: never the URL.
        folder: where the relative path of an SQLite file starts.
        timeout_seconds: longest statement (PostgreSQL, SQLite).
        connect_timeout_seconds: longest wait for a connection, or for a lock of SQLite.
        quick_attempts: attempts of one transaction.

    Raises:
        SettingsError: the URL is none, or its driver is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        password: str | None = None,
        name: str,
        folder: Path,
        timeout_seconds: float,
        connect_timeout_seconds: float,
        quick_attempts: int,
    ) -> None:
        self._name = name
        self._timeout_seconds = timeout_seconds
        self._connect_timeout_seconds = connect_timeout_seconds
        try:
            address = sa.make_url(url.replace("postgres://", "postgresql://", 1))
            if password is not None:
                address = address.set(password=password)
            self.kind = address.get_backend_name()
            self._engine = self._made(address, folder)
        except ArgumentError:
            fix = "write postgresql://user@host/database or sqlite:///file.db"
            raise SettingsError("this is no database URL", place=name, fix=fix) from None
        except NoSuchModuleError:
            fix = "look at the part of the url before ://"
            raise SettingsError("SQLAlchemy knows no such kind of database", place=name, fix=fix) from None
        except ModuleNotFoundError as error:
            fix = "pip install 'hm-fhir[sql]' brings the one of PostgreSQL"
            message = f"the driver of this database is not installed ({error.name})"
            raise SettingsError(message, place=name, fix=fix) from None
        self._retrying = Retrying(
            stop=stop_after_attempt(quick_attempts),
            wait=wait_random_exponential(multiplier=0.2, max=4),
            retry=retry_if_exception_type(_Momentary),
            reraise=True,
        )

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def _made(self, address: sa.URL, folder: Path) -> sa.Engine:
        pool: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
        if self.kind == "sqlite":
            if address.database in (None, "", ":memory:"):
                raise ArgumentError
            path = (folder / str(address.database)).resolve()
            engine = sa.create_engine("sqlite://", creator=lambda: self._sqlite(path), **pool)
            sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
            return engine
        if self.kind != "postgresql" or address.drivername not in ("postgresql", "postgresql+psycopg"):
            return sa.create_engine(address, **pool)
        engine = sa.create_engine(
            address.set(drivername="postgresql+psycopg"),
            connect_args={
                "connect_timeout": max(2, math.ceil(self._connect_timeout_seconds)),
                "application_name": "hm-fhir",
                "prepare_threshold": None,  # a pooler may hand the next transaction to another session
            },
            json_deserializer=decoded_json,
            **pool,
        )
        sa.event.listen(engine, "connect", _keep_unreadable_times)
        return engine

    def _sqlite(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro",
            uri=True,
            timeout=self._connect_timeout_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA query_only = ON")
        return connection

    def read(self, work: Callable[[sa.Connection], _T]) -> _T:
        """Return what `work` reads in one read-only transaction; it may be called several times.

        Raises:
            RetryLater: no answer after the quick attempts, or it takes too long.
            OperatorNeeded: the database refuses us.
            SettingsError: it does not understand what is asked.
        """
        try:
            done: _T = self._retrying(self._once, work)
        except _Momentary:
            raise RetryLater(f"the database of {self._name} does not answer") from None
        return done

    def _once(self, work: Callable[[sa.Connection], _T]) -> _T:
        failed: HmFhirError | _Momentary
        try:
            with self._engine.connect() as connection:
                if self.kind == "postgresql":
                    connection = connection.execution_options(
                        isolation_level="REPEATABLE READ", postgresql_readonly=True
                    )
                with connection.begin():
                    self._limit(connection)
                    return work(connection)
        except DBAPIError as error:
            failed = self._failed(error)
        except SQLAlchemyError as error:
            failed = SettingsError(
                f"the database cannot be asked this way ({type(error).__name__})",
                place=self._name,
                fix="look at the url and the columns of this source",
            )
        # Outside of the handler: a driver's message can hold values, and must not be its context.
        raise failed

    def _limit(self, connection: sa.Connection) -> None:
        milliseconds = math.ceil(self._timeout_seconds * 1000)
        if self.kind == "postgresql":
            # Of this transaction alone: the settings of a session may be another's behind a pooler.
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
            connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
        elif self.kind == "sqlite":
            deadline = time.monotonic() + self._timeout_seconds
            raw: Any = connection.connection.dbapi_connection
            raw.set_progress_handler(lambda: time.monotonic() > deadline, _SQLITE_STEPS)

    def _failed(self, error: DBAPIError) -> HmFhirError | _Momentary:
        if isinstance(error.orig, sqlite3.Error):
            return self._sqlite_failed(error.orig)
        state = getattr(error.orig, "sqlstate", None)
        if state is None:
            return self._not_connected(str(error.orig))
        if state == "57014":
            return self._too_slow()
        if state == "42501" or state.startswith("28"):
            return OperatorNeeded(
                f"the database refuses us ({state})",
                code="not-allowed",
                place=self._name,
                fix="this user needs CONNECT, USAGE of the schema and SELECT on the tables of this source",
            )
        if state.startswith(("08", "40", "53", "55", "57", "58", "XX")):
            return _Momentary(state)
        said = getattr(getattr(error.orig, "diag", None), "message_primary", None)
        # What is wrong with a statement is said in its own words; other sentences can hold values of rows.
        return self._not_understood(f"{state}: {said}" if said and state.startswith("42") else state)

    def _sqlite_failed(self, error: sqlite3.Error) -> HmFhirError | _Momentary:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_INTERRUPT:
            return self._too_slow()
        if code in _SQLITE_WAITS:
            return _Momentary(str(code))
        if code in _SQLITE_NO_FILE:
            return SettingsError(
                "there is no SQLite file that can be read",
                place=self._name,
                fix="look at the url of this source: sqlite:///relative.db or sqlite:////absolute.db",
            )
        return self._not_understood(str(error) if code == sqlite3.SQLITE_ERROR else f"SQLite error {code}")

    def _not_connected(self, said: str) -> HmFhirError | _Momentary:
        if 'database "' in said and "does not exist" in said:
            return SettingsError("there is no such database", place=self._name, fix="look at the url of this source")
        if any(words in said for words in _REFUSED):
            return OperatorNeeded(
                "the database refuses us",
                code="not-allowed",
                place=self._name,
                fix="look at the user and the password of this source, and at pg_hba.conf of the server",
            )
        return _Momentary("no connection")

    def _too_slow(self) -> HmFhirError:
        return RetryLater(
            f"the database of {self._name} needs more than {self._timeout_seconds:g} seconds for a page: an index on "
            "its time of change and key helps, or a longer timeout_seconds"
        )

    def _not_understood(self, said: str) -> HmFhirError:
        return SettingsError(
            f"the database does not understand what is asked: {said}",
            code="not-understood",
            place=self._name,
            fix="look at table, query and columns of this source",
        )

    def columns_of(self, connection: sa.Connection, schema: str | None, table: str) -> dict[str, tuple[bool, str]]:
        """Return whether each column of a table or view can be null, and the name of its type.

        Raises:
            SettingsError: there is no such table, or we may not see it.
        """
        inspector = sa.inspect(connection)
        try:
            found = inspector.get_columns(table, schema=schema)
        except NoSuchTableError:
            found = []
        if found:
            return {one["name"]: (bool(one["nullable"]), type(one["type"]).__name__) for one in found}
        known = {*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)}
        raise SettingsError(
            f"there is no table or view {table!r}" + (f" in the schema {schema!r}" if schema else ""),
            code="no-table",
            place=self._name,
            fix=did_you_mean(table, known) or "look at the name, the schema and the rights of this user",
        )


def _keep_unreadable_times(connection: Any, _: object) -> None:
    """Let times that Python does not know (infinity, before the year 1) be texts, so that one row refuses itself."""
    from psycopg import DataError
    from psycopg.types import datetime as loaders

    def kept(kind: Any) -> Any:
        class Kept(kind):  # type: ignore[misc]
            def load(self, data: Any) -> Any:
                try:
                    return super().load(data)
                except DataError:
                    return bytes(data).decode()

        return Kept

    for name in ("Date", "Time", "Timetz", "Timestamp", "Timestamptz", "Interval"):
        connection.adapters.register_loader(name.lower(), kept(getattr(loaders, f"{name}Loader")))
