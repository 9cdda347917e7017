"""The synthetic register gives what its generator promises."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hm_fhir_samokov.plugin import SamokovSource
from hm_fhir_samokov.sample import write_defects, write_sample

from hm_fhir.sources.csv import find_encoding
from hm_fhir.testing.samples import figures_after, read_all

Make = Callable[..., SamokovSource]
MAPPED_TYPES = {
    "home-visit",
    "phone-contact",
    "accompaniment",
    "referral",
    "pregnancy-detection",
    "syphilis-test",
    "group-health-talk",
    "needs-assessment",
}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_every_row_of_the_sample_is_an_activity(tmp_path: Path, source: Make, seed: int) -> None:
    figures = write_sample(tmp_path / "register.csv", seed=seed)
    reading = read_all(source(tmp_path / "register.csv"))
    assert reading.rejections == ()
    assert reading.figures == figures
    assert figures.activities == 160
    assert set(figures.types) > MAPPED_TYPES


def test_the_sample_has_as_many_activities_as_asked_for(tmp_path: Path, source: Make) -> None:
    figures = write_sample(tmp_path / "register.csv", activities=33)
    assert read_all(source(tmp_path / "register.csv")).figures == figures
    assert figures.records == 33


def test_people_have_several_activities_families_and_numbers_with_leading_zeros(tmp_path: Path, source: Make) -> None:
    write_sample(tmp_path / "register.csv")
    activities = read_all(source(tmp_path / "register.csv")).activities
    people = {one.person_key: one.persons[0] for one in activities if one.persons}
    assert 60 <= len(people) <= 80
    assert max(Counter(one.person_key for one in activities if one.persons).values()) >= 4
    assert max(Counter(person.phone for person in people.values()).values()) >= 3
    numbers = [identifier.value for person in people.values() for identifier in person.identifiers]
    assert all(len(number) == 10 for number in numbers)
    assert any(number.startswith("0") for number in numbers)
    assert {identifier.kind for person in people.values() for identifier in person.identifiers} == {"egn", "lnch"}


def test_a_number_with_a_leading_zero_is_read_as_it_is_written(tmp_path: Path, source: Make) -> None:
    write_sample(tmp_path / "register.csv")
    text = (tmp_path / "register.csv").read_text(encoding="utf-8-sig")
    numbers = {
        identifier.value
        for one in read_all(source(tmp_path / "register.csv")).activities
        for person in one.persons
        for identifier in person.identifiers
    }
    assert all(f";{number};" in text for number in numbers)


def test_what_follows_comes_after_what_it_follows(tmp_path: Path, source: Make) -> None:
    write_sample(tmp_path / "register.csv")
    activities = {one.local_id: one for one in read_all(source(tmp_path / "register.csv")).activities}
    pairs = [(one, activities[earlier]) for one in activities.values() for earlier in one.follows]
    assert len(pairs) > 50
    assert all(earlier.updated_at < one.updated_at for one, earlier in pairs)


def test_everything_happens_in_the_first_three_months_of_2026(tmp_path: Path, source: Make) -> None:
    write_sample(tmp_path / "register.csv")
    days = [one.updated_at.date() for one in read_all(source(tmp_path / "register.csv")).activities]
    assert {day.month for day in days} == {1, 2, 3}
    assert {day.year for day in days} == {2026}


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_the_defects_come_out_as_promised(tmp_path: Path, source: Make, seed: int) -> None:
    write_sample(tmp_path / "register.csv", seed=seed)
    figures = write_defects(tmp_path / "defects.csv", seed=seed)
    sample, later = read_all(source(tmp_path / "register.csv")), read_all(source(tmp_path / "defects.csv"))
    assert figures_after(sample, later, today=date(2026, 4, 2)) == figures
    assert figures.read == figures.new + figures.newer + figures.repeated + figures.rejected.total()


def test_the_defects_are_windows_1251_and_the_sample_is_utf8(tmp_path: Path) -> None:
    write_sample(tmp_path / "register.csv")
    write_defects(tmp_path / "defects.csv")
    assert find_encoding(tmp_path / "register.csv") == "utf-8-sig"
    assert find_encoding(tmp_path / "defects.csv") == "cp1251"


def test_a_deleted_row_is_entered_in_error(tmp_path: Path, source: Make) -> None:
    write_defects(tmp_path / "defects.csv")
    statuses = [one.status for one in read_all(source(tmp_path / "defects.csv")).activities]
    assert statuses.count("entered-in-error") == 1


def test_the_same_seed_gives_the_same_bytes_for_ever(tmp_path: Path) -> None:
    write_sample(tmp_path / "register.csv")
    write_defects(tmp_path / "defects.csv")
    write_sample(tmp_path / "other.csv", seed=2)
    assert sha256(tmp_path / "register.csv") == "d71c5c09818dc160e3c5f26b6905c37bdd5969b9960e00f6cc4df584aed0037b"
    assert sha256(tmp_path / "defects.csv") == "3197800c0b01bb04d3dea144291ac4dbc7feee3a3841183d4c8ecb85f90c3b81"
    assert sha256(tmp_path / "other.csv") != sha256(tmp_path / "register.csv")
