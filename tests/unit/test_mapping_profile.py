"""``profile`` of a resource: what `meta.profile` says, chosen where one rule makes resources of several profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.errors import MappingErrors, RecordRejected
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.files.yaml_text import to_yaml
from hm_fhir.mapping.inspection.coverage import coverage
from hm_fhir.mapping.inspection.explain import explain
from hm_fhir.mapping.loader import load_pack

IDENTITY = Identity(bytes(32), key_id="test", system="urn:test")
ACTIVITY: dict[str, Any] = {
    "key": "his|1",
    "type": "home-visit",
    "status": "completed",
    "mediator": {"key": "M", "local_id": "M-1", "name": {"family": "Образцова"}},
    "topics": ["hygiene", "syphilis"],
    "persons": [],
    "sensitivity": [],
}
CHOICE = {"{% if outcome.exists() %}": "urn:with", "{% else %}": "urn:without"}


def pack_of(folder: Path, profile: Any, rule: dict[str, Any], **more: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text("pack: own\nversion: 1.0.0\n", encoding="utf-8")
    rule = {"name": "made", "type": "Basic", "profile": profile, "template": {"code": {"text": "x"}}, **rule}
    mapping = {"mapping": "visit", "version": "1.0.0", "when": "type = 'home-visit'", **more, "resources": [rule]}
    (folder / "visit.yaml").write_text(to_yaml(mapping), encoding="utf-8")
    return folder


def mapper_of(folder: Path, profile: Any, rule: dict[str, Any] | None = None, **more: Any) -> Mapper:
    return Mapper([load_pack(pack_of(folder, profile, rule or {}, **more))], IDENTITY, {})


def profiles(mapper: Mapper, **changes: Any) -> list[Any]:
    mapped = mapper.map({**ACTIVITY, **changes})
    assert mapped is not None
    return [one.content.get("meta", {}).get("profile") for one in mapped.resources]


@pytest.mark.parametrize("profile", [CHOICE, "{{ iif(outcome.exists(), 'urn:with', 'urn:without') }}"])
def test_the_activity_decides_which_profile_a_resource_has(tmp_path: Path, profile: Any) -> None:
    mapper = mapper_of(tmp_path / "pack", profile)
    assert profiles(mapper, outcome="achieved") == [["urn:with"]]
    assert profiles(mapper) == [["urn:without"]]


def test_each_item_has_its_own_profile(tmp_path: Path) -> None:
    profile = "{{ iif(%item = 'syphilis', 'urn:sti', 'urn:other') }}"
    assert profiles(mapper_of(tmp_path / "pack", profile, {"each": "topics"})) == [["urn:other"], ["urn:sti"]]


def test_a_profile_can_be_a_variable_and_a_text_with_a_word_in_it(tmp_path: Path) -> None:
    mapper = mapper_of(tmp_path / "pack", "{{ %which }}", assign=[{"which": CHOICE}])
    assert profiles(mapper, outcome="achieved") == [["urn:with"]]
    assert profiles(mapper_of(tmp_path / "other", "urn:{{ status }}")) == [["urn:completed"]]


def test_what_gives_nothing_is_no_profile(tmp_path: Path) -> None:
    mapper = mapper_of(tmp_path / "pack", "{{ iif(outcome.exists(), 'urn:with') }}")
    assert profiles(mapper) == [None]
    assert profiles(mapper, sensitivity=["STD"]) == [None]


def test_the_profile_stands_before_those_of_the_template_and_beside_the_labels(tmp_path: Path) -> None:
    template = {"code": {"text": "x"}, "meta": {"profile": ["urn:own", "urn:without"], "source": "urn:s"}}
    mapper = mapper_of(tmp_path / "pack", CHOICE, {"template": template})
    mapped = mapper.map({**ACTIVITY, "sensitivity": ["STD"]})
    assert mapped is not None
    meta = mapped.resources[0].content["meta"]
    assert meta["profile"] == ["urn:without", "urn:own"]
    assert [one["code"] for one in meta["security"]] == ["R", "STD"]


def test_a_profile_that_is_no_text_is_refused_with_its_reason(tmp_path: Path) -> None:
    mapper = mapper_of(tmp_path / "pack", "{{ persons.select(birth_date) | 7 }}")
    with pytest.raises(RecordRejected) as caught:
        mapper.map(ACTIVITY)
    assert caught.value.code == "profile-not-text"
    assert "own/visit: made" in str(caught.value)


def test_a_resource_that_is_kept_for_other_activities_keeps_no_profile_of_another_one(tmp_path: Path) -> None:
    rule = {"type": "Practitioner", "shared": True, "key": "mediator.key", "template": {"active": True}}
    mapper = mapper_of(tmp_path / "pack", CHOICE, rule)
    assert profiles(mapper, outcome="achieved") == [["urn:with"]]
    assert profiles(mapper) == [["urn:without"]]
    by_name = "{{ iif(mediator.name.family = 'Друга', 'urn:one', 'urn:other') }}"
    mapper = mapper_of(tmp_path / "other", by_name, rule)
    assert profiles(mapper) == [["urn:other"]]
    assert profiles(mapper, mediator={**ACTIVITY["mediator"], "name": {"family": "Друга"}}) == [["urn:one"]]


def test_the_sides_of_a_choice_are_branches_for_coverage(tmp_path: Path) -> None:
    mapper = mapper_of(tmp_path / "pack", CHOICE)
    (file,) = coverage(mapper, []).files
    assert [one.says for one in file.branches if "outcome" in one.says] == [
        "in no case is 'outcome.exists()' true",
        "in no case is 'outcome.exists()' false or empty",
    ]


def test_a_chosen_profile_is_explained_by_its_condition_and_fields(tmp_path: Path) -> None:
    explanation = explain(mapper_of(tmp_path / "pack", CHOICE), ACTIVITY)
    (element,) = [one for one in explanation.resources[0].elements if "profile" in one.location]
    assert (element.value, element.origin.expression) == ("urn:without", "outcome.exists()")
    assert element.origin.inputs == ("outcome",)
    assert element.origin.is_added


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        (["urn:a"], "profile must be text"),
        (7, "profile must be text"),
        ("", "profile must be text"),
        ({"url": "urn:a"}, "profile is the url of one profile"),
        ({"{% if outcome.exists() %}": ["urn:a"]}, "profile is the url of one profile"),
        ("{[ topics ]}", "profile is the url of one profile"),
        ("{{ reference('made') }}", "reference() works in templates only"),
        ("{{ %nobody }}", "%nobody is not defined"),
        ("{{ now().toString() }}", "reads the clock"),
        ("{{ outcom }}", "did you mean 'outcome'?"),
    ],
)
def test_what_cannot_be_a_profile_is_found_when_the_pack_is_loaded(tmp_path: Path, profile: Any, says: str) -> None:
    with pytest.raises(MappingErrors) as caught:
        load_pack(pack_of(tmp_path / "pack", profile, {}))
    assert says in str(caught.value)
    assert "visit.yaml:" in str(caught.value)
