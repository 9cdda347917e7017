"""A pack says everything that is wrong with it at once, each with file, line, column and what to do."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from hm_fhir.errors import MappingErrors
from hm_fhir.mapping import loader
from hm_fhir.mapping.conceptmap import CodeSystem, Concept
from hm_fhir.mapping.loader import check_code_systems
from hm_fhir.mapping.setting import Setting

# Activities of the tests have a shape of their own, so that nothing is known of them.
load_pack = partial(loader.load_pack, setting=Setting())

VISIT = """\
mapping: visit
version: 1.0.0
when: type = 'visit'
include: [people]
assign:
  - class: HH
refuse:
  - code: nobody
    when: persons.empty()
    say: a visit needs a person
resources:
  - name: encounter
    type: Encounter
    template:
      status: finished
      class: {code: "{{ %class }}"}
      subject: "{{ reference('person') }}"
      type: {coding: "{[ topics.translate('topic') ]}"}
"""
PEOPLE = """\
part: people
resources:
  - name: person
    type: Patient
    key: persons.first().key
    shared: true
    template:
      gender: "{{ persons.first().gender }}"
"""
TOPIC = {
    "resourceType": "ConceptMap",
    "group": [
        {
            "target": "urn:t",
            "element": [{"code": "a", "target": [{"code": "A", "equivalence": "equal"}]}],
        }
    ],
}


def write_pack(folder: Path, **files: str) -> Path:
    """Write a correct pack, with some files replaced: visit=..., people=..., topic=..., more_=..."""
    (folder / "parts").mkdir(parents=True)
    (folder / "conceptmaps").mkdir()
    contents = {"pack": "pack: test\nversion: 1.0.0\n", "visit": VISIT, "people": PEOPLE, "topic": json.dumps(TOPIC)}
    places = {"people": "parts/people.yaml", "topic": "conceptmaps/topic.json"}
    for name, text in {**contents, **files}.items():
        (folder / places.get(name, f"{name}.yaml")).write_text(dedent(text), encoding="utf-8")
    return folder


def mistakes(folder: Path) -> list[str]:
    with pytest.raises(MappingErrors) as caught:
        load_pack(folder)
    return [
        f"{(error.place or '').removeprefix(f'{folder}/')}: {error.message} ({error.fix})"
        for error in caught.value.errors
    ]


def test_a_correct_pack_loads(tmp_path: Path) -> None:
    pack = load_pack(write_pack(tmp_path / "pack"))
    assert pack.label == "test@1.0.0"
    assert [mapping.name for mapping in pack.mappings] == ["visit"]
    assert [rule.name for rule in pack.mappings[0].resources] == ["person", "encounter"]
    assert pack.types == {"encounter": "Encounter", "person": "Patient"}


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("mapping: visit\n", "", "visit.yaml:1:1: mapping is missing (add mapping)"),
        ("version: 1.0.0", "version: 1.0", "visit.yaml:2:10: version must be text (put quotes around it)"),
        ("when: type", "when: typ( =", "visit.yaml:3:12: unexpected '=', expected a value (None)"),
        (
            "when: type",
            "when: tpye.exist() and type",
            "visit.yaml:3:12: there is no function exist() (did you mean 'exists'?)",
        ),
        (
            "when: type =",
            "when: type = %claas or type =",
            "visit.yaml:3:14: %claas is not defined here (known: activity, systems)",
        ),
        (
            "when: type =",
            "when: reference('person').exists() or type =",
            "visit.yaml:3:7: reference() cannot decide which mapping it is (None)",
        ),
        ("[people]", "[peopel]", "visit.yaml:4:11: there is no part 'peopel' (did you mean 'people'?)"),
        ("[people]", "[people, people]", "visit.yaml:4:19: the part 'people' is included twice (None)"),
        ("[people]", "people", "visit.yaml:4:10: include must be a list (None)"),
        ("- class: HH", "- class: HH\n    other: x", "visit.yaml:6:5: one variable an item (- name: value)"),
        (
            "- class: HH",
            "- item: HH\n  - class: HH",
            "visit.yaml:6:11: %item is already defined by the engine (None)",
        ),
        (
            "- class: HH",
            "- class: \"{{ reference('person') }}\"",
            "visit.yaml:6:16: reference() works in templates only: here it is not yet known which resources there"
            " will be (use {% assign %} inside of the template)",
        ),
        (
            "- class: HH",
            '- class: "{{ %later }}"\n  - later: x',
            "visit.yaml:6:16: %later is not defined (did you mean 'later'?)",
        ),
        (
            "code: nobody",
            "code: No_Body",
            "visit.yaml:8:11: code is no name (begin with a letter; use the letters a-z, digits, - and _)",
        ),
        ("say: a visit needs a person", "", "visit.yaml:8:5: say is missing (add say)"),
        (
            "when: persons.empty()",
            "when: persons.empty(1)",
            "visit.yaml:9:19: empty() takes no arguments, here it gets 1 (None)",
        ),
        (
            "when: persons.empty()",
            "when: persons.empty() or today() > @2026-01-01",
            "visit.yaml:9:30: today() reads the clock: mapping the activity again would give something else"
            " (use a time of the activity, such as updated_at)",
        ),
        (
            "  - name: encounter",
            "  - {name: person, type: Patient, template: {}}\n  - name: encounter",
            "visit.yaml:12:12: the mapping has two resources 'person' (rename one)",
        ),
        (
            "type: Encounter",
            "type: Encouter",
            "visit.yaml:13:11: Encouter is no resource type of FHIR R4 (did you mean 'Encounter'?)",
        ),
        (
            "type: Encounter",
            "type: Encounter\n    shared: yes",
            "visit.yaml:14:13: shared must be true or false (None)",
        ),
        (
            "type: Encounter",
            "type: Encounter\n    withdrawable: true",
            "visit.yaml:14:19: withdrawable is for shared resources (remove it: the others always are)",
        ),
        (
            "type: Encounter",
            "type: Encounter\n    profil: x",
            "visit.yaml:14:5: profil is not known here (did you mean 'profile'?)",
        ),
        (
            "template:\n",
            "template:\n      id: x\n",
            "visit.yaml:15:11: id is set by the engine (remove id from the template)",
        ),
        ("{{ %class }}", "{{ %clas }}", "visit.yaml:16:25: %clas is not defined (did you mean 'class'?)"),
        (
            "{{ %class }}",
            "{{ %index }}",
            "visit.yaml:16:25: %index is not defined (only a resource with `each` has it)",
        ),
        ("{{ %class }}", "{{ %class", "visit.yaml:16:21: {{ stands alone in a text"),
        (
            "{{ %class }}",
            "{{ %class and }}",
            "visit.yaml:16:35: the expression ends too early, expected a value (None)",
        ),
        (
            "reference('person')",
            "reference('persn')",
            "visit.yaml:17:30: there is no resource 'persn' in this pack (did you mean 'person'?)",
        ),
        (
            "translate('topic')",
            "translate('topics')",
            "visit.yaml:18:43: there is no concept map 'topics' in this pack (did you mean 'topic'?)",
        ),
        (
            "      status: finished",
            "      status: finished\n      status: planned",
            "visit.yaml:16:7: the key 'status' is already on line 15 (remove one of them)",
        ),
        (
            "class: {code",
            "class: {{code",
            "visit.yaml:16:15: a key must be text (put quotes around {{ }}, {% %} and {[ ]})",
        ),
        (
            "      subject:",
            '      "{% iff x %}": {}\n      subject:',
            "visit.yaml:17:7: '{% iff x %}' is no block (did you mean 'if'?)",
        ),
    ],
)
def test_a_mistake_in_a_mapping_is_found_at_its_place(tmp_path: Path, old: str, new: str, mistake: str) -> None:
    assert VISIT.count(old) >= 1
    text = VISIT.replace(old, new, 1)
    found = mistakes(write_pack(tmp_path / "pack", visit=text))
    assert len(found) == 1
    assert found[0].startswith(mistake)


def test_a_misspelled_key_names_the_right_one(tmp_path: Path) -> None:
    found = mistakes(write_pack(tmp_path / "pack", visit=VISIT.replace("when: type", "whem: type")))
    assert found == [
        "visit.yaml:1:1: when is missing (add when)",
        "visit.yaml:3:1: whem is not known here (did you mean 'when'?)",
    ]


def test_every_error_shows_its_line_with_a_caret(tmp_path: Path) -> None:
    text = VISIT.replace("{{ %class }}", "{{ %class and }}")
    with pytest.raises(MappingErrors) as caught:
        load_pack(write_pack(tmp_path / "pack", visit=text))
    (error,) = caught.value.errors
    assert error.excerpt == '      class: {code: "{{ %class and }}"}\n' + " " * 34 + "^"
    assert error.excerpt in str(caught.value)


def test_all_mistakes_of_all_files_come_together_in_order(tmp_path: Path) -> None:
    folder = write_pack(
        tmp_path / "pack",
        visit=VISIT.replace("type: Encounter", "type: Visit").replace("{{ %class }}", "{{ %class( }}"),
        people=PEOPLE.replace("gender: ", "gender: x\n      birthDate: ").replace("first().gender", "frist()"),
        topic="{",
        other="mapping: other\nversion: 1\n",
    )
    places = [mistake.split(": ")[0] for mistake in mistakes(folder)]
    assert places == [
        "conceptmaps/topic.json:1:2",
        "other.yaml:1:1",
        "other.yaml:2:10",
        "parts/people.yaml:9:30",
        "visit.yaml:13:11",
        "visit.yaml:16:31",
    ]


def test_a_variable_that_a_part_needs_is_missed_in_the_mapping(tmp_path: Path) -> None:
    people = PEOPLE.replace("{{ persons.first().gender }}", "{{ %gender }}{{ %gender }}")
    (mistake,) = mistakes(write_pack(tmp_path / "pack", people=people))
    assert mistake.startswith("visit.yaml:4:11: the part 'people' uses %gender, which the mapping does not assign (")
    assert "parts/people.yaml:8:15)" in mistake


def test_parts_may_use_what_the_mapping_assigns_and_the_mapping_what_parts_assign(tmp_path: Path) -> None:
    people = PEOPLE.replace("resources:", "assign:\n  - given: x\nresources:").replace(
        "persons.first().gender", "%class"
    )
    pack = load_pack(
        write_pack(tmp_path / "pack", people=people, visit=VISIT.replace("class: HH", 'class: "{{ %given }}"'))
    )
    assert [assignment.name for assignment in pack.mappings[0].assign] == ["given", "class"]


def test_a_name_stands_for_one_type_in_the_whole_pack(tmp_path: Path) -> None:
    other = VISIT.replace("mapping: visit", "mapping: other").replace("type: Encounter", "type: Task")
    (mistake,) = mistakes(write_pack(tmp_path / "pack", other=other))
    assert mistake.startswith("visit.yaml:13:11: the name 'encounter' stands for Task elsewhere in the pack")


def test_a_mapping_may_refer_to_what_only_another_mapping_produces(tmp_path: Path) -> None:
    other = VISIT.replace("mapping: visit", "mapping: other").replace("name: encounter", "name: second")
    other = other.replace("reference('person')", "reference('encounter', earlier)")
    assert len(load_pack(write_pack(tmp_path / "pack", other=other)).mappings) == 2


def test_a_broken_file_does_not_make_others_look_wrong(tmp_path: Path) -> None:
    found = mistakes(write_pack(tmp_path / "pack", people="part: [people"))
    assert [mistake.split(": ")[0] for mistake in found] == ["parts/people.yaml:1:7"]


def test_two_mappings_or_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    found = mistakes(write_pack(tmp_path / "pack", zzz=VISIT))
    assert len(found) == 1
    assert found[0].startswith("zzz.yaml:1:10: ")
    assert "has the mapping 'visit', too" in found[0]


def test_files_that_would_not_be_read_are_noticed(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "pack")
    (folder / "late.yml").write_text(VISIT)
    assert mistakes(folder) == ["late.yml: this file is not read (rename it to .yaml)"]
    (folder / "late.yml").unlink()
    (folder / "visit.yaml").unlink()
    assert mistakes(folder) == [f"{folder}: the pack has no mapping (None)"]
    (folder / "pack.yaml").unlink()
    assert mistakes(folder) == [f"{folder}: there is no pack.yaml (this is no mapping pack)"]


def test_a_mapping_that_produces_nothing_is_refused(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "pack", visit="mapping: visit\nversion: 1.0.0\nwhen: type = 'visit'\n")
    assert mistakes(folder) == ["visit.yaml:1:1: the mapping produces nothing (add resources, or include a part)"]


def test_the_digest_changes_with_every_file_that_decides(tmp_path: Path) -> None:
    first = load_pack(write_pack(tmp_path / "a"))
    assert load_pack(write_pack(tmp_path / "b")).digest == first.digest
    changed: list[dict[str, Any]] = [
        {"visit": VISIT + "# changed\n"},
        {"people": PEOPLE + "# changed\n"},
        {"topic": json.dumps(TOPIC, indent=1)},
        {"pack": "pack: test\nversion: 1.0.1\n"},
    ]
    digests = {load_pack(write_pack(tmp_path / f"c{i}", **files)).digest for i, files in enumerate(changed)}
    assert len(digests | {first.digest}) == 5


def test_code_systems_and_literal_codes_are_checked(tmp_path: Path) -> None:
    visit = VISIT.replace(
        "      status: finished\n",
        "      a: \"{{ coding('hm-topic', 'a') }}\"\n"
        "      b: \"{{ coding('hm-topic', 'b') }}\"\n"
        "      c: \"{{ coding('hm-topik', type) }}\"\n"
        "      d: \"{{ coding('https://example.org/any', 'x') }}\"\n"
        "      e: \"{{ coding('urn:topic', 'c') }}\"\n",
    )
    pack = load_pack(write_pack(tmp_path / "pack", visit=visit))
    topic = CodeSystem("hm-topic", "urn:topic", {"a": Concept("a", "A", {})})
    with pytest.raises(MappingErrors) as caught:
        check_code_systems(pack, {"hm-topic": topic, "urn:topic": topic})
    assert [(str(error.place).rsplit("/", 1)[1], error.message) for error in caught.value.errors] == [
        ("visit.yaml:16:33", "'hm-topic' has no code 'b'"),
        ("visit.yaml:17:21", "there is no code system 'hm-topik'"),
        ("visit.yaml:19:34", "'hm-topic' has no code 'c'"),
    ]
