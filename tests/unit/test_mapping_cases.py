"""Cases are data: an activity in, resources or a code out, compared exactly."""

from __future__ import annotations

import errno
import os
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.errors import MappingError, MappingErrors
from hm_fhir.mapping import loader
from hm_fhir.mapping.cases import Case, load_cases, run_case, write_case
from hm_fhir.mapping.conceptmap import read_concept_map
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.setting import Setting

# Activities of the tests have a shape of their own, so that nothing is known of them.
load_pack = partial(loader.load_pack, setting=Setting())

ACTIVITY = """\
case: a visit   # kept
activity:
  system: his
  local_id: "1"
  updated_at: 2026-03-02T09:00:00+02:00
  municipality: {code: "SFO39", name: Пример}
  mediator: {local_id: m1, name: {given: [Ася], family: Примерна}}
  type: home-visit
  setting: home
  period: {start: 2026-03-01}
  persons:
    - local_id: p1
      role: subject
      name: {family: Примерна}
  follows: ["0"]
"""
MAPPING = """\
mapping: visit
version: 1.0.0
when: type = 'home-visit'
refuse:
  - {code: cancelled-visit, when: status = 'cancelled', say: a cancelled visit is not sent}
resources:
  - name: patient
    type: Patient
    each: persons
    key: "%item.key"
    template: {name: [{family: "{{ %item.name.family }}"}]}
  - name: encounter
    type: Encounter
    template:
      period: {start: "{{ period.start }}"}
      length: {value: 1.50}
      subject: "{{ reference('patient') }}"
      identifier: [{value: "{{ local_id }}"}]
      partOf: "{{ reference('encounter', followed & '/encounter') }}"
"""
EXPECTED = """\
resources:
  patient#0:
    resourceType: Patient
    name:
      - family: Примерна
  encounter:
    resourceType: Encounter
    identifier:
      - value: '1'
    period:
      start: 2026-03-01
    length:
      value: 1.50
    subject:
      reference: Patient/patient#0
    partOf:
      reference: Encounter/outside:encounter
"""


@pytest.fixture
def mapper(tmp_path: Path) -> Mapper:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "pack.yaml").write_text("pack: test\nversion: 1.0.0\n")
    (tmp_path / "pack" / "visit.yaml").write_text(MAPPING)
    return Mapper([load_pack(tmp_path / "pack")], Identity(b"k" * 32, key_id="k", system="urn:ids"), {})


def case(tmp_path: Path, text: str, name: str = "usual") -> Case:
    folder = tmp_path / "cases" / "visit"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
    return next(found for found in load_cases(tmp_path / "cases") if found.name == f"visit/{name}")


def test_a_case_passes_when_the_result_is_exactly_as_written(tmp_path: Path, mapper: Mapper) -> None:
    result = run_case(case(tmp_path, ACTIVITY + EXPECTED), mapper)
    assert (result.name, result.passed, result.difference) == ("visit/usual", True, "")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("1.50", "1.5", "+      value: 1.50"),
        ("Patient/patient#0", "Patient/patient", "+      reference: Patient/patient#0"),
        ("      - value: '1'\n", "      - value: '1'\n      - value: '2'\n", "-      - value: '2'"),
        ("  patient#0:", "  patient:", "+  patient#0:"),
    ],
)
def test_any_difference_fails_and_is_shown(tmp_path: Path, mapper: Mapper, old: str, new: str, line: str) -> None:
    result = run_case(case(tmp_path, ACTIVITY + EXPECTED.replace(old, new)), mapper)
    assert not result.passed
    assert line in result.difference.splitlines()


def test_the_order_of_keys_says_nothing(tmp_path: Path, mapper: Mapper) -> None:
    swapped = EXPECTED.replace("    resourceType: Patient\n", "").replace(
        "      - family: Примерна\n", "      - family: Примерна\n    resourceType: Patient\n"
    )
    assert run_case(case(tmp_path, ACTIVITY + swapped), mapper).passed


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("  type: home-visit", "  status: cancelled\n  type: home-visit"), "cancelled-visit"),
        (("  setting: home", "  setting: moon"), "invalid-activity"),
        (("  type: home-visit", "  type: phone-contact"), "no-mapping"),
    ],
)
def test_a_case_can_expect_a_refusal(tmp_path: Path, mapper: Mapper, change: tuple[str, str], code: str) -> None:
    activity = ACTIVITY.replace(*change)
    assert run_case(case(tmp_path, f"{activity}refused: {code}\n"), mapper).passed
    other = run_case(case(tmp_path, f"{activity}refused: other\n", "other"), mapper)
    assert not other.passed
    assert f"+refused: {code}" in other.difference


