"""One table: what a target answers, and what becomes of the entries. See tests/servers/hapi/README.md."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from hm_fhir.delivery.classify import classify, version_of
from hm_fhir.delivery.target import Closed, Done, Later, Outcome, Refusal, Write
from hm_fhir.fhir.json import to_json

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRITES = (Write("Patient/a1", b"{}"), Write("Encounter/b2", b"{}"), Write("Task/c3", b"{}"))
BOUND = (*WRITES[:2], Write("Task/c3", b"{}", if_version="4"))
NAME = "Маркер 6808070004"


def answer(
    status: int,
    content: Any = None,
    *,
    writes: tuple[Write, ...] = WRITES,
    headers: dict[str, str] | None = None,
) -> Outcome:
    body = content if isinstance(content, bytes) else to_json(content) if content is not None else b""
    return classify(status, CaseInsensitiveDict(headers or {}), body, writes, now=NOW)


def outcome(code: str = "processing", *places: str, text: str = NAME) -> dict[str, Any]:
    issue = {"severity": "error", "code": code, "diagnostics": text, "location": list(places)}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def bundle(*responses: Any, kind: str = "transaction-response") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"response": one} for one in responses]}


def done(key: str = "Patient/a1", version: str = "1", status: str = "201 Created") -> dict[str, str]:
    return {"status": status, "location": f"{key}/_history/{version}", "etag": f'W/"{version}"'}


# Taken


@pytest.mark.parametrize("status", [200, 201])
def test_all_writes_are_done(status: int) -> None:
    said = bundle(done("Patient/a1", "1"), done("Encounter/b2", "7", "200 OK"), done("Task/c3", "2"))
    assert answer(status, said) == Done({"Patient/a1": "1", "Encounter/b2": "7", "Task/c3": "2"})


def test_answers_are_matched_by_location_since_positions_shift() -> None:
    said = bundle(done("Task/c3", "2"), done("https://fhir.example.org/fhir/Patient/a1", "9"))
    assert answer(200, said) == Done({"Task/c3": "2", "Patient/a1": "9"})


@pytest.mark.parametrize("etag", ['W/"3"', '"3"', ' W/"3" ', "3"])
def test_without_a_location_the_etag_tells_the_version_at_the_position(etag: str) -> None:
    said = bundle({"status": "200 OK", "etag": etag}, {"status": "200"}, {"status": "204 No Content"})
    assert answer(200, said) == Done({"Patient/a1": "3"})
    assert version_of(etag) == "3"


def test_without_a_location_positions_mean_nothing_when_an_answer_is_left_out() -> None:
    assert answer(200, bundle({"status": "200", "etag": "3"}, {"status": "200"})) == Done({})


def test_a_location_of_something_else_is_not_taken() -> None:
    said = bundle(
        {"status": "201", "location": "Patient/other/_history/1"}, {"status": "201", "location": "Patient/a1"}
    )
    assert answer(200, said) == Done({})


# Refused: the bundle has something that the target will never take


@pytest.mark.parametrize(
    ("status", "said", "code", "named"),
    [
        # HAPI names the bad entry only with enforced profiles in the mode "request"
        (422, outcome("processing", "Bundle.entry[1].resource.status"), "http-422 processing", ("Encounter/b2",)),
        (412, outcome("processing"), "http-412 processing", ()),  # mode "repository"
        (400, outcome("processing"), "http-400 processing", ()),  # HAPI-1821, HAPI-1094, HAPI-0541, HAPI-0535
        (422, outcome("business-rule"), "http-422 business-rule", ()),
        (404, outcome("not-found"), "http-404 not-found", ()),  # HAPI-0959: no ids of clients
        (410, outcome("deleted"), "http-410 deleted", ()),
        (400, b"<html>Bad Request</html>", "http-400", ()),
        (422, None, "http-422", ()),
        (422, outcome("value", "Bundle.entry[99]"), "http-422 value", ()),  # there is no such entry
        (422, outcome("value", "Bundle.entry[0]", "Bundle.entry[2]"), "http-422 value", ("Patient/a1", "Task/c3")),
    ],
)
def test_a_refusal_names_what_the_target_named(status: int, said: Any, code: str, named: tuple[str, ...]) -> None:
    refused = answer(status, said)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.named) == (code, named)
    assert not refused.too_large
    assert refused.doubtful == (status in (404, 410)), "a wrong address is answered in the same way"


def test_a_warning_about_a_good_entry_does_not_blame_it() -> None:
    said = outcome("value", "Bundle.entry[2]")
    said["issue"].insert(0, {"severity": "warning", "code": "informational", "location": ["Bundle.entry[0]"]})
    refused = answer(422, said)
    assert isinstance(refused, Refusal)
    assert refused.named == ("Task/c3",)


def test_too_large_is_for_fewer_writes_at_once() -> None:
    refused = answer(413, outcome("processing"))  # HAPI-0528
    assert isinstance(refused, Refusal)
    assert refused.too_large


@pytest.mark.parametrize("said", [outcome(), {"resourceType": "Patient", "name": NAME}, NAME.encode() * 5000])
def test_the_words_are_kept_apart_and_never_whole_pages(said: Any) -> None:
    refused = answer(422, said)
    assert isinstance(refused, Refusal)
    assert NAME not in repr(refused)
    assert len(str(refused.words)) <= 10_000
    assert "6808070004" in str(refused.words)


def test_a_code_that_is_no_code_of_fhir_is_not_repeated() -> None:
    refused = answer(422, outcome(NAME))
    assert isinstance(refused, Refusal)
    assert refused.code == "http-422 ?"


# Stale, or a race


@pytest.mark.parametrize(
    ("status", "said"), [(409, outcome("processing")), (409, None), (412, None), (412, outcome("conflict"))]
)
def test_a_bound_version_that_has_changed_is_read_again(status: int, said: Any) -> None:
    # HAPI answers a stale If-Match with 409 (HAPI-0989), R4 says 412.
    assert answer(status, said, writes=BOUND) == Later("stale", stale=True, busy=True, may_be_content=True)


def test_412_about_the_content_is_a_refusal_even_with_a_bound_version() -> None:
    assert isinstance(answer(412, outcome("processing"), writes=BOUND), Refusal)


def test_a_race_with_another_writer_is_tried_again() -> None:
    # HAPI-0550, HAPI-0823, HAPI-0825, HAPI-2745
    assert answer(409, outcome("processing")) == Later("conflict", busy=True, may_be_content=True)


# Later


@pytest.mark.parametrize(
    ("status", "gave_up"),
    [(423, False), (425, False), (429, False), (503, False), (408, True), (502, True), (504, True), (507, True)],
)
def test_a_target_that_is_busy_or_away_is_tried_again(status: int, gave_up: bool) -> None:
    # A server that gives up on a bundle again and again may do so because of what is in it.
    assert answer(status) == Later(f"http-{status}", may_be_content=gave_up)
    later = answer(status, headers={"retry-after": "17"})
    assert later == Later(f"http-{status}", after_seconds=17, may_be_content=gave_up)


@pytest.mark.parametrize("status", [500, 599, 418, 204, 202])
def test_what_may_be_the_contents_fault_is_said_to_be(status: int) -> None:
    # HAPI with an exhausted pool, or a content that its code stumbles over
    assert answer(status) == Later(f"http-{status}", may_be_content=True)


@pytest.mark.parametrize("status", [500, 409])
def test_every_wait_that_a_target_asks_for_is_obeyed(status: int) -> None:
    later = answer(status, headers={"Retry-After": "17"})
    assert isinstance(later, Later)
    assert later.after_seconds == 17


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"<html>",
        b"[" * 100_000,
        b"\xff",
        {},
        [],
        "x",
        outcome(),
        bundle(kind="transaction"),
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "type": 5},
        {"resourceType": "Bundle", "type": "transaction-response"},  # says of no write that it is done
        bundle(),
        {"resourceType": "Bundle", "type": "transaction-response", "entry": None},
        {"resourceType": "Bundle", "type": "transaction-response", "entry": [{"resource": {}}]},
        bundle({"location": "Patient/a1/_history/1"}),
        bundle("201"),
        bundle(None),
    ],
    ids=lambda content: str(content)[:50],
)
def test_an_answer_that_cannot_be_read_may_mean_done_or_not(content: Any) -> None:
    # To send it again is harmless.
    assert answer(200, content) == Later("unreadable-answer", may_be_content=True)


# A 200 with failures inside


def test_failures_inside_a_200_name_their_writes() -> None:
    said = bundle(done(), {"status": "422 Unprocessable", "outcome": outcome("value")}, {"status": "400"})
    refused = answer(200, said)
    assert isinstance(refused, Refusal)
    assert refused.named == ("Encounter/b2", "Task/c3")
    assert refused.words == [outcome("value"), "400"]


def test_failures_inside_a_200_name_nobody_when_answers_are_left_out() -> None:
    refused = answer(200, bundle(done(), {"status": "422"}))
    assert isinstance(refused, Refusal)
    assert refused.named == ()


@pytest.mark.parametrize(
    ("statuses", "later"),
    [
        (["201", "409 Conflict", "409"], Later("inner-failure", busy=True, may_be_content=True)),
        (["201", "503", "201"], Later("inner-failure", may_be_content=True)),
        (["500", "500", "500"], Later("inner-failure", may_be_content=True)),
        (["429", "409", "200"], Later("inner-failure", may_be_content=True)),
    ],
)
def test_a_failure_inside_a_200_that_is_of_the_moment_is_tried_again(statuses: list[str], later: Later) -> None:
    assert answer(200, bundle(*({"status": status} for status in statuses))) == later


def test_only_the_refused_are_blamed_beside_failures_of_the_moment() -> None:
    refused = answer(200, bundle({"status": "503"}, {"status": "422"}, {"status": "409"}))
    assert isinstance(refused, Refusal)
    assert refused.named == ("Encounter/b2",)


@pytest.mark.parametrize("status", ["409 Conflict", "412 Precondition Failed"])
def test_a_bound_version_that_has_changed_inside_a_200_is_read_again(status: str) -> None:
    said = bundle({"status": "200"}, {"status": "200"}, {"status": status})
    assert answer(200, said, writes=BOUND) == Later("stale", stale=True, busy=True, may_be_content=True)


# Closed: nobody's entries are at fault


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (301, "redirect"),
        (302, "redirect"),
        (308, "redirect"),
        (401, "not-allowed"),
        (402, "not-allowed"),
        (403, "not-allowed"),
        (407, "not-allowed"),
        (404, "not-found"),
        (405, "no-transactions"),
        (406, "no-transactions"),
        (415, "no-transactions"),
        (501, "no-transactions"),
        (505, "no-transactions"),
    ],
)
def test_a_target_that_refuses_the_deployment_gets_nothing_more(status: int, code: str) -> None:
    closed = answer(status, b"<html>no</html>")
    assert isinstance(closed, Closed)
    assert closed.code == code
    assert closed.fix


JSON = st.recursive(
    st.sampled_from(["200 OK", "422", "Bundle", "transaction-response", "OperationOutcome", NAME, None, 5, True]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["resourceType", "type", "entry", "response", "status", "location", "etag", "issue", "outcome"]
            ),
            inner,
        )
    ),
)
ANSWERS = st.binary() | JSON.map(to_json) | st.lists(JSON).map(lambda entries: to_json(bundle(*entries)))


@given(st.integers(200, 599), ANSWERS, st.sampled_from([WRITES, BOUND]))
def test_every_answer_has_an_outcome_that_shows_no_value(status: int, body: bytes, writes: tuple[Write, ...]) -> None:
    assert "Маркер" not in repr(answer(status, body, writes=writes))
