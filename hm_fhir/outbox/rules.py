"""The decisions of the outbox as pure functions; every back end asks them, so that all decide alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hm_fhir.outbox.entry import Outcome, State
from hm_fhir.outbox.settlement import Delivered, Parked, Settlement, Superseded, Unchanged

if TYPE_CHECKING:
    from hm_fhir.outbox.entry import KnownActivity, Route, Submission
    from hm_fhir.outbox.settlement import LedgerRow

#: States that a newer version of the activity takes over; the others are history.
UNSETTLED = (State.WAITING, State.PARKED, State.WITHHELD)


def judge(known: KnownActivity | None, submission: Submission) -> Outcome:
    """Return what a submission is to a store that knows `known` of the activity."""
    if known is None:
        return Outcome.NEW
    if submission.version_key != known.version_key:
        return Outcome.NEWER if submission.version_key > known.version_key else Outcome.OLDER
    if submission.content_digest == known.content_digest:
        return Outcome.REPEATED
    # The same record read differently: settings or a plugin changed. Two records: the source contradicts itself.
    return Outcome.NEWER if submission.record_digest == known.record_digest else Outcome.CONFLICT


_CHANGES = "#"


def withdrawn_version(version_key: str) -> str | None:
    """Return the version of an activity that its source does not hold any more; None when it is withdrawn already.

    A source does not say when a row vanished, and the clock must not decide: a row that is there again has its old
    time of change. So the version is the last one with a count behind it: odd, it is gone; even, it is there again.
    The next version of the source is greater than all of these.
    """
    version, changes = _split(version_key)
    return None if changes % 2 else f"{version}{_CHANGES}{changes + 1:09d}"


def present_version(version_key: str, known: str | None) -> str:
    """Return the version of an activity that its source holds.

    Args:
        version_key: as the source says.
        known: version that the store knows.
    """
    version, changes = _split(known or "")
    if version != version_key or not changes:
        return version_key
    return f"{version}{_CHANGES}{changes + changes % 2:09d}"


def following_version(version_key: str, reading: int) -> str:
    """Return the version of an activity that was changed although its time of change does not say so.

    Args:
        version_key: version that the store knows.
        reading: number of the reading that met the change: of two activities with one time the one that was changed
            last is the newer one.
    """
    version, changes = _split(version_key)
    return f"{version}{_CHANGES}{max(changes + 2 - changes % 2, 2 * reading):09d}"


def _split(version_key: str) -> tuple[str, int]:
    version, _, changes = version_key.partition(_CHANGES)
    return version, int(changes or 0)


def routes_to_add(known: KnownActivity | None, submission: Submission, outcome: Outcome) -> tuple[Route, ...]:
    """Return the routes of a submission that become entries.

    A repeated version still gets entries for a target that is new, and for a pack that changed.
    """
    if outcome in (Outcome.OLDER, Outcome.CONFLICT):
        return ()
    if known is None or outcome is not Outcome.REPEATED:
        return submission.routes
    return tuple(route for route in submission.routes if known.packs.get(route.target) != route.pack)


def state_after(state: State, settlement: Settlement, *, has_lease: bool) -> State | None:
    """Return the state that a settlement moves an entry to, or None when it must stay as it is.

    Args:
        state: where the entry is now.
        settlement: how somebody ends it.
        has_lease: nobody else claimed the entry since.
    """
    if isinstance(settlement, Delivered):
        # A fact about the target. A superseded entry stays superseded: it is counted there already.
        return State.DELIVERED if state in (State.WAITING, State.PARKED) else None
    if state is not State.WAITING or not has_lease:
        return None
    if isinstance(settlement, Unchanged):
        return State.UNCHANGED
    if isinstance(settlement, Superseded):
        return State.SUPERSEDED
    if isinstance(settlement, Parked):
        return State.PARKED
    return State.WAITING


def order_key(as_of: str | None, version_key: str) -> str:
    """Return the text that orders the contents of one resource: greater is newer.

    Contents of different activities are ordered by since when they hold, then by version. Where it is not said since
    when a content holds, the time of change at the begin of its version stands for it: so every two contents can be
    compared, and what the ledger has from before `as_of` was written keeps its place.

    Args:
        as_of: UTC text of fixed width, in the form that begins a version key.
        version_key: version of the activity that made the content.
    """
    return version_key if as_of is None else f"{as_of}|{version_key}"


def since_in_reading(said: str, version_key: str) -> str:
    """Return since when a content holds whose local system keeps no time of change; see `order_key`.

    Args:
        said: version of the activity, as its record says.
        version_key: its version, see `following_version`: of contents with one time the one that a later reading gave
            is the newer one.
    """
    _, changes = _split(version_key)
    return f"{said.partition('/')[0]}{_CHANGES}{changes:09d}"


def is_by_reading(order: str) -> bool:
    """Return whether an order, see `order_key`, comes from `since_in_reading`."""
    since, bar, _ = order.partition("|")
    return bool(bar) and _CHANGES in since


def is_older(order: str, activity_key: str, than: str, than_activity_key: str) -> bool:
    """Return whether a content comes before another one of the same resource.

    Of one activity the newer version counts, whatever it says about since when: it is a correction. Of two activities
    that one reading gave with one time (two visits of a day, in a register without times of change) the keys decide,
    so that the same one counts in whatever order they come.

    Args:
        order: see `order_key`.
        activity_key: the activity that made it.
        than: `order_key` of the other one.
        than_activity_key: the activity that made the other one.
    """
    if activity_key == than_activity_key:
        return _version(order) < _version(than)
    if order == than and is_by_reading(order):
        return activity_key < than_activity_key
    return order < than


def _version(order: str) -> str:
    return order.rpartition("|")[2]


def is_late_fact(known: LedgerRow, *, order: str, activity_key: str, replaces: str | None = None) -> bool:
    """Return whether a delivery is told after that of a newer content: two workers sent the resource at one time.

    What another activity withdrew is another matter: an older content that still holds puts it back.

    Args:
        known: what the ledger has now.
        order: `order_key` of what was delivered.
        activity_key: the activity that made it.
        replaces: what the ledger had when it was decided to send this: that is known to be out of date.
    """
    if known.version_key == replaces or (known.withdrawn and known.activity_key != activity_key):
        return False
    return is_older(order, activity_key, known.version_key, known.activity_key)


def came_before(version: str | None, other: str | None) -> bool:
    """Return whether a version at a target is known to be earlier than another one.

    R4 leaves the form of versions open (resource.html#Meta); most servers count.
    """
    numbers = [one for one in (version, other) if one is not None and one.isascii() and one.isdigit()]
    return len(numbers) == 2 and int(numbers[0]) < int(numbers[1])
