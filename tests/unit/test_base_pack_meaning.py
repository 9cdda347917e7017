"""What the base pack says in FHIR of cases, consent, appointments, immunisations, papers, the end of a pregnancy."""

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


# the part of the mediator


@pytest.mark.parametrize(
    ("case", "system", "code"),
    [
        ("home-visit/minimal", "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PPRF"),
        ("accompaniment/minimal", "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "SPRF"),
        ("bedside-mediation/minimal", "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "SPRF"),
        # v3 TRANS is a transcriber
        ("interpretation/minimal", "http://terminology.hl7.org/CodeSystem/participant-type", "translator"),
    ],
)
def test_the_mediator_takes_part_as_what_the_mediator_is(case: str, system: str, code: str) -> None:
    (encounter,) = resources(case)["encounter"]
    (coding,) = encounter["participant"][0]["type"][0]["coding"]

    assert (coding["system"], coding["code"]) == (system, code)


def test_partners_who_are_to_be_told_were_not_there() -> None:
    found = resources("partner-notification/usual")

    assert len(found["related-person"]) == 2
    assert len(found["encounter"][0]["participant"]) == 1
    assert len(resources("interpretation/usual")["encounter"][0]["participant"]) == 2


def test_who_came_along_to_a_notification_was_there() -> None:
    found = resources("partner-notification/with-her-child")
    child, partner = found["related-person"]

    assert [codes(one["relationship"][0]) & {"child", "partner"} for one in (child, partner)] == [
        {"child"},
        {"partner"},
    ]
    assert [one["individual"]["reference"] for one in found["encounter"][0]["participant"][1:]] == [
        f"RelatedPerson/{child['id']}"
    ]


def test_at_the_bedside_the_hospital_provides_the_care() -> None:
    found = resources("bedside-mediation/usual")
    (encounter,), (ward,), (hospital,) = found["encounter"], found["ward"], found["facility"]

    assert encounter["class"]["code"] == "IMP"
    assert encounter["serviceProvider"]["reference"] == f"Organization/{hospital['id']}"
    assert encounter["location"][0]["location"]["reference"] == f"Location/{ward['id']}"
    assert encounter["partOf"]["identifier"]["value"] == "IZ-2026-0117"
    assert encounter["partOf"]["identifier"]["assigner"] == encounter["serviceProvider"]
    assert "reference" not in encounter["partOf"]
    assert "partOf" not in resources("bedside-mediation/minimal")["encounter"][0]


def test_the_specialty_of_a_ward_is_not_that_of_the_hospital() -> None:
    in_ward = resources("bedside-mediation/usual")
    practice = resources("accompaniment/to-a-gynaecologist")

    assert codes(in_ward["ward"][0]["type"][0]) == {"gynaecology"}
    assert all(
        "gynaecology" not in codes(kind) for name in ("facility", "place") for kind in in_ward[name][0]["type"]
    )
    assert codes(practice["facility"][0]["type"][1]) == codes(practice["place"][0]["type"][1]) == {"gynaecology"}


@pytest.mark.parametrize(
    ("case", "labels"),
    [
        ("accompaniment/to-a-gynaecologist", {"R", "SEX"}),
        ("accompaniment/minimal", set()),
        ("rights-signal/usual", set()),
        ("rights-signal/minimal", set()),
        ("rights-signal/violence", {"R", "SDV"}),
    ],
)
def test_what_is_sensitive_is_labelled(case: str, labels: set[str]) -> None:
    (encounter,) = resources(case)["encounter"]

    assert {label["code"] for label in encounter.get("meta", {}).get("security", ())} == labels


# cases


def test_all_activities_of_a_case_are_in_one_episode() -> None:
    cases = ("pregnancy-detection/usual", "postpartum-visit/usual", "needs-assessment/usual", "case-closure/usual")
    found = [resources(case) for case in cases]

    assert len({one["episode"][0]["id"] for one in found}) == 1
    for one in found:
        assert one["encounter"][0]["episodeOfCare"] == [{"reference": f"EpisodeOfCare/{one['episode'][0]['id']}"}]
    assert [one["episode"][0]["status"] for one in found] == ["active", "active", "active", "finished"]
    assert found[-1]["care-plan"][0]["id"] == found[2]["care-plan"][0]["id"]


@pytest.mark.parametrize(
    ("status", "outcome", "plan", "plan_status", "goal", "step"),
    [
        ("completed", "achieved", "active", "completed", "completed", "cancelled"),
        ("completed", "refused", "active", "revoked", "cancelled", "cancelled"),
        ("completed", None, "on-hold", "revoked", "cancelled", "cancelled"),
        ("completed", "refused", "completed", "completed", "completed", "cancelled"),
        # a closing that did not happen
        ("planned", None, "active", "active", "active", "scheduled"),
        ("cancelled", None, "active", "active", "active", "scheduled"),
        ("in-progress", None, "active", "active", "active", "scheduled"),
    ],
)
def test_closing_a_case_closes_its_plan(
    status: str, outcome: str | None, plan: str, plan_status: str, goal: str, step: str
) -> None:
    given = {
        "status": plan,
        "goals": [{"code": "insured"}],
        "steps": [{"type": "referral", "status": "scheduled"}, {"type": "home-visit", "status": "completed"}],
    }
    found = resources("case-closure/minimal", status=status, outcome=outcome, case_plan=given)

    assert found["care-plan"][0]["status"] == plan_status
    assert found["goal"][0]["lifecycleStatus"] == goal
    assert [one["detail"]["status"] for one in found["care-plan"][0]["activity"]] == [step, "completed"]
    assert found["episode"][0]["status"] == ("finished" if status == "completed" else "active")


def test_an_achieved_goal_is_completed_whatever_becomes_of_the_plan() -> None:
    plan = {"goals": [{"code": "insured", "achievement": "achieved"}, {"code": "gp-chosen"}]}
    insured, gp_chosen = resources("case-closure/minimal", outcome="refused", case_plan=plan)["goal"]

    assert (insured["lifecycleStatus"], gp_chosen["lifecycleStatus"]) == ("completed", "cancelled")
    assert codes(insured["achievementStatus"]) == {"achieved"}
    assert "achievementStatus" not in gp_chosen


def test_a_closing_in_error_leaves_episode_plan_and_consent_to_others() -> None:
    assert not {"episode", "care-plan", "goal", "consent"} & resources("case-closure/entered-in-error").keys()


# pregnancy


def test_a_birth_resolves_the_pregnancy_that_was_found_before() -> None:
    (before,) = resources("pregnancy-detection/usual")["pregnancy"]
    (after,) = resources("postpartum-visit/usual")["pregnancy"]

    assert before["id"] == after["id"]
    assert (codes(before["clinicalStatus"]), codes(after["clinicalStatus"])) == ({"active"}, {"resolved"})
    assert after["abatementDateTime"] == "2026-02-20"
    assert codes(after["verificationStatus"]) == {"confirmed"}
    (outcome,) = resources("postpartum-visit/usual")["pregnancy-outcome"]
    assert after["evidence"] == [{"detail": [{"reference": f"Observation/{outcome['id']}"}]}]


def test_a_loss_that_only_she_tells_is_unconfirmed() -> None:
    (pregnancy,) = resources("postpartum-visit/loss")["pregnancy"]

    assert codes(pregnancy["verificationStatus"]) == {"unconfirmed"}
    assert "abatementDateTime" not in pregnancy


# diagnoses, immunisations


@pytest.mark.parametrize(("status", "ended_on"), [("active", None), ("resolved", "2026-03-01"), ("inactive", None)])
def test_a_reported_condition_has_the_status_that_was_told(status: str, ended_on: str | None) -> None:
    condition = {"code": "syphilis", "status": status, "ended_on": ended_on}
    (found,) = resources("syphilis-follow-up/minimal", findings={"conditions": [condition]})["reported-condition"]

    assert codes(found["clinicalStatus"]) == {status}
    assert found.get("abatementDateTime") == ended_on


def test_what_was_given_or_refused_is_an_immunization_that_is_only_reported() -> None:
    found = resources("immunisation-recall/usual")
    by_record, remembered, refused = found["reported-immunisation"]

    assert [codes(one["valueCodeableConcept"]) for one in found["immunisation"]] == [{"overdue"}]
    assert [one["primarySource"] for one in found["reported-immunisation"]] == [False] * 3
    assert [one["status"] for one in found["reported-immunisation"]] == ["completed", "completed", "not-done"]
    assert [codes(one["reportOrigin"]) for one in found["reported-immunisation"]] == [
        {"record"}, {"recall"}, {"provider"},
    ]  # fmt: skip
    assert (by_record["occurrenceDateTime"], remembered["occurrenceString"]) == ("2026-02-21", "day not known")
    assert codes(refused["statusReason"]) == {"objection", "PATOBJ"}
    assert refused["occurrenceDateTime"] == CASES["immunisation-recall/usual"]["period"]["start"]


def test_a_birth_weight_is_of_the_day_of_birth() -> None:
    birth, now, _ = resources("postpartum-visit/newborn")["measurement"]

    assert (birth["effectiveDateTime"], now["effectiveDateTime"]) == ("2026-02-20", "2026-03-12T10:00:00+02:00")


# appointments


@pytest.mark.parametrize(
    ("status", "request_status", "appointment", "expected"),
    [
        ("completed", "active", "scheduled", "booked"),
        ("completed", "completed", "attended", "fulfilled"),
        ("completed", "active", "unattended", "noshow"),
        ("completed", "active", "cancelled", "cancelled"),
        ("completed", "revoked", "scheduled", "cancelled"),
        ("completed", "revoked", "unattended", "noshow"),
        ("cancelled", "active", "scheduled", "cancelled"),
        ("not-done", "active", "attended", "fulfilled"),
        ("planned", "active", "scheduled", "proposed"),
        ("entered-in-error", "active", "attended", "entered-in-error"),
    ],
)
def test_an_appointment_is_what_the_receiver_or_the_request_says(
    status: str, request_status: str, appointment: str, expected: str
) -> None:
    referral = {
        "destination": "gp",
        "status": request_status,
        "appointment": {"start": "2026-03-20T09:00:00+02:00", "status": appointment},
    }
    (found,) = resources("referral/minimal", status=status, referral=referral)["appointment"]

    assert found["status"] == expected
    assert found["start"] == found["end"] == "2026-03-20T09:00:00+02:00"  # FHIR rules app-2 and app-3


def test_whether_the_person_came_is_the_word_of_the_place() -> None:
    result = MAPPER.map(Activity.model_validate(CASES["referral/attended"]).for_mapping())
    assert result is not None
    (appointment,) = [one for one in result.resources if one.type == "Appointment"]

    assert {"status", "cancelationReason"} <= set(appointment.receiver_owns)


def test_an_appointment_names_its_request_the_person_and_the_place() -> None:
    found = resources("referral/appointment-with-end")
    (appointment,), (request,), (ward,) = found["appointment"], found["service-request"], found["ward"]

    assert appointment["basedOn"] == [{"reference": f"ServiceRequest/{request['id']}"}]
    assert [one["actor"]["reference"] for one in appointment["participant"]] == [
        f"Patient/{found['patient'][0]['id']}",
        f"Location/{ward['id']}",
    ]
    assert request["occurrencePeriod"] == {"start": appointment["start"], "end": appointment["end"]}
    assert codes(found["task"][0]["businessStatus"]) == {"scheduled"}


def test_a_group_has_no_appointment() -> None:
    found = resources("screening-campaign/group")

    assert "appointment" not in found
    assert found["service-request"][0]["occurrenceDateTime"] == "2026-03-20T09:00:00+02:00"


# consent, papers


@pytest.mark.parametrize(
    ("decision", "status", "policy", "rule"),
    [
        ("given", "active", "OPTIN", "permit"),
        ("refused", "active", "OPTOUT", "deny"),
        ("withdrawn", "inactive", "OPTIN", "deny"),
    ],
)
def test_a_consent_is_revocable(decision: str, status: str, policy: str, rule: str) -> None:
    (given,) = resources("family-planning-counselling/usual")["consent"]
    later = resources("bedside-mediation/usual", consent={"decision": decision, "on": "2026-03-12"})
    (consent,) = later["consent"]

    assert consent["id"] == given["id"]  # so the later decision takes the place of the earlier one
    assert (consent["status"], codes(consent["policyRule"])) == (status, {policy})
    assert "type" not in consent["provision"]  # FHIR: not permitted there, required in the rules inside
    mediation, sharing = consent["provision"]["provision"]
    assert (mediation["type"], sharing["type"]) == (rule, rule)
    since = (mediation if decision == "withdrawn" else consent["provision"])["period"]
    assert since == {"start": "2026-03-12"}
    assert codes(consent["scope"]) == {"patient-privacy"}
    assert consent["patient"] == consent["performer"][0] == later["encounter"][0]["subject"]
    assert mediation["actor"][0]["reference"]["reference"].startswith("PractitionerRole/")
    assert sharing["actor"][0]["reference"]["reference"].startswith("Organization/")


@pytest.mark.parametrize("decision", ["given", "refused", "withdrawn"])
@pytest.mark.parametrize("covers", [("mediation",), ("sharing",), ("mediation", "sharing")])
def test_only_what_was_given_is_ever_permitted(decision: str, covers: tuple[str, ...]) -> None:
    given = {"decision": decision, "on": "2026-03-12", "covers": covers}
    (consent,) = resources("bedside-mediation/usual", consent=given)["consent"]
    rules = {
        (codes(rule["action"][0]) & {"mediation", "sharing"}).pop(): rule["type"]
        for rule in consent["provision"]["provision"]
    }

    permitted = {what for what, kind in rules.items() if kind == "permit"}
    assert permitted == (set(covers) if decision == "given" else set())
    if decision == "given":
        assert rules.keys() == {"mediation", "sharing"}  # OPTIN alone would allow what is not covered
        assert codes(consent["policyRule"]) == {"OPTIN" if len(covers) == 2 else "OPTINR"}


def test_a_consent_belongs_to_a_municipality() -> None:
    one, other = (
        resources("bedside-mediation/usual", municipality={"code": code, "name": "Пример"})["consent"][0]["id"]
        for code in ("BGS04", "SFO39")
    )

    assert one != other


def test_the_mother_consents_for_her_child() -> None:
    found = resources("congenital-syphilis-follow-up/usual")

    assert found["consent"][0]["performer"] == [{"reference": f"RelatedPerson/{found['related-person'][0]['id']}"}]
    assert codes(found["related-person"][0]["relationship"][0]) == {"mother", "MTH"}


@pytest.mark.parametrize(
    ("status", "expected"),
    [("completed", "current"), ("in-progress", "current"), ("entered-in-error", "entered-in-error")],
)
def test_a_paper_has_a_title_and_no_content(status: str, expected: str) -> None:
    documents = [{"kind": "gp-choice-form", "step": "filled-in", "dated": "2026-03-01"}]
    (found,) = resources("gp-registration/minimal", status=status, documents=documents)["document"]

    assert (found["status"], found["docStatus"]) == (expected, "preliminary")
    assert found["content"] == [{"attachment": {"title": "Form to choose a GP", "creation": "2026-03-01"}}]
    assert codes(found["context"]["event"][0]) == {"filled-in"}


@pytest.mark.parametrize("status", ["planned", "cancelled", "not-done"])
def test_what_did_not_take_place_has_no_papers(status: str) -> None:
    documents = [{"kind": "leaflet", "step": "handed-over"}]

    assert "document" not in resources("gp-registration/minimal", status=status, documents=documents)


def test_two_papers_of_one_kind_and_day_are_told_once() -> None:
    kinds = [codes(document["type"]) for document in resources("document-help/usual")["document"]]

    assert kinds == [{"benefit-application"}, {"birth-certificate"}, {"identity-card"}]


# periods


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-12", "2026-03-12T10:30:00+02:00", "2026-03-12"),
        ("2026-03-12", "2026-03-13", "2026-03-13"),
        ("2026-03-12T10:00:00+02:00", "2026-03-12", None),
        ("2026-03-12T10:00:00+02:00", "2026-03-13", "2026-03-13"),
        ("2026-03-12T10:00:00+02:00", "2026-03-12T10:30:00+02:00", "2026-03-12T10:30:00+02:00"),
        ("2026-03-12T10:00:00+02:00", None, None),
        ("2026-03-12", None, None),
    ],
)
def test_begin_and_end_can_be_compared(start: str, end: str | None, expected: str | None) -> None:
    found = resources("home-visit/minimal", period={"start": start, "end": end})

    for period in (found["encounter"][0]["period"], found["provenance"][0]["occurredPeriod"]):
        assert period == {"start": start} | ({"end": expected} if expected else {})
