"""What became of the records of one source: the first of the two sums.

    read = new + newer + repeated + rejected

A repeated record brings nothing new: the version is known, or a newer one is (`older`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hm_fhir.sources.base import Remark
from hm_fhir.validation.deployment.findings import Findings

MOST_REMARKS = 200
"""More would not be read by anybody; the others are counted."""


@dataclass(slots=True)
class RecordCounts:
    """What became of the records of one source in one run.

    Args:
        read: records that the source gave.
        new: activities that were not known.
        newer: newer versions of known activities, and documents that the source says are deleted.
        repeated: records that bring nothing new.
        older: how many of the repeated are older than what is known.
        deleted: how many of the newer are deletions.
        rejected: records that were kept with a reason, by its code.
        repaired: what was mended in records so that they could be understood, by code.
        gone: activities that were withdrawn because their document, or the whole source, does not hold them any more.
        unmapped: how many of new and newer have no mapping, by activity type.
        not_valid: how many of new and newer are withheld because of findings that stop them, by activity type.
        findings: what was found in the resources that were made, whether it stops them or not.
        remarks: what the reader did not read, or mended.
        more_remarks: how many there are beside these.
    """

    read: int = 0
    new: int = 0
    newer: int = 0
    repeated: int = 0
    older: int = 0
    deleted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    gone: int = 0
    unmapped: Counter[str] = field(default_factory=Counter)
    not_valid: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)
    remarks: list[Remark] = field(default_factory=list)
    more_remarks: int = 0

    @property
    def adds_up(self) -> bool:
        """Whether the first sum holds."""
        return self.read == self.new + self.newer + self.repeated + self.rejected.total()

    def remark(self, remark: Remark) -> None:
        """Add what the reader said."""
        if len(self.remarks) < MOST_REMARKS:
            self.remarks.append(remark)
        else:
            self.more_remarks += 1

    def add(self, more: RecordCounts) -> None:
        """Add the counts of a part of the same source."""
        self.read += more.read
        self.new += more.new
        self.newer += more.newer
        self.repeated += more.repeated
        self.older += more.older
        self.deleted += more.deleted
        self.rejected += more.rejected
        self.repaired += more.repaired
        self.gone += more.gone
        self.unmapped += more.unmapped
        self.not_valid += more.not_valid
        self.findings.merge(more.findings)
        for remark in more.remarks:
            self.remark(remark)
        self.more_remarks += more.more_remarks

    def as_json(self) -> dict[str, Any]:
        """Return the counts as plain data."""
        return {
            "read": self.read,
            "new": self.new,
            "newer": self.newer,
            "newer_deleted": self.deleted,
            "repeated": self.repeated,
            "repeated_older": self.older,
            "rejected": self.rejected.total(),
            "rejected_by_code": dict(sorted(self.rejected.items())),
            "repaired_by_code": dict(sorted(self.repaired.items())),
            "gone": self.gone,
            "unmapped_by_type": dict(sorted(self.unmapped.items())),
            "not_valid_by_type": dict(sorted(self.not_valid.items())),
            "findings": self.findings.as_json(),
            "remarks": [
                {"place": remark.place, "code": remark.code, "message": remark.message} for remark in self.remarks
            ],
            "more_remarks": self.more_remarks,
            "adds_up": self.adds_up,
        }
