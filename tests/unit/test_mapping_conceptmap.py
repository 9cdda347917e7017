"""Code systems and concept maps, read from FHIR JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.errors import MappingError, MappingErrors, RecordRejected
from hm_fhir.mapping.conceptmap import read_code_systems, read_concept_map

TOPICS = {
    "resourceType": "CodeSystem",
    "id": "hm-topic",
    "url": "https://example.org/topic",
    "concept": [
        {
            "code": "care",
            "display": "Care",
            "designation": [{"language": "bg", "value": "Грижа"}],
            "concept": [{"code": "antenatal", "display": "Antenatal care"}],
        },
        {"code": "bare"},
    ],
}


def concept_map(*elements: Any, **group: Any) -> dict[str, Any]:
    group = {"source": "urn:s", "target": "urn:t", **group, "element": list(elements)}
    return {
        "resourceType": "ConceptMap",
        "group": [{key: value for key, value in group.items() if value is not None}],
    }


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


A = {"code": "a", "target": [{"code": "A", "display": "An A", "equivalence": "equal"}]}


def test_a_code_system_gives_displays_in_english_and_bulgarian_also_of_nested_codes(tmp_path: Path) -> None:
    write(tmp_path / "CodeSystem-hm-topic.json", TOPICS)
    write(tmp_path / "ValueSet-x.json", "not read")
    system = read_code_systems(tmp_path)["hm-topic"]
    assert system.url == "https://example.org/topic"
    assert list(system.concepts) == ["care", "antenatal", "bare"]
    assert system.display("care") == "Care"
    assert system.display("care", "bg") == "Грижа"
    assert system.display("antenatal", "bg") == "Antenatal care"
    assert system.display("bare") is None
    assert system.display("missing") is None


def test_code_systems_that_clash_or_are_none_are_all_reported(tmp_path: Path) -> None:
    write(tmp_path / "CodeSystem-a.json", TOPICS)
    write(tmp_path / "CodeSystem-b.json", {**TOPICS, "id": "other"})
    write(tmp_path / "CodeSystem-c.json", {**TOPICS, "id": "c", "url": "urn:c", "concept": [{"code": "x"}] * 2})
    write(tmp_path / "CodeSystem-d.json", {"resourceType": "ValueSet"})
    with pytest.raises(MappingErrors) as caught:
        read_code_systems(tmp_path)
    assert [(str(error.place).removeprefix(f"{tmp_path}/"), error.message) for error in caught.value.errors] == [
        ("CodeSystem-b.json", "the code system 'other' is here twice"),
        ("CodeSystem-c.json: concept[1]", "the code 'x' is here twice"),
        ("CodeSystem-d.json", "this is no CodeSystem"),
    ]


def test_a_code_is_translated_to_all_its_targets_in_order(tmp_path: Path) -> None:
    both = {"code": "b", "target": [{"code": "B2", "equivalence": "wider"}, {"code": "B1", "equivalence": "equal"}]}
    found = read_concept_map(write(tmp_path / "m.json", concept_map(A, both)))
    assert found.name == "m"
    assert found.translate("a") == [{"system": "urn:t", "code": "A", "display": "An A"}]
    assert found.translate("b", "urn:s") == [{"system": "urn:t", "code": "B2"}, {"system": "urn:t", "code": "B1"}]


@pytest.mark.parametrize("targets", [[], [{"equivalence": "unmatched"}], [{"equivalence": "disjoint", "code": "X"}]])
def test_a_code_that_is_listed_without_a_target_becomes_nothing(tmp_path: Path, targets: list[Any]) -> None:
    found = read_concept_map(write(tmp_path / "m.json", concept_map({"code": "a", "target": targets}, target=None)))
    assert found.translate("a") == []


def test_a_code_that_is_not_listed_is_rejected_without_naming_it(tmp_path: Path) -> None:
    found = read_concept_map(write(tmp_path / "m.json", concept_map(A)))
    for arguments in (("secret",), ("a", "urn:other")):
        with pytest.raises(RecordRejected) as caught:
            found.translate(*arguments)
        assert caught.value.code == "untranslatable"
        assert "'m'" in str(caught.value)
        assert "secret" not in str(caught.value)


def test_a_group_without_source_takes_codes_of_any_system(tmp_path: Path) -> None:
    found = read_concept_map(write(tmp_path / "m.json", concept_map(A, source=None)))
    assert found.translate("a", "urn:any") == [{"system": "urn:t", "code": "A", "display": "An A"}]


def test_groups_are_joined(tmp_path: Path) -> None:
    content = {"resourceType": "ConceptMap", "group": [
        {"target": "urn:t1", "element": [A]}, {"target": "urn:t2", "element": [A, {"code": "b"}]},
    ]}  # fmt: skip
    found = read_concept_map(write(tmp_path / "m.json", content))
    assert [coding["system"] for coding in found.translate("a")] == ["urn:t1", "urn:t2"]
    assert found.translate("b") == []


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        ("{\n  'a'", ":2:3", "Expecting property name"),
        ('{"a": 1, "a": 2}', "", "a key is here twice"),
        ("[1]", "", "this is no ConceptMap"),
        ({"resourceType": "ConceptMap"}, ": group", "group is missing or empty"),
        (concept_map(), ": group[0].element", "element is missing or empty"),
        (concept_map(A, A), ": group[0].element[1]", "the code 'a' is here twice"),
        (concept_map({"code": 1}), ": group[0].element[0].code", "code is missing or no text"),
        (concept_map(A, target=None), ": group[0].element[0].target[0]", "the group has no target system"),
        (concept_map(A, unmapped={"mode": "provided"}), ": group[0]", "unmapped is not supported"),
        (concept_map({"code": "a", "target": [{"code": "A"}]}), ": group[0].element[0].target[0].equivalence",
         "equivalence is missing"),
        (concept_map({"code": "a", "target": [{"code": "A", "equivalence": "equals"}]}),
         ": group[0].element[0].target[0]", "the equivalence 'equals' is unknown"),
    ],
)  # fmt: skip
def test_a_wrong_concept_map_is_refused_with_its_place(
    tmp_path: Path, content: Any, place: str, message: str
) -> None:
    path = write(tmp_path / "m.json", content)
    with pytest.raises(MappingError, match=message) as caught:
        read_concept_map(path)
    assert caught.value.place == f"{path}{place}"
