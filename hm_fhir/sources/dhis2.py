"""DHIS2 tracker: the events of a program, each with its enrolment and the attributes of its person, as one record.

Two feeds are read by ``updatedAt``, one after the other: events, then tracked entities, since a new number of a
person changes no event. A person whose attributes changed gives all events again, with the later ``changedAt``.

Times of the server have no zone. They are read in the zone that it says it has; the next reading begins more than an
hour before the last change, so that the hour that comes twice in autumn loses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field, StringConstraints, model_validator

from hm_fhir.http.auth import Auth
from hm_fhir.http.client import HttpReader
from hm_fhir.http.options import HttpOptions
from hm_fhir.sources.base import Headings, Item, ReaderKind, Record, Remark, SourceContext
from hm_fhir.sources.cursor import Bookmark
from hm_fhir.sources.dhis2_records import (
    OF_EVENTS,
    ONLY_WANTED,
    Names,
    changed_around,
    enrollment_of,
    events_of,
    is_deleted,
    values_of,
)
from hm_fhir.sources.dhis2_server import Dhis2Server, Row, earlier

Uid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]{10}$")]
EventStatus = Literal["ACTIVE", "COMPLETED", "VISITED", "SCHEDULE", "OVERDUE", "SKIPPED"]
_BEFORE_ALL = "1970-01-01T00:00:00.000"
OrgUnitMode = Literal["SELECTED", "CHILDREN", "DESCENDANTS", "ACCESSIBLE", "CAPTURE", "ALL"]


class Dhis2Options(HttpOptions):
    """Settings of a tracker or event program in DHIS2 (2.38 or newer)."""

    auth: Auth = Field(description="who we are: a personal access token (`token`), or user and password (`basic`)")
    program: Uid = Field(description="UID of the program")
    program_stages: tuple[Uid, ...] = Field(default=(), description="UIDs of the stages to read; all if empty")
    statuses: tuple[EventStatus, ...] = Field(
        default=("ACTIVE", "VISITED", "COMPLETED"),
        description="events that are read; one in another status, such as SCHEDULE, counts as deleted",
    )
    names: Literal["code", "uid"] = Field(
        default="code", description="what columns are called: code of the attribute or data element, or its UID"
    )
    org_unit: Uid | None = Field(default=None, description="UID of the organisation unit to read")
    org_unit_mode: OrgUnitMode | None = Field(
        default=None,
        description="which units count; DESCENDANTS (the unit and all below) with org_unit, else ACCESSIBLE (all "
        "that the user may search)",
    )
    overlap_seconds: Annotated[int, Field(ge=0, le=86_400)] = Field(
        default=4200,
        description="so much before the last change the next reading begins; more than the hour that comes twice in "
        "autumn where the server keeps local time",
    )
    page_size: Annotated[int, Field(ge=1, le=10_000)] = Field(default=200, description="most events in one answer")

    @model_validator(mode="before")
    @classmethod
    def _token_is_called_api_token(cls, data: Any) -> Any:
        auth = data.get("auth") if isinstance(data, dict) else None
        if isinstance(auth, dict) and auth.get("kind") == "token":
            return {**data, "auth": {"scheme": "ApiToken", **auth}}
        return data

    @model_validator(mode="after")
    def _mode_fits(self) -> Dhis2Options:
        if self.org_unit is None and self.org_unit_mode in ("SELECTED", "CHILDREN", "DESCENDANTS"):
            raise ValueError("this org_unit_mode needs org_unit")
        if self.org_unit is not None and self.org_unit_mode in ("ACCESSIBLE", "CAPTURE", "ALL"):
            raise ValueError("with this org_unit_mode no org_unit can be given")
        return self


class _Position(Bookmark, frozen=True):
    """Where a reading is: last change that was read, in times of the server.

    Attributes:
        events: of an event.
        entities: of a tracked entity.
    """

    events: str | None = None
    entities: str | None = None


@dataclass(slots=True)
class _Reading:
    """What one reading needs, and what it met."""

    server: Dhis2Server
    names: Names
    units: frozenset[str] | None = None
    events: int = 0
    without_person: int = 0
    other_stages: int = 0
    other_statuses: Counter[str] = field(default_factory=Counter)


class Dhis2Reader:
    """Yields the events of a program as records, one for each.

    Args:
        options: settings.
        context: the deployment.
    """

    incremental = True

    def __init__(self, options: Dhis2Options, context: SourceContext) -> None:
        self._options = options
        self._context = context
        self._place = f"program {options.program}"
        self._wanted: tuple[str, ...] = OF_EVENTS
        self._only_wanted = frozenset[str]()

    def want(self, names: Iterable[str]) -> None:
        """Take the names of the columns that are needed: of the many of an event only these are announced.

        What tells of people who write, and free text, is in records only when it is named here.
        """
        self._wanted = tuple(names)
        heads = {name.split(".")[0] for name in self._wanted}
        self._only_wanted = frozenset(heads & set(ONLY_WANTED))

    def count(self) -> int | None:
        """Return None: DHIS2 counts at the price of reading."""
        return None

    def records(self, since: str | None = None) -> Iterator[Item]:
        """Yield what was saved, changed or deleted. See `Reader.records`."""
        position = _Position.of(since)
        with HttpReader(self._options, self._context.folder) as http:
            server = self._server(http)
            program = server.program()
            reading = _Reading(server, Names(program, self._options.names, self._place))
            yield Headings(self._place, reading.names.columns(self._wanted))
            known = position.entities
            if program.has_persons and known is None:
                # All events are read below, with their persons: only later changes of these are news.
                newest = server.newest_change_of_entities() or _BEFORE_ALL
                position = msgspec.structs.replace(position, entities=newest)
            for rows in server.changed("events", self._begin(position.events)):
                entities = self._entities(reading, rows)
                for row in rows:
                    entity = entities.get(row.get("trackedEntity", ""))
                    reading.without_person += program.has_persons and entity is None
                    changed = max(row["updatedAt"], changed_around(entity, enrollment_of(row, entity)))
                    yield from self._records(reading, row, entity, changed)
                position = msgspec.structs.replace(position, events=rows[-1]["updatedAt"])
                yield position.checkpoint()
            if program.has_persons and known is not None:
                begin = self._begin(known)
                reading.units = server.units()
                for entities_changed in server.changed("trackedEntities", begin):
                    for entity in entities_changed:
                        yield from self._again(reading, entity, begin or "")
                    position = msgspec.structs.replace(position, entities=entities_changed[-1]["updatedAt"])
                    yield position.checkpoint()
        yield from self._remarks(reading)
        yield position.checkpoint()

    def _server(self, http: HttpReader) -> Dhis2Server:
        options = self._options
        only_stage = options.program_stages[0] if len(options.program_stages) == 1 else None
        mode = options.org_unit_mode or ("DESCENDANTS" if options.org_unit else "ACCESSIBLE")
        return Dhis2Server(
            http,
            program=options.program,
            org_unit=options.org_unit,
            org_unit_mode=mode,
            program_stage=only_stage,
            page_size=options.page_size,
            zone=self._context.zone,
        )

    def _begin(self, last: str | None) -> str | None:
        return earlier(last, timedelta(seconds=self._options.overlap_seconds)) if last else None

    def _entities(self, reading: _Reading, rows: list[Row]) -> dict[str, Row]:
        uids = {row["trackedEntity"] for row in rows if row.get("trackedEntity")}
        return reading.server.entities(uids) if uids else {}

    def _again(self, reading: _Reading, entity: Row, begin: str) -> Iterator[Record]:
        """Yield the events of a person that did not change themselves, but what stands around them."""
        for event, changed in events_of(entity):
            if event.get("program") != self._options.program:
                continue
            if reading.units is not None and event.get("orgUnit", "") not in {*reading.units, ""}:
                # Of another office. If it was moved there, it was read here before.
                yield self._deletion(reading, event)
                continue
            is_news = changed >= begin and changed > str(event.get("updatedAt") or "")
            went_with_person = is_deleted(event, entity) and not event.get("deleted")
            if is_news or went_with_person:
                yield from self._records(reading, event, entity, changed)

    def _records(self, reading: _Reading, event: Row, entity: Row | None, changed: str) -> Iterator[Record]:
        stages = self._options.program_stages
        if stages and event.get("programStage") not in stages:
            reading.other_stages += 1
            return
        status = str(event.get("status"))
        if is_deleted(event, entity):
            yield self._deletion(reading, event)
        elif status not in self._options.statuses:
            reading.other_statuses[status] += 1
            yield self._deletion(reading, event)
        else:
            values = values_of(
                event,
                entity,
                names=reading.names,
                zone=reading.server.zone,
                changed=changed,
                wanted=self._only_wanted,
            )
            yield Record(self._next_place(reading), values, document=event["event"])

    def _deletion(self, reading: _Reading, event: Row) -> Record:
        return Record(self._next_place(reading), {}, document=event["event"], deleted=True)

    def _next_place(self, reading: _Reading) -> str:
        reading.events += 1
        return f"{self._place}, event {reading.events} of this reading"

    def _remarks(self, reading: _Reading) -> Iterator[Remark]:
        for status, number in sorted(reading.other_statuses.items()):
            yield Remark(self._place, "status", f"{number} events are {status} and count as not there")
        if reading.other_stages:
            yield Remark(self._place, "stages", f"{reading.other_stages} events of other stages were not read")
        if reading.without_person:
            message = f"{reading.without_person} events came without their person: the user may not see it"
            yield Remark(self._place, "no-person", message)
        if reading.names.without_code:
            message = f"{reading.names.without_code} attributes or data elements have no code and go by their UID"
            yield Remark(self._place, "no-code", message)


KIND = ReaderKind("dhis2", Dhis2Options, Dhis2Reader, "the events of a program in DHIS2 tracker (2.38 or newer)")
