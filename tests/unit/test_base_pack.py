"""The base mapping pack: every case gives what it says, and what it gives hangs together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.identity import Identity
from hm_fhir.activities.model import Activity
from hm_fhir.config import Identifiers
from hm_fhir.errors import MappingRefused
from hm_fhir.fhir.models import problems
from hm_fhir.mapping.cases import Case, load_cases, run_case
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapped, Mapper
from hm_fhir.mapping.loader import load_pack

ROOT = Path(__file__).parents[2]
SURROGATES = "https://municipality.example/fhir/id"
PUBLIC = ("http://snomed.info/sct", "http://loinc.org", "http://hl7.org/fhir/sid/icd-10")


def new_mapper() -> Mapper:
    return Mapper(
        [load_pack(ROOT / "mappings")],
        Identity(b"an identity key for tests, 32 bytes", key_id="tests", system=SURROGATES),
        read_code_systems(ROOT / "profiles" / "package"),
        Identifiers().by_kind(),
    )


MAPPER = new_mapper()
CASES = load_cases(ROOT / "mappings" / "cases")
MAPPED_CASES = [case for case in CASES if case.spec.refused is None]
all_cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
mapped_cases = pytest.mark.parametrize("case", MAPPED_CASES, ids=lambda case: case.name)


def mapped(case: Case, mapper: Mapper = MAPPER) -> Mapped:
    result = mapper.map(Activity.model_validate(case.spec.activity).for_mapping())
    assert result is not None
    return result


def case_named(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


def contents(name: str, resource: str) -> list[dict[str, Any]]:
    return [item.content for item in mapped(case_named(name)).resources if item.name == resource]


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
        return own.union(*(references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    return set()


def empty_elements(value: Any, path: str = "") -> list[str]:
    if value is None or value in ("", [], {}):
        return [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in items for found in empty_elements(item, f"{path}.{key}")]


def codings(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        own = [value] if "code" in value and "system" in value else []
        return own + [coding for item in value.values() for coding in codings(item)]
    if isinstance(value, list):
        return [coding for item in value for coding in codings(item)]
    return []


@all_cases
def test_a_case_gives_what_it_says(case: Case) -> None:
    result = run_case(case, MAPPER)

    assert result.passed, result.difference


@pytest.mark.parametrize("mapping", sorted(mapping.name for mapping in load_pack(ROOT / "mappings").mappings))
def test_every_mapping_has_a_usual_a_minimal_and_a_refused_case(mapping: str) -> None:
    cases = {case.name.split("/")[1]: case for case in CASES if case.name.startswith(f"{mapping}/")}

    assert {"usual", "minimal"} <= cases.keys()
    assert all(case.spec.activity["type"] == mapping for case in cases.values())
    assert any(case.spec.refused for case in cases.values())
    assert all(case.spec.case == name for name, case in cases.items())


def test_a_mapping_is_named_after_its_activity_type() -> None:
    for path in (ROOT / "mappings").glob("*.yaml"):
        if path.name != "pack.yaml":
            assert f"mapping: {path.stem}\n" in path.read_text(encoding="utf-8")


@mapped_cases
def test_the_same_activity_gives_the_same_bytes_in_another_process(case: Case) -> None:
    first, second = mapped(case), mapped(case, new_mapper_once())

    assert first == second
    assert [json.dumps(item.content, default=str) for item in first.resources] == [
        json.dumps(item.content, default=str) for item in second.resources
    ]


_AGAIN: list[Mapper] = []


def new_mapper_once() -> Mapper:
    if not _AGAIN:
        _AGAIN.append(new_mapper())
    return _AGAIN[0]


@mapped_cases
def test_every_reference_points_inside_or_is_declared_outside(case: Case) -> None:
    result = mapped(case)
    inside = {item.key for item in result.resources}
    used = references([item.content for item in result.resources])

    assert used - inside == set(result.outside)


@mapped_cases
def test_no_element_is_empty(case: Case) -> None:
    assert [
        empty_elements(item.content, item.name) for item in mapped(case).resources if empty_elements(item.content)
    ] == []


@mapped_cases
def test_fhir_resources_finds_no_problem(case: Case) -> None:
    assert [problem for item in mapped(case).resources for problem in problems(item.content)] == []


@mapped_cases
def test_provenance_names_everything_that_is_not_shared(case: Case) -> None:
    result = mapped(case)
    (provenance,) = (item.content for item in result.resources if item.type == "Provenance")

    assert {target["reference"] for target in provenance["target"]} == {
        item.key for item in result.resources if not item.shared and item.type != "Provenance"
    }


@mapped_cases
def test_no_local_id_or_national_number_is_in_an_id_or_reference(case: Case) -> None:
    activity = Activity.model_validate(case.spec.activity)
    secrets = [activity.key, activity.local_id]
    secrets += [number.value for person in activity.persons for number in person.identifiers]
    for item in mapped(case).resources:
        for text in (item.id, *references(item.content)):
            assert not any(len(secret) > 3 and secret in text for secret in secrets)


@mapped_cases
def test_security_labels_are_on_what_is_sensitive_and_only_there(case: Case) -> None:
    sensitivity = Activity.model_validate(case.spec.activity).sensitivity
    for item in mapped(case).resources:
        labels = {label["code"] for label in item.content.get("meta", {}).get("security", ())}
        assert labels == ({"R", *sensitivity} if sensitivity and not item.shared else set())


@pytest.mark.parametrize("case", [c for c in MAPPED_CASES if "note" in c.spec.activity], ids=lambda c: c.name)
def test_the_note_is_only_in_elements_for_notes(case: Case) -> None:
    note = case.spec.activity["note"]
    found = []
    for item in mapped(case).resources:
        notes = item.content.pop("note", [])
        found += [entry["text"] for entry in notes]
        assert note not in json.dumps(item.content, ensure_ascii=False, default=str)
    assert found == [note]


@mapped_cases
def test_displays_are_english(case: Case) -> None:
    for item in mapped(case).resources:
        for coding in codings(item.content):
            assert coding.get("display", "").isascii()


# what entered-in-error means


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.spec.case.startswith("entered-in-error")], ids=lambda c: c.name
)
def test_an_error_marks_every_resource_that_is_not_shared(case: Case) -> None:
    result = mapped(case)
    for item in result.resources:
        if item.shared:
            continue
        content = item.content
        if item.type == "Condition":
            (verification,) = content["verificationStatus"]["coding"]
            assert verification["code"] == "entered-in-error"
            assert "clinicalStatus" not in content  # FHIR rule con-5
        elif item.type == "Provenance":
            assert content["activity"]["coding"][0]["code"] == "NULLIFY"
        elif item.type == "Goal":
            assert content["lifecycleStatus"] == "entered-in-error"
        else:
            assert content["status"] == "entered-in-error"


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.spec.refused not in (None, "invalid-activity")], ids=lambda c: c.name
)
def test_what_is_refused_can_still_be_withdrawn(case: Case) -> None:
    # An earlier version may have been delivered; the correction must not be stopped by what is wrong with it.
    activity = Activity.model_validate(case.spec.activity)
    with pytest.raises(MappingRefused):
        MAPPER.map(activity.for_mapping())

    withdrawn = MAPPER.map(activity.model_copy(update={"status": "entered-in-error"}).for_mapping())

    assert withdrawn is not None
    assert any(item.content.get("status") == "entered-in-error" for item in withdrawn.resources)


# referrals


@pytest.mark.parametrize(
    ("case", "intent"),
    [
        ("referral/minimal", "proposal"),
        ("referral/usual", "plan"),
        ("referral/with-nrn", "plan"),
        ("referral/order-to-social-services", "order"),
    ],
)
def test_a_mediator_orders_only_where_the_municipality_allows_it(case: str, intent: str) -> None:
    (request,) = contents(case, "service-request")

    assert request["intent"] == intent


def test_a_task_belongs_to_the_receiver_after_it_was_made() -> None:
    task = next(item for item in mapped(case_named("referral/usual")).resources if item.type == "Task")

    assert set(task.receiver_owns) == {
        "status", "statusReason", "businessStatus", "output", "note", "owner", "authoredOn", "lastModified",
        "executionPeriod",
    }  # fmt: skip
    assert (task.content["status"], task.content["intent"]) == ("requested", "order")
    assert task.content["code"]["coding"][0]["code"] == "fulfill"


def test_an_accompaniment_is_based_on_the_referral_that_it_follows() -> None:
    result = mapped(case_named("accompaniment/usual"))
    referral = next(item for item in mapped(case_named("referral/usual")).resources if item.type == "ServiceRequest")

    assert result.outside == (referral.key,)
    (encounter,) = contents("accompaniment/usual", "encounter")
    assert encounter["basedOn"] == [{"reference": referral.key}]
    assert encounter["participant"][0]["type"][0]["coding"][0]["code"] == "SPRF"


def test_a_task_keeps_the_day_on_which_it_was_made() -> None:
    # Else a correction of the activity would put it after the last change by the receiver (FHIR rule inv-1).
    task = next(item for item in mapped(case_named("referral/usual")).resources if item.type == "Task")

    assert {"authoredOn", "lastModified"} <= set(task.receiver_owns)


def test_a_referral_is_based_on_the_doctors_referral_and_does_not_bear_its_number() -> None:
    (request,) = contents("referral/with-nrn", "service-request")

    number = case_named("referral/with-nrn").spec.activity["referral"]["nrn"]
    assert [based_on["identifier"]["value"] for based_on in request["basedOn"]] == [number]
    assert number not in [identifier["value"] for identifier in request["identifier"]]


# cases


def ids(case: str, resource: str) -> list[str]:
    return [item.id for item in mapped(case_named(case)).resources if item.name == resource]


def test_every_activity_of_a_case_tells_of_the_same_pregnancy() -> None:
    found = ids("pregnancy-detection/usual", "pregnancy")

    assert found == ids("home-visit/pregnant-in-a-case", "pregnancy")
    assert found != ids("pregnancy-detection/unconfirmed", "pregnancy")
    assert ids("pregnancy-detection/usual", "pregnancy-status") != ids(
        "home-visit/pregnant-in-a-case", "pregnancy-status"
    )


def test_one_activity_in_error_does_not_call_the_plan_of_a_case_an_error() -> None:
    left_out = {"Condition", "Goal", "CarePlan"}
    types = {item.type for item in mapped(case_named("needs-assessment/entered-in-error-in-a-case")).resources}

    assert not types & left_out
    assert left_out <= {item.type for item in mapped(case_named("needs-assessment/entered-in-error")).resources}


def test_a_goal_addresses_only_the_need_that_it_is_about() -> None:
    needs = {content["code"]["coding"][0]["code"]: content for content in contents("needs-assessment/usual", "need")}
    addressed = {
        goal["description"]["coding"][0]["code"]: [reference["reference"] for reference in goal["addresses"]]
        for goal in contents("needs-assessment/usual", "goal")
    }

    assert addressed == {
        "insured": [f"Condition/{needs['no-insurance']['id']}"],
        "gp-chosen": [f"Condition/{needs['no-gp']['id']}"],
    }


@pytest.mark.parametrize(
    ("activity", "plan", "goal", "plan_status", "goal_status"),
    [
        ("completed", "active", "active", "active", "active"),
        ("planned", "active", "active", "draft", "planned"),
        ("completed", "draft", "active", "draft", "planned"),
        ("completed", "on-hold", "active", "on-hold", "on-hold"),
        ("cancelled", "active", "active", "revoked", "cancelled"),
        ("cancelled", "active", "completed", "revoked", "completed"),
        ("entered-in-error", "active", "completed", "entered-in-error", "entered-in-error"),
    ],
)
def test_nobody_works_on_a_goal_of_a_plan_that_is_not_active(
    activity: str, plan: str, goal: str, plan_status: str, goal_status: str
) -> None:
    given = {
        **case_named("needs-assessment/plan-without-case").spec.activity,
        "status": activity,
        "case_plan": {"goals": [{"code": "gp-chosen", "status": goal}], "status": plan},
    }
    result = MAPPER.map(Activity.model_validate(given).for_mapping())

    assert result is not None
    by_name = {item.name: item.content for item in result.resources}
    assert by_name["care-plan"]["status"] == plan_status
    assert by_name["goal"]["lifecycleStatus"] == goal_status


@pytest.mark.parametrize("status", ["planned", "cancelled"])
def test_what_is_known_before_an_activity_has_no_date_of_the_future(status: str) -> None:
    given = {**case_named("phone-contact/planned").spec.activity, "status": status}
    result = MAPPER.map(Activity.model_validate(given).for_mapping())

    assert result is not None
    by_name = {item.name: item.content for item in result.resources}
    assert by_name["barrier"]["effectiveDateTime"] == by_name["provenance"]["recorded"]
    assert "occurredPeriod" not in by_name["provenance"]


# groups


def test_who_took_part_this_time_is_not_the_size_of_a_group_that_meets_again() -> None:
    (numbered,) = contents("group-health-talk/usual", "group")
    (participants,) = contents("group-health-talk/usual", "participants")

    assert "quantity" not in numbered
    assert participants["valueInteger"] == case_named("group-health-talk/usual").spec.activity["group"]["size"]


# pregnancy


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({"status": "pregnant", "confirmed": True}, "77386006"),
        ({"status": "pregnant"}, "152231000119106"),
        ({"status": "possibly-pregnant"}, "146799005"),
        ({"status": "not-pregnant"}, "60001007"),
    ],
)
def test_a_pregnancy_status_has_the_code_of_the_international_patient_summary(
    found: dict[str, Any], code: str
) -> None:
    given = {**case_named("pregnancy-detection/unconfirmed").spec.activity, "findings": {"pregnancy": found}}
    result = MAPPER.map(Activity.model_validate(given).for_mapping())

    assert result is not None
    (status,) = (item.content for item in result.resources if item.name == "pregnancy-status")
    assert [coding["code"] for coding in status["valueCodeableConcept"]["coding"]] == [found["status"], code]


# syphilis


def test_a_positive_test_makes_no_condition() -> None:
    result = mapped(case_named("syphilis-test/usual"))

    assert [item for item in result.resources if item.type == "Condition"] == []


def test_a_test_without_a_result_is_registered() -> None:
    (test,) = contents("syphilis-test/minimal", "test")

    assert test["status"] == "registered"
    assert not {"valueCodeableConcept", "effectiveDateTime", "interpretation", "specimen"} & test.keys()


def test_only_a_result_for_syphilis_gets_the_code_for_syphilis() -> None:
    syphilis, hiv = contents("syphilis-test/reported-diagnosis", "test")

    assert "165780000" in [coding["code"] for coding in syphilis["valueCodeableConcept"]["coding"]]
    assert [coding["system"] for coding in hiv["valueCodeableConcept"]["coding"]] == [
        "https://w3id.org/hm-fhir/CodeSystem/test-result"
    ]


def test_a_titre_is_the_value_of_a_test_that_asks_for_it() -> None:
    titre = contents("syphilis-test/usual", "test")[-1]

    assert titre["valueRatio"] == {"numerator": {"value": 1}, "denominator": {"value": 8}}
    assert not {"valueCodeableConcept", "component"} & titre.keys()


def test_a_weight_has_the_code_and_category_of_the_vital_signs_of_fhir() -> None:
    (weight,) = contents("home-visit/usual", "measurement")

    assert weight["category"][0]["coding"][0]["code"] == "vital-signs"
    assert "29463-7" in [coding["code"] for coding in weight["code"]["coding"]]


def test_a_measured_number_keeps_its_digits() -> None:
    (weight,) = contents("home-visit/usual", "measurement")

    assert str(weight["valueQuantity"]["value"]) == "9.20"


def test_public_codes_come_with_a_word_of_ours_or_stand_for_what_we_do_not_name() -> None:
    unnamed = {"82810-3", "11778-8", "18185-9", "11996-6", "3457005"}
    for case in MAPPED_CASES:
        for item in mapped(case).resources:
            for concept in concepts(item.content):
                systems = {coding["system"] for coding in concept}
                if systems & set(PUBLIC) and item.name != "pregnancy":
                    ours = any(system.startswith("https://w3id.org/hm-fhir/") for system in systems)
                    assert ours or {coding["code"] for coding in concept} <= unnamed


def concepts(value: Any) -> list[list[dict[str, Any]]]:
    if isinstance(value, dict):
        own = [value["coding"]] if isinstance(value.get("coding"), list) else []
        return own + [concept for item in value.values() for concept in concepts(item)]
    if isinstance(value, list):
        return [concept for item in value for concept in concepts(item)]
    return []
