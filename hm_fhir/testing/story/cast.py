"""Who the stories are about: residents of a municipality, and the numbers that they have on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from hm_fhir.activities.people import Address
from hm_fhir.testing.people import Chance, Gender, Population, SyntheticPerson, egn, is_number_of_one_kind

LANGUAGES = ("bg", "bg", "tr")


@dataclass(frozen=True, slots=True)
class Number:
    """A number that a resident has from a day on.

    Args:
        since: first day.
        kind: ``egn``, ``lnch``, ``nhis-newborn`` or ``passport``.
        value: the number.
    """

    since: date
    kind: str
    value: str


@dataclass(eq=False, slots=True)
class Resident:
    """Somebody of a story.

    Args:
        label: stands for the person in the story until the local system gives a number: ``P:7``.
        person: name, date of birth, telephone.
        numbers: those that the person gets, in order of time; from each day on all that came before are known, too.
        address: where the person lives.
        language: preferred language.
        formerly: labels under which the local system knew the same person before.
    """

    label: str
    person: SyntheticPerson
    numbers: tuple[Number, ...]
    address: Address
    language: str = "bg"
    formerly: tuple[str, ...] = ()

    def on(self, day: date, role: str = "subject") -> dict[str, Any]:
        """Return the person as activities of a day say it.

        Args:
            day: the day of the activity.
            role: part in the activity.
        """
        person = self.person
        data: dict[str, Any] = {
            "local_id": self.label,
            "identifiers": [{"kind": one.kind, "value": one.value} for one in self.known(day)],
            "name": {"given": [person.given, person.middle], "family": person.family},
            "birth_date": person.birth_date.isoformat(),
            "gender": person.gender,
            "phone": person.phone,
            "address": self.address.model_dump(exclude_none=True),
            "language": self.language,
            "role": role,
        }
        if self.formerly:
            data["formerly"] = list(self.formerly)
        return data

    def known(self, day: date) -> tuple[Number, ...]:
        """Return the numbers that are known on a day, the newest first."""
        return tuple(one for one in reversed(self.numbers) if one.since <= day)


@dataclass(frozen=True, slots=True)
class NumberShares:
    """How many of a hundred people have another number than an EGN, and which ones newborns get.

    Args:
        lnch: a foreigner's number.
        passport: a passport.
        none: no number at all; only the local system knows them.
        newborns: kinds of numbers that a newborn gets: the first at birth, the others later.
    """

    lnch: int = 8
    passport: int = 2
    none: int = 5
    newborns: tuple[str, ...] = ("nhis-newborn", "egn")


@dataclass(slots=True)
class Cast:
    """Makes residents and remembers them.

    Args:
        chance: where choices come from.
        first_day: ages are counted on it, and numbers are known since.
        addresses: where people live.
        shares: who has which number.
        orders: order numbers of EGNs; see `orders_of`.
    """

    chance: Chance
    first_day: date
    addresses: Sequence[Address]
    shares: NumberShares = field(default_factory=NumberShares)
    orders: range = range(926, 1000)
    residents: list[Resident] = field(default_factory=list)
    _people: Population = field(init=False)

    def __post_init__(self) -> None:
        # Numbers are given out here by shares, so the population itself has nobody with an LNCh but on demand.
        self._people = Population(self.chance, today=self.first_day, foreigners=0, orders=self.orders)

    def resident(
        self,
        ages_years: tuple[int, int],
        gender: Gender | None = None,
        relative: Resident | None = None,
        kind: str | None = None,
    ) -> Resident:
        """Return somebody new.

        Args:
            ages_years: youngest and oldest age on the first day.
            gender: by chance when None.
            relative: somebody of the same family; they live together.
            kind: kind of number, ``none`` for none; by the shares when None.
        """
        person = self._people.person(
            ages_years=ages_years, gender=gender, relative=relative.person if relative else None
        )
        chosen = self._kind() if kind is None else kind
        numbers = () if chosen == "none" else (self.number(person, chosen, self.first_day),)
        return self.enter(person, numbers, relative=relative)

    def newborn(self, mother: Resident, day: date, registered: date) -> Resident:
        """Return a child born on a day, with one number from then on and others since it was registered."""
        drawn = self._people.newborn(day, mother.person)
        days = (day, *[registered] * len(self.shares.newborns))
        numbers = [self.number(drawn, kind, since) for kind, since in zip(self.shares.newborns, days, strict=False)]
        return self.enter(drawn, tuple(numbers), relative=mother)

    def enter(
        self,
        person: SyntheticPerson,
        numbers: tuple[Number, ...],
        *,
        relative: Resident | None = None,
        formerly: tuple[str, ...] = (),
        address: Address | None = None,
    ) -> Resident:
        """Return a person as a new resident with these numbers."""
        if relative is not None:
            address, language = relative.address, relative.language
        else:
            address = address or self.chance.pick(self.addresses)
            language = self.chance.pick(LANGUAGES)
        resident = Resident(f"P:{len(self.residents) + 1}", person, numbers, address, language, formerly)
        self.residents.append(resident)
        return resident

    def number(self, person: SyntheticPerson, kind: str, since: date) -> Number:
        """Return a number of a kind for a person, known since a day."""
        if kind == "egn":
            return Number(since, kind, person.number)
        if kind == "lnch":
            return Number(since, kind, self._people.lnch())
        if kind == "nhis-newborn":
            return Number(since, kind, f"N{self.chance.number(0, 10**9 - 1):09}")
        return Number(since, kind, f"X{self.chance.number(0, 10**8 - 1):08}")

    def _kind(self) -> str:
        drawn = self.chance.number(1, 100)
        for kind, share in (
            ("lnch", self.shares.lnch),
            ("passport", self.shares.passport),
            ("none", self.shares.none),
        ):
            if drawn <= share:
                return kind
            drawn -= share
        return "egn"


PILOTS = ("SFO39", "KNL48", "SHU22", "SZR12", "BGS04", "HKV09")
"""NSI codes of the six pilot municipalities, in the ring in which people move from one to the next."""

_ORDERS_OF_EACH = 12


def orders_of(code: str) -> range:
    """Return order numbers of EGNs for a municipality (NSI code), so that no two pilots share somebody by chance."""
    position = PILOTS.index(code) if code in PILOTS else sum(code.encode()) % len(PILOTS)
    return range(926 + position * _ORDERS_OF_EACH, 926 + (position + 1) * _ORDERS_OF_EACH)


MOVERS_A_YEAR = 3
_SEED_OF_MOVERS = 1_900
_BLOCK = range(900, 926)


@dataclass(frozen=True, slots=True)
class Mover:
    """Somebody who leaves one municipality for another, and is known in both by the same EGN.

    Args:
        person: who.
        leaves: NSI code of the municipality that is left.
        arrives: that of the new one.
    """

    person: SyntheticPerson
    leaves: str
    arrives: str


def movers(today: date) -> tuple[Mover, ...]:
    """Return everybody who moves: the same people for every municipality and seed.

    Args:
        today: ages are counted on it.
    """
    chance = Chance(_SEED_OF_MOVERS)
    people = Population(chance, today=today, foreigners=0)
    found = []
    for position, code in enumerate(PILOTS):
        for turn in range(MOVERS_A_YEAR):
            drawn = people.person(ages_years=(19, 45), gender="female" if turn else None)
            # A block of numbers that the others do not use, so that nobody else has the same one by chance.
            orders = range(_BLOCK.start + (drawn.gender == "female"), _BLOCK.stop, 2)
            numbers = (egn(drawn.birth_date, order) for order in orders[position:])
            number = next(one for one in numbers if is_number_of_one_kind(one))
            phone = f"+359 000 9{position}{turn:04}"
            person = replace(drawn, number=number, phone=phone, family_number=0)
            found.append(Mover(person, code, PILOTS[(position + 1) % len(PILOTS)]))
    return tuple(found)
