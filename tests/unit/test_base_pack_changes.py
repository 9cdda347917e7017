"""What the base pack says when an activity is corrected, did not happen, or shares its case with others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.config import Identifiers
from hm_fhir.mapping.cases import load_cases
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.loader import load_pack

ROOT = Path(__file__).parents[2]
MAPPER = Mapper(
    [load_pack(ROOT / "mappings")],
    Identity(b"an identity key for tests, 32 bytes", key_id="tests", system="https://municipality.example/fhir/id"),
    read_code_systems(ROOT / "profiles" / "package"),
    Identifiers().by_kind(),
)
CASES = {case.name: case.spec.activity for case in load_cases(ROOT / "mappings" / "cases")}


def resources(case: str, **changes: Any) -> dict[str, list[dict[str, Any]]]:
    """Return by name what a case, with some changes, becomes."""
    result = MAPPER.map(Activity.model_validate(CASES[case] | changes).for_mapping())
    assert result is not None
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in result.resources:
        found.setdefault(resource.name, []).append(resource.content)
    return found


def codes(concept: dict[str, Any]) -> set[str]:
    return {coding["code"] for coding in concept["coding"]}


def test_a_plan_never_passes_from_one_person_of_a_case_to_another() -> None:
    mine = resources("needs-assessment/usual")
    theirs = resources("needs-assessment/usual", persons=[{"local_id": "P-9", "name": {"given": ["Проба"]}}])

    for name in ("episode", "care-plan", "goal", "need"):
        assert mine[name][0]["id"] != theirs[name][0]["id"]


@pytest.mark.parametrize(
    ("kind", "status", "plan_status"),
    [
        # the plan of a case is not that of one visit
        ("home-visit", "planned", "active"),
        ("home-visit", "cancelled", None),
        ("home-visit", "not-done", None),
        ("home-visit", "completed", "active"),
        ("needs-assessment", "planned", "draft"),
        ("needs-assessment", "cancelled", None),
    ],
)
def test_a_visit_that_did_not_happen_leaves_the_plan_of_its_case(
    kind: str, status: str, plan_status: str | None
) -> None:
    plan = {"goals": [{"code": "insured"}], "steps": [{"type": "referral"}]}
    found = resources(f"{kind}/minimal", type=kind, status=status, case_id="C-1", case_plan=plan)

    assert [one["status"] for one in found.get("care-plan", ())] == ([plan_status] if plan_status else [])
    assert ("goal" in found) == (plan_status is not None)


def test_what_remains_of_a_revoked_plan_will_not_be_done() -> None:
    found = resources("needs-assessment/cancelled")["care-plan"][0]

    assert found["status"] == "revoked"
    assert {step["detail"]["status"] for step in found["activity"]} == {"cancelled"}


def test_a_closing_that_lies_ahead_begins_no_plan() -> None:
    assert "period" not in resources("case-closure/planned")["care-plan"][0]


@pytest.mark.parametrize(
    ("name", "field", "items"),
    [
        (
            "test",
            "tests",
            [{"kind": "hiv-rapid"}, {"kind": "syphilis-rpr"}, {"kind": "syphilis-rpr"}, {"kind": "pregnancy"}],
        ),
        (
            "measurement",
            "measurements",
            [{"kind": "birth-weight", "value": 3, "unit": "kg"}, {"kind": "body-weight", "value": 4, "unit": "kg"}],
        ),
        ("immunisation", "immunisations", [{"vaccine": "A", "dose": n, "status": "due"} for n in (1, 2, None)]),
        ("reported-immunisation", "immunisations", [{"vaccine": v, "status": "given"} for v in "ABC"]),
    ],
)
def test_what_is_taken_out_of_a_list_leaves_the_others_what_they_are(
    name: str, field: str, items: list[dict[str, Any]]
) -> None:
    def ids(chosen: list[dict[str, Any]]) -> list[str]:
        return [one["id"] for one in resources("home-visit/minimal", findings={field: chosen})[name]]

    assert len(set(ids(items))) == len(items)
    assert ids(items[1:]) == ids(items)[1:]
    assert ids([*items[-1:], *items[:-1]]) == [*ids(items)[-1:], *ids(items)[:-1]]


def test_a_test_keeps_its_id_from_plan_to_result() -> None:
    planned, result = (
        resources("syphilis-test/minimal", updated_at="2026-03-12T16:40:00+02:00", findings={"tests": [test]})[
            "test"
        ][0]
        for test in (
            {"kind": "syphilis-rpr"},
            {"kind": "syphilis-rpr", "done_on": "2026-03-10", "result": "negative"},
        )
    )

    assert planned["id"] == result["id"]
    assert (planned["status"], result["status"]) == ("registered", "final")


@pytest.mark.parametrize(("done_on", "status"), [(None, "cancelled"), ("2026-03-02", "registered")])
def test_a_test_that_was_done_is_not_cancelled_with_the_activity(done_on: str | None, status: str) -> None:
    tests = [{"kind": "hiv-rapid", "done_on": done_on}]

    assert (
        resources("home-visit/minimal", status="cancelled", findings={"tests": tests})["test"][0]["status"] == status
    )


@pytest.mark.parametrize("status", ["completed", "in-progress", "not-done"])
def test_a_finding_never_has_a_day_after_it_was_recorded(status: str) -> None:
    changes = {"status": status, "updated_at": "2026-03-01T10:00:00+02:00", "period": {"start": "2026-03-09"}}
    (barrier,) = resources("home-visit/minimal", barriers=["cost"], **changes)["barrier"]

    assert barrier["effectiveDateTime"] == "2026-03-01T10:00:00+02:00"


@pytest.mark.parametrize("status", ["planned", "cancelled", "not-done"])
def test_the_hour_with_the_doctor_stays_when_the_mediator_cannot_come(status: str) -> None:
    found = resources("accompaniment/cancelled-with-an-appointment", status=status)

    assert found["appointment"][0]["status"] == "booked"
    assert {one["status"] for one in found["appointment"][0]["participant"]} == {"accepted"}
