"""What a source does not hold any more is withdrawn at the target, and comes back with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.testing import FhirServer
from hm_fhir.testing.deployment import Deployment


def visit(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "local_id": f"v{number}",
        "updated_at": "2026-03-05T16:40:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
        "type": "home-visit",
        "setting": "home",
        "period": {"start": "2026-03-05"},
        "persons": [{"local_id": f"p{number}", "name": {"given": ["Проба"]}}],
        "topics": ["hygiene"],
        **changes,
    }


def write(deployment: Deployment, *visits: dict[str, Any]) -> None:
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in visits)
    (deployment.folder / "register.ndjson").write_text(lines, encoding="utf-8")


@pytest.fixture
def deployment(tmp_path: Path, fhir_server: FhirServer) -> Deployment:
    made = Deployment(tmp_path / "deployment")
    made.source("register", "ndjson", "register.ndjson", missing="deleted")
    return made.target("hospital", fhir_server.url)


def statuses(server: FhirServer, resource_type: str) -> list[str]:
    return sorted(one["status"] for one in of_type(server, resource_type))


def of_type(server: FhirServer, resource_type: str) -> list[Any]:
    return [one for key, one in server.resources.items() if key.startswith(f"{resource_type}/")]


def test_a_row_that_vanished_is_entered_in_error_and_comes_back(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    write(deployment, *(visit(number) for number in range(5)))
    with deployment.app() as app:
        assert app.run().open_entries == 0
        assert statuses(fhir_server, "Encounter") == ["finished"] * 5
        people = len(of_type(fhir_server, "Patient"))

        write(deployment, *(visit(number) for number in range(4)))
        report = app.run()
        assert (report.records["register"].gone, report.open_entries) == (1, 0)
        assert statuses(fhir_server, "Encounter") == ["entered-in-error", *["finished"] * 4]
        assert len(of_type(fhir_server, "Patient")) == people
        assert app.run().written == 0

        write(deployment, *(visit(number) for number in range(5)))
        report = app.run()
        assert (report.records["register"].newer, report.adds_up) == (1, True)
        assert statuses(fhir_server, "Encounter") == ["finished"] * 5
        assert app.run().written == 0


def test_what_was_withdrawn_before_it_was_ever_sent_is_never_there(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    write(deployment, *(visit(number) for number in range(5)))
    with deployment.app() as app:
        app.intake.take(app.reading("register"))
        write(deployment, *(visit(number) for number in range(4)))
        report = app.run()
    assert report.adds_up
    assert statuses(fhir_server, "Encounter") == ["finished"] * 4
