"""Warnings about a fields file reach the person who writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hm_fhir.testing.deployment import Deployment

FIELDS = """\
fields: register
version: 1.0.0
reads: csv
record:
  number: {column: Номер, required: true}
  day: {column: Дата, type: date, required: true}
  changed: {column: Промяна, type: moment, required: true}
  remark: {column: Бележка}
activity:
  local_id: "{{ number }}"
  updated_at: "{{ changed }}"
  municipality: {code: SFO39, name: Самоков}
  mediator: {local_id: M1, name: {given: [Мария]}}
  type: home-visit
  period: {start: "{{ day }}"}
  setting: home
  persons: [{local_id: "{{ number }}", name: {given: [Проба]}}]
"""
WARNING = "fields.yaml:8:3: warning unused-value: 'remark' is read, and nothing uses it (use it in `activity`"


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    (tmp_path / "fields.yaml").write_text(FIELDS, encoding="utf-8")
    rows = "Номер;Дата;Промяна;Бележка\n1;05.01.2026;05.01.2026 16:05;няма\n"
    (tmp_path / "register.csv").write_text(rows, encoding="utf-8")
    return Deployment(tmp_path).source("register", "csv", "register.csv", fields="fields.yaml")


@pytest.mark.parametrize("command", ["preview", "profile"])
def test_looking_at_a_source_shows_the_warnings_of_its_fields(deployment: Deployment, command: str) -> None:
    shown = deployment.run("sources", command, "register", "--json")
    assert shown.code == 0
    assert WARNING in shown.errors
    assert [json.loads(line) for line in shown.output.splitlines()] if command == "preview" else shown.json()


def test_the_check_counts_the_warnings_of_a_source(deployment: Deployment) -> None:
    says = {one["what"]: (one["state"], one["says"]) for one in deployment.run("check", "--json").json()}
    state, found = says["source register"]
    assert state == "ok"
    assert found.startswith("readable, ")
    assert found.endswith(", 1 warning: hm-fhir sources preview register")


def test_a_source_without_warnings_says_nothing_of_them(deployment: Deployment) -> None:
    text = FIELDS.replace("setting: home", 'setting: home\n  note: "{{ remark }}"')
    (deployment.folder / "fields.yaml").write_text(text, encoding="utf-8")
    assert deployment.run("sources", "preview", "register").errors == ""
    checked = {one["what"]: one["says"] for one in deployment.run("check", "--json").json()}
    assert "warning" not in checked["source register"]
