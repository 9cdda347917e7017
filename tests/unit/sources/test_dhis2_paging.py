"""The reader of DHIS2 tracker: pages, interruptions, and what happens while it reads.

Shapes: dhis2/dhis2-docs src/developer/web-api/tracker.md (GFDL, read only).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hm_fhir.errors import OperatorNeeded, RetryLater, SettingsError
from hm_fhir.sources.base import Checkpoint, Item, Record, SourceContext, records_of
from hm_fhir.sources.dhis2 import Dhis2Options, Dhis2Reader
from hm_fhir.testing.exchange import Request
from hm_fhir.testing.faults import Fault
from hm_fhir.testing.local_systems.dhis2 import Dhis2System, uid
from hm_fhir.testing.local_systems.served import Said

NAMES = [f"visit {number}" for number in range(7)]
KEYS = [uid(name) for name in NAMES]
EVENTS = "api/tracker/events"


@pytest.fixture
def dhis2(tmp_path: Path) -> Iterator[Dhis2System]:
    with Dhis2System(tmp_path, attributes=["EGN"], elements=["KIND"]) as system:
        for number, name in enumerate(NAMES):
            save(system, name, number // 2)  # two at the same moment
        yield system


def save(dhis2: Dhis2System, name: str, minute: int, **values: Any) -> None:
    person = {"trackedEntity": uid(f"person of {name}"), "attributes": {"EGN": name}}
    native = {"event": {"dataValues": values}, "trackedEntity": person}
    dhis2.save({"key": uid(name), "changed": f"2026-03-02T10:{minute:02}:00.250+02:00", "native": native})


def reader(dhis2: Dhis2System, **options: Any) -> Dhis2Reader:
    chosen = Dhis2Options.model_validate({**dhis2.options, "quick_attempts": 1, "overlap_seconds": 0, **options})
    return Dhis2Reader(chosen, SourceContext("kazanlak", dhis2.folder, ZoneInfo("Europe/Sofia")))


def documents(dhis2: Dhis2System, since: str | None = None, **options: Any) -> list[str | None]:
    return [record.document for record in records_of(reader(dhis2, **options), since)]


def cursor_after(items: list[Item]) -> str | None:
    return next((one.cursor for one in reversed(items) if isinstance(one, Checkpoint)), None)


def committed(items: list[Item]) -> set[str | None]:
    """What stands before the last checkpoint."""
    ends = [number for number, one in enumerate(items) if isinstance(one, Checkpoint)]
    return {one.document for one in items[: ends[-1]] if isinstance(one, Record)} if ends else set()


@pytest.mark.parametrize("page_size", [1, 2, 3, 6, 7, 8])
def test_pages_of_every_size_give_everything_once_oldest_change_first(dhis2: Dhis2System, page_size: int) -> None:
    assert documents(dhis2, page_size=page_size) == KEYS


@pytest.mark.parametrize("page_size", [1, 2, 3, 5, 50])
def test_many_changes_in_the_same_millisecond_are_all_read(dhis2: Dhis2System, page_size: int) -> None:
    many = [f"imported {number}" for number in range(11)]
    for name in many:
        save(dhis2, name, 30)
    save(dhis2, "later", 31)
    read = documents(dhis2, page_size=page_size)
    assert sorted(map(str, read)) == sorted([*KEYS, *map(uid, many), uid("later")])


def test_a_server_for_which_after_is_not_the_very_time_gives_everything(tmp_path: Path) -> None:
    with Dhis2System(tmp_path, strictly_after=True) as dhis2:
        for number, name in enumerate(NAMES):
            save(dhis2, name, number // 3)
        assert documents(dhis2, page_size=2) == KEYS


def test_a_server_that_gives_smaller_pages_than_asked_is_read_to_its_end(
    dhis2: Dhis2System, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request: Request) -> Said:
        query = dict(request.query)
        if request.path == EVENTS and int(query["pageSize"]) > 3:
            query["pageSize"] = "3"
        return Dhis2System.answer(dhis2, Request(request.method, request.path, tuple(query.items()), request.headers))

    monkeypatch.setattr(dhis2, "answer", answer)
    assert documents(dhis2, page_size=100) == KEYS
    for number in range(5):
        save(dhis2, f"imported {number}", 30)
    with pytest.raises(SettingsError) as refused:
        documents(dhis2, page_size=100)
    assert refused.value.code == "too-many"


def test_no_page_is_asked_by_its_number(dhis2: Dhis2System) -> None:
    documents(dhis2, page_size=2)
    assert {one.query["page"] for one in dhis2.requests if one.path == EVENTS} == {"1"}


def test_persons_are_asked_for_together(dhis2: Dhis2System) -> None:
    documents(dhis2, page_size=4)
    asked = [one.query["trackedEntities"] for one in dhis2.requests if "trackedEntities" in one.query]
    assert [len(one.split(",")) for one in asked] == [4, 2, 1]  # what a page repeats of the one before is known


FAULTS = [Fault(drop="before"), Fault(status=503), Fault(garbage="cut"), Fault(garbage="truncated")]


def _nth(fault: Fault, number: int) -> Fault:
    return Fault(drop=fault.drop, status=fault.status, garbage=fault.garbage, nth=number)


def _until_it_breaks(items: Iterator[Item]) -> list[Item]:
    read: list[Item] = []
    with pytest.raises(RetryLater):
        read.extend(_noted(items, read))
    return read


def _noted(items: Iterator[Item], read: list[Item]) -> Iterator[Item]:
    for item in items:
        read.append(item)
    yield from ()


@pytest.mark.parametrize("request_number", range(1, 10))
@pytest.mark.parametrize("fault", FAULTS, ids=["dropped", "503", "cut", "truncated"])
def test_interrupted_at_any_request_and_resumed_nothing_is_lost(
    dhis2: Dhis2System, request_number: int, fault: Fault
) -> None:
    dhis2.faults.add(_nth(fault, request_number))
    items = _until_it_breaks(reader(dhis2, page_size=3).records())
    dhis2.save_person(uid(f"person of {NAMES[0]}"), {"EGN": "new"}, "2026-03-02T11:00:00+02:00")  # meanwhile
    rest = list(records_of(reader(dhis2, page_size=3), cursor_after(items)))
    assert committed(items) | {one.document for one in rest} == set(KEYS)
    (last,) = [one for one in rest if one.document == KEYS[0]][-1:]
    assert last.values["EGN"] == "new"


@pytest.mark.parametrize("request_number", range(1, 9))
def test_interrupted_among_the_persons_nothing_is_lost(dhis2: Dhis2System, request_number: int) -> None:
    cursor = cursor_after(list(reader(dhis2).records()))
    for number, name in enumerate(NAMES):
        dhis2.save_person(uid(f"person of {name}"), {"EGN": "new"}, f"2026-03-02T11:{number:02}:00+02:00")
    dhis2.faults.add(Fault(status=503, nth=request_number))
    items = _until_it_breaks(reader(dhis2, page_size=2).records(cursor))
    rest = documents(dhis2, cursor_after(items) or cursor, page_size=2)
    assert committed(items) | set(rest) == set(KEYS)


def test_a_short_disturbance_is_sat_out(dhis2: Dhis2System) -> None:
    dhis2.faults.add(Fault(status=429, headers={"Retry-After": "0"}, nth=3), Fault(status=502, nth=5))
    assert documents(dhis2, page_size=3, quick_attempts=2) == KEYS


def test_a_server_that_asks_for_patience_is_left_alone_until_the_next_run(dhis2: Dhis2System) -> None:
    dhis2.faults.add(Fault(status=429, headers={"Retry-After": "7200"}, path=EVENTS))
    with pytest.raises(RetryLater) as waits:
        documents(dhis2, quick_attempts=3)
    assert waits.value.after_seconds == 7200


def read_with(dhis2: Dhis2System, meanwhile: Callable[[], None], **options: Any) -> tuple[list[str | None], str]:
    """Read everything; something happens after the first page."""
    read, cursor, happened = [], "", False
    for item in reader(dhis2, page_size=3, **options).records():
        if isinstance(item, Record):
            read.append(item.document)
        elif isinstance(item, Checkpoint):
            cursor = item.cursor
            if not happened:
                happened = True
                meanwhile()
    return read, cursor


def test_what_arrives_while_pages_are_read_comes_at_their_end(dhis2: Dhis2System) -> None:
    read, _ = read_with(dhis2, lambda: save(dhis2, "new", 30))
    assert read == [*KEYS, uid("new")]


def test_an_edit_of_what_was_read_takes_no_place_from_what_was_not(dhis2: Dhis2System) -> None:
    # By page numbers the first row of the second page would move to the first page, and be lost.
    read, _ = read_with(dhis2, lambda: save(dhis2, NAMES[0], 30, KIND="corrected"))
    assert read == [*KEYS, KEYS[0]]


def test_a_deletion_of_what_was_read_is_told_at_the_end(dhis2: Dhis2System) -> None:
    read, _ = read_with(dhis2, lambda: dhis2.delete(KEYS[0], "2026-03-02T12:00:00+02:00"))
    assert read == [*KEYS, KEYS[0]]


def test_a_person_who_changes_while_their_events_are_read_comes_with_the_next_reading(dhis2: Dhis2System) -> None:
    person = uid(f"person of {NAMES[0]}")
    _, cursor = read_with(dhis2, lambda: dhis2.save_person(person, {"EGN": "new"}, "2026-03-02T12:00:00+02:00"))
    found = {one.document: one.values for one in records_of(reader(dhis2), cursor)}
    assert found[KEYS[0]]["EGN"] == "new"


def test_answers_in_another_order_are_refused(dhis2: Dhis2System, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(NAMES):
        save(dhis2, name, 10)
        dhis2.events[uid(name)]["updatedAt"] = f"2026-03-{number + 1:02}T10:00:00.000"

    def answer(request: Request) -> Said:
        query = tuple(pair for pair in request.query if pair[0] != "order")
        return Dhis2System.answer(dhis2, Request(request.method, request.path, query, request.headers))

    monkeypatch.setattr(dhis2, "answer", answer)
    for name, event in dhis2.events.items():
        event["createdAt"] = name  # any other order
    with pytest.raises(SettingsError) as refused:
        documents(dhis2)
    assert refused.value.code == "not-ordered"


@pytest.mark.parametrize("cursor", ["", "7", "[]", "no JSON", '{"page": 3}', '{"since": 5, "events": 5}'])
def test_a_cursor_of_something_else_reads_everything(dhis2: Dhis2System, cursor: str) -> None:
    assert documents(dhis2, cursor) == documents(dhis2)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (EVENTS, []),
        (EVENTS, {"events": 5}),
        (EVENTS, {"events": [{"event": "abc"}]}),
        (EVENTS, {"events": [{"event": 5, "updatedAt": "2026-03-02T10:00:00.000"}]}),
        (EVENTS, {"events": [{"event": "abc", "updatedAt": "yesterday"}]}),
        ("api/system/info", {}),
        ("api/system/info", []),
    ],
)
def test_an_answer_that_is_not_of_dhis2_is_refused(
    dhis2: Dhis2System, monkeypatch: pytest.MonkeyPatch, path: str, body: Any
) -> None:
    def answer(request: Request) -> Said:
        return Said(body) if request.path == path else Dhis2System.answer(dhis2, request)

    monkeypatch.setattr(dhis2, "answer", answer)
    with pytest.raises(SettingsError) as refused:
        documents(dhis2)
    assert refused.value.code == "not-dhis2"


def test_a_login_page_is_no_answer(dhis2: Dhis2System) -> None:
    dhis2.faults.add(Fault(garbage="html", path=EVENTS))
    with pytest.raises(OperatorNeeded, match="web page"):
        documents(dhis2)
