"""A DHIS2 server: what it calls its parameters, its zone, the names of a program, and what changed since a time.

Sources: dhis2/dhis2-docs (GFDL, read only), ``src/developer/web-api/tracker.md``; dhis2/dhis2-core (BSD-3-Clause),
test resources of the tracker. Versions 2.38 to 42 differ in names: ``ouMode`` and ``orgUnitMode``,
``trackedEntity=a;b`` and ``trackedEntities=a,b``, lists under ``instances`` and under ``events``,
``trackedEntities``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hm_fhir.errors import SettingsError
from hm_fhir.http.client import HttpReader

Row = dict[str, Any]
Kind = Literal["events", "trackedEntities"]

_ORG_UNIT_MODE_SINCE = 41
_OLDEST = 38
_MOST_ROWS = 100_000
_UIDS_AT_ONCE = 100
_ENTITY_FIELDS = (
    "trackedEntity,updatedAt,deleted,inactive,orgUnit,attributes[*],"
    "enrollments[enrollment,program,status,orgUnit,enrolledAt,occurredAt,updatedAt,deleted,attributes[*]{events}]"
)
_IDENTITY: Mapping[Kind, str] = {"events": "event", "trackedEntities": "trackedEntity"}
_ONE_MILLISECOND = timedelta(milliseconds=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Program:
    """A program.

    Args:
        has_persons: its events belong to enrolments of tracked entities.
        attributes: code of each attribute of a person by its UID; None without a code.
        elements: the same of data elements.
    """

    has_persons: bool
    attributes: Mapping[str, str | None]
    elements: Mapping[str, str | None]


class Dhis2Server:
    """Reads the tracker of one server.

    Args:
        http: the server.
        program: UID.
        org_unit: UID of the organisation unit whose events are read; None: no limit.
        org_unit_mode: see the options.
        program_stage: UID of the only stage that is wanted; None: all.
        page_size: rows in one answer.
        zone: of its times, if it does not say.

    Raises:
        HmFhirError: the server does not answer, refuses us, or is too old.
    """

    def __init__(
        self,
        http: HttpReader,
        *,
        program: str,
        org_unit: str | None,
        org_unit_mode: str,
        program_stage: str | None,
        page_size: int,
        zone: ZoneInfo,
    ) -> None:
        self._http = http
        self._program_uid = program
        self._page_size = page_size
        self._program_stage = program_stage
        info = http.get_json("api/system/info")
        self._version = _version(info)
        self.zone = _zone(info, zone)
        is_new = self._version >= _ORG_UNIT_MODE_SINCE
        self._mode_name = "orgUnitMode" if is_new else "ouMode"
        self._mode = org_unit_mode
        self._org_unit: dict[Kind, dict[str, str]] = {
            "events": {"orgUnit": org_unit} if org_unit else {},
            "trackedEntities": {"orgUnits" if is_new else "orgUnit": org_unit} if org_unit else {},
        }

    def program(self) -> Program:
        """Return what the program is made of.

        Raises:
            HmFhirError: there is no such program for us.
        """
        attribute = "trackedEntityAttribute[id,code]"
        fields = (
            f"programType,programTrackedEntityAttributes[{attribute}],"
            f"trackedEntityType[trackedEntityTypeAttributes[{attribute}]],"
            "programStages[programStageDataElements[dataElement[id,code]]]"
        )
        found = _object(self._http.get_json(f"api/programs/{self._program_uid}", {"fields": fields}), "api/programs")
        entity_type = found.get("trackedEntityType") or {}
        attributes = _codes(
            [*found.get("programTrackedEntityAttributes", []), *entity_type.get("trackedEntityTypeAttributes", [])],
            "trackedEntityAttribute",
        )
        stages = found.get("programStages", [])
        elements = [one for stage in stages for one in stage.get("programStageDataElements", [])]
        has_persons = found.get("programType") != "WITHOUT_REGISTRATION"
        return Program(has_persons, attributes, _codes(elements, "dataElement"))

    def newest_change_of_entities(self) -> str | None:
        """Return the `updatedAt` of the tracked entity of the program that changed last, or None without any."""
        params = self._scope("trackedEntities")
        params |= {"order": "updatedAt:desc", "pageSize": 1, "fields": "trackedEntity,updatedAt"}
        rows = self._rows("trackedEntities", params)
        return _updated(rows[0]) if rows else None

    def units(self) -> frozenset[str] | None:
        """Return the UIDs of the organisation units whose events are read; None: no limit.

        A tracked entity brings all its events, also those of units that were not asked for.

        Raises:
            HmFhirError: the server does not tell them all.
        """
        chosen = self._org_unit["events"].get("orgUnit")
        if chosen is None or self._mode == "SELECTED":
            return None if chosen is None else frozenset({chosen})
        place = "api/organisationUnits"
        asked = {"filter": f"path:like:{chosen}", "fields": "id,parent[id]", "paging": "false"}
        content = _object(self._http.get_json(place, asked), place)
        found = content.get("organisationUnits")
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise _not_dhis2(place)
        parents = {one.get("id"): (one.get("parent") or {}).get("id") for one in found}
        if chosen not in parents or (content.get("pager") or {}).get("total", 0) > len(found):
            raise SettingsError(
                "the units below org_unit are not told, or not all of them",
                code="units",
                place=place,
                fix="look at org_unit of this source, and at a proxy that drops parameters",
            )
        below = (unit for unit, parent in parents.items() if self._mode == "DESCENDANTS" or parent == chosen)
        return frozenset({chosen, *below})

    def changed(self, kind: Kind, since: str | None) -> Iterator[list[Row]]:
        """Yield pages of what changed since, oldest change first; what changes meanwhile comes again at the end.

        A page begins at the time where the one before ended, not at a page number: numbers shift when something
        changes while pages are read, and then rows are lost.

        Args:
            kind: what.
            since: `updatedAt` from which on; None: everything.

        Raises:
            SettingsError: the server does not order by `updatedAt`, so that rows could be lost.
            HmFhirError: it does not answer.
        """
        begin, wanted = since, self._page_size
        given: dict[str, str] = {}
        while True:
            params: dict[str, str | int] = {
                **self._scope(kind),
                **self._fields(kind),
                "order": "updatedAt:asc",
                "pageSize": wanted,
                "page": 1,
            }
            if begin is not None:
                params["updatedAfter"] = begin
            rows, size = self._page(kind, params, wanted)
            times = [_updated(row) for row in rows]
            if not _is_ordered(times):
                raise SettingsError(
                    "the answers are not ordered by updatedAt",
                    code="not-ordered",
                    place=f"api/tracker/{kind}",
                    fix="this source needs DHIS2 2.38 or newer, and no proxy that drops parameters",
                )
            fresh = [row for row in rows if given.get(row[_IDENTITY[kind]]) != _updated(row)]
            if fresh:
                yield fresh
            if len(rows) < size:
                return
            # Rows of the same millisecond may stand on both sides of the end of the page.
            end = earlier(times[-1], _ONE_MILLISECOND)
            if begin is not None and end <= begin:
                wanted = self._more(wanted, size, kind)
            else:
                begin, wanted, given = end, self._page_size, {}
            given |= {row[_IDENTITY[kind]]: time for row, time in zip(rows, times, strict=True) if time >= begin}

    def entities(self, uids: Iterable[str]) -> dict[str, Row]:
        """Return tracked entities by their UID, also deleted ones; those that we may not see are absent."""
        wanted = sorted(set(uids))
        found: dict[str, Row] = {}
        for start in range(0, len(wanted), _UIDS_AT_ONCE):
            some = wanted[start : start + _UIDS_AT_ONCE]
            if self._version >= _ORG_UNIT_MODE_SINCE:
                which = {"trackedEntities": ",".join(some)}
            else:
                which = {"trackedEntity": ";".join(some)}
            # A person may be registered elsewhere than where the event was.
            mode = "ALL" if self._mode == "ALL" else "ACCESSIBLE"
            params: dict[str, str | int] = {
                "program": self._program_uid,
                self._mode_name: mode,
                "includeDeleted": "true",
                "pageSize": len(some),
                "fields": _ENTITY_FIELDS.format(events=",events[event,updatedAt]"),
                **which,
            }
            found |= {row["trackedEntity"]: row for row in self._rows("trackedEntities", params)}
        return found

    def _scope(self, kind: Kind) -> dict[str, str | int]:
        stage = {"programStage": self._program_stage} if self._program_stage and kind == "events" else {}
        return {
            "program": self._program_uid,
            self._mode_name: self._mode,
            "includeDeleted": "true",
            **self._org_unit[kind],
            **stage,
        }

    def _fields(self, kind: Kind) -> dict[str, str]:
        if kind == "events":
            return {"fields": "*,!relationships"}
        return {"fields": _ENTITY_FIELDS.format(events=",events[*,!relationships]")}

    def _rows(self, kind: Kind, params: Mapping[str, str | int]) -> list[Row]:
        return self._page(kind, params, 0)[0]

    def _page(self, kind: Kind, params: Mapping[str, str | int], size: int) -> tuple[list[Row], int]:
        """Return rows and the size of the page: what was asked, unless the server says that it gives less."""
        place = f"api/tracker/{kind}"
        content = _object(self._http.get_json(place, dict(params), place=place), place)
        rows = content.get(kind, content.get("instances"))
        if not isinstance(rows, list):
            raise _not_dhis2(place)
        told = _told_size(content)
        return [self._row(row, _IDENTITY[kind], place) for row in rows], min(size, told) if told else size

    def _row(self, row: Any, key: str, place: str) -> Row:
        """Return a row whose `updatedAt` is a time of the server to the millisecond."""
        try:
            time = datetime.fromisoformat(row["updatedAt"])
            if not isinstance(row[key], str):
                raise _not_dhis2(place)
        except (KeyError, TypeError, ValueError):
            raise _not_dhis2(place) from None
        if time.tzinfo is not None:
            time = time.astimezone(self.zone).replace(tzinfo=None)
        return {**row, "updatedAt": time.isoformat(timespec="milliseconds")}

    def _more(self, wanted: int, given: int, kind: Kind) -> int:
        """Return the size of a page that reaches beyond the millisecond in which the last one stayed."""
        if given < wanted or wanted >= _MOST_ROWS:
            raise SettingsError(
                f"more than {given} changed in the same millisecond, and the server gives no more at once",
                code="too-many",
                place=f"api/tracker/{kind}",
                fix="limit this source with org_unit or program_stages",
            )
        return min(wanted * 2, _MOST_ROWS)


def earlier(time: str, by: timedelta) -> str:
    """Return a time of the server, which has no zone, less a duration."""
    return (datetime.fromisoformat(time) - by).isoformat(timespec="milliseconds")


def _told_size(content: Row) -> int | None:
    pager = content.get("pager")
    size = (pager if isinstance(pager, dict) else content).get("pageSize")
    return size if isinstance(size, int) and size > 0 else None


def _updated(row: Row) -> str:
    updated: str = row["updatedAt"]
    return updated


def _is_ordered(times: list[str]) -> bool:
    """Return whether times ascend; in autumn the clocks of a server may go back by an hour."""
    latest = ""
    for time in times:
        if latest and time < earlier(latest, _HOUR):
            return False
        latest = max(latest, time)
    return True


def _codes(rows: Iterable[Row], key: str) -> dict[str, str | None]:
    found = (row[key] for row in rows if isinstance(row.get(key), dict))
    return {str(one["id"]): one.get("code") for one in found}


def _object(content: Any, place: str) -> Row:
    if not isinstance(content, dict):
        raise _not_dhis2(place)
    return content


def _not_dhis2(place: str) -> SettingsError:
    return SettingsError(
        "the answer is not what DHIS2 gives",
        code="not-dhis2",
        place=place,
        fix="the url of this source is the base of DHIS2 without /api, such as https://dhis2.example.org/dhis",
    )


def _version(info: Any) -> int:
    found = re.match(r"(?:2\.)?(\d+)", str(_object(info, "api/system/info").get("version")))
    if found is None:
        raise _not_dhis2("api/system/info")
    if int(found[1]) < _OLDEST:
        raise SettingsError(
            f"DHIS2 2.{found[1]} is too old",
            code="too-old",
            place="api/system/info",
            fix="this source reads the tracker of DHIS2 2.38 and newer",
        )
    return int(found[1])


def _zone(info: Row, otherwise: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(info["serverTimeZoneId"])
    except (KeyError, TypeError, ValueError, ZoneInfoNotFoundError):
        return otherwise
