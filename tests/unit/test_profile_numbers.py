"""The profiles check national numbers as python-stdnum does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.bg import egn, pnf

from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.validator import Validator

VALIDATOR = Validator(load_definitions())
DIGITS = st.text("0123456789", min_size=9, max_size=9)


def person(kind: str, number: str) -> dict[str, Any]:
    system = "https://w3id.org/hm-fhir/CodeSystem/identifier-kind"
    return {
        "resourceType": "Patient",
        "meta": {"profile": ["https://w3id.org/hm-fhir/StructureDefinition/hm-patient"]},
        "identifier": [
            {"system": "urn:example:surrogate", "value": "1"},
            {
                "use": "official",
                "type": {"coding": [{"system": system, "code": kind}]},
                "system": f"urn:example:{kind}",
                "value": number,
            },
        ],
    }


def errors(kind: str, number: str) -> list[str]:
    return [issue.rule for issue in VALIDATOR.validate(person(kind, number)) if issue.stops]


@given(digits=DIGITS, last=st.sampled_from("0123456789"))
def test_the_check_digit_of_an_egn_decides(digits: str, last: str) -> None:
    right = egn.calc_check_digit(digits) == last
    assert errors("egn", digits + last) == ([] if right else ["hm-egn"])


@given(digits=DIGITS, last=st.sampled_from("0123456789"))
def test_the_check_digit_of_an_lnch_decides(digits: str, last: str) -> None:
    right = pnf.calc_check_digit(digits) == last
    assert errors("lnch", digits + last) == ([] if right else ["hm-lnch"])


@pytest.mark.parametrize("number", ["803205603", "80320560311", "80320560 1", "8032056O31", "8032056031\n"])
@pytest.mark.parametrize("kind", ["egn", "lnch"])
def test_other_than_ten_digits_are_refused(kind: str, number: str) -> None:
    assert f"hm-{kind}" in errors(kind, number)
