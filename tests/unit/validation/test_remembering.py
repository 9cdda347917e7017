"""What is remembered about values that come again must never change a finding."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.validation import discriminators, invariants, item_rules, slicing, structure
from hm_fhir.validation.definitions import load_definitions, own_package
from hm_fhir.validation.issue import Issue
from hm_fhir.validation.validator import Validator

Change = Callable[[dict[str, Any]], None]


def _as_it_is(_coding: dict[str, Any]) -> None: ...


def _with_id(coding: dict[str, Any]) -> None:
    coding["id"] = "c1"


def _with_extension(coding: dict[str, Any]) -> None:
    coding["extension"] = [{"url": "http://example.org/e", "valueCode": "a"}]


def _with_a_long_display(coding: dict[str, Any]) -> None:
    coding["display"] = "x" * 5000


def _with_another_code(coding: dict[str, Any]) -> None:
    coding["code"] = "no-such-code"


def _with_a_null(coding: dict[str, Any]) -> None:
    coding["display"] = None


CHANGES = (_as_it_is, _with_id, _with_extension, _with_a_long_display, _with_another_code, _with_a_null)


def _codings(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "code" in value and "system" in value:
            yield value
        for one in value.values():
            yield from _codings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _codings(one)


def _changed(resource: dict[str, Any], change: Change, *, labelled: bool) -> dict[str, Any]:
    other = copy.deepcopy(resource)
    if not labelled:
        other.get("meta", {}).pop("security", None)
    for coding in list(_codings(other))[:3]:
        change(coding)
    return other


def _examples() -> list[dict[str, Any]]:
    paths = sorted(Path(own_package(), "example").glob("[A-Z]*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def _resources() -> list[dict[str, Any]]:
    examples = _examples()
    assert len(examples) > 100
    return [
        _changed(example, change, labelled=labelled)
        for labelled in (True, False)
        for change in CHANGES
        for example in examples
    ]


def _findings_of_a_forgetful_validator(resources: list[dict[str, Any]]) -> list[set[Issue]]:
    # Checks are made when they are first needed, so it must be used within the patch.
    with pytest.MonkeyPatch.context() as patch:
        for module in (discriminators, invariants, item_rules, slicing, structure):
            patch.setattr(module, "RECURRING", frozenset())
        forgetful = Validator(load_definitions())
        return [set(forgetful.validate(resource)) for resource in resources]


def test_a_value_that_comes_again_is_judged_as_the_first_time():
    resources = _resources()
    expected = _findings_of_a_forgetful_validator(resources)
    mindful = Validator(load_definitions())
    assert [set(mindful.validate(resource)) for resource in resources] == expected
    assert [set(mindful.validate(resource)) for resource in reversed(resources)] == expected[::-1]
    assert any(issue.rule.startswith("hm-label") for found in expected for issue in found)
