"""The official FHIRPath suite for R4, test by test (``official/README.md`` says where it comes from)."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from hm_fhir.errors import ExpressionError, RecordRejected
from hm_fhir.fhir.definitions import r4
from hm_fhir.fhirpath import compile  # noqa: A004
from hm_fhir.fhirpath.quantity import Quantity
from hm_fhir.fhirpath.temporal import Date, DateTime, Time

OFFICIAL = Path(__file__).parent / "official"

EXCEPTIONS = {
    "testFHIRPathIsFunction8": "the published JSON of observation-example lacks the extension patient-age",
    "testFHIRPathIsFunction9": "the published JSON of observation-example lacks the extension patient-age",
    "testFHIRPathIsFunction10": "the published JSON of observation-example lacks the extension patient-age",
}
"""Tests that do not pass, by name. A test fails when one of them passes."""

LEAST_SHARE = 0.99

# A test says `string` for a System.String as for any FHIR type that is one.
TYPES = {
    "boolean": {"Boolean", "boolean"},
    "integer": {"Integer", "integer", "positiveInt", "unsignedInt"},
    "decimal": {"Decimal", "decimal"},
    "string": {"String", "string", "markdown", "uri", "xhtml"},
    "code": {"code"},
    "id": {"id"},
    "date": {"Date", "date"},
    "dateTime": {"DateTime", "dateTime", "instant"},
    "time": {"Time", "time"},
    "Quantity": {"Quantity"},
}

TEMPORAL = {
    "date": Date.parse,
    "Date": Date.parse,
    "dateTime": DateTime.parse,
    "DateTime": DateTime.parse,
    "time": Time.parse,
    "Time": Time.parse,
}


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    text: str
    input_file: str | None
    predicate: bool
    ordered: bool
    invalid: str | None
    outputs: tuple[tuple[str | None, str], ...]


def cases() -> list[Case]:
    found = []
    for test in ElementTree.parse(OFFICIAL / "tests-fhir-r4.xml").getroot().iter("test"):
        expression = test.find("expression")
        assert expression is not None
        found.append(
            Case(
                test.attrib["name"],
                expression.text or "",
                test.get("inputfile"),
                test.get("predicate") == "true",
                test.get("ordered") != "false",
                expression.get("invalid"),
                tuple((one.get("type"), one.text or "") for one in test.findall("output")),
            )
        )
    return found


CASES = cases()


@cache
def resource(input_file: str | None) -> Any:
    if input_file is None:
        return {}
    path = (OFFICIAL / input_file).with_suffix(".json")
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def results(text: str, root: Any) -> list[Any]:
    return compile(text, types=r4(), root=root.get("resourceType")).evaluate(root)


def why_it_fails(case: Case) -> str | None:
    """Return what is wrong, or None when the test passes. Only errors of the project are caught."""
    root = resource(case.input_file)
    try:
        found = results(case.text, root)
        types = [one["name"] for one in results(f"({case.text}\n).type()", root)]
    except (ExpressionError, RecordRejected) as error:
        return None if case.invalid else f"{type(error).__name__}: {error}"
    if case.invalid:
        return f"a {case.invalid} error is expected, not {found}"
    if case.predicate:
        # "if the test is a predicate, existence counts as true"
        found, types = [found[0] if found and type(found[0]) is bool else bool(found)], ["Boolean"]
    if len(found) != len(case.outputs):
        return f"{found}, not {case.outputs}"
    wanted = list(case.outputs)
    for value, type_name in zip(found, types, strict=True):
        candidates = wanted[:1] if case.ordered else wanted
        match = next((one for one in candidates if is_output(value, type_name, one)), None)
        if match is None:
            return f"{value!r} of type {type_name}, not {candidates}"
        wanted.remove(match)
    return None


def is_output(value: Any, type_name: str, output: tuple[str | None, str]) -> bool:
    kind, text = output
    if kind is not None and type_name not in TYPES[kind]:
        return False
    written: Any = text
    if type_name == "Quantity":
        quantity, written = Quantity.from_fhir(value), Quantity.parse(text)
        assert quantity is not None
        return (quantity.value, value["code"]) == (written.value, written.unit)
    if kind in ("boolean", None) and isinstance(value, bool):
        return text == ("true" if value else "false")
    if kind == "decimal" or isinstance(value, Decimal):
        return Decimal(text) == value
    if parse := TEMPORAL.get(type_name):
        written = text.removeprefix("@").removeprefix("T")
        assert parse(written) is not None
        return bool(value == written)
    return str(value) == text


@pytest.mark.parametrize("case", CASES, ids=[f"{case.name}-{number}" for number, case in enumerate(CASES)])
def test_the_official_suite(case: Case) -> None:
    failure = why_it_fails(case)
    if case.name in EXCEPTIONS:
        assert failure is not None, "it passes: take it off the list of exceptions"
    else:
        assert failure is None


def test_at_least_99_percent_of_the_suite_pass() -> None:
    passed = sum(why_it_fails(case) is None for case in CASES)
    print(f"{passed} of {len(CASES)} tests of the official suite pass: {passed / len(CASES):.1%}")  # noqa: T201
    assert len(CASES) == 935
    assert passed / len(CASES) >= LEAST_SHARE


def test_every_exception_is_a_test_of_the_suite_once() -> None:
    names = Counter(case.name for case in CASES)
    assert all(names[name] == 1 for name in EXCEPTIONS)


@pytest.mark.parametrize(("type_name", "result"), [("Age", True), ("Quantity", True), ("Duration", False)])
def test_the_exceptions_pass_on_an_observation_that_has_the_extension(type_name: str, result: bool) -> None:
    url = "http://example.com/fhir/StructureDefinition/patient-age"
    (text,) = [
        case.text for case in CASES if case.name in EXCEPTIONS and case.text.strip().endswith(f"is {type_name}")
    ]
    assert url in text
    age = {"value": 51, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
    observation = {**resource("observation-example.xml"), "extension": [{"url": url, "valueAge": age}]}
    assert results(text, observation) == [result]
