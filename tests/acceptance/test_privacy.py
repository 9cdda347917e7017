"""Marked names, numbers, addresses and notes are planted everywhere, and searched for in all that comes out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.testing import Fault, FhirServer
from hm_fhir.testing.deployment import Deployment

EGN, LNCH = "6101057509", "7111042925"
PLANTED = (EGN, LNCH, "ПЛАНТ", "МАРКЕР", "0888999777", "МАРКИРАНА", "ЛОКАЛЕН-77", "бележка-секрет")


def activity(number: int, **more: Any) -> dict[str, Any]:
    person = {
        "local_id": f"ЛОКАЛЕН-77-{EGN}",
        "identifiers": [{"kind": "egn", "value": EGN}],
        "name": {"given": ["ПЛАНТ"], "family": "МАРКЕР"},
        "phone": "0888999777",
        "address": {"settlement": "Самоков", "line": "ул. МАРКИРАНА 1"},
    }
    return {
        # A local id that a municipality made from a national number: it happens.
        "local_id": f"{EGN}-{number}",
        "updated_at": "2026-03-05T10:00:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M1", "name": {"given": ["ПЛАНТ"], "family": "МАРКЕР"}, "phone": "0888999777"},
        "type": "referral",
        "period": {"start": "2026-03-05"},
        "setting": "home",
        "persons": [person],
        "referral": {"destination": "gp", "facility": {"local_id": "F1", "kind": "gp-practice", "name": "Практика"}},
        "topics": ["hygiene"],
        "note": "бележка-секрет",
        **more,
    }


BROKEN: list[dict[str, Any] | str] = [
    activity(1, persons=[{"identifiers": [{"kind": "egn", "value": "6101057508"}], "name": {"family": "МАРКЕР"}}]),
    activity(2, setting="ПЛАНТ"),
    activity(3, updated_at="ПЛАНТ"),
    activity(4, ПЛАНТ="МАРКЕР"),
    activity(5, period={"start": EGN}),
    activity(6, persons=[{"identifiers": [{"kind": "lnch", "value": EGN}]}]),
    activity(7, topics=["ПЛАНТ"]),
    activity(8, updated_at="2099-01-01T00:00:00+02:00", period={"start": "2099-01-01"}),
    activity(9, type="ПЛАНТ"),
    activity(10, group={"size": "ПЛАНТ"}, persons=[]),
    f'{{"local_id": "{EGN}", "name": "ПЛАНТ"',
    "ПЛАНТ МАРКЕР",
]


def found(*texts: str) -> set[str]:
    return {word for word in PLANTED for text in texts if word in text}


@pytest.mark.parametrize("verbose", [False, True])
def test_nothing_planted_comes_out_where_it_should_not(verbose: bool, tmp_path: Path) -> None:
    said = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "value", "diagnostics": f"ПЛАНТ {EGN}", "expression": ["ПЛАНТ"]}],
    }
    with FhirServer() as server:
        deployment = Deployment(tmp_path).source("register", "ndjson", "activities.ndjson")
        deployment.target("hospital", server.url, quick_attempts=1)
        lines = [*(activity(number, local_id=f"{EGN}-{number}") for number in range(20, 26)), *BROKEN]
        texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in lines]
        (tmp_path / "activities.ndjson").write_text("\n".join(texts) + "\n", encoding="utf-8")
        # One entry is refused with words that quote it, then a network that breaks, then all is well.
        server.faults.add(Fault(status=422, outcome=said, method="POST"), Fault(drop="after", nth=3, method="POST"))

        options = ["--verbose"] if verbose else []
        outputs: list[str] = []
        for arguments in (
            ["check"],
            ["run", "--patience", "0"],
            ["run", "--patience", "20", "--json"],
            ["outbox", "list"],
            ["outbox", "list", "--json"],
            ["outbox", "stats"],
            ["outbox", "rejected"],
            ["outbox", "rejected", "--json"],
            ["outbox", "show", "1"],
            ["outbox", "show", "1", "--json"],
            ["plugins", "list"],
        ):
            done = deployment.run(*options, *arguments)
            outputs += [done.output, done.errors]
        mapped = deployment.run(*options, "map")
        outputs.append(mapped.errors)

        assert found(*outputs) == set()
        assert "rejected" in "".join(outputs), "the broken records were read"

        # What is sent holds the person, where FHIR has a place for it: not in ids, URLs and keys.
        assert found(mapped.output) >= {EGN, "ПЛАНТ"}
        assert found(*server.resources, *(f"{one.path}?{one.query}" for one in server.requests)) == set()
        assert found(*(path.name for path in tmp_path.rglob("*"))) == set()


def test_a_bad_plugin_does_not_print_what_it_read(tmp_path: Path) -> None:
    plugin = tmp_path / "loose" / "loose_plugin.py"
    plugin.parent.mkdir()
    plugin.write_text(
        "from pydantic import BaseModel\n"
        "from hm_fhir import SourceSpec, hookimpl\n"
        "from hm_fhir.sources.base import Record\n"
        "class Options(BaseModel):\n    pass\n"
        "class Source:\n"
        "    incremental = False\n"
        "    def __init__(self, options, context): pass\n"
        "    def count(self): return 1\n"
        f"    def records(self, since=None): yield Record('row 1', {{'egn': '{EGN}'}})\n"
        f"    def activity(self, record): raise KeyError('ПЛАНТ {EGN}')\n"
        f"    def local_id(self, record): raise ValueError('ПЛАНТ {EGN}')\n"
        "@hookimpl\n"
        "def hm_fhir_sources():\n    yield SourceSpec('loose', Options, Source, 'a bad one')\n",
        encoding="utf-8",
    )
    info = plugin.parent / "loose-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: loose\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hm_fhir]\nloose = loose_plugin\n")
    deployment = Deployment(tmp_path).enable("loose")
    deployment.settings["sources"]["one"] = {"kind": "loose"}
    deployment.write().target("hospital", "http://127.0.0.1:9/fhir")
    command = deployment.command("run", "--json")
    command[2] = f"import sys; sys.path.insert(0, {str(plugin.parent)!r}); {command[2]}"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["records"]["one"]["rejected_by_code"] == {"plugin-defect": 1}
    assert found(done.stdout, done.stderr) == set()
