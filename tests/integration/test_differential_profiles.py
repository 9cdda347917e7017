"""The official validation makes the same of profiles without snapshot as we do."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.server

UNIT = runpy.run_path(str(Path(__file__).parent.parent / "unit" / "test_differential_profiles.py"))


def test_the_official_validation_gives_the_same_verdicts(official_validation, tmp_path):
    package, lines = tmp_path / "package", tmp_path / "cases.ndjson"
    package.mkdir()
    for file in UNIT["content"]():
        for profile in file["profiles"]:
            (package / f"{profile['id']}.json").write_text(json.dumps(UNIT["definition"](profile)))
    cases = UNIT["CASES"]
    resources = [case["resource"] | {"meta": {"profile": [UNIT["URL"] + case["profile"]]}} for case in cases]
    lines.write_text("".join(json.dumps(resource) + "\n" for resource in resources))
    refused = {error["index"] for error in official_validation([lines], packages=[package]).errors()}
    other = [
        f"{case['profile']}: {case['name']}"
        for index, case in enumerate(cases)
        if (index not in refused) is not case.get("official", case["valid"])
    ]
    assert other == []
