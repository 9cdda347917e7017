"""Makes claimed entries ready to be sent: texts, digests, what is to be withdrawn, what belongs to the receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hm_fhir.delivery.bundles import Chosen, Item, Plan, Prepared, keys_of
from hm_fhir.delivery.target import Closed, Held, Later, Target, Write
from hm_fhir.fhir.json import to_json
from hm_fhir.fhir.ownership import differs, merged
from hm_fhir.fhir.withdrawal import withdrawn
from hm_fhir.outbox.entry import Entry, State
from hm_fhir.outbox.rules import is_by_reading, order_key
from hm_fhir.outbox.settlement import LedgerRow
from hm_fhir.outbox.store import Store

_SETTLED = (State.DELIVERED, State.UNCHANGED, State.SUPERSEDED)


class Preparation:
    """Entries with their resources, beside what the target has of them.

    Args:
        store: for the ledger and the former payloads of an activity.
        digest: keyed digest of a text.
    """

    def __init__(self, store: Store, digest: Callable[[bytes], str]) -> None:
        self._store = store
        self._digest = digest
        self._keys: set[str] = set()
        self.ledger: Mapping[str, LedgerRow] = {}

    def prepare(self, target: str, entries: Sequence[Entry]) -> list[Prepared]:
        """Return the entries in their order, and load the ledger for every key in them."""
        prepared = [Prepared(entry, tuple(self._items(entry))) for entry in entries]
        self._keys = keys_of(prepared)
        self.refresh(target)
        prepared = [self._with_others(one) for one in prepared]
        if more := keys_of(prepared) - self._keys:
            self._keys |= more
            self.ledger = {**self.ledger, **self._store.ledger(target, more)}
        return prepared

    def refresh(self, target: str) -> None:
        """Load the ledger again, after something was settled."""
        self.ledger = self._store.ledger(target, self._keys)

    def _items(self, entry: Entry) -> Iterator[Item]:
        return (self._item(resource, entry) for resource in entry.payload["resources"])

    def _with_others(self, prepared: Prepared) -> Prepared:
        """Return an entry with what earlier versions of its activity leave behind.

        A content that holds since an earlier time than the former version said makes room for that of another
        activity that holds since later.
        """
        entry, yields = prepared.entry, dict[str, str]()
        items = []
        for item in prepared.items:
            row = self.ledger.get(item.key)
            if row is not None and self._holds_earlier(item, entry, row):
                yields[item.key] = _order(item)
                other = self._of_others(entry, item.key)
                item = item if other is None or _order(other) < _order(item) else other
            items.append(item)
        gone, released = self._gone(entry, {item.key for item in items}, yields)
        return Prepared(entry, (*items, *gone), yields, tuple(released))

    def _holds_earlier(self, item: Item, entry: Entry, row: LedgerRow) -> bool:
        # What everybody shares has a time of its own only where no time of change orders the versions.
        can_hold_earlier = not item.shared or is_by_reading(_order(item))
        return can_hold_earlier and self._is_of(entry, row) and _order(item) < row.version_key

    @staticmethod
    def _is_of(entry: Entry, row: LedgerRow) -> bool:
        return row.activity_key == entry.activity_key

    def _gone(self, entry: Entry, present: set[str], yields: dict[str, str]) -> tuple[list[Item], list[str]]:
        """Return what earlier versions of the activity made and this one does not make any more.

        Of a version whose answer was lost nobody knows whether the target has it: the target is asked. What another
        activity makes too, such as the plan of a case, becomes what that one makes of it, or is released for an
        activity that will bring it itself, with what it references.
        """
        target = entry.target
        gone: dict[str, dict[str, Any]] = {}
        for payload in self._store.former_payloads(target, entry.activity_key, entry.entry_id, present):
            for resource in payload["resources"]:
                if not resource["shared"] and resource["key"] not in present:
                    gone.setdefault(resource["key"], resource)
        ledger = self._store.ledger(target, gone)
        items: list[Item] = []
        released: list[str] = []
        for key, resource in gone.items():
            row = ledger.get(key)
            if row is not None and (row.withdrawn or row.shared):
                continue
            is_ours = row is not None and self._is_of(entry, row)
            if is_ours:
                yields[key] = ""
            if (other := self._of_others(entry, key)) is not None:
                items.append(other)
                if is_ours:
                    yields[key] = _order(other)
            elif self._store.other_producers(target, key, entry.activity_key):
                released += [key] * is_ours
            elif (content := withdrawn(resource["content"])) is not None:
                without = {**resource, "content": content, "as_of": None}
                items.append(self._item(without, entry, withdrawn=True, only_if_held=row is None))
        return items, released

    def _of_others(self, entry: Entry, key: str) -> Item | None:
        """Return the newest content of a resource among those of other activities.

        One that waits is left out: it brings the resource itself, with what that references.
        """
        others = self._store.other_producers(entry.target, key, entry.activity_key)
        items = [
            self._item(resource, other)
            for other in others
            if other.state in _SETTLED
            for resource in other.payload["resources"]
            if resource["key"] == key
        ]
        return max(items, key=lambda one: (_order(one), one.activity_key or ""), default=None)

    def _item(
        self, resource: dict[str, Any], entry: Entry, *, withdrawn: bool = False, only_if_held: bool = False
    ) -> Item:
        text = to_json(resource["content"])
        owns = tuple(resource["receiver_owns"])
        return Item(
            key=resource["key"],
            text=text,
            digest=self._digest(text),
            shared=resource["shared"],
            receiver_owns=owns,
            withdrawn=withdrawn,
            only_if_held=only_if_held,
            content=resource["content"] if owns else None,
            order=order_key(resource.get("as_of"), entry.version_key),
            activity_key=entry.activity_key,
        )

    def writes(self, plan: Plan, target: Target) -> list[Write] | Later | Closed:
        """Return the writes of a bundle; what the receiver may change is read there and merged first.

        What was to be withdrawn, and is not there, is taken out of the plan; so is what another activity brought
        since the entries were prepared.
        """
        self._keep_of_others(plan)
        asked = [key for key, one in plan.chosen.items() if one.item.receiver_owns or one.item.only_if_held]
        held: Mapping[str, Held] | Later | Closed = target.read(asked) if asked else {}
        if isinstance(held, Later | Closed):
            return held
        for key in asked:
            if plan.chosen[key].item.only_if_held and key not in held:
                del plan.chosen[key]
        return [write for key, chosen in plan.chosen.items() if (write := self._write(key, chosen, held.get(key)))]

    def _keep_of_others(self, plan: Plan) -> None:
        for key, chosen in list(plan.chosen.items()):
            entry = chosen.entry
            if chosen.item.withdrawn and self._store.other_producers(entry.target, key, entry.activity_key):
                del plan.chosen[key]
                if (other := self._of_others(entry, key)) is not None:
                    plan.chosen[key] = Chosen(other, entry)
                else:
                    plan.released.setdefault(entry.entry_id, []).append(key)

    def _write(self, key: str, chosen: Chosen, held: Held | None) -> Write | None:
        content = chosen.item.content
        if held is None or content is None:
            return Write(key, chosen.item.text)
        row = self.ledger.get(key)
        withdrawn_by_us = row is not None and row.withdrawn
        result = merged(dict(content), held.content, chosen.item.receiver_owns, withdrawn_by_us=withdrawn_by_us)
        if not differs(result, held.content):
            return None
        return Write(key, to_json(result), if_version=held.version)


def _order(item: Item) -> str:
    return item.order or ""
