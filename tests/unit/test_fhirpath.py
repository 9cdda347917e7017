"""The door to FHIRPath: strict at compile time, plain values out, no data in any message."""

from __future__ import annotations

import time
import traceback
from decimal import Decimal
from typing import Any

import pytest

from hm_fhir.errors import ExpressionError, MappingRefused, RecordRejected
from hm_fhir.fhirpath import Call, Function, compile  # noqa: A004

ACTIVITY = {
    "type": "home-visit",
    "persons": [
        {"name": "Ана", "age": 31, "done": True, "weight": Decimal("9.20")},
        {"name": "Борис", "age": 7, "done": False},
    ],
    "start": "2026-03-01",
    "nothing": [],
}


def echo(environment: object, data: list[Any], *arguments: list[Any]) -> list[Any]:
    return [{"environment": environment, "input": data, "arguments": list(arguments)}]


FUNCTIONS = (Function("echo", 1, 2, echo),)


def value(text: str, variables: dict[str, Any] | None = None) -> list[Any]:
    return compile(text, FUNCTIONS).evaluate(ACTIVITY, variables)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("type", ["home-visit"]),
        ("persons.name", ["Ана", "Борис"]),
        ("persons[1].name", ["Борис"]),
        ("persons.where(age > 18).name", ["Ана"]),
        ("persons.weight", [Decimal("9.20")]),
        ("missing.path", []),
        ("nothing", []),
        ("2.0", [Decimal("2.0")]),
        ("'it\\'s \\u041f'", ["it's П"]),
        ("'a\\\\nb'", ["a\\nb"]),
        ("start.toDateTime() > @2026-02-01", [True]),
        ("start + 280 days", ["2026-12-06"]),
        ("@2026-03-01", ["2026-03-01"]),
        ("4 days", [{"value": 4, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}]),
        ("%sct", ["http://snomed.info/sct"]),
        ("%context.type", ["home-visit"]),
        ("$this.type", ["home-visit"]),
        ("`type`", ["home-visit"]),
        ("iif(persons.count() > 1, 'many', 'one')", ["many"]),
    ],
)
def test_an_expression_gives_plain_values(text: str, result: list[Any]) -> None:
    assert value(text) == result
    assert [type(item) for item in value(text)] == [type(item) for item in result]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("persons.where(done).name", ["Ана"]),
        ("persons.exists(done.not())", [True]),
        ("persons.all(done)", [False]),
        ("persons.where(%context.persons.where(age = 7).exists() and $this.age = 31).name", ["Ана"]),
        ("persons.where(name = 'Борис').exists() and type.startsWith(type)", [True]),
        ("persons.select(%context.persons.select($index).count() + $index)", [2, 3]),
        ("(1 | 2) = (1 | 3)", [False]),
        ("(1 | 2) != (1 | 3)", [True]),
        ("true = 1", [False]),
        ("3 / 2", [Decimal("1.5")]),
        ("persons.age.sum()", [38]),
        ("persons.age.max()", [31]),
        ("persons.age.avg()", [19]),
        ("'Ана' in persons.name", [True]),
        ("persons.name contains 'Вера'", [False]),
        ("-persons.age.first()", [-31]),
        ("persons.take(-1)", []),
        ("persons.done.first().toBoolean()", [True]),
        ("persons.name.first().encode('hex').exists()", [True]),
    ],
)
def test_what_the_engine_behind_the_door_gets_wrong_is_right(text: str, result: list[Any]) -> None:
    assert value(text) == result


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("patient.(id", 8, "unexpected '(', expected a name"),
        ("type type", 5, "unexpected 'type', expected an operator or the end"),
        ("persons.where(age > 18", 22, "the expression ends too early, expected ) or an operator"),
        ("persons.where(", 14, "the expression ends too early, expected a value"),
        ("type and", 8, "the expression ends too early, expected a value"),
        ("persons..name", 8, "unexpected '.', expected a name"),
        ("type is 5", 8, "unexpected '5', expected the name of a type"),
        ("(type", 5, "the expression ends too early, expected ) or an operator"),
        ("%", 1, "the expression ends too early, expected a name"),
        ("type # x", 5, "'#' has no meaning here"),
        ("'open", 0, "the text after this ' is not closed"),
        ("  ", 0, "the expression is empty"),
        ("a and\n  persons.wher(b)", 16, "there is no function wher()"),
        ("echo()", 0, "echo() takes 1 to 2 arguments, here it gets 0"),
        ("type.empty(1)", 5, "empty() takes no arguments, here it gets 1"),
        ("persons.where()", 8, "where() takes 1 argument, here it gets 0"),
        ("type.ofType(1 + 1)", 5, "ofType() takes the name of a type"),
        ("type.matches('\\d')", 14, "\\d is no escape of FHIRPath"),
    ],
)
def test_a_wrong_expression_is_refused_with_place_and_expectation(text: str, position: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile(text, FUNCTIONS)
    assert caught.value.position == position
    assert message in caught.value.message
    assert caught.value.excerpt is not None


def test_an_unknown_function_names_the_nearest_one() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile("persons.exist()")
    assert caught.value.fix == "did you mean 'exists'?"


def test_trace_logs_how_many_items_there_are_and_no_value(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="hm_fhir.fhirpath"):
        assert value("persons.name.trace('names').count()") == [2]
        assert value("persons.trace(persons.name.first(), name).count()") == [2]
    assert caplog.messages == ["trace names: 2 items", "trace trace: 2 items"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "persons.name + 1",
        "persons.name > 3",
        "persons.single()",
        "start + 3 'kg'",
        "persons.where(name | age)",
        "%unknown",
        "persons.name.lower()",
        "-type",
    ],
)
def test_a_failing_evaluation_names_the_expression_and_no_value(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RecordRejected) as caught:
        value(text)
    assert caught.value.code == "expression-failed"
    assert repr(text) in caught.value.message
    assert caught.value.__context__ is None
    shown = "".join(traceback.format_exception(caught.value)) + "".join(capsys.readouterr())
    for secret in ("Ана", "Борис", "home-visit", "31"):
        assert secret not in shown.replace(text, "")


