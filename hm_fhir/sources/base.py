"""What a source is: it reads records, and turns a record into an activity.

One record is one activity. A reader whose documents hold several activities yields several records, so that the first
sum (read = new + newer + repeated + rejected) counts what the municipality counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from hm_fhir.activities.model import Activity, rejected
from hm_fhir.errors import RecordRejected, place_of


@dataclass(frozen=True, slots=True)
class Record:
    """One raw row or document.

    Args:
        place: where it stands: file name and line; never holds a value of the record.
        values: what it says; texts as they were written.
        error: why it could not be read, when it could not; `values` then holds what was there, to be kept.
    """

    place: str
    values: Mapping[str, Any] = field(repr=False)
    error: RecordRejected | None = None


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What a source may know of its deployment.

    Args:
        system: name of the local system; with a local id the identity of an activity.
        folder: folder of the settings file; relative paths start here.
        zone: zone of local times without one.
    """

    system: str
    folder: Path
    zone: ZoneInfo


class Source(Protocol):
    """Where activities are read from."""

    def count(self) -> int | None:
        """Return about how many records there are, for progress, or None when that is not known in advance."""

    def records(self) -> Iterator[Record]:
        """Yield every record; one that cannot be read comes with its `error`.

        Raises:
            SettingsError: the source as a whole cannot be read (no such file, a heading is gone).
        """

    def activity(self, record: Record) -> Activity:
        """Return the activity that a record tells of.

        Raises:
            RecordRejected: it tells of none, with the reason.
            pydantic.ValidationError: the same, from the activity model.
        """


def activity_of(source: Source, record: Record) -> Activity:
    """Return the activity of a record.

    Raises:
        RecordRejected: there is none; whatever goes wrong in a plugin is a rejection, so that nothing is lost.
    """
    if record.error is not None:
        raise record.error
    try:
        activity = source.activity(record)
    except ValidationError as error:
        raise rejected(error, place=record.place) from None
    except RecordRejected:
        raise
    except (Exception, SystemExit) as defect:  # noqa: BLE001  (a plugin's defect must not stop the other records)
        raise _defect(f"{type(defect).__name__} at {place_of(defect)}", record) from None
    if not isinstance(activity, Activity):
        raise _defect(f"it gave {type(activity).__name__}, not Activity", record)
    return activity


def count_of(source: Source) -> int | None:
    """Return about how many records a source has; None also when counting fails, since it is only for progress."""
    try:
        return source.count()
    except Exception:  # noqa: BLE001  (reading will tell what is wrong)
        return None


def _defect(what: str, record: Record) -> RecordRejected:
    return RecordRejected(
        f"the plugin failed: {what}",
        code="plugin-defect",
        place=record.place,
        fix="report this to the author of the plugin",
    )
