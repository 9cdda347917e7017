"""Mistakes in fields files: each is found before any record is read, where it stands, with what to do.

The cases are data: ``mistakes.yaml``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hm_fhir.errors import MappingError, MappingErrors
from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.sources.fields.loading import Fields, load_fields

GOOD = """\
fields: register
version: 1.0.0
reads: csv
record:
  number: {column: Номер, required: true}
  day: {column: Дата, type: date, required: true}
  changed: {column: Промяна, type: moment, required: true}
  mediator: {column: Медиатор, type: mediator, required: true}
  kind: {column: Вид, codes: types, required: true}
  person: {column: ЕГН, type: national-number, kind: {column: Вид номер, codes: numbers}, personal: true}
  names: {column: Имена, many: " "}
  size: {column: Брой, type: integer}
  place: {column: Заведение, type: facility}
  tests: {column: Тестове, each: {name: {column: тест, codes: tests, required: true}, on: {column: ден, type: date}}}
ignored: [Подпис]
together: {ЕГН: Имена}
codes:
  types: {посещение: home-visit, беседа: group-health-talk}
  numbers: {егн: egn}
  tests: {rpr: syphilis-rpr}
assign:
  - about: "{{ iif(kind = 'group-health-talk', 'group', 'person') }}"
refuse:
  - {code: no-number, when: person.empty() and size.empty(), say: nobody is named}
activity:
  local_id: "{{ number }}"
  updated_at: "{{ changed }}"
  mediator: "{{ mediator }}"
  type: "{{ kind }}"
  period: {start: "{{ day }}"}
  setting: home
  facility: "{{ place }}"
  persons:
    - "{% if %about = 'person' %}":
        identifiers: ["{{ person }}"]
        name: {given: "{[ names ]}"}
  group: {size: "{{ size }}"}
  findings:
    tests:
      "{% for test in tests %}": {kind: "{{ %test.name }}", done_on: "{{ %test.on }}"}
