"""Hospital wards: mediation at the bedside, interpretation, the way home."""

from __future__ import annotations

from datetime import date

from hm_fhir.testing.story.papers import consent, paper
from hm_fhir.testing.story.teller import Case, Teller

_WARDS = (
    (("paediatrics", "neonatology"), (1, 12), None, "child-check"),
    (("gynaecology",), (17, 44), "female", "postpartum-check"),
    (("internal-medicine", "pulmonology", "surgery"), (40, 80), None, "chronic-disease"),
    (("infectious-diseases", "dermato-venereology"), (18, 60), None, "hospital-stay"),
)


def stay(teller: Teller, first_day: date) -> None:
    """Tell of a stay in hospital and of what follows."""
    chance = teller.chance
    specialties, ages, gender, reason = teller.deck.turn("ward", _WARDS)
    ward = teller.places.ward(*specialties)
    if ward is None:
        return
    relative = teller.cast.resident((25, 45), "female")
    child = ages[1] < 18
    who = teller.cast.resident(ages, "female" if gender else None, relative=relative if child else None)
    along = [(relative, "mother")] if child else []
    case = Case(teller, first_day, who)
    number = f"S:{teller.cases}"
    refused = chance.happens(0.2)
    case.step(
        "bedside-mediation",
        0,
        "hospital",
        along=along,
        facility=ward,
        hospital_stay=number,
        reasons=["hospital-stay"],
        topics=["patient-rights"],
        barriers=teller.barriers(2),
        consent=None if child else consent(case, first_day, "refused" if refused else "given"),
        outcome="refused" if refused else "achieved",
    )
    if chance.happens(0.6):
        case.step(
            "interpretation",
            1,
            "hospital",
            along=along,
            facility=ward,
            hospital_stay=number,
            reasons=["hospital-stay"],
            barriers=["language"],
            topics=["patient-rights"],
            outcome="achieved",
        )
    case.step(
        "bedside-mediation",
        3,
        "hospital",
        along=along,
        facility=ward,
        hospital_stay=number,
        reasons=["hospital-stay"],
        topics=["chronic-disease" if ages[0] >= 40 else "hygiene"],
        barriers=[chance.pick(("fear", "mistrust", "waiting-time"))],
        outcome=chance.pick(("achieved", "partly-achieved")),
    )
    case.step(
        "discharge-follow-up",
        6,
        chance.pick(("home", "phone")),
        along=along,
        reasons=[reason],
        documents=[paper(case, "discharge-letter", "shown", case.day(5))],
        topics=["hygiene"],
        outcome="follow-up-needed",
    )
    sent = case.refer("gp", 7, [reason], setting="phone", appointment=14)
    case.step(
        "discharge-follow-up",
        16,
        "practice",
        facility=case.places.to("gp"),
        reasons=[reason],
        fulfils=[sent],
        outcome="attended",
    )
