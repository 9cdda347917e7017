"""Fixtures that pytest offers to every project in which hm_fhir is installed (entry point `pytest11`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hm_fhir.testing.clock import Clock
    from hm_fhir.testing.fhir_server import FhirServer


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
