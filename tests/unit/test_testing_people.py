"""Synthetic people: numbers that are valid, and the same for ever."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from stdnum.bg import egn as stdnum_egn
from stdnum.bg import pnf

from hm_fhir.activities.people import Person
from hm_fhir.testing.people import Chance, Population, egn, lnch, wrong_check_digit

DAYS = st.dates(date(1800, 1, 1), date(2099, 12, 31))
TODAY = date(2026, 1, 5)


@given(DAYS, st.integers(0, 999))
def test_every_egn_is_valid_and_says_its_date_of_birth(day: date, order: int) -> None:
    number = egn(day, order)
    assert stdnum_egn.validate(number) == number
    assert stdnum_egn.get_birth_date(number) == day


@given(st.integers(0, 999_999_999))
def test_every_lnch_is_valid(number: int) -> None:
    assert pnf.validate(lnch(number)) == lnch(number)


@given(DAYS, st.integers(0, 999), st.integers(0, 999_999_999))
def test_a_wrong_check_digit_is_wrong(day: date, order: int, number: int) -> None:
    assert not stdnum_egn.is_valid(wrong_check_digit(egn(day, order)))
    assert not pnf.is_valid(wrong_check_digit(lnch(number)))


def test_known_numbers() -> None:
    assert egn(date(1968, 8, 7), 0) == "6808070004"
    assert egn(date(1875, 3, 16), 926) == "7523169263"
    assert lnch(711_104_292) == "7111042925"


@given(st.integers(0, 2**32))
def test_chance_stays_within_its_bounds(seed: int) -> None:
    chance = Chance(seed)
    assert all(3 <= chance.number(3, 5) <= 5 for _ in range(50))
    assert all(chance.pick("ab") in "ab" for _ in range(10))
    assert chance.happens(1)
    assert not chance.happens(0)


def test_the_same_seed_gives_the_same_choices_for_ever() -> None:
    chance = Chance(1)
    assert [chance.number(1, 1000) for _ in range(5)] == [135, 848, 764, 256, 496]


def test_people_have_the_age_and_gender_that_was_asked_for() -> None:
    population = Population(Chance(3), today=TODAY)
    for youngest, oldest in ((0, 0), (0, 12), (17, 38), (55, 84)):
        for _ in range(50):
            person = population.person(ages_years=(youngest, oldest), gender="female")
            had_birthday = (TODAY.month, TODAY.day) >= (person.birth_date.month, person.birth_date.day)
            assert youngest <= TODAY.year - person.birth_date.year - (not had_birthday) <= oldest
            assert person.gender == "female"


def test_the_model_takes_them_and_no_two_have_one_number() -> None:
    population = Population(Chance(3), today=TODAY, foreigners=0.5)
    people = [population.person(ages_years=(0, 90)) for _ in range(300)]
    assert len({person.number for person in people}) == 300
    assert {person.number_kind for person in people} == {"egn", "lnch"}
    for person in people:
        number = {"kind": person.number_kind, "value": person.number}
        Person.model_validate({"identifiers": [number], "birth_date": person.birth_date, "gender": person.gender})
        if person.number_kind == "egn":
            assert int(person.number[8]) % 2 == (person.gender == "female")


def test_relatives_share_family_name_and_telephone() -> None:
    population = Population(Chance(3), today=TODAY)
    mother = population.person(ages_years=(30, 30), gender="female")
    son = population.person(ages_years=(3, 3), gender="male", relative=mother)
    daughter = population.person(ages_years=(3, 3), gender="female", relative=son)
    stranger = population.person(ages_years=(3, 3))
    assert mother.family == son.family + "а" == daughter.family
    assert mother.phone == son.phone == daughter.phone != stranger.phone
