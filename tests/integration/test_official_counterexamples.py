"""The official HL7 validation refuses every counter-example of the profiles, and accepts it without its profile."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.server

PROFILES = Path(__file__).parents[2] / "profiles"
FILES = sorted((PROFILES / "counterexamples").glob("*.json"))


def test_the_official_validation_refuses_them_because_of_their_profile(
    tmp_path: Path, official_validation: Callable[..., Any]
) -> None:
    claimed, plain = [], []
    for path in FILES:
        resource = json.loads(path.read_text("utf-8"))
        claimed.append(json.dumps(resource))
        del resource["meta"]["profile"]
        if not resource["meta"]:
            del resource["meta"]
        plain.append(json.dumps(resource))
    lines = tmp_path / "lines.ndjson"
    lines.write_text("\n".join([*claimed, *plain]) + "\n", "utf-8")

    validation = official_validation([lines], packages=[PROFILES / "package"], level="error")

    refused = {issue["index"] for issue in validation.errors()}
    assert [path.name for number, path in enumerate(FILES) if number not in refused] == []
    assert [path.name for number, path in enumerate(FILES, len(FILES)) if number in refused] == []
