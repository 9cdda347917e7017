"""Which writes go together: a pure plan from waiting entries and the ledger.

In one bundle an identity stands once, in its newest content; what the target has already is left out; what is older
than what the target has is left out (see `rules.order_key`); an entry that references something undelivered waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hm_fhir.delivery.target import Limits
from hm_fhir.outbox.entry import Entry
from hm_fhir.outbox.rules import is_older
from hm_fhir.outbox.settlement import LedgerRow

ENTRY_BYTES = 200
"""About what one entry of a bundle takes beside its resource."""


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of one entry.

    Args:
        key: ``Type/id``.
        text: canonical JSON.
        digest: keyed digest of the text.
        shared: many activities carry it (person, mediator, place).
        receiver_owns: elements that the receiver may change.
        withdrawn: it is here to say that it should not be there any more.
        only_if_held: nobody knows whether the target has it; written only where it has.
        content: the resource; only kept where it is needed for merging.
        order: see `rules.order_key`; None: the version of the entry.
        activity_key: the activity that made it; None: that of the entry.
    """

    key: str
    text: bytes = field(repr=False)
    digest: str
    shared: bool = False
    receiver_owns: tuple[str, ...] = ()
    withdrawn: bool = False
    only_if_held: bool = False
    content: Mapping[str, Any] | None = field(default=None, repr=False)
    order: str | None = None
    activity_key: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry with its resources ready to be sent.

    Args:
        entry: the row of the outbox.
        items: its resources, withdrawn ones included.
        yields: keys that the ledger has from its activity, in a later order than the activity claims now, with the
            order that it claims; "" when it makes them no more.
        released: keys that its activity makes no more, and that others will bring.
    """

    entry: Entry
    items: tuple[Item, ...]
    yields: Mapping[str, str] = field(default_factory=dict)
    released: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """A resource that the bundle writes, and the entry that brought it."""

    item: Item
    entry: Entry


@dataclass(slots=True)
class Plan:
    """One bundle, and what is decided without sending.

    Args:
        chosen: what the bundle writes, by key, in order.
        taken: entries that the bundle settles.
        unchanged: entries of which the target has everything.
        superseded: entries of which the target has everything in a newer version.
        too_large: entries that no bundle of this target can hold.
        missing: entries that reference something undelivered, with the keys.
        rest: entries for the next bundle, in order.
        touched: keys that an entry confirms as they are, to move their version forward in the ledger.
        seen: the order of each key in the ledger that was looked at.
        released: keys that an entry leaves to others after all, by number of the entry.
    """

    chosen: dict[str, Chosen] = field(default_factory=dict)
    taken: list[Prepared] = field(default_factory=list)
    unchanged: list[Prepared] = field(default_factory=list)
    superseded: list[Prepared] = field(default_factory=list)
    too_large: list[Prepared] = field(default_factory=list)
    missing: list[tuple[Prepared, tuple[str, ...]]] = field(default_factory=list)
    rest: list[Prepared] = field(default_factory=list)
    touched: dict[int, list[Item]] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    released: dict[int, list[str]] = field(default_factory=dict)

    @property
    def settles_something(self) -> bool:
        """Whether this plan brings anything forward."""
        return bool(self.taken or self.unchanged or self.superseded or self.too_large)


def plan_bundle(queue: Sequence[Prepared], ledger: Mapping[str, LedgerRow], limits: Limits) -> Plan:
    """Return the next bundle for entries in their order.

    Args:
        queue: prepared entries, in the order of the outbox.
        ledger: what the target has, for every key in the queue that it has.
        limits: what the target takes at once.
    """
    plan = Plan()
    held = _Held(queue, ledger)
    size = 0
    for position, prepared in enumerate(queue):
        absent = tuple(key for key in prepared.entry.needs if key not in ledger and key not in plan.chosen)
        if absent:
            plan.missing.append((prepared, absent))
            continue
        wanted, confirmed, leans, has_same = _wanted(prepared, plan.chosen, held)
        added = sum(len(item.text) + ENTRY_BYTES for item in wanted)
        if len(wanted) > limits.writes or added > limits.bytes:
            plan.too_large.append(prepared)
            continue
        new = sum(item.key not in plan.chosen for item in wanted)
        if len(plan.chosen) + new > limits.writes or size + added > limits.bytes:
            plan.rest = list(queue[position:])
            break
        if confirmed:
            plan.touched[prepared.entry.entry_id] = confirmed
            held.moved.update((item.key, _standing(item, prepared.entry)) for item in confirmed)
        if wanted or leans:
            plan.taken.append(prepared)
        elif has_same or not prepared.items:
            plan.unchanged.append(prepared)
        else:
            plan.superseded.append(prepared)
        size += added
        plan.chosen.update((item.key, Chosen(item, prepared.entry)) for item in wanted)
        plan.seen.update((item.key, ledger[item.key].version_key) for item in prepared.items if item.key in ledger)
    return plan


_Standing = tuple[str, str]
"""Order of a content, and the activity that made it."""


def _standing(item: Item, entry: Entry) -> _Standing:
    order = entry.version_key if item.order is None else item.order
    return order, entry.activity_key if item.activity_key is None else item.activity_key


class _Held:
    """What the target has, as far as it still counts.

    Args:
        queue: all entries that wait: a content that its own activity has corrected or taken back holds nobody off,
            also where that correction comes later in the queue.
        ledger: see `plan_bundle`.
    """

    def __init__(self, queue: Sequence[Prepared], ledger: Mapping[str, LedgerRow]) -> None:
        self.ledger = ledger
        self.moved: dict[str, _Standing] = {}  # given by entries of this plan to what the target has just so
        self._yields = {
            (key, prepared.entry.activity_key): order for prepared in queue for key, order in prepared.yields.items()
        }

    def standing(self, row: LedgerRow, activity_key: str) -> _Standing:
        """Return what a content of an activity must not be older than."""
        if row.resource_key in self.moved:
            return self.moved[row.resource_key]
        order = row.version_key
        if row.activity_key != activity_key:
            order = min(order, self._yields.get((row.resource_key, row.activity_key), order))
        return order, row.activity_key


def _wanted(
    prepared: Prepared, chosen: Mapping[str, Chosen], held: _Held
) -> tuple[list[Item], list[Item], bool, bool]:
    """Return what an entry adds to the bundle, what it moves forward in the ledger, and how it stands to both.

    The last two: it leans on what the bundle already holds; the target has something of it just so.
    """
    wanted: list[Item] = []
    confirmed: list[Item] = []
    has_same = False
    leans = any(key in chosen for key in prepared.entry.needs)
    entry = prepared.entry
    for item in prepared.items:
        there = chosen.get(item.key)
        if there is not None:
            leans = True
            is_other = there.item.digest != item.digest
            # The same content from a newer version is taken over too: the ledger must get the newest version, or one
            # between would come in later.
            mine, its = _standing(item, entry), _standing(there.item, there.entry)
            is_newer = is_older(*its, *mine) or (is_other and not is_older(*mine, *its))
            # What one activity withdraws and another one makes is made.
            if item.withdrawn != there.item.withdrawn and entry.activity_key != there.entry.activity_key:
                is_newer = there.item.withdrawn
            if is_newer:
                wanted.append(item)
            continue
        row = held.ledger.get(item.key)
        if row is None:
            wanted.append(item)
            continue
        mine, its = _standing(item, entry), held.standing(row, entry.activity_key)
        # Its activity gives a content up for that of another one.
        gives_up = its[1] == entry.activity_key != mine[1]
        if item.withdrawn and its[1] != entry.activity_key:
            continue  # an activity withdraws only what it wrote itself
        if row.content_digest == item.digest:
            has_same = True
            if (
                gives_up
                or is_older(*its, *mine)
                or (mine[1] == its[1] and mine[0] != its[0] and not is_older(*mine, *its))
            ):
                confirmed.append(item)
        elif gives_up or not is_older(*mine, *its) or _is_back(item, row, entry):
            wanted.append(item)
    return wanted, confirmed, leans, has_same


def _is_back(item: Item, row: LedgerRow, entry: Entry) -> bool:
    """Return whether a resource was withdrawn for another activity, and this one makes it all the same."""
    return row.withdrawn and not item.withdrawn and row.activity_key != entry.activity_key


def halves(entries: Sequence[Prepared]) -> tuple[list[Prepared], list[Prepared]]:
    """Return the first and the second half, the first not larger."""
    middle = len(entries) // 2
    return list(entries[:middle]), list(entries[middle:])


def keys_of(entries: Iterable[Prepared]) -> set[str]:
    """Return every key that the entries hold or need."""
    found: set[str] = set()
    for prepared in entries:
        found.update(item.key for item in prepared.items)
        found.update(prepared.entry.needs)
    return found
