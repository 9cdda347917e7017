"""With types, what cannot be right is refused when it is compiled: where it stands, and what was perhaps meant."""

from __future__ import annotations

import pytest

from hm_fhir.errors import ExpressionError
from hm_fhir.fhir.definitions import r4
from hm_fhir.fhirpath import Expression, Static, compile  # noqa: A004
from hm_fhir.mapping.activity_types import activity_types

VARIABLES = {
    "visit": Static(("Encounter",), many=False),
    "given": Static(("System.String",)),
    "age": Static(("System.Integer",), many=False),
}


def compiled(text: str, root: str = "Patient") -> Expression:
    return compile(text, types=r4(), root=root, variables=VARIABLES)


@pytest.mark.parametrize(
    ("root", "text", "position", "message", "fix"),
    [
        # elements
        ("Patient", "nam.given", 0, "Patient has no element 'nam'", "did you mean 'name'?"),
        ("Patient", "name.gven", 5, "HumanName has no element 'gven'", "did you mean 'given'?"),
        ("Patient", "Patient.name.gven", 13, "HumanName has no element 'gven'", "did you mean 'given'?"),
        ("Patient", "name.where(famly = 'x')", 11, "HumanName has no element 'famly'", "did you mean 'family'?"),
        ("Patient", "name.select(period.strt)", 19, "Period has no element 'strt'", "did you mean 'start'?"),
        ("Patient", "contact.all(nme.exists())", 12, "Patient.contact has no element 'nme'", "did you mean 'name'?"),
        ("Patient", "name.first().gven", 13, "HumanName has no element 'gven'", "did you mean 'given'?"),
        ("Patient", "name[0].gven", 8, "HumanName has no element 'gven'", "did you mean 'given'?"),
        ("Patient", "(name | name).gven", 14, "HumanName has no element 'gven'", "did you mean 'given'?"),
        ("Patient", "iif(active, name, name).gven", 24, "HumanName has no element 'gven'", "did you mean 'given'?"),
        ("Patient", "gender.family", 7, "code has no element 'family'", "known: extension, id, value"),
        ("Patient", "'text'.length().x", 16, "Integer has no element 'x'", None),
        ("Patient", "birthDate.year", 10, "date has no element 'year'", "known: extension, id, value"),
        ("Observation", "value.ofType(Quantity).valu", 23, "Quantity has no element 'valu'", "did you mean 'value'?"),
        ("Observation", "(value as Period).unit", 18, "Period has no element 'unit'", "known:"),
        ("Observation", "valueQuantity", 0, "Observation has no element 'valueQuantity'", "known:"),
        ("Patient", "extension('http://x').valu", 22, "Extension has no element 'valu'", "did you mean 'value'?"),
        ("Patient", "%visit.statuss", 7, "Encounter has no element 'statuss'", "did you mean 'status'?"),
        ("Patient", "%resource.nam", 10, "Patient has no element 'nam'", "did you mean 'name'?"),
        (
            "Patient",
            "name.where(%resource.brthDate.exists())",
            21,
            "Patient has no element 'brthDate'",
            "'birthDate'",
        ),
        ("Patient", "Encounter.status", 0, "the path starts at Patient, not at Encounter", None),
        # functions and their inputs
        ("Patient", "name.exist()", 5, "there is no function exist()", "did you mean 'exists'?"),
        ("Patient", "name.upper()", 5, "the input of upper() is HumanName, not String", None),
        ("Patient", "active.startsWith('x')", 7, "the input of startsWith() is boolean, not String", None),
        ("Patient", "name.family.startsWith(1)", 12, "an argument of startsWith() is Integer, not String", None),
        ("Patient", "birthDate.abs()", 10, "the input of abs() is date", None),
        ("Patient", "name.take('1')", 5, "the number in take() is String, not Integer", None),
        ("Patient", "name['a']", 4, "an index is String, not Integer", None),
        ("Patient", "name.family.matches('(')", 12, "the regular expression is wrong", "RE2"),
        ("Patient", "%age.upper()", 5, "the input of upper() is Integer, not String", None),
        # types
        ("Patient", "name is HumanNam", 8, "there is no type HumanNam", None),
        ("Patient", "contained.ofType(Patent)", 17, "there is no type Patent", "did you mean 'Patient'?"),
        ("Patient", "gender is FHIR.cde", 10, "there is no type FHIR.cde", None),
        ("Patient", "gender is Foo.code", 10, "there is no type Foo.code", None),
        ("Patient", "gender is System.Strng", 10, "there is no type System.Strng", "did you mean 'String'?"),
        ("Patient", "gender.is()", 7, "is() takes the name of a type", None),
        # operators
        ("Patient", "birthDate + 7", 10, "Date + Integer means nothing", "7 days"),
        ("Patient", "name.family.first() + 1", 20, "String + Integer means nothing", None),
        ("Patient", "active > 3", 7, "the left side of > is boolean", None),
        ("Patient", "name * 2", 5, "the left side of * is HumanName", None),
        ("Patient", "-gender", 0, "what stands after - is code", None),
        # conditions
        ("Patient", "name.where(family)", 11, "a condition is true or false, this is string", ".exists()"),
        ("Patient", "name.all(given.count())", 9, "a condition is true or false, this is Integer", ".exists()"),
        ("Patient", "iif(gender, 1, 2)", 4, "a condition is true or false, this is code", ".exists()"),
        # order
        ("Patient", "children().first()", 11, "children() and descendants() have no order", "where()"),
        ("Patient", "descendants()[0]", 13, "children() and descendants() have no order", "where()"),
        ("Patient", "children().skip(1)", 11, "children() and descendants() have no order", "where()"),
        # specials
        ("Patient", "name.select($total)", 12, "$total is known inside of aggregate() only", None),
    ],
)
def test_a_mistake_is_found_with_its_place_and_what_was_meant(
    root: str, text: str, position: int, message: str, fix: str | None
) -> None:
    with pytest.raises(ExpressionError) as caught:
        compiled(text, root)
    error = caught.value
    assert message in error.message
    assert error.position == position
    assert error.excerpt == f"{text}\n{' ' * position}^"
    assert (fix in (error.fix or "")) if fix else True


