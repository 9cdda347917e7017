"""Responses in files and on a server: nothing is lost, nothing is read that is not finished, and it is said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hm_fhir.errors import OperatorNeeded, RetryLater, SettingsError
from hm_fhir.sources.base import Checkpoint, Item, Record, Remark, Source, SourceContext
from hm_fhir.sources.fields.source import open_source, source_options
from hm_fhir.sources.kinds import reader_kind
from hm_fhir.testing.faults import Fault
from hm_fhir.testing.filled_forms import filled_form, the_form
from hm_fhir.testing.local_systems.questionnaire import QuestionnaireSystem

KIND = reader_kind("questionnaire-response")
DIRECTORY = "municipality: {code: SFO39, name: Самоков}\nmediators: {M1: {family: Примерова}}\n"
BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "directory.yaml").write_text(DIRECTORY, encoding="utf-8")
    (tmp_path / "forms").mkdir()
    return tmp_path


@pytest.fixture
def system(folder: Path) -> Iterator[QuestionnaireSystem]:
    with QuestionnaireSystem(folder) as made:
        yield made


def source_of(folder: Path, **chosen: Any) -> Source:
    options = source_options(KIND).model_validate({"directory": "directory.yaml", **chosen})
    return open_source(KIND, options, SourceContext("forms", folder, ZoneInfo("Europe/Sofia")))


def response(number: int, **changes: Any) -> dict[str, Any]:
    visit = {
        "local_id": f"V-{number}",
        "updated_at": "2026-03-02T16:40:00+02:00",
        "mediator": {"local_id": "M1"},
        "type": "home-visit",
        "setting": "home",
        "period": {"start": "2026-03-02"},
        "persons": [{"local_id": f"P-{number}"}],
    }
    made = filled_form(visit) | {"id": f"r-{number}"} | changes
    return {name: value for name, value in made.items() if value is not None}


def bundle(*resources: Mapping[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def written(path: Path, *texts: Any) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in texts), encoding="utf-8")
    return path


def numbers(items: list[Item]) -> list[str | None]:
    return [one.document for one in items if isinstance(one, Record)]


def remarks(items: list[Item]) -> dict[str, str]:
    return {one.code: one.message for one in items if isinstance(one, Remark)}


# ---- files


def test_resources_stand_in_json_ndjson_lists_and_bundles(folder: Path) -> None:
    forms = folder / "forms"
    written(forms / "1.ndjson", response(1), bundle(response(2), bundle(response(3))))
    written(forms / "2.json", [response(4), response(5)])
    written(forms / "3.JSON", bundle(response(6)))
    source = source_of(folder, path="forms")
    items = list(source.records())

    assert numbers(items) == [f"V-{number}" for number in range(1, 7)]
    places = [one.place for one in items if isinstance(one, Record)]
    assert places == ["1.ndjson:1", "1.ndjson:2 [1]", "1.ndjson:2 [2] [1]", "2.json [1]", "2.json [2]", "3.JSON [1]"]
    assert not remarks(items)
    assert not source.incremental
    assert source.count() is None
    assert source_of(folder, path="forms/1.ndjson").count() == 2


def test_what_is_not_read_is_said(folder: Path) -> None:
    forms = folder / "forms"
    written(forms / "1.json", bundle({"resourceType": "Patient"}, {"resourceType": "OperationOutcome"}, response(1)))
    written(
        forms / "2.json",
        response(2, status="in-progress"),
    )
    written(forms / "3.json", response(3, status="stopped"))
    written(forms / "4.json", response(4, questionnaire="https://x.example/Questionnaire/other|1"))
    written(forms / "5.json", response(5, questionnaire=None))
    written(
        forms / "6.json",
        response(6, item=[*response(6)["item"], {"linkId": "colour", "answer": [{"valueString": "x"}]}]),
    )
    (forms / "notes.txt").write_text("x", encoding="utf-8")
    (forms / ".hidden").write_text("x", encoding="utf-8")
    items = list(source_of(folder, path="forms").records())

    assert numbers(items) == ["V-1", "V-6"]
    assert remarks(items) == {
        "other-file": "1 files or folders are neither .json nor .ndjson",
        "other-resource": "1 resources are no QuestionnaireResponse and are not read",
        "other-questionnaire": "2 responses answer another questionnaire and are not read",
        "in-progress": "1 responses are not finished and are not read yet",
        "stopped": "1 responses were given up and are not read",
        "unknown-question": "the form has no question 'colour': 1 answers to it are not read",
    }


def test_a_response_in_error_is_gone(folder: Path) -> None:
    written(folder / "forms" / "1.json", response(1, status="entered-in-error"))
    (record,) = source_of(folder, path="forms").records()
    assert isinstance(record, Record)
    assert (record.deleted, record.document, dict(record.values)) == (True, "V-1", {})


@pytest.mark.parametrize(
    "questionnaire",
    [
        "https://w3id.org/hm-fhir/Questionnaire/hm-visit-form",
        "https://w3id.org/hm-fhir/Questionnaire/hm-visit-form|0.9",
        "urn:x",
    ],
)
def test_the_form_is_known_by_its_canonical_and_by_other_names(folder: Path, questionnaire: str) -> None:
    written(folder / "forms" / "1.json", response(1, questionnaire=questionnaire))
    assert numbers(list(source_of(folder, path="forms", names=["urn:x"]).records())) == ["V-1"]


def test_a_defect_spoils_only_itself(folder: Path) -> None:
    path = folder / "forms" / "1.ndjson"
    text = (
        "\ufeff"
        + json.dumps(response(1))
        + "\n\n{broken\n[1]\n"
        + json.dumps({"x": 1})
        + "\n"
        + json.dumps(response(2))
    )
    path.write_text(text, encoding="utf-8")
    items = list(source_of(folder, path="forms/1.ndjson").records())
    errors = [one.error.code if one.error else None for one in items if isinstance(one, Record)]
    assert errors == [None, "unreadable", "unreadable", "unreadable", None]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"path": "none"}, "cannot read the file: FileNotFoundError"),
        ({}, "either a `path` or a `server` is needed"),
        ({"path": "x", "server": {"url": "https://x.example"}}, "either a `path` or a `server` is needed"),
        ({"path": "forms", "form": "directory.yaml"}, "no Questionnaire in JSON"),
        ({"path": "forms", "form": "none.json"}, "cannot read the form"),
    ],
)
def test_mistakes_of_the_settings_are_named(folder: Path, chosen: dict[str, Any], words: str) -> None:
    with pytest.raises((SettingsError, ValueError)) as caught:
        list(source_of(folder, **chosen).records())
    assert words in str(caught.value)


FIELDS = """
fields: anamnesis
version: 1.0.0
reads: questionnaire-response
record:
  number: {column: _local_id, required: true}
  changed: {column: _authored, type: moment, required: true}
  who: {column: _author, type: mediator, required: true}
  day: {column: when, type: date, required: true}
  people: {column: people, each: {number: {column: code, required: true}}}
