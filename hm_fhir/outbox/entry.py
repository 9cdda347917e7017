"""The rows of the outbox: what intake offers, what waits for a target, what a person sees of it.

All rows are frozen. Keys of activities and persons are keyed pseudonyms; payloads are left out of every ``repr``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class State(StrEnum):
    """Where an entry is. Every entry is in exactly one state, so the states of a target add up to what was routed."""

    WAITING = "waiting"  # to be sent, now or at retry_at
    WITHHELD = "withheld"  # a rule said that this target does not get it
    DELIVERED = "delivered"  # the target acknowledged it
    UNCHANGED = "unchanged"  # the target already had the same content
    SUPERSEDED = "superseded"  # a newer version of the activity took its place
    PARKED = "parked"  # the target will never take it; a person has to look


class Outcome(StrEnum):
    """What `add` made of a submission."""

    NEW = "new"  # the activity was not known
    NEWER = "newer"  # a newer version, or the same one read by other settings
    REPEATED = "repeated"  # known; entries are added only for targets or packs that are new
    OLDER = "older"  # a newer version is known; nothing was written
    CONFLICT = "conflict"  # two different records claim to be the same version; nothing was written


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What one activity version means for one target.

    Args:
        target: name of the target.
        state: `State.WAITING` or `State.WITHHELD`.
        rule: why it is withheld, such as ``no-mapping``; None when it waits.
        person_key: pseudonym of the person; order is kept per (person, target). None for a group.
        payload: what is to be delivered, JSON-like; empty when there is nothing.
        holds: keys of the resources in the payload, ``Type/id``.
        needs: keys of the resources that the payload references and does not hold.
        mapping: name of the mapping; None when none applied.
        mapping_version: version of the mapping.
        pack: fingerprint of all that turned the activity into the payload; another one makes a new entry.

    Raises:
        ValueError: the state is another one, or does not agree with the rule.
    """

    target: str
    state: State = State.WAITING
    rule: str | None = None
    person_key: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    holds: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    mapping: str | None = None
    mapping_version: str | None = None
    pack: str

    def __post_init__(self) -> None:
        if self.state not in (State.WAITING, State.WITHHELD):
            raise ValueError(f"a route is waiting or withheld, not {self.state}")
        if (self.state is State.WITHHELD) != (self.rule is not None):
            raise ValueError("a route has a rule exactly when it is withheld")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One version of an activity, with its route to every target.

    Args:
        activity_key: pseudonym of the activity.
        source: name of the source.
        version_key: orders the versions of the activity; the greater text is the newer version.
        record_digest: digest of the record as it was read.
        content_digest: digest of the activity that was made of it.
        activity_type: code of the activity catalogue.
        routes: one for each target.

    Raises:
        ValueError: two routes name one target.
    """

    activity_key: str
    source: str
    version_key: str
    record_digest: str
    content_digest: str
    activity_type: str
    routes: tuple[Route, ...] = ()

    def __post_init__(self) -> None:
        if len({route.target for route in self.routes}) != len(self.routes):
            raise ValueError("two routes of a submission name one target")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownActivity:
    """What the store knows of an activity: enough to decide before anything is mapped.

    Args:
        activity_key: see Submission.
        source: see Submission.
        version_key: of the newest version.
        record_digest: of the record that was last accepted for that version.
        content_digest: of that version.
        revision: how many times the content was replaced, from 1.
        packs: target -> pack of its latest entry for this content; a target without one is absent.
        changed_at: when that content was stored.
    """

    activity_key: str
    source: str
    version_key: str
    record_digest: str
    content_digest: str
    revision: int
    packs: Mapping[str, str]
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestRoute:
    """What the last entry of an activity says of it.

    Args:
        activity_type: see Submission.
        person_key: see Route.
    """

    activity_type: str
    person_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """The answer to `add`.

    Args:
        outcome: what the submission was.
        entry_ids: the entries that were made.
        superseded: how many older entries they replaced.
    """

    outcome: Outcome
    entry_ids: tuple[int, ...] = ()
    superseded: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """An entry without its payload.

    Args:
        entry_id: number of the entry; later entries have greater numbers.
        target: name of the target.
        source: name of the source.
        activity_key: pseudonym of the activity.
        version_key: version of the activity.
        activity_type: code of the activity catalogue.
        person_key: pseudonym of the person, None for a group.
        state: where it is.
        code: the rule that withheld it, or the last reason to wait or to be parked.
        attempts: how many times it was claimed and not given back; the first claim makes it 1.
        retry_at: not handed out before.
        deferred: it waits for something that it references, and holds nobody else up.
        lease_owner: who has it.
        lease_until: until when.
        created_at: when it was added.
        settled_at: when it left the state waiting.
        delivered_at: when the target had this content, even if a newer version superseded the entry meanwhile.
        mapping: name of the mapping.
        mapping_version: version of the mapping.
        pack: see Route.
    """

    entry_id: int
    target: str
    source: str
    activity_key: str
    version_key: str
    activity_type: str
    person_key: str | None
    state: State
    code: str | None
    attempts: int
    retry_at: datetime | None
    deferred: bool
    lease_owner: str | None
    lease_until: datetime | None
    created_at: datetime
    settled_at: datetime | None
    delivered_at: datetime | None
    mapping: str | None
    mapping_version: str | None
    pack: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(EntryRow):
    """An entry with its payload.

    Args:
        payload: what is to be delivered.
        holds: keys of the resources in the payload.
        needs: keys of the resources that it references and does not hold.
    """

    payload: dict[str, Any] = field(repr=False)
    holds: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a target said about an entry.

    Args:
        content: the answer, JSON-like or text; it may quote personal data and is shown only on request.
        status: what the target calls it, such as ``422``.
        at: when it was settled; the store fills it in.
    """

    content: Any = field(repr=False)
    status: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All about one entry, for a person who asked for it by its number.

    Args:
        entry: the entry with its payload.
        words: what the target said, oldest first.
        missing: keys of the resources that a deferred entry waits for.
    """

    entry: Entry
    words: tuple[Words, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCounts:
    """The sum of one target: ``routed`` is counted when entries are added, ``states`` by looking at the entries.

    Args:
        target: name of the target.
        routed: entries that were ever added, from a tally of its own.
        states: number of entries in each state; every state is present.
        withheld: rule -> number.
        parked: code -> number.
        waiting: code of the last failure -> number, for those that were tried.
    """

    target: str
    routed: int
    states: Mapping[State, int]
    withheld: Mapping[str, int]
    parked: Mapping[str, int]
    waiting: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def none(cls, target: str) -> TargetCounts:
        """Return the sum of a target that nothing was routed to."""
        return cls(target=target, routed=0, states=dict.fromkeys(State, 0), withheld={}, parked={})

    @property
    def was_reached(self) -> bool:
        """Whether the target ever took or refused anything."""
        return any(self.states[state] for state in (State.DELIVERED, State.UNCHANGED, State.PARKED))

    @property
    def missing(self) -> int:
        """Routed entries that no state accounts for: 0, or the store has lost or doubled some."""
        return self.routed - sum(self.states.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A record that cannot become an activity.

    Args:
        source: name of the source.
        record_digest: digest of the record as it was read.
        place: where in the record or file, such as ``visits.csv:17``.
        code: short fixed reason.
        message: what is wrong; never a value of the record.
        payload: the record as it was read, so that it can be replayed.
        at: when it was read.
        document: the document that it is a part of, when its source says so.
        activity_key: pseudonym of the activity that it would have told of, when it says so.
        replayable: the payload is the whole record, so it can be taken again.
    """

    source: str
    record_digest: str
    place: str | None
    code: str
    message: str
    payload: Any = field(repr=False)
    at: datetime
    document: str | None = field(default=None, repr=False)
    activity_key: str | None = None
    replayable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRecord:
    """A record that is kept because it was rejected; see Rejection.

    Args:
        source: name of the source.
        record_digest: digest of the record.
        place: where it was last read.
        code: the last reason.
        message: what was last wrong.
        payload: the record.
        first_at: when it was first rejected.
        last_at: when it was last rejected.
        times: how many times.
        document: the document that it is a part of, when its source says so.
        replayable: see Rejection.
    """

    source: str
    record_digest: str
    place: str | None
    code: str
    message: str
    payload: Any = field(repr=False)
    first_at: datetime
    last_at: datetime
    times: int
    document: str | None = field(default=None, repr=False)
    replayable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """That a source has an activity.

    Args:
        source: name of the source.
        document_key: pseudonym of the document that it came from; that of the activity itself when it is a row.
        scan: number of the reading that met it last; 0 where the reading did not ask to remember it.
        said: digest of what the source said last, where no times of change decide; otherwise empty.
        said_in: number of the reading that said so; negative: the source gives only changes, so what it said holds
            until it says otherwise.
    """

    source: str
    document_key: str
    scan: int
    said: str = ""
    said_in: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPlace:
    """Where reading of a source goes on.

    Args:
        cursor: of the last committed checkpoint; None: at the beginning.
        scan: number of this reading, from 1.
        read_at: when this reading began.
        tables: digests of the tables (sheets) of the last complete reading.
        complete: number of the last reading that came to its end.
    """

    cursor: str | None
    scan: int
    read_at: datetime
    tables: frozenset[str] = frozenset()
    complete: int = 0
