"""Which codes a value set has."""

from __future__ import annotations

from typing import Any

import pytest

from hm_fhir.fhir.terminology import Resources, Terminology

ANIMALS = "https://example.org/animals"
PLANTS = "https://example.org/plants"
SET = "https://example.org/set"
Json = dict[str, Any]
FULL: Json = {
    "resourceType": "CodeSystem",
    "url": ANIMALS,
    "version": "1",
    "content": "complete",
    "caseSensitive": True,
    "property": [
        {"code": "abstract", "uri": "http://hl7.org/fhir/concept-properties#notSelectable"},
        {"code": "gone", "uri": "http://hl7.org/fhir/concept-properties#inactive"},
    ],
    "concept": [
        {
            "code": "animal",
            "property": [{"code": "abstract", "valueBoolean": True}],
            "concept": [
                {"code": "bird", "concept": [{"code": "hen", "property": [{"code": "home", "valueBoolean": True}]}]},
                {"code": "fish", "property": [{"code": "child", "valueCode": "carp"}]},
            ],
        },
        {"code": "carp"},
        {"code": "dodo", "property": [{"code": "gone", "valueBoolean": True}]},
    ],
}


def value_set(*include: Json, url: str = SET, exclude: tuple[Json, ...] = (), **more: Any) -> Json:
    parts: Json = {"include": list(include)}
    if exclude:
        parts["exclude"] = list(exclude)
    if "inactive" in more:
        parts["inactive"] = more.pop("inactive")
    return {"resourceType": "ValueSet", "url": url, "version": "1.0", "compose": parts} | more


def codes(*resources: Json) -> set[str] | None:
    """Return the codes of SET when they can be listed."""
    found = Terminology(Resources([FULL, *resources])).codes(SET)
    return None if found is None else set(found.codes)


def verdicts(*resources: Json, of: str = "hen carp horse", system: str = ANIMALS) -> list[bool | None]:
    membership = Terminology(Resources([FULL, *resources])).binding(SET)
    return [membership.contains(system, code) for code in of.split()]


def whole(**more: Any) -> Json:
    return {"system": ANIMALS, **more}


def listed(*names: str, system: str = ANIMALS) -> Json:
    return {"system": system, "concept": [{"code": name} for name in names]}


def filtered(name: str, operation: str, value: str) -> Json:
    return whole(filter=[{"property": name, "op": operation, "value": value}])


OTHER = "https://example.org/other"


def test_a_whole_code_system_without_codes_that_only_group_others() -> None:
    assert codes(value_set(whole())) == {"bird", "hen", "fish", "carp", "dodo"}


def test_a_code_that_groups_others_is_listed_when_it_is_named() -> None:
    assert codes(value_set(listed("animal"))) == {"animal"}


def test_a_code_that_groups_others_is_a_member_as_the_official_validation_says() -> None:
    assert verdicts(value_set(whole()), of="animal hen") == [True, True]


def test_codes_are_known_by_their_system() -> None:
    found = Terminology(Resources([value_set(listed("hen"))])).codes(SET)
    assert found is not None
    assert found.systems == {ANIMALS: {"hen"}}


def test_a_code_that_its_code_system_does_not_have_is_not_in_it_although_it_is_listed() -> None:
    assert codes(value_set(listed("hen", "horse"))) == {"hen"}


def test_all_filters_of_an_include_apply() -> None:
    both = whole(filter=[*filtered("concept", "is-a", "animal")["filter"], *filtered("home", "=", "true")["filter"]])
    assert codes(value_set(both)) == {"hen"}


def test_what_is_excluded_is_not_in_it() -> None:
    excluded = value_set(whole(), exclude=(filtered("concept", "is-a", "bird"),))
    assert codes(excluded) == {"fish", "carp", "dodo"}


def test_an_include_is_what_its_system_and_its_value_set_have_in_common_and_includes_add_up() -> None:
    other = value_set(listed("hen", "carp"), url=OTHER)
    nested = {"valueSet": [f"{OTHER}|1.0"]}
    assert codes(value_set(nested), other) == {"hen", "carp"}
    assert codes(value_set(filtered("concept", "is-a", "bird") | nested), other) == {"hen"}
    assert codes(value_set(nested, listed("dodo")), other) == {"hen", "carp", "dodo"}


def test_several_value_sets_in_one_include_are_open_where_r4_contradicts_itself() -> None:
    first = value_set(listed("hen", "carp"), url=OTHER)
    second = value_set(listed("hen", "dodo"), url=f"{OTHER}/2")
    both = value_set({"valueSet": [OTHER, f"{OTHER}/2"]})
    assert verdicts(both, first, second, of="hen carp dodo fish") == [True, None, None, False]


