"""What a profile says of mediators and facilities that records name and the directory has not."""

from __future__ import annotations

import json
from collections.abc import Callable

from hm_fhir.sources.base import Record
from hm_fhir.sources.directory import Directory
from hm_fhir.sources.fields.loading import Fields
from hm_fhir.sources.fields.profile import Profile, profile_of
from hm_fhir.sources.fields.source import FieldsSource
from hm_fhir.sources.fields.unlisted import Unlisted

from .conftest import ACTIVITY, CONTEXT, FOLDER, ROW, Items

Open = Callable[..., FieldsSource]
PLACE = "Лечебно заведение"


def unlisted(profile: Profile, name: str) -> Unlisted | None:
    found = next(one for one in profile.columns if one.name == name).unlisted
    return found[0] if found else None


def profile_with(load: Callable[[str], Fields], declaration: str, *values: object, codes: str = "") -> Profile:
    """Return the profile of records with one declared value in the column ``Колона``."""
    text = (
        f"fields: one\nversion: 1.0.0\nreads: csv\nrecord:\n  value: {{column: Колона, {declaration}}}\n"
        "  row: {column: Ред, optional: true}\n  changed: {column: Променено, type: moment, optional: true}\n"
        f"{codes}{ACTIVITY}"
    )
    records = [Record(f"form:{number}", {"Колона": value}) for number, value in enumerate(values, 1)]
    return profile_of(FieldsSource(Items(list(records)), load(text), Directory(FOLDER / "directory.yaml"), CONTEXT))


def test_facilities_without_an_entry_are_listed_the_most_frequent_first(open_register: Open) -> None:
    named = ["МБАЛ", "Санаториум", "ДКЦ", "Санаториум", "ДКЦ", "Санаториум", ""]
    found = unlisted(profile_of(open_register(*({**ROW, PLACE: name} for name in named))), PLACE)
    assert found is not None
    assert (found.kind, found.distinct, found.records) == ("facility", 2, 5)
    assert found.shown == (("Санаториум", 3), ("ДКЦ", 2))
    assert found.places == ()


def test_a_facility_that_is_like_one_of_the_directory_is_shown_also_when_it_stands_once(open_register: Open) -> None:
    found = unlisted(profile_of(open_register({**ROW, PLACE: "МБАЛ."}, {**ROW, PLACE: "мбал"})), PLACE)
    assert found is not None
    assert found.shown == (("МБАЛ.", 1), ("мбал", 1))


def test_a_facility_that_may_be_a_name_or_a_number_of_somebody_has_only_its_place(open_register: Open) -> None:
    named = ["Скрита Скритова", ROW["ЕГН/ЛНЧ"], ROW["ЕГН/ЛНЧ"], "0888 123 456", "0888 123 456", "д" * 41, "д" * 41]
    profile = profile_of(open_register(*({**ROW, PLACE: name} for name in named)))
    found = unlisted(profile, PLACE)
    assert found is not None
    assert (found.distinct, found.records, found.shown) == (4, 7, ())
    assert found.places == ("table:2", "table:3", "table:5", "table:7")
    shown = json.dumps(profile.as_json(), ensure_ascii=False) + repr(profile)
    for secret in ("Скрит", ROW["ЕГН/ЛНЧ"], "0888", "ддд"):
        assert secret not in shown


def test_mediators_without_an_entry_are_counted_and_placed_and_never_shown(open_register: Open) -> None:
    named = ["М1", "М9", "М9", "Скрита Скритова"]
    profile = profile_of(open_register(*({**ROW, "Медиатор": name} for name in named)))
    found = unlisted(profile, "Медиатор")
    assert found == Unlisted("mediator", 2, 3, (), ("table:3", "table:5"))
    shown = json.dumps(profile.as_json(), ensure_ascii=False) + repr(profile)
    assert "М9" not in shown
    assert "Скрит" not in shown


def test_who_is_in_the_directory_is_not_listed(open_register: Open) -> None:
    profile = profile_of(open_register({**ROW, PLACE: "МБАЛ"}))
    assert (unlisted(profile, "Медиатор"), unlisted(profile, PLACE), unlisted(profile, "Теми")) == (None, None, None)


def test_facilities_of_a_personal_column_are_not_shown(load: Callable[[str], Fields]) -> None:
    found = unlisted(profile_with(load, "type: facility, personal: true", "Дом", "Дом"), "Колона")
    assert found == Unlisted("facility", 1, 2, (), ("form:1",))


def test_several_facilities_of_one_column_and_numbers_are_looked_up_one_by_one(load: Callable[[str], Fields]) -> None:
    found = unlisted(profile_with(load, 'type: facility, many: ","', "МБАЛ, Дом", "Дом,Дом", 17, 17), "Колона")
    assert found is not None
    assert (found.distinct, found.records, found.shown) == (2, 4, (("17", 2), ("Дом", 2)))


def test_a_word_for_a_mediator_that_no_table_has_is_counted_and_never_shown(load: Callable[[str], Fields]) -> None:
    codes = "codes:\n  people: {мария: М1}\n"
    profile = profile_with(load, "type: mediator, codes: people", "Мария", "Марияна", "Скрита", "Скрита", codes=codes)
    column = next(one for one in profile.columns if one.name == "Колона")
    assert (column.unmapped, column.hidden, column.unlisted) == ((), 3, ())
    assert "Скрита" not in repr(profile)


def test_few_places_are_told(open_register: Open) -> None:
    found = unlisted(profile_of(open_register(*({**ROW, "Медиатор": f"X{n}"} for n in range(30)))), "Медиатор")
    assert found is not None
    assert (found.distinct, len(found.places)) == (30, 20)
