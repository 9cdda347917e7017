"""The activity: one thing that a mediator did or plans, as recorded locally.

Everything is frozen; unknown fields are errors; a date-time has a time zone; no error message holds a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hm_fhir.activities.catalogue import ACTIVITY_TYPES, TYPES, encounter_class
from hm_fhir.activities.findings import CasePlan, Findings, Referral
from hm_fhir.activities.papers import Consent, Document
from hm_fhir.activities.people import (
    Day,
    Facility,
    Frozen,
    Group,
    Instant,
    LocalId,
    Mediator,
    Municipality,
    Person,
    SystemName,
    Text,
    person_key,
    plausible_day,
    replaced,
)
from hm_fhir.activities.vocabulary import (
    BARRIERS,
    DESTINATIONS,
    GOALS,
    OUTCOMES,
    REASONS,
    SETTINGS,
    SPECIALTIES,
    TESTS,
    TOPICS,
    Vocabulary,
)
from hm_fhir.errors import RecordRejected, did_you_mean, known_fields

Status = Literal["planned", "in-progress", "completed", "cancelled", "not-done", "entered-in-error"]
Sensitivity = Literal["STD", "HIV", "SEX", "SDV"]

_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
_DAY: TypeAdapter[date] = TypeAdapter(Day)
_DAY_LENGTH = len("YYYY-MM-DD")


def _moment(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and len(value) > _DAY_LENGTH):
        return _INSTANT.validate_python(value)
    if isinstance(value, date | str):
        return plausible_day(_DAY.validate_python(value))
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

    system: SystemName = Field(description="name of the local system; with local_id the identity of the activity")
    local_id: LocalId = Field(description="id in the local system, stable over corrections", repr=False)
    updated_at: Instant = Field(description="when this version was recorded; decides what is newer")
    version: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        default=0, description="version number, where the system has one; decides between equal updated_at"
    )
    municipality: Municipality = Field(description="employer of the mediator")
    mediator: Mediator = Field(description="who did it")
    type: Annotated[str, AfterValidator(TYPES.check)] = Field(description="activity type of the catalogue")
    status: Status = Field(default="completed", description="state of the activity")
    period: Period = Field(description="when")
    setting: Annotated[str, AfterValidator(SETTINGS.check)] = Field(description="where: home, field, phone, …")
    facility: Facility | None = Field(default=None, description="the place of care where it happened", repr=False)
    hospital_stay: LocalId | None = Field(
        default=None,
        description="number of the person's stay in the hospital (facility), as the hospital counts",
        repr=False,
    )
    persons: tuple[Person, ...] = Field(default=(), description="whom it concerns; empty for a group", repr=False)
    group: Group | None = Field(default=None, description="people who are not named one by one")
    topics: tuple[Annotated[str, AfterValidator(TOPICS.check)], ...] = Field(
        default=(), description="what was explained or discussed"
    )
    reasons: tuple[Annotated[str, AfterValidator(REASONS.check)], ...] = Field(default=(), description="why")
    barriers: tuple[Annotated[str, AfterValidator(BARRIERS.check)], ...] = Field(
        default=(), description="what stands between the person and care"
    )
    findings: Findings = Field(default=Findings(), description="what was learned", repr=False)
    outcome: Annotated[str, AfterValidator(OUTCOMES.check)] | None = Field(
        default=None, description="what came of it"
    )
    referral: Referral | None = Field(
        default=None, description="a request that somebody else sees the person", repr=False
    )
    case_plan: CasePlan | None = Field(default=None, description="the plan of the person's case", repr=False)
    consent: Consent | None = Field(default=None, description="what the person allowed", repr=False)
    documents: tuple[Document, ...] = Field(default=(), description="papers that were dealt with")
    case_id: LocalId | None = Field(default=None, description="the case that this belongs to", repr=False)
    fulfils: tuple[LocalId, ...] = Field(
        default=(), description="local ids of earlier referrals that this one carries out", repr=False
    )
    follows: tuple[LocalId, ...] = Field(
        default=(), description="local ids of earlier activities that this one follows", repr=False
    )
    note: Text | None = Field(default=None, description="free text", repr=False)
    sensitivity: tuple[Sensitivity, ...] = Field(
        default=(),
        validate_default=True,
        description="v3-ActCode sensitivity: derived; what is given can only add to it",
    )

    @field_validator("sensitivity")
    @classmethod
    def _derive_sensitivity(cls, given: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        # This field stands last, so all others are checked by now.
        return tuple(sorted({*given, *_sensitivity(info.data)}))

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

    @model_validator(mode="after")
    def _about_people_who_are_born(self) -> Activity:
        # An EGN of another century can have a right check digit; a day is for time zones.
        latest = self.updated_at.date() + timedelta(days=1)
        if any(person.birth_date and person.birth_date > latest for person in self.persons):
            raise ValueError("a person is born after this was recorded")
        return self

    @model_validator(mode="after")
    def _facts_are_of_the_past(self) -> Activity:
        # What is entered in error can be wrong in this, too; a day is for time zones.
        latest = self.updated_at.date() + timedelta(days=1)
        if self.status == "entered-in-error":
            return self
        if any(day > latest for day in self._days_of_facts() if day is not None):
            raise ValueError("a finding or decision has a day after this was recorded")
        return self

    def _days_of_facts(self) -> Iterator[date | None]:
        found = self.findings
        yield from (test.done_on for test in found.tests)
        yield from (one.given_on for one in found.immunisations)
        for condition in found.conditions:
            yield from (condition.onset, condition.ended_on)
        if found.pregnancy is not None:
            yield from (found.pregnancy.last_menstrual_period, found.pregnancy.ended_on)
        if self.consent is not None:
            yield self.consent.on

    @model_validator(mode="after")
    def _of_a_person(self) -> Activity:
        if self.group is not None and (self.findings != Findings() or self.case_plan is not None):
            raise ValueError("findings and a case plan are of a person, not of a group")
        if self.consent is not None and self.consent.by not in {person.role for person in self.persons}:
            raise ValueError("a consent is of a person of the activity")
        if self.hospital_stay is not None and (self.facility is None or self.facility.kind != "hospital"):
            raise ValueError("a stay in hospital needs the hospital")
        if self.hospital_stay is not None and self.group is not None:
            raise ValueError("a stay in hospital is of a person, not of a group")
        return self

    @property
    def key(self) -> str:
        """Identity of the activity over all its versions; holds the local id, so it is never shown."""
        return f"{self.system}|{self.local_id}"

    def told_until(self, zone: tzinfo) -> datetime:
        """Return the latest moment that it tells of: of its period, its findings, its consent, the births of people.

        Args:
            zone: in which days begin.
        """
        births = (person.birth_date for person in self.persons)
        told = (self.period.start, self.period.end, *self._days_of_facts(), *births)
        return max(
            one if isinstance(one, datetime) else datetime.combine(one, time(), zone)
            for one in told
            if one is not None
        )

    @property
    def version_key(self) -> str:
        """Text that orders versions: greater is newer."""
        return f"{self.updated_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}/{self.version:019d}"

    @property
    def person_key(self) -> str | None:
        """Identity of the person whom it is about, or None for a group."""
        return person_key(self.persons[0], self.system) if self.persons else None

    def for_mapping(self) -> dict[str, Any]:
        """Return the activity as plain JSON data (the root of every mapping expression), with what derives from it.

        Derived: ``key``, ``class`` (v3-ActCode), ``person`` (the first person), ``key`` of every person, mediator,
        municipality, facility, service area, group and case, the weaker identities of every person as ``replaced``,
        and the keys of ``fulfils`` and ``follows`` as ``fulfilled`` and ``followed``.
        """
        data = self.model_dump(mode="json", exclude_none=True)
        data["key"] = self.key
        data["class"] = encounter_class(
            self.type,
            self.setting,
            in_ward=self.facility is not None and self.facility.ward is not None,
            admitted=self.hospital_stay is not None,
        )
        # Once more: model_copy() changes fields without any check.
        data["sensitivity"] = sorted({*self.sensitivity, *_sensitivity(dict(self))})
        for person, source in zip(data["persons"], self.persons, strict=True):
            person["key"] = person_key(source, self.system)
            person["replaced"] = [
                one.model_dump(mode="json", exclude_none=True) for one in replaced(source, self.system)
            ]
        if data["persons"]:
            data["person"] = data["persons"][0]
        mediator = data["mediator"]
        mediator["key"] = f"{self.municipality.code}|{self.mediator.local_id}"
        for area in mediator["areas"]:
            # It begins with no code of a municipality, so no facility can have this key.
            area["key"] = f"area|{self.municipality.code}|{area['ekatte']}|{area.get('district', '')}"
        data["municipality"]["key"] = self.municipality.code
        tested_at = [test.get("facility") for test in data["findings"]["tests"]]
        places = (data.get("facility"), data.get("referral", {}).get("facility"), *tested_at, *mediator["offices"])
        for facility in places:
            if facility:
                facility["key"] = f"{self.municipality.code}|{facility['local_id']}"
        if self.group is not None:
            # A group without a number is of this activity alone, whatever numbers other groups have.
            number = self.group.local_id
            data["group"]["key"] = f"{self.system}|{number}" if number else f"{self.key}|group"
        if self.case_id is not None:
            data["case_key"] = f"{self.system}|{self.case_id}"
        data["fulfilled"] = [f"{self.system}|{local_id}" for local_id in self.fulfils]
        data["followed"] = [f"{self.system}|{local_id}" for local_id in self.follows]
        return data


def _sensitivity(checked: Mapping[str, Any]) -> set[str]:
    """Return the sensitivity that the content of checked fields implies; a field that is wrong is absent."""
    findings: Findings = checked.get("findings") or Findings()
    referral: Referral | None = checked.get("referral")
    plan: CasePlan | None = checked.get("case_plan")
    used: list[tuple[Vocabulary, Iterable[str]]] = [
        (TYPES, [checked["type"]] if "type" in checked else []),
        (TOPICS, checked.get("topics", ())),
        (REASONS, checked.get("reasons", ())),
        (BARRIERS, checked.get("barriers", ())),
        (TESTS, [test.kind for test in findings.tests]),
    ]
    places = [checked.get("facility"), referral and referral.facility, *(test.facility for test in findings.tests)]
    used.append((SPECIALTIES, [place.specialty for place in places if place and place.specialty]))
    if referral is not None:
        used += [(DESTINATIONS, [referral.destination]), (REASONS, referral.reasons)]
    if plan is not None:
        used += [(GOALS, [goal.code for goal in plan.goals]), (TYPES, [step.type for step in plan.steps])]
    found = {one for vocabulary, codes in used for code in codes for one in vocabulary.sensitivity(code)}
    if findings.pregnancy is not None:
        found.add("SEX")
    if findings.conditions:
        found.add("STD")  # every condition that can be reported is syphilis
    return found


def rejected(error: ValidationError, *, place: str | None = None) -> RecordRejected:
    """Return what pydantic found as a rejection: field names and rules, never a value."""
    findings = []
    for finding in error.errors(include_url=False, include_input=False, include_context=False):
        steps, message = list(finding["loc"]), finding["msg"].removeprefix("Value error, ")
        if finding["type"] == "extra_forbidden":
            # Its name is not ours: in a table without headings it is a value.
            unknown = str(steps.pop())
            message = f"unknown field; {did_you_mean(unknown, known_fields(Activity, steps))}"
        path = ".".join(str(step) for step in steps)
        findings.append(f"{path}: {message}" if path else message)
    return RecordRejected("; ".join(findings), code="invalid-activity", place=place)
