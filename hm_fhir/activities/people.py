"""People and places of an activity: person, group, mediator, municipality, facility."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    computed_field,
    field_validator,
    model_validator,
)
from stdnum.bg import egn, pnf
from stdnum.exceptions import ValidationError as NumberError

from hm_fhir.activities.vocabulary import DESTINATIONS, SPECIALTIES

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOUR = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*")
_EARLIEST_YEAR, LATEST_YEAR = 1900, 2199


def _printable(text: str) -> str:
    # A FHIR string has none of them (R4, datatypes.html#string); one would make a whole bundle unreadable.
    if _CONTROL.search(text):
        raise ValueError("a text holds a control character")
    return text


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_printable)]
LocalId = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
]
IdentifierKind = Literal["egn", "lnch", "nhis-newborn", "passport"]

NUMBERS = {"egn": egn, "lnch": pnf}
NUMBER_KINDS: tuple[str, ...] = get_args(IdentifierKind)
"""Kinds of national numbers, the strongest first."""


def _exact_date(value: object) -> object:
    # pydantic would also take a number, or a text of digits, as seconds since 1970: a column of the wrong kind must
    # not become a date.
    if (isinstance(value, str) and _DAY.fullmatch(value)) or isinstance(value, date):
        return value
    raise ValueError("a date is written YYYY-MM-DD")


def _exact_time(value: object) -> object:
    if (isinstance(value, str) and _TIME.fullmatch(value)) or isinstance(value, datetime):
        return value
    raise ValueError("a date-time is written YYYY-MM-DDThh:mm:ss with a time zone")


def _exact_hour(value: object) -> object:
    if (isinstance(value, str) and _HOUR.fullmatch(value)) or (isinstance(value, time) and value.tzinfo is None):
        return value
    raise ValueError("a time of day is written hh:mm")


def _plausible(moment: datetime) -> datetime:
    # Local systems write an absent time as the first or last one that they know; in UTC it does not even exist.
    if not _EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise ValueError(f"a date-time is between {_EARLIEST_YEAR} and {LATEST_YEAR}")
    return moment


def plausible_day(day: date) -> date:
    """Return a day on which somebody can have done something.

    Raises:
        ValueError: it is another one.
    """
    if not _EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise ValueError(f"a day is between {_EARLIEST_YEAR} and {LATEST_YEAR}")
    return day


Day = Annotated[date, BeforeValidator(_exact_date)]
Instant = Annotated[AwareDatetime, BeforeValidator(_exact_time), AfterValidator(_plausible)]
"""A date-time with a time zone."""
Hour = Annotated[time, BeforeValidator(_exact_hour)]
"""A time of day, as clocks show it where it counts; without a zone."""


def _system(name: str) -> str:
    # Keys are system|number: neither may be taken for a part, or for the kind of a national number.
    if "|" in name or name in NUMBER_KINDS:
        raise ValueError("the name of a system holds no | and is no kind of a national number")
    return name


SystemName = Annotated[LocalId, AfterValidator(_system)]


class Frozen(BaseModel):
    """Base of every part of an activity: frozen, no unknown fields, errors that never show what was given."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class PersonIdentifier(Frozen):
    """A national number of a person, always with its kind.

    EGN and LNCh are checked with their check digits (python-stdnum): a number can be plausible as both.
    """

    kind: IdentifierKind = Field(description="egn, lnch, nhis-newborn (temporary number of a newborn), passport")
    value: Text = Field(description="the number; digits only for EGN and LNCh", repr=False)

    @model_validator(mode="after")
    def _check_digit(self) -> PersonIdentifier:
        number = NUMBERS.get(self.kind)
        if number is not None:
            try:
                number.validate(self.value)
            except NumberError:
                raise ValueError(f"not a valid {self.kind.upper()} (length, date or check digit)") from None
            if not (self.value.isascii() and self.value.isdigit()):
                raise ValueError(f"an {self.kind.upper()} is written with digits only")
        return self


class PersonName(Frozen):
    """A name as the person uses it."""

    given: tuple[Text, ...] = Field(default=(), description="given and middle names, in order", repr=False)
    family: Text | None = Field(default=None, description="family name", repr=False)

    @model_validator(mode="after")
    def _not_empty(self) -> PersonName:
        if not self.given and not self.family:
            raise ValueError("a name needs a given or a family name")
        return self


