"""From the phone of a mediator to a hospital: answers to the form on one server become resources on another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.testing import FhirServer
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.filled_forms import filled_form
from hm_fhir.testing.local_systems.questionnaire import QuestionnaireSystem

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
DIRECTORY = """
municipality: {code: SFO39, name: Самоков}
mediators:
  M1: {family: Примерова, offices: [К], hours: [{days: [mon], from: "08:30", to: "17:00"}]}
facilities:
  К: {kind: office, name: Кабинет}
"""


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[QuestionnaireSystem]:
    with QuestionnaireSystem(tmp_path / "phones") as system:
        yield system


@pytest.fixture
def deployment(tmp_path: Path, fhir_server: FhirServer, phones: QuestionnaireSystem) -> Deployment:
    made = Deployment(tmp_path / "deployment")
    (made.folder / "directory.yaml").write_text(DIRECTORY, encoding="utf-8")
    made.settings["sources"]["phones"] = {
        "kind": "questionnaire-response",
        "system": "phones",
        "directory": "directory.yaml",
        **phones.options,
    }
    return made.target("hospital", fhir_server.url, quick_attempts=1, timeout_seconds=5)


def save(phones: QuestionnaireSystem, number: int, minutes: int, mediator: str = "M1", **changes: Any) -> None:
    visit = {
        "local_id": f"V-{number}",
        "updated_at": BEGIN.isoformat(),
        "mediator": {"local_id": mediator},
        "type": "home-visit",
        "setting": "home",
        "period": {"start": "2026-03-02"},
        "persons": [{"local_id": f"P-{number}", "name": {"given": ["Проба"]}}],
    }
    moment = BEGIN + timedelta(minutes=minutes)
    phones.save({"key": f"r-{number}", "changed": moment.isoformat(), "native": filled_form(visit) | changes})


def run(deployment: Deployment) -> RecordCounts:
    with deployment.app() as app:
        report = app.run()
    assert report.adds_up
    counts = report.records["phones"]
    assert isinstance(counts, RecordCounts)
    return counts


def statuses(server: FhirServer) -> list[str]:
    return sorted(one["status"] for one in server.resources.values() if one["resourceType"] == "Encounter")


def test_new_changed_and_withdrawn_answers_arrive(
    deployment: Deployment, phones: QuestionnaireSystem, fhir_server: FhirServer
) -> None:
    for number in range(3):
        save(phones, number, number)
    save(phones, 3, 3, status="in-progress")
    counts = run(deployment)
    assert (counts.read, counts.new) == (3, 3)
    assert statuses(fhir_server) == ["finished"] * 3
    role = next(one for one in fhir_server.resources.values() if one["resourceType"] == "PractitionerRole")
    assert role["availableTime"][0]["availableStartTime"] == "08:30:00"
    assert len(role["location"]) == 1

    save(phones, 1, 10, status="entered-in-error")
    save(phones, 3, 11)
    counts = run(deployment)
    assert (counts.new, counts.deleted) == (1, 1)
    assert statuses(fhir_server) == ["entered-in-error", "finished", "finished", "finished"]


def test_what_was_rejected_is_good_when_the_directory_is(
    deployment: Deployment, phones: QuestionnaireSystem, fhir_server: FhirServer
) -> None:
    save(phones, 1, 0, mediator="M2")
    assert run(deployment).rejected == {"unknown-mediator": 1}

    more = DIRECTORY.replace("facilities:", "  M2: {family: Образцова}\nfacilities:")
    (deployment.folder / "directory.yaml").write_text(more, encoding="utf-8")
    with deployment.app() as app:
        counts = app.replay("phones")
        assert (counts.read, counts.new) == (1, 1)
        app.deliver()
    assert statuses(fhir_server) == ["finished"]
