"""Nothing that is written in an expression or in data can hang, exhaust memory, run code or get out as a value."""

from __future__ import annotations

import ast
import json
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hm_fhir.fhirpath
from hm_fhir.errors import ExpressionError, RecordRejected
from hm_fhir.fhir.definitions import r4
from hm_fhir.fhirpath import compile  # noqa: A004

PACKAGE = Path(hm_fhir.fhirpath.__file__).parent

# --- texts that are no expressions ---

_SOUP = st.lists(
    st.sampled_from(
        [
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ".",
            ",",
            "%",
            "|",
            "&",
            "+",
            "-",
            "*",
            "/",
            "=",
            "~",
            "!=",
            "!~",
            "<",
            "<=",
            ">",
            ">=",
            "and",
            "or",
            "xor",
            "implies",
            "is",
            "as",
            "in",
            "contains",
            "div",
            "mod",
            "true",
            "false",
            "$this",
            "$index",
            "$total",
            "$x",
            "@2020",
            "@2020-",
            "@T10",
            "@2020-01-01T10:00:00Z",
            "1",
            "1.5",
            "1.",
            ".5",
            "'a'",
            "'a",
            "`b`",
            "`",
            '"',
            "//",
            "/*",
            "*/",
            "\\",
            "\\u00",
            "where(",
            "select(",
            "exists()",
            "ofType(",
            "Patient",
            "name",
            "given",
            "%resource",
            "%`x`",
            "years",
            "'mg'",
            "\n",
            "\t",
            "\xa0",
            "\x00",
            "\ufffd",
            "\U0001f600",
            "as(",
            "is(",
            "iif(",
            "repeat(",
            "aggregate(",
            "sort(",
            "trace(",
        ]
    ),
    max_size=40,
).map(" ".join)


def compiles_or_says_why(text: str, **types: Any) -> None:
    try:
        compile(text, **types)
    except ExpressionError as error:
        wrong = error
    else:
        return
    assert 0 <= wrong.position <= len(text)
    assert wrong.message
    assert wrong.excerpt is not None


@given(
    text=st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda noise: noise.decode("latin-1")), _SOUP)
)
@settings(max_examples=600, deadline=None)
def test_any_text_compiles_or_is_refused_with_a_position(text: str) -> None:
    compiles_or_says_why(text)
    compiles_or_says_why(text, types=r4(), root="Patient")


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_an_expression_with_a_damaged_place_compiles_or_is_refused(data: st.DataObject, grammar: Any) -> None:
    text = data.draw(grammar.expressions)
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 3))
    compiles_or_says_why(text[:at] + data.draw(st.text(max_size=3)) + text[at + length :])


def test_the_limit_of_nesting_holds_however_deep_the_caller_is() -> None:
    def below(depth: int, text: str) -> None:
        if depth:
            below(depth - 1, text)
        else:
            compiles_or_says_why(text, types=r4(), root="Patient")

    text = "name.where(" * 58 + "true" + ")" * 58
    compile(text)
    for depth in range(0, 900, 100):
        below(depth, text)


# --- any expression on any data ---


def rejection(text: str, data: Any, /, **types: Any) -> tuple[RecordRejected | ExpressionError | None, list[Any]]:
    try:
        return None, compile(text, **types).evaluate(data, {"resource": data})
    except (RecordRejected, ExpressionError) as error:
        return error, []


@given(data=st.data())
@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_expression_on_any_data_gives_a_result_or_a_rejection_without_a_value(
    data: st.DataObject, grammar: Any
) -> None:
    text = data.draw(grammar.expressions)
    root = data.draw(st.one_of(grammar.patients, grammar.anything))
    written: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: written.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("hm_fhir.fhirpath")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        for types in ({}, {"types": r4(), "root": "Patient", "strict": False}):
            error, _ = rejection(text, root, **types)
            if error is not None:
                shown = "".join([str(error), repr(error), *traceback.format_exception(error)])
                assert error.__context__ is None or isinstance(error, ExpressionError)
                assert grammar.mark not in shown
                assert str(grammar.marked_number) not in shown
        assert grammar.mark not in "".join(written)
        assert str(grammar.marked_number) not in "".join(written)
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


