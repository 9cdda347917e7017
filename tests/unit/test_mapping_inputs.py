"""The fields of an activity that an expression uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from hm_fhir.mapping.inspection.inputs import inputs_of_mapping, shown
from hm_fhir.mapping.loader import load_pack


def fields(folder: Path, expression: str) -> tuple[str, ...]:
    (folder / "pack.yaml").write_text("pack: tests\nversion: 1.0.0\n", encoding="utf-8")
    text = f"""\
mapping: tests
version: 1.0.0
when: "true"
assign:
  - first: "{{{{ persons.where(role = 'mother') }}}}"
  - both: "{{{{ type }}}} {{{{ setting }}}}"
  - object: {{a: "{{{{ note }}}}", b: "{{{{ outcome }}}}"}}
resources:
  - name: patient
    type: Patient
    key: person.key
    template: {{active: true}}
  - name: encounter
    type: Encounter
    template:
      status: "{{{{ {expression} }}}}"
"""
    (folder / "tests.yaml").write_text(text, encoding="utf-8")
    [mapping] = load_pack(folder).mappings
    [(_, node)] = mapping.resources[1].template.tree.members  # type: ignore[union-attr]  # an object
    return shown(inputs_of_mapping(mapping).nodes[id(node)].fields)


@pytest.mark.parametrize(
    ("expression", "used"),
    [
        ("period.start", ["period.start"]),
        ("'constant'", []),
        ("%activity.period.start", ["period.start"]),
        ("%context.type", ["type"]),
        ("persons.where(role = 'child').name.family", ["persons.name.family", "persons.role"]),
        ("persons[0].name.first().given", ["persons.name.given"]),
        ("persons.select(name.family | name.given)", ["persons.name.family", "persons.name.given"]),
        ("iif(status = 'planned', updated_at, period.start)", ["period.start", "status", "updated_at"]),
        ("topics.where($this != 'hygiene').exists()", ["topics"]),
        ("setting.translate('x') | type", ["setting", "type"]),
        ("(period.end | period.start).first()", ["period.end", "period.start"]),
        ("coding('urn:x', outcome)", ["outcome"]),
        ("type & ' ' & setting", ["setting", "type"]),
        ("-version", ["version"]),
        ("(note as string)", ["note"]),
        ("note is string", ["note"]),
        ("note.ofType(string)", ["note"]),
        ("%first.name.family", ["persons.name.family", "persons.role"]),
        ("%both", ["setting", "type"]),
        ("%object.a", ["note", "outcome"]),
        ("reference('patient')", ["person.key"]),
        ("reference('patient', mediator.key)", ["mediator.key"]),
        ("%systems.where(kind = %context.type).uri", ["%systems", "type"]),
        ("%activity", ["activity"]),
        ("%ucum", []),
    ],
)
def test_the_fields_that_an_expression_uses(expression: str, used: list[str], tmp_path: Path) -> None:
    if "translate" in expression:
        (tmp_path / "conceptmaps").mkdir()
        text = '{"resourceType": "ConceptMap", "group": [{"element": [{"code": "home"}]}]}'
        (tmp_path / "conceptmaps" / "x.json").write_text(text, encoding="utf-8")
    assert list(fields(tmp_path, expression)) == used
