"""A source over a file in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hm_fhir_samokov.plugin import SamokovOptions, SamokovSource

from hm_fhir.sources.base import SourceContext


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., SamokovSource]:
    def make(path: Path, **options: object) -> SamokovSource:
        context = SourceContext("samokov", tmp_path, ZoneInfo("Europe/Sofia"))
        return SamokovSource(SamokovOptions.model_validate({"path": path, **options}), context)

    return make
