"""Tells what happened: makes activities of the steps of a story, as far as a form can say them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from pydantic import ValidationError

from hm_fhir.activities.model import Activity, rejected
from hm_fhir.activities.people import Facility, Mediator, Municipality, Person
from hm_fhir.activities.vocabulary import BARRIERS
from hm_fhir.testing.activity_parts import Deck
from hm_fhir.testing.people import Chance
from hm_fhir.testing.story.carried import Carried
from hm_fhir.testing.story.cast import Cast, Resident
from hm_fhir.testing.story.demands import is_whole
from hm_fhir.testing.story.diary import Diary
from hm_fhir.testing.story.places import Places

NOTES = (
    "Разговор с майката; уговорен нов час.\nДа се обади в понеделник.",
    'Каза: "Ще дойда утре"; после не вдигна телефона.',
    "Жилището е влажно, децата кашлят.",
    "Картонът е показан.\nЛипсва една ваксина.",
    "Носи 2 документа, третият се чака; <важно> & спешно.",
    "Да се провери в т. 3.1 / 3.2 – „по-късно“.",
    "Съседите помагат. Автобусът е в 7:10.",
)
_AHEAD = ("planned", "cancelled")
_WEEK = timedelta(days=7)
_FEW, _TOO_MUCH = 6, 1.5
_WITH_A_NOTE = 0.25
_WITH_MORE_TO_COME = 0.35
_LATEST_HOUR = 15


@dataclass(frozen=True, slots=True)
class Told:
    """One activity of a story.

    Args:
        label: stands for its local id.
        data: what the form says, with labels for local ids.
        activity: the same, checked.
        day: when it happened.
    """

    label: str
    data: Mapping[str, Any] = field(repr=False)
    activity: Activity = field(repr=False)
    day: date

    @property
    def type(self) -> str:
        """Its activity type."""
        return self.activity.type


@dataclass(slots=True)
class Teller:
    """Makes activities and remembers them.

    Args:
        system: name of the local system.
        municipality: the employer.
        last_day: nothing is told of a later day.
        types: the activity types that are told, with the share of each in the work, 0 to 1.
        places: facilities and mediators.
        diary: when mediators work.
        cast: who there is.
        carried: what the form says.
        chance: where choices come from.
        with_time: share of visits whose time of day is written down.
        keeps_shares: nothing more is told of a type that is far above its share.
        people_once: the local system keeps a person once, so all activities say what is known at last.
    """

    system: str
    municipality: Municipality
    last_day: date
    types: Mapping[str, float]
    places: Places
    diary: Diary
    cast: Cast
    carried: Carried
    chance: Chance
    with_time: float = 1.0
    people_once: bool = False
    keeps_shares: bool = True
    told: list[Told] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    cases: int = 0
    deck: Deck = field(init=False)

    def __post_init__(self) -> None:
        self.deck = Deck(self.chance)

    def tell(
        self,
        kind: str,
        day: date,
        mediator: str,
        *,
        people: Sequence[tuple[Resident, str]] = (),
        **fields: Any,
    ) -> Told | None:
        """Tell of one activity.

        Args:
            kind: its type.
            day: when, or the next day on which the mediator works.
            mediator: local number.
            people: whom it concerns, with their roles; nobody when `fields` have a group.
            fields: the other fields of the activity model; what is None or empty is not there.

        Returns:
            What was told, or None when the form cannot say it or the time of the story is over.
        """
        day = self.diary.working_day(mediator, day)
        ahead = fields.get("status") in _AHEAD
        if (
            kind not in self.types
            or (self._is_enough(kind) and not ahead)
            or day > self.last_day + (_WEEK * 2 if ahead else timedelta())
        ):
            return None
        start, end = self.diary.visit(mediator, day)
        # What is planned or called off is known a week before.
        written = end - _WEEK if ahead else self.diary.recorded(mediator, end)
        if written.date() > self.last_day:
            if ahead:
                return None
            written = end  # all of the story is written down in its time
        data: dict[str, Any] = {
            "system": self.system,
            "local_id": f"A:{len(self.told) + 1}",
            "updated_at": written.isoformat(),
            "municipality": _plain(self.municipality),
            "mediator": _plain(self.places.mediators[mediator]),
            "type": kind,
            "status": "completed",
            "period": self._period(start, end),
            "persons": [self._person(resident, role, day) for resident, role in people],
        }
        if self.chance.happens(_WITH_A_NOTE):
            data["note"] = self.deck.turn("note", NOTES)
        for name, value in fields.items():
            data[name] = _plain(value) if isinstance(value, Facility) else value
        if kind == "accompaniment":
            # It follows the referral that it carries out: a form often has one column for both.
            data["follows"] = data.get("fulfils", ())
        data["follows"] = [told.label for told in data.get("follows", ()) if told]
        # Only a referral that says to whom can be carried out.
        data["fulfils"] = [told.label for told in data.get("fulfils", ()) if told and told.activity.referral]
        return self.add({name: value for name, value in data.items() if value not in (None, [], (), {})})

    def add(self, data: Mapping[str, Any]) -> Told | None:
        """Add an activity to what was told; None when the form cannot say it."""
        left = self.carried.left(data)
        if left is None:
            return None
        try:
            activity = Activity.model_validate(left)
        except ValidationError as error:
            self.failures[f"{data['type']}: {rejected(error).message}"] += 1
            return None
        if not is_whole(activity):
            return None
        start = activity.period.start
        told = Told(activity.local_id, left, activity, start.date() if isinstance(start, datetime) else start)
        self.told.append(told)
        self.counts[activity.type] += 1
        self.places.busy(activity.mediator.local_id)
        return told

    def barriers(self, most: int = 3) -> list[str]:
        """Return one to `most` barriers; over the stories all of them come."""
        known = self.carried.codes("barriers")
        choices = tuple(code for code in BARRIERS.terms if known is None or code in known)
        return self.deck.several("barriers", choices, most)

    def _is_enough(self, kind: str) -> bool:
        """Return whether there is much more of a type than its share of the work: every story refers somebody."""
        return self.keeps_shares and self.counts[kind] > max(_FEW, _TOO_MUCH * self.types[kind] * len(self.told))

    def _person(self, resident: Resident, role: str, day: date) -> dict[str, Any]:
        data = resident.on(self.last_day if self.people_once else day, role)
        return {name: value for name, value in data.items() if name in Person.model_fields}

    def _period(self, start: datetime, end: datetime) -> dict[str, str]:
        if not self.chance.happens(self.with_time):
            return {"start": start.date().isoformat()}
        return {"start": start.isoformat(), "end": end.isoformat()}


class Case:
    """What happens to one family: steps one after the other, by one mediator.

    Args:
        teller: makes activities of the steps.
        first_day: day of the first step.
        who: whom the steps are about.
        mediator: local number; the one who did least when None.
    """

    def __init__(self, teller: Teller, first_day: date, who: Resident, mediator: str | None = None) -> None:
        self.teller = teller
        self.chance = teller.chance
        self.deck = teller.deck
        self.places = teller.places
        self.who = who
        self.mediator = mediator or teller.places.mediator(who.address)
        self.last: Told | None = None
        self._first_day = first_day
        teller.cases += 1
        self.label = f"C:{teller.cases}"

    def day(self, after: int) -> date:
        """Return the day that is so many days after the first."""
        return self._first_day + timedelta(days=after)

    def step(
        self,
        kind: str,
        after: int,
        setting: str,
        *,
        about: Resident | None = None,
        along: Sequence[tuple[Resident, str]] = (),
        **fields: Any,
    ) -> Told | None:
        """Tell the next step.

        Args:
            kind: activity type.
            after: days after the first step; never before the last step.
            setting: where.
            about: whom it is about; the person of the case when None.
            along: who else, with role.
            fields: other fields of the activity.
        """
        day = self.day(after)
        if self.last is not None and day <= self.last.day:
            day = self.last.day + timedelta(days=1)
        people = ((about or self.who, "subject"), *along)
        more = {"case_id": self.label, "follows": [self.last], **fields}
        told = self.teller.tell(kind, day, self.mediator, people=people, setting=setting, **more)
        self.last = told or self.last
        return told

    def ahead(self, kind: str, after: int, setting: str, reasons: Sequence[str]) -> Told | None:
        """Tell, of some, what lies ahead or was called off."""
        if not self.chance.happens(_WITH_MORE_TO_COME):
            return None
        return self.step(kind, after, setting, status=self.chance.pick(_AHEAD), reasons=list(reasons))

    def refer(
        self,
        destination: str,
        after: int,
        reasons: Sequence[str],
        *,
        setting: str = "home",
        appointment: int | None = None,
        priority: str = "routine",
        about: Resident | None = None,
        place: Facility | None = None,
        **fields: Any,
    ) -> Told | None:
        """Tell a referral.

        Args:
            destination: to whom.
            after: days after the first step.
            reasons: why.
            setting: where it was agreed.
            appointment: days after the first step on which the person is expected, when that is known.
            priority: of the request.
            about: who is referred.
            place: where to; one of the directory when None.
            fields: other fields of the activity.
        """
        place = place or self.places.to(destination)
        referral: dict[str, Any] = {"destination": destination, "reasons": list(reasons), "priority": priority}
        if place is not None:
            referral["facility"] = _plain(place)
        if appointment is not None:
            day = self.teller.diary.working_day(self.mediator, self.day(appointment))
            hour = time(self.chance.number(9, _LATEST_HOUR), self.chance.pick((0, 20, 40)))
            start = datetime.combine(day, hour, self.teller.diary.zone)
            referral["appointment"] = {"start": start.isoformat(), "status": "scheduled"}
            fields.setdefault("outcome", "appointment-made")
        if self.chance.happens(0.4):
            referral["nrn"] = f"26{self.chance.number(0, 10**10 - 1):010}"
        fields.setdefault("reasons", list(reasons))
        return self.step("referral", after, setting, about=about, referral=referral, **fields)


def _plain(model: Facility | Mediator | Municipality) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_defaults=True, exclude={"occupation"})
