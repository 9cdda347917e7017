"""The JSON Schemas of mapping files: up to date, right about every good file, and about wrong ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hm_fhir.mapping.files.json_schema import FOLDER, SCHEMAS, schema, text
from hm_fhir.mapping.files.yaml_file import read_yaml

ROOT = Path(__file__).parents[2]
PACKS = sorted(path.parent for top in (ROOT / "mappings", ROOT / "plugins") for path in top.rglob("pack.yaml"))
MOST_BYTES = 500_000
VALIDATORS = {kind: jsonschema.Draft202012Validator(schema(kind)) for kind in SCHEMAS}

MAPPING = """\
mapping: visit
version: 1.0.0
when: "true"
resources:
  - name: encounter
    type: Encounter
    template:
      status: finished
"""


def kind_of(path: Path, pack: Path) -> str:
    steps = path.relative_to(pack).parts
    return {"pack.yaml": "pack", "parts": "part", "cases": "case"}.get(steps[0], "mapping")


FILES = [(path, kind_of(path, pack)) for pack in PACKS for path in sorted(pack.rglob("*.yaml"))]


def errors(kind: str, value: Any) -> list[str]:
    return [error.message for error in VALIDATORS[kind].iter_errors(value)]


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_kept_schema_is_the_generated_one(kind: str) -> None:
    """Write them anew with: python -m hm_fhir.mapping.files.json_schema."""
    kept = (FOLDER / f"{kind}.json").read_text(encoding="utf-8")
    assert kept == text(kind)
    assert json.loads(kept) == schema(kind)
    assert len(kept.encode()) < MOST_BYTES


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_schema_is_a_schema_and_every_reference_in_it_leads_somewhere(kind: str) -> None:
    made = schema(kind)
    jsonschema.Draft202012Validator.check_schema(made)
    found = set(json.dumps(made).split('"$ref": "#/$defs/')[1:])
    assert {one.split('"')[0] for one in found} <= set(made.get("$defs", {}))


@pytest.mark.parametrize(("path", "kind"), FILES, ids=lambda one: one if isinstance(one, str) else one.stem)
def test_every_file_of_every_pack_is_right(path: Path, kind: str) -> None:
    assert errors(kind, read_yaml(path).value) == []


def test_there_are_files_of_every_kind() -> None:
    assert {kind for _, kind in FILES} == set(SCHEMAS)


def test_the_mapping_that_the_wrong_ones_come_from_is_right() -> None:
    assert errors("mapping", read_yaml(MAPPING).value) == []


@pytest.mark.parametrize(
    "template",
    [
        'status: "{{ status }}"',
        'status: {"{% if true %}": finished, "{% else %}": planned}',
        'type: "{[ missing ]}"',
        'type: [{"{% for a in b %}": {text: "{{ %a }}"}}]',
        'period: {"{{ period }}": {start: "{{ start }}"}}',
        '"{% merge %}": [{status: finished}, {"{% if a %}": {class: {code: AMB}}}]',
        '"{% assign %}": [{a: 1}]\n      status: "{{ %a }}"',
        "_status: {extension: [{url: 'http://x', valueCoding: {code: a}}]}",
        "length: {value: 1.50}",
        "text: {div: '<div>{{ a }} and {{ b }}</div>'}",
        "contained: [{resourceType: Patient, anything: true}]",
    ],
)
def test_every_construct_of_a_template_is_right(template: str) -> None:
    value = read_yaml(MAPPING.replace("status: finished", template)).value
    assert errors("mapping", value) == []


@pytest.mark.parametrize(
    "profile",
    ["http://x", "\"{{ iif(a, 'http://x') }}\"", '{"{% if a %}": http://x, "{% else %}": "{{ %b }}"}'],
)
def test_a_profile_is_a_text_or_chooses_one(profile: str) -> None:
    text = MAPPING.replace("name: encounter", f"name: encounter\n    profile: {profile}")
    assert errors("mapping", read_yaml(text).value) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("mapping: visit", "mappng: visit"),
        ("mapping: visit", "mapping: 1visit"),
        ("version: 1.0.0\n", ""),
        ('when: "true"', "when: true"),
        ("name: encounter", "name: encounter\n    shared: perhaps"),
        ("name: encounter", "name: encounter\n    iff: x"),
        ("name: encounter", "name: encounter\n    profile: {url: x}"),
        ("name: encounter", "name: encounter\n    profile: [x]"),
        ("type: Encounter", "type: Encuonter"),
        ("status: finished", "status: finishd"),
        ("status: finished", "statu: finished"),
        ("status: finished", "status: {a: b}"),
        ("status: finished", "period: {begin: x}"),
        ("status: finished", "period: 1"),
        ("status: finished", "id: x"),
        ("status: finished", "valueQuantity: {value: 1}"),
        ("status: finished", 'status: "{{ a"'),
        ("status: finished", 'status: "{[ a ]} b"'),
        ("status: finished", '"{% iff a %}": {status: finished}'),
        ("status: finished", '"{% else %}": {status: finished}'),
        ("status: finished", '"{% for a in b %}": {status: finished}\n      class: {code: AMB}'),
        ("status: finished", '"{% assign %}": [{a: 1, b: 2}]'),
        ("status: finished", '"{% assign %}": [{"a b": 1}]'),
        ("resources:", "assign:\n  - a: 1\n    b: 2\nresources:"),
        ("resources:", "refuse:\n  - code: Not Kebab\n    when: a\n    say: b\nresources:"),
        ("resources:", "include: [state, 1]\nresources:"),
    ],
)
def test_wrong_files_are_found(right: str, wrong: str) -> None:
    assert right in MAPPING
    assert errors("mapping", read_yaml(MAPPING.replace(right, wrong)).value)


def test_a_wrong_activity_is_only_allowed_in_a_case_that_shows_its_refusal() -> None:
    case = {"case": "no local id", "activity": {"type": "home-visit"}}
    assert errors("case", {**case, "refused": "nobody"})
    assert errors("case", {**case, "resources": {}})
    assert not errors("case", {**case, "refused": "invalid-activity"})


def test_an_activity_in_a_case_has_its_words() -> None:
    [path] = (ROOT / "mappings" / "cases" / "home-visit").glob("minimal.yaml")
    case = read_yaml(path).value
    assert not errors("case", case)
    assert errors("case", {**case, "activity": {**case["activity"], "statsu": "completed"}})
    assert errors("case", {**case, "activity": {**case["activity"], "status": "complete"}})
