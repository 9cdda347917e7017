"""Tables of a real PostgreSQL and of SQLite: the same rules for both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hm_fhir.errors import SettingsError
from hm_fhir.sources.base import Checkpoint, Headings, Item, Record, Remark, SourceContext
from hm_fhir.sources.sql import KIND, SqlOptions
from hm_fhir.testing.local_systems.sql import DatabaseKind, SqlSystem

VISITS = {
    "visits": {"id": "text primary key", "note": "text", "changed": "timestamptz", "gone": "boolean"},
    "tests": {"id": "integer primary key", "visit": "text not null", "kind": "text", "result": "text"},
}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> DatabaseKind:
    kind: DatabaseKind = request.param
    return kind


class Register:
    """Visits in a database, and a reader of them."""

    def __init__(self, system: SqlSystem, folder: Path) -> None:
        self.system = system
        self._folder = folder

    def visit(self, key: object, minute: float, **row: Any) -> None:
        changed = f"2026-03-05T09:{int(minute):02}:{minute % 1 * 60:02.0f}+00:00"
        self.system.save({"key": key, "changed": changed, "native": {"table": "visits", "row": {"id": key, **row}}})

    def items(self, since: str | None = None, **options: Any) -> list[Item]:
        return list(self.reading(since, **options))

    def reading(self, since: str | None = None, **options: Any) -> Iterator[Item]:
        given = {"table": "visits", "key": ["id"], "updated_at": "changed", **self.system.options, **options}
        chosen = SqlOptions(**{key: value for key, value in given.items() if value is not None})
        return KIND.open(chosen, SourceContext("register", self._folder, ZoneInfo("Europe/Sofia"))).records(since)


@contextmanager
def opened(folder: Path, database: DatabaseKind, **options: Any) -> Iterator[Register]:
    with SqlSystem(
        folder, tables=options.pop("tables", VISITS), database=database, changed="changed", **options
    ) as it:
        yield Register(it, folder)


@pytest.fixture
def register(tmp_path: Path, database: DatabaseKind) -> Iterator[Register]:
    with opened(tmp_path, database, deleted="gone") as register:
        yield register


def documents(items: list[Item]) -> list[str | None]:
    return [item.document for item in items if isinstance(item, Record)]


def remarks(items: list[Item]) -> dict[str, str]:
    return {item.code: item.message for item in items if isinstance(item, Remark)}


def last_cursor(items: list[Item]) -> str:
    return [item for item in items if isinstance(item, Checkpoint)][-1].cursor


def test_rows_come_in_the_order_of_their_change_with_their_headings(register: Register) -> None:
    for key, minute in (("c", 1), ("a", 3), ("b", 2)):
        register.visit(key, minute, note=key)
    items = register.items()
    assert items[0] == Headings("visits", ("id", "note", "changed", "gone"))
    assert documents(items) == ["c", "b", "a"]
    record = items[1]
    assert isinstance(record, Record)
    assert record.values == {"id": "c", "note": "c", "changed": "2026-03-05T09:01:00+00:00"}
    assert record.place == "visits row 1 of this reading"


def test_the_next_run_gives_what_changed_and_the_overlap(register: Register) -> None:
    register.visit("a", 1)
    register.visit("b", 50)
    cursor = last_cursor(register.items(overlap_seconds=600))
    register.visit("c", 55)
    register.visit("a", 56, note="corrected")
    items = register.items(cursor, overlap_seconds=600)
    assert documents(items) == ["b", "c", "a"]
    assert documents(register.items(cursor, overlap_seconds=0)) == ["b", "c", "a"]
    assert documents(register.items(last_cursor(items), overlap_seconds=0)) == ["a"]


def test_a_row_that_was_committed_late_is_not_lost(register: Register) -> None:
    register.visit("a", 50)
    cursor = last_cursor(register.items(overlap_seconds=600))
    register.visit("late", 45)
    register.visit("too late", 39)
    assert documents(register.items(cursor, overlap_seconds=600)) == ["late", "a"]


def test_a_clock_that_goes_ahead_hides_nothing(register: Register) -> None:
    register.system.save(
        {"key": "f", "changed": "2126-01-01T00:00:00+00:00", "native": {"table": "visits", "row": {"id": "f"}}}
    )
    cursor = last_cursor(register.items(overlap_seconds=0))
    assert '"at":["' in cursor
    assert "2126" not in cursor
    assert documents(register.items(cursor, overlap_seconds=0)) == ["f"]


@pytest.mark.parametrize("page_size", [1, 2, 3, 7, 100])
def test_many_rows_with_one_time_are_all_read_once(register: Register, page_size: int) -> None:
    for number in range(7):
        register.visit(f"v{number}", 1)
    assert documents(register.items(page_size=page_size)) == [f"v{number}" for number in range(7)]


def test_reading_goes_on_at_every_row_where_it_was_interrupted(register: Register) -> None:
    for number in range(9):
        register.visit(f"v{number}", number // 4)
    whole = documents(register.items(page_size=2))
    for stop in range(1, 16):
        cursor, before = None, []
        for _, item in zip(range(stop), register.reading(page_size=2), strict=False):
            cursor = item.cursor if isinstance(item, Checkpoint) else cursor
            before += documents([item])
        after = documents(register.items(cursor, page_size=2, overlap_seconds=0))
        assert set(before) | set(after) == set(whole), stop
        assert len(before) + len(after) <= len(whole) + 6, stop


def test_a_row_that_comes_late_while_a_run_is_interrupted_is_read_by_the_next_run(register: Register) -> None:
    for number in range(4):
        register.visit(f"v{number}", number)
    reading = register.reading(page_size=1, overlap_seconds=60)
    seen = [next(reading) for _ in range(5)]  # headings, two rows with their checkpoints
    register.visit("late", 0)
    rest = register.items(last_cursor(seen), overlap_seconds=3600)
    assert documents(rest) == ["v2", "v3", "late", "v0", "v1", "v2", "v3"]


def test_rows_without_a_time_are_read_in_each_run_and_said(register: Register) -> None:
    register.visit("a", 1)
    register.visit("x", 0, changed=None)
    register.visit("y", 0, changed=None)
    items = register.items(page_size=1)
    assert documents(items) == ["x", "y", "a"]
    assert remarks(items) == {"no-time-of-change": "2 rows have no usable time in changed: they are read in each run"}
    register.visit("b", 2)
    assert documents(register.items(last_cursor(items), overlap_seconds=0, page_size=1)) == ["x", "y", "a", "b"]


def test_reading_goes_on_among_the_rows_without_a_time(register: Register) -> None:
    register.visit("a", 1)
    for key in ("w", "x", "y", "z"):
        register.visit(key, 0, changed=None)
    seen = [item for _, item in zip(range(5), register.reading(page_size=1), strict=False)]
    assert documents(seen) == ["w", "x"]
    assert documents(register.items(last_cursor(seen), page_size=1)) == ["y", "z", "a", "w", "x", "y", "z", "a"]


def test_a_deleted_row_is_a_deletion_without_its_values(register: Register) -> None:
    register.visit("a", 1, note="Синтетична")
    cursor = last_cursor(register.items(deleted="gone"))
    register.system.delete("a", "2026-03-05T09:30:00+00:00")
    (record,) = [item for item in register.items(cursor, deleted="gone") if isinstance(item, Record)]
    assert (record.document, record.deleted, record.values) == ("a", True, {})


def test_a_snapshot_gives_all_rows_each_time(register: Register) -> None:
    for key in ("b", "a", "c"):
        register.visit(key, 1)
    items = register.items("whatever", updated_at=None, page_size=2)
    assert documents(items) == ["a", "b", "c"]
    assert not [item for item in items if isinstance(item, Checkpoint)]
    options = SqlOptions(url="sqlite:///x.db", table="t", key=("id",))
    assert not KIND.open(options, SourceContext("r", Path(), ZoneInfo("UTC"))).incremental


def test_child_rows_are_lists_in_their_order(register: Register) -> None:
    def save(key: str, *tests: tuple[int, str]) -> None:
        rows = [{"id": number, "visit": key, "kind": kind} for number, kind in tests]
        native = {"visits": {"id": key}, "tests": rows}
        register.system.save({"key": key, "changed": "2026-03-05T09:00:00+00:00", "native": native})

    save("a", (2, "syphilis"), (1, "hiv"))
    save("b")
    save("c", (3, "hiv"))
    children = {"tests": {"table": "tests", "parent": "visit", "order": ["id"], "columns": ["kind"]}}
    items = register.items(children=children, page_size=2)
    assert isinstance(items[0], Headings)
    assert items[0].names[-1] == "tests"
    lists = [item.values["tests"] for item in items if isinstance(item, Record)]
    assert [[test["kind"] for test in tests] for tests in lists] == [["hiv", "syphilis"], [], ["hiv"]]
    assert lists[2] == [{"id": 3, "visit": "c", "kind": "hiv"}]
    register.items(children={"tests": {**children["tests"], "columns": []}})
    with pytest.raises(SettingsError, match="has the name of a column"):
        register.items(children={"note": children["tests"]})


@pytest.mark.parametrize(
    ("database", "parent", "key", "child"),
    [
        ("sqlite", "integer primary key", 7, "text"),  # '7' equals 7 there, and is another value here
        ("sqlite", "text primary key", "a7", "text collate nocase"),
        ("postgresql", "text primary key", "A7", "char(5)"),  # its blanks at the end do not count there
    ],
)
def test_child_rows_that_belong_to_no_row_in_our_eyes_are_not_lost_without_a_word(
    tmp_path: Path, database: DatabaseKind, parent: str, key: object, child: str
) -> None:
    tables = {
        "visits": {"id": parent, "changed": "text"},
        "tests": {"id": "integer primary key", "visit": child, "kind": "text"},
    }
    with opened(tmp_path, database, tables=tables) as register:
        rows = {"visits": {"id": key}, "tests": [{"id": 1, "visit": str(key).upper(), "kind": "hiv"}]}
        register.system.save({"key": "a", "changed": "2026-03-05T09:00:00+00:00", "native": rows})
        children = {"tests": {"table": "tests", "parent": "visit", "order": ["id"]}}
        with pytest.raises(SettingsError, match="'visit' of tests has values of another kind") as error:
            register.items(children=children)
    assert str(key) not in error.value.message.replace("'visit'", "")


def test_a_key_of_several_columns_is_one_identity(tmp_path: Path, database: DatabaseKind) -> None:
    tables = {"visits": {"id": "text primary key", "office": "text not null", "number": "integer", "changed": "text"}}
    with opened(tmp_path, database, tables=tables) as register:
        for number in range(12):
            register.visit(f"{number}", 1, office=f"о{number % 2}", number=number // 2)
        items = register.items(key=["office", "number"], page_size=5)
    assert documents(items) == [json.dumps([f"о{o}", str(n)], ensure_ascii=False) for o in (0, 1) for n in range(6)]


def test_rows_without_a_key_are_said_and_counted(tmp_path: Path, database: DatabaseKind) -> None:
    tables = {"visits": {"id": "text primary key", "code": "text", "changed": "timestamptz not null"}}
    with opened(tmp_path, database, tables=tables) as register:
        register.visit("a", 1, code="A")
        register.visit("b", 1)
        items = register.items(key=["code"])
    assert documents(items) == ["A"]
    assert remarks(items) == {"no-key": "1 rows are not read: they have no code"}


def test_a_key_that_is_not_unique_stops_the_reading(tmp_path: Path, database: DatabaseKind) -> None:
    tables = {"visits": {"id": "text primary key", "code": "text not null", "changed": "text"}}
    with opened(tmp_path, database, tables=tables) as register:
        for key in "abc":
            register.visit(key, 1, code="secret-value")
        with pytest.raises(SettingsError, match="code do not make a row unique") as error:
            register.items(key=["code"], page_size=1)
        assert "secret-value" not in str(error.value)


def test_a_query_is_read_like_a_table(register: Register) -> None:
    for number in range(5):
        register.visit(f"v{number}", number, note="a:b" if number else "c")
    query = "SELECT id AS \"номер\", changed, note FROM visits WHERE note LIKE '%:b' AND '100%' <> ':x' -- why;\n;"
    items = register.items(table=None, query=query, key=["номер"], page_size=2)
    assert documents(items) == ["v1", "v2", "v3", "v4"]
    assert items[0] == Headings("query", ("номер", "changed", "note"))


def test_only_chosen_columns_are_read(register: Register) -> None:
    register.visit("a", 1, note="Синтетична бележка")
    items = register.items(columns=["gone"])
    assert items[0] == Headings("visits", ("id", "changed", "gone"))
    assert "note" not in next(item for item in items if isinstance(item, Record)).values


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"table": "visit"}, "there is no table or view 'visit'"),
        ({"updated_at": "chnged"}, "no column 'chnged', which updated_at names (did you mean 'changed'?)"),
        ({"key": ["ID"]}, "no column 'ID', which key names (did you mean 'id'?)"),
        ({"deleted": "deleted"}, "no column 'deleted', which deleted names"),
        (
            {"children": {"t": {"table": "tests", "parent": "vist", "order": ["id"]}}},
            "'vist', which children.t.parent",
        ),
        ({"children": {"t": {"table": "test", "parent": "visit", "order": ["id"]}}}, "no table or view 'test'"),
        ({"table": None, "query": "SELECT id, changed FROM visit"}, "does not understand what is asked"),
        ({"updated_at": "gone"}, "the column 'gone' holds no time"),
    ],
)
def test_a_wrong_name_is_named(register: Register, options: dict[str, Any], message: str) -> None:
    register.visit("a", 1, note="never shown", gone=False)
    with pytest.raises(SettingsError) as error:
        register.items(**options)
    assert message in str(error.value)
    assert "never shown" not in str(error.value)


def test_a_cursor_of_other_settings_begins_anew_and_says_so(register: Register) -> None:
    register.visit("a", 1)
    cursor = last_cursor(register.items())
    items = register.items(cursor, table=None, query="SELECT * FROM visits")
    assert documents(items) == ["a"]
    assert list(remarks(items)) == ["other-cursor"]


def test_values_are_json_like(tmp_path: Path, database: DatabaseKind) -> None:
    tables = {
        "visits": {
            "id": "integer primary key",
            "day": "date",
            "at": "time",
            "weight": "numeric(6,3)",
            "share": "double precision",
            "agreed": "boolean",
            "answers": "json",
            "changed": "timestamp",
        }
    }
    row = {
        "day": "2026-03-05",
        "at": "09:30:00",
        "weight": "3.25",
        "share": 0.1,
        "agreed": False,
        "answers": {"тегло": 9.20, "list": [1, None]},
        "changed": "2026-03-05T09:30:00",
    }
    with opened(tmp_path, database, tables=tables) as register:
        register.visit(7, 1, **row)
        (record,) = [item for item in register.items() if isinstance(item, Record)]
    assert record.document == "7"
    assert record.values == {
        "id": 7,
        "day": "2026-03-05",
        "at": "09:30:00",
        "weight": Decimal("3.25"),
        "share": Decimal("0.1"),
        "agreed": False,
        "answers": {"тегло": Decimal("9.2"), "list": [1, None]},
        "changed": "2026-03-05T09:30:00",
    }
    assert type(record.values["agreed"]) is bool


@pytest.mark.parametrize(("ticks", "unit"), [("seconds", 1), ("milliseconds", 1000), ("number", 1)])
def test_changes_may_be_numbers(tmp_path: Path, database: DatabaseKind, ticks: str, unit: int) -> None:
    tables = {"visits": {"id": "text primary key", "changed": "bigint not null"}}
    with opened(tmp_path, database, tables=tables) as register:
        for number in range(5):
            register.visit(f"v{number}", 0, changed=1_772_704_800 * unit + number * unit)
        items = register.items(updated_as=ticks, page_size=2)
        assert documents(items) == [f"v{number}" for number in range(5)]
        again = register.items(last_cursor(items), updated_as=ticks, overlap_seconds=2, overlap_numbers=2)
    assert documents(again) == ["v2", "v3", "v4"]


def test_texts_that_are_no_iso_time_are_read_in_each_run(tmp_path: Path, database: DatabaseKind) -> None:
    tables = {"visits": {"id": "text primary key", "changed": "text"}}
    with opened(tmp_path, database, tables=tables) as register:
        register.visit("a", 1)
        register.visit("old", 1, changed="01.03.2026")
        register.visit("word", 1, changed="скоро")
        items = register.items(page_size=1)
        assert documents(items) == ["old", "word", "a"]
        register.visit("late", 1, changed="04.03.2026")
        again = register.items(last_cursor(items))
    assert documents(again) == ["late", "old", "word", "a"]
    assert remarks(again)["no-time-of-change"].startswith("3 rows have no usable time in changed")
