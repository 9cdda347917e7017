"""Mappings are checked against the profiles that their resources claim, before any data flows."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from hm_fhir.mapping.checker import Finding, Profiles, check_folders
from hm_fhir.mapping.checker.claims import written_claims
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.mapping.loader import load_pack
from hm_fhir.validation.definitions import Definitions, load_definitions

SEEDS = Path(__file__).parent / "seeded_profile_mistakes"
RIGHT = SEEDS / "pack"
MISTAKES: list[dict[str, Any]] = read_yaml(SEEDS / "mistakes.yaml").value
ROOT = Path(__file__).parents[2]
CARET = "«"


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    """FHIR R4 and the small profiles that the pack claims."""
    made = load_definitions([SEEDS / "profiles"], own=False, cache=tmp_path_factory.mktemp("cache"))
    assert not made.broken
    return made


def check(folder: Path, definitions: Definitions) -> tuple[Finding, ...]:
    profiles = Profiles(definitions.types, definitions.terminology, definitions.broken)
    return check_folders([folder], profiles=profiles)


def place_of(text: str, part: str) -> str:
    """Return line:column of the first place of a part of a text."""
    offset = text.index(part)
    return f"{text.count(chr(10), 0, offset) + 1}:{offset - text.rfind(chr(10), 0, offset)}"


def sow(mistake: dict[str, Any], folder: Path) -> str:
    """Write the pack with one mistake in it and return where the finding must be."""
    shutil.copytree(RIGHT, folder)
    file = folder / mistake["file"]
    text = file.read_text(encoding="utf-8")
    assert mistake["old"] in text
    text = text.replace(mistake["old"], mistake["new"], 1)
    expected = f"{file}:{place_of(text, CARET)}" if CARET in text else ""
    file.write_text(text.replace(CARET, ""), encoding="utf-8")
    if "at" not in mistake:
        return expected
    other, separator, part = mistake["at"].partition(".yaml: ")
    file = folder / f"{other}.yaml" if separator else file
    return f"{file}:{place_of(file.read_text(encoding='utf-8'), part if separator else mistake['at'])}"


@pytest.mark.parametrize(
    "mistake", MISTAKES, ids=[f"{number}-{one['code']}" for number, one in enumerate(MISTAKES, 1)]
)
def test_each_mistake_against_a_profile_is_found_at_its_place_and_nothing_else(
    mistake: dict[str, Any], tmp_path: Path, definitions: Definitions
) -> None:
    expected = sow(mistake, tmp_path / "pack")
    findings = check(tmp_path / "pack", definitions)
    (found,) = [one for one in findings if one.place == expected and one.code == mistake["code"]]
    assert mistake["says"] in f"{found.message} ({found.fix})"
    assert found.fix
    assert found.excerpt is not None
    assert found.excerpt.endswith("^")
    assert sorted(one.code for one in findings if one is not found) == mistake.get("also", [])


def test_there_are_many_mistakes_of_every_kind_that_the_reference_lists() -> None:
    assert len(MISTAKES) >= 70
    text = (ROOT / "docs" / "reference" / "mapping-language.md").read_text(encoding="utf-8")
    documented = text[text.index("## What is checked, and when") :]
    for code in {one["code"] for one in MISTAKES}:
        assert f"`{code}`" in documented, code


def test_the_pack_without_a_mistake_has_no_finding(definitions: Definitions) -> None:
    assert [str(one) for one in check(RIGHT, definitions)] == []


def test_the_base_pack_has_no_finding_against_the_profiles_of_this_project(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    own = load_definitions(cache=tmp_path_factory.mktemp("cache"))
    profiles = Profiles(own.types, own.terminology, own.broken)
    systems = read_code_systems(ROOT / "profiles" / "package")
    findings = check_folders([ROOT / "mappings"], code_systems=systems, profiles=profiles)
    assert [str(one) for one in findings] == []


def test_every_resource_of_the_base_pack_claims_a_profile_of_this_project() -> None:
    own = load_definitions(cache=None).profiles
    rules = [rule for fragment in load_pack(ROOT / "mappings").fragments for rule in fragment.resources]
    assert len(rules) > 30
    for rule in rules:
        urls = written_claims(rule)
        assert set(urls) <= own, rule.name
        assert None not in urls


# ---- small packs: a visit of one person, with one resource more


def small(folder: Path, resource: str, *, assign: str = "", when: str = "type = 'screening-campaign'") -> Path:
    """Write a pack that makes the patient, the mediator, and another resource."""
    (folder / "parts").mkdir(parents=True)
    (folder / "pack.yaml").write_text("pack: small\nversion: 1.0.0\n", encoding="utf-8")
    shutil.copy(RIGHT / "parts" / "people.yaml", folder / "parts")
    text = f'mapping: visit\nversion: 1.0.0\nwhen: "{when}"\ninclude: [people]\n{assign}resources:\n'
    (folder / "visit.yaml").write_text(text + indent(dedent(resource), "  "), encoding="utf-8")
    return folder


URL = "http://example.org/fhir/StructureDefinition/"
MEETING = f"""\
- name: meeting
  type: Encounter
  profile: {URL}seed-visit
  template:
    status: finished
    class: {{system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: HH}}
    type: [{{coding: [{{system: "http://example.org/fhir/CodeSystem/words", code: home}}]}}]
    subject: "{{{{ reference('patient') }}}}"
    participant:
      - type: [{{text: mediator}}]
        individual: "{{{{ reference('mediator') }}}}"
    period:
      start: "{{{{ period.start }}}}"
