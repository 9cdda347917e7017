"""Quantities: equality over units, calendar durations, arithmetic, and the FHIR form."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhirpath import quantity as quantities
from hm_fhir.fhirpath.quantity import UCUM, Quantity


def of(text: str) -> Quantity:
    quantity = Quantity.parse(text)
    assert quantity is not None
    return quantity


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1", "1", "1"),
        ("1.0", "1.0", "1"),
        ("-4.50 'mg'", "-4.50", "mg"),
        ("+4'mg'", "4", "mg"),
        ("4 days", "4", "days"),
        ("1 day", "1", "day"),
        ("1 'wk'", "1", "wk"),
    ],
)
def test_a_text_of_a_quantity_is_read(text: str, value: str, unit: str) -> None:
    quantity = of(text)
    assert (str(quantity.value), quantity.unit) == (value, unit)


@pytest.mark.parametrize(
    "text", ["", "1 wk", "1.a", "mg", "1 ''", "1 'mg", "1. 'mg'", ".5", "1 day 2", "1e5", " 1", "٣"]
)
def test_other_texts_are_no_quantity(text: str) -> None:
    assert Quantity.parse(text) is None


@pytest.mark.parametrize("text", ["1 'wk'", "1 week", "1.50 'mg'", "-3 '1'"])
def test_a_quantity_is_written_as_it_is_read(text: str) -> None:
    assert str(of(text)) == text


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("4.0000 'g'", "4000.0 'mg'", True),
        ("4 'g'", "4040 'mg'", False),
        ("7 days", "1 week", True),
        ("7 days", "1 'wk'", True),
        ("1 day", "1 'd'", True),
        ("1 'mo'", "1 month", None),
        ("1 'a'", "1 year", None),
        ("365 'd'", "1 year", None),
        ("1 year", "12 months", True),
        ("1 year", "365 days", True),
        ("1 month", "30 days", True),
        ("1 month", "720 hours", True),
        ("1", "1 '1'", True),
        ("185 '[lb_av]'", "185 'kg'", False),
        ("1 'kg'", "1 'm'", None),
        ("1 'lbs'", "1 'lbs'", True),
        ("1 'lbs'", "1 'kg'", None),
        ("37 'Cel'", "98.6 '[degF]'", True),
        ("1 'cm2'", "1 'cm'", None),
    ],
)
def test_equal_looks_through_the_units(first: str, second: str, expected: bool | None) -> None:
    assert quantities.equal(of(first), of(second)) is expected
    assert quantities.equal(of(second), of(first)) is expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("4 'g'", "4000 'mg'", True),
        ("4 'g'", "4040 'mg'", True),
        ("4.0 'g'", "4040 'mg'", True),
        ("4.1 'g'", "4040 'mg'", False),
        ("4.04 'g'", "4040 'mg'", True),
        ("1 year", "1 'a'", True),
        ("1 month", "1 'mo'", True),
        ("1 '[in_i]'", "2.5 'cm'", True),
        ("185 '[lb_av]'", "185 'kg'", False),
        ("1 'kg'", "1 'm'", False),
        ("37 'Cel'", "98.6 '[degF]'", True),
        ("1.00 'mg'", "1 'mg'", True),
    ],
)
def test_equivalent_rounds_to_the_less_precise(first: str, second: str, expected: bool) -> None:
    assert quantities.equivalent(of(first), of(second)) is expected
    assert quantities.equivalent(of(second), of(first)) is expected


def test_quantities_are_ordered_over_units() -> None:
    assert quantities.compare(of("6 days"), of("1 week")) == -1
    assert quantities.compare(of("8 days"), of("1 week")) == 1
    assert quantities.compare(of("1 'kg'"), of("1000 'g'")) == 0
    assert quantities.compare(of("1 'kg'"), of("1 's'")) is None
    assert quantities.compare(of("1 year"), of("300 'd'")) is None


@pytest.mark.parametrize(
    ("operation", "first", "second", "expected"),
    [
        (quantities.multiply, "2.0 'cm'", "2.0 'm'", "0.040 'm2'"),
        (quantities.divide, "4.0 'g'", "2.0 'm'", "2 'g/m'"),
        (quantities.divide, "1.0 'm'", "1.0 'm'", "1 '1'"),
        (quantities.divide, "3 'kg'", "1500 'g'", "2 '1'"),
        (quantities.multiply, "3", "2 'mg'", "6 'mg'"),
        (quantities.divide, "6 'Cel'", "2", "3 'Cel'"),
        (quantities.divide, "6", "2 's'", "3 '/s'"),
        (quantities.multiply, "2 'kg.m/s2'", "3 'm'", "6 'J'"),
        (quantities.add, "1 'g'", "1 'mg'", "1001 'mg'"),
        (quantities.add, "3 days", "1 week", "10 days"),
        (quantities.subtract, "1 'kg'", "1 'kg'", "0 'kg'"),
        (quantities.subtract, "1 year", "1 month", "11 months"),
    ],
)
def test_arithmetic_keeps_count_of_the_units(operation: object, first: str, second: str, expected: str) -> None:
    result = operation(of(first), of(second))  # type: ignore[operator]
    assert result is not None
    assert quantities.equal(result, of(expected)) is True


@pytest.mark.parametrize(
    ("operation", "first", "second"),
    [
        (quantities.add, "1 'g'", "1 'm'"),
        (quantities.add, "1 'lbs'", "1 'kg'"),
        (quantities.add, "1 'Cel'", "1 'K'"),
        (quantities.subtract, "1 year", "1 'a'"),
        (quantities.multiply, "1 'lbs'", "1 'm'"),
        (quantities.multiply, "1 'Cel'", "1 'm'"),
        (quantities.divide, "1 'm'", "0 's'"),
        (quantities.multiply, "9999999999999999999 'm'", "9999999999999999999 'm'"),
    ],
)
def test_arithmetic_without_a_result_gives_none(operation: object, first: str, second: str) -> None:
    assert operation(of(first), of(second)) is None  # type: ignore[operator]


def test_sign_and_size_can_be_changed() -> None:
    assert str(of("-5.50 'mg'").absolute()) == "5.50 'mg'"
    assert str(of("5.50 'mg'").negate()) == "-5.50 'mg'"
    assert str(of("0 'mg'").negate()) == "0 'mg'"
    long = Quantity(Decimal("1." + "1" * 40), "mg")
    assert long.negate().absolute() == long


def test_comparable_asks_for_the_same_dimension() -> None:
    assert of("1 'cm'").comparable(of("1 '[in_i]'"))
    assert not of("1 'cm'").comparable(of("1 '[s]'"))
    assert not of("1 'cm'").comparable(of("1 's'"))
    assert not of("1 '[s]'").comparable(of("1 '[s]'"))


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1 'g'", "mg", "1000 'mg'"),
        ("1 week", "d", "7 'd'"),
        ("2 years", "months", "24 months"),
        ("1 'h'", "minutes", "60 minutes"),
        ("98.6 '[degF]'", "Cel", "37 'Cel'"),
        ("36 months", "year", "3 year"),
    ],
)
def test_a_quantity_converts(text: str, unit: str, expected: str) -> None:
    assert str(of(text).convert(unit)) == expected


@pytest.mark.parametrize(("text", "unit"), [("1 'g'", "m"), ("1 year", "a"), ("1 'g'", "lbs"), ("1 month", "m")])
def test_a_quantity_does_not_convert_to_something_else(text: str, unit: str) -> None:
    assert of(text).convert(unit) is None


def test_a_fhir_quantity_is_read_by_its_code() -> None:
    weight = {"value": Decimal(185), "unit": "lbs", "system": UCUM, "code": "[lb_av]"}
    assert Quantity.from_fhir(weight) == of("185 '[lb_av]'")
    assert Quantity.from_fhir({"value": 3, "unit": "lbs"}) == of("3 'lbs'")
    assert Quantity.from_fhir({"value": 3}) == of("3")
    assert Quantity.from_fhir({"value": 3, "system": UCUM, "code": "a"}) == of("3 year")
    assert Quantity.from_fhir({"value": 3, "system": UCUM, "code": "mg"}) == of("3 'mg'")


@pytest.mark.parametrize(
    "json",
    [
        {},
        {"unit": "mg"},
        {"value": True, "unit": "mg"},
        {"value": "3"},
        {"value": 3, "comparator": "<", "system": UCUM, "code": "mg"},
        {"value": 3, "system": "http://snomed.info/sct", "code": "258684004"},
        {"value": 3, "unit": ["mg"]},
    ],
)
def test_other_fhir_objects_are_no_quantity(json: dict[str, object]) -> None:
    assert Quantity.from_fhir(json) is None


def test_a_quantity_is_written_as_fhir() -> None:
    assert of("4 days").to_fhir() == {"value": Decimal(4), "unit": "days", "system": UCUM, "code": "d"}
    assert of("4.50 'mg'").to_fhir() == {"value": Decimal("4.50"), "unit": "mg", "system": UCUM, "code": "mg"}
    assert of("4 'lbs'").to_fhir() == {"value": Decimal(4), "unit": "lbs"}


def test_a_quantity_does_not_change_and_can_be_a_key() -> None:
    quantity = of("4 'mg'")
    with pytest.raises(AttributeError):
        quantity.unit = "g"
    assert pickle.loads(pickle.dumps(quantity)) == quantity
    assert len({quantity, of("4 'mg'"), of("0.004 'g'")}) == 2
    assert quantity != "4 'mg'"


units = st.sampled_from(
    ["mg", "g", "kg", "[lb_av]", "m", "s", "day", "weeks", "year", "months", "wk", "a", "Cel", "1", "lbs", "%"]
)
measures = st.builds(Quantity, st.decimals(-(10**6), 10**6, places=3), units)


@given(measures, measures)
def test_compare_is_antisymmetric_and_agrees_with_equal(a: Quantity, b: Quantity) -> None:
    order, reverse = quantities.compare(a, b), quantities.compare(b, a)
    assert reverse == (None if order is None else -order)
    assert quantities.equal(a, b) == (None if order is None else order == 0)
    if order == 0:
        assert quantities.equivalent(a, b)
    assert quantities.equivalent(a, b) is quantities.equivalent(b, a)


@given(measures, measures)
def test_a_sum_is_taken_apart_again(a: Quantity, b: Quantity) -> None:
    total = quantities.add(a, b)
    if total is None:
        return
    back = quantities.subtract(total, b)
    assert back is not None
    rest = quantities.subtract(back, a)
    assert rest is not None
    assert abs(rest.value) < Decimal("1e-15")


@given(measures)
def test_text_and_fhir_lead_back_to_the_same_amount(a: Quantity) -> None:
    assert Quantity.parse(str(a)) == a
    again = Quantity.from_fhir(a.to_fhir())
    assert again is not None
    assert quantities.equivalent(again, a)


@given(st.text() | st.text("0123456789.+-' dayswk", max_size=30))
def test_no_text_breaks_the_reading(text: str) -> None:
    quantity = Quantity.parse(text)
    assert quantity is None or quantities.equal(quantity, quantity) is True


@pytest.mark.parametrize("value", [Decimal("1E+999999"), Decimal("1E-999999"), Decimal("-9E+999999")])
def test_extreme_values_cost_no_time(value: Decimal) -> None:
    extreme, one = Quantity(value, "g"), of("1 'mg'")
    assert quantities.compare(extreme, one) is None
    assert quantities.add(extreme, one) is None
    assert quantities.multiply(extreme, extreme) is None or abs(value) < 1
    assert quantities.equivalent(extreme, one) is False
    assert len(str(extreme)) < 40
