"""How the values of columns are read, and what is said of those that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from hm_fhir.errors import SettingsError

OneValue = Any
Declare = Callable[..., OneValue]


def test_a_text_is_stripped_and_an_empty_one_is_nothing(value: Declare) -> None:
    text = value()
    assert text.read("  Проба \u00a0") == "Проба"
    assert text.read("   ") is None
    assert text.read(None) is None


def test_a_number_where_a_text_is_wanted_is_the_text_of_it(value: Declare) -> None:
    assert value().read(88123) == "88123"
    assert value().read(Decimal("1.50")) == "1.50"


@pytest.mark.parametrize("wrong", [True, ["a"], {"a": 1}])
def test_what_is_no_text_is_refused(value: Declare, wrong: object) -> None:
    assert value().rejected(wrong).code == "wrong-kind"


@pytest.mark.parametrize(
    ("written", "number"),
    [("24", 24), (24, 24), (Decimal("24.0"), 24), ("1 250", 1250), ("12\u00a0345", 12345), ("-3", -3), ("007", 7)],
)
def test_whole_numbers(value: Declare, written: object, number: int) -> None:
    read = value("type: integer").read(written)
    assert (read, type(read)) == (number, int)


@pytest.mark.parametrize("wrong", ["2,5", "2.5", Decimal("2.5"), "12 34", "двама", "1e3", True, "1" * 30])
def test_what_is_no_whole_number_is_refused(value: Declare, wrong: object) -> None:
    error = value("type: integer").rejected(wrong)
    assert (error.code, error.place) == ("wrong-number", "table:2")
    assert error.message == "'Колона' is not a whole number"


@pytest.mark.parametrize(
    ("written", "number"),
    [("3,25", "3.25"), ("3.25", "3.25"), ("3.250", "3.250"), ("1 250,5", "1250.5"), (3, "3"), ("-0,5", "-0.5")],
)
def test_decimals_keep_their_digits_and_a_comma_is_a_point(value: Declare, written: object, number: str) -> None:
    assert str(value("type: decimal").read(written)) == number


@pytest.mark.parametrize("wrong", ["1.250,5", "1,250.5", "кг 3", Decimal("NaN"), False])
def test_a_number_that_can_mean_two_things_is_refused(value: Declare, wrong: object) -> None:
    assert value("type: decimal").rejected(wrong).code == "wrong-number"


@pytest.mark.parametrize(("word", "truth"), [("Да", True), (" x ", True), ("Х", True), ("не", False), (True, True)])
def test_usual_words_for_yes_and_no(value: Declare, word: object, truth: bool) -> None:
    assert value("type: boolean").read(word) is truth


def test_words_for_yes_and_no_of_a_column_replace_the_usual_ones(value: Declare) -> None:
    truth = value("type: boolean, yes: [има], no: няма")
    assert (truth.read("ИМА"), truth.read("няма")) == (True, False)
    assert truth.rejected("да").code == "wrong-kind"


def test_a_required_column_that_is_empty_is_named(value: Declare) -> None:
    error = value("required: true").rejected("  ")
    assert (error.code, error.message, error.place) == ("empty", "'Колона' is empty", "table:2")


def test_an_empty_column_can_stand_for_something(value: Declare) -> None:
    assert value("default: обичайно").read("") == "обичайно"
    assert value("type: integer, default: 1").read(None) == 1
    assert value("type: boolean, default: false").read("") is False


# --- code tables ----------------------------------------------------------------------------------------------------


def test_case_and_white_space_of_a_word_do_not_matter(value: Declare) -> None:
    coded = value("codes: words", codes="words: {домашно  Посещение: home-visit}")
    assert coded.read("ДОМАШНО\u00a0посещение") == "home-visit"
    assert coded.read("домашно\nпосещение") == "home-visit"


def test_a_word_that_no_table_has_is_refused_and_not_shown(value: Declare) -> None:
    error = value("codes: words", codes="words: {да: a}").rejected("ТАЙНА")
    assert error.code == "unknown-code"
    assert error.message == "'Колона' has a word that is not in the code table 'words'"
    assert "ТАЙНА" not in str(error)


def test_a_word_with_letters_that_look_alike_is_said_and_not_shown(value: Declare) -> None:
    error = value("codes: words", codes="words: {тест: a, друго: b}").rejected("тecт")
    assert error.message.endswith(
        "it differs from one that is there only in letters that look alike (Latin and Cyrillic)"
    )
    assert "тecт" not in str(error)
    assert "тест" not in str(error)


def test_a_word_that_is_known_and_says_nothing_is_empty(value: Declare) -> None:
    words = "words: {да: a, '-': null}"
    assert value("codes: words", codes=words).read("-") is None
    assert value("codes: words, default: a", codes=words).read("-") == "a"
    error = value("codes: words, required: true", codes=words).rejected("-")
    assert error.message == "'Колона' says nothing, and it is required"


def test_words_can_stand_for_truths_and_numbers(value: Declare) -> None:
    assert value("codes: words", codes="words: {да: true, не: false}").read("не") is False
    assert value("codes: words", codes='words: {"1:8": 8, "1:16": 16}').read("1:8") == 8
    assert value("codes: words", codes='words: {"1": one}').read(1) == "one"


# --- several values -------------------------------------------------------------------------------------------------


def test_several_words_of_one_text(value: Declare) -> None:
    words = "words: {хигиена: hygiene, хранене: nutrition}"
    several = value('codes: words, many: ","', codes=words)
    assert several.read("Хигиена,  хранене,, хигиена") == ["hygiene", "nutrition"]
    assert several.read(["хранене"]) == ["nutrition"]
    assert several.read(" , ") is None


def test_a_space_separates_at_white_space_of_any_kind_and_names_may_repeat(value: Declare) -> None:
    assert value('many: " "').read("Иван \u00a0Иванов\nИванов") == ["Иван", "Иванов", "Иванов"]


def test_there_can_be_several_separators(value: Declare) -> None:
    assert value('many: [",", ";"]').read("а; б,в") == ["а", "б", "в"]


def test_many_true_is_a_list_and_nothing_else(value: Declare) -> None:
    assert value("many: true").read(["а", " ", "б"]) == ["а", "б"]
    assert value("many: true").rejected("а, б").code == "wrong-kind"


def test_several_numbers_are_numbers(value: Declare) -> None:
    assert value('type: integer, many: ";"').read("1; 2") == [1, 2]
    assert value('type: integer, many: ";"').rejected("1; двама").code == "wrong-number"


def test_a_default_of_several_is_one_of_them(value: Declare) -> None:
    assert value('many: ",", default: а').read("") == ["а"]


# --- lists of objects -----------------------------------------------------------------------------------------------

TESTS = "each: {kind: {column: g/kind, codes: kinds, required: true}, day: {column: g/day, type: date}}"
KINDS = "kinds: {rpr: syphilis-rpr}"


def test_a_list_of_objects_is_read_object_by_object(value: Declare) -> None:
    tests = value(TESTS, codes=KINDS, reads="kobo")
    found = tests.read([{"g/kind": "RPR", "g/day": "2026-01-04"}, {"g/kind": "rpr", "g/other": 1}])
    assert found == [{"kind": "syphilis-rpr", "day": "2026-01-04"}, {"kind": "syphilis-rpr"}]
    assert tests.read([]) is None


def test_a_mistake_in_an_object_names_its_number_and_its_column(value: Declare) -> None:
    tests = value(TESTS, codes=KINDS, reads="kobo")
    error = tests.rejected([{"g/kind": "rpr"}, {"g/day": "2026-01-04"}])
    assert (error.code, error.message) == ("empty", "item 2 of 'Колона': 'g/kind' is empty")
    assert tests.rejected({"g/kind": "rpr"}).message == "'Колона' is not a list"
    assert tests.rejected(["rpr"]).message == "'Колона' has no object as item 1"


def test_lists_of_objects_can_hold_lists_of_objects(value: Declare) -> None:
    nested = value("each: {inner: {column: b, each: {x: {column: c, type: integer}}}}")
    assert nested.read([{"b": [{"c": "1"}, {"c": "2"}]}]) == [{"inner": [{"x": 1}, {"x": 2}]}]
    error = nested.rejected([{"b": [{"c": "x"}]}])
    assert error.message == "item 1 of 'Колона': item 1 of 'b': 'c' is not a whole number"


# --- the directory --------------------------------------------------------------------------------------------------


def test_a_mediator_is_found_by_number(value: Declare) -> None:
    found = value("type: mediator").read("М1")
    assert (found["local_id"], found["name"]["family"]) == ("М1", "Медиаторова")


def test_an_unknown_mediator_or_facility_is_refused_with_its_column(value: Declare) -> None:
    error = value("type: mediator").rejected("М99")
    assert (error.code, error.message) == ("unknown-mediator", "'Колона' - the mediator is not in the directory")
    assert value("type: facility").rejected("ОПЛ-99").code == "unknown-facility"


def test_a_code_table_can_say_which_entry_a_word_means(value: Declare) -> None:
    place = value("type: facility, codes: places", codes="places: {общинската болница: МБАЛ, друго: null}")
    assert place.read("Общинската болница")["kind"] == "hospital"
    assert place.read("друго") is None


def test_a_code_table_that_names_nobody_stops_the_start(value: Declare) -> None:
    with pytest.raises(SettingsError, match="'places' names a facility that is not in the directory") as caught:
        value("type: facility, codes: places", codes="places: {болницата: МБЛА}")
    assert (caught.value.fix, caught.value.code) == ("did you mean 'МБАЛ'?", "unknown-facility")
    assert (caught.value.place or "").endswith("fields.yaml:9:23")


def test_several_mediators(value: Declare) -> None:
    assert [one["local_id"] for one in value('type: mediator, many: ","').read("М2, М1")] == ["М2", "М1"]
