"""What is not valid is kept and withheld: both sums add up, and it goes out once its cause is mended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.model import Activity
from hm_fhir.delivery.reconcile import RunReport
from hm_fhir.errors import SettingsError
from hm_fhir.outbox.entry import State
from hm_fhir.testing import FhirServer
from hm_fhir.testing.deployment import Deployment

# As if a municipality wanted hours in March: a rule of its own that only data can break.
PROFILE = {
    "resourceType": "StructureDefinition",
    "id": "visit",
    "url": "https://example.org/fhir/StructureDefinition/visit",
    "name": "Visit",
    "status": "active",
    "fhirVersion": "4.0.1",
    "kind": "resource",
    "abstract": False,
    "type": "Encounter",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Encounter",
    "derivation": "constraint",
    "differential": {
        "element": [
            {
                "id": "Encounter",
                "path": "Encounter",
                "constraint": [
                    {
                        "key": "visit-1",
                        "severity": "error",
                        "human": "a visit in March has an hour",
                        "expression": "period.start.toString().startsWith('2026-03') implies "
                        "period.start.toString().length() > 10",
                    }
                ],
            }
        ]
    },
}


def activity(number: int, **more: Any) -> dict[str, Any]:
    return {
        "local_id": f"v{number}",
        "updated_at": "2026-04-05T10:00:00+03:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
        "type": "home-visit",
        "period": {"start": "2026-04-05"},
        "setting": "home",
        "persons": [{"local_id": f"p{number}", "name": {"given": ["Проба"]}}],
        **more,
    }


IN_MARCH = {"period": {"start": "2026-03-05"}}


@pytest.fixture
def deployment(tmp_path: Path, fhir_server: FhirServer) -> Deployment:
    (tmp_path / "visit.json").write_text(json.dumps(PROFILE), encoding="utf-8")
    made = Deployment(tmp_path).source("register", "ndjson", "activities.ndjson").target("hospital", fhir_server.url)
    made.section("validation", packages=["visit.json"], profiles=[PROFILE["url"]])
    put(made, activity(1), activity(2, **IN_MARCH), activity(3))
    return made


def put(deployment: Deployment, *activities: dict[str, Any]) -> None:
    lines = [json.dumps(one, ensure_ascii=False) for one in activities]
    (deployment.folder / "activities.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")


def run(deployment: Deployment) -> RunReport:
    with deployment.app() as app:
        report = app.run()
    assert report.adds_up
    return report


def states(report: RunReport) -> dict[str, int]:
    return {state.value: number for state, number in report.targets["hospital"].states.items() if number}


def test_one_that_is_not_valid_is_withheld_and_the_others_are_delivered(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    report = run(deployment)
    records = report.records["register"]
    assert (records.read, records.new) == (3, 3)
    assert records.not_valid == {"home-visit": 1}
    assert states(report) == {"withheld": 1, "delivered": 2}
    assert report.targets["hospital"].withheld == {"not-valid": 1}
    assert (report.not_valid_entries, report.open_entries) == (1, 0)
    assert len([key for key in fhir_server.resources if "Encounter" in str(key)]) == 2
    errors = [one for one in report.as_json()["records"]["register"]["findings"] if one["severity"] == "error"]
    assert [(one["rule"], one["location"], one["number"]) for one in errors] == [("visit-1", "Encounter", 1)]
    assert errors[0]["first"] == "activities.ndjson:2"
    assert errors[0]["profile"] == PROFILE["url"]
    assert "encounter.yaml:" in errors[0]["origin"]


def test_the_same_again_changes_nothing(deployment: Deployment) -> None:
    run(deployment)
    report = run(deployment)
    assert report.records["register"].repeated == 3
    assert not report.records["register"].findings, "it is not even mapped again"
    assert states(report) == {"withheld": 1, "delivered": 2}


def test_what_was_withheld_shows_why(deployment: Deployment) -> None:
    run(deployment)
    with deployment.app() as app:
        (row,) = app.store.list(state=State.WITHHELD)
        shown = app.store.show(row.entry_id)
    assert row.code == "not-valid"
    assert shown.entry.payload["resources"] == [], "nothing that could be taken for something delivered"
    (issue,) = [one for one in shown.entry.payload["issues"] if one["severity"] == "error"]
    assert issue["resource"].startswith("Encounter/")
    assert issue["rule"] == "visit-1"


def test_it_goes_out_once_the_policy_lets_it(deployment: Deployment) -> None:
    run(deployment)
    deployment.section("validation", stop_on="never")
    report = run(deployment)
    assert report.records["register"].repeated == 3
    assert states(report) == {"delivered": 3, "superseded": 1}
    errors = [one for one in report.records["register"].findings.kinds() if one[0].severity == "error"]
    assert len(errors) == 1, "it still counts"


def test_it_goes_out_once_the_data_are_mended(deployment: Deployment) -> None:
    run(deployment)
    put(deployment, activity(1), activity(2, updated_at="2026-04-06T10:00:00+03:00"), activity(3))
    report = run(deployment)
    assert report.records["register"].newer == 1
    assert states(report) == {"delivered": 3, "superseded": 1}


def test_it_goes_out_once_the_profile_is_mended(deployment: Deployment) -> None:
    run(deployment)
    mended = json.dumps(PROFILE).replace("'2026-03'", "'2025-03'")
    (deployment.folder / "visit.json").write_text(mended, encoding="utf-8")
    assert states(run(deployment)) == {"delivered": 3, "superseded": 1}


def test_a_newer_version_that_is_not_valid_withdraws_nothing(deployment: Deployment, fhir_server: FhirServer) -> None:
    put(deployment, activity(1))
    run(deployment)
    before = dict(fhir_server.resources)
    put(deployment, activity(1, updated_at="2026-04-07T10:00:00+03:00", **IN_MARCH))
    report = run(deployment)
    assert states(report) == {"withheld": 1, "delivered": 1}
    assert fhir_server.resources == before
    put(deployment, activity(1, updated_at="2026-04-08T10:00:00+03:00", status="entered-in-error"))
    assert states(run(deployment)) == {"delivered": 2, "superseded": 1}


def test_what_was_delivered_is_not_judged_again_by_a_stricter_policy(deployment: Deployment) -> None:
    deployment.section("validation", enabled=False)
    assert states(run(deployment)) == {"delivered": 3}
    deployment.section("validation", enabled=True)
    assert states(run(deployment)) == {"delivered": 3}


def test_a_record_in_the_callers_own_transaction_is_withheld_too(deployment: Deployment) -> None:
    with deployment.app() as app:
        app.submit(Activity.model_validate({"system": "register", **activity(2, **IN_MARCH)}))
        counts = app.store.counts()["hospital"]
    assert counts.withheld == {"not-valid": 1}
    assert counts.missing == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"profiles": ["https://example.org/none"]}, "this profile is not at hand"),
        ({"packages": ["nowhere.tgz"]}, "nowhere.tgz"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said_before_anything_is_read(
    settings: dict[str, Any], says: str, deployment: Deployment
) -> None:
    deployment.section("validation", **settings)
    with deployment.app() as app, pytest.raises(SettingsError, match=says):
        app.run()


def test_several_processes_find_the_same(deployment: Deployment) -> None:
    put(deployment, *(activity(number, **(IN_MARCH if number % 7 == 0 else {})) for number in range(200)))
    with deployment.app() as app:
        here, there = list(app.map_to_json("register")), list(app.map_to_json("register", workers=2))
    assert sum(chunk.not_valid for chunk in here) == 29
    assert [chunk.findings for chunk in here] == [chunk.findings for chunk in there]
    assert here == there
