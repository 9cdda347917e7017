"""Known by one number first, by a stronger one later: one person at the server, and two linked records."""

from __future__ import annotations

import shutil
from datetime import date
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.model import Activity
from hm_fhir.outbox.entry import State
from hm_fhir.testing import FhirServer
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.people import egn, lnch

SAMOKOV = {"code": "SFO39", "name": "Самоков"}
BURGAS = {"code": "BGS04", "name": "Бургас"}
EGN = {"kind": "egn", "value": egn(date(1888, 8, 8), 941)}
OTHER_EGN = {"kind": "egn", "value": egn(date(1877, 7, 7), 943)}
LNCH = {"kind": "lnch", "value": lnch(700_100_200)}
NEWBORN = {"kind": "nhis-newborn", "value": "N123456789"}
PASSPORT = {"kind": "passport", "value": "X00000001"}

Seen = dict[str, dict[str, Any]]


@pytest.fixture
def deployment(tmp_path: Path, fhir_server: FhirServer) -> Deployment:
    return deployment_to(fhir_server, tmp_path)


def deployment_to(server: FhirServer, folder: Path) -> Deployment:
    return Deployment(folder).target("hospital", server.url, quick_attempts=1, timeout_seconds=5)


def visit(local_id: str, day: int, *numbers: dict[str, str], **more: Any) -> dict[str, Any]:
    """Return a visit, changed on a day of March, to a person with these numbers."""
    name = more.pop("name", {"given": ["Проба"]})
    person = {"identifiers": list(numbers), "name": name, **more.pop("person", {})}
    return {
        "system": "register",
        "local_id": local_id,
        "updated_at": f"2026-03-{day:02}T10:00:00+02:00",
        "municipality": SAMOKOV,
        "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
        "type": "home-visit",
        "period": {"start": "2026-02-01"},
        "persons": [person],
        "setting": "home",
        **more,
    }


def run(deployment: Deployment, *activities: dict[str, Any]) -> None:
    """Take activities into the outbox, and deliver what waits."""
    with deployment.app() as app:
        for one in activities:
            app.submit(Activity.model_validate(one))
        app.deliver()
        assert app.store.counts()["hospital"].states[State.WAITING] == 0
        assert app.store.counts()["hospital"].states[State.PARKED] == 0


def numbers(patient: dict[str, Any]) -> set[str]:
    """Return the kinds of the numbers that a Patient has."""
    codings = [coding for one in patient["identifier"] for coding in one.get("type", {}).get("coding", ())]
    return {coding["code"] for coding in codings if coding["system"].endswith("identifier-kind")}


def patients(server: FhirServer) -> Seen:
    """Return the Patients by the key of their strongest number: state, and where their links lead."""
    found = [one for one in server.resources.values() if one["resourceType"] == "Patient"]
    name_of = {f"Patient/{one['id']}": "+".join(sorted(numbers(one))) or "local" for one in found}
    links = {
        name_of[f"Patient/{one['id']}"]: {
            "active": one["active"],
            "links": sorted((link["type"], name_of[link["other"]["reference"]]) for link in one.get("link", ())),
            "named": "name" in one,
        }
        for one in found
    }
    assert len(links) == len(found)
    return links


def whole(server: FhirServer) -> dict[str, Any]:
    """Return all resources without what the server adds."""
    return {
        key: {name: value for name, value in resource.items() if name != "meta"}
        for key, resource in server.resources.items()
    }


LINKED: Seen = {
    "egn+lnch": {"active": True, "links": [("replaces", "lnch")], "named": True},
    "lnch": {"active": False, "links": [("replaced-by", "egn+lnch")], "named": False},
}


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_two_records_are_linked_in_whatever_order_they_arrive(
    order: tuple[int, ...], deployment: Deployment, fhir_server: FhirServer
) -> None:
    first = visit("first", 1, LNCH)
    both = visit("both", 3, LNCH, EGN, municipality=BURGAS)
    late = visit("late", 5, LNCH, name={"given": ["Скица"]})  # whoever wrote it did not know of the EGN
    told = [first, both, late]

    for place in order:
        run(deployment, told[place])

    assert patients(fhir_server) == LINKED
    subjects = [one["subject"] for one in fhir_server.resources.values() if one["resourceType"] == "Encounter"]
    assert len({one["reference"] for one in subjects}) == 2


