"""A row tells which column is wrong, and never what stands in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import Record
from hm_fhir.sources.row import Row

SOFIA = ZoneInfo("Europe/Sofia")
TABLE = {"да": "yes", "не знае": "unknown"}


def row(**values: Any) -> Row:
    return Row(Record("register.csv:7", values), SOFIA)


def test_text_is_stripped_and_empty_text_is_none() -> None:
    assert row(a="  x y ").text("a") == "x y"
    assert row(a="   ").text("a") is None
    assert row().text("a") is None
    assert row(a=None).text("a") is None


def test_a_whole_number_of_json_is_text() -> None:
    assert row(a=7).text("a") == "7"
    assert row(a=0).text("a") == "0"


@pytest.mark.parametrize("value", [True, 1.5, ["x"], {"x": 1}])
def test_what_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(RecordRejected, match="'a' is not a text") as caught:
        row(a=value).text("a")
    assert (caught.value.code, caught.value.place) == ("wrong-kind", "register.csv:7")


@pytest.mark.parametrize("value", [None, "", "  ", [], {}])
def test_needs_names_the_first_empty_column(value: Any) -> None:
    with pytest.raises(RecordRejected, match="'b' is empty") as caught:
        row(a="x", b=value).needs("a", "b", "c")
    assert (caught.value.code, caught.value.place) == ("empty", "register.csv:7")


def test_needs_takes_zero_and_false_for_something() -> None:
    row(a=0, b=False).needs("a", "b")


def test_a_flag_is_true_or_false_or_nothing() -> None:
    assert row(a=True).flag("a") is True
    assert row(a=False).flag("a") is False
    assert row().flag("a") is None
    with pytest.raises(RecordRejected, match="is not true or false"):
        row(a=1).flag("a")


def test_days_are_read_in_one_form_only() -> None:
    assert row(a="5.1.2026").day("a", "%d.%m.%Y") == date(2026, 1, 5)
    assert row(a="").day("a", "%d.%m.%Y") is None


@pytest.mark.parametrize("value", ["31.02.2026", "2026-01-05", "05.01.26", "05.01.2026 10:00", "вчера"])
def test_another_form_of_a_day_is_refused(value: str) -> None:
    with pytest.raises(RecordRejected, match="'a' is not a date") as caught:
        row(a=value).day("a", "%d.%m.%Y")
    assert caught.value.code == "wrong-date"
    assert value not in str(caught.value)


def test_moments_keep_their_zone_or_get_the_one_of_the_deployment() -> None:
    assert row(a="2026-07-05T10:00:00").moment("a") == datetime(2026, 7, 5, 10, tzinfo=SOFIA)
    assert row(a="2026-01-05T10:00:00Z").moment("a") == datetime(2026, 1, 5, 12, tzinfo=SOFIA)
    other = row(a="2026-01-05T10:00:00+05:30").moment("a")
    assert other is not None
    assert other.tzinfo == timezone(timedelta(hours=5, minutes=30))
    assert row(a="05.01.2026 10:00").moment("a", "%d.%m.%Y %H:%M") == datetime(2026, 1, 5, 10, tzinfo=SOFIA)
    assert row().moment("a") is None


@pytest.mark.parametrize("value", ["2026-01-05", "20260105", "05.01.2026 10:00", "2026-01-05T25:00:00", "10:00"])
def test_a_moment_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(RecordRejected, match="ISO 8601") as caught:
        row(a=value).moment("a")
    assert caught.value.code == "wrong-date"
    assert value not in str(caught.value)


def test_a_start_is_a_local_moment_or_a_day() -> None:
    form = "%d.%m.%Y"
    assert row(d="05.07.2026", t="9:30").start("d", "t", form=form) == datetime(2026, 7, 5, 9, 30, tzinfo=SOFIA)
    assert row(d="05.07.2026").start("d", "t", form=form) == date(2026, 7, 5)
    assert row(t="9:30").start("d", "t", form=form) is None
    with pytest.raises(RecordRejected, match="'t' is not a time written HH:MM"):
        row(d="05.07.2026", t="9.30").start("d", "t", form=form)


def test_words_are_found_whatever_their_case_and_spaces() -> None:
    assert row(a=" ДА ").code("a", TABLE) == "yes"
    assert row(a="Не\u00a0 знае").code("a", TABLE) == "unknown"
    assert row(a="").code("a", TABLE) is None
    assert row().code("a", TABLE, default="no") == "no"


def test_an_unknown_word_is_refused_and_not_shown() -> None:
    for read in (lambda one: one.code("a", TABLE), lambda one: one.codes("a", TABLE)):
        with pytest.raises(RecordRejected, match="'a' has a word that is not in the code list") as caught:
            read(row(a="Скрита"))
        assert caught.value.code == "unknown-code"
        assert "Скрит" not in str(caught.value)


def test_several_words_stand_for_several_codes_each_once() -> None:
    assert row(a="да, НЕ ЗНАЕ,, да,").codes("a", TABLE) == ("yes", "unknown")
    assert row(a="да|не знае").codes("a", TABLE, separator="|") == ("yes", "unknown")
    assert row(a=["да", " "]).codes("a", TABLE) == ("yes",)
    assert row().codes("a", TABLE) == ()


def test_an_entry_is_looked_up_and_what_is_unknown_gets_place_and_column() -> None:
    def find(code: str) -> str:
        if code != "M1":
            raise RecordRejected("the mediator is not in the directory", code="unknown-mediator", fix="add it")
        return "found"

    assert row(a=" M1 ").entry("a", find) == "found"
    assert row().entry("a", find) is None
    with pytest.raises(RecordRejected, match=r"register.csv:7: 'a' .*not in the directory \(add it\)") as caught:
        row(a="M2").entry("a", find)
    assert caught.value.code == "unknown-mediator"
    assert "M2" not in str(caught.value)


def test_parts_of_a_document_are_rows_with_their_path() -> None:
    document = row(visit={"tests": [{"kind": "да"}, {"kind": "?"}], "note": {}})
    visit = document.part("visit")
    assert [bool(part) for part in (visit, visit.part("note"), document.part("none"))] == [True, False, False]
    first, second = visit.parts("tests")
    assert first.code("kind", TABLE) == "yes"
    with pytest.raises(RecordRejected, match=r"register.csv:7: 'visit.tests.1.kind' has a word"):
        second.code("kind", TABLE)
    assert document.parts("none") == ()
    with pytest.raises(RecordRejected, match=r"'none.x' is empty"):
        document.part("none").needs("x")


@pytest.mark.parametrize(
    "read",
    [
        lambda document: document.part("text"),
        lambda document: document.part("list"),
        lambda document: document.parts("text"),
        lambda document: document.parts("object"),
        lambda document: document.parts("list"),
    ],
    ids=range(5),
)
def test_a_part_of_another_kind_is_refused(read: Callable[[Row], object]) -> None:
    with pytest.raises(RecordRejected) as caught:
        read(row(text="Скрита", list=["Скрита"], object={"x": "Скрита"}))
    assert caught.value.code == "wrong-kind"
    assert "Скрита" not in str(caught.value)