def test_a_project_function_gets_environment_input_and_arguments_as_plain_collections() -> None:
    expression = compile("persons.name.echo('x', persons.age)", FUNCTIONS)
    assert expression.evaluate(ACTIVITY, environment="here") == [
        {"environment": "here", "input": ["Ана", "Борис"], "arguments": [["x"], [31, 7]]}
    ]


def test_what_a_project_function_rejects_is_passed_on() -> None:
    def refuse(*_: object) -> list[Any]:
        raise MappingRefused("no", code="no-reason")

    with pytest.raises(MappingRefused):
        compile("refuse()", [Function("refuse", 0, 0, refuse)]).evaluate({})


def test_an_expression_tells_its_variables_functions_and_literal_arguments() -> None:
    expression = compile("echo('a', %x.b) | echo(-1) | echo(true) | %ucum", FUNCTIONS)
    assert expression.variables == {"x"}
    assert expression.functions == {"echo"}
    assert expression.calls == (Call("echo", ("a", None), 0), Call("echo", (None,), 18), Call("echo", (True,), 29))


def test_evaluating_does_not_parse_again(monkeypatch: pytest.MonkeyPatch) -> None:
    expression = compile("persons.where(age > 30).name.first() & ' '")

    def fail(*_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr("hm_fhir.fhirpath.expression.parse", fail)
    assert expression.evaluate(ACTIVITY) == ["Ана "]


def test_evaluating_changes_neither_root_nor_variables() -> None:
    variables = {"numbers": [1], "person": {"name": "Ана"}}
    root = {"numbers": [3], "inner": {"a": [{"b": 1}]}}
    for text in ("-%numbers", "numbers | %numbers", "inner.a.b + 1", "%person", "inner"):
        for result in compile(text).evaluate(root, variables):
            if isinstance(result, dict):
                result["changed"] = True
    assert variables == {"numbers": [1], "person": {"name": "Ана"}}
    assert root == {"numbers": [3], "inner": {"a": [{"b": 1}]}}


def test_the_clock_is_read_anew_in_every_evaluation() -> None:
    now = compile("now()")
    assert now.functions == {"now"}
    first = now.evaluate({})
    time.sleep(0.002)
    assert now.evaluate({}) != first


@pytest.mark.parametrize(("root", "holds"), [({"a": True}, True), ({"a": False}, False), ({}, False)])
def test_a_condition_is_true_only_when_it_is_true(root: dict[str, Any], holds: bool) -> None:
    assert compile("a").holds(root) is holds


@pytest.mark.parametrize("root", [{"a": "text"}, {"a": 1}, {"a": [True, True]}])
def test_a_condition_that_is_no_boolean_is_refused(root: dict[str, Any]) -> None:
    with pytest.raises(RecordRejected, match="neither true, false nor empty"):
        compile("a").holds(root)


def test_null_and_the_lonely_half_of_a_primitive_are_no_values() -> None:
    root = {"given": [None, "Ана"], "_given": [{"extension": [{"url": "x"}]}]}
    assert compile("given").evaluate(root) == ["Ана"]
