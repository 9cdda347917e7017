"""The story of a municipality from its files: what is told first, and how it changes afterwards."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from hm_fhir.activities.model import Activity, rejected
from hm_fhir.activities.people import Address
from hm_fhir.errors import SettingsError
from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.sources.directory import Directory
from hm_fhir.testing.people import Chance
from hm_fhir.testing.story.carried import Carried
from hm_fhir.testing.story.cast import NumberShares
from hm_fhir.testing.story.changes import Change, changes
from hm_fhir.testing.story.labels import Labels
from hm_fhir.testing.story.native import Native, compile_native
from hm_fhir.testing.story.sample_file import DIRECTORY, FIELDS, SampleSpec, read_sample, saving_is_editing
from hm_fhir.testing.story.teller import Told
from hm_fhir.testing.story.telling import StoryPlan, tell, tell_more
from hm_fhir.testing.story.words import Words

_LATE_ACTIVITIES = 8


@dataclass(frozen=True, slots=True)
class Municipality:
    """What the stories of a municipality are made of.

    Args:
        spec: its sample file.
        directory: mediators and facilities.
        carried: what its form says.
        native: how its local system writes things down.
        system: name of the local system.
        seed: another seed, other people.
        zone: of the municipality.
        is_timed: its local system keeps the time of each change.
    """

    spec: SampleSpec
    directory: Directory
    carried: Carried
    native: Native
    system: str
    seed: int
    zone: ZoneInfo
    is_timed: bool = True

    def story(self) -> Story:
        """Return all that happens."""
        spec, last = self.spec, self.spec.days.last
        # Two municipalities with one seed have different people, but for those who move.
        own = f"{self.seed}/{self.directory.municipality.code}"
        labels = Labels(spec.ids.model_dump(), seed=own, year=spec.days.first.year)
        chance = Chance(int.from_bytes(hashlib.sha256(own.encode()).digest()[:8], "big"))
        plan = StoryPlan(
            system=self.system,
            municipality=self.directory.municipality,
            mediators=self.directory.mediators,
            facilities=self.directory.facilities,
            first_day=spec.days.first,
            last_day=last,
            activities=spec.activities,
            types=spec.types,
            carried=self.carried,
            shares=NumberShares(spec.people.lnch, spec.people.passport, spec.people.none, spec.people.newborns),
            addresses=[Address(**place.model_dump()) for place in spec.people.places],
            people_once=spec.people.kept == "once",
            with_time=spec.times / 100,
            zone=self.zone,
        )
        teller = tell(plan, chance)
        first = self._with_times_of_documents(self._numbered(teller.told, labels))
        # What happened in these months, and is written down only afterwards.
        begin = datetime.combine(last + timedelta(days=1), time(9), self.zone)
        more = tell_more(teller, plan, _LATE_ACTIVITIES)
        late = self._numbered(
            [_written(one, begin + timedelta(minutes=7 * turn)) for turn, one in enumerate(more)], labels
        )
        return Story(first, tuple(changes(first, late, self, labels, chance, begin + timedelta(days=1))))

    def checked(self, data: Mapping[str, Any]) -> Activity | None:
        """Return the activity of data as the form says it; None when it cannot."""
        left = self.carried.left(data)
        if left is None:
            return None
        try:
            activity = Activity.model_validate(self.native.derived(left))
        except ValidationError as error:
            raise SettingsError(
                f"the sample tells of something that is no activity: {rejected(error).message}",
                fix="look at `carries` and `derives` of sample.yaml",
            ) from None
        if self.is_timed:
            return activity
        return activity.model_copy(update={"updated_at": activity.told_until(self.zone), "version": 0})

    def documents(self, activities: Iterable[Activity]) -> dict[str, list[Activity]]:
        """Return activities by the key of their document, in order."""
        found: dict[str, list[Activity]] = {}
        for activity in activities:
            found.setdefault(self.native.key(activity.for_mapping()), []).append(activity)
        return found

    def _with_times_of_documents(self, activities: tuple[Activity, ...]) -> tuple[Activity, ...]:
        """Return activities with the times that the product knows: of each document when it was saved last."""
        if not saving_is_editing(self.spec):
            return activities
        saved = {
            one.local_id: max(other.updated_at for other in held)
            for held in self.documents(activities).values()
            for one in held
        }
        return tuple(one.model_copy(update={"updated_at": saved[one.local_id]}) for one in activities)

    def _numbered(self, told: Sequence[Told], labels: Labels) -> tuple[Activity, ...]:
        in_time = sorted(told, key=lambda one: (one.activity.updated_at, int(one.label[2:])))
        for one in in_time:
            labels.number(one.label)
        found = (self.checked(labels.replaced(one.data)) for one in in_time)
        return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class Story:
    """What happens in a municipality.

    Args:
        first: activities of the first phase, in the order in which they were written down.
        changes: what happens afterwards, in order.
    """

    first: tuple[Activity, ...] = field(repr=False)
    changes: tuple[Change, ...] = field(repr=False)

    @property
    def types(self) -> Counter[str]:
        """Activities of the first phase by type."""
        return Counter(activity.type for activity in self.first)


def load_municipality(files: Path, *, system: str, seed: int = 1, zone: ZoneInfo | None = None) -> Municipality:
    """Return a municipality from the folder with its three files.

    Args:
        files: folder with fields.yaml, directory.yaml and sample.yaml.
        system: name of the local system.
        seed: another seed, other people.
        zone: of the municipality; Europe/Sofia when None.

    Raises:
        SettingsError: one of the files is missing or wrong.
    """
    spec, document = read_sample(files)
    zone = zone or ZoneInfo("Europe/Sofia")
    fields = _fields(files / FIELDS)
    tables = _tables(fields)
    codes = {
        name: frozenset(code for code in table.values() if isinstance(code, str)) for name, table in tables.items()
    }
    directory = Directory(files / DIRECTORY)
    entries = frozenset((*directory.mediators, *directory.facilities))
    words = Words(tables, zone, spec.spellings, seed, entries=entries)
    return Municipality(
        spec=spec,
        directory=directory,
        carried=Carried(spec.carries, codes),
        native=compile_native(spec, document, words),
        system=system,
        seed=seed,
        zone=zone,
        is_timed=fields.get("newest") != "last-read",
    )


def _written(told: Told, at: datetime) -> Told:
    """Return an activity that was written down at another time."""
    data = {**told.data, "updated_at": at.isoformat()}
    return replace(told, data=data, activity=Activity.model_validate(data))


def _fields(path: Path) -> dict[str, Any]:
    content = read_yaml(path).value
    return content if isinstance(content, dict) else {}


def _tables(fields: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the code tables of a fields file: local word -> code."""
    found = fields.get("codes")
    return {name: dict(table) for name, table in (found or {}).items() if isinstance(table, dict)}
