"""Nothing that an activity says gets lost on the way to its resources: coded words, numbers of papers, notes.

Looked at with every case of the base pack and with generated activities of all types.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.catalogue import ACTIVITY_TYPES
from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.activities.papers import Consent
from hm_fhir.config import Identifiers
from hm_fhir.errors import MappingRefused
from hm_fhir.mapping.cases import load_cases
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapped, Mapper
from hm_fhir.mapping.loader import load_pack
from hm_fhir.testing.activities import generate_activities

ROOT = Path(__file__).parents[2]
MAPPER = Mapper(
    [load_pack(ROOT / "mappings")],
    Identity(b"an identity key for tests, 32 bytes", key_id="tests", system="https://municipality.example/fhir/id"),
    read_code_systems(ROOT / "profiles" / "package"),
    Identifiers().by_kind(),
)
CASES = [case for case in load_cases(ROOT / "mappings" / "cases") if case.spec.refused is None]
TOOK_PLACE = ("completed", "in-progress", "entered-in-error")


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)
    else:
        yield str(value)


def said(activity: Activity) -> set[str]:
    """Return what the resources must hold, as the documentation of the pack promises."""
    in_error = activity.status == "entered-in-error"
    left_out = in_error and activity.case_id is not None
    found = {activity.type, activity.setting, *activity.topics, *activity.reasons, activity.outcome, activity.note}
    found |= {activity.hospital_stay} | {person.role for person in activity.persons[1:]}
    found |= {name for person in activity.persons if person.name for name in (*person.name.given, person.name.family)}
    found |= {value for person in activity.persons for value in (person.phone, person.language)}
    found |= {number.value for person in activity.persons for number in person.identifiers}
    if not (left_out and activity.type == "needs-assessment"):
        found |= set(activity.barriers)
    if not left_out:
        found |= _of_a_case(activity, in_error=in_error)
    if activity.status in TOOK_PLACE:
        found |= {word for document in activity.documents for word in (document.kind, document.step)}
    if activity.consent and not in_error:
        found |= {*activity.consent.covers, activity.consent.reference}
        found.add(_policy(activity.consent))
    return {str(one) for one in found | _of_findings(activity) | _of_referral(activity) | _of_places(activity)} - {
        "None"
    }


def _policy(consent: Consent) -> str:
    if consent.decision == "refused":
        return "OPTOUT"
    return "OPTINR" if consent.decision == "given" and len(set(consent.covers)) == 1 else "OPTIN"


def _of_findings(activity: Activity) -> set[Any]:
    findings = activity.findings
    found: set[Any] = {word for test in findings.tests for word in (test.kind, test.result, test.titre)}
    found |= {word for one in findings.measurements for word in (one.kind, one.value)}
    if findings.pregnancy:
        pregnancy = findings.pregnancy
        found |= {pregnancy.status, pregnancy.outcome, pregnancy.last_menstrual_period, pregnancy.expected_delivery}
        found |= {pregnancy.ended_on, pregnancy.gravida, pregnancy.gestational_age_weeks, pregnancy.antenatal_care}
    for state in findings.immunisations:
        found |= {state.vaccine, state.reason, state.given_on, state.dose}
        if state.status in ("due", "overdue"):
            found.add(state.status)
        else:
            found |= {state.known_from, "objection" if state.status == "refused" and not state.reason else None}
    return found


def _of_referral(activity: Activity) -> set[Any]:
    if activity.referral is None:
        return set()
    appointment = activity.referral.appointment
    found: set[Any] = {activity.referral.destination, *activity.referral.reasons, activity.referral.nrn}
    return found | ({appointment.status} if appointment else set())


def _of_a_case(activity: Activity, *, in_error: bool) -> set[Any]:
    found: set[Any] = {activity.case_id} if activity.persons else set()
    for condition in activity.findings.conditions:
        found |= {condition.code, condition.onset}
        if not in_error:
            found |= {condition.status, condition.verification, condition.ended_on}
    did_not_happen = activity.status in ("cancelled", "not-done") and activity.type != "case-closure"
    if activity.case_plan and not (activity.case_id and did_not_happen):
        found |= {word for goal in activity.case_plan.goals for word in (goal.code, goal.due, goal.achievement)}
        found |= {word for step in activity.case_plan.steps for word in (step.type, step.due)}
    return found


def _of_places(activity: Activity) -> set[Any]:
    named = [activity.facility, activity.referral and activity.referral.facility]
    places = [place for place in (*named, *(test.facility for test in activity.findings.tests)) if place]
    if len({place.local_id for place in places}) < len(places):
        return set()  # of a place that is named twice, the first name counts
    return {word for place in places for word in (place.kind, place.name, place.ward, place.specialty, place.phone)}


def mapped(activity: Activity) -> Mapped:
    result = MAPPER.map(activity.for_mapping())
    assert result is not None
    return result


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_resources_of_a_case_hold_all_that_its_activity_says(case: Any) -> None:
    activity = Activity.model_validate(case.spec.activity)

    assert said(activity) - set(texts([item.content for item in mapped(activity).resources])) == set()


@pytest.mark.parametrize("kind", ACTIVITY_TYPES)
def test_the_resources_of_generated_activities_hold_all_that_they_say(kind: str) -> None:
    refused = 0
    for data in generate_activities(11, 30, [kind]):
        activity = Activity.model_validate(data)
        try:
            result = mapped(activity)
        except MappingRefused:
            refused += 1
            continue
        assert said(activity) - set(texts([item.content for item in result.resources])) == set(), data["local_id"]
    assert refused <= 10
