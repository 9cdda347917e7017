"""The pytest plugin of the test kit, as pytest finds it in another project."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import hm_fhir.testing


def run(*code):
    return subprocess.run([sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, check=False)


def test_loading_the_plugin_imports_no_server():
    done = run(
        "import sys, pytest, hm_fhir.testing.pytest_plugin",
        "heavy = {'http.server', 'requests', 'pydantic', 'fhir.resources', 'hm_fhir.testing.fhir_server'}",
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)",
    )
    assert done.returncode == 0, done.stderr


def test_every_name_of_the_kit_can_be_imported():
    for name in hm_fhir.testing.__all__:
        assert getattr(hm_fhir.testing, name) is not None
    assert not hasattr(hm_fhir.testing, "nonsense")


def test_another_project_gets_the_fixtures(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import requests\n"
        "def test_the_others(deployment, population, tmp_path):\n"
        "    assert deployment.write().path == tmp_path / 'hm-fhir.toml'\n"
        "    assert deployment.app().settings.deployment.name == 'test'\n"
        "    people = [population(seed).person(ages_years=(20, 40)) for seed in (1, 1, 2)]\n"
        "    assert people[0] == people[1] != people[2]\n"
        "    assert all(person.birth_date.year < 1900 for person in people)\n"
        "def test_it(fhir_server, clock):\n"
        "    before = clock.now()\n"
        "    clock.sleep(60)\n"
        "    assert requests.get(fhir_server.url + '/metadata').status_code == 200\n"
        "    assert (clock.now() - before).total_seconds() == 60\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_a_deployment_says_tables_and_lists_as_toml(tmp_path):
    deployment = hm_fhir.testing.Deployment(tmp_path).source(
        "register", "rest", url="http://127.0.0.1", auth={"kind": "bearer"}, pages=[{"size": 1}, {"size": 2}], no=None
    )

    [source] = tomllib.loads(deployment.path.read_text(encoding="utf-8"))["sources"].values()

    assert source == {
        "kind": "rest",
        "url": "http://127.0.0.1",
        "auth": {"kind": "bearer"},
        "pages": [{"size": 1}, {"size": 2}],
    }
