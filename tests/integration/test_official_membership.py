"""Whether a code is in a value set: the official validation says the same as we do, where it can be decided."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.fhir.terminology import Terminology, r4_terminology

pytestmark = pytest.mark.server

OWN = "https://example.org/fhir"
EACH = 12
"""Every so many of R4's value sets is looked at."""

NOT_LIKE_US = {
    "urn:ietf:bcp:13": "it takes any text for a MIME type",
    "urn:ietf:bcp:47": "it knows language and region only, and compares case",
    "urn:iso:std:iso:3166": "it does not know the numbers of countries",
    "urn:iso:std:iso:3166:-2": "it takes any text for a part of a country",
    "urn:iso:std:iso:4217": "it does not know historic currencies",
}
"""Code systems about which the official validation is wrong, and how."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A coding in an element with a required binding."""

    value_set: str
    system: str
    code: str


def code_system() -> Json:
    return {
        "resourceType": "CodeSystem",
        "id": "animals",
        "url": f"{OWN}/CodeSystem/animals",
        "version": "1",
        "name": "Animals",
        "status": "active",
        "content": "complete",
        "caseSensitive": True,
        "hierarchyMeaning": "is-a",
        "concept": [
            {"code": "bird", "concept": [{"code": "hen"}, {"code": "gull", "concept": [{"code": "tern"}]}]},
            {"code": "fish", "concept": [{"code": "carp"}]},
            {"code": "stone"},
        ],
    }


ANIMALS = {"system": f"{OWN}/CodeSystem/animals"}
COMPOSITIONS: dict[str, Json] = {
    "whole": {"include": [ANIMALS]},
    "listed": {"include": [ANIMALS | {"concept": [{"code": "hen"}, {"code": "horse"}]}]},
    "unknown": {"include": [{"system": "https://example.org/nowhere"}]},
    "unknown-listed": {"include": [{"system": "https://example.org/nowhere", "concept": [{"code": "hen"}]}]},
    "excluding": {"include": [ANIMALS], "exclude": [ANIMALS | {"concept": [{"code": "gull"}]}]},
    "nested": {"include": [{"valueSet": [f"{OWN}/ValueSet/is-a|1"]}, ANIMALS | {"concept": [{"code": "stone"}]}]},
    **{
        operation: {"include": [ANIMALS | {"filter": [{"property": "concept", "op": operation, "value": value}]}]}
        for operation, value in (
            ("is-a", "bird"),
            ("descendent-of", "bird"),
            ("is-not-a", "bird"),
            ("generalizes", "tern"),
        )
    },
    **{
        f"code-{operation}": {
            "include": [ANIMALS | {"filter": [{"property": "code", "op": operation, "value": value}]}]
        }
        for operation, value in (("regex", "[gh].*"), ("in", "hen,carp"), ("not-in", "hen,carp"), ("=", "hen"))
    },
}


def own_resources() -> list[Json]:
    value_sets = [
        {
            "resourceType": "ValueSet",
            "id": name.replace("=", "equal"),
            "url": f"{OWN}/ValueSet/{name}",
            "version": "1",
            "name": "V" + name.replace("-", ""),
            "status": "active",
            "compose": compose,
        }
        for name, compose in COMPOSITIONS.items()
    ]
    return [code_system(), *value_sets]


def own_cases() -> Iterator[Case]:
    for name in COMPOSITIONS:
        for code in ("bird", "hen", "gull", "tern", "fish", "carp", "stone", "horse", "Hen"):
            yield Case(f"{OWN}/ValueSet/{name}", str(ANIMALS["system"]), code)
        yield Case(f"{OWN}/ValueSet/{name}", "https://example.org/nowhere", "hen")


def r4_cases(terminology: Terminology) -> Iterator[Case]:
    stored = json.loads(files("hm_fhir.fhir.r4").joinpath("value_sets.json").read_text(encoding="utf-8"))
    for url in sorted(stored)[::EACH]:
        for system, one in terminology.extent(url).slices.items():
            code_system = terminology.code_system(system)
            codes = sorted(code for code, verdict in one.known.items() if verdict)[:2]
            if code_system is not None and code_system.complete:
                codes += sorted(code_system.codes - {*codes})[:2]
                codes = [code_system.written(code) for code in codes]
            yield from (Case(url, system, code) for code in [*codes, "nonsense-zz"])
        yield Case(url, "http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB")


def profile(number: int, value_set: str) -> Json:
    return {
        "resourceType": "StructureDefinition",
        "id": f"p{number}",
        "url": f"{OWN}/StructureDefinition/p{number}",
        "name": f"P{number}",
        "status": "active",
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": False,
        "type": "Observation",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Observation",
        "derivation": "constraint",
        "differential": {
            "element": [
                {
                    "id": "Observation.code",
                    "path": "Observation.code",
                    "binding": {"strength": "required", "valueSet": value_set},
                }
            ]
        },
    }


def test_the_official_validation_gives_the_same_verdicts(official_validation: Any, tmp_path: Path) -> None:
    terminology = r4_terminology().with_resources(own_resources())
    cases = [*own_cases(), *r4_cases(terminology)]
    assert len(cases) > 400
    numbers = {url: number for number, url in enumerate(sorted({case.value_set for case in cases}))}
    package, lines = tmp_path / "package", tmp_path / "cases.ndjson"
    package.mkdir()
    for one in [*own_resources(), *(profile(number, url) for url, number in numbers.items())]:
        (package / f"{one['resourceType']}-{one['id']}.json").write_text(json.dumps(one), encoding="utf-8")
    lines.write_text(
        "".join(
            json.dumps(
                {
                    "resourceType": "Observation",
                    "meta": {"profile": [f"{OWN}/StructureDefinition/p{numbers[case.value_set]}"]},
                    "status": "final",
                    "code": {"coding": [{"system": case.system, "code": case.code}]},
                }
            )
            + "\n"
            for case in cases
        ),
        encoding="utf-8",
    )
    refused = {
        error["index"]
        for error in official_validation([lines], packages=[package]).errors()
        if str(error["id"]).startswith("Terminology_TX_NoValid")
    }
    other = []
    decided = 0
    for index, case in enumerate(cases):
        verdict = terminology.member(case.value_set, case.system, case.code)
        # In the archive are code systems with a bar in their URL; it is a version to the official validation.
        if verdict is None or case.system in NOT_LIKE_US or "|" in case.system:
            continue
        decided += 1
        if verdict is (index in refused):
            other.append(case)
    assert other == []
    assert decided > 0.9 * len(cases)
