"""The directory of a municipality: who its mediators are, which facilities they name, and by which codes.

A YAML file::

    municipality: {code: SFO39, name: Самоков, name_en: Samokov, ekatte: "65231"}
    mediators:
      M1: {given: [Мария], family: Примерова}
    facilities:
      MBAL: {kind: hospital, name: Примерна болница}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from hm_fhir.activities.people import Facility, LocalId, Mediator, Municipality, PersonName, Text
from hm_fhir.config import settings_error
from hm_fhir.errors import RecordRejected
from hm_fhir.mapping.files.yaml_file import read_yaml


class MediatorLine(PersonName):
    """One mediator of the file; the key of the line is the number at the municipality."""

    phone: Text | None = Field(default=None, description="work telephone", repr=False)


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

    Raises:
        SettingsError: it is missing or wrong.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            content = DirectoryFile.model_validate(read_yaml(path).value)
        except ValidationError as error:
            raise settings_error(error, DirectoryFile, place=str(path)) from None
        self.municipality = content.municipality
        self._mediators = {
            number: Mediator(local_id=number, name=PersonName(given=line.given, family=line.family), phone=line.phone)
            for number, line in content.mediators.items()
        }
        self._facilities = content.facilities

    def mediator(self, number: str) -> Mediator:
        """Return the mediator with this number.

        Raises:
            RecordRejected: nobody has it.
        """
        found = self._mediators.get(number)
        if found is None:
            raise self._unknown("mediator")
        return found

    def facility(self, code: str) -> Facility:
        """Return the facility with this local code.

        Raises:
            RecordRejected: none has it.
        """
        found = self._facilities.get(code)
        if found is None:
            raise self._unknown("facility")
        return found

    def _unknown(self, what: str) -> RecordRejected:
        return RecordRejected(
            f"the {what} is not in the directory", code=f"unknown-{what}", fix=f"add it to {self._name}"
        )
