"""The activity: one thing that a mediator did or plans, as recorded locally.

Everything is frozen; unknown fields are errors; a date-time has a time zone; no error message holds a value.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from hm_fhir.activities.catalogue import ACTIVITY_TYPES, TYPES, encounter_class
from hm_fhir.activities.findings import CasePlan, Consent, Findings, Referral
from hm_fhir.activities.people import Facility, Frozen, Group, LocalId, Mediator, Municipality, Person, Text
from hm_fhir.activities.vocabulary import (
    BARRIERS,
    DESTINATIONS,
    GOALS,
    OUTCOMES,
    REASONS,
    SETTINGS,
    TESTS,
    TOPICS,
)
from hm_fhir.errors import RecordRejected

Status = Literal["planned", "in-progress", "completed", "cancelled", "not-done", "entered-in-error"]
Sensitivity = Literal["STD", "HIV", "SEX", "SDV"]

_AWARE: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_DATE: TypeAdapter[date] = TypeAdapter(date)


def _moment(value: object) -> object:
    if isinstance(value, datetime):
        return _AWARE.validate_python(value)
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return _AWARE.validate_python(value) if "T" in value else _DATE.validate_python(value)
    raise ValueError("a moment is a date or a date-time with a time zone")


Moment = Annotated[datetime | date, BeforeValidator(_moment)]
"""A date when only the day is known, or a date-time with a time zone (both are a FHIR dateTime)."""


def _day(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


class Period(Frozen):
    """When it happened or is planned."""

    start: Moment = Field(description="begin")
    end: Moment | None = Field(default=None, description="end, when known")

    @model_validator(mode="after")
    def _forward(self) -> Period:
        if self.end is None:
            return self
        if isinstance(self.start, datetime) and isinstance(self.end, datetime):
            if self.end < self.start:
                raise ValueError("the end is before the start")
        elif _day(self.end) < _day(self.start):
            raise ValueError("the end is before the start")
        return self


class Activity(Frozen):
    """One thing a mediator did or plans.

    Raises:
        pydantic.ValidationError: something is missing, unknown or contradictory; see `rejected`.
    """

    system: LocalId = Field(description="name of the local system; with local_id the identity of the activity")
    local_id: LocalId = Field(description="id in the local system, stable over corrections", repr=False)
    updated_at: AwareDatetime = Field(description="when this version was recorded; decides what is newer")
    version: Annotated[int, Field(ge=0)] = Field(
        default=0, description="version number, where the system has one; decides between equal updated_at"
    )
    municipality: Municipality = Field(description="employer of the mediator")
    mediator: Mediator = Field(description="who did it")
    type: Annotated[str, AfterValidator(TYPES.check)] = Field(description="activity type of the catalogue")
    status: Status = Field(default="completed", description="state of the activity")
    period: Period = Field(description="when")
    setting: Annotated[str, AfterValidator(SETTINGS.check)] = Field(description="where: home, field, phone, …")
    facility: Facility | None = Field(default=None, description="the place of care where it happened")
    persons: tuple[Person, ...] = Field(default=(), description="whom it concerns; empty for a group", repr=False)
    group: Group | None = Field(default=None, description="people who are not named one by one")
    topics: tuple[Annotated[str, AfterValidator(TOPICS.check)], ...] = Field(
        default=(), description="what was explained or discussed"
    )
    reasons: tuple[Annotated[str, AfterValidator(REASONS.check)], ...] = Field(default=(), description="why")
    barriers: tuple[Annotated[str, AfterValidator(BARRIERS.check)], ...] = Field(
        default=(), description="what stands between the person and care"
    )
    findings: Findings = Field(default=Findings(), description="what was learned")
    outcome: Annotated[str, AfterValidator(OUTCOMES.check)] | None = Field(
        default=None, description="what came of it"
    )
    referral: Referral | None = Field(default=None, description="a request that somebody else sees the person")
    case_plan: CasePlan | None = Field(default=None, description="the plan of the person's case")
    consent: Consent | None = Field(default=None, description="what the person allowed")
    case_id: LocalId | None = Field(default=None, description="the case that this belongs to", repr=False)
    follows: tuple[LocalId, ...] = Field(
        default=(), description="local ids of earlier activities that this one follows", repr=False
    )
    note: Text | None = Field(default=None, description="free text", repr=False)
    sensitivity: tuple[Sensitivity, ...] = Field(
        default=(), description="v3-ActCode sensitivity: derived; what is given can only add to it"
    )

    @model_validator(mode="before")
    @classmethod
    def _derive_sensitivity(cls, data: object) -> object:
        # Before validation, since the model is frozen; codes that are wrong are reported by their own fields.
        if isinstance(data, dict):
            given = data.get("sensitivity") or ()
            derived = _sensitivity(data)
            if isinstance(given, list | tuple) and derived - set(given):
                return {**data, "sensitivity": tuple(sorted({*given, *derived}))}
        return data

    @model_validator(mode="after")
    def _about_somebody(self) -> Activity:
        about = ACTIVITY_TYPES[self.type].about
        if bool(self.persons) == (self.group is not None):
            raise ValueError("an activity concerns either persons or a group")
        if (about == "person" and not self.persons) or (about == "group" and self.group is None):
            raise ValueError(f"an activity of this type concerns a {about}")
        if self.persons and self.persons[0].role != "subject":
            raise ValueError("the first person is the subject")
        return self

    @property
    def key(self) -> str:
        """Identity of the activity over all its versions; holds the local id, so it is never shown."""
        return f"{self.system}|{self.local_id}"

    @property
    def version_key(self) -> str:
        """Text that orders versions: greater is newer."""
        return f"{self.updated_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}/{self.version:010d}"

    @property
    def person_key(self) -> str | None:
        """Identity of the person whom it is about, or None for a group."""
        return person_key(self.persons[0], self.system) if self.persons else None

    def for_mapping(self) -> dict[str, Any]:
        """Return the activity as plain JSON data (the root of every mapping expression), with what derives from it.

        Derived: ``key``, ``class`` (v3-ActCode), ``person`` (the first person), ``key`` of every person, mediator,
        municipality, facility, group and case, and the keys of ``follows`` as ``followed``.
        """
        data = self.model_dump(mode="json", exclude_none=True)
        data["key"] = self.key
        data["class"] = encounter_class(self.type, self.setting)
        data["sensitivity"] = sorted(self.sensitivity)
        for person, source in zip(data["persons"], self.persons, strict=True):
            person["key"] = person_key(source, self.system)
        if data["persons"]:
            data["person"] = data["persons"][0]
        data["mediator"]["key"] = f"{self.municipality.code}|{self.mediator.local_id}"
        data["municipality"]["key"] = self.municipality.code
        for facility in (data.get("facility"), data.get("referral", {}).get("facility")):
            if facility:
                facility["key"] = f"{self.municipality.code}|{facility['local_id']}"
        if self.group is not None:
            data["group"]["key"] = f"{self.system}|{self.group.local_id}" if self.group.local_id else self.key
        if self.case_id is not None:
            data["case_key"] = f"{self.system}|{self.case_id}"
        data["followed"] = [f"{self.system}|{local_id}" for local_id in self.follows]
        return data


_STRONGEST_FIRST = ("egn", "lnch", "nhis-newborn", "passport")


def person_key(person: Person, system: str) -> str:
    """Return the identity of a person: the strongest national number, else the local id within its system."""
    numbers = {identifier.kind: identifier.value for identifier in person.identifiers}
    for kind in _STRONGEST_FIRST:
        if kind in numbers:
            return f"{kind}|{numbers[kind]}"
    return f"{system}|{person.local_id}"


def _sensitivity(data: dict[str, Any]) -> set[str]:
    """Return the sensitivity that the coded content of raw activity data implies."""

    def part(name: str) -> dict[str, Any]:
        value = data.get(name)
        return value.model_dump() if isinstance(value, Frozen) else value if isinstance(value, dict) else {}

    def words(values: object) -> tuple[object, ...]:
        return tuple(values) if isinstance(values, list | tuple) else ()

    findings, referral, plan = part("findings"), part("referral"), part("case_plan")
    tests = [test.get("kind") for test in words(findings.get("tests")) if isinstance(test, dict)]
    goals = [goal.get("code") for goal in words(plan.get("goals")) if isinstance(goal, dict)]
    steps = [step.get("type") for step in words(plan.get("steps")) if isinstance(step, dict)]
    used = (
        (TYPES, (data.get("type"), *steps)),
        (TOPICS, words(data.get("topics"))),
        (REASONS, (*words(data.get("reasons")), *words(referral.get("reasons")))),
        (BARRIERS, words(data.get("barriers"))),
        (DESTINATIONS, (referral.get("destination"),)),
        (TESTS, tests),
        (GOALS, goals),
    )
    found: set[str] = set()
    for vocabulary, codes in used:
        for code in codes:
            if isinstance(code, str) and code in vocabulary.terms:
                found.update(vocabulary.sensitivity(code))
    if findings.get("pregnancy"):
        found.add("SEX")
    return found


def rejected(error: ValidationError, *, place: str | None = None) -> RecordRejected:
    """Return what pydantic found as a rejection: field names and rules, never a value."""
    findings = []
    for finding in error.errors(include_url=False, include_input=False, include_context=False):
        path = ".".join(str(step) for step in finding["loc"])
        message = finding["msg"].removeprefix("Value error, ")
        findings.append(f"{path}: {message}" if path else message)
    return RecordRejected("; ".join(findings), code="invalid-activity", place=place)
