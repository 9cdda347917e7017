"""When to try again: a pure function, never before the target asked, never for ever."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hm_fhir.delivery.retry import RetryPolicy, blames_content, retry_at
from hm_fhir.delivery.target import Later

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHANCE = st.floats(0, 1)
ATTEMPTS = st.integers(0, 10_000)
SECONDS = st.floats(0.001, 30 * 86_400)
POLICIES = st.builds(RetryPolicy, SECONDS, SECONDS, SECONDS)
ASKED = st.none() | st.floats(0, allow_nan=False)  # infinite: a number with 400 digits
MICROSECOND = 1e-6  # times are rounded to it


def wait(outcome: Later, attempts: int, chance: float, policy: RetryPolicy) -> float:
    return (retry_at(outcome, attempts, NOW, chance, policy) - NOW).total_seconds()


@pytest.mark.parametrize(
    ("attempts", "chance", "seconds"),
    [(0, 1, 5), (0, 0, 2.5), (1, 1, 10), (2, 1, 20), (3, 0.5, 30), (9, 1, 2560), (10, 1, 3600), (10_000, 0, 1800)],
)
def test_the_wait_doubles_up_to_the_most(attempts: int, chance: float, seconds: float) -> None:
    assert wait(Later("http-503"), attempts, chance, RetryPolicy()) == seconds


@pytest.mark.parametrize(
    ("asked", "chance", "seconds"),
    [
        (120, 0, 120),
        (120, 1, 125),  # spread, so that not all workers are back at once
        (2, 0, 2.5),  # our own wait is longer
        (0, 0, 2.5),
        (None, 0, 2.5),
        (10**9, 0, 86_400),  # no target can ask for a year
    ],
)
def test_what_the_target_asked_for_is_obeyed_up_to_a_cap(asked: float | None, chance: float, seconds: float) -> None:
    assert wait(Later("http-429", after_seconds=asked), 0, chance, RetryPolicy()) == seconds


@given(ASKED, ATTEMPTS, CHANCE, POLICIES)
def test_it_is_never_before_the_target_asked(
    asked: float | None, attempts: int, chance: float, policy: RetryPolicy
) -> None:
    least = min(asked or 0, policy.retry_after_most_seconds)
    assert wait(Later("x", after_seconds=asked), attempts, chance, policy) >= least - MICROSECOND


@given(ASKED, ATTEMPTS, CHANCE, POLICIES)
def test_it_is_never_later_than_the_caps_allow(
    asked: float | None, attempts: int, chance: float, policy: RetryPolicy
) -> None:
    most = max(policy.most_seconds, policy.retry_after_most_seconds + policy.first_seconds if asked else 0)
    assert 0 <= wait(Later("x", after_seconds=asked), attempts, chance, policy) <= most + MICROSECOND


@given(ASKED, ATTEMPTS, ATTEMPTS, CHANCE, POLICIES)
def test_more_failures_never_make_the_wait_shorter(
    asked: float | None, attempts: int, more: int, chance: float, policy: RetryPolicy
) -> None:
    outcome = Later("x", after_seconds=asked)
    assert wait(outcome, attempts, chance, policy) <= wait(outcome, attempts + more, chance, policy)


@given(ATTEMPTS, CHANCE, CHANCE, POLICIES)
def test_workers_that_failed_together_spread_over_the_upper_half_of_the_wait(
    attempts: int, chance: float, other: float, policy: RetryPolicy
) -> None:
    assume(chance < other)
    outcome = Later("x")
    full = wait(outcome, attempts, 1, policy)
    assert full / 2 - MICROSECOND <= wait(outcome, attempts, chance, policy)
    assert wait(outcome, attempts, chance, policy) <= wait(outcome, attempts, other, policy) <= full


@given(ASKED, ATTEMPTS, CHANCE, POLICIES)
def test_it_is_pure(asked: float | None, attempts: int, chance: float, policy: RetryPolicy) -> None:
    outcome = Later("x", after_seconds=asked)
    assert retry_at(outcome, attempts, NOW, chance, policy) == retry_at(outcome, attempts, NOW, chance, policy)


@pytest.mark.parametrize(
    ("may_be_content", "attempts", "blamed"),
    [(True, 0, False), (True, 3, False), (True, 4, True), (True, 99, True), (False, 99, False)],
)
def test_the_content_is_suspected_after_some_failures_that_may_be_its_fault(
    may_be_content: bool, attempts: int, blamed: bool
) -> None:
    outcome = Later("http-500", may_be_content=may_be_content)
    assert blames_content(outcome, attempts, RetryPolicy(blame_after=5)) is blamed
