"""`hm-fhir sources profile` and `replay`: what is not declared yet, and what stays rejected."""

from __future__ import annotations

from pathlib import Path

from hm_fhir.testing.deployment import Deployment

FACILITY_DIRECTORY = """\
municipality: {code: PRM01, name: Примерово}
mediators:
  М1: {given: [Мария], family: Примерова}
facilities:
  МБАЛ: {kind: hospital, name: Примерна болница}
"""
FACILITY_FIELDS = """\
fields: register
version: 1.0.0
reads: csv
record:
  number: {column: "№", required: true}
  changed: {column: Променено, type: moment, required: true}
  mediator: {column: Медиатор, type: mediator, required: true}
  place: {column: Къде, type: facility, required: true}
activity:
  local_id: "{{ number }}"
  updated_at: "{{ changed }}"
  mediator: "{{ mediator }}"
  type: home-visit
  period: {start: "{{ changed }}"}
  setting: home
  facility: "{{ place }}"
  persons: [{local_id: "7", name: {given: [Проба]}}]
"""


def deployment_with_facilities(folder: Path, *facilities: str) -> Deployment:
    """Return a deployment with a register whose rows name these facilities."""
    (folder / "fields.yaml").write_text(FACILITY_FIELDS, encoding="utf-8")
    (folder / "directory.yaml").write_text(FACILITY_DIRECTORY, encoding="utf-8")
    rows = "".join(f"{n};05.03.2026 10:00;М1;{one}\n" for n, one in enumerate(facilities, 1))
    (folder / "register.csv").write_text(f"№;Променено;Медиатор;Къде\n{rows}", encoding="utf-8")
    register = Deployment(folder).source(
        "register", "csv", "register.csv", fields="fields.yaml", directory="directory.yaml"
    )
    return register.target("hospital", "http://127.0.0.1:9/fhir")


def test_replay_says_where_records_stand_that_stay_rejected_why_and_what_to_do(tmp_path: Path) -> None:
    register = deployment_with_facilities(tmp_path, *["нищо"] * 22, "МБАЛ")
    register.run("run", "--patience", "0")
    shown = register.run("sources", "replay", "register")
    assert shown.code == 3
    told = (
        "    register.csv:2: unknown-facility: 'Къде' - the facility is not in the directory"
        " (add it to directory.yaml)"
    )
    assert told in shown.output.splitlines()
    assert shown.output.count("unknown-facility: ") == 20
    assert "    and 2 more: `hm-fhir outbox rejected --source register --limit 22`" in shown.output
    assert "нищо" not in shown.output + shown.errors
    first = register.run("sources", "replay", "register", "--limit", "3", "--json").json()["register"]
    assert len(first["still_rejected"]) == 3
    assert first["more_still_rejected"] == 0
    assert set(first["still_rejected"][0]) == {"place", "reason", "message", "fix"}

    directory = tmp_path / "directory.yaml"
    directory.write_text(directory.read_text() + "  нищо: {kind: hospital, name: Нова болница}\n", encoding="utf-8")
    taken = register.run("sources", "replay", "register")
    assert (taken.code, "unknown-facility" in taken.output) == (0, False)


def test_profile_says_which_facilities_are_not_in_the_directory_and_counts_mediators(tmp_path: Path) -> None:
    register = deployment_with_facilities(tmp_path, "МБАЛ", "ДКЦ", "ДКЦ", "Скрита Скритова")
    path = tmp_path / "register.csv"
    path.write_text(path.read_text() + "9;05.03.2026 10:00;Тайна;МБАЛ\n", encoding="utf-8")
    shown = register.run("sources", "profile", "register")
    assert shown.code == 1
    lines = ["".join(line.split()) for line in shown.output.splitlines()]
    assert "Медиатор│1mediator│1│1notshown│register.csv:6" in lines
    assert "Къде│2facilities│3│ДКЦ(2),1notshown│register.csv:5" in lines
    assert "Скрит" not in shown.output
    assert "Тайна" not in shown.output
    columns = {one["name"]: one for one in register.run("sources", "profile", "register", "--json").json()["columns"]}
    assert columns["Къде"]["unlisted"] == [
        {"kind": "facility", "distinct": 2, "records": 3, "shown": [["ДКЦ", 2]], "places": ["register.csv:5"]}
    ]
