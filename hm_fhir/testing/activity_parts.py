"""Generated people, places and findings of activities: data that the activity model takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, TypeVar, get_args

from hm_fhir.activities import vocabulary
from hm_fhir.activities.findings import Pregnancy, ReportedCondition, Test
from hm_fhir.activities.people import Facility, Person
from hm_fhir.testing import activity_words as words
from hm_fhir.testing.people import Chance, egn, lnch

T = TypeVar("T")
Data = dict[str, Any]

FACILITY_KINDS: tuple[str, ...] = get_args(Facility.model_fields["kind"].annotation)
_GENDERS: tuple[str, ...] = get_args(get_args(Person.model_fields["gender"].annotation)[0])
_PREGNANCIES: tuple[str, ...] = get_args(Pregnancy.model_fields["status"].annotation)
_RESULTS: tuple[str, ...] = get_args(get_args(Test.model_fields["result"].annotation)[0])
_CONDITIONS: tuple[str, ...] = get_args(ReportedCondition.model_fields["code"].annotation)
_OVER = ("inactive", "remission", "resolved")
_STATES = (
    *((state, known) for state in ("active", "recurrence", *_OVER) for known in ("unconfirmed", "confirmed")),
    ("active", "provisional"),
    ("inactive", "refuted"),
)  # fmt: skip
_FIRST_BIRTH, _LAST_BIRTH = date(1800, 1, 1), date(1899, 12, 31)


class Deck:
    """Hands out choices so that all of them come: each list like a pack of cards, shuffled anew when it is used up.

    Args:
        chance: what shuffles.
    """

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self._left: dict[str, list[Any]] = {}

    def turn(self, name: str, choices: Sequence[T]) -> T:
        """Return one of the choices of this name that did not come since the last shuffle."""
        left: list[T] = self._left.setdefault(name, [])
        if not left:
            left.extend(choices)
        return left.pop(self.chance.number(0, len(left) - 1))

    def several(self, name: str, choices: Sequence[T], most: int) -> list[T]:
        """Return one to `most` different choices."""
        number = min(self.chance.number(1, most), len(choices))
        found: list[T] = []
        while len(found) < number:
            choice = self.turn(name, choices)
            if choice not in found:
                found.append(choice)
        return found


class Parts:
    """Makes parts of activities.

    Args:
        deck: where choices come from.
        share: how much of what may be absent is there, 0 (minimal) to 1 (maximal); it can be changed.
    """

    def __init__(self, deck: Deck, share: float = 0.5) -> None:
        self.deck = deck
        self.share = share

    @property
    def chance(self) -> Chance:
        """What happens by chance."""
        return self.deck.chance

    def maybe(self) -> bool:
        """Return whether something that may be absent is there."""
        return self.share >= 1 or self.chance.happens(self.share)

    def fill(self, data: Data, **optional: Any) -> Data:
        """Return the data with some of the optional members; what is None or empty stays out."""
        return data | {
            name: value for name, value in optional.items() if value not in (None, "", [], {}) and self.maybe()
        }

    def word(self, one: vocabulary.Vocabulary) -> str:
        """Return the next word of a vocabulary."""
        return self.deck.turn(one.name, tuple(one.terms))

    def words(self, one: vocabulary.Vocabulary, most: int) -> list[str]:
        """Return some words of a vocabulary, no word twice."""
        return self.deck.several(one.name, tuple(one.terms), most)

    # people

    def person(self, number: int, role: str = "subject") -> Data:
        """Return a person whom nobody is: an EGN is of the years before 1900."""
        born: date | None = None
        identifiers = []
        for kind in self._kinds():
            if kind == "egn":
                days = (_LAST_BIRTH - _FIRST_BIRTH).days
                born = _FIRST_BIRTH + timedelta(days=self.chance.number(0, days))
                value = egn(born, self.chance.number(0, 999))
            else:
                value = lnch(number) if kind == "lnch" else f"{'N' if kind == 'nhis-newborn' else 'X'}{number:08}"
            identifiers.append({"kind": kind, "value": value})
        data: Data = {"role": role} if role != "subject" else {}
        if identifiers:
            data["identifiers"] = identifiers
        if not identifiers or self.maybe():
            data["local_id"] = f"P-{number}"
        if not identifiers or self.maybe():
            data["name"] = self._name()
        # The last one can be the own one: of somebody who had no national number before.
        former = [f"P-{number}-1", f"P-{number}-2", data.get("local_id", f"P-{number}-3")]
        given_birth = born.isoformat() if born else self.deck.turn("day", words.DAYS)
        return self.fill(
            data,
            formerly=former[: self.chance.number(1, 3)] if role == "subject" else [],
            birth_date=given_birth,
            gender=self.deck.turn("gender", _GENDERS),
            phone=f"+359 000 {number % 1_000_000:06}",
            address=self.address(),
            language=self.deck.turn("language", words.LANGUAGES),
        )

    def _kinds(self) -> tuple[str, ...]:
        kinds = (
            *((), ("egn",), ("lnch",), ("nhis-newborn",), ("passport",), ("egn", "passport"), ("egn",)),
            *(("lnch", "egn"), ("nhis-newborn", "lnch"), ("passport", "egn", "nhis-newborn")),
        )
        return self.deck.turn("kinds", kinds)

    def _name(self) -> Data:
        given = self.deck.several("given", words.GIVEN_NAMES, 3)
        family = self.deck.turn("family", words.FAMILY_NAMES)
        return self.chance.pick(({"given": given}, {"family": family}, {"given": given, "family": family}))

    def address(self) -> Data:
        """Return an address, of which all may be absent."""
        place = self.deck.turn("settlement", words.MUNICIPALITIES)
        return self.fill(
            {}, ekatte=place.get("ekatte"), settlement=place["name"], district="Победа", line=self._text()
        )

    def _text(self) -> str:
        return self.deck.turn("text", words.TEXTS)

    # places

    def facility(self, kinds: Sequence[str] = FACILITY_KINDS, *, ward: bool = True) -> Data:
        """Return a place of care or service of one of these kinds."""
        kind = self.deck.turn("facility " + " ".join(kinds), kinds)
        in_ward = ward and kind == "hospital"
        return self.fill(
            {"local_id": f"F-{self.chance.number(1, 40)}", "kind": kind, "name": self._text()},
            ward=self.deck.turn("ward", words.WARDS) if in_ward else None,
            specialty=self.word(vocabulary.SPECIALTIES),
            address=self.address(),
            phone="+359 000 400001",
        )

    def office(self, code: str) -> Data:
        """Return an office of a mediator."""
        place = self.fill({}, address=self.address(), phone="+359 000 400003")
        return {"local_id": code, "kind": "office", "name": self._text(), **place}

    def area(self, place: Data) -> Data:
        """Return a service area: a settlement, or a part of it."""
        area = {"ekatte": place.get("ekatte", "00702"), "settlement": place["name"]}
        return self.fill(area, district=self._text())

    # findings

    def findings(self, *, woman: bool, birth_weight: bool) -> Data:
        """Return findings; pregnancy only of somebody who can be pregnant."""
        measured = [one for one in words.WEIGHTS if birth_weight or one[0] != "birth-weight"]
        measurements = [
            {"kind": kind, "value": value, "unit": unit}
            for kind, value, unit in self.deck.several(f"weights {birth_weight}", measured, 2)
        ]
        return self.fill(
            {},
            pregnancy=self.pregnancy() if woman else None,
            tests=[self.test(kind) for kind in self.words(vocabulary.TESTS, 3)],
            conditions=[self._condition(code) for code in self.deck.several("condition", _CONDITIONS, 2)],
            immunisations=[self._immunisation() for _ in range(self.chance.number(1, 3))],
            measurements=measurements,
        )

    def pregnancy(self, statuses: Sequence[str] = _PREGNANCIES) -> Data:
        """Return what is known of a pregnancy."""
        status = self.deck.turn("pregnancy " + " ".join(statuses), statuses)
        data: Data = {"status": status}
        if status == "not-pregnant" and self.maybe():
            data["outcome"] = self.word(vocabulary.PREGNANCY_OUTCOMES)
            return self.fill(data, ended_on=self.deck.turn("day", words.DAYS[1:]), last_menstrual_period="2024-01-01")
        return self.fill(
            data,
            confirmed=self.chance.happens(0.5),
            last_menstrual_period=self.deck.turn("day", words.DAYS),
            expected_delivery="2026-12-31",
            gestational_age_weeks=self.deck.turn("weeks", (1, 20, 45)),
            gravida=self.deck.turn("gravida", (1, 2, 30)),
            antenatal_care=self.deck.turn("antenatal", (True, False)),
        )

    def test(self, kind: str) -> Data:
        """Return a test of a kind, planned or done."""
        data: Data = {"kind": kind}
        if self.maybe():
            data["done_on"] = self.deck.turn("day", words.DAYS)
            data = self.fill(data, result=self.deck.turn("result", _RESULTS))
        if kind.startswith("syphilis"):
            data = self.fill(data, titre=self.deck.turn("titre", (1, 8, 1024)))
        return self.fill(data, facility=self.facility(("laboratory",)))

    def _condition(self, code: str) -> Data:
        status, verification = self.deck.turn("state", _STATES)
        return self.fill(
            {"code": code, "status": status, "verification": verification},
            onset=words.DAYS[0],
            ended_on=words.DAYS[-1] if status in _OVER else None,
        )

    def _immunisation(self) -> Data:
        status = self.deck.turn("immunisation", ("due", "overdue", "given", "refused"))
        given = status == "given"
        return self.fill(
            {"vaccine": self.deck.turn("vaccine", words.VACCINES), "status": status},
            dose=self.deck.turn("dose", (1, 2, 20)),
            given_on=self.deck.turn("day", words.DAYS) if given else None,
            known_from=self.deck.turn("known from", ("record", "recall", "provider")),
            reason=None if given else self.word(vocabulary.IMMUNISATION_REASONS),
        )
