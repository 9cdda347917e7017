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
    ("right", "wrong", "place", "words"),
    [
        ("- КАБ", "- КАВ", "10:9", "the mediator 'M1' has the office 'КАВ', and no facility has this code"),
        ("- КАБ", "- МБАЛ", "4:3", "kind office"),
        ("offices: [ЧИТ]", "offices: [ЧИТ, ЧИТ]", "14:3", "an office stands twice"),
        ("offices: [ЧИТ]", "offices: [{local_id: КАБ, name: Друг}]", "14:37", "differently"),
        ("local_id: ЧИТ, name", "local_id: ЧИТ, nam", "11:25", "nam is not known here (did you mean 'name'?)"),
        ("local_id: ЧИТ, name", "local_id: ЧИТ, nam", "11:9", "name is missing (add name)"),
        ("offices: [ЧИТ]", "offices: [7]", "14:37", "offices must be an object"),
        ("from: 08:30", "form: 08:30", "13:28", "form is not known here (did you mean 'from'?)"),
        ("from: 08:30", "from: 18:30", "13:9", "working hours end after they begin"),
        ("from: 08:30", "from: 8.30", "13:34", "from: a time of day is written hh:mm"),
        ("[mon, tue]", "[mon, tu]", "13:22", "days must be 'mon', 'tue', "),
        ("[mon, tue]", "[mon, tu]", "13:22", "(did you mean 'tue'?)"),
        ("[mon, tue]", "[mon, mon]", "13:9", "a day of the week stands twice"),
        ("[mon, tue]", "[]", "13:16", "days needs at least 1 item"),
        (
            '"65231", settlement: Самоков}',
            '"65231", settlement: София}',
            "14:81",
            "65231 otherwise than a line before",
        ),
        ('"15285"', "15285", "8:18", "ekatte must be text (put quotes around it)"),
        ('"15285"', '"1528"', "8:18", "ekatte must be 5 digits"),
    ],
)
def test_mistakes_about_offices_areas_and_hours_are_named(
    tmp_path: Path, right: str, wrong: str, place: str, words: str
) -> None:
    assert right in SERVED
    with pytest.raises(SettingsError) as caught:
        directory(tmp_path, SERVED.replace(right, wrong))
    assert [line for line in str(caught.value).split("\n") if f"directory.yaml:{place}: " in line and words in line]


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
    ("right", "wrong", "place", "words"),
    [
        ("{family: Образцов}", "{famly: Образцов}", "5:11", "famly is not known here (did you mean 'family'?)"),
        ("{family: Образцов}", "{}", "5:10", "007: a name needs a given or a family name"),
        ("{family: Образцов}", "Образцов", "5:10", "007 must be an object"),
        ("[Мостра, Тестова]", "Мостра", "4:15", "given must be a list"),
        ("[Мостра, Тестова]", "[Мостра, '']", "4:24", "given is empty"),
        ("Примерова, phone", "Примерова, phon", "4:53", "phon is not known here (did you mean 'phone'?)"),
        ('"+359 000 1"', "359", "4:60", "phone must be text (put quotes around it)"),
        ("kind: hospital", "kind: hospitl", "8:11", "kind must be 'gp-practice', "),
        ("kind: hospital", "kind: hospitl", "8:11", "(did you mean 'hospital'?)"),
        ("    kind: hospital\n", "", "8:5", "kind is missing (add kind)"),
        ("code: SFO39", "code: Самоков", "2:22", "code must be 3 capital Latin letters and 2 digits"),
        ("code: SFO39", "code: SFО39", "2:22", "('О' is a Cyrillic letter that looks like 'O')"),
        ('ekatte: "65231"', "ekatte: 65231", "2:70", "ekatte must be text (put quotes around it)"),
        ("facilities:", "facilites:", "6:1", "facilites is not known here (did you mean 'facilities'?)"),
        ('"007":', '"":', "5:3", "a key is empty"),
        ('"007":', "M1:", "5:3", "the key 'M1' is already on line 4"),
        ("\n  M1:", "\n\tM1:", "4:1", "a line begins with a tab (indent with spaces, not with tabs)"),
        ("{family: Образцов}", "{given: [x] family: Образцов}", "5:22", "a comma is missing here"),
        (GOOD, "- 1", "1:1", "the file must be an object"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_place(tmp_path: Path, right: str, wrong: str, place: str, words: str) -> None:
    assert right in GOOD
    with pytest.raises(SettingsError) as caught:
        directory(tmp_path, GOOD.replace(right, wrong))
    assert [line for line in str(caught.value).split("\n") if f"directory.yaml:{place}: " in line and words in line]


@pytest.mark.parametrize(
    "wrong",
    ["famly: Примерова", "family Примерова", "family: X, Примерова", "family: Примерова x: y", "family: 'При"],
)
def test_no_mistake_shows_the_name_or_the_telephone_of_a_mediator(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(SettingsError) as caught:
        directory(tmp_path, GOOD.replace("family: Примерова", wrong))
    assert "directory.yaml:4:" in str(caught.value)
    assert not [word for word in ("Мостра", "Тестова", "Примерова", "+359") if word in str(caught.value)]


def test_all_mistakes_are_named_together(tmp_path: Path) -> None:
    wrong = GOOD.replace("kind: hospital", "kind: x").replace("code: SFO39", "code: x")
    with pytest.raises(SettingsError, match=r"(?s)2:22: code must be .*8:11: kind must be"):
        directory(tmp_path, wrong)


def test_a_number_that_stands_twice_and_a_missing_file_are_settings_errors(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        directory(tmp_path, GOOD.replace('"007":', "M1:"))
    with pytest.raises(SettingsError, match=r"none\.yaml"):
        Directory(tmp_path / "none.yaml")
