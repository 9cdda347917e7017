"""Coverage: which branches of mapping files no case reaches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.mapping.cases import load_cases
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.files.yaml_text import to_yaml
from hm_fhir.mapping.inspection.choices import choices_of
from hm_fhir.mapping.inspection.coverage import coverage
from hm_fhir.mapping.inspection.coverage_report import Report
from hm_fhir.mapping.loader import load_packs

PROFILES = Path(__file__).parents[2] / "profiles" / "package"
MAPPING = """\
mapping: help
version: 1.0.0
when: "type = 'home-visit'"
refuse:
  - code: nobody
    when: status = 'not-done'
    say: nobody is there
resources:
  - name: encounter
    type: Encounter
    template:
      status: "{{ status.translate('state') }}"
      "{% if period.end.exists() %}":
        period:
          end: "{{ period.end }}"
      "{% else %}":
        text: {status: empty}
      reasonCode:
        - "{% for reason in reasons %}":
            text: "{{ %reason }} {{ iif(%reason = 'violence', 'urgent', iif(note.exists(), note, 'usual')) }}"
      length: "{{ %systems.uri }}"
  - name: topic
    type: Communication
    each: topics
    if: "%item != 'hygiene'"
    key: "key & %item"
    template:
      status: completed
"""
BARRIERS = """\
mapping: help
version: 1.0.0
when: "type = 'home-visit'"
assign:
  - warns: "{{ barriers.exists() and outcome.exists() }}"
resources:
  - name: flag
    type: Flag
    if: "CONDITION"
    template:
      category:
        - "{% for barrier in barriers %}":
            text: "{{ %barrier }}"
        - "{% for barrier in topics %}":
            text: "{{ %barrier }}"
      "{% if barriers.exists() %}":
        language: bg
"""
CONCEPT_MAP = """\
{"resourceType": "ConceptMap", "group": [{"target": "urn:t", "element": [
  {"code": "completed", "target": [{"code": "finished", "equivalence": "equal"}]},
  {"code": "planned", "target": [{"code": "planned", "equivalence": "equal"}]}]}]}
"""
PERSON = {"local_id": "17", "name": {"given": ["Проба"]}}


def case(**more: Any) -> dict[str, Any]:
    activity = {
        "system": "tests",
        "local_id": "1",
        "updated_at": "2026-03-06T09:30:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M1", "name": {"family": "Примерова"}},
        "type": "home-visit",
        "period": {"start": "2026-03-06"},
        "setting": "home",
        "persons": [PERSON],
        **more,
    }
    return {"case": "a case", "activity": activity, "resources": {}}


def mapper_of(folder: Path) -> Mapper:
    identity = Identity(bytes(32), key_id="tests", system="urn:tests")
    return Mapper(load_packs([folder]), identity, read_code_systems(PROFILES))


def report_of(folder: Path, *cases: dict[str, Any]) -> Report:
    (folder / "conceptmaps").mkdir()
    (folder / "cases").mkdir()
    (folder / "pack.yaml").write_text("pack: tests\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "help.yaml").write_text(MAPPING, encoding="utf-8")
    (folder / "conceptmaps" / "state.json").write_text(CONCEPT_MAP, encoding="utf-8")
    for number, one in enumerate(cases):
        (folder / "cases" / f"{number}.yaml").write_text(to_yaml(one), encoding="utf-8")
    return coverage(mapper_of(folder), load_cases(folder / "cases"))


def unreached(report: Report) -> dict[str, int]:
    """Return what no case has, with its line."""
    return {branch.says: int(branch.place.rsplit(":", 2)[1]) for branch in report.unreached}


def test_without_cases_only_the_outermost_branches_are_named(tmp_path: Path) -> None:
    report = report_of(tmp_path)
    assert unreached(report) == {
        "no case is mapped by 'help'": 3,
        "no case is refused with 'nobody'": 5,
        "no case makes the resource 'encounter'": 9,
        "no case has an item for 'topics'": 24,
        "no case is without items for 'topics'": 24,
    }
    assert (report.reached, report.percent) == (0, 0)


def test_what_one_case_does_not_reach_is_named_with_its_line(tmp_path: Path) -> None:
    report = report_of(tmp_path, case(reasons=["violence"], topics=["hygiene"]))
    assert unreached(report) == {
        "no case is refused with 'nobody'": 5,
        "in no case is 'period.end.exists()' true": 13,
        "no case is without items for 'reasons'": 19,
        "in no case is \"%reason = 'violence'\" false or empty, in iif()": 20,
        "no case is without items for 'topics'": 24,
        "in no case is \"%item != 'hygiene'\" true": 25,
    }


def test_everything_is_reached_when_every_side_has_a_case(tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        case(reasons=["violence", "pregnancy"], topics=["hygiene", "nutrition"]),
        case(reasons=["pregnancy"], note="a note", period={"start": "2026-03-06", "end": "2026-03-06"}),
        case(),
        case(topics=["nutrition"]),
        case(status="not-done"),
    )
    assert unreached(report) == {}
    assert report.percent == 100


@pytest.mark.parametrize("condition", ["barriers.exists()", "note.exists() and barriers.exists()", "%warns"])
def test_a_side_that_no_activity_can_take_is_no_branch(tmp_path: Path, condition: str) -> None:
    (tmp_path / "pack.yaml").write_text("pack: tests\nversion: 1.0.0\n", encoding="utf-8")
    (tmp_path / "help.yaml").write_text(BARRIERS.replace("CONDITION", condition), encoding="utf-8")
    [file] = coverage(mapper_of(tmp_path), []).files
    says = [branch.says for branch in file.branches if int(branch.place.rsplit(":", 2)[1]) > 10]
    assert [one for one in says if "give anything" not in one and "mapped by" not in one] == [
        "no case has an item for 'barriers'",
        "no case has an item for 'topics'",
        "no case is without items for 'topics'",
        "in no case is 'barriers.exists()' true",
    ]


def test_codes_of_concept_maps_are_counted_beside_the_percentage(tmp_path: Path) -> None:
    [states] = report_of(tmp_path, case()).concept_maps
    assert (states.name, states.used, states.unused) == ("state", 1, ("planned",))


def test_what_the_settings_decide_is_no_branch(tmp_path: Path) -> None:
    assert not any("%systems" in branch.says for one in report_of(tmp_path).files for branch in one.branches)


def test_a_place_leads_to_the_expression(tmp_path: Path) -> None:
    report = report_of(tmp_path, case())
    [branch] = [one for one in report.unreached if one.says == "no case has an item for 'reasons'"]
    line, column = (int(part) for part in branch.place.rsplit(":", 2)[1:])
    assert MAPPING.splitlines()[line - 1][column - 1 :].startswith("reasons %}")


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("iif(a, b, c)", [("a", None)]),
        ("iif((a and (b or c)), iif(d = ',', e), 'f(')", [("(a and (b or c))", None), ("d = ','", 0)]),
        ("iif(a, b, iif(c, d)).translate(iif(e, f))", [("a", None), ("c", 0), ("e", None)]),
        ("iif(iif(a, b), c)", [("iif(a, b)", None), ("a", None)]),
        ("x.where(iif($this = 1, true))", []),
        ("x.iif(a, b)", []),
        ("'iif(a, b)'", []),
    ],
)
def test_choices_that_start_where_the_expression_starts(text: str, conditions: list[tuple[str, int | None]]) -> None:
    found = choices_of(text)
    assert [(one.text, one.inside) for one in found] == conditions
    assert all(text[one.position :].startswith(one.text) for one in found)
