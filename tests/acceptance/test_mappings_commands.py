"""`hm-fhir mappings` as those who write mappings use it: real processes, documented exit codes, no personal data."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.testing.deployment import Deployment, Finished

ROOT = Path(__file__).parents[2]
ACTIVITY = {
    "local_id": "v1",
    "updated_at": "2026-03-05T10:00:00+02:00",
    "municipality": {"code": "SFO39", "name": "Самоков"},
    "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
    "type": "home-visit",
    "period": {"start": "2026-03-05"},
    "setting": "home",
    "persons": [{"local_id": "p1", "name": {"given": ["Проба"]}, "phone": "+359 88 1234567"}],
    "outcome": "achieved",
}
PERSONAL = ("Проба", "Мария", "Примерова", "1234567", "2026-03-05")


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "activities.ndjson", ACTIVITY, {**ACTIVITY, "local_id": "v2", "setting": "hospital"})
    return Deployment(tmp_path).source("register", "ndjson", "activities.ndjson")


def put(path: Path, *activities: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in activities), encoding="utf-8")
    return path


def lines(shown: Finished) -> list[dict[str, Any]]:
    return [json.loads(line) for line in shown.output.splitlines()]


def own_pack(folder: Path) -> Path:
    """Return a copy of the base pack in which home visits have another class of Encounter and no outcome."""
    shutil.copytree(ROOT / "mappings", folder)
    for name, before, after in (
        ("encounter", "status: \"{{ status.translate('encounter-status').code }}\"", "status: in-progress"),
        ("circumstances", 'if: "outcome.exists() or', 'if: "'),
    ):
        path = folder / "parts" / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after), encoding="utf-8")
    return folder


# ---- coverage


def test_coverage_lists_files_branches_and_what_no_case_has(deployment: Deployment) -> None:
    shown = deployment.run("mappings", "test", "--coverage", str(ROOT / "mappings" / "cases" / "home-visit"))
    assert shown.code == 0
    assert "hm-fhir-base/referral.yaml:" in shown.output
    assert "no case is mapped by 'referral'" in shown.output
    assert "codes of concept maps that no case has" in shown.output
    assert shown.output.splitlines()[-1].endswith("%")


def test_coverage_below_what_is_wanted_is_exit_code_1(deployment: Deployment) -> None:
    cases = str(ROOT / "mappings" / "cases" / "home-visit")
    assert deployment.run("mappings", "test", "--coverage", "--fail-under", "1", cases).code == 0
    failing = deployment.run("mappings", "test", "--coverage", "--fail-under", "100", "--json", cases)
    assert failing.code == 1
    rows = lines(failing)
    assert {row["passed"] for row in rows if "case" in row} == {True}
    [referral] = [row for row in rows if row.get("file", "").endswith("mappings/referral.yaml")]
    assert referral["reached"] == 0
    assert referral["unreached"][0]["says"] == "no case is mapped by 'referral'"
    assert deployment.run("mappings", "test", "--fail-under", "100").code == 2


def test_coverage_is_about_the_packs_that_the_cases_belong_to(deployment: Deployment) -> None:
    folder = deployment.folder / "cases"
    folder.mkdir()
    case = {"case": "elsewhere", "activity": {**ACTIVITY, "system": "tests"}, "refused": "no-person"}
    (folder / "one.yaml").write_text(json.dumps(case, ensure_ascii=False), encoding="utf-8")
    shown = deployment.run("mappings", "test", "--coverage", "--json", str(folder))
    assert any(row.get("file", "").endswith("home-visit.yaml") for row in lines(shown)), "of no pack: all packs"


# ---- explain


@pytest.mark.parametrize("form", ["json", "yaml", "case", "source"])
def test_explain_takes_files_cases_and_records_of_sources(form: str, deployment: Deployment) -> None:
    path = deployment.folder / f"one.{'json' if form == 'json' else 'yaml'}"
    if form == "json":
        put(path, ACTIVITY)
    elif form == "yaml":
        path.write_text("# an activity\n" + json.dumps(ACTIVITY, ensure_ascii=False), encoding="utf-8")
    else:
        path.write_text(json.dumps({"case": "x", "activity": ACTIVITY}, ensure_ascii=False), encoding="utf-8")
    shown = deployment.run("mappings", "explain", "register:v1" if form == "source" else str(path), "--json")
    assert shown.code == 0, shown.errors
    rows = lines(shown)
    [start] = [row for row in rows if row.get("element") == "Encounter.period.start"]
    assert start["expression"] == "period.start"
    assert start["inputs"] == ["period.start"]
    assert Path(start["place"].rsplit(":", 2)[0]).name == "encounter.yaml"
    assert rows[-1]["mapping"].startswith("home-visit@")
    assert not any(word in shown.output for word in PERSONAL)


def test_explain_reads_standard_input(deployment: Deployment) -> None:
    command = deployment.command("mappings", "explain", "-", "--resource", "Patient")
    text = json.dumps(ACTIVITY)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "Patient.name[0].given[0]" in done.stdout
    assert "Encounter.period" not in done.stdout


def test_explain_shows_values_only_when_asked(deployment: Deployment) -> None:
    shown = deployment.run("mappings", "explain", "register:v1")
    assert shown.code == 0
    assert "hm-fhir-base/parts/people.yaml:" in shown.output
    assert "not made" in shown.output
    assert not any(word in shown.output for word in PERSONAL)
    with_values = deployment.run("mappings", "explain", "register:v1", "--resource", "patient", "--values")
    assert "Проба" in with_values.output


def test_explain_says_which_rule_refused(deployment: Deployment) -> None:
    shown = deployment.run("mappings", "explain", "register:v2")
    assert shown.code == 1
    assert "refused: not-at-home" in shown.output
    assert "hm-fhir-base/home-visit.yaml:" in shown.output
    assert "from setting, status" in shown.output


def test_explain_says_what_is_wrong_with_the_command(deployment: Deployment) -> None:
    assert (
        "no resource 'encuonter'"
        in deployment.run("mappings", "explain", "register:v1", "--resource", "encuonter").errors
    )
    assert deployment.run("mappings", "explain", "register:nobody").code == 2
    assert deployment.run("mappings", "explain", "nowhere.json").code == 2
    broken = deployment.folder / "broken.json"
    broken.write_text('{"local_id": "Проба', encoding="utf-8")
    shown = deployment.run("mappings", "explain", str(broken))
    assert shown.code == 2
    assert f"{broken}:1:14: this is no JSON" in shown.errors
    assert "Проба" not in shown.errors


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("one.yaml", "local_id: Проба\nx: [1\ny: 2\n", "one.yaml:2:4: this is no YAML"),
        ("one.json", '{"local_id": "Проба",\n "x" 1}', "one.json:2:6: this is no JSON"),
        ("one.json", '{"Проба": ' + "1" * 5000 + "}", "one.json:1:11: a number is too large"),
        ("one.json", '{"Проба": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_explain_says_where_a_file_is_broken_without_showing_it(
    name: str, text: str, says: str, deployment: Deployment
) -> None:
    (deployment.folder / name).write_text(text, encoding="utf-8")
    shown = deployment.run("mappings", "explain", name)
    assert shown.code == 2
    assert says in shown.errors
    assert "Проба" not in shown.errors


@pytest.mark.parametrize(
    ("name", "meant"), [("activites.ndjson", "activities.ndjson"), ("registr:v1", "register:v1"), ("x", "SOURCE")]
)
def test_explain_says_what_was_probably_meant(name: str, meant: str, deployment: Deployment) -> None:
    shown = deployment.run("mappings", "explain", name)
    assert shown.code == 2
    assert meant in shown.errors


# ---- diff


def test_diff_of_a_pack_with_itself_is_nothing(deployment: Deployment) -> None:
    shown = deployment.run("mappings", "diff", "hm-fhir-base", str(ROOT / "mappings"), "--source", "register")
    assert shown.code == 0
    assert shown.output == "2 activities: 2 same\n"


def test_diff_counts_what_changes_by_element(deployment: Deployment) -> None:
    new = own_pack(deployment.folder / "new")
    file = str(deployment.folder / "activities.ndjson")
    shown = deployment.run("mappings", "diff", "hm-fhir-base", str(new), file)
    assert shown.code == 1
    assert "~ encounter Encounter.status\n  changed in 1 activity, the first at activities.ndjson:1\n" in shown.output
    assert "- outcome (Observation)\n  removed in 1 activity" in shown.output
    assert shown.output.endswith("2 activities: 1 same, 1 changed\n")
    assert not any(word in shown.output for word in PERSONAL)

    rows = lines(deployment.run("mappings", "diff", "hm-fhir-base", str(new), file, "--json", "--values"))
    [status] = [row for row in rows if row.get("element") == "encounter Encounter.status"]
    assert (status["before"], status["after"], status["activities"]) == ("finished", "in-progress", 1)
    assert rows[-1]["changed"] == 1


def test_diff_counts_new_refusals_and_failures(deployment: Deployment) -> None:
    new = own_pack(deployment.folder / "new")
    path = new / "home-visit.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("setting in ('home' | 'field')", "setting in ('hospital')"), encoding="utf-8")
    put(deployment.folder / "more.ndjson", ACTIVITY, {**ACTIVITY, "setting": "hospital"}, {"local_id": "x"})
    file = str(deployment.folder / "more.ndjson")
    shown = deployment.run("mappings", "diff", "hm-fhir-base", str(new), file)
    assert shown.code == 1
    assert "- mapped\n+ refused (not-at-home)\n  1 activity, the first at more.ndjson:1\n" in shown.output
    assert "2 activities: 0 same, 1 newly refused, 1 no longer refused\n" in shown.output
    assert shown.output.endswith("1 record could not become an activity\n  1 invalid-activity: more.ndjson:3\n")


def test_diff_is_not_done_when_records_could_not_be_compared(deployment: Deployment) -> None:
    file = put(deployment.folder / "more.ndjson", ACTIVITY, {"local_id": "x"}, ACTIVITY, {"local_id": "y"})
    shown = deployment.run("mappings", "diff", "hm-fhir-base", "hm-fhir-base", str(file), "--json")
    assert shown.code == 1
    assert lines(shown)[-2] == {
        "unreadable": "invalid-activity",
        "records": 2,
        "places": ["more.ndjson:2", "more.ndjson:4"],
    }


def test_diff_says_what_is_wrong_with_the_command(deployment: Deployment) -> None:
    assert deployment.run("mappings", "diff", "hm-fhir-base", "hm-fhir-base").code == 2
    shown = deployment.run("mappings", "diff", "hm-fhir-bse", "hm-fhir-base", "--source", "register")
    assert shown.code == 2
    assert "did you mean 'hm-fhir-base'" in shown.errors


# ---- test


def test_of_a_folder_of_a_pack_the_cases_are_tested(deployment: Deployment) -> None:
    shown = deployment.run("mappings", "test", str(ROOT / "mappings"))
    assert shown.code == 0, shown.errors
    assert shown.output.endswith("cases pass\n")


def test_write_keeps_a_case_whose_activity_has_a_typo(deployment: Deployment) -> None:
    path = deployment.folder / "cases" / "typo.yaml"
    path.parent.mkdir()
    activity = {key: value for key, value in ACTIVITY.items() if key != "outcome"}
    case = {"case": "typo", "activity": {**activity, "system": "t", "outcom": "refused"}, "resources": {}}
    path.write_text(json.dumps(case, ensure_ascii=False), encoding="utf-8")
    shown = deployment.run("mappings", "test", "--write", str(path.parent))
    assert shown.code == 1
    assert "did you mean 'outcome'" in shown.output
    assert "not written" in shown.output
    assert shown.output.endswith("0 of 1 cases pass\n")
    assert json.loads(path.read_text(encoding="utf-8")) == case


# ---- schema


def test_schema_prints_one_schema_or_writes_all(deployment: Deployment) -> None:
    shown = deployment.run("mappings", "schema", "pack")
    assert shown.code == 0
    assert shown.json()["properties"]["pack"]["type"] == "string"
    folder = deployment.folder / "schema"
    assert deployment.run("mappings", "schema", "--folder", str(folder)).code == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        "case.json",
        "fields.json",
        "mapping.json",
        "pack.json",
        "part.json",
    ]
    assert json.loads((folder / "mapping.json").read_text(encoding="utf-8"))["$schema"].endswith("2020-12/schema")


def test_explain_passes_by_a_rejected_record_that_holds_the_number_elsewhere(deployment: Deployment) -> None:
    rejected = {**ACTIVITY, "local_id": "v0", "period": {"start": "never"}, "note": "v1"}
    put(deployment.folder / "activities.ndjson", rejected, ACTIVITY)
    assert deployment.run("mappings", "explain", "register:v1").code == 0
    shown = deployment.run("mappings", "explain", "register:v0")
    assert (shown.code, "period.start" in shown.errors) == (2, True)
