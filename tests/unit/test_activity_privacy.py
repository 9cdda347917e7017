"""No error and no `repr` of an activity shows what a record holds, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from hm_fhir.activities.model import Activity, rejected

EGN, NAME, PHONE = "6808070004", "Проба-Маркер Образцова", "+359888000999"
PLANTED = [EGN, NAME, PHONE, "Маркер", "88800"]

FULL: dict[str, Any] = {
    "system": "register",
    "local_id": f"A-{EGN}",
    "updated_at": "2026-03-02T12:00:00+02:00",
    "version": 3,
    "municipality": {"code": "SFO39", "name": "Самоков", "name_en": "Samokov", "ekatte": "65231"},
    "mediator": {"local_id": f"M-{EGN}", "name": {"given": [NAME], "family": NAME}, "phone": PHONE},
    "type": "home-visit",
    "status": "completed",
    "period": {"start": "2026-03-02T10:00:00+02:00", "end": "2026-03-02T11:00:00+02:00"},
    "setting": "home",
    "facility": {
        "local_id": EGN,
        "kind": "hospital",
        "name": f"д-р {NAME}",
        "ward": "АГ",
        "specialty": "surgery",
        "phone": PHONE,
        "address": {"ekatte": "65231", "settlement": "Самоков", "line": NAME},
    },
    "hospital_stay": f"IZ-{EGN}",
    "persons": [
        {
            "local_id": f"K-{EGN}",
            "identifiers": [{"kind": "egn", "value": EGN}],
            "name": {"given": [NAME], "family": NAME},
            "birth_date": "1968-08-07",
            "gender": "female",
            "phone": PHONE,
            "address": {"ekatte": "65231", "settlement": NAME, "district": NAME, "line": NAME},
            "language": "bg",
            "role": "subject",
        }
    ],
    "topics": ["hygiene"],
    "reasons": ["no-gp"],
    "barriers": ["language"],
    "findings": {
        "pregnancy": {"status": "pregnant", "last_menstrual_period": "2026-01-05", "gravida": 2},
        "tests": [{"kind": "syphilis-rapid", "done_on": "2026-03-02", "result": "negative", "titre": 8}],
        "conditions": [{"code": "syphilis", "onset": "2026-01-01"}],
        "immunisations": [{"vaccine": f"{NAME}", "status": "due"}],
        "measurements": [{"kind": "body-weight", "value": "61", "unit": "kg"}],
    },
    "outcome": "achieved",
    "referral": {
        "destination": "gp",
        "reasons": ["no-gp"],
        "priority": "routine",
        "nrn": f"{EGN}AA",
        "appointment": {"start": "2026-03-05T09:00:00+02:00"},
        "facility": {"local_id": EGN, "kind": "gp-practice", "name": NAME},
    },
    "case_plan": {
        "goals": [{"code": "gp-chosen", "due": "2026-04-01"}],
        "steps": [{"type": "home-visit", "due": "2026-04-01"}],
    },
    "documents": [{"kind": "identity-card", "step": "shown", "dated": "2020-01-01"}],
    "consent": {"decision": "given", "on": "2026-03-01", "reference": f"С-{EGN}"},
    "case_id": f"C-{EGN}",
    "fulfils": [f"A-{EGN}"],
    "follows": [f"A-{EGN}"],
    "note": f"{NAME} {PHONE}",
    "sensitivity": ["SEX"],
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of the document: objects, lists and what stands in them."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in inner:
        yield (*path, step)
        yield from places(part, (*path, step))


def with_value(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """The full activity with another value at a place."""
    data: Any = deepcopy(FULL)
    part = data
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    made: dict[str, Any] = data
    return made


def shown(error: ValidationError) -> list[str]:
    rejection = rejected(error, place="visits.csv:17")
    return [str(rejection), repr(rejection), repr(rejection.args), str(error)]


def test_the_full_activity_is_valid() -> None:
    made = Activity.model_validate(FULL)
    assert set(made.model_fields_set) == set(Activity.model_fields) - {"group"}


@pytest.mark.parametrize("path", list(places(FULL)), ids=lambda path: ".".join(map(str, path)))
def test_a_wrong_value_is_never_shown_wherever_it_stands(path: tuple[str | int, ...]) -> None:
    refused = 0
    for wrong in (EGN, NAME, PHONE, [NAME], {"value": EGN}, [{"kind": EGN, "value": PHONE}], int(EGN), f"{NAME}\x00"):
        try:
            Activity.model_validate(with_value(path, wrong))
        except ValidationError as error:
            refused += 1
            for text in shown(error):
                assert not [planted for planted in PLANTED if planted in text], text
    assert refused, "every place refuses something"


@pytest.mark.parametrize("key", [EGN, NAME, PHONE])
@pytest.mark.parametrize(
    "path", [path for path in places(FULL) if isinstance(path[-1], str)], ids=lambda path: ".".join(map(str, path))
)
def test_an_unknown_field_is_not_named_since_it_may_be_a_value(path: tuple[str | int, ...], key: str) -> None:
    # A table that is read without its headings has people for headings.
    with pytest.raises(ValidationError) as refused:
        Activity.model_validate(with_value((*path[:-1], key), "x"))
    rejection = rejected(refused.value)
    assert "unknown field; known: " in str(rejection)
    assert key not in str(rejection)


def test_the_nearest_known_field_is_told_instead() -> None:
    with pytest.raises(ValidationError) as refused:
        Activity.model_validate(with_value(("persons", 0, "birthdate"), "1968-08-07"))
    assert str(rejected(refused.value)) == "persons.0: unknown field; did you mean 'birth_date'?"


def test_a_rejection_names_every_field_and_rule() -> None:
    data = with_value(("persons", 0, "identifiers", 0, "value"), "6808070005")
    data["topics"] = ["hygene"]
    del data["mediator"]
    with pytest.raises(ValidationError) as refused:
        Activity.model_validate(data)
    rejection = rejected(refused.value, place="visits.csv:17")
    assert rejection.code == "invalid-activity"
    assert rejection.place == "visits.csv:17"
    assert str(rejection) == (
        "visits.csv:17: mediator: Field required; "
        "persons.0.identifiers.0: not a valid EGN (length, date or check digit); "
        "topics.0: unknown topic; did you mean 'hygiene'?"
    )


def test_the_repr_of_an_activity_shows_nobody() -> None:
    made = Activity.model_validate(FULL)
    for text in (repr(made), str(made), f"{made}"):
        assert not [planted for planted in PLANTED if planted in text], text
        assert "1968" not in text
        assert "pregnant" not in text
    assert "home-visit" in repr(made)


@pytest.mark.parametrize("part", ["mediator", "facility", "referral", "persons", "consent", "findings"])
def test_the_repr_of_a_part_shows_nobody(part: str) -> None:
    text = repr(getattr(Activity.model_validate(FULL), part))
    assert not [planted for planted in PLANTED if planted in text], text
