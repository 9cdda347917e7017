"""A resource that two sides write: ours stays ours, theirs stays theirs, and nothing is written for nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.fhir.ownership import differs, merged

OWNED = ("status", "businessStatus", "output", "note")
OPEN = ["requested", "received", "accepted", "ready", "in-progress", "on-hold", "draft"]
CLOSED = ["completed", "failed", "rejected", "cancelled", "entered-in-error"]  # R4 valueset-task-status


def task(status: str = "requested", **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Task", "id": "t", "status": status, "intent": "order", **elements}


def test_the_receivers_elements_stay_as_they_are_and_ours_are_written() -> None:
    ours = task(priority="urgent", note=[{"text": "ours"}])
    held = task("accepted", priority="routine", businessStatus={"text": "scheduled"}, output=[{"valueString": "x"}])
    assert merged(ours, held, OWNED) == task(
        "accepted", priority="urgent", businessStatus={"text": "scheduled"}, output=[{"valueString": "x"}]
    )


def test_what_the_receiver_has_removed_stays_removed() -> None:
    assert "note" not in merged(task(note=[{"text": "ours"}]), task(), OWNED)


def test_our_elements_that_are_gone_are_removed() -> None:
    assert "priority" not in merged(task(), task(priority="routine"), OWNED)


def test_an_element_goes_with_what_json_says_beside_its_value() -> None:
    beside = {"extension": [{"url": "urn:x", "valueCode": "y"}]}
    assert merged(task(_status={"id": "ours"}), task(_status=beside), OWNED)["_status"] == beside
    assert "_status" not in merged(task(_status={"id": "ours"}), task(), OWNED)


@pytest.mark.parametrize("present", OPEN)
def test_the_requester_cancels_a_task_that_is_open(present: str) -> None:
    assert merged(task("cancelled"), task(present), OWNED)["status"] == "cancelled"


@pytest.mark.parametrize("present", CLOSED)
def test_the_requester_does_not_cancel_a_task_that_is_closed(present: str) -> None:
    assert merged(task("cancelled"), task(present), OWNED)["status"] == present


@pytest.mark.parametrize("present", [*OPEN, *CLOSED])
def test_the_requester_may_always_say_that_it_was_an_error(present: str) -> None:
    assert merged(task("entered-in-error"), task(present), OWNED)["status"] == "entered-in-error"


@pytest.mark.parametrize("wanted", [one for one in (*OPEN, *CLOSED) if one not in ("cancelled", "entered-in-error")])
@pytest.mark.parametrize("present", [*OPEN, *CLOSED])
def test_every_other_status_is_the_receivers(wanted: str, present: str) -> None:
    assert merged(task(wanted), task(present), OWNED)["status"] == present


def test_a_status_that_the_receiver_does_not_own_is_ours() -> None:
    assert merged(task("cancelled"), task("completed"), ("note",))["status"] == "cancelled"


def appointment(status: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Appointment", "id": "a", "status": status, **elements}


@pytest.mark.parametrize(
    ("wanted", "present", "expected"),
    [
        ("booked", "proposed", "booked"),
        ("fulfilled", "booked", "fulfilled"),
        ("fulfilled", "checked-in", "fulfilled"),
        ("noshow", "booked", "noshow"),
        ("cancelled", "booked", "cancelled"),
        # a correction of something else in the activity brings the old status again
        ("booked", "fulfilled", "fulfilled"),
        ("booked", "noshow", "noshow"),
        ("booked", "cancelled", "cancelled"),
        ("booked", "arrived", "arrived"),
        ("proposed", "booked", "booked"),
        # the diary of the place is right
        ("cancelled", "fulfilled", "fulfilled"),
        ("cancelled", "checked-in", "checked-in"),
        ("fulfilled", "noshow", "noshow"),
        ("noshow", "arrived", "arrived"),
        ("entered-in-error", "fulfilled", "entered-in-error"),
    ],
)
def test_an_appointment_moves_on_by_our_word_only_while_it_stands(wanted: str, present: str, expected: str) -> None:
    assert merged(appointment(wanted), appointment(present), ("status",))["status"] == expected


def test_an_appointment_in_error_has_no_reason_of_a_cancellation() -> None:
    held = appointment("cancelled", cancelationReason={"text": "closed that day"})
    owned = ("status", "cancelationReason")

    assert merged(appointment("booked"), held, owned) == held
    assert merged(appointment("entered-in-error"), held, owned) == appointment("entered-in-error")  # rule app-4


ELEMENTS = st.dictionaries(st.sampled_from(["status", "note", "priority", "focus", "_note"]), st.sampled_from("abc"))


@given(ELEMENTS, ELEMENTS, st.sets(st.sampled_from(["status", "note", "focus"])))
def test_merging_again_changes_nothing(ours: dict[str, Any], held: dict[str, Any], owned: set[str]) -> None:
    once = merged(ours, held, owned)
    assert merged(ours, once, owned) == once
    assert not differs(merged(ours, once, owned), once)


@given(ELEMENTS, ELEMENTS, st.sets(st.sampled_from(["status", "note", "focus"])))
def test_merging_changes_neither_side(ours: dict[str, Any], held: dict[str, Any], owned: set[str]) -> None:
    before = (dict(ours), dict(held))
    merged(ours, held, owned)
    assert (ours, held) == before


SECURITY = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}


@pytest.mark.parametrize(
    ("content", "held", "is_other"),
    [
        (task(), task(), False),
        (task(), task("accepted"), True),
        (task(), task(priority="routine"), True),
        (task(priority="routine"), task(), True),
        (task(), task(meta={"versionId": "3", "lastUpdated": "2026-03-02T10:00:00Z"}), False),
        (task(), task(text={"status": "generated"}), False),  # the server's own narrative
        (task(text={"status": "generated"}), task(text={"status": "generated"}), False),
        (task(text={"status": "generated"}), task(text={"status": "additional"}), True),
        (task(text={"status": "generated"}), task(), True),
        (task(value=Decimal("9.20")), task(value=Decimal("9.20")), False),
        # a label that is missing there must get there: it says who may see the resource
        (task(meta={"security": [SECURITY]}), task(meta={"versionId": "3"}), True),
        (task(meta={"security": [SECURITY]}), task(), True),
        (
            task(meta={"security": [SECURITY]}),
            task(meta={"security": [{**SECURITY, "display": "restricted"}]}),
            False,
        ),
        (task(meta={"profile": ["urn:a"]}), task(meta={"profile": ["urn:b"]}), True),
        (task(meta={"profile": ["urn:a"]}), task(meta={"profile": ["urn:b", "urn:a"]}), False),
        (task(meta={"tag": [{"code": "a"}]}), task(meta={"tag": [{"code": "b"}, {"code": "a"}]}), False),
        (task(meta={"tag": [{"system": "urn:x", "code": "a"}]}), task(meta={"tag": [{"code": "a"}]}), True),
        # what the server adds, or does not forget, is no reason to write again and again
        (task(), task(meta={"tag": [{"code": "b"}], "security": [SECURITY]}), False),
    ],
)
def test_a_write_that_would_change_nothing_is_no_difference(
    content: dict[str, Any], held: dict[str, Any], is_other: bool
) -> None:
    assert differs(content, held) is is_other
