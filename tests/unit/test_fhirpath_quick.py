"""The direct closures give exactly what the evaluated tree gives."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hm_fhir.errors import RecordRejected
from hm_fhir.fhirpath.expression import compile, compile_tree  # noqa: A004
from hm_fhir.fhirpath.quick import quick

NAMES = ["a", "b", "dates", "_a", "extension", "valueString"]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.decimals(-9, 9, places=2), st.sampled_from(["", "x", "y z"])
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=12,
)
STEPS = st.lists(st.sampled_from(["a", "b", "dates", "extension", "valueString"]), min_size=1, max_size=3)
PATHS = st.one_of(
    STEPS.map(".".join),
    STEPS.map(lambda steps: "%v." + ".".join(steps)),
    STEPS.map(lambda steps: "%context." + ".".join(steps)),
    st.sampled_from(["%v", "%context", "%ucum", "%sct"]),
)
LITERALS = st.sampled_from(["'x'", "''", "'y z'", "1", "0", "12.50", "2.0", "true", "false"])
COMPARISONS = st.builds("{} {} {}".format, PATHS, st.sampled_from(["=", "!="]), st.sampled_from(["'x'", "''"]))


def result(expression: Any, root: Any, variables: dict[str, Any]) -> Any:
    try:
        return [(type(item), item) for item in expression.evaluate(root, variables)]
    except RecordRejected as error:
        return error.code


@example("a = 'x'", {"a": ["x", "y"]}, None)
@example("a != 'x'", {"a": ["x", "x"]}, None)
@example("a", {"a": "x", "_a": {"b": "y"}}, None)
@example("a.b", {"a": [{"b": 1}], "_a": [None, {"b": 2}]}, None)
@example("a", {"a": ["x", None], "_a": [{"extension": [1]}]}, None)
@settings(max_examples=300, deadline=None)
@given(text=st.one_of(PATHS, LITERALS, COMPARISONS), root=DATA, variable=DATA)
def test_quick_and_tree_agree(text: str, root: Any, variable: Any) -> None:
    assert quick(text) is not None
    variables = {"v": variable}
    assert result(compile(text), root, variables) == result(compile_tree(text), root, variables)


@pytest.mark.parametrize("text", ["a.b", "%v.a", "'x'", "2.0", "true", "a = 'x'", "%ucum"])
def test_quick_and_tree_tell_the_same_about_an_expression(text: str) -> None:
    assert compile(text).variables == compile_tree(text).variables


@pytest.mark.parametrize(
    "text",
    [
        "a.first()", "a.length", "Patient.name", "a.div", "_a", "a and b", "'a\\'b'", "a = b", "a.b[0]", "-1",
        "a.where(b = 'x')", "%`v`", "1 year", "day", "true.a", "a.", "a = 'x' and b",
    ],
)  # fmt: skip
def test_nothing_less_simple_is_tried(text: str) -> None:
    assert quick(text) is None


def test_a_decimal_keeps_its_digits() -> None:
    (value,) = compile("a.b").evaluate({"a": {"b": Decimal("9.20")}})
    assert str(value) == "9.20"
