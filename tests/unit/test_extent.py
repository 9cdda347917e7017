"""Sets of codes of which not everything is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhir.extent import NO_CODES, Extent, Rule, Slice, Verdict, either, listed, unknown

SYSTEMS = ("https://example.org/a", "https://example.org/b", "https://example.org/c")
CODES = ("1", "2", "3", "4")
VERDICTS = st.sampled_from([True, False, None])
RULES = st.sampled_from(
    [
        Rule(lambda code: code in "12"),
        Rule(lambda code: code > "2"),
        Rule(lambda code: None if code == "1" else True, decides=False),
    ]
)
SLICES = st.builds(Slice, st.dictionaries(st.sampled_from(CODES), VERDICTS), VERDICTS | RULES)
EXTENTS = st.builds(Extent, st.dictionaries(st.sampled_from(SYSTEMS[:2]), SLICES), VERDICTS)

LARGER = {True: 2, None: 1, False: 0}
AND: Callable[[Verdict, Verdict], Verdict] = lambda a, b: min(a, b, key=lambda one: LARGER[one])  # noqa: E731
OR: Callable[[Verdict, Verdict], Verdict] = lambda a, b: max(a, b, key=lambda one: LARGER[one])  # noqa: E731
NOT = {True: False, False: True, None: None}


def table(extent: Extent) -> dict[tuple[str, str], Verdict]:
    return {(system, code): extent.slice(system).verdict(code) for system in SYSTEMS for code in CODES}


@given(EXTENTS, EXTENTS)
def test_union_intersection_and_difference_are_those_of_kleene_code_by_code(a: Extent, b: Extent) -> None:
    one, other = table(a), table(b)
    assert table(a | b) == {key: OR(one[key], other[key]) for key in one}
    assert table(a & b) == {key: AND(one[key], other[key]) for key in one}
    assert table(a - b) == {key: AND(one[key], NOT[other[key]]) for key in one}


@given(EXTENTS, EXTENTS, EXTENTS)
def test_the_laws_of_sets_hold(a: Extent, b: Extent, c: Extent) -> None:
    assert table(a | b) == table(b | a)
    assert table((a | b) | c) == table(a | (b | c))
    assert table(a & (b | c)) == table((a & b) | (a & c))
    assert table(a | NO_CODES) == table(a)
    assert set(table(a & NO_CODES).values()) == {False}


@given(EXTENTS, EXTENTS)
def test_what_is_decided_never_answers_none(a: Extent, b: Extent) -> None:
    for one in (a | b, a & b, a - b):
        if one.decided:
            assert None not in table(one).values()
            assert one.reasons == ()


@given(EXTENTS)
def test_a_listed_slice_is_its_list(one: Extent) -> None:
    for system in SYSTEMS:
        part = one.slice(system)
        if part.codes is not None:
            assert {code for code in CODES if part.verdict(code)} == part.codes
        if part.empty:
            assert not any(part.verdict(code) for code in CODES)


def test_a_part_that_is_not_at_hand_leaves_only_those_codes_open_that_hang_on_it() -> None:
    found = listed(SYSTEMS[0], ["1"]) | unknown("it is not at hand")
    assert found.slice(SYSTEMS[0]).verdict("1") is True
    assert found.slice(SYSTEMS[0]).verdict("2") is None
    assert found.reasons == ("it is not at hand",)


def test_what_is_excluded_is_out_although_the_rest_is_open() -> None:
    found = Extent({SYSTEMS[0]: Slice(rest=None)}) - listed(SYSTEMS[0], ["1"])
    assert found.slice(SYSTEMS[0]).verdict("1") is False
    assert found.slice(SYSTEMS[0]).verdict("2") is None


def test_a_reason_is_forgotten_when_the_other_side_settles_it() -> None:
    found = unknown("it is not at hand") & listed(SYSTEMS[0], [])
    assert found.decided
    assert found.reasons == ()


@pytest.mark.parametrize(("a", "b", "expected"), [(True, None, True), (None, False, None), (False, False, False)])
def test_either(a: Verdict, b: Verdict, expected: Verdict) -> None:
    assert either(a, b) is expected
