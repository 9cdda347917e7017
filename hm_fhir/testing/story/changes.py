"""What happens after the first reading: corrections, deletions, late rows, the same again, and defects."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from hm_fhir.activities.model import Activity
from hm_fhir.errors import SettingsError
from hm_fhir.testing.people import Chance
from hm_fhir.testing.story.defects import DEFECTS, Defect
from hm_fhir.testing.story.labels import Labels
from hm_fhir.testing.story.sample_file import saving_is_editing
from hm_fhir.testing.story.words import UNKNOWN_WORD

if TYPE_CHECKING:
    from hm_fhir.testing.story.municipality import Municipality

Kind = Literal["late", "corrected", "again", "deleted", "taken-out", "entered-in-error", "defect"]
CORRECTIONS, AGAIN, DELETIONS = 10, 3, 3
_NOTES = ("Поправен запис.", "Допълнено след разговор с лекаря.", "Поправено по картон.")
_REFUSED_BY_TABLE = "unknown-code"
_MINUTES_BETWEEN = 11
_MOST_DAYS_BEFORE = 400


@dataclass(frozen=True, slots=True)
class Change:
    """One change in the local system: a document is saved or deleted.

    Args:
        kind: what it is.
        key: of the document.
        changed: when.
        native: the document as it is saved; None: it is deleted.
        activities: all that the document holds afterwards.
        touched: those that are new or newer by it, or withdrawn: deleted with the document or taken out of it.
        renewed: the others that the document holds, where the product says only when the whole of it was saved: they
            are newer, too.
        code: of the rejection of what is saved, when it is a defect.
        defect: its name.
    """

    kind: Kind
    key: str
    changed: datetime
    native: Mapping[str, Any] | None = field(repr=False)
    activities: tuple[Activity, ...] = field(default=(), repr=False)
    touched: tuple[Activity, ...] = field(default=(), repr=False)
    renewed: tuple[Activity, ...] = field(default=(), repr=False)
    code: str | None = None
    defect: str | None = None


def changes(
    first: Sequence[Activity],
    late: Sequence[Activity],
    municipality: Municipality,
    labels: Labels,
    chance: Chance,
    begin: datetime,
) -> Iterator[Change]:
    """Yield what happens after the first phase, in order of time.

    Args:
        first: activities of the first phase.
        late: those that happened in it and are written down only now.
        municipality: whose they are.
        labels: gives new numbers.
        chance: where choices come from.
        begin: when corrections begin; all of `late` is written down before.
    """
    return _Changes(first, late, municipality, labels, chance, begin).all()


class _Changes:
    def __init__(
        self,
        first: Sequence[Activity],
        late: Sequence[Activity],
        municipality: Municipality,
        labels: Labels,
        chance: Chance,
        begin: datetime,
    ) -> None:
        self._first = first
        self._late = late
        self._municipality = municipality
        self._labels = labels
        self._chance = chance
        self._at = begin
        self._documents = municipality.documents(first)
        self._key_of = {one.local_id: key for key, held in self._documents.items() for one in held}
        self._left = list(self._documents)
        self._named = {local_id for one in (*first, *late) for local_id in one.fulfils}

    def all(self) -> Iterator[Change]:
        """Yield every change."""
        for activity in self._late:
            yield self._saved("late", activity, activity.updated_at)
        for _ in range(min(CORRECTIONS, len(self._left) // 4)):
            corrected = self._corrected(self._documents[self._take()][0])
            if corrected is not None:
                yield self._saved("corrected", corrected, corrected.updated_at)
        for _ in range(min(AGAIN, len(self._left) // 8)):
            yield self._again(self._take())
        yield from self._deletions()
        yield from self._defects()

    def _again(self, key: str) -> Change:
        at = self._later()
        held = tuple(self._documents[key])
        if not saving_is_editing(self._municipality.spec):
            return self._change("again", key, at, held, ())
        touched = self._saved_at(held, at)
        return self._change("again", key, at, touched, touched)

    def _saved_at(self, activities: Iterable[Activity], at: datetime) -> tuple[Activity, ...]:
        """Return activities as they are after their document was saved at another time."""
        saved = (self._municipality.checked(self._at_time(one, at)) for one in activities)
        return tuple(one for one in saved if one is not None)

    def _at_time(self, activity: Activity, at: datetime) -> dict[str, Any]:
        # 1 says that it was saved again, not how often: the sheet of a day is, with each late row. What is newer says
        # `updated_at`, which grows with every save; the version would decide only between equal ones.
        return {**_data(activity), "updated_at": at.isoformat(), "version": 1}

    def _take(self) -> str:
        """Return the key of a document that nothing happened to yet."""
        return self._left.pop(self._chance.number(0, len(self._left) - 1))

    def _later(self) -> datetime:
        self._at += timedelta(minutes=_MINUTES_BETWEEN)
        return self._at

    def _saved(self, kind: Kind, activity: Activity, at: datetime) -> Change:
        key = self._key_of.get(activity.local_id) or self._municipality.native.key(activity.for_mapping())
        self._key_of[activity.local_id] = key
        if key in self._left:
            self._left.remove(key)
        before = self._documents.get(key, [])
        held = [activity if one.local_id == activity.local_id else one for one in before]
        if len(before) == len(held) and activity not in held:
            held.append(activity)
        return self._change(kind, key, at, tuple(held), (activity,))

    def _change(
        self, kind: Kind, key: str, at: datetime, held: tuple[Activity, ...], touched: tuple[Activity, ...]
    ) -> Change:
        renewed: tuple[Activity, ...] = ()
        if saving_is_editing(self._municipality.spec):
            news = {one.local_id for one in touched}
            renewed = self._saved_at((one for one in held if one.local_id not in news), at)
            later = {one.local_id: one for one in renewed}
            held = tuple(later.get(one.local_id, one) for one in held)
        self._documents[key] = list(held)
        plain = [one.for_mapping() for one in held]
        native = self._municipality.native.write(plain[0], plain)
        return Change(kind, key, at, native, activities=held, touched=touched, renewed=renewed)

    def _corrected(self, activity: Activity) -> Activity | None:
        data = self._at_time(activity, self._later())
        carried = self._municipality.carried
        if carried.says("note"):
            data["note"] = self._chance.pick(_NOTES)
        elif activity.barriers:
            data["barriers"] = data["barriers"][:-1]
        kept_once = self._municipality.spec.people.kept == "once"
        if carried.says("persons.phone") and not kept_once and "persons" in data and self._chance.happens(0.3):
            data["persons"][0]["phone"] = f"+359 000 8{self._chance.number(0, 99_999):05}"
        return self._municipality.checked(data)

    def _deletions(self) -> Iterator[Change]:
        deletion = self._municipality.spec.deletion
        # Whoever deletes a referral that somebody carried out leaves a gap that this is not about.
        free = [key for key in self._left if all(one.local_id not in self._named for one in self._documents[key])]
        several = [key for key in free if len(self._documents[key]) > 1] if deletion == "document" else []
        if several:
            key = self._chance.pick(several)
            free.remove(key)
            self._left.remove(key)
            *left, out = self._documents[key]
            yield self._change("taken-out", key, self._later(), tuple(left), (out,))
        for _ in range(min(DELETIONS if deletion != "none" else 0, len(free) // 4)):
            key = free.pop(self._chance.number(0, len(free) - 1))
            self._left.remove(key)
            held = tuple(self._documents[key])
            if deletion == "document":
                del self._documents[key]
                yield Change("deleted", key, self._later(), None, touched=held)
            else:
                at = self._later()
                wrong = self._municipality.checked({**self._at_time(held[0], at), "status": "entered-in-error"})
                if wrong is not None:
                    yield self._saved("entered-in-error", wrong, at)

    def _defects(self) -> Iterator[Change]:
        told = self._municipality.spec.defects
        for defect in DEFECTS:
            code = told.get(defect.name, defect.code)
            activity = next((one for one in self._first if _is_usual(one) and defect.suits(one)), None)
            if code is not None and activity is not None:
                yield self._defect(defect, code, activity)

    def _defect(self, defect: Defect, code: str, activity: Activity) -> Change:
        at = self._later()
        data = _data(activity)
        data |= {"local_id": self._labels.number(f"A:{defect.name}"), "updated_at": at.isoformat()}
        data |= {"follows": [], "fulfils": []}
        if "case_id" in data:
            data["case_id"] = self._labels.number(f"C:{defect.name}")
        for person in data.get("persons", ()):
            # Where a person is kept once, a wrong number would be that of all activities.
            if "local_id" in person:
                person["local_id"] = self._labels.number(f"P:{defect.name}")
        key, plain = self._in_its_own_document(data, activity)
        self._documents[key] = []
        defect.spoil(plain)
        if plain["persons"]:
            plain["person"] = plain["persons"][0]
        native = self._municipality.native.write(plain)
        if defect.of_entry and defect.name not in self._municipality.spec.defects and UNKNOWN_WORD in str(native):
            code = _REFUSED_BY_TABLE  # the form names mediators or facilities by words, and no table has this one
        return Change("defect", key, at, native, code=code, defect=defect.name)

    def _in_its_own_document(self, data: dict[str, Any], activity: Activity) -> tuple[str, dict[str, Any]]:
        """Return the key of a document that does not exist yet, and the activity for it.

        Where a document is a day, it is an earlier one.
        """
        period = data["period"]
        for days in range(_MOST_DAYS_BEFORE):
            data["period"] = {name: _earlier(moment, days) for name, moment in period.items()}
            plain = copy.deepcopy((self._municipality.checked(data) or activity).for_mapping())
            key = self._municipality.native.key(plain)
            if key not in self._documents:
                return key, plain
        raise SettingsError(
            "a record with a defect would overwrite another document",
            fix="let `document` of sample.yaml depend on local_id, case_id or the day",
        )


def _earlier(moment: str, days: int) -> str:
    """Return a day or moment so many days before, at the same time of day."""
    return f"{date.fromisoformat(moment[:10]) - timedelta(days=days)}{moment[10:]}"


def _is_usual(activity: Activity) -> bool:
    return activity.status == "completed" and len(activity.persons) == 1 and activity.referral is None


def _data(activity: Activity) -> dict[str, Any]:
    """Return the data from which an activity can be made again."""
    return activity.model_dump(mode="json", exclude_defaults=True, round_trip=True)
