"""Fixtures that pytest offers to every project in which hm_fhir is installed (entry point `pytest11`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hm_fhir.testing.clock import Clock
    from hm_fhir.testing.deployment import Deployment
    from hm_fhir.testing.fhir_server import FhirServer
    from hm_fhir.testing.people import Population


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until the test moves it; `sleep` moves it at once."""
    from hm_fhir.testing.clock import Clock

    return Clock()


@pytest.fixture
def fhir_server() -> Iterator[FhirServer]:
    """An empty FHIR R4 server on 127.0.0.1 that fails on request; stopped after the test."""
    from hm_fhir.testing.fhir_server import FhirServer

    with FhirServer() as server:
        yield server


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """A deployment in the folder of the test: settings and a key, without sources and targets yet."""
    from hm_fhir.testing.deployment import Deployment

    return Deployment(tmp_path)


@pytest.fixture
def population(clock: Clock) -> Callable[..., Population]:
    """A function that makes synthetic Bulgarian people: `population(seed=1).person(ages_years=(20, 40))`.

    Their EGN and LNCh are valid and belong to nobody who lives: everybody is born before 1900. Their names are those
    of no people, their telephones ring nowhere.
    """
    from hm_fhir.testing.people import Chance, Population

    def make(seed: int = 1, *, foreigners: float = 0.1) -> Population:
        return Population(Chance(seed), today=clock.now().date(), foreigners=foreigners)

    return make
