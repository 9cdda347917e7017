"""The template language: blocks, what vanishes, what is refused, and where it differs from fpml on purpose."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from hm_fhir.errors import MappingError, RecordRejected
from hm_fhir.fhirpath import Function
from hm_fhir.mapping.template.template import compile_template

ROOT = {
    "type": "home-visit",
    "name": "Ана",
    "done": True,
    "weight": Decimal("9.20"),
    "tests": [{"code": "hiv", "n": 1}, {"code": "syphilis", "n": 2}],
    "note": "{{ name }}",
    "empty": [],
}


def render(template: Any, **variables: Any) -> Any:
    return compile_template(template).render(ROOT, variables)


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("{{ weight }}", Decimal("9.20")),
        ("{{tests.code}}", "hiv"),
        ("{[ tests.code ]}", ["hiv", "syphilis"]),
        ("{{ missing }}", None),
        ({"a": "{{ missing }}", "b": 1}, {"b": 1}),
        ({"a": "{{+ missing +}}", "b": 1}, {"a": None, "b": 1}),
        ({"a": "x {{+ missing +}}"}, {"a": None}),
        ("{{ type }} of {{ name }} and {{ name }}", "home-visit of Ана and Ана"),
        ("of {{ missing }}", None),
        ({"a": [{"b": ["{{ missing }}", {}]}], "c": "{[ empty ]}"}, None),
        ([["a", ["{[ tests.n ]}"]], []], ["a", 1, 2]),
        ({"{% if done %}": {"a": 1}, "{% else %}": {"a": 2}}, {"a": 1}),
        ({"{% if done.not() %}": 1, "{% else %}": "two"}, "two"),
        ({"x": {"{% if missing %}": 1}, "y": 1}, {"y": 1}),
        ({"{% if done %}": {"b": 1, "z": "{{ name }}"}, "a": 0, "b": 0}, {"a": 0, "b": 1, "z": "Ана"}),
        ({"{% for t in tests %}": "{{ %t.code }}"}, ["hiv", "syphilis"]),
        ({"{% for i, t in tests %}": {"n": "{{ %i }}", "c": "{{ %t.code }}"}},
         [{"n": 0, "c": "hiv"}, {"n": 1, "c": "syphilis"}]),
        ({"list": [0, {"{% for t in tests %}": "{{ %t.n }}"}]}, {"list": [0, 1, 2]}),
        ({"{{ tests }}": {"c": "{{ code }}", "t": "{{ %context.type }}"}},
         [{"c": "hiv", "t": "home-visit"}, {"c": "syphilis", "t": "home-visit"}]),
        ({"{% assign %}": [{"a": "{{ name }}"}, {"b": "{{ %a }}!"}], "x": "{{ %b }}"}, {"x": "Ана!"}),
        ({"{% assign %}": {"a": "{[ tests.n ]}"}, "x": "{{ %a.count() }}"}, {"x": 2}),
        ({"{% assign %}": {"a": "{{ missing }}"}, "x": "{{ %a.empty() }}"}, {"x": True}),
        ({"a": 1, "b": 2, "{% merge %}": [{"b": 3}, {"c": "{{ name }}"}, {"{% if missing %}": {"d": 1}}]},
         {"a": 1, "b": 3, "c": "Ана"}),
        ({"{% merge %}": "{{ tests.first() }}"}, {"code": "hiv", "n": 1}),
        ({"a": True, "b": None, "c": "text", "d": Decimal("1.50")},
         {"a": True, "b": None, "c": "text", "d": Decimal("1.50")}),
        ("{{ name\n  .upper() }}", "АНА"),
        ({"{% if done\n  and done %}": {"a": 1}}, {"a": 1}),
    ],
)  # fmt: skip
def test_a_template_becomes(template: Any, result: Any) -> None:
    made = render(template)
    assert made == result
    if isinstance(result, dict):
        assert list(made) == list(result)


def test_what_a_record_holds_is_never_read_as_a_template() -> None:
    assert render("{{ note }}") == "{{ name }}"
    assert render("> {{ note }} {{ name }}") == "> {{ name }} Ана"
    data = {"{% if %}": ["{{ name }}"]}
    assert compile_template({"x": "{{ d }}"}).render({"d": data}) == {"x": data}


def test_a_boolean_in_a_text_is_that_of_json() -> None:
    assert render("done: {{ done }}, {{ done.not() }}, {{ weight }}") == "done: true, false, 9.20"


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ({"a": [{"b": "x {{ tests }}"}]}, "a[0].b"),
        ({"a": {"{% if name %}": 1}}, "a"),
        ({"a": {"b": "{{ name + 1 }}"}}, "a.b"),
        ({"a": {"{% merge %}": "{{ name }}"}}, "a"),
        ({"a": {"x": 1, "{% if done %}": "{{ name }}"}}, "a"),
    ],
)
def test_what_fails_on_a_record_names_the_element_and_no_value(template: Any, place: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        render(template)
    assert caught.value.code == "expression-failed"
    assert caught.value.place == place
    assert "Ана" not in str(caught.value)


@pytest.mark.parametrize(
    ("template", "place", "message"),
    [
        ({"a": "{{ name"}, "a", "{{ stands alone"),
        ({"a": "name }}"}, "a", "}} stands alone"),
        ({"a": "{% if x %}"}, "a", "{% stands alone"),
        ({"a": "{[ name ]} x"}, "a", "not the whole text"),
        ({"a": "x {[ name ]}"}, "a", "{[ stands alone"),
        ({"a": "{{+ name }}"}, "a", "not closed by +}}"),
        ({"a": "{{ }}"}, "a", "the expression is empty"),
        ({"a": ["x", "{{ name.( }}"]}, "a[1]", "expected a name"),
        ({"{% iff a %}": 1}, "", "is no block"),
        ({"{% if a": 1}, "", "is no block"),
        ({"{% else %}": 1}, "", "without {% if %}"),
        ({"{% if a %}": 1, "{% if b %}": 2}, "", "twice"),
        ({"{% for x in a %}": 1, "b": 2}, "", "other keys"),
        ({"{{ a }}": 1, "b": 2}, "", "other keys"),
        ({"{{ a }} b": 1}, "", "mixes text and an expression"),
        ({"{% if a %}": {}, "{% merge %}": {}}, "", "in one object"),
        ({"x": {"{% if a %}": {}, "{% for b in c %}": {}}}, "x", "in one object"),
        ({"{% merge %}": 1}, "", "only an object"),
        ({"a": 1, "{% if b %}": {}, "{% else %}": [1]}, "", "only an object"),
        ({"{% assign %}": {"a": 1, "b": 2}}, "", "single names"),
        ({"{% assign %}": ["a"]}, "[0]", "single names"),
        ({"{% assign %}": [{"a-b": 1}]}, "[0].a-b", "name of a variable"),
        ({"{% for x in %}": 1}, "", "is no block"),
    ],
)  # fmt: skip
def test_a_wrong_template_is_refused_when_it_is_compiled(template: Any, place: str, message: str) -> None:
    with pytest.raises(MappingError) as caught:
        compile_template(template)
    assert message in caught.value.message
    assert caught.value.place == place


def test_all_mistakes_of_a_template_are_reported() -> None:
    found: list[tuple[Any, str]] = []
    template = {"a": "{{ x( }}", "b": [{"{% iff %}": 1}, "{{ y"], "c": "{{ fine }}"}
    compile_template(template, report=lambda path, error: found.append((path, error.code)), path=("t",))
    assert found == [(("t", "a"), "expression"), (("t", "b", 0, "{% iff %}"), "mapping"), (("t", "b", 1), "mapping")]


def test_a_template_tells_which_variables_it_needs_from_outside() -> None:
    template = compile_template(
        {
            "{% assign %}": [{"a": "{{ %x }}"}, {"b": "{{ %a }}"}],
            "list": {"{% for i, item in %rows %}": "{{ %item }} {{ %i }} {{ %given }} {{ %context }}"},
        },
        bound=frozenset({"given"}),
    )
    assert {name for use in template.uses for name in use.free_variables} == {"x", "rows"}


def test_rendering_changes_neither_the_record_nor_what_another_rendering_gave() -> None:
    template = compile_template(
        {
            "constant": {"list": [1, {"a": 2}]},
            "list": ["{[ tests ]}", {"n": 3}],
            "{% if tests.exists() %}": {"value": "{{ tests.first() }}", "constant": {"b": 1}},
        }
    )
    before = json.dumps(ROOT, default=str)
    first = template.render(ROOT)
    kept = json.dumps(first, default=str)
    assert template.render({**ROOT, "tests": [{"code": "hbv", "n": 7}]}) != first
    assert template.render(ROOT) == first
    assert json.dumps(first, default=str) == kept
    assert json.dumps(ROOT, default=str) == before


def test_nothing_looks_at_the_template_again(monkeypatch: pytest.MonkeyPatch) -> None:
    source = {"a": "{{ name }}", "{% if done %}": {"b": ["x {{ type }}"]}}
    template = compile_template(source)
    source.clear()
    for name in ("template.parser.split_text", "template.parser.split_keys", "setting.compile"):
        monkeypatch.setattr(f"hm_fhir.mapping.{name}", None)
    assert template.render(ROOT) == {"a": "Ана", "b": ["x home-visit"]}


def test_variables_of_a_loop_do_not_leak() -> None:
    template = {"a": {"{% for x in tests %}": "{{ %x.n }}"}, "b": "{{ %x }}"}
    assert render(template, x="outer") == {"a": [1, 2], "b": "outer"}


def test_project_functions_get_the_environment() -> None:
    here = Function("here", 0, 0, lambda environment, _: [environment])
    assert compile_template({"a": "{{ here() }}"}, functions=[here]).render(ROOT, environment="env") == {"a": "env"}


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ({"{% if a %}": {"x": 1}, "{% elif b %}": {"x": 2}}, "there is no elif (put {% if %} into {% else %})"),
        ({"{% if a %}": {"x": 1}, "{% else if b %}": {"x": 2}}, "there is no elif"),
        ({"{% if a %}": {"x": 1}, "{% if b %}": {"y": 2}}, '"{% merge %}" with a list of objects'),
        ({"{% assign %}": [{"v": 1}], "{%assign%}": [{"w": 1}]}, "into one list"),
    ],
)
def test_blocks_of_other_languages_and_second_ones_say_what_to_write(template: dict[str, Any], says: str) -> None:
    with pytest.raises(MappingError) as caught:
        compile_template(template)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("root", "made"),
    [
        ({"a": 1, "b": 2}, {"k": 0, "x": 1, "y": 2}),
        ({"a": 1}, {"k": 0, "x": 1}),
        ({"b": 2}, {"k": 0, "y": 2}),
        ({}, {"k": 0}),
    ],
)
def test_conditions_that_do_not_depend_on_each_other_are_merged(root: dict[str, Any], made: dict[str, Any]) -> None:
    both = [{"{% if a.exists() %}": {"x": "{{ a }}"}}, {"{% if b.exists() %}": {"y": "{{ b }}"}}]
    assert compile_template({"k": 0, "{% merge %}": both}).render(root) == made
