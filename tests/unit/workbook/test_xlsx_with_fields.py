"""A workbook and a file of fields: one day in all the forms in which an office writes it."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hm_fhir.errors import SettingsError
from hm_fhir.sources.base import Record, SourceContext, records_of
from hm_fhir.sources.fields.source import open_source, source_options
from hm_fhir.sources.xlsx import KIND
from hm_fhir.testing.people import egn

FIELDS = """\
fields: register
version: 1.0.0
reads: xlsx
record:
  number: {column: №, required: true}
  day: {column: Дата, type: date, required: true}
  changed: {column: Промяна, type: moment, optional: true, default: "2026-04-01T08:00:00+03:00"}
  person: {column: [Лице / ЕГН, ЕГН], type: national-number, kind: egn, personal: true}
activity:
  local_id: "{{ number }}"
  updated_at: "{{ changed }}"
  municipality: {code: SFO39, name: Самоков}
  mediator: {local_id: M1, name: {given: [Примера]}}
  type: home-visit
  period: {start: "{{ day }}"}
  setting: home
  persons: [{identifiers: ["{{ person }}"]}]
"""


def source_of(office: Any, fields: str = FIELDS) -> Any:
    (office.folder / "fields.yaml").write_text(fields, encoding="utf-8")
    context = SourceContext("register", office.folder, ZoneInfo("Europe/Sofia"))
    return open_source(KIND, source_options(KIND)(path=office.path), context, office.folder)


@pytest.mark.parametrize("from_1904", [False, True])
def test_one_day_in_all_forms_is_one_day(office: Any, from_1904: bool) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        sheet.write_row(0, 0, ["№", "Дата", "ЕГН"])
        sheet.write_column(1, 0, ["1", "2", "3", "4", "5"])
        for row in (1, 2):
            form = book.add_format({"num_format": ("dd.mm.yyyy", 'd mmmm yy "г."')[row - 1]})
            sheet.write_datetime(row, 1, date(2026, 3, 5), form)
        sheet.write_number(3, 1, 46086 - (1462 if from_1904 else 0))
        sheet.write_string(4, 1, "05.03.2026")
        sheet.write_string(5, 1, "5.3.2026 г.")

    office.write(fill, date_1904=from_1904)
    source = source_of(office)
    days = [source.typed(record)["day"] for record in records_of(source)]
    assert [str(day) for day in days] == ["2026-03-05"] * 5


def test_a_number_that_lost_its_zero_is_mended_and_counted(office: Any) -> None:
    number = egn(date(2003, 5, 9), 927)
    assert number.startswith("03")
    office.table(["№", "Дата", "ЕГН"], ["1", "05.03.2026", int(number)])
    source = source_of(office)
    (record,) = records_of(source)
    understood = source.activity(record)
    assert understood.activity.persons[0].identifiers[0].value == number
    assert understood.repairs == ("egn-leading-zero",)


def test_a_column_that_is_gone_is_named_though_it_is_in_no_sheet(office: Any) -> None:
    office.table(["№", "Ден", "ЕГН/ЛНЧ"], ["1", "05.03.2026", "x"])
    with pytest.raises(SettingsError, match=r"row 1: columns 'Дата' and 'Лице / ЕГН' are gone"):
        list(source_of(office).records())


@pytest.mark.parametrize("is_merged", [True, False])
def test_a_lower_heading_that_stands_twice_is_named_with_both_upper_ones(office: Any, is_merged: bool) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        sheet.merge_range(0, 0, 0, 5, "РЕГИСТЪР на дейностите")
        for column, name in enumerate(["№", "Дата"]):
            sheet.merge_range(1, column, 2, column, name)
        if is_merged:
            sheet.merge_range(1, 2, 1, 3, "Лице")
            sheet.merge_range(1, 4, 1, 5, "Придружител")
            sheet.write_row(2, 2, ["ЕГН", "Имена", "ЕГН", "Имена"])
        else:
            sheet.write_row(1, 2, ["Лице", None, "Придружител"])
            sheet.write_row(2, 2, ["Имена", "ЕГН", "Имена", "ЕГН"])
        sheet.write_row(3, 0, list("abcdef"))

    office.write(fill)
    with pytest.raises(SettingsError) as caught:
        list(source_of(office, FIELDS.replace("[Лице / ЕГН, ЕГН]", "ЕГН")).records())
    assert "row 3" in str(caught.value)
    assert "'Лице / ЕГН'" in str(caught.value)
    assert "'Придружител / ЕГН'" in str(caught.value)
    assert "in full" in str(caught.value)


def test_an_error_in_a_needed_cell_rejects_its_record_only(office: Any) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        sheet.write_row(0, 0, ["№", "Дата", "ЕГН"])
        sheet.write_formula(1, 1, "=X", None, "#REF!")
        sheet.write_row(2, 0, ["2", "05.03.2026"])
        sheet.write(1, 0, "1")

    office.write(fill)
    records = [item for item in source_of(office).records() if isinstance(item, Record)]
    assert [record.error.code if record.error else None for record in records] == ["cell-error", None]


def test_all_columns_with_an_error_in_a_needed_cell_are_named(office: Any) -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Март")
        sheet.write_row(0, 0, ["№", "Дата", "ЕГН"])
        sheet.write(1, 0, "1")
        for column in (1, 2):
            sheet.write_formula(1, column, "=X", None, "#REF!")

    office.write(fill)
    (record,) = [item for item in source_of(office).records() if isinstance(item, Record)]
    assert record.error is not None
    assert record.error.message == "'Дата' and 'ЕГН' have an error instead of a value"
