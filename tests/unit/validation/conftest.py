"""A validator that knows R4 only, for tests of its rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hm_fhir.validation.definitions import load_definitions
from hm_fhir.validation.validator import Validator

Findings = Callable[[Any], set[tuple[str, str, str]]]


@pytest.fixture(scope="session")
def plain_validator() -> Validator:
    return Validator(load_definitions(own=False))


@pytest.fixture
def findings(plain_validator: Validator) -> Findings:
    """Return (severity, rule, location) of what is found in a resource, without remarks."""

    def found(resource: Any) -> set[tuple[str, str, str]]:
        return {
            (issue.severity, issue.rule, issue.location)
            for issue in plain_validator.validate(resource)
            if issue.severity != "information" and issue.rule != "dom-6"
        }

    return found