def test_all_orders_and_all_divisions_into_runs_end_in_one_state(tmp_path: Path) -> None:
    told = [
        visit("a", 1, PASSPORT),
        visit("b", 2, PASSPORT, LNCH, municipality=BURGAS),
        visit("c", 3, LNCH, EGN),
        visit("d", 4, LNCH),
    ]
    divisions = ((4,), (1, 3), (2, 2), (1, 1, 1, 1))
    key = Deployment(tmp_path).folder / "keys" / "identity.key"
    states = []
    for number, order in enumerate(list(permutations(told))[::3]):
        with FhirServer() as server:
            deployment = deployment_to(server, tmp_path / str(number))
            shutil.copy(key, deployment.folder / "keys" / "identity.key")
            left = iter(order)
            for size in divisions[number % len(divisions)]:
                run(deployment, *islice(left, size))
            states.append(whole(server))
            seen = patients(server)
        assert seen == {
            "egn+lnch": {"active": True, "links": [("replaces", "lnch")], "named": True},
            "lnch": {"active": False, "links": [("replaced-by", "egn+lnch")], "named": False},
            "passport": {"active": False, "links": [("replaced-by", "lnch")], "named": False},
        }

    assert all(one == states[0] for one in states)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (1, 2, 0)], ids=str)
def test_a_number_that_was_a_typing_error_links_nobody(
    order: tuple[int, ...], deployment: Deployment, fhir_server: FhirServer
) -> None:
    whose_it_is = visit("whose it is", 1, LNCH)
    wrong = visit("wrong", 3, LNCH, EGN)
    corrected = visit("wrong", 5, EGN)
    told = [whose_it_is, wrong, corrected]

    for place in order:
        run(deployment, told[place])

    assert patients(fhir_server) == {
        "egn": {"active": True, "links": [], "named": True},
        "lnch": {"active": True, "links": [], "named": True},
    }


