"""Whatever fails on the way, the server ends up with the same resources, each once, and every entry is counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.errors import SettingsError
from hm_fhir.outbox.entry import State
from hm_fhir.testing import Clock, Fault, FhirServer
from hm_fhir.testing.deployment import Deployment

PEOPLE = 12


def activity(number: int, **more: Any) -> dict[str, Any]:
    return {
        "local_id": f"v{number}",
        "updated_at": f"2026-03-{number % 28 + 1:02d}T10:00:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
        "type": "home-visit",
        "period": {"start": f"2026-03-{number % 28 + 1:02d}"},
        "setting": "home",
        "persons": [{"local_id": f"p{number % PEOPLE}", "name": {"given": ["Проба"]}}],
        **more,
    }


LATER = datetime(2026, 5, 1, tzinfo=UTC)

ACTIVITIES = [activity(number) for number in range(40)]


@pytest.fixture
def deployment(tmp_path: Path, fhir_server: FhirServer) -> Deployment:
    made = Deployment(tmp_path).source("register", "ndjson", "activities.ndjson")
    write(made, ACTIVITIES)
    # One quick attempt: the waits of the outbox are tested with a clock that the test moves.
    made.target("hospital", fhir_server.url, max_entries=30, quick_attempts=1, timeout_seconds=5)
    return made.section("delivery", claim_entries=15)


def write(deployment: Deployment, activities: list[dict[str, Any]]) -> None:
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in activities)
    (deployment.folder / "activities.ndjson").write_text(lines, encoding="utf-8")


def undisturbed(tmp_path: Path, deployment: Deployment) -> dict[str, Any]:
    """Return what a server gets when nothing fails, without what a server adds."""
    with FhirServer() as other:
        deployment.target("hospital", other.url)
        deployment.section("store", path="store/other.db")
        with deployment.app() as app:
            assert app.run().open_entries == 0
        return contents(other)


def contents(server: FhirServer) -> dict[str, Any]:
    return {
        key: {name: part for name, part in one.items() if name != "meta"} for key, one in server.resources.items()
    }


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([Fault(drop="after", times=3, method="POST")], id="answers are lost"),
        pytest.param([Fault(drop="before", nth=2, times=2, method="POST")], id="connections are lost"),
        pytest.param([Fault(status=503, headers={"Retry-After": "120"}, times=2, method="POST")], id="busy"),
        pytest.param([Fault(status=429, nth=3, method="POST")], id="too many requests"),
        pytest.param([Fault(status=409, times=3, method="POST")], id="conflicts"),
        pytest.param([Fault(garbage="truncated", times=2, method="POST")], id="truncated answers"),
        pytest.param([Fault(garbage="html", times=2, method="POST")], id="a page instead of an answer"),
        pytest.param([Fault(garbage="cut", nth=2, times=2, method="POST")], id="answers that break off"),
        pytest.param(
            [Fault(status=500, processed=True, times=2, method="POST")], id="an error after the work was done"
        ),
        pytest.param([Fault(status=413, times=2, method="POST")], id="too large"),
        pytest.param(
            [
                Fault(drop="after", method="POST"),
                Fault(status=503, nth=3, method="POST"),
                Fault(garbage="html", nth=5, method="POST"),
                Fault(status=409, nth=2, method="POST"),
            ],
            id="one after the other",
        ),
    ],
)
def test_the_end_is_the_same(
    faults: list[Fault], deployment: Deployment, fhir_server: FhirServer, clock: Clock, tmp_path: Path
) -> None:
    fhir_server.faults.add(*faults)
    clock.set(LATER)
    with deployment.app(clock=clock) as app:
        report = app.run(patience_seconds=86_400)
        assert report.adds_up
        assert report.targets["hospital"].states[State.DELIVERED] == len(ACTIVITIES)
        assert report.open_entries == 0
        assert not fhir_server.faults.outstanding, "the faults did happen"
        assert app.run().written == 0
    assert {key for key in fhir_server.resources if len(fhir_server.versions(key)) > 1} == set()
    assert contents(fhir_server) == undisturbed(tmp_path, deployment)


def test_a_refused_resource_parks_its_activity_alone(
    deployment: Deployment, fhir_server: FhirServer, clock: Clock
) -> None:
    clock.set(LATER)
    with deployment.app(clock=clock) as app:
        source = app.source("register")
        mapped = app.mapper.map(source.activity(list(source.records())[7]).for_mapping())
        assert mapped is not None
        encounter = next(resource.key for resource in mapped.resources if resource.type == "Encounter")
        fhir_server.faults.add(Fault(refuse=encounter, named=False))
        report = app.run()
        assert report.adds_up
        assert report.targets["hospital"].states[State.PARKED] == 1
        assert report.targets["hospital"].states[State.DELIVERED] == len(ACTIVITIES) - 1
        [parked] = app.store.list(state=State.PARKED)
        assert app.store.show(parked.entry_id).words

        fhir_server.faults.clear()
        assert app.store.retry([parked.entry_id]) == 1
        assert app.run().open_entries == 0
        assert encounter in fhir_server.resources


def test_a_wrong_password_stops_everything_and_loses_nothing(tmp_path: Path) -> None:
    with FhirServer(token="right") as server:
        deployment = Deployment(tmp_path).source("register", "ndjson", "activities.ndjson")
        write(deployment, ACTIVITIES)
        (tmp_path / "token").write_text("wrong")
        deployment.target("hospital", server.url, auth={"kind": "bearer", "token": "file:token"})
        stopped = deployment.run("run")
        assert stopped.code == 2
        assert "auth" in stopped.errors
        assert [one.method for one in server.requests] == ["GET", "POST"], "a look at it, one try, and no more"
        (tmp_path / "token").write_text("right")
        assert deployment.run("run").code == 0
        assert not any("wrong" in text or "right" in text for text in (stopped.output, stopped.errors))


def test_a_missing_secret_is_found_before_anything_is_read(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path).source("register", "ndjson", "activities.ndjson")
    write(deployment, ACTIVITIES)
    deployment.target("hospital", "http://127.0.0.1:9/fhir", auth={"kind": "bearer", "token": "env:NO_SUCH_TOKEN"})
    with deployment.app() as app, pytest.raises(SettingsError, match="NO_SUCH_TOKEN"):
        app.run()


def test_a_corrected_activity_becomes_a_second_version_and_a_late_older_one_nothing(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    with deployment.app() as app:
        app.run()
        before = dict(fhir_server.resources)
        corrected = activity(3, updated_at="2026-04-01T08:00:00+03:00", period={"start": "2026-03-05"})
        late = activity(4, updated_at="2026-01-01T08:00:00+02:00", period={"start": "2026-01-01"})
        write(deployment, [corrected, late])
        report = app.run()
        counts = report.records["register"]
        assert (counts.newer, counts.repeated, counts.older) == (1, 1, 1)
        assert report.adds_up
    changed = {key for key, one in fhir_server.resources.items() if one != before.get(key)}
    assert {key.partition("/")[0] for key in changed} == {"Encounter", "Provenance"}
    assert len(changed) == 2


def test_what_was_recorded_in_error_is_withdrawn(deployment: Deployment, fhir_server: FhirServer) -> None:
    with deployment.app() as app:
        with_topic = activity(3, updated_at="2026-04-01T08:00:00+03:00", topics=["hygiene"])
        write(deployment, [with_topic])
        app.run()
        write(deployment, [activity(3, updated_at="2026-04-02T08:00:00+03:00", status="entered-in-error")])
        assert app.run().open_entries == 0
    kinds = {one["resourceType"]: one.get("status") for one in fhir_server.resources.values()}
    assert kinds["Encounter"] == "entered-in-error"
    assert kinds["Communication"] == "entered-in-error"


def test_an_accompaniment_waits_for_the_referral_that_it_carries_out(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    hospital = {"local_id": "H1", "kind": "hospital", "name": "Примерна болница"}
    referral = activity(2, type="referral", referral={"destination": "gynaecologist", "facility": hospital})
    accompaniment = activity(
        3, type="accompaniment", setting="hospital", facility=hospital, fulfils=["v2"], persons=referral["persons"]
    )
    with deployment.app() as app:
        write(deployment, [accompaniment])
        report = app.run()
        assert report.open_entries == 1
        assert not any(key.startswith("Encounter") for key in fhir_server.resources)
        write(deployment, [referral, accompaniment])
        assert app.run().open_entries == 0
    encounters = [one for one in fhir_server.resources.values() if one["resourceType"] == "Encounter"]
    assert any("basedOn" in one for one in encounters)
