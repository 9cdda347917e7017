"""``sample.yaml``: what a municipality's sample tells, and how its local system writes it down."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from hm_fhir.mapping.files.problems import Problems
from hm_fhir.mapping.files.spec import Name, NotEmpty, read_spec
from hm_fhir.mapping.files.yaml_file import YamlDocument, read_yaml
from hm_fhir.sources.fields.spec import NumberKind

FIELDS, DIRECTORY, SAMPLE = "fields.yaml", "directory.yaml", "sample.yaml"
"""The files of a municipality."""

_WITH_TIMES_OF_THEIR_OWN = ("kobo", "odk", "dhis2")

_EKATTE = re.compile(r"[0-9]{5}")

Percent = Annotated[int, Field(ge=0, le=100)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Days(_Part):
    """The time of the story."""

    first: date = Field(default=date(2026, 1, 5), description="first day")
    last: date = Field(
        default=date(2026, 3, 31), description="last day; the second phase is in the two weeks after it"
    )

    @model_validator(mode="after")
    def _long_enough(self) -> Days:
        if (self.last - self.first).days < 60:
            raise ValueError("a story takes at least 60 days")
        return self


class Ids(_Part):
    """How the local system counts: ``{number:04}``, ``{year}``, ``{uuid}``, ``{uid}`` (as DHIS2)."""

    activity: NotEmpty = Field(default="A-{number:05}", description="local ids of activities")
    person: NotEmpty = Field(default="P-{number:05}", description="local ids of people")
    case: NotEmpty = Field(default="C-{number:04}", description="local ids of cases")
    group: NotEmpty = Field(default="G-{number:04}", description="local ids of groups")
    stay: NotEmpty = Field(default="S-{number:05}", description="numbers of stays in hospital")


def _ekatte(text: str) -> str:
    if not _EKATTE.fullmatch(text):
        raise PydanticCustomError("ekatte", "must be an EKATTE code: five digits")
    return text


def _each_once(kinds: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(kinds)) < len(kinds):
        raise PydanticCustomError("twice", "has the same kind twice")
    return kinds


class Place(_Part):
    """A settlement, or a part of one, in which people live."""

    settlement: NotEmpty = Field(description="name of the settlement")
    ekatte: Annotated[str, AfterValidator(_ekatte)] | None = Field(default=None, description="its EKATTE code")
    district: NotEmpty | None = Field(default=None, description="neighbourhood")


class People(_Part):
    """Who has which number, where people live, and how the local system keeps people."""

    lnch: Percent = Field(default=8, description="percent who have an LNCh")
    passport: Percent = Field(default=2, description="percent who have a passport")
    none: Percent = Field(default=5, description="percent who have no number; the form needs persons.local_id")
    newborns: Annotated[tuple[NumberKind, ...], Field(max_length=2), AfterValidator(_each_once)] = Field(
        default=("nhis-newborn", "egn"),
        description="numbers of a newborn: the first at birth, the second some days later; without any the form needs"
        " persons.local_id",
    )
    places: tuple[Place, ...] = Field(
        default=(), description="where people live; none: the areas of the mediators in the directory, else its seat"
    )
    kept: Literal["with-activities", "once"] = Field(
        default="with-activities",
        description="with every activity as the person was then, or once for all activities as the person is now",
    )


class SampleSpec(_Part):
    """The whole file."""

    sample: Name = Field(description="name of the sample")
    system: Name = Field(description="kind of local system that holds it: a module of hm_fhir.testing.local_systems")
    options: dict[str, Any] = Field(default={}, description="keywords of the local system")
    days: Days = Field(default=Days(), description="time of the story")
    activities: int = Field(default=330, ge=1, le=1_000_000, description="at least so many activities in phase one")
    times: Percent = Field(default=100, description="percent of visits whose time of day is written down")
    ids: Ids = Field(default=Ids(), description="how the local system counts")
    types: dict[str, int] | None = Field(default=None, description="weight of each activity type; none: all alike")
    carries: dict[str, bool | int | str] | None = Field(
        default=None, description="path of the activity -> true, at most so many, or a code table; none: everything"
    )
    derives: dict[str, Any] = Field(
        default={}, description="path -> FPML on the activity that is left, for what the form cannot tell apart"
    )
    people: People = Field(default=People(), description="who has which number, and where people live")
    again: Literal["repeated", "newer"] | None = Field(
        default=None,
        description="what saving a document again without a change is: nothing new, or a newer version, because the"
        " product itself says when it was changed, of all that is in it (kobo, odk, dhis2; none: as these do)",
    )
    deletion: Literal["document", "status", "none"] = Field(
        default="document", description="how something is deleted: the document; a status in it; never"
    )
    document: NotEmpty = Field(default="local_id", description="FHIRPath: key of the document in the local system")
    spellings: Percent = Field(
        default=0, description="percent of code words in another case, or another word for the code"
    )
    defects: dict[str, NotEmpty | None] = Field(
        default={},
        description="name of a defect -> code of its rejection, where it is another; null: the form cannot have it",
    )
    native: dict[str, Any] = Field(description="FPML: the document of the local system; root: the activity")


def saving_is_editing(spec: SampleSpec) -> bool:
    """Return whether a document that is saved again without a change is a newer version."""
    return spec.again == "newer" if spec.again is not None else spec.system in _WITH_TIMES_OF_THEIR_OWN


def read_sample(folder: Path) -> tuple[SampleSpec, YamlDocument]:
    """Return the sample file of a folder, and where its parts stand.

    Raises:
        MappingErrors: all mistakes, each with file:line:column and what to do.
    """
    problems = Problems()
    document = read_yaml(folder / SAMPLE)
    spec = read_spec(SampleSpec, document, problems.at(document))
    problems.raise_all()
    assert spec is not None  # noqa: S101 - for the type checker; otherwise there were mistakes
    return spec, document