def test_a_stronger_number_that_was_a_typing_error_stands_for_nobody(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    run(deployment, visit("a", 1, LNCH), visit("b", 3, LNCH, EGN))
    run(deployment, visit("b", 5, LNCH))

    assert patients(fhir_server) == {
        "egn+lnch": {"active": False, "links": [], "named": True},
        "lnch": {"active": True, "links": [], "named": True},
    }


def test_whoever_has_the_wrong_number_gets_back_what_others_know_of_them(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    right = visit("right", 1, OTHER_EGN, name={"given": ["Скица"]})
    run(deployment, right)
    run(deployment, visit("wrong", 3, LNCH, OTHER_EGN))
    run(deployment, visit("wrong", 5, LNCH, EGN))

    seen = patients(fhir_server)
    assert seen["egn"] == {"active": True, "links": [], "named": True}
    assert {name: one for name, one in seen.items() if name != "egn"} == LINKED
    (name,) = [one["name"] for one in fhir_server.resources.values() if numbers_of(one) == {"egn"}]
    assert name == [{"given": ["Скица"]}]


def numbers_of(resource: dict[str, Any]) -> set[str]:
    return numbers(resource) if resource["resourceType"] == "Patient" else set()


def test_two_who_say_it_must_both_take_it_back(deployment: Deployment, fhir_server: FhirServer) -> None:
    run(deployment, visit("a", 1, LNCH), visit("b", 2, LNCH, EGN), visit("c", 3, LNCH, EGN))
    run(deployment, visit("b", 4, EGN))
    assert patients(fhir_server)["lnch"]["active"] is False

    run(deployment, visit("c", 5, EGN))
    assert patients(fhir_server) == {
        "egn": {"active": True, "links": [], "named": True},
        "lnch": {"active": True, "links": [], "named": True},
    }


@pytest.mark.parametrize("stronger", [EGN, LNCH], ids=lambda one: one["kind"])
def test_the_temporary_number_of_a_newborn_is_replaced(
    stronger: dict[str, str], deployment: Deployment, fhir_server: FhirServer
) -> None:
    run(deployment, visit("a", 1, NEWBORN))
    run(deployment, visit("b", 2, stronger, NEWBORN))

    seen = patients(fhir_server)
    assert seen["nhis-newborn"]["links"] == [("replaced-by", f"{stronger['kind']}+nhis-newborn")]
    assert seen["nhis-newborn"]["active"] is False


def test_a_later_record_with_the_strong_number_alone_leaves_the_replaced_one(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    run(deployment, visit("a", 1, LNCH), visit("b", 2, LNCH, EGN))
    run(deployment, visit("c", 3, EGN))

    assert patients(fhir_server)["lnch"] == {"active": False, "links": [("replaced-by", "egn")], "named": False}


def test_local_records_that_were_merged_are_linked(deployment: Deployment, fhir_server: FhirServer) -> None:
    run(deployment, visit("a", 1, person={"local_id": "17"}), visit("b", 2, person={"local_id": "18"}))
    before = {key for key in fhir_server.resources if key.startswith("Patient/")}

    run(deployment, visit("c", 3, person={"local_id": "18", "formerly": ["17"]}))
    run(deployment, visit("d", 4, person={"local_id": "17"}))

    after = {key: one for key, one in fhir_server.resources.items() if key.startswith("Patient/")}
    assert after.keys() == before
    (gone,) = [key for key, one in after.items() if not one["active"]]
    (left,) = after.keys() - {gone}
    assert [(one["type"], one["other"]["reference"]) for one in after[left]["link"]] == [("replaces", gone)]
    assert [(one["type"], one["other"]["reference"]) for one in after[gone]["link"]] == [("replaced-by", left)]


def test_somebody_who_gets_a_national_number_is_linked_where_the_source_says_so(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    person = {"local_id": "17", "formerly": ["17"]}
    run(deployment, visit("a", 1, person=person))
    assert patients(fhir_server) == {"local": {"active": True, "links": [], "named": True}}

    run(deployment, visit("b", 2, EGN, person=person))
    assert patients(fhir_server) == {
        "egn": {"active": True, "links": [("replaces", "local")], "named": True},
        "local": {"active": False, "links": [("replaced-by", "egn")], "named": False},
    }


def test_two_municipalities_that_know_one_egn_know_one_person(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    here = visit("here", 1, EGN, person={"local_id": "17"})
    there = visit("there", 2, EGN, person={"local_id": "2026/4"}, municipality=BURGAS)
    run(deployment, here, there)

    assert patients(fhir_server) == {"egn": {"active": True, "links": [], "named": True}}
    encounters = [one for one in fhir_server.resources.values() if one["resourceType"] == "Encounter"]
    assert len({one["serviceProvider"]["reference"] for one in encounters}) == 2
    assert len({one["subject"]["reference"] for one in encounters}) == 1


def test_a_consent_that_is_withdrawn_under_the_strong_number_ends_that_of_the_weak_one(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    run(deployment, visit("a", 1, LNCH, consent={"decision": "given", "on": "2026-03-01"}))
    run(deployment, visit("b", 2, LNCH, EGN, consent={"decision": "withdrawn", "on": "2026-03-02"}))

    consents = [one for one in fhir_server.resources.values() if one["resourceType"] == "Consent"]
    assert [one["status"] for one in consents] == ["inactive", "inactive"]
    assert len({one["patient"]["reference"] for one in consents}) == 1
