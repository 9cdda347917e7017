"""The reader of ODK Central: pages, interruptions, and what happens while it reads.

Shapes: getodk/central-backend test/integration/api/odata.js, lib/model/query/submissions.js (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hm_fhir.errors import OperatorNeeded, RetryLater, SettingsError
from hm_fhir.sources.base import Checkpoint, Item, Record, SourceContext, records_of
from hm_fhir.sources.odk import OdkOptions, OdkReader
from hm_fhir.testing.exchange import Request
from hm_fhir.testing.faults import Fault
from hm_fhir.testing.local_systems.odk import OdkSystem
from hm_fhir.testing.local_systems.served import Said

KEYS = [f"uuid:{number}" for number in range(7)]
CHILD = {"children": {"child": [{"name": "A"}]}}
TABLE = "v1/projects/1/forms/visits.svc/Submissions"


@pytest.fixture
def odk(tmp_path: Path) -> Iterator[OdkSystem]:
    with OdkSystem(tmp_path) as system:
        for number, key in enumerate(KEYS):
            save(system, key, number // 2)  # two at the same moment
        yield system


def save(odk: OdkSystem, key: str, minute: int) -> None:
    changed = f"2026-03-02T10:{minute:02}:00.250+02:00"
    odk.save({"key": key, "changed": changed, "native": {"submission": {"minute": minute, **CHILD}}})


def reader(odk: OdkSystem, **options: Any) -> OdkReader:
    chosen = OdkOptions.model_validate({**odk.options, "quick_attempts": 1, "overlap_seconds": 0, **options})
    return OdkReader(chosen, SourceContext("novi-pazar", odk.folder, ZoneInfo("Europe/Sofia")))


def documents(odk: OdkSystem, since: str | None = None, **options: Any) -> list[str | None]:
    return [record.document for record in records_of(reader(odk, **options), since)]


def cursor_after(items: list[Item]) -> str | None:
    return next((one.cursor for one in reversed(items) if isinstance(one, Checkpoint)), None)


def committed(items: list[Item]) -> set[str | None]:
    """What stands before the last checkpoint."""
    ends = [number for number, one in enumerate(items) if isinstance(one, Checkpoint)]
    return {one.document for one in items[: ends[-1]] if isinstance(one, Record)} if ends else set()


@pytest.mark.parametrize("page_size", [1, 2, 3, 6, 7, 8])
@pytest.mark.parametrize("repeats", ["expand", "tables"])
def test_pages_of_every_size_give_everything_once_newest_first(odk: OdkSystem, page_size: int, repeats: str) -> None:
    assert documents(odk, page_size=page_size, repeats=repeats) == KEYS[::-1]


def test_the_link_of_the_server_is_followed_as_it_is(odk: OdkSystem) -> None:
    documents(odk, page_size=3)
    tokens = [one.query.get("$skiptoken") for one in odk.requests if one.path == TABLE]
    assert len(tokens) == 3
    assert tokens[0] is None
    assert all(token is not None and token.startswith("01") for token in tokens[1:])
    assert not [one for one in odk.requests if "$orderby" in one.query]


@pytest.mark.parametrize(
    ("repeats", "request_number"),
    [*(("expand", number) for number in range(1, 6)), *(("tables", number) for number in range(1, 11))],
)
@pytest.mark.parametrize(
    "fault",
    [Fault(drop="before"), Fault(status=503), Fault(garbage="cut"), Fault(garbage="truncated")],
    ids=["dropped", "503", "cut", "truncated"],
)
def test_interrupted_at_any_request_and_resumed_nothing_is_lost(
    odk: OdkSystem, repeats: str, request_number: int, fault: Fault
) -> None:
    options = {"page_size": 2, "repeats": repeats}
    odk.faults.add(_nth(fault, request_number))
    items: list[Item] = []
    with pytest.raises(RetryLater):
        items.extend(_each(reader(odk, **options).records(), items.append))
    rest = documents(odk, cursor_after(items), **options)
    assert committed(items) | set(rest) == set(KEYS)
    assert len(odk.requests) > request_number


def _nth(fault: Fault, number: int) -> Fault:
    return Fault(drop=fault.drop, status=fault.status, garbage=fault.garbage, nth=number)


def _each(items: Iterator[Item], take: Callable[[Item], None]) -> Iterator[Item]:
    for item in items:
        take(item)
    yield from ()


def test_a_short_disturbance_is_sat_out(odk: OdkSystem) -> None:
    odk.faults.add(Fault(status=429, headers={"Retry-After": "0"}, nth=3), Fault(status=502, nth=5))
    assert documents(odk, page_size=2, quick_attempts=2) == KEYS[::-1]


def test_a_server_that_asks_for_patience_is_left_alone_until_the_next_run(odk: OdkSystem) -> None:
    odk.faults.add(Fault(status=429, headers={"Retry-After": "7200"}, path=TABLE))
    with pytest.raises(RetryLater) as waits:
        documents(odk, quick_attempts=3)
    assert waits.value.after_seconds == 7200


def read_with(odk: OdkSystem, meanwhile: Callable[[], None], **options: Any) -> tuple[list[str | None], str]:
    """Read everything; something happens after the first page."""
    read, cursor, happened = [], "", False
    for item in reader(odk, page_size=2, **options).records():
        if isinstance(item, Record):
            read.append(item.document)
        elif isinstance(item, Checkpoint):
            cursor = item.cursor
            if not happened:
                happened = True
                meanwhile()
    return read, cursor


def test_what_arrives_while_pages_are_read_comes_with_the_next_reading(odk: OdkSystem) -> None:
    read, cursor = read_with(odk, lambda: save(odk, "uuid:new", 30))
    assert read == KEYS[::-1]
    assert "uuid:new" in documents(odk, cursor)


def test_an_edit_that_is_seen_while_reading_hides_nothing_that_came_before_it(odk: OdkSystem) -> None:
    def meanwhile() -> None:
        save(odk, "uuid:new", 30)  # stands before the first page now
        save(odk, "uuid:0", 40)  # stands on the last page, later than the new one

    read, cursor = read_with(odk, meanwhile)
    assert read[-1] == "uuid:0"
    assert {"uuid:new", "uuid:0"} <= set(documents(odk, cursor))


def test_an_edit_of_what_was_read_already_comes_with_the_next_reading(odk: OdkSystem) -> None:
    _, cursor = read_with(odk, lambda: save(odk, KEYS[-1], 30))
    assert KEYS[-1] in documents(odk, cursor)


def test_a_deletion_while_pages_are_read_is_told(odk: OdkSystem) -> None:
    later = "2026-03-02T12:00:00+02:00"

    def meanwhile() -> None:
        odk.delete("uuid:0", later)  # still to come
        odk.delete(KEYS[-1], later)  # read already

    _, cursor = read_with(odk, meanwhile)
    told = {one.document: one.deleted for one in records_of(reader(odk), cursor)}
    assert told["uuid:0"] is True
    assert told[KEYS[-1]] is True


@pytest.mark.parametrize("repeats", ["expand", "tables"])
def test_a_submission_that_the_next_link_names_may_be_destroyed(odk: OdkSystem, repeats: str) -> None:
    # Central answers a link whose submission is gone with an empty page.
    read, _ = read_with(odk, lambda: odk.purge(KEYS[-2]), repeats=repeats)
    assert set(read) == set(KEYS)


def test_a_reading_that_was_interrupted_ends_with_the_cursor_of_its_beginning(odk: OdkSystem) -> None:
    items: list[Item] = []
    for item in reader(odk, page_size=2).records():
        items.append(item)
        if isinstance(item, Checkpoint):
            break
    save(odk, "uuid:new", 30)
    rest = list(reader(odk, page_size=2).records(cursor_after(items)))
    assert "uuid:new" not in {one.document for one in rest if isinstance(one, Record)}
    assert "uuid:new" in documents(odk, cursor_after(rest))


@pytest.mark.parametrize("cursor", ["", "7", "[]", "no JSON", '{"page": 3}', '{"since": 5, "events": 5}'])
def test_a_cursor_of_something_else_reads_everything(odk: OdkSystem, cursor: str) -> None:
    assert documents(odk, cursor) == documents(odk)


def test_a_link_to_another_host_is_not_followed(odk: OdkSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(request: Request) -> Said:
        said = OdkSystem.answer(odk, request)
        if "@odata.nextLink" in said.body:
            said.body["@odata.nextLink"] = "https://elsewhere.example/next"
        return said

    monkeypatch.setattr(odk, "answer", elsewhere)
    with pytest.raises(OperatorNeeded, match="another host"):
        documents(odk, page_size=2)


@pytest.mark.parametrize(
    "answer", [[], {"value": 5}, {"value": [{"name": "x"}]}, {"value": [{"__id": "1", "__system": {}}]}]
)
def test_an_answer_that_is_no_odata_is_refused(odk: OdkSystem, monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    def answers(request: Request) -> Said:
        return Said(answer) if request.path == TABLE else OdkSystem.answer(odk, request)

    monkeypatch.setattr(odk, "answer", answers)
    with pytest.raises(SettingsError) as refused:
        documents(odk)
    assert refused.value.code == "not-odata"


def test_a_login_page_of_a_proxy_is_no_answer(odk: OdkSystem) -> None:
    odk.faults.add(Fault(garbage="html", path=TABLE))
    with pytest.raises(OperatorNeeded, match="web page"):
        documents(odk)
