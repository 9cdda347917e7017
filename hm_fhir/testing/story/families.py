"""Families, children and the old: needs and plans, immunisations, chronic illness."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hm_fhir.activities.people import Facility
from hm_fhir.activities.vocabulary import GOALS
from hm_fhir.testing.story.papers import consent, paper
from hm_fhir.testing.story.teller import Case, Teller

_STEP_OF_GOAL = {
    "gp-chosen": "gp-registration",
    "insured": "insurance-help",
    "documents-issued": "document-help",
    "antenatal-care-started": "referral",
    "immunised": "immunisation-recall",
    "contraception-chosen": "family-planning-counselling",
    "syphilis-tested": "syphilis-test",
    "specialist-seen": "accompaniment",
    "safe-from-violence": "rights-signal",
}
_LEADING_ZERO = 86
_OF_MOTHERS = ("antenatal-care-started", "safe-birth", "contraception-chosen")


def case_plan(teller: Teller, first_day: date) -> None:
    """Tell of an assessment of needs, the plan that comes of it, its steps and its end."""
    chance = teller.chance
    person = teller.cast.resident((18, 60))
    case = Case(teller, first_day, person)
    goals = [
        code for code in teller.deck.several("goals", tuple(GOALS.terms), 2) if _suits(code, person.person.gender)
    ]
    goals = goals or ["gp-chosen"]
    due = (first_day + timedelta(days=60)).isoformat()
    steps = [_STEP_OF_GOAL[code] for code in goals if code in _STEP_OF_GOAL] or ["home-visit"]
    plan: dict[str, Any] = {
        "goals": [{"code": code, "due": due} for code in goals],
        "steps": [{"type": kind, "due": due} for kind in dict.fromkeys(steps)],
    }
    case.step(
        "needs-assessment",
        0,
        chance.pick(("home", "office")),
        barriers=teller.barriers(3),
        case_plan=plan,
        reasons=["social-need"],
        consent=consent(case, first_day),
        outcome="follow-up-needed",
    )
    case.step(
        "gp-registration",
        6,
        "practice",
        facility=case.places.to("gp"),
        reasons=["no-gp"],
        outcome="registered",
        documents=[paper(case, "gp-choice-form", "filled-in")],
    )
    case.step(
        "insurance-help",
        13,
        "office",
        reasons=["insurance-problem"],
        topics=["health-insurance"],
        documents=[paper(case, "insurance-paper", "submitted")],
        outcome="document-issued",
    )
    case.step(
        "home-visit",
        24,
        "home",
        reasons=["routine-visit"],
        topics=[teller.deck.turn("talk", _TOPICS)],
        outcome="partly-achieved",
    )
    reached = chance.happens(0.7)
    kept = {
        **plan,
        "status": "completed" if reached else "revoked",
        "goals": [
            {
                **goal,
                "status": "completed" if reached else "cancelled",
                "achievement": "achieved" if reached else "not-achieved",
            }
            for goal in plan["goals"]
        ],
        "steps": [{**step, "status": "completed" if reached else "cancelled"} for step in plan["steps"]],
    }
    case.step(
        "case-closure",
        45,
        "office",
        case_plan=kept,
        outcome="achieved" if reached else "not-achieved",
        reasons=["routine-visit"],
        consent=None if reached else consent(case, case.day(44), "withdrawn"),
    )


_TOPICS = ("nutrition", "hygiene", "child-health", "social-services", "patient-rights", "health-insurance")


def children(teller: Teller, first_day: date) -> None:
    """Tell of a mother and her children, seen on one round, and of the immunisations that they miss."""
    chance = teller.chance
    mother = teller.cast.resident((20, 42), "female")
    young = [teller.cast.resident((1, 6), relative=mother) for _ in range(2)]
    case = Case(teller, first_day, young[0])
    case.step(
        "home-visit",
        0,
        "home",
        along=[(mother, "mother")],
        topics=["child-health", "immunisation", "hygiene"],
        reasons=["routine-visit"],
        barriers=teller.barriers(1),
        findings={"measurements": _measured(case)},
        documents=[paper(case, "immunisation-record", "shown")],
    )
    vaccine, dose = teller.deck.turn("vaccine", (("MMR", 1), ("DTaP-IPV-Hib", 3), ("MMR", 2), ("PCV", 2)))
    case.step(
        "immunisation-recall",
        2,
        chance.pick(("field", "home", "phone")),
        about=young[1],
        along=[(mother, "mother")],
        findings={
            "immunisations": [{"vaccine": vaccine, "dose": dose, "status": "overdue", "reason": _why_not(teller)}]
        },
        topics=["immunisation"],
        reasons=["missed-immunisation"],
        outcome="follow-up-needed",
    )
    case.refer("gp", 3, ["missed-immunisation"], about=young[1], setting="phone", appointment=8)
    end = chance.pick(("given", "given", "refused"))
    state: dict[str, Any] = {"vaccine": vaccine, "dose": dose, "status": end}
    state |= (
        {"given_on": case.day(8).isoformat(), "known_from": "provider"} if end == "given" else {"reason": "objection"}
    )
    case.step(
        "immunisation-recall",
        9,
        "practice",
        about=young[1],
        along=[(mother, "mother")],
        facility=case.places.to("gp"),
        findings={"immunisations": [state]},
        reasons=["missed-immunisation"],
        outcome="attended" if end == "given" else "refused",
    )
    case.step(
        "home-visit",
        20,
        "field",
        about=young[0],
        status="not-done",
        reasons=["routine-visit"],
        outcome="person-not-found",
    )
    case.ahead("home-visit", 27, "home", ["routine-visit"])


def oldest(teller: Teller, first_day: date) -> None:
    """Tell of somebody older than 86: the EGN begins with a zero, which spreadsheets lose."""
    old_age(teller, first_day, (87, 94))


def old_age(teller: Teller, first_day: date, ages_years: tuple[int, int] = (58, 84)) -> None:
    """Tell of somebody old and ill: a visit, a referral, an examination or a stay in hospital."""
    chance = teller.chance
    person = teller.cast.resident(ages_years, kind="egn" if ages_years[0] > _LEADING_ZERO else None)
    case = Case(teller, first_day, person)
    case.step(
        "home-visit",
        0,
        "home",
        topics=["chronic-disease", "nutrition"],
        reasons=["chronic-disease"],
        barriers=teller.barriers(2),
        findings={"measurements": _measured(case)},
        outcome="follow-up-needed",
    )
    destination = chance.pick(("hospital", "gp", "social-services", "emergency"))
    sent = case.refer(
        destination,
        2,
        ["acute-complaint" if destination == "emergency" else "chronic-disease"],
        appointment=None if destination == "emergency" else 7,
    )
    place = case.places.to(destination)
    if place is not None and place.ward is None and destination != "social-services":
        case.step(
            "accompaniment",
            7,
            "hospital" if place.kind == "hospital" else "practice",
            facility=place,
            fulfils=[sent],
            reasons=["chronic-disease"],
            outcome="attended",
        )
    case.step(
        "phone-contact",
        15,
        "phone",
        topics=["chronic-disease"],
        reasons=["chronic-disease"],
        outcome=chance.pick(("achieved", "refused")),
    )
    case.ahead("home-visit", 26, "home", ["routine-visit"])


def sent_to(teller: Teller, first_day: date, place: Facility) -> None:
    """Tell of somebody who is sent to a place that no other story needed."""
    destination = teller.places.destination(place)
    if destination is None:
        return
    children = place.specialty in ("paediatrics", "neonatology") or place.kind == "school"
    case = Case(teller, first_day, teller.cast.resident((3, 12) if children else (30, 75)))
    reason = "child-check" if children else "social-need" if place.kind == "social-service" else "screening"
    case.refer(destination, 0, [reason], setting="phone", place=place)


def family_planning(teller: Teller, first_day: date) -> None:
    """Tell of a couple that chooses a method of contraception."""
    woman = teller.cast.resident((18, 44), "female")
    partner = teller.cast.resident((20, 50), "male", relative=woman)
    case = Case(teller, first_day, woman)
    case.step(
        "family-planning-counselling",
        0,
        case.chance.pick(("home", "office")),
        along=[(partner, "partner")],
        topics=["family-planning", "sti-prevention"],
        reasons=["contraception"],
        barriers=teller.barriers(1),
        documents=[paper(case, "leaflet", "handed-over")],
    )
    case.refer("gynaecologist", 3, ["contraception"], appointment=10, setting="phone")
    case.step(
        "phone-contact",
        12,
        "phone",
        reasons=["contraception"],
        outcome=case.chance.pick(("achieved", "not-achieved")),
    )


def _suits(goal: str, gender: str) -> bool:
    return gender == "female" or goal not in _OF_MOTHERS


def _why_not(teller: Teller) -> str:
    return teller.deck.turn(
        "why not", ("not-informed", "away", "no-gp", "out-of-stock", "medical-reason", "objection")
    )


def _measured(case: Case) -> list[dict[str, Any]]:
    chance = case.chance
    if chance.happens(0.5):
        return []
    child = case.who.person.birth_date.year > case.day(0).year - 130 - 12
    weight = chance.number(70, 260) if child else chance.number(480, 960)
    height = chance.number(70, 120) if child else chance.number(148, 186)
    return [
        {"kind": "body-weight", "value": f"{weight // 10}.{weight % 10}", "unit": "kg"},
        {"kind": "body-height", "value": str(height), "unit": "cm"},
    ]
