"""A pack with another mapping for what is mapped already: one of them is in force, and both keep their cases."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.errors import MappingErrors, RecordRejected
from hm_fhir.mapping import loader
from hm_fhir.mapping.cases import load_cases, run_case
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.pack import Pack
from hm_fhir.mapping.setting import Setting

# Activities of the tests have a shape of their own, so that nothing is known of them.
load_packs = partial(loader.load_packs, setting=Setting())

IDENTITY = Identity(b"k" * 32, key_id="test", system="https://example.org/id")
VISIT = """\
mapping: visit
version: 1.0.0
when: type = 'home-visit'
resources:
  - name: encounter
    type: Encounter
    template: {status: finished}
"""
OTHER_VISIT = VISIT.replace("when:", "replaces: base/visit\nwhen:").replace("finished", "in-progress")
CASE = """\
case: usual
activity:
  system: docs
  local_id: "1"
  updated_at: 2026-03-06T09:30:00+02:00
  municipality: {code: SFO39, name: Самоков}
  mediator: {local_id: M1, name: {family: Примерова}}
  type: home-visit
  period: {start: 2026-03-06}
  setting: home
  persons: [{local_id: "17", name: {given: [Проба]}}]
resources:
  encounter: {resourceType: Encounter, status: finished}
"""


def write_pack(home: Path, name: str, extends: str = "", **mappings: str) -> Path:
    folder = home / name
    folder.mkdir()
    head = f"extends: [{extends}]\n" if extends else ""
    for file, text in {"pack": f"pack: {name}\nversion: 1.0.0\n{head}", **mappings}.items():
        (folder / f"{file}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_pack(tmp_path, "base", visit=VISIT)


def mistakes(home: Path, *folders: Path) -> list[str]:
    with pytest.raises(MappingErrors) as caught:
        load_packs(folders)
    return [
        f"{(error.place or '').removeprefix(f'{home}/')}: {error.message} ({error.fix})"
        for error in caught.value.errors
    ]


def mapped(packs: tuple[Pack, ...], **activity: Any) -> tuple[str, str]:
    """Return pack and mapping, and the status of the Encounter."""
    root = {"key": "his|1", "type": "home-visit", "sensitivity": [], **activity}
    result = Mapper(packs, IDENTITY, {}).map(root)
    assert result is not None
    return f"{result.pack.partition('@')[0]}/{result.mapping}", result.resources[0].content["status"]


def test_a_mapping_that_is_replaced_is_out_of_force(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", "base", visit=OTHER_VISIT)
    packs = load_packs([base, own])

    assert mapped(packs) == ("own/visit", "in-progress")
    assert [[mapping.name for mapping in pack.mappings] for pack in packs] == [[], ["visit"]]


def test_the_order_of_the_packs_does_not_matter(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", "base", visit=OTHER_VISIT)

    assert mapped(load_packs([own, base])) == ("own/visit", "in-progress")


def test_what_replaces_a_mapping_needs_not_have_its_name(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", "base", ours=OTHER_VISIT.replace("mapping: visit", "mapping: ours"))

    assert mapped(load_packs([base, own])) == ("own/ours", "in-progress")


def test_two_mappings_of_one_pack_may_share_what_they_replace(tmp_path: Path, base: Path) -> None:
    early, late = (
        OTHER_VISIT.replace("mapping: visit", f"mapping: {name}").replace("when: ", f"when: {name} and ")
        for name in ("early", "late")
    )
    packs = load_packs([base, write_pack(tmp_path, "own", "base", early=early, late=late)])

    assert mapped(packs, early=True, late=False)[0] == "own/early"
    assert mapped(packs, early=False, late=True)[0] == "own/late"


def test_without_replaces_two_mappings_for_an_activity_reject_it(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", "base", ours=VISIT.replace("mapping: visit", "mapping: ours"))

    with pytest.raises(RecordRejected, match="base/visit and own/ours"):
        mapped(load_packs([base, own]))


def test_two_packs_do_not_replace_the_same_mapping(tmp_path: Path, base: Path) -> None:
    folders = [
        write_pack(tmp_path, name, "base", visit=OTHER_VISIT.replace("mapping: visit", f"mapping: {name}"))
        for name in ("own", "other")
    ]

    assert mistakes(tmp_path, base, *folders) == [
        "other/visit.yaml:3:11: the packs 'own' and 'other' both replace base/visit (disable one of them)"
    ]


def test_a_replacement_can_be_replaced_itself(tmp_path: Path, base: Path) -> None:
    other = write_pack(tmp_path, "other", "base", visit=OTHER_VISIT)
    text = OTHER_VISIT.replace("base/visit", "other/visit").replace("in-progress", "planned")
    own = write_pack(tmp_path, "own", "other", visit=text)

    assert mapped(load_packs([base, other, own])) == ("own/visit", "planned")


def test_a_mapping_of_a_pack_that_an_extended_one_extends_can_be_replaced(tmp_path: Path, base: Path) -> None:
    middle = write_pack(tmp_path, "middle", "base", help=VISIT.replace("visit", "help"))
    own = write_pack(tmp_path, "own", "middle", visit=OTHER_VISIT)

    assert mapped(load_packs([base, middle, own])) == ("own/visit", "in-progress")


@pytest.mark.parametrize(
    ("extends", "replaces", "mistake"),
    [
        ("base", "base/vist", "no pack that this one extends has the mapping 'base/vist'"),
        ("base", "visit", "no pack that this one extends has the mapping 'visit'"),
        ("base", "own/visit", "no pack that this one extends has the mapping 'own/visit'"),
    ],
)
def test_what_is_replaced_exists(tmp_path: Path, base: Path, extends: str, replaces: str, mistake: str) -> None:
    own = write_pack(tmp_path, "own", extends, visit=OTHER_VISIT.replace("base/visit", replaces))

    assert mistakes(tmp_path, base, own) == [f"own/visit.yaml:3:11: {mistake} (did you mean 'base/visit'?)"]


def test_only_a_pack_that_extends_another_replaces_its_mappings(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", visit=OTHER_VISIT)

    assert mistakes(tmp_path, base, own) == [
        "own/visit.yaml:3:11: the pack 'own' does not extend 'base' (add `extends: [base]` to pack.yaml)"
    ]


def test_the_name_of_a_mapping_in_force_is_taken(tmp_path: Path, base: Path) -> None:
    extending = write_pack(tmp_path, "extending", "base", visit=VISIT)
    separate = write_pack(tmp_path, "separate", visit=VISIT)

    assert mistakes(tmp_path, base, extending) == [
        "extending/visit.yaml:1:10: the pack 'base' has the mapping 'visit', too"
        " (rename it, or say `replaces: base/visit` to take the other out of force)"
    ]
    assert mistakes(tmp_path, base, separate) == [
        "separate/visit.yaml:1:10: the pack 'base' has the mapping 'visit', too (rename it)"
    ]


def test_cases_of_a_pack_are_about_its_own_mappings(tmp_path: Path, base: Path) -> None:
    middle = write_pack(tmp_path, "middle", "base", visit=OTHER_VISIT)
    text = OTHER_VISIT.replace("base/visit", "middle/visit").replace("in-progress", "planned")
    top = write_pack(tmp_path, "top", "middle", visit=text)
    mapper = Mapper(load_packs([base, middle, top]), IDENTITY, {})

    for folder, status in ((base, "finished"), (middle, "in-progress"), (top, "planned")):
        (folder / "cases").mkdir()
        (folder / "cases" / "usual.yaml").write_text(CASE.replace("finished", status), encoding="utf-8")
        (case,) = load_cases(folder / "cases")
        result = run_case(case, mapper)
        assert result.passed, f"{folder.name}\n{result.difference}"


def test_cases_elsewhere_are_about_what_is_in_force(tmp_path: Path, base: Path) -> None:
    own = write_pack(tmp_path, "own", "base", visit=OTHER_VISIT)
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "usual.yaml").write_text(CASE.replace("finished", "in-progress"), encoding="utf-8")
    (case,) = load_cases(tmp_path / "cases")

    assert run_case(case, Mapper(load_packs([base, own]), IDENTITY, {})).passed
