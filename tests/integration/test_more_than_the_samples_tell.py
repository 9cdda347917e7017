"""Columns that no sample of the six municipalities fills are read as they are meant, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hm_fhir.activities.model import Activity
from hm_fhir.testing.samples import Sample, open_sample
from hm_fhir.testing.story.round_trip import round_trip

MUNICIPALITIES = ("burgas", "dimitrovgrad", "dupnitsa", "kazanlak", "novi-pazar", "samokov")
PREGNANCY = {
    "status": "pregnant",
    "confirmed": True,
    "last_menstrual_period": "2025-10-01",
    "expected_delivery": "2026-07-08",
    "gestational_age_weeks": 20,
    "gravida": 3,
    "antenatal_care": False,
}
LOSS = {"status": "not-pregnant", "confirmed": True, "outcome": "miscarriage", "ended_on": "2025-12-28"}
TEST = {"kind": "syphilis-rpr-titre", "done_on": "2026-01-02", "result": "positive", "titre": 8}
REFUSED = {"vaccine": "MMR", "status": "refused", "dose": 2, "known_from": "record", "reason": "objection"}
DIAGNOSIS = {
    "code": "syphilis",
    "verification": "confirmed",
    "status": "resolved",
    "onset": "2025-11-03",
    "ended_on": "2025-12-30",
}
HOME = {"ekatte": "07079", "settlement": "Пробно", "district": "кв. Проба", "line": "ул. Измислена 5, вх. Б"}


def told_more(one: Activity, number: int, sample: Sample) -> Activity:
    """Return an activity that says more, as far as the form of the municipality can say it."""
    data: dict[str, Any] = one.model_dump(mode="json", exclude_none=True, round_trip=True, exclude={"sensitivity"})
    if one.group is not None:
        data["group"] = {"local_id": "Г-9", "size": 12, "women": 7, "men": 5, "children": 3}
    elif one.status == "completed":
        places = sample.municipality.directory.facilities.values()
        laboratory = next(one for one in places if one.kind == "laboratory").model_dump(mode="json", round_trip=True)
        data["findings"] = {
            "pregnancy": PREGNANCY if number % 2 else LOSS,
            "tests": [{**TEST, "facility": laboratory}],
            "immunisations": [REFUSED],
            "conditions": [DIAGNOSIS],
            "measurements": [{"kind": "body-weight", "value": "61.5", "unit": "kg"}],
        }
        if not are_kept_once(sample):
            for person in data["persons"]:
                person["address"] = HOME
    return sample.municipality.checked(data) or one


def are_kept_once(sample: Sample) -> bool:
    """Return whether a person stands once in the local system: who edits one record of it edits all of them."""
    return sample.municipality.spec.people.kept == "once"


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_what_no_sample_tells_is_read_as_it_is_told(name: str, tmp_path: Path) -> None:
    with open_sample(name, tmp_path) as sample:
        told = {one.local_id: one for one in sample.activities}
        for number, (key, held) in enumerate(sample.municipality.documents(sample.activities).items()):
            more = [told_more(one, number, sample) for one in held] if number % 3 else held
            if more != held:
                plain = [one.for_mapping() for one in more]
                native = sample.municipality.native.write(plain[0], plain)
                changed = max(one.updated_at for one in more).isoformat()
                sample.local.save({"key": key, "changed": changed, "native": native})
                told |= {one.local_id: one for one in more}
        sample.local.flush()

        found = round_trip(told.values(), sample.source(tmp_path))

    assert sum(told[one.local_id] != one for one in sample.activities) > 100
    # Saving once more is newer where the product says so.
    assert [str(one) for one in found if one.path not in ("updated_at", "version")] == []
