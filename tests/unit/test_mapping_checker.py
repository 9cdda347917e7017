"""Mistakes in mappings are found before any data flows, each at its place; what is right is left alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from hm_fhir.activities.vocabulary import REASONS
from hm_fhir.errors import MappingErrors
from hm_fhir.fhir.definitions import TypeModel, r4
from hm_fhir.fhir.terminology import r4_terminology
from hm_fhir.mapping.checker import Finding, Profiles, check_folders, load_checked
from hm_fhir.mapping.conceptmap import CodeSystem, Concept, read_code_systems
from hm_fhir.mapping.files.yaml_file import read_yaml

ROOT = Path(__file__).parents[2]
SEEDS = Path(__file__).parent / "seeded_mistakes"
RIGHT = SEEDS / "pack"
MISTAKES: list[dict[str, Any]] = read_yaml(SEEDS / "mistakes.yaml").value
SYSTEMS = {
    "seed-reason": CodeSystem(
        "seed-reason", "urn:example:reasons", {code: Concept(code, None, {}) for code in REASONS.terms}
    )
}
CARET = "«"


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
    at = mistake.get("at")
    if at is None:
        return expected
    other, separator, part = at.partition(".yaml: ")
    if separator:
        file = folder / f"{other}.yaml"
    elif at.endswith(".json"):
        return str(folder / at)
    else:
        part = at
    return f"{file}:{place_of(file.read_text(encoding='utf-8'), part)}"


@pytest.mark.parametrize(
    "mistake", MISTAKES, ids=[f"{number}-{one['code']}" for number, one in enumerate(MISTAKES, 1)]
)
def test_each_seeded_mistake_is_found_at_its_place_and_nothing_else(mistake: dict[str, Any], tmp_path: Path) -> None:
    expected = sow(mistake, tmp_path / "pack")
    findings = check_folders([tmp_path / "pack"], code_systems=SYSTEMS)
    (found,) = [one for one in findings if one.place == expected and one.code == mistake["code"]]
    assert mistake["says"] in f"{found.message} ({found.fix})"
    assert found.excerpt is None or found.excerpt.endswith("^")
    assert sorted(one.code for one in findings if one is not found) == mistake.get("also", [])


def test_there_are_many_seeded_mistakes_of_every_kind() -> None:
    assert len(MISTAKES) >= 100
    text = (ROOT / "docs" / "reference" / "mapping-language.md").read_text(encoding="utf-8")
    documented = text[text.index("## What is checked, and when") :]
    for code in {one["code"] for one in MISTAKES}:
        assert f"`{code}`" in documented, code


def test_the_pack_without_a_mistake_has_no_finding() -> None:
    assert check_folders([RIGHT], code_systems=SYSTEMS) == ()


def test_the_base_pack_has_no_finding() -> None:
    systems = read_code_systems(ROOT / "profiles" / "package")
    assert systems
    assert [str(one) for one in check_folders([ROOT / "mappings"], code_systems=systems)] == []


def test_a_pack_that_extends_the_base_pack_is_checked_with_it() -> None:
    folders = [ROOT / "mappings", ROOT / "benchmarks" / "mapping" / "pack"]
    systems = read_code_systems(ROOT / "profiles" / "package")
    assert [str(one) for one in check_folders(folders, code_systems=systems)] == []


# ---- small packs: one mapping, one resource


def pack(folder: Path, template: str = "{}", **files: str) -> Path:
    """Write a pack whose mapping `visit` makes one Observation, with other files."""
    folder.mkdir(parents=True)
    (folder / "parts").mkdir()
    (folder / "pack.yaml").write_text("pack: small\nversion: 1.0.0\n", encoding="utf-8")
    visit = dedent(
        """\
        mapping: visit
        version: 1.0.0
        when: "type = 'home-visit'"
        resources:
          - name: seen
            type: Observation
            template:
              status: final
              code: {text: seen}
        """
    )
    contents = {"visit": visit + indent(dedent(template), " " * 6) if template != "{}" else visit, **files}
    for name, text in contents.items():
        path = folder / ("parts" if "part: " in text.split("\n")[0] else "") / f"{name}.yaml"
        path.write_text(dedent(text), encoding="utf-8")
    return folder


def codes(findings: Iterable[Finding]) -> list[str]:
    return [f"{one.place.rpartition('/')[2].partition(':')[0]} {one.code}" for one in findings]


@pytest.mark.parametrize(
    "template",
    [
        # what a condition says is known below it
        """\
        "{% if referral.exists() %}":
          issued: "{{ updated_at }}"
          valueCodeableConcept: {coding: [{system: urn:x, code: "{{ referral.priority }}"}]}
        """,
        # one of two variables that exclude each other
        """\
        "{% if outcome.exists() %}":
          valueString: "{{ outcome }}"
        "{% else %}":
          "{% if note.exists() %}": {valueString: "{{ note }}"}
          "{% else %}": {valueBoolean: true}
        """,
        # an object that is there only with its required element
        'note:\n  - text: "{{ note }}"\n',
        # the day of a time
        'valueDateTime: "{{ updated_at.toString().substring(0, 10) }}"\n',
        # an object laid over another
        '"{% merge %}":\n  - {valueString: a}\n  - {valueString: b, language: bg}\n',
        # what an object is made of
        """\
        "{% assign %}":
          - quantity: {value: 1, unit: h}
        valueQuantity: "{{ %quantity }}"
        component:
          - "{% for topic in topics %}":
              code: {text: "{{ %topic }}"}
              valueString: "{{ %quantity.unit }}"
        """,
        # the extensions of a primitive without a value
        '_status: {extension: [{url: "urn:x", valueString: y}]}\n',
        # a list of lists is one list
        'category:\n  - "{% for topic in topics %}":\n      - {text: "{{ %topic }}"}\n  - {text: x}\n',
        # a resource inside of a resource
        "contained:\n  - {resourceType: Patient, id: p, active: true}\nsubject: {reference: '#p'}\n",
        # paths that start at an item
        """\
        component:
          - "{{ findings.tests }}":
              code: {text: "{{ kind }}"}
              valueString: "{{ result }}"
        """,
        # a text of the settings
        "identifier:\n  - {system: \"{{ %systems.where(kind = 'egn').uri }}\", value: x}\n",
        # the first of a list, said to be meant
        'valueString: "{{ topics.first() }}"\n',
        # a code that the value set does not have, where it may
        "category:\n  - coding: [{system: urn:ours, code: ours}]\n",
    ],
)
def test_what_is_right_is_left_alone(tmp_path: Path, template: str) -> None:
    assert [str(one) for one in check_folders([pack(tmp_path / "pack", template)])] == []


def test_all_mistakes_come_together_with_those_of_the_loader(tmp_path: Path) -> None:
    template = (
        'valueString: "{{ outcom }}"\nissued: yesterday\nsubjekt: {display: x}\nnote: {text: "{{ %nobody }}"}\n'
    )
    with pytest.raises(MappingErrors) as caught:
        load_checked([pack(tmp_path / "pack", template)])
    places = [(one.place or "").rpartition("visit.yaml:")[2] for one in caught.value.errors]
    assert places == ["10:24", "11:15", "12:7", "13:13", "13:24"]
    assert [one.code for one in caught.value.errors] == [
        "expression",
        "wrong-format",
        "unknown-element",
        "one-for-list",
        "expression",
    ]


def test_warnings_do_not_stop_an_app(tmp_path: Path) -> None:
    folder = pack(tmp_path / "pack", 'valueString: "{{ topics }}"\n')
    assert codes(check_folders([folder])) == ["visit.yaml several-values"]
    assert [one.name for one in load_checked([folder])] == ["small"]


def test_a_finding_names_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    (found,) = check_folders([pack(tmp_path / "pack", "staus: x\n")])
    assert str(found) == (
        f"{tmp_path}/pack/visit.yaml:10:7: error unknown-element: Observation has no element 'staus'"
        " (did you mean 'status'?)\n      staus: x\n      ^"
    )
    error = found.as_error()
    assert (error.code, error.place, error.fix) == (found.code, found.place, found.fix)


@pytest.mark.parametrize("name", ["visit.yaml", "talk.yaml", "parts/people.yaml", "parts/meeting.yaml"])
def test_whatever_line_is_missing_the_checker_has_an_answer_with_a_place(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    shutil.copytree(RIGHT, folder)
    lines = (RIGHT / name).read_text(encoding="utf-8").splitlines(keepends=True)
    silent = []
    for number in range(len(lines)):
        (folder / name).write_text("".join(lines[:number] + lines[number + 1 :]), encoding="utf-8")
        findings = check_folders([folder], code_systems=SYSTEMS)
        assert all(one.place.startswith(str(folder)) for one in findings)
        if not findings:
            silent.append(lines[number])
    assert len(silent) < len(lines) / 2, "most lines are missed"


# ---- several mappings with the same parts

PART = """\
part: seen
resources:
  - name: seen
    type: Observation
    template:
      status: "{{ %status }}"
      code: {text: x}
      valueString: "{% if %big %}"
