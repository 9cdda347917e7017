"""Which codes a value set has."""

from __future__ import annotations

from typing import Any

import pytest

from hm_fhir.fhir.expansion import expand

ANIMALS = "https://example.org/animals"
SET = "https://example.org/set"
FULL: dict[str, Any] = {
    "url": ANIMALS,
    "content": "complete",
    "property": [{"code": "abstract", "uri": "http://hl7.org/fhir/concept-properties#notSelectable"}],
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
        {"code": "stone"},
    ],
}


def codes(*include: dict[str, Any], exclude: tuple[dict[str, Any], ...] = (), **more: Any) -> set[str] | None:
    sets = {SET: {"url": SET, "compose": {"include": list(include), "exclude": list(exclude)}}, **more}
    found = expand(f"{SET}|1.0", sets.get, {ANIMALS: FULL}.get)
    return None if found is None else set(found.codes)


def whole(**more: Any) -> dict[str, Any]:
    return {"system": ANIMALS, **more}


def listed(*names: str) -> dict[str, Any]:
    return whole(concept=[{"code": name} for name in names])


def filtered(name: str, operation: str, value: str) -> dict[str, Any]:
    return whole(filter=[{"property": name, "op": operation, "value": value}])


def test_a_whole_code_system_without_its_abstract_codes() -> None:
    assert codes(whole()) == {"bird", "hen", "fish", "carp", "stone"}


def test_an_abstract_code_is_in_it_when_it_is_named() -> None:
    assert codes(listed("animal")) == {"animal"}


def test_codes_are_known_by_their_system() -> None:
    found = expand(SET, {SET: {"compose": {"include": [listed("hen")]}}}.get, {}.get)
    assert found is not None
    assert found.systems == {ANIMALS: {"hen"}}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (filtered("concept", "is-a", "animal"), {"bird", "hen", "fish", "carp"}),
        (filtered("concept", "is-a", "bird"), {"bird", "hen"}),
        (filtered("concept", "descendent-of", "bird"), {"hen"}),
        (filtered("home", "=", "true"), {"hen"}),
    ],
)
def test_filters(part: dict[str, Any], expected: set[str]) -> None:
    assert codes(part) == expected


def test_what_is_excluded_is_not_in_it() -> None:
    assert codes(whole(), exclude=(filtered("concept", "is-a", "bird"),)) == {"fish", "carp", "stone"}


def test_an_include_is_what_its_parts_have_in_common_and_includes_add_up() -> None:
    other = {"https://example.org/other": {"compose": {"include": [listed("hen", "stone")]}}}
    nested = {"valueSet": ["https://example.org/other|2"]}
    assert codes(nested, **other) == {"hen", "stone"}
    assert codes(filtered("concept", "is-a", "animal") | nested, **other) == {"hen"}
    assert codes(nested, listed("carp"), **other) == {"hen", "stone", "carp"}


@pytest.mark.parametrize(
    "part",
    [
        {"system": "urn:ietf:bcp:13"},
        filtered("concept", "regex", "b.*"),
        filtered("concept", "generalizes", "hen"),
        {"valueSet": ["https://example.org/missing"]},
        {"valueSet": [SET]},
        {},
    ],
    ids=["system not at hand", "regex", "generalizes", "value set not at hand", "itself", "nothing"],
)
def test_what_cannot_be_listed_is_not_known(part: dict[str, Any]) -> None:
    assert codes(listed("hen"), part) is None


def test_a_fragment_of_a_code_system_gives_only_what_is_named() -> None:
    fragment = {ANIMALS: FULL | {"content": "fragment"}}
    for part, known in ((whole(), False), (listed("hen"), True)):
        found = expand(SET, {SET: {"compose": {"include": [part]}}}.get, fragment.get)
        assert (found is not None) is known


def test_a_hierarchy_of_parts_is_no_hierarchy_of_kinds() -> None:
    parts = {ANIMALS: FULL | {"hierarchyMeaning": "part-of"}}
    include = [filtered("concept", "is-a", "bird")]
    assert expand(SET, {SET: {"compose": {"include": include}}}.get, parts.get) is None
