"""Creates and migrates the tables.

The number of the last migration is a row of its own table, not ``PRAGMA user_version``: the outbox can live in the
database of an existing system, and that number belongs to the system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.errors import StoreError
from hm_fhir.outbox.queries import load_migrations, load_schema
from hm_fhir.outbox.sqlite.connection import joining

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from hm_fhir.outbox.queries import Migration

_HAS_VERSION = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'hm_fhir_schema'"
_VERSION = "SELECT version FROM hm_fhir_schema"
_CREATE_VERSION = "CREATE TABLE hm_fhir_schema (version INTEGER NOT NULL)"
_FIRST_VERSION = "INSERT INTO hm_fhir_schema (version) VALUES (?)"
_NEXT_VERSION = "UPDATE hm_fhir_schema SET version = ?"


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration of a database, 0 when it has no outbox."""
    if connection.execute(_HAS_VERSION).fetchone() is None:
        return 0
    version: int = connection.execute(_VERSION).fetchone()[0]
    return version


def is_current(connection: sqlite3.Connection) -> bool:
    """Return whether nothing has to be migrated.

    Raises:
        StoreError: a newer version of hm-fhir migrated the store.
    """
    version = schema_version(connection)
    newest = load_migrations()[-1].number
    if version > newest:
        raise StoreError(
            f"the store has schema {version}, this version of hm-fhir knows {newest}",
            code="store-schema",
            fix="install the newer version of hm-fhir again, or restore the backup from before the upgrade",
        )
    return version == newest


def update_schema(connection: sqlite3.Connection) -> None:
    """Create the schema, or apply the migrations that a database does not have yet, in the open transaction.

    Raises:
        StoreError: a newer version of hm-fhir migrated the store.
    """
    if is_current(connection):
        return
    migrations = load_migrations()
    version = schema_version(connection)
    if version == 0:
        for statement in (_CREATE_VERSION, *load_schema()):
            connection.execute(statement)
        connection.execute(_FIRST_VERSION, (migrations[-1].number,))
    else:
        apply_migrations(connection, migrations[version:])


def install(connection: sqlite3.Connection) -> None:
    """Create or migrate the outbox in a caller's database, as a part of the caller's transaction.

    SQLite's DDL is transactional: the tables appear when the caller commits. The journal mode and the enforcement of
    foreign keys cannot be changed inside a transaction and stay as they are.

    Raises:
        StoreError: a newer version of hm-fhir migrated the database; or it is in autocommit mode with no transaction.
    """
    with joining(connection):
        update_schema(connection)


def apply_migrations(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Apply numbered steps in the open transaction.

    Args:
        connection: has an open transaction, so that all steps come or none.
        migrations: in order, directly after the last one that the database has.
    """
    if schema_version(connection) == 0:
        connection.execute(_CREATE_VERSION)
        connection.execute(_FIRST_VERSION, (0,))
    for migration in migrations:
        for statement in migration.statements:
            connection.execute(statement)
        connection.execute(_NEXT_VERSION, (migration.number,))
