"""The reader of DHIS2 tracker where one office is read: what other offices did with the same person is theirs.

Shapes: dhis2/dhis2-docs src/developer/web-api/tracker.md and metadata.md (GFDL, read only).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hm_fhir.errors import SettingsError
from hm_fhir.sources.base import Checkpoint, Record, SourceContext, records_of
from hm_fhir.sources.dhis2 import KIND, Dhis2Options, Dhis2Reader
from hm_fhir.testing.local_systems.dhis2 import Dhis2System, uid
from hm_fhir.testing.local_systems.served import Said

DAY = "2026-03-{:02}T10:00:00+02:00"
ANNA = uid("anna")
SCHEMA: dict[str, Any] = {"attributes": ["EGN"]}


@pytest.fixture
def dhis2(tmp_path: Path) -> Iterator[Dhis2System]:
    with Dhis2System(tmp_path, **SCHEMA) as system:
        yield system


def save(dhis2: Dhis2System, name: str, day: int = 1, *, unit: str = "samokov", **attributes: str) -> None:
    person = {"trackedEntity": ANNA, "attributes": attributes}
    native = {"event": {"orgUnit": unit}, "trackedEntity": person}
    dhis2.save({"key": uid(name), "changed": DAY.format(day), "native": native})


def reader(dhis2: Dhis2System, **options: Any) -> Dhis2Reader:
    chosen = Dhis2Options.model_validate({**dhis2.options, "quick_attempts": 1, "overlap_seconds": 0, **options})
    made = KIND.open(chosen, SourceContext("kazanlak", dhis2.folder, ZoneInfo("Europe/Sofia")))
    assert isinstance(made, Dhis2Reader)
    return made


def read(dhis2: Dhis2System, since: str | None = None, **options: Any) -> dict[str | None, Record]:
    return {record.document: record for record in records_of(reader(dhis2, **options), since)}


def end(dhis2: Dhis2System, **options: Any) -> str:
    last = list(reader(dhis2, **options).records())[-1]
    assert isinstance(last, Checkpoint)
    return last.cursor


@pytest.mark.parametrize(
    ("mode", "read_again"),
    [("SELECTED", {"here"}), ("CHILDREN", {"here", "ward"}), ("DESCENDANTS", {"here", "ward", "room"})],
)
def test_a_change_of_a_person_does_not_bring_what_was_done_in_other_units(
    tmp_path: Path, mode: str, read_again: set[str]
) -> None:
    units = {"room": "ward", "ward": "samokov"}
    with Dhis2System(tmp_path, **SCHEMA, units=units) as dhis2:
        places = {"here": "samokov", "ward": "ward", "room": "room", "elsewhere": "plovdiv"}
        for number, (name, unit) in enumerate(places.items()):
            save(dhis2, name, number + 1, unit=unit, EGN="1")
        chosen = {"org_unit": uid("samokov"), "org_unit_mode": mode}
        first = read(dhis2, **chosen)
        assert set(first) == {uid(name) for name in read_again}
        cursor = end(dhis2, **chosen)
        dhis2.save_person(ANNA, {"EGN": "2"}, DAY.format(9))
        again = read(dhis2, cursor, **chosen)
        told = {key for key, record in again.items() if not record.deleted}
        assert told == {uid(name) for name in read_again}


def test_an_event_that_moved_to_another_unit_is_withdrawn_with_the_next_change_of_its_person(tmp_path: Path) -> None:
    with Dhis2System(tmp_path, **SCHEMA) as dhis2:
        save(dhis2, "visit", 1, EGN="1")
        cursor = end(dhis2, org_unit=uid("samokov"))
        save(dhis2, "visit", 5, unit="plovdiv")
        assert [key for key, one in read(dhis2, cursor, org_unit=uid("samokov")).items() if one.deleted] == [
            uid("visit")
        ]


@pytest.mark.parametrize("cut", [[], [{"id": "Other000001"}]], ids=["none", "some"])
def test_units_that_are_not_all_told_end_the_reading(
    dhis2: Dhis2System, cut: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(dhis2, "visit", EGN="1")
    unit = uid("samokov")
    cursor = end(dhis2, org_unit=unit)
    told = {
        "pager": {"page": 1, "pageSize": 2, "total": 3},
        "organisationUnits": [*cut, *([{"id": unit}] if cut else [])],
    }
    answer = dhis2.answer
    monkeypatch.setattr(
        dhis2, "answer", lambda request: Said(told) if request.path == "api/organisationUnits" else answer(request)
    )
    with pytest.raises(SettingsError, match="not all of them"):
        read(dhis2, cursor, org_unit=unit)
