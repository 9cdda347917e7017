"""The concept maps and naming systems of the package: those of the mapping pack and of the settings, and honest."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.config import CANONICAL, Identifiers
from hm_fhir.fhir.terminology import r4_terminology

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "profiles" / "package"
MAPS = runpy.run_path(str(ROOT / "profiles" / "generate_conceptmaps.py"))
SYSTEMS = runpy.run_path(str(ROOT / "profiles" / "generate_namingsystems.py"))
NAMES = sorted(path.stem for path in (ROOT / "mappings" / "conceptmaps").glob("*.json"))

Json = dict[str, Any]


def published(name: str) -> Json:
    found: Json = json.loads((PACKAGE / f"ConceptMap-hm-{name}.json").read_text(encoding="utf-8"))
    return found


def rows(concept_map: Json) -> list[tuple[str, str, Json]]:
    return [
        (group["target"], element["code"], target)
        for group in concept_map["group"]
        for element in group["element"]
        for target in element["target"]
    ]


@pytest.mark.parametrize("generator", [MAPS, SYSTEMS], ids=["concept maps", "naming systems"])
def test_the_committed_files_are_what_the_generator_makes(generator: dict[str, Any]) -> None:
    texts: dict[str, str] = generator["file_texts"]()

    kind = next(iter(texts)).partition("-")[0]
    assert {path.name: path.read_text(encoding="utf-8") for path in PACKAGE.glob(f"{kind}-*.json")} == texts


@pytest.mark.parametrize("name", NAMES)
def test_a_published_map_adds_only_how_far_a_row_can_be_relied_on(name: str) -> None:
    source = json.loads((ROOT / "mappings" / "conceptmaps" / f"{name}.json").read_text(encoding="utf-8"))
    added = published(name)

    for target in (target for _, _, target in [*rows(source), *rows(added)]):
        target.pop("comment", None)
    assert added == source


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_verified_proposed_or_unmatched(name: str) -> None:
    for _, _, target in rows(published(name)):
        standing, _, why = target["comment"].partition(": ")
        assert standing in ("verified", "proposed", "unmatched")
        assert (standing == "unmatched") == (target["equivalence"] == "unmatched")
        assert why.strip()


def test_a_code_that_nobody_read_at_its_source_is_proposed() -> None:
    standing = {
        target["code"]: target["comment"].partition(":")[0]
        for name in NAMES
        for _, _, target in rows(published(name))
        if "code" in target
    }

    assert standing["185317003"] == "verified"  # in the Global Patient Set
    assert standing["390906007"] == "proposed"  # beside such a code
    assert standing["20507-0"] == "proposed"  # seen in value sets only
    assert standing["Z33"] == "verified"  # in a guide of WHO


@pytest.mark.parametrize("name", NAMES)
def test_a_verified_code_of_hl7_exists(name: str) -> None:
    terminology = r4_terminology()
    for system, _, target in rows(published(name)):
        if "code" in target and system.startswith(("http://hl7.org/fhir/", "http://terminology.hl7.org/")):
            assert terminology.code(system, target["code"]) is not False
            assert terminology.knows(system) or system == "http://hl7.org/fhir/sid/icd-10"


def test_a_map_to_a_code_that_nobody_verified_cannot_be_published() -> None:
    verified = {"marks": {}, "codes": {"http://loinc.org": {}}}
    for system in ("http://loinc.org", "http://example.org/codes"):
        with pytest.raises(KeyError):
            MAPS["standing_of"](system, {"code": "1-8", "equivalence": "equivalent"}, verified)


def test_every_default_system_of_the_settings_is_named_and_said_to_be_a_setting() -> None:
    named = {one["uniqueId"][0]["value"]: one for one in SYSTEMS["naming_systems"]()}

    assert set(named) == {uri for uri in Identifiers().by_kind().values() if uri.startswith(CANONICAL)} | {
        f"{CANONICAL}/sid/surrogate"
    }
    assert all("settings" in one["usage"] for one in named.values())
    assert {one["kind"] for one in named.values()} == {"identifier", "codesystem"}
