"""A hospital's server that enforces the profiles refuses the counter-examples; see also test_six_municipalities."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

pytestmark = pytest.mark.server

COUNTEREXAMPLES = sorted((Path(__file__).parents[2] / "profiles" / "counterexamples").glob("*.json"))


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
