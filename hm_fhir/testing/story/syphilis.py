"""Syphilis: told of, tested, treated; partners; the newborn of a mother who had it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hm_fhir.testing.story.papers import paper
from hm_fhir.testing.story.pregnancy import pregnancy
from hm_fhir.testing.story.teller import Case, Teller


def tested(teller: Teller, first_day: date) -> None:
    """Tell of education, a test and its result; of some the treatment, and of the partner."""
    chance = teller.chance
    gender = chance.pick(("female", "female", "male"))
    person = teller.cast.resident((17, 45), "female" if gender == "female" else "male")
    case = Case(teller, first_day, person)
    case.step(
        "sti-education",
        0,
        chance.pick(("field", "office", "home")),
        topics=["sti-prevention", "syphilis", "hiv"],
        reasons=[chance.pick(("syphilis-suspected", "contact-of-syphilis", "screening"))],
        documents=[paper(case, "leaflet", "handed-over")],
    )
    sent = case.refer("laboratory", 2, ["syphilis-test"], setting="office")
    positive = chance.happens(0.6)
    done = case.day(5)
    rapid = _test("syphilis-rapid", done, positive)
    tests = [rapid, _test("hiv-rapid", done, positive=False)] if chance.happens(0.4) else [rapid]
    expecting = person.person.gender == "female" and chance.happens(0.5)
    found: dict[str, Any] = {"tests": tests}
    if expecting:
        found["pregnancy"] = pregnancy(done - timedelta(days=100), done, confirmed=True, followed=True)
    case.step(
        "syphilis-test",
        6,
        "practice",
        facility=case.places.to("laboratory"),
        findings=found,
        fulfils=[sent],
        reasons=["syphilis-test"],
        topics=["syphilis"],
        outcome="follow-up-needed" if positive else "achieved",
    )
    if positive:
        _treated(case)


def _treated(case: Case) -> None:
    chance, teller = case.chance, case.teller
    titre = chance.pick((8, 16, 32, 64))
    confirmed = [
        _test("syphilis-rpr", case.day(9), positive=True, at=case),
        _test("syphilis-rpr-titre", case.day(9), positive=True, at=case) | {"titre": titre},
        _test("syphilis-treponemal", case.day(9), positive=True, at=case),
    ]
    case.step(
        "syphilis-test",
        10,
        "practice",
        findings={"tests": confirmed},
        reasons=["syphilis-suspected"],
        topics=["syphilis"],
        facility=case.places.to("laboratory"),
        barriers=["stigma", "fear"],
        documents=[paper(case, "test-result", "shown")],
    )
    sent = case.refer(
        "dermato-venereologist", 11, ["syphilis-treatment"], appointment=14, priority="urgent", setting="phone"
    )
    place = case.places.to("dermato-venereologist")
    if place is not None:
        case.step(
            "accompaniment",
            14,
            "hospital" if place.kind == "hospital" else "practice",
            facility=place,
            fulfils=[sent],
            reasons=["syphilis-treatment"],
            outcome="attended",
        )
    partner = teller.cast.resident((18, 50), "male" if case.who.person.gender == "female" else "female")
    case.step(
        "partner-notification",
        16,
        chance.pick(("phone", "field", "home")),
        along=[(partner, "partner")],
        reasons=["contact-of-syphilis"],
        topics=["sti-prevention"],
        outcome=chance.pick(("achieved", "refused", "follow-up-needed")),
    )
    ill: dict[str, Any] = {"code": "syphilis", "verification": "confirmed", "onset": case.day(9).isoformat()}
    case.step(
        "syphilis-follow-up",
        21,
        "practice",
        facility=place,
        findings={"conditions": [ill | {"status": "active"}]},
        reasons=["syphilis-treatment"],
        topics=["syphilis"],
        outcome="follow-up-needed",
    )
    lower = _test("syphilis-rpr-titre", case.day(40), positive=True, at=case) | {"titre": titre // 4}
    case.step(
        "syphilis-follow-up",
        42,
        "practice",
        facility=place,
        reasons=["syphilis-treatment"],
        outcome="achieved",
        findings={
            "conditions": [ill | {"status": "inactive", "ended_on": case.day(40).isoformat()}],
            "tests": [lower],
        },
    )


def congenital(teller: Teller, first_day: date) -> None:
    """Tell of a newborn whose mother had syphilis."""
    mother = teller.cast.resident((17, 35), "female")
    born = first_day - timedelta(days=teller.chance.number(8, 30))
    child = teller.cast.newborn(mother, born, born + timedelta(days=4))
    case = Case(teller, first_day, child)
    ward = case.places.ward("neonatology", "paediatrics")
    test = _test("syphilis-rpr-titre", first_day - timedelta(days=2), positive=True, at=case) | {"titre": 2}
    case.step(
        "congenital-syphilis-follow-up",
        0,
        "home",
        along=[(mother, "mother")],
        reasons=["newborn-check"],
        topics=["syphilis", "newborn-care"],
        findings={"tests": [test]},
        outcome="follow-up-needed",
    )
    sent = case.refer("paediatrician", 2, ["newborn-check", "syphilis-suspected"], appointment=6, priority="urgent")
    place = case.places.to("paediatrician") or ward
    if place is not None:
        case.step(
            "accompaniment",
            6,
            "hospital" if place.kind == "hospital" else "practice",
            facility=place,
            along=[(mother, "mother")],
            reasons=["newborn-check"],
            fulfils=[sent],
            outcome="attended",
        )
    known = {
        "code": "congenital-syphilis",
        "verification": teller.chance.pick(("provisional", "refuted", "confirmed")),
    }
    known["status"] = "inactive" if known["verification"] == "refuted" else "active"
    case.step(
        "congenital-syphilis-follow-up",
        26,
        "home",
        along=[(mother, "mother")],
        topics=["newborn-care"],
        findings={"conditions": [known]},
        reasons=["syphilis-treatment"],
        outcome="achieved",
    )


def _test(kind: str, day: date, positive: bool, at: Case | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": kind,
        "done_on": day.isoformat(),
        "result": "positive" if positive else "negative",
    }
    laboratory = at.places.to("laboratory") if at else None
    return found | ({"facility": laboratory.model_dump(mode="json", exclude_defaults=True)} if laboratory else {})
