"""How a document of the export is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from hm_fhir_burgas import codes
from hm_fhir_burgas.plugin import BurgasSource

from hm_fhir.activities import vocabulary
from hm_fhir.activities.catalogue import TYPES
from hm_fhir.errors import RecordRejected
from hm_fhir.testing.people import egn, wrong_check_digit
from hm_fhir.testing.samples import Reading, read_all, words_found

Make = Callable[..., BurgasSource]
WOMAN = egn(date(2003, 5, 9), 927)
VISIT = {
    "id": "L-1-1",
    "vid": "DP",
    "ot": "2026-01-05T09:30:00+02:00",
    "do": "2026-01-05T10:30:00+02:00",
    "mediator": "B01",
    "miasto": "DOM",
    "promiana": "2026-01-05T16:05:00+02:00",
}
DOCUMENT = {
    "lice": {
        "id": "L-1",
        "egn": WOMAN,
        "ime": "Проба",
        "prezime": "Тестова",
        "familia": "Примерова",
        "pol": "Ж",
        "tel": "+359 000 777777",
        "ekatte": "07079",
    },
    "sluchai": "SL-1",
    "poseshtenia": [VISIT],
}


@pytest.fixture
def read(tmp_path: Path, source: Make) -> Callable[..., Reading]:
    def documents(*found: Any) -> Reading:
        path = tmp_path / "export.ndjson"
        path.write_text(
            "".join(f"{one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)}\n" for one in found),
            encoding="utf-8",
        )
        return read_all(source(path))

    return documents


Read = Callable[..., Reading]


def visits(*changes: dict[str, Any], **person: Any) -> dict[str, Any]:
    return {
        **deepcopy(DOCUMENT),
        "lice": {**DOCUMENT["lice"], **person},  # type: ignore[dict-item]
        "poseshtenia": [{**VISIT, **one} for one in changes or ({},)],
    }


def rejected(read: Read, document: Any) -> RecordRejected:
    reading = read(document)
    assert reading.activities == ()
    return reading.rejections[0]


def test_a_home_visit(read: Read) -> None:
    (visit,) = read(visits({"temi": ["IMU", "HIG"], "izhod": "da", "sled": ["L-0-1"]})).activities
    assert (visit.type, visit.setting, visit.status, visit.outcome) == ("home-visit", "home", "completed", "achieved")
    assert (visit.topics, visit.follows, visit.case_id) == (("immunisation", "hygiene"), ("L-0-1",), "SL-1")
    assert visit.period.start == datetime.fromisoformat("2026-01-05T09:30:00+02:00")
    assert visit.period.end == datetime.fromisoformat("2026-01-05T10:30:00+02:00")
    assert visit.municipality.code == "BGS04"
    (person,) = visit.persons
    assert person.identifiers[0].value == WOMAN
    assert WOMAN.startswith("0")
    assert (person.local_id, person.birth_date, person.gender) == ("L-1", date(2003, 5, 9), "female")
    assert person.address is not None
    assert person.address.ekatte == "07079"


def test_every_visit_of_a_document_is_one_record(tmp_path: Path, source: Make, read: Read) -> None:
    read(visits({"id": "1"}, {"id": "2"}), visits({"id": "3"}))
    places = [record.place for record in source(tmp_path / "export.ndjson").records()]
    assert places == ["export.ndjson:1 visit 1", "export.ndjson:1 visit 2", "export.ndjson:2 visit 1"]


def test_one_wrong_visit_leaves_the_others_of_the_document(read: Read) -> None:
    reading = read(visits({"id": "1"}, {"id": "2", "vid": "XXX"}, {"id": "3"}))
    assert [one.local_id for one in reading.activities] == ["1", "3"]
    assert [(error.code, error.place) for error in reading.rejections] == [
        ("unknown-code", "export.ndjson:1 visit 2")
    ]


def test_a_wrong_person_rejects_each_visit(read: Read) -> None:
    reading = read(visits({"id": "1"}, {"id": "2"}, egn=wrong_check_digit(WOMAN)))
    assert [error.code for error in reading.rejections] == ["invalid-activity", "invalid-activity"]


def test_a_broken_line_is_one_rejected_record(read: Read) -> None:
    reading = read('{"lice": {"egn": "' + WOMAN, visits())
    assert [(error.code, error.place) for error in reading.rejections] == [("unreadable", "export.ndjson:1")]
    assert len(reading.activities) == 1


def test_a_person_who_was_never_visited_is_no_record(read: Read) -> None:
    reading = read({**DOCUMENT, "poseshtenia": []})
    assert (reading.activities, reading.rejections) == ((), ())


@pytest.mark.parametrize("found", [None, "nobody", {"id": "1"}])
def test_visits_that_are_no_list_are_rejected(read: Read, found: Any) -> None:
    assert rejected(read, {**DOCUMENT, "poseshtenia": found}).code == "wrong-kind"


@pytest.mark.parametrize("found", [3, "visit", [1], True])
def test_a_visit_that_is_no_object_is_rejected(read: Read, found: Any) -> None:
    error = rejected(read, {**DOCUMENT, "poseshtenia": [found]})
    assert (error.code, error.place) == ("wrong-kind", "export.ndjson:1 visit 1")


def test_a_correction_of_the_person_makes_each_visit_newer(read: Read) -> None:
    before = read(visits({"id": "1"}, {"id": "2"})).activities
    after = read(visits({"id": "1"}, {"id": "2"}, tel="+359 000 1", promiana="2026-02-01T08:00:00+02:00")).activities
    assert all(new.version_key > old.version_key for old, new in zip(before, after, strict=True))
    assert [one.key for one in before] == [one.key for one in after]


def test_a_number_that_lost_its_zero_is_refused_and_not_repaired(read: Read) -> None:
    assert rejected(read, visits(egn=int(WOMAN))).code == "invalid-activity"


def test_a_referral(read: Read) -> None:
    found = {
        "kam": "AG",
        "zavedenie": "AG-2",
        "prichini": ["ZK"],
        "prioritet": "S",
        "nrn": "260000000001",
        "chas": "2026-01-12T10:30:00+02:00",
    }
    (visit,) = read(visits({"vid": "NAS", "nasochvane": found})).activities
    assert visit.referral is not None
    assert (visit.referral.destination, visit.referral.priority) == ("gynaecologist", "urgent")
    assert visit.referral.facility is not None
    assert visit.referral.facility.local_id == "AG-2"
    assert visit.referral.appointment is not None


def test_pregnancy_and_tests_in_a_ward(read: Read) -> None:
    found = {
        "vid": "TSF",
        "miasto": "BOL",
        "zavedenie": "BOL-AG",
        "bremennost": {"status": "B", "potvardena": True, "pm": "2025-11-01", "sedmica": 9, "prosledena": False},
        "testove": [
            {"vid": "RPR", "data": "2026-01-05", "rezultat": "P", "zavedenie": "BOL-LAB"},
            {"vid": "RPR-T", "data": "2026-01-05", "rezultat": "P", "titar": 8},
        ],
    }
    (visit,) = read(visits(found)).activities
    assert visit.facility is not None
    assert visit.facility.ward == "Акушерство и гинекология"
    pregnancy, (first, second) = visit.findings.pregnancy, visit.findings.tests
    assert pregnancy is not None
    assert (pregnancy.confirmed, pregnancy.gestational_age_weeks, pregnancy.antenatal_care) == (True, 9, False)
    assert first.facility is not None
    assert (first.kind, first.result, first.facility.kind) == ("syphilis-rpr", "positive", "laboratory")
    assert (second.kind, second.titre) == ("syphilis-rpr-titre", 8)


def test_a_plan(read: Read) -> None:
    plan = {"celi": [{"cel": "OPL", "do": "2026-02-01"}], "stapki": [{"vid": "DP"}]}
    (visit,) = read(visits({"vid": "PLN", "plan": plan})).activities
    assert visit.case_plan is not None
    assert [(goal.code, goal.due) for goal in visit.case_plan.goals] == [("gp-chosen", date(2026, 2, 1))]
    assert [step.type for step in visit.case_plan.steps] == ["home-visit"]


def test_a_talk_has_a_group(read: Read) -> None:
    document = {"grupa": {"id": "G-1", "broi": 24, "jeni": 10}, "poseshtenia": [{**VISIT, "vid": "BES"}]}
    (talk,) = read(document).activities
    assert talk.group is not None
    assert (talk.group.size, talk.group.women, talk.persons) == (24, 10, ())


@pytest.mark.parametrize(("word", "status"), sorted(codes.STATUSES.items()))
def test_status_words(read: Read, word: str, status: str) -> None:
    (visit,) = read(visits({"status": word.upper()})).activities
    assert visit.status == status


@pytest.mark.parametrize("field", ["id", "vid", "ot", "mediator", "miasto", "promiana"])
@pytest.mark.parametrize("nothing", ["", "  ", None])
def test_an_empty_obligatory_field_is_named(read: Read, field: str, nothing: Any) -> None:
    error = rejected(read, visits({field: nothing}))
    assert (error.code, error.place) == ("empty", "export.ndjson:1 visit 1")
    assert f"poseshtenia.{field}" in error.message


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mediator": "B99"}, "unknown-mediator"),
        ({"zavedenie": "BOL-99"}, "unknown-facility"),
        ({"testove": [{"vid": "RPR", "zavedenie": "BOL-99"}]}, "unknown-facility"),
        ({"temi": ["ТАЙНА"]}, "unknown-code"),
        ({"temi": [{"ТАЙНА": 1}]}, "unknown-code"),
        ({"temi": {"ТАЙНА": 1}}, "wrong-kind"),
        ({"ot": "2026-01-05"}, "wrong-date"),
        ({"ot": "05.01.2026 09:30"}, "wrong-date"),
        ({"ot": 1767600000}, "wrong-date"),
        ({"do": "2026-01-05T08:30:00+02:00"}, "invalid-activity"),
        ({"bremennost": "ТАЙНА"}, "wrong-kind"),
        ({"bremennost": {"status": "B", "potvardena": "ТАЙНА"}}, "wrong-kind"),
        ({"bremennost": {"status": "B", "sedmica": "ТАЙНА"}}, "invalid-activity"),
        ({"nasochvane": {"kam": "ТАЙНА"}}, "unknown-code"),
        ({"nasochvane": {"nrn": "260000000001"}}, "invalid-activity"),
        ({"testove": {"vid": "RPR"}}, "wrong-kind"),
    ],
)
def test_a_rejection_has_code_and_place_and_shows_no_value(read: Read, changes: dict[str, Any], code: str) -> None:
    error = rejected(read, visits({"belejka": "Шушукане", **changes}, ime="Скрита"))
    assert (error.code, error.place) == (code, "export.ndjson:1 visit 1")
    secret = [
        "Скрит",
        "Примерова",
        "777777",
        "Шушукане",
        WOMAN,
        "ТАЙНА",
        "B99",
        "BOL-99",
        "1767600000",
        "260000000001",
    ]
    assert words_found(secret, [str(error), repr(error), error.message, error.fix or ""]) == []


def test_a_directory_of_the_deployment_replaces_the_packaged_one(tmp_path: Path, source: Make, read: Read) -> None:
    read(visits({"mediator": "7"}))
    (tmp_path / "people.yaml").write_text(
        'municipality: {code: BGS04, name: Бургас}\nmediators: {"7": {given: [Мостра]}}\n', encoding="utf-8"
    )
    (visit,) = read_all(source(tmp_path / "export.ndjson", directory="people.yaml")).activities
    assert visit.mediator.name.given == ("Мостра",)


@pytest.mark.parametrize(
    ("table", "known"),
    [
        (codes.TYPES, TYPES),
        (codes.SETTINGS, vocabulary.SETTINGS),
        (codes.TOPICS, vocabulary.TOPICS),
        (codes.REASONS, vocabulary.REASONS),
        (codes.BARRIERS, vocabulary.BARRIERS),
        (codes.DESTINATIONS, vocabulary.DESTINATIONS),
        (codes.TESTS, vocabulary.TESTS),
        (codes.GOALS, vocabulary.GOALS),
        (codes.OUTCOMES, vocabulary.OUTCOMES),
    ],
    ids=lambda value: getattr(value, "name", "codes"),
)
def test_every_word_stands_for_a_code_that_exists(table: dict[str, str], known: vocabulary.Vocabulary) -> None:
    assert set(table.values()) <= set(known.terms)
    assert all(word == " ".join(word.split()).casefold() for word in table)


def test_every_activity_type_has_a_word() -> None:
    assert set(codes.TYPES.values()) == set(TYPES.terms)


def test_the_entry_point_brings_the_source() -> None:
    (point,) = entry_points(group="hm_fhir", name="burgas")
    (spec,) = point.load().hm_fhir_sources()
    assert (spec.name, spec.open) == ("burgas", BurgasSource)