class Address(Frozen):
    """Where a person lives or a place is. Place names repeat in Bulgaria, so the EKATTE code identifies."""

    ekatte: Annotated[str, StringConstraints(pattern=r"^\d{5}$")] | None = Field(
        default=None, description="EKATTE code of the settlement: 5 digits with leading zeros"
    )
    settlement: Text | None = Field(default=None, description="name of the settlement")
    district: Text | None = Field(default=None, description="neighbourhood", repr=False)
    line: Text | None = Field(default=None, description="street, number, entrance", repr=False)


class Person(Frozen):
    """A person whom an activity concerns. Ethnicity has no field on purpose."""

    local_id: LocalId | None = Field(
        default=None, description="number of the person in the local system, when it has one", repr=False
    )
    formerly: tuple[LocalId, ...] = Field(
        default=(),
        description="local ids in the same system under which the subject stood before: of local records that were"
        " merged into this one, or the own one when there was no national number yet",
        repr=False,
    )
    identifiers: tuple[PersonIdentifier, ...] = Field(default=(), description="national numbers", repr=False)
    name: PersonName | None = Field(default=None, description="name", repr=False)
    birth_date: Day | None = Field(
        default=None,
        validate_default=True,
        description="date of birth; taken from the EGN when absent",
        repr=False,
    )
    gender: Literal["male", "female", "other", "unknown"] | None = Field(
        default=None, description="administrative gender (FHIR)"
    )
    phone: Text | None = Field(default=None, description="telephone number", repr=False)
    address: Address | None = Field(default=None, description="residence", repr=False)
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")] | None = Field(
        default=None, description="preferred language (BCP 47)"
    )
    role: Literal["subject", "mother", "child", "partner", "relative", "contact"] = Field(
        default="subject", description="part in this activity; the first subject is whom it is about"
    )

    @field_validator("birth_date")
    @classmethod
    def _birth_date_from_egn(cls, birth_date: date | None, info: ValidationInfo) -> date | None:
        # The identifiers stand above, so they are checked by now.
        for identifier in info.data.get("identifiers", ()) if birth_date is None else ():
            if identifier.kind == "egn":
                found: date = egn.get_birth_date(identifier.value)
                return found
        return birth_date

    @model_validator(mode="after")
    def _consistent(self) -> Person:
        kinds = [identifier.kind for identifier in self.identifiers]
        if len(kinds) != len(set(kinds)):
            raise ValueError("two identifiers of one kind")
        if not self.identifiers and self.local_id is None:
            raise ValueError("a person needs a national number or a local id")
        if len(self.formerly) != len(set(self.formerly)):
            raise ValueError("two former local ids are the same")
        for identifier in self.identifiers:
            if identifier.kind == "egn" and egn.get_birth_date(identifier.value) != self.birth_date:
                raise ValueError("the date of birth differs from the one in the EGN")
        return self


class Group(Frozen):
    """Several people who are not named one by one (a health talk)."""

    local_id: LocalId | None = Field(default=None, description="number of the group in the local system", repr=False)
    size: Annotated[int, Field(ge=1, le=100_000)] = Field(description="how many people took part")
    women: Annotated[int, Field(ge=0)] | None = Field(default=None, description="how many of them are women")
    men: Annotated[int, Field(ge=0)] | None = Field(default=None, description="how many of them are men")
    children: Annotated[int, Field(ge=0)] | None = Field(default=None, description="how many are under 18")

    @model_validator(mode="after")
    def _adds_up(self) -> Group:
        if (self.women or 0) + (self.men or 0) > self.size or (self.children or 0) > self.size:
            raise ValueError("the parts of the group are more than the whole")
        return self


