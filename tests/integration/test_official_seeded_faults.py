"""The official validation judges the seeded faults as the cases say; every difference from ours has a reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.testing.cases import read_cases

pytestmark = pytest.mark.server

SEEDED = Path(__file__).parents[1] / "seeded_faults"
CASES = read_cases(SEEDED / "cases", profiles="http://example.org/seeded/StructureDefinition/")
WORST_FIRST = ("fatal", "error", "warning", "information")
MOST_DIFFERENT = 0.06


def test_the_official_validation_says_what_the_cases_say(
    tmp_path: Path, official_validation: Callable[..., Any]
) -> None:
    file = tmp_path / "cases.ndjson"
    file.write_bytes(b"\n".join(case.text for case in CASES) + b"\n")
    validation = official_validation([file], packages=[SEEDED / "package"], level="information")
    refused = {issue["index"] for issue in validation.errors()}
    said = {number: case.official == "error" for number, case in enumerate(CASES)}
    wrong = {CASES[number].name: said[number] for number in said if said[number] != (number in refused)}
    assert wrong == {}
    assert validation.summary["resources"] == len(CASES)


def test_every_difference_between_the_two_has_a_reason_and_there_are_few() -> None:
    stops = {"error", "fatal"}
    different = [case for case in CASES if (not case.good and case.severity in stops) != (case.official in stops)]
    assert [case.name for case in different if case.why is None] == []
    assert 0 < len(different) < MOST_DIFFERENT * len(CASES)