def test_inactive_codes_are_in_it_unless_it_says_no() -> None:
    assert verdicts(value_set(whole()), of="dodo hen") == [True, True]
    assert verdicts(value_set(whole(), inactive=False), of="dodo hen") == [False, True]
    assert verdicts(value_set(listed("dodo"), inactive=False), of="dodo") == [False]


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ({"system": PLANTS}, f"the code system {PLANTS} is not at hand"),
        (filtered("colour", "=", "red"), f"the code system {ANIMALS} has no property colour"),
        ({"valueSet": [OTHER]}, f"the value set {OTHER} is not at hand"),
        ({"valueSet": [SET]}, f"the value set {SET} includes itself"),
        ({}, "an include names neither a code system nor a value set"),
    ],
    ids=["system not at hand", "unknown property", "value set not at hand", "itself", "nothing"],
)
def test_what_cannot_be_listed_says_why_and_still_knows_its_members(part: Json, why: str) -> None:
    membership = Terminology(Resources([FULL, value_set(listed("hen"), part)])).binding(SET)
    assert membership.listed is None
    assert membership.contains(ANIMALS, "hen") is True
    assert membership.why_open == why


def test_codes_of_another_system_are_not_in_a_code_system_that_is_not_at_hand() -> None:
    assert verdicts(value_set({"system": PLANTS}), of="hen") == [False]
    assert verdicts(value_set({"system": PLANTS}), of="rose", system=PLANTS) == [None]


def test_a_value_set_that_is_not_at_hand_leaves_everything_open() -> None:
    assert verdicts(value_set({"valueSet": [OTHER]}), of="hen") == [None]
    assert verdicts(of="hen") == [None]


def test_listed_codes_of_a_code_system_that_is_not_at_hand_are_all_there_are() -> None:
    assert verdicts(value_set(listed("rose", system=PLANTS)), of="rose oak", system=PLANTS) == [True, False]


def test_a_fragment_of_a_code_system_leaves_open_what_it_does_not_list() -> None:
    fragment = FULL | {"content": "fragment"}
    terminology = Terminology(Resources([fragment, value_set(whole())]))
    assert [terminology.member(SET, ANIMALS, code) for code in ("hen", "horse")] == [True, None]
    assert terminology.why_open(SET) == f"the code system {ANIMALS} is not at hand as a whole"
    assert Terminology(Resources([fragment, value_set(listed("horse"))])).member(SET, ANIMALS, "horse") is True


def test_value_sets_in_a_circle_end() -> None:
    one = value_set({"valueSet": [OTHER]}, listed("hen"))
    other = value_set({"valueSet": [SET]}, listed("carp"), url=OTHER)
    assert verdicts(one, other) == [True, True, None]
    terminology = Terminology(Resources([FULL, one, other]))
    for url in (SET, OTHER, SET):
        assert terminology.member(url, ANIMALS, "carp") is True


EXPANSION = {"timestamp": "2026-01-01", "contains": [{"system": PLANTS, "code": "rose"}]}


def test_an_expansion_counts_where_there_is_no_composition() -> None:
    expanded = value_set(expansion=EXPANSION)
    del expanded["compose"]
    assert verdicts(expanded, of="rose oak", system=PLANTS) == [True, False]


def test_an_expansion_that_is_not_whole_leaves_the_rest_open() -> None:
    for partial in ({"total": 2}, {"parameter": [{"name": "filter", "valueString": "r"}]}):
        expanded = value_set(expansion=EXPANSION | partial)
        del expanded["compose"]
        assert verdicts(expanded, of="rose oak", system=PLANTS) == [True, None]


def test_an_expansion_helps_where_the_composition_is_open_and_is_not_looked_at_where_it_is_not() -> None:
    assert verdicts(value_set({"system": PLANTS}, expansion=EXPANSION), of="rose oak", system=PLANTS) == [True, None]
    assert verdicts(value_set(whole(), expansion=EXPANSION), of="rose", system=PLANTS) == [False]


def test_nested_concepts_of_an_expansion_count_and_those_that_only_group_are_not_listed() -> None:
    inner = {"system": PLANTS, "code": "rose", "contains": [{"system": PLANTS, "code": "dog-rose"}]}
    expanded = value_set(
        expansion={"contains": [{"system": PLANTS, "code": "plant", "abstract": True, "contains": [inner]}]}
    )
    del expanded["compose"]
    assert codes(expanded) == {"rose", "dog-rose"}


def test_a_supplement_counts_for_the_value_set_that_asks_for_it() -> None:
    url = "https://example.org/sounds"
    supplement = {
        "resourceType": "CodeSystem",
        "url": url,
        "content": "supplement",
        "supplements": ANIMALS,
        "concept": [{"code": "hen", "property": [{"code": "sound", "valueString": "cluck"}]}],
    }
    asked = {"url": "http://hl7.org/fhir/StructureDefinition/valueset-supplement", "valueCanonical": url}
    sounds = filtered("sound", "exists", "true")
    assert codes(value_set(sounds, extension=[asked]), supplement) == {"hen"}
    assert codes(value_set(sounds), supplement) is None


def test_another_version_of_a_code_system_stands_in_for_one_that_is_not_at_hand() -> None:
    assert verdicts(value_set(whole(version="9"))) == [True, True, False]
    newer = FULL | {"version": "2", "concept": [{"code": "horse"}]}
    assert verdicts(value_set(whole(version="1")), newer) == [True, True, False]
    assert verdicts(value_set(whole(version="2")), newer) == [False, False, True]
    assert verdicts(value_set(whole()), newer) == [False, False, True]