"""
MAPPING = """\
mapping: NAME
version: 1.0.0
when: "type = 'NAME'"
include: [seen]
assign:
  - status: final
  - big: true
"""


def two_mappings(folder: Path, part: str, first: str, second: str) -> Path:
    pack(
        folder, visit=MAPPING.replace("NAME", "home-visit") + first,
        talk=MAPPING.replace("NAME", "phone-contact") + second, seen=part,
    )  # fmt: skip
    return folder


SEEN = PART.replace('      valueString: "{% if %big %}"\n', "")
SWITCH = SEEN + '      "{% if %big %}": {valueString: big}\n      "{% else %}": {valueString: small}\n'


def test_a_mistake_in_a_part_is_reported_once(tmp_path: Path) -> None:
    part = SEEN.replace("{text: x}", "{txt: x}")
    folder = two_mappings(tmp_path / "pack", part + '      valueBoolean: "{{ %big }}"\n', "", "")
    assert codes(check_folders([folder])) == ["seen.yaml unknown-element"]


def test_what_one_mapping_gives_to_a_part_is_checked_too(tmp_path: Path) -> None:
    mapping = MAPPING.replace("big: true", "big: 7")
    folder = two_mappings(tmp_path / "pack", SEEN + '      valueBoolean: "{{ %big }}"\n', "", "")
    (folder / "talk.yaml").write_text(mapping.replace("NAME", "phone-contact"), encoding="utf-8")
    assert codes(check_folders([folder])) == ["talk.yaml wrong-type"]


def test_a_branch_that_some_mapping_reaches_is_not_dead(tmp_path: Path) -> None:
    folder = two_mappings(tmp_path / "pack", SWITCH, "", "")
    (folder / "talk.yaml").write_text(
        MAPPING.replace("NAME", "phone-contact").replace("big: true", "big: false"), encoding="utf-8"
    )
    assert codes(check_folders([folder])) == []


def test_a_branch_that_no_mapping_reaches_is_dead(tmp_path: Path) -> None:
    assert codes(check_folders([two_mappings(tmp_path / "pack", SWITCH, "", "")])) == ["seen.yaml unreachable"]


def test_a_mistake_below_a_branch_that_is_dead_in_one_mapping_is_found_by_the_other(tmp_path: Path) -> None:
    part = SWITCH.replace("{valueString: small}", "{valueString: 5}")
    folder = two_mappings(tmp_path / "pack", part, "", "")
    assert codes(check_folders([folder])) == ["seen.yaml unreachable"]
    (folder / "talk.yaml").write_text(
        MAPPING.replace("NAME", "phone-contact").replace("big: true", "big: false"), encoding="utf-8"
    )
    assert codes(check_folders([folder])) == ["seen.yaml wrong-type"]


def test_a_type_that_a_part_asks_for_is_known_from_the_mapping(tmp_path: Path) -> None:
    part = SEEN + '      "{% if type = \'home-visit\' %}": {valueString: "{{ %big.toString() }}"}\n'
    assert codes(check_folders([two_mappings(tmp_path / "pack", part, "", "")])) == []
    part = part.replace("'home-visit'", "'referral'")
    assert codes(check_folders([two_mappings(tmp_path / "pack2", part, "", "")])) == ["seen.yaml unreachable"]


def test_each_of_two_mappings_with_the_same_mistake_is_named(tmp_path: Path) -> None:
    folder = two_mappings(tmp_path / "pack", SEEN + '      valueBoolean: "{{ %big }}"\n', "", "")
    for name, kind in (("visit", "home-visit"), ("talk", "phone-contact")):
        text = MAPPING.replace("NAME", kind).replace("status: final", "status: fnal")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert codes(check_folders([folder])) == ["talk.yaml wrong-code", "visit.yaml wrong-code"]


# ---- a pack that extends another one


def extending(folder: Path, visit: str, **files: str) -> list[Path]:
    """Write a pack with two mappings and a part, and one that extends it with a mapping of its own."""
    base = two_mappings(folder / "base", SWITCH.replace("%big", "%big = true"), "", "")
    text = MAPPING.replace("NAME", "phone-contact").replace("big: true", "big: false")
    (base / "talk.yaml").write_text(text, encoding="utf-8")
    own = pack(folder / "own", visit=visit, **files)
    (own / "pack.yaml").write_text("pack: own\nversion: 1.0.0\nextends: [small]\n", encoding="utf-8")
    return [base, own]


OWN = MAPPING.replace("mapping: NAME", "mapping: ours").replace("NAME", "home-visit")
REPLACING = OWN.replace("when:", "replaces: small/home-visit\nwhen:")


@pytest.mark.parametrize("order", [1, -1])
def test_two_packs_with_mappings_for_one_type_are_told_where_replaces_is_missing(tmp_path: Path, order: int) -> None:
    folders = extending(tmp_path, OWN)
    (found,) = check_folders(folders[::order])
    assert (found.code, found.fix) == (
        "overlapping-mappings",
        "make their `when` exclude each other, or say `replaces: small/home-visit`",
    )
    assert found.place.startswith(f"{tmp_path}/own/visit.yaml:3:")
    assert set(found.mappings) == {f"{tmp_path}/own/visit.yaml", f"{tmp_path}/base/visit.yaml"}
    assert check_folders(extending(tmp_path / "right", REPLACING)) == ()


def test_a_part_of_another_pack_names_the_line_that_makes_it_wrong(tmp_path: Path) -> None:
    (found,) = check_folders(extending(tmp_path, REPLACING.replace("big: true", "big: no")))
    assert found.place.startswith(f"{tmp_path}/base/parts/seen.yaml:")
    assert found.message.endswith("never equal; %big is assigned in own/visit.yaml:8 and is a text")
    assert found.mappings == (f"{tmp_path}/own/visit.yaml",)


def test_the_line_is_found_through_what_a_part_makes_of_it(tmp_path: Path) -> None:
    visit = REPLACING.replace("include: [seen]", "include: [first, wide]").replace("  - big: true\n", "")
    folders = extending(tmp_path, visit, first="part: first\nassign:\n  - big: no\n")
    part = SWITCH.replace("part: seen\n", 'part: wide\nassign:\n  - large: "{{ %big }}"\n')
    part = part.replace("%big %}", "%large = true %}").replace("name: seen", "name: wide")
    (folders[0] / "parts" / "wide.yaml").write_text(part, encoding="utf-8")
    (found,) = [one for one in check_folders(folders) if one.code == "wrong-type"]
    assert found.place.startswith(f"{tmp_path}/base/parts/wide.yaml:")
    assert found.message.endswith("never equal; %big is assigned in own/parts/first.yaml:3 and is a text")


def test_what_a_pack_itself_has_wrong_is_no_matter_of_those_that_extend_it(tmp_path: Path) -> None:
    folders = extending(tmp_path, REPLACING)
    seen = folders[0] / "parts" / "seen.yaml"
    seen.write_text(seen.read_text(encoding="utf-8").replace("{text: x}", "{txt: x}"), encoding="utf-8")
    (found,) = check_folders(folders)
    assert (found.message, len(found.mappings)) == ("CodeableConcept has no element 'txt'", 1)
    assert "base" in found.mappings[0]


# ---- what follows from a mistake is no mistake of its own


@pytest.mark.parametrize("text", ['{"resourceType": "ConceptMap"', '{"resourceType": "ConceptMap", "group": 5}'])
def test_a_concept_map_that_cannot_be_read_is_one_mistake(tmp_path: Path, text: str) -> None:
    folder = pack(tmp_path / "pack", "category:\n  - coding: [\"{[ topics.translate('topic') ]}\"]\n")
    (folder / "conceptmaps").mkdir()
    (folder / "conceptmaps" / "topic.json").write_text(text, encoding="utf-8")
    assert [one.code for one in check_folders([folder])] == ["mapping"]


@pytest.mark.parametrize(
    "key",
    [
        "{ % for topic in topics % }",
        "% for topic in topics %",
        "{% for topic in topics",
        "{% for topic of topics %}",
        "{% for topic in topics. %}",
    ],
)
def test_a_loop_that_cannot_be_read_is_one_mistake(tmp_path: Path, key: str) -> None:
    folder = pack(tmp_path / "pack", f'category:\n  - "{key}":\n      text: "{{{{ %topic }}}}"\n')
    (found,) = check_folders([folder])
    assert found.place == f"{folder}/visit.yaml:11:{found.place.rpartition(':')[2]}"


# ---- texts that were meant as expressions, references by hand


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("valueString: person.name.family\n", "warning"),
        ("valueString: updated_at\n", "warning"),
        ("issued: updated_at\n", "error"),
        ("effectivePeriod: {start: period.start}\n", "error"),
        ("subject: reference('seen')\n", "error"),
        ("valueString: note.upper()\n", "warning"),
        ("valueString: '%activity'\n", "warning"),
        ("valueString: '%nobody'\n", None),
        ("valueString: note\n", None),
        ("valueString: person.nam.family\n", None),
        ("valueString: e.g.\n", None),
        ("valueString: a note (by hand)\n", None),
        ("valueString: \"{{ 'person.name' }}\"\n", None),
        ("subject: {reference: Patient/1}\n", "error"),
        ('subject: {reference: "Patient/{{ person.key }}"}\n', "error"),
        ("subject: {reference: \"{{ 'Patient/' & person.key }}\"}\n", "error"),
        ("subject: {reference: '#patient'}\n", None),
        ("subject: {reference: 'https://example.org/Patient/1'}\n", None),
        ("subject: {reference: 'urn:uuid:1'}\n", None),
    ],
)
def test_texts_that_do_not_mean_what_they_seem_to(tmp_path: Path, template: str, expected: str | None) -> None:
    found = [
        one
        for one in check_folders([pack(tmp_path / "pack", template)])
        if one.code in {"plain-expression", "literal-reference"}
    ]
    assert [one.severity for one in found] == ([expected] if expected else [])
    assert all("{{ " in str(one.fix) or "reference('name')" in str(one.fix) for one in found)


# ---- profiles


def element(path: str, **rules: Any) -> dict[str, Any]:
    return {"id": path, "path": path, "min": 0, "max": "1", "base": {"path": path, "min": 0, "max": "*"}, **rules}


PROFILE_URL = "http://example.org/seen"


def profile() -> TypeModel:
    """Return the types with a profile of Observation: fixed, pattern, binding, targets, minimum and maximum."""
    elements = [
        {"id": "Observation", "path": "Observation", "min": 0, "max": "*"},
        element("Observation.status", min=1, type=[{"code": "code"}], fixedCode="final"),
        element(
            "Observation.category",
            min=1,
            max="1",
            type=[{"code": "CodeableConcept"}],
            patternCodeableConcept={"coding": [{"system": "urn:cat", "code": "exam"}]},
        ),
        element("Observation.code", min=1, type=[{"code": "CodeableConcept"}]),
        element(
            "Observation.subject",
            min=1,
            type=[{"code": "Reference", "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Patient"]}],
        ),
        element(
            "Observation.interpretation",
            max="*",
            type=[{"code": "CodeableConcept"}],
            binding={"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/condition-clinical"},
        ),
        element("Observation.note", max="0", type=[{"code": "Annotation"}]),
    ]
    definition = {
        "resourceType": "StructureDefinition",
        "url": PROFILE_URL,
        "type": "Observation",
        "kind": "resource",
        "abstract": False,
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Observation",
        "snapshot": {"element": elements},
    }
    return r4().add(json.loads(json.dumps(definition)))


FITS = """\
status: final
category:
  - coding: [{system: urn:cat, code: exam}]
