"""The concepts of one code system, and the filters of value sets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhir.code_systems import CodeSystem, Undecided

MEANINGS = "http://hl7.org/fhir/concept-properties#"
ANIMALS: dict[str, Any] = {
    "resourceType": "CodeSystem",
    "url": "https://example.org/animals",
    "content": "complete",
    "caseSensitive": True,
    "property": [
        {"code": "abstract", "uri": f"{MEANINGS}notSelectable", "type": "boolean"},
        {"code": "legs", "type": "integer"},
        {"code": "home", "type": "code"},
    ],
    "concept": [
        {
            "code": "animal",
            "property": [{"code": "abstract", "valueBoolean": True}],
            "concept": [
                {
                    "code": "bird",
                    "property": [{"code": "legs", "valueInteger": 2}],
                    "concept": [
                        {"code": "hen", "property": [{"code": "home", "valueCode": "farm"}]},
                        {"code": "gull", "property": [{"code": "home", "valueCode": "sea"}]},
                    ],
                },
                {"code": "fish", "property": [{"code": "child", "valueCode": "carp"}]},
            ],
        },
        {"code": "carp", "property": [{"code": "status", "valueCode": "retired"}]},
        {"code": "swan", "property": [{"code": "parent", "valueCode": "bird"}]},
    ],
}
ALL = {"animal", "bird", "hen", "gull", "fish", "carp", "swan"}


def let_through(name: str, operation: str, value: str, **changes: Any) -> set[str]:
    found = CodeSystem(ANIMALS | changes).selection(
        [{"property": name, "op": operation, "value": value}], abstract=True
    )
    return {code for code, verdict in found.known.items() if verdict}


@pytest.mark.parametrize(
    ("name", "operation", "value", "expected"),
    [
        ("concept", "is-a", "bird", {"bird", "hen", "gull", "swan"}),
        ("code", "is-a", "fish", {"fish", "carp"}),
        ("concept", "descendent-of", "animal", ALL - {"animal"}),
        ("concept", "is-not-a", "bird", {"animal", "fish", "carp"}),
        ("concept", "generalizes", "carp", {"carp", "fish", "animal"}),
        ("code", "=", "hen", {"hen"}),
        ("code", "in", "hen, gull,horse", {"hen", "gull"}),
        ("code", "not-in", "hen,gull", ALL - {"hen", "gull"}),
        ("code", "regex", "[a-f].*", {"animal", "bird", "fish", "carp"}),
        ("code", "regex", "a", set()),
        ("legs", "=", "2", {"bird"}),
        ("home", "in", "farm,sea", {"hen", "gull"}),
        ("home", "not-in", "farm", ALL - {"hen"}),
        ("home", "regex", "s.a", {"gull"}),
        ("home", "exists", "true", {"hen", "gull"}),
        ("home", "exists", "false", ALL - {"hen", "gull"}),
        ("child", "exists", "false", {"hen", "gull", "carp", "swan"}),
        ("parent", "=", "bird", {"hen", "gull", "swan"}),
        ("notSelectable", "=", "false", ALL - {"animal"}),
    ],
)
def test_filters(name: str, operation: str, value: str, expected: set[str]) -> None:
    assert let_through(name, operation, value) == expected


@pytest.mark.parametrize(
    ("name", "operation", "value"),
    [
        ("concept", "is-a", "horse"),
        ("colour", "=", "red"),
        ("code", "regex", "("),
        ("concept", "resembles", "hen"),
        ("home", "resembles", "farm"),
    ],
    ids=["no such code", "no such property", "no regular expression", "unknown operator", "of a property"],
)
def test_a_filter_that_makes_no_sense_is_not_decided(name: str, operation: str, value: str) -> None:
    with pytest.raises(Undecided):
        let_through(name, operation, value)


def test_a_hierarchy_of_parts_says_nothing_about_kinds() -> None:
    with pytest.raises(Undecided, match="does not mean is-a"):
        let_through("concept", "is-a", "bird", hierarchyMeaning="part-of")
    assert CodeSystem(ANIMALS | {"hierarchyMeaning": "part-of"}).subsumes("bird", "fish") is None


def test_codes_that_only_group_others_are_left_out_unless_asked_for() -> None:
    found = CodeSystem(ANIMALS)
    assert found.selection().codes == ALL - {"animal"}
    assert found.selection(abstract=True).codes == ALL


def test_a_fragment_has_the_codes_that_it_lists_and_maybe_others() -> None:
    fragment = CodeSystem(ANIMALS | {"content": "fragment"})
    assert fragment.has("hen") is True
    assert fragment.has("horse") is None
    assert fragment.selection().verdict("horse") is None
    beyond = fragment.selection([{"property": "concept", "op": "is-a", "value": "horse"}])
    assert beyond.verdict("mare") is None
    assert CodeSystem(ANIMALS).has("horse") is False


def test_where_case_does_not_matter_or_nobody_says_that_it_does_a_code_is_known_in_any_case() -> None:
    for said in ({"caseSensitive": False}, {}):
        resource = {key: value for key, value in ANIMALS.items() if key != "caseSensitive"} | said
        found = CodeSystem(resource)
        assert found.has("HEN") is True
        assert found.subsumes("Bird", "Hen") is True
        assert found.written(found.key("HEN")) == "hen"
    assert CodeSystem(ANIMALS).has("HEN") is False


def test_a_supplement_adds_properties_and_no_codes() -> None:
    supplement = {
        "content": "supplement",
        "property": [{"code": "sound", "type": "string"}],
        "concept": [
            {"code": "hen", "property": [{"code": "sound", "valueString": "cluck"}]},
            {"code": "horse", "property": [{"code": "sound", "valueString": "neigh"}]},
        ],
    }
    found = CodeSystem(ANIMALS, [supplement])
    assert found.has("horse") is False
    filtered = found.selection([{"property": "sound", "op": "exists", "value": "true"}])
    assert filtered.codes == {"hen"}


def test_inactive_codes() -> None:
    found = CodeSystem(ANIMALS)
    assert found.inactive("carp")
    assert not found.inactive("hen")


@given(st.sampled_from(sorted(ALL)), st.sampled_from(sorted(ALL)), st.sampled_from(sorted(ALL)))
def test_subsumption_is_a_partial_order(a: str, b: str, c: str) -> None:
    found = CodeSystem(ANIMALS)
    assert found.subsumes(a, a) is True
    if found.subsumes(a, b) and found.subsumes(b, a):
        assert a == b
    if found.subsumes(a, b) and found.subsumes(b, c):
        assert found.subsumes(a, c) is True


def test_a_circle_in_the_hierarchy_ends() -> None:
    circle = [
        {"code": "a", "property": [{"code": "parent", "valueCode": "b"}]},
        {"code": "b", "property": [{"code": "parent", "valueCode": "a"}]},
    ]
    found = CodeSystem({"url": "https://example.org/circle", "content": "complete", "concept": circle})
    assert found.subsumes("a", "b") is True
    assert found.selection([{"property": "concept", "op": "is-a", "value": "a"}]).codes == {"a", "b"}
