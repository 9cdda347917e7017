"""UCUM: which texts are units, exact conversion, and bounds against hostile text."""

from __future__ import annotations

import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhir import unit_table
from hm_fhir.fhir.units import MAXIMUM_LENGTH, comparable, convert, parse_unit, product

SYMBOLS = sorted(
    {*unit_table.METRIC, *unit_table.PLAIN, *unit_table.BASE, *unit_table.ARBITRARY, *unit_table.ARBITRARY_METRIC}
)


@pytest.mark.parametrize("symbol", [*SYMBOLS, *unit_table.SPECIAL])
def test_every_unit_of_the_table_is_defined(symbol: str) -> None:
    assert parse_unit(symbol) is not None


@pytest.mark.parametrize("symbol", [*unit_table.METRIC, *unit_table.BASE, *unit_table.ARBITRARY_METRIC])
def test_metric_units_take_prefixes(symbol: str) -> None:
    assert convert(Decimal(1), "k" + symbol, symbol) == 1000


@pytest.mark.parametrize(
    "text",
    [
        "mg/dL",
        "10*3/uL",
        "10^3/ul",
        "10*-6",
        "{beats}/min",
        "/min",
        "mL/min/{1.73_m2}",
        "kg/m2",
        "mm[Hg]",
        "cm[H2O]",
        "%",
        "mmol/L",
        "ng/mL",
        "[iU]/L",
        "m[IU]/mL",
        "meq/L",
        "mosm/kg",
        "ug/(24.h)",
        "{score}",
        "1",
        "m2{body}",
        "kg.m-1.s-2",
        "((m))",
        "g.m/(s2.{x})",
        "/(m.s)",
        "%{WBC}",
        "[lb_av]",
        "[in_i'Hg]",
        "10*9/L",
        "dB",
        "KiBy",
        "ar",
    ],
)
def test_common_codes_of_fhir_are_units(text: str) -> None:
    assert parse_unit(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "lbs",
        "day",
        "KG",
        "mG/",
        "m.",
        "m//s",
        "(m",
        "m)",
        "()",
        "{",
        "}",
        "[",
        "{a}{b}",
        "m{a}{b}",
        "m/0",
        "mg dL",
        "k",
        "da",
        "kmin",
        "Cel/min",
        "Cel2",
        "m.Cel",
        "m^2",
        "m**2",
        "[s]",
        "m+",
        "m-",
        "µg",
        "m²",
        "mg\n",
        "kk[in_i]",
        "m100",
        "Ym99.Ym99",
        "1" * (MAXIMUM_LENGTH + 1),
        "(" * 9 + "m" + ")" * 9,
        "9" * 90 + "{",
        "10*3.3e5",
    ],
)
def test_other_texts_are_no_units(text: str) -> None:
    assert parse_unit(text) is None


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("1", "kg", "g", "1000"),
        ("5", "mg/dL", "g/L", "0.05"),
        ("98.6", "[degF]", "Cel", "37"),
        ("37", "Cel", "[degF]", "98.6"),
        ("-40", "Cel", "[degF]", "-40"),
        ("0", "Cel", "K", "273.15"),
        ("0", "[degRe]", "Cel", "0"),
        ("80", "[degRe]", "[degF]", "212"),
        ("1", "[lb_av]", "kg", "0.45359237"),
        ("1", "[in_i]", "cm", "2.54"),
        ("1", "[ft_us]", "m", "0.3048006096012192024384048768"),
        ("760", "mm[Hg]", "kPa", "101.32472"),
        ("1", "[psi]", "Pa", "6894.757293168361336722673445"),
        ("1", "wk", "h", "168"),
        ("1", "a", "d", "365.25"),
        ("1", "mo", "d", "30.4375"),
        ("3", "%", "1", "0.03"),
        ("1", "U", "nkat", "16.66666666666666666666666667"),
        ("180", "deg", "rad", "3.141592653589793238462643383"),
        ("1", "[gal_us]", "L", "3.785411784"),
        ("1", "[HP]", "W", "745.6998715822702200000000000"),
        ("1", "kBy", "bit", "8000"),
        ("1", "[Cal]", "J", "4184"),
        ("1", "Ci", "Bq", "37000000000"),
        ("1", "N", "g.m/s2", "1000"),
        ("250", "10*3/uL", "10*9/L", "250"),
        ("1", "ug/(24.h)", "ug/d", "1"),
        ("7", "eq", "mol", "7"),
    ],
)
def test_conversion_is_exact_or_rounded_to_28_digits(value: str, source: str, target: str, expected: str) -> None:
    converted = convert(Decimal(value), source, target)
    assert converted is not None
    assert abs(converted - Decimal(expected)) <= abs(converted) * Decimal("1e-16")
    if len(expected) < 20:
        assert converted == Decimal(expected)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("cm", "[in_i]", True),
        ("cm", "s", False),
        ("cm", "[s]", False),
        ("[iU]", "mol", False),
        ("[iU]", "[IU]", True),
        ("J", "N.m", True),
        ("dB", "B", True),
        ("dB", "[pH]", False),
        ("L", "dm3", True),
        ("{a}", "{b}", True),
        ("furlong", "furlong", False),
    ],
)
def test_units_are_comparable_when_they_measure_the_same(first: str, second: str, same: bool) -> None:
    assert comparable(first, second) is same
    assert comparable(second, first) is same
    if not same:
        assert convert(Decimal(1), first, second) is None


