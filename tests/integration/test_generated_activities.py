"""The official HL7 validation finds no error in 10,000 generated activities of all types, mapped by the base pack.

Every different resource is judged, by the official validation (in two processes, 5 minutes) and by ours.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.catalogue import ACTIVITY_TYPES
from hm_fhir.activities.model import Activity
from hm_fhir.errors import MappingRefused
from hm_fhir.fhir.json import to_json
from hm_fhir.testing.activities import generate_activities
from hm_fhir.testing.deployment import Deployment
from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.validator import Validator

pytestmark = pytest.mark.server

PACKAGE = Path(__file__).parents[2] / "profiles" / "package"
COUNT = 10_000
MOST_REFUSED = COUNT // 10
PROCESSES = 2
TYPES = {
    "Appointment": 2000,
    "CarePlan": 2000,
    "Communication": 4000,
    "Condition": 4000,
    "Consent": 2000,
    "DocumentReference": 2000,
    "Encounter": COUNT - MOST_REFUSED,
    "EpisodeOfCare": 2000,
    "Goal": 4000,
    "Group": 100,
    "Immunization": 2000,
    "Location": 4000,
    "Observation": 20_000,
    "Organization": 4000,
    "Patient": 6000,
    "Practitioner": 50,
    "PractitionerRole": 50,
    "Provenance": COUNT - MOST_REFUSED,
    "RelatedPerson": 4000,
    "ServiceRequest": 2000,
    "Task": 2000,
}
"""Each type that the base pack makes, and the least number of different resources of it."""


class Mapped:
    """What the base pack makes of the activities.

    Attributes:
        activities: how many of each type were mapped.
        refused: how many a mapping refused.
        resources: how many resources were made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.activities: Counter[str] = Counter()
        self.refused = 0
        self.resources = 0

    def contents(self) -> Iterator[dict[str, Any]]:
        """Yield the content of each resource."""
        with Deployment(self._folder).write().app() as app:
            for data in generate_activities(7, COUNT):
                activity = Activity.model_validate(data)
                try:
                    result = app.case_mapper.map(activity.for_mapping())
                except MappingRefused:
                    self.refused += 1
                    continue
                assert result is not None
                self.activities[activity.type] += 1
                for resource in result.resources:
                    self.resources += 1
                    yield resource.content


def test_neither_validation_finds_an_error(tmp_path: Path, official_validation: Callable[..., Any]) -> None:
    mapped, validator = Mapped(tmp_path), Validator(load_definitions())
    texts: dict[bytes, str] = {}  # what many activities share is looked at once
    ours: Counter[str] = Counter()
    for content in mapped.contents():
        text = to_json(content)
        if text not in texts:
            texts[text] = content["resourceType"]
            ours.update(issue.rule for issue in validator.validate(content) if issue.stops)
    lines, files = list(texts), []
    for number in range(PROCESSES):
        files.append(tmp_path / f"{number}.ndjson")
        files[-1].write_bytes(b"\n".join(lines[number::PROCESSES]) + b"\n")

    with ThreadPoolExecutor(PROCESSES) as pool:
        validations = list(
            pool.map(lambda file: official_validation([file], packages=[PACKAGE], level="error"), files)
        )

    counts = f"{COUNT} activities, {mapped.resources} resources, {len(texts)} different"
    sys.stdout.write("\n".join([counts, *(str(validation.summary) for validation in validations), ""]))
    assert ours == Counter()
    assert [error for validation in validations for error in validation.errors()] == []
    assert sum(validation.summary["resources"] for validation in validations) == len(texts)
    assert mapped.activities.total() + mapped.refused == COUNT
    assert set(mapped.activities) == set(ACTIVITY_TYPES)
    assert 0 < mapped.refused < MOST_REFUSED
    looked_at = Counter(texts.values())
    assert set(looked_at) == set(TYPES)
    assert {kind: number for kind, number in looked_at.items() if number < TYPES[kind]} == {}
