"""Every hook has a section in the reference and a test of its own, so that none is added in silence."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from hm_fhir import hookspecs
from hm_fhir.plugins import HOOKS

ROOT = Path(__file__).parents[2]
SPECIFIED = sorted(
    name for name, _ in inspect.getmembers(hookspecs, inspect.isfunction) if name.startswith("hm_fhir_")
)


def test_the_manager_gathers_every_hook() -> None:
    assert sorted(HOOKS) == SPECIFIED


@pytest.mark.parametrize("hook", SPECIFIED)
def test_every_hook_has_a_section_in_the_reference(hook: str) -> None:
    page = (ROOT / "docs" / "reference" / "plugins.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    assert any(re.search(rf"\b{hook}\b", heading) for heading in headings)


@pytest.mark.parametrize("hook", SPECIFIED)
def test_every_hook_has_a_test(hook: str) -> None:
    wanted = f"def test_hook_{hook}("
    assert any(wanted in path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("hook", SPECIFIED)
def test_every_hook_says_what_it_is_for_and_when_it_is_called(hook: str) -> None:
    described = inspect.getdoc(getattr(hookspecs, hook)) or ""
    assert described.startswith("Yield ")
    assert "Called when" in described
