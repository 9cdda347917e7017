"""The reader of any API: paging in every way, what was updated since, deletions, and readings that break off.

Shapes: Django REST framework rest_framework/pagination.py (BSD-3-Clause), GitHub "Using pagination in the REST API"
(CC-BY-4.0), google.aip.dev/158 (CC-BY-4.0).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hm_fhir.errors import OperatorNeeded, RetryLater, SettingsError
from hm_fhir.sources.base import Checkpoint, Record, Remark, SourceContext, records_of
from hm_fhir.sources.rest import KIND, RestOptions, RestReader
from hm_fhir.testing.exchange import Request
from hm_fhir.testing.faults import Fault
from hm_fhir.testing.local_systems.rest import TOKEN, RestSystem, Style
from hm_fhir.testing.local_systems.served import Said

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
NAME = "Маркер Примеров"
STYLES = get_args(Style)
PAGED = [style for style in STYLES if style != "none"]


def fill(system: RestSystem, *keys: str, hours: float = 0, **native: Any) -> None:
    changed = (BEGIN + timedelta(hours=hours)).isoformat()
    for key in keys:
        system.save({"key": key, "changed": changed, "native": native})


def reader(system: RestSystem, **options: Any) -> RestReader:
    chosen = RestOptions.model_validate({**system.options, "quick_attempts": 1, **options})
    made = KIND.open(chosen, SourceContext("registry", system.folder, ZoneInfo("Europe/Sofia")))
    assert isinstance(made, RestReader)
    return made


def documents(system: RestSystem, since: str | None = None, **options: Any) -> list[str]:
    return [str(one.document) for one in records_of(reader(system, **options), since)]


def end(system: RestSystem, since: str | None = None, **options: Any) -> str:
    return [one.cursor for one in reader(system, **options).records(since) if isinstance(one, Checkpoint)][-1]


def keys(number: int) -> list[str]:
    return [f"v{one}" for one in range(number)]


# Pages


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", [1, 3, 4, 9, 500])
def test_every_way_of_paging_gives_everything_in_order(tmp_path: Path, style: Style, size: int) -> None:
    with RestSystem(tmp_path, paging=style) as system:
        fill(system, *keys(9))
        assert documents(system, page_size=size) == keys(9)


@pytest.mark.parametrize("style", STYLES)
def test_a_server_with_smaller_pages_than_asked_gives_everything(tmp_path: Path, style: Style) -> None:
    with RestSystem(tmp_path, paging=style, largest_page=2) as system:
        fill(system, *keys(7))
        assert documents(system, page_size=500) == keys(7)


@pytest.mark.parametrize("style", STYLES)
def test_an_empty_list_is_a_complete_reading(tmp_path: Path, style: Style) -> None:
    with RestSystem(tmp_path, paging=style) as system:
        assert documents(system) == []
        assert [type(one) for one in reader(system).records()] == [Checkpoint]


def test_a_page_behind_the_last_one_that_is_not_there_needs_the_number_of_pages(tmp_path: Path) -> None:
    with RestSystem(tmp_path, paging="page") as system:
        fill(system, *keys(3))
        paging = {**system.options["paging"], "pages": None}
        with pytest.raises(SettingsError, match="name that as `pages`"):
            documents(system, page_size=2, paging=paging)
        with pytest.raises(SettingsError, match="answers 404") as refused:
            documents(system, path="api/other")
        assert "pages" not in str(refused.value)


@pytest.mark.parametrize("style", PAGED)
@pytest.mark.parametrize("how", [{"garbage": "cut"}, {"drop": "before"}, {"status": 503}, {"garbage": "truncated"}])
@pytest.mark.parametrize("breaks_at", [1, 2, 3, 4])
def test_wherever_it_breaks_off_nothing_is_lost(
    tmp_path: Path, style: Style, how: dict[str, Any], breaks_at: int
) -> None:
    with RestSystem(tmp_path, paging=style, tombstones=False) as system:
        fill(system, *keys(7))
        system.faults.add(Fault(nth=breaks_at, **how))
        kept, cursor = broken_off(system, page_size=2)
        # Meanwhile the list moves: what stood behind the break stands before it now.
        system.delete("v0", BEGIN + timedelta(hours=1))
        fill(system, "v7", hours=1)
        rest = documents(system, cursor, page_size=2)
        assert {*kept, *rest} >= {*keys(8)} - {"v0"}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(PAGED), st.lists(st.integers(1, 12), max_size=4), st.integers(1, 5), st.integers(0, 12))
def test_any_number_of_breaks_loses_nothing(
    tmp_path: Path, style: Style, breaks: list[int], size: int, number: int
) -> None:
    with RestSystem(tmp_path, paging=style) as system:
        fill(system, *keys(number))
        read: list[str] = []
        cursor = None
        for nth in breaks:
            system.faults.clear()
            system.faults.add(Fault(nth=nth, drop="before"))
            kept, cursor = broken_off(system, cursor, page_size=size)
            read += kept
        system.faults.clear()
        assert {*read, *documents(system, cursor, page_size=size)} == {*keys(number)}


def broken_off(system: RestSystem, since: str | None = None, **options: Any) -> tuple[list[str], str | None]:
    """What is kept of a reading that may break off: the records before the last checkpoint, and its cursor."""
    kept: list[str] = []
    page: list[str] = []
    cursor = since
    try:
        for item in reader(system, **options).records(since):
            if isinstance(item, Record):
                page.append(str(item.document))
            elif isinstance(item, Checkpoint):
                kept, page, cursor = [*kept, *page], [], item.cursor
    except RetryLater:
        pass
    return kept, cursor


def test_a_reading_by_position_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    with RestSystem(tmp_path, paging="offset") as system:
        fill(system, *keys(7))
        system.faults.add(Fault(nth=3, status=503))
        kept, cursor = broken_off(system, page_size=2)
        assert kept == ["v0", "v1", "v2", "v3"]
        assert documents(system, cursor, page_size=2) == ["v4", "v5", "v6"]


def test_a_list_that_moves_between_two_pages_is_read_again(tmp_path: Path) -> None:
    with RestSystem(tmp_path, paging="offset", tombstones=False) as system:
        fill(system, *keys(6))
        read = []
        for record in records_of(reader(system, page_size=2)):
            read.append(str(record.document))
            if read == ["v0", "v1"]:
                system.delete("v0", BEGIN)
        assert read == ["v0", "v1", "v1", "v2", "v3", "v4", "v5"]


def test_a_list_that_always_moves_is_left_for_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RestSystem(tmp_path, paging="offset") as system:
        fill(system, *keys(6))
        answer = system.answer

        def moving(request: Request) -> Said:
            said = answer(request)
            system.documents = dict(reversed(system.documents.items()))
            return said

        monkeypatch.setattr(system, "answer", moving)
        with pytest.raises(RetryLater, match="does not stay as it is"):
            documents(system, page_size=2)


def test_a_token_that_is_not_valid_any_more_begins_again(tmp_path: Path) -> None:
    with RestSystem(tmp_path, paging="token") as system:
        fill(system, *keys(5))
        paging = {**system.options["paging"], "goes_on": True}
        items = reader(system, page_size=2, paging=paging).records()
        cursor = next(one.cursor for one in items if isinstance(one, Checkpoint))
        assert documents(system, cursor, page_size=2, paging=paging) == ["v2", "v3", "v4"]
        system.faults.add(Fault(status=400))
        assert documents(system, cursor, page_size=2, paging=paging) == keys(5)


@pytest.mark.parametrize("style", ["link", "offset", "page", "token"])
def test_a_server_that_gives_the_same_page_for_ever_is_left(
    tmp_path: Path, style: Style, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RestSystem(tmp_path, paging=style) as system:
        fill(system, *keys(4), name=NAME)
        same = [{"id": "v0"}, {"id": "v1"}]
        link = f"{system.url}/api/visits?again=1"
        said = {"results": same, "visits": same, "next": link, "nextPageToken": "abc", "pages": 9}
        monkeypatch.setattr(system, "answer", lambda request: Said(said))
        with pytest.raises((OperatorNeeded, RetryLater)) as refused:
            documents(system, page_size=2)
        assert len(system.requests) <= 7
        assert NAME not in str(refused.value)


@pytest.mark.parametrize(
    "link",
    ["?offset={}", "visits?offset={}", "/v1/api/visits?offset={}", "//{host}/v1/api/visits?offset={}"],
)
@pytest.mark.parametrize("style", ["link", "header"])
def test_a_relative_link_begins_where_it_was_read(
    tmp_path: Path, style: Style, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RestSystem(tmp_path, paging=style) as system:

        def answer(request: Request) -> Said:
            if request.path != "v1/api/visits":
                return Said({}, 404)
            offset = int(dict(request.query).get("offset", 0))
            following = link.format(offset + 1, host=urlsplit(system.url).netloc) if offset < 2 else None
            found = [{"id": f"v{offset}"}]
            if style == "link":
                return Said({"results": found, "next": following})
            return Said(found, headers={"Link": f'<{following}>; rel="next"'} if following else {})

        monkeypatch.setattr(system, "answer", answer)
        assert documents(system, url=f"{system.url}/v1") == keys(3)


def test_a_link_that_is_no_address_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RestSystem(tmp_path) as system:
        monkeypatch.setattr(
            system, "answer", lambda request: Said({"results": [{"id": "v0"}], "next": "https://[a/b"})
        )
        with pytest.raises(OperatorNeeded):
            documents(system)


def test_a_link_to_another_host_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RestSystem(tmp_path / "a") as system, RestSystem(tmp_path / "b") as other:
        said = Said({"results": [{"id": "v0"}], "next": f"{other.url}/api/visits?offset=1"})
        monkeypatch.setattr(system, "answer", lambda request: said)
        with pytest.raises(OperatorNeeded, match="another host"):
            documents(system)
        assert not other.requests


# What was updated


@pytest.mark.parametrize("style", STYLES)
def test_the_second_reading_asks_for_what_was_updated(tmp_path: Path, style: Style) -> None:
    with RestSystem(tmp_path, paging=style) as system:
        fill(system, *keys(3))
        fill(system, "last", hours=100)
        cursor = end(system)
        fill(system, "new", "v1", hours=101)
        assert sorted(documents(system, cursor, page_size=1)) == ["last", "new", "v1"]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("zoned", "2026-03-01T08:00:00Z"),
        ("local", "2026-03-01T10:00:00"),
        ("day", "2026-03-01"),
        ("seconds", "1772352000"),
        ("milliseconds", "1772352000000"),
    ],
)
def test_the_time_is_written_as_the_api_wants_it(tmp_path: Path, form: str, text: str) -> None:
    with RestSystem(tmp_path, updated=False) as system:
        system.now = BEGIN
        updated = {"parameter": "since", "form": form}
        documents(system, end(system, updated=updated), updated=updated)
        assert system.requests[-1].query["since"] == text
        assert "since" not in system.requests[0].query


def test_the_clock_of_the_server_counts(tmp_path: Path) -> None:
    with RestSystem(tmp_path) as system:
        fill(system, "v0")
        assert json.loads(end(system)) == {"since": "2026-03-02T08:00:00Z"}


def test_without_updated_everything_is_read_each_time(tmp_path: Path) -> None:
    with RestSystem(tmp_path, updated=False) as system:
        fill(system, *keys(3))
        made = reader(system, page_size=2)
        assert not made.incremental
        assert not [one for one in made.records() if isinstance(one, Checkpoint)]
        assert documents(system, '{"since": "2026-03-02T08:00:00+00:00"}') == keys(3)


# What a document is


def test_a_deleted_document_is_said_to_be_deleted(tmp_path: Path) -> None:
    with RestSystem(tmp_path) as system:
        fill(system, "v0", "v1", name=NAME)
        system.delete("v0", BEGIN)
        assert [(one.document, one.deleted) for one in records_of(reader(system))] == [("v1", False), ("v0", True)]


@pytest.mark.parametrize(
    ("flag", "is_deleted"),
    [
        (True, True), (False, False), (None, False), (0, False), (1, True), ("false", False), (" No ", False),
        ("2026-03-02T10:00:00Z", True), ("", False), ("да", True),
    ],
)  # fmt: skip
def test_a_flag_is_read_as_people_write_it(tmp_path: Path, flag: object, is_deleted: bool) -> None:
    with RestSystem(tmp_path, tombstones=False) as system:
        fill(system, "v0", meta={"gone": flag})
        (record,) = records_of(reader(system, deleted="meta.gone"))
        assert record.deleted is is_deleted


def test_keys_and_lists_are_found_by_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RestSystem(tmp_path, paging="none") as system:
        said = {"data": {"items.list": [{"ref": {"id": 7}, "weight": Decimal("3.250")}]}}
        monkeypatch.setattr(system, "answer", lambda request: Said(said))
        (record,) = records_of(reader(system, items="data.items.list", key="ref.id", deleted=None))
        assert record.document == "7"
        assert record.values == {"ref": {"id": 7}, "weight": Decimal("3.250")}
        assert str(record.values["weight"]) == "3.250"


def test_a_document_without_key_is_read_and_counted(tmp_path: Path) -> None:
    with RestSystem(tmp_path) as system:
        fill(system, "v0", id=None, name=NAME)
        fill(system, "v1")
        items = list(reader(system).records())
        assert [one.document for one in items if isinstance(one, Record)] == [None, "v1"]
        assert [one.code for one in items if isinstance(one, Remark)] == ["no-key"]
        assert NAME not in repr(items)


def test_what_is_no_object_is_kept_as_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RestSystem(tmp_path, paging="none") as system:
        monkeypatch.setattr(system, "answer", lambda request: Said([NAME, {"id": "v1"}]))
        first, second = records_of(reader(system))
        assert first.error is not None
        assert first.values == {"value": NAME}
        assert NAME not in str(first.error)
        assert second.error is None


def test_an_answer_without_the_list_is_said(tmp_path: Path) -> None:
    with RestSystem(tmp_path, paging="none") as system:
        fill(system, "v0", name=NAME)
        with pytest.raises(SettingsError, match=r"no list at 'data'.*look at an answer") as refused:
            documents(system, items="data")
        assert NAME not in str(refused.value)


def test_parameters_of_every_request_are_sent_on_every_page(tmp_path: Path) -> None:
    with RestSystem(tmp_path, paging="offset") as system:
        fill(system, *keys(3))
        documents(system, query={"municipality": "BLG11"}, page_size=2)
        assert {one.query["municipality"] for one in system.requests} == {"BLG11"}


# Settings, privacy


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"key": None}, "`deleted` needs `key`"),
        ({"query": {"updatedSince": "2026"}}, "stands in `query`, too"),
        ({"paging": {"kind": "cursor"}}, "kind"),
        ({"url": "https://user:secret@registry.example.org"}, "without query and user"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with RestSystem(tmp_path) as system, pytest.raises(ValidationError, match=said):
        reader(system, **options)


def test_the_token_and_the_query_stand_in_no_message(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with RestSystem(tmp_path) as system:
        fill(system, "v0", name=NAME)
        for fault in (
            Fault(status=500),
            Fault(status=403),
            Fault(status=404),
            Fault(drop="before"),
            Fault(garbage="html"),
        ):
            system.faults.add(fault)
            with pytest.raises((RetryLater, OperatorNeeded, SettingsError)) as refused:
                documents(system, query={"office": NAME})
            assert "/api/visits" in str(refused.value)
            for secret in (NAME, TOKEN, "office"):
                assert secret not in str(refused.value)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("cursor", ["", "7", "[]", "no JSON", '{"since": "x"}', '{"since": 5}', "{}"])
def test_a_cursor_of_something_else_reads_everything(tmp_path: Path, cursor: str) -> None:
    with RestSystem(tmp_path, paging="offset") as system:
        fill(system, *keys(3))
        assert documents(system, cursor) == keys(3)
