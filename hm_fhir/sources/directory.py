"""The directory of a municipality: who its mediators are, which facilities they name, and by which codes.

A YAML file::

    municipality: {code: SFO39, name: Самоков, name_en: Samokov, ekatte: "65231"}
    mediators:
      M1:
        given: [Мария]
        family: Примерова
        areas: [{ekatte: "65231", settlement: Самоков, district: Примерен квартал}]
        offices: [OFFICE]
        hours: [{days: [mon, tue], from: "08:30", to: "17:00"}]
    facilities:
      MBAL: {kind: hospital, name: Примерна болница}
      OFFICE: {kind: office, name: Кабинет на медиатора}

An office can also be written out where it is named: ``{local_id: OFFICE, name: Кабинет на медиатора}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from hm_fhir.activities.people import (
    Facility,
    Hour,
    LocalId,
    Mediator,
    Municipality,
    PersonName,
    ServiceArea,
    Text,
    Weekday,
    WorkingHours,
)
from hm_fhir.errors import MappingError, RecordRejected, SettingsError
from hm_fhir.mapping.files.problems import Problems
from hm_fhir.mapping.files.spec import read_spec
from hm_fhir.mapping.files.yaml_file import YamlDocument, read_yaml


class HoursLine(BaseModel):
    """Working hours as the file says them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    days: tuple[Weekday, ...] = Field(min_length=1, description="mon, tue, wed, thu, fri, sat, sun")
    since: Hour = Field(alias="from", description="begin, hh:mm")
    to: Hour = Field(description="end, hh:mm")


class OfficeLine(Facility):
    """An office that is written out where a mediator names it."""

    @model_validator(mode="before")
    @classmethod
    def _is_an_office(cls, line: Any) -> Any:
        return {"kind": "office", **line} if isinstance(line, dict) else line


Office = Annotated[
    Annotated[LocalId, Tag("code")] | Annotated[OfficeLine, Tag("office")],
    Discriminator(lambda line: "code" if isinstance(line, str) else "office"),
]


class MediatorLine(PersonName):
    """One mediator of the file; the key of the line is the number at the municipality."""

    phone: Text | None = Field(default=None, description="work telephone", repr=False)
    areas: tuple[ServiceArea, ...] = Field(default=(), description="settlements and neighbourhoods that they serve")
    offices: tuple[Office, ...] = Field(
        default=(), description="where they can be met: codes of facilities of the kind office, or the office itself"
    )
    hours: tuple[HoursLine, ...] = Field(default=(), description="when they can be met: days, from, to (hh:mm)")


class DirectoryFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    municipality: Municipality = Field(description="the municipality")
    mediators: dict[LocalId, MediatorLine] = Field(description="mediators by their number")
    facilities: dict[str, Facility] = Field(
        default_factory=dict, description="kind, name, ward, address and phone of each facility, by local code"
    )

    @field_validator("facilities", mode="before")
    @classmethod
    def _code_is_the_key(cls, lines: Any) -> Any:
        if not isinstance(lines, dict):
            return lines
        return {code: {**line, "local_id": code} if isinstance(line, dict) else line for code, line in lines.items()}


class Directory:
    """Municipality, mediators and facilities by their local codes.

    Args:
        path: the YAML file.

    Attributes:
        municipality: the municipality.
        mediators: by their number.
        facilities: by their code, with the offices that stand with mediators.

    Raises:
        MappingErrors: it is missing or not written as it has to be: all mistakes, each with file:line:column.
        SettingsError: a mediator contradicts itself or others.
    """

    mediators: Mapping[str, Mediator]
    facilities: Mapping[str, Facility]

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._document, content = _read(path)
        self.municipality = content.municipality
        self._check_areas(content)
        facilities = dict(content.facilities)
        for number, line in content.mediators.items():
            for position, office in enumerate(line.offices):
                if isinstance(office, OfficeLine):
                    known = facilities.setdefault(office.local_id, Facility(**dict(office)))
                    if dict(known) != dict(office):
                        what = "writes out an office that stands elsewhere, differently"
                        raise self._wrong(number, what, "offices", position)
        self.facilities = MappingProxyType(facilities)
        self.mediators = MappingProxyType(
            {number: self._mediator(number, line) for number, line in content.mediators.items()}
        )

    def _check_areas(self, content: DirectoryFile) -> None:
        # One service area for all its mediators: two names would take turns at the receiver.
        names: dict[str, str] = {}
        for number, line in content.mediators.items():
            for position, area in enumerate(line.areas):
                if names.setdefault(area.ekatte, area.settlement) != area.settlement:
                    what = f"calls the settlement {area.ekatte} otherwise than a line before: it has two names"
                    raise self._wrong(number, what, "areas", position, "settlement")

    def _mediator(self, number: str, line: MediatorLine) -> Mediator:
        offices = []
        for position, office in enumerate(line.offices):
            code = office.local_id if isinstance(office, OfficeLine) else office
            found = self.facilities.get(code)
            if found is None:
                raise self._wrong(
                    number, f"has the office {code!r}, and no facility has this code", "offices", position
                )
            offices.append(found)
        hours = []
        for position, one in enumerate(line.hours):
            try:
                hours.append(WorkingHours(days=one.days, start=one.since, end=one.to))
            except ValidationError as error:
                raise self._wrong(number, _said(error), "hours", position) from None
        try:
            return Mediator(
                local_id=number,
                name=PersonName(given=line.given, family=line.family),
                phone=line.phone,
                areas=line.areas,
                offices=tuple(offices),
                hours=tuple(hours),
            )
        except ValidationError as error:
            raise self._wrong(number, _said(error)) from None

    def _wrong(self, number: str, what: str, *steps: str | int) -> SettingsError:
        return SettingsError(
            f"the mediator {number!r} {what}",
            code="directory",
            place=self._document.place(("mediators", number, *steps), key=not steps),
            fix="correct the line of the mediator",
        )

    def mediator(self, number: str) -> Mediator:
        """Return the mediator with this number.

        Raises:
            RecordRejected: nobody has it.
        """
        found = self.mediators.get(number)
        if found is None:
            raise self._unknown("mediator")
        return found

    def facility(self, code: str) -> Facility:
        """Return the facility with this local code.

        Raises:
            RecordRejected: none has it.
        """
        found = self.facilities.get(code)
        if found is None:
            raise self._unknown("facility")
        return found

    def _unknown(self, what: str) -> RecordRejected:
        return RecordRejected(
            f"the {what} is not in the directory", code=f"unknown-{what}", fix=f"add it to {self._name}"
        )


def _said(error: ValidationError) -> str:
    return f"is wrong: {error.errors(include_url=False, include_input=False)[0]['msg'].removeprefix('Value error, ')}"


def _read(path: Path) -> tuple[YamlDocument, DirectoryFile]:
    """Return a file and its content.

    Raises:
        MappingErrors: all mistakes; without their lines, which hold names and telephones of mediators.
    """
    problems = Problems()
    content = None
    try:
        document = read_yaml(path)
    except MappingError as error:
        problems.add(error)
    else:
        content = read_spec(DirectoryFile, document, problems.at(document))
    for mistake in problems.errors:
        mistake.excerpt = None
    problems.raise_all()
    assert content is not None  # noqa: S101 - for the type checker; otherwise there were mistakes
    return document, content
