"""The worker against a target that keeps what it is given, and says no as a real one does."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hm_fhir.delivery.prepare import Preparation
from hm_fhir.delivery.retry import RetryPolicy
from hm_fhir.delivery.target import Closed, Done, Held, Later, Limits, Outcome, Refusal, Write
from hm_fhir.delivery.worker import Worker
from hm_fhir.fhir.json import from_json
from hm_fhir.outbox.entry import Route, State, Submission
from hm_fhir.outbox.sqlite import SqliteStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Shelf:
    """Takes all writes of a transaction or none; refuses resources whose content says ``bad``."""

    def __init__(self, *, names_the_bad: bool = False, limits: Limits | None = None) -> None:
        self.limits = limits or Limits(writes=1000, bytes=10_000_000)
        self.held: dict[str, list[dict[str, Any]]] = {}
        self.sent: list[list[str]] = []
        self.reads = 0
        self.before: Callable[[Sequence[Write]], Outcome | None] = lambda _: None
        self._names_the_bad = names_the_bad

    def send(self, writes: Sequence[Write]) -> Outcome:
        self.sent.append([write.key for write in writes])
        scripted = self.before(writes)
        if scripted is not None:
            return scripted
        contents = {write.key: from_json(write.text) for write in writes}
        assert len(contents) == len(writes), "an identity stands once in a bundle"
        bad = tuple(key for key, content in contents.items() if content.get("bad"))
        if bad:
            return Refusal("http-422", named=bad if self._names_the_bad else (), words={"said": "no"})
        known = set(self.held) | set(contents)
        for content in contents.values():
            assert set(content.get("refers", ())) <= known, "a reference points to what is there"
        for write in writes:
            versions = self.held.setdefault(write.key, [])
            if write.if_version is not None and write.if_version != str(len(versions)):
                return Later("stale", stale=True, busy=True)
        for key, content in contents.items():
            if not self.held[key] or self.held[key][-1] != content:
                self.held[key].append(content)
        return Done({key: str(len(self.held[key])) for key in contents})

    def read(self, keys: Sequence[str]) -> Mapping[str, Held] | Later | Closed:
        self.reads += 1
        return {key: Held(str(len(self.held[key])), self.held[key][-1]) for key in keys if key in self.held}

    def check(self) -> str:
        return "a shelf"

    def close(self) -> None:
        pass

    def last(self, key: str) -> dict[str, Any]:
        return self.held[key][-1]


class Time:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "outbox.db") as opened:
        yield opened


def worker(store: SqliteStore, target: Shelf, clock: Time | None = None, *, claim_entries: int = 1000) -> Worker:
    return Worker(
        store,
        "t",
        target,
        Preparation(store, lambda text: text.hex()),
        policy=RetryPolicy(first_seconds=10, most_seconds=100),
        clock=clock or Time(),
        random=lambda: 1.0,
        owner="w",
        claim_entries=claim_entries,
    )


def resource(key: str, *, shared: bool = False, owns: Sequence[str] = (), **content: Any) -> dict[str, Any]:
    body = {"resourceType": key.partition("/")[0], "id": key.partition("/")[2], **content}
    return {"key": key, "shared": shared, "receiver_owns": list(owns), "content": body}


def add(
    store: SqliteStore,
    activity: str,
    *resources: dict[str, Any],
    version: int = 1,
    person: str | None = None,
    needs: Sequence[str] = (),
) -> None:
    digest = f"{activity} {version} {resources!r}"
    route = Route(
        target="t",
        person_key=person,
        payload={"resources": list(resources)},
        holds=tuple(one["key"] for one in resources),
        needs=tuple(needs),
        pack="p",
    )
    store.add(
        Submission(
            activity_key=activity,
            source="s",
            version_key=f"{version:04d}",
            record_digest=digest,
            content_digest=digest,
            activity_type="home-visit",
            routes=(route,),
        )
    )


def states(store: SqliteStore) -> dict[State, int]:
    counts = store.counts()["t"]
    assert counts.missing == 0
    return {state: number for state, number in counts.states.items() if number}


def test_an_entry_is_delivered_once(store: SqliteStore) -> None:
    shelf = Shelf()
    add(store, "a", resource("Patient/p", shared=True), resource("Encounter/e", refers=["Patient/p"]))
    assert worker(store, shelf).run().settled == {"delivered": 1}
    assert worker(store, shelf).run().settled == {}
    assert len(shelf.sent) == 1
    assert states(store) == {State.DELIVERED: 1}


def test_what_the_target_has_is_not_sent_again(store: SqliteStore) -> None:
    shelf = Shelf()
    add(store, "a", resource("Patient/p", shared=True), resource("Encounter/e"))
    worker(store, shelf).run()
    add(store, "b", resource("Patient/p", shared=True), resource("Encounter/f"))
    worker(store, shelf).run()
    assert shelf.sent[1] == ["Encounter/f"]


def test_a_crash_between_send_and_settle_changes_nothing(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf()
    add(store, "a", resource("Encounter/e", status="finished"))

    def crash(*_: object, **__: object) -> None:
        raise SystemError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(store, "settle", crash)
        with pytest.raises(SystemError):
            worker(store, shelf).run()
    assert worker(store, shelf).run().settled == {"delivered": 1}
    assert len(shelf.sent) == 2
    assert len(shelf.held["Encounter/e"]) == 1


def test_a_shared_resource_stands_once_in_a_bundle_in_its_newest_version(store: SqliteStore) -> None:
    shelf = Shelf()
    add(store, "b", resource("Patient/p", shared=True, phone="new"), resource("Encounter/f"), version=2)
    add(store, "a", resource("Patient/p", shared=True, phone="old"), resource("Encounter/e"), version=1)
    worker(store, shelf).run()
    assert len(shelf.sent) == 1
    assert shelf.last("Patient/p")["phone"] == "new"


def test_an_older_version_never_overwrites_a_newer_one(store: SqliteStore) -> None:
    shelf = Shelf()
    add(store, "new", resource("Patient/p", shared=True, phone="new"), version=5)
    worker(store, shelf).run()
    add(store, "old", resource("Patient/p", shared=True, phone="old"), version=3)
    assert worker(store, shelf).run().settled == {"superseded": 1}
    assert shelf.last("Patient/p")["phone"] == "new"


def test_a_confirmed_version_moves_forward_so_that_one_between_cannot_come_in(store: SqliteStore) -> None:
    shelf = Shelf()
    add(store, "a", resource("Patient/p", shared=True, phone="same"), version=1)
    worker(store, shelf).run()
    add(store, "c", resource("Patient/p", shared=True, phone="same"), version=9)
    assert worker(store, shelf).run().settled == {"unchanged": 1}
    add(store, "b", resource("Patient/p", shared=True, phone="between"), version=5)
    assert worker(store, shelf).run().settled == {"superseded": 1}
    assert shelf.last("Patient/p")["phone"] == "same"


@pytest.mark.parametrize("names_the_bad", [True, False])
@pytest.mark.parametrize("position", [0, 1, 6, 15])
def test_one_bad_entry_is_parked_and_the_others_go_through(
    store: SqliteStore, names_the_bad: bool, position: int
) -> None:
    shelf = Shelf(names_the_bad=names_the_bad)
    for number in range(16):
        add(store, f"a{number}", resource(f"Encounter/e{number}", bad=number == position))
    counts = worker(store, shelf).run()
    assert counts.settled == {"delivered": 15, "parked": 1}
    assert len(shelf.sent) <= (2 if names_the_bad else 2 + 2 * 4)
    [parked] = store.list(state=State.PARKED)
    shown = store.show(parked.entry_id)
    assert shown is not None
    assert parked.code == "http-422"
    assert shown.words[0].content == {"said": "no"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(size=st.integers(2, 70), data=st.data())
def test_one_bad_entry_costs_a_logarithm(
    tmp_path_factory: pytest.TempPathFactory, size: int, data: st.DataObject
) -> None:
    bad = data.draw(st.integers(0, size - 1))
    shelf = Shelf()
    with SqliteStore(tmp_path_factory.mktemp("s") / "outbox.db") as store:
        for number in range(size):
            add(store, f"a{number}", resource(f"Encounter/e{number}", bad=number == bad))
        worker(store, shelf).run()
        assert states(store) == {State.DELIVERED: size - 1, State.PARKED: 1}
    assert len(shelf.sent) <= 2 + 2 * math.ceil(math.log2(size))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(bad=st.sets(st.integers(0, 19), max_size=20), named=st.booleans(), limit=st.integers(1, 20))
def test_every_bad_entry_is_parked_and_every_good_one_delivered(
    tmp_path_factory: pytest.TempPathFactory, bad: set[int], named: bool, limit: int
) -> None:
    shelf = Shelf(names_the_bad=named, limits=Limits(writes=limit, bytes=1_000_000))
    with SqliteStore(tmp_path_factory.mktemp("s") / "outbox.db") as store:
        for number in range(20):
            add(store, f"a{number}", resource(f"Encounter/e{number}", bad=number in bad))
        worker(store, shelf, claim_entries=7).run()
        assert {row.activity_key for row in store.list(state=State.PARKED)} == {f"a{number}" for number in bad}
    assert set(shelf.held) == {f"Encounter/e{number}" for number in range(20)} - {f"Encounter/e{n}" for n in bad}


def test_a_later_entry_of_a_person_waits_only_when_it_references_what_was_parked(store: SqliteStore) -> None:
    shelf = Shelf()
    add(store, "referral", resource("ServiceRequest/r", bad=True), person="p")
    add(store, "visit", resource("Encounter/v"), person="p")
    add(
        store,
        "accompaniment",
        resource("Encounter/a", refers=["ServiceRequest/r"]),
        person="p",
        needs=["ServiceRequest/r"],
    )
    assert worker(store, shelf).run().settled == {"delivered": 1, "parked": 1, "deferred": 1}
    assert states(store) == {State.DELIVERED: 1, State.PARKED: 1, State.WAITING: 1}

    add(store, "referral", resource("ServiceRequest/r"), person="p", version=2)
    assert worker(store, shelf).run().settled == {"delivered": 2}
    assert states(store) == {State.DELIVERED: 3, State.SUPERSEDED: 1}


def test_what_references_each_other_goes_together_whatever_the_order(store: SqliteStore) -> None:
    shelf = Shelf()
    add(store, "accompaniment", resource("Encounter/a", refers=["ServiceRequest/r"]), needs=["ServiceRequest/r"])
    add(store, "referral", resource("ServiceRequest/r"))
    assert worker(store, shelf).run().settled["delivered"] == 2


def test_a_target_that_does_not_answer_is_tried_again_and_nothing_is_lost(store: SqliteStore) -> None:
    shelf, clock = Shelf(), Time()
    add(store, "a", resource("Encounter/e"))
    answers: list[Outcome | None] = [Later("network"), Later("http-503", after_seconds=25), None]
    shelf.before = lambda _: answers.pop(0)
    counts = worker(store, shelf, clock).run(patience_seconds=120)
    assert counts.settled == {"retried": 2, "delivered": 1}
    assert clock.time - NOW >= timedelta(seconds=10 + 25)


def test_without_patience_the_entry_waits_for_the_next_run(store: SqliteStore) -> None:
    shelf, clock = Shelf(), Time()
    add(store, "a", resource("Encounter/e"))
    shelf.before = lambda _: Later("network")
    assert worker(store, shelf, clock).run().settled == {"retried": 1}
    assert states(store) == {State.WAITING: 1}
    [row] = store.list()
    assert row.lease_owner is None
    assert row.retry_at is not None
    assert row.retry_at > NOW


def test_a_target_that_refuses_the_deployment_gets_nothing_more(store: SqliteStore) -> None:
    shelf = Shelf(limits=Limits(writes=1, bytes=1_000_000))
    for number in range(5):
        add(store, f"a{number}", resource(f"Encounter/e{number}"))
    shelf.before = lambda _: Closed("not-allowed", "look at the token")
    counts = worker(store, shelf).run(patience_seconds=1000)
    assert counts.closed is not None
    assert len(shelf.sent) == 1
    assert states(store) == {State.WAITING: 5}
    assert all(row.lease_owner is None and row.retry_at is None for row in store.list())


def test_an_error_of_the_server_that_one_entry_causes_parks_that_entry(store: SqliteStore) -> None:
    shelf, clock = Shelf(), Time()
    for number in range(10):
        add(store, f"a{number}", resource(f"Encounter/e{number}", number=number))

    def fails(writes: Sequence[Write]) -> Outcome | None:
        poisonous = any(write.key == "Encounter/e3" for write in writes)
        return Later("http-500", may_be_content=True) if poisonous else None

    shelf.before = fails
    worker(store, shelf, clock).run(patience_seconds=10_000)
    assert states(store) == {State.DELIVERED: 9, State.PARKED: 1}


def test_an_outage_parks_nothing(store: SqliteStore) -> None:
    shelf, clock = Shelf(), Time()
    for number in range(30):
        add(store, f"a{number}", resource(f"Encounter/e{number}", number=number))
    shelf.before = lambda _: Later("http-500", may_be_content=True)
    worker(store, shelf, clock).run(patience_seconds=900)
    assert states(store) == {State.WAITING: 30}
    shelf.before = lambda _: None
    worker(store, shelf, clock).run(patience_seconds=900)
    assert states(store) == {State.DELIVERED: 30}


def test_what_a_newer_version_no_longer_makes_is_withdrawn(store: SqliteStore) -> None:
    shelf = Shelf()
    observation = resource("Observation/o", status="final")
    add(store, "a", resource("Patient/p", shared=True), resource("Encounter/e", status="finished"), observation)
    worker(store, shelf).run()
    add(store, "a", resource("Encounter/e", status="finished"), version=2)
    worker(store, shelf).run()
    assert shelf.last("Observation/o")["status"] == "entered-in-error"
    assert shelf.last("Encounter/e")["status"] == "finished"
    assert len(shelf.held["Patient/p"]) == 1, "a person is not withdrawn with one activity"

    add(store, "a", resource("Encounter/e", status="finished"), observation, version=3)
    worker(store, shelf).run()
    assert shelf.last("Observation/o")["status"] == "final"


def test_what_belongs_to_the_receiver_is_not_overwritten(store: SqliteStore) -> None:
    shelf = Shelf()
    owns = ("status", "businessStatus", "note")
    add(store, "a", resource("Task/t", owns=owns, status="requested", priority="routine"))
    worker(store, shelf).run()
    shelf.held["Task/t"].append({**shelf.last("Task/t"), "status": "accepted", "note": [{"text": "seen"}]})
    add(store, "a", resource("Task/t", owns=owns, status="requested", priority="urgent"), version=2)
    worker(store, shelf).run()
    assert shelf.last("Task/t")["status"] == "accepted"
    assert shelf.last("Task/t")["note"] == [{"text": "seen"}]
    assert shelf.last("Task/t")["priority"] == "urgent"


def test_a_receiver_that_writes_at_the_same_time_loses_nothing(store: SqliteStore) -> None:
    shelf = Shelf()
    add(store, "a", resource("Task/t", owns=("status",), status="requested", priority="routine"))
    worker(store, shelf).run()
    add(store, "a", resource("Task/t", owns=("status",), status="requested", priority="urgent"), version=2)
    answers = iter(["accepted"])

    def receiver_is_quicker(_: Sequence[Write]) -> None:
        for status in answers:
            shelf.held["Task/t"].append({**shelf.last("Task/t"), "status": status})

    shelf.before = receiver_is_quicker  # type: ignore[assignment]
    worker(store, shelf).run()
    assert shelf.last("Task/t")["status"] == "accepted"
    assert shelf.last("Task/t")["priority"] == "urgent"


def test_an_entry_larger_than_any_bundle_is_parked(store: SqliteStore) -> None:
    shelf = Shelf(limits=Limits(writes=2, bytes=1_000_000))
    add(store, "large", *(resource(f"Observation/o{number}") for number in range(3)))
    add(store, "small", resource("Encounter/e"))
    worker(store, shelf).run()
    assert states(store) == {State.DELIVERED: 1, State.PARKED: 1}


def test_a_bundle_that_is_too_large_for_the_server_is_halved(store: SqliteStore) -> None:
    shelf = Shelf()
    for number in range(8):
        add(store, f"a{number}", resource(f"Encounter/e{number}"))
    shelf.before = lambda writes: Refusal("too-large", too_large=True) if len(writes) > 2 else None
    assert worker(store, shelf).run().settled == {"delivered": 8}
