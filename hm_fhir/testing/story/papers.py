"""Papers and rights: insurance, identity, social help, consent, and signals of violated rights."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hm_fhir.testing.story.cast import Number
from hm_fhir.testing.story.teller import Case, Teller

_RIGHTS = (
    ("child-at-risk", "child-protection"),
    ("discrimination", "discrimination-commission"),
    ("denied-care", "health-insurance-fund"),
    ("violence", "social-services"),
)
_IDENTITY = ("identity-card", "birth-certificate")


def insurance(teller: Teller, first_day: date) -> None:
    """Tell of somebody who lost the rights of the insured and gets them back."""
    case = Case(teller, first_day, teller.cast.resident((19, 62)))
    case.step(
        "office-consultation",
        0,
        "office",
        facility=case.places.of_kind("office"),
        topics=["health-insurance", "patient-rights"],
        reasons=["insurance-problem"],
        barriers=["no-insurance"],
    )
    case.step(
        "insurance-help",
        6,
        "office",
        documents=[paper(case, "insurance-paper", "filled-in", first_day)],
        topics=["health-insurance"],
        reasons=["insurance-problem"],
        outcome=case.chance.pick(("document-issued", "follow-up-needed")),
    )
    case.step(
        "phone-contact", 13, case.chance.pick(("phone", "online")), reasons=["insurance-problem"], outcome="achieved"
    )


def social_help(teller: Teller, first_day: date) -> None:
    """Tell of an application that somebody cannot write alone, and of the way to the services."""
    case = Case(teller, first_day, teller.cast.resident((25, 70)))
    case.step(
        "document-help",
        0,
        "office",
        reasons=["social-need"],
        topics=["social-services"],
        barriers=teller.barriers(2),
        documents=[paper(case, case.chance.pick(("benefit-application", "disability-decision")), "filled-in")],
        outcome="partly-achieved",
    )
    sent = case.refer("social-services", 2, ["social-need"], setting="office")
    place = case.places.to("social-services")
    if place is not None:
        case.step(
            "interpretation",
            5,
            "field",
            facility=place,
            reasons=["social-need"],
            barriers=["language", "low-literacy"],
            documents=[paper(case, "benefit-application", "submitted")],
            fulfils=[sent],
            outcome="achieved",
        )
    if case.chance.happens(0.3):
        # Not at its end when the story is.
        case.step("document-help", 20, "office", reasons=["social-need"], status="in-progress")
        return
    case.step(
        "phone-contact",
        20,
        "phone",
        reasons=["social-need"],
        outcome=case.chance.pick(("document-issued", "not-achieved")),
    )


def rights(teller: Teller, first_day: date) -> None:
    """Tell of a right that was violated, of the signal, and of what followed."""
    reason, destination = teller.deck.turn("rights", _RIGHTS)
    child = reason == "child-at-risk"
    mother = teller.cast.resident((22, 40), "female")
    who = teller.cast.resident((1, 14), relative=mother) if child else mother
    case = Case(teller, first_day, who)
    barriers = {"violence": ["violence", "family-refusal"], "discrimination": ["discrimination", "mistrust"]}
    case.step(
        "rights-signal",
        0,
        "office",
        along=[(mother, "mother")] if child else (),
        reasons=[reason],
        topics=["patient-rights"],
        barriers=barriers.get(reason, ["mistrust"]),
        documents=[paper(case, "complaint", "submitted")],
        outcome="follow-up-needed",
    )
    case.refer(destination, 1, [reason], setting="office", priority=case.chance.pick(("urgent", "asap", "stat")))
    topics = ["domestic-violence", "patient-rights"] if reason == "violence" else ["patient-rights"]
    case.step(
        "phone-contact",
        9,
        "phone",
        reasons=[reason],
        topics=topics,
        outcome=case.chance.pick(("achieved", "partly-achieved")),
    )


def nameless(teller: Teller, first_day: date) -> None:
    """Tell of somebody without any number, who gets an identity card: then the register has two of one person."""
    cast = teller.cast
    before = cast.resident((19, 55), kind="none")
    case = Case(teller, first_day, before)
    case.step(
        "home-visit",
        0,
        "field",
        topics=["patient-rights", "hygiene"],
        reasons=["social-need"],
        barriers=["no-identity-document", "homelessness"],
        outcome="follow-up-needed",
    )
    case.step(
        "document-help",
        5,
        "office",
        documents=[paper(case, "identity-card", "filled-in")],
        reasons=["social-need"],
        topics=["social-services"],
        barriers=["no-identity-document"],
        outcome="follow-up-needed",
    )
    issued = first_day + timedelta(days=25)
    known = cast.enter(
        before.person,
        (Number(issued, "egn", before.person.number),),
        formerly=(before.label,),
        address=before.address,
    )
    case.step(
        "document-help",
        26,
        "office",
        about=known,
        documents=[paper(case, "identity-card", "shown", issued)],
        reasons=["social-need"],
        outcome="document-issued",
    )
    case.step(
        "gp-registration",
        29,
        "practice",
        about=known,
        facility=case.places.to("gp"),
        reasons=["no-gp"],
        documents=[paper(case, "gp-choice-form", "submitted")],
        outcome="registered",
    )


def foreigner(teller: Teller, first_day: date) -> None:
    """Tell of somebody who is known by an LNCh, and later by an EGN, too."""
    cast = teller.cast
    person = cast.resident((20, 45), kind="lnch")
    naturalised = first_day + timedelta(days=24)
    known = cast.number(person.person, "egn", naturalised)
    person.numbers = (*person.numbers, known)
    case = Case(teller, first_day, person)
    case.step(
        "office-consultation",
        0,
        "office",
        topics=["health-insurance", "gp-registration"],
        reasons=["no-gp"],
        barriers=["language", "no-information"],
        consent=consent(case, first_day),
    )
    case.step(
        "document-help", 8, "office", documents=[paper(case, "identity-card", "filled-in")], reasons=["social-need"]
    )
    case.step(
        "gp-registration",
        27,
        "practice",
        facility=case.places.to("gp"),
        reasons=["no-gp"],
        outcome="registered",
        documents=[paper(case, "gp-choice-form", "submitted")],
    )
    case.step("home-visit", 34, "home", reasons=["routine-visit"], topics=["gp-registration"], outcome="achieved")


def paper(case: Case, kind: str, step: str, dated: date | None = None) -> dict[str, Any]:
    """Return a paper that was dealt with; the one of a person's identity has no date here.

    Args:
        case: the case.
        kind: which paper.
        step: what was done with it.
        dated: the date on it.
    """
    found = {"kind": kind, "step": step}
    if dated is None and kind not in _IDENTITY and case.chance.happens(0.5):
        dated = case.day(0) - timedelta(days=case.chance.number(0, 20))
    return found | ({"dated": dated.isoformat()} if dated else {})


def consent(case: Case, day: date, decision: str = "given") -> dict[str, Any]:
    """Return what the person of a case allows the mediator.

    Args:
        case: the case.
        day: of the decision.
        decision: ``given``, ``refused`` or ``withdrawn``.
    """
    found: dict[str, Any] = {"decision": decision, "on": day.isoformat(), "covers": ["mediation", "sharing"]}
    if decision != "given":
        return found
    if case.chance.happens(0.3):
        found["covers"] = ["mediation"]
    found["reference"] = f"ДС-{case.teller.cases}/{day.year}"
    if case.chance.happens(0.5):
        found["until"] = (day + timedelta(days=365)).isoformat()
    return found
