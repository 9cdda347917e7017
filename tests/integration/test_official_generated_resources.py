"""Both validations say the same of generated resources of all types, with invariants that hold and that do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.fhir.definitions import r4
from hm_fhir.fhir.json import to_json
from hm_fhir.testing.resources import generate_resources
from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.validator import Validator

pytestmark = pytest.mark.server

COUNT = 4 * len(r4().resource_types)


@pytest.mark.parametrize(("repaired", "least_refused", "most_refused"), [(True, 0, 0.05), (False, 0.1, 0.5)])
def test_the_verdicts_are_the_same(
    repaired: bool,
    least_refused: float,
    most_refused: float,
    tmp_path: Path,
    official_validation: Callable[..., Any],
) -> None:
    resources = list(generate_resources(9, COUNT, repaired=repaired))
    file = tmp_path / "resources.ndjson"
    file.write_bytes(b"\n".join(to_json(one) for one in resources) + b"\n")
    validation = official_validation([file], level="error")
    theirs = {issue["index"] for issue in validation.errors()}
    validator = Validator(load_definitions(own=False))
    ours = {
        number
        for number, resource in enumerate(resources)
        if any(issue.stops for issue in validator.validate(resource))
    }
    assert least_refused * COUNT <= len(theirs) < most_refused * COUNT
    different = sorted(ours ^ theirs)
    assert len(different) <= 0.01 * COUNT, [resources[number]["id"] for number in different]
