"""Invariants run only where something that they look at is there: that must never change a finding."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hm_fhir.fhir.definitions import Constraint, r4
from hm_fhir.fhirpath import expression
from hm_fhir.fhirpath.compiled import Scope
from hm_fhir.testing.resources import generate_resources
from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.invariants import NATIVE, QUICK, Invariants
from hm_fhir.validation.run import Run
from hm_fhir.validation.validator import Validator


def test_the_keys_of_an_invariant_only_spare_work(monkeypatch):
    definitions = load_definitions(own=False)
    with_keys = Validator(definitions)
    resources = list(generate_resources(seed=5, count=400, repaired=False))
    expected = [set(with_keys.validate(resource)) for resource in resources]

    monkeypatch.setattr(Invariants, "_holds_without", lambda *_: False)
    without_keys = Validator(definitions)
    assert [set(without_keys.validate(resource)) for resource in resources] == expected
    assert any(issue.code == "invariant" and issue.stops for found in expected for issue in found)


def _native_and_fhirpath(text: str, type_name: str):
    invariants = Invariants(r4())
    native = NATIVE[text][0]
    compiled = invariants.compile(Constraint("x-1", "error", "…", f"({text})"), type_name, None)
    assert compiled is not None
    return native, compiled


_JSON = st.recursive(
    st.sampled_from(["a", "#b", "#", "", 1, True]),
    lambda below: st.dictionaries(
        st.sampled_from(["id", "extension", "url", "valueString", "valueCode", "reference", "type"]),
        below,
        max_size=4,
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.just("a"),
            "url": st.just("http://example.org/a"),
            "extension": st.just([{"url": "b", "valueString": "c"}]),
            "valueString": st.just("d"),
            "valueQuantity": st.just({"value": 1}),
            "_valueString": st.just({"extension": [{"url": "http://example.org/e", "valueCode": "f"}]}),
        },
    )
)
def test_the_rule_of_extensions_in_python_is_that_of_fhirpath(extension):
    native, compiled = _native_and_fhirpath("extension.exists() != value.exists()", "Extension")
    run = Run({"resourceType": "Patient"}, services=None)
    compiled.check(extension, (None, "Extension"), run)
    assert native(extension, run) == (not run.issues)


@settings(max_examples=100, deadline=None)
@given(
    reference=st.sampled_from(["#a", "#b", "Patient/1", "urn:uuid:a"]),
    contained=st.lists(st.sampled_from(["a", "b", "c"]), unique=True),
)
def test_the_rule_of_local_references_in_python_is_that_of_fhirpath(reference, contained):
    text = next(text for text in NATIVE if text.startswith("reference.startsWith"))
    native, compiled = _native_and_fhirpath(text, "Reference")
    root = {"resourceType": "Patient", "contained": [{"resourceType": "Group", "id": one} for one in contained]}
    if not contained:
        del root["contained"]
    run = Run(root, services=None)
    value = {"reference": reference}
    compiled.check(value, (None, "Reference"), run)
    assert native(value, run) == (not run.issues)


def test_an_invariant_that_is_no_fhirpath_is_said_not_to_be_checked():
    invariants = Invariants(r4())
    compiled = invariants.compile(Constraint("x-1", "error", "…", "name.("), "Patient", "http://example.org/p")
    run = Run({"resourceType": "Patient"}, services=None)
    assert compiled is not None
    compiled.check(run.root, (None, "Patient"), run)
    assert [(issue.severity, issue.rule) for issue in run.issues] == [("warning", "invariant-not-checked")]


def test_an_invariant_that_cannot_be_decided_is_not_met():
    invariants = Invariants(r4())
    constraint = Constraint("x-1", "error", "only one name", "name.family = 'a' and name.single().exists()")
    compiled = invariants.compile(constraint, "Patient", None)
    run = Run({"resourceType": "Patient", "name": [{"family": "a"}, {"family": "b"}]}, services=None)
    assert compiled is not None
    compiled.check(run.root, (None, "Patient"), run)
    (issue,) = run.issues
    assert issue.severity == "error"
    assert "family" not in issue.text


_MOMENTS = st.builds(
    lambda day, time, fraction, zone: f"2026-03-{day:02}T{time}{fraction}{zone}",
    st.integers(1, 3),
    st.sampled_from(["00:00:00", "10:00:00", "23:59:59"]),
    st.sampled_from(["", ".5", ".500000", ".999999"]),
    st.sampled_from(["Z", "+02:00", "+03:00", "-05:00"]),
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(_MOMENTS, st.just("2026-03-02")), st.one_of(_MOMENTS, st.just("2026-03-02")))
def test_the_quick_answer_about_periods_is_that_of_fhirpath(start, end):
    (text,) = (one for one in QUICK if one.startswith("start.hasValue()"))
    answer = QUICK[text]({"start": start, "end": end})
    compiled = expression.compile(text, types=r4(), root="Period", strict=False)
    assert answer is None or answer == compiled.true(Scope({"start": start, "end": end}))
