"""Rules of the outbox that hold whatever happens in which order; run on each back end."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hm_fhir.outbox.entry import Outcome, Route, State, Submission
from hm_fhir.outbox.settlement import Deferred, Delivered, Parked, RetryAt, Sent, Superseded, Unchanged
from hm_fhir.outbox.sqlite import SqliteStore

STORES = {"sqlite": SqliteStore}
TARGETS = ("national", "hospital")
LEDGER_KEYS = [f"Encounter/{activity}" for activity in ("a1", "a2", "g1")]
OPEN = (State.WAITING, State.PARKED, State.WITHHELD)
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def _submission(activity, version, targets=TARGETS, *, reading="", pack="p1", withheld=False):
    """Return a version of an activity; another `reading` is the same record read by other settings.

    Activities ``a1`` and ``a2`` concern one person, ``g1`` a group.
    """
    person_key = "person of a" if activity.startswith("a") else None
    withholding = {"state": State.WITHHELD, "rule": "no-consent"} if withheld else {}
    return Submission(
        activity_key=activity,
        source="visits",
        version_key=version,
        record_digest=f"{activity} {version}",
        content_digest=f"{activity} {version} {reading}",
        activity_type="home-visit",
        routes=tuple(
            Route(target=target, pack=pack, person_key=person_key, payload={"v": version}, **withholding)
            for target in targets
        ),
    )


class Outbox(RuleBasedStateMachine):
    """Any order of adding, claiming, settling, giving back and retrying, by two workers."""

    kind = ""

    @initialize()
    def open(self):
        self.folder = tempfile.TemporaryDirectory()
        self.store = STORES[self.kind](Path(self.folder.name) / "outbox.db", clock=lambda: self.now)
        self.now = START
        self.newest = {}
        self.delivered = set()
        self.routed = dict.fromkeys(TARGETS, 0)

    def teardown(self):
        self.store.close()
        self.folder.cleanup()

    @rule(
        activity=st.sampled_from(["a1", "a2", "g1"]),
        version=st.sampled_from(["v1", "v2", "v3"]),
        receivers=st.sampled_from([TARGETS, TARGETS, TARGETS[:1], TARGETS[1:]]),
        reading=st.sampled_from(["", "other"]),
        pack=st.sampled_from(["p1", "p2"]),
        withheld=st.sampled_from([False, False, False, True]),
    )
    def add(self, activity, version, receivers, reading, pack, withheld):
        submission = _submission(activity, version, receivers, reading=reading, pack=pack, withheld=withheld)
        added = self.store.add(submission)
        for entry_id in added.entry_ids:
            self.routed[self.store.show(entry_id).entry.target] += 1
        newest = self.newest.get(activity)
        assert (added.outcome is Outcome.OLDER) == (newest is not None and version < newest)
        self.newest[activity] = max(version, newest or "")
        before = self.store.list(limit=10_000)
        again = self.store.add(submission)
        assert again.outcome in (Outcome.REPEATED, Outcome.OLDER)
        assert (again.entry_ids, again.superseded, self.store.list(limit=10_000)) == ((), 0, before)

    @rule(receiver=st.sampled_from(TARGETS), owner=st.sampled_from(["w1", "w2"]), limit=st.integers(1, 4))
    def claim(self, receiver, owner, limit):
        before = self.store.list(target=receiver, limit=10_000)
        claimed = self.store.claim(receiver, limit, owner, 60, self.now)
        due = [row.entry_id for row in before if self._is_free(row, before)]
        assert [entry.entry_id for entry in claimed] == due[:limit]
        waiting = [row for row in before if row.state is State.WAITING]
        next_due = self.store.next_due(receiver)
        if not waiting:
            assert next_due is None
        elif not due:
            assert next_due > self.now

    def _is_free(self, row, rows):
        def leased(other):
            return other.lease_until is not None and other.lease_until > self.now

        def scheduled(other):
            return other.retry_at is not None and other.retry_at > self.now

        if row.state is not State.WAITING or leased(row) or scheduled(row):
            return False
        ahead = [
            one for one in rows if row.person_key and one.person_key == row.person_key and one.entry_id < row.entry_id
        ]
        if any(leased(one) or (scheduled(one) and not one.deferred) for one in ahead):
            return False
        return not any(leased(one) for one in rows if one.activity_key == row.activity_key)

    @precondition(lambda self: self.store.owners())
    @rule(data=st.data(), is_owner=st.sampled_from([True, True, True, False]))
    def settle(self, data, is_owner):
        owner = data.draw(st.sampled_from(self.store.owners()))
        rows = [row for row in self.store.list(limit=10_000) if row.lease_owner == owner]
        chosen = data.draw(
            st.lists(st.sampled_from(rows), unique_by=lambda row: row.entry_id, min_size=1, max_size=2)
        )
        ends = [self._end(row, data.draw(st.integers(0, 5))) for row in chosen]
        before = {row.entry_id: row for row in rows}
        after = self.store.settle(ends, owner=owner if is_owner else "somebody else", now=self.now)
        for end in ends:
            stays = after[end.entry_id] is before[end.entry_id].state
            assert stays or is_owner or isinstance(end, Delivered)
            if isinstance(end, Delivered):
                self.delivered.add((before[end.entry_id].target, before[end.entry_id].activity_key))

    def _end(self, row, end):
        soon = self.now + timedelta(seconds=90)
        key = f"Encounter/{row.activity_key}"
        return (
            Delivered(entry_id=row.entry_id, sent=(Sent(resource_key=key, content_digest=row.version_key),)),
            Unchanged(entry_id=row.entry_id),
            Superseded(entry_id=row.entry_id),
            RetryAt(entry_id=row.entry_id, at=soon, code="busy"),
            Parked(entry_id=row.entry_id, code="refused"),
            Deferred(entry_id=row.entry_id, needs=("Encounter/a2",), at=soon),
        )[end]

    @rule(seconds=st.sampled_from([10, 61, 91]))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(what=st.sampled_from(["release w1", "release w2", "retry parked", "retry waiting"]))
    def interfere(self, what):
        verb, _, word = what.partition(" ")
        if verb == "release":
            self.store.release(word)
            assert word not in self.store.owners()
        else:
            self.store.retry(state=State(word))

    @invariant()
    def what_was_routed_is_what_the_states_add_up_to(self):
        for target, counts in self.store.counts().items():
            assert counts.missing == 0
            assert counts.routed == self.routed[target] == len(self.store.list(target=target, limit=10_000))

    @invariant()
    def what_was_delivered_is_in_the_ledger(self):
        for target in TARGETS:
            activities = [key.partition("/")[2] for key in self.store.ledger(target, LEDGER_KEYS)]
            assert {(target, activity) for activity in activities} == {
                one for one in self.delivered if one[0] == target
            }

    @invariant()
    def what_waits_for_a_reference_waits_for_one_that_is_not_there(self):
        for row in self.store.list(state=State.WAITING, limit=10_000):
            missing = self.store.show(row.entry_id).missing
            assert bool(missing) == row.deferred
            assert self.store.ledger(row.target, missing) == {}

    @invariant()
    def there_is_at_most_one_open_entry_of_an_activity_and_it_is_the_newest(self):
        rows = [row for row in self.store.list(limit=10_000) if row.state in OPEN]
        assert len({(row.activity_key, row.target) for row in rows}) == len(rows)
        for row in rows:
            assert row.version_key == self.newest[row.activity_key]
        for activity, version in self.newest.items():
            assert self.store.known(activity).version_key == version


@pytest.mark.parametrize("kind", STORES)
def test_the_sums_hold_in_any_order_of_events(kind):
    machine = type(f"{kind}Outbox", (Outbox,), {"kind": kind})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=120, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.parametrize("kind", STORES)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_the_order_in_which_versions_arrive_does_not_matter(kind, data):
    activities = ("a1", "a2")
    routing = st.sampled_from([TARGETS, TARGETS[:1], TARGETS[1:], ()])
    versions = [
        _submission(activity, f"v{number}", data.draw(routing)) for activity in activities for number in range(4)
    ]
    shuffled = data.draw(st.permutations(versions))
    assert _final(kind, versions) == _final(kind, shuffled)


def _final(kind, submissions):
    with tempfile.TemporaryDirectory() as folder, STORES[kind](Path(folder) / "outbox.db") as store:
        for submission in submissions:
            store.add(submission)
        known = [store.known(key) for key in ("a1", "a2")]
        rows = [row for row in store.list(limit=1000) if row.state is not State.SUPERSEDED]
        return (
            [(one.version_key, one.content_digest, dict(one.packs)) for one in known],
            sorted((row.activity_key, row.target, row.version_key, row.state) for row in rows),
        )