def test_products_write_the_unit_they_are() -> None:
    metre, second, litre = parse_unit("m"), parse_unit("s"), parse_unit("mL")
    celsius = parse_unit("Cel")
    assert metre is not None
    assert second is not None
    assert litre is not None
    assert celsius is not None
    assert product(metre, metre) == "m2"
    assert product(metre, second, -1) == "m/s"
    assert product(metre, metre, -1) == "1"
    assert product(litre, second) == "mL.s"
    assert product(celsius, metre) is None


terms = st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=3).map(".".join)


@given(terms, terms)
def test_a_product_is_the_unit_of_its_text(first: str, second: str) -> None:
    a, b = parse_unit(first), parse_unit(second)
    if a is None or b is None:
        return
    for power in (1, -1):
        text = product(a, b, power)
        unit = parse_unit(text) if text is not None else None
        if unit is not None:
            assert unit.factor == a.factor * b.factor**power


@given(
    st.decimals(-(10**6), 10**6, places=4),
    st.sampled_from(SYMBOLS + list(unit_table.SPECIAL)),
    st.sampled_from(SYMBOLS),
)
def test_conversion_there_and_back_is_the_same(value: Decimal, source: str, target: str) -> None:
    there = convert(value, source, target)
    assert (there is not None) is comparable(source, target)
    if there is not None:
        back = convert(there, target, source)
        assert back is not None
        assert abs(Fraction(back) - Fraction(value)) <= Fraction(1, 10**15)


@given(st.text(max_size=200) | st.text("mgdkLs[]{}()./10*^-+'%", max_size=120))
def test_no_text_breaks_the_reading(text: str) -> None:
    unit = parse_unit(text)
    assert unit is None or unit.factor > 0


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100,
        "m" * 100,
        "/" * 100,
        "Ym9." * 24 + "Ym9",
        "1." * 49 + "1",
        "[" * 100,
        "{" * 100,
        "9" * 100,
        "m-99." * 19 + "m",
    ],
)
def test_hostile_text_costs_little(text: str) -> None:
    start = time.perf_counter()
    parse_unit(text)
    assert time.perf_counter() - start < 0.2


@pytest.mark.parametrize("value", [Decimal("1E+999999"), Decimal("1E-999999"), Decimal("NaN"), Decimal("Infinity")])
def test_a_value_that_is_no_measurement_is_not_converted(value: Decimal) -> None:
    assert convert(value, "g", "kg") is None