"""


def found(folder: Path, definitions: Definitions) -> list[str]:
    return [f"{one.code}: {one.message}" for one in check(folder, definitions)]


REASON = "http://hl7.org/fhir/StructureDefinition/encounter-reasonCancelled"
RIGHT_CHANGES = {
    "what an expression gives may be any slice": ("text: mediator", 'text: "{{ mediator.key }}"'),
    "items of a loop may be any slice": (
        "- type: [{text: mediator}]",
        '- "{% for topic in topics %}": {type: [{text: "{{ %topic }}"}]}\n      - type: [{text: x}]',
    ),
    "one of the codings is in the value set": ("code: home}]", "code: home}, {system: urn:ours, code: ours}]"),
    "a list of which the items are not always there": (
        "participant:",
        'reasonCode:\n      - "{% if note.exists() %}": {text: x}\n    participant:',
    ),
    "an extension of FHIR itself": (
        "status: finished",
        f"status: finished\n    extension: [{{url: '{REASON}', valueCodeableConcept: {{text: x}}}}]",
    ),
    "the parts of an extension": (
        "status: finished",
        "status: finished\n    contained: [{resourceType: Patient, id: x, extension: "
        f"[{{url: {URL}stay, extension: [{{url: since, valueDate: 2026-03-01}}]}}]}}]",
    ),
    "who is meant is said in words": ("\"{{ reference('patient') }}\"", "{type: Patient, display: x}"),
}


@pytest.mark.parametrize(("old", "new"), RIGHT_CHANGES.values(), ids=RIGHT_CHANGES)
def test_what_is_right_is_left_alone(tmp_path: Path, definitions: Definitions, old: str, new: str) -> None:
    assert found(small(tmp_path / "right", MEETING), definitions) == []
    assert old in MEETING
    assert found(small(tmp_path / "pack", MEETING.replace(old, new, 1)), definitions) == []


TWO = f"'{URL}seed-visit', '{URL}seed-group-visit'"
BLOCKS = f'{{"{{% if setting = \'home\' %}}": {URL}seed-visit, "{{% else %}}": {URL}seed-group-visit}}'
CHOICES = {
    "iif": (f"\"{{{{ iif(setting = 'home', {TWO}) }}}}\"", ""),
    "if": (BLOCKS, ""),
    "variable": ('"{{ %which }}"', f"assign:\n  - which: {BLOCKS}\n"),
    "condition": (f'"{{{{ iif(%home, {TWO}) }}}}"', "assign:\n  - home: \"{{ setting = 'home' }}\"\n"),
}


@pytest.mark.parametrize(("profile", "assign"), CHOICES.values(), ids=CHOICES)
def test_each_profile_is_checked_with_what_its_condition_says(
    tmp_path: Path, definitions: Definitions, profile: str, assign: str
) -> None:
    meeting = MEETING.replace(f"{URL}seed-visit", profile)
    both = meeting.replace("    period:", "    \"{% if setting = 'home' %}\": {length: {value: 1}}\n    period:")
    wrong = "wrong-reference: seed-group-visit.subject cannot refer to a Patient"
    assert found(small(tmp_path / "pack", both, assign=assign), definitions) == [wrong]
    other = meeting.replace("    period:", "    \"{% if setting != 'home' %}\": {length: {value: 1}}\n    period:")
    assert found(small(tmp_path / "other", other, assign=assign), definitions) == [
        wrong,
        "too-many: seed-group-visit.length must not be there, says seed-group-visit",
    ]


def test_a_filter_says_what_its_items_are(tmp_path: Path, definitions: Definitions) -> None:
    resource = """\
    - name: seen
      type: Observation
      each: "EACH"
      template:
        status: "{{ iif(%item.status = 'due' or %item.status = 'overdue', 'final', 'amended') }}"
        code: {text: x}
    """
    assert found(small(tmp_path / "all", resource.replace("EACH", "findings.immunisations")), definitions) == []
    filtered = "findings.immunisations.where(status = 'due' or (status = 'overdue' and dose.exists()))"
    (said,) = found(small(tmp_path / "some", resource.replace("EACH", filtered)), definitions)
    assert said.startswith("unreachable: this is always true, so the third argument of iif() is never used")


def test_the_type_says_whether_an_activity_concerns_a_group(tmp_path: Path, definitions: Definitions) -> None:
    folder = small(tmp_path / "pack", MEETING, when="type = 'home-visit'")
    (said,) = found(folder, definitions)
    assert said == "unreachable: this is never true, so the resource 'listeners' is never made"


def test_without_profile_packs_nothing_is_said_of_profiles_and_extensions_of_others(tmp_path: Path) -> None:
    extended = MEETING.replace(
        "status: finished", f"status: finished\n    extension: [{{url: {URL}no, valueString: x}}]"
    )
    assert check_folders([small(tmp_path / "pack", extended)]) == ()
    wrong = extended.replace(f"{URL}no", "http://hl7.org/fhir/StructureDefinition/encounter-reasonCanceled")
    (one,) = check_folders([small(tmp_path / "wrong", wrong)])
    assert one.fix == "did you mean 'http://hl7.org/fhir/StructureDefinition/encounter-reasonCancelled'?"


def test_a_profile_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    shutil.copytree(SEEDS / "profiles", folder)
    file = folder / "StructureDefinition-seed-visit.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"4.0.1"', '"5.0.0"'), encoding="utf-8")
    definitions = load_definitions([folder], own=False)
    (said,) = found(small(tmp_path / "pack", MEETING), definitions)
    assert said.startswith("unknown-profile: the profile seed-visit cannot be used: it is for FHIR version 5.0.0")


def test_a_mistake_that_all_profiles_of_a_choice_have_is_said_once(tmp_path: Path, definitions: Definitions) -> None:
    chosen = MEETING.replace(f"{URL}seed-visit", f"\"{{{{ iif(note.exists(), '{URL}seed-visit') }}}}\"")
    wrong = chosen.replace("status: finished", "staus: finished")
    codes = [one.partition(":")[0] for one in found(small(tmp_path / "pack", wrong), definitions)]
    assert codes.count("unknown-element") == 1
