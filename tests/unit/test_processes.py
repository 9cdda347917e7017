"""Work in several processes: results in the order of the tasks, errors as they were, nobody left behind."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hm_fhir.config import load_settings
from hm_fhir.errors import HmFhirError, SettingsError
from hm_fhir.processes import TASKS_IN_FLIGHT, work_in_processes

# A child makes what works by calling what it was given: here a function with its first argument.
POWERS_OF_TWO = partial(partial, pow, 2)


@pytest.fixture(autouse=True)
def nobody_is_left_behind() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def test_results_come_in_the_order_of_the_tasks() -> None:
    naps = [0.2, 0.0, 0.1, 0.0]
    slow_first = list(work_in_processes(naps, partial(partial, time.sleep), 2))
    assert slow_first == [None] * 4
    assert list(work_in_processes(range(20), POWERS_OF_TWO, 3)) == [2**number for number in range(20)]


def test_no_tasks_have_no_results() -> None:
    assert list(work_in_processes([], POWERS_OF_TWO, 2)) == []


def test_tasks_are_read_only_as_far_as_children_can_take_them() -> None:
    given: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(100):
            given.append(number)
            yield number

    results = work_in_processes(tasks(), POWERS_OF_TWO, 1)
    assert next(results) == 1
    assert len(given) == TASKS_IN_FLIGHT + 1
    results.close()


def test_an_error_of_ours_is_raised_as_it_was(tmp_path: Path) -> None:
    missing = tmp_path / "no.toml"
    with pytest.raises(SettingsError, match="there is no settings file") as raised:
        list(work_in_processes([missing], partial(partial, load_settings), 1))
    assert raised.value.place == str(missing)
    assert raised.value.fix
    assert raised.value.code == "settings"


def test_another_error_is_a_defect_that_shows_its_place_and_no_value() -> None:
    with pytest.raises(HmFhirError, match=r"a worker process failed: ValueError at \w+\.py:\d+") as raised:
        list(work_in_processes(["Проба"], partial(partial, int), 1))
    assert raised.value.code == "worker-defect"
    assert "Проба" not in str(raised.value)


def test_a_child_that_ends_is_said() -> None:
    with pytest.raises(HmFhirError, match="a worker process ended with code 7") as raised:
        list(work_in_processes([7, 8], partial(partial, os._exit), 2))
    assert raised.value.code == "worker-died"


def test_what_fails_while_tasks_are_read_ends_the_children() -> None:
    def tasks() -> Iterator[int]:
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(work_in_processes(tasks(), POWERS_OF_TWO, 2))
