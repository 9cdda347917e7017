"""What an activity found out and started: findings, referral, case plan, consent."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from hm_fhir.activities.catalogue import TYPES
from hm_fhir.activities.people import Day, Facility, Frozen, Instant, LocalId, Text
from hm_fhir.activities.vocabulary import DESTINATIONS, GOALS, REASONS, TESTS


class Pregnancy(Frozen):
    """What is known of a pregnancy."""

    status: Literal["pregnant", "not-pregnant", "possibly-pregnant"] = Field(description="pregnancy status")
    confirmed: bool = Field(default=False, description="a clinician or a test has confirmed it")
    last_menstrual_period: Day | None = Field(default=None, description="first day of the last menstrual period")
    expected_delivery: Day | None = Field(default=None, description="expected date of delivery")
    gestational_age_weeks: Annotated[int, Field(ge=1, le=45)] | None = Field(
        default=None, description="gestational age on the day of the activity, in completed weeks"
    )
    gravida: Annotated[int, Field(ge=1, le=30)] | None = Field(
        default=None, description="number of pregnancies with this one"
    )
    antenatal_care: bool | None = Field(default=None, description="a doctor follows the pregnancy")

    @model_validator(mode="after")
    def _order(self) -> Pregnancy:
        first, last = self.last_menstrual_period, self.expected_delivery
        if first and last and not first < last:
            raise ValueError("the expected delivery is not after the last menstrual period")
        return self


class Test(Frozen):
    """A test and, when known, its result."""

    __test__ = False  # not a test case of pytest

    kind: Annotated[str, AfterValidator(TESTS.check)] = Field(description="which test")
    done_on: Day | None = Field(default=None, description="day of the test; absent when it is only planned")
    result: Literal["positive", "negative", "indeterminate"] | None = Field(
        default=None, description="result; absent while it is not known"
    )
    titre: Annotated[int, Field(ge=1)] | None = Field(default=None, description="8 for a titre of 1:8")
    facility: Facility | None = Field(default=None, description="who did it")

    @model_validator(mode="after")
    def _result_needs_day(self) -> Test:
        if self.result is not None and self.done_on is None:
            raise ValueError("a result needs the day of the test")
        return self


class ReportedCondition(Frozen):
    """A diagnosis as a paper or a clinician says; a mediator diagnoses nothing."""

    code: Literal["syphilis", "congenital-syphilis"] = Field(description="which")
    verification: Literal["unconfirmed", "provisional", "confirmed"] = Field(
        default="unconfirmed", description="FHIR condition-ver-status"
    )
    onset: Day | None = Field(default=None, description="begin, when known")


class ImmunisationStatus(Frozen):
    """State of one immunisation of the person."""

    vaccine: Text = Field(
        description="code of the vaccine in the national calendar, as the local system has it", repr=False
    )
    status: Literal["due", "overdue", "given", "refused"] = Field(description="state")
    given_on: Day | None = Field(default=None, description="day, when it was given")


class Measurement(Frozen):
    """A number that the mediator was told or read from a paper."""

    kind: Literal["body-weight", "birth-weight", "body-height"] = Field(description="what")
    value: Decimal = Field(gt=0, description="number, with the digits that were written")
    unit: Literal["kg", "g", "cm"] = Field(description="UCUM unit")

    @model_validator(mode="after")
    def _unit_of_kind(self) -> Measurement:
        if (self.kind == "body-height") != (self.unit == "cm"):
            raise ValueError("a height is in cm, a weight in kg or g")
        return self


class Findings(Frozen):
    """What was learned."""

    pregnancy: Pregnancy | None = Field(default=None, description="pregnancy")
    tests: tuple[Test, ...] = Field(default=(), description="tests, done or planned")
    conditions: tuple[ReportedCondition, ...] = Field(default=(), description="diagnoses that were reported")
    immunisations: tuple[ImmunisationStatus, ...] = Field(default=(), description="state of immunisations")
    measurements: tuple[Measurement, ...] = Field(default=(), description="numbers")


class Appointment(Frozen):
    """An appointment that was made for the person."""

    start: Instant = Field(description="when")


class Referral(Frozen):
    """A request that somebody else sees the person; never a substitute for a doctor's e-referral."""

    destination: Annotated[str, AfterValidator(DESTINATIONS.check)] = Field(description="to whom")
    facility: Facility | None = Field(default=None, description="to which place, when it is known")
    reasons: tuple[Annotated[str, AfterValidator(REASONS.check)], ...] = Field(default=(), description="why")
    priority: Literal["routine", "urgent", "asap", "stat"] = Field(default="routine", description="FHIR priority")
    nrn: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{12}$")] | None = Field(
        default=None,
        description="number of the doctor's referral in the national system (NRN), 12 characters",
        repr=False,
    )
    appointment: Appointment | None = Field(default=None, description="appointment, when one is known")
    status: Literal["active", "completed", "revoked"] = Field(default="active", description="state of the request")


class PlanGoal(Frozen):
    """A goal of a case plan."""

    code: Annotated[str, AfterValidator(GOALS.check)] = Field(description="which goal")
    due: Day | None = Field(default=None, description="until when")
    status: Literal["active", "completed", "cancelled"] = Field(default="active", description="FHIR goal status")


class PlanStep(Frozen):
    """A planned step of a case plan."""

    type: Annotated[str, AfterValidator(TYPES.check)] = Field(description="activity type of the step")
    due: Day | None = Field(default=None, description="until when")
    status: Literal["not-started", "scheduled", "in-progress", "completed", "cancelled"] = Field(
        default="not-started", description="FHIR care-plan-activity-status"
    )


class CasePlan(Frozen):
    """The plan for one person's case."""

    goals: tuple[PlanGoal, ...] = Field(default=(), description="what shall be reached")
    steps: tuple[PlanStep, ...] = Field(default=(), description="what is planned")
    status: Literal["draft", "active", "on-hold", "completed", "revoked"] = Field(
        default="active", description="FHIR request-status"
    )


class Consent(Frozen):
    """What the person allowed; revocable at any time."""

    given: bool = Field(description="true: allowed, false: refused or withdrawn")
    on: Day = Field(description="day")
    reference: LocalId | None = Field(default=None, description="number of the signed paper", repr=False)
