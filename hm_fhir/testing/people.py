"""Synthetic people for samples and tests: valid EGN and LNCh, names that nobody has, telephones that ring nowhere.

Everybody is born `YEARS_BACK` years earlier than their age says, so before 1900: no EGN here can be that of somebody
who lives. The same seed gives the same people for ever: only `random.Random.random` is used, the one method whose
sequence Python promises to keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal, TypeVar

from stdnum.bg.egn import is_valid as is_egn
from stdnum.bg.pnf import is_valid as is_lnch

YEARS_BACK = 130
"""A child that is born in 2026 is born in 1896."""

T = TypeVar("T")
Gender = Literal["female", "male"]

_EGN_WEIGHTS = (2, 4, 8, 5, 10, 9, 7, 3, 6)
_LNCH_WEIGHTS = (21, 19, 17, 13, 11, 9, 7, 3, 1)
_GENDERS: tuple[Gender, ...] = ("female", "male")
_MONTH_OF_CENTURY = {18: 20, 19: 0, 20: 40}
_GIVEN = {
    "female": ("Проба", "Мостра", "Скица", "Чернова", "Азбука", "Макета", "Буква", "Притча"),
    "male": ("Пример", "Образец", "Модел", "Чертеж", "Опит", "Проект", "Макет", "Знак"),
}
_MIDDLE = ("Тестов", "Редов", "Бройков", "Номеров", "Листов", "Графов")
_FAMILY = ("Примеров", "Образцов", "Измислен", "Съчинен", "Несъществуващ", "Синтетиков", "Въображаем", "Макетов")


def egn(birth_date: date, order: int) -> str:
    """Return a valid EGN: YYMMDD, order number, check digit (weights 2 4 8 5 10 9 7 3 6, mod 11 mod 10).

    Args:
        birth_date: 1800 to 2099; the month carries the century (+20: 18xx, +40: 20xx).
        order: 0 to 999; even for a man, odd for a woman.
    """
    month = birth_date.month + _MONTH_OF_CENTURY[birth_date.year // 100]
    digits = f"{birth_date.year % 100:02}{month:02}{birth_date.day:02}{order:03}"
    return digits + str(_weighted(digits, _EGN_WEIGHTS) % 11 % 10)


def lnch(number: int) -> str:
    """Return a valid LNCh: nine digits and the check digit (weights 21 19 17 13 11 9 7 3 1, mod 10).

    Args:
        number: 0 to 999999999.
    """
    digits = f"{number:09}"
    return digits + str(_weighted(digits, _LNCH_WEIGHTS) % 10)


def wrong_check_digit(number: str) -> str:
    """Return the number with another check digit."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def long_ago(day: date) -> date:
    """Return the day `YEARS_BACK` years before; 28 February for a 29th that does not exist there."""
    year = day.year - YEARS_BACK
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def is_number_of_one_kind(number: str) -> bool:
    """Return whether a number is a valid EGN or a valid LNCh, and not both."""
    return bool(is_egn(number)) != bool(is_lnch(number))


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


class Chance:
    """Seeded choices that are the same on every Python.

    Args:
        seed: any number.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def number(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices."""
        return choices[self.number(0, len(choices) - 1)]

    def happens(self, share: float) -> bool:
        """Return true in about this share (0 to 1) of calls."""
        return self._random.random() < share


@dataclass(frozen=True, slots=True)
class SyntheticPerson:
    """Somebody who does not exist.

    Args:
        number_kind: ``egn`` or ``lnch``.
        number: valid number of that kind.
        given: given name.
        middle: name after the father.
        family: family name.
        gender: FHIR administrative gender.
        birth_date: date of birth, before 1900.
        phone: telephone number of no network.
        family_number: number of the family; members share family name and telephone.
    """

    number_kind: Literal["egn", "lnch"]
    number: str
    given: str
    middle: str
    family: str
    gender: Gender
    birth_date: date
    phone: str
    family_number: int


class Population:
    """Makes synthetic people, no two of them with one number.

    Args:
        chance: where choices come from.
        today: the day on which ages are counted: of somebody who is 30 then, the date of birth says 160.
        foreigners: share of people who have an LNCh.
        orders: order numbers of EGNs; populations with different ones share nobody. 926 to 999 is the block of no
            district, the one that real people hardly have.
    """

    def __init__(
        self, chance: Chance, *, today: date, foreigners: float = 0.1, orders: range = range(926, 1000)
    ) -> None:
        self._chance = chance
        self._today = today
        self._foreigners = foreigners
        self._orders = orders
        self._numbers: set[str] = set()
        self._families = 0

    def person(
        self,
        *,
        ages_years: tuple[int, int],
        gender: Gender | None = None,
        relative: SyntheticPerson | None = None,
    ) -> SyntheticPerson:
        """Return a new person.

        Args:
            ages_years: youngest and oldest age on `today`, in completed years; they were born `YEARS_BACK` years
                before that.
            gender: by chance when None.
            relative: somebody of the same family.
        """
        chance = self._chance
        sex: Gender = chance.pick(_GENDERS) if gender is None else gender
        youngest, oldest = ages_years
        birth_date = long_ago(self._today - timedelta(days=chance.number(youngest * 366, oldest * 365 + 364)))
        kind: Literal["egn", "lnch"] = "lnch" if chance.happens(self._foreigners) else "egn"
        return self._named(kind, birth_date, sex, relative)

    def newborn(self, day: date, mother: SyntheticPerson) -> SyntheticPerson:
        """Return a child that is born on a day (`YEARS_BACK` years before it), with its EGN."""
        return self._named("egn", long_ago(day), self._chance.pick(_GENDERS), mother)

    def lnch(self) -> str:
        """Return an LNCh that nobody has."""
        return self._number("lnch", self._today, "female")

    def _named(
        self, kind: Literal["egn", "lnch"], birth_date: date, sex: Gender, relative: SyntheticPerson | None
    ) -> SyntheticPerson:
        chance = self._chance
        number = self._number(kind, birth_date, sex)
        if relative is None:
            self._families += 1
            stem, family_number = chance.pick(_FAMILY), self._families
        else:
            family_number = relative.family_number
            stem = relative.family.removesuffix("а") if relative.gender == "female" else relative.family
        ending = "а" if sex == "female" else ""
        return SyntheticPerson(
            number_kind=kind,
            number=number,
            given=chance.pick(_GIVEN[sex]),
            middle=chance.pick(_MIDDLE) + ending,
            family=stem + ending,
            gender=sex,
            birth_date=birth_date,
            phone=relative.phone if relative else f"+359 000 {family_number:06}",
            family_number=family_number,
        )

    def _number(self, kind: str, birth_date: date, sex: str) -> str:
        number = self._lnch() if kind == "lnch" else self._egn(birth_date, sex)
        self._numbers.add(number)
        return number

    def _lnch(self) -> str:
        while True:
            number = lnch(self._chance.number(100_000_000, 999_999_999))
            if self._is_free(number):
                return number

    def _egn(self, birth_date: date, sex: str) -> str:
        odd = sex == "female"
        orders = [one for one in self._orders if one % 2 == odd]
        for _ in orders:
            if self._is_free(number := egn(birth_date, self._chance.pick(orders))):
                return number
        # Many are born on one day.
        return next(one for one in (egn(birth_date, order) for order in range(odd, 1000, 2)) if self._is_free(one))

    def _is_free(self, number: str) -> bool:
        return number not in self._numbers and is_number_of_one_kind(number)
