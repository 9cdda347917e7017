"""Nothing that is written in an expression or in data can hang, exhaust memory, run code or get out as a value."""

from __future__ import annotations

import ast
import json
import logging
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hm_fhir.fhirpath
from hm_fhir.errors import ExpressionError, RecordRejected
from hm_fhir.fhir.definitions import r4
from hm_fhir.fhirpath import Scope, Static, compile  # noqa: A004

PACKAGE = Path(hm_fhir.fhirpath.__file__).parent

# The child has this much memory and time for every bomb; both are far more than any of them takes.
MEMORY_BYTES = 2 << 30
BOMB_SECONDS = 30

_RUN_BOMBS = """
import json, resource, signal, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), int(sys.argv[1])))
from hm_fhir.errors import ExpressionError, RecordRejected
from hm_fhir.fhir.definitions import r4
from hm_fhir.fhirpath import Scope, compile

def deep(levels):
    inner = {"linkId": "x"}
    for _ in range(levels):
        inner = {"item": [inner]}
    return inner

many = [f"v{number}" for number in range(20_000)]
root = {
    "resourceType": "Questionnaire",
    **deep(100),
    "contained": [],
}
variables = {
    "numbers": list(range(20_000)),
    "texts": many,
    "long": "a" * 900_000,
    "longer": ["x" * 300] * 3_000,
    "things": [{"x": number, "y": {"z": [number]}} for number in range(20_000)],
    "narrative": "<div xmlns='http://www.w3.org/1999/xhtml'>" + "<b>" * 50_000 + "x" + "</b>" * 50_000 + "</div>",
    "rootResource": {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": "Patient", "id": str(number)}} for number in range(20_000)],
    },
}
variables["references"] = [{"reference": f"Patient/{number}"} for number in range(20_000)]

class TooLong(BaseException):
    pass

def stop(*_):
    raise TooLong

signal.signal(signal.SIGALRM, stop)
for text, typed in json.load(sys.stdin):
    signal.alarm(int(sys.argv[2]))
    try:
        expression = compile(text, types=r4(), root="Questionnaire") if typed else compile(text)
        outcome = f"{len(expression.values(Scope(root, variables)))} items"
    except ExpressionError:
        outcome = "expression"
    except RecordRejected as error:
        outcome = error.code
    except TooLong:
        outcome = "too long"
    except BaseException as error:
        outcome = repr(error)[:200]
    finally:
        signal.alarm(0)
    print(json.dumps(outcome), flush=True)
"""

LIMIT, FAILED, WRONG = "expression-limit", "expression-failed", "expression"

