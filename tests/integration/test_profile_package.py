"""The FHIR package is what its sources give; the official validation accepts it, HAPI FHIR installs and enforces it.

Node builds it (marker `node`); Java runs the validation and HAPI (marker `server`).
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from hm_fhir.fhir.package_archive import package_archive

PROFILES = Path(__file__).parents[2] / "profiles"
PACKAGE = PROFILES / "package"
EXAMPLES = sorted((PACKAGE / "example").glob("[A-Z]*.json"))
FHIR_JSON = {"Content-Type": "application/fhir+json"}

# R4 binds languages to BCP 47 and only prefers its short list; HAPI's validation refuses what is not on the list.
FALSE_ALARM = 'Code "bg" is not in valueset: http://hl7.org/fhir/ValueSet/languages'


def need_node() -> None:
    absent = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if absent and os.environ.get("CI"):
        pytest.fail(f"the profiles need Node; not found: {', '.join(absent)}")
    if absent:
        pytest.skip(f"the profiles need Node to be built; not found: {', '.join(absent)}")


@pytest.mark.node
def test_the_committed_package_is_what_its_sources_give() -> None:
    need_node()

    command = [sys.executable, str(PROFILES / "build_package.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)

    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


@pytest.mark.node
def test_an_error_in_the_sources_stops_the_build(tmp_path: Path) -> None:
    need_node()
    build = runpy.run_path(str(PROFILES / "build_package.py"))
    build["prepare_tools"](build["TOOLS"], None)
    project = tmp_path / "fsh"
    shutil.copytree(PROFILES / "fsh", project, ignore=shutil.ignore_patterns("input"))
    (project / "input" / "fsh").mkdir(parents=True)
    (project / "input" / "fsh" / "wrong.fsh").write_text(
        'Profile: Wrong\nParent: Patient\nId: wrong\nTitle: "Wrong"\n* nmae 1..\n', encoding="utf-8"
    )

    with pytest.raises(SystemExit, match="1 errors and unexpected warnings"):
        build["run_sushi"](build["TOOLS"], project, verbose=False)


def test_the_committed_examples_are_what_the_mappings_make() -> None:
    texts, _ = runpy.run_path(str(PROFILES / "generate_examples.py"))["examples"](PACKAGE)

    committed = {path.name: path.read_text(encoding="utf-8") for path in EXAMPLES}
    different = {name for name, text in texts.items() if committed.get(name) != text}
    assert different == set(), "run: python profiles/build_package.py"


@pytest.mark.server
def test_the_official_validation_finds_no_error_in_the_package(official_validation: Callable[..., Any]) -> None:
    resources = sorted(PACKAGE.glob("[A-Z]*.json"))

    validation = official_validation(resources, packages=[PACKAGE], level="error")

    assert [issue for issue in validation.errors() if issue["text"] != FALSE_ALARM] == []
    assert validation.summary["resources"] == len(resources)


@pytest.mark.server
def test_the_official_validation_accepts_every_example_with_the_exported_file(
    official_validation: Callable[..., Any], tmp_path: Path
) -> None:
    archive = tmp_path / "package.tgz"
    archive.write_bytes(package_archive(PACKAGE))

    validation = official_validation(EXAMPLES, packages=[archive], level="error")

    assert validation.errors() == []
    assert validation.summary["resources"] == len(EXAMPLES)


def example_of(profile: str) -> dict[str, Any]:
    """Return the first example of a profile, without references: the server has nothing that they could lead to."""
    for path in EXAMPLES:
        resource: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if resource.get("meta", {}).get("profile") == [f"https://w3id.org/hm-fhir/StructureDefinition/{profile}"]:
            return resource
    raise AssertionError(profile)


@pytest.mark.server
def test_hapi_installs_the_exported_file_and_enforces_the_profiles(
    start_hapi: Callable[..., Any], tmp_path: Path
) -> None:
    archive = tmp_path / "package.tgz"
    archive.write_bytes(package_archive(PACKAGE))
    server = start_hapi(package=archive, references="off")
    right, wrong = example_of("hm-municipality"), example_of("hm-municipality")
    del wrong["type"]
    wrong["id"] += "-wrong"

    try:
        taken, refused = (
            requests.put(f"{server.url}/Organization/{one['id']}", json=one, headers=FHIR_JSON, timeout=60)
            for one in (right, wrong)
        )
    finally:
        server.stop()

    assert taken.status_code == 201, taken.text
    assert refused.status_code in (412, 422), refused.text
    assert "hm-municipality" in refused.text
    assert "Organization.type" in refused.text


@pytest.mark.server
def test_a_hospital_can_put_the_definitions_into_its_hapi_one_by_one(hapi: str) -> None:
    for path in sorted(PACKAGE.glob("[A-Z]*.json")):
        kind = path.name.partition("-")[0]
        if kind != "ImplementationGuide":
            answer = requests.put(
                f"{hapi}/{kind}/{path.stem.partition('-')[2]}", data=path.read_bytes(), headers=FHIR_JSON, timeout=60
            )
            assert answer.status_code in (200, 201), f"{path.name}: {answer.text}"

    found = requests.get(f"{hapi}/StructureDefinition", params={"_summary": "count"}, timeout=60).json()
    assert found["total"] >= len(list(PACKAGE.glob("StructureDefinition-*.json")))
    right, wrong = example_of("hm-municipality"), example_of("hm-municipality")
    del wrong["type"]
    errors = []
    for one in (right, wrong):
        answer = requests.post(f"{hapi}/Organization/$validate", json=one, headers=FHIR_JSON, timeout=120)
        issues = answer.json()["issue"]
        errors.append([issue["diagnostics"] for issue in issues if issue["severity"] in ("error", "fatal")])
    assert errors[0] == []
    assert any("Organization.type" in text for text in errors[1])
