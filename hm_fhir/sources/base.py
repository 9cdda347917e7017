"""What a source is: it reads records, and turns a record into an activity.

One record is one activity. A reader whose documents hold several activities yields several records, so that the first
sum (read = new + newer + repeated + rejected) counts what the municipality counts.

A `Reader` knows a format or a product (CSV, an API); a `Source` is a reader and what its records mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from hm_fhir.activities.model import Activity, rejected
from hm_fhir.errors import RecordRejected, place_of

UNREADABLE = "unreadable"
"""Code of a record that the reader could not read, when there is no better one."""


@dataclass(frozen=True, slots=True)
class Record:
    """One raw row or document.

    Args:
        place: where it stands: file name and line, sheet and row, form and number; never a value of the record.
        values: what it says, as JSON knows it: texts as they were written, whole numbers, decimals, true and false,
            lists and objects. A record that was rejected is kept as this, and read again from it.
        error: why it could not be read, when it could not; `values` then holds what was there, to be kept. A better
            file helps it, not another reading of what is kept.
        document: identity in its source of the document that this record is, or is a part of: stable over
            corrections. None where the source knows none. Records of one document follow each other.
        deleted: the source says that the document is gone; only `document` and `place` count then.
    """

    place: str
    values: Mapping[str, Any] = field(repr=False)
    error: RecordRejected | None = None
    document: str | None = field(default=None, repr=False)
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Headings:
    """The columns that the following records can have; a reader of tables says them before the first row of each.

    Args:
        place: file, sheet and row.
        names: as they are written, without line breaks and double spaces; empty ones left out.
        table: by what the table is known the next time, when its place does not tell; never shown.
    """

    place: str
    names: tuple[str, ...]
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reader saw and did not read, or mended: said in the report, so that nothing is lost without a word.

    Args:
        place: where: a sheet, a range of rows, a form.
        code: for machines: ``hidden-sheet``, ``subtotals``, ``encrypted``.
        message: for people; no value of a record.
    """

    place: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All records before this one are complete: once they are committed, reading can go on from here.

    Never between records of one document: what a document does not hold at its end is taken for deleted.

    Args:
        cursor: what `records` gets as `since` in the next run; only the reader understands it. No personal data.
    """

    cursor: str


Item = Record | Headings | Remark | Checkpoint
"""What a reader yields, in its order."""


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


@dataclass(frozen=True, slots=True)
class Understood:
    """What a record tells.

    Args:
        activity: the activity.
        repairs: what was mended so that it could be understood, by code: ``egn-leading-zero``. Counted, never hidden.
        last_read_counts: the local system keeps no time of change: what is read last is the newest, whatever
            `updated_at` says. Otherwise the later `updated_at` is.
    """

    activity: Activity
    repairs: tuple[str, ...] = ()
    last_read_counts: bool = False


class Reader(Protocol):
    """Reads a format or a product.

    Attributes:
        incremental: it gives only what changed since a cursor. Otherwise it gives a snapshot: everything, each time.
    """

    incremental: bool

    def count(self) -> int | None:
        """Return about how many records there are, for progress, or None when that is not known in advance."""

    def records(self, since: str | None = None) -> Iterator[Item]:
        """Yield everything there is to read.

        Args:
            since: the cursor of the last committed `Checkpoint`; None the first time. A snapshot ignores it.

        Raises:
            SettingsError: the source as a whole cannot be read (no such file, a heading is gone).
            OperatorNeeded: it refuses us (credentials, address).
            RetryLater: it does not answer, also after some attempts.
        """


@runtime_checkable
class Source(Reader, Protocol):
    """Where activities are read from."""

    def activity(self, record: Record) -> Activity | Understood:
        """Return the activity that a record tells of.

        Raises:
            RecordRejected: it tells of none, with the reason.
            pydantic.ValidationError: the same, from the activity model.
        """

    def local_id(self, record: Record) -> str | None:
        """Return the local id of the activity that a rejected record would have told of, or None if it says none.

        So that an activity whose record has become unreadable is not taken for deleted.
        """


@dataclass(frozen=True, slots=True)
class ReaderKind:
    """A kind of reader.

    Args:
        name: what the settings call it: ``kind = "…"``.
        options: pydantic model of its settings (``extra="forbid"``).
        open: makes the reader from its checked settings; reads nothing yet.
        description: one line for `hm-fhir plugins list`.
    """

    name: str
    options: type[BaseModel]
    open: Callable[[Any, SourceContext], Reader]
    description: str


def understand(source: Source, record: Record) -> Understood:
    """Return what a record tells.

    Raises:
        RecordRejected: nothing; whatever goes wrong in a plugin is a rejection, so that nothing is lost.
    """
    if record.error is not None:
        raise record.error
    try:
        told = source.activity(record)
    except ValidationError as error:
        raise rejected(error, place=record.place) from None
    except RecordRejected:
        raise
    except (Exception, SystemExit) as defect:  # noqa: BLE001  (a plugin's defect must not stop the other records)
        raise _defect(f"{type(defect).__name__} at {place_of(defect)}", record) from None
    if isinstance(told, Activity):
        return Understood(told)
    if not isinstance(told, Understood):
        raise _defect(f"it gave {type(told).__name__}, not Activity", record)
    return told


def activity_of(source: Source, record: Record) -> Activity:
    """Return the activity of a record.

    Raises:
        RecordRejected: there is none; see `understand`.
    """
    return understand(source, record).activity


def records_of(reader: Reader, since: str | None = None) -> Iterator[Record]:
    """Yield the records alone of what a reader gives."""
    return (item for item in reader.records(since) if isinstance(item, Record))


def last_read_counts(source: Source) -> bool:
    """Return whether what is read last is the newest, since the local system keeps no time of change."""
    return bool(getattr(source, "last_read_counts", False))


def count_of(source: Reader) -> int | None:
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
