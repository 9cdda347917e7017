"""Makes claimed entries ready to be sent: texts, digests, what is to be withdrawn, what belongs to the receiver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hm_fhir.delivery.bundles import Chosen, Item, Plan, Prepared, keys_of
from hm_fhir.delivery.target import Closed, Held, Later, Target, Write
from hm_fhir.fhir.json import to_json
from hm_fhir.fhir.ownership import differs, merged
from hm_fhir.fhir.withdrawal import withdrawn
from hm_fhir.outbox.entry import Entry
from hm_fhir.outbox.settlement import LedgerRow
from hm_fhir.outbox.store import Store


class Preparation:
    """Entries with their resources, beside what the target has of them.

    Args:
        store: for the ledger and the last payload of an activity.
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
        items = []
        for resource in entry.payload["resources"]:
            text = to_json(resource["content"])
            owns = tuple(resource["receiver_owns"])
            items.append(
                Item(
                    key=resource["key"],
                    text=text,
                    digest=self._digest(text),
                    shared=resource["shared"],
                    receiver_owns=owns,
                    content=resource["content"] if owns else None,
                )
            )
        return (*items, *self._withdrawn(target, entry, {item.key for item in items}))

    def _withdrawn(self, target: str, entry: Entry, present: set[str]) -> list[Item]:
        """Return what earlier versions of the activity brought to the target and this one does not produce."""
        rows = self._store.ledger_of_activity(target, entry.activity_key)
        gone = {row.resource_key for row in rows if not row.withdrawn and row.resource_key not in present}
        if not gone:
            return []
        last = self._store.last_payload(target, entry.activity_key) or {"resources": []}
        items = []
        for resource in last["resources"]:
            content = withdrawn(resource["content"]) if resource["key"] in gone else None
            if content is not None:
                text = to_json(content)
                owns = tuple(resource["receiver_owns"])
                items.append(
                    Item(
                        key=resource["key"],
                        text=text,
                        digest=self._digest(text),
                        receiver_owns=owns,
                        withdrawn=True,
                        content=content if owns else None,
                    )
                )
        return items

    def writes(self, plan: Plan, target: Target) -> list[Write] | Later | Closed:
        """Return the writes of a bundle; what the receiver may change is read there and merged first."""
        theirs = [key for key, chosen in plan.chosen.items() if chosen.item.receiver_owns]
        held: Mapping[str, Held] | Later | Closed = target.read(theirs) if theirs else {}
        if isinstance(held, Later | Closed):
            return held
        return [write for key, chosen in plan.chosen.items() if (write := _write(key, chosen, held.get(key)))]


def _write(key: str, chosen: Chosen, held: Held | None) -> Write | None:
    content = chosen.item.content
    if held is None or content is None:
        return Write(key, chosen.item.text)
    result = merged(dict(content), held.content, chosen.item.receiver_owns)
    if not differs(result, held.content):
        return None
    return Write(key, to_json(result), if_version=held.version)
