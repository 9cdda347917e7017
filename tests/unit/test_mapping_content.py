"""The content of a resource: what the engine adds, overlays, nulls of a record, and the place of what fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.errors import RecordRejected
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.files.yaml_text import to_yaml
from hm_fhir.mapping.loader import load_pack
from hm_fhir.mapping.setting import Setting

IDENTITY = Identity(bytes(32), key_id="test", system="urn:ids")
ACTIVITY: dict[str, Any] = {
    "key": "his|1",
    "type": "visit",
    "name": "СЕКРЕТ",
    "list": [1, 2],
    "sensitivity": ["STD"],
    "hollow": {"a": None, "b": {"c": []}},
    "mixed": {"a": None, "b": 1, "c": [None, {"d": None}, 2]},
    "number": 7,
}


def mapper(folder: Path, template: dict[str, Any], **more: Any) -> Mapper:
    rule = {"name": "x", "type": "Basic", "template": template, **more.pop("rule", {})}
    mapping = {"mapping": "visit", "version": "1.0.0", "when": "type = 'visit'", **more, "resources": [rule]}
    (folder / "pack.yaml").write_text("pack: own\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "visit.yaml").write_text(to_yaml(mapping), encoding="utf-8")
    return Mapper([load_pack(folder, setting=Setting())], IDENTITY, {})


def content(folder: Path, template: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = mapper(folder, template, **more).map(ACTIVITY)
    assert made is not None
    own = dict(made.resources[0].content)
    assert list(own)[:4] == ["resourceType", "id", "meta", "identifier"]
    assert own["identifier"][0] == {"system": "urn:ids", "value": own["id"]}
    return {key: value for key, value in own.items() if key not in ("resourceType", "id")}


LABELS = [
    {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"},
    {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "STD"},
]


@pytest.mark.parametrize(
    ("template", "added"),
    [
        ({"a": 1, "b": "{{ number }}", "c": "{{ missing }}"}, {"a": 1, "b": 7}),
        ({"c": "{{ missing }}"}, {}),
        ({"a": "{{ hollow }}", "b": ["{{ hollow }}"], "c": 1}, {"c": 1}),
        ({"a": "{{ mixed }}"}, {"a": {"b": 1, "c": [None, None, 2]}}),
        ({"a": ["{{ mixed }}", "{{ hollow }}"]}, {"a": [{"b": 1, "c": [None, None, 2]}, None]}),
        ({"a": None, "b": {"c": "{{+ missing +}}"}, "d": ["{{+ missing +}}", "x"]}, {"d": [None, "x"]}),
        ({"k": 1, "{% if number = 7 %}": {"k": 2, "l": 3}}, {"k": 2, "l": 3}),
        ({"k": 1, "{% merge %}": "{{ mixed }}"}, {"k": 1, "b": 1, "c": [None, None, 2]}),
        ({"{% assign %}": [{"v": "{{ number }}"}], "k": "{{ %v + 1 }}"}, {"k": 8}),
        ({"{% if number = 8 %}": {"k": 1}}, {}),
    ],
)
def test_a_content_is_what_the_template_gives_without_the_nulls_that_fhir_forbids(
    tmp_path: Path, template: dict[str, Any], added: dict[str, Any]
) -> None:
    made = content(tmp_path, template)
    assert {key: value for key, value in made.items() if key not in ("meta", "identifier")} == added


@pytest.mark.parametrize("block", [False, True])
def test_own_identifiers_come_after_the_surrogate_and_own_labels_after_those_of_the_activity(
    tmp_path: Path, block: bool
) -> None:
    given: dict[str, Any] = {
        "identifier": "{{ iif(number = 7, %given) }}",
        "meta": {"profile": ["urn:own"], "security": [{"code": "own"}], "source": "urn:x"},
        "a": 1,
    }
    template = {"{% merge %}": given} if block else given
    assign = [{"given": {"value": "1"}}]
    made = content(tmp_path, template, assign=assign, rule={"profile": "urn:p"})
    assert made["meta"] == {
        "profile": ["urn:p", "urn:own"],
        "security": [*LABELS, {"code": "own"}],
        "source": "urn:x",
    }
    assert made["identifier"][1:] == [{"value": "1"}]
    assert list(made) == ["meta", "identifier", "a"]


def text_at(spot: str | None) -> str:
    """Return what stands in a file at ``file:line:column``, without the quote and brackets before it."""
    assert spot is not None
    name, line, column = spot.rsplit(":", 2)
    return Path(name).read_text(encoding="utf-8").splitlines()[int(line) - 1][int(column) - 1 :].lstrip("'")


@pytest.mark.parametrize(
    ("text", "blamed"),
    [
        ("{{ number + 1 }} and {{ name + 1 }}", "name + 1"),
        ("{{ iif(number = 7, 1, name + 1) }} and {{ name + 1 }}", "name + 1"),
    ],
)
def test_of_several_expressions_in_a_text_the_one_that_fails_is_blamed(
    tmp_path: Path, text: str, blamed: str
) -> None:
    with pytest.raises(RecordRejected) as caught:
        mapper(tmp_path, {"a": text}).map(ACTIVITY)
    assert caught.value.expression == blamed
    assert text_at(caught.value.spot).rstrip("'") == f"{blamed} }}}}"


def test_a_message_shows_the_beginning_of_a_long_expression(tmp_path: Path) -> None:
    long = "name + 1" + " + 1" * 100
    with pytest.raises(RecordRejected) as caught:
        mapper(tmp_path, {"a": f"{{{{ {long} }}}}"}).map(ACTIVITY)
    assert caught.value.expression == long
    assert f"{long[:197]}...'" in caught.value.message
    assert len(caught.value.message) < 260


FAILS = "name + 1"
UNCLEAR = "number"


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"template": {"a": [{"b": f"{{{{ {FAILS} }}}}"}]}}, "own/visit: x: a[0].b"),
        ({"template": {"k": 1, "{% merge %}": {"a": f"{{{{ {FAILS} }}}}"}}}, "own/visit: x: a"),
        ({"template": {"a": {f"{{% if {UNCLEAR} %}}": 1}}}, "own/visit: x: a"),
        ({"template": {"a": {f"{{% for i in {FAILS} %}}": 1}}}, "own/visit: x: a"),
        ({"template": {"a": {f"{{{{ {FAILS} }}}}": 1}}}, "own/visit: x: a"),
        ({"template": {"a": "x {{ mixed }}"}}, "own/visit: x: a"),
        ({"rule": {"if": UNCLEAR}}, "own/visit: x"),
        ({"rule": {"if": FAILS}}, "own/visit: x"),
        ({"rule": {"each": FAILS}}, "own/visit: x"),
        ({"rule": {"each": "list", "if": UNCLEAR}}, "own/visit: x"),
        ({"rule": {"key": FAILS}}, "own/visit: x"),
        ({"assign": [{"v": {"w": f"{{{{ {FAILS} }}}}"}}]}, "own/visit: %v: w"),
        ({"refuse": [{"code": "no", "when": UNCLEAR, "say": "no"}]}, "own/visit"),
        ({"refuse": [{"code": "no", "when": FAILS, "say": "no"}]}, "own/visit"),
    ],
)
def test_what_fails_says_where_and_nothing_of_the_record(tmp_path: Path, more: dict[str, Any], place: str) -> None:
    made = mapper(tmp_path, more.pop("template", {"a": 1}), **more)
    for _ in range(2):
        with pytest.raises(RecordRejected) as caught:
            made.map(ACTIVITY)
        assert caught.value.code == "expression-failed"
        assert caught.value.place == f"{place} ({caught.value.spot})"
        assert text_at(caught.value.spot).startswith(caught.value.expression or "x {{ mixed }}")
        assert "СЕКРЕТ" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None or caught.value.__suppress_context__
