"""A person stands once in DHIS2: who edits it changes all events, and may change who they are about.

Shown with the plugin of Kazanlak.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hm_fhir.activities.model import Activity
from hm_fhir.sources.base import Checkpoint, Record, Source, activity_of
from hm_fhir.testing.local_systems.dhis2 import Dhis2System
from hm_fhir.testing.people import egn, is_number_of_one_kind
from hm_fhir.testing.samples import Sample, open_sample


@pytest.fixture
def sample(tmp_path: Path) -> Iterator[Sample]:
    with open_sample("kazanlak", tmp_path / "tracker") as found:
        yield found


def read(source: Source, since: str | None = None) -> tuple[list[Activity], str | None]:
    """Return the activities that a reading gives, and where the next one begins."""
    items = list(source.records(since))
    places = [one.cursor for one in items if isinstance(one, Checkpoint)]
    return [activity_of(source, one) for one in items if isinstance(one, Record)], places[-1]


def somebody(sample: Sample, *kinds: str) -> dict[str, Activity]:
    """Return the activities of a person with these kinds of numbers and no other, by local id; at least two."""
    mine: dict[str | None, dict[str, Activity]] = {}
    for one in sample.activities:
        if [number.kind for number in one.persons[0].identifiers] == list(kinds):
            mine.setdefault(one.persons[0].local_id, {})[one.local_id] = one
    return next(found for found in mine.values() if len(found) > 1)


def egn_of(activity: Activity) -> str:
    """Return an EGN that fits the date of birth and gender of a person, and belongs to nobody."""
    person = activity.persons[0]
    assert person.birth_date is not None
    orders = range(950 + (person.gender == "female"), 1000, 2)
    numbers = (egn(person.birth_date, order) for order in orders)
    return next(one for one in numbers if is_number_of_one_kind(one))


@pytest.mark.parametrize("before", [["lnch"], []], ids=["LNCh", "no number"])
def test_an_egn_that_comes_later_holds_for_all_events_of_the_person(
    sample: Sample, tmp_path: Path, before: list[str]
) -> None:
    source, known = sample.source(tmp_path), somebody(sample, *before)
    everything, cursor = read(source)
    assert known == {one.local_id: one for one in everything if one.local_id in known}

    an_activity = next(iter(known.values()))
    number, at = egn_of(an_activity), sample.now + timedelta(hours=1)
    assert isinstance(sample.local, Dhis2System)
    sample.local.save_person(str(an_activity.persons[0].local_id), {"EGN": number}, at.isoformat())

    now = {one.local_id: one for one in read(source, cursor)[0] if one.local_id in known}
    assert now.keys() == known.keys()
    for local_id, one in now.items():
        former = known[local_id]
        assert one.persons[0].identifiers[0].value == number
        assert one.updated_at == at > former.updated_at
        assert one.person_key != former.person_key
        # The base pack makes of this a Patient that replaces the former one.
        assert [record["key"] for record in one.for_mapping()["person"]["replaced"]] == [former.person_key]
        assert one.case_id == former.case_id
