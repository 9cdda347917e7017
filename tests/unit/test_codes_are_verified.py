"""Codes of public code systems are shipped only when somebody verified them, and every code of ours has an answer.

A new code needs a row in ``profiles/verified_codes.yaml`` with its mark.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.catalogue import CATALOGUE, encounter_class
from hm_fhir.activities.vocabulary import SETTINGS
from hm_fhir.mapping.files.yaml_file import read_yaml

ROOT = Path(__file__).parents[2]
MAPPINGS = ROOT / "mappings"
SNOMED, LOINC, ICD10 = "http://snomed.info/sct", "http://loinc.org", "http://hl7.org/fhir/sid/icd-10"

VERIFIED: dict[str, dict[str, str]] = read_yaml(
    (ROOT / "profiles" / "verified_codes.yaml").read_text(encoding="utf-8")
).value["codes"]

# Codes that are easily mistaken, or that nobody could verify.
TRAPS = {
    "TRANS": "means transcriber, not translator",
    "ESC": "an escort in transportation services only",
    "ETH": "means substance abuse, not ethnicity",
    "8665-2": "not verified",
    "24110-9": "one method; the method is not known",
    "5292-8": "seen in one list only",
    "225368008": "not found",
    "439708006": "not in the Global Patient Set",
    "82191002": "not in the Global Patient Set",
    "105526001": "a homeless family; the person may be alone",
    "591000119102": "refused by the patient; of a child mostly a parent does",
    "268558004": "looks at the immunisation status; finding the person is another activity",
    "icd-10-cm": "the American edition",
}

CONCEPT_MAPS = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in MAPPINGS.glob("conceptmaps/*.json")
}
FILES = [path for path in sorted(MAPPINGS.rglob("*.yaml")) if "cases" not in path.relative_to(MAPPINGS).parts]

_SHAPES = {
    SNOMED: re.compile(r"(?<![\w./-])\d{6,18}(?![\w-])"),
    LOINC: re.compile(r"(?<![\w./-])\d{1,7}-\d(?![\w-])"),
    ICD10: re.compile(r"(?<![\w./-])[A-Z]\d\d(\.\d)?(?![\w-])"),
}


def targets() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (name, group["target"], target)
        for name, resource in CONCEPT_MAPS.items()
        for group in resource["group"]
        for element in group["element"]
        for target in element["target"]
    ]


def codes_of(name: str) -> set[str]:
    path = ROOT / "profiles" / "package" / f"CodeSystem-hm-{name}.json"
    return {concept["code"] for concept in json.loads(path.read_text(encoding="utf-8"))["concept"]}


def test_there_is_something_to_check() -> None:
    assert len(CONCEPT_MAPS) >= 15
    assert len(FILES) >= 15


@pytest.mark.parametrize("system", sorted(VERIFIED))
def test_concept_maps_hold_only_verified_codes(system: str) -> None:
    used = {target["code"] for _, target_system, target in targets() if target_system == system and "code" in target}

    assert used
    assert used - VERIFIED[system].keys() == set()


@pytest.mark.parametrize("system", sorted(VERIFIED))
def test_mapping_files_hold_only_verified_codes(system: str) -> None:
    used = {found[0] for path in FILES for found in _SHAPES[system].finditer(path.read_text(encoding="utf-8"))}

    assert used - VERIFIED[system].keys() == set()


@pytest.mark.parametrize("system", sorted(VERIFIED))
def test_every_verified_code_is_used(system: str) -> None:
    used = {target["code"] for _, target_system, target in targets() if target_system == system and "code" in target}
    texts = "".join(path.read_text(encoding="utf-8") for path in FILES)

    assert {code for code in VERIFIED[system] if code not in used and f"'{code}'" not in texts} == set()


def test_a_code_from_a_secondary_source_says_so() -> None:
    for name, system, target in targets():
        if VERIFIED.get(system, {}).get(target.get("code", "")) in ("secondary", "row"):
            assert "not" in target.get("comment", ""), f"{name}: {target['code']} needs a comment on its source"


@pytest.mark.parametrize("trap", sorted(TRAPS))
def test_no_trap_is_in_a_mapping_or_concept_map(trap: str) -> None:
    for path in [*FILES, *MAPPINGS.glob("conceptmaps/*.json")]:
        assert not re.search(rf"(?<![\w-]){trap}(?![\w-])", path.read_text(encoding="utf-8")), (
            path.name,
            TRAPS[trap],
        )


@pytest.mark.parametrize("name", sorted(CONCEPT_MAPS))
def test_every_group_of_a_concept_map_covers_its_whole_vocabulary(name: str) -> None:
    for group in CONCEPT_MAPS[name]["group"]:
        codes = [element["code"] for element in group["element"]]
        assert len(codes) == len(set(codes))
        if name == "encounter-class":
            expected = {
                encounter_class(kind.code, setting, in_ward=in_hospital, admitted=in_hospital)
                for kind in CATALOGUE
                for setting in SETTINGS.terms
                for in_hospital in (True, False)
            }
        else:
            expected = codes_of(group["source"].removeprefix("https://w3id.org/hm-fhir/CodeSystem/"))
        assert set(codes) == expected


@pytest.mark.parametrize("name", sorted(CONCEPT_MAPS))
def test_a_concept_map_says_why_nothing_fits_and_what_is_not_exact(name: str) -> None:
    resource = CONCEPT_MAPS[name]

    assert resource["url"] == f"https://w3id.org/hm-fhir/ConceptMap/{name}"
    for group in resource["group"]:
        for target in (target for element in group["element"] for target in element["target"]):
            if target["equivalence"] == "unmatched":
                assert "code" not in target
                assert target["comment"]
            else:
                assert target["code"]
                # FHIR rule cmd-1
                assert target["equivalence"] not in ("narrower", "inexact") or target["comment"]
