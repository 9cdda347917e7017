"""The official HL7 validation finds no error in 5,000 generated activities of all types, mapped by the base pack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.catalogue import ACTIVITY_TYPES
from hm_fhir.activities.model import Activity
from hm_fhir.errors import MappingRefused
from hm_fhir.fhir.json import to_json
from hm_fhir.testing.activities import generate_activities
from hm_fhir.testing.deployment import Deployment

pytestmark = pytest.mark.server

PROJECT = Path(__file__).parents[2]
COUNT = 5000
MOST_REFUSED = COUNT // 10
TYPES = {
    "Appointment": 1000,
    "CarePlan": 1000,
    "Communication": 2000,
    "Condition": 2000,
    "Consent": 1000,
    "DocumentReference": 1000,
    "Encounter": COUNT - MOST_REFUSED,
    "EpisodeOfCare": 1000,
    "Goal": 2000,
    "Group": 100,
    "Immunization": 1000,
    "Location": 2000,
    "Observation": 10_000,
    "Organization": 2000,
    "Patient": 3000,
    "Practitioner": 50,
    "PractitionerRole": 50,
    "Provenance": COUNT - MOST_REFUSED,
    "RelatedPerson": 2000,
    "ServiceRequest": 1000,
    "Task": 1000,
}
"""Each type that the base pack makes, and the least number of different resources of it."""


def test_the_official_validation_finds_no_error(tmp_path: Path, official_validation: Callable[..., Any]) -> None:
    refused: Counter[str] = Counter()
    mapped: Counter[str] = Counter()
    texts: dict[bytes, str] = {}  # what many activities share is looked at once
    with Deployment(tmp_path).write().app() as app:
        for data in generate_activities(7, COUNT):
            activity = Activity.model_validate(data)
            try:
                result = app.case_mapper.map(activity.for_mapping())
            except MappingRefused as error:
                refused[f"{activity.type}/{error.code}"] += 1
                continue
            assert result is not None
            mapped[activity.type] += 1
            texts.update((to_json(resource.content), resource.type) for resource in result.resources)
    resources = tmp_path / "resources.ndjson"
    resources.write_bytes(b"\n".join(texts) + b"\n")

    validation = official_validation([resources], packages=[PROJECT / "profiles" / "package"], level="error")

    assert validation.errors() == []
    assert validation.summary["error"] == validation.summary["fatal"] == 0
    assert validation.summary["resources"] == len(texts)
    assert mapped.total() + refused.total() == COUNT
    assert set(mapped) == set(ACTIVITY_TYPES)
    assert 0 < refused.total() < MOST_REFUSED
    looked_at = Counter(texts.values())
    assert set(looked_at) == set(TYPES)
    assert {kind: number for kind, number in looked_at.items() if number < TYPES[kind]} == {}
