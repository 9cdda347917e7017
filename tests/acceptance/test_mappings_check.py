"""`hm-fhir mappings check`, and that an app with mistakes in its mappings does not start: real processes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hm_fhir.errors import MappingErrors
from hm_fhir.testing.deployment import Deployment

ROOT = Path(__file__).parents[2]


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    (tmp_path / "activities.ndjson").write_text("", encoding="utf-8")
    return Deployment(tmp_path).source("register", "ndjson", "activities.ndjson")


def pack_with(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """Return a copy of the base pack with changes in parts: name, old text, new text."""
    shutil.copytree(ROOT / "mappings", folder, ignore=shutil.ignore_patterns("cases"))
    for name, old, new in changes:
        path = folder / "parts" / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


WRONG = (("provenance", "recorded:", "recordedd:"), ("encounter", "class.translate(", "klass.translate("))
DOUBTFUL = ("people", '"{{ person.address.line }}"', '"{{ person.name.given }}"')


def test_the_packs_in_force_are_right(deployment: Deployment) -> None:
    shown = deployment.run("mappings", "check", "--strict")
    assert (shown.code, shown.output) == (0, "0 errors, 0 warnings\n")


def test_all_mistakes_are_shown_with_line_caret_and_what_to_do(deployment: Deployment) -> None:
    folder = pack_with(deployment.folder / "ours", *WRONG)
    shown = deployment.run("mappings", "check", str(folder))
    assert shown.code == 1
    assert "parts/encounter.yaml:" in shown.output
    assert "      recordedd: \"{{ updated_at }}\"\n      ^\n  did you mean 'recorded'?" in shown.output
    assert shown.output.endswith("errors, 0 warnings\n")


def test_warnings_count_when_asked(deployment: Deployment) -> None:
    folder = pack_with(deployment.folder / "ours", DOUBTFUL)
    assert deployment.run("mappings", "check", str(folder)).code == 0
    strict = deployment.run("mappings", "check", "--strict", "--json", str(folder))
    assert strict.code == 1
    (found,) = [json.loads(line) for line in strict.output.splitlines()]
    assert (found["severity"], found["code"]) == ("warning", "several-values")
    assert found["place"].startswith(str(folder / "parts" / "people.yaml"))
    assert found["excerpt"].endswith("^")


def test_only_what_is_below_the_folder_is_shown(deployment: Deployment) -> None:
    folder = deployment.folder / "ours"
    folder.mkdir()
    (folder / "pack.yaml").write_text("pack: ours\nversion: 1.0.0\nextends: [hm-fhir-base]\n", encoding="utf-8")
    (folder / "visit.yaml").write_text(
        "mapping: visit\nversion: 1.0.0\nreplaces: hm-fhir-base/home-visit\nwhen: type = 'home-visit'\n"
        "include: [people]\n",
        encoding="utf-8",
    )
    shown = deployment.run("mappings", "check", "--strict", str(folder))
    assert shown.code == 0, shown.output


def test_an_app_makes_no_mapper_of_packs_with_mistakes_and_says_all_of_them(deployment: Deployment) -> None:
    folder = pack_with(deployment.folder / "ours", *WRONG)
    with deployment.app() as app:
        assert app.mapper.packs
        with pytest.raises(MappingErrors) as caught:
            app.mapper_of([folder])
    files = {Path((error.place or "").partition(":")[0]).name for error in caught.value.errors}
    assert {"encounter.yaml", "provenance.yaml"} <= files


def test_check_says_of_mappings_how_many_are_doubtful(deployment: Deployment) -> None:
    with deployment.app() as app:
        assert app.check_mappings() == ()
        folder = pack_with(deployment.folder / "ours", DOUBTFUL)
        assert [one.code for one in app.check_mappings([folder])] == ["several-values"]
    shown = deployment.run("check")
    assert "mappings in hm-fhir-base@" in shown.output
    assert "1 warning:" not in shown.output
