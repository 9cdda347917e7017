"""The sample of Burgas runs on SQLite in its contract; the register is PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from hm_fhir import fields_source
from hm_fhir.testing.samples import open_sample
from hm_fhir.testing.story.round_trip import round_trip

pytest.importorskip("pgserver")
FILES = Path(__file__).parents[2] / "plugins" / "burgas" / "hm_fhir_burgas"


def test_the_register_in_postgresql_is_read_as_it_was_told(tmp_path: Path) -> None:
    copytree(FILES, tmp_path / "files")
    told = tmp_path / "files" / "sample.yaml"
    told.write_text(told.read_text("utf-8").replace("database: sqlite", "database: postgresql"), "utf-8")
    source = fields_source("burgas", reads="sql", files=tmp_path / "files", description="in PostgreSQL")
    with open_sample(source, tmp_path / "register") as sample:
        assert sample.options["url"].startswith("postgresql+psycopg://hm_fhir_reader@")
        assert round_trip(sample.activities, sample.source(tmp_path)) == ()
