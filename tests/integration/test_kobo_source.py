"""A form in KoboToolbox to the server: a repeat of people, an edit, a person taken out, a server that breaks off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.testing import FhirServer
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.faults import ALWAYS, Fault
from hm_fhir.testing.local_systems.kobo import TOKEN, KoboSystem

FIELDS = """\
fields: home-visits
version: 1.0.0
reads: kobo
split: visit/people
record:
  number: {column: meta/rootUuid, required: true}
  part: {column: "visit/people#", type: integer, required: true}
  start: {column: start, type: moment, required: true}
  changed: {column: _changed, type: moment, required: true}
  mediator: {column: visit/mediator, required: true}
  topics: {column: visit/people.visit/people/topics, codes: topics, many: " "}
  name: {column: visit/people.visit/people/name, personal: true, required: true}
ignored: [end]
codes:
  topics: {hygiene: hygiene, vaccines: immunisation}
activity:
  local_id: "{{ number }}-{{ part }}"
  updated_at: "{{ changed }}"
  municipality: {code: KNL48, name: Дупница}
  mediator: {local_id: "{{ mediator }}", name: {given: [Примера]}}
  type: home-visit
  setting: home
  period: {start: "{{ start }}"}
  persons:
    - local_id: "{{ number }}-{{ part }}"
      name: {given: ["{{ name }}"]}
  topics: "{[ topics ]}"
"""
BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
DEVICE = "collect:Маркер99"


@pytest.fixture
def kobo(tmp_path: Path) -> Iterator[KoboSystem]:
    with KoboSystem(tmp_path) as system:
        yield system


@pytest.fixture
def deployment(tmp_path: Path, kobo: KoboSystem, fhir_server: FhirServer) -> Deployment:
    made = Deployment(tmp_path / "deployment")
    (made.folder / "fields.yaml").write_text(FIELDS, encoding="utf-8")
    made.source("forms", "kobo", fields="fields.yaml", page_size=2, quick_attempts=1, **kobo.options)
    return made.target("hospital", fhir_server.url)


def submit(kobo: KoboSystem, key: str, *people: str, hours: float = 0) -> None:
    native = {
        "start": "2026-03-02T09:50:00.000+02:00",
        "end": "2026-03-02T09:58:00.000+02:00",
        "deviceid": DEVICE,
        "username": DEVICE,
        "_submitted_by": DEVICE,
        "visit/mediator": "M1",
        "visit/people": [{"visit/people/name": name, "visit/people/topics": "hygiene vaccines"} for name in people],
    }
    kobo.save({"key": key, "changed": (BEGIN + timedelta(hours=hours)).isoformat(), "native": native})


def statuses(server: FhirServer) -> list[str]:
    return sorted(one["status"] for key, one in server.resources.items() if key.startswith("Encounter/"))


def test_people_of_a_visit_are_added_corrected_and_taken_out(
    deployment: Deployment, kobo: KoboSystem, fhir_server: FhirServer
) -> None:
    for number in range(5):
        submit(kobo, f"s{number}", "А", "Б")
    with deployment.app() as app:
        report = app.run()
        assert (report.records["forms"].new, report.open_entries, report.adds_up) == (10, 0, True)
        assert statuses(fhir_server) == ["finished"] * 10
        assert app.run().written == 0

        submit(kobo, "s0", "А", hours=24 * 100)  # an edit, long after everything else
        submit(kobo, "s9", "В", hours=24 * 100)
        report = app.run()
        assert report.records["forms"].gone == 1
        assert report.adds_up
        assert statuses(fhir_server) == ["entered-in-error", *["finished"] * 10]
        assert app.run().written == 0


def test_a_server_that_breaks_off_costs_nothing(
    deployment: Deployment, kobo: KoboSystem, fhir_server: FhirServer
) -> None:
    for number in range(7):
        submit(kobo, f"s{number}", "А")
    with deployment.app() as app:
        kobo.faults.add(Fault(nth=3, times=ALWAYS, garbage="cut"))
        assert app.run().records["forms"].new == 4  # two pages
        kobo.faults.clear()
        before = len(kobo.requests)
        report = app.run()
        assert (report.records["forms"].new, report.adds_up) == (3, True)
        assert len(kobo.requests) - before == 2  # it went on at the third page
    assert statuses(fhir_server) == ["finished"] * 7


def test_who_sent_it_is_nowhere(deployment: Deployment, kobo: KoboSystem, fhir_server: FhirServer) -> None:
    submit(kobo, "s0", "А")
    submit(kobo, "s1", "")  # a person without a name is refused, and kept
    with deployment.app() as app:
        report = app.run()
        assert report.records["forms"].new == 1
        (kept,) = app.store.rejected("forms")
    written = repr([fhir_server.resources, kept, kept.payload])
    assert "visit/mediator" in written
    for personal in (DEVICE, "Маркер99", TOKEN):
        assert personal not in written


def test_the_command_line_says_what_to_do(deployment: Deployment, kobo: KoboSystem) -> None:
    submit(kobo, "s0", "А")
    (kobo.folder / "kobo.token").write_text("wrongToken1", encoding="utf-8")
    done = deployment.run("run", "--json")
    said: Any = done.output + done.errors
    assert done.code != 0
    assert "answers 401" in said
    assert "auth settings" in said
    assert "wrongToken1" not in said
