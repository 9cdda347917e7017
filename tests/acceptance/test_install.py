"""Wheel, sdist and editable install each carry everything, and do the job in an environment of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from hm_fhir.testing import FhirServer

PROJECT = Path(__file__).parents[2]

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


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources as a clean checkout has them."""
    copy = tmp_path_factory.mktemp("checkout") / "hm_fhir"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=False).stdout
    if not names:
        pytest.fail("this test needs the git checkout of the project")
    for name in names.decode().split("\0"):
        source = PROJECT / name
        if name and (source.is_symlink() or source.exists()):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy / name, follow_symlinks=False)
    return copy


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """The Python of a new virtual environment; dependencies come from this one, hm_fhir does not."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False, symlinks=True)
    dependencies = tmp_path / "dependencies"
    dependencies.mkdir()
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        # Not what is installed here of hm_fhir itself: an editable install would come after it.
        if not re.match(r"(__editable__.*)?hm_fhir[-.]|hm_fhir$|__editable__.*hm_fhir", package.name):
            (dependencies / package.name).symlink_to(package)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "dependencies.pth").write_text(f"{dependencies}\n")
    return folder / "bin" / "python"


def install(environment: Path, *what: str) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(environment), "install", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--ignore-installed", "--disable-pip-version-check", *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def build(project: Path, what: str, into: Path) -> str:
    command = [sys.executable, "-m", "build", "--no-isolation", f"--{what}", "--outdir", str(into), str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = into.iterdir()
    return str(made)


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_an_install_does_the_job(kind: str, project: Path, environment: Path, tmp_path: Path) -> None:
    what = ["-e", str(project)] if kind == "editable" else [build(project, kind, tmp_path / "dist")]
    install(environment, *what)
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