activity:
  local_id: "{{ number }}"
  updated_at: "{{ changed }}"
  mediator: "{{ who }}"
  type: home-visit
  setting: home
  period: {start: "{{ day }}"}
  persons:
    - "{% for one in people %}":
        local_id: "{{ %one.number }}"
"""


def test_another_form_is_read_with_a_file_of_fields(folder: Path) -> None:
    form = {
        "resourceType": "Questionnaire",
        "url": "https://x.example/Questionnaire/own",
        "item": [
            {"linkId": "when", "type": "date"},
            {"linkId": "people", "type": "group", "repeats": True, "item": [{"linkId": "code", "type": "string"}]},
        ],
    }
    written(folder / "form.json", form)
    (folder / "fields.yaml").write_text(FIELDS, encoding="utf-8")
    answers = [
        {"linkId": "when", "answer": [{"valueDate": "2026-03-02"}]},
        {"linkId": "people", "item": [{"linkId": "code", "answer": [{"valueString": "P-1"}]}]},
    ]
    written(folder / "forms" / "1.json", response(1, questionnaire=form["url"], item=answers))
    with pytest.raises(SettingsError, match="nothing says what the answers"):
        source_of(folder, path="forms", form="form.json")

    source = source_of(folder, path="forms", form="form.json", fields="fields.yaml")
    (record,) = [one for one in source.records() if isinstance(one, Record)]
    understood = source.activity(record)
    activity: Any = getattr(understood, "activity", understood)
    assert [person.local_id for person in activity.persons] == ["P-1"]


def test_a_form_says_which_answers_it_fills_in_and_where_codes_come_from(folder: Path) -> None:
    options = [{"valueCoding": {"system": "urn:s", "code": "a"}, "initialSelected": True}]
    values = {"resourceType": "ValueSet", "id": "v", "compose": {"include": [{"system": "urn:t"}]}}
    form = {
        "resourceType": "Questionnaire",
        "url": "urn:own",
        "contained": [values],
        "item": [
            {"linkId": "a", "type": "choice", "answerOption": options},
            {"linkId": "b", "type": "choice", "answerValueSet": "#v"},
            {"linkId": "c", "type": "choice", "answerValueSet": "https://x.example/ValueSet/elsewhere"},
        ],
    }
    path = written(folder / "form.json", form)
    from hm_fhir.sources.questionnaire.form import read_form

    found = read_form(path).questions
    assert [(one.is_prefilled, set(one.systems)) for one in found.values()] == [
        (True, {"urn:s"}),
        (False, {"urn:t"}),
        (False, set()),
    ]
    path.write_text(json.dumps({**form, "url": ""}), encoding="utf-8")
    with pytest.raises(SettingsError, match="the form has no url"):
        read_form(path)


def test_another_directory_is_worth_reading_again(folder: Path) -> None:
    before, same = source_of(folder, path="forms"), source_of(folder, path="forms")
    (folder / "directory.yaml").write_text(DIRECTORY.replace("M1", "M2"), encoding="utf-8")
    fingerprints = [getattr(one, "fingerprint", "") for one in (before, same, source_of(folder, path="forms"))]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


# ---- a server


def save(system: QuestionnaireSystem, number: int, minutes: float, **changes: Any) -> None:
    moment = BEGIN + timedelta(minutes=minutes)
    native = {name: value for name, value in response(number, **changes).items() if name != "id"}
    system.save({"key": f"r-{number}", "changed": moment.isoformat(), "native": native})


def reading(source: Source, since: str | None = None) -> tuple[list[str | None], str | None, dict[str, str]]:
    """Return the documents that a reading gives, its last cursor, and the remarks."""
    items = list(source.records(since))
    cursors = [one.cursor for one in items if isinstance(one, Checkpoint)]
    return numbers(items), cursors[-1] if cursors else since, remarks(items)


def on_server(system: QuestionnaireSystem, page_size: int = 3, **chosen: Any) -> Source:
    options = system.options
    options["server"] |= {"page_size": page_size, "quick_attempts": 2}
    return source_of(system.folder, **options, **chosen)


def test_only_what_changed_is_read_again(system: QuestionnaireSystem) -> None:
    for number in range(7):
        save(system, number, number * 60)
    source = on_server(system, overlap_hours=1)
    assert source.incremental
    assert source.count() is None
    seen, cursor, _ = reading(source)
    assert seen == [f"r-{number}" for number in range(7)]

    save(system, 1, 60 * 24)
    save(system, 8, 60 * 24 + 1)
    again, cursor, _ = reading(source, cursor)
    assert again == ["r-5", "r-6", "r-1", "r-8"]  # the overlap reaches back to an hour before the last change
    assert [one for one in reading(source, cursor)[0] if one not in ("r-1", "r-8")] == []
    assert "questionnaire" in system.requests[0].query


@pytest.mark.parametrize("cursor", ["", "7", "[]", "no JSON", '{"since": "x"}', '{"since": 5}', '{"page": 3}'])
def test_a_cursor_of_something_else_reads_everything(system: QuestionnaireSystem, cursor: str) -> None:
    save(system, 1, 0)
    assert reading(on_server(system), cursor)[0] == ["r-1"]


def test_a_version_that_is_newer_is_a_newer_version(system: QuestionnaireSystem) -> None:
    source = on_server(system)
    save(system, 1, 0)
    save(system, 1, 10, item=response(1)["item"] + [{"linkId": "note", "answer": [{"valueString": "Кратко."}]}])
    (record,) = [one for one in source.records() if isinstance(one, Record)]
    understood = source.activity(record)
    activity: Any = getattr(understood, "activity", understood)
    assert (activity.version, activity.updated_at, activity.note) == (2, BEGIN + timedelta(minutes=10), "Кратко.")
    assert system.resources["r-1"]["status"] == "amended"


def test_everything_is_read_each_time_where_the_settings_say_so(system: QuestionnaireSystem) -> None:
    for number in range(4):
        save(system, number, number)
    source = on_server(system, incremental=False)
    assert not source.incremental
    assert reading(source) == ([f"r-{number}" for number in range(4)], None, {})
    system.delete("r-2", (BEGIN + timedelta(days=1)).isoformat())
    assert reading(source)[0] == ["r-0", "r-1", "r-3"]


@pytest.mark.parametrize("version", ["", "|1.0.0"])
def test_a_canonical_is_found_with_and_without_its_version(system: QuestionnaireSystem, version: str) -> None:
    save(system, 1, 0, questionnaire=the_form()["url"] + version)
    save(system, 2, 0, questionnaire="urn:other")
    assert reading(on_server(system))[0] == ["r-1"]
    assert reading(on_server(system, names=["urn:other"]))[0] == ["r-1", "r-2"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moments=st.lists(st.integers(0, 6), min_size=1, max_size=14),
    page_size=st.integers(1, 4),
    paging=st.sampled_from(["position", "snapshot", "none"]),
    sorts=st.booleans(),
    filters=st.booleans(),
    totals=st.booleans(),
    edits=st.dictionaries(st.integers(0, 8), st.integers(0, 13), max_size=4),
)
def test_nothing_is_lost_however_a_server_pages_and_what_changes_meanwhile(
    tmp_path: Path,
    moments: list[int],
    page_size: int,
    paging: str,
    sorts: bool,
    filters: bool,
    totals: bool,
    edits: dict[int, int],
) -> None:
    (tmp_path / "directory.yaml").write_text(DIRECTORY, encoding="utf-8")
    with QuestionnaireSystem(tmp_path, paging=paging, sorts=sorts, filters=filters, totals=totals) as system:
        for number, moment in enumerate(moments):
            save(system, number, moment)
        source = on_server(system, page_size, overlap_hours=0)
        seen: dict[str | None, str] = {}
        cursor = None
        for at, one in enumerate(source.records()):
            if isinstance(one, Record):
                seen[one.document] = one.values["_version"]
            elif isinstance(one, Checkpoint):
                cursor = one.cursor
            if edits.get(at, len(moments)) < len(moments):  # while it is read, somebody edits
                save(system, edits[at], 60 * 24 + at)
        assert seen.keys() == system.resources.keys()

        seen |= {one.document: one.values["_version"] for one in source.records(cursor) if isinstance(one, Record)}
        assert seen == {key: one["meta"]["versionId"] for key, one in system.resources.items()}


def test_many_responses_of_one_moment_are_all_read(system: QuestionnaireSystem) -> None:
    for number in range(10):
        save(system, number, 0 if number else -5)
    seen, cursor, _ = reading(on_server(system))
    assert sorted(map(str, seen)) == sorted(f"r-{number}" for number in range(10))
    assert cursor is not None


@pytest.mark.parametrize("minutes", [0, 1])
def test_a_link_that_the_server_forgets_loses_nothing(system: QuestionnaireSystem, minutes: int) -> None:
    for number in range(10):
        save(system, number, number * minutes)
    system.forgets_links = 1
    seen, cursor, said = reading(on_server(system))
    assert sorted(map(str, seen)) == sorted(system.resources)
    assert cursor is not None
    assert not said


def test_what_a_server_counts_and_never_gives_is_asked_for_again(system: QuestionnaireSystem) -> None:
    for number in range(10):
        save(system, number, 0)
    system.forgets_links = 1000
    seen, cursor, said = reading(on_server(system))
    assert (len(seen), cursor) == (3, None)
    assert "7 responses more than it gives" in said["missing-responses"]

    system.forgets_links = 0
    assert len(reading(on_server(system), cursor)[0]) == 10


def test_everything_is_not_said_to_be_read_when_the_server_counts_more(system: QuestionnaireSystem) -> None:
    for number in range(10):
        save(system, number, 0)
    system.forgets_links = 1000
    source, items = on_server(system, incremental=False), []
    # What is missing from a complete reading may be withdrawn.
    with pytest.raises(RetryLater, match="7 responses more than it gives"):
        items.extend(source.records())
    system.forgets_links = 0
    assert len(reading(source)[0]) == 10


def test_responses_of_one_millisecond_are_all_read_where_times_have_microseconds(
    system: QuestionnaireSystem,
) -> None:
    for number in range(10):
        save(system, number, 0)
        system.resources[f"r-{number}"]["meta"]["lastUpdated"] = f"2026-03-01T08:00:00.123{number:03}Z"
    seen, cursor, _ = reading(on_server(system))
    assert sorted(map(str, seen)) == sorted(system.resources)
    assert cursor is not None


def test_reading_goes_on_where_it_was_cut_off(system: QuestionnaireSystem) -> None:
    for number in range(9):
        save(system, number, number * 60)
    source = on_server(system, overlap_hours=0)
    system.faults.add(Fault(status=500, nth=3, times=2))
    before: list[Item] = []
    with pytest.raises(RetryLater):
        before.extend(source.records())
    cursor = next(one.cursor for one in reversed(before) if isinstance(one, Checkpoint))
    seen, (rest, _, _) = numbers(before), reading(source, cursor)
    assert {*seen, *rest} == set(system.resources)
    assert len(rest) < 9


def test_a_server_that_is_none_is_named(system: QuestionnaireSystem) -> None:
    system.faults.add(Fault(garbage="html"))
    with pytest.raises(OperatorNeeded):
        reading(on_server(system))
    save(system, 1, 0)
    system.resources["r-1"] = {"resourceType": "Bundle"}
    assert reading(on_server(system))[0] == []


def test_what_is_not_there_yet_is_read_when_it_is(system: QuestionnaireSystem) -> None:
    seen, cursor, _ = reading(on_server(system))
    assert seen == []
    save(system, 1, 5)
    assert reading(on_server(system), cursor)[0] == ["r-1"]


def test_no_token_and_no_answer_is_in_a_message(system: QuestionnaireSystem) -> None:
    save(system, 1, 0)
    system.faults.add(Fault(status=403))
    with pytest.raises(OperatorNeeded) as caught:
        reading(on_server(system))
    assert "synthetic" not in str(caught.value)
    assert "?" not in str(caught.value).replace("did you", "")
