"""What was found, allowed and agreed: consistent in itself, and of somebody."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hm_fhir.activities.findings import Appointment, ImmunisationStatus, Pregnancy, ReportedCondition
from hm_fhir.activities.model import Activity
from hm_fhir.activities.papers import Consent


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ({"status": "pregnant", "outcome": "live-birth"}, "is not pregnant"),
        ({"status": "not-pregnant", "ended_on": "2026-03-01"}, "needs its outcome"),
        (
            {
                "status": "not-pregnant",
                "outcome": "live-birth",
                "ended_on": "2026-03-01",
                "last_menstrual_period": "2026-03-01",
            },
            "before it began",
        ),
    ],
)
def test_the_end_of_a_pregnancy_is_consistent(found: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Pregnancy.model_validate(found)


@pytest.mark.parametrize(
    ("reported", "problem"),
    [
        ({"verification": "refuted"}, "a refuted condition is inactive"),
        ({"ended_on": "2026-03-01"}, "inactive, in remission or resolved"),
        ({"status": "resolved", "onset": "2026-03-02", "ended_on": "2026-03-01"}, "before it began"),
    ],
)
def test_a_reported_condition_is_consistent(reported: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        ReportedCondition.model_validate({"code": "syphilis", **reported})


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ({"status": "overdue", "given_on": "2026-03-01"}, "only what was given"),
        ({"status": "given", "reason": "away"}, "needs no reason"),
    ],
)
def test_an_immunisation_is_given_or_it_is_not(state: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        ImmunisationStatus.model_validate({"vaccine": "MMR", **state})


@pytest.mark.parametrize(
    ("consent", "problem"),
    [
        ({"decision": "refused", "until": "2026-04-01"}, "only a consent that was given"),
        ({"decision": "given", "until": "2026-02-01"}, "before the decision"),
        ({"decision": "given", "covers": []}, "at least 1 item"),
        ({"decision": "given", "by": "child"}, "Input should be"),
    ],
)
def test_a_consent_is_consistent(consent: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Consent.model_validate({"on": "2026-03-01", **consent})


def test_an_appointment_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValidationError, match="before the start"):
        Appointment.model_validate({"start": "2026-03-02T09:00:00+02:00", "end": "2026-03-02T08:59:00+02:00"})


HOSPITAL = {"local_id": "F-1", "kind": "hospital", "name": "Болница Пример", "ward": "АГ"}


def activity(**changes: Any) -> Activity:
    data: dict[str, Any] = {
        "system": "register",
        "local_id": "A-1",
        "updated_at": "2026-03-02T12:00:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M-1", "name": {"family": "Образцова"}},
        "type": "accompaniment",
        "period": {"start": "2026-03-02"},
        "setting": "hospital",
        "persons": [{"local_id": "K-1"}],
    }
    return Activity.model_validate({**data, **changes})


def test_somebody_of_the_activity_decides_about_consent() -> None:
    consent = {"decision": "given", "on": "2026-03-01", "by": "mother"}

    with pytest.raises(ValidationError, match="of a person of the activity"):
        activity(consent=consent)
    activity(consent=consent, persons=[{"local_id": "K-1"}, {"local_id": "K-2", "role": "mother"}])


@pytest.mark.parametrize("facility", [None, {**HOSPITAL, "kind": "laboratory"}])
def test_a_stay_in_hospital_needs_the_hospital(facility: dict[str, str] | None) -> None:
    with pytest.raises(ValidationError, match="needs the hospital"):
        activity(facility=facility, hospital_stay="IZ-1")


@pytest.mark.parametrize(
    "content",
    [
        {"findings": {"pregnancy": {"status": "pregnant"}}},
        {"case_plan": {}},
        {"consent": {"decision": "given", "on": "2026-03-01"}},
        {"facility": HOSPITAL, "hospital_stay": "IZ-1"},
    ],
)
def test_nothing_is_found_out_about_a_group(content: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="of a person"):
        activity(type="screening-campaign", persons=[], group={"size": 3}, **content)


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"facility": HOSPITAL}, "IMP"),
        ({"facility": {**HOSPITAL, "ward": None}}, "AMB"),
        ({"facility": {**HOSPITAL, "ward": None}, "hospital_stay": "IZ-1"}, "IMP"),
        ({}, "AMB"),
    ],
)
def test_who_is_accompanied_into_a_ward_is_an_in_patient(place: dict[str, Any], code: str) -> None:
    assert activity(**place).for_mapping()["class"] == code
