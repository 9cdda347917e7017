"""The worker: claims entries of one target, sends them in bundles, settles every one.

A crash between send and settle means the same bundle again, which changes nothing (ids are ours, PUT is idempotent).
A refused bundle is taken apart until the bad entry stands alone: n entries with one bad one cost at most
2 + 2 log2(n) requests. Good entries go through, the bad one is parked with the target's words.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hm_fhir.delivery.bundles import Item, Plan, Prepared, halves, plan_bundle
from hm_fhir.delivery.clock import Clock
from hm_fhir.delivery.prepare import Preparation
from hm_fhir.delivery.retry import RetryPolicy, blames_content, retry_at
from hm_fhir.delivery.target import Closed, Done, Later, Outcome, Refusal, Target, Write
from hm_fhir.outbox.entry import State, Words
from hm_fhir.outbox.settlement import (
    Deferred,
    Delivered,
    Parked,
    RetryAt,
    Sent,
    Settlement,
    Superseded,
    Unchanged,
)
from hm_fhir.outbox.store import Store

_log = logging.getLogger(__name__)

MOST_SUSPECTS = 8
"""When so many entries fail one by one and none goes through, the target is at fault, not they."""

LONE_FACTOR = 4
"""An entry that has nothing to be compared with is suspected after so many times more attempts."""

STALE_ATTEMPTS = 4
"""How often a bundle is read and merged again within one call, when the receiver changes its own part meanwhile."""


@dataclass(slots=True)
class DeliveryCounts:
    """What one run did for one target.

    Args:
        settled: entries by how they ended, in words of the outbox; ``retried`` and ``deferred`` ones still wait.
        requests: transactions sent.
        resources: resources in transactions that were taken.
        closed: why nothing more is sent to this target, and what to do.
    """

    settled: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    resources: int = 0
    closed: Closed | None = None


class _Pause(Exception):
    """Stop sending to this target for now."""


@dataclass(frozen=True, slots=True)
class _Suspect:
    """An entry that failed alone, for a reason that may be the target's.

    Args:
        prepared: the entry.
        refusal: how it failed.
        taken_before: resources that the target had taken in this run until then.
    """

    prepared: Prepared
    refusal: Refusal
    taken_before: int


class Worker:
    """Delivers the entries of one target.

    Args:
        store: where entries wait.
        name: name of the target.
        target: the target.
        preparation: makes entries ready to be sent.
        policy: when to try again.
        clock: time.
        random: returns a number from 0 to 1.
        owner: name of this worker, for its leases.
        claim_entries: entries taken at once.
        lease_seconds: see DeliverySettings.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        target: Target,
        preparation: Preparation,
        *,
        policy: RetryPolicy,
        clock: Clock,
        random: Callable[[], float],
        owner: str,
        claim_entries: int = 200,
        lease_seconds: float = 300,
    ) -> None:
        self._store = store
        self._name = name
        self._target = target
        self._preparation = preparation
        self._policy = policy
        self._clock = clock
        self._random = random
        self._owner = owner
        self._claim_entries = claim_entries
        self._lease_seconds = lease_seconds
        self._advance: Callable[[int], None] = lambda _: None
        self._suspects: list[_Suspect] = []
        self._waiting_persons: set[str] = set()
        self._renew_at = clock.now()
        self.counts = DeliveryCounts()

    def run(self, *, patience_seconds: float = 0, advance: Callable[[int], None] = lambda _: None) -> DeliveryCounts:
        """Deliver until nothing is due.

        Args:
            patience_seconds: how long to wait for entries that are to be tried again, in all.
            advance: called with the number of entries that were settled.

        Returns:
            What was done. Leases that are still held are given back, also when this is interrupted.
        """
        self._advance = advance
        deadline = self._clock.now() + timedelta(seconds=patience_seconds)
        try:
            while self.counts.closed is None:
                if not self._round() and not self._wait(deadline):
                    break
        finally:
            self._store.release(self._owner)
        return self.counts

    def _round(self) -> bool:
        """Deliver what can be claimed now; return whether there was anything."""
        now = self._clock.now()
        entries = self._store.claim(
            self._name,
            limit=self._claim_entries,
            owner=self._owner,
            lease_seconds=self._lease_seconds,
            now=now,
        )
        if not entries:
            return False
        self._renew_at = now + timedelta(seconds=self._lease_seconds / 3)
        self._waiting_persons.clear()
        try:
            self._deliver(self._preparation.prepare(self._name, entries))
        except _Pause:
            pass
        finally:
            self._judge_suspects()
            self._store.release(self._owner)
        return True

    def _judge_suspects(self) -> None:
        """Park entries that fail again and again while others go through; else the target may be what fails.

        That others went through before proves nothing: the target may have broken down in between.
        """
        for suspect in self._suspects:
            attempts = suspect.prepared.entry.attempts
            others_pass = self.counts.resources > suspect.taken_before and attempts >= self._policy.blame_after
            if others_pass or (attempts >= LONE_FACTOR * self._policy.blame_after and self._few_wait()):
                self._park(suspect.prepared, suspect.refusal)
            else:
                self._retry([suspect.prepared], Later(suspect.refusal.code), words=_words(suspect.refusal))
        self._suspects.clear()

    def _few_wait(self) -> bool:
        return self._store.counts()[self._name].states[State.WAITING] < MOST_SUSPECTS

    def _wait(self, deadline: datetime) -> bool:
        """Sleep until the next entry is due; return whether that is before the deadline."""
        due = self._store.next_due(self._name)
        if due is None or due > deadline:
            return False
        self._clock.sleep(max(0.0, (due - self._clock.now()).total_seconds()))
        return True

    def _deliver(self, queue: Sequence[Prepared]) -> bool:
        """Send entries in as few bundles as the limits allow; return whether no bundle was refused."""
        all_taken = True
        # Whoever has an entry that is to be tried again gets the later ones after it.
        while queue := [one for one in queue if one.entry.person_key not in self._waiting_persons]:
            plan = plan_bundle(queue, self._preparation.ledger, self._target.limits)
            self._settle_without_sending(plan)
            if plan.taken:
                outcome = self._send(plan)
                if isinstance(outcome, Refusal):
                    all_taken = False
                    self._isolate(plan, outcome)
            if not plan.rest and not plan.taken:
                self._defer(plan)
                return all_taken
            # What missed a reference is looked at again: the bundle that was just sent may have brought it.
            queue = [*(prepared for prepared, _ in plan.missing), *plan.rest]
        return all_taken

    def _isolate(self, plan: Plan, refusal: Refusal) -> None:
        """Find the bad entries of a refused bundle, park them, and deliver the others."""
        entries = plan.taken
        named = self._named(plan, refusal)
        if named and len(named) < len(entries) and not refusal.too_large:
            for prepared in named:
                self._park(prepared, refusal)
            self._deliver([prepared for prepared in entries if prepared not in named])
            return
        if len(entries) == 1:
            self._suspect_or_park(entries[0], refusal)
            return
        left, right = halves(entries)
        if self._deliver(left) and len(right) > 1 and not refusal.too_large:
            # The left half is good, so the bad entry is in the right one: not sent as a whole again.
            left, right = halves(right)
            self._deliver(left)
        self._deliver(right)

    def _suspect_or_park(self, prepared: Prepared, refusal: Refusal) -> None:
        if not refusal.doubtful:
            self._park(prepared, refusal)
            return
        self._suspects.append(_Suspect(prepared, refusal, self.counts.resources))
        self._hold_persons([prepared])
        if len(self._suspects) >= MOST_SUSPECTS:
            raise _Pause

    @staticmethod
    def _named(plan: Plan, refusal: Refusal) -> list[Prepared]:
        blamed = {plan.chosen[key].entry.entry_id for key in refusal.named if key in plan.chosen}
        return [prepared for prepared in plan.taken if prepared.entry.entry_id in blamed]

    def _send(self, plan: Plan) -> Outcome:
        """Send one bundle and settle it, unless it is refused."""
        if not self._keeps_leases(plan):
            raise _Pause
        outcome = self._send_merged(plan)
        if isinstance(outcome, Done):
            self._settle_delivered(plan, outcome)
        elif isinstance(outcome, Closed):
            self.counts.closed = outcome
            raise _Pause
        elif isinstance(outcome, Later):
            attempts = max(prepared.entry.attempts for prepared in plan.taken) - 1
            if blames_content(outcome, attempts, self._policy):
                return Refusal(outcome.code, doubtful=True)
            self._retry(plan.taken, outcome)
            if not outcome.busy:
                raise _Pause
        return outcome

    def _keeps_leases(self, plan: Plan) -> bool:
        """Lengthen the leases in time; return whether nobody else took an entry of the plan meanwhile."""
        now = self._clock.now()
        if now < self._renew_at:
            return True
        mine = self._store.renew(self._owner, self._lease_seconds, now)
        self._renew_at = now + timedelta(seconds=self._lease_seconds / 3)
        return all(prepared.entry.entry_id in mine for prepared in plan.taken)

    def _hold_persons(self, entries: Sequence[Prepared]) -> None:
        self._waiting_persons.update(one.entry.person_key for one in entries if one.entry.person_key is not None)

    def _send_merged(self, plan: Plan) -> Outcome:
        for _ in range(STALE_ATTEMPTS):
            writes = self._preparation.writes(plan, self._target)
            if isinstance(writes, Later | Closed):
                return writes
            if not writes:
                return Done({})
            self.counts.requests += 1
            outcome = self._target.send(writes)
            kind, code = type(outcome).__name__.lower(), getattr(outcome, "code", "")
            _log.info("%s: %d writes of %d entries: %s %s", self._name, len(writes), len(plan.taken), kind, code)
            if isinstance(outcome, Done):
                self.counts.resources += len(writes)
            is_stale = isinstance(outcome, Later) and outcome.stale
            if not is_stale and not (isinstance(outcome, Refusal) and self._has_moved(plan, writes)):
                return outcome
        return Later("stale", busy=True, may_be_content=True)

    def _has_moved(self, plan: Plan, writes: Sequence[Write]) -> bool:
        """Return whether a version that was bound changed: some servers answer that like a bad content."""
        bound = {write.key: write.if_version for write in writes if write.if_version is not None}
        again = self._preparation.writes(plan, self._target) if bound else []
        return isinstance(again, list) and any(
            write.key in bound and write.if_version != bound[write.key] for write in again
        )

    def _settle_delivered(self, plan: Plan, done: Done) -> None:
        sent: dict[int, list[Sent]] = {prepared.entry.entry_id: [] for prepared in plan.taken}
        for key, chosen in plan.chosen.items():
            sent[chosen.entry.entry_id].append(_sent(chosen.item, done.versions.get(key), plan))
        self._settle(
            [
                Delivered(
                    entry_id=one.entry.entry_id,
                    sent=tuple(sent[one.entry.entry_id]),
                    confirmed=self._confirmed(plan, one),
                    released=(*one.released, *plan.released.get(one.entry.entry_id, ())),
                )
                for one in plan.taken
            ]
        )

    def _confirmed(self, plan: Plan, prepared: Prepared) -> tuple[Sent, ...]:
        rows = self._preparation.ledger
        items = plan.touched.get(prepared.entry.entry_id, ())
        return tuple(_sent(item, rows[item.key].remote_version, plan) for item in items)

    def _settle_without_sending(self, plan: Plan) -> None:
        settlements: list[Settlement] = [
            Unchanged(entry_id=one.entry.entry_id, confirmed=self._confirmed(plan, one), released=one.released)
            for one in plan.unchanged
        ]
        settlements += [Superseded(entry_id=one.entry.entry_id, released=one.released) for one in plan.superseded]
        settlements += [
            Parked(entry_id=prepared.entry.entry_id, code="larger-than-any-bundle") for prepared in plan.too_large
        ]
        self._settle(settlements)

    def _defer(self, plan: Plan) -> None:
        at = self._clock.now() + timedelta(seconds=self._policy.most_seconds)
        self._settle(
            [Deferred(entry_id=prepared.entry.entry_id, needs=keys, at=at) for prepared, keys in plan.missing]
        )

    def _park(self, prepared: Prepared, refusal: Refusal) -> None:
        self._settle([Parked(entry_id=prepared.entry.entry_id, code=refusal.code, words=_words(refusal))])

    def _retry(self, entries: Sequence[Prepared], outcome: Later, *, words: Words | None = None) -> None:
        self._hold_persons(entries)
        chance, now = self._random(), self._clock.now()
        self._settle(
            [
                RetryAt(
                    entry_id=prepared.entry.entry_id,
                    at=retry_at(outcome, prepared.entry.attempts - 1, now, chance, self._policy),
                    code=outcome.code,
                    words=words,
                )
                for prepared in entries
            ]
        )

    def _settle(self, settlements: Sequence[Settlement]) -> None:
        if not settlements:
            return
        self._store.settle(settlements, owner=self._owner, now=self._clock.now())
        self._preparation.refresh(self._name)
        final = 0
        for settlement in settlements:
            self.counts.settled[_WORDS[type(settlement)]] += 1
            final += not isinstance(settlement, RetryAt | Deferred)
        self._advance(final)


_WORDS: dict[type[Settlement], str] = {
    Delivered: "delivered",
    Unchanged: "unchanged",
    Superseded: "superseded",
    Parked: "parked",
    RetryAt: "retried",
    Deferred: "deferred",
}


def _words(refusal: Refusal) -> Words | None:
    return Words(content=refusal.words, status=refusal.code) if refusal.words is not None else None


def _sent(item: Item, remote_version: str | None, plan: Plan) -> Sent:
    says_error = item.content is not None and item.content.get("status") == "entered-in-error"
    return Sent(
        resource_key=item.key,
        content_digest=item.digest,
        shared=item.shared,
        remote_version=remote_version,
        withdrawn=item.withdrawn or says_error,
        order=item.order,
        activity_key=item.activity_key,
        replaces=plan.seen.get(item.key),
    )
