"""What the stories of several municipalities tell together, and what they leave out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from hm_fhir.activities.catalogue import ACTIVITY_TYPES
from hm_fhir.activities.model import Activity
from hm_fhir.activities.people import Person
from hm_fhir.activities.vocabulary import BARRIERS
from hm_fhir.testing.story.municipality import Municipality, Story
from hm_fhir.testing.story.places import named_places

LEAST_ACTIVITIES = 300


def missing(stories: Mapping[str, Story]) -> tuple[str, ...]:
    """Return what no story tells of: activity types, barriers, and what people and records go through.

    Args:
        stories: by name of the municipality.
    """
    all_told = [one for story in stories.values() for one in _everything(story)]
    changes = Counter(change.kind for story in stories.values() for change in story.changes)
    subjects = [one.persons[0] for one in all_told if one.persons]
    wanted = {f"type {code}": any(one.type == code for one in all_told) for code in ACTIVITY_TYPES}
    wanted |= {f"barrier {code}": any(code in one.barriers for one in all_told) for code in BARRIERS.terms}
    wanted |= {
        "a group": any(one.group for one in all_told),
        "a correction": changes["corrected"] > 0,
        "a late row": changes["late"] > 0,
        "a deletion": changes["deleted"] + changes["entered-in-error"] > 0,
        "a defect": changes["defect"] > 0,
        "somebody who moves from one municipality to another": _moves(stories),
        "somebody known by an LNCh, and later by an EGN": _gets_another(subjects, "lnch"),
        "a newborn with a temporary number, and later an EGN": _gets_another(subjects, "nhis-newborn"),
        "somebody without any number": any(not one.identifiers for one in subjects),
        "somebody who is merged with a former record": any(one.formerly for one in subjects),
    }
    return tuple(name for name, is_there in wanted.items() if not is_there)


def unused(municipality: Municipality, story: Story) -> tuple[str, ...]:
    """Return the mediators and facilities of a directory that its story never names.

    Args:
        municipality: whose directory it is.
        story: told of it.
    """
    told = _everything(story)
    mediators = {one.mediator.local_id for one in told}
    facilities = {place.local_id for one in told for place in named_places(one)}
    found = [f"mediator {number}" for number in municipality.directory.mediators if number not in mediators]
    return (*found, *(f"facility {code}" for code in municipality.directory.facilities if code not in facilities))


def _everything(story: Story) -> list[Activity]:
    return [*story.first, *(one for change in story.changes for one in change.touched)]


def _numbers(story: Story) -> set[str]:
    people = (person for one in story.first for person in one.persons)
    return {number.value for person in people for number in person.identifiers if number.kind == "egn"}


def _moves(stories: Mapping[str, Story]) -> bool:
    counts = Counter(number for story in stories.values() for number in _numbers(story))
    return any(count > 1 for count in counts.values())


def _gets_another(people: Iterable[Person], kind: str) -> bool:
    """Return whether somebody has a number of a kind alone, and elsewhere an EGN beside it."""
    alone: set[str] = set()
    beside: set[str] = set()
    for person in people:
        numbers = {number.kind: number.value for number in person.identifiers}
        if kind in numbers:
            (beside if "egn" in numbers else alone).add(numbers[kind])
    return bool(alone & beside)