# Expression -> what comes of it. One that gives a result at all is here because it once took too long.
BOMBS = {
    # growth
    "'ab'" + ".encode('hex')" * 45: LIMIT,
    "'ab'" + ".encode('base64')" * 80: LIMIT,
    "'<'" + ".escape('html')" * 100: "1 items",
    "'\"'" + ".escape('json')" * 100: LIMIT,
    "%long.replace('a', 'bbbbbbbbb')": LIMIT,
    "%long.replace('', 'bb')": LIMIT,
    "%long + %long": LIMIT,
    "%long & %long": LIMIT,
    f"%long.replaceMatches('.*', '{'$0' * 9000}')": LIMIT,
    f"%long.replaceMatches('x*', '{'$0' * 9000}')": LIMIT,
    "%texts.aggregate($total & $total & $this)": LIMIT,
    "%longer.aggregate($total & $this)": LIMIT,
    "%longer.aggregate($total.combine($total).combine($this))": LIMIT,
    "%numbers.aggregate($total | $this)": LIMIT,
    "%numbers.select(%numbers)": LIMIT,
    "%texts.select(%long & $this)": LIMIT,
    "%texts.select($this + %long)": LIMIT,
    "%texts.select('a'.replace('a', %long))": LIMIT,
    "%texts.repeat($this & 'x')": LIMIT,
    "1.repeat($this + 1)": LIMIT,
    "%numbers.repeat(%numbers)": LIMIT,
    # work that makes nothing
    "%numbers.where(%numbers.where(%numbers.where(false).exists()).exists())": LIMIT,
    "%numbers.all(%numbers.subsetOf(%numbers))": LIMIT,
    "%numbers.select(%numbers.distinct().count())": LIMIT,
    "%numbers.select(%numbers.isDistinct())": LIMIT,
    "%texts.select(%texts.tail().count())": LIMIT,
    "%texts.select(%texts.skip(1).count())": LIMIT,
    "%texts.select(%texts.intersect(%texts).count())": LIMIT,
    "%texts.select(%texts.exclude(%texts).count())": LIMIT,
    "%texts.select(%texts.ofType(System.String).count())": LIMIT,
    "%texts.select(%texts.join(',').length())": LIMIT,
    "%texts.select(%texts.trace('x').count())": LIMIT,
    "%texts.select(%texts.sort().count())": LIMIT,
    "%texts.select(%texts contains 'y')": LIMIT,
    "%texts.select(%texts ~ %texts)": LIMIT,
    "%numbers.select(%numbers != %numbers)": LIMIT,
    "%numbers.select(%numbers.sum())": LIMIT,
    "%numbers.select(%numbers.resolve().count())": LIMIT,
    "%numbers.select(%numbers.children().count())": LIMIT,
    "%things.select(%things.extension('x').count())": LIMIT,
    "%things.select(%things.distinct().count())": LIMIT,
    "%things.select(%things = %things)": LIMIT,
    "%references.resolve().count()": LIMIT,
    "%numbers.select(%narrative.htmlChecks())": LIMIT,
    "%narrative.htmlChecks()": "1 items",
    "%texts.select(%long.indexOf('aaaaaaaaaaaaaaaaaaaab'))": LIMIT,
    "%texts.select(%long.upper().length())": LIMIT,
    f"%numbers.where({' or '.join(['$this = 1'] * 100)})": "1 items",
    f"%numbers.where(({') or ('.join([' or '.join(['$this = -1'] * 80)] * 12)}))": LIMIT,
    # regular expressions
    "%long.matches('(a+)+$')": "1 items",
    "(%long & 'b').matches('^(a+)+$')": "1 items",
    "%long.matches('(x+x+)+y')": "1 items",
    f"%long.matches('{'a?' * 4900}')": LIMIT,
    "%long.matches('((a{1,100}){1,100}){1,100}')": WRONG,
    "%texts.select('a'.matches('(a{100}){9}' & $this))": LIMIT,
    "'a'.matches('(?=a)')": WRONG,
    "'a'.matches('a' & '(?=a)')": FAILED,
    # numbers
    "2.power(1000000)": "0 items",
    "1.000000001.power(1000000000)": "1 items",
    "1000000000.exp()": "0 items",
    "0.123.round(2000000000)": "1 items",
    "2147483647 + 1": "0 items",
    # units
    f"1 '{'a.b/' * 500}' = 1 'm'": "0 items",
    f"1 '{'m9' * 40}' = 1 'm'": "0 items",
    f"1 '{'(' * 50}' = 1 'm'": "0 items",
    "1 '10*99' * 1 '10*99' = 1 'm'": "0 items",
    "1 'Ym999999999' * 1 'Ym999999999'": "0 items",
    # texts of expressions
    "9" * 5000: WRONG,
    "1." + "9" * 5000: WRONG,
    "/*" * 9999: WRONG,
    "(" * 9999: WRONG,
    "-" * 9999 + "1": WRONG,
    "a." * 9999 + "a": WRONG,
    "not(" * 4000: WRONG,
    "a and " * 3000 + "a": WRONG,
    "'" + "a" * 30_000: WRONG,
    "'\\ud800'": WRONG,
    "'a'.matches('\\udfff')": WRONG,
    "%texts.where($this.where(" * 20 + "false" + "))" * 20: LIMIT,
    "''" + ".matches('a' & ''" * 30 + ")" * 30: "1 items",
}

