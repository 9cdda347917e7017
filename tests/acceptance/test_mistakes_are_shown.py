"""What a person sees who writes fields and a directory for the first time, and makes mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hm_fhir.testing.deployment import Deployment

FIELDS = """\
fields: register
version: 1.0.0
reads: csv
record:
  number: {column: "№", required: true}
  changed: {column: Променено, type: moment, required: true}
  day: {column: Дата, type: date, required: true}
  mediator: {column: Медиатор, type: mediator, required: true}
  egn: {column: ЕГН, type: national-number, kind: egn, personal: true}
  names: {column: Имена, many: " ", personal: true}
  kind: {column: Вид, codes: kinds, required: true}
codes:
  kinds: {посещение: home-visit}
activity:
  local_id: "{{ number }}"
  updated_at: "{{ changed }}"
  mediator: "{{ mediator }}"
  type: "{{ kind }}"
  period: {start: "{{ day }}"}
  setting: home
  persons:
    - identifiers: ["{{ egn }}"]
      name: {given: "{[ names ]}"}
"""
DIRECTORY = """\
municipality: {code: PRM01, name: Примерово}
mediators:
  M1: {given: [Мария], family: Примерова}
"""
ROWS = """\
№;Променено;Дата;Медиатор;ЕГН;Имена;Вид
1;05.01.2026 16:05;35.01.2026;M1;;Проба Тестова;разходка
2;05.01.2026 16:05;05.01.2026;M1;;;посещение
"""


@pytest.fixture
def register(tmp_path: Path) -> Deployment:
    for name, text in (("fields.yaml", FIELDS), ("directory.yaml", DIRECTORY), ("register.csv", ROWS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return Deployment(tmp_path).source(
        "register", "csv", "register.csv", fields="fields.yaml", directory="directory.yaml"
    )


def change(register: Deployment, name: str, right: str, wrong: str) -> str:
    """Change a file, and return what the preview says then."""
    path = register.folder / name
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    shown = register.run("sources", "preview", "register")
    assert shown.code == 2
    assert "Traceback" not in shown.errors
    return shown.errors


def test_all_faults_of_a_row_and_the_empty_columns_of_an_activity_are_shown(register: Deployment) -> None:
    shown = register.run("sources", "preview", "register", "--json")
    assert shown.code == 1
    first, second = shown.output.splitlines()
    assert "'Дата' is not a date" in first
    assert "'Вид' has a word that is not in the code table 'kinds'" in first
    assert "an activity concerns either persons or a group; look at 'ЕГН' (empty), 'Имена' (empty)" in second
    assert not [word for word in ("Проба", "35.01", "разходка") if word in shown.output]


@pytest.mark.parametrize(
    ("name", "right", "wrong", "says"),
    [
        ("fields.yaml", "  day:", "\tday:", "fields.yaml:7:1: a line begins with a tab (indent with spaces"),
        ("fields.yaml", "reads: csv", "raeds: csv", "raeds is not known here (did you mean 'reads'?)"),
        (
            "directory.yaml",
            "family:",
            "famly:",
            "directory.yaml:3:24: famly is not known here (did you mean 'family'?)",
        ),
        ("directory.yaml", "[Мария],", "[Мария]", "directory.yaml:3:23: a comma is missing here"),
        ("register.csv", "ЕГН", "EГН", "'EГН' differs from 'ЕГН' only in letters that look alike ('E': Latin)"),
    ],
)
def test_a_mistake_is_shown_with_its_place_and_without_the_name_of_a_class(
    register: Deployment, name: str, right: str, wrong: str, says: str
) -> None:
    errors = change(register, name, right, wrong)
    assert errors.startswith("error: ")
    assert says in errors
    assert "SettingsError" not in errors
    assert "MappingError" not in errors


def test_several_mistakes_are_counted(register: Deployment) -> None:
    errors = change(register, "fields.yaml", "reads: csv", "raeds: csv")
    assert errors.startswith("error: 2 mistakes\n")
