"""Work with many: health talks and campaigns."""

from __future__ import annotations

from datetime import date
from typing import Any

from hm_fhir.activities.vocabulary import TOPICS
from hm_fhir.testing.story.teller import Case, Teller

_GATHER = ("field", "office", "online")
_SCREENED = (
    ("gynaecology", ("cancer-screening", "family-planning"), "female", (25, 65)),
    ("pulmonology", ("tuberculosis",), None, (30, 75)),
    ("internal-medicine", ("chronic-disease",), None, (45, 85)),
)


def talk(teller: Teller, first_day: date) -> None:
    """Tell of a health talk to a group that is not named one by one."""
    chance = teller.chance
    mediator = teller.places.mediator()
    known = teller.carried.codes("topics")
    topics = teller.deck.several("topics", tuple(code for code in TOPICS.terms if known is None or code in known), 3)
    told = teller.tell(
        "group-health-talk", first_day, mediator, setting=chance.pick(_GATHER), topics=topics, group=_group(teller)
    )
    if told is not None and chance.happens(0.4):
        person = teller.cast.resident((18, 60))
        case = Case(teller, told.day, person, mediator)
        case.step(
            "office-consultation",
            3,
            "office",
            topics=topics[:1],
            reasons=["routine-visit"],
            barriers=["no-information"],
        )


def campaign(teller: Teller, first_day: date) -> None:
    """Tell of a day of a campaign: the group, some people of it, and who has to come again."""
    chance = teller.chance
    specialty, topics, gender, ages = teller.deck.turn("campaign", _SCREENED)
    mediator = teller.places.mediator()
    place = teller.places.of_kind("mobile-unit")
    teller.tell(
        "screening-campaign",
        first_day,
        mediator,
        setting="field",
        facility=place,
        topics=list(topics),
        reasons=["screening"],
        group=_group(teller, women=gender == "female"),
    )
    for number in range(2):
        person = teller.cast.resident(ages, "female" if gender else None)
        case = Case(teller, first_day, person, mediator)
        come = chance.happens(0.8)
        case.step(
            "screening-campaign",
            0,
            "field",
            facility=place,
            topics=list(topics),
            reasons=["screening"],
            barriers=teller.barriers(1),
            outcome="attended" if come else "not-attended",
        )
        if not come or number == 0:
            to = {"gynaecology": "gynaecologist"}.get(specialty, "gp")
            case.refer(to, 4, ["screening"], setting="phone", appointment=9)


def _group(teller: Teller, *, women: bool = False) -> dict[str, Any]:
    chance = teller.chance
    size = chance.number(6, 38)
    female = size if women else chance.number(0, size)
    found: dict[str, Any] = {"local_id": f"G:{len(teller.told) + 1}", "size": size, "women": female}
    if chance.happens(0.5):
        found |= {"men": size - female, "children": chance.number(0, size // 2)}
    return found
