"""Fixed values and patterns."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.validation.values import matches, same

_SCALAR = st.one_of(st.booleans(), st.integers(-3, 3), st.sampled_from(["a", "b"]))
_JSON = st.recursive(
    _SCALAR,
    lambda below: st.one_of(
        st.lists(below, max_size=3), st.dictionaries(st.sampled_from(["x", "y", "z"]), below, max_size=3)
    ),
    max_leaves=8,
)


@given(_JSON)
def test_a_value_is_the_same_as_itself_and_follows_itself(value):
    assert same(value, value)
    assert matches(value, value)


@given(_JSON, _JSON)
def test_what_is_the_same_follows_the_pattern(value, pattern):
    assert not same(value, pattern) or matches(value, pattern)


@given(st.dictionaries(st.sampled_from(["x", "y"]), _JSON), st.dictionaries(st.sampled_from(["v", "w"]), _JSON))
def test_more_than_the_pattern_may_be_there(pattern, more):
    assert matches({**pattern, **more}, pattern)


@given(st.lists(_JSON, max_size=4), st.randoms(use_true_random=False))
def test_items_of_a_pattern_may_stand_in_any_order(pattern, random):
    value = [*pattern, "something else"]
    random.shuffle(value)
    assert matches(value, pattern)


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        (1, True, False),
        (0, False, False),
        (Decimal("1.0"), 1, True),
        ([1, 2], [2, 1], False),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        (None, "a", False),
    ],
)
def test_a_fixed_value_is_the_whole_value(value, wanted, expected):
    assert same(value, wanted) is expected
