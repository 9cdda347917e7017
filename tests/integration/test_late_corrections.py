"""The base pack at a server: a late correction of an earlier activity undoes nothing that a later one told."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.testing import FhirServer
from hm_fhir.testing.deployment import Deployment


def activity(local_id: str, day: str, changed: str, kind: str = "home-visit", **more: Any) -> dict[str, Any]:
    return {
        "local_id": local_id,
        "updated_at": f"2026-{changed}T10:00:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
        "type": kind,
        "period": {"start": f"2026-{day}"},
        "persons": [{"local_id": "p1", "name": {"given": ["Проба"]}}],
        "setting": "home",
        **more,
    }


GIVEN = {"decision": "given", "on": "2026-01-05"}
WITHDRAWN = {"decision": "withdrawn", "on": "2026-02-05"}


@pytest.fixture
def deployment(tmp_path: Path, fhir_server: FhirServer) -> Deployment:
    made = Deployment(tmp_path).source("register", "ndjson", "activities.ndjson")
    return made.target("hospital", fhir_server.url, quick_attempts=1, timeout_seconds=5)


def run(deployment: Deployment, *activities: dict[str, Any]) -> None:
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in activities)
    (deployment.folder / "activities.ndjson").write_text(lines, encoding="utf-8")
    with deployment.app() as app:
        report = app.run()
    assert report.adds_up
    assert report.open_entries == 0
    assert not report.records["register"].rejected


def status(server: FhirServer, kind: str) -> str:
    (found,) = [one for one in server.resources.values() if one["resourceType"] == kind]
    return str(found["status"])


def test_a_withdrawn_consent_stays_withdrawn_until_its_withdrawal_was_an_error(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    run(deployment, activity("v1", "01-05", "01-05", consent=GIVEN))
    assert status(fhir_server, "Consent") == "active"
    run(deployment, activity("v2", "02-05", "02-05", consent=WITHDRAWN))
    assert status(fhir_server, "Consent") == "inactive"
    run(deployment, activity("v1", "01-05", "03-01", consent=GIVEN, note="corrected"))
    assert status(fhir_server, "Consent") == "inactive"
    run(deployment, activity("v2", "02-05", "03-02", consent=WITHDRAWN, status="entered-in-error"))
    assert status(fhir_server, "Consent") == "active"


def test_a_correction_of_the_decision_itself_counts(deployment: Deployment, fhir_server: FhirServer) -> None:
    run(deployment, activity("v2", "02-05", "02-05", consent=WITHDRAWN))
    run(deployment, activity("v2", "02-05", "02-06", consent={"decision": "given", "on": "2026-02-01"}))
    assert status(fhir_server, "Consent") == "active"


CASE = (
    activity("v1", "01-05", "03-01", case_id="c1"),
    activity("v2", "02-05", "02-05", "case-closure", case_id="c1"),
    activity("v3", "02-20", "03-05", case_id="c1", status="cancelled"),
)


@pytest.mark.parametrize("order", list(permutations(range(len(CASE)))))
def test_a_closed_case_stays_closed_in_whatever_order_its_activities_come(
    deployment: Deployment, fhir_server: FhirServer, order: tuple[int, ...]
) -> None:
    for number in order:
        run(deployment, CASE[number])
    assert status(fhir_server, "EpisodeOfCare") == "finished"


def test_a_correction_with_the_time_of_another_visit_counts(deployment: Deployment, fhir_server: FhirServer) -> None:
    def visit(local_id: str, day: str, name: str) -> dict[str, Any]:
        return activity(local_id, "01-05", day, persons=[{"local_id": "p1", "name": {"given": [name]}}])

    run(deployment, visit("v1", "01-05", "Грешна"), visit("v2", "01-06", "Грешна"))
    for local_id, name in (("v1", "Проба"), ("v1", "Проба"), ("v3", "Друга")):
        run(deployment, visit(local_id, "01-06", name))
        (patient,) = (one for one in fhir_server.resources.values() if one["resourceType"] == "Patient")
        assert patient["name"][0]["given"] == [name]
