"""The report of a run: two sums that must add up, for every source and for every target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.delivery.worker import DeliveryCounts
from hm_fhir.outbox.entry import State, TargetCounts
from hm_fhir.validation.deployment.mapped_check import NOT_VALID


@dataclass(slots=True)
class RunReport:
    """What a run did, and whether every record and every entry is accounted for.

    Args:
        records: counts of this run, by source.
        failed_sources: sources that could not be read to the end, with the reason.
        deliveries: what this run did, by target.
        targets: all entries of the store, by target.
        unknown_targets: targets that are not in the settings and have entries that wait.
        interrupted: a person stopped the run; the next one goes on.
    """

    records: dict[str, RecordCounts] = field(default_factory=dict)
    failed_sources: dict[str, str] = field(default_factory=dict)
    deliveries: dict[str, DeliveryCounts] = field(default_factory=dict)
    targets: Mapping[str, TargetCounts] = field(default_factory=dict)
    unknown_targets: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def adds_up(self) -> bool:
        """Whether both sums hold everywhere."""
        return all(counts.adds_up for counts in self.records.values()) and not any(
            counts.missing for counts in self.targets.values()
        )

    @property
    def open_entries(self) -> int:
        """Entries that wait or are parked."""
        return sum(counts.states[State.WAITING] + counts.states[State.PARKED] for counts in self.targets.values())

    @property
    def not_valid_entries(self) -> int:
        """Entries that are withheld because what they hold is not valid."""
        return sum(counts.withheld.get(NOT_VALID, 0) for counts in self.targets.values())

    @property
    def written(self) -> int:
        """Resources in transactions that targets took in this run."""
        return sum(counts.resources for counts in self.deliveries.values())

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "adds_up": self.adds_up,
            "interrupted": self.interrupted,
            "unknown_targets": list(self.unknown_targets),
            "records": {name: counts.as_json() for name, counts in self.records.items()},
            "failed_sources": dict(self.failed_sources),
            "deliveries": {
                name: {
                    "entries": dict(sorted(counts.settled.items())),
                    "requests": counts.requests,
                    "resources": counts.resources,
                    "closed": counts.closed.code if counts.closed else None,
                }
                for name, counts in self.deliveries.items()
            },
            "targets": {name: target_as_json(counts) for name, counts in self.targets.items()},
        }


def target_as_json(counts: TargetCounts) -> dict[str, Any]:
    """Return the sum of one target as plain data."""
    return {
        "routed": counts.routed,
        **{state.value: counts.states[state] for state in State},
        "withheld_by_rule": dict(counts.withheld),
        "waiting_by_code": dict(counts.waiting),
        "parked_by_code": dict(counts.parked),
        "adds_up": not counts.missing,
    }
