"""What goes wrong in real life: records that cannot become an activity, each for one reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stdnum.bg.egn import is_valid as is_egn
from stdnum.bg.pnf import is_valid as is_lnch

from hm_fhir.activities.model import Activity
from hm_fhir.testing.story.words import NO_ENTRY, NO_WORD

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Defect:
    """One kind of defect.

    Args:
        name: of the defect.
        code: of the rejection.
        suits: whether an activity can have it.
        spoil: puts it into the data of an activity (as `Activity.for_mapping` gives it).
        of_entry: it names somebody or something that the directory has not.
    """

    name: str
    code: str
    suits: Callable[[Activity], bool]
    spoil: Callable[[Data], None]
    of_entry: bool = False


def _always(_: Activity) -> bool:
    return True


def _has_egn(activity: Activity) -> bool:
    return len(activity.persons) == 1 and [one.kind for one in activity.persons[0].identifiers] == ["egn"]


def _has_facility(activity: Activity) -> bool:
    return activity.facility is not None


def _wrong_number(data: Data) -> None:
    number = data["persons"][0]["identifiers"][0]
    digits = number["value"]
    others = (digits[:-1] + last for last in "0123456789" if last != digits[-1])
    # Not by chance a number of another kind.
    number["value"] = next(other for other in others if not is_egn(other) and not is_lnch(other))


def _future(data: Data) -> None:
    for name, moment in data["period"].items():
        data["period"][name] = f"2099-02-{14 if name == 'start' else 15}{moment[10:]}"


def _no_such_day(data: Data) -> None:
    for name, moment in data["period"].items():
        data["period"][name] = f"{moment[:4]}-02-31{moment[10:]}"


def _unknown_type(data: Data) -> None:
    data["type"] = NO_WORD


def _no_mediator(data: Data) -> None:
    data["mediator"]["local_id"] = ""


def _unknown_mediator(data: Data) -> None:
    data["mediator"]["local_id"] = NO_ENTRY


def _unknown_facility(data: Data) -> None:
    data["facility"]["local_id"] = NO_ENTRY


DEFECTS: Sequence[Defect] = (
    Defect("wrong-check-digit", "wrong-number", _has_egn, _wrong_number),
    Defect("future-date", "future-date", lambda activity: activity.status == "completed", _future),
    Defect("wrong-date", "wrong-date", _always, _no_such_day),
    Defect("unknown-code", "unknown-code", _always, _unknown_type),
    Defect("empty-mediator", "empty", _always, _no_mediator),
    Defect("unknown-mediator", "unknown-mediator", _always, _unknown_mediator, of_entry=True),
    Defect("unknown-facility", "unknown-facility", _has_facility, _unknown_facility, of_entry=True),
)
"""All kinds, with the codes of the rejections that a fields file makes of them."""
