"""A source over a file in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hm_fhir_burgas.plugin import BurgasOptions, BurgasSource

from hm_fhir.sources.base import SourceContext


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., BurgasSource]:
    def make(path: Path, **options: object) -> BurgasSource:
        context = SourceContext("burgas", tmp_path, ZoneInfo("Europe/Sofia"))
        return BurgasSource(BurgasOptions.model_validate({"path": path, **options}), context)

    return make
