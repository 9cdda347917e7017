"""Packs that extend packs: what one uses of another, what it brings itself, and what all packs agree on."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.errors import MappingErrors
from hm_fhir.mapping import loader
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.setting import Setting

# Activities of the tests have a shape of their own, so that nothing is known of them.
load_pack = partial(loader.load_pack, setting=Setting())
load_packs = partial(loader.load_packs, setting=Setting())

IDENTITY = Identity(b"k" * 32, key_id="test", system="https://example.org/id")
PEOPLE = """\
part: people
assign:
  - family: "{{ person.family }}"
resources:
  - name: patient
    type: Patient
    shared: true
    key: person.key
    template:
      name: [{family: "{{ %family }}"}]
      maritalStatus: {coding: "{[ person.married.translate('married') ]}"}
"""
VISIT = """\
mapping: visit
version: 1.0.0
when: type = 'visit'
include: [people]
resources:
  - name: encounter
    type: Encounter
    key: key
    template: {status: finished}
"""
HELP = """\
mapping: help
version: 1.0.0
when: type = 'help'
include: [people]
resources:
  - name: observation
    type: Observation
    template:
      subject: "{{ reference('patient') }}"
      encounter: "{{ reference('encounter', visit) }}"
      valueString: "{{ %family }}"
"""


def concept_map(target: str) -> str:
    element = {"code": "yes", "target": [{"code": target, "equivalence": "equal"}]}
    return json.dumps({"resourceType": "ConceptMap", "group": [{"target": "urn:t", "element": [element]}]})


def write_pack(home: Path, name: str, head: str = "", **files: str) -> Path:
    """Write a pack; a file `parts__people` is parts/people.yaml."""
    folder = home / name
    for path, text in {"pack": f"pack: {name}\nversion: 1.0.0\n{head}", **files}.items():
        suffix = ".json" if path.startswith("conceptmaps__") else ".yaml"
        place = folder / (path.replace("__", "/") + suffix)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


MARRIED = concept_map("X")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_pack(tmp_path, "base", visit=VISIT, parts__people=PEOPLE, conceptmaps__married=concept_map("M"))


def mistakes(home: Path, *folders: Path) -> list[str]:
    with pytest.raises(MappingErrors) as caught:
        load_packs(folders)
    return [
        f"{(error.place or '').removeprefix(f'{home}/')}: {error.message} ({error.fix})"
        for error in caught.value.errors
    ]


def mapped(packs: Any, **activity: Any) -> dict[str, Any]:
    person = {"key": "p|1", "family": "Измислена", "married": "yes"}
    result = Mapper(packs, IDENTITY, {}).map(
        {"key": "his|1", "visit": "his|0", "person": person, "sensitivity": [], **activity}
    )
    assert result is not None
    return {
        "mapping": f"{result.pack.partition('@')[0]}/{result.mapping}",
        **{resource.name: resource.content for resource in result.resources},
    }


def key_of(resource_type: str, business_key: str) -> str:
    return f"{resource_type}/{IDENTITY.resource_id(resource_type, business_key)}"


# using what another pack brings


def test_a_pack_uses_parts_concept_maps_and_names_of_a_pack_that_it_extends(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", "extends: [base]\n", help=HELP)

    made = mapped(load_packs([base, own]), type="help")

    assert made["mapping"] == "own/help"
    assert made["patient"]["maritalStatus"] == {"coding": [{"system": "urn:t", "code": "M"}]}
    assert made["observation"]["subject"]["reference"] == key_of("Patient", "p|1")
    assert made["observation"]["encounter"]["reference"] == key_of("Encounter", "his|0")
    assert made["observation"]["valueString"] == "Измислена"


def test_a_shared_person_is_the_same_resource_in_both_packs(tmp_path: Path, base: Path) -> None:
    packs = load_packs([base, write_pack(tmp_path, "own", "extends: [base]\n", help=HELP)])

    assert mapped(packs, type="help")["patient"] == mapped(packs, type="visit")["patient"]


def test_packs_come_back_in_the_order_of_their_folders(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", "extends: [base]\n", help=HELP)

    assert [pack.name for pack in load_packs([own, base])] == ["own", "base"]


def test_what_an_extended_pack_extends_is_there_too(tmp_path: Path, base: Path) -> None:
    other = write_pack(tmp_path, "other", "extends: [base]\n", other=HELP.replace("help", "other"))
    own = write_pack(tmp_path, "own", "extends: [other]\n", help=HELP.replace("observation", "finding"))

    made = mapped(load_packs([own, other, base]), type="help")

    assert {"patient", "finding"} <= made.keys()


def test_a_pack_that_extends_nothing_sees_nothing_of_the_others(tmp_path: Path, base: Path) -> None:
    own = write_pack(
        tmp_path, "own", help=HELP.replace("%family", "%family.translate('married')"), parts__x="part: x"
    )
    fix = "(the pack 'base' has it: say `extends: [base]` in pack.yaml)"

    assert mistakes(tmp_path, base, own) == [
        f"own/help.yaml:4:11: there is no part 'people' {fix}",
        f"own/help.yaml:9:30: there is no resource 'patient' in this pack {fix}",
        f"own/help.yaml:10:32: there is no resource 'encounter' in this pack {fix}",
        f"own/help.yaml:11:42: there is no concept map 'married' in this pack {fix}",
    ]


def test_an_extended_pack_does_not_see_what_the_other_brings(tmp_path: Path, base: Path) -> None:
    (base / "visit.yaml").write_text(VISIT.replace("[people]", "[people, extra]"))
    own = write_pack(tmp_path, "own", "extends: [base]\n", help=HELP, parts__extra="part: extra\n")

    assert mistakes(tmp_path, base, own) == [
        "base/visit.yaml:4:19: there is no part 'extra' (known: people)",
    ]


def test_a_name_that_no_extended_pack_has_is_corrected(tmp_path: Path, base: Path) -> None:
    text = HELP.replace("[people]", "[peopel]").replace("'encounter'", "'encountr'")
    own = write_pack(tmp_path, "own", "extends: [base]\n", help=text)

    assert mistakes(tmp_path, base, own) == [
        "own/help.yaml:4:11: there is no part 'peopel' (did you mean 'people'?)",
        "own/help.yaml:10:32: there is no resource 'encountr' in this pack or one that it extends"
        " (did you mean 'encounter'?)",
    ]


def test_a_variable_that_an_extended_part_needs_is_missed_at_the_include(tmp_path: Path, base: Path) -> None:
    (base / "parts" / "people.yaml").write_text(PEOPLE.replace("%family", "%surname"))
    (base / "visit.yaml").write_text(VISIT + 'assign:\n  - surname: "{{ %family }}"\n')
    own = write_pack(tmp_path, "own", "extends: [base]\n", help=HELP)

    (mistake,) = mistakes(tmp_path, base, own)

    assert mistake.startswith(
        "own/help.yaml:4:11: the part 'people' uses %surname, which the mapping does not assign ("
    )
    assert "base/parts/people.yaml:10:23)" in mistake


# what extends can get wrong


def test_an_unknown_pack_is_named_once_and_nothing_else_looks_wrong(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", "extends: [bsae]\n", help=HELP)

    assert mistakes(tmp_path, base, own) == [
        "own/pack.yaml:3:11: there is no pack 'bsae' in force (did you mean 'base'?)"
    ]


def test_a_pack_by_itself_does_not_find_what_it_extends(tmp_path: Path, base: Path) -> None:
    with pytest.raises(MappingErrors, match=r"there is no pack 'base' in force \(enable the plugin that brings it\)"):
        load_pack(write_pack(tmp_path, "own", "extends: [base]\n", help=HELP))


def test_packs_that_extend_each_other_are_refused_with_the_circle(tmp_path: Path) -> None:
    names = {"a": "b", "b": "c", "c": "a"}
    folders = [
        write_pack(tmp_path, name, f"extends: [{other}]\n", **{name: HELP.replace("help", name)})
        for name, other in names.items()
    ]

    assert mistakes(tmp_path, *folders) == [
        "c/pack.yaml:3:11: the packs extend each other in a circle: a -> b -> c -> a"
        " (take one of them out of extends)"
    ]


def test_a_pack_does_not_extend_itself_or_another_twice(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", "extends: [base, own, base]\n", help=HELP)

    assert mistakes(tmp_path, base, own) == [
        "own/pack.yaml:3:17: the packs extend each other in a circle: own -> own (take one of them out of extends)",
        "own/pack.yaml:3:22: 'base' is here twice (remove one of them)",
    ]


def test_a_broken_file_of_an_extended_pack_makes_nothing_else_look_wrong(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", "extends: [base]\n", help=HELP)

    (base / "parts" / "people.yaml").write_text("part: [people\n")
    assert [one.split(": ")[0] for one in mistakes(tmp_path, base, own)] == ["base/parts/people.yaml:1:7"]
    (base / "pack.yaml").write_text("pack: base\n")
    assert [one.split(": ")[0] for one in mistakes(tmp_path, base, own)] == [
        "base/pack.yaml:1:1",
        "base/parts/people.yaml:1:7",
    ]


def test_mistakes_of_all_packs_come_together(tmp_path: Path, base: Path) -> None:
    (base / "visit.yaml").write_text(VISIT.replace("type: Encounter", "type: Encouter"))
    own = write_pack(tmp_path, "own", "extends: [base]\n", help=HELP.replace("%family", "%famly"))
    none = tmp_path / "none"

    assert [one.split(": ")[0] for one in mistakes(tmp_path, own, none, base)] == [
        "base/visit.yaml:7:11",
        "none",
        "own/help.yaml:11:24",
    ]


def test_two_packs_do_not_have_one_name(tmp_path: Path, base: Path) -> None:
    second = write_pack(tmp_path / "more", "base", help=HELP, parts__people=PEOPLE)

    assert mistakes(tmp_path, base, second) == [
        f"more/base/pack.yaml:1:7: the pack 'base' is in {base}, too (rename or disable one of them)"
    ]


# parts and concept maps of its own


def test_a_part_or_concept_map_with_the_name_of_an_extended_one_names_both_packs(tmp_path: Path, base: Path) -> None:
    own = write_pack(
        tmp_path, "own", "extends: [base]\n", help=HELP, parts__people=PEOPLE, conceptmaps__married=MARRIED
    )

    assert mistakes(tmp_path, base, own) == [
        "own/conceptmaps/married.json: the packs 'base' and 'own' both have the concept map 'married', and 'own'"
        " extends the other (rename it, or say `replaces: [conceptmaps/married]` in pack.yaml)",
        "own/parts/people.yaml:1:7: the packs 'base' and 'own' both have the part 'people', and 'own' extends the"
        " other (rename it, or say `replaces: [parts/people]` in pack.yaml)",
    ]


def test_what_a_pack_replaces_on_purpose_counts_in_that_pack_only(tmp_path: Path, base: Path) -> None:
    own = write_pack(
        tmp_path,
        "own",
        "extends: [base]\nreplaces: [parts/people, conceptmaps/married]\n",
        help=HELP,
        parts__people=PEOPLE.replace("template:", "template:\n      active: true"),
        conceptmaps__married=MARRIED,
    )
    packs = load_packs([base, own])

    ours, theirs = mapped(packs, type="help")["patient"], mapped(packs, type="visit")["patient"]

    assert (ours["active"], ours["maritalStatus"]["coding"][0]["code"]) == (True, "X")
    assert ("active" in theirs, theirs["maritalStatus"]["coding"][0]["code"]) == (False, "M")


def test_an_extended_part_translates_with_the_concept_map_of_the_pack_that_includes_it(
    tmp_path: Path, base: Path
) -> None:
    head = "extends: [base]\nreplaces: [conceptmaps/married]\n"
    own = write_pack(tmp_path, "own", head, help=HELP, conceptmaps__married=MARRIED)

    made = mapped(load_packs([base, own]), type="help")

    assert made["patient"]["maritalStatus"]["coding"] == [{"system": "urn:t", "code": "X"}]


def test_packs_that_do_not_extend_each_other_may_use_the_same_names(tmp_path: Path, base: Path) -> None:
    text = HELP.replace("reference('encounter', visit)", "x")
    own = write_pack(tmp_path, "own", help=text, parts__people=PEOPLE, conceptmaps__married=MARRIED)

    made = mapped(load_packs([base, own]), type="help")

    assert made["patient"]["maritalStatus"]["coding"][0]["code"] == "X"


@pytest.mark.parametrize(
    ("replaces", "mistake"),
    [
        ("people", "no pack that this one extends has 'people' (did you mean 'parts/people'?)"),
        ("parts/place", "no pack that this one extends has 'parts/place' (did you mean 'parts/people'?)"),
        (
            "conceptmaps/married",
            "the pack has no conceptmaps/married of its own (add it, or take it out of replaces)",
        ),
    ],
)
def test_replaces_names_what_both_packs_have(tmp_path: Path, base: Path, replaces: str, mistake: str) -> None:
    own = write_pack(tmp_path, "own", f"extends: [base]\nreplaces: [{replaces}]\n", help=HELP)

    assert mistakes(tmp_path, base, own) == [f"own/pack.yaml:4:12: {mistake}"]


def test_two_extended_packs_that_mean_different_things_by_a_name_are_refused(tmp_path: Path, base: Path) -> None:
    other = write_pack(tmp_path, "other", other=VISIT.replace("visit", "other"), parts__people="part: people\n")
    own = write_pack(tmp_path, "own", "extends: [base, other]\n", help=HELP)

    assert mistakes(tmp_path, base, other, own) == [
        "own/pack.yaml:3:17: the packs 'base' and 'other' both bring the part 'people'"
        " (extend one of them, or bring your own and say `replaces: [parts/people]`)"
    ]

    write_pack(tmp_path, "own", "extends: [base, other]\nreplaces: [parts/people]\n", help=HELP, parts__people=PEOPLE)
    assert [pack.name for pack in load_packs([base, other, own])] == ["base", "other", "own"]


def test_one_pack_that_is_extended_on_two_ways_is_no_contradiction(tmp_path: Path, base: Path) -> None:
    other = write_pack(tmp_path, "other", "extends: [base]\n", other=HELP.replace("help", "other"))
    own = write_pack(tmp_path, "own", "extends: [base, other]\n", help=HELP)

    assert mapped(load_packs([base, other, own]), type="help")["mapping"] == "own/help"


# what all packs agree on


def test_a_resource_name_has_one_type_in_all_packs(tmp_path: Path, base: Path) -> None:
    text = HELP.replace("name: observation", "name: encounter").replace("include: [people]\n", "")
    text = text.replace("'patient'", "'encounter'").replace("%family", "x")
    own = write_pack(tmp_path, "own", help=text)
    mistake = (
        "own/help.yaml:6:11: the name 'encounter' stands for Encounter in the pack 'base'"
        " (a name stands for one type: choose another name)"
    )

    assert mistakes(tmp_path, base, own) == [mistake]


def test_a_part_that_replaces_another_keeps_the_types_of_its_names(tmp_path: Path, base: Path) -> None:
    own = write_pack(
        tmp_path,
        "own",
        "extends: [base]\nreplaces: [parts/people]\n",
        help=HELP,
        parts__people=PEOPLE.replace("type: Patient", "type: Person"),
    )

    assert [one.split(" (")[0] for one in mistakes(tmp_path, base, own)] == [
        "own/parts/people.yaml:6:11: the name 'patient' stands for Patient in the pack 'base'"
    ]


@pytest.mark.parametrize("changed", ["parts/people.yaml", "conceptmaps/married.json", "pack.yaml"])
def test_the_digest_of_a_pack_changes_with_the_packs_that_it_extends(
    tmp_path: Path, base: Path, changed: str
) -> None:
    other = write_pack(tmp_path, "other", "extends: [base]\n", other=HELP.replace("help", "other"))
    own = write_pack(tmp_path, "own", "extends: [other]\n", help=HELP)
    before = load_packs([base, other, own])

    path = base / changed
    path.write_text(path.read_text().replace("1.0.0", "1.0.1") + "\n", encoding="utf-8")
    after = load_packs([base, other, own])

    assert [first.digest == second.digest for first, second in zip(before, after, strict=True)] == [False] * 3
    assert Mapper(before, IDENTITY, {}).fingerprint != Mapper(after, IDENTITY, {}).fingerprint


def test_an_extending_pack_does_not_change_the_digest_of_the_extended_one(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", "extends: [base]\n", help=HELP)

    assert load_packs([base, own])[0].digest == load_pack(base).digest
