"""Pregnancies: found, followed by a doctor or missed, the birth, mother and child afterwards."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hm_fhir.testing.story.cast import Resident
from hm_fhir.testing.story.papers import consent, paper
from hm_fhir.testing.story.teller import Case, Teller, Told

_DAYS_OF_PREGNANCY = 280
_EGN_AFTER_DAYS = 14


def pregnancy_found(teller: Teller, first_day: date) -> None:
    """Tell of a pregnancy that is found, and of the way to a doctor."""
    chance = teller.chance
    woman = teller.cast.resident((17, 40), "female")
    case = Case(teller, first_day, woman)
    period = first_day - timedelta(days=chance.number(45, 150))
    found = case.step(
        "pregnancy-detection",
        0,
        chance.pick(("home", "field")),
        findings={"pregnancy": _told(case, period), "tests": _home_test(case)},
        topics=["pregnancy-care", "gp-registration"],
        reasons=["pregnancy"],
        barriers=teller.barriers(2),
        consent=consent(case, first_day),
        outcome="follow-up-needed",
    )
    case.step(
        "gp-registration",
        3,
        "practice",
        facility=case.places.to("gp"),
        reasons=["no-gp"],
        topics=["gp-registration"],
        documents=[paper(case, "gp-choice-form", "filled-in")],
        outcome="registered",
        follows=[found],
    )
    sent = case.refer(
        "gynaecologist", 5, ["antenatal-check"], appointment=12, priority=chance.pick(("routine", "urgent"))
    )
    if chance.happens(0.3):
        sent = _missed(case, sent)
    known = pregnancy(period, case.day(16), confirmed=True, followed=True)
    case.step(
        "accompaniment",
        16,
        "practice",
        facility=_place_of(sent) or case.places.to("gynaecologist"),
        fulfils=[sent],
        findings={"pregnancy": known},
        reasons=["antenatal-check"],
        topics=["patient-rights"],
        outcome="attended",
    )
    if chance.happens(0.1):
        lost = {"status": "not-pregnant", "outcome": "miscarriage", "ended_on": case.day(22).isoformat()}
        case.step("home-visit", 24, "home", findings={"pregnancy": lost}, reasons=["postpartum-check"])
        return
    case.step("phone-contact", 24, "phone", topics=["nutrition", "pregnancy-care"], outcome="achieved")
    case.ahead("accompaniment", 31, "practice", ["antenatal-check"])


def birth(teller: Teller, first_day: date) -> None:
    """Tell of the last weeks of a pregnancy, the birth in hospital, and the first weeks of the child."""
    chance = teller.chance
    mother = teller.cast.resident((17, 40), "female")
    case = Case(teller, first_day, mother)
    born = first_day + timedelta(days=chance.number(14, 20))
    period = born - timedelta(days=_DAYS_OF_PREGNANCY + chance.number(-10, 8))
    stay, ward = f"S:{teller.cases}", case.places.ward("gynaecology")
    case.step(
        "home-visit",
        0,
        "home",
        topics=["pregnancy-care", "breastfeeding"],
        reasons=["pregnancy"],
        findings={"pregnancy": pregnancy(period, first_day, confirmed=True, followed=True)},
        outcome="achieved",
    )
    sent = case.refer("hospital", 7, ["pregnancy"], place=ward, priority="asap", setting="phone")
    if ward is not None:
        case.step(
            "accompaniment",
            (born - first_day).days,
            "hospital",
            facility=ward,
            hospital_stay=stay,
            fulfils=[sent],
            reasons=["hospital-stay"],
            outcome="admitted",
            findings={"measurements": [_weight(case)]},
        )
        case.step(
            "bedside-mediation",
            (born - first_day).days + 1,
            "hospital",
            facility=ward,
            hospital_stay=stay,
            reasons=["hospital-stay"],
            topics=["newborn-care", "patient-rights"],
            barriers=["fear", "language"],
        )
    child = teller.cast.newborn(mother, born, born + timedelta(days=_EGN_AFTER_DAYS))
    after = (born - first_day).days + 5
    ended = {"status": "not-pregnant", "outcome": "live-birth", "ended_on": born.isoformat()}
    case.step(
        "postpartum-visit",
        after,
        "home",
        along=[(child, "child")],
        findings={"pregnancy": ended},
        topics=["newborn-care", "breastfeeding"],
        reasons=["postpartum-check"],
        outcome="follow-up-needed",
    )
    _first_weeks(case, child, mother, after)


def _first_weeks(case: Case, child: Resident, mother: Resident, after: int) -> None:
    chance, born = case.chance, case.day(after - 5)
    case.step(
        "home-visit",
        after + 4,
        "home",
        about=child,
        along=[(mother, "mother")],
        reasons=["newborn-check"],
        findings={
            "immunisations": [
                _vaccine("BCG", born + timedelta(days=2), "record"),
                _vaccine("HepB", born + timedelta(days=1), "record", dose=1),
            ],
            "measurements": [{"kind": "birth-weight", "value": str(chance.number(245, 410) * 10), "unit": "g"}],
        },
        topics=["newborn-care", "immunisation"],
        documents=[paper(case, "birth-certificate", "shown")],
    )
    case.refer("paediatrician", after + 6, ["newborn-check"], about=child, setting="phone")
    late: dict[str, Any] = {
        "vaccine": "HepB",
        "status": "overdue",
        "dose": 2,
        "reason": "no-gp",
        "known_from": "recall",
    }
    case.step(
        "immunisation-recall",
        after + 36,
        chance.pick(("home", "field")),
        about=child,
        along=[(mother, "mother")],
        findings={"immunisations": [late]},
        reasons=["missed-immunisation"],
        topics=["immunisation"],
    )
    case.step(
        "family-planning-counselling",
        after + 40,
        "home",
        topics=["family-planning"],
        reasons=["contraception"],
        documents=[paper(case, "leaflet", "handed-over")],
        outcome="achieved",
    )
    case.step("case-closure", after + 45, "office", outcome="achieved")


def _missed(case: Case, sent: Told | None) -> Told | None:
    """Tell of an appointment to which she did not come; return the referral that counts afterwards."""
    place = _place_of(sent) or case.places.to("gynaecologist")
    case.step(
        "accompaniment",
        12,
        "practice",
        facility=place,
        status="not-done",
        outcome="not-attended",
        fulfils=[sent],
        reasons=["antenatal-check"],
    )
    case.step(
        "no-show-tracing",
        13,
        "field",
        reasons=["missed-appointment"],
        barriers=case.teller.barriers(2),
        outcome=case.chance.pick(("person-not-found", "achieved")),
    )
    return case.refer(
        "gynaecologist", 14, ["antenatal-check", "missed-appointment"], appointment=16, priority="urgent"
    )


def pregnancy(period: date, today: date, *, confirmed: bool, followed: bool) -> dict[str, Any]:
    """Return what is known of a pregnancy.

    Args:
        period: first day of the last menstrual period.
        today: day of the activity.
        confirmed: a doctor said it.
        followed: a doctor follows it.
    """
    return {
        "status": "pregnant",
        "confirmed": confirmed,
        "last_menstrual_period": period.isoformat(),
        "expected_delivery": (period + timedelta(days=_DAYS_OF_PREGNANCY)).isoformat(),
        "gestational_age_weeks": (today - period).days // 7,
        "antenatal_care": followed,
    }


def _told(case: Case, period: date) -> dict[str, Any]:
    """Return what a woman says of a pregnancy, which of some is only that it can be."""
    if case.chance.happens(0.15):
        return {"status": "possibly-pregnant"}
    return pregnancy(period, case.day(0), confirmed=False, followed=False)


def _home_test(case: Case) -> list[dict[str, Any]]:
    if case.chance.happens(0.5):
        return []
    return [{"kind": "pregnancy", "done_on": case.day(0).isoformat(), "result": "positive"}]


def _vaccine(code: str, day: date, known_from: str, dose: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "vaccine": code,
        "status": "given",
        "given_on": day.isoformat(),
        "known_from": known_from,
    }
    return found | ({"dose": dose} if dose else {})


def _weight(case: Case) -> dict[str, Any]:
    return {"kind": "body-weight", "value": f"{case.chance.number(55, 92)}.{case.chance.number(0, 9)}", "unit": "kg"}


def _place_of(told: Told | None) -> Any:
    return told.activity.referral.facility if told and told.activity.referral else None
