"""The directory of a municipality."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.sources.directory import Directory

GOOD = """
municipality: {code: SFO39, name: Самоков, name_en: Samokov, ekatte: "65231"}
mediators:
  M1: {given: [Мостра, Тестова], family: Примерова, phone: "+359 000 1"}
  "007": {family: Образцов}
facilities:
  МБАЛ:
    kind: hospital
    name: Примерна болница
    ward: Детско отделение
    address: {ekatte: 07079, settlement: Бургас}
"""


def directory(folder: Path, text: str) -> Directory:
    path = folder / "directory.yaml"
    path.write_text(text, encoding="utf-8")
    return Directory(path)


def test_municipality_mediators_and_facilities_are_found_by_their_codes(tmp_path: Path) -> None:
    found = directory(tmp_path, GOOD)
    assert found.municipality.code == "SFO39"
    mediator = found.mediator("M1")
    assert (mediator.local_id, mediator.name.given, mediator.name.family) == (
        "M1",
        ("Мостра", "Тестова"),
        "Примерова",
    )
    assert mediator.phone == "+359 000 1"
    assert found.mediator("007").local_id == "007"
    facility = found.facility("МБАЛ")
    assert (facility.local_id, facility.kind, facility.ward) == ("МБАЛ", "hospital", "Детско отделение")
    assert facility.address is not None
    assert facility.address.ekatte == "07079"


SERVED = """
municipality: {code: SFO39, name: Самоков}
mediators:
  M1:
    family: Примерова
    areas:
      - {ekatte: "65231", settlement: Самоков, district: Примерен}
      - {ekatte: "15285", settlement: Говедарци}
    offices:
      - КАБ
      - {local_id: ЧИТ, name: Стая в читалището}
    hours:
      - {days: [mon, tue], from: 08:30, to: "17:00"}
  M2: {family: Образцова, offices: [ЧИТ], areas: [{ekatte: "65231", settlement: Самоков}]}
facilities:
  КАБ: {kind: office, name: Кабинет}
  МБАЛ: {kind: hospital, name: Примерна болница}
"""


def test_a_mediator_has_areas_offices_and_hours(tmp_path: Path) -> None:
    found = directory(tmp_path, SERVED)
    mediator = found.mediators["M1"]

    assert [(area.ekatte, area.settlement, area.district) for area in mediator.areas] == [
        ("65231", "Самоков", "Примерен"),
        ("15285", "Говедарци", None),
    ]
    assert mediator.offices == (found.facility("КАБ"), found.facility("ЧИТ"))
    assert [(one.days, one.start, one.end) for one in mediator.hours] == [(("mon", "tue"), time(8, 30), time(17))]
    assert found.mediators["M2"].offices == (found.facility("ЧИТ"),)
    assert set(found.facilities) == {"КАБ", "ЧИТ", "МБАЛ"}


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("- КАБ", "- КАВ", ["'M1'", "'КАВ'", "no facility has this code"]),
        ("- КАБ", "- МБАЛ", ["'M1'", "kind office"]),
        ("offices: [ЧИТ]", "offices: [ЧИТ, ЧИТ]", ["'M2'", "an office stands twice"]),
        ("offices: [ЧИТ]", "offices: [{local_id: КАБ, name: Друг}]", ["'M2'", "differently"]),
        ("local_id: ЧИТ, name", "local_id: ЧИТ, nam", ["mediators.M1.offices.1", "did you mean 'name'?"]),
        ("offices: [ЧИТ]", "offices: [7]", ["mediators.M2.offices.0"]),
        ("from: 08:30", "form: 08:30", ["mediators.M1.hours.0.form", "did you mean 'from'?"]),
        ("from: 08:30", "from: 18:30", ["'M1'", "working hours end after they begin"]),
        ("[mon, tue]", "[mon, mo]", ["mediators.M1.hours.0.days.1", "'tue'"]),
        ("[mon, tue]", "[]", ["'M1'", "at least 1"]),
        ('"65231", settlement: Самоков}', '"65231", settlement: София}', ["65231", "two names"]),
        ('"15285"', "15285", ["mediators.M1.areas.1.ekatte", "string"]),
    ],
)
def test_mistakes_about_offices_areas_and_hours_are_named(
    tmp_path: Path, right: str, wrong: str, words: list[str]
) -> None:
    assert right in SERVED
    with pytest.raises(SettingsError) as caught:
        directory(tmp_path, SERVED.replace(right, wrong))
    assert all(word in str(caught.value) for word in [*words, "directory.yaml"])


def test_an_office_may_be_written_out_twice_alike(tmp_path: Path) -> None:
    again = SERVED.replace("offices: [ЧИТ]", "offices: [{local_id: ЧИТ, name: Стая в читалището}]")
    found = directory(tmp_path, again)
    assert found.mediators["M1"].offices[1] == found.mediators["M2"].offices[0]


def test_a_municipality_may_have_no_facilities(tmp_path: Path) -> None:
    found = directory(tmp_path, GOOD.split("facilities:")[0])
    with pytest.raises(RecordRejected):
        found.facility("МБАЛ")


def test_what_is_not_in_the_directory_is_a_rejection_without_the_value(tmp_path: Path) -> None:
    found = directory(tmp_path, GOOD)
    for find, code in ((found.mediator, "unknown-mediator"), (found.facility, "unknown-facility")):
        with pytest.raises(RecordRejected) as caught:
            find("Скрита")
        assert caught.value.code == code
        assert "Скрита" not in str(caught.value)
        assert "directory.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (GOOD.replace("family: Образцов", "famly: Образцов"), ["mediators.007.famly", "did you mean 'family'?"]),
        (GOOD.replace("{family: Образцов}", "{}"), ["mediators.007: ", "given or a family name"]),
        (GOOD.replace("{family: Образцов}", "Образцов"), ["mediators.007"]),
        (GOOD.replace("kind: hospital", "kind: hospitl"), ["facilities.МБАЛ.kind", "'hospital'"]),
        (GOOD.replace("code: SFO39", "code: Самоков"), ["municipality.code"]),
        (GOOD.replace('ekatte: "65231"', "ekatte: 65231"), ["municipality.ekatte", "string"]),
        (GOOD.replace("facilities:", "facilites:"), ["facilites", "did you mean 'facilities'?"]),
        (GOOD.replace('"007":', '"":'), ["a key is empty"]),
        ("- 1", ["dictionary"]),
    ],
    ids=range(9),
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, wrong: str, words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        directory(tmp_path, wrong)
    assert all(word in str(caught.value) for word in [*words, "directory.yaml"])


def test_all_mistakes_are_named_together(tmp_path: Path) -> None:
    wrong = GOOD.replace("kind: hospital", "kind: x").replace("code: SFO39", "code: x")
    with pytest.raises(SettingsError, match=r"(?s)municipality.code.*facilities.МБАЛ.kind"):
        directory(tmp_path, wrong)


def test_a_number_that_stands_twice_and_a_missing_file_are_settings_errors(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        directory(tmp_path, GOOD.replace('"007":', "M1:"))
    with pytest.raises(SettingsError, match=r"none\.yaml"):
        Directory(tmp_path / "none.yaml")
