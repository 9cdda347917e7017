"""A deployment says which findings stop a delivery, which only count, and which do not matter."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hm_fhir.config import ValidationRule, ValidationSettings
from hm_fhir.validation.deployment.policy import Policy, without_indices
from hm_fhir.validation.issue import SEVERITIES, Issue, Severity

PROFILE = "https://example.org/StructureDefinition/visit"


def issue(severity: Severity = "error", rule: str = "cardinality-min", location: str = "Encounter.type[0]") -> Issue:
    return Issue(severity, "required", rule, location, "text", PROFILE)


def policy(*rules: dict[str, str], stop_on: str = "error") -> Policy:
    return Policy.of(ValidationSettings.model_validate({"rules": rules, "stop_on": stop_on}))


def test_without_a_policy_errors_stop_and_all_stay_as_they_are() -> None:
    found = tuple(issue(severity) for severity in SEVERITIES)
    assert Policy().judged(found) == found
    assert [Policy().stops([one]) for one in found] == [True, True, False, False]


@pytest.mark.parametrize(
    ("stop_on", "number"), [("fatal", 1), ("error", 2), ("warning", 3), ("information", 4), ("never", 0)]
)
def test_what_is_as_bad_as_is_said_or_worse_stops(stop_on: str, number: int) -> None:
    assert sum(policy(stop_on=stop_on).stops([issue(severity)]) for severity in SEVERITIES) == number


def test_nothing_found_never_stops() -> None:
    assert not policy(stop_on="information").stops([])


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ({"rule": "cardinality-min"}, True),
        ({"rule": "cardinality-*"}, True),
        ({"rule": "cardinality"}, False),
        ({"profile": PROFILE}, True),
        ({"profile": "https://example.org/*"}, True),
        ({"profile": ""}, False),
        ({"location": "Encounter.type"}, True),
        ({"location": "Encounter.*"}, True),
        ({"location": "*.type"}, True),
        ({"location": "Encounter"}, False),
        ({"rule": "cardinality-*", "location": "Encounter.type"}, True),
        ({"rule": "cardinality-*", "location": "Encounter.status"}, False),
    ],
)
def test_every_given_pattern_must_fit_and_indices_do_not_count(pattern: dict[str, str], fits: bool) -> None:
    judged = policy({**pattern, "severity": "warning"}).judged([issue()])
    assert [one.severity for one in judged] == ["warning" if fits else "error"]


def test_the_first_rule_that_fits_decides() -> None:
    rules = ({"rule": "cardinality-*", "severity": "information"}, {"location": "Encounter.*", "severity": "fatal"})
    found = [issue(), issue(rule="binding-required")]
    assert [one.severity for one in policy(*rules).judged(found)] == ["information", "fatal"]


def test_what_is_ignored_is_left_out() -> None:
    found = [issue(), issue(rule="dom-6")]
    assert policy({"rule": "dom-6", "severity": "ignore"}).judged(found) == (issue(),)


def test_only_the_severity_changes() -> None:
    judged = policy({"rule": "*min", "severity": "warning"}).judged([issue()])
    assert judged == (issue("warning"),)


def test_what_r4_itself_would_like_as_a_code_is_a_remark_in_a_deployment() -> None:
    of_r4 = Issue("warning", "code-invalid", "binding-extensible", "Patient.identifier[0].type", "text")
    of_profile = Issue("warning", "code-invalid", "binding-extensible", "Patient.identifier[0].type", "text", PROFILE)
    assert [one.severity for one in policy().judged([of_r4, of_profile])] == ["information", "warning"]
    strict = policy({"rule": "binding-*", "severity": "error"}).judged([of_r4, of_profile])
    assert [one.severity for one in strict] == ["error", "error"], "a rule of the settings comes first"
    assert Policy().judged([of_r4]) == (of_r4,), "where no deployment says anything it stays"


def test_a_rule_of_fhir_as_a_whole_has_an_empty_profile() -> None:
    of_fhir = Issue("error", "structure", "unknown-element", "Patient.x", "text")
    assert policy({"profile": "", "severity": "ignore"}).judged([of_fhir, issue()]) == (issue(),)


def test_a_remark_is_information_that_does_not_stop() -> None:
    remark, warning = issue("information"), issue("warning")
    assert policy().is_remark(remark)
    assert not policy().is_remark(warning)
    assert not policy(stop_on="information").is_remark(remark)


def test_indices_are_left_out_everywhere() -> None:
    location = "Bundle.entry[12].resource.value.ofType(Quantity)"
    assert without_indices(location) == "Bundle.entry.resource.value.ofType(Quantity)"


@pytest.mark.parametrize(
    "settings",
    [
        {"severity": "warning"},
        {"rule": "*", "severity": "ignore"},
        {"rule": "dom-6"},
        {"rule": "dom-6", "severity": "none"},
        {"rule": "dom-6", "severity": "ignore", "element": "x"},
    ],
)
def test_a_rule_that_says_nothing_or_too_much_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ValidationRule.model_validate(settings)
