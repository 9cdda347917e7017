"""Figures of sample files, and what a source makes of them without store, mapping and target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from hm_fhir.activities.model import Activity
from hm_fhir.delivery.intake import RecordCounts
from hm_fhir.errors import RecordRejected
from hm_fhir.sources.base import Source, activity_of


@dataclass(frozen=True, slots=True)
class SampleFigures:
    """What a sample file holds.

    Args:
        records: records that the source gives.
        activities: how many of them are activities; the others are rejected.
        types: activities by type.
    """

    records: int
    activities: int
    types: Counter[str]

    def matches(self, counts: RecordCounts) -> bool:
        """Return whether a first run over the file counted just this."""
        rejected = self.records - self.activities
        return (counts.read, counts.new, counts.rejected.total()) == (self.records, self.activities, rejected)


@dataclass(frozen=True, slots=True)
class DefectFigures:
    """What becomes of the records of a file with defects, after its sample was taken.

    Args:
        read: records that the source gives.
        new: activities that the sample does not hold.
        newer: newer versions of activities of the sample.
        repeated: records that bring nothing new.
        older: how many of the repeated are older than what the sample holds.
        rejected: rejections by code.
    """

    read: int
    new: int
    newer: int
    repeated: int
    older: int
    rejected: Counter[str]

    def matches(self, counts: RecordCounts) -> bool:
        """Return whether a run over the file, after its sample, counted just this."""
        ours = (self.read, self.new, self.newer, self.repeated, self.older, self.rejected)
        return ours == (counts.read, counts.new, counts.newer, counts.repeated, counts.older, counts.rejected)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source gave.

    Args:
        activities: in the order of the source.
        rejections: of the records that are no activity.
    """

    activities: tuple[Activity, ...] = field(repr=False)
    rejections: tuple[RecordRejected, ...]

    @property
    def figures(self) -> SampleFigures:
        """Records, activities and types."""
        return SampleFigures(
            len(self.activities) + len(self.rejections),
            len(self.activities),
            Counter(activity.type for activity in self.activities),
        )


def read_all(source: Source) -> Reading:
    """Return all activities and rejections of a source.

    Raises:
        SettingsError: the source as a whole cannot be read.
    """
    activities, rejections = [], []
    for record in source.records():
        try:
            activities.append(activity_of(source, record))
        except RecordRejected as error:
            rejections.append(error)
    return Reading(tuple(activities), tuple(rejections))


def figures_after(sample: Reading, later: Reading, *, today: date) -> DefectFigures:
    """Return what becomes of a second reading when the first one is known already.

    Args:
        sample: what is known.
        later: what is read now.
        today: what happened after this day is rejected as ``future-date``.
    """
    known = {activity.key: activity for activity in sample.activities}
    counts: Counter[str] = Counter()
    rejected = Counter(error.code for error in later.rejections)
    for activity in later.activities:
        if activity.status in ("completed", "in-progress", "not-done") and _day(activity.period.start) > today:
            rejected["future-date"] += 1
            continue
        before = known.get(activity.key)
        if before is None or activity.version_key > before.version_key:
            counts["new" if before is None else "newer"] += 1
            known[activity.key] = activity
        elif activity.version_key < before.version_key:
            counts.update(("repeated", "older"))
        elif activity == before:
            counts["repeated"] += 1
        else:
            rejected["version-conflict"] += 1
    read = len(later.activities) + len(later.rejections)
    return DefectFigures(read, counts["new"], counts["newer"], counts["repeated"], counts["older"], rejected)


def words_found(words: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Return which of these words (names, numbers) stand in one of the texts; a test of privacy expects none."""
    return [word for word in words if any(word in text for text in texts)]


def _day(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
