"""The connection of a store to its file, and the transactions on it.

SQLite has one writer at a time. The threads of a process share one connection and wait for each other here; processes
wait for each other in SQLite, up to the busy timeout.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING

from hm_fhir.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SAVEPOINT = "hm_fhir_verb"

#: Connections that a fork brought along. SQLite forbids to use them in the child, and closing counts as use
#: (https://www.sqlite.org/howtocorrupt.html, section 2.6), so they are kept until the process ends.
_inherited: list[sqlite3.Connection] = []


class Connections:
    """Opens the file when it is first needed, once in each process.

    Args:
        path: the file; its folder must exist.
        busy_timeout_seconds: how long to wait for another process that writes.
        prepare: called with each new connection, outside any transaction.
    """

    def __init__(
        self, path: Path, *, busy_timeout_seconds: float, prepare: Callable[[sqlite3.Connection], None]
    ) -> None:
        self._path = path
        self._busy_timeout_seconds = busy_timeout_seconds
        self._prepare = prepare
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._process_id = os.getpid()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock; verbs of this thread become part of one commit."""
        with self._exclusive() as connection:
            if connection.in_transaction:
                yield
                return
            with _translated():
                connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                with _translated():
                    connection.execute("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise

    @contextmanager
    def writing(self, callers: sqlite3.Connection | None = None) -> Iterator[sqlite3.Cursor]:
        """Give a cursor for one verb that writes, all of it or nothing.

        Args:
            callers: a connection of the caller; the verb becomes a part of its open transaction.
        """
        if callers is not None:
            with joining(callers):
                yield _cursor(callers)
            return
        with self._exclusive() as connection, _translated():
            if connection.in_transaction:
                with _savepoint(connection):
                    yield _cursor(connection)
            else:
                with self.transaction():
                    yield _cursor(connection)

    @contextmanager
    def reading(self, callers: sqlite3.Connection | None = None) -> Iterator[sqlite3.Cursor]:
        """Give a cursor for one verb that reads; all its statements see the same moment."""
        if callers is not None:
            with _translated():
                yield _cursor(callers)
            return
        with self._exclusive() as connection, _translated():
            if connection.in_transaction:
                yield _cursor(connection)
                return
            connection.execute("BEGIN")
            try:
                yield _cursor(connection)
            finally:
                _roll_back(connection)

    def close(self) -> None:
        """Close the connection of this process."""
        with self._lock:
            if self._connection is not None and self._process_id == os.getpid():
                self._connection.close()
            self._connection = None

    @contextmanager
    def _exclusive(self) -> Iterator[sqlite3.Connection]:
        if self._process_id != os.getpid():
            self._leave_parent_behind()
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            yield self._connection

    def _leave_parent_behind(self) -> None:
        if self._connection is not None:
            _inherited.append(self._connection)
            self._connection = None
        # A thread of the parent may have held the lock at the moment of the fork.
        self._lock = RLock()
        self._process_id = os.getpid()

    def _open(self) -> sqlite3.Connection:
        try:
            # Health data: nobody but the user of the service may read it. SQLite gives -wal and -shm the same mode.
            self._path.touch(mode=0o600)
        except OSError as error:
            raise StoreError(
                f"the store cannot be opened: {error.strerror}",
                code="store-path",
                fix="name a file in an existing folder that the service may write to",
                place=str(self._path),
            ) from error
        with _translated():
            connection = sqlite3.connect(
                self._path,
                timeout=self._busy_timeout_seconds,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self._configure(connection)
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _configure(self, connection: sqlite3.Connection) -> None:
        deadline = time.monotonic() + self._busy_timeout_seconds
        while True:
            try:
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
                break
            except sqlite3.OperationalError as error:
                # The busy timeout does not cover the change of the mode, which needs the file for itself.
                if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        if mode != "wal":
            raise StoreError(
                f"the store cannot use a write-ahead log here (its journal mode is {mode})",
                code="store-path",
                fix="put the store on a local disk",
                place=str(self._path),
            )
        # FULL syncs every commit: what add or settle reported survives a loss of power.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")


@contextmanager
def joining(connection: sqlite3.Connection) -> Iterator[None]:
    """Make the block a part of a caller's open transaction: all of it or nothing, and nothing is committed.

    Raises:
        StoreError: the connection is in autocommit mode and has no open transaction.
    """
    with _translated():
        _ensure_transaction(connection)
        with _savepoint(connection):
            yield


def _ensure_transaction(connection: sqlite3.Connection) -> None:
    # sqlite3 begins by itself before the first INSERT, unless the caller asked for autocommit. In autocommit mode a
    # savepoint of ours would commit on its own, so the caller must say BEGIN.
    if connection.in_transaction:
        return
    # From Python 3.12 on `autocommit=True` overrides the isolation level.
    if connection.isolation_level is None or getattr(connection, "autocommit", None) is True:
        raise StoreError(
            "the caller's connection has no open transaction",
            code="store-transaction",
            fix="execute BEGIN IMMEDIATE on it first, and COMMIT after your own rows are written",
        )
    connection.execute(f"BEGIN {connection.isolation_level}")


def _cursor(connection: sqlite3.Connection) -> sqlite3.Cursor:
    cursor = connection.cursor()
    # The caller's connection may have a factory of its own.
    cursor.row_factory = sqlite3.Row
    return cursor


@contextmanager
def _savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute(f"SAVEPOINT {_SAVEPOINT}")
    try:
        yield
    except BaseException:
        # A full disk makes SQLite roll back the whole transaction, savepoints included.
        if connection.in_transaction:
            connection.execute(f"ROLLBACK TO {_SAVEPOINT}")
            connection.execute(f"RELEASE {_SAVEPOINT}")
        raise
    connection.execute(f"RELEASE {_SAVEPOINT}")


def _roll_back(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def _translated() -> Iterator[None]:
    """Turn errors of SQLite into StoreError; their texts name tables and columns, never values."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise StoreError(
                "another process or connection holds the store for writing",
                code="store-busy",
                fix="try again; inside a transaction of your own, hand its connection to the verb",
            ) from error
        if "no such table: hm_fhir_" in str(error):
            raise StoreError(
                "the caller's database has no outbox",
                code="store-missing",
                fix="call install(connection) once, before anything is added",
            ) from error
        raise StoreError(
            f"the store failed: {error} ({name})",
            code="store-failed",
            fix="check the disk and the rights of the store's file; nothing of this step was written",
        ) from error
