"""The published engine of the template language (PyPI: fpml) gives the same on every template that both accept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fhirpathpy
import pytest
from fpml import FPMLValidationError, resolve_template
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hm_fhir.errors import MappingError, RecordRejected
from hm_fhir.fhirpath import Scope
from hm_fhir.mapping.template.cleaning import without_nulls
from hm_fhir.mapping.template.closures import ERRORS
from hm_fhir.mapping.template.template import compile_template
from hm_fhir.mapping.template.tree import can_be_null

# Our own data in the shape of the specification's examples (github.com/beda-software/FHIRPathMappingLanguage).
RESPONSE = {
    "resourceType": "QuestionnaireResponse",
    "status": "completed",
    "item": [
        {
            "linkId": "name",
            "item": [
                {"linkId": "last", "answer": [{"valueString": "Примерна"}]},
                {"linkId": "first", "answer": [{"valueString": "Ана"}, {"valueString": "Мария"}]},
            ],
        },
        {"linkId": "birth-date", "answer": [{"valueDate": "1990-02-01"}]},
        {"linkId": "smoker", "answer": [{"valueBoolean": False}]},
        {"linkId": "phone", "answer": [{"valueString": "000"}, {"valueString": "111"}]},
        {"linkId": "pregnant", "answer": [{"valueCoding": {"system": "urn:c", "code": "y", "display": "Yes"}}]},
    ],
}
ANSWER = "%QuestionnaireResponse.repeat(item).where(linkId='{}').answer"
PHONES = ANSWER.format("phone")

EXAMPLES: list[Any] = [
    {"resourceType": "Patient", "name": [{"family": "{{ " + ANSWER.format("last") + ".valueString }}"}]},
    {"name": [{"given": "{[ " + ANSWER.format("first") + ".valueString ]}"}]},
    {"name": [{"given": ["{{ " + ANSWER.format("first") + ".valueString[0] }}", "{{ missing }}"]}]},
    {"birthDate": "{{ " + ANSWER.format("birth-date") + ".valueDate }}", "deceasedBoolean": "{{ missing }}"},
    {"telecom": {"{{ " + ANSWER.format("phone") + " }}": {"system": "phone", "value": "{{ valueString }}"}}},
    {
        "telecom": [
            {"system": "email"},
            {
                "{% for i, a in " + ANSWER.format("phone") + " %}": {
                    "rank": "{{ %i + 1 }}",
                    "value": "tel:{{ %a.valueString }}",
                }
            },
        ]
    },
    {"code": {"coding": ["{{ " + ANSWER.format("pregnant") + ".valueCoding }}"]}},
    {
        "{% if " + ANSWER.format("phone") + ".exists() %}": {"active": True},
        "{% else %}": {"active": False},
        "id": "x",
    },
    {"{% if " + ANSWER.format("none") + ".exists() %}": {"active": True}, "status": "{{ status }}"},
    {
        "{% assign %}": [
            {"last": "{{ " + ANSWER.format("last") + ".valueString }}"},
            {"text": "{{ %last }}, {{ " + ANSWER.format("first") + ".valueString }}"},
        ],
        "name": [{"text": "{{ %text }}"}],
    },
    {
        "resourceType": "Patient",
        "{% merge %}": [
            {"active": True},
            {"{{ missing }}": {}},
            {"{% if status = 'completed' %}": {"resourceType": "Person"}},
        ],
    },
    {"smoker": "{{ " + ANSWER.format("smoker") + ".valueBoolean }}", "none": "{{+ missing +}}"},
    [["{{ status }}"], [[{"a": []}], "{{ missing }}"]],
    "{{ status }}",
    "{{ missing }}",
    {"a": {"b": {"c": "{{ missing }}"}}},
    # Variables: of each other, of an object, hidden by those of an inner object, empty.
    {
        "{% assign %}": [
            {
                "answer": {
                    "{% assign %}": {"phone": "{{ " + ANSWER.format("phone") + ".valueString }}"},
                    "p": "{{ %phone }}",
                }
            },
            {"prefix": "tel"},
            {"text": "{{ %prefix }}:{{ %answer.p }}"},
            {"nothing": "{{ missing }}"},
        ],
        "inner": {"{% assign %}": {"prefix": "sip"}, "text": "{{ %prefix }}", "whole": "{{ %answer }}"},
        "text": "{{ %text }}",
        "prefix": "{{ %prefix }}",
        "none": "{{ %nothing }}",
        "is_none": "{{ %nothing.empty() }}",
    },
    # Loops: over a list of the template, in each other, with an index, as an item of a list and as a value.
    {
        "{% assign %}": [{"kinds": [{"code": "home"}, {"code": "work"}]}],
        "pairs": {
            "{% for i, kind in %kinds %}": {
                "number": "{{ %i }}",
                "phones": [
                    {
                        "{% for answer in "
                        + ANSWER.format("phone")
                        + " %}": "{{ %kind.code }} {{ %answer.valueString }}"
                    }
                ],
            }
        },
        "list": ["first", {"{% for kind in %kinds %}": "{{ %kind.code }}"}, {"{% for kind in missing %}": {"a": 1}}],
    },
    # Conditions: in each other, in lists, with null, over the keys beside them.
    {
        "a": {
            "{% if status = 'completed' %}": {"{% if missing.exists() %}": 1, "{% else %}": {"n": 2}},
            "{% else %}": 3,
        },
        "b": {"{% if missing.exists() %}": {"x": 1}, "{% else %}": "{{+ missing +}}"},
        "c": [
            {"{% if status = 'completed' %}": "yes"},
            {"{% if missing %}": "no"},
            {"{% if missing %}": "no", "{% else %}": ["n", "m"]},
        ],
        "d": {"k": 1, "l": "{{ status }}", "{% if status.exists() %}": {"k": 2, "m": "{{ status }}"}},
        "e": {"k": 1, "{% if missing %}": {"k": 2}, "{% else %}": "{{ missing }}"},
    },
    # Merging: one object, several, nothing and null among them, the result of an expression, a whole block.
    {"k": 1, "{% merge %}": {"k": "{{ status }}", "l": {"m": "{{ missing }}"}}},
    {"k": 1, "{% merge %}": [None, "{{ missing }}", {"k": 2, "l": 3}, {"{% assign %}": {"v": 4}, "l": "{{ %v }}"}]},
    {"{% merge %}": ["{{ " + ANSWER.format("pregnant") + ".valueCoding }}", {"display": "Ja"}]},
    {"{% merge %}": {"{% if status = 'draft' %}": {"a": 1}, "{% else %}": {"{% merge %}": [{"a": 2}, {"b": 3}]}}},
    # A context: paths start at the item, %context stays; in a context; over one object; over nothing.
    {"items": {"{{ " + ANSWER.format("first") + " }}": {"v": "{{ valueString }}", "s": "{{ %context.status }}"}}},
    {"{{ item }}": {"id": "{{ linkId }}", "inner": {"{{ item.answer }}": "{{ valueString }}!"}}},
    {"a": {"{{ missing }}": {"b": 1}}, "c": [{"{{ item.where(linkId = 'smoker') }}": {"id": "{{ linkId }}"}}]},
    # Null: kept as a value, in a text, in a list.
    {
        "a": None,
        "b": "{{+ missing +}}",
        "c": "x{{+ missing +}}",
        "d": [None, "{{+ missing +}}", 1],
        "e": "{{+ status +}}",
    },
    "{{\nitem\n  .where(linkId = 'birth-date')\n  .answer.valueDate\n}}",
    "{{status}}/{{ item.count() }}/{{status}}",
    {"{%if status.exists()%}": {"a": 1}, "{%   else   %}": {"a": 2}},
]

ERROR = "an error"
PASSED = "as it stands"
# Reason, template, root, what we make of it, what fpml makes of it. The reasons are the rows of the table in
# docs/reference/mapping-language.md.
DIFFERENCES: list[tuple[str, Any, dict[str, Any], Any, Any]] = [
    ("a text of a record is data, never a template", "{{ note }}", {"note": "{{ 1 + 1 }}"}, "{{ 1 + 1 }}", 2),
    ("a boolean inside of a text is that of JSON", "x {{ flag }}", {"flag": True}, "x true", "x True"),
    ("an object inside of a text", "x {{ inner }}", {"inner": {"n": 1}}, ERROR, "x {'n': 1}"),
    (
        "a condition that is neither true, false nor empty",
        {"{% if name %}": 1, "{% else %}": 2},
        {"name": "a"},
        ERROR,
        2,
    ),
    ("null among the items of a collection", "{[ list ]}", {"list": [1, None, 2]}, [1, 2], [1, None, 2]),
    ("a bracket that is not closed", "{{ name", {"name": "a"}, ERROR, PASSED),
    ("`{{+` that is not closed by `+}}`", "{{+ name }}", {"name": "a"}, ERROR, "a"),
    ("`{[ ]}` inside of a longer text", "x {[ name ]}", {"name": "a"}, ERROR, PASSED),
    ("text after `{[ ]}`", "{[ name ]} x", {"name": "a"}, ERROR, ["a"]),
    ("a block that does not exist", {"{% iff true %}": 1}, {}, ERROR, PASSED),
    (
        "a key with `{`, `}` or `%` that is no block, such as `{ % if x % }`",
        {"{ % if true % }": 1},
        {},
        ERROR,
        PASSED,
    ),
    ("text after a block in a key", {"{{ name }} x": 1}, {"name": "a"}, ERROR, [1]),
    (
        "`{% merge %}` and `{% if %}` in one object",
        {"{% merge %}": {"a": 1}, "{% if true %}": {"b": 2}},
        {},
        ERROR,
        {"{% if true %}": {"b": 2}, "a": 1},
    ),
    ("an expression over several lines in a key", {"{% if true\nand true %}": 1}, {}, 1, PASSED),
    ("a name that no variable can have", {"{% assign %}": {"a-b": 1}, "c": 1}, {}, ERROR, {"c": 1}),
    ("FHIRPath that fhirpathpy cannot evaluate", "{{ -number }}", {"number": 1}, -1, ERROR),
]


def same(template: Any, root: Any, variables: dict[str, Any]) -> None:
    ours = compile_template(template).render(root, variables)
    theirs = resolve_template(root, template, variables)
    assert json.dumps(ours, default=str) == json.dumps(theirs, default=str)


@pytest.mark.parametrize(
    ("reason", "template", "root", "ours", "theirs"), DIFFERENCES, ids=[reason for reason, *_ in DIFFERENCES]
)
def test_what_differs_on_purpose(reason: str, template: Any, root: dict[str, Any], ours: Any, theirs: Any) -> None:
    if ours is ERROR:
        with pytest.raises((MappingError, RecordRejected)):
            compile_template(template).render(root)
    else:
        assert compile_template(template).render(root) == ours
    if theirs is ERROR:
        with pytest.raises(FPMLValidationError):
            resolve_template(root, template)
    else:
        assert resolve_template(root, template) == (template if theirs is PASSED else theirs)


def test_the_documentation_lists_what_differs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "mapping-language.md").read_text(encoding="utf-8")
    table = page.partition("## Where it differs from fpml")[2].partition("\n## ")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("|")][2:]
    assert rows == [reason for reason, *_ in DIFFERENCES]


@pytest.mark.parametrize("template", EXAMPLES)
def test_examples_of_the_specification_agree(template: Any) -> None:
    same(template, RESPONSE, {"QuestionnaireResponse": RESPONSE})


# Without braces (fpml reads results as templates), booleans in texts, null in lists: the deliberate differences.
TEXTS = st.text("abc 12", max_size=4)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {"code": st.sampled_from(["a", "b"])},
        optional={"value": st.integers(0, 3), "tags": st.lists(TEXTS, max_size=2)},
    ),
    max_size=3,
)
ROOTS = st.fixed_dictionaries(
    {"items": ITEMS},
    optional={"name": TEXTS, "flag": st.booleans(), "inner": st.fixed_dictionaries({}, optional={"name": TEXTS})},
)
VALUES = [
    "name",
    "inner.name",
    "items.code",
    "items.where(code = 'a').value",
    "items.tags",
    "items",
    "items.value.first()",
    "items.count()",
    "missing",
    "'text'",
    "iif(flag, 'yes', 'no')",
    "inner",
    "%context.name",
    "flag",
]
IN_TEXT = ["name", "inner.name", "items.code", "items.value", "items.tags", "missing", "items.count()"]
CONDITIONS = ["flag", "name.exists()", "items.count() > 1", "name = 'a'", "missing", "items.exists(code = 'b')"]
COLLECTIONS = ["items", "items.tags", "inner", "missing", "items.where(value > 1)"]


CONSTANTS = ["text", "", 1, -2, True, False, None, [], {}, {"c": {"d": []}}, [["a"], [None]], {"c": ["d", 1]}]
TEXT_PARTS = st.sampled_from(["-", "x", ": ", " } "])
# How blocks may be written.
IF, ELSE = ("{{% if {} %}}", "{{%if {}%}}", "{{%  if {}\t%}}"), ("{% else %}", "{%else%}")


@st.composite
def templates(draw: st.DrawFn, scope: tuple[str, ...] = (), depth: int = 3) -> Any:
    if depth == 0:
        return draw(_leaves(scope))
    inner = templates(scope, depth - 1)
    kind = draw(st.sampled_from(["leaf", "list", "object", "if", "merge", "for", "context", "assign"]))
    if kind == "list":
        return draw(st.lists(inner, max_size=3))
    if kind in ("object", "if", "merge"):
        made = draw(st.dictionaries(st.sampled_from("pqrs"), inner, max_size=3))
        return draw(_mixed({**made, **draw(_blocks(kind, bool(made), scope, depth))}))
    if kind == "for":
        index = draw(st.booleans())
        variables = (*scope, "x", "i") if index else (*scope, "x")
        key = f"{{% for {'i, ' if index else ''}x in {draw(_collections(scope))} %}}"
        return {key: draw(templates(variables, depth - 1))}
    if kind == "context":
        return {f"{{{{ {draw(_collections(scope))} }}}}": draw(inner)}
    if kind == "assign":
        return draw(_assigned(scope, depth))
    return draw(_leaves(scope))


def _leaves(scope: tuple[str, ...]) -> st.SearchStrategy[Any]:
    names = st.sampled_from([*VALUES, *(f"%{name}" for name in scope)])
    # Variables can hold objects, which no text can.
    in_text = st.sampled_from([*IN_TEXT, *(f"%{name}" for name in scope if name == "i")])
    part = st.one_of(
        in_text.map("{{{{ {} }}}}".format),
        in_text.map("{{{{+ {} +}}}}".format),
        TEXT_PARTS,
    )
    return st.one_of(
        names.map("{{{{ {} }}}}".format),
        names.map("{{{{{}}}}}".format),
        names.map("{{{{+ {} +}}}}".format),
        names.map("{{[ {} ]}}".format),
        st.lists(part, min_size=1, max_size=3).map(lambda parts: "x" + "".join(parts) + "y"),
        st.sampled_from(CONSTANTS),
    )


def _collections(scope: tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.sampled_from([*COLLECTIONS, *(f"%{name}" for name in scope if name in ("v", "w"))])


@st.composite
def _mixed(draw: st.DrawFn, members: dict[str, Any]) -> dict[str, Any]:
    return {key: members[key] for key in draw(st.permutations(list(members)))}


@st.composite
def _assigned(draw: st.DrawFn, scope: tuple[str, ...], depth: int) -> Any:
    value = templates(scope, depth - 1)
    steps: Any
    if draw(st.booleans()):
        steps, names = {"v": draw(value)}, ("v",)
    else:
        steps, names = [{"v": draw(value)}, {"w": draw(templates((*scope, "v"), depth - 1))}], ("v", "w")
    inner = templates((*scope, *names), depth - 1)
    body = draw(st.one_of(st.dictionaries(st.sampled_from("pqrs"), inner, max_size=2), inner))
    return {"{% assign %}": steps, **body} if isinstance(body, dict) and "{% assign %}" not in body else body


@st.composite
def _blocks(draw: st.DrawFn, kind: str, beside: bool, scope: tuple[str, ...], depth: int) -> dict[str, Any]:
    inner = templates(scope, depth - 1)
    objects = st.dictionaries(st.sampled_from("pqrs"), inner, max_size=2)
    mergeable = st.one_of(objects, st.sampled_from([None, "{{ inner }}", "{{ missing }}", "{{ items.first() }}"]))
    if kind == "merge":
        return {"{% merge %}": draw(st.one_of(mergeable, st.lists(mergeable, max_size=3)))}
    if kind == "if":
        branch = mergeable if beside else inner
        made = {draw(st.sampled_from(IF)).format(draw(st.sampled_from(CONDITIONS))): draw(branch)}
        return {**made, draw(st.sampled_from(ELSE)): draw(branch)} if draw(st.booleans()) else made
    return {}


COMPILED: dict[str, Any] = {}


def evaluate(resource: Any, expression: str, context: dict[str, Any]) -> list[Any]:
    if expression not in COMPILED:
        COMPILED[expression] = fhirpathpy.compile(expression)
    return list(COMPILED[expression](resource, context))


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(template=templates(), root=ROOTS)
def test_generated_templates_agree(template: Any, root: dict[str, Any]) -> None:
    try:
        theirs = resolve_template(root, template, {}, evaluate=evaluate)
    except FPMLValidationError:
        with pytest.raises(RecordRejected):
            compile_template(template).render(root)
        return
    ours = compile_template(template).render(root)
    assert json.dumps(ours, default=str) == json.dumps(theirs, default=str)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(template=templates(), root=ROOTS)
def test_the_fast_closures_of_generated_templates_give_the_same_without_nulls(
    template: Any, root: dict[str, Any]
) -> None:
    compiled = compile_template(template)
    if can_be_null(compiled.tree):
        return
    try:
        faithful = compiled.render(root)
    except RecordRejected:
        with pytest.raises(ERRORS):
            compiled.closure(fast=True)(root, Scope(root, {"context": root}, None))
        return
    fast = compiled.closure(fast=True)(root, Scope(root, {"context": root}, None))
    assert json.dumps(fast, default=str) == json.dumps(without_nulls(faithful), default=str)
