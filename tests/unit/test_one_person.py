"""Which Patients of a person count, whatever is told of their numbers, corrected, and delivered in whatever order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.activities.people import NUMBER_KINDS
from hm_fhir.config import Identifiers
from hm_fhir.delivery.intake import Intake
from hm_fhir.delivery.prepare import Preparation
from hm_fhir.delivery.retry import RetryPolicy
from hm_fhir.delivery.target import Done, Held, Limits, Write
from hm_fhir.delivery.worker import Worker
from hm_fhir.fhir.json import from_json
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.loader import load_pack
from hm_fhir.outbox.entry import State
from hm_fhir.outbox.sqlite import SqliteStore
from hm_fhir.testing.people import egn, lnch

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
IDENTITY = Identity(b"an identity key for tests, 32 bytes", key_id="tests", system="urn:example:tests")
MAPPER = Mapper(
    [load_pack(ROOT / "mappings")],
    IDENTITY,
    read_code_systems(ROOT / "profiles" / "package"),
    Identifiers().by_kind(),
)
NUMBERS = {
    "egn": egn(date(1888, 8, 8), 941),
    "lnch": lnch(700_100_200),
    "nhis-newborn": "N123456789",
    "passport": "X00000001",
}
PATIENTS = {IDENTITY.resource_id("Patient", f"{kind}|{value}"): kind for kind, value in NUMBERS.items()}

Told = tuple[str, int, tuple[str, ...]]
"""An activity, the day of its version, and the kinds of the numbers of its person, the strongest first."""


class Shelf:
    """A target that keeps what it is given; a reference to something absent fails."""

    limits = Limits(writes=1000, bytes=10_000_000)

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}

    def send(self, writes: Sequence[Write]) -> Done:
        self.held |= {write.key: from_json(write.text) for write in writes}
        assert {reference for write in writes for reference in references(self.held[write.key])} <= self.held.keys()
        return Done({})

    def read(self, keys: Sequence[str]) -> Mapping[str, Held]:
        return {key: Held("1", self.held[key]) for key in keys if key in self.held}

    def check(self) -> str:
        return "a shelf"

    def close(self) -> None:
        pass


class Time:
    def now(self) -> datetime:
        return NOW

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing is to be waited for")


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["reference"]] if "reference" in value else []
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def activity(told: Told) -> Activity:
    local_id, day, kinds = told
    return Activity.model_validate(
        {
            "system": "register",
            "local_id": local_id,
            "updated_at": f"2026-03-{day:02}T10:00:00Z",
            "municipality": {"code": "SFO39", "name": "Самоков"},
            "mediator": {"local_id": "M1", "name": {"family": "Примерова"}},
            "type": "home-visit",
            "period": {"start": "2026-02-01"},
            "setting": "home",
            "persons": [{"identifiers": [{"kind": kind, "value": NUMBERS[kind]} for kind in kinds]}],
        }
    )


def delivered(runs: Sequence[Sequence[Told]]) -> dict[str, dict[str, Any]]:
    """Return what a target has at the end, when after each run what waits is delivered."""
    shelf = Shelf()
    with TemporaryDirectory() as folder, SqliteStore(Path(folder) / "outbox.db") as store:
        intake = Intake(store, MAPPER, IDENTITY, ["t"], lambda: NOW)
        for number, run in enumerate(runs):
            for told in run:
                intake.submit(activity(told))
            worker = Worker(
                store,
                "t",
                shelf,
                Preparation(store, IDENTITY.digest),
                policy=RetryPolicy(first_seconds=10, most_seconds=100),
                clock=Time(),
                random=lambda: 1.0,
                owner=f"w{number}",
            )
            worker.run()
            assert not store.counts()["t"].states[State.WAITING]
    return shelf.held


def what_counts(told: Sequence[Told]) -> dict[str, tuple[bool, set[tuple[str, str]]]]:
    """Return for each number whether its Patient is active, and its links, as the newest versions say."""
    newest = {one[0]: one for one in sorted(told, key=lambda one: one[1])}
    found: dict[str, tuple[bool, set[tuple[str, str]]]] = {}
    weak: dict[str, tuple[bool, set[tuple[str, str]]]] = {}
    for _, _, (strongest, *weaker) in sorted(newest.values(), key=lambda one: one[1]):
        found[strongest] = (True, {("replaces", kind) for kind in weaker})
        weak |= {kind: (False, {("replaced-by", strongest)}) for kind in weaker}
    return found | weak


def as_they_stand(held: Mapping[str, dict[str, Any]]) -> dict[str, tuple[bool, set[tuple[str, str]]]]:
    return {
        PATIENTS[one["id"]]: (
            one["active"],
            {
                (link["type"], PATIENTS[link["other"]["reference"].removeprefix("Patient/")])
                for link in one.get("link", ())
            },
        )
        for one in held.values()
        if one["resourceType"] == "Patient"
    }


@st.composite
def stories(draw: st.DrawFn) -> list[list[Told]]:
    """Versions of few activities, in an order of their own, in one run or several."""
    days = draw(st.permutations(range(1, 29)))
    kinds = st.sets(st.sampled_from(NUMBER_KINDS), min_size=1, max_size=3)
    texts = draw(st.lists(st.tuples(st.sampled_from("abc"), kinds), min_size=1, max_size=6))
    told = [
        (local_id, day, tuple(sorted(some, key=NUMBER_KINDS.index)))
        for (local_id, some), day in zip(texts, days, strict=False)
    ]
    cuts = draw(st.sets(st.integers(1, max(1, len(told) - 1))))
    places = [0, *sorted(cuts), len(told)]
    return [told[one:other] for one, other in pairwise(places)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories())
def test_what_the_newest_versions_say_of_a_person_is_what_the_target_has(runs: list[list[Told]]) -> None:
    expected = what_counts([one for run in runs for one in run])
    found = as_they_stand(delivered(runs))

    assert {kind: found[kind] for kind in expected} == expected
    # What nobody says any more is there, and says nothing.
    assert all(found[kind] == (False, set()) for kind in found.keys() - expected.keys())
