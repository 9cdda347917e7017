"""What an OperationOutcome says: which entries are to blame, and what of it may be shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhir.outcomes import errors_of, issue_codes, named_entries, redacted

NAME = "Проба Маркер 6808070004"


def outcome(*issues: Any) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def issue(severity: str = "error", code: str = "processing", **parts: Any) -> dict[str, Any]:
    return {"severity": severity, "code": code, "diagnostics": NAME, "details": {"text": NAME}, **parts}


HAPI = outcome(
    # HAPI lists warnings about good entries first.
    issue("warning", location=["Bundle.entry[0].resource/*Patient/1*/.name[0]"]),
    issue("information", expression=["Bundle.entry[1]"]),
    issue("error", location=["Bundle.entry[7].resource/*Encounter/e-1*/.status", "Line[1] Col[202]"]),
    issue("fatal", expression=["Bundle.entry[3].resource.ofType(Task)"]),
    issue("error", location=["Bundle.entry[7]"]),
)


def test_errors_name_entries_and_warnings_do_not() -> None:
    assert named_entries(HAPI) == (3, 7)
    assert [one["severity"] for one in errors_of(HAPI)] == ["error", "fatal", "error"]


@pytest.mark.parametrize(
    ("places", "named"),
    [
        ({"expression": ["Bundle.entry[12]"]}, (12,)),
        ({"location": ["Bundle.entry[12].resource.status"]}, (12,)),
        ({"expression": ["Bundle.entry[2]"], "location": ["Bundle.entry[1]"]}, (1, 2)),
        ({"expression": ["Patient.name[0]"]}, ()),  # which Patient?
        ({"location": ["/f:Bundle/f:entry[2]/f:resource"]}, ()),  # XPath counts from 1, and is deprecated
        ({"location": "Bundle.entry[1]"}, ()),  # not a list
        ({"location": [None, 5, {}, "Bundle.entry[x]", "Bundle.entry[]"]}, ()),
        ({"location": [f"Bundle.entry[{'9' * 5000}]"]}, ()),
        ({}, ()),
    ],
)
def test_only_a_place_in_the_bundle_names_an_entry(places: dict[str, Any], named: tuple[int, ...]) -> None:
    assert named_entries(outcome(issue(**places))) == named


@pytest.mark.parametrize(
    "foreign",
    [
        None,
        "busy",
        5,
        [],
        {},
        {"resourceType": "Bundle", "issue": [issue(expression=["Bundle.entry[1]"])]},
        {"resourceType": "OperationOutcome"},
        {"resourceType": "OperationOutcome", "issue": "x"},
        outcome("x", None, 5, [], {}),
        outcome({"severity": None, "code": {}}),
        outcome({"severity": ["error"]}),
    ],
)
def test_a_foreign_answer_blames_nobody(foreign: Any) -> None:
    assert errors_of(foreign) == []
    assert named_entries(foreign) == ()
    assert issue_codes(foreign) == ()


def test_codes_are_those_of_the_errors_once_each() -> None:
    said = outcome(
        issue("warning", "informational"), issue(code="value"), issue(code="required"), issue(code="value")
    )
    assert issue_codes(said) == ("value", "required")


@pytest.mark.parametrize("code", [NAME, None, 5, {"a": 1}, "", "Value", "marker"])
def test_a_code_that_fhir_does_not_know_may_be_a_name_and_is_not_shown(code: Any) -> None:
    assert issue_codes(outcome(issue(code=code))) == ("?",)
    assert redacted(outcome(issue(code=code))) == ["error ?"]


def test_redacted_shows_severity_code_and_place() -> None:
    assert redacted(HAPI) == [
        "warning processing at Bundle.entry[0].resource.name[0]",
        "information processing at Bundle.entry[1]",
        "error processing at Bundle.entry[7].resource.status",
        "fatal processing at Bundle.entry[3].resource.ofType(Task)",
        "error processing at Bundle.entry[7]",
    ]


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (f"Bundle.entry[1].resource.name.where(given='{NAME}')", "error processing at Bundle.entry[1].resource.name"),
        (f"Bundle.entry[1].{NAME}", "error processing at Bundle.entry[1]"),
        (f"{NAME} Bundle.entry[1]", "error processing"),
        (f"Patient.where(name='{NAME}')", "error processing"),
    ],
)
def test_a_place_is_cut_where_a_value_could_stand(place: str, line: str) -> None:
    assert redacted(outcome(issue(expression=[place]))) == [line]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (None, []),
        ("", []),
        ({}, []),
        (NAME, ["(a text; show it with --words)"]),
        ({"said": NAME}, ["(a text; show it with --words)"]),
        ([outcome(issue()), f"404 {NAME}"], ["error processing", "(a text; show it with --words)"]),
        ([], []),
    ],
)
def test_redacted_takes_whatever_a_server_said(words: Any, lines: list[str]) -> None:
    assert redacted(words) == lines


JSON = st.recursive(
    st.just(NAME) | st.none() | st.integers() | st.sampled_from(["error", "value", "Bundle.entry[1]"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceType", "issue", "severity", "code", "expression", "location", "diagnostics"]),
            inner,
            max_size=4,
        )
    ),
)


@given(JSON | st.builds(outcome, JSON, JSON))
def test_no_answer_shows_a_value_or_raises(words: Any) -> None:
    text = "\n".join([*redacted(words), *issue_codes(words), str(named_entries(words))])
    assert "Маркер" not in text
    assert "6808070004" not in text
