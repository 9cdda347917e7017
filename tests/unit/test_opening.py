"""Sources as the settings name them: what is refused before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from hm_fhir.config import load_settings
from hm_fhir.errors import PluginError, SettingsError
from hm_fhir.opening import open_source
from hm_fhir.records import SourceSpec
from hm_fhir.testing.deployment import Deployment

KOBO = {"kind": "kobo", "url": "https://kobo.example.org", "asset": "a"}
FORMS = {
    "kind": "questionnaire-response",
    "server": {"url": "https://fhir.example.org"},
    "directory": "directory.yaml",
}
REST = {"kind": "rest", "url": "https://registry.example.org", "path": "visits"}
SQL = {"kind": "sql", "url": "sqlite:///register.db", "table": "visits", "key": ["id"]}
DHIS2 = {
    "kind": "dhis2",
    "url": "https://dhis2.example.org",
    "program": "HmProgram01",
    "auth": {"kind": "token", "token": "file:token"},
}
ODK = {
    "kind": "odk",
    "url": "https://odk.example.org",
    "project": 1,
    "form": "visits",
    "auth": {"kind": "bearer", "token": "file:token"},
}
CHT = {"kind": "cht", "url": "https://cht.example.org"}


def deployment_with(folder: Path, **options: Any) -> Deployment:
    (folder / "directory.yaml").write_text("municipality: {code: SFO39, name: Самоков}\nmediators: {}\n", "utf-8")
    (folder / "token").write_text("abc", "utf-8")
    made = Deployment(folder)
    made.settings["sources"]["visits"] = options
    return made.write()


@pytest.mark.parametrize(
    "options",
    [
        KOBO,
        FORMS,
        {**REST, "updated": {"parameter": "since"}},
        {**SQL, "updated_at": "changed"},
        DHIS2,
        ODK,
        CHT,
    ],
    ids=lambda options: options["kind"],
)
def test_what_is_missing_cannot_count_as_deleted_where_only_changes_are_read(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    deployment = deployment_with(tmp_path, **options)
    with deployment.app() as app:
        assert app.source("visits").incremental
    with deployment.source("visits", **options, missing="deleted").app() as app:
        with pytest.raises(SettingsError, match="only changes are read") as refused:
            app.source("visits")
        assert refused.value.place == "sources.visits.missing"


@pytest.mark.parametrize(
    "options",
    [{**KOBO, "incremental": False}, {**FORMS, "incremental": False}, REST, SQL],
    ids=lambda options: options["kind"],
)
def test_what_is_missing_can_count_as_deleted_where_everything_is_read(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    with deployment_with(tmp_path, **options, missing="deleted").app() as app:
        assert app.reading("visits").withdraw_missing


class Options(BaseModel):
    """Settings of a source of a plugin."""


def failing(*_: Any) -> Any:
    raise KeyError("Маркер Примеров")


@pytest.mark.parametrize("part", ["open", "defaults"])
def test_a_defect_of_a_plugin_is_named_without_what_it_says(tmp_path: Path, part: str) -> None:
    settings = load_settings(deployment_with(tmp_path, kind="own").path)
    spec = SourceSpec("own", Options, **{"open": failing, "description": "", part: failing})
    with pytest.raises(PluginError, match=r"KeyError at test_opening\.py:\d+") as refused:
        open_source(settings, {"own": spec}, "visits")
    assert "Маркер" not in str(refused.value)
