"""What every store promises about adding and looking; runs on each back end."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from hm_fhir.errors import RecordRejected, StoreError
from hm_fhir.outbox.entry import Origin, Outcome, Rejection, Route, State, Words
from hm_fhir.outbox.settlement import Delivered, Parked, RetryAt

# ---- adding


def test_an_unknown_activity_is_new_and_waits_for_each_target(store, offer, claim):
    added = store.add(offer(targets=("national", "hospital")))
    assert added.outcome is Outcome.NEW
    assert len(added.entry_ids) == 2
    assert {target: counts.states[State.WAITING] for target, counts in store.counts().items()} == {
        "hospital": 1,
        "national": 1,
    }
    assert [entry.payload for entry in claim(target="hospital")] == [{"of": "a1 v1"}]


def test_an_entry_keeps_all_that_its_route_says_and_every_digit(store, offer, claim, now):
    store.add(
        offer(
            person_key="p1",
            payload={"value": Decimal("9.20"), "name": "Тест"},
            holds=("Encounter/1", "Patient/1"),
            needs=("Practitioner/1",),
            mapping="visit",
            mapping_version="3",
        )
    )
    (entry,) = claim()
    assert str(entry.payload["value"]) == "9.20"
    assert entry.payload["name"] == "Тест"
    assert (entry.holds, entry.needs) == (("Encounter/1", "Patient/1"), ("Practitioner/1",))
    assert (entry.person_key, entry.mapping, entry.mapping_version, entry.pack) == ("p1", "visit", "3", "pack-1")
    assert (entry.source, entry.activity_type, entry.created_at) == ("visits", "home-visit", now)


def test_adding_the_same_again_changes_nothing(store, offer, states):
    store.add(offer())
    again = store.add(offer())
    assert (again.outcome, again.entry_ids) == (Outcome.REPEATED, ())
    assert states() == {"waiting": 1}


def test_a_newer_version_takes_the_place_of_what_waits(store, offer, claim, states):
    store.add(offer(version="v1"))
    newer = store.add(offer(version="v2"))
    assert (newer.outcome, newer.superseded) == (Outcome.NEWER, 1)
    assert states() == {"waiting": 1, "superseded": 1}
    assert [entry.version_key for entry in claim()] == ["v2"]


def test_a_newer_version_takes_the_place_of_what_is_parked_or_withheld(store, offer, claim, states, now):
    store.add(offer("a1"))
    store.settle([Parked(entry_id=claim()[0].entry_id, code="rejected")], owner="worker-1", now=now)
    store.add(offer("a2", state=State.WITHHELD, rule="no-consent"))
    assert states() == {"parked": 1, "withheld": 1}
    store.add(offer("a1", "v2"))
    store.add(offer("a2", "v2"))
    assert states() == {"waiting": 2, "superseded": 2}


def test_a_newer_version_leaves_what_was_delivered(store, offer, claim, states, now):
    store.add(offer())
    store.settle([Delivered(entry_id=claim()[0].entry_id)], owner="worker-1", now=now)
    store.add(offer(version="v2"))
    assert states() == {"waiting": 1, "delivered": 1}


def test_nobody_gets_an_outdated_version_when_the_newer_one_is_not_for_them(store, offer, claim):
    store.add(offer(version="v1", targets=("national", "hospital")))
    store.add(offer(version="v2", targets=("national",)))
    assert claim(target="hospital") == ()


def test_a_late_older_row_changes_nothing(store, offer, claim):
    store.add(offer(version="v2"))
    before = store.known("a1"), store.counts()
    late = store.add(offer(version="v1"))
    assert (late.outcome, late.entry_ids) == (Outcome.OLDER, ())
    assert (store.known("a1"), store.counts()) == before


def test_two_different_records_of_one_version_are_a_conflict_and_change_nothing(store, offer):
    store.add(offer(content="c1", record="r1"))
    before = store.known("a1"), store.counts()
    assert store.add(offer(content="c2", record="r2")).outcome is Outcome.CONFLICT
    assert (store.known("a1"), store.counts()) == before


def test_the_same_record_read_by_other_settings_is_newer(store, offer, claim):
    store.add(offer(content="c1", record="r1"))
    added = store.add(offer(content="c2", record="r1", payload={"of": "other settings"}))
    assert added.outcome is Outcome.NEWER
    assert [entry.payload for entry in claim()] == [{"of": "other settings"}]


def test_a_record_that_differs_in_what_does_not_matter_is_remembered(store, offer):
    store.add(offer(content="c1", record="r1"))
    assert store.add(offer(content="c1", record="r2")).outcome is Outcome.REPEATED
    assert store.add(offer(content="c2", record="r2")).outcome is Outcome.NEWER


def test_a_new_target_gets_the_known_version_and_the_others_do_not_get_it_twice(store, offer):
    store.add(offer(targets=("national",)))
    added = store.add(offer(targets=("national", "hospital")))
    assert added.outcome is Outcome.REPEATED
    assert [store.show(entry_id).entry.target for entry_id in added.entry_ids] == ["hospital"]


def test_a_new_pack_makes_a_new_entry_in_place_of_the_waiting_one(store, offer, claim):
    store.add(offer(pack="pack-1"))
    added = store.add(offer(pack="pack-2"))
    assert (added.outcome, len(added.entry_ids), added.superseded) == (Outcome.REPEATED, 1, 1)
    assert [entry.pack for entry in claim()] == ["pack-2"]
    assert store.add(offer(pack="pack-2")).entry_ids == ()


def test_an_activity_that_no_mapping_took_is_sent_when_a_pack_brings_a_mapping(store, offer, states):
    store.add(offer(state=State.WITHHELD, rule="no-mapping", pack="pack-1"))
    assert dict(store.counts()["national"].withheld) == {"no-mapping": 1}
    store.add(offer(pack="pack-2"))
    assert states() == {"waiting": 1, "superseded": 1}


def test_content_that_comes_back_is_added_again_for_a_target_that_missed_it(store, offer, claim):
    both = ("national", "hospital")
    store.add(offer(content="c1", record="r", targets=both))
    store.add(offer(content="c2", record="r", targets=("national",)))
    store.add(offer(content="c1", record="r", targets=("national",)))
    assert claim(target="hospital") == ()
    store.add(offer(content="c1", record="r", targets=both))
    assert len(claim(target="hospital")) == 1


def test_known_tells_intake_enough_to_decide_before_it_maps(store, offer):
    assert store.known("a1") is None
    store.add(offer(version="v1", targets=("national", "hospital")))
    store.add(offer(version="v2", content="c", record="r", pack="pack-2"))
    known = store.known("a1")
    assert (known.version_key, known.content_digest, known.record_digest) == ("v2", "c", "r")
    assert dict(known.packs) == {"national": "pack-2"}


def test_the_latest_route_says_of_whom_an_activity_told_last(store, offer):
    assert store.latest_route("a1") is None
    store.add(offer(version="v1", person_key="p1"))
    store.add(offer(version="v2", person_key="p2"))
    latest = store.latest_route("a1")
    assert (latest.activity_type, latest.person_key) == ("home-visit", "p2")


def test_the_origins_of_an_activity_tell_which_reading_met_it_last(store):
    assert store.origins("a1") == ()
    store.remember_origin("january", "a1", "d1", 3)
    store.remember_origin("february", "a1", "d1", 0, said="digest", said_in=7)
    store.remember_origin("january", "a1", "d1", 2)
    february = Origin(source="february", document_key="d1", scan=0, said="digest", said_in=7)
    assert set(store.origins("a1")) == {Origin(source="january", document_key="d1", scan=3), february}
    assert store.forget_origin("january", "a1") == ("february",)
    assert store.origins("a1") == (february,)


def test_a_rejected_record_does_not_move_an_activity_to_its_document(store):
    store.remember_refused_origin("visits", "a1", "d1", 1)
    store.remember_origin("visits", "a1", "d2", 2, said="digest", said_in=2)
    store.remember_refused_origin("visits", "a1", "d1", 3)
    assert store.origins("a1") == (Origin(source="visits", document_key="d2", scan=3, said="digest", said_in=2),)


def test_a_payload_that_cannot_be_kept_is_refused_and_leaves_nothing(store, offer):
    with pytest.raises(RecordRejected):
        store.add(offer(payload={"value": Decimal("NaN")}))
    assert store.known("a1") is None
    assert store.counts() == {}


def test_many_adds_are_one_commit(store, backend, offer):
    other = backend.open()
    with store.transaction():
        store.add(offer("a1"))
        store.add(offer("a2"))
        assert other.counts() == {}
    assert other.counts()["national"].routed == 2
    other.close()


def test_a_commit_that_fails_takes_all_its_adds_back(store, offer):
    def add_and_fail():
        with store.transaction():
            store.add(offer("a1"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()
    assert store.known("a1") is None
    assert store.counts() == {}


def test_one_add_that_fails_inside_a_commit_leaves_the_others(store, offer):
    routes = (
        Route(target="national", pack="p", payload={"good": 1}),
        Route(target="hospital", pack="p", payload={"bad": object()}),
    )
    with store.transaction():
        store.add(offer("a1"))
        with pytest.raises(RecordRejected):
            store.add(offer("a2", routes=routes))
        store.add(offer("a3"))
    assert store.known("a2") is None
    assert store.counts()["national"].routed == 2
    assert store.counts()["national"].missing == 0


# ---- rejected records


def _rejection(now, **changes):
    values = {
        "source": "visits",
        "record_digest": "r1",
        "place": "visits.csv:17",
        "code": "date",
        "message": "the date is not a date",
        "payload": {"date": "yesterday"},
        "at": now,
    }
    return Rejection(**(values | changes))


def test_a_rejected_record_is_kept_once_with_its_last_reason(store, now):
    later = now + timedelta(days=1)
    store.reject(_rejection(now))
    store.reject(_rejection(now, code="period", place="visits.csv:18", at=later))
    (kept,) = store.rejected()
    assert (kept.code, kept.place, kept.times) == ("period", "visits.csv:18", 2)
    assert (kept.first_at, kept.last_at) == (now, later)
    assert kept.payload == {"date": "yesterday"}


def test_rejected_records_are_counted_by_source_and_reason(store, now):
    for source, digest, code in [("visits", "r1", "date"), ("visits", "r2", "date"), ("talks", "r1", "place")]:
        store.reject(_rejection(now, source=source, record_digest=digest, code=code))
    assert store.rejected_counts() == {"talks": {"place": 1}, "visits": {"date": 2}}
    assert [kept.source for kept in store.rejected("talks")] == ["talks"]
    assert len(store.rejected(limit=2)) == 2


def test_a_record_that_is_accepted_later_is_forgotten(store, now):
    store.reject(_rejection(now))
    assert store.accepted("visits", "r1")
    assert not store.accepted("visits", "r1")
    assert store.rejected() == ()


def test_an_activity_that_is_taken_settles_what_was_rejected_of_it_in_the_same_document(store, now):
    for digest, document in (("r1", "d1"), ("r2", "d2"), ("r3", None)):
        store.reject(_rejection(now, record_digest=digest, document=document, activity_key="a1"))
    assert store.accepted("visits", "r4", "a1", "d1")
    assert {one.record_digest for one in store.rejected()} == {"r2", "r3"}
    store.settle_activity("visits", "a1")
    assert {one.record_digest for one in store.rejected()} == {"r2"}


def test_of_an_activity_what_was_read_last_is_replayed(store, now):
    for minute, digest, document, activity in (
        (0, "r1", None, "a1"),
        (1, "r2", None, "a1"),
        (0, "r3", "d1", "a1"),
        (0, "r4", None, "a2"),
        (0, "r5", None, None),
        (1, "r6", None, None),
    ):
        at = now + timedelta(minutes=minute)
        store.reject(_rejection(at, record_digest=digest, document=document, activity_key=activity))
    assert {one.record_digest for one in store.rejected(to_replay=True)} == {"r2", "r3", "r4", "r5", "r6"}
    assert len(store.rejected(to_replay=True, limit=2)) == 2


def test_a_record_is_kept_even_when_it_is_the_content_that_cannot_be_written(store, now):
    store.reject(_rejection(now, payload={"note": "\ud800"}))
    assert store.rejected()[0].payload == repr({"note": "\ud800"})


# ---- operators


def test_a_store_belongs_to_one_identity_key(store, backend):
    store.bind("key-1", "fingerprint-1")
    store.bind("key-1", "fingerprint-1")
    other = backend.open()
    with pytest.raises(StoreError, match="put the former key back") as caught:
        other.bind("key-2", "fingerprint-2")
    assert caught.value.code == "store-binding"
    other.close()


def test_a_key_may_get_another_name(store):
    store.bind("key-1", "fingerprint-1")
    store.bind("key-of-2027", "fingerprint-1")
    with pytest.raises(StoreError, match="key-of-2027"):
        store.bind("key-1", "fingerprint-2")


def test_entries_are_listed_page_by_page_by_target_and_state(store, offer, claim, now):
    for number in range(5):
        store.add(offer(f"a{number}", targets=("national", "hospital")))
    first = claim(limit=1)[0].entry_id
    store.settle([Parked(entry_id=first, code="rejected")], owner="worker-1", now=now)
    assert len(store.list()) == 10
    page = store.list(target="hospital", limit=2)
    rest = store.list(target="hospital", after=page[-1].entry_id)
    assert [row.activity_key for row in (*page, *rest)] == ["a0", "a1", "a2", "a3", "a4"]
    (parked,) = store.list(state=State.PARKED)
    assert (parked.entry_id, parked.code) == (first, "rejected")
    assert len(store.list(target="national", state=State.WAITING, limit=3)) == 3


def test_an_entry_is_shown_with_its_payload_and_what_the_target_said(store, offer, claim, now):
    store.add(offer(payload={"a": 1}))
    entry_id = claim()[0].entry_id
    first = RetryAt(entry_id=entry_id, at=now, code="busy", words=Words(content="come back later", status="503"))
    store.settle([first], owner="worker-1", now=now)
    claim()
    last = Parked(entry_id=entry_id, code="refused", words=Words(content={"issue": [1]}, status="422"))
    store.settle([last], owner="worker-1", now=now)
    shown = store.show(entry_id)
    assert (shown.entry.payload, shown.entry.state, shown.entry.code) == ({"a": 1}, State.PARKED, "refused")
    assert [(said.status, said.content, said.at) for said in shown.words] == [
        ("503", "come back later", now),
        ("422", {"issue": [1]}, now),
    ]


def test_an_entry_that_does_not_exist_is_an_error_that_says_what_to_do(store):
    with pytest.raises(StoreError, match="outbox list"):
        store.show(404)


def test_payloads_and_words_are_in_no_repr(store, offer, claim, now):
    store.add(offer(payload={"name": "Marked Name"}))
    (entry,) = claim()
    words = Words(content="Marked Name is wrong")
    store.settle([Parked(entry_id=entry.entry_id, code="refused", words=words)], owner="worker-1", now=now)
    store.reject(_rejection(now, payload={"name": "Marked Name"}))
    assert "Marked" not in repr((entry, offer(payload={"name": "Marked Name"})))
    assert "Marked" not in repr((store.show(entry.entry_id), store.rejected(), store.list()))


def _parked(store, claim, now, code="refused"):
    entry_ids = [entry.entry_id for entry in claim()]
    store.settle([Parked(entry_id=one, code=code) for one in entry_ids], owner="worker-1", now=now)
    return entry_ids


def test_parked_entries_can_be_tried_again_as_if_for_the_first_time(store, offer, claim, states, now):
    store.add(offer("a1"))
    store.add(offer("a2"))
    first, second = _parked(store, claim, now)
    assert dict(store.counts()["national"].parked) == {"refused": 2}
    assert store.retry([first]) == 1
    assert states() == {"waiting": 1, "parked": 1}
    (again,) = claim()
    assert (again.entry_id, again.attempts, again.code, again.settled_at) == (first, 1, None, None)
    assert store.retry() == 1
    assert [entry.entry_id for entry in claim()] == [second]


def test_retry_chooses_by_target_and_code(store, offer, claim, now):
    store.add(offer("a1"))
    _parked(store, claim, now, code="refused")
    store.add(offer("a2"))
    _parked(store, claim, now, code="too-large")
    assert store.retry(target="hospital") == 0
    assert store.retry(code="too-large") == 1
    assert [entry.activity_key for entry in claim()] == ["a2"]


def test_what_is_scheduled_for_later_can_be_made_due_but_not_what_is_being_sent(store, offer, claim, now):
    store.add(offer("a1"))
    store.add(offer("a2"))
    first, _ = claim(lease_seconds=3600)
    later = RetryAt(entry_id=first.entry_id, at=now + timedelta(hours=1), code="busy")
    store.settle([later], owner="worker-1", now=now)
    assert claim(owner="worker-2") == ()
    assert store.retry(state=State.WAITING) == 1
    assert [entry.entry_id for entry in claim(owner="worker-2")] == [first.entry_id]


def test_a_superseded_entry_is_history_and_is_not_tried_again(store, offer, claim, now):
    store.add(offer())
    (old,) = _parked(store, claim, now)
    store.add(offer(version="v2"))
    assert store.retry([old]) == 0
    with pytest.raises(ValueError, match="only parked and waiting"):
        store.retry(state=State.SUPERSEDED)
