"""Random expressions and random resources, shared by the tests of the FHIRPath engine."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st

MARK = "geh\u0435im"  # with a Cyrillic letter: no expression and no message of the engine can hold it by chance
MARKED_NUMBER = 70405171

_PATHS = [
    "name",
    "name.given",
    "name.family",
    "birthDate",
    "active",
    "gender",
    "telecom.value",
    "contact.name.given",
    "multipleBirth",
    "extension.value",
    "identifier",
    "id",
    "address.period.start",
    "managingOrganization",
    "contained",
    "deceased",
    "maritalStatus.coding.code",
]
_LITERALS = [
    "1",
    "0",
    "2",
    "-1",
    "3.5",
    "0.0",
    "100000000000.5",
    "true",
    "false",
    "{}",
    "'a'",
    "''",
    "'1'",
    "'male'",
    "'2020-01'",
    "'[a-z]+'",
    "@2020",
    "@2020-02-29",
    "@2020-01-01T10:00:00Z",
    "@T10:30",
    "4 days",
    "1 year",
    "5 'mg'",
    "1 'kg/m2'",
    "$this",
    "%resource",
    "%context",
    "%ucum",
    "today()",
]
_PLAIN_FUNCTIONS = [
    "empty",
    "exists",
    "not",
    "count",
    "distinct",
    "isDistinct",
    "first",
    "last",
    "tail",
    "single",
    "allTrue",
    "anyTrue",
    "allFalse",
    "anyFalse",
    "children",
    "descendants",
    "hasValue",
    "getValue",
    "resolve",
    "htmlChecks",
    "type",
    "upper",
    "lower",
    "trim",
    "length",
    "toChars",
    "toString",
    "toInteger",
    "toDecimal",
    "toBoolean",
    "toDate",
    "toDateTime",
    "toTime",
    "toQuantity",
    "convertsToInteger",
    "convertsToDate",
    "convertsToQuantity",
    "abs",
    "ceiling",
    "floor",
    "truncate",
    "round",
    "sqrt",
    "ln",
    "exp",
    "sum",
    "min",
    "max",
    "avg",
    "precision",
    "lowBoundary",
    "highBoundary",
    "join",
    "sort",
]
_VALUE_FUNCTIONS = [
    "subsetOf",
    "supersetOf",
    "skip",
    "take",
    "intersect",
    "exclude",
    "union",
    "combine",
    "indexOf",
    "lastIndexOf",
    "substring",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "split",
    "log",
    "power",
    "round",
    "encode",
    "decode",
    "escape",
    "unescape",
    "join",
    "extension",
    "memberOf",
    "toQuantity",
    "conformsTo",
    "comparable",
    "coalesce",
    "lowBoundary",
]
_LOOP_FUNCTIONS = ["where", "select", "all", "exists", "repeat", "aggregate", "iif", "sort"]
_OPERATORS = [
    "+",
    "-",
    "*",
    "/",
    "div",
    "mod",
    "&",
    "|",
    "=",
    "!=",
    "~",
    "!~",
    "<",
    ">",
    "<=",
    ">=",
    "and",
    "or",
    "xor",
    "implies",
    "in",
    "contains",
]
_TYPES = ["String", "Boolean", "Quantity", "FHIR.string", "code", "HumanName", "Patient", "System.Integer", "date"]


def _bigger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({}).{}()".format, inner, st.sampled_from(_PLAIN_FUNCTIONS)),
        st.builds("({}).{}({})".format, inner, st.sampled_from(_VALUE_FUNCTIONS), inner),
        st.builds("({}).{}({})".format, inner, st.sampled_from(_LOOP_FUNCTIONS), inner),
        st.builds("({}).iif({}, {}, {})".format, inner, inner, inner, inner),
        st.builds("({}).replace({}, {})".format, inner, inner, inner),
        st.builds("({}).replaceMatches({}, {})".format, inner, inner, inner),
        st.builds("({}).aggregate($total & {}, {})".format, inner, inner, inner),
        st.builds("({}).select($index + {})".format, inner, inner),
        st.builds("({}).trace('label', {})".format, inner, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(_OPERATORS), inner),
        st.builds("({} is {})".format, inner, st.sampled_from(_TYPES)),
        st.builds("({}).ofType({})".format, inner, st.sampled_from(_TYPES)),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("(-{})".format, inner),
        st.builds("({}).{}".format, inner, st.sampled_from([*_PATHS, "unknown"])),
    )


_EXPRESSIONS = st.recursive(
    st.one_of(st.sampled_from(_PATHS), st.sampled_from(_PATHS), st.sampled_from(_LITERALS)), _bigger, max_leaves=8
)

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.just(MARKED_NUMBER),
    st.integers(-(10**12), 10**12),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.sampled_from([Decimal("1e999999"), Decimal("1e-999999"), Decimal("704.05171")]),
    st.floats(),
    st.builds("{} {}".format, st.just(MARK), st.text(max_size=5)),
    st.sampled_from([f"{MARK} <div/>", f"2020-13-{MARK}", "2020-02-29", "", "https://" + MARK, "#" + MARK, "\ud800"]),
)
_KEYS = st.sampled_from(
    [
        *{step for path in _PATHS for step in path.split(".")},
        "_birthDate",
        "_given",
        "multipleBirthInteger",
        "deceasedDateTime",
        "valueQuantity",
        "valueString",
        "url",
        "value",
        "unit",
        "system",
        "code",
        "reference",
        "resourceType",
        "id",
    ]
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=20,
)
_ANYTHING = st.builds(lambda fields: {**fields, "resourceType": "Patient"}, st.dictionaries(_KEYS, _JSON, max_size=8))

_STRINGS = st.one_of(
    st.builds("{} {}".format, st.just(MARK), st.text(max_size=3)), st.sampled_from(["a", "A b", "1"])
)
_DATES = st.sampled_from(["1974", "1974-12", "1974-12-25", "2020-02-29"])
_QUANTITIES = st.fixed_dictionaries(
    {"value": st.sampled_from([1, Decimal("2.50"), 1000])},
    optional={
        "unit": st.just("mg"),
        "code": st.sampled_from(["mg", "g", "d"]),
        "system": st.just("http://unitsofmeasure.org"),
    },
)
_EXTENSIONS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"url": st.just("http://a"), "valueString": _STRINGS}),
        st.fixed_dictionaries({"url": st.just("http://b"), "valueQuantity": _QUANTITIES}),
        st.fixed_dictionaries({"url": st.just("http://b"), "valueDate": _DATES}),
    ),
    min_size=1,
    max_size=2,
)
_NAMES = st.lists(
    st.fixed_dictionaries({}, optional={"family": _STRINGS, "given": st.lists(_STRINGS, min_size=1, max_size=3)}),
    min_size=1,
    max_size=3,
)
_PATIENTS = st.fixed_dictionaries(
    {"resourceType": st.just("Patient")},
    optional={
        "id": st.just("p1"),
        "active": st.booleans(),
        "name": _NAMES,
        "gender": st.sampled_from(["male", "female"]),
        "birthDate": _DATES,
        "multipleBirthInteger": st.integers(1, 5),
        "deceasedBoolean": st.booleans(),
        "extension": _EXTENSIONS,
        "telecom": st.lists(st.fixed_dictionaries({"value": _STRINGS}), min_size=1, max_size=2),
        "contact": st.lists(st.builds(lambda name: {"name": name[0]}, _NAMES), min_size=1, max_size=2),
        "maritalStatus": st.builds(lambda code: {"coding": [{"code": code}]}, _STRINGS),
    },
)


@dataclass(frozen=True)
class Grammar:
    """Strategies: texts of expressions; patients as they should be; anything that calls itself a patient."""

    expressions: st.SearchStrategy[str] = _EXPRESSIONS
    patients: st.SearchStrategy[dict[str, Any]] = _PATIENTS
    anything: st.SearchStrategy[dict[str, Any]] = _ANYTHING
    mark: str = MARK
    marked_number: int = MARKED_NUMBER


@pytest.fixture(scope="session")
def grammar() -> Grammar:
    return Grammar()
