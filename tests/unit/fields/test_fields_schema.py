"""The JSON Schema of fields files: up to date, right about good files, and about wrong ones as far as it can know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.sources.fields.json_schema import PATH, schema, text

from .conftest import FOLDER
from .test_fields_mistakes import GOOD

ROOT = Path(__file__).parents[3]
FILES = sorted({FOLDER / "samokov.yaml", *(ROOT / "plugins").rglob("fields.yaml")})
VALIDATOR = jsonschema.Draft202012Validator(schema())
MOST_BYTES = 120_000


def errors(value: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(value)]


def test_the_kept_schema_is_the_generated_one() -> None:
    """Write it anew with: python -m hm_fhir.sources.fields.json_schema."""
    kept = PATH.read_text(encoding="utf-8")
    assert kept == text()
    assert json.loads(kept) == schema()
    assert len(kept.encode()) < MOST_BYTES


def test_it_is_a_schema_and_every_reference_in_it_leads_somewhere() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    found = set(json.dumps(schema()).split('"$ref": "#/$defs/')[1:])
    assert {one.split('"')[0] for one in found} <= set(schema()["$defs"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_good_files_are_good(path: Path) -> None:
    assert errors(read_yaml(path).value) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("version: 1.0.0", "versoin: 1.0.0"),
        ("type: date, required", "type: day, required"),
        ("type: integer}", "typ: integer}"),
        ("  names:", "  Имена:"),
        ("setting: home", "setting: hoem"),
        ("setting: home", "setting: home\n  key: a"),
        ("  group: {size", "  group: {sise"),
    ],
)
def test_what_an_editor_can_know_is_marked(before: str, after: str) -> None:
    assert errors(read_yaml(GOOD).value) == []
    assert errors(read_yaml(GOOD.replace(before, after)).value)
