"""From records to entries: every record is counted once, and either becomes an activity version or is kept.

    read = new + newer + repeated + rejected

A repeated record brings nothing new: the version is known, or a newer one is (`older`). Nothing is lost: a rejected
record is kept with its reason; an activity that no mapping takes waits as withheld by the rule ``no-mapping``, one
whose resources are not valid by ``not-valid``.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.errors import PluginError, RecordRejected, SettingsError, place_of
from hm_fhir.fhir.json import to_json
from hm_fhir.mapping.engine import Mapped, Mapper
from hm_fhir.outbox.entry import KnownActivity, Outcome, Rejection, Route, State, Submission
from hm_fhir.outbox.rules import judge
from hm_fhir.outbox.store import Store
from hm_fhir.sources.base import Record, Source, activity_of
from hm_fhir.validation.deployment.findings import Findings
from hm_fhir.validation.deployment.mapped_check import FINE, NOT_VALID, MappedCheck, Verdict

_log = logging.getLogger(__name__)

RECORDS_IN_A_COMMIT = 500
_CLOCK_SKEW = timedelta(days=1)


@dataclass(slots=True)
class RecordCounts:
    """What became of the records of one source in one run.

    Args:
        read: records that the source gave.
        new: activities that were not known.
        newer: newer versions of known activities.
        repeated: records that bring nothing new.
        older: how many of the repeated are older than what is known.
        rejected: records that were kept with a reason, by its code.
        unmapped: how many of new and newer have no mapping, by activity type.
        not_valid: how many of new and newer are withheld because of findings that stop them, by activity type.
        findings: what was found in the resources that were made, whether it stops them or not.
    """

    read: int = 0
    new: int = 0
    newer: int = 0
    repeated: int = 0
    older: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    not_valid: Counter[str] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)

    @property
    def adds_up(self) -> bool:
        """Whether the first sum holds."""
        return self.read == self.new + self.newer + self.repeated + self.rejected.total()

    def add(self, more: RecordCounts) -> None:
        """Add the counts of a part of the same source."""
        self.read += more.read
        self.new += more.new
        self.newer += more.newer
        self.repeated += more.repeated
        self.older += more.older
        self.rejected += more.rejected
        self.unmapped += more.unmapped
        self.not_valid += more.not_valid
        self.findings.merge(more.findings)


@dataclass(frozen=True, slots=True)
class _Submitted:
    """What became of an activity version.

    Args:
        outcome: what it is to the store.
        is_unmapped: no mapping takes it.
        verdict: what was found in its resources.
    """

    outcome: Outcome
    is_unmapped: bool = False
    verdict: Verdict = FINE


class Intake:
    """Turns records into entries of the outbox.

    Args:
        store: where entries wait.
        mapper: compiled mappings.
        identity: keys and digests.
        targets: names of all targets.
        now: clock; only to refuse what happened in the future and to stamp rows.
        check: checks what an activity becomes; None: nothing does.
    """

    def __init__(
        self,
        store: Store,
        mapper: Mapper,
        identity: Identity,
        targets: Sequence[str],
        now: Callable[[], datetime],
        check: MappedCheck | None = None,
    ) -> None:
        self._store = store
        self._mapper = mapper
        self._identity = identity
        self._targets = tuple(targets)
        self._now = now
        self._check = check
        # Of what is withheld as not valid also the rules that say so count: other ones may let it through.
        self._pack = mapper.fingerprint
        self._pack_of_not_valid = f"{mapper.fingerprint}+{check.fingerprint}" if check else mapper.fingerprint

    def submit(
        self, activity: Activity, *, record_digest: str | None = None, connection: sqlite3.Connection | None = None
    ) -> Outcome:
        """Put one activity version into the outbox, for every target.

        Args:
            activity: the version.
            record_digest: digest of the raw record, when there is one.
            connection: the caller's own connection, inside the caller's transaction; committed by the caller.

        Returns:
            NEW, NEWER, REPEATED or OLDER.

        Raises:
            MappingRefused: the mapping refuses it.
            RecordRejected: it happened in the future, or contradicts the known version with the same number.
        """
        return self._submit(activity, record_digest, connection).outcome

    def _submit(
        self, activity: Activity, record_digest: str | None, connection: sqlite3.Connection | None
    ) -> _Submitted:
        self._refuse_future(activity)
        plain = activity.for_mapping()
        content_digest = self._identity.digest(to_json(plain))
        submission = Submission(
            activity_key=self._identity.pseudonym("activity", activity.key),
            source=activity.system,
            version_key=activity.version_key,
            record_digest=record_digest or content_digest,
            content_digest=content_digest,
            activity_type=activity.type,
        )
        known = self._store.known(submission.activity_key, connection=connection)
        outcome = judge(known, submission)
        if outcome is Outcome.OLDER:
            return _Submitted(outcome)
        if outcome is Outcome.CONFLICT:
            raise RecordRejected(
                "the same version of this activity was read with another content",
                code="version-conflict",
                fix="a correction needs a later time of change in the local system",
            )
        if known is not None and outcome is Outcome.REPEATED and self._is_routed(known):
            return _Submitted(outcome)
        mapped = self._mapper.map(plain)
        verdict = self._check(mapped, plain) if mapped is not None and self._check is not None else FINE
        person = activity.person_key
        person_key = self._identity.pseudonym("person", person) if person else None
        routes = tuple(
            self._withdrawing(target, person_key)
            if mapped is None and self._store.was_offered(target, submission.activity_key, connection=connection)
            else self._route(target, mapped, verdict, person_key)
            for target in self._targets
        )
        added = self._store.add(replace(submission, routes=routes), connection=connection)
        return _Submitted(added.outcome, mapped is None, verdict)

    def _is_routed(self, known: KnownActivity) -> bool:
        """Return whether every target has an entry that the mappings in force have made."""
        packs = (self._pack, self._pack_of_not_valid)
        return all(known.packs.get(target) in packs for target in self._targets)

    def _route(self, target: str, mapped: Mapped | None, verdict: Verdict, person_key: str | None) -> Route:
        if mapped is None:
            return Route(
                target=target,
                state=State.WITHHELD,
                rule="no-mapping",
                person_key=person_key,
                payload={"resources": []},
                pack=self._pack,
            )
        if verdict.stops:
            return Route(
                target=target,
                state=State.WITHHELD,
                rule=NOT_VALID,
                person_key=person_key,
                payload=_not_valid_payload(mapped, verdict),
                mapping=mapped.mapping,
                mapping_version=mapped.version,
                pack=self._pack_of_not_valid,
            )
        return Route(
            target=target,
            state=State.WAITING,
            person_key=person_key,
            payload=payload_of(mapped),
            holds=tuple(resource.key for resource in mapped.resources),
            needs=mapped.outside,
            mapping=mapped.mapping,
            mapping_version=mapped.version,
            pack=self._pack,
        )

    def _withdrawing(self, target: str, person_key: str | None) -> Route:
        """Return an entry with nothing in it, for what no mapping takes any more: the worker withdraws the former."""
        return Route(target=target, person_key=person_key, payload={"resources": []}, pack=self._pack)

    def _refuse_future(self, activity: Activity) -> None:
        start = activity.period.start
        latest = self._now() + _CLOCK_SKEW
        in_future = start > latest if isinstance(start, datetime) else start > latest.date()
        if in_future and activity.status not in ("planned", "cancelled", "entered-in-error"):
            raise RecordRejected(
                "it is recorded as done on a day in the future",
                code="future-date",
                fix="correct the date or the status",
            )
        if activity.updated_at > latest:
            # It would count as newer than every correction to come.
            raise RecordRejected(
                "its time of change is in the future", code="future-date", fix="correct the time of change"
            )

    def take(
        self,
        source_name: str,
        source: Source,
        advance: Callable[[int], None] = lambda _: None,
        *,
        counts: RecordCounts | None = None,
    ) -> RecordCounts:
        """Read a whole source into the outbox, many records in one commit.

        Args:
            source_name: name of the source in the settings.
            source: where records come from.
            advance: called with a number of records after their commit.
            counts: where to count; it has what was committed, also when this ends early.

        Raises:
            SettingsError: the source as a whole cannot be read; what was read before stays.
        """
        counts = RecordCounts() if counts is None else counts
        records = _Reading(source)
        while batch := list(islice(records, RECORDS_IN_A_COMMIT)):
            taken = RecordCounts()
            with self._store.transaction():
                for record in batch:
                    taken.read += 1
                    self._take_one(source_name, source, record, taken)
            counts.add(taken)
            advance(len(batch))
            _log.info("%s: %d records read", source_name, counts.read)
        if records.failure is not None:
            raise records.failure
        return counts

    def _take_one(self, source_name: str, source: Source, record: Record, counts: RecordCounts) -> None:
        digest = self._identity.digest(to_json(dict(record.values)))
        try:
            activity = activity_of(source, record)
            submitted = self._submit(activity, digest, None)
        except RecordRejected as error:
            counts.rejected[error.code] += 1
            self._store.reject(
                Rejection(
                    source=source_name,
                    record_digest=digest,
                    place=record.place,
                    code=error.code,
                    message=error.message,
                    payload=dict(record.values),
                    at=self._now(),
                )
            )
            return
        self._store.accepted(source_name, digest)
        outcome, verdict = submitted.outcome, submitted.verdict
        if outcome is Outcome.NEW:
            counts.new += 1
        elif outcome is Outcome.NEWER:
            counts.newer += 1
        else:
            counts.repeated += 1
            counts.older += outcome is Outcome.OLDER
        if outcome in (Outcome.NEW, Outcome.NEWER):
            if submitted.is_unmapped:
                counts.unmapped[activity.type] += 1
            if verdict.stops:
                counts.not_valid[activity.type] += 1
        counts.findings.add((issue for _, issue in verdict.found), record.place)
        counts.findings.add_remarks(verdict.remarks)


class _Reading:
    """Gives the records of a source to its end or to where it fails; what came before a failure is not lost.

    Args:
        source: the source.
    """

    def __init__(self, source: Source) -> None:
        self._records = self._all(source)
        self.failure: SettingsError | None = None

    def __iter__(self) -> Iterator[Record]:
        return self._records

    def __next__(self) -> Record:
        return next(self._records)

    def _all(self, source: Source) -> Iterator[Record]:
        try:
            yield from source.records()
        except SettingsError as error:
            self.failure = error
        except Exception as defect:  # noqa: BLE001  (a plugin's defect must not stop the other sources)
            self.failure = PluginError(
                f"the plugin failed: {type(defect).__name__} at {place_of(defect)}",
                code="plugin-defect",
                fix="report this to the author of the plugin",
            )


def map_records(source: Source, mapper: Mapper) -> Iterator[tuple[Record, Mapped | RecordRejected | None]]:
    """Yield each record with what it maps to, why it is rejected, or None if no mapping is for it."""
    for record in source.records():
        try:
            yield record, mapper.map(activity_of(source, record).for_mapping())
        except RecordRejected as error:
            yield record, error


def payload_of(mapped: Mapped) -> dict[str, Any]:
    """Return what an entry keeps of a mapping's result."""
    return {
        "resources": [
            {
                "key": resource.key,
                "shared": resource.shared,
                "receiver_owns": list(resource.receiver_owns),
                "content": resource.content,
                **({} if resource.as_of is None else {"as_of": resource.as_of}),
            }
            for resource in mapped.resources
        ]
    }


def _not_valid_payload(mapped: Mapped, verdict: Verdict) -> dict[str, Any]:
    """Return what an entry keeps that must not leave: nobody looks for it under the name of what may."""
    return {
        "resources": [],
        "not_valid": [resource.content for resource in mapped.resources],
        "issues": [{"resource": resource, **issue._asdict()} for resource, issue in verdict.found],
    }
