"""Which writes go together: a pure plan from waiting entries and what the target has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.delivery.bundles import ENTRY_BYTES, Item, Plan, Prepared, halves, keys_of, plan_bundle
from hm_fhir.delivery.target import Limits
from hm_fhir.outbox.entry import Entry, State
from hm_fhir.outbox.settlement import LedgerRow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WIDE = Limits(writes=1000, bytes=10_000_000)


def entry(number: int, version: int, needs: Sequence[str] = ()) -> Entry:
    return Entry(
        entry_id=number,
        target="national",
        source="register",
        activity_key=f"activity-{number}",
        version_key=f"v{version:03}",
        activity_type="home-visit",
        person_key=None,
        state=State.WAITING,
        code=None,
        attempts=1,
        retry_at=None,
        deferred=False,
        lease_owner="w",
        lease_until=NOW,
        created_at=NOW,
        settled_at=None,
        delivered_at=None,
        mapping=None,
        mapping_version=None,
        pack="p",
        payload={},
        holds=(),
        needs=tuple(needs),
    )


def prepared(number: int, version: int, resources: Mapping[str, str], needs: Sequence[str] = ()) -> Prepared:
    """An entry with resources: key -> content, which is its own digest here."""
    items = tuple(Item(key=key, text=content.encode(), digest=content) for key, content in resources.items())
    return Prepared(entry(number, version, needs), items)


def row(key: str, content: str, version: int) -> LedgerRow:
    return LedgerRow(
        resource_key=key,
        content_digest=content,
        version_key=f"v{version:03}",
        activity_key="activity-0",
        shared=False,
        remote_version="1",
        withdrawn=False,
        sent_at=NOW,
    )


def ledger(**rows: tuple[str, int]) -> dict[str, LedgerRow]:
    return {key: row(key, content, version) for key, (content, version) in rows.items()}


def written(plan: Plan) -> dict[str, str]:
    return {key: chosen.item.digest for key, chosen in plan.chosen.items()}


def numbers(entries: Sequence[Prepared]) -> list[int]:
    return [one.entry.entry_id for one in entries]


# Examples


def test_entries_go_together_in_their_order() -> None:
    plan = plan_bundle([prepared(1, 1, {"P": "p", "E1": "a"}), prepared(2, 1, {"E2": "b"})], {}, WIDE)
    assert list(written(plan).items()) == [("P", "p"), ("E1", "a"), ("E2", "b")]
    assert numbers(plan.taken) == [1, 2]
    assert plan.settles_something


def test_what_the_target_has_is_left_out_and_moves_forward_in_the_ledger() -> None:
    plan = plan_bundle([prepared(1, 5, {"P": "p", "E": "new"})], ledger(P=("p", 3), E=("old", 3)), WIDE)
    assert written(plan) == {"E": "new"}
    assert [item.key for item in plan.touched[1]] == ["P"]


def test_an_entry_of_which_the_target_has_everything_is_unchanged() -> None:
    plan = plan_bundle([prepared(1, 5, {"P": "p"}), prepared(2, 5, {})], ledger(P=("p", 3)), WIDE)
    assert numbers(plan.unchanged) == [1, 2]
    assert written(plan) == {}
    assert plan.settles_something


def test_an_entry_that_is_older_than_what_the_target_has_is_superseded() -> None:
    plan = plan_bundle([prepared(1, 2, {"P": "older"})], ledger(P=("p", 3)), WIDE)
    assert numbers(plan.superseded) == [1]
    assert written(plan) == {}


def test_the_same_content_of_an_older_version_does_not_move_the_ledger_back() -> None:
    # Else what came between could overwrite the newest.
    plan = plan_bundle([prepared(1, 2, {"P": "p", "E": "new"})], ledger(P=("p", 5)), WIDE)
    assert written(plan) == {"E": "new"}
    assert plan.touched == {}
    assert numbers(plan_bundle([prepared(1, 2, {"P": "p"})], ledger(P=("p", 5)), WIDE).unchanged) == [1]


def test_what_one_entry_confirms_no_older_one_overwrites_in_the_same_plan() -> None:
    queue = [prepared(1, 5, {"P": "p"}), prepared(2, 3, {"P": "older"})]
    plan = plan_bundle(queue, ledger(P=("p", 1)), WIDE)
    assert numbers(plan.unchanged) == [1]
    assert numbers(plan.superseded) == [2]
    assert written(plan) == {}


def test_a_shared_resource_stands_once_in_its_newest_version() -> None:
    queue = [prepared(1, 2, {"P": "two"}), prepared(2, 3, {"P": "three"}), prepared(3, 1, {"P": "one"})]
    plan = plan_bundle(queue, {}, WIDE)
    assert written(plan) == {"P": "three"}
    assert plan.chosen["P"].entry.entry_id == 2
    assert numbers(plan.taken) == [1, 2, 3]


def test_the_same_content_is_the_newest_version_that_brought_it() -> None:
    # The ledger gets the version of this entry: an entry between the two must not come in later.
    plan = plan_bundle([prepared(1, 1, {"P": "p"}), prepared(2, 3, {"P": "p"})], {}, WIDE)
    assert written(plan) == {"P": "p"}
    assert plan.chosen["P"].entry.version_key == "v003"


def test_of_two_contents_of_one_version_the_later_entry_wins() -> None:
    plan = plan_bundle([prepared(1, 1, {"P": "a"}), prepared(2, 1, {"P": "b"})], {}, WIDE)
    assert written(plan) == {"P": "b"}


def test_an_entry_waits_for_what_it_references() -> None:
    queue = [prepared(1, 1, {"E": "e"}, needs=["P", "Q"]), prepared(2, 1, {"P": "p"})]
    plan = plan_bundle(queue, {}, WIDE)
    assert [(one.entry.entry_id, keys) for one, keys in plan.missing] == [(1, ("P", "Q"))]
    assert numbers(plan.taken) == [2]


def test_what_is_referenced_may_be_in_the_bundle_or_at_the_target() -> None:
    queue = [prepared(1, 1, {"P": "p"}), prepared(2, 1, {"E": "e"}, needs=["P", "Q"])]
    assert numbers(plan_bundle(queue, ledger(Q=("q", 1)), WIDE).taken) == [1, 2]


def test_what_leans_on_the_bundle_is_settled_with_it_even_if_it_adds_nothing() -> None:
    queue = [prepared(1, 1, {"P": "p"}), prepared(2, 1, {}, needs=["P"]), prepared(3, 1, {"P": "p"})]
    plan = plan_bundle(queue, {}, WIDE)
    assert numbers(plan.taken) == [1, 2, 3]
    assert plan.unchanged == []


def test_the_rest_waits_for_the_next_bundle_and_nobody_overtakes() -> None:
    queue = [prepared(1, 1, {"A": "a"}), prepared(2, 1, {"B": "b", "C": "c"}), prepared(3, 1, {"D": "d"})]
    plan = plan_bundle(queue, {}, Limits(writes=2, bytes=10_000))
    assert numbers(plan.taken) == [1]
    assert numbers(plan.rest) == [2, 3]


@pytest.mark.parametrize(
    ("limits", "is_too_large"),
    [
        (Limits(writes=2, bytes=2 * (1 + ENTRY_BYTES)), False),
        (Limits(writes=1, bytes=10_000), True),
        (Limits(writes=2, bytes=2 * (1 + ENTRY_BYTES) - 1), True),
    ],
)
def test_an_entry_that_no_bundle_can_hold_is_told(limits: Limits, is_too_large: bool) -> None:
    plan = plan_bundle([prepared(1, 1, {"A": "a", "B": "b"})], {}, limits)
    assert numbers(plan.too_large) == ([1] if is_too_large else [])
    assert plan.rest == []


def test_nothing_to_do_settles_nothing() -> None:
    assert not plan_bundle([], {}, WIDE).settles_something
    assert not plan_bundle([prepared(1, 1, {"E": "e"}, needs=["P"])], {}, WIDE).settles_something


def test_no_resource_is_shown() -> None:
    plan = plan_bundle([prepared(1, 1, {"E": "маркер"})], {}, WIDE)
    item = Item(key="E", text="маркер".encode(), digest="d", content={"name": "маркер"})
    assert repr("маркер".encode()) not in repr(plan)
    assert "маркер" not in repr(item)


# Properties

KEYS = "ABCDE"


def after_the_bundle(plan: Plan, queue: Sequence[Prepared], has: Mapping[str, LedgerRow]) -> dict[str, LedgerRow]:
    """The ledger when everything that was planned is done."""
    versions = {one.entry.entry_id: one.entry.version_key for one in queue}
    after = dict(has)
    for number, items in plan.touched.items():
        for item in items:
            after[item.key] = replace(after[item.key], version_key=versions[number])
    for key, chosen in plan.chosen.items():
        after[key] = row(key, chosen.item.digest, int(chosen.entry.version_key[1:]))
    return after


CONTENTS = st.sampled_from(["x", "y" * 40, "z" * 300])
VERSIONS = st.integers(0, 6)


@st.composite
def queues(draw: st.DrawFn) -> list[Prepared]:
    return [
        prepared(
            number,
            draw(VERSIONS),
            draw(st.dictionaries(st.sampled_from(KEYS), CONTENTS, max_size=4)),
            draw(st.lists(st.sampled_from(KEYS), max_size=2, unique=True)),
        )
        for number in range(draw(st.integers(0, 7)))
    ]


LEDGERS = st.dictionaries(st.sampled_from(KEYS), st.tuples(CONTENTS, VERSIONS)).map(lambda rows: ledger(**rows))
LIMITS = st.builds(Limits, writes=st.integers(1, 6), bytes=st.integers(200, 2500))
plans = given(queues(), LEDGERS, LIMITS)


@plans
def test_every_entry_is_in_exactly_one_list(queue: list[Prepared], has: dict[str, LedgerRow], limits: Limits) -> None:
    plan = plan_bundle(queue, has, limits)
    lists = [plan.taken, plan.unchanged, plan.superseded, plan.too_large, [one for one, _ in plan.missing], plan.rest]
    assert sorted(number for entries in lists for number in numbers(entries)) == numbers(queue)
    for entries in lists:
        assert numbers(entries) == sorted(numbers(entries)), "the order is kept"


@plans
def test_the_limits_are_kept(queue: list[Prepared], has: dict[str, LedgerRow], limits: Limits) -> None:
    plan = plan_bundle(queue, has, limits)
    assert len(plan.chosen) <= limits.writes
    assert sum(len(chosen.item.text) for chosen in plan.chosen.values()) <= limits.bytes
    assert all(key == chosen.item.key for key, chosen in plan.chosen.items())


@plans
def test_nobody_overtakes_the_rest(queue: list[Prepared], has: dict[str, LedgerRow], limits: Limits) -> None:
    plan = plan_bundle(queue, has, limits)
    assert plan.rest == queue[len(queue) - len(plan.rest) :]
    assert not plan.rest or plan.taken, "whoever has to wait waits for a bundle that is sent"


@plans
def test_the_newest_version_wins(queue: list[Prepared], has: dict[str, LedgerRow], limits: Limits) -> None:
    plan = plan_bundle(queue, has, limits)
    for key, chosen in plan.chosen.items():
        assert chosen.entry in [one.entry for one in plan.taken]
        brought = [one.entry.version_key for one in plan.taken for item in one.items if item.key == key]
        assert chosen.entry.version_key == max(brought)


@plans
def test_nothing_older_than_the_ledger_is_written_or_confirmed(
    queue: list[Prepared], has: dict[str, LedgerRow], limits: Limits
) -> None:
    plan = plan_bundle(queue, has, limits)
    for key, chosen in plan.chosen.items():
        assert key not in has or chosen.entry.version_key >= has[key].version_key
    versions = {one.entry.entry_id: one.entry.version_key for one in queue}
    for number, items in plan.touched.items():
        for item in items:
            assert has[item.key].content_digest == item.digest
            assert has[item.key].version_key < versions[number]


@plans
def test_what_the_target_has_is_not_written(queue: list[Prepared], has: dict[str, LedgerRow], limits: Limits) -> None:
    plan = plan_bundle(queue, has, limits)
    for key, chosen in plan.chosen.items():
        contents = {item.digest for one in plan.taken for item in one.items if item.key == key}
        # Only where another entry of this bundle has changed it meanwhile.
        assert key not in has or chosen.item.digest != has[key].content_digest or len(contents) > 1


@plans
def test_every_reference_is_satisfied(queue: list[Prepared], has: dict[str, LedgerRow], limits: Limits) -> None:
    plan = plan_bundle(queue, has, limits)
    for one in (*plan.taken, *plan.unchanged, *plan.superseded):
        assert all(key in has or key in plan.chosen for key in one.entry.needs)
    for one, keys in plan.missing:
        assert keys
        assert set(keys) <= set(one.entry.needs) - set(has)


@plans
def test_after_the_bundle_the_target_has_the_newest_of_everything_that_was_taken(
    queue: list[Prepared], has: dict[str, LedgerRow], limits: Limits
) -> None:
    plan = plan_bundle(queue, has, limits)
    after = after_the_bundle(plan, queue, has)
    for one in (*plan.taken, *plan.unchanged, *plan.superseded):
        for item in one.items:
            held = after[item.key]
            assert held.content_digest == item.digest or held.version_key >= one.entry.version_key


@given(queues(), LEDGERS)
def test_one_bundle_after_the_other_brings_everything_that_can_be_brought(
    queue: list[Prepared], has: dict[str, LedgerRow]
) -> None:
    limits = Limits(writes=4, bytes=100_000)
    for _ in range(len(queue) + 1):
        plan = plan_bundle(queue, has, limits)
        has = after_the_bundle(plan, queue, has)
        if not plan.settles_something:
            break
        queue = [*(one for one, _ in plan.missing), *plan.rest]
    assert plan.rest == []
    assert all(set(keys).isdisjoint(has) for _, keys in plan.missing)


@given(queues())
def test_halves_are_all_in_order_and_the_first_is_not_larger(queue: list[Prepared]) -> None:
    left, right = halves(queue)
    assert [*left, *right] == queue
    assert len(left) <= len(right) <= len(left) + 1


def test_keys_are_those_that_are_held_or_needed() -> None:
    assert keys_of([prepared(1, 1, {"A": "a", "B": "b"}, needs=["C"]), prepared(2, 1, {"A": "x"})]) == {"A", "B", "C"}
    assert keys_of([]) == set()
