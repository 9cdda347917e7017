"""Resources that several activities write: the content that holds since latest counts, whatever came when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hm_fhir.delivery.prepare import Preparation
from hm_fhir.delivery.retry import RetryPolicy
from hm_fhir.delivery.target import Done, Held, Limits, Outcome, Write
from hm_fhir.delivery.worker import Worker
from hm_fhir.fhir.json import from_json
from hm_fhir.fhir.moments import moment_text
from hm_fhir.outbox.entry import Route, State, Submission
from hm_fhir.outbox.rules import is_older, order_key, since_in_reading
from hm_fhir.outbox.sqlite import SqliteStore

PLAN = "CarePlan/1"


class Server:
    """Takes everything; `held` is what it has, `written` what it was sent for the plan."""

    def __init__(self) -> None:
        self.limits = Limits(writes=1000, bytes=10_000_000)
        self.held: dict[str, Any] = {}
        self.written: list[Any] = []

    def send(self, writes: Sequence[Write]) -> Outcome:
        for write in writes:
            self.held[write.key] = from_json(write.text)
            if write.key == PLAN:
                self.written.append(self.held[PLAN].get("title"))
        return Done({write.key: "1" for write in writes})

    def read(self, keys: Sequence[str]) -> Mapping[str, Held]:
        return {key: Held("1", self.held[key]) for key in keys if key in self.held}

    def check(self) -> str:
        return "a server"


class Time:
    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing is to wait for, not {timedelta(seconds=seconds)}")


class Town:
    """An outbox and a server; activities tell of one plan, with their name and version as title."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.server = Server()

    def tell(self, activity: str, version: int, as_of: int | None = None, *, plan: bool = True) -> None:
        """Offer a version of an activity that makes the plan, and an encounter of its own."""
        title = f"{activity}{version}"
        resources: list[dict[str, Any]] = [_resource(f"Encounter/{activity}", title)]
        if plan:
            resources.append(_resource(PLAN, title, **({} if as_of is None else {"as_of": f"{as_of:04d}"})))
        route = Route(
            target="t",
            person_key="p",
            payload={"resources": resources},
            holds=tuple(one["key"] for one in resources),
            pack="p",
        )
        self.store.add(
            Submission(
                activity_key=activity,
                source="s",
                version_key=f"{version:04d}",
                record_digest=title,
                content_digest=title,
                activity_type="home-visit",
                routes=(route,),
            )
        )

    def deliver(self, *, claim: int = 200, writes: int = 1000) -> dict[str, int]:
        self.server.limits = Limits(writes=writes, bytes=10_000_000)
        worker = Worker(
            self.store,
            "t",
            self.server,
            Preparation(self.store, lambda text: text.hex()),
            policy=RetryPolicy(first_seconds=10, most_seconds=100),
            clock=Time(),
            random=lambda: 1.0,
            owner="w",
            claim_entries=claim,
        )
        return dict(worker.run().settled)

    @property
    def plan(self) -> tuple[str, str] | None:
        held = self.server.held.get(PLAN)
        return held and (held["title"], held["status"])


def _resource(key: str, title: str, **more: Any) -> dict[str, Any]:
    kind, _, number = key.partition("/")
    content = {"resourceType": kind, "id": number, "status": "active", "title": title}
    return {"key": key, "shared": False, "receiver_owns": [], "content": content, **more}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with SqliteStore(tmp_path / "outbox.sqlite") as store:
        yield Town(store)


def test_a_late_correction_of_an_earlier_activity_changes_nothing(town: Town) -> None:
    town.tell("a", 1, as_of=1)
    town.deliver()
    town.tell("b", 2, as_of=5)
    town.deliver()
    town.tell("a", 3, as_of=1)
    assert town.deliver() == {"delivered": 1}, "its encounter is written"
    assert town.server.held["Encounter/a"]["title"] == "a3"
    assert town.server.written == ["a1", "b2"]


