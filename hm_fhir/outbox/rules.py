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


def is_late_fact(known: LedgerRow, *, version_key: str, activity_key: str) -> bool:
    """Return whether a delivery is told after that of a newer version: two workers sent the resource at one time.

    What another activity withdrew is another matter: an older version that still makes the resource puts it back.
    """
    is_back = known.withdrawn and known.activity_key != activity_key
    return version_key < known.version_key and not is_back


def came_before(version: str | None, other: str | None) -> bool:
    """Return whether a version at a target is known to be earlier than another one.

    R4 leaves the form of versions open (resource.html#Meta); most servers count.
    """
    numbers = [one for one in (version, other) if one is not None and one.isascii() and one.isdigit()]
    return len(numbers) == 2 and int(numbers[0]) < int(numbers[1])
