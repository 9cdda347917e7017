"""`import hm_fhir` is light: what is heavy comes when it is first used."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys

import pytest

import hm_fhir

HEAVY = ["fhir", "requests", "fhirclient", "pydantic", "re2", "yaml", "pluggy", "click", "rich", "stdnum"]


def modules_after(statement: str) -> set[str]:
    code = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "statement", ["import hm_fhir", "from hm_fhir import __version__", "from hm_fhir import errors"]
)
def test_importing_the_package_imports_nothing_heavy(statement: str) -> None:
    loaded = modules_after(statement)
    assert "hm_fhir" in loaded
    assert not loaded.intersection(HEAVY)


def test_the_activity_needs_neither_fhir_nor_http() -> None:
    loaded = modules_after("from hm_fhir import Activity")
    assert "pydantic" in loaded
    assert not loaded.intersection({"fhir", "requests", "fhirclient", "re2", "yaml", "pluggy", "rich"})


def test_every_public_name_can_be_imported() -> None:
    for name in hm_fhir.__all__:
        assert getattr(hm_fhir, name) is not None
    assert inspect.isclass(hm_fhir.Activity)
    assert callable(hm_fhir.open_app)
    assert issubclass(hm_fhir.HmFhirError, Exception)


def test_the_public_names_are_complete_and_sorted() -> None:
    assert hm_fhir.__all__ == sorted(hm_fhir.__all__)
    assert set(hm_fhir.__all__) == {*hm_fhir._WHERE, "__version__"}
    assert set(hm_fhir.__all__) <= set(dir(hm_fhir))


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'hm_fhir' has no attribute 'Activities'"):
        hm_fhir.Activities  # noqa: B018
    with pytest.raises(ImportError, match="Activities"):
        from hm_fhir import Activities  # noqa: F401
