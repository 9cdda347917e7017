"""Which writes go together: a pure plan from waiting entries and the ledger.

In one bundle an identity stands once, in its newest version; what the target has already is left out; what is older
than what the target has is left out; an entry that references something undelivered waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hm_fhir.delivery.target import Limits
from hm_fhir.outbox.entry import Entry
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
    """

    key: str
    text: bytes = field(repr=False)
    digest: str
    shared: bool = False
    receiver_owns: tuple[str, ...] = ()
    withdrawn: bool = False
    only_if_held: bool = False
    content: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry with its resources ready to be sent.

    Args:
        entry: the row of the outbox.
        items: its resources, withdrawn ones included.
    """

    entry: Entry
    items: tuple[Item, ...]


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
    """

    chosen: dict[str, Chosen] = field(default_factory=dict)
    taken: list[Prepared] = field(default_factory=list)
    unchanged: list[Prepared] = field(default_factory=list)
    superseded: list[Prepared] = field(default_factory=list)
    too_large: list[Prepared] = field(default_factory=list)
    missing: list[tuple[Prepared, tuple[str, ...]]] = field(default_factory=list)
    rest: list[Prepared] = field(default_factory=list)
    touched: dict[int, list[Item]] = field(default_factory=dict)

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
    moved: dict[str, str] = {}  # versions that entries of this plan give to what the target has just so
    size = 0
    for position, prepared in enumerate(queue):
        absent = tuple(key for key in prepared.entry.needs if key not in ledger and key not in plan.chosen)
        if absent:
            plan.missing.append((prepared, absent))
            continue
        wanted, confirmed, leans, has_same = _wanted(prepared, plan.chosen, ledger, moved)
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
            moved.update((item.key, prepared.entry.version_key) for item in confirmed)
        if wanted or leans:
            plan.taken.append(prepared)
        elif has_same or not prepared.items:
            plan.unchanged.append(prepared)
        else:
            plan.superseded.append(prepared)
        size += added
        plan.chosen.update((item.key, Chosen(item, prepared.entry)) for item in wanted)
    return plan


def _wanted(
    prepared: Prepared, chosen: Mapping[str, Chosen], ledger: Mapping[str, LedgerRow], moved: Mapping[str, str]
) -> tuple[list[Item], list[Item], bool, bool]:
    """Return what an entry adds to the bundle, what it moves forward in the ledger, and how it stands to both.

    The last two: it leans on what the bundle already holds; the target has something of it just so.
    """
    wanted: list[Item] = []
    confirmed: list[Item] = []
    has_same = False
    leans = any(key in chosen for key in prepared.entry.needs)
    version = prepared.entry.version_key
    for item in prepared.items:
        there = chosen.get(item.key)
        if there is not None:
            leans = True
            is_other = there.item.digest != item.digest
            # The same content from a newer version is taken over too: the ledger must get the newest version, or one
            # between would come in later.
            is_newer = version > there.entry.version_key or (is_other and version == there.entry.version_key)
            # What one activity withdraws and another one makes is made.
            if item.withdrawn != there.item.withdrawn and prepared.entry.activity_key != there.entry.activity_key:
                is_newer = there.item.withdrawn
            if is_newer:
                wanted.append(item)
            continue
        row = ledger.get(item.key)
        if row is None:
            wanted.append(item)
            continue
        held_version = max(row.version_key, moved.get(item.key, ""))
        if row.content_digest == item.digest:
            has_same = True
            if version > held_version:
                confirmed.append(item)
        elif version >= held_version or _is_back(item, row, prepared.entry):
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
