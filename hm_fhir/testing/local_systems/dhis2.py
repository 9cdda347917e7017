"""DHIS2 with one program, as its tracker API shows it.

Parameters, paging, names of lists, shapes and errors follow dhis2/dhis2-docs (GFDL, read only),
``src/developer/web-api/tracker.md``, and the test resources of dhis2/dhis2-core (BSD-3-Clause), such as
``dhis-test-integration/src/test/resources/tracker/event_with_data_values.json``.
"""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hm_fhir.testing.exchange import Request
from hm_fhir.testing.local_systems.served import Said, ServedSystem

Row = dict[str, Any]

TOKEN = "d2pat_0123456789abcdefghijABCDEFGHIJ01234567"  # noqa: S105  (of this system alone)
USER, PASSWORD = "reader", "Correct-horse1"
_LETTERS = string.ascii_letters
_NEW_NAMES_SINCE = 41
_OLD_NAMES_UNTIL = 41


def uid(text: str) -> str:
    """Return the UID that this DHIS2 gives to something: a letter and ten letters or digits, always the same."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:12])
    found = ""
    for position in range(11):
        alphabet = _LETTERS if position == 0 else _LETTERS + string.digits
        number, digit = divmod(number, len(alphabet))
        found += alphabet[digit]
    return found


class _Problem(Exception):
    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.said = Said(_error(status, message, code), status)


def _error(status: int, message: str, code: str | None = None) -> Row:
    body: Row = {"httpStatusCode": status, "status": "ERROR", "message": message}
    return {**body, "errorCode": code} if code else body


class Dhis2System(ServedSystem):
    """DHIS2 with one program.

    A document is an event, its key the UID of it. ``native`` is ``{"event": {"programStage": …, "orgUnit": …,
    "occurredAt": …, "status": …, "dataValues": {code: value}, …}}`` with, in a program with registration,
    ``"trackedEntity": {"trackedEntity": uid, "orgUnit": …, "attributes": {code: value}}`` and if wanted
    ``"enrollment": {"enrollment": uid, "enrolledAt": …, "status": …, "attributes": {code: value}}``. A value None
    takes the value away. Values become texts. Stages and org units that are no UIDs get one.

    As in DHIS2 a person stands once: what one event says of their attributes holds for their other events, too; the
    times of the attributes tell when; the person is updated with each of their events.

    Args:
        folder: where secrets are written.
        program: UID of the program.
        registration: whether events belong to persons.
        version: of DHIS2; it decides names of parameters and lists.
        zone: of the server, in which its times are written.
        attributes: codes of the attributes of persons; others are added when they are saved first.
        elements: the same of data elements.
        units: parent of each org unit that has one; the user may see all.
        codeless: attributes and data elements that are known by their UID only: ``uid(code)``.
        auth: what `options` say.
        strictly_after: whether `updatedAfter` leaves out the very time. The documentation says "after", the SQL of
            the product has ``>=``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        program: str = "HmProgram01",
        registration: bool = True,
        version: str = "2.41.3",
        zone: str = "Europe/Sofia",
        attributes: Iterable[str] = (),
        elements: Iterable[str] = (),
        units: Mapping[str, str] | None = None,
        codeless: tuple[str, ...] = (),
        auth: Literal["token", "basic"] = "token",
        strictly_after: bool = False,
    ) -> None:
        super().__init__(folder)
        self._program = program
        self._registration = registration
        self._version = version
        self._number = int(version.removeprefix("2.").split(".")[0])
        self._zone = ZoneInfo(zone)
        self._units = {_uid_of(unit): _uid_of(parent) for unit, parent in (units or {}).items()}
        self._codeless = codeless
        self._auth = auth
        self._strictly_after = strictly_after
        self._attributes = {uid(code): code for code in attributes}
        self._elements = {uid(code): code for code in elements}
        self._stages: dict[str, None] = {uid("stage"): None}
        self.entities: dict[str, Row] = {}
        self.enrollments: dict[str, Row] = {}
        self.events: dict[str, Row] = {}

    @property
    def options(self) -> Row:
        """What a source needs in its settings, beside its kind."""
        if self._auth == "token":
            auth = {"kind": "token", "token": self.secret("dhis2-token", TOKEN)}
        else:
            auth = {"kind": "basic", "user": USER, "password": self.secret("dhis2-password", PASSWORD)}
        return {"url": self.url, "program": self._program, "auth": auth}

    def error(self, status: int) -> Any:
        """Return the body of an error as the product writes it."""
        return _error(status, "the test wants it so")

    def save(self, document: Mapping[str, Any]) -> None:
        """Save an event with its person.

        Args:
            document: ``{"key": …, "changed": ISO date-time with a zone, "native": …}``.
        """
        key, native = document["key"], document["native"]
        time = self._time(document["changed"])
        said = dict(native["event"])
        stage, unit = _uid_of(said.pop("programStage", "stage")), _uid_of(said.pop("orgUnit", "unit"))
        self._stages[stage] = None
        event = self.events.setdefault(key, {"event": key, "createdAt": time, "dataValues": []})
        values = _merged(event["dataValues"], said.pop("dataValues", {}), "dataElement", self._elements, time)
        event |= {
            "status": "COMPLETED",
            "program": self._program,
            "programStage": stage,
            "orgUnit": unit,
            "followUp": False,
            "deleted": False,
            "attributeOptionCombo": "HllvX50cXC0",
            "notes": [],
            "followup": False,
            **said,
            "updatedAt": time,
            "dataValues": [value for value in values if value["dataElement"] not in self._empty(native)],
        }
        if self._registration:
            event |= self._save_person(native, time, unit)

    def save_person(self, key: str, attributes: Mapping[str, Any], changed: str) -> None:
        """Change attributes of a person alone."""
        self._change_attributes(self.entities[key], attributes, self._time(changed))

    def delete(self, key: str, changed: str) -> None:
        """Delete an event, softly.

        Raises:
            KeyError: it was never saved.
        """
        time = self._time(changed)
        event = self.events[key]
        event |= {"deleted": True, "updatedAt": time}
        if event.get("trackedEntity"):
            self.entities[event["trackedEntity"]]["updatedAt"] = time

    def delete_person(self, key: str, changed: str, *, with_events: bool = True) -> None:
        """Delete a person with their enrolments, softly; their events too, if wanted."""
        time = self._time(changed)
        gone = {"deleted": True, "updatedAt": time}
        self.entities[key] |= gone
        for enrollment in self.enrollments.values():
            enrollment |= gone if enrollment["trackedEntity"] == key else {}
        for event in self.events.values():
            event |= gone if with_events and event.get("trackedEntity") == key else {}

    def answer(self, request: Request) -> Said:
        """Return the answer to a request."""
        try:
            self._check_user(request)
            query = dict(request.query)
            if request.path == "api/system/info":
                return Said({"version": self._version, "serverTimeZoneId": self._zone.key, "serverDate": self._now()})
            if request.path.startswith("api/programs/"):
                return Said(self._metadata(request.path.removeprefix("api/programs/")))
            if request.path == "api/organisationUnits":
                return Said(self._units_below(query))
            if request.path == "api/tracker/events":
                return Said(self._page("events", [dict(event) for event in self.events.values()], query))
            if request.path == "api/tracker/trackedEntities":
                whole = "events" in query.get("fields", "")
                rows = [self._entity(entity, whole) for entity in self.entities.values()]
                return Said(self._page("trackedEntities", rows, query))
            raise _Problem(404, "Not found")
        except _Problem as problem:
            return problem.said

    def _time(self, changed: str) -> str:
        return self._local_text(self.pass_time(datetime.fromisoformat(changed)))

    def _now(self) -> str:
        return self._local_text(self.now)

    def _local_text(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).replace(tzinfo=None).isoformat(timespec="milliseconds")

    def _empty(self, native: Mapping[str, Any]) -> set[str]:
        values = native["event"].get("dataValues", {})
        return {uid(code) for code in self._elements.values() if values.get(code) is None}

    def _save_person(self, native: Mapping[str, Any], time: str, unit: str) -> Row:
        said = dict(native["trackedEntity"])
        key = said.pop("trackedEntity")
        attributes = said.pop("attributes", {})
        new = {"trackedEntity": key, "createdAt": time, "orgUnit": unit, "attributes": [], "updatedAt": time}
        entity = self.entities.setdefault(
            key, {**new, "trackedEntityType": uid("person"), "inactive": False, "deleted": False}
        )
        self._change_attributes(entity, attributes, time)
        enrolled = dict(native.get("enrollment", {}))
        enrollment_key = enrolled.pop("enrollment", uid(f"enrollment of {key}"))
        of_program = enrolled.pop("attributes", {})
        enrollment = self.enrollments.setdefault(
            enrollment_key,
            {
                "enrollment": enrollment_key,
                "trackedEntity": key,
                "program": self._program,
                "status": "ACTIVE",
                "orgUnit": unit,
                "enrolledAt": f"{time[:10]}T00:00:00.000",
                "createdAt": time,
                "updatedAt": time,
                "deleted": False,
                "attributes": [],
            },
        )
        if any(enrollment.get(name) != value for name, value in enrolled.items()):
            enrollment |= {**enrolled, "updatedAt": time}
        enrollment["attributes"] = _merged(enrollment["attributes"], of_program, "attribute", self._attributes, time)
        return {"enrollment": enrollment_key, "trackedEntity": key}

    def _change_attributes(self, entity: Row, attributes: Mapping[str, Any], time: str) -> None:
        values = _merged(entity["attributes"], attributes, "attribute", self._attributes, time)
        entity |= {"attributes": values, "updatedAt": time}

    def _check_user(self, request: Request) -> None:
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") not in (f"ApiToken {TOKEN}", f"Basic {basic}"):
            raise _Problem(401, "Unauthorized")

    def _metadata(self, program: str) -> Row:
        if program != self._program:
            raise _Problem(404, "Program could not be found", "E1005")
        attributes = [{"trackedEntityAttribute": self._described(code)} for code in self._attributes.values()]
        elements = [{"dataElement": self._described(code)} for code in self._elements.values()]
        return {
            "programType": "WITH_REGISTRATION" if self._registration else "WITHOUT_REGISTRATION",
            "programTrackedEntityAttributes": attributes,
            "programStages": [{"id": stage, "programStageDataElements": elements} for stage in self._stages],
        }

    def _units_below(self, query: Mapping[str, str]) -> Row:
        """Return the units that have one in their path, as ``filter=path:like:…`` asks, each with its parent."""
        wanted = query["filter"].removeprefix("path:like:")
        found = []
        for unit in {*self._units, *self._units.values(), wanted}:
            path = [unit]
            while path[-1] in self._units:
                path.append(self._units[path[-1]])
            if wanted in path:
                parent = {"parent": {"id": self._units[unit]}} if unit in self._units else {}
                found.append({"id": unit, **parent})
        return {"organisationUnits": found}

    def _described(self, code: str) -> Row:
        return {"id": uid(code)} if code in self._codeless else {"id": uid(code), "code": code}

    def _entity(self, entity: Row, whole: bool) -> Row:
        key = entity["trackedEntity"]
        enrollments = []
        for enrollment in self.enrollments.values():
            if enrollment["trackedEntity"] != key:
                continue
            mine = [dict(one) for one in self.events.values() if one.get("enrollment") == enrollment["enrollment"]]
            values = [self._with_code(value) for value in enrollment["attributes"]]
            enrollments.append({**enrollment, "attributes": values, **({"events": mine} if whole else {})})
        attributes = [self._with_code(value) for value in entity["attributes"]]
        return {**entity, "attributes": attributes, "enrollments": enrollments}

    def _with_code(self, value: Row) -> Row:
        code = self._attributes[value["attribute"]]
        return value if code in self._codeless else {**value, "code": code}

    def _page(self, kind: str, rows: list[Row], query: Mapping[str, str]) -> Row:
        if query.get("program", self._program) != self._program:
            raise _Problem(400, "Program is specified but does not exist", "E1005")
        rows = [row for row in rows if self._passes(row, query)]
        name, _, direction = query.get("order", "createdAt:desc").partition(":")
        rows.sort(key=lambda row: row[name], reverse=direction == "desc")
        page, size = int(query.get("page", 1)), int(query.get("pageSize", 50))
        rows = rows[(page - 1) * size : page * size]
        if self._number >= _NEW_NAMES_SINCE:
            return {"pager": {"page": page, "pageSize": size}, kind: rows}
        return {"page": page, "pageSize": size, "instances": rows}

    def _passes(self, row: Row, query: Mapping[str, str]) -> bool:
        listed = self._listed(query)
        return (
            (query.get("includeDeleted") == "true" or not row["deleted"])
            and self._is_after(row["updatedAt"], query.get("updatedAfter"))
            and query.get("programStage") in (None, row.get("programStage"))
            and (listed is None or row["trackedEntity"] in listed)
            and self._in_scope(row["orgUnit"], query)
        )

    def _is_after(self, time: str, begin: str | None) -> bool:
        if begin is None:
            return True
        difference = datetime.fromisoformat(time) - datetime.fromisoformat(begin)
        return difference > timedelta(0) if self._strictly_after else difference >= timedelta(0)

    def _listed(self, query: Mapping[str, str]) -> list[str] | None:
        if self._number >= _NEW_NAMES_SINCE and "trackedEntities" in query:
            return query["trackedEntities"].split(",")
        if self._number <= _OLD_NAMES_UNTIL and "trackedEntity" in query:
            return query["trackedEntity"].split(";")
        return None

    def _in_scope(self, unit: str, query: Mapping[str, str]) -> bool:
        mode = query.get("orgUnitMode") if self._number >= _NEW_NAMES_SINCE else None
        if self._number <= _OLD_NAMES_UNTIL:
            mode = mode or query.get("ouMode")
        chosen = query.get("orgUnit") or query.get("orgUnits")
        mode = mode or ("SELECTED" if chosen else "ACCESSIBLE")
        if mode in ("ACCESSIBLE", "CAPTURE", "ALL"):
            return True
        if not chosen:
            raise _Problem(400, f"At least one org unit must be specified when orgUnitMode is {mode}")
        while mode == "DESCENDANTS" and unit != chosen and unit in self._units:
            unit = self._units[unit]
        return unit == chosen or (mode == "CHILDREN" and self._units.get(unit) == chosen)


def _merged(values: list[Row], said: Mapping[str, Any], kind: str, known: dict[str, str], time: str) -> list[Row]:
    """Return values with what is said now; one that stays keeps its times."""
    by_uid = {value[kind]: value for value in values}
    for code, value in said.items():
        key = uid(code)
        known[key] = code
        written = ("true" if value else "false") if isinstance(value, bool) else str(value)
        if value is None:
            by_uid.pop(key, None)
        elif by_uid.get(key, {}).get("value") != written:
            created = by_uid.get(key, {}).get("createdAt", time)
            by_uid[key] = {
                "createdAt": created,
                "updatedAt": time,
                "storedBy": "collector",
                kind: key,
                "value": written,
            }
    return list(by_uid.values())


def _uid_of(name: str) -> str:
    return name if len(name) == 11 and name.isascii() and name.isalnum() else uid(name)


LOCAL_SYSTEM = Dhis2System
