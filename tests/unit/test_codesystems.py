"""The committed code systems are those of the vocabularies, complete, and those of the activity model."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import get_args

import pytest

from hm_fhir.activities.findings import ImmunisationStatus, Measurement, Pregnancy, ReportedCondition, Test
from hm_fhir.activities.model import Status
from hm_fhir.activities.people import Facility, IdentifierKind, Person
from hm_fhir.activities.vocabulary import VOCABULARIES

PROFILES = Path(__file__).parents[2] / "profiles"
GENERATOR = runpy.run_path(str(PROFILES / "generate_codesystems.py"))
TEXTS: dict[str, str] = GENERATOR["file_texts"]()


def committed(name: str) -> dict[str, object]:
    resource: dict[str, object] = json.loads(
        (PROFILES / "package" / f"CodeSystem-hm-{name}.json").read_text(encoding="utf-8")
    )
    return resource


def codes(name: str) -> set[str]:
    concepts = committed(name)["concept"]
    assert isinstance(concepts, list)
    return {concept["code"] for concept in concepts}


def test_every_committed_file_is_what_the_generator_writes() -> None:
    found = {
        path.name: path.read_text(encoding="utf-8") for path in (PROFILES / "package").glob("CodeSystem-hm-*.json")
    }

    assert found == TEXTS


def test_every_vocabulary_has_a_code_system_with_all_its_codes() -> None:
    for vocabulary in VOCABULARIES:
        assert codes(vocabulary.name) == set(vocabulary.terms)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_code_system_is_complete_and_bilingual(name: str) -> None:
    resource = json.loads(TEXTS[name])

    assert resource["url"].startswith("https://w3id.org/hm-fhir/CodeSystem/")
    assert (resource["status"], resource["content"], resource["caseSensitive"]) == ("active", "complete", True)
    assert resource["count"] == len(resource["concept"])
    for concept in resource["concept"]:
        (bulgarian,) = concept["designation"]
        assert bulgarian["language"] == "bg"
        assert any("а" <= letter.lower() <= "я" for letter in bulgarian["value"])
        assert concept["display"].isascii()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("activity-status", get_args(Status)),
        ("pregnancy-status", get_args(Pregnancy.model_fields["status"].annotation)),
        ("reported-condition", get_args(ReportedCondition.model_fields["code"].annotation)),
        ("immunisation-status", get_args(ImmunisationStatus.model_fields["status"].annotation)),
        ("person-role", get_args(Person.model_fields["role"].annotation)),
        ("facility-kind", get_args(Facility.model_fields["kind"].annotation)),
    ],
)
def test_a_closed_list_of_the_activity_model_equals_its_code_system(name: str, words: tuple[str, ...]) -> None:
    assert codes(name) == set(words)


def test_results_identifier_kinds_and_measurements_of_the_model_have_codes() -> None:
    results = get_args(get_args(Test.model_fields["result"].annotation)[0])

    assert codes("test-result") == set(results)
    assert set(get_args(IdentifierKind)) <= codes("identifier-kind")
    assert set(get_args(Measurement.model_fields["kind"].annotation)) <= codes("finding")
