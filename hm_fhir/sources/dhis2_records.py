"""An event of DHIS2 as a flat record: what the event says of itself, then attributes and data values by their names.

Source of the shapes: dhis2/dhis2-docs (GFDL, read only), ``src/developer/web-api/tracker.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from hm_fhir.errors import SettingsError
from hm_fhir.sources.dhis2_server import Program, Row

OF_EVENTS: Final = (
    "event",
    "status",
    "program",
    "programStage",
    "orgUnit",
    "orgUnitName",
    "occurredAt",
    "scheduledAt",
    "completedAt",
    "createdAt",
    "createdAtClient",
    "updatedAt",
    "updatedAtClient",
    "changedAt",
    "followUp",
    "attributeOptionCombo",
    "attributeCategoryOptions",
    "enrollment",
    "enrollmentStatus",
    "enrollmentOrgUnit",
    "enrolledAt",
    "enrollmentOccurredAt",
    "trackedEntity",
    "trackedEntityOrgUnit",
)
"""Names that records have beside those of attributes and data elements."""
ONLY_WANTED: Final = (
    "storedBy",
    "completedBy",
    "createdBy",
    "updatedBy",
    "assignedUser",
    "notes",
    "geometry",
)
"""Names that they have only when they are asked for: people who write, free text, places."""
_OF_RECORDS: Final = frozenset((*OF_EVENTS, *ONLY_WANTED))
_DAYS: Final = ("occurredAt", "scheduledAt", "enrolledAt", "enrollmentOccurredAt")
"""Times that people give as a day; midnight stands for no time."""


class Names:
    """What attributes and data elements are called in records.

    Args:
        program: of which.
        by: their codes, or their UIDs; what has no code keeps its UID.
        place: what messages say.

    Raises:
        SettingsError: two have one name.
    """

    def __init__(self, program: Program, by: Literal["code", "uid"], place: str) -> None:
        codes = {**program.attributes, **program.elements}
        self._by_code = by == "code"
        self._names = {uid: code if code and self._by_code else uid for uid, code in codes.items()}
        self.without_code = sum(not code for code in codes.values()) if self._by_code else 0
        taken = set(_OF_RECORDS)
        for name in self._names.values():
            if name in taken:
                raise SettingsError(
                    f"{name!r} is the name of two columns",
                    code="ambiguous-column",
                    place=place,
                    fix='write names = "uid" in the settings of this source',
                )
            taken.add(name)

    def columns(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Return the columns that records can have: all of the program, and those of events that are wanted."""
        own = [name for name in wanted if name.split(".")[0] in _OF_RECORDS]
        return (*dict.fromkeys(own), *self._names.values())

    def name(self, uid: str, code: Any) -> str:
        """Return the name of an attribute or data element.

        Args:
            uid: of it.
            code: that the answer tells, if it does.
        """
        known = self._names.get(uid)
        if known is not None:
            return known
        return code if self._by_code and isinstance(code, str) and code else uid


def values_of(
    event: Row, entity: Row | None, *, names: Names, zone: ZoneInfo, changed: str, wanted: frozenset[str]
) -> dict[str, Any]:
    """Return the values of one record.

    Args:
        event: as the server gives it.
        entity: the tracked entity with its enrolments, if the event has one.
        names: of attributes and data elements.
        zone: of the server.
        changed: latest change of anything in the record, as the server writes times.
        wanted: which of `ONLY_WANTED`.
    """
    values = {key: event[key] for key in (*OF_EVENTS, *wanted) if key in event}
    values["followUp"] = bool(event.get("followUp", event.get("followup")))
    values["changedAt"] = changed
    enrollment = enrollment_of(event, entity) or {}
    values["enrollmentStatus"] = enrollment.get("status")
    values["enrollmentOrgUnit"] = enrollment.get("orgUnit")
    values["enrolledAt"] = enrollment.get("enrolledAt")
    values["enrollmentOccurredAt"] = enrollment.get("occurredAt")
    values["trackedEntityOrgUnit"] = (entity or {}).get("orgUnit")
    for key, value in values.items():
        if isinstance(value, str) and (key.endswith("At") or key.endswith("AtClient")):
            values[key] = _time(value, zone, is_day=key in _DAYS)
    values = {key: value for key, value in values.items() if value is not None and value != []}
    for attribute in attributes_of(event, entity):
        values[names.name(str(attribute.get("attribute")), attribute.get("code"))] = attribute.get("value")
    for element in event.get("dataValues") or []:
        values[names.name(str(element.get("dataElement")), None)] = element.get("value")
    return values


def enrollment_of(event: Row, entity: Row | None) -> Row | None:
    """Return the enrolment that an event belongs to."""
    enrollments: list[Row] = (entity or {}).get("enrollments") or []
    return next((one for one in enrollments if one.get("enrollment") == event.get("enrollment")), None)


def attributes_of(event: Row, entity: Row | None) -> Iterator[Row]:
    """Yield the attributes of the person of an event: first those of the person, then those of the program."""
    yield from (entity or {}).get("attributes") or []
    yield from (enrollment_of(event, entity) or {}).get("attributes") or []


def changed_around(entity: Row | None, enrollment: Row | None) -> str:
    """Return when something around the events of an enrolment changed last, or "".

    A change of the enrolment or of the person that none of their parts explains is a change of their own: a status, a
    value that was taken away.

    Args:
        entity: the tracked entity, with at least the times of its events; None where nobody may see it.
        enrollment: one of its enrolments.
    """
    if entity is None:
        return ""
    of_person: list[Row] = entity.get("attributes") or []
    enrollments: list[Row] = entity.get("enrollments") or []
    parts = [part for one in enrollments for part in (one, *_parts(one))]
    times = [_own_change(entity, [*of_person, *parts]), *map(_updated, of_person)]
    if enrollment is not None:
        of_program: list[Row] = enrollment.get("attributes") or []
        times += [_own_change(enrollment, _parts(enrollment)), *map(_updated, of_program)]
    return max(times)


def events_of(entity: Row) -> Iterator[tuple[Row, str]]:
    """Yield the events inside a tracked entity as they are by themselves, and what `changed_around` says of them."""
    for enrollment in entity.get("enrollments") or []:
        around = {
            "program": enrollment.get("program"),
            "enrollment": enrollment.get("enrollment"),
            "trackedEntity": entity["trackedEntity"],
        }
        changed = changed_around(entity, enrollment)
        for event in enrollment.get("events") or []:
            yield {**around, **event}, changed


def _parts(enrollment: Row) -> list[Row]:
    return [*(enrollment.get("attributes") or []), *(enrollment.get("events") or [])]


def _own_change(whole: Row, parts: Iterable[Row]) -> str:
    time = _updated(whole)
    return time if time > max(map(_updated, parts), default="") else ""


def _updated(part: Row) -> str:
    return str(part.get("updatedAt") or "")


def is_deleted(event: Row, entity: Row | None) -> bool:
    """Return whether an event, its enrolment or its person is deleted."""
    parts: tuple[Mapping[str, Any], ...] = (event, enrollment_of(event, entity) or {}, entity or {})
    return any(part.get("deleted") is True for part in parts)


def _time(text: str, zone: ZoneInfo, *, is_day: bool) -> str:
    """Return a time with the offset of its zone; a day where only a day was meant."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text  # told where the field is read
    if is_day and time.time().isoformat() == "00:00:00":
        return time.date().isoformat()
    aware = time if time.tzinfo else time.replace(tzinfo=zone)
    return aware.isoformat(timespec="milliseconds")
