"""`hm-fhir mappings check`, and that an app with mistakes in its mappings does not start: real processes."""

from __future__ import annotations

import json
import os
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


def test_what_a_pack_does_to_the_one_that_it_extends_is_shown(deployment: Deployment) -> None:
    folder = deployment.folder / "ours"
    folder.mkdir()
    (folder / "pack.yaml").write_text("pack: ours\nversion: 1.0.0\nextends: [hm-fhir-base]\n", encoding="utf-8")
    text = (ROOT / "mappings" / "home-visit.yaml").read_text(encoding="utf-8")
    visit = text.replace("mapping: home-visit", "mapping: our-visit")
    (folder / "visit.yaml").write_text(visit, encoding="utf-8")
    shown = deployment.run("mappings", "check", str(folder))
    assert (shown.code, shown.output.endswith("1 error, 0 warnings\n")) == (1, True), shown.output
    assert "say `replaces: hm-fhir-base/home-visit`" in shown.output
    visit = visit.replace("when:", "replaces: hm-fhir-base/home-visit\nwhen:", 1)
    assert "barriers_are_needs: false" in visit
    visit = visit.replace("barriers_are_needs: false", "barriers_are_needs: no")
    (folder / "visit.yaml").write_text(visit, encoding="utf-8")
    shown = deployment.run("mappings", "check", str(folder))
    assert shown.code == 1
    assert "parts/circumstances.yaml:" in shown.output
    assert "%barriers_are_needs is assigned in ours/visit.yaml:" in shown.output


@pytest.mark.parametrize("head", ["pack: ours\nversion: 1.0.0\nextends: text\n", "pack: ours\nversion: 1.0\n", ""])
def test_mistakes_of_the_head_of_a_pack_are_findings(head: str, deployment: Deployment) -> None:
    folder = pack_with(deployment.folder / "ours")
    (folder / "pack.yaml").write_text(head, encoding="utf-8")
    shown = deployment.run("mappings", "check", "--json", str(folder))
    assert shown.code == 1, shown.errors
    places = [json.loads(line)["place"] for line in shown.output.splitlines()]
    assert any(place.startswith(f"{folder / 'pack.yaml'}:") for place in places)


def test_a_pipe_in_a_pack_is_named_and_not_waited_for(deployment: Deployment) -> None:
    folder = pack_with(deployment.folder / "ours")
    for name in ("pipe.yaml", "parts/pipe.yaml", "conceptmaps/pipe.json"):
        os.mkfifo(folder / name)
    shown = deployment.run("mappings", "check", str(folder), timeout_seconds=60)
    assert shown.code == 1
    assert shown.output.count("this is no regular file") == 3


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
