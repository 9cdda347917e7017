"""The command line as a person and a machine use it: real processes, real files, documented exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import stat
import subprocess
import time
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.cli.init import example
from hm_fhir.cli.main import _COMMANDS
from hm_fhir.config import Settings
from hm_fhir.sources.kinds import READER_NAMES
from hm_fhir.testing import Fault, FhirServer
from hm_fhir.testing.deployment import Deployment


def activity(number: int, **more: Any) -> dict[str, Any]:
    return {
        "local_id": f"v{number}",
        "updated_at": "2026-03-05T10:00:00+02:00",
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
        "type": "home-visit",
        "period": {"start": "2026-03-05"},
        "setting": "home",
        "persons": [{"local_id": f"p{number}", "name": {"given": ["Проба"]}}],
        **more,
    }


@pytest.fixture
def deployment(tmp_path: Path, fhir_server: FhirServer) -> Deployment:
    made = Deployment(tmp_path).source("register", "ndjson", "activities.ndjson").target("hospital", fhir_server.url)
    return put(made, *(activity(number) for number in range(3)))


def put(deployment: Deployment, *activities: dict[str, Any] | str) -> Deployment:
    lines = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in activities]
    (deployment.folder / "activities.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return deployment


def test_help_names_every_command_without_importing_it(deployment: Deployment) -> None:
    shown = deployment.run("--help")
    assert shown.code == 0
    assert all(command in shown.output for command in _COMMANDS)


@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_every_command_has_help(command: str, deployment: Deployment) -> None:
    assert deployment.run(command, "--help").code == 0


def test_the_example_of_the_settings_is_true() -> None:
    """Every key stands in it, each that is commented out with its default."""
    text = example()
    plain = Settings(**tomllib.loads(text))
    everything = Settings(**tomllib.loads(re.sub(r"(?m)^#(?=[a-z_]+ = )", "", text)))
    for name in ("deployment", "identity", "store", "plugins", "identifiers", "delivery", "validation"):
        assert getattr(everything, name) == getattr(plain, name), name
        written = tomllib.loads(re.sub(r"(?m)^#(?=[a-z_]+ = )", "", text))[name]
        assert set(written) == set(type(getattr(plain, name)).model_fields), name


def test_init_writes_settings_and_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    command = Deployment(tmp_path / "made").command("init")
    settings = tmp_path / "new" / "hm-fhir.toml"
    command[command.index("--settings") + 1] = str(settings)
    assert subprocess.run(command, check=False).returncode == 0
    assert settings.read_text(encoding="utf-8") == example()
    assert stat.S_IMODE((tmp_path / "new" / "keys" / "identity.key").stat().st_mode) == 0o600
    assert subprocess.run(command, check=False, capture_output=True).returncode == 2, "nothing is overwritten"


def test_run_delivers_accounts_for_everything_and_is_safe_to_repeat(
    deployment: Deployment, fhir_server: FhirServer, without_mapping: Callable[[Deployment, str], None]
) -> None:
    without_mapping(deployment, "case-closure")
    put(
        deployment,
        activity(1),
        activity(2),
        "not json",
        activity(3, type="home-visi"),
        activity(4, type="case-closure"),
    )
    first = deployment.run("run", "--json")
    report = first.json()
    assert first.code == 0
    findings = report["records"]["register"].pop("findings")
    assert {one["severity"] for one in findings} <= {"warning", "information"}
    assert report["records"]["register"] == {
        "read": 5,
        "new": 3,
        "newer": 0,
        "newer_deleted": 0,
        "repeated": 0,
        "repeated_older": 0,
        "rejected": 2,
        "rejected_by_code": {"invalid-activity": 1, "unreadable": 1},
        "repaired_by_code": {},
        "gone": 0,
        "remarks": [],
        "more_remarks": 0,
        "unmapped_by_type": {"case-closure": 1},
        "not_valid_by_type": {},
        "adds_up": True,
    }
    assert report["targets"]["hospital"]["delivered"] == 2
    assert report["targets"]["hospital"]["withheld_by_rule"] == {"no-mapping": 1}
    written = dict(fhir_server.resources)

    second = deployment.run("run", "--json")
    assert second.code == 0
    assert second.json()["deliveries"]["hospital"]["resources"] == 0
    assert second.json()["records"]["register"]["repeated"] == 3
    assert fhir_server.resources == written


def test_a_sum_that_does_not_add_up_is_exit_code_1(deployment: Deployment) -> None:
    assert deployment.run("run").code == 0
    with closing(sqlite3.connect(deployment.folder / "store" / "outbox.db", isolation_level=None)) as store:
        for table in ("hm_fhir_payloads", "hm_fhir_entries"):
            store.execute(f"DELETE FROM {table} WHERE entry_id = 2")
    shown = deployment.run("run")
    assert shown.code == 1
    assert "DOES NOT ADD UP" in shown.output
    assert deployment.run("outbox", "stats").code == 1


def test_a_wrong_address_is_noticed_before_anything_is_sent(deployment: Deployment, fhir_server: FhirServer) -> None:
    fhir_server.faults.add(Fault(garbage="html", method="GET"))
    shown = deployment.run("run")
    assert shown.code == 2
    assert "the url must be the base of a FHIR R4 server" in shown.errors
    assert [one.method for one in fhir_server.requests] == ["GET"]
    assert deployment.run("run").code == 0


def test_a_target_that_left_the_settings_is_named_while_entries_wait_for_it(deployment: Deployment) -> None:
    deployment.target("hospital", "http://127.0.0.1:9/fhir")
    assert deployment.run("run", "--patience", "0").code == 3
    del deployment.settings["targets"]["hospital"]
    shown = deployment.write().run("run")
    assert shown.code == 3
    assert "hospital is not in the settings any more" in shown.errors


def test_a_misspelt_variable_is_not_ignored(deployment: Deployment) -> None:
    command = deployment.command("run")
    environment = {**os.environ, "HM_FHIR_TARGET__HOSPITAL__URL": "http://127.0.0.1:9/fhir"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 2
    assert "did you mean 'HM_FHIR_TARGETS'" in done.stderr


def test_what_waits_for_later_can_be_sent_now(deployment: Deployment, fhir_server: FhirServer) -> None:
    fhir_server.faults.add(Fault(status=429, headers={"Retry-After": "80000"}, method="POST"))
    assert deployment.run("run", "--patience", "0").code == 3
    assert deployment.run("run", "--patience", "0").code == 3
    assert deployment.run("outbox", "retry", "--waiting").output.startswith("3 entries")
    assert deployment.run("run", "--patience", "0").code == 0


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1"])
def test_patience_is_a_number_of_seconds(seconds: str, deployment: Deployment) -> None:
    assert deployment.run("run", "--patience", seconds).code == 2


def test_a_reader_that_has_read_enough_is_no_error(deployment: Deployment) -> None:
    put(deployment, *(activity(number) for number in range(300)))
    process = subprocess.Popen(deployment.command("map"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with process.stdout or pytest.fail("no pipe") as pipe:
        pipe.readline()
    assert process.wait(60) == 0


@pytest.mark.parametrize("arguments", [("map",), ("mappings", "explain", "register:v0"), ("mappings", "schema")])
def test_output_that_nobody_reads_any_more_is_no_error(arguments: tuple[str, ...], deployment: Deployment) -> None:
    process = subprocess.Popen(deployment.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert b"Exception" not in errors


@pytest.mark.parametrize("arguments", [("map",), ("mappings", "schema"), ("mappings", "test", "--json"), ("check",)])
def test_output_that_is_cut_by_a_full_disk_is_said(arguments: tuple[str, ...], deployment: Deployment) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(deployment.command(*arguments), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"it is cut: No space left on device" in done.stderr
    assert b"nothing was lost" not in done.stderr


def test_map_without_standard_output_is_an_error(deployment: Deployment) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *deployment.command("map")], capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"standard output is closed" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("demo", "--folder", "."), "this is there already"),
        (("demo", "--folder", "hm-fhir.toml/x"), "hm-fhir.toml/x: Not a directory"),
        (("mappings", "schema", "--folder", "hm-fhir.toml/x"), "hm-fhir.toml/x: Not a directory"),
    ],
)
def test_a_folder_that_cannot_be_made_is_no_defect(
    arguments: tuple[str, ...], says: str, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(deployment.folder)
    shown = deployment.run(*arguments)
    assert shown.code == 2
    assert says in shown.errors
    assert "defect" not in shown.errors


def test_a_folder_that_may_not_be_written_to_is_explained(deployment: Deployment) -> None:
    (deployment.folder / "file").write_text("")
    shown = deployment.section("store", path="file/outbox.db").run("run")
    assert shown.code == 2
    assert "cannot make the folder of the store" in shown.errors


def test_run_prints_both_sums_for_a_person(deployment: Deployment) -> None:
    shown = deployment.run("run").output
    assert "from register: 3 read = 3 new + 0 newer + 0 repeated + 0 rejected  adds up" in shown
    assert "to hospital: 3 routed = 0 waiting + 0 withheld + 3 delivered" in shown


def test_a_rejected_record_is_kept_with_place_and_reason_and_can_be_repaired(deployment: Deployment) -> None:
    put(deployment, activity(1, setting="hom"))
    deployment.run("run")
    assert deployment.run("outbox", "stats", "--json").json()["rejected_records"] == {
        "register": {"invalid-activity": 1}
    }
    shown = deployment.run("outbox", "rejected").output
    assert "activities.ndjson:1" in shown
    assert "did you mean 'home'?" in shown
    assert "Проба" not in shown + deployment.run("outbox", "rejected", "--json").output
    assert "Проба" in deployment.run("outbox", "rejected", "--payload").output
    # It was removed from the register, and nothing says that this is a correction.
    put(deployment, activity(2))
    assert deployment.run("run").code == 0
    assert deployment.run("outbox", "stats", "--json").json()["targets"]["hospital"]["delivered"] == 1
    assert (
        deployment.run("outbox", "forget", "--last-read-before", "2026-01-01").output
        == "0 rejected records forgotten\n"
    )
    assert (
        deployment.run("outbox", "forget", "--last-read-before", "2199-01-01").output
        == "1 rejected record forgotten\n"
    )
    assert deployment.run("outbox", "stats", "--json").json()["rejected_records"] == {}


def test_the_correction_of_a_rejected_record_settles_it(deployment: Deployment) -> None:
    put(deployment, activity(1, setting="hom"))
    deployment.run("run")
    put(deployment, activity(1))
    assert deployment.run("run").code == 0
    assert deployment.run("outbox", "stats", "--json").json()["rejected_records"] == {}


def test_rejected_records_are_taken_again_by_replay(deployment: Deployment) -> None:
    put(deployment, activity(1, setting="hom"), "not json")
    deployment.run("run")
    replayed = deployment.run("sources", "replay", "--json")
    assert replayed.code == 3
    told = replayed.json()["register"]
    assert told["rejected_by_code"] == {"invalid-activity": 1, "unreadable": 1}
    assert [(one["place"], one["reason"], one["fix"]) for one in told["still_rejected"]] == [
        ("activities.ndjson:1", "invalid-activity", None),
        ("activities.ndjson:2", "unreadable", "correct it there, and the next run reads it"),
    ]
    assert told["more_still_rejected"] == 0
    listed = deployment.run("sources", "list", "--json").json()
    assert [(one["source"], one["reads"], one["rejected"]) for one in listed] == [("register", "everything", 2)]
    assert deployment.run("sources", "read-again", "register").code == 0


def test_preview_shows_what_records_become_and_why_they_are_refused(deployment: Deployment) -> None:
    put(deployment, activity(1), activity(2, setting="hom"))
    shown = deployment.run("sources", "preview", "register")
    assert shown.code == 1
    assert "home-visit" in shown.output
    assert "REFUSED invalid-activity" in shown.output
    assert "1 record refused" in shown.output
    assert "Проба" not in shown.output + shown.errors
    assert "Проба" in deployment.run("sources", "preview", "register", "--full").output
    assert deployment.run("sources", "preview", "register", "--rows", "1").code == 0


def test_what_waits_gives_exit_code_3(deployment: Deployment, fhir_server: FhirServer) -> None:
    fhir_server.faults.add(Fault(status=503, headers={"Retry-After": "600"}, times=100, method="POST"))
    waiting = deployment.run("run", "--patience", "0")
    assert waiting.code == 3
    listed = deployment.run("outbox", "list", "--state", "waiting", "--json")
    assert [json.loads(line)["code"] for line in listed.output.splitlines()] == ["http-503"] * 3


def test_a_parked_entry_is_shown_redacted_and_sent_again_on_request(
    deployment: Deployment, fhir_server: FhirServer
) -> None:
    secret = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "value", "diagnostics": "Проба"}],
    }
    put(deployment, activity(1))
    fhir_server.faults.add(Fault(status=422, outcome=secret, method="POST"))
    assert deployment.run("run").code == 3
    [row] = [json.loads(line) for line in deployment.run("outbox", "list", "--json").output.splitlines()]
    assert (row["state"], row["code"]) == ("parked", "http-422 value")
    number = str(row["entry_id"])
    for redacted in (deployment.run("outbox", "show", number), deployment.run("outbox", "show", number, "--json")):
        assert redacted.code == 0
        assert "error value" in redacted.output
        assert "Проба" not in redacted.output
    assert "Проба" in deployment.run("outbox", "show", number, "--words").output
    assert "Проба" in deployment.run("outbox", "show", number, "--payload", "--json").output

    assert deployment.run("outbox", "retry", number).code == 0
    assert deployment.run("run").code == 0
    assert deployment.run("outbox", "retry").code == 2, "which entries?"


def test_map_prints_one_resource_a_line_and_stores_nothing(deployment: Deployment, fhir_server: FhirServer) -> None:
    put(deployment, activity(1), "not json")
    shown = deployment.run("map")
    resources = [json.loads(line) for line in shown.output.splitlines()]
    assert {"Encounter", "Patient", "Provenance"} <= {one["resourceType"] for one in resources}
    assert "activities.ndjson:2: unreadable" in shown.errors
    assert not (deployment.folder / "store").exists()
    assert not fhir_server.requests


def test_map_gives_the_same_bytes_in_every_process(deployment: Deployment) -> None:
    outputs = {
        subprocess.run(
            deployment.command("map"), capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1


def test_check_looks_at_everything_and_says_what_to_do(deployment: Deployment, fhir_server: FhirServer) -> None:
    good = deployment.run("check", "--json")
    assert good.code == 0
    assert {finding["state"] for finding in good.json()} == {"ok"}
    deployment.target("nobody", "http://127.0.0.1:9/fhir")
    later = deployment.run("check", "--json")
    assert later.code == 3
    assert [one["what"] for one in later.json() if one["state"] == "later"] == ["target nobody"]
    deployment.source("gone", "csv", "nowhere.csv").enable("no-such-plugin")
    bad = deployment.run("check")
    assert bad.code == 2
    assert "no-such-plugin" in bad.output


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("[deployment]\nnam = 'x'\n", "did you mean 'name'"),
        ("[deployment\n", "not TOML"),
        ("[deployment]\nname = 'x'\n[identity]\nkey = 'secret!'\nkey_id = 'k'\n", "identity.key"),
    ],
)
def test_wrong_settings_are_explained_and_exit_2(broken: str, says: str, tmp_path: Path) -> None:
    deployment = Deployment(tmp_path)
    deployment.path.write_text(broken)
    shown = deployment.run("run")
    assert shown.code == 2
    assert says in shown.errors
    assert "Traceback" not in shown.errors
    assert "secret!" not in shown.errors


def test_settings_of_a_source_or_target_are_checked_by_their_kind(deployment: Deployment) -> None:
    deployment.target("hospital", "http://127.0.0.1:9/fhir", timeout=3)
    shown = deployment.run("run")
    assert shown.code == 2
    assert "did you mean 'timeout_seconds'" in shown.errors


def test_a_missing_file_fails_its_source_and_not_the_others(deployment: Deployment, fhir_server: FhirServer) -> None:
    deployment.source("gone", "csv", "nowhere.csv")
    shown = deployment.run("run", "--json")
    assert shown.code == 2
    assert set(shown.json()["failed_sources"]) == {"gone"}
    assert shown.json()["targets"]["hospital"]["delivered"] == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_gives_everything_back_and_the_next_one_goes_on(
    number: signal.Signals, deployment: Deployment, fhir_server: FhirServer
) -> None:
    put(deployment, *(activity(one) for one in range(30)))
    deployment.target("hospital", fhir_server.url, max_entries=12)
    fhir_server.faults.add(Fault(delay_seconds=0.15, times=1000))
    process = subprocess.Popen(deployment.command("run"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while len(fhir_server.requests) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "the next run goes on" in errors
    assert "adds up" in output
    rows = [json.loads(line) for line in deployment.run("outbox", "list", "--json").output.splitlines()]
    assert {row["lease_owner"] for row in rows} == {None}
    fhir_server.faults.clear()
    assert deployment.run("run").code == 0
    assert all(len(fhir_server.versions(key)) == 1 for key in fhir_server.resources)


def test_two_runs_at_once_share_the_work(deployment: Deployment, fhir_server: FhirServer) -> None:
    put(deployment, *(activity(one) for one in range(60)))
    deployment.target("hospital", fhir_server.url, max_entries=12).section("delivery", claim_entries=5)
    both = [subprocess.Popen(deployment.command("run"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in "ab"]
    ends = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] in ([0, 0], [0, 3], [3, 0]), ends
    last = deployment.run("run", "--json")
    assert last.code == 0
    assert last.json()["targets"]["hospital"]["delivered"] == 60
    assert sum(key.startswith("Encounter") for key in fhir_server.resources) == 60
    assert all(len(fhir_server.versions(key)) == 1 for key in fhir_server.resources)


def test_plugins_list_tells_what_is_installed_and_what_it_brings(deployment: Deployment) -> None:
    deployment.enable("samokov")
    listed = deployment.run("plugins", "list", "--json").json()
    states = {plugin["name"]: plugin["enabled"] for plugin in listed["plugins"]}
    assert {name for name, enabled in states.items() if enabled} == {"hm-fhir", "samokov"}
    assert states.keys() >= {"burgas", "dimitrovgrad", "dupnitsa", "kazanlak", "novi-pazar"}
    assert set(listed["brings"]["sources"]) == {*READER_NAMES, "samokov"}
    assert "samokov" in deployment.run("plugins", "list").output


def test_mappings_test_runs_the_cases_and_fails_when_one_does(deployment: Deployment) -> None:
    everything = deployment.run("mappings", "test")
    assert everything.code == 0
    assert "cases pass" in everything.output
    case = deployment.folder / "cases" / "wrong.yaml"
    case.parent.mkdir()
    case.write_text(f"case: wrong\nactivity: {json.dumps(activity(1))}\nrefused: no-person\n", encoding="utf-8")
    failing = deployment.run("mappings", "test", str(case.parent))
    assert failing.code == 1
    assert "-refused: no-person" in failing.output


def test_a_defect_of_our_own_shows_no_value(deployment: Deployment) -> None:
    program = (
        "import hm_fhir.app, hm_fhir.cli.main as m\n"
        "def broken(*a, **k): raise RuntimeError('Проба 6101057509')\n"
        "hm_fhir.app.App.run = broken\nm.main()"
    )
    command = deployment.command("run")
    command[2] = program
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    assert shown.returncode == 2
    assert "RuntimeError" in shown.stderr
    assert "6101057509" not in shown.stderr + shown.stdout
    assert "Проба" not in shown.stderr + shown.stdout
