"""Visits of distinct people, as mappings get them: checked by the activity model, then plain data."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hm_fhir.activities.model import Activity
from hm_fhir.testing.people import Chance, egn

STREETS = ("ул. Примерна", "ул. Образцова", "бул. Проба")
GIVEN, FAMILY = ("Проба", "Мостра", "Скица", "Азбука"), ("Примерова", "Образцова", "Измислена", "Макетова")
REASONS = ("child-check", "antenatal-check", "missed-immunisation")
DESTINATIONS = ("gp", "gynaecologist")


def activities(number: int, *, first: int = 0) -> list[dict[str, Any]]:
    """Return visits with a person, a referral and a case plan each; every tenth lacks what can be missing.

    Args:
        number: how many.
        first: number of the first one; the same number is the same visit of the same person.
    """
    return [_activity(first + place).for_mapping() for place in range(number)]


def _activity(number: int) -> Activity:
    chance = Chance(number)
    born = date(1850, 1, 1) + timedelta(days=number % 18000)
    person: dict[str, Any] = {
        "identifiers": [{"kind": "egn", "value": egn(born, 2 * (number // 18000) + 1)}],
        "name": {"given": [chance.pick(GIVEN), "Тестова"], "family": chance.pick(FAMILY)},
        "gender": "female",
    }
    full = number % 10 != 0
    if full:
        person |= {
            "phone": f"+359 888 {number % 1000000:06}",
            "language": "bg",
            "address": {
                "ekatte": "07079",
                "settlement": "Бургас",
                "district": "Победа",
                "line": f"{chance.pick(STREETS)} {chance.number(1, 90)}",
            },
        }
    day = date(2026, 1, 5) + timedelta(days=number % 50)
    visit: dict[str, Any] = {
        "system": "benchmark",
        "local_id": f"V-{number}",
        "updated_at": f"{day}T16:40:00+02:00",
        "municipality": {"code": "BGS04", "name": "Бургас", "name_en": "Burgas", "mediators_may_order": ["gp"]},
        "mediator": {"local_id": f"M-{number % 7}", "name": {"given": ["Емилия"], "family": "Образцова"}},
        "type": "home-visit",
        "period": {"start": f"{day}T10:00:00+02:00", "end": f"{day}T10:40:00+02:00"},
        "setting": "home",
        "persons": [person],
        "topics": ["child-health"],
        "reasons": [chance.pick(REASONS)],
        "referral": {
            "destination": chance.pick(DESTINATIONS),
            "facility": {"local_id": f"02010{number % 40:05}", "kind": "gp-practice", "name": "Практика Пример"},
            "reasons": [chance.pick(REASONS)],
        },
        "case_plan": {
            "steps": [
                {"type": "referral", "status": "completed"},
                {"type": "home-visit", "due": f"{day + timedelta(days=30)}", "status": "not-started"},
            ]
        },
        "case_id": f"C-{number}",
    }
    if full:
        visit["note"] = f"Бележка {number}: майката предпочита сутрин."
    return Activity.model_validate(visit)
