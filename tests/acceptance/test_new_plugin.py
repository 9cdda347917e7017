"""A plugin that `hm-fhir plugins new` writes installs, runs and passes its tests at once, in a fresh environment."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from hm_fhir.testing import FhirServer

SETTINGS = """
[deployment]
name = "novo-selo"
[identity]
key = "file:keys/identity.key"
key_id = "key-1"
[plugins]
enabled = ["novo-selo"]
[sources.register]
kind = "novo-selo"
path = "register.xlsx"
[targets.national]
kind = "fhir"
url = "{url}"
"""
SAMPLE = """
import sys
from pathlib import Path
from hm_fhir.testing.samples import open_sample
with open_sample("novo-selo", Path(sys.argv[1])) as sample:
    Path(sample.options["path"]).rename("register.xlsx")
    print(len(sample.activities))
"""


def test_a_new_plugin_installs_passes_its_tests_and_delivers(
    project: Path, environment: Path, install: Callable[..., None], tmp_path: Path
) -> None:
    def run(*command: str) -> subprocess.CompletedProcess[str]:
        told = {name: value for name, value in os.environ.items() if not name.startswith(("HM_FHIR_", "PYTEST_"))}
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=told)

    hm_fhir = str(environment.with_name("hm-fhir"))
    install(str(project))

    written = run(hm_fhir, "plugins", "new", "novo-selo", "--source", "xlsx", "--title", "Ново село")
    assert written.returncode == 0, written.stdout + written.stderr

    install(str(tmp_path / "hm-fhir-novo-selo"))
    # Not in the folder of the plugin: what is tried is what was installed.
    tests = tmp_path / "hm-fhir-novo-selo" / "tests"
    tested = run(str(environment), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(tests))
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " passed" in tested.stdout
    assert "skipped" not in tested.stdout

    assert run(hm_fhir, "init").returncode == 0
    told = run(str(environment), "-c", SAMPLE, str(tmp_path / "local"))
    assert told.returncode == 0, told.stderr
    with FhirServer() as server:
        (tmp_path / "hm-fhir.toml").write_text(SETTINGS.format(url=server.url), encoding="utf-8")
        ran = run(hm_fhir, "run", "--json")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert json.loads(ran.stdout)["records"]["register"]["new"] == int(told.stdout) >= 300
        assert any(key.startswith("Encounter/") for key in server.resources)

    again = run(hm_fhir, "plugins", "new", "novo-selo", "--source", "csv", "--folder", "elsewhere")
    assert again.returncode == 2
    assert "is installed already" in again.stderr
