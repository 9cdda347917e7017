"""What a run over a sample must count."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hm_fhir.delivery.record_counts import RecordCounts


@dataclass(frozen=True, slots=True)
class ExpectedCounts:
    """What a run over a sample must count.

    Args:
        read: records.
        new: activities that were not known.
        newer: newer versions, and documents of which the product says that they are deleted.
        repeated: records that bring nothing new.
        deleted: how many of the newer are deletions.
        gone: activities that are withdrawn because the source does not hold them any more.
        rejected: records by code of the rejection.
        types: what is new, by activity type.
        is_exact: what brings nothing new is known, too: the reader gives a snapshot. One that gives what changed may
            give some again.
    """

    read: int
    new: int
    newer: int = 0
    repeated: int = 0
    deleted: int = 0
    gone: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    is_exact: bool = True

    def matches(self, counts: RecordCounts) -> bool:
        """Return whether a run counted just this."""
        return not self.differences(counts)

    def differences(self, counts: RecordCounts) -> dict[str, tuple[Any, Any]]:
        """Return what a run counted otherwise: by name, what was expected and what was counted."""
        names = ("new", "newer", "deleted", "gone", "rejected", *(("read", "repeated") if self.is_exact else ()))
        found = {name: (getattr(self, name), getattr(counts, name)) for name in names}
        found["adds_up"] = (True, counts.adds_up)
        return {name: pair for name, pair in found.items() if pair[0] != pair[1]}
