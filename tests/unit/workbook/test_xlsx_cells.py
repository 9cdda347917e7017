"""What cells say: dates in their forms, numbers, texts, errors."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.sources.workbook.cells import CellError, date_form, dated, number
from hm_fhir.testing.local_systems.xlsx import XlsxSystem


def one_cell(office: Any, write: Any, **options: Any) -> Any:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        sheet.write_row(0, 0, ["A", "B"])
        sheet.write(1, 1, "x")
        write(book, sheet)

    office.write(fill, **options)
    (record,) = office.read("A", "B", days=["A"]).records
    return record.values.get("A") if record.error is None else record.error


@pytest.mark.parametrize(
    ("value", "form", "wanted"),
    [
        (46086, "dd.mm.yyyy", "2026-03-05"),
        (46086, 'd mmmm yyyy "г."', "2026-03-05"),
        (46086, "[$-402]d.m.yy;@", "2026-03-05"),
        (46086, "mmmm", "2026-03-05"),
        (46086.395833333336, "dd.mm.yyyy hh:mm", "2026-03-05T09:30:00"),
        (46086.395833333336, "dd.mm.yyyy", "2026-03-05T09:30:00"),
        (46086, "dd.mm.yyyy hh:mm", "2026-03-05"),
        (0.395833333333333, "hh:mm", "09:30:00"),
        (0, "hh:mm", "00:00:00"),
        (1.5, "[h]:mm", "36:00:00"),
        (46086, "General", 46086),
        (46086, "0", 46086),
        (1234.5, '#,##0.00 "лв."', Decimal("1234.5")),
        (0, "dd.mm.yyyy", 0),
        (-3, "dd.mm.yyyy", -3),
        (20260305, "dd.mm.yyyy", 20260305),
        (60, "dd.mm.yyyy", 60),
        (59, "dd.mm.yyyy", "1900-02-28"),
        (61, "dd.mm.yyyy", "1900-03-01"),
        (1, "dd.mm.yyyy", "1900-01-01"),
    ],
)
def test_a_number_is_what_its_format_shows(office: Any, value: float, form: str, wanted: object) -> None:
    found = one_cell(
        office, lambda book, sheet: sheet.write_number(1, 0, value, book.add_format({"num_format": form}))
    )
    assert (found, type(found)) == (wanted, type(wanted))


@given(st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 31)))  # noqa: DTZ001  (cells have no zone)
def test_every_second_is_read_as_it_was_written(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    past = moment - datetime(1899, 12, 30)  # noqa: DTZ001
    text = repr(past.days + past.seconds / 86_400)
    wanted = moment.isoformat() if moment.time() != time() else moment.date().isoformat()
    assert dated(text, "day", from_1904=False) == wanted
    in_1904 = past - timedelta(days=1462)
    if in_1904.days > 0:
        assert dated(repr(in_1904.days + in_1904.seconds / 86_400), "day", from_1904=True) == wanted


def test_dates_that_are_counted_from_1904_are_the_same_days(office: Any) -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write_datetime(1, 0, date(2026, 3, 5), book.add_format({"num_format": "dd.mm.yyyy"}))

    assert one_cell(office, write, date_1904=True) == "2026-03-05"


def test_bare_numbers_of_wanted_dates_are_numbers_of_the_1900_system(office: Any) -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write_number(1, 0, 46086 - 1462)
        sheet.write_number(1, 1, 7)

    assert one_cell(office, write, date_1904=True) == 46086
    assert office.read("A", "B", days=["A"]).values == [{"A": 46086, "B": 7}]
    assert ("days-from-1904", "register.xlsx") in office.read("A", "B").remarks


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (345098765, 345098765),
        (3.0, 3),
        (0.1 + 0.2, Decimal("0.3")),
        (36.6, Decimal("36.6")),
        (-0.5, Decimal("-0.5")),
        (1e15, 10**15),
        (1e-7, Decimal("1E-7")),
    ],
)
def test_numbers_have_the_digits_that_excel_shows(office: Any, value: float, wanted: object) -> None:
    found = one_cell(office, lambda _, sheet: sheet.write_number(1, 0, value))
    assert (found, type(found)) == (wanted, type(wanted))


@given(st.decimals(-(10**9), 10**9, places=4, allow_nan=False, allow_infinity=False))
def test_a_decimal_of_up_to_fifteen_digits_is_never_changed(wanted: Decimal) -> None:
    assert number(repr(float(wanted))) == wanted


@pytest.mark.parametrize("text", ["", "x", "1e999", "nan", "-inf", "1,5", "0x10"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert number(text) is None


def test_a_number_that_is_none_is_a_rejected_record(office: Any) -> None:
    error = one_cell(office, lambda _, sheet: sheet.write_formula(1, 0, "=1", None, "#REF!"))
    assert error.code == "cell-error"


def test_texts_stay_as_they_are_but_for_space_around_them(office: Any) -> None:
    assert one_cell(office, lambda _, sheet: sheet.write_string(1, 0, "  0345098765\n")) == "0345098765"
    assert one_cell(office, lambda _, sheet: sheet.write_string(1, 0, "ред 1\nред\u00a02")) == "ред 1\nред\u00a02"
    assert one_cell(office, lambda _, sheet: sheet.write_string(1, 0, "a_x000D_b\x07")) == "a_x000D_b\x07"


def test_rich_texts_are_joined(office: Any) -> None:
    def write(book: Any, sheet: Any) -> None:
        bold = book.add_format({"bold": True})
        sheet.write_rich_string(1, 0, "домашно ", bold, "посе", "щение")

    assert one_cell(office, write) == "домашно посещение"


def test_true_and_false_are_no_numbers(office: Any) -> None:
    assert one_cell(office, lambda _, sheet: sheet.write_boolean(1, 0, True)) is True
    assert one_cell(office, lambda _, sheet: sheet.write_boolean(1, 0, False)) is False


def test_formulas_say_what_they_gave(office: Any) -> None:
    assert one_cell(office, lambda _, sheet: sheet.write_formula(1, 0, "=1+1", None, 2)) == 2
    assert one_cell(office, lambda _, sheet: sheet.write_formula(1, 0, '="а"', None, "а")) == "а"


@pytest.mark.parametrize("name", ["#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?"])
def test_a_cell_with_an_error_is_a_rejected_record_that_names_the_column(office: Any, name: str) -> None:
    error = one_cell(office, lambda _, sheet: sheet.write_formula(1, 0, "=X", None, name))
    assert (error.code, error.place) == ("cell-error", "register.xlsx 'Март' row 2")
    assert "'A'" in error.message
    (record,) = office.read().records
    assert record.values == {"A": name, "B": "x"}


def test_an_error_in_a_column_that_nobody_wants_is_left_out_and_said(office: Any) -> None:
    office.table(["A", "B", "C"], ["1", "2"])
    office.write(
        lambda book: [
            (sheet := book.add_worksheet("Март")).write_row(0, 0, ["A", "B", "C"]),
            sheet.write_row(1, 0, ["1", "2"]),
            sheet.write_formula(1, 2, "=X", None, "#REF!"),
        ]
    )
    read = office.read("A", "B")
    assert read.values == [{"A": "1", "B": "2"}]
    assert read.remarks == [("cell-errors", "Март' row 2")]


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("yyyy-mm-dd", "day"),
        ("mm/yy", "day"),
        ("hh:mm:ss AM/PM", "clock"),
        ("mm:ss.0", "clock"),
        ("[mm]:ss", "elapsed"),
        ('0 "дни"', None),
        ('0 "days"', None),
        ("[Red]0.00", None),
        ("0.00E+00", None),
        ("General", None),
        ("@", None),
        (r"0\d", None),
        ("dd.mm.yyyy;[Red]-0", "day"),
        ("[$-409]h:mm", "clock"),
    ],
)
def test_number_formats_tell_dates_from_numbers(code: str, wanted: object) -> None:
    assert date_form(200, code) == wanted


def test_built_in_formats_have_no_code() -> None:
    assert [date_form(one, None) for one in (0, 2, 14, 20, 22, 46, 49)] == [
        None, None, "day", "clock", "day", "elapsed", None,
    ]  # fmt: skip


def test_an_error_is_not_a_value() -> None:
    assert CellError("#REF!") != "#REF!"


def test_a_day_is_written_in_five_forms_and_read_in_all(office: Any) -> None:
    with XlsxSystem(office.folder, dates=["Дата", "Промяна", "Роден"], columns=["№"]) as system:
        for key in range(5):
            cells = {"№": key, "Дата": "2026-03-05", "Промяна": "2026-03-05T09:30:10", "Роден": "1890-01-02"}
            system.save({"key": key, "native": {"cells": cells}})
        system.flush()
    values = office.read().values
    assert {row["Дата"] for row in values} == {"2026-03-05", 46086, "05.03.2026", "5.3.2026 г."}
    assert {row["Промяна"] for row in values} == {
        "2026-03-05T09:30:10", Decimal("46086.3959490741"), "05.03.2026 09:30:10", "2026-03-05 09:30:10",
    }  # fmt: skip
    assert {row["Роден"] for row in values} == {"02.01.1890", "2.1.1890 г."}
