"""What only the SQLite store has: its file, its schema, and the caller's own connection."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import threading
from contextlib import closing

import pytest

from hm_fhir.errors import StoreError
from hm_fhir.outbox.entry import Outcome
from hm_fhir.outbox.queries import Migration, all_queries, load_migrations
from hm_fhir.outbox.settlement import Delivered
from hm_fhir.outbox.sqlite import SqliteStore, install
from hm_fhir.outbox.sqlite.schema import apply_migrations, schema_version, update_schema


@pytest.fixture
def path(tmp_path):
    return tmp_path / "outbox.db"


@pytest.fixture
def sqlite_store(path):
    with SqliteStore(path) as store:
        yield store


@pytest.fixture
def his(tmp_path):
    """A connection to the database of an existing system, as sqlite3 opens it by default."""
    with closing(sqlite3.connect(tmp_path / "his.db")) as connection:
        connection.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, note TEXT)")
        connection.execute("PRAGMA user_version = 77")
        connection.commit()
        yield connection


@pytest.fixture
def his_store(his, tmp_path):
    with SqliteStore(tmp_path / "his.db") as store:
        store.install(his)
        his.commit()
        store.bind("key", "fingerprint")
        yield store


# ---- schema


def _schema(connection):
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    # How SQLite lays out the text after an ALTER TABLE is no difference.
    return [(*row[:3], re.sub(r"--.*|\s+", "", row[3] or "")) for row in rows]


def test_the_schema_is_the_sum_of_its_migrations():
    with closing(sqlite3.connect(":memory:")) as scratch, closing(sqlite3.connect(":memory:")) as stepwise:
        update_schema(scratch)
        apply_migrations(stepwise, load_migrations())
        assert _schema(scratch) == _schema(stepwise)
        assert schema_version(stepwise) == len(load_migrations())


@pytest.mark.parametrize("version", range(1, len(load_migrations())))
def test_an_older_store_is_migrated_when_it_is_opened_and_keeps_its_rows(path, version):
    with closing(sqlite3.connect(path)) as connection:
        apply_migrations(connection, load_migrations()[:version])
        connection.execute("INSERT INTO hm_fhir_binding VALUES (1, 'key', 'fingerprint', '2026')")
        connection.commit()
    with SqliteStore(path) as store:
        store.bind("key", "fingerprint")
        assert store.rejected() == ()
    with closing(sqlite3.connect(path)) as connection:
        assert schema_version(connection) == len(load_migrations())


def test_a_migration_that_fails_changes_nothing(path):
    steps = [
        Migration(1, "good", ("CREATE TABLE one (a)",)),
        Migration(2, "bad", ("CREATE TABLE two (a)", "NONSENSE")),
    ]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("BEGIN")
        with pytest.raises(sqlite3.OperationalError):
            apply_migrations(connection, steps)
        connection.rollback()
        assert _schema(connection) == []


def test_a_store_of_a_newer_version_is_not_touched(path):
    with SqliteStore(path) as store:
        store.counts()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE hm_fhir_schema SET version = 999")
        connection.commit()
    with SqliteStore(path) as store, pytest.raises(StoreError, match="install the newer version") as caught:
        store.counts()
    assert caught.value.code == "store-schema"
    with closing(sqlite3.connect(path)) as connection, pytest.raises(StoreError, match="999"):
        install(connection)


def test_every_named_statement_fits_the_schema():
    with closing(sqlite3.connect(":memory:")) as connection:
        update_schema(connection)
        for query in all_queries():
            names = dict.fromkeys(re.findall(r":([a-z_]+)", query.sql), 1)
            connection.execute(f"EXPLAIN {query.sql}", names)


# ---- the file


def test_only_the_user_of_the_service_can_read_the_file(sqlite_store, path, offer):
    sqlite_store.add(offer())
    for name in ("outbox.db", "outbox.db-wal", "outbox.db-shm"):
        assert stat.S_IMODE((path.parent / name).stat().st_mode) == 0o600


def test_every_commit_is_synced_to_a_write_ahead_log(sqlite_store, path):
    sqlite_store.counts()
    connection = sqlite_store._connections._connection
    values = [
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert values == ["wal", 2, 1]


def test_a_missing_folder_is_an_error_that_says_what_to_do(tmp_path):
    with SqliteStore(tmp_path / "no" / "outbox.db") as store, pytest.raises(StoreError, match="existing folder"):
        store.counts()


def test_a_file_that_is_no_database_is_an_error(path):
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    with SqliteStore(path) as store, pytest.raises(StoreError, match="SQLITE_NOTADB"):
        store.counts()


def test_another_writer_is_waited_for_and_then_reported(path, offer):
    with SqliteStore(path, busy_timeout_seconds=0.05) as store, closing(sqlite3.connect(path)) as other:
        store.counts()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="try again") as caught:
            store.add(offer())
        assert caught.value.code == "store-busy"
        other.rollback()
        assert store.add(offer()).outcome is Outcome.NEW


def test_a_closed_store_opens_again(sqlite_store, offer):
    sqlite_store.add(offer())
    sqlite_store.close()
    assert sqlite_store.counts()["national"].routed == 1


def test_the_sum_notices_a_lost_entry(sqlite_store, path, offer):
    (entry_id,) = sqlite_store.add(offer()).entry_ids
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM hm_fhir_entries WHERE entry_id = ?", (entry_id,))
        connection.commit()
    assert sqlite_store.counts()["national"].missing == 1


def test_threads_share_a_store(sqlite_store, offer, now):
    failures = []

    def work(name):
        try:
            for number in range(10):
                with sqlite_store.transaction():
                    sqlite_store.add(offer(f"{name}-{number}"))
                    sqlite_store.add(offer(f"{name}-{number}", "v2"))
                entries = sqlite_store.claim("national", 1, name, 60, now)
                sqlite_store.settle([Delivered(entry_id=one.entry_id) for one in entries], owner=name, now=now)
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"thread-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    counts = sqlite_store.counts()["national"]
    assert (counts.routed, counts.missing) == (80, 0)
    assert sorted(counts.states.values()) == [0, 0, 0, 0, 40, 40]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_opens_the_file_anew(sqlite_store, offer):
    sqlite_store.add(offer("a1"))
    child = os.fork()
    if child == 0:
        try:
            sqlite_store.add(offer("a2"))
            sqlite_store.close()
        except BaseException:  # noqa: BLE001 - the parent looks at the status
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    sqlite_store.add(offer("a3"))
    assert sqlite_store.counts()["national"].routed == 3


# ---- the caller's own transaction


def test_an_entry_comes_with_the_caller_s_row(his, his_store, offer):
    his.execute("INSERT INTO visits (note) VALUES ('x')")
    assert his_store.add(offer(), connection=his).outcome is Outcome.NEW
    assert his_store.counts() == {}
    his.commit()
    assert his_store.counts()["national"].routed == 1


def test_an_entry_goes_with_the_caller_s_row(his, his_store, offer):
    his.execute("INSERT INTO visits (note) VALUES ('x')")
    his_store.add(offer(), connection=his)
    assert his_store.known("a1", connection=his) is not None
    his.rollback()
    assert his_store.known("a1") is None
    assert his_store.counts() == {}
    assert his.execute("SELECT count(*) FROM visits").fetchone() == (0,)


def test_an_entry_that_is_added_before_the_caller_s_row_goes_with_it_too(his, his_store, offer):
    his_store.add(offer(), connection=his)
    his.execute("INSERT INTO visits (note) VALUES ('x')")
    his.rollback()
    assert his_store.counts() == {}


def test_an_add_that_fails_leaves_the_caller_s_row(his, his_store, offer):
    his.execute("INSERT INTO visits (note) VALUES ('x')")
    with pytest.raises(Exception, match="cannot be written as JSON"):
        his_store.add(offer(payload={"bad": object()}), connection=his)
    his.commit()
    assert his.execute("SELECT count(*) FROM visits").fetchone() == (1,)
    assert his_store.known("a1") is None


def test_the_caller_s_connection_keeps_its_ways(his, his_store, offer):
    his.row_factory = lambda cursor, row: list(row)
    his_store.add(offer(), connection=his)
    his.commit()
    assert his.execute("PRAGMA user_version").fetchone() == [77]
    assert his.in_transaction is False


def test_autocommit_is_refused_because_the_entry_would_come_alone(tmp_path, his_store, offer):
    with closing(sqlite3.connect(tmp_path / "his.db", isolation_level=None)) as autocommit:
        with pytest.raises(StoreError, match="BEGIN IMMEDIATE"):
            his_store.add(offer(), connection=autocommit)
        autocommit.execute("BEGIN IMMEDIATE")
        his_store.add(offer(), connection=autocommit)
        autocommit.execute("ROLLBACK")
        assert his_store.counts() == {}


def test_installing_is_a_part_of_the_caller_s_transaction(his):
    install(his)
    his.rollback()
    assert [row[1] for row in _schema(his)] == ["visits"]
    install(his)
    install(his)
    his.commit()
    assert schema_version(his) == len(load_migrations())


def test_a_database_without_outbox_says_how_to_get_one(his, path, offer):
    with SqliteStore(path) as store, pytest.raises(StoreError, match="install"):
        store.add(offer(), connection=his)
