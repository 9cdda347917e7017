"""The official HL7 validation finds no error in anything that the base pack makes of the samples and the cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hm_fhir_burgas import sample as burgas
from hm_fhir_samokov import sample as samokov

from hm_fhir.activities.model import Activity
from hm_fhir.fhir.json import to_json
from hm_fhir.mapping.cases import load_cases
from hm_fhir.mapping.engine import Mapped
from hm_fhir.testing.deployment import Deployment

pytestmark = pytest.mark.server

PROJECT = Path(__file__).parents[2]


def test_both_samples(tmp_path: Path, official_validation: Callable[..., Any]) -> None:
    samokov.write_sample(tmp_path / "samokov.csv")
    samokov.write_defects(tmp_path / "samokov-late.csv")
    burgas.write_sample(tmp_path / "burgas.ndjson")
    burgas.write_defects(tmp_path / "burgas-late.ndjson")
    deployment = Deployment(tmp_path).enable("samokov", "burgas")
    for name, ending in (("samokov", "csv"), ("burgas", "ndjson")):
        deployment.source(name, name, f"{name}.{ending}").source(f"{name}-late", name, f"{name}-late.{ending}")
    texts: set[bytes] = set()
    with deployment.app() as app:
        for source in app.settings.sources:
            for _, result in app.map(source):
                if isinstance(result, Mapped):
                    texts.update(to_json(resource.content) for resource in result.resources)
    resources = tmp_path / "resources.ndjson"
    resources.write_bytes(b"\n".join(sorted(texts)) + b"\n")

    validation = official_validation([resources], packages=[PROJECT / "profiles" / "package"])

    assert validation.errors() == []
    assert validation.summary["resources"] == len(texts) > 1000


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
