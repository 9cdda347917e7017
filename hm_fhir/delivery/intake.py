"""From activities to entries: what a version is to the store, what it becomes, and where it goes.

Nothing is lost: an activity that no mapping takes waits as withheld by the rule ``no-mapping``, one whose resources
are not valid by ``not-valid``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.delivery.claims import LastRead, same_number
from hm_fhir.delivery.reading import Reading, SourceReader
from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.errors import RecordRejected
from hm_fhir.fhir.json import to_json
from hm_fhir.mapping.engine import Mapped, Mapper
from hm_fhir.outbox.entry import KnownActivity, Outcome, Route, State, Submission
from hm_fhir.outbox.rules import following_version, judge, present_version, since_in_reading, withdrawn_version
from hm_fhir.outbox.store import Store
from hm_fhir.sources.base import Record, Source, activity_of, records_of
from hm_fhir.validation.deployment.mapped_check import FINE, NOT_VALID, MappedCheck, Verdict

_CLOCK_SKEW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of an activity version.

    Args:
        activity_key: pseudonym of the activity.
        content_digest: of what it says.
        outcome: what it is to the store.
        is_unmapped: no mapping takes it.
        verdict: what was found in its resources.
    """

    activity_key: str
    content_digest: str
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
        return self.submit_record(activity, record_digest, connection).outcome

    def submit_record(
        self,
        activity: Activity,
        record_digest: str | None,
        connection: sqlite3.Connection | None = None,
        *,
        last_read: LastRead | None = None,
    ) -> Submitted:
        """Put one activity version into the outbox, and return all about it; see `submit`.

        Args:
            activity: the version.
            record_digest: digest of the raw record, when there is one.
            connection: see `submit`.
            last_read: given when what is read last counts; otherwise the later time of change does.
        """
        now = self._now()
        refuse_future(activity, now, is_timed=last_read is None)
        plain = activity.for_mapping()
        content_digest = self._identity.digest(to_json(plain))
        activity_key = self._identity.pseudonym("activity", activity.key)
        known = self._store.known(activity_key, connection=connection)
        if last_read is not None and activity.updated_at > now:
            # Planned, and nobody wrote down when: it is on record since it was read first.
            is_known = known is not None and known.content_digest == content_digest
            at = known.changed_at if known is not None and is_known else now
            activity = activity.model_copy(update={"updated_at": at.replace(microsecond=0)})
            plain = activity.for_mapping()
        submission = Submission(
            activity_key=activity_key,
            source=activity.system,
            version_key="",
            record_digest=record_digest or content_digest,
            content_digest=content_digest,
            activity_type=activity.type,
        )
        submission = replace(submission, version_key=_version_key(activity, submission, known, last_read))
        outcome = judge(known, submission)
        if outcome is Outcome.OLDER:
            return Submitted(activity_key, content_digest, outcome)
        if outcome is Outcome.CONFLICT:
            raise RecordRejected(
                "the same version of this activity was read with another content",
                code="version-conflict",
                fix="a correction needs a later time of change in the local system",
            )
        if known is not None and outcome is Outcome.REPEATED and self._is_routed(known):
            return Submitted(activity_key, content_digest, outcome)
        mapped = self._mapper.map(plain)
        verdict = self._check(mapped, plain) if mapped is not None and self._check is not None else FINE
        # A version may count on from a time that was wrong: contents are ordered by the time that is said now.
        since = since_in_reading(activity.version_key, submission.version_key) if last_read is not None else None
        person = activity.person_key
        person_key = self._identity.pseudonym("person", person) if person else None
        routes = tuple(
            self._withdrawing(target, person_key)
            if mapped is None and self._store.was_offered(target, activity_key, connection=connection)
            else self._route(target, mapped, verdict, person_key, since)
            for target in self._targets
        )
        added = self._store.add(replace(submission, routes=routes), connection=connection)
        return Submitted(activity_key, content_digest, added.outcome, mapped is None, verdict)

    def _is_routed(self, known: KnownActivity) -> bool:
        """Return whether every target has an entry that the mappings in force have made."""
        packs = (self._pack, self._pack_of_not_valid)
        return all(known.packs.get(target) in packs for target in self._targets)

    def _route(
        self, target: str, mapped: Mapped | None, verdict: Verdict, person_key: str | None, since: str | None
    ) -> Route:
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
            payload=_payload_of(mapped, since),
            holds=tuple(resource.key for resource in mapped.resources),
            needs=mapped.outside,
            mapping=mapped.mapping,
            mapping_version=mapped.version,
            pack=self._pack,
        )

    def _withdrawing(self, target: str, person_key: str | None) -> Route:
        """Return an entry with nothing in it, for what no mapping takes any more: the worker withdraws the former."""
        return Route(target=target, person_key=person_key, payload={"resources": []}, pack=self._pack)

    def withdraw(self, activity_key: str) -> bool:
        """Withdraw an activity that its source does not hold any more.

        What it had become is withdrawn at every target (entered-in-error or revoked, as the type allows); should it
        be there again one day, it is sent again.

        Args:
            activity_key: pseudonym of the activity.

        Returns:
            Whether there was anything to withdraw.
        """
        known = self._store.known(activity_key)
        version_key = withdrawn_version(known.version_key) if known is not None else None
        if known is None or version_key is None:
            return False
        latest = self._store.latest_route(activity_key)
        digest = self._identity.digest(b"withdrawn")
        self._store.add(
            Submission(
                activity_key=activity_key,
                source=known.source,
                version_key=version_key,
                record_digest=digest,
                content_digest=digest,
                activity_type=latest.activity_type if latest else "",
                routes=tuple(
                    self._withdrawing(target, latest.person_key if latest else None)
                    for target in self._targets
                    if self._store.was_offered(target, activity_key)
                ),
            )
        )
        return True

    def take(
        self, reading: Reading, advance: Callable[[int], None] = lambda _: None, *, counts: RecordCounts | None = None
    ) -> RecordCounts:
        """Read a whole source into the outbox, many records in one commit.

        Args:
            reading: which source, and how.
            advance: called with a number of records after their commit.
            counts: where to count; it has what was committed, also when this ends early.

        Raises:
            SettingsError: the source as a whole cannot be read; what was read before stays.
            DeliveryError: it does not answer, or refuses us; the same.
        """
        counts = RecordCounts() if counts is None else counts
        self._reader(reading, counts).read(advance)
        return counts

    def replay(self, reading: Reading, records: Iterator[Record]) -> RecordCounts:
        """Take records again that were rejected before; what is good by now is not kept any more.

        Args:
            reading: the source that they came from.
            records: as they were read.
        """
        counts = RecordCounts()
        self._reader(reading, counts).replay(records)
        return counts

    def _reader(self, reading: Reading, counts: RecordCounts) -> SourceReader:
        return SourceReader(self, self._store, self._identity, self._now, reading, counts)


