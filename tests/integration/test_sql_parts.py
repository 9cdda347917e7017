"""Rows of a child table that are activities, to the server: taken out one by one, all of them, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.testing import FhirServer
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.local_systems.sql import SqlSystem

FIELDS = """\
fields: visits
version: 1.0.0
reads: sql
split: people
record:
  number: {column: people.number, required: true}
  day: {column: people.day, type: date, forms: [iso], required: true}
  changed: {column: changed, type: moment, required: true}
ignored: [id, people.visit]
activity:
  local_id: "{{ number }}"
  updated_at: "{{ changed }}"
  municipality: {code: SFO39, name: Самоков}
  mediator: {local_id: M1, name: {given: [Примера]}}
  type: home-visit
  setting: home
  period: {start: "{{ day }}"}
  persons: [{local_id: "{{ number }}", name: {given: ["{{ number }}"]}}]
  topics: [hygiene]
"""
TABLES = {
    "visits": {"id": "text primary key", "changed": "text not null"},
    "people": {"number": "text primary key", "visit": "text", "day": "text"},
}
BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[SqlSystem]:
    with SqlSystem(tmp_path, tables=TABLES, database="sqlite", changed="changed") as system:
        yield system


def save(register: SqlSystem, visit: str, *people: str, day: int) -> None:
    native = {
        "visits": {"id": visit},
        "people": [{"number": one, "visit": visit, "day": "2026-03-02"} for one in people],
    }
    register.save({"key": visit, "changed": (BEGIN + timedelta(days=day)).isoformat(), "native": native})


def deployment_of(folder: Path, register: SqlSystem, server: FhirServer, **options: Any) -> Deployment:
    made = Deployment(folder / "deployment")
    (made.folder / "fields.yaml").write_text(FIELDS, encoding="utf-8")
    people = {"table": "people", "parent": "visit", "order": ["number"]}
    chosen = {"table": "visits", "key": ["id"], "children": {"people": people}, **register.options, **options}
    made.source("register", "sql", fields="fields.yaml", **chosen)
    return made.target("hospital", server.url)


def statuses(server: FhirServer) -> list[str]:
    return sorted(one["status"] for key, one in server.resources.items() if key.startswith("Encounter/"))


@pytest.mark.parametrize("updated_at", ["changed", None], ids=["what changed", "everything"])
def test_parts_that_a_row_has_no_more_are_withdrawn_also_the_last_ones(
    tmp_path: Path, register: SqlSystem, fhir_server: FhirServer, updated_at: str | None
) -> None:
    options = {} if updated_at is None else {"updated_at": updated_at}
    save(register, "a", "1", "2", "3", day=0)
    save(register, "b", "4", day=0)
    with deployment_of(tmp_path, register, fhir_server, **options).app() as app:
        assert app.run().records["register"].new == 4
        assert statuses(fhir_server) == ["finished"] * 4

        save(register, "a", "2", day=1)
        report = app.run()
        assert (report.records["register"].gone, report.adds_up) == (2, True)
        assert statuses(fhir_server) == ["entered-in-error"] * 2 + ["finished"] * 2

        save(register, "a", day=2)  # a visit without anybody
        report = app.run()
        assert (report.records["register"].deleted, report.adds_up) == (1, True)
        assert statuses(fhir_server) == ["entered-in-error"] * 3 + ["finished"]
        assert app.run().written == 0

        save(register, "a", "1", "2", day=3)
        report = app.run()
        assert (report.records["register"].newer, report.adds_up) == (2, True)
        assert statuses(fhir_server) == ["entered-in-error"] + ["finished"] * 3
        assert app.run().written == 0


@pytest.mark.parametrize("updated_at", ["changed", None], ids=["what changed", "everything"])
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_a_part_that_moves_to_another_row_stays(
    tmp_path: Path, register: SqlSystem, fhir_server: FhirServer, names: tuple[str, str], updated_at: str | None
) -> None:
    options = {} if updated_at is None else {"updated_at": updated_at}
    former, present = names
    save(register, former, "1", day=0)
    save(register, present, "2", day=0)
    with deployment_of(tmp_path, register, fhir_server, **options).app() as app:
        app.run()
        save(register, former, day=1)
        save(register, present, "1", "2", day=1)
        report = app.run()
        assert (report.open_entries, report.adds_up) == (0, True)
        assert statuses(fhir_server) == ["finished"] * 2
        assert app.run().written == 0