class Municipality(Frozen):
    """Employer of the mediator and owner of the local system."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}\d{2}$")] = Field(
        description="NSI code of the municipality, such as SFO39"
    )
    name: Text = Field(description="Bulgarian name")
    name_en: Text | None = Field(default=None, description="English name")
    ekatte: Annotated[str, StringConstraints(pattern=r"^\d{5}$")] | None = Field(
        default=None, description="EKATTE code of the seat"
    )
    mediators_may_order: tuple[Annotated[str, AfterValidator(DESTINATIONS.check)], ...] = Field(
        default=(),
        description="referral destinations for which a mediator's request is an order, not a proposal",
    )


class Facility(Frozen):
    """A place of care or service: practice, hospital, laboratory, office."""

    local_id: LocalId = Field(
        description="code of the facility in the local system or its practice number", repr=False
    )
    kind: Literal[
        "gp-practice",
        "specialist-practice",
        "hospital",
        "laboratory",
        "mobile-unit",
        "social-service",
        "office",
        "school",
    ] = Field(description="what kind of place")
    name: Text = Field(description="name of the place; often the name of a doctor", repr=False)
    ward: Text | None = Field(default=None, description="ward of a hospital")
    specialty: Annotated[str, AfterValidator(SPECIALTIES.check)] | None = Field(
        default=None, description="medical specialty of the practice, or of the ward when one is named"
    )
    address: Address | None = Field(default=None, description="where it is", repr=False)
    phone: Text | None = Field(default=None, description="telephone of the place", repr=False)


class ServiceArea(Frozen):
    """A settlement, or a neighbourhood of it, that a mediator serves."""

    ekatte: Annotated[str, StringConstraints(pattern=r"^\d{5}$")] = Field(
        description="EKATTE code of the settlement: 5 digits with leading zeros"
    )
    settlement: Text = Field(description="name of the settlement")
    district: Text | None = Field(default=None, description="neighbourhood; all of the settlement when absent")


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class WorkingHours(Frozen):
    """When a mediator can be met, on some days of the week, in local time."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = Field(description="days of the week")
    start: Hour = Field(description="begin, hh:mm")
    end: Hour = Field(description="end, hh:mm")

    @model_validator(mode="after")
    def _possible(self) -> WorkingHours:
        if len(self.days) != len(set(self.days)):
            raise ValueError("a day of the week stands twice")
        if self.end <= self.start:
            raise ValueError("working hours end after they begin")
        return self


class Mediator(Frozen):
    """The health mediator (national occupation code 3253 3001)."""

    local_id: LocalId = Field(description="number of the mediator at the municipality", repr=False)
    name: PersonName = Field(description="name of the mediator", repr=False)
    phone: Text | None = Field(default=None, description="work telephone", repr=False)
    areas: tuple[ServiceArea, ...] = Field(default=(), description="settlements and neighbourhoods that they serve")
    offices: tuple[Facility, ...] = Field(default=(), description="where they can be met", repr=False)
    hours: tuple[WorkingHours, ...] = Field(default=(), description="when they can be met")

    @model_validator(mode="after")
    def _consistent(self) -> Mediator:
        if any(office.kind != "office" for office in self.offices):
            raise ValueError("an office of a mediator is a facility of the kind office")
        if len({office.local_id for office in self.offices}) != len(self.offices):
            raise ValueError("an office stands twice")
        if len({(area.ekatte, area.district) for area in self.areas}) != len(self.areas):
            raise ValueError("a service area stands twice")
        return self

    @computed_field(description="always the national occupation code")  # type: ignore[prop-decorator]
    @property
    def occupation(self) -> str:
        """National occupation code of a health mediator."""
        return "3253 3001"


class Replaced(Frozen):
    """What stands for a person who is known by something stronger now; see `replaced`."""

    key: str = Field(description="identity of the person under it", repr=False)
    number: PersonIdentifier | None = Field(default=None, description="the national number that it is", repr=False)


def person_key(person: Person, system: str) -> str:
    """Return the identity of a person: the strongest national number, else the local id within its system."""
    strongest = next(iter(_by_strength(person)), None)
    return f"{system}|{person.local_id}" if strongest is None else f"{strongest.kind}|{strongest.value}"


def replaced(person: Person, system: str) -> tuple[Replaced, ...]:
    """Return the other identities under which a person can have stood before, the strongest first.

    These are the weaker national numbers, and the local ids that are named as former ones. The local id of a person
    with a national number is none by itself: it would double everybody.
    """
    weaker = [Replaced(key=f"{one.kind}|{one.value}", number=one) for one in _by_strength(person)[1:]]
    own = person_key(person, system)
    former = [Replaced(key=f"{system}|{local_id}") for local_id in person.formerly]
    return (*weaker, *(one for one in former if one.key != own))


def _by_strength(person: Person) -> list[PersonIdentifier]:
    return sorted(person.identifiers, key=lambda one: NUMBER_KINDS.index(one.kind))
