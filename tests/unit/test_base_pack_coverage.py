"""The cases of the base pack reach every branch of its mappings."""

from __future__ import annotations

from pathlib import Path

from hm_fhir.activities.identity import Identity
from hm_fhir.config import Identifiers
from hm_fhir.mapping.cases import load_cases
from hm_fhir.mapping.conceptmap import read_code_systems
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.inspection.coverage import coverage
from hm_fhir.mapping.loader import load_pack

ROOT = Path(__file__).parents[2]


def test_the_cases_of_the_base_pack_reach_every_branch() -> None:
    mapper = Mapper(
        [load_pack(ROOT / "mappings")],
        Identity(bytes(32), key_id="tests", system="urn:tests"),
        read_code_systems(ROOT / "profiles" / "package"),
        Identifiers().by_kind(),
    )
    report = coverage(mapper, load_cases(ROOT / "mappings" / "cases"))
    assert report.total > 500
    assert [f"{branch.place}: {branch.says}" for branch in report.unreached] == []
    assert report.reached == report.total
