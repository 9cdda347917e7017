"""The official HL7 validation finds no error in what the base pack makes of the cases; not of samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.model import Activity
from hm_fhir.fhir.json import to_json
from hm_fhir.mapping.cases import load_cases
from hm_fhir.testing.deployment import Deployment

pytestmark = pytest.mark.server

PROJECT = Path(__file__).parents[2]


def test_all_cases(tmp_path: Path, official_validation: Callable[..., Any]) -> None:
    texts: list[bytes] = []
    with Deployment(tmp_path).write().app() as app:
        for case in load_cases(PROJECT / "mappings" / "cases"):
            if case.spec.refused is None:
                mapped = app.case_mapper.map(Activity.model_validate(case.spec.activity).for_mapping())
                assert mapped is not None
                texts += [to_json(resource.content) for resource in mapped.resources]
    resources = tmp_path / "cases.ndjson"
    resources.write_bytes(b"\n".join(texts) + b"\n")

    validation = official_validation([resources], packages=[PROJECT / "profiles" / "package"])

    assert validation.errors() == []


def test_the_validation_would_find_a_wrong_code(tmp_path: Path, official_validation: Callable[..., Any]) -> None:
    wrong = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HH"},
        "type": [
            {"coding": [{"system": "https://w3id.org/hm-fhir/CodeSystem/activity-type", "code": "no-such-type"}]}
        ],
    }
    (tmp_path / "wrong.json").write_bytes(to_json(wrong))
    validation = official_validation([tmp_path / "wrong.json"], packages=[PROJECT / "profiles" / "package"])
    assert validation.errors()
