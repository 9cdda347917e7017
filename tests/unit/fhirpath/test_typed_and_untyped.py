"""Types make expressions faster and mistakes visible; they never change what a right expression gives."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hm_fhir.errors import ExpressionError, RecordRejected
from hm_fhir.fhir.definitions import TypeDefinition, TypeModel, r4
from hm_fhir.fhir.elements import Element
from hm_fhir.fhirpath import compile  # noqa: A004


def element(name: str, kind: str, *, many: bool = False) -> Element:
    return Element(name, (kind,), maximum=None if many else 1)


def definition(name: str, *elements: Element) -> TypeDefinition:
    return TypeDefinition(name, "hm", "complex", elements={one.name: one for one in elements})


VISIT = definition(
    "Visit",
    element("type", "System.String"),
    element("start", "System.DateTime"),
    element("day", "System.Date"),
    element("done", "System.Boolean"),
    element("place", "Visit.place"),
    element("persons", "Visit.person", many=True),
    element("topics", "System.String", many=True),
)
PLACE = definition("Visit.place", element("name", "System.String"), element("distance", "System.Decimal"))
PERSON = definition(
    "Visit.person",
    element("name", "System.String"),
    element("age", "System.Integer"),
    element("phones", "System.String", many=True),
    element("born", "System.Date"),
)
TYPES: TypeModel = r4().extended({one.name: one for one in (VISIT, PLACE, PERSON)})

_TEXTS = st.sampled_from(["home-visit", "Ана", "Борис", "", "0888", "a b"])
_DATES = st.sampled_from(["2026", "2026-03", "2026-03-01", "2026-03-02"])


def objects(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


_PERSONS = objects(
    {"name": _TEXTS},
    {"age": st.integers(0, 99), "phones": st.lists(_TEXTS, min_size=1, max_size=3), "born": _DATES},
)
VISITS = objects(
    {"type": _TEXTS},
    {
        "start": st.sampled_from(["2026-03-01T09:30:00+02:00", "2026-03-01T07:30:00Z", "2026-03-01"]),
        "day": _DATES,
        "done": st.booleans(),
        "place": objects({"name": _TEXTS}, {"distance": st.decimals(0, 100, places=2)}),
        "persons": st.lists(_PERSONS, min_size=1, max_size=4),
        "topics": st.lists(_TEXTS, min_size=1, max_size=4),
    },
)

EXPRESSIONS = [
    "type",
    "Visit.type",
    "place.name",
    "place.distance * 2",
    "persons.name",
    "persons.phones",
    "persons.where(age >= 18).name",
    "persons.where(phones.exists()).phones.first()",
    "persons[1].name",
    "persons.first().age + 1",
    "persons.select(name & ' ' & age.toString())",
    "persons.all(age > 10)",
    "persons.exists(name = 'Ана')",
    "persons.name | topics",
    "persons.name.combine(topics).count()",
    "topics.distinct()",
    "topics.where($this.startsWith('h')).select($this.upper())",
    "topics.join(', ')",
    "'Ана' in persons.name",
    "topics contains type",
    "start < @2026-03-02",
    "start.toDateTime()",
    "day = @2026-03-01",
    "day + 1 month",
    "day < today()",
    "start != @2026-03-01T08:30:00+01:00",
    "@2026-03-02 > start",
    "persons.born.where($this < @2026-03).count()",
    "done",
    "done.not() or persons.empty()",
    "done implies place.exists()",
    "iif(done, type, place.name)",
    "persons.age.sum()",
    "persons.age.max()",
    "persons.aggregate($total + age, 0)",
    "persons.select($index + age)",
    "persons.tail().name",
    "persons.distinct().count()",
    "persons.name.subsetOf(topics)",
    "persons.name.exclude(topics)",
    "persons.name.intersect(topics)",
    "type = 'home-visit' and place.name != 'a b'",
    "type.length() + topics.count()",
    "type.matches('^home') and type.contains('-')",
    "%context.persons.count()",
    "%resource.type",
    "persons.where(%context.topics contains name).name",
    "persons.phones.skip(1).take(2)",
    "persons.repeat(phones)",
    "place.children().count()",
    "persons.descendants().count()",
    "persons.name ~ topics",
    "persons = persons",
    "(type | place.name).isDistinct()",
    "persons.sort(-age).name",
    "persons.phones.first().toInteger()",
    "place.distance.round(0)",
    "place.distance > 3",
    "day.toString() & type",
]


def outcome(text: str, data: Any, **types: Any) -> list[Any] | str:
    try:
        return compile(text, **types).evaluate(data)
    except RecordRejected as error:
        return error.code


@pytest.mark.parametrize("text", EXPRESSIONS)
@given(visit=VISITS)
@settings(max_examples=40, deadline=None)
def test_an_expression_gives_the_same_with_and_without_types(text: str, visit: dict[str, Any]) -> None:
    untyped = outcome(text.removeprefix("Visit."), visit)
    assert outcome(text, visit, types=TYPES, root="Visit") == untyped
    assert outcome(text, visit, types=TYPES, root="Visit", strict=False) == untyped


@given(data=st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_strictness_refuses_or_changes_nothing(data: st.DataObject, grammar: Any) -> None:
    text, patient = data.draw(grammar.expressions), data.draw(grammar.patients)
    try:
        strict = compile(text, types=r4(), root="Patient")
    except ExpressionError:
        return
    lenient = compile(text, types=r4(), root="Patient", strict=False)
    results: list[Any] = []
    for expression in (strict, lenient):
        try:
            results.append(expression.evaluate(patient))
        except RecordRejected as error:
            results.append(error.code)
    assert results[0] == results[1]


def test_without_types_two_fields_are_compared_as_the_texts_that_they_are() -> None:
    visit = {"type": "a", "start": "2026-03-01T09:30:00+02:00", "day": "2026-03-01"}
    assert outcome("start > day", visit) == [True]
    assert outcome("start.toDateTime() > day.toDate()", visit) == []
    assert outcome("start > day", visit, types=TYPES, root="Visit") == []


def test_values_keep_their_kinds() -> None:
    visit = {"type": "a", "place": {"name": "b", "distance": Decimal("1.50")}, "persons": [{"name": "c", "age": 3}]}
    for types in ({}, {"types": TYPES, "root": "Visit"}):
        (found,) = compile("place.distance", **types).evaluate(visit)
        assert (found, type(found)) == (Decimal("1.50"), Decimal)
        (found,) = compile("persons.age", **types).evaluate(visit)
        assert (found, type(found)) == (3, int)
        assert compile("persons", **types).evaluate(visit) == visit["persons"]


def test_the_first_value_and_the_condition_agree_with_all_values() -> None:
    from hm_fhir.fhirpath import Scope

    visit = {"type": "a", "topics": ["x", "y"], "done": True}
    for types in ({}, {"types": TYPES, "root": "Visit"}):
        for text in ("type", "topics", "done", "place.name", "topics.count() = 2", "persons"):
            expression = compile(text, **types)
            values = expression.values(Scope(visit))
            assert expression.first(Scope(visit)) == (values[0] if values else None)
            if all(isinstance(value, bool) for value in values):
                assert expression.true(Scope(visit)) is (values == [True])