@pytest.mark.parametrize(
    "root",
    [
        {"resourceType": "Patient", "name": "text"},
        {"resourceType": "Patient", "name": [["nested"]]},
        {"resourceType": "Patient", "name": [None]},
        {"resourceType": "Patient", "name": {"given": {"a": 1}}},
        {"resourceType": ["Patient"], "name": 1},
        {"resourceType": "Patient", "_name": 5, "_birthDate": "x", "birthDate": ["2020"]},
        {"resourceType": "Patient", "birthDate": 20200101, "_birthDate": [1, 2]},
        {"resourceType": "Patient", "extension": [{"url": 5, "valueQuantity": "x"}, 7]},
        {"resourceType": "Patient", "multipleBirthInteger": "x", "multipleBirthBoolean": {}},
        ["a list"],
        "text",
        5,
        None,
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "Patient.name.given",
        "name.given.first().upper()",
        "name.where(given.exists()).family",
        "birthDate + 1 year",
        "birthDate.extension('x').value",
        "extension.value.ofType(Quantity).value",
        "multipleBirth + 1",
        "descendants().count()",
        "children().type()",
        "repeat(children())",
        "name | birthDate | extension",
        "extension('x').exists() and name.all(given.hasValue())",
        "name ~ name and name = name",
    ],
)
def test_malformed_resources_are_rejected_or_empty_and_never_an_exception_of_python(text: str, root: Any) -> None:
    for types in ({}, {"types": r4(), "root": "Patient"}):
        error, result = rejection(text, root, **types)
        assert error is None or (isinstance(error, RecordRejected) and error.code == "expression-failed")
        assert isinstance(result, list)


def deep(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"linkId": "x"}
    for _ in range(levels):
        inner = {"item": [inner]}
    return {"resourceType": "Questionnaire", **inner}


@pytest.mark.parametrize("text", ["$this", "item", "$this | $this", "$this = $this", "$this ~ $this", "repeat(item)"])
def test_data_that_is_too_deep_is_rejected(text: str) -> None:
    for types in ({}, {"types": r4(), "root": "Questionnaire"}):
        expression = compile(text, **types)
        try:
            expression.evaluate(deep(5_000))
        except RecordRejected as error:
            assert error.code in ("expression-failed", "expression-limit")  # noqa: PT017


def test_descendants_go_as_deep_as_the_data() -> None:
    for types in ({}, {"types": r4(), "root": "Questionnaire"}):
        assert compile("descendants().count()", **types).evaluate(deep(5_000)) == [5_001]


@pytest.mark.parametrize("number", ["1e999999999", "-1e999999999", "1e-999999999", "1" * 4_000, "0." + "1" * 4_000])
@pytest.mark.parametrize(
    "text",
    [
        "n + 1",
        "n * n",
        "n / 3",
        "n div 3",
        "n mod 3",
        "3 mod n",
        "n.toString()",
        "n & 'x'",
        "n.round(2)",
        "n.truncate()",
        "n.sqrt()",
        "n.ln()",
        "n.exp()",
        "n.power(n)",
        "2.power(n)",
        "n.lowBoundary()",
        "n.precision()",
        "n = 1.0",
        "n ~ 1.0",
        "n > 1 'mg'",
        "n.toQuantity() + 3 'mg'",
        "@2020 + n.toQuantity('year')",
        "n | n | 1",
        "n.toInteger()",
        "n.toDecimal()",
        "(n | 1).sum()",
        "(n | 1).max()",
    ],
)
def test_numbers_of_any_size_are_harmless(text: str, number: str) -> None:
    import decimal

    root = json.loads(f'{{"n": {number}}}', parse_float=decimal.Decimal)
    error, result = rejection(text, root)
    assert error is None or isinstance(error, RecordRejected)
    assert len(repr(result)) < 10_000


# --- no text becomes code ---

_FORBIDDEN_NAMES = {
    "eval",
    "exec",
    "__import__",
    "globals",
    "locals",
    "vars",
    "open",
    "input",
    "breakpoint",
    "setattr",
}
_FORBIDDEN_MODULES = {"ast", "builtins", "codeop", "code", "ctypes", "importlib", "marshal", "os", "pickle", "socket"}
_FORBIDDEN_MODULES |= {"subprocess", "sys", "types", "urllib", "requests", "pathlib", "shelve"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_engine_has_no_way_to_run_text_as_code(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name):
            assert node.id not in _FORBIDDEN_NAMES, f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None)
            for name in [module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]:
                assert name.partition(".")[0] not in _FORBIDDEN_MODULES, f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            # Python's own; the engine's compile() is a method inside of the package.
            assert node.func.id != "compile", f"{path.name}:{node.lineno}"
            if node.func.id == "getattr":
                assert isinstance(node.args[1], ast.Constant), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("name", ["__class__", "__init__", "keys", "get", "values", "__dict__"])
def test_names_of_python_are_only_keys(name: str) -> None:
    assert compile(f"a.`{name}`").evaluate({"a": {"b": 1}}) == []
    assert compile(f"a.`{name}`").evaluate({"a": {name: 1}}) == [1]
    assert compile(f"a.select({name})").evaluate({"a": {"b": 1}}) == []
