"""Makes claimed entries ready to be sent: texts, digests, what is to be withdrawn, what belongs to the receiver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hm_fhir.delivery.bundles import Chosen, Item, Plan, Prepared, keys_of
from hm_fhir.delivery.target import Closed, Held, Later, Target, Write
from hm_fhir.fhir.json import to_json
from hm_fhir.fhir.ownership import differs, merged
from hm_fhir.fhir.withdrawal import withdrawn
from hm_fhir.outbox.entry import Entry, State
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
        prepared = [Prepared(entry, self._items(target, entry)) for entry in entries]
        self._keys = keys_of(prepared)
        self.refresh(target)
        return prepared

    def refresh(self, target: str) -> None:
        """Load the ledger again, after something was settled."""
        self.ledger = self._store.ledger(target, self._keys)

    def _items(self, target: str, entry: Entry) -> tuple[Item, ...]:
        items = [self._item(resource) for resource in entry.payload["resources"]]
        return (*items, *self._gone(target, entry, {item.key for item in items}))

    def _gone(self, target: str, entry: Entry, present: set[str]) -> list[Item]:
        """Return what earlier versions of the activity made and this one does not make any more.

        Of a version whose answer was lost nobody knows whether the target has it: the target is asked. What another
        activity makes too, such as the plan of a case, becomes what that one makes of it.
        """
        gone: dict[str, dict[str, Any]] = {}
        for payload in self._store.former_payloads(target, entry.activity_key, entry.entry_id, present):
            for resource in payload["resources"]:
                if not resource["shared"] and resource["key"] not in present:
                    gone.setdefault(resource["key"], resource)
        ledger = self._store.ledger(target, gone)
        items = []
        for key, resource in gone.items():
            row = ledger.get(key)
            if row is not None and (row.withdrawn or row.shared):
                continue
            others = self._store.other_producers(target, key, entry.activity_key)
            if others:
                items += self._of_another(key, others)
            elif (content := withdrawn(resource["content"])) is not None:
                items.append(self._item({**resource, "content": content}, withdrawn=True, only_if_held=row is None))
        return items

    def _of_another(self, key: str, others: Sequence[Entry]) -> list[Item]:
        newest = others[0]
        if newest.state not in _SETTLED:  # it brings the resource itself, with what that references
            return []
        return [self._item(one) for one in newest.payload["resources"] if one["key"] == key]

    def _item(self, resource: dict[str, Any], *, withdrawn: bool = False, only_if_held: bool = False) -> Item:
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
            if chosen.item.withdrawn and (
                others := self._store.other_producers(entry.target, key, entry.activity_key)
            ):
                del plan.chosen[key]
                plan.chosen.update((key, Chosen(item, entry)) for item in self._of_another(key, others))

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