@pytest.mark.parametrize("as_of", [0, 5, 9])
def test_a_correction_of_the_newest_counts(town: Town, as_of: int) -> None:
    town.tell("b", 2, as_of=5)
    town.deliver()
    town.tell("b", 3, as_of=as_of)
    town.deliver()
    assert town.plan == ("b3", "active")


@pytest.mark.parametrize("in_between", [True, False])
def test_a_correction_to_an_earlier_day_brings_back_what_holds_since_later(town: Town, in_between: bool) -> None:
    town.tell("a", 1, as_of=3)
    town.tell("b", 2, as_of=5)
    if in_between:
        town.deliver()
    town.tell("b", 4, as_of=2)
    town.deliver()
    assert town.plan == ("a1", "active")
    town.tell("a", 5, as_of=1)
    town.deliver()
    assert town.plan == ("b4", "active")


def test_what_the_newest_no_longer_makes_comes_back_from_the_latest_of_the_others(town: Town) -> None:
    for version, (activity, as_of) in enumerate([("b", 5), ("c", 3), ("a", 1)], 1):
        town.tell(activity, version, as_of)
        town.deliver()
    town.tell("b", 4, plan=False)
    town.deliver()
    assert town.plan == ("c2", "active")
    town.tell("a", 5, as_of=2)
    town.deliver()
    assert town.plan == ("c2", "active"), "what came back defends its place"
    town.tell("c", 6, as_of=3)
    town.deliver()
    assert town.plan == ("c6", "active"), "and its own correction counts"


def test_what_came_in_one_bundle_is_known_when_the_newest_is_taken_back(town: Town) -> None:
    town.tell("a", 1, as_of=1)
    town.tell("b", 2, as_of=2)
    town.deliver()
    town.tell("b", 3, plan=False)
    town.deliver()
    assert town.plan == ("a1", "active")


def test_a_correction_that_waits_when_the_newest_is_taken_back_counts(town: Town) -> None:
    town.tell("a", 1, as_of=1)
    town.tell("b", 2, as_of=5)
    town.deliver()
    town.tell("a", 3, as_of=1)
    town.tell("b", 4, plan=False)
    town.deliver()
    assert town.plan == ("a3", "active")
    assert town.server.written == ["b2", "a3"]


def test_what_others_bring_later_finds_its_place_free(town: Town) -> None:
    town.tell("a", 1, as_of=1)
    town.tell("b", 2, as_of=5)
    town.deliver()
    town.tell("b", 4, plan=False)
    town.tell("a", 3, as_of=1)
    town.deliver(claim=1)
    assert town.plan == ("a3", "active")
    assert town.server.written == ["b2", "a3"]


def test_without_as_of_the_last_change_counts_also_against_one_that_has_it(town: Town) -> None:
    town.tell("a", 5)
    town.deliver()
    town.tell("b", 9, as_of=4)
    town.deliver()
    assert town.plan == ("a5", "active")
    town.tell("c", 10, as_of=5)
    town.deliver()
    assert town.plan == ("c10", "active")
    town.tell("a", 11)
    town.deliver()
    assert town.plan == ("a11", "active")


def test_a_ledger_from_before_as_of_is_set_right_when_its_activity_is_sent_again(town: Town) -> None:
    # The old rule let the late correction of the earlier activity win.
    town.tell("b", 2)
    town.tell("a", 3)
    town.deliver()
    assert town.plan == ("a3", "active")
    town.tell("b", 4, as_of=2)
    town.deliver()
    assert town.plan == ("a3", "active")
    town.tell("a", 5, as_of=1)
    town.deliver()
    assert town.plan == ("b4", "active")


Version = tuple[str, int, int | None, bool]


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Version], list[int]]:
    """Return versions of activities in the order in which they come, with repeats, and where something is sent."""
    numbers = count(1)
    made = draw(st.lists(st.tuples(st.sampled_from("abc"), _AS_OF, st.integers(0, 3)), min_size=1, max_size=7))
    versions = [(activity, next(numbers), as_of, gone > 0) for activity, as_of, gone in made]
    shuffled = draw(st.permutations(versions))
    repeats = draw(st.lists(st.sampled_from(versions), max_size=2))
    return [*shuffled, *repeats], draw(st.lists(st.integers(0, 8), max_size=4))


