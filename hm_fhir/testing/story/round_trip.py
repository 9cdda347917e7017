"""Whether what was told is what is read: activity -> native document -> fields -> activity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import Source, records_of, understand

_ABSENT = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that was told and read otherwise; the people in it do not exist.

    Args:
        local_id: of the activity.
        path: field of the activity model; empty for the whole.
        told: value of the story.
        read: value of the source.
        place: of the record.
    """

    local_id: str
    path: str
    told: Any
    read: Any
    place: str = ""

    def __str__(self) -> str:
        where = f"{self.local_id} ({self.place})" if self.place else self.local_id
        return f"{where} {self.path}: told {self.told!r}, read {self.read!r}"


def round_trip(told: Iterable[Activity], source: Source) -> tuple[Difference, ...]:
    """Return where a source reads something else than was told; none when sample and fields are inverse.

    Args:
        told: activities that the local system holds.
        source: reads all of it.
    """
    expected = {one.local_id: one for one in told}
    found: list[Difference] = []
    for record in records_of(source):
        if record.deleted:
            continue
        local_id = source.local_id(record) or record.document or ""
        try:
            activity = understand(source, record).activity
        except RecordRejected as error:
            if local_id in expected:
                del expected[local_id]
                found.append(Difference(local_id, "", "an activity", f"{error.code}: {error.message}", record.place))
            continue
        wanted = expected.pop(activity.local_id, None)
        if wanted is None:
            found.append(Difference(activity.local_id, "", _ABSENT, "an activity", record.place))
        elif wanted != activity:
            found += _differences(activity.local_id, wanted.model_dump(), activity.model_dump(), record.place)
    found += (Difference(local_id, "", "an activity", _ABSENT) for local_id in expected)
    return tuple(found)


def _differences(local_id: str, told: Any, read: Any, place: str, path: str = "") -> Iterator[Difference]:
    if told == read:
        return
    if isinstance(told, Mapping) and isinstance(read, Mapping):
        for name in dict.fromkeys((*told, *read)):
            yield from _differences(
                local_id, told.get(name), read.get(name), place, f"{path}.{name}" if path else name
            )
    elif isinstance(told, tuple) and isinstance(read, tuple) and len(told) == len(read):
        for number, (one, other) in enumerate(zip(told, read, strict=True)):
            yield from _differences(local_id, one, other, place, f"{path}.{number}")
    else:
        yield Difference(local_id, path, told, read, place)