def _version_key(
    activity: Activity, submission: Submission, known: KnownActivity | None, last_read: LastRead | None
) -> str:
    said = present_version(activity.version_key, known.version_key if known else None)
    if last_read is None:
        return said
    if known is None:
        return following_version(said, last_read.reading)
    if submission.content_digest == known.content_digest:
        return known.version_key
    # The same record read differently: settings or a plugin changed.
    is_same_record = submission.record_digest == known.record_digest
    if not is_same_record and not last_read.may_replace(submission.activity_key, submission.content_digest):
        raise same_number()
    return max(following_version(one, last_read.reading) for one in (said, known.version_key))


def refuse_future(activity: Activity, now: datetime, *, is_timed: bool = True) -> None:
    """Refuse what is recorded as done on a day to come.

    Args:
        activity: what is recorded.
        now: the present time.
        is_timed: its time of change decides what is newer.

    Raises:
        RecordRejected: it is.
    """
    start = activity.period.start
    latest = now + _CLOCK_SKEW
    in_future = start > latest if isinstance(start, datetime) else start > latest.date()
    is_done = activity.status not in ("planned", "cancelled", "entered-in-error")
    if in_future and is_done:
        raise RecordRejected(
            "it is recorded as done on a day in the future",
            code="future-date",
            fix="correct the date or the status",
        )
    if activity.updated_at > latest and (is_timed or is_done):
        if not is_timed:
            raise RecordRejected("it tells of a day in the future", code="future-date", fix="correct the date")
        # It would count as newer than every correction to come.
        raise RecordRejected(
            "its time of change is in the future", code="future-date", fix="correct the time of change"
        )


def map_records(source: Source, mapper: Mapper) -> Iterator[tuple[Record, Mapped | RecordRejected | None]]:
    """Yield each record with what it maps to, why it is rejected, or None if no mapping is for it."""
    for record in records_of(source):
        if record.deleted:
            continue
        try:
            yield record, mapper.map(activity_of(source, record).for_mapping())
        except RecordRejected as error:
            yield record, error


def _payload_of(mapped: Mapped, since: str | None) -> dict[str, Any]:
    """Return what an entry keeps of a mapping's result; `since` is as of when contents hold that do not say it."""
    return {
        "resources": [
            {
                "key": resource.key,
                "shared": resource.shared and not resource.withdrawable,
                "receiver_owns": list(resource.receiver_owns),
                "content": resource.content,
                **({} if (as_of := resource.as_of or since) is None else {"as_of": as_of}),
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
