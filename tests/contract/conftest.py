"""One fixture list of back ends; every test of the store runs on each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.outbox.entry import Entry, Route, State, Submission
from hm_fhir.outbox.sqlite import SqliteStore
from hm_fhir.outbox.store import Store

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Backend:
    """A database that several stores and processes can open; `kind` and `location` name it to another process."""

    kind: str
    location: str

    def open(self) -> Store:
        return SqliteStore(self.location, clock=lambda: NOW)


@pytest.fixture(params=["sqlite"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    return Backend(request.param, str(tmp_path / "outbox.db"))


@pytest.fixture
def store(backend: Backend) -> Iterator[Store]:
    with closing(backend.open()) as opened:
        yield opened


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def offer() -> Callable[..., Submission]:
    """Return a function that makes submissions; `targets` share the route, `routes` replaces them."""

    def make(
        activity: str = "a1",
        version: str = "v1",
        *,
        content: str | None = None,
        record: str | None = None,
        targets: tuple[str, ...] = ("national",),
        routes: tuple[Route, ...] | None = None,
        **route: Any,
    ) -> Submission:
        route = {"pack": "pack-1", "payload": {"of": f"{activity} {version}"}} | route
        return Submission(
            activity_key=activity,
            source="visits",
            version_key=version,
            record_digest=record or f"record {activity} {version}",
            content_digest=content or f"content {activity} {version}",
            activity_type="home-visit",
            routes=routes if routes is not None else tuple(Route(target=target, **route) for target in targets),
        )

    return make


@pytest.fixture
def claim(store: Store) -> Callable[..., tuple[Entry, ...]]:
    """Return a function that claims with everyday arguments."""

    def claim(
        *,
        target: str = "national",
        limit: int = 100,
        owner: str = "worker-1",
        lease_seconds: float = 60,
        now: datetime = NOW,
    ) -> tuple[Entry, ...]:
        return store.claim(target, limit, owner, lease_seconds, now)

    return claim


@pytest.fixture
def states(store: Store) -> Callable[[], dict[str, int]]:
    """Return a function that gives the states of the target ``national`` that are not zero."""

    def states() -> dict[str, int]:
        counts = store.counts()["national"]
        assert counts.missing == 0
        return {state.value: counts.states[state] for state in State if counts.states[state]}

    return states
