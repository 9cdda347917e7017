"""Fields written in a test, and records that are read by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from textwrap import dedent, indent
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import Headings, Item, Record, SourceContext, Understood, records_of, understand
from hm_fhir.sources.directory import Directory
from hm_fhir.sources.fields.loading import Fields, load_fields
from hm_fhir.sources.fields.source import FieldsSource
from hm_fhir.testing.people import egn

FOLDER = Path(__file__).parent
CONTEXT = SourceContext("register", FOLDER, ZoneInfo("Europe/Sofia"))

ACTIVITY = """\
activity:
  local_id: "{{ row }}"
  updated_at: "{{ changed }}"
  mediator: {local_id: M1, name: {given: [Примера]}}
  type: home-visit
  period: {start: "{{ changed }}"}
  setting: home
  persons: [{local_id: "7"}]
"""
"""What a test of single values does not care about."""


@dataclass
class Items:
    """A reader of items that a test gives.

    Args:
        items: what it yields.
        incremental: see `hm_fhir.sources.base.Reader`.
    """

    items: list[Item]
    incremental: bool = False
    wanted: tuple[str, ...] = field(default=())

    def count(self) -> int | None:
        return len(self.items)

    def records(self, since: str | None = None) -> Iterator[Item]:
        yield from self.items

    def want(self, columns: tuple[str, ...]) -> None:
        self.wanted = columns


@dataclass
class OneValue:
    """One declared value, and how records are read by it."""

    source: FieldsSource

    def read(self, value: Any, **others: Any) -> Any:
        """Return what the column is read as."""
        return self.source.typed(Record("table:2", {"Колона": value, **others})).get("value")

    def rejected(self, value: Any, **others: Any) -> RecordRejected:
        """Return why it is rejected."""
        with pytest.raises(RecordRejected) as caught:
            self.source.typed(Record("table:2", {"Колона": value, **others}))
        return caught.value


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a fields file."""

    def written(text: str) -> Path:
        path = tmp_path / "fields.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def load(write: Callable[[str], Path]) -> Callable[[str], Fields]:
    """Load a fields file."""
    return lambda text: load_fields(write(text))


@pytest.fixture
def value(load: Callable[[str], Fields]) -> Callable[..., OneValue]:
    """Declare one value, named ``value``, that is read from the column ``Колона``."""

    def declared(spec: str = "", *, codes: str = "", reads: str = "csv") -> OneValue:
        tables = f"codes:\n{indent(dedent(codes), '  ')}\n" if codes else ""
        declaration = f"{{column: Колона{', ' + spec if spec else ''}}}"
        text = (
            f"fields: one\nversion: 1.0.0\nreads: {reads}\nrecord:\n  value: {declaration}\n"
            "  row: {column: Ред, optional: true}\n  changed: {column: Променено, type: moment, optional: true}\n"
            f"{tables}{ACTIVITY}"
        )
        directory = Directory(FOLDER / "directory.yaml")
        return OneValue(FieldsSource(Items([]), load(text), directory, CONTEXT))

    return declared


ROW = {
    "№ по ред": "2026-0001",
    "Дата": "05.01.2026",
    "Час": "9:30",
    "Медиатор": "М1",
    "Вид дейност": "Домашно посещение",
    "Място": "дом",
    "Вид номер": "ЕГН",
    "ЕГН/ЛНЧ": egn(date(2003, 5, 9), 927),
    "Имена": "Проба Тестова Примерова",
    "Населено място (ЕКАТТЕ)": "07079",
    "Последна промяна": "05.01.2026 16:05",
}


@pytest.fixture(scope="session")
def samokov() -> Fields:
    """The fields of a whole register."""
    return load_fields(FOLDER / "samokov.yaml")


@pytest.fixture
def open_register(samokov: Fields) -> Callable[..., FieldsSource]:
    """Open the register over items, a table by default."""

    def opened(*rows: dict[str, Any], items: list[Item] | None = None) -> FieldsSource:
        given = table(*rows, headings=all_headings(samokov)) if items is None else items
        return FieldsSource(Items(given), samokov, Directory(FOLDER / "directory.yaml"), CONTEXT)

    return opened


@pytest.fixture
def register(open_register: Callable[..., FieldsSource]) -> Callable[..., Understood]:
    """Understand one row of the register, with changes."""

    def understood(changes: dict[str, Any] | None = None) -> Understood:
        source = open_register({**ROW, **(changes or {})})
        (record,) = records_of(source)
        return understand(source, record)

    return understood


def all_headings(fields: Fields) -> tuple[str, ...]:
    """Return the headings of a table that has every column."""
    return tuple(dict.fromkeys(column.names[0] for column in fields.columns))


def table(*rows: dict[str, Any], headings: tuple[str, ...] | None = None) -> list[Item]:
    """Return the items of a table."""
    names = headings if headings is not None else tuple(dict.fromkeys(name for row in rows for name in row))
    records = [Record(f"table:{number}", row) for number, row in enumerate(rows, 2)]
    return [Headings("table:1", names), *records]