"""
MISTAKES = [
    pytest.param(one["change"], one["to"], one["says"], id=one["says"][:60])
    for one in read_yaml(Path(__file__).with_name("mistakes.yaml")).value
]


@pytest.fixture
def mistakes(write: Callable[[str], Path]) -> Callable[[str], list[MappingError]]:
    """Return the mistakes of a file."""
    return lambda text: mistakes_of(write(text))


def test_the_good_file_is_good(load: Callable[[str], Fields]) -> None:
    assert load(GOOD).warnings == ()


@pytest.mark.parametrize(("before", "after", "message"), MISTAKES)
def test_a_mistake_is_found_where_it_stands(
    mistakes: Callable[[str], list[MappingError]], before: str, after: str, message: str
) -> None:
    assert GOOD.count(before) == 1, "the case must change one place"
    marked = GOOD.replace(before, after)
    text = marked.replace("»", "")
    found = [error for error in mistakes(text) if message in str(error)]
    assert found, [str(error) for error in mistakes(text)]
    if "»" in marked:
        line = marked[: marked.index("»")].count("\n") + 1
        column = len(marked[: marked.index("»")].rpartition("\n")[2]) + 1
        places = [(error.place or "").rpartition("fields.yaml:")[2] for error in found]
        shown = text.split("\n")[line - 1]
        assert places[0] == f"{line}:{column}"
        assert shown in str(found[0])


def test_all_mistakes_of_a_file_are_told_together(mistakes: Callable[[str], list[MappingError]]) -> None:
    text = GOOD.replace("setting: home", "setting: hoem").replace("home-visit,", "home-vist,")
    text = text.replace('"{{ day }}"', '"{{ size }}"')
    found = mistakes(text)
    lines = [int((error.place or "").split(":")[-2]) for error in found]
    assert len(found) == 3
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("before", "after", "warning"),
    [
        ("name: {given: \"{[ names ]}\"}", "gender: female", "'names' is read, and nothing uses it"),
        ('done_on: "{{ %test.on }}"', "result: negative", "'on' is read, and nothing uses it"),
        ("numbers: {егн: egn}", "numbers: {егн: egn}\n  rest: {а: b}", "nothing uses the code table 'rest'"),
        ("%about = 'person'", "person.exists()", "nothing uses %about"),
        ("column: Вид, codes: types", "column: Вид", "this can be any text, and Activity.type is one of"),
        ("column: Номер, required: true", "column: Номер", "Activity.local_id is empty for records that lack"),
        ("size.empty()", "size.empty() and kind.empty()", "this is never true, so no record is ever rejected"),
    ],
)  # fmt: skip
def test_what_is_probably_a_mistake_is_a_warning(
    load: Callable[[str], Fields], before: str, after: str, warning: str
) -> None:
    assert GOOD.count(before) == 1
    assert any(warning in finding.message for finding in load(GOOD.replace(before, after)).warnings)


def test_a_local_id_by_a_variable_that_no_record_changes_is_a_constant(
    mistakes: Callable[[str], list[MappingError]],
) -> None:
    text = GOOD.replace("  - about:", "  - fixed: one\n  - about:").replace("{{ number }}", "{{ %fixed }}")
    assert [error.code for error in mistakes(text)] == ["constant"]
    assert mistakes(text.replace("fixed: one", 'fixed: "a-{{ number }}"')) == []


def test_a_code_that_is_also_the_name_of_a_value_is_a_code(load: Callable[[str], Fields]) -> None:
    text = GOOD.replace("  number:", "  home: {column: Дом}\n  number:")
    assert [finding.code for finding in load(text).warnings] == ["unused-value"]


def test_a_settlement_code_written_as_a_number_is_told_at_its_line_with_its_zero(
    write: Callable[[str], Path],
) -> None:
    text = GOOD.replace("  number:", "  town: {column: Място, codes: towns}\n  number:")
    text = text.replace("codes:\n", 'codes:\n  towns: {7079: 7079, "68134": 68134}\n', 1)
    text = text.replace("identifiers:", 'address: {ekatte: "{{ town }}"}\n        identifiers:')
    first, second, *_ = mistakes_of(write(text))
    line = text[: text.index("towns: {7079")].count("\n") + 1
    assert (first.place or "").endswith(f"fields.yaml:{line}:17")
    assert (first.code, first.fix) == ("wrong-type", 'write "07079" in quotes, with its zero')
    assert second.fix == 'write "68134" in quotes'
    fields = load_fields(write(text.replace("7079: 7079", '7079: "07079"').replace(": 68134", ': "68134"')))
    assert [fields.codes["towns"].convert(found) for found in (7079, "7079", "68134")] == ["07079", "07079", "68134"]


def test_a_text_that_is_meant_can_be_written(load: Callable[[str], Fields]) -> None:
    assert load(GOOD.replace("setting: home", "setting: home\n  note: \"{{ 'number' }}\"")).warnings == ()


def test_a_column_of_codes_of_the_activity_needs_no_table(load: Callable[[str], Fields]) -> None:
    text = GOOD.replace("column: Вид, codes: types", "column: Вид, type: code").replace(
        "kind = 'group-health-talk'", "size.exists()"
    )
    assert [finding.code for finding in load(text).warnings] == ["unused-codes"]
    wrong = text.replace('{{ size }}"', '{{ kind }}"')
    with pytest.raises(MappingErrors, match=r"Activity.group.size: a text where integer is wanted"):
        load(wrong)


def test_no_text_of_a_file_makes_the_loader_fail_otherwise(write: Callable[[str], Path]) -> None:
    """Every line of a good file, left out or cut in its middle, gives mistakes with their places, or none."""
    lines = GOOD.split("\n")
    for number, line in enumerate(lines):
        for changed in ([], [line[: len(line) // 2]]):
            path = write("\n".join([*lines[:number], *changed, *lines[number + 1 :]]))
            assert all("fields.yaml:" in (error.place or "") for error in mistakes_of(path))


def mistakes_of(path: Path) -> list[MappingError]:
    try:
        load_fields(path)
    except MappingErrors as error:
        return list(error.errors)
    except MappingError as error:
        return [error]
    return []
