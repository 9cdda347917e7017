"""The contract finds what is wrong with a plugin as it is written, and says what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hm_fhir.testing.contract.contract import Contract


def test_a_misspelled_hook_is_found(broken: Any) -> None:
    broken.change("plugin.py", "def hm_fhir_sources", "def hm_fhir_source")
    assert "did you mean 'hm_fhir_sources'" in broken.finding(Contract.test_the_plugin_loads)


def test_a_module_that_cannot_be_imported_is_named(broken: Any) -> None:
    broken.change("plugin.py", "from pathlib import Path", "from pathlip import Path")
    assert "hm_fhir_broken.plugin cannot be imported" in broken.finding(Contract.test_the_plugin_loads)


def test_a_plugin_that_is_not_there_is_named(broken: Any) -> None:
    with (
        broken.contract("brocken") as tests,
        pytest.raises(pytest.fail.Exception, match="no plugin 'brocken' is installed"),
    ):
        tests.test_the_plugin_loads()


def test_the_name_of_a_source_of_hm_fhir_is_found(broken: Any) -> None:
    broken.change("plugin.py", '"broken", reads', '"csv", reads')
    assert "csv" in broken.finding(Contract.test_its_names_are_free)


def test_the_name_of_a_pack_of_hm_fhir_is_found(broken: Any) -> None:
    add_pack(broken, "{type: person, actual: true}")
    broken.change("plugin.py", "MappingPackSpec('broken'", "MappingPackSpec('hm-fhir-base'")
    said = broken.finding(Contract.test_its_names_are_free)
    assert "'hm-fhir' and 'broken' both bring 'hm-fhir-base'" in said


def test_two_sources_with_one_name_are_found(broken: Any) -> None:
    broken.change("plugin.py", "    yield fields_source(", "    for _ in 'ab': yield fields_source(")
    assert "both bring 'broken'" in broken.finding(Contract.test_its_names_are_free)


def test_a_setting_that_is_not_in_the_readme_is_found(broken: Any) -> None:
    readme = broken.folder / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("`encoding`", "encoding"), encoding="utf-8")
    said = broken.finding(Contract.test_every_setting_is_documented)
    assert "\n  encoding" in said
    assert "delimiter" not in said


def test_a_code_that_does_not_exist_is_found_with_its_line(broken: Any) -> None:
    broken.change("fields.yaml", "домашно посещение: home-visit", "домашно посещение: home-visits")
    said = broken.finding(Contract.test_its_fields_are_clean)
    assert "fields.yaml:" in said
    assert "did you mean 'home-visit'" in said


def test_a_warning_about_the_fields_is_a_failure(broken: Any) -> None:
    broken.change("fields.yaml", '  note: "{{ note }}"\n', "")
    assert "note" in broken.finding(Contract.test_its_fields_are_clean)


def add_pack(broken: Any, template: str) -> Path:
    """Write a pack with a mapping of its own into the plugin."""
    pack = broken.package / "mappings"
    pack.mkdir()
    (pack / "pack.yaml").write_text("pack: broken\nversion: 1.0.0\nextends: [hm-fhir-base]\n", encoding="utf-8")
    (pack / "beseda.yaml").write_text(
        "mapping: group-health-talk\nversion: 1.0.0\nreplaces: hm-fhir-base/group-health-talk\n"
        "when: \"type = 'group-health-talk'\"\n"
        f"resources: [{{name: group, type: Group, key: key, template: {template}}}]\n",
        encoding="utf-8",
    )
    broken.append(
        "\n\nfrom hm_fhir import MappingPackSpec\n\n@hookimpl\ndef hm_fhir_mappings():\n"
        "    yield MappingPackSpec('broken', Path(__file__).parent / 'mappings')\n"
    )
    return pack


def test_a_mapping_that_is_wrong_is_found_with_its_line(broken: Any) -> None:
    add_pack(broken, "{type: person, actual: true, colour: red}")
    said = broken.finding(Contract.test_its_mappings_are_clean)
    assert "beseda.yaml:5" in said
    assert "colour" in said


def test_a_pack_without_a_case_for_every_branch_is_found(broken: Any) -> None:
    pack = add_pack(broken, "{type: person, actual: true}")
    assert "has no cases" in broken.finding(Contract.test_its_cases_pass_and_reach_every_branch)
    cases = pack / "cases"
    cases.mkdir()
    (cases / "other.yaml").write_text(
        "case: another type\nactivity: {type: home-visit}\nrefused: no\n", encoding="utf-8"
    )
    assert "cases that fail" in broken.finding(Contract.test_its_cases_pass_and_reach_every_branch)
    (cases / "other.yaml").write_text(
        "case: another type\nactivity: {type: home-visit}\nrefused: invalid-activity\n", encoding="utf-8"
    )
    said = broken.finding(Contract.test_its_cases_pass_and_reach_every_branch)
    assert "no case is mapped by 'group-health-talk'" in said
