"""A clean checkout, and virtual environments in which hm_fhir is installed as a user would install it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources as a clean checkout has them."""
    copy = tmp_path_factory.mktemp("checkout") / "hm_fhir"
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=PROJECT, capture_output=True, check=False).stdout
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
    """The Python of a new virtual environment; dependencies come from this one, hm_fhir and its plugins do not."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False, symlinks=True)
    dependencies = tmp_path / "dependencies"
    dependencies.mkdir()
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        # An editable install of hm_fhir or of a plugin would come after the one that is tried.
        if not re.match(r"(__editable__.*)?hm_fhir", package.name):
            (dependencies / package.name).symlink_to(package)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "dependencies.pth").write_text(f"{dependencies}\n")
    return folder / "bin" / "python"


@pytest.fixture
def install(environment: Path) -> Callable[..., None]:
    """A function that installs something into the environment, without its dependencies."""

    def into_environment(*what: str) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(environment), "install", "--quiet", "--no-deps"]
        command += ["--no-build-isolation", "--ignore-installed", "--disable-pip-version-check", *what]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return into_environment
