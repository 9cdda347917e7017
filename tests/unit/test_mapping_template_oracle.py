"""The published engine of the template language (PyPI: fpml) gives the same on every template that both accept."""

from __future__ import annotations

import json
from typing import Any

import fhirpathpy
import pytest
from fpml import FPMLValidationError, resolve_template
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hm_fhir.errors import RecordRejected
from hm_fhir.mapping.template import compile_template

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
]


def same(template: Any, root: Any, variables: dict[str, Any]) -> None:
    ours = compile_template(template).render(root, variables)
    theirs = resolve_template(root, template, variables)
    assert json.dumps(ours, default=str) == json.dumps(theirs, default=str)


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


@st.composite
def templates(draw: st.DrawFn, scope: tuple[str, ...] = (), depth: int = 3) -> Any:
    names = [*VALUES, *(f"%{name}" for name in scope)]
    leaves = [
        st.sampled_from(names).map("{{{{ {} }}}}".format),
        st.sampled_from(names).map("{{{{+ {} +}}}}".format),
        st.sampled_from(names).map("{{[ {} ]}}".format),
        st.lists(st.sampled_from(IN_TEXT), min_size=1, max_size=2).map(
            lambda parts: "x" + "-".join(f"{{{{ {part} }}}}" for part in parts)
        ),
        st.sampled_from(["text", "", 1, True, None]),
    ]
    if depth == 0:
        return draw(st.one_of(leaves))
    inner = templates(scope, depth - 1)
    kind = draw(st.sampled_from(["leaf", "list", "object", "if", "merge", "for", "context", "assign"]))
    if kind == "list":
        return draw(st.lists(inner, max_size=3))
    if kind in ("object", "if", "merge"):
        made = draw(st.dictionaries(st.sampled_from("pqrs"), inner, max_size=3))
        return {**made, **draw(_blocks(kind, bool(made), scope, depth))}
    if kind == "for":
        index = draw(st.booleans())
        variables = (*scope, "x", "i") if index else (*scope, "x")
        key = f"{{% for {'i, ' if index else ''}x in {draw(st.sampled_from(COLLECTIONS))} %}}"
        return {key: draw(templates(variables, depth - 1))}
    if kind == "context":
        return {f"{{{{ {draw(st.sampled_from(COLLECTIONS))} }}}}": draw(inner)}
    if kind == "assign":
        body = draw(st.dictionaries(st.sampled_from("pqrs"), templates((*scope, "v"), depth - 1), max_size=2))
        return {"{% assign %}": [{"v": draw(inner)}], **body}
    return draw(st.one_of(leaves))


@st.composite
def _blocks(draw: st.DrawFn, kind: str, beside: bool, scope: tuple[str, ...], depth: int) -> dict[str, Any]:
    inner = templates(scope, depth - 1)
    mergeable = st.dictionaries(st.sampled_from("pqrs"), inner, max_size=2)
    if kind == "merge":
        return {"{% merge %}": draw(st.one_of(mergeable, st.lists(mergeable, max_size=2)))}
    if kind == "if":
        branch = mergeable if beside else inner
        made = {f"{{% if {draw(st.sampled_from(CONDITIONS))} %}}": draw(branch)}
        return {**made, "{% else %}": draw(branch)} if draw(st.booleans()) else made
    return {}


COMPILED: dict[str, Any] = {}


def evaluate(resource: Any, expression: str, context: dict[str, Any]) -> list[Any]:
    if expression not in COMPILED:
        COMPILED[expression] = fhirpathpy.compile(expression)
    return list(COMPILED[expression](resource, context))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
