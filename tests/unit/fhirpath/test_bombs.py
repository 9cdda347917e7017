"""Expressions that would hang or exhaust memory end with a named error, or quickly; what an evaluation may cost."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from hm_fhir.errors import RecordRejected
from hm_fhir.fhir.definitions import r4
from hm_fhir.fhirpath import Scope, Static, compile  # noqa: A004

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
