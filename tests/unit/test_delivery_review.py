"""Rare orders of events in delivery: lost answers, shared resources, servers that break down, slow workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
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
from hm_fhir.outbox.settlement import Delivered, Sent
from hm_fhir.outbox.sqlite import SqliteStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TASK = ("status", "note")


class Server:
    """Does all writes or none; `before` answers instead of it, `after` replaces its answer when all is done."""

    def __init__(self) -> None:
        self.limits = Limits(writes=1000, bytes=10_000_000)
        self.held: dict[str, list[dict[str, Any]]] = {}
        self.sent: list[list[str]] = []
        self.before: Callable[[list[str]], Outcome | None] = lambda _: None
        self.after: Callable[[list[str]], Outcome | None] = lambda _: None

    def send(self, writes: Sequence[Write]) -> Outcome:
        keys = [write.key for write in writes]
        self.sent.append(keys)
        if (instead := self.before(keys)) is not None:
            return instead
        for write in writes:
            if write.if_version is not None and write.if_version != str(len(self.held.get(write.key, []))):
                return Later("stale", stale=True, busy=True, may_be_content=True)
        contents = {write.key: from_json(write.text) for write in writes}
        for content in contents.values():
            if content.get("bad") or not set(content.get("refers", ())) <= {*self.held, *contents}:
                return Refusal("http-422")
        for key, content in contents.items():
            self.held.setdefault(key, []).append(content)
        return self.after(keys) or Done({key: str(len(self.held[key])) for key in keys})

    def read(self, keys: Sequence[str]) -> Mapping[str, Held] | Later | Closed:
        return {key: Held(str(len(self.held[key])), self.held[key][-1]) for key in keys if key in self.held}

    def check(self) -> str:
        return "a server"

    def close(self) -> None:
        pass

    def status(self, key: str) -> Any:
        return self.held[key][-1].get("status")


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


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def clock() -> Time:
    return Time()


def work(
    store: SqliteStore,
    server: Server,
    clock: Time,
    *,
    patience_seconds: float = 0,
    owner: str = "w",
    lease_seconds: float = 300,
    claim_entries: int = 200,
) -> dict[str, int]:
    worker = Worker(
        store,
        "t",
        server,
        Preparation(store, lambda text: text.hex()),
        policy=RetryPolicy(first_seconds=10, most_seconds=100),
        clock=clock,
        random=lambda: 1.0,
        owner=owner,
        lease_seconds=lease_seconds,
        claim_entries=claim_entries,
    )
    return dict(worker.run(patience_seconds=patience_seconds).settled)


@pytest.fixture
def deliver(store: SqliteStore, server: Server, clock: Time) -> Callable[..., dict[str, int]]:
    """Return a function that runs a new worker and returns what it settled."""
    return partial(work, store, server, clock)


def resource(key: str, *, shared: bool = False, owns: Sequence[str] = (), **content: Any) -> dict[str, Any]:
    body = {"resourceType": key.partition("/")[0], "id": key.partition("/")[2], **content}
    return {"key": key, "shared": shared, "receiver_owns": list(owns), "content": body}


def submit(
    store: SqliteStore,
    activity: str,
    resources: Sequence[dict[str, Any]],
    *,
    version: int = 1,
    person: str | None = None,
) -> tuple[int, ...]:
    digest = f"{activity} {version} {resources!r}"
    route = Route(
        target="t",
        person_key=person,
        payload={"resources": list(resources)},
        holds=tuple(one["key"] for one in resources),
        pack="p",
    )
    submission = Submission(
        activity_key=activity,
        source="s",
        version_key=f"{version:04d}",
        record_digest=digest,
        content_digest=digest,
        activity_type="home-visit",
        routes=(route,),
    )
    return store.add(submission).entry_ids


@pytest.fixture
def add(store: SqliteStore) -> Callable[..., int]:
    """Return a function that adds an activity version and returns its entry."""
    return lambda activity, *resources, **more: submit(store, activity, resources, **more)[0]


def states(store: SqliteStore) -> dict[State, int]:
    counts = store.counts()["t"]
    assert counts.missing == 0
    return {state: number for state, number in counts.states.items() if number}


# What is withdrawn


def test_what_a_lost_answer_brought_is_withdrawn_by_the_version_that_took_its_place(
    store: SqliteStore, server: Server, add: Callable[..., int], deliver: Callable[..., dict[str, int]]
) -> None:
    add("a", resource("Encounter/e"), resource("Observation/o", status="final"))
    server.after = lambda _: Later("timeout", may_be_content=True)
    assert deliver() == {"retried": 1}
    server.after = lambda _: None
    add("a", resource("Encounter/e"), version=2)
    assert deliver() == {"delivered": 1}
    assert server.status("Observation/o") == "entered-in-error"
    assert store.ledger("t", ["Observation/o"])["Observation/o"].withdrawn


def test_what_never_arrived_is_not_sent_to_be_withdrawn(
    store: SqliteStore, server: Server, add: Callable[..., int], deliver: Callable[..., dict[str, int]]
) -> None:
    add("a", resource("Encounter/e"), resource("Observation/o", bad=True))
    assert deliver() == {"parked": 1}
    add("a", resource("Encounter/e"), version=2)
    assert deliver() == {"delivered": 1}
    assert list(server.held) == ["Encounter/e"]
    assert set(store.ledger("t", ["Encounter/e", "Observation/o"])) == {"Encounter/e"}


def test_what_is_told_late_is_withdrawn_by_the_next_version(
    store: SqliteStore,
    server: Server,
    clock: Time,
    add: Callable[..., int],
    deliver: Callable[..., dict[str, int]],
) -> None:
    first = add("a", resource("Encounter/e", n=1), resource("Observation/o", status="final"))
    store.claim("t", 10, "slow", 60, clock.now())
    clock.sleep(61)
    add("a", resource("Encounter/e", n=2), version=2)
    assert deliver() == {"delivered": 1}
    server.held["Observation/o"] = [{"resourceType": "Observation", "id": "o", "status": "final"}]
    sent = (Sent(resource_key="Observation/o", content_digest="d"),)
    store.settle([Delivered(entry_id=first, sent=sent)], owner="slow", now=clock.now())
    add("a", resource("Encounter/e", n=3), version=3)
    deliver()
    assert server.status("Observation/o") == "entered-in-error"


def test_the_plan_of_a_case_stays_while_another_activity_makes_it(
    store: SqliteStore, server: Server, add: Callable[..., int], deliver: Callable[..., dict[str, int]]
) -> None:
    add("first", resource("Encounter/1"), resource("CarePlan/c", status="active", by="first"))
    deliver()
    add("second", resource("Encounter/2"), resource("CarePlan/c", status="active", by="second"), version=5)
    deliver()
    add("second", resource("Encounter/2"), version=6)
    deliver()
    assert server.held["CarePlan/c"][-1]["by"] == "first", "it says again what the other activity says"
    assert server.status("CarePlan/c") == "active"
    add("second", resource("Encounter/2", n=2), version=7)
    deliver()
    assert server.status("CarePlan/c") == "active"

    add("first", resource("Encounter/1"), version=8)
    deliver()
    assert server.status("CarePlan/c") == "entered-in-error", "nobody makes it any more"
    assert states(store) == {State.DELIVERED: 5}


def test_an_older_activity_puts_back_what_a_newer_one_withdrew(
    server: Server, add: Callable[..., int], deliver: Callable[..., dict[str, int]]
) -> None:
    add("second", resource("CarePlan/c", status="active", by="second"), version=5)
    deliver()
    add("second", resource("Encounter/2"), version=6)
    deliver()
    assert server.status("CarePlan/c") == "entered-in-error"
    add("first", resource("CarePlan/c", status="active", by="first"), version=3)
    assert deliver() == {"delivered": 1}
    assert server.held["CarePlan/c"][-1]["by"] == "first"


@pytest.mark.parametrize("limit", [1, 1000])
@pytest.mark.parametrize("first", ["one that drops it", "one that makes it"])
def test_what_one_activity_drops_and_another_makes_in_the_same_round_is_made(
    server: Server, add: Callable[..., int], deliver: Callable[..., dict[str, int]], limit: int, first: str
) -> None:
    add("a", resource("Encounter/a"), resource("CarePlan/c", status="active", by="a"), version=2)
    deliver()
    server.limits = Limits(writes=2 if limit == 1 else limit, bytes=1_000_000)
    drops = (lambda: add("a", resource("Encounter/a"), version=6),)
    makes = (lambda: add("b", resource("CarePlan/c", status="active", by="b"), resource("Encounter/b"), version=5),)
    for step in (*drops, *makes) if first == "one that drops it" else (*makes, *drops):
        step()
    deliver()
    assert server.held["CarePlan/c"][-1] == {"resourceType": "CarePlan", "id": "c", "status": "active", "by": "b"}


@pytest.mark.parametrize("moves", [True, False])
def test_a_stale_version_that_is_answered_like_a_bad_content_parks_nothing(
    store: SqliteStore, server: Server, add: Callable[..., int], deliver: Callable[..., dict[str, int]], moves: bool
) -> None:
    add("a", resource("Task/t", owns=TASK, status="requested"))
    deliver()
    add("a", resource("Task/t", owns=TASK, status="requested", priority="urgent"), version=2)
    requests = len(server.sent)

    def refuses(_: list[str]) -> Outcome | None:
        if moves and len(server.sent) > requests + 1:
            return None
        if moves:
            server.held["Task/t"].append({**server.held["Task/t"][-1], "status": "accepted"})
        return Refusal("http-412 processing")

    server.before = refuses
    deliver()
    assert states(store) == {State.DELIVERED: 2 if moves else 1, **({} if moves else {State.PARKED: 1})}
    assert server.status("Task/t") == ("accepted" if moves else "requested")


@pytest.mark.parametrize("is_mapped", [True, False])
def test_a_task_that_we_withdrew_can_be_made_again(
    server: Server, add: Callable[..., int], deliver: Callable[..., dict[str, int]], is_mapped: bool
) -> None:
    task = resource("Task/t", owns=TASK, status="requested")
    wrong = (resource("Task/t", owns=TASK, status="entered-in-error"),) if is_mapped else ()
    add("a", resource("Encounter/e"), task)
    deliver()
    add("a", resource("Encounter/e"), *wrong, version=2)
    deliver()
    assert server.status("Task/t") == "entered-in-error"
    add("a", resource("Encounter/e"), task, version=3)
    deliver()
    assert server.status("Task/t") == "requested"


def test_a_task_that_the_receiver_calls_an_error_stays_one(
    server: Server, add: Callable[..., int], deliver: Callable[..., dict[str, int]]
) -> None:
    add("a", resource("Task/t", owns=TASK, status="requested"))
    deliver()
    server.held["Task/t"].append({**server.held["Task/t"][-1], "status": "entered-in-error"})
    add("a", resource("Task/t", owns=TASK, status="requested", priority="urgent"), version=2)
    deliver()
    assert server.status("Task/t") == "entered-in-error"


# Who is at fault


def test_a_server_that_breaks_down_in_the_middle_has_nothing_parked(
    store: SqliteStore,
    server: Server,
    clock: Time,
    add: Callable[..., int],
    deliver: Callable[..., dict[str, int]],
) -> None:
    for number in range(6):
        add(f"a{number}", resource(f"Encounter/e{number}"))
    server.before = lambda _: Later("http-500", may_be_content=True)
    for _ in range(4):
        deliver()
        clock.sleep(100)
    requests = len(server.sent)
    # The whole bundle fails, its first half goes through, and then the server is down again.
    server.before = lambda _: None if len(server.sent) == requests + 2 else Later("http-500", may_be_content=True)
    deliver()
    assert states(store) == {State.DELIVERED: 3, State.WAITING: 3}


def test_a_fresh_entry_is_not_parked_for_one_error_of_the_server(
    store: SqliteStore,
    server: Server,
    clock: Time,
    add: Callable[..., int],
    deliver: Callable[..., dict[str, int]],
) -> None:
    add("old", resource("Encounter/old"))
    server.before = lambda _: Later("http-500", may_be_content=True)
    for _ in range(5):
        deliver()
        clock.sleep(100)
    for number in range(3):
        add(f"a{number}", resource(f"Encounter/e{number}"))
    once = [Later("http-500", may_be_content=True)]

    def fails(keys: list[str]) -> Outcome | None:
        if "Encounter/old" in keys or (keys == ["Encounter/e0"] and once):
            return once.pop() if keys == ["Encounter/e0"] else Later("http-500", may_be_content=True)
        return None

    server.before = fails
    deliver(patience_seconds=50)
    assert states(store) == {State.DELIVERED: 3, State.WAITING: 1}
    clock.sleep(100)
    add("later", resource("Encounter/later"))
    deliver()
    assert [row.activity_key for row in store.list(state=State.PARKED)] == ["old"]
    assert states(store) == {State.DELIVERED: 4, State.PARKED: 1}


def test_a_very_long_outage_parks_nothing(
    store: SqliteStore,
    server: Server,
    add: Callable[..., int],
    deliver: Callable[..., dict[str, int]],
) -> None:
    for number in range(20):
        add(f"a{number}", resource(f"Encounter/e{number}"))
    server.before = lambda _: Later("http-500", may_be_content=True)
    deliver(patience_seconds=10_000)
    assert states(store) == {State.WAITING: 20}


@pytest.mark.parametrize(
    "answer",
    [
        Later("timeout", may_be_content=True),
        Later("conflict", busy=True, may_be_content=True),
        Later("stale", stale=True, busy=True, may_be_content=True),
        Refusal("http-404 not-found", doubtful=True),
    ],
    ids=lambda answer: answer.code,
)
def test_an_entry_that_always_fails_holds_no_other_up(
    store: SqliteStore,
    server: Server,
    add: Callable[..., int],
    deliver: Callable[..., dict[str, int]],
    answer: Outcome,
) -> None:
    for number in range(10):
        add(f"a{number}", resource(f"Encounter/e{number}"))
    server.before = lambda keys: answer if "Encounter/e3" in keys else None
    deliver(patience_seconds=5000)
    assert states(store) == {State.DELIVERED: 9, State.PARKED: 1}


def test_an_address_that_is_wrong_parks_nothing(
    store: SqliteStore, server: Server, add: Callable[..., int], deliver: Callable[..., dict[str, int]]
) -> None:
    for number in range(20):
        add(f"a{number}", resource(f"Encounter/e{number}"))
    server.before = lambda _: Refusal("http-404 not-found", doubtful=True, words={"said": "no such path"})
    deliver(patience_seconds=1000)
    assert states(store) == {State.WAITING: 20}
    assert store.show(1).words, "what the server said can be read while it waits"


# Order and leases


@pytest.mark.parametrize("busy", [True, False])
def test_the_next_entry_of_a_person_waits_with_the_one_before(
    server: Server, add: Callable[..., int], deliver: Callable[..., dict[str, int]], busy: bool
) -> None:
    server.limits = Limits(writes=1, bytes=1_000_000)
    add("a", resource("Encounter/a"), person="p")
    add("b", resource("Encounter/b"), person="p")
    add("c", resource("Encounter/c"), person="q")
    failing = [Later("conflict", busy=busy, may_be_content=True)]
    server.before = lambda keys: failing.pop() if failing and keys == ["Encounter/a"] else None
    deliver(patience_seconds=100)
    assert [keys[0][-1] for keys in server.sent] == ["a", "c", "a", "b"]


def test_a_slow_worker_keeps_its_entries_for_itself(
    store: SqliteStore,
    server: Server,
    clock: Time,
    add: Callable[..., int],
    deliver: Callable[..., dict[str, int]],
) -> None:
    server.limits = Limits(writes=1, bytes=1_000_000)
    for number in range(6):
        add(f"a{number}", resource(f"Encounter/e{number}"))
    stolen: list[int] = []

    def takes_long(_: list[str]) -> None:
        clock.sleep(25)
        stolen.extend(entry.entry_id for entry in store.claim("t", 10, "other", 60, clock.now()))

    server.before = takes_long
    assert deliver(lease_seconds=60) == {"delivered": 6}
    assert stolen == []


def test_a_worker_does_not_send_what_a_newer_version_replaced_when_its_lease_ran_out(
    store: SqliteStore,
    server: Server,
    clock: Time,
    add: Callable[..., int],
    deliver: Callable[..., dict[str, int]],
) -> None:
    server.limits = Limits(writes=1, bytes=1_000_000)
    add("a", resource("Encounter/a"))
    add("b", resource("Encounter/b", n=1))

    def is_slow(keys: list[str]) -> None:
        if keys == ["Encounter/a"] and len(server.sent) == 1:
            clock.sleep(61)
            add("b", resource("Encounter/b", n=2), version=2)
            server.held["Encounter/b"] = [{"n": 2}]  # another worker was quicker
            [entry] = [one for one in store.claim("t", 10, "other", 60, clock.now()) if one.activity_key == "b"]
            sent = (Sent(resource_key="Encounter/b", content_digest="d2"),)
            store.settle([Delivered(entry_id=entry.entry_id, sent=sent)], owner="other", now=clock.now())

    server.before = is_slow
    deliver(lease_seconds=60)
    assert server.held["Encounter/b"] == [{"n": 2}]


def test_a_newer_version_that_another_worker_sent_meanwhile_has_the_last_word(
    store: SqliteStore, server: Server, clock: Time, deliver: Callable[..., dict[str, int]]
) -> None:
    # A group has no person, so nothing holds it back while an activity of the person is on its way.
    for activity, version, person in (("visit", 5, "p"), ("talk", 9, None)):
        mediator = resource("Practitioner/m", shared=True, version=version)
        submit(store, activity, [mediator, resource(f"Encounter/{activity}")], version=version, person=person)

    def another_is_quicker(_: list[str]) -> None:
        server.before = lambda _: None
        assert deliver(owner="other") == {"delivered": 1}

    server.before = another_is_quicker
    deliver(claim_entries=1)
    assert [one["version"] for one in server.held["Practitioner/m"]] == [9, 5, 9]
    assert states(store) == {State.DELIVERED: 2}


# Any order of all this


class Killed(BaseException):
    """The process ends here."""


FAULTS = st.sampled_from(["", "", "lost", "500", "409", "killed before", "killed after", "another"])
STEP = st.one_of(
    st.tuples(
        st.just("add"),
        st.sampled_from(["a", "b", "g"]),
        st.integers(1, 12),
        st.sets(st.sampled_from(["1", "2", "plan", "bad"])),
    ),
    st.tuples(st.just("deliver"), st.lists(FAULTS, max_size=4)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(
    steps=st.lists(STEP, max_size=14), limit=st.sampled_from([6, 1000]), claim_entries=st.sampled_from([1, 2, 200])
)
def test_in_the_end_the_server_has_what_the_newest_versions_make_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any], limit: int, claim_entries: int
) -> None:
    server, clock = Server(), Time()
    server.limits = Limits(writes=limit, bytes=1_000_000)
    newest: dict[str, tuple[int, list[dict[str, Any]]]] = {}
    with SqliteStore(tmp_path_factory.mktemp("any") / "outbox.db") as store:

        def offer(activity: str, version: int, parts: set[str]) -> None:
            made = [resource("Patient/p", shared=True, version=version), resource(f"Encounter/{activity}", n=version)]
            made += (
                resource(f"Observation/{activity}{one}", status="final", n=version)
                for one in sorted(parts & {"1", "2"})
            )
            if "plan" in parts and activity != "g":
                made.append(resource("CarePlan/c", status="active", by=activity, n=version))
            if "bad" in parts:
                made.append(resource(f"Flag/{activity}", bad=True))
            if activity not in newest or version > newest[activity][0]:
                newest[activity] = version, made
            submit(store, activity, made, version=version, person=None if activity == "g" else "p")

        def run(number: int, faults: list[str]) -> None:
            names = iter(faults)
            now = ""

            def before(_: list[str]) -> Outcome | None:
                nonlocal now
                now = next(names, "")
                if now == "killed before":
                    raise Killed
                if now == "another":  # worker does all that it can get, while this one is about to send
                    mine, now = server.before, ""
                    server.before = lambda _: None
                    work(store, server, clock, owner=f"other {number}")
                    server.before = mine
                codes = {"500": Later("http-500", may_be_content=True), "409": Later("conflict", busy=True)}
                return codes.get(now)

            def after(_: list[str]) -> Outcome | None:
                if now == "killed after":
                    raise Killed
                return Later("timeout", may_be_content=True) if now == "lost" else None

            server.before, server.after = before, after
            with suppress(Killed):
                work(store, server, clock, owner=f"w{number}")
            clock.sleep(400)

        for number, step in enumerate(steps):
            offer(*step[1:]) if step[0] == "add" else run(number, step[1])
        # Whatever was bad is corrected, and the server is well again.
        for activity, (version, made) in list(newest.items()):
            if any("bad" in one["content"] for one in made):
                offer(activity, version + 20, {"1"})
        for number in range(3):
            run(100 + number, [])

        counts = store.counts().get("t")
        assert counts is None or (counts.missing == 0 and counts.states[State.WAITING] == 0)
        assert counts is None or counts.states[State.PARKED] == 0
    made_now = {(one["key"], version): one["content"] for version, made in newest.values() for one in made}
    expected = {key: made_now[key, max(v for k, v in made_now if k == key)] for key, _ in made_now}
    now_held = {key: contents[-1] for key, contents in server.held.items()}
    assert {key: now_held.get(key) for key in expected} == expected
    left = {key: one.get("status") for key, one in now_held.items() if key not in expected}
    assert set(left.values()) <= {"entered-in-error"}