_AS_OF = st.none() | st.integers(1, 8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories(), claim=st.integers(1, 4), writes=st.sampled_from([2, 3, 1000]))
def test_what_counts_at_the_end_depends_on_no_order_of_arrival(
    tmp_path_factory: pytest.TempPathFactory, story: tuple[list[Version], list[int]], claim: int, writes: int
) -> None:
    told, sent_before = story
    with SqliteStore(tmp_path_factory.mktemp("town") / "outbox.sqlite") as store:
        town = Town(store)
        for number, (activity, version, as_of, plan) in enumerate(told):
            if number in sent_before:
                town.deliver(claim=claim, writes=writes)
            town.tell(activity, version, as_of, plan=plan)
        town.deliver(claim=claim, writes=writes)
        current = {one[0]: one for one in sorted(told, key=lambda one: one[1])}.values()
        orders = {
            order_key(None if as_of is None else f"{as_of:04d}", f"{version:04d}"): f"{activity}{version}"
            for activity, version, as_of, plan in current
            if plan
        }
        if orders:
            assert town.plan == (orders[max(orders)], "active")
        else:
            assert town.plan is None or town.plan[1] != "active"
        counts = store.counts()["t"]
        assert counts.missing == 0
        assert counts.states[State.WAITING] == counts.states[State.PARKED] == 0
        sent = len(town.server.written)
        town.deliver()
        assert len(town.server.written) == sent


# The order as such


_ORDERS = st.tuples(_AS_OF, st.integers(1, 9)).map(
    lambda one: order_key(None if one[0] is None else f"{one[0]:04d}", f"{one[1]:04d}")
)


_IN_READINGS = st.tuples(st.integers(1, 3), st.integers(1, 2)).map(
    lambda one: order_key(since_in_reading(f"{one[0]:04d}/1", f"9999/1#{one[1]:09d}"), f"{one[0]:04d}/1")
)


@given(_ORDERS, _ORDERS, _ORDERS)
def test_contents_of_different_activities_are_in_one_total_order(one: str, two: str, three: str) -> None:
    def older(first: str, second: str) -> bool:
        return is_older(first, "a", second, "b")

    assert older(one, two) + older(two, one) + (one == two) == 1
    if older(one, two) and older(two, three):
        assert older(one, three)


@given(st.tuples(_IN_READINGS, _IN_READINGS, _IN_READINGS), st.permutations("abc"))
def test_where_readings_tell_what_is_newer_the_order_never_depends_on_what_comes_first(
    orders: tuple[str, ...], keys: list[str]
) -> None:
    one, two, three = zip(orders, keys, strict=True)

    assert is_older(*one, *two) != is_older(*two, *one)
    if is_older(*one, *two) and is_older(*two, *three):
        assert is_older(*one, *three)


def test_of_one_activity_the_version_decides() -> None:
    assert is_older("0009|0001", "a", "0001|0002", "a")
    assert not is_older("0009|0001", "a", "0001|0002", "b")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026", "2026-01-01T00:00:00.000000Z"),
        ("2026-03", "2026-03-01T00:00:00.000000Z"),
        ("2026-03-10", "2026-03-10T00:00:00.000000Z"),
        ("2026-03-10T09:30:00+02:00", "2026-03-10T07:30:00.000000Z"),
        ("2026-03-10T00:30:00+02:00", "2026-03-09T22:30:00.000000Z"),
        ("2026-03-10T09:30:00.5Z", "2026-03-10T09:30:00.500000Z"),
        ("2026-03-10T09:30:00", "2026-03-10T09:30:00.000000Z"),
        ("0900-03-10", "0900-03-10T00:00:00.000000Z"),
        ("2026-13", None),
        ("2026-02-30", None),
        ("2026-W10-1", None),
        ("20260310", None),
        ("2026-03-10 09:30:00", None),
        ("0001-01-01T00:00:00+02:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_and_times_become_texts_in_the_order_of_time(text: str, moment: str | None) -> None:
    assert moment_text(text) == moment
