"""A register that keeps no time of change: what was read last is what the server has in the end."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hm_fhir.app import App
from hm_fhir.errors import MappingErrors
from hm_fhir.testing import FhirServer
from hm_fhir.testing.clock import Clock
from hm_fhir.testing.deployment import Deployment

FIELDS = """
fields: register
version: 1.0.0
reads: csv
newest: last-read
record:
  number: {column: №, required: true}
  day:    {column: Дата, type: date, required: true}
  size:   {column: Участници, type: integer, required: true}
  status: {column: Състояние, codes: states}
codes:
  states: {планирана: planned, проведена: completed}
activity:
  local_id: "{{ number }}"
  municipality: {code: SFO39, name: Самоков}
  mediator: {local_id: M1, name: {family: Примерова}}
  type: group-health-talk
  status: "{{ status }}"
  setting: field
  period: {start: "{{ day }}"}
  group: {size: "{{ size }}"}
  topics: [hygiene]
"""
Row = tuple[str, str, object, str]


def row(number: str, size: object = 12, day: str = "05.03.2026", status: str = "проведена") -> Row:
    return (number, day, size, status)


def write(folder: Path, *rows: Row, name: str = "register") -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("№", "Дата", "Участници", "Състояние"), *rows])


def deployment(folder: Path, server: FhirServer, fields: str = FIELDS, **options: Any) -> Deployment:
    made = Deployment(folder / "deployment")
    (made.folder / "fields.yaml").write_text(fields, encoding="utf-8")
    made.source("register", "csv", "register.csv", fields="fields.yaml", **options)
    return made.target("hospital", server.url)


@contextmanager
def opened(made: Deployment, now: str = "2026-04-01T08:00:00Z") -> Iterator[App]:
    with made.app(clock=Clock(datetime.fromisoformat(now))) as app:
        yield app


@pytest.fixture
def made(tmp_path: Path, fhir_server: FhirServer) -> Deployment:
    return deployment(tmp_path, fhir_server)


def talks(server: FhirServer) -> list[Any]:
    found = (one for key, one in server.resources.items() if key.startswith("Encounter/"))
    return [one for one in found if one["status"] != "entered-in-error"]


def groups(server: FhirServer) -> list[int]:
    """Return how many people came to each talk that counts."""
    return sorted(server.resources[talk["subject"]["reference"]]["quantity"] for talk in talks(server))


def days(server: FhirServer) -> list[str]:
    return sorted(talk["period"]["start"] for talk in talks(server))


def test_a_corrected_row_is_a_newer_version(made: Deployment, fhir_server: FhirServer) -> None:
    write(made.folder, row("1"), row("2", 20))
    with opened(made) as app:
        app.run()
        for size in (15, 12, 17):  # also back to what it was
            write(made.folder, row("1", size), row("2", 20))
            report = app.run()
            assert (report.records["register"].newer, report.open_entries, report.adds_up) == (1, 0, True)
            assert groups(fhir_server) == [size, 20]
            assert app.run().written == 0


def test_a_day_that_is_corrected_to_an_earlier_one_counts(made: Deployment, fhir_server: FhirServer) -> None:
    write(made.folder, row("1", day="05.03.2026"))
    with opened(made) as app:
        app.run()
        for day in ("2026-03-02", "2026-03-03", "2026-03-01"):
            write(made.folder, row("1", day=day))
            assert app.run().records["register"].newer == 1
            assert days(fhir_server) == [day]
            assert app.run().written == 0


def test_two_rows_with_one_number_do_not_take_turns(made: Deployment, fhir_server: FhirServer) -> None:
    write(made.folder, row("1", 12), row("1", 15, day="06.03.2026"))
    with opened(made) as app:
        for _ in range(3):
            counts = app.run().records["register"]
            assert (dict(counts.rejected), groups(fhir_server)) == ({"same-number": 1}, [12])
        assert counts.repeated == 1
        write(made.folder, row("1", 12), row("2", 15, day="06.03.2026"))
        counts = app.run().records["register"]
        assert (counts.new, dict(counts.rejected), groups(fhir_server)) == (1, {}, [12, 15])


def test_preview_says_which_number_stands_twice(made: Deployment) -> None:
    write(made.folder, row("1", 12), row("1", 12), row("1", 15))
    shown = made.run("sources", "preview", "register", "--json")
    assert [json.loads(line).get("refused") for line in shown.output.splitlines()] == [None, None, "same-number"]


def test_a_day_that_nobody_can_mean_is_rejected_by_its_own_column(made: Deployment, fhir_server: FhirServer) -> None:
    write(made.folder, row("1", day="05.03.1826"))
    with opened(made) as app:
        app.run()
        (kept,) = app.store.rejected()
    assert (kept.code, "Дата" in kept.message, "updated_at" in kept.message) == ("invalid-activity", True, False)


def test_rows_of_two_files_with_one_number_do_not_take_turns(
    tmp_path: Path, fhir_server: FhirServer, made: Deployment
) -> None:
    made.source("february", "csv", "february.csv", fields="fields.yaml", system="register")
    write(made.folder, row("1", 12))
    write(made.folder, row("1", 15), name="february")
    with opened(made) as app:
        for _ in range(3):
            records = app.run().records
            assert dict(records["february"].rejected) == {"same-number": 1}
            assert groups(fhir_server) == [12]


def test_rows_that_stand_in_two_files_are_corrected_in_both(made: Deployment, fhir_server: FhirServer) -> None:
    made.source("february", "csv", "february.csv", fields="fields.yaml", system="register")
    for size in (12, 15):
        write(made.folder, row("1", size))
        write(made.folder, row("1", size), name="february")
        with opened(made) as app:
            app.run()
            report = app.run()
            assert (sum(one.rejected.total() for one in report.records.values()), report.written) == (0, 0)
            assert groups(fhir_server) == [size]
            assert app.store.rejected() == ()


def test_a_number_that_another_file_gave_up_is_free(made: Deployment, fhir_server: FhirServer) -> None:
    made.source("february", "csv", "february.csv", fields="fields.yaml", system="register")
    write(made.folder, row("1", 12))
    write(made.folder, row("1", 15), name="february")
    with opened(made) as app:
        app.run()
        write(made.folder, row("2", 15), name="february")
        app.run()
        write(made.folder, row("1", 13))
        assert app.run().records["register"].newer == 1
    assert groups(fhir_server) == [13, 15]


def test_replay_does_not_give_a_number_to_the_other_row(made: Deployment, fhir_server: FhirServer) -> None:
    write(made.folder, row("1", 12), row("1", 15))
    with opened(made) as app:
        for _ in range(2):
            app.run()
            assert dict(app.replay("register").rejected) == {"same-number": 1}
            app.deliver()
            assert groups(fhir_server) == [12]


def test_of_two_rejected_rows_replay_takes_the_one_that_a_run_would_take(
    made: Deployment, fhir_server: FhirServer
) -> None:
    write(made.folder, row("1", 12, status="отложена"), row("1", 15, status="отложена"))
    with made.app() as app:
        app.run()
    fields = made.folder / "fields.yaml"
    fields.write_text(FIELDS.replace("{планирана", "{отложена: completed, планирана"), encoding="utf-8")
    with made.app() as app:
        for _ in range(2):
            app.replay("register")
            app.run()
            assert groups(fhir_server) == [12]


def test_a_file_that_is_away_for_a_run_keeps_its_numbers(made: Deployment, fhir_server: FhirServer) -> None:
    made.source("february", "csv", "february.csv", fields="fields.yaml", system="register")
    write(made.folder, row("1", 12))
    write(made.folder, row("1", 15), name="february")
    with opened(made) as app:
        app.run()
        (made.folder / "register.csv").rename(made.folder / "away.csv")
        assert "register" in app.run().failed_sources
        (made.folder / "away.csv").rename(made.folder / "register.csv")
        app.run()
    assert groups(fhir_server) == [12]


def test_what_is_planned_is_on_record_since_it_was_read_first(made: Deployment, fhir_server: FhirServer) -> None:
    write(made.folder, row("1", day="09.06.2026", status="планирана"))
    with opened(made) as app:
        app.run()
    with FhirServer() as second:
        made.target("second", second.url)
        with opened(made, "2026-05-20T08:00:00Z") as app:
            app.run()
        for server in (fhir_server, second):
            recorded = {one["recorded"] for key, one in server.resources.items() if key.startswith("Provenance/")}
            assert recorded == {"2026-04-01T08:00:00Z"}


def test_a_row_that_cannot_be_read_any_more_keeps_its_number(made: Deployment, fhir_server: FhirServer) -> None:
    with opened(made) as app:
        for status in ("проведена", "?", "проведена"):
            write(made.folder, row("1", 12, status=status), row("1", 15))
            app.run()
            assert groups(fhir_server) == [12]


def test_of_two_rejected_corrections_the_one_that_was_read_last_is_replayed(
    made: Deployment, fhir_server: FhirServer
) -> None:
    for day, size, status in ((1, 12, "проведена"), (2, 15, "отложена"), (3, 17, "отложена")):
        write(made.folder, row("1", size, status=status))
        with opened(made, f"2026-04-0{day}T08:00:00Z") as app:
            app.run()
    fields = made.folder / "fields.yaml"
    fields.write_text(FIELDS.replace("{планирана", "{отложена: planned, планирана"), encoding="utf-8")
    with opened(made) as app:
        assert (app.replay("register", limit=1).newer, app.store.rejected()) == (1, ())
        app.deliver()
    assert groups(fhir_server) == [17]


@pytest.fixture
def visits(tmp_path: Path, fhir_server: FhirServer) -> Deployment:
    """A register of visits to one person, whose name is where the number of people was."""
    fields = FIELDS
    for talk, visit in (
        ("group-health-talk", "home-visit"),
        ("setting: field", "setting: home"),
        ("type: integer", "type: text"),
        ('group: {size: "{{ size }}"}', 'persons: [{local_id: p1, name: {family: "{{ size }}"}}]'),
    ):
        fields = fields.replace(talk, visit)
    return deployment(tmp_path, fhir_server, fields)


def name(server: FhirServer) -> str:
    (patient,) = (one for key, one in server.resources.items() if key.startswith("Patient/"))
    return str(patient["name"][0]["family"])


def test_a_person_is_as_the_row_of_the_latest_day_says(visits: Deployment, fhir_server: FhirServer) -> None:
    def says(*rows: Row) -> str:
        write(visits.folder, *rows)
        app.run()
        assert app.run().written == 0
        return name(fhir_server)

    first, last = row("1", "Първа", "02.03.2026"), row("2", "Втора", "20.03.2026")
    with opened(visits) as app:
        assert says(first, last) == "Втора"
        assert says(first, row("2", "Втора", "01.03.2026")) == "Първа"
        assert says(row("1", "Трета", "02.03.2026"), row("2", "Втора", "01.03.2026")) == "Трета"
        assert says(row("1", "Трета", "02.03.2026"), row("2", "Втора", "21.03.2026")) == "Втора"


def test_of_two_rows_of_a_day_the_one_that_was_corrected_last_says_who_a_person_is(
    visits: Deployment, fhir_server: FhirServer
) -> None:
    names = ["Първа", "Втора"]
    with opened(visits) as app:
        for turn in range(5):
            write(visits.folder, *(row(str(number), one) for number, one in enumerate(names)))
            app.run()
            assert app.run().written == 0
            if turn:
                assert name(fhir_server) == names[turn % 2]
            names[1 - turn % 2] = f"Поправена {turn}"
        stood = name(fhir_server)
    with FhirServer() as second:
        visits.target("second", second.url)  # all that is known is made once more
        with opened(visits) as app:
            app.run()
        assert name(fhir_server) == name(second) == stood


def test_what_is_planned_for_a_far_day_does_not_outweigh_what_comes_before_it(
    visits: Deployment, fhir_server: FhirServer
) -> None:
    with opened(visits) as app:
        write(visits.folder, row("1", "Стара", "05.03.2062", "планирана"))
        app.run()
        assert name(fhir_server) == "Стара"
        assert app.run().written == 0
    with opened(visits, "2026-04-03T08:00:00Z") as app:
        assert app.run().written == 0
        write(visits.folder, row("1", "Стара", "05.03.2062", "планирана"), row("2", "Нова", "02.04.2026"))
        app.run()
        assert name(fhir_server) == "Нова"


def test_what_is_planned_needs_no_time_of_change(made: Deployment, fhir_server: FhirServer) -> None:
    write(made.folder, row("1", day="09.04.2026", status="планирана"), row("2", day="09.04.2026"))
    with opened(made) as app:
        assert dict(app.run().records["register"].rejected) == {"future-date": 1}
    write(made.folder, row("1", 15, day="08.04.2026"), row("2", 20, day="08.04.2026"))
    with opened(made, "2026-04-08T18:00:00Z") as app:
        report = app.run()
        assert (report.records["register"].rejected.total(), report.open_entries) == (0, 0)
    assert groups(fhir_server) == [15, 20]


def test_a_rejected_correction_counts_when_it_is_replayed(made: Deployment, fhir_server: FhirServer) -> None:
    write(made.folder, row("1", 12))
    with opened(made) as app:
        app.run()
        write(made.folder, row("1", 15, status="отложена"))
        assert dict(app.run().records["register"].rejected) == {"unknown-code": 1}
    fields = made.folder / "fields.yaml"
    fields.write_text(FIELDS.replace("{планирана", "{отложена: cancelled, планирана"), encoding="utf-8")
    with opened(made) as app:
        assert app.replay("register").newer == 1
        app.deliver()
        assert [talk["status"] for talk in talks(fhir_server)] == ["cancelled"]


def test_without_that_word_a_time_of_change_is_needed(tmp_path: Path, fhir_server: FhirServer) -> None:
    made = deployment(tmp_path, fhir_server, FIELDS.replace("newest: last-read\n", ""))
    with made.app() as app, pytest.raises(MappingErrors, match="updated_at"):
        app.source("register")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    states=st.lists(
        st.lists(
            st.tuples(st.sampled_from("123"), st.integers(1, 3), st.sampled_from(["01.03.2026", "02.03.2026"])),
            unique_by=lambda one: one[0],
            max_size=3,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_is_changed_added_and_taken_out_the_last_state_is_at_the_server(
    states: list[list[tuple[str, int, str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with FhirServer() as server:
        made = deployment(tmp_path_factory.mktemp("register"), server, missing="deleted", missing_at_most=1)
        with opened(made) as app:
            for state in states:
                write(made.folder, *(row(number, size, day) for number, size, day in state))
                report = app.run()
                assert (report.adds_up, report.open_entries) == (True, 0)
                assert report.records["register"].rejected.total() == 0
                assert groups(server) == sorted(size for _, size, _ in state)
            assert app.run().written == 0


ROWS = st.lists(st.tuples(st.sampled_from("12"), st.integers(1, 3), st.sampled_from(["проведена", "?"])), max_size=3)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.lists(st.tuples(ROWS, ROWS, st.booleans()), min_size=1, max_size=4))
def test_however_two_files_contradict_each_other_runs_come_to_rest(
    states: list[tuple[list[tuple[str, int, str]], list[tuple[str, int, str]], bool]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with FhirServer() as server:
        made = deployment(tmp_path_factory.mktemp("register"), server)
        made.source("february", "csv", "february.csv", fields="fields.yaml", system="register")
        with opened(made) as app:
            for register, february, replays in states:
                for name, rows in (("register", register), ("february", february)):
                    write(made.folder, *(row(number, size, status=word) for number, size, word in rows), name=name)
                assert app.run().adds_up
                if replays:
                    app.replay("register")
            app.run()
            rest = app.run()
            assert (rest.adds_up, rest.open_entries, rest.written) == (True, 0, 0)
            assert sum(counts.newer for counts in rest.records.values()) == 0
