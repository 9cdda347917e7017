"""Mistakes that somebody makes in a first mapping of their own, and the ways around what the base pack fixes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.errors import MappingErrors
from hm_fhir.mapping.checker import check_folders
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.files.yaml_text import to_yaml
from hm_fhir.mapping.loader import load_pack, load_packs
from hm_fhir.testing.activities import generate_activities

ROOT = Path(__file__).parents[2]
SYSTEMS = read_code_systems(ROOT / "profiles" / "package")


def pack(folder: Path, template: dict[str, Any], *, name: str = "own", **more: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    rule = {"name": "talk", "type": "Communication", "template": {"status": "completed", **template}}
    rule |= more.pop("rule", {})
    mapping = {"mapping": name, "version": "1.0.0", "when": "type = 'home-visit'", "resources": [rule], **more}
    (folder / "pack.yaml").write_text("pack: our-pack\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "own.yaml").write_text(to_yaml(mapping), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({"if": "{{ status = 'planned' }}"}, "if"),
        ({"each": "{[ topics ]}"}, "each"),
        ({"key": "{{ key }}"}, "key"),
    ],
)
def test_an_expression_with_brackets_is_told_to_have_none(tmp_path: Path, rule: dict[str, Any], place: str) -> None:
    with pytest.raises(MappingErrors) as caught:
        load_pack(pack(tmp_path, {}, rule=rule))
    [error] = caught.value.errors
    assert error.message == "an expression here is written without {{ }}", place


def test_a_name_of_other_letters_is_told_which_ones_there_are(tmp_path: Path) -> None:
    with pytest.raises(MappingErrors, match=r"mapping is no name .*the letters a-z"):
        load_pack(pack(tmp_path, {}, name="посещение"))


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("type", "the codes of the field are not those of 'hm-outcome'"),
        ("outcome", None),
    ],
)
def test_a_field_with_the_codes_of_another_code_system_is_told_from_a_code_that_lacks(
    tmp_path: Path, field: str, says: str | None
) -> None:
    template = {"topic": {"coding": [f"{{{{ coding('hm-outcome', {field}) }}}}"]}}
    findings = check_folders([pack(tmp_path, template)], code_systems=SYSTEMS)
    told = [one.fix for one in findings if one.code == "unknown-code"]
    assert [says is not None and says in str(one) for one in told] == ([True] if says else [])


def test_the_checker_takes_two_independent_conditions_that_are_merged(tmp_path: Path) -> None:
    template = {
        "{% merge %}": [
            {"{% if period.start.exists() %}": {"sent": "{{ updated_at }}"}},
            {"{% if note.exists() %}": {"note": [{"text": "{{ note }}"}]}},
        ]
    }
    findings = check_folders([pack(tmp_path, template)], code_systems=SYSTEMS)
    assert [one for one in findings if one.level == "error"] == []


def test_a_replaced_provenance_has_a_resource_of_the_extending_mapping_as_target(tmp_path: Path) -> None:
    pack(
        tmp_path,
        {"subject": "{{ reference('patient') }}"},
        include=["state", "people", "mediator", "places", "provenance"],
        replaces="hm-fhir-base/home-visit",
    )
    (tmp_path / "pack.yaml").write_text(
        "pack: our-pack\nversion: 1.0.0\nextends: [hm-fhir-base]\nreplaces: [parts/provenance]\n", encoding="utf-8"
    )
    base = (ROOT / "mappings" / "parts" / "provenance.yaml").read_text(encoding="utf-8")
    (tmp_path / "parts").mkdir()
    own = base.replace("      target:\n", "      target:\n        - \"{{ reference('talk') }}\"\n")
    (tmp_path / "parts" / "provenance.yaml").write_text(own, encoding="utf-8")
    packs = load_packs([ROOT / "mappings", tmp_path])
    mapper = Mapper(packs, Identity(bytes(32), key_id="tests", system="urn:tests"), SYSTEMS)
    [data] = generate_activities(seed=1, count=1, types=["home-visit"])
    mapped = mapper.map(Activity.model_validate(data).for_mapping())
    assert mapped is not None
    by_name = {one.name: one for one in mapped.resources}
    targets = [one["reference"] for one in by_name["provenance"].content["target"]]
    assert by_name["talk"].key in targets
