"""Tests with a Java server are skipped where there is no Java, except in CI, where that is a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(("ci", "code", "word"), [(None, 0, "2 skipped"), ("true", 1, "2 failed")])
def test_without_java_and_maven(tmp_path, ci, code, word):
    (tmp_path / "bash").symlink_to(shutil.which("bash"))
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"PATH": str(tmp_path)}
    if ci:
        environment["CI"] = ci
    file = TESTS / "integration" / "test_official_validation.py"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "server", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=TESTS.parent, check=False)
    assert done.returncode == code, done.stdout
    assert word in done.stdout
    assert "not found: java, mvn" in done.stdout
