"""The synthetic export gives what its generator promises."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hm_fhir_burgas.plugin import BurgasSource
from hm_fhir_burgas.sample import write_defects, write_sample

from hm_fhir.testing.samples import figures_after, read_all

Make = Callable[..., BurgasSource]
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
def test_every_visit_of_the_sample_is_an_activity(tmp_path: Path, source: Make, seed: int) -> None:
    figures = write_sample(tmp_path / "export.ndjson", seed=seed)
    reading = read_all(source(tmp_path / "export.ndjson"))
    assert reading.rejections == ()
    assert reading.figures == figures
    assert figures.activities == 160
    assert set(figures.types) > MAPPED_TYPES | {"bedside-mediation", "discharge-follow-up"}


@pytest.mark.parametrize("activities", [1, 33])
def test_the_sample_has_as_many_activities_as_asked_for(tmp_path: Path, source: Make, activities: int) -> None:
    figures = write_sample(tmp_path / "export.ndjson", activities=activities)
    assert read_all(source(tmp_path / "export.ndjson")).figures == figures
    assert figures.records == activities


def test_people_have_several_activities_families_and_numbers_with_leading_zeros(tmp_path: Path, source: Make) -> None:
    write_sample(tmp_path / "export.ndjson")
    activities = read_all(source(tmp_path / "export.ndjson")).activities
    people = {one.person_key: one.persons[0] for one in activities if one.persons}
    assert 60 <= len(people) <= 80
    assert max(Counter(one.person_key for one in activities if one.persons).values()) >= 5
    assert max(Counter(person.phone for person in people.values()).values()) >= 3
    numbers = [identifier.value for person in people.values() for identifier in person.identifiers]
    assert all(len(number) == 10 for number in numbers)
    assert any(number.startswith("0") for number in numbers)
    assert {identifier.kind for person in people.values() for identifier in person.identifiers} == {"egn", "lnch"}


def test_a_mediator_works_in_the_wards_of_the_hospital(tmp_path: Path, source: Make) -> None:
    write_sample(tmp_path / "export.ndjson")
    in_wards = [
        one for one in read_all(source(tmp_path / "export.ndjson")).activities if one.facility and one.facility.ward
    ]
    assert {one.type for one in in_wards} >= {"bedside-mediation", "accompaniment", "syphilis-test"}
    assert len({one.facility.ward for one in in_wards if one.facility}) > 1


def test_pregnant_women_are_tested_for_syphilis_and_some_tests_are_positive(tmp_path: Path, source: Make) -> None:
    write_sample(tmp_path / "export.ndjson")
    activities = read_all(source(tmp_path / "export.ndjson")).activities
    tested = [one for one in activities if one.type == "syphilis-test"]
    assert all(one.findings.pregnancy for one in tested)
    assert {test.result for one in tested for test in one.findings.tests} == {"positive", "negative"}
    assert any(test.titre for one in tested for test in one.findings.tests)


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_the_defects_come_out_as_promised(tmp_path: Path, source: Make, seed: int) -> None:
    write_sample(tmp_path / "export.ndjson", seed=seed)
    figures = write_defects(tmp_path / "defects.ndjson", seed=seed)
    sample, later = read_all(source(tmp_path / "export.ndjson")), read_all(source(tmp_path / "defects.ndjson"))
    assert figures_after(sample, later, today=date(2026, 4, 2)) == figures
    assert figures.read == figures.new + figures.newer + figures.repeated + figures.rejected.total()


def test_the_same_seed_gives_the_same_bytes_for_ever(tmp_path: Path) -> None:
    write_sample(tmp_path / "export.ndjson")
    write_defects(tmp_path / "defects.ndjson")
    write_sample(tmp_path / "other.ndjson", seed=2)
    assert sha256(tmp_path / "export.ndjson") == "5d39b2c14f7abc1473c0acc4e4eccbfd26ffb8f928d673fef5a703c2fe89c3af"
    assert sha256(tmp_path / "defects.ndjson") == "7b2c8808772e19d1f32eba9651c3052b21d30c089a0e1488c787459b22a618b9"
    assert sha256(tmp_path / "other.ndjson") != sha256(tmp_path / "export.ndjson")
