"""The stories are coherent, the same for ever, and about nobody."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from hm_fhir.activities.catalogue import ACTIVITY_TYPES
from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.mapping.engine import Mapper
from hm_fhir.testing.story.carried import Carried
from hm_fhir.testing.story.coverage import LEAST_ACTIVITIES, missing, unused
from hm_fhir.testing.story.diary import HOLIDAYS
from hm_fhir.testing.story.municipality import Municipality, Story, load_municipality
from hm_fhir.testing.story.sample_file import SampleSpec
from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.validator import Validator

FOLDER = Path(__file__).parent
NAMES = ("register", "documents")
PACKAGE = FOLDER.parents[2] / "profiles" / "package"


@pytest.fixture(scope="module")
def stories() -> dict[str, Story]:
    return {name: load_municipality(FOLDER / name, system=name).story() for name in NAMES}


@pytest.fixture(params=NAMES)
def story(request: pytest.FixtureRequest, stories: dict[str, Story]) -> Story:
    return stories[request.param]


def everything(story: Story) -> list[Activity]:
    return [*story.first, *(one for change in story.changes for one in change.touched)]


def starts(activities: list[Activity]) -> dict[str, datetime | date]:
    return {one.local_id: one.period.start for one in activities}


def day_of(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def with_changes(municipality: Municipality, **changes: object) -> Municipality:
    """Return a municipality whose sample file says something else."""
    return replace(municipality, spec=SampleSpec.model_validate({**municipality.spec.model_dump(), **changes}))


def test_three_months_have_some_hundred_activities_of_all_types(story: Story) -> None:
    assert len(story.first) >= LEAST_ACTIVITIES
    assert set(story.types) == set(ACTIVITY_TYPES)
    assert len({one.local_id for one in story.first}) == len(story.first)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_several_municipalities_together_tell_all_that_there_is(seed: int) -> None:
    told = {name: load_municipality(FOLDER / name, system=name, seed=seed) for name in NAMES}
    assert missing({name: one.story() for name, one in told.items()}) == ()
    for municipality in told.values():
        assert unused(municipality, municipality.story()) == ()


def test_what_is_missing_is_named(stories: dict[str, Story]) -> None:
    talks = tuple(one for one in stories["register"].first if one.type == "group-health-talk")
    found = missing({"register": Story(talks, ())})
    assert {"type referral", "barrier transport", "a correction", "a deletion", "somebody without any number"} <= set(
        found
    )
    assert "a group" not in found
    assert "type group-health-talk" not in found


def test_everybody_is_born_before_1900(story: Story) -> None:
    people = [person for one in everything(story) for person in one.persons]
    assert len(people) > LEAST_ACTIVITIES
    assert max(person.birth_date for person in people if person.birth_date).year < 1900
    egns = {number.value for person in people for number in person.identifiers if number.kind == "egn"}
    assert {number[2] for number in egns} <= {"2", "3"}  # months 21 to 32
    assert any(number.startswith("0") for number in egns)


def test_nobody_has_two_dates_of_birth_and_nothing_is_told_of_the_unborn(story: Story) -> None:
    born: dict[str, date] = {}
    for one in everything(story):
        for person in one.persons:
            for number in person.identifiers:
                assert person.birth_date is not None
                assert born.setdefault(number.value, person.birth_date) == person.birth_date
                assert person.birth_date.replace(year=person.birth_date.year + 130) <= day_of(one.period.start)


def test_mediators_work_on_working_days_and_in_their_hours(story: Story) -> None:
    for one in everything(story):
        start = one.period.start
        assert (start.month, start.day) not in HOLIDAYS
        hours = one.mediator.hours
        weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[start.weekday()]
        assert weekday in (hours[0].days if hours else ("mon", "tue", "wed", "thu", "fri"))
        if isinstance(start, datetime):
            assert time(8, 30) <= start.time() <= time(17)


def test_a_mediator_is_at_one_place_at_a_time(stories: dict[str, Story]) -> None:
    visits: dict[str, list[tuple[datetime, datetime]]] = {}
    for one in stories["documents"].first:
        start, end = one.period.start, one.period.end
        assert isinstance(start, datetime)
        assert isinstance(end, datetime)
        visits.setdefault(one.mediator.local_id, []).append((start, end))
    assert len(visits) == 3
    for taken in visits.values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(taken)))


def test_what_follows_comes_after_what_it_follows(story: Story) -> None:
    start = starts(everything(story))
    pairs = [(one, earlier) for one in everything(story) for earlier in (*one.follows, *one.fulfils)]
    assert len(pairs) > 100
    assert all(day_of(start[earlier]) < day_of(one.period.start) for one, earlier in pairs)


def test_only_referrals_are_carried_out(story: Story) -> None:
    referrals = {one.local_id for one in everything(story) if one.referral is not None}
    carried_out = {earlier for one in everything(story) for earlier in one.fulfils}
    assert carried_out
    assert carried_out <= referrals


def test_rows_are_numbered_as_they_were_written_down(stories: dict[str, Story]) -> None:
    first = stories["register"].first
    assert [one.local_id for one in first] == [f"2026-{number:04}" for number in range(1, len(first) + 1)]
    assert all(before.updated_at <= after.updated_at for before, after in pairwise(first))


def test_it_was_written_down_after_it_happened(story: Story) -> None:
    for one in story.first:
        if isinstance(one.period.end, datetime) and one.status == "completed":
            assert one.period.end <= one.updated_at <= one.period.end + timedelta(days=5)


def test_two_municipalities_share_the_people_who_move(stories: dict[str, Story]) -> None:
    numbers = [
        {number.value for one in story.first for person in one.persons for number in person.identifiers}
        for story in stories.values()
    ]
    shared = numbers[0] & numbers[1]
    assert len(shared) == 2
    leaving = [
        one for one in stories["register"].first if {n.value for p in one.persons for n in p.identifiers} & shared
    ]
    assert any("moved-away" in one.barriers for one in leaving)


def test_another_seed_is_another_story_with_the_same_movers(stories: dict[str, Story]) -> None:
    other = load_municipality(FOLDER / "register", system="register", seed=7).story()
    assert other.first != stories["register"].first
    assert len(other.first) >= LEAST_ACTIVITIES


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("register", "525c1d0ae87da32a3619e53a68cefa41f2a6fca94aaacb8202118021735082a7"),
        ("documents", "e0a220b3ffdbaeb790824b4c166fc424845208ffb178f66fa461d93deef96f7c"),
    ],
)
def test_the_same_seed_gives_the_same_story_for_ever(stories: dict[str, Story], name: str, digest: str) -> None:
    told = [one.model_dump(mode="json", exclude_defaults=True) for one in everything(stories[name])]
    text = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    assert hashlib.sha256(text).hexdigest() == digest


def test_every_activity_of_the_story_is_mapped(story: Story, mapper: Mapper) -> None:
    refused: Counter[str] = Counter()
    for one in everything(story):
        try:
            refused["no mapping"] += mapper.map(one.for_mapping()) is None
        except RecordRejected as error:
            refused[f"{one.type} {error.code}"] += 1
    assert +refused == Counter()


def test_every_resource_of_the_story_is_valid(stories: dict[str, Story], mapper: Mapper) -> None:
    validator = Validator(load_definitions((PACKAGE,)))
    wrong: Counter[str] = Counter()
    seen: set[str] = set()
    for one in everything(stories["documents"]):
        mapped = mapper.map(one.for_mapping())
        assert mapped is not None
        for resource in mapped.resources:
            if (key := json.dumps(resource.content, sort_keys=True, default=str)) in seen:
                continue
            seen.add(key)
            issues = validator.validate(resource.content)
            wrong.update(f"{one.rule} {one.location}" for one in issues if one.severity in ("error", "fatal"))
    assert wrong == Counter()
    assert len(seen) > 2000


def test_the_work_model_decides_what_is_told(municipality: Municipality) -> None:
    wards = with_changes(
        municipality, types={"bedside-mediation": 40, "interpretation": 20, "discharge-follow-up": 30, "referral": 10}
    ).story()
    assert set(wards.types) == {"bedside-mediation", "interpretation", "discharge-follow-up", "referral"}
    assert wards.types["bedside-mediation"] > wards.types["interpretation"]
    assert wards.types["bedside-mediation"] > len(wards.first) / 4


def test_a_type_that_does_not_exist_is_named(municipality: Municipality) -> None:
    with pytest.raises(SettingsError, match="no activity type 'home-visits'") as caught:
        with_changes(municipality, types={"home-visits": 1}).story()
    assert "home-visit" in str(caught.value.fix)


def test_a_type_without_a_place_is_named(municipality: Municipality) -> None:
    directory = municipality.directory
    places = {code: one for code, one in directory.facilities.items() if one.kind != "hospital"}
    without = SimpleNamespace(municipality=directory.municipality, mediators=directory.mediators, facilities=places)
    nowhere = replace(with_changes(municipality, types={"bedside-mediation": 1}), directory=without)
    with pytest.raises(SettingsError, match="no story tells of bedside-mediation"):
        nowhere.story()


def test_a_form_that_asks_for_less_is_told_less() -> None:
    municipality = load_municipality(FOLDER / "register", system="register")
    first = municipality.story().first
    assert all(len(one.persons) <= 1 for one in first)
    assert all(len(one.findings.tests) <= 1 for one in first)
    assert all(one.consent is None and not one.documents and one.period.end is None for one in first)
    assert {number.kind for one in first for person in one.persons for number in person.identifiers} <= {
        "egn",
        "lnch",
        "nhis-newborn",
        "passport",
    }
    days = [one for one in first if not isinstance(one.period.start, datetime)]
    assert 0.03 < len(days) / len(first) < 0.2


def test_what_lies_ahead_is_written_down_before(municipality: Municipality) -> None:
    told = with_changes(municipality, activities=900).story().first
    ahead = [one for one in told if one.status in ("planned", "cancelled")]
    assert len(ahead) > 3
    assert all(one.updated_at.date() < day_of(one.period.start) for one in ahead)
    assert {one.status for one in told} >= {"completed", "in-progress", "not-done"}


def test_more_work_than_time_is_told_all_the_same() -> None:
    municipality = load_municipality(FOLDER / "register", system="register")
    told = with_changes(municipality, activities=4000).story().first
    assert len(told) >= 4000
    assert len({one.local_id for one in told}) == len(told)


def test_where_a_person_is_kept_once_all_activities_say_the_same_of_it(municipality: Municipality) -> None:
    story = with_changes(municipality, people={"kept": "once"}).story()
    said: dict[str, set[str]] = {}
    for one in everything(story):
        for person in one.persons:
            key = person.local_id or person.identifiers[0].value
            said.setdefault(key, set()).add(person.model_copy(update={"role": "subject"}).model_dump_json())
    assert len(said) > 60
    assert {len(several) for several in said.values()} == {1}


def test_where_people_are_kept_with_activities_their_numbers_change(stories: dict[str, Story]) -> None:
    kinds: dict[str, set[tuple[str, ...]]] = {}
    for one in everything(stories["documents"]):
        for person in one.persons:
            kinds.setdefault(str(person.local_id), set()).add(tuple(number.kind for number in person.identifiers))
    assert {("lnch",), ("egn", "lnch")} in kinds.values()
    assert {("nhis-newborn",), ("egn", "nhis-newborn")} in kinds.values()


def test_what_a_form_cannot_say_makes_no_activity_that_is_refused(mapper: Mapper) -> None:
    municipality = load_municipality(FOLDER / "register", system="register")
    poor = Carried({"persons": 1, "persons.name": True, "persons.local_id": True, "group": True, "status": True})
    told = with_changes(municipality, types={"home-visit": 1, "referral": 1, "insurance-help": 1, "phone-contact": 1})
    teller = replace(told, carried=poor, native=replace(told.native, derives={}))
    with pytest.raises(SettingsError, match="no story tells of referral"):
        teller.story()
    without = replace(teller, spec=teller.spec.model_copy(update={"types": {"home-visit": 1, "phone-contact": 1}}))
    first = without.story().first
    assert len(first) >= LEAST_ACTIVITIES
    assert all(mapper.map(one.for_mapping()) is not None for one in first)
