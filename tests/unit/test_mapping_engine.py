"""Activity in, resources out: ids, references, labels, refusals, and always the same bytes."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.errors import MappingErrors, MappingRefused, RecordRejected
from hm_fhir.fhir.json import to_json
from hm_fhir.mapping import loader
from hm_fhir.mapping.conceptmap import CodeSystem, Concept
from hm_fhir.mapping.engine import Mapped, Mapper
from hm_fhir.mapping.files.yaml_text import to_yaml
from hm_fhir.mapping.pack import Pack
from hm_fhir.mapping.setting import Setting
from hm_fhir.mapping.template.cleaning import without_nulls

# Activities of the tests have a shape of their own, so that nothing is known of them.
load_pack = partial(loader.load_pack, setting=Setting())

IDENTITY = Identity(b"k" * 32, key_id="test", system="https://example.org/id")
CODES = {"hm-topic": CodeSystem("hm-topic", "urn:topic", {"care": Concept("care", "Care", {"bg": "Грижа"})})}
ACTIVITY: dict[str, Any] = {
    "key": "his|1",
    "type": "visit",
    "persons": [{"key": "egn|1", "gender": "female"}, {"key": "egn|2", "gender": "male"}],
    "tests": [{"kind": "hiv", "value": Decimal("9.20")}, {"kind": "syphilis", "key": "t2"}],
    "topics": ["care"],
    "sensitivity": [],
    "note": "СЕКРЕТ",
}
TOPIC_MAP = {
    "resourceType": "ConceptMap",
    "group": [{"target": "urn:t", "element": [{"code": "care", "target": [{"code": "C", "equivalence": "equal"}]}]}],
}
Packer = Callable[..., Pack]


def rule(name: str, type_: str, template: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, **more, "template": template or {"text": "x"}}


@pytest.fixture
def pack(tmp_path: Path) -> Packer:
    def make(*resources: dict[str, Any], folder: str = "pack", **more: Any) -> Pack:
        home = tmp_path / folder
        (home / "conceptmaps").mkdir(parents=True, exist_ok=True)
        (home / "conceptmaps" / "topic.json").write_text(json.dumps(TOPIC_MAP))
        (home / "pack.yaml").write_text(f"pack: {folder}\nversion: 1.0.0\n")
        mapping = {"mapping": "visit", "version": "2.0.0", "when": "type = 'visit'", **more, "resources": resources}
        (home / "visit.yaml").write_text(to_yaml({**mapping, "resources": list(resources)}))
        return load_pack(home)

    return make


def mapper(*packs: Pack, **more: Any) -> Mapper:
    return Mapper(packs, IDENTITY, CODES, **more)


def contents(made: Pack, **changes: Any) -> dict[str, dict[str, Any]]:
    mapped = mapper(made).map({**ACTIVITY, **changes})
    assert mapped is not None
    return {resource.name: resource.content for resource in mapped.resources}


def refusal(made: Pack, **changes: Any) -> RecordRejected:
    with pytest.raises(RecordRejected) as caught:
        mapper(made).map({**ACTIVITY, **changes})
    shown = "".join(traceback.format_exception(caught.value))
    assert "СЕКРЕТ" not in shown
    return caught.value


def test_a_resource_has_type_id_and_surrogate_before_what_the_template_gives(pack: Packer) -> None:
    template = {
        "status": "final",
        "identifier": [{"value": "local"}],
        "value": "{{ tests.value }}",
        "meta": {"tag": []},
    }
    made = pack(rule("observation", "Observation", template, profile="https://example.org/p", receiver_owns=["note"]))
    mapped = mapper(made).map(ACTIVITY)
    assert mapped is not None
    (resource,) = mapped.resources
    identifier = IDENTITY.surrogate("Observation", "his|1/observation")
    assert resource.content == {
        "resourceType": "Observation",
        "id": identifier["value"],
        "meta": {"profile": ["https://example.org/p"]},
        "identifier": [identifier, {"value": "local"}],
        "status": "final",
        "value": Decimal("9.20"),
    }
    assert list(resource.content) == ["resourceType", "id", "meta", "identifier", "status", "value"]
    assert resource.key == f"Observation/{identifier['value']}"
    assert (resource.name, resource.shared, resource.receiver_owns) == ("observation", False, ("note",))
    assert (mapped.mapping, mapped.version, mapped.pack) == ("visit", "2.0.0", "pack@1.0.0")
    assert "9.20" in to_json(resource.content).decode()


@pytest.mark.parametrize("type_", ["Provenance", "Bundle", "QuestionnaireResponse"])
def test_a_type_without_a_list_of_identifiers_gets_none(pack: Packer, type_: str) -> None:
    assert "identifier" not in contents(pack(rule("x", type_)))["x"]


def test_business_keys_come_from_the_rule_the_item_or_the_activity(pack: Packer) -> None:
    made = pack(
        rule("own", "Task"),
        rule("patient", "Patient", each="persons", key="%item.key", shared=True),
        rule("test", "Observation", {"n": "{{ %index }}", "k": "{{ %item.kind }}"}, each="tests"),
    )
    mapped = mapper(made).map(ACTIVITY)
    assert mapped is not None
    assert [(resource.name, resource.index, resource.id) for resource in mapped.resources] == [
        ("own", None, IDENTITY.resource_id("Task", "his|1/own")),
        ("patient", 0, IDENTITY.resource_id("Patient", "egn|1")),
        ("patient", 1, IDENTITY.resource_id("Patient", "egn|2")),
        ("test", 0, IDENTITY.resource_id("Observation", "his|1/test/0")),
        ("test", 1, IDENTITY.resource_id("Observation", "his|1/test/t2")),
    ]
    assert mapped.resources[4].content["n"] == 1


def test_if_is_asked_for_every_item_and_does_not_shift_the_keys(pack: Packer) -> None:
    made = pack(rule("test", "Observation", each="tests.kind", **{"if": "%item = 'syphilis'"}))
    mapped = mapper(made).map(ACTIVITY)
    assert mapped is not None
    assert [resource.id for resource in mapped.resources] == [IDENTITY.resource_id("Observation", "his|1/test/1")]


@pytest.mark.parametrize("key", ["missing", "''", "persons.skip(9).key"])
def test_an_empty_key_refuses_the_activity(pack: Packer, key: str) -> None:
    error = refusal(pack(rule("patient", "Patient", key=key)))
    assert isinstance(error, MappingRefused)
    assert error.code == "no-key"
    assert error.place == "pack/visit: patient"


@pytest.mark.parametrize("key", ["persons.key", "1", "persons.first()"])
def test_a_key_that_is_not_one_text_is_rejected(pack: Packer, key: str) -> None:
    assert refusal(pack(rule("patient", "Patient", key=key))).code == "key-not-text"


def test_a_reference_points_to_what_this_activity_produces(pack: Packer) -> None:
    made = pack(
        rule("task", "Task", {"for": "{{ reference('patient') }}", "all": "{[ reference('patient') ]}"}),
        rule("patient", "Patient", each="persons", key="%item.key"),
    )
    first, second = (IDENTITY.resource_id("Patient", f"egn|{number}") for number in (1, 2))
    task = contents(made)["task"]
    assert task["for"] == {"reference": f"Patient/{first}"}
    assert task["all"] == [{"reference": f"Patient/{first}"}, {"reference": f"Patient/{second}"}]


def test_a_reference_to_what_is_absent_vanishes_as_a_whole(pack: Packer) -> None:
    made = pack(
        rule("task", "Task", {
            "status": "draft",
            "for": "{{ reference('patient') }}",
            "owner": {"reference": "{{ reference('patient').reference }}"},
            "focus": {"reference": "Patient/{{ missing }}"},
            "basedOn": ["{[ reference('patient') ]}"],
            "partOf": "{{ reference('task', missing) }}",
        }),
        rule("patient", "Patient", **{"if": "persons.exists()"}),
    )  # fmt: skip
    made_task = contents(made, persons=[])["task"]
    assert set(made_task) == {"resourceType", "id", "identifier", "status"}
    assert "Patient/" not in json.dumps(made_task)


def test_references_to_other_activities_are_recorded_as_outside(pack: Packer) -> None:
    made = pack(
        rule(
            "task",
            "Task",
            {"partOf": "{[ reference('task', follows) ]}", "self": "{{ reference('task', 'his|1/task') }}"},
        )
    )
    mapped = mapper(made).map({**ACTIVITY, "follows": ["his|0/task", "", "his|0/task"]})
    assert mapped is not None
    earlier = f"Task/{IDENTITY.resource_id('Task', 'his|0/task')}"
    assert mapped.outside == (earlier,)
    assert mapped.outside_names == ("task",)
    assert mapped.resources[0].content["partOf"] == [{"reference": earlier}] * 2
    assert mapped.resources[0].content["self"] == {"reference": mapped.resources[0].key}


def test_sensitive_activities_are_labelled_but_not_what_is_shared(pack: Packer) -> None:
    made = pack(
        rule("task", "Task", {"meta": {"security": [{"system": "urn:x", "code": "own"}]}}),
        rule("patient", "Patient", shared=True),
    )
    labelled = contents(made, sensitivity=["STD", "HIV"])
    act_code = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    assert labelled["task"]["meta"]["security"] == [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"},
        {"system": act_code, "code": "HIV"},
        {"system": act_code, "code": "STD"},
        {"system": "urn:x", "code": "own"},
    ]
    assert "meta" not in labelled["patient"]
    assert contents(made)["task"]["meta"]["security"] == [{"system": "urn:x", "code": "own"}]


def test_codings_get_their_english_display_or_keep_their_address(pack: Packer) -> None:
    made = pack(
        rule("x", "Basic", {
            "named": "{[ coding('hm-topic', topics) ]}",
            "carried": "{{ coding('urn:topic', 'care') }}",
            "other": "{{ coding('https://example.org/cs', 'x') }}",
            "shown": "{{ coding('https://example.org/cs', 'x', 'An X') }}",
            "empty": "{{ coding('hm-topic', missing) }}",
            "mapped": "{[ topics.translate('topic') ]}",
            "again": "{[ coding('hm-topic', topics).translate('topic') ]}",
        })
    )  # fmt: skip
    content = contents(made)["x"]
    assert content["named"] == [{"system": "urn:topic", "code": "care", "display": "Care"}]
    assert content["carried"] == {"system": "urn:topic", "code": "care", "display": "Care"}
    assert content["other"] == {"system": "https://example.org/cs", "code": "x"}
    assert content["shown"] == {"system": "https://example.org/cs", "code": "x", "display": "An X"}
    assert "empty" not in content
    assert content["mapped"] == content["again"] == [{"system": "urn:t", "code": "C"}]


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("coding('hm-topic', note)", "unknown-code"),
        ("note.translate('topic')", "untranslatable"),
        ("coding(note, 'x')", "unknown-code-system"),
        ("reference(note)", "unknown-resource-name"),
        ("'care'.translate(note)", "unknown-concept-map"),
        ("coding('hm-topic', 1)", "code-not-text"),
        ("reference('x', 1)", "key-not-text"),
        ("note + 1", "expression-failed"),
        ("note.single() | (1 | 2).single()", "expression-failed"),
    ],
)
def test_what_a_mapping_cannot_express_is_rejected_without_a_value(pack: Packer, expression: str, code: str) -> None:
    error = refusal(pack(rule("x", "Basic", {"a": [{"b": f"{{{{ {expression} }}}}"}]})))
    assert error.code == code
    assert error.place is not None
    assert error.place.startswith("pack/visit: x: a[0].b (")
    assert error.spot is not None
    assert error.place.endswith(f"visit.yaml:{error.spot.split('.yaml:')[1]})")
    assert error.expression == expression


def test_the_first_refusal_that_is_true_refuses(pack: Packer) -> None:
    made = pack(
        rule("x", "Basic"),
        assign=[{"number": "{{ persons.count() }}"}],
        refuse=[
            {"code": "nobody", "when": "persons.empty()", "say": "there must be a person"},
            {"code": "crowd", "when": "%number > 1", "say": "only one person"},
        ],
    )
    error = refusal(made)
    assert (type(error), error.code, error.message, error.place) == (
        MappingRefused, "crowd", "only one person", "pack/visit",
    )  # fmt: skip
    assert refusal(made, persons=[]).code == "nobody"
    assert "x" in contents(made, persons=[{"key": "a"}])


def test_an_activity_that_no_mapping_is_for_is_none_and_two_mappings_are_rejected(pack: Packer) -> None:
    one, two = pack(rule("x", "Basic")), pack(rule("x", "Basic"), folder="other")
    assert mapper(one).map({**ACTIVITY, "type": "talk"}) is None
    with pytest.raises(RecordRejected, match="pack/visit and other/visit") as caught:
        mapper(one, two).map(ACTIVITY)
    assert caught.value.code == "two-mappings"


def test_one_identity_appears_once_and_must_not_differ(pack: Packer) -> None:
    same = [rule(name, "Patient", {"active": True}, key="'egn|1'") for name in ("a", "b")]
    mapped = mapper(pack(*same)).map(ACTIVITY)
    assert mapped is not None
    assert [resource.name for resource in mapped.resources] == ["a"]
    different = rule("c", "Patient", {"active": False}, key="'egn|1'")
    assert refusal(pack(same[0], different)).code == "same-identity"


def test_nulls_are_dropped_where_fhir_forbids_them() -> None:
    assert without_nulls({"a": None, "b": {"c": None}, "d": [None], "e": [None, "x"], "f": [{"g": None}, 1]}) == {
        "e": [None, "x"],
        "f": [None, 1],
    }


def test_variables_of_the_deployment_and_the_activity_are_there(pack: Packer) -> None:
    template = {"system": "{{ %systems.where(kind = 'egn').uri }}", "key": "{{ %activity.key }}"}
    made = mapper(pack(rule("x", "Basic", template)), systems={"nrn": "urn:n", "egn": "urn:e"}).map(ACTIVITY)
    assert made is not None
    assert made.resources[0].content["system"] == "urn:e"
    assert made.resources[0].content["key"] == "his|1"
    assert "system" not in contents(pack(rule("x", "Basic", template)))["x"]


def everything(pack: Packer) -> Pack:
    return pack(
        rule("patient", "Patient", {"gender": "{{ %item.gender }}"}, each="persons", key="%item.key", shared=True),
        rule(
            "encounter",
            "Encounter",
            {"subject": "{{ reference('patient') }}", "type": "{[ topics.translate('topic') ]}"},
        ),
        rule("test", "Observation", {"value": "{{ %item.value }}", "note": "{{ note }}"}, each="tests"),
    )


def test_the_same_activity_and_pack_give_the_same_bytes(pack: Packer) -> None:
    def run() -> bytes:
        mapped = mapper(everything(pack)).map(json.loads(json.dumps(ACTIVITY, default=float), parse_float=Decimal))
        assert isinstance(mapped, Mapped)
        return b"\n".join(to_json(resource.content) for resource in mapped.resources)

    assert run() == run()


def test_mapping_changes_neither_the_activity_nor_what_was_mapped_before(pack: Packer) -> None:
    before = json.dumps(ACTIVITY, default=str)
    template = {"all": "{[ persons ]}", "one": "{{ %activity.tests.first() }}", "identifier": [{"value": "x"}]}
    used = mapper(pack(rule("x", "Basic", template), rule("p", "Patient", key="persons.first().key", shared=True)))
    first = used.map(ACTIVITY)
    assert first is not None
    kept = [resource.text() for resource in first.resources]
    assert used.map({**ACTIVITY, "key": "his|2", "persons": [{"key": "egn|3"}]}) is not None
    assert [to_json(resource.content) for resource in first.resources] == kept
    assert json.dumps(ACTIVITY, default=str) == before


def test_the_fingerprint_tells_packs_codes_and_systems_apart(pack: Packer) -> None:
    one = mapper(everything(pack))
    other_codes = {"hm-topic": CodeSystem("hm-topic", "urn:topic", {"care": Concept("care", "Caring", {})})}
    prints = {
        one.fingerprint,
        mapper(pack(rule("x", "Basic"), folder="other")).fingerprint,
        Mapper([everything(pack)], IDENTITY, other_codes).fingerprint,
        mapper(everything(pack), systems={"egn": "urn:e"}).fingerprint,
    }
    assert len(prints) == 4
    assert mapper(everything(pack)).fingerprint == one.fingerprint
    assert len(one.fingerprint) == 64


def test_a_pack_that_names_an_unknown_code_system_makes_no_mapper(pack: Packer) -> None:
    made = pack(rule("x", "Basic", {"a": "{{ coding('hm-topik', 'care') }}"}))
    with pytest.raises(MappingErrors, match="did you mean 'hm-topic'"):
        mapper(made)


def test_what_a_resource_holds_does_not_show_in_its_repr(pack: Packer) -> None:
    assert "СЕКРЕТ" not in repr(mapper(everything(pack)).map(ACTIVITY))