@pytest.mark.parametrize("before", ["", "refused: no-mapping\n", "resources: {}\n"])
def test_writing_a_case_keeps_its_head_and_makes_it_pass(tmp_path: Path, mapper: Mapper, before: str) -> None:
    first = case(tmp_path, ACTIVITY + before)
    assert not run_case(first, mapper).passed
    write_case(first, mapper)
    assert first.path.read_text(encoding="utf-8") == ACTIVITY + EXPECTED
    assert run_case(load_cases(tmp_path / "cases")[0], mapper).passed


def test_writing_a_case_keeps_what_stands_below_the_expectation(tmp_path: Path, mapper: Mapper) -> None:
    head, _, rest = ACTIVITY.partition("activity:")
    first = case(tmp_path, f"# note\n{head}refused: x\nactivity:{rest}")
    write_case(first, mapper)
    assert first.path.read_text(encoding="utf-8") == f"# note\n{head}activity:{rest}{EXPECTED}"


def test_writing_a_refused_case_writes_the_code(tmp_path: Path, mapper: Mapper) -> None:
    activity = ACTIVITY.replace("  type: home-visit", "  status: cancelled\n  type: home-visit")
    first = case(tmp_path, activity + EXPECTED)
    assert write_case(first, mapper)
    assert first.path.read_text(encoding="utf-8") == f"{activity}refused: cancelled-visit\n"


@pytest.mark.parametrize("typo", [("  setting: home", "  setting: moon"), ("type: home-visit", "type: case-closure")])
@pytest.mark.parametrize("expectation", [EXPECTED, "refused: cancelled-visit\n", ""])
def test_an_activity_that_no_mapping_saw_destroys_no_expectation(
    typo: tuple[str, str], expectation: str, tmp_path: Path, mapper: Mapper
) -> None:
    first = case(tmp_path, ACTIVITY.replace(*typo) + expectation)
    before = first.path.read_bytes()
    assert not write_case(first, mapper)
    assert first.path.read_bytes() == before
    assert not run_case(first, mapper).passed


def test_a_folder_of_cases_that_cannot_be_read_is_an_error(
    tmp_path: Path, mapper: Mapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    case(tmp_path, ACTIVITY + EXPECTED)
    locked, scan = tmp_path / "cases" / "locked", os.scandir
    locked.mkdir()

    def scandir(path: str) -> Any:
        if Path(path) == locked:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(MappingErrors, match=f"{locked}: the folder cannot be read: Permission denied"):
        load_cases(tmp_path / "cases")


def test_there_need_not_be_a_folder_of_cases(tmp_path: Path) -> None:
    assert load_cases(tmp_path / "cases") == ()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("huge.yaml", f"case: x\nactivity:\n  number: {'1' * 5000}\n", "huge.yaml:3:11: a number is too large"),
        ("power.yaml", "case: x\nactivity:\n  number: 1e99999999999999999999\n", "power.yaml:3:11: a number is too"),
        ("deep.yaml", f"case: x\nactivity: {'[' * 2000}{']' * 2000}\n", "this is nested too deeply"),
    ],
)
def test_numbers_and_depths_beyond_all_reason_are_mistakes_of_the_file(
    name: str, text: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(MappingErrors, match=says):
        load_cases(tmp_path)


def test_a_pipe_among_the_cases_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    with pytest.raises(MappingErrors) as caught:
        load_cases(tmp_path)
    assert [error.message for error in caught.value.errors] == ["this is no regular file"] * 2


@pytest.mark.parametrize(("text", "says"), [("[" * 100_000, "nested too deeply"), ("1" * 5000, "this is no JSON")])
def test_a_concept_map_that_no_one_can_read_is_named(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "codes.json").write_text(text)
    with pytest.raises(MappingError, match=f"codes.json: .*{says}"):
        read_concept_map(tmp_path / "codes.json")


def test_files_that_are_no_cases_are_all_reported(tmp_path: Path) -> None:
    folder = tmp_path / "visit"
    folder.mkdir()
    (folder / "a.yaml").write_text("case: a\nactivities: {}\n")
    (folder / "b.yaml").write_text("case: b\nactivity: {}\nrefused: x\nresources: {}\n")
    (folder / "c.yaml").write_text("case: [c\n")
    with pytest.raises(MappingErrors) as caught:
        load_cases(tmp_path)
    assert [str(error).split(": ")[0].removeprefix(f"{folder}/") for error in caught.value.errors] == [
        "a.yaml:1:1", "a.yaml:2:1", "b.yaml:3:10", "c.yaml:1:7",
    ]  # fmt: skip
