"""What the answers to the shipped form tell: its linkIds are paths of an activity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import Record, Understood
from hm_fhir.sources.directory import Directory

_DAY_LENGTH = len("YYYY-MM-DD")
DAY_AS_TIME = "day-as-time"


def activity_of_answers(record: Record, directory: Directory, system: str, zone: ZoneInfo) -> Understood:
    """Return the activity that a response tells of.

    Args:
        record: as `Responses` makes it.
        directory: who the author is, and which facilities the codes name.
        system: name of the local system.
        zone: of a day without a time.

    Raises:
        RecordRejected: nobody knows who wrote it, when, or which facility is meant.
        pydantic.ValidationError: it is no activity.
    """
    values = record.values
    data = _tree({name: value for name, value in values.items() if not name.startswith("_")})
    for facility in list(_facilities(data)):
        if set(facility) == {"local_id"}:
            facility.update(directory.facility(str(facility["local_id"])).model_dump(exclude_none=True))
    persons = data.get("persons", [])
    persons.sort(key=lambda person: person.get("role", "subject") != "subject")
    updated_at, repairs = _updated_at(values, zone)
    author = values.get("_author")
    if author is None:
        raise RecordRejected(
            "the response has no author",
            code="no-author",
            place=record.place,
            fix="the form filler says in QuestionnaireResponse.author who filled it in: the number of the mediator",
        )
    data |= {
        "system": system,
        "local_id": values.get("_local_id"),
        "updated_at": updated_at,
        "municipality": directory.municipality,
        "mediator": directory.mediator(str(author)),
    }
    version = str(values.get("_version", ""))
    if version.isascii() and version.isdecimal():
        data["version"] = int(version)
    return Understood(Activity.model_validate(data), repairs)


def _tree(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested data for values whose names are paths; `prefix` is what all of them begin with."""
    tree: dict[str, Any] = {}
    for name, value in values.items():
        *steps, last = name.removeprefix(prefix).split(".")
        node = tree
        for step in steps:
            node = node.setdefault(step, {})
        if isinstance(value, list):
            value = [_tree(one, f"{name}.") if isinstance(one, dict) else one for one in value]
        node[last] = value
    return tree


def _facilities(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    tests = data.get("findings", {}).get("tests", ())
    for holder in (data, data.get("referral", {}), *tests):
        if "facility" in holder:
            yield holder["facility"]


def _updated_at(values: Mapping[str, Any], zone: ZoneInfo) -> tuple[Any, tuple[str, ...]]:
    """Return since when the version counts: the server's time of change, else when it was written."""
    found = values.get("_changed") or values.get("_authored")
    if isinstance(found, str) and len(found) == _DAY_LENGTH:
        try:
            return datetime.combine(datetime.fromisoformat(found), time(), zone), (DAY_AS_TIME,)
        except ValueError:
            return found, ()
    return found, ()
