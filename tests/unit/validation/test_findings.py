"""Findings are counted by what they have in common; the sum of the parts is the whole."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.validation.deployment.findings import MOST_KINDS, Findings
from hm_fhir.validation.issue import SEVERITIES, Issue

ISSUES = st.lists(
    st.builds(
        Issue,
        severity=st.sampled_from(SEVERITIES),
        code=st.just("required"),
        rule=st.sampled_from(["cardinality-min", "dom-6"]),
        location=st.sampled_from(["Patient.name[0].family", "Patient.name[7].family", "Patient"]),
        text=st.just("text"),
        origin=st.sampled_from([None, "people.yaml:3"]),
    )
)


def counted(issues: list[Issue], place: str = "a.ndjson:1") -> Findings:
    findings = Findings()
    findings.add(issues, place)
    return findings


def test_the_same_at_other_items_of_a_list_is_counted_once() -> None:
    issues = [Issue("error", "required", "r", f"Patient.name[{place}].family", "text") for place in (4, 2)]
    findings = Findings()
    for number, issue in enumerate(issues):
        findings.add([issue], f"line {number}")
    assert findings.as_json() == [
        {
            "severity": "error",
            "rule": "r",
            "location": "Patient.name.family",
            "profile": None,
            "origin": None,
            "text": "text",
            "number": 2,
            "first": "line 0",
        }
    ]


def test_different_words_at_one_place_are_different_findings() -> None:
    issues = [Issue("error", "required", "cardinality-min", "Encounter", f"{name} is missing") for name in "ab"]
    assert [kind.text for kind, _ in counted(issues).kinds()] == ["a is missing", "b is missing"]


def test_the_worst_come_first() -> None:
    issues = [Issue(severity, "value", severity, "Patient", "text") for severity in reversed(SEVERITIES)]
    assert [kind.severity for kind, _ in counted(issues).kinds()] == list(SEVERITIES)


@given(ISSUES, ISSUES)
def test_parts_add_up_to_the_whole(first: list[Issue], second: list[Issue]) -> None:
    whole = counted([*first, *second])
    parts = counted(first)
    parts.merge(counted(second))
    assert parts == whole
    assert sum(whole.by_severity().values()) == len(first) + len(second)
    assert bool(whole) == bool(first or second)


@given(ISSUES)
def test_they_go_to_another_process_and_back(issues: list[Issue]) -> None:
    findings = counted(issues)
    findings.add_remarks({"dom-6": 3})
    assert pickle.loads(pickle.dumps(findings)) == findings


def test_remarks_are_counted_by_rule_alone() -> None:
    findings, others = Findings(), Findings()
    findings.add_remarks({"dom-6": 2})
    others.add_remarks({"dom-6": 1, "code-not-checked": 4})
    findings.merge(others)
    assert findings.by_severity()["information"] == 7
    assert findings.as_json() == [
        {"severity": "information", "rule": "code-not-checked", "number": 4},
        {"severity": "information", "rule": "dom-6", "number": 3},
    ]


def test_memory_is_bounded_and_nothing_is_lost_from_the_sum() -> None:
    issues = [Issue("warning", "value", f"rule-{number}", "Patient", "text") for number in range(MOST_KINDS + 5)]
    findings = counted(issues)
    assert len(list(findings.kinds())) == MOST_KINDS
    assert findings.by_severity()["warning"] == MOST_KINDS + 5
    assert findings.as_json()[-1] == {"severity": "warning", "rule": "more", "number": 5}
    findings.merge(findings_of_more := counted(issues[-1:]))
    assert findings_of_more.by_severity()["warning"] == 1
    assert findings.by_severity()["warning"] == MOST_KINDS + 6
