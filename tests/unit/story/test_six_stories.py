"""The six municipalities together tell all that mediators do, and each uses all of its directory."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from hm_fhir.errors import RecordRejected
from hm_fhir.mapping.engine import Mapper
from hm_fhir.testing.story.coverage import LEAST_ACTIVITIES, missing, unused
from hm_fhir.testing.story.municipality import Municipality, Story, load_municipality
from hm_fhir.testing.story.telling import MOST_MOVERS

PLUGINS = Path(__file__).parents[3] / "plugins"
MUNICIPALITIES = ("burgas", "dimitrovgrad", "dupnitsa", "kazanlak", "novi-pazar", "samokov")
CODES = {
    "burgas": "BGS04",
    "dimitrovgrad": "HKV09",
    "dupnitsa": "KNL48",
    "kazanlak": "SZR12",
    "novi-pazar": "SHU22",
    "samokov": "SFO39",
}


def municipality_of(name: str) -> Municipality:
    return load_municipality(PLUGINS / name / f"hm_fhir_{name.replace('-', '_')}", system=name)


@pytest.fixture(scope="module")
def municipalities() -> dict[str, Municipality]:
    return {name: municipality_of(name) for name in MUNICIPALITIES}


@pytest.fixture(scope="module")
def stories(municipalities: dict[str, Municipality]) -> dict[str, Story]:
    return {name: one.story() for name, one in municipalities.items()}


def test_together_they_tell_all_that_there_is(stories: dict[str, Story]) -> None:
    assert missing(stories) == ()


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_each_uses_all_of_its_directory(name: str) -> None:
    municipality = municipality_of(name)
    story = municipality.story()
    assert municipality.directory.municipality.code == CODES[name]
    assert len(municipality.directory.mediators) >= 2
    assert unused(municipality, story) == ()
    assert len(story.first) >= LEAST_ACTIVITIES
    assert (story.first[0].updated_at.year, story.changes[-1].changed.year) == (2026, 2026)


def test_each_has_a_work_model_of_its_own(stories: dict[str, Story]) -> None:
    models = {tuple(kind for kind, _ in story.types.most_common(4)) for story in stories.values()}
    assert len(models) == len(MUNICIPALITIES)
    assert stories["burgas"].types["bedside-mediation"] == max(
        one.types["bedside-mediation"] for one in stories.values()
    )


def test_each_kind_of_local_system_is_another_one(municipalities: dict[str, Municipality]) -> None:
    assert {one.spec.system for one in municipalities.values()} == {"sql", "cht", "kobo", "dhis2", "odk", "xlsx"}


def test_people_move_from_one_to_the_next(stories: dict[str, Story]) -> None:
    ring = ("samokov", "dupnitsa", "novi-pazar", "kazanlak", "burgas", "dimitrovgrad", "samokov")
    numbers = {
        name: {n.value for one in story.first for p in one.persons for n in p.identifiers if n.kind == "egn"}
        for name, story in stories.items()
    }
    for leaves, arrives in pairwise(ring):
        assert len(numbers[leaves] & numbers[arrives]) == MOST_MOVERS, f"{leaves} to {arrives}"
    strangers = [(one, other) for one in ring for other in ring if abs(ring.index(one) - ring.index(other)) in (2, 3)]
    assert all(not numbers[one] & numbers[other] for one, other in strangers)


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_the_base_pack_takes_all_of_it(name: str, mapper: Mapper) -> None:
    story = municipality_of(name).story()
    refused = []
    for one in (*story.first, *(one for change in story.changes for one in change.touched)):
        try:
            assert mapper.map(one.for_mapping()) is not None
        except RecordRejected as error:
            refused.append(f"{one.local_id} {one.type}: {error.code}")
    assert refused == []
