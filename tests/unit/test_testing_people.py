"""Synthetic people: numbers that are valid, and the same for ever."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from stdnum.bg import egn as stdnum_egn
from stdnum.bg import pnf

from hm_fhir.activities.people import Person
from hm_fhir.testing.people import (
    YEARS_BACK,
    Chance,
    Population,
    egn,
    is_number_of_one_kind,
    lnch,
    long_ago,
    wrong_check_digit,
)

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
            years = TODAY.year - person.birth_date.year - (not had_birthday)
            assert youngest <= years - YEARS_BACK <= oldest
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


def test_nobody_can_have_the_number_of_somebody_who_lives() -> None:
    population = Population(Chance(5), today=TODAY, foreigners=0)
    people = [population.person(ages_years=(0, 95)) for _ in range(500)]
    assert max(person.birth_date for person in people).year < 1900
    for person in people:
        assert 21 <= int(person.number[2:4]) <= 32  # the month of who was born in the 19th century
        assert is_number_of_one_kind(person.number)
    assert any(person.number.startswith("0") for person in people)


def test_a_leap_day_that_was_none_then_is_the_day_before() -> None:
    assert long_ago(date(2024, 2, 29)) == date(1894, 2, 28)
    assert long_ago(date(2026, 3, 1)) == date(1896, 3, 1)


def test_a_newborn_belongs_to_the_family_of_its_mother() -> None:
    population = Population(Chance(3), today=TODAY)
    mother = population.person(ages_years=(20, 30), gender="female")
    child = population.newborn(date(2026, 2, 10), mother)
    assert child.birth_date == date(1896, 2, 10)
    assert child.family.removesuffix("а") == mother.family.removesuffix("а")
    assert child.phone == mother.phone


def test_a_number_of_two_kinds_is_told_from_one_of_one_kind() -> None:
    both = next(
        number
        for order in range(1000)
        if stdnum_egn.is_valid(number := egn(date(1875, 3, 16), order)) and pnf.is_valid(number)
    )
    assert not is_number_of_one_kind(both)
    assert not is_number_of_one_kind(wrong_check_digit("7523169263"))
    assert is_number_of_one_kind("7523169263")


def test_populations_with_other_order_numbers_share_nobody() -> None:
    several = [
        Population(Chance(1), today=TODAY, foreigners=0, orders=range(first, first + 12)) for first in (926, 938)
    ]
    numbers = [{one.person(ages_years=(0, 90)).number for _ in range(500)} for one in several]
    assert len(numbers[0]) == len(numbers[1]) == 500
    assert not numbers[0] & numbers[1]


def test_many_are_born_on_one_day() -> None:
    population = Population(Chance(1), today=TODAY, foreigners=0, orders=range(926, 938))
    mother = population.person(ages_years=(20, 30), gender="female")
    children = {population.newborn(date(2026, 2, 10), mother).number for _ in range(200)}
    assert len(children) == 200


def test_relatives_share_family_name_and_telephone() -> None:
    population = Population(Chance(3), today=TODAY)
    mother = population.person(ages_years=(30, 30), gender="female")
    son = population.person(ages_years=(3, 3), gender="male", relative=mother)
    daughter = population.person(ages_years=(3, 3), gender="female", relative=son)
    stranger = population.person(ages_years=(3, 3))
    assert mother.family == son.family + "а" == daughter.family
    assert mother.phone == son.phone == daughter.phone != stranger.phone
