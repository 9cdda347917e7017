"""Fixed values, patterns and limits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.validation.values import less, matches, same

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
        (Decimal("1.0"), 1, False),
        ([1, 2], [2, 1], False),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        (None, "a", False),
    ],
)
def test_a_fixed_value_is_the_whole_value(value, wanted, expected):
    assert same(value, wanted) is expected


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        (Decimal("9.20"), Decimal("9.20"), True),
        (Decimal("9.2"), Decimal("9.20"), False),
        (1, Decimal("1.0"), False),
        ({"value": Decimal("1.0")}, {"value": Decimal("1.00")}, False),
        (0.5, Decimal("0.50"), True),
    ],
)
def test_the_digits_of_an_exact_decimal_count(value, wanted, expected):
    assert same(value, wanted) is expected
    assert matches(value, wanted) is expected


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [
        (1, 2, True),
        (2, Decimal("2.0"), False),
        ("2019", "2020-02", True),
        ("2020-02", "2020-02-29", False),
        ("2020-02-29T10:00:00Z", "2020-02-29T13:00:00+02:00", True),
        ("2020-02-29T12:00:00Z", "2020-02-29T13:00:00+02:00", False),
        ("2020-02-29", "2020-02-29T13:00:00+02:00", False),
        ("09:59:59", "10:00:00", True),
        ("10:00:00.5", "10:00:00", False),
        ("10:00:00", "2020", False),
        ({"value": 1, "code": "kg"}, {"value": 2, "code": "kg"}, True),
        ({"value": 1, "code": "g"}, {"value": 2, "code": "kg"}, False),
        ({"value": 1}, 2, False),
    ],
)
def test_what_is_below_a_limit_whatever_the_time_zone_and_where_precision_leaves_it_open(value, limit, expected):
    assert less(value, limit) is expected
