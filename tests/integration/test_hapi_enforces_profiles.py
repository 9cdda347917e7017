"""A hospital's server that enforces the profiles takes what this project sends, and refuses the counter-examples."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from hm_fhir_burgas import sample as burgas
from hm_fhir_samokov import sample as samokov

from hm_fhir.fhir.package_archive import package_archive
from hm_fhir.testing.deployment import Deployment
from hm_fhir.validation.definitions import own_package

pytestmark = pytest.mark.server

COUNTEREXAMPLES = sorted((Path(__file__).parents[2] / "profiles" / "counterexamples").glob("*.json"))


@pytest.fixture(scope="module")
def strict_hapi(start_hapi: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """HAPI FHIR with the package and enforcement; codes of systems that it does not have are no error."""
    archive = tmp_path_factory.mktemp("package") / "package.tgz"
    archive.write_bytes(package_archive(own_package()))
    server = start_hapi(package=archive, enforce="repository", unknown="warning", references="off")
    yield server.url
    server.stop()


def test_everything_that_both_plugins_send_is_taken(strict_hapi: str, tmp_path: Path) -> None:
    samokov.write_sample(tmp_path / "samokov.csv")
    burgas.write_sample(tmp_path / "burgas.ndjson")
    deployment = Deployment(tmp_path, identifier_system="urn:hm-fhir:enforced").enable("samokov", "burgas")
    deployment.source("samokov", "samokov", "samokov.csv").source("burgas", "burgas", "burgas.ndjson")
    deployment.target("hospital", strict_hapi)

    run = deployment.run("run", "--json", timeout_seconds=900)

    assert run.code == 0, run.errors
    found = requests.get(
        f"{strict_hapi}/Encounter",
        params={
            "_profile": "https://w3id.org/hm-fhir/StructureDefinition/hm-encounter-individual",
            "_summary": "count",
        },
        timeout=60,
    ).json()
    assert found["total"] > 100


def test_every_counterexample_is_refused(strict_hapi: str) -> None:
    taken = []
    for path in COUNTEREXAMPLES:
        resource = json.loads(path.read_text(encoding="utf-8"))
        if resource["resourceType"] == "Bundle":
            # The server executes a transaction, it does not keep it: $validate is how it judges one.
            answer = requests.post(f"{strict_hapi}/Bundle/$validate", json=resource, timeout=120)
            issues = answer.json().get("issue", [])
            refused = any(issue["severity"] in ("error", "fatal") for issue in issues)
        else:
            resource["id"] = f"refused-{path.stem}"[:64]
            url = f"{strict_hapi}/{resource['resourceType']}/{resource['id']}"
            answer = requests.put(url, json=resource, timeout=120)
            refused = answer.status_code in (400, 412, 422)
        if not refused:
            taken.append((path.name, answer.status_code))
    assert taken == []
    assert len(COUNTEREXAMPLES) > 100