code: {text: seen}
subject: "{{ reference('patient') }}"
interpretation:
  - coding: [{system: "http://terminology.hl7.org/CodeSystem/condition-clinical", code: active}]
"""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("status: final", "status: final", None),
        ("status: final", "status: amended", "fixed-value: Observation.status"),
        ("code: exam", "code: survey", "fixed-value"),
        ("system: urn:cat, ", "", "fixed-value"),
        ("exam}]\n", "exam}]\n    text: x\n", None),
        ("subject: \"{{ reference('patient') }}\"\n", "", "missing-element"),
        ("reference('patient')", "reference('talked')", "wrong-reference"),
        ("code: active", "code: odd", "wrong-code"),
        ("status: final", "status: final\nnote: [{text: x}]", "too-many"),
        ("  - coding: [{sy", "  - coding: [{system: urn:cat, code: exam}]\n  - coding: [{sy", "too-many"),
        ("status: final", "status: final\nlanguage: bg", None),
    ],
)
def test_a_resource_with_a_profile_is_checked_against_it(
    tmp_path: Path, old: str, new: str, found: str | None
) -> None:
    assert old in FITS
    template = FITS.replace(old, new, 1)
    mapping = f"""\
mapping: visit
version: 1.0.0
when: "type = 'home-visit'"
resources:
  - {{name: patient, type: Patient, key: person.key, if: person.exists(), template: {{active: true}}}}
  - {{name: talked, type: Group, template: {{type: person, actual: true}}}}
  - name: seen
    type: Observation
    profile: {PROFILE_URL}
    template:
"""
    folder = pack(tmp_path / "pack", visit=mapping + indent(template, " " * 6))
    findings = check_folders([folder], profiles=Profiles(profile(), r4_terminology()))
    assert [one.code for one in findings] == ([found.partition(":")[0]] if found else [])


def test_without_the_profile_only_the_resource_type_counts(tmp_path: Path) -> None:
    mapping = (
        (RIGHT / "visit.yaml")
        .read_text(encoding="utf-8")
        .replace("    type: Condition\n", "    type: Condition\n    profile: urn:unknown\n")
    )
    folder = tmp_path / "pack"
    shutil.copytree(RIGHT, folder)
    (folder / "visit.yaml").write_text(mapping, encoding="utf-8")
    assert check_folders([folder], code_systems=SYSTEMS) == ()
