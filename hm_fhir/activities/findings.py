"""What an activity found out and started: findings, referral, case plan."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from hm_fhir.activities.catalogue import TYPES
from hm_fhir.activities.people import Day, Facility, Frozen, Instant, Text
from hm_fhir.activities.vocabulary import (
    DESTINATIONS,
    GOALS,
    IMMUNISATION_REASONS,
    PREGNANCY_OUTCOMES,
    PROGRESS,
    REASONS,
    TESTS,
)


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
    outcome: Annotated[str, AfterValidator(PREGNANCY_OUTCOMES.check)] | None = Field(
        default=None, description="how the pregnancy ended; then the status is not-pregnant"
    )
    ended_on: Day | None = Field(default=None, description="day of the birth or loss, when known")

    @model_validator(mode="after")
    def _order(self) -> Pregnancy:
        first, last = self.last_menstrual_period, self.expected_delivery
        if first and last and not first < last:
            raise ValueError("the expected delivery is not after the last menstrual period")
        if first and self.ended_on and not first < self.ended_on:
            raise ValueError("the pregnancy ended before it began")
        return self

    @model_validator(mode="after")
    def _over(self) -> Pregnancy:
        if self.ended_on is not None and self.outcome is None:
            raise ValueError("the end of a pregnancy needs its outcome")
        if self.outcome is not None and self.status != "not-pregnant":
            raise ValueError("a woman whose pregnancy ended is not pregnant")
        return self


class Test(Frozen):
    """A test and, when known, its result."""

    __test__ = False  # not a test case of pytest

    kind: Annotated[str, AfterValidator(TESTS.check)] = Field(description="which test")
    done_on: Day | None = Field(default=None, description="day of the test; absent when it is only planned")
    result: Literal["positive", "negative", "indeterminate"] | None = Field(
        default=None, description="result; absent while it is not known"
    )
    titre: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="8 for a titre of 1:8; only of a syphilis test"
    )
    facility: Facility | None = Field(default=None, description="who did it")

    @model_validator(mode="after")
    def _result_needs_day(self) -> Test:
        if self.result is not None and self.done_on is None:
            raise ValueError("a result needs the day of the test")
        return self

    @model_validator(mode="after")
    def _titre_of_syphilis(self) -> Test:
        if self.titre is not None and not self.kind.startswith("syphilis"):
            raise ValueError("a titre is of a syphilis test")
        return self


class ReportedCondition(Frozen):
    """A diagnosis as a paper or a clinician says; a mediator diagnoses nothing."""

    code: Literal["syphilis", "congenital-syphilis"] = Field(description="which")
    verification: Literal["unconfirmed", "provisional", "confirmed", "refuted"] = Field(
        default="unconfirmed", description="FHIR condition-ver-status"
    )
    status: Literal["active", "recurrence", "inactive", "remission", "resolved"] = Field(
        default="active", description="FHIR condition-clinical; what is refuted is inactive"
    )
    onset: Day | None = Field(default=None, description="begin, when known")
    ended_on: Day | None = Field(default=None, description="day on which it ended, when known")

    @model_validator(mode="after")
    def _consistent(self) -> ReportedCondition:
        over = self.status in ("inactive", "remission", "resolved")
        if self.verification == "refuted" and self.status != "inactive":
            raise ValueError("a refuted condition is inactive")
        if self.ended_on is not None and not over:
            raise ValueError("a condition that ended is inactive, in remission or resolved")
        if self.onset and self.ended_on and self.ended_on < self.onset:
            raise ValueError("the condition ended before it began")
        return self


class ImmunisationStatus(Frozen):
    """State of one immunisation of the person."""

    vaccine: Text = Field(
        description="code of the vaccine in the national calendar, as the local system has it", repr=False
    )
    status: Literal["due", "overdue", "given", "refused"] = Field(description="state")
    dose: Annotated[int, Field(ge=1, le=20)] | None = Field(default=None, description="which dose of a series")
    given_on: Day | None = Field(default=None, description="day, when it was given")
    known_from: Literal["record", "recall", "provider"] = Field(
        default="recall", description="FHIR immunization-origin: a paper, what people remember, what a doctor said"
    )
    reason: Annotated[str, AfterValidator(IMMUNISATION_REASONS.check)] | None = Field(
        default=None, description="why it was not given"
    )

    @model_validator(mode="after")
    def _of_status(self) -> ImmunisationStatus:
        if self.given_on is not None and self.status != "given":
            raise ValueError("only what was given has the day of it")
        if self.reason is not None and self.status == "given":
            raise ValueError("what was given needs no reason why not")
        return self


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
    end: Instant | None = Field(default=None, description="end, when known")
    status: Annotated[str, AfterValidator(PROGRESS.check)] = Field(
        default="scheduled", description="what became of it"
    )

    @model_validator(mode="after")
    def _forward(self) -> Appointment:
        if self.end is not None and self.end < self.start:
            raise ValueError("the end is before the start")
        return self


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
    achievement: Literal["in-progress", "achieved", "not-achieved", "not-attainable"] | None = Field(
        default=None, description="FHIR goal-achievement, when it is known"
    )


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
