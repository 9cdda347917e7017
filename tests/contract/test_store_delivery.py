"""What every store promises about claiming, settling and the ledger; runs on each back end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hm_fhir.errors import StoreError
from hm_fhir.outbox.entry import Route, State, Words
from hm_fhir.outbox.settlement import Deferred, Delivered, Parked, RetryAt, Sent, Superseded, Unchanged

MINUTE = timedelta(minutes=1)


def _sent(key, digest="d1", **more):
    return Sent(resource_key=key, content_digest=digest, **more)


# ---- claiming


def test_entries_are_handed_out_in_order_and_only_once(store, offer, claim):
    for number in range(5):
        store.add(offer(f"a{number}"))
    assert [entry.activity_key for entry in claim(limit=2)] == ["a0", "a1"]
    assert [entry.activity_key for entry in claim(owner="worker-2")] == ["a2", "a3", "a4"]
    assert claim(owner="worker-3") == ()


def test_a_lease_that_ran_out_is_handed_out_again(store, offer, claim, now):
    store.add(offer())
    (entry,) = claim(lease_seconds=60)
    assert (entry.lease_owner, entry.lease_until, entry.attempts) == ("worker-1", now + MINUTE, 1)
    assert claim(owner="worker-2", now=now + timedelta(seconds=59)) == ()
    (again,) = claim(owner="worker-2", now=now + MINUTE)
    assert (again.entry_id, again.lease_owner, again.attempts) == (entry.entry_id, "worker-2", 2)


def test_withheld_entries_and_other_targets_are_not_handed_out(store, offer, claim):
    store.add(offer("a1", state=State.WITHHELD, rule="no-consent"))
    store.add(offer("a2", targets=("hospital",)))
    assert claim() == ()


def test_an_entry_waits_until_its_time(store, offer, claim, now):
    store.add(offer())
    entry_id = claim()[0].entry_id
    store.settle([RetryAt(entry_id=entry_id, at=now + MINUTE, code="busy")], owner="worker-1", now=now)
    assert claim() == ()
    (again,) = claim(now=now + MINUTE)
    assert (again.attempts, again.code) == (2, "busy")


def test_entries_of_one_person_can_come_together_in_order(store, offer, claim):
    store.add(offer("a1", person_key="p1"))
    store.add(offer("a2", person_key="p1"))
    assert [entry.activity_key for entry in claim()] == ["a1", "a2"]


def test_a_person_s_later_entry_waits_while_an_earlier_one_is_being_sent(store, offer, claim, now):
    store.add(offer("a1", person_key="p1"))
    store.add(offer("a2", person_key="p1"))
    store.add(offer("b1", person_key="p2"))
    (first,) = claim(limit=1)
    assert [entry.activity_key for entry in claim(owner="worker-2")] == ["b1"]
    store.settle([Delivered(entry_id=first.entry_id)], owner="worker-1", now=now)
    assert [entry.activity_key for entry in claim(owner="worker-2")] == ["a2"]


def test_a_person_s_later_entry_waits_while_an_earlier_one_is_scheduled_for_later(store, offer, claim, now):
    store.add(offer("a1", person_key="p1"))
    store.add(offer("a2", person_key="p1"))
    (first,) = claim(limit=1)
    store.settle([RetryAt(entry_id=first.entry_id, at=now + MINUTE, code="busy")], owner="worker-1", now=now)
    assert claim() == ()
    assert [entry.activity_key for entry in claim(now=now + MINUTE)] == ["a1", "a2"]


def test_a_person_s_later_entry_does_not_wait_for_a_parked_one_or_for_another_target(store, offer, claim, now):
    store.add(offer("a1", person_key="p1", targets=("national", "hospital")))
    store.add(offer("a2", person_key="p1"))
    claim(target="hospital")
    (first,) = claim(limit=1)
    store.settle([Parked(entry_id=first.entry_id, code="refused")], owner="worker-1", now=now)
    assert [entry.activity_key for entry in claim()] == ["a2"]


def test_entries_without_a_person_do_not_wait_for_each_other(store, offer, claim):
    store.add(offer("a1"))
    store.add(offer("a2"))
    claim(limit=1)
    assert [entry.activity_key for entry in claim(owner="worker-2")] == ["a2"]


def test_a_newer_version_waits_while_the_older_one_is_on_its_way(store, offer, claim, states, now):
    store.add(offer(version="v1"))
    (old,) = claim()
    store.add(offer(version="v2"))
    assert claim(owner="worker-2") == ()
    store.settle([Delivered(entry_id=old.entry_id, sent=(_sent("Encounter/1"),))], owner="worker-1", now=now)
    assert states() == {"waiting": 1, "superseded": 1}
    assert [entry.version_key for entry in claim(owner="worker-2")] == ["v2"]


def test_a_person_s_later_entry_waits_for_a_superseded_one_on_its_way(store, offer, claim, now):
    store.add(offer("a1", "v1", person_key="p1"))
    store.add(offer("a2", "v1", person_key="p1"))
    claim(limit=1)
    store.add(offer("a1", "v2", person_key="p1"))
    assert claim(owner="worker-2") == ()
    assert [entry.activity_key for entry in claim(owner="worker-2", now=now + MINUTE)] == ["a2", "a1"]


def test_leases_are_given_back_at_a_clean_stop_without_counting_as_attempts(store, offer, claim):
    for number in range(3):
        store.add(offer(f"a{number}"))
    first = claim()[0].entry_id
    assert store.owners() == ("worker-1",)
    assert store.release("worker-2") == 0
    assert store.release("worker-1", [first]) == 1
    assert [entry.attempts for entry in claim(owner="worker-2")] == [1]
    assert store.release("worker-1") == 2
    assert store.owners() == ("worker-2",)


def test_leases_of_a_dead_worker_are_taken_back_as_attempts(store, offer, claim):
    store.add(offer())
    claim()
    store.release("worker-1", attempted=True)
    assert claim()[0].attempts == 2


# ---- when something is due next


def test_nothing_is_due_when_nothing_waits(store, offer, claim, now):
    assert store.next_due("national") is None
    store.add(offer())
    assert store.next_due("national") <= now
    store.settle([Delivered(entry_id=claim()[0].entry_id)], owner="worker-1", now=now)
    assert store.next_due("national") is None


def test_the_next_due_time_is_that_of_the_retry_or_of_the_lease(store, offer, claim, now):
    store.add(offer("a1"))
    store.add(offer("a2"))
    first, _ = claim(lease_seconds=3600)
    assert store.next_due("national") == now + timedelta(hours=1)
    store.settle([RetryAt(entry_id=first.entry_id, at=now + MINUTE, code="busy")], owner="worker-1", now=now)
    assert store.next_due("national") == now + MINUTE


def test_what_is_held_up_is_due_when_it_is_free(store, offer, claim, now):
    store.add(offer("a1", person_key="p1"))
    store.add(offer("a2", person_key="p1"))
    (first,) = claim(limit=1, lease_seconds=3600)
    assert store.next_due("national") == now + timedelta(hours=1)
    store.settle([RetryAt(entry_id=first.entry_id, at=now + MINUTE, code="busy")], owner="worker-1", now=now)
    assert store.next_due("national") == now + MINUTE
    assert claim() == ()
    assert len(claim(now=store.next_due("national"))) == 2


# ---- settling


def test_every_end_of_a_claim_has_its_state_and_they_add_up(store, offer, claim, states, now):
    for number in range(6):
        store.add(offer(f"a{number}"))
    ids = [entry.entry_id for entry in claim()]
    after = store.settle(
        [
            Delivered(entry_id=ids[0]),
            Unchanged(entry_id=ids[1]),
            Superseded(entry_id=ids[2]),
            RetryAt(entry_id=ids[3], at=now + MINUTE, code="busy"),
            Parked(entry_id=ids[4], code="refused"),
            Deferred(entry_id=ids[5], needs=("Patient/1",), at=now + MINUTE),
        ],
        owner="worker-1",
        now=now,
    )
    assert [after[entry_id].value for entry_id in ids] == [
        "delivered",
        "unchanged",
        "superseded",
        "waiting",
        "parked",
        "waiting",
    ]
    assert states() == {"delivered": 1, "unchanged": 1, "superseded": 1, "waiting": 2, "parked": 1}
    assert store.owners() == ()
    rows = {row.entry_id: row for row in store.list()}
    assert [rows[entry_id].settled_at for entry_id in ids] == [now, now, now, None, now, None]


def test_a_bundle_is_settled_as_a_whole_or_not_at_all(store, offer, claim, states, now):
    store.add(offer())
    entry_id = claim()[0].entry_id
    sent = (_sent("Encounter/1"),)
    with pytest.raises(StoreError, match="no entry 404"):
        store.settle([Delivered(entry_id=entry_id, sent=sent), Delivered(entry_id=404)], owner="worker-1", now=now)
    assert states() == {"waiting": 1}
    assert store.ledger("national", ["Encounter/1"]) == {}


@pytest.mark.parametrize(
    "settle",
    [
        lambda entry_id, at: RetryAt(entry_id=entry_id, at=at, code="busy"),
        lambda entry_id, at: Parked(entry_id=entry_id, code="refused"),
        lambda entry_id, at: Deferred(entry_id=entry_id, needs=("Patient/1",), at=at),
        lambda entry_id, at: Unchanged(entry_id=entry_id),
        lambda entry_id, at: Superseded(entry_id=entry_id),
    ],
    ids=["retry", "parked", "deferred", "unchanged", "superseded"],
)
def test_only_the_owner_of_the_lease_moves_an_entry(store, offer, claim, now, settle):
    store.add(offer())
    (entry,) = claim()
    claim(owner="worker-2", now=now + 2 * MINUTE)
    before = store.list()
    after = store.settle([settle(entry.entry_id, now + 5 * MINUTE)], owner="worker-1", now=now + 2 * MINUTE)
    assert after == {entry.entry_id: State.WAITING}
    assert store.list() == before


def test_delivered_is_a_fact_also_after_the_lease_was_lost(store, offer, claim, states, now):
    store.add(offer())
    (entry,) = claim()
    claim(owner="worker-2", now=now + 2 * MINUTE)
    delivered = Delivered(entry_id=entry.entry_id, sent=(_sent("Encounter/1"),))
    store.settle([delivered], owner="worker-1", now=now + 2 * MINUTE)
    assert states() == {"delivered": 1}
    assert "Encounter/1" in store.ledger("national", ["Encounter/1"])
    parked = Parked(entry_id=entry.entry_id, code="refused")
    assert store.settle([parked], owner="worker-2", now=now + 3 * MINUTE) == {entry.entry_id: State.DELIVERED}
    assert store.owners() == ()


def test_what_was_delivered_after_it_was_superseded_is_in_the_ledger_and_stays_superseded(
    store, offer, claim, states, now
):
    store.add(offer(version="v1"))
    (old,) = claim()
    store.add(offer(version="v2"))
    store.settle([Delivered(entry_id=old.entry_id, sent=(_sent("Encounter/1"),))], owner="worker-1", now=now)
    assert states() == {"waiting": 1, "superseded": 1}
    assert store.ledger("national", ["Encounter/1"])["Encounter/1"].version_key == "v1"


@pytest.mark.parametrize("code", ["retry", "parked"])
def test_a_superseded_entry_does_not_come_back(store, offer, claim, states, now, code):
    store.add(offer(version="v1"))
    (old,) = claim()
    store.add(offer(version="v2"))
    late = (
        RetryAt(entry_id=old.entry_id, at=now, code="busy")
        if code == "retry"
        else Parked(entry_id=old.entry_id, code="refused")
    )
    store.settle([late], owner="worker-1", now=now)
    assert states() == {"waiting": 1, "superseded": 1}


def test_words_that_cannot_be_written_do_not_stop_a_settlement(store, offer, claim, now):
    store.add(offer())
    entry_id = claim()[0].entry_id
    words = Words(content={"text": "\udc80"}, status="400")
    store.settle([Parked(entry_id=entry_id, code="refused", words=words)], owner="worker-1", now=now)
    assert store.show(entry_id).words[0].content == repr({"text": "\udc80"})


# ---- waiting for a reference


def test_a_deferred_entry_holds_nobody_up_and_is_no_attempt(store, offer, claim, now):
    store.add(offer("a1", person_key="p1"))
    store.add(offer("a2", person_key="p1"))
    (first,) = claim(limit=1)
    needs = ("Patient/1", "Practitioner/1")
    store.settle(
        [Deferred(entry_id=first.entry_id, needs=needs, at=now + timedelta(hours=1))], owner="worker-1", now=now
    )
    assert store.show(first.entry_id).missing == needs
    assert [entry.activity_key for entry in claim()] == ["a2"]
    store.release("worker-1")
    (again, _) = claim(now=now + timedelta(hours=1))
    assert (again.entry_id, again.attempts, again.deferred) == (first.entry_id, 1, True)


def test_a_deferred_entry_is_due_as_soon_as_everything_it_needs_arrived(store, offer, claim, now):
    for number in range(3):
        store.add(offer(f"a{number}"))
    waiting, one, two = claim()
    needs = ("Patient/1", "Practitioner/1")
    later = now + timedelta(hours=1)
    store.settle([Deferred(entry_id=waiting.entry_id, needs=needs, at=later)], owner="worker-1", now=now)
    store.settle([Delivered(entry_id=one.entry_id, sent=(_sent("Patient/1"),))], owner="worker-1", now=now)
    assert store.show(waiting.entry_id).missing == ("Practitioner/1",)
    assert claim() == ()
    store.settle([Delivered(entry_id=two.entry_id, sent=(_sent("Practitioner/1"),))], owner="worker-1", now=now)
    assert [entry.entry_id for entry in claim()] == [waiting.entry_id]


def test_what_arrived_in_another_target_does_not_count(store, offer, claim, now):
    store.add(offer("a1"))
    store.add(offer("a2", targets=("hospital",)))
    (waiting,) = claim()
    (other,) = claim(target="hospital")
    store.settle(
        [
            Deferred(entry_id=waiting.entry_id, needs=("Patient/1",), at=now + MINUTE),
            Delivered(entry_id=other.entry_id, sent=(_sent("Patient/1"),)),
        ],
        owner="worker-1",
        now=now,
    )
    assert claim() == ()


@pytest.mark.parametrize("first", ["delivered", "deferred"])
def test_a_reference_that_arrives_in_the_same_bundle_counts(store, offer, claim, now, first):
    store.add(offer("a1"))
    store.add(offer("a2"))
    waiting, other = claim()
    settlements = [
        Delivered(entry_id=other.entry_id, sent=(_sent("Patient/1"),)),
        Deferred(entry_id=waiting.entry_id, needs=("Patient/1",), at=now + MINUTE),
    ]
    store.settle(settlements if first == "delivered" else settlements[::-1], owner="worker-1", now=now)
    assert [entry.entry_id for entry in claim()] == [waiting.entry_id]


def test_a_superseded_entry_waits_for_nothing(store, offer, claim, now):
    store.add(offer(version="v1"))
    (old,) = claim()
    store.settle([Deferred(entry_id=old.entry_id, needs=("Patient/1",), at=now + MINUTE)], owner="worker-1", now=now)
    store.add(offer(version="v2"))
    assert store.show(old.entry_id).missing == ()


# ---- the ledger


def test_the_ledger_says_what_the_target_last_received(store, offer, claim, now):
    store.add(offer("a1", "v7"))
    sent = (_sent("Encounter/1", "d1", remote_version='W/"1"'), _sent("Patient/1", "d2", shared=True))
    store.settle([Delivered(entry_id=claim()[0].entry_id, sent=sent)], owner="worker-1", now=now)
    ledger = store.ledger("national", ["Encounter/1", "Patient/1", "Task/1"])
    assert ledger.keys() == {"Encounter/1", "Patient/1"}
    row = ledger["Encounter/1"]
    assert (row.content_digest, row.version_key, row.activity_key) == ("d1", "v7", "a1")
    assert (row.remote_version, row.shared, row.withdrawn, row.sent_at) == ('W/"1"', False, False, now)
    assert store.ledger("hospital", ["Encounter/1"]) == {}


def test_the_last_writer_of_a_shared_resource_is_remembered(store, offer, claim, now):
    store.add(offer("a1", "v1"))
    store.add(offer("a2", "v2"))
    one, two = claim()
    for entry, digest in ((one, "d1"), (two, "d2")):
        sent = (_sent("Patient/1", digest, shared=True),)
        store.settle([Delivered(entry_id=entry.entry_id, sent=sent)], owner="worker-1", now=now)
    row = store.ledger("national", ["Patient/1"])["Patient/1"]
    assert (row.content_digest, row.activity_key, row.version_key) == ("d2", "a2", "v2")


def test_what_earlier_entries_held_is_found_whatever_became_of_them(store, offer, claim, now):
    holds = {"v1": ("Task/1", "Encounter/1"), "v2": ("Encounter/1",), "v3": ("Task/2",), "v4": ()}
    for version in ("v1", "v2", "v3"):
        store.add(offer(version=version, payload={"of": version}, holds=holds[version]))
        if version != "v2":  # that one is superseded before anybody claims it
            store.settle([Parked(entry_id=claim()[0].entry_id, code="refused")], owner="worker-1", now=now)
    store.add(offer("a2", "v9", payload={"of": "another"}, holds=("Task/3",)))
    (newest,) = store.add(offer(version="v4", holds=holds["v4"])).entry_ids
    assert store.former_payloads("national", "a1", newest, set()) == ({"of": "v3"}, {"of": "v2"}, {"of": "v1"})
    assert store.former_payloads("national", "a1", newest, {"Encounter/1", "Task/2"}) == ({"of": "v1"},)
    assert store.former_payloads("national", "a1", newest - 2, {"Encounter/1"}) == ({"of": "v1"},)
    assert store.former_payloads("hospital", "a1", newest, set()) == ()


def test_what_was_offered_to_a_target_is_known_whatever_became_of_it(store, offer):
    store.add(offer(holds=("Encounter/1",), payload={"of": "v1"}))
    nothing = Route(target="hospital", state=State.WITHHELD, rule="no-mapping", pack="p")
    store.add(offer("a2", routes=(nothing,)))
    store.add(offer(version="v2", holds=()))
    assert store.was_offered("national", "a1")
    assert not store.was_offered("hospital", "a1")
    assert not store.was_offered("hospital", "a2")


def test_activities_that_make_one_resource_know_of_each_other(store, offer, claim, now):
    for activity, version in (("a1", "v1"), ("a2", "v2"), ("a3", "v3")):
        keys = ("CarePlan/1", "Patient/1") if activity != "a3" else ("Patient/1",)
        store.add(offer(activity, version, holds=keys))
        sent = tuple(_sent(key, f"{key} {activity}", shared=key == "Patient/1") for key in keys)
        store.settle([Delivered(entry_id=claim()[0].entry_id, sent=sent)], owner="worker-1", now=now)
    assert [one.activity_key for one in store.other_producers("national", "CarePlan/1", "a2")] == ["a1"]
    assert [one.activity_key for one in store.other_producers("national", "CarePlan/1", "a1")] == ["a2"]
    store.add(offer("a1", "v4", holds=()))
    assert store.other_producers("national", "CarePlan/1", "a2") == (), "its newest version makes it no more"


@pytest.mark.parametrize(
    ("late", "newer", "digest"), [("1", "2", "new"), ("3", "2", ""), (None, "2", ""), ("a", "b", "")]
)
def test_a_delivery_that_is_told_late_does_not_pass_for_the_newest(store, offer, claim, now, late, newer, digest):
    store.add(offer("a1", "v1"))
    store.add(offer("a2", "v2"))
    one, two = claim()
    for entry, content, version in ((two, "new", newer), (one, "old", late)):
        sent = (Sent(resource_key="Practitioner/1", content_digest=content, shared=True, remote_version=version),)
        store.settle([Delivered(entry_id=entry.entry_id, sent=sent)], owner="worker-1", now=now)
    row = store.ledger("national", ["Practitioner/1"])["Practitioner/1"]
    # Where nobody can tell which of two contents is there, none counts as known, and nothing older may come in.
    assert (row.version_key, row.content_digest) == ("v2", digest)
    assert [again.activity_key for again in claim()] == ([] if digest else ["a2"])


def test_a_worker_keeps_what_it_still_works_on(store, offer, claim, now):
    store.add(offer("a1", "v1"))
    store.add(offer("a2", "v1"))
    one, two = claim(lease_seconds=60)
    assert store.renew("worker-1", 60, now + MINUTE / 2) == {one.entry_id, two.entry_id}
    assert claim(owner="worker-2", now=now + MINUTE) == ()
    store.add(offer("a2", "v2"))
    # It ran out: what nobody took is still there, what a newer version replaced is lost.
    assert store.renew("worker-1", 60, now + 2 * MINUTE) == {one.entry_id}
    (newer,) = claim(owner="worker-2", now=now + 2 * MINUTE)
    assert newer.version_key == "v2"
    assert store.renew("worker-2", 60, now + 2 * MINUTE) == {newer.entry_id}


def test_a_confirmation_moves_a_resource_to_the_newer_version(store, offer, claim, now):
    store.add(offer(version="v1"))
    store.settle([Delivered(entry_id=claim()[0].entry_id, sent=(_sent("Patient/1"),))], owner="worker-1", now=now)
    store.add(offer(version="v2"))
    store.settle(
        [Unchanged(entry_id=claim()[0].entry_id, confirmed=(_sent("Patient/1"),))],
        owner="worker-1",
        now=now + MINUTE,
    )
    row = store.ledger("national", ["Patient/1"])["Patient/1"]
    assert (row.version_key, row.sent_at) == ("v2", now)


@pytest.mark.parametrize(("version", "digest"), [("v9", "d1"), ("v1", "written meanwhile")])
def test_a_confirmation_never_hides_what_was_written_meanwhile(store, offer, claim, now, version, digest):
    store.add(offer("a1", version))
    store.add(offer("a2", "v2"))
    one, two = claim()
    store.settle(
        [
            Delivered(entry_id=one.entry_id, sent=(_sent("Patient/1", digest, shared=True),)),
            Unchanged(entry_id=two.entry_id, confirmed=(_sent("Patient/1", "d1", shared=True),)),
        ],
        owner="worker-1",
        now=now,
    )
    row = store.ledger("national", ["Patient/1"])["Patient/1"]
    assert (row.version_key, row.content_digest, row.activity_key) == (version, digest, "a1")


# ---- what several activities write


def test_the_ledger_keeps_the_order_and_the_activity_of_a_content(store, offer, claim, now):
    store.add(offer("a1", "v5"))
    store.add(offer("a2", "v6"))
    one, two = claim()
    first = _sent("CarePlan/1", order="t3|v5")
    late = _sent("CarePlan/1", "d2", order="t1|v6", remote_version="1")
    store.settle([Delivered(entry_id=one.entry_id, sent=(first,))], owner="worker-1", now=now)
    store.settle([Delivered(entry_id=two.entry_id, sent=(late,))], owner="worker-1", now=now)
    row = store.ledger("national", ["CarePlan/1"])["CarePlan/1"]
    assert (row.version_key, row.activity_key) == ("t3|v5", "a1"), "it holds since earlier"


def test_what_was_known_to_be_out_of_date_is_replaced_by_an_older_content(store, offer, claim, now):
    store.add(offer("a1", "v5"))
    store.add(offer("a1", "v7"))
    (entry,) = claim()
    store.settle(
        [Delivered(entry_id=entry.entry_id, sent=(_sent("CarePlan/1", order="t3|v7"),))], owner="worker-1", now=now
    )
    store.add(offer("a1", "v8"))
    (entry,) = claim()
    theirs = _sent("CarePlan/1", "d2", order="t1|v6", activity_key="a2", replaces="t3|v7")
    store.settle([Delivered(entry_id=entry.entry_id, sent=(theirs,))], owner="worker-1", now=now)
    row = store.ledger("national", ["CarePlan/1"])["CarePlan/1"]
    assert (row.version_key, row.activity_key, row.content_digest) == ("t1|v6", "a2", "d2")


def test_a_released_resource_comes_before_every_other_content(store, offer, claim, now):
    for activity in ("a1", "a2"):
        store.add(offer(activity, "v1"))
    one, two = claim()
    store.settle([Delivered(entry_id=one.entry_id, sent=(_sent("CarePlan/1"),))], owner="worker-1", now=now)
    store.settle([Superseded(entry_id=two.entry_id, released=("CarePlan/1",))], owner="worker-1", now=now)
    assert store.ledger("national", ["CarePlan/1"])["CarePlan/1"].version_key == "v1", "it is not theirs"
    store.add(offer("a1", "v2"))
    store.settle([Unchanged(entry_id=claim()[0].entry_id, released=("CarePlan/1",))], owner="worker-1", now=now)
    assert store.ledger("national", ["CarePlan/1"])["CarePlan/1"].version_key == ""


def test_activities_that_were_settled_together_know_of_each_other(store, offer, claim, now):
    for activity in ("a1", "a2"):
        store.add(offer(activity, "v1", holds=("CarePlan/1",)))
    one, two = claim()
    last = Delivered(entry_id=two.entry_id, sent=(_sent("CarePlan/1"),))
    store.settle([Delivered(entry_id=one.entry_id), last], owner="worker-1", now=now)
    assert [one.activity_key for one in store.other_producers("national", "CarePlan/1", "a2")] == ["a1"]


def test_a_version_that_is_told_after_its_successor_does_not_take_back_what_that_left_to_others(
    store, offer, claim, now
):
    store.add(offer("a1", "v5"))
    (slow,) = claim(lease_seconds=60)
    store.add(offer("a1", "v7"))
    store.add(offer("a2", "v6"))
    fast = claim(owner="worker-2", now=now + 2 * MINUTE)
    theirs = _sent("CarePlan/1", "d2", order="t1|v6", activity_key="a2")
    store.settle([Delivered(entry_id=one.entry_id, sent=(theirs,)) for one in fast], owner="worker-2", now=now)
    sent = (_sent("CarePlan/1", order="t3|v5"),)
    store.settle([Delivered(entry_id=slow.entry_id, sent=sent)], owner="worker-1", now=now)
    row = store.ledger("national", ["CarePlan/1"])["CarePlan/1"]
    assert (row.activity_key, row.content_digest) == ("a2", ""), "nobody knows which content is there"
