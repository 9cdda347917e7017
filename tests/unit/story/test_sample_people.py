"""Who is in a sample: which numbers newborns get, where people live, and mediators that are named by words."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.model import Activity
from hm_fhir.activities.people import Person
from hm_fhir.errors import MappingErrors, RecordRejected, SettingsError
from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.sources.base import Record, Source, records_of, understand
from hm_fhir.testing.people import long_ago
from hm_fhir.testing.story.municipality import Municipality, load_municipality
from hm_fhir.testing.story.round_trip import round_trip
from hm_fhir.testing.story.sample_file import People, SampleSpec

FOLDER = Path(__file__).parent
SourceOver = Callable[..., Source]
Documents = Callable[[Municipality], dict[str, Mapping[str, Any]]]


def told(folder: str, **people: Any) -> tuple[Municipality, tuple[Activity, ...]]:
    """Return a municipality of this folder with other people, and its story."""
    municipality = load_municipality(FOLDER / folder, system=folder)
    content = municipality.spec.model_dump()
    changed = SampleSpec.model_validate({**content, "people": {**content["people"], **people}})
    municipality = replace(municipality, spec=changed)
    return municipality, municipality.story().first


def newborns(activities: tuple[Activity, ...], municipality: Municipality) -> list[Person]:
    first_day = long_ago(municipality.spec.days.first)
    found = [person for one in activities for person in one.persons if person.birth_date]
    return [person for person in found if person.birth_date and person.birth_date >= first_day]


def kinds_of(people: list[Person]) -> set[tuple[str, ...]]:
    return {tuple(number.kind for number in person.identifiers) for person in people}


@pytest.mark.parametrize(
    ("numbers", "kinds"),
    [
        (["nhis-newborn", "egn"], {("nhis-newborn",), ("egn", "nhis-newborn")}),
        (["egn"], {("egn",)}),
        (["passport", "lnch"], {("passport",), ("lnch", "passport")}),
        (["nhis-newborn"], {("nhis-newborn",)}),
        ([], {()}),
    ],
)
def test_newborns_get_the_numbers_that_the_sample_names_in_this_order(
    numbers: list[str], kinds: set[tuple[str, ...]]
) -> None:
    municipality, activities = told("documents", newborns=numbers)
    found = newborns(activities, municipality)
    assert len(found) > 10
    assert kinds_of(found) == kinds


def test_a_form_without_a_local_number_needs_a_number_of_newborns() -> None:
    with pytest.raises(SettingsError, match="a person needs a national number or a local id"):
        told("register", newborns=[])


def test_newborns_have_at_birth_a_temporary_number_and_later_an_egn_when_nothing_is_said() -> None:
    assert told("documents")[1] == told("documents", newborns=["nhis-newborn", "egn"])[1]


def test_people_live_where_the_sample_says() -> None:
    places = [{"ekatte": "07079", "settlement": "Бургас", "district": "Меден рудник"}, {"settlement": "Банево"}]
    _, activities = told("documents", places=places)
    lived = [one.address.model_dump(exclude_none=True) for a in activities for one in a.persons if one.address]
    assert len(lived) > 100
    assert [place for place in places if place not in lived] == []
    assert [one for one in lived if one not in places] == []


def test_such_a_story_is_read_as_it_was_told(source_over: SourceOver, first_documents: Documents) -> None:
    municipality, activities = told("register", newborns=["egn"], places=[{"ekatte": "68134", "settlement": "София"}])
    documents = first_documents(municipality)
    assert round_trip(activities, source_over(FOLDER / "register", documents, "register")) == ()


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ("{newborns: [engs]}", "newborns"),
        ("{newborns: [egn, egn]}", "the same kind twice"),
        ("{newborns: [nhis-newborn, egn, passport]}", "at most 2"),
        ("{places: [{ekatte: 7079, settlement: Бургас}]}", "put quotes around it"),
        ('{places: [{ekatte: "7079", settlement: Бургас}]}', "five digits"),
        ('{places: [{ekatte: "07079"}]}', "settlement is missing"),
        ("{places: [{settlment: Бургас, settlement: Бургас}]}", "did you mean 'settlement'"),
    ],
)
def test_a_mistake_in_people_is_shown_at_its_place(tmp_path: Path, people: str, message: str) -> None:
    folder = shutil.copytree(FOLDER / "register", tmp_path / "register")
    sample = folder / "sample.yaml"
    sample.write_text(f"people: {people}\n{sample.read_text(encoding='utf-8')}", encoding="utf-8")
    with pytest.raises(MappingErrors, match=message) as caught:
        load_municipality(folder, system="register")
    assert "sample.yaml:1:" in str(caught.value)


def test_mediators_and_facilities_can_be_named_by_words(
    tmp_path: Path, source_over: SourceOver, first_documents: Documents
) -> None:
    """Nobody has a word for who is not in the directory, so the table refuses such a record."""
    folder = shutil.copytree(FOLDER / "register", tmp_path / "register")
    directory = load_municipality(folder, system="register").directory
    for name, before, after in (
        ("fields", "type: mediator,", "type: mediator, codes: mediators,"),
        ("fields", "codes:\n  types:", f"codes:\n  mediators: {words_for(directory.mediators)}\n  types:"),
        ("sample", "{{ mediator.local_id }}", "{{ mediator.local_id.word('mediators') }}"),
    ):
        file = folder / f"{name}.yaml"
        text = file.read_text(encoding="utf-8")
        assert before in text
        file.write_text(text.replace(before, after), encoding="utf-8")
    municipality = load_municipality(folder, system="register")
    story = municipality.story()
    assert round_trip(story.first, source_over(folder, first_documents(municipality), "register")) == ()
    defects = {change.defect: change for change in story.changes if change.defect}
    assert {name: defects[name].code for name in ("unknown-mediator", "unknown-facility", "empty-mediator")} == {
        "unknown-mediator": "unknown-code",
        "unknown-facility": "unknown-facility",
        "empty-mediator": "empty",
    }
    source = source_over(
        folder, {name: change.native for name, change in defects.items() if change.native}, "register"
    )
    refused = Counter(rejection(source, record) for record in records_of(source))
    # A visit in the future is a whole activity; only the store, which has a clock, refuses it.
    assert refused == Counter(change.code for change in defects.values() if change.code != "future-date") + Counter(
        [""]
    )


def words_for(codes: Iterable[str]) -> str:
    return "{" + ", ".join(f"дума {number}: {code}" for number, code in enumerate(codes)) + "}"


def rejection(source: Source, record: Record) -> str:
    try:
        understand(source, record)
    except RecordRejected as error:
        return error.code
    return ""


def test_the_example_of_the_reference_is_a_part_of_a_sample_file() -> None:
    page = (FOLDER.parents[2] / "docs" / "reference" / "samples.md").read_text(encoding="utf-8")
    example = next(block for block in page.split("```yaml\n")[1:] if block.startswith("people:")).split("```")[0]
    people = People.model_validate(read_yaml(example).value["people"])
    assert people.newborns == ("egn",)
    assert [place.settlement for place in people.places] == ["Бургас", "Банево"]
