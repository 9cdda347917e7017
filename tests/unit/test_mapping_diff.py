"""Diff: what a change of mapping does to real output."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.errors import SettingsError
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.inspection.diff import Comparison, _differences
from hm_fhir.mapping.inspection.packs_to_compare import folders_to_compare
from hm_fhir.mapping.loader import load_packs

MAPPING = """\
mapping: visit
version: 1.0.0
when: "type = 'home-visit'"
refuse:
  - code: nobody
    when: persons.empty()
    say: nobody is there
resources:
  - name: encounter
    type: Encounter
    template:
      status: finished
      period: {start: "{{ period.start }}"}
  - name: patient
    type: Patient
    each: persons
    key: "%item.key"
    template:
      gender: "{{ %item.gender }}"
"""


def pack(folder: Path, mapping: str = MAPPING, *, name: str = "tests", more: str = "") -> Path:
    folder.mkdir()
    (folder / "pack.yaml").write_text(f"pack: {name}\nversion: 1.0.0\n{more}", encoding="utf-8")
    (folder / "visit.yaml").write_text(mapping, encoding="utf-8")
    return folder


def mapper(*folders: Path) -> Mapper:
    return Mapper(load_packs(folders), Identity(bytes(32), key_id="tests", system="urn:tests"), {})


def activity(number: int, **more: Any) -> dict[str, Any]:
    person = {"key": f"p{number}", "gender": "female"}
    return {
        "key": f"tests|{number}",
        "type": "home-visit",
        "period": {"start": "2026-03-06"},
        "persons": [person],
        "sensitivity": [],
        **more,
    }


def compared(folder: Path, old: str, new: str, *activities: dict[str, Any]) -> Comparison:
    before, after = mapper(pack(folder / "old", old)), mapper(pack(folder / "new", new))
    comparison = Comparison()
    for number, one in enumerate(activities, 1):
        comparison.add(before, after, one, f"file:{number}")
    return comparison


def test_the_same_pack_changes_nothing(tmp_path: Path) -> None:
    comparison = compared(tmp_path, MAPPING, MAPPING, activity(1), activity(2, persons=[]), activity(3, type="x"))
    assert comparison.is_same
    assert comparison == Comparison(activities=3, same=3)


def test_elements_are_counted_once_per_activity_with_the_first_example(tmp_path: Path) -> None:
    new = MAPPING.replace("finished", "arrived").replace("gender: ", "active: true\n      birthDate: ")
    two = [{"key": "a", "gender": "male"}, {"key": "b", "gender": "female"}]
    comparison = compared(tmp_path, MAPPING, new, activity(1, type="x"), activity(2, persons=two), activity(3))
    assert (comparison.same, comparison.changed) == (1, 2)
    found = {
        (name, kind): (number, difference.examples[kind].place)
        for name, difference in comparison.elements.items()
        for kind, number in difference.activities.items()
    }
    assert found == {
        ("encounter Encounter.status", "changed"): (2, "file:2"),
        ("patient Patient.active", "added"): (2, "file:2"),
        ("patient Patient.birthDate", "added"): (2, "file:2"),
        ("patient Patient.gender", "removed"): (2, "file:2"),
    }
    example = comparison.elements["encounter Encounter.status"].examples["changed"]
    assert (example.before, example.after) == ("finished", "arrived")
    assert "finished" not in repr(comparison)


def test_added_and_removed_resources_are_named_by_type(tmp_path: Path) -> None:
    each = '    each: persons\n    key: "%item.key"'
    new = MAPPING.replace(each, "    if: note.exists()").replace("%item.", "person.")
    comparison = compared(tmp_path, MAPPING, new, activity(1), activity(2, note="a note", persons=[{"key": "p"}]))
    [(name, difference)] = comparison.resources.items()
    assert name == "patient (Patient)"
    assert difference.activities == {"removed": 2, "added": 1}
    assert not comparison.elements


def test_outcomes_that_change_are_counted_with_their_first_activity(tmp_path: Path) -> None:
    new = MAPPING.replace("persons.empty()", "note.exists()").replace("home-visit", "phone-contact")
    comparison = compared(
        tmp_path,
        MAPPING,
        new,
        activity(1),
        activity(2, persons=[]),
        activity(3, type="phone-contact"),
        activity(4, type="phone-contact", note="x"),
        activity(5),
    )
    assert comparison.outcomes == {
        ("mapped", "no mapping"): 2,
        ("refused (nobody)", "no mapping"): 1,
        ("no mapping", "mapped"): 1,
        ("no mapping", "refused (nobody)"): 1,
    }
    assert comparison.first["mapped", "no mapping"] == "file:1"
    assert comparison.total("refused", "no mapping") == 1
    assert (comparison.same, comparison.changed) == (0, 0)


def test_a_failing_expression_is_an_outcome(tmp_path: Path) -> None:
    new = MAPPING.replace("{{ period.start }}", "{{ persons.key.single() }}")
    two = [{"key": "a"}, {"key": "b"}]
    comparison = compared(tmp_path, MAPPING, new, activity(1, persons=two))
    assert comparison.outcomes == {("mapped", "failed (expression-failed)"): 1}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": Decimal("1.0")}, {"a": Decimal("1.00")}, [("R.a", "changed")]),
        ({"a": True}, {"a": 1}, [("R.a", "changed")]),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, [("R.a.b", "removed"), ("R.a.c", "added")]),
        ({"a": {"b": 1}}, {"a": 1}, [("R.a", "changed")]),
        ({"a": [1, 2, 3]}, {"a": [0, 1, 2, 3]}, [("R.a[]", "added")]),
        ({"a": [1, 2, 3]}, {"a": [1, 3]}, [("R.a[]", "removed")]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("R.a[]", "changed")]),
        ({"a": [{"x": 1, "y": 1}]}, {"a": [{"x": 1, "y": 2}]}, [("R.a[].y", "changed")]),
        ({"a": [{"x": 1, "y": 2}]}, {"a": [{"y": 2, "x": 1}]}, []),
        ({"a": [1, 1]}, {"a": [1]}, [("R.a[]", "removed")]),
    ],
)
def test_differences_of_data(before: Any, after: Any, found: list[tuple[str, str]]) -> None:
    assert [(path, kind) for path, kind, _, _ in _differences(before, after, "R")] == found


# ---- which packs are around the two


def test_a_pack_takes_the_place_of_the_one_with_its_name(tmp_path: Path) -> None:
    base, other = pack(tmp_path / "base", name="base"), pack(tmp_path / "other", name="other")
    new = pack(tmp_path / "new", name="base")
    assert folders_to_compare("base", str(new), [base, other]) == ([other, base], [other, new])


def test_what_a_pack_extends_comes_with_it(tmp_path: Path) -> None:
    base = pack(tmp_path / "base", name="base")
    ours = pack(tmp_path / "ours", name="ours", more="extends: [base]\n")
    assert folders_to_compare("base", str(ours), [base]) == ([base], [ours, base])


def test_a_pack_that_is_not_there_is_explained(tmp_path: Path) -> None:
    base = pack(tmp_path / "base", name="base")
    with pytest.raises(SettingsError, match="did you mean 'base'"):
        folders_to_compare("bse", str(base), [base])
