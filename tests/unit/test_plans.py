"""The plans and indicators of the package: their parts fit together, and their expressions say what they promise.

An expression is FHIRPath over a Bundle of what is known of a person: here, what the base pack makes of activities.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.config import Identifiers
from hm_fhir.fhir.definitions import r4
from hm_fhir.fhirpath import compile as compile_expression
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.loader import load_pack

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "profiles" / "package"

Json = dict[str, Any]


def read(kind: str) -> dict[str, Json]:
    return {
        path.stem.removeprefix(f"{kind}-"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.glob(f"{kind}-*.json"))
    }


PLANS, STEPS, MEASURES = read("PlanDefinition"), read("ActivityDefinition"), read("Measure")


def expressions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("language") == "text/fhirpath":
            yield value["expression"]
        for inner in value.values():
            yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


ALL_EXPRESSIONS = sorted({text for one in (*PLANS.values(), *MEASURES.values()) for text in expressions(one)})


def actions(holder: Json) -> Iterator[Json]:
    for action in holder.get("action", []):
        yield action
        yield from actions(action)


# ---- the parts fit together


@pytest.mark.parametrize("name", sorted(PLANS))
def test_what_a_step_names_is_in_the_plan_or_the_package(name: str) -> None:
    plan = PLANS[name]
    ids = [action["id"] for action in actions(plan)]
    goals = [goal["id"] for goal in plan["goal"]]
    definitions = {one["url"] for one in STEPS.values()}

    assert len({*ids, *goals}) == len(ids) + len(goals)
    assert {goal for action in actions(plan) for goal in action.get("goalId", [])} == set(goals)
    for action in actions(plan):
        # Either a group of steps, with the time from which they count, or a step that somebody does.
        assert ("definitionCanonical" in action) != ("action" in action)
        assert ("dynamicValue" in action) == ("action" in action)
        assert action.get("definitionCanonical") in {*definitions, None}
        assert {related["actionId"] for related in action.get("relatedAction", [])} <= set(ids)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_step_has_a_time_and_says_where_it_comes_from(name: str) -> None:
    for action in actions(PLANS[name]):
        if "definitionCanonical" in action:
            [related] = action["relatedAction"]
            offset = related["offsetRange"]
            assert offset["low"]["code"] == offset["high"]["code"]
            assert 0 <= offset["low"]["value"] < offset["high"]["value"]
            [documentation] = action["documentation"]
            assert documentation["label"] in ("guideline", "proposal")
            assert documentation["display"]


@pytest.mark.parametrize("name", sorted(PLANS))
def test_the_times_lead_to_the_begin_of_a_group_and_never_in_a_circle(name: str) -> None:
    plan = PLANS[name]
    groups = {action["id"] for action in actions(plan) if "action" in action}
    before = {
        action["id"]: action["relatedAction"][0]["actionId"] for action in actions(plan) if "relatedAction" in action
    }
    for step in before:
        at, passed = step, set()
        while at not in groups:
            assert at not in passed
            passed.add(at)
            at = before[at]


def test_plans_wait_for_somebody_who_may_confirm_them() -> None:
    assert {plan["status"] for plan in PLANS.values()} == {"draft"}
    assert all("confirmed" in plan["usage"] for plan in PLANS.values())


def test_every_step_definition_is_used() -> None:
    used = {action.get("definitionCanonical") for plan in PLANS.values() for action in actions(plan)}

    assert {one["url"] for one in STEPS.values()} - used == set()


def test_a_step_is_the_work_of_an_activity_type_and_a_referral_says_to_whom() -> None:
    for step in STEPS.values():
        systems = [coding["system"].rpartition("/")[2] for coding in step["code"]["coding"]]
        expected = (
            ["activity-type", "referral-destination"] if step["kind"] == "ServiceRequest" else ["activity-type"]
        )
        assert systems == expected


# ---- the expressions


@pytest.mark.parametrize("text", ALL_EXPRESSIONS)
def test_an_expression_fits_the_types_of_r4(text: str) -> None:
    compile_expression(text, types=r4(), root="Bundle")


@pytest.mark.parametrize("text", ALL_EXPRESSIONS)
def test_of_nothing_an_expression_says_nothing_or_that_something_is_absent(text: str) -> None:
    empty = {"resourceType": "Bundle", "type": "collection"}

    assert compile_expression(text, types=r4(), root="Bundle").evaluate(empty) in ([], [False], [True])


@pytest.fixture(scope="module")
def mapper() -> Mapper:
    identity = Identity(bytes(32), key_id="plans", system="urn:plans")
    return Mapper([load_pack(ROOT / "mappings")], identity, read_code_systems(PACKAGE), Identifiers().by_kind())


def activity(kind: str, **more: Any) -> Json:
    return {
        "system": "plans",
        "local_id": f"{kind}-{more.get('day', '2026-03-02')}",
        "updated_at": f"{more.get('day', '2026-03-02')}T12:00:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M-1", "name": {"family": "Измислена"}},
        "type": kind,
        "period": {"start": more.pop("day", "2026-03-02")},
        "setting": "home",
        "persons": [
            {
                "local_id": "P-1",
                "name": {"given": ["Ана"]},
                "birth_date": more.pop("born", "1999-05-04"),
                "gender": "female",
            }
        ],
        **more,
    }


def known(mapper: Mapper, *told: Json) -> Json:
    """Return what is known of a person as a Bundle, the newest last."""
    resources: dict[str, Json] = {}
    for one in told:
        mapped = mapper.map(Activity.model_validate(one).for_mapping())
        assert mapped is not None
        for resource in mapped.resources:
            resources.pop(resource.key, None)
            resources[resource.key] = resource.content
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": one} for one in resources.values()],
    }


def of_action(plan: str, name: str, bundle: Json) -> tuple[bool, str | None]:
    """Return whether an action applies, and from when its time counts."""
    [action] = [one for one in actions(PLANS[plan]) if one["id"] == name]
    begin = None
    for value in action.get("dynamicValue", []):
        assert value["path"] == "period.start"
        found = compile_expression(value["expression"]["expression"], types=r4(), root="Bundle").evaluate(bundle)
        begin = str(found[0]) if found else None
    conditions = [one["expression"]["expression"] for one in action.get("condition", [])]
    return all(compile_expression(one, types=r4(), root="Bundle").holds(bundle) for one in conditions), begin


PREGNANT = {"status": "pregnant", "confirmed": True}


@pytest.mark.parametrize(
    ("told", "begin"),
    [
        ({"last_menstrual_period": "2026-01-05"}, "2026-01-05"),
        ({"expected_delivery": "2026-10-12"}, "2026-01-05"),
        ({"gestational_age_weeks": 8}, "2026-01-05"),
        ({"gestational_age_weeks": 9, "last_menstrual_period": "2026-01-05"}, "2026-01-05"),
        ({}, None),
    ],
)
def test_a_pregnancy_counts_from_the_last_menstrual_period_or_what_tells_it(
    mapper: Mapper, told: Mapping[str, Any], begin: str | None
) -> None:
    bundle = known(mapper, activity("pregnancy-detection", findings={"pregnancy": {**PREGNANT, **told}}))

    assert of_action("hm-plan-antenatal", "plan", bundle) == (True, begin)


def test_a_pregnancy_that_ended_needs_no_follow_up(mapper: Mapper) -> None:
    pregnant = activity("pregnancy-detection", findings={"pregnancy": PREGNANT}, case_id="C-1")
    over = {"status": "not-pregnant", "outcome": "miscarriage", "ended_on": "2026-03-20"}
    ended = activity("postpartum-visit", day="2026-03-22", findings={"pregnancy": over}, case_id="C-1")

    assert of_action("hm-plan-antenatal", "plan", known(mapper, pregnant))[0]
    assert not of_action("hm-plan-antenatal", "plan", known(mapper, pregnant, ended))[0]


@pytest.mark.parametrize("kind", ["home-visit", "needs-assessment"])
def test_help_with_a_gp_is_for_who_has_none(mapper: Mapper, kind: str) -> None:
    plan = {"case_plan": {"goals": [{"code": "gp-chosen"}]}} if kind == "needs-assessment" else {}
    without = known(mapper, activity(kind, barriers=["no-gp"], **plan))
    insured = known(mapper, activity(kind, barriers=["no-insurance"], **plan))

    assert of_action("hm-plan-antenatal", "gp", without) == (True, None)
    assert of_action("hm-plan-antenatal", "gp", insured) == (False, None)
    assert of_action("hm-plan-antenatal", "insurance", insured) == (True, None)


def syphilis_test(result: str, kind: str = "syphilis-rapid", day: str = "2026-03-01") -> Json:
    return {"kind": kind, "done_on": day, "result": result}


def test_syphilis_in_pregnancy_counts_from_the_positive_test(mapper: Mapper) -> None:
    findings = {
        "pregnancy": {**PREGNANT, "last_menstrual_period": "2026-01-05"},
        "tests": [syphilis_test("positive")],
    }
    bundle = known(mapper, activity("syphilis-test", findings=findings))

    assert of_action("hm-plan-syphilis-in-pregnancy", "plan", bundle) == (True, "2026-03-01")
    assert of_action("hm-plan-syphilis-in-pregnancy", "pregnancy", bundle) == (True, "2026-01-05")


def test_syphilis_in_pregnancy_without_a_test_counts_from_the_reported_diagnosis(mapper: Mapper) -> None:
    findings = {"pregnancy": PREGNANT, "conditions": [{"code": "syphilis", "onset": "2026-02-10"}]}

    bundle = known(mapper, activity("syphilis-follow-up", findings=findings))

    assert of_action("hm-plan-syphilis-in-pregnancy", "plan", bundle) == (True, "2026-02-10")


@pytest.mark.parametrize(
    "findings",
    [
        {"pregnancy": PREGNANT},
        {"pregnancy": PREGNANT, "tests": [syphilis_test("negative")]},
        {"tests": [syphilis_test("positive")]},
        {"pregnancy": {"status": "not-pregnant"}, "tests": [syphilis_test("positive")]},
        {"pregnancy": PREGNANT, "tests": [{"kind": "hiv-rapid", "done_on": "2026-03-01", "result": "positive"}]},
    ],
    ids=["no test", "negative", "unknown", "not pregnant", "another test"],
)
def test_who_is_not_pregnant_with_syphilis_gets_no_such_plan(mapper: Mapper, findings: Json) -> None:
    bundle = known(mapper, activity("home-visit", findings=findings))

    assert not of_action("hm-plan-syphilis-in-pregnancy", "plan", bundle)[0]


def test_the_plan_of_a_newborn_counts_from_birth_and_ends_its_tests_with_a_negative_one(mapper: Mapper) -> None:
    name = "hm-plan-newborn-of-mother-with-syphilis"
    first = activity(
        "congenital-syphilis-follow-up", born="2026-02-20", findings={"tests": [syphilis_test("positive")]}
    )
    later = activity(
        "congenital-syphilis-follow-up",
        day="2026-05-20",
        born="2026-02-20",
        findings={"tests": [syphilis_test("negative", "syphilis-rpr", "2026-05-19")]},
    )

    assert of_action(name, "plan", known(mapper, first)) == (True, "2026-02-20")
    assert of_action(name, "check-6", known(mapper, first))[0]
    assert not of_action(name, "check-6", known(mapper, first, later))[0]


def test_a_negative_test_at_birth_ends_no_test_of_a_newborn(mapper: Mapper) -> None:
    # A mother who was infected late can have a child whose first test is negative (CDC: again at 3 months).
    name = "hm-plan-newborn-of-mother-with-syphilis"
    tests = {"tests": [syphilis_test("negative", "syphilis-rpr", "2026-02-21")]}
    bundle = known(mapper, activity("congenital-syphilis-follow-up", born="2026-02-20", findings=tests))

    assert of_action(name, "check-3", bundle)[0]
    assert of_action(name, "check-6", bundle)[0]


@pytest.mark.parametrize(("status", "applies"), [("overdue", True), ("due", True), ("given", False)])
def test_a_recall_is_for_what_is_due(mapper: Mapper, status: str, applies: bool) -> None:
    findings = {"immunisations": [{"vaccine": "МПР", "status": status}]}
    bundle = known(mapper, activity("immunisation-recall", born="2025-01-15", findings=findings))

    assert of_action("hm-plan-immunisation-recall", "plan", bundle) == (applies, "2026-03-02" if applies else None)


# ---- indicators


def counts(name: str, bundle: Json) -> list[dict[str, int]]:
    return [
        {
            population["code"]["coding"][0]["code"]: len(
                compile_expression(population["criteria"]["expression"], types=r4(), root="Bundle").evaluate(bundle)
            )
            for population in group["population"]
        }
        for group in MEASURES[name]["group"]
    ]


def test_activities_are_counted_by_type_when_they_are_completed(mapper: Mapper) -> None:
    bundle = known(
        mapper,
        activity("home-visit"),
        activity("home-visit", day="2026-03-09"),
        activity("home-visit", day="2026-03-16", status="cancelled"),
    )
    groups = MEASURES["hm-indicators-activities"]["group"]
    found = counts("hm-indicators-activities", bundle)

    by_type = {
        group["code"]["coding"][0]["code"]: count["initial-population"]
        for group, count in zip(groups, found, strict=True)
    }
    assert len(by_type) == 26
    assert {code: number for code, number in by_type.items() if number} == {"home-visit": 2}


def test_a_referral_counts_as_care_when_it_was_attended(mapper: Mapper) -> None:
    def referral(day: str, **more: Any) -> Json:
        return activity("referral", day=day, referral={"destination": "gp", **more})

    attended = {"appointment": {"start": "2026-03-10T10:00:00+02:00", "status": "attended"}}
    bundle = known(
        mapper,
        referral("2026-03-02"),
        referral("2026-03-03", **attended),
        referral("2026-03-04", status="completed"),
        referral("2026-03-05", status="revoked"),
    )

    assert counts("hm-indicators-referrals", bundle) == [{"initial-population": 4, "denominator": 3, "numerator": 2}]


def test_syphilis_in_pregnancy_is_counted_by_women_not_by_tests(mapper: Mapper) -> None:
    findings = {
        "pregnancy": PREGNANT,
        "tests": [syphilis_test("positive"), syphilis_test("positive", "syphilis-rpr")],
    }
    bundle = known(
        mapper, activity("syphilis-test", findings=findings), activity("syphilis-follow-up", day="2026-03-09")
    )

    assert (
        counts("hm-indicators-syphilis-in-pregnancy", bundle)
        == [{"initial-population": 1, "denominator": 1, "numerator": 1}] * 3
    )
