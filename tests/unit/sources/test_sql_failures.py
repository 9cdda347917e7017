"""What a database refuses or breaks off: tried again, or said, without a value and without a password."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from pydantic import ValidationError

from hm_fhir.errors import OperatorNeeded, RetryLater, SettingsError
from hm_fhir.sources.base import Checkpoint, Item, Record, SourceContext
from hm_fhir.sources.sql import KIND, SqlOptions
from hm_fhir.testing.local_systems.sql import SqlSystem, postgresql_url

VISITS = {"visits": {"id": "integer primary key", "name": "text", "changed": "timestamptz not null"}}
NAME = "Синтетична Личност"


def fill(system: SqlSystem, rows: int) -> None:
    for number in range(rows):
        native = {"table": "visits", "row": {"id": number, "name": NAME}}
        system.save({"key": number, "changed": f"2026-03-05T09:00:{number:02}+00:00", "native": native})


@pytest.fixture
def system(tmp_path: Path) -> Iterator[SqlSystem]:
    with SqlSystem(tmp_path, tables=VISITS, database="postgresql", changed="changed") as system:
        fill(system, 6)
        yield system


def read(folder: Path, since: str | None = None, **options: Any) -> Iterator[Item]:
    given = {"key": ["id"], "updated_at": "changed", "page_size": 2, "quick_attempts": 2, **options}
    return KIND.open(SqlOptions(**given), SourceContext("r", folder, ZoneInfo("UTC"))).records(since)


def documents(items: list[Item]) -> list[str | None]:
    return [item.document for item in items if isinstance(item, Record)]


def cut_connections() -> int:
    """End every connection of the reader, as an administrator does, and return how many."""
    url = postgresql_url().replace("+psycopg", "")
    with closing(psycopg.connect(url, autocommit=True)) as owner:
        ended = owner.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE usename = 'hm_fhir_reader'"
        )
        return len(ended.fetchall())


def test_a_connection_that_is_lost_between_pages_is_made_again(tmp_path: Path, system: SqlSystem) -> None:
    reading = read(tmp_path, table="visits", **system.options)
    seen = [next(reading) for _ in range(4)]
    assert cut_connections() == 1
    assert documents([*seen, *reading]) == [str(number) for number in range(6)]


def test_a_connection_that_is_lost_within_a_statement_is_made_again(tmp_path: Path, system: SqlSystem) -> None:
    slow = "SELECT id, name, changed, pg_sleep(0.15) AS slept FROM visits"
    cut = threading.Timer(0.5, cut_connections)
    cut.start()
    try:
        assert documents(list(read(tmp_path, query=slow, **system.options))) == [str(number) for number in range(6)]
    finally:
        cut.join()


def test_a_server_that_is_down_is_for_later_and_the_place_is_kept(tmp_path: Path, system: SqlSystem) -> None:
    reading = read(tmp_path, table="visits", **system.options)
    seen = [next(reading) for _ in range(4)]
    cursor = [item.cursor for item in seen if isinstance(item, Checkpoint)][-1]
    nobody = {"url": "postgresql://reader@127.0.0.1:1/register", "connect_timeout_seconds": 2}
    with pytest.raises(RetryLater, match="the database of visits does not answer"):
        list(read(tmp_path, cursor, table="visits", **nobody))
    rest = documents(list(read(tmp_path, cursor, table="visits", overlap_seconds=0, **system.options)))
    # Behind the last page first; then what may have come late meanwhile.
    assert rest[:4] == ["2", "3", "4", "5"]
    assert set(rest) <= {"2", "3", "4", "5"}


def test_a_page_that_takes_too_long_is_for_later(tmp_path: Path, system: SqlSystem) -> None:
    slow = "SELECT id, changed, pg_sleep(2) AS slept FROM visits"
    begin = time.monotonic()
    with pytest.raises(RetryLater, match=r"more than 0\.2 seconds"):
        list(read(tmp_path, query=slow, timeout_seconds=0.2, **system.options))
    assert time.monotonic() - begin < 1.5


def test_a_user_without_rights_is_the_operators_matter(tmp_path: Path, system: SqlSystem) -> None:
    system.execute("CREATE TABLE hidden (id integer, changed timestamptz)")
    with pytest.raises(OperatorNeeded, match=r"refuses us \(42501\)"):
        list(read(tmp_path, table="hidden", **system.options))
    elsewhere = system.options["url"].replace("hm_fhir_reader", "nobody_here")
    with pytest.raises(OperatorNeeded, match="refuses us") as error:
        list(read(tmp_path, table="visits", url=elsewhere))
    assert "nobody_here" not in str(error.value)


def test_nothing_can_be_written(tmp_path: Path, system: SqlSystem) -> None:
    system.execute("CREATE FUNCTION spoil() RETURNS integer LANGUAGE sql AS 'DELETE FROM visits RETURNING id'")
    system.execute("GRANT DELETE ON visits TO hm_fhir_reader")
    with pytest.raises(SettingsError, match="25006"):
        list(read(tmp_path, query="SELECT id, changed, spoil() AS x FROM visits", **system.options))
    assert len(documents(list(read(tmp_path, table="visits", **system.options)))) == 6


def test_a_row_that_breaks_a_query_shows_no_value(tmp_path: Path, system: SqlSystem) -> None:
    with pytest.raises(SettingsError) as error:
        list(read(tmp_path, query="SELECT id, changed, name::integer AS n FROM visits", **system.options))
    assert "22P02" in str(error.value)
    assert NAME not in str(error.value)
    assert error.value.__context__ is None
    assert error.value.__cause__ is None


def test_a_missing_schema_and_double_names_are_said(tmp_path: Path, system: SqlSystem) -> None:
    with pytest.raises(SettingsError, match="no table or view 'visits' in the schema 'archive'"):
        list(read(tmp_path, table="archive.visits", **system.options))
    with pytest.raises(SettingsError, match="two columns are called 'id'"):
        list(read(tmp_path, query="SELECT id, changed, name AS id FROM visits", **system.options))
    with pytest.raises(SettingsError, match="there is no such database"):
        list(read(tmp_path, table="visits", url=system.options["url"].replace("register_", "no_register_")))


def test_times_that_python_does_not_know_are_texts(tmp_path: Path, system: SqlSystem) -> None:
    system.execute("INSERT INTO visits VALUES (90, 'x', 'infinity'), (91, 'y', '0044-03-15 BC')")
    query = "SELECT *, changed::date AS day FROM visits"
    items = list(read(tmp_path, query=query, **system.options))
    days = {item.document: item.values["day"] for item in items if isinstance(item, Record)}
    assert days["90"] == "infinity"
    assert days["91"] == "0044-03-15 BC"
    assert days["0"] == "2026-03-05"


def sqlite_file(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "register.db")
    connection.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, name TEXT, changed TEXT)")
    connection.executemany("INSERT INTO visits VALUES (?, ?, '2026-03-05 09:00:00')", [(n, NAME) for n in range(5)])
    connection.commit()
    return connection


def test_an_sqlite_file_beside_the_settings_is_read_without_locking_it(tmp_path: Path) -> None:
    with closing(sqlite_file(tmp_path)) as owner:
        reading = read(tmp_path, url="sqlite:///register.db", table="visits")
        seen = [next(reading) for _ in range(3)]
        owner.execute("INSERT INTO visits VALUES (50, 'x', '2026-03-05 09:00:00')")
        owner.commit()  # between two pages nobody waits for us
        assert documents([*seen, *reading]) == ["0", "1", "2", "3", "4", "50"]


def test_an_sqlite_file_that_is_locked_is_for_later(tmp_path: Path) -> None:
    with closing(sqlite_file(tmp_path)) as owner:
        owner.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RetryLater, match="does not answer"):
            list(read(tmp_path, url="sqlite:///register.db", table="visits", connect_timeout_seconds=0.05))


@pytest.mark.parametrize("content", [None, b"this is no database" * 100])
def test_a_file_that_is_no_sqlite_database_is_said(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "register.db").write_bytes(content)
    with pytest.raises(SettingsError, match="no SQLite file that can be read"):
        list(read(tmp_path, url="sqlite:///register.db", table="visits"))
    assert (tmp_path / "register.db").exists() is (content is not None)


def test_a_slow_statement_of_sqlite_is_for_later(tmp_path: Path) -> None:
    sqlite_file(tmp_path).close()
    endless = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, 1 AS changed FROM n"
    with pytest.raises(RetryLater, match=r"more than 0\.1 seconds"):
        list(read(tmp_path, url="sqlite:///register.db", query=endless, timeout_seconds=0.1))


def test_the_url_may_be_a_secret_with_its_password(tmp_path: Path, system: SqlSystem) -> None:
    (tmp_path / "url").write_text(system.options["url"].replace("hm_fhir_reader@", "hm_fhir_reader:s3cret@"))
    assert len(documents(list(read(tmp_path, table="visits", url="file:url")))) == 6
    (tmp_path / "url").write_text("postgresql://reader:s3cret@127.0.0.1:1/x")
    with pytest.raises(RetryLater) as error:
        list(read(tmp_path, table="visits", url="file:url", connect_timeout_seconds=2))
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "postgresql://reader:s3cret@db/register"},
        {"url": "postgresql://reader@db/register?password=s3cret"},
        {"query": "SELECT 1"},
        {"table": None},
        {"table": None, "query": "DELETE FROM visits"},
        {"table": None, "query": " "},
        {"key": []},
        {"key": ["a", "b"], "children": {"t": {"table": "t", "parent": "p", "order": ["id"]}}},
        {"zone": "Sofia"},
        {"pagesize": 5},
    ],
    ids=str,
)
def test_wrong_settings_are_refused_without_the_password(wrong: dict[str, Any]) -> None:
    given = {"url": "sqlite:///register.db", "table": "visits", "key": ["id"], **wrong}
    with pytest.raises(ValidationError) as error:
        SqlOptions(**{key: value for key, value in given.items() if value is not None})
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("url", ["register", "sqlite://", "nosuch://db/register", "sqlite:///:memory:"])
def test_a_wrong_url_is_said(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError):
        list(read(tmp_path, url=url, table="visits"))


def test_counting_never_fails(tmp_path: Path, system: SqlSystem) -> None:
    def count(**options: Any) -> int | None:
        chosen = SqlOptions(**{"table": "visits", "key": ["id"], **system.options, **options})
        return KIND.open(chosen, SourceContext("r", tmp_path, ZoneInfo("UTC"))).count()

    assert count() == 6
    assert count(table="nothing") is None
    assert count(url="sqlite:///nowhere.db") is None