# The same on types: there the loops that the types call for are others.
TYPED_BOMBS = {
    "repeat(item).count()": "1 items",
    "descendants().count()": "1 items",
    "repeat(item).select(%resource.repeat(item).count())": LIMIT,
    "descendants().select(%resource.descendants().select(%resource.descendants().count()))": LIMIT,
    "%resource.item.repeat(" * 30 + "linkId" + ").ofType(Coding)" * 30: WRONG,
    "repeat(children()).count()": "1 items",
}


@pytest.fixture(scope="module")
def outcomes() -> dict[tuple[str, bool], str]:
    pytest.importorskip("resource")
    bombs = [(text, False) for text in BOMBS] + [(text, True) for text in TYPED_BOMBS]
    done = subprocess.run(
        [sys.executable, "-c", _RUN_BOMBS, str(MEMORY_BYTES), str(BOMB_SECONDS)],
        input=json.dumps(bombs),
        capture_output=True,
        text=True,
        timeout=600,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(bombs), done.stderr[-2000:]
    return {bomb: json.loads(line) for bomb, line in zip(bombs, lines, strict=True)}


@pytest.mark.parametrize("text", BOMBS, ids=lambda text: text[:60])
def test_a_bomb_ends_with_a_named_error_or_a_result(outcomes: dict[tuple[str, bool], str], text: str) -> None:
    assert outcomes[text, False] == BOMBS[text]


@pytest.mark.parametrize("text", TYPED_BOMBS, ids=lambda text: text[:60])
def test_a_bomb_on_types_ends_as_well(outcomes: dict[tuple[str, bool], str], text: str) -> None:
    assert outcomes[text, True] == TYPED_BOMBS[text]


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


# --- steps ---

TEN = {"ten": [{"n": number} for number in range(10)]}


def steps_of(text: str, root: Any = TEN) -> int:
    """Return the smallest budget that is enough."""
    for steps in range(1000):
        try:
            compile(text).values(Scope(root, steps=steps))
        except RecordRejected as error:
            assert error.code == "expression-limit"  # noqa: PT017
        else:
            return steps
    raise AssertionError("it takes more than 1000 steps")


def test_a_loop_takes_at_least_a_step_for_each_item() -> None:
    assert steps_of("ten.n") >= 10
    assert steps_of("ten.where(n > 3)") >= steps_of("ten") + 10
    assert steps_of("ten.select(%context.ten.where(n = 1))") >= 100
    assert steps_of("1 + 1") == 0


def test_one_scope_and_all_that_are_made_from_it_share_their_steps() -> None:
    expression = compile("ten.where(n > 3)")
    each = steps_of("ten.where(n > 3)")
    scope = Scope(TEN, steps=3 * each)
    expression.values(scope)
    expression.values(scope.child({"x": 1}))
    expression.values(scope.within(TEN, {}))
    for one in (scope, scope.child({}), scope.within(TEN, {})):
        with pytest.raises(RecordRejected) as caught:
            expression.values(one)
        assert caught.value.code == "expression-limit"


def test_what_an_activity_needs_is_far_from_the_limit() -> None:
    findings = {"findings": [{"code": f"c{n}", "value": n, "notes": ["text"] * 5} for n in range(200)]}
    text = "findings.where(value > 3 and code.startsWith('c')).select(notes.where($this.matches('^t.x')).join(','))"
    for _ in range(50):
        assert len(compile(text).values(Scope(findings))) == 196


def test_a_typed_loop_takes_steps_too() -> None:
    variables = {"numbers": Static(("System.Integer",))}
    expression = compile("%numbers.select(%numbers)", types=r4(), root="Patient", variables=variables)
    with pytest.raises(RecordRejected) as caught:
        expression.values(Scope({"resourceType": "Patient"}, {"numbers": list(range(2000))}))
    assert caught.value.code == "expression-limit"


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
