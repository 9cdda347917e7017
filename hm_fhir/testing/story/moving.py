"""People who move from one municipality to another: the same EGN in two local systems."""

from __future__ import annotations

from datetime import date

from hm_fhir.testing.story.cast import PILOTS, Mover, Number, movers
from hm_fhir.testing.story.papers import paper
from hm_fhir.testing.story.teller import Case, Teller


def leaving(code: str, today: date) -> tuple[Mover, ...]:
    """Return who leaves a municipality (NSI code)."""
    return tuple(one for one in movers(today) if one.leaves == code)


def arriving(code: str, today: date) -> tuple[Mover, ...]:
    """Return who arrives at a municipality (NSI code); at one that is no pilot, those who leave the first pilot."""
    wanted = code if code in PILOTS else PILOTS[1]
    return tuple(one for one in movers(today) if one.arrives == wanted)


def leaves(teller: Teller, first_day: date, mover: Mover) -> None:
    """Tell of somebody who goes away: the case is closed."""
    case = _case(teller, first_day, mover)
    case.step(
        "home-visit",
        0,
        "home",
        topics=["patient-rights", "health-insurance"],
        reasons=["routine-visit"],
        barriers=["unemployment"],
        outcome="follow-up-needed",
    )
    case.step("phone-contact", 12, "phone", reasons=["social-need"], barriers=["moved-away"], outcome="achieved")
    case.step(
        "case-closure", 16, "office", reasons=["social-need"], barriers=["moved-away"], outcome="partly-achieved"
    )


def arrives(teller: Teller, first_day: date, mover: Mover) -> None:
    """Tell of somebody who has just come: needs, and a GP at the new place."""
    case = _case(teller, first_day, mover)
    case.step(
        "needs-assessment",
        0,
        "home",
        barriers=["no-gp", "no-information"],
        reasons=["social-need"],
        case_plan={"goals": [{"code": "gp-chosen"}], "steps": [{"type": "gp-registration"}]},
        outcome="follow-up-needed",
    )
    case.step(
        "gp-registration",
        5,
        "practice",
        facility=case.places.to("gp"),
        reasons=["no-gp"],
        outcome="registered",
        documents=[paper(case, "gp-choice-form", "submitted")],
    )
    case.step("phone-contact", 20, "phone", topics=["gp-registration"], outcome="achieved")


def _case(teller: Teller, first_day: date, mover: Mover) -> Case:
    person = mover.person
    resident = teller.cast.enter(person, (Number(teller.cast.first_day, "egn", person.number),))
    return Case(teller, first_day, resident)
