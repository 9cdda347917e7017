"""What recurs is made once: the same resources for the same mediator, municipality or facility, and only then."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.errors import RecordRejected
from hm_fhir.fhir.json import to_json
from hm_fhir.mapping.cases import load_cases
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapped, Mapper, Resource
from hm_fhir.mapping.files.yaml_text import to_yaml
from hm_fhir.mapping.loader import load_pack
from hm_fhir.mapping.reuse import Kept, encoded, inputs_of

ROOT = Path(__file__).parents[2]
CODE_SYSTEMS = read_code_systems(ROOT / "profiles" / "package")
IDENTITY = partial(Identity, bytes(32), key_id="test", system="urn:test")
ACTIVITY: dict[str, Any] = {
    "key": "his|1",
    "type": "home-visit",
    "status": "completed",
    "mediator": {"key": "BGS04|M-1", "local_id": "M-1", "name": {"family": "Образцова"}},
    "municipality": {"key": "BGS04", "code": "BGS04", "name": "Бургас"},
    "persons": [{"key": "egn|1", "identifiers": []}],
    "findings": {"tests": []},
    "sensitivity": [],
}
PRACTITIONER = {
    "name": "practitioner",
    "type": "Practitioner",
    "shared": True,
    "key": "mediator.key",
    "template": {"name": [{"family": "{{ mediator.name.family }}"}]},
}


def mapper_of(folder: Path, *resources: dict[str, Any], **more: Any) -> Mapper:
    folder.mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text("pack: own\nversion: 1.0.0\n", encoding="utf-8")
    mapping = {"mapping": "visit", "version": "1.0.0", "when": "type = 'home-visit'", **more}
    (folder / "visit.yaml").write_text(to_yaml({**mapping, "resources": list(resources)}), encoding="utf-8")
    return Mapper([load_pack(folder)], IDENTITY(), {})


def mapped(mapper: Mapper, **changes: Any) -> Mapped:
    made = mapper.map({**ACTIVITY, **changes})
    assert made is not None
    return made


def made_by(mapper: Mapper, **changes: Any) -> list[Resource]:
    return list(mapped(mapper, **changes).resources)


def test_a_mediator_is_made_once_for_many_activities(tmp_path: Path) -> None:
    mapper = mapper_of(tmp_path, PRACTITIONER)
    (first,), (second,) = made_by(mapper), made_by(mapper, key="his|2", status="planned")
    assert second is first
    assert first.text() == to_json(first.content)


def test_a_mediator_who_changed_is_made_again(tmp_path: Path) -> None:
    mapper = mapper_of(tmp_path, PRACTITIONER)
    (first,) = made_by(mapper)
    changed = {**ACTIVITY["mediator"], "name": {"family": "Примерова"}}
    (second,) = made_by(mapper, mediator=changed)
    assert [one.content["name"][0]["family"] for one in (first, second)] == ["Образцова", "Примерова"]
    assert made_by(mapper) == [first]


@pytest.mark.parametrize(
    "more",
    [
        {"template": {"active": "{{ status = 'completed' }}"}},
        {"if": "status = 'completed'"},
        {"template": {"name": [{"text": "{{ %context.key }}"}]}},
        {"template": {"name": [{"text": "{{ %activity.key }}"}]}},
        {"template": {"name": [{"text": "{{ %about }}"}]}},
        {"template": {"name": {"{{ mediator }}": {"text": "{{ %activity.status }}"}}}},
        {"template": {"qualification": [{"issuer": "{{ reference(status) }}"}]}},
        {"each": "persons"},
        {"shared": False},
        {"key": "key"},
    ],
)
def test_what_reads_more_than_what_recurs_is_made_for_each_activity(tmp_path: Path, more: dict[str, Any]) -> None:
    mapper = mapper_of(tmp_path, {**PRACTITIONER, **more}, assign=[{"about": "{{ status }}"}])
    (mapping,) = mapper.packs[0].mappings
    assert inputs_of(mapping.resources[0], mapping.assign) is None


def test_what_a_variable_reads_counts(tmp_path: Path) -> None:
    rule = {**PRACTITIONER, "template": {"name": [{"text": "{{ %called }}"}]}}
    assign = [{"family": "{{ mediator.name.family }}"}, {"called": "{{ %family & ', ' & municipality.name }}"}]
    mapper = mapper_of(tmp_path, rule, assign=assign)
    (mapping,) = mapper.packs[0].mappings
    inputs = inputs_of(mapping.resources[0], mapping.assign)
    assert inputs is not None
    assert inputs.paths == (("mediator",), ("municipality",))
    (first,) = made_by(mapper)
    (second,) = made_by(mapper, municipality={**ACTIVITY["municipality"], "name": "Созопол"})
    assert first.content["name"][0]["text"] == "Образцова, Бургас"
    assert second.content["name"][0]["text"] == "Образцова, Созопол"


def test_references_count_by_what_they_lead_to(tmp_path: Path) -> None:
    role = {
        "name": "role",
        "type": "PractitionerRole",
        "shared": True,
        "key": "mediator.key",
        "template": {
            "practitioner": "{{ reference('practitioner') }}",
            "organization": "{{ reference('municipality', municipality.key) }}",
        },
    }
    municipality = {
        "name": "municipality",
        "type": "Organization",
        "shared": True,
        "key": "municipality.key",
        "if": "municipality.name.exists()",
        "template": {"name": "{{ municipality.name }}"},
    }
    practitioner = {**PRACTITIONER, "if": "status = 'completed'"}
    mapper = mapper_of(tmp_path, practitioner, role, municipality)
    nameless = {key: value for key, value in ACTIVITY["municipality"].items() if key != "name"}
    for _ in range(2):  # made, then reused
        complete, planned, alone = (
            mapped(mapper),
            mapped(mapper, status="planned"),
            mapped(mapper, municipality=nameless),
        )
        by_name = [{one.name: one for one in made.resources} for made in (complete, planned, alone)]
        assert "practitioner" in by_name[0]["role"].content
        assert "practitioner" not in by_name[1]["role"].content
        # The municipality is not among the resources: whoever reuses the role still says that it is referenced.
        assert (complete.outside, planned.outside) == ((), ())
        assert alone.outside == (alone.resources[1].content["organization"]["reference"],)


def test_facilities_of_a_list_are_made_once_each(tmp_path: Path) -> None:
    rule = {
        "name": "facility",
        "type": "Organization",
        "shared": True,
        "each": "findings.tests.facility.local_id.distinct()",
        "key": "municipality.key & '|' & %item",
        "template": {"name": "{{ findings.tests.facility.where(local_id = %item).name }}"},
    }
    mapper = mapper_of(tmp_path, rule)
    lab = {"local_id": "1", "kind": "laboratory", "name": "Лаборатория"}
    tests = [{"kind": "hiv"}, {"kind": "hiv", "facility": lab}]
    first, second = (
        made_by(mapper, findings={"tests": tests}),
        made_by(mapper, key="his|2", findings={"tests": tests}),
    )
    assert first[0] is second[0]
    renamed = [{"kind": "hiv", "facility": {**lab, "name": "Друга"}}]
    assert made_by(mapper, findings={"tests": renamed})[0].content["name"] == "Друга"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}),
        ({"a": {}}, {}),
        ({"a": {"b": None}}, {"a": {}}),
        ({"a": [{"b": 1}, {}]}, {"a": [{}, {"b": 1}]}),
        ({"a": [{"b": 1}]}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": {"b": "1"}}),
        ({"a": []}, {"a": [{}]}),
    ],
)
def test_different_inputs_have_different_texts(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert encoded(one, ("a", "b")) != encoded(other, ("a", "b"))


def test_the_order_of_keys_does_not_count_and_other_fields_do_not() -> None:
    assert encoded({"a": {"b": {"c": 1, "d": 2}, "e": 1}}, ("a", "b")) == encoded(
        {"a": {"b": {"d": 2, "c": 1}}}, ("a", "b")
    )


def test_what_was_not_used_for_the_longest_time_makes_room() -> None:
    kept: Kept[str] = Kept(2)
    kept.put("a", "A")
    kept.put("b", "B")
    assert kept.get("a") == "A"
    kept.put("c", "C")
    assert [kept.get(key) for key in "abc"] == ["A", None, "C"]


def test_the_base_pack_makes_who_and_where_once() -> None:
    (visit,) = [one for one in MAPPER.packs[0].mappings if one.name == "home-visit"]
    reused = {rule.name for rule in visit.resources if inputs_of(rule, visit.assign) is not None}
    assert reused >= {"practitioner", "practitioner-role", "municipality", "facility", "place"}


MAPPER = Mapper([load_pack(ROOT / "mappings")], IDENTITY(), CODE_SYSTEMS, {"egn": "urn:egn", "mediator": "urn:m"})
WATCHED = MAPPER.watched(lambda _: lambda _, run: run)


def outcome(mapper: Mapper, activity: dict[str, Any]) -> Any:
    try:
        made = mapper.map(activity)
    except RecordRejected as error:
        return (type(error), error.code, error.message, error.place)
    return made and (made.mapping, made.outside, [(one, one.text()) for one in made.resources])


def valid_activities() -> dict[str, dict[str, Any]]:
    found = {}
    for case in load_cases(ROOT / "mappings" / "cases"):
        with suppress(ValueError):  # some cases are about what the model refuses
            found[case.name] = Activity.model_validate(case.spec.activity).for_mapping()
    return found


ACTIVITIES = valid_activities()


@pytest.mark.parametrize("name", ACTIVITIES)
def test_every_case_gives_the_same_with_and_without_shortcuts(name: str) -> None:
    """A watched mapper takes no shortcut: no fast closures, nothing kept, each expression guarded by itself."""
    activity = ACTIVITIES[name]
    before = json.dumps(activity)
    first = outcome(MAPPER, activity)
    assert first == outcome(WATCHED, activity)
    outcome(MAPPER, {**activity, "key": "other|1"})
    assert outcome(MAPPER, activity) == first
    assert json.dumps(activity) == before
