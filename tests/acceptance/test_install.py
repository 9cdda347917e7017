"""Wheel, sdist and editable install each carry everything, and do the job in an environment of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hm_fhir.testing import FhirServer

ACTIVITY = {
    "local_id": "1",
    "updated_at": "2026-03-05T10:00:00+02:00",
    "municipality": {"code": "SFO39", "name": "Самоков"},
    "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
    "type": "home-visit",
    "period": {"start": "2026-03-05"},
    "setting": "home",
    "persons": [{"local_id": "7", "name": {"given": ["Проба"]}}],
}


def build(project: Path, what: str, into: Path) -> str:
    command = [sys.executable, "-m", "build", "--no-isolation", f"--{what}", "--outdir", str(into), str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = into.iterdir()
    return str(made)


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_an_install_does_the_job(
    kind: str, project: Path, environment: Path, install: Callable[..., None], tmp_path: Path
) -> None:
    what = ["-e", str(project)] if kind == "editable" else [build(project, kind, tmp_path / "dist")]
    install(*what)
    folder = tmp_path / "deployment"
    folder.mkdir()

    def hm_fhir(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [str(environment.with_name("hm-fhir")), *arguments]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **variables}
        )

    where = [str(environment), "-c", "import hm_fhir; print(hm_fhir.__file__)"]
    used = subprocess.run(where, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert str(project if kind == "editable" else environment.parents[1]) in used

    assert hm_fhir("init").returncode == 0
    (folder / "activities.ndjson").write_text(json.dumps(ACTIVITY) + "\n", encoding="utf-8")
    cases = hm_fhir("mappings", "test")
    assert cases.returncode == 0, cases.stdout + cases.stderr
    with FhirServer() as server:
        ran = hm_fhir("run", "--json", HM_FHIR_TARGETS__NATIONAL__URL=server.url)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert json.loads(ran.stdout)["targets"]["national"]["delivered"] == 1
        assert {key.partition("/")[0] for key in server.resources} >= {"Encounter", "Patient", "Provenance"}
