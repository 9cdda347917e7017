"""The pages of sources that are files name every option and every remark as the program has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from hm_fhir.sources.kinds import reader_kind
from hm_fhir.sources.workbook.lines import SAID

PAGES = Path(__file__).parents[2] / "docs" / "reference" / "sources"


def rows_of(page: str) -> set[tuple[str, ...]]:
    lines = (PAGES / page).read_text(encoding="utf-8").splitlines()
    return {tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("| `")}


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_a_page_says_of_each_option_what_the_settings_say(kind: str) -> None:
    rows = {row for row in rows_of(f"{kind}.md") if len(row) == 3}
    wanted = {
        (f"`{name}`", default_of(option), str(option.description))
        for name, option in reader_kind(kind).options.model_fields.items()
    }
    assert wanted == rows


def default_of(option: FieldInfo) -> str:
    if option.is_required():
        return "required"
    values = option.default if isinstance(option.default, tuple) else (option.default,)
    return ", ".join(f"`{value}`" for value in values if value) or "-"


def test_the_page_of_workbooks_says_every_remark_about_rows() -> None:
    assert {(f"`{code}`", words) for code, words in SAID.items()} <= rows_of("xlsx.md")