@pytest.mark.parametrize(
    ("text", "position", "message", "fix"),
    [
        ("persns.name", 0, "Activity has no element 'persns'", "did you mean 'persons'?"),
        ("period.strat", 7, "has no element 'strat'", "did you mean 'start'?"),
        ("persons.where(gendr = 'female')", 14, "has no element 'gendr'", "did you mean 'gender'?"),
    ],
)
def test_the_fields_of_an_activity_are_checked_as_well(text: str, position: int, message: str, fix: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile(text, types=activity_types(), root="Activity")
    assert message in caught.value.message
    assert caught.value.position == position
    assert caught.value.fix == fix


def test_the_caret_stands_in_the_line_of_the_mistake() -> None:
    with pytest.raises(ExpressionError) as caught:
        compiled("name.given\n  and gendr.exists()")
    assert caught.value.excerpt == "  and gendr.exists()\n      ^"


@pytest.mark.parametrize(
    ("text", "types", "many"),
    [
        ("active", ("boolean",), False),
        ("name", ("HumanName",), True),
        ("name.first().family", ("string",), False),
        ("name.given", ("string",), True),
        ("name.given.first().upper()", ("System.String",), False),
        ("name.count()", ("System.Integer",), False),
        ("name.count() / 2", ("System.Decimal",), False),
        ("name.count() div 2", ("System.Integer",), False),
        ("birthDate + 1 year", ("System.Date",), False),
        ("active and true", ("System.Boolean",), False),
        ("multipleBirth.ofType(integer)", ("integer",), False),
        ("contained.ofType(Patient)", ("Patient",), True),
        ("iif(active, 'a', 'b')", ("System.String",), False),
        ("name | name", ("HumanName",), True),
        ("contact.name.where(use = 'usual').single()", ("HumanName",), False),
        ("%visit.status", ("code",), False),
        ("%given", ("System.String",), True),
    ],
)
def test_the_type_of_the_result_is_known(text: str, types: tuple[str, ...], many: bool) -> None:
    assert (compiled(text).result.types, compiled(text).result.many) == (types, many)


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("name.given", {"name.given"}),
        ("name.where(use = 'usual').given.first()", {"name", "name.use", "name.given"}),
        ("birthDate + 1 year", {"birthDate"}),
        ("iif(active, name.family.first(), gender)", {"active", "name.family", "gender"}),
        ("%resource.gender", {"gender"}),
        ("1 + 1", set()),
    ],
)
def test_what_is_read_is_known(text: str, reads: set[str]) -> None:
    assert compiled(text).reads == reads


@pytest.mark.parametrize(
    "text",
    [
        "nam.given",
        "name.upper()",
        "birthDate + 7",
        "children().first()",
        "name.where(family)",
        "Encounter.status",
        "birthDate.year",
        "active > 3",
    ],
)
def test_without_strictness_the_same_compiles(text: str) -> None:
    assert isinstance(compile(text, types=r4(), root="Patient", strict=False), Expression)


def test_what_is_not_known_is_not_judged() -> None:
    for text in ("contained.anything.at.all", "%unknown.foo.bar + 1", "children().foo", "resolve().nam"):
        assert isinstance(compiled(text), Expression)
