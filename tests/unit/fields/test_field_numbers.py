"""National numbers: kinds, check digits, and the leading zero that a workbook took."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hm_fhir.testing.people import egn, lnch, wrong_check_digit

Declare = Callable[..., Any]
WOMAN = egn(date(2003, 5, 9), 927)
BORN_2000 = egn(date(2000, 5, 9), 11)
FOREIGNER = lnch(123_456_789)
FIXED = "type: national-number, kind: egn"


def test_an_egn_is_read_as_it_is_written(value: Declare) -> None:
    assert WOMAN.startswith("0")
    assert value(FIXED).read(f" {WOMAN} ") == {"kind": "egn", "value": WOMAN}
    assert value(FIXED).read(f"{WOMAN[:6]} {WOMAN[6:]}")["value"] == WOMAN


@pytest.mark.parametrize("number", [WOMAN, BORN_2000])
def test_an_egn_that_lost_its_leading_zeros_is_mended(value: Declare, number: str) -> None:
    whole = int(number)
    for written in (whole, str(whole), Decimal(whole), Decimal(f"{whole}.0"), float(whole), f"{whole}.0"):
        assert value(FIXED).read(written) == {"kind": "egn", "value": number}


def test_what_was_mended_is_counted(register: Callable[..., Any]) -> None:
    whole, mended = register({"ЕГН/ЛНЧ": WOMAN}), register({"ЕГН/ЛНЧ": int(WOMAN)})
    assert whole.repairs == ()
    assert mended.repairs == ("egn-leading-zero",)
    assert mended.activity == whole.activity


def test_a_number_that_is_only_too_short_is_not_mended(value: Declare) -> None:
    wrong = wrong_check_digit(WOMAN).removeprefix("0")
    error = value(FIXED).rejected(wrong)
    assert error.code == "wrong-number"
    assert error.message == "'Колона' is not a valid EGN (length, date or check digit)"
    assert wrong not in str(error)


def test_a_zero_is_put_back_for_an_egn_alone(value: Declare) -> None:
    number = next(one for start in range(1, 99) if (one := lnch(start)).startswith("00"))
    assert value("type: national-number, kind: lnch").read(number)["value"] == number
    assert value("type: national-number, kind: lnch").rejected(int(number)).code == "wrong-number"


def test_the_kind_is_the_one_whose_check_digit_fits(value: Declare) -> None:
    either = value("type: national-number, kind: [egn, lnch]")
    assert either.read(WOMAN)["kind"] == "egn"
    assert either.read(FOREIGNER)["kind"] == "lnch"
    assert either.read(int(WOMAN)) == {"kind": "egn", "value": WOMAN}
    assert either.rejected(wrong_check_digit(FOREIGNER)).code == "wrong-number"


def test_a_number_that_fits_two_kinds_is_refused(value: Declare) -> None:
    both = next(
        number
        for day in range(1, 29)
        for serial in range(999)
        if (number := egn(date(1880, 5, day), serial)) == _as_lnch(number)
    )
    either = value("type: national-number, kind: [egn, lnch]")
    error = either.rejected(both)
    assert error.code == "ambiguous-number"
    assert both not in str(error)
    assert value(FIXED).read(both)["kind"] == "egn"
    if both.startswith("0"):
        assert either.rejected(int(both)).code == "ambiguous-number"


def _as_lnch(number: str) -> str:
    return lnch(int(number[:9]))


def test_another_column_says_the_kind(value: Declare) -> None:
    spec = "type: national-number, kind: {column: Вид, codes: kinds}"
    coded = value(spec, codes="kinds: {егн: egn, лнч: lnch, паспорт: passport, '-': null}")
    assert coded.read(FOREIGNER, Вид="ЛНЧ") == {"kind": "lnch", "value": FOREIGNER}
    assert coded.read("XA 12345", Вид="паспорт") == {"kind": "passport", "value": "XA12345"}
    assert coded.read("", Вид="ЕГН") is None
    missing = coded.rejected(WOMAN)
    assert (missing.code, missing.message) == ("empty", "'Вид' is empty")
    assert coded.rejected(WOMAN, Вид="-").message == "'Вид' says nothing, and the number needs its kind"
    assert coded.rejected(WOMAN, Вид="карта").message.startswith("'Вид' has a word that is not in the code table")


@pytest.mark.parametrize("wrong", [True, [WOMAN], {"a": WOMAN}])
def test_what_is_no_number_at_all_is_refused(value: Declare, wrong: object) -> None:
    assert value(FIXED).rejected(wrong).code == "wrong-kind"
