"""Rare orders of events through the whole app, against servers on the loopback interface."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from hm_fhir.delivery.fhir_target import FhirTarget, FhirTargetOptions
from hm_fhir.delivery.reading import ITEMS_IN_A_COMMIT
from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.delivery.target import Held, Later, Outcome, TargetContext, Write
from hm_fhir.errors import SettingsError
from hm_fhir.outbox.entry import State
from hm_fhir.sources.base import Item, Record, records_of
from hm_fhir.testing import Clock, FhirServer
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.http import HttpServer, Reply


def visit(day: int, **more: Any) -> dict[str, Any]:
    return {
        "local_id": "v1",
        "updated_at": f"2026-03-{day:02d}T10:00:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
        "type": "home-visit",
        "period": {"start": "2026-03-01"},
        "setting": "home",
        "persons": [{"local_id": "p1", "name": {"given": ["Проба"]}}],
        **more,
    }


@pytest.fixture
def deployment(tmp_path: Path, fhir_server: FhirServer) -> Deployment:
    made = Deployment(tmp_path).source("register", "ndjson", "activities.ndjson")
    return made.target("hospital", fhir_server.url, quick_attempts=1, timeout_seconds=5)


def write(deployment: Deployment, *activities: dict[str, Any]) -> None:
    lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in activities)
    (deployment.folder / "activities.ndjson").write_text(lines, encoding="utf-8")


def kinds(server: FhirServer) -> dict[str, Any]:
    return {one["resourceType"]: one.get("status") for one in server.resources.values()}


@pytest.mark.parametrize("is_lost", [False, True], ids=["", "the answer was lost"])
def test_what_no_mapping_takes_any_more_is_withdrawn(
    deployment: Deployment,
    fhir_server: FhirServer,
    clock: Clock,
    is_lost: bool,
    without_mapping: Callable[[Deployment, str], None],
) -> None:
    without_mapping(deployment, "case-closure")
    with deployment.app(clock=clock) as app:
        write(deployment, visit(1, topics=["hygiene"]))
        if is_lost:
            with pytest.MonkeyPatch.context() as patch:
                send = FhirTarget.send

                def lose(target: FhirTarget, writes: list[Write]) -> Outcome:
                    send(target, writes)
                    return Later("network")

                patch.setattr(FhirTarget, "send", lose)
                assert app.run().open_entries == 1
        else:
            app.run()
        assert kinds(fhir_server)["Encounter"] == "finished"
        write(deployment, visit(2, type="case-closure"))
        report = app.run()
        assert report.records["register"].unmapped == {"case-closure": 1}
        assert report.adds_up
        assert report.open_entries == 0
        assert kinds(fhir_server)["Encounter"] == "entered-in-error"
        assert kinds(fhir_server)["Communication"] == "entered-in-error"
        write(deployment, visit(3))
        assert app.run().adds_up
        assert kinds(fhir_server)["Encounter"] == "finished"
        assert kinds(fhir_server)["Communication"] == "entered-in-error"


def test_what_no_mapping_ever_took_is_withheld_in_every_version(
    deployment: Deployment, without_mapping: Callable[[Deployment, str], None]
) -> None:
    without_mapping(deployment, "case-closure")
    with deployment.app() as app:
        for day in (1, 2):
            write(deployment, visit(day, type="case-closure"))
            report = app.run()
        sums = report.targets["hospital"]
        assert (sums.states[State.WITHHELD], sums.states[State.SUPERSEDED]) == (1, 1)
        assert sums.withheld == {"no-mapping": 1}


class Breaks:
    """A source that ends in the middle."""

    incremental = False

    def __init__(self, records: list[Record], activity: Callable[[Record], Any]) -> None:
        self._records = records
        self.activity = activity

    def count(self) -> int | None:
        return None

    def local_id(self, record: Record) -> str | None:
        return None

    def records(self, since: str | None = None) -> Iterator[Item]:
        yield from self._records
        raise SettingsError("the file ends")


def test_a_source_that_fails_in_the_middle_is_counted_as_far_as_it_was_read(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(deployment, *(visit(1, local_id=f"v{number}") for number in range(ITEMS_IN_A_COMMIT + 10)))
    with deployment.app() as app:
        source = app.source("register")
        records = list(records_of(source))
        monkeypatch.setattr(app, "source", lambda _: Breaks(records, source.activity))
        report = app.run()
        assert list(report.failed_sources) == ["register"]
        # What came before the failure stays, also after the last full commit.
        number = ITEMS_IN_A_COMMIT + 10
        counts = report.records["register"]
        assert counts == RecordCounts(read=number, new=number, findings=counts.findings)
        assert report.targets["hospital"].states[State.DELIVERED] == number
        monkeypatch.undo()
        assert app.run().records["register"].repeated == number


def test_each_worker_has_a_name_of_its_own(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    with deployment.app() as app:
        owners: list[str] = []
        claim = app.store.claim

        def claimed(*arguments: Any, **named: Any) -> Any:
            owners.append(named["owner"])
            return claim(*arguments, **named)

        monkeypatch.setattr(app.store, "claim", claimed)
        app.deliver()
        app.deliver()
    assert len(set(owners)) == 2


def test_the_leases_of_another_container_with_the_same_host_name_are_left_alone(
    deployment: Deployment, clock: Clock
) -> None:
    write(deployment, visit(1))
    with deployment.app(clock=clock) as app:
        app.intake.take(app.reading("register"))
        nobody = 2**22 + 1  # above the highest process id of Linux
        owner = f"{socket.gethostname()}/4026500000:{nobody}:00000000"
        assert app.store.claim("hospital", 1, owner, 300, clock.now())
        assert app.deliver()["hospital"].settled == {}
        assert app.store.owners() == (owner,)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Callable[[Callable[..., Reply]], FhirTarget]]:
    """Return a function that opens a target whose server replies as told."""
    opened: list[tuple[HttpServer, Thread, FhirTarget]] = []

    def open_target(respond: Callable[..., Reply]) -> FhirTarget:
        server = HttpServer(0, respond)
        thread = Thread(target=server.serve_forever)
        thread.start()
        options = FhirTargetOptions(
            url=f"http://127.0.0.1:{server.server_port}/fhir", quick_attempts=1, timeout_seconds=0.5
        )
        made = FhirTarget(options, TargetContext("t", tmp_path))
        opened.append((server, thread, made))
        return made

    yield open_target
    for server, thread, made in opened:
        made.close()
        server.end()
        thread.join(5)


def batch(*entries: dict[str, Any]) -> Callable[..., Reply]:
    body = json.dumps({"resourceType": "Bundle", "type": "batch-response", "entry": entries}).encode()
    return lambda *_: Reply(headers={"Content-Type": "application/fhir+json"}, body=body)


OK = {"status": "200 OK"}
TASK = {"resourceType": "Task", "id": "t"}


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([{"response": OK, "resource": TASK}], "unreadable-answer"),  # no version: nothing to bind a write to
        ([{"response": OK}], "unreadable-answer"),
        ([{"response": OK, "resource": {**TASK, "id": "x", "meta": {"versionId": "1"}}}], "cannot-read"),
        ([{"response": {"status": "403"}}], "cannot-read"),
        ([], "cannot-read"),
    ],
)
def test_a_task_that_cannot_be_read_is_not_overwritten_and_holds_no_other_up(
    target: Callable[..., FhirTarget], entries: list[dict[str, Any]], code: str
) -> None:
    # It is tried again, and when it fails again and again it is taken out of the bundle.
    assert target(batch(*entries)).read(["Task/t"]) == Later(code, may_be_content=True)


def test_a_task_that_was_deleted_is_not_there(target: Callable[..., FhirTarget]) -> None:
    there = {**TASK, "meta": {"versionId": "7"}}
    entries = [{"response": {"status": "410 Gone"}}, {"response": OK, "resource": there}]
    assert target(batch(*entries)).read(["Task/gone", "Task/t"]) == {"Task/t": Held("7", there)}


def test_only_a_connection_that_was_made_can_break_because_of_the_content(
    target: Callable[..., FhirTarget], tmp_path: Path
) -> None:
    writes = [Write("Patient/a1", b"{}")]
    assert target(lambda *_: Reply(drop=True)).send(writes) == Later("network", may_be_content=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        options = FhirTargetOptions(url=f"http://127.0.0.1:{free.getsockname()[1]}/fhir", quick_attempts=1)
        nobody = FhirTarget(options, TargetContext("t", tmp_path))
        assert nobody.send(writes) == Later("network")
        nobody.close()
