"""A reader and its fields as a source; settings; documents that hold several activities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from hm_fhir.config import Section
from hm_fhir.errors import MappingErrors, RecordRejected, SettingsError
from hm_fhir.sources.activity_paths import ActivitySource
from hm_fhir.sources.base import (
    Checkpoint,
    Headings,
    Reader,
    ReaderKind,
    Record,
    Remark,
    SourceContext,
    activity_of,
    records_of,
    understand,
)
from hm_fhir.sources.fields.loading import Fields
from hm_fhir.sources.fields.source import FieldsSource, merged_options, open_source, source_options

from .conftest import CONTEXT, FOLDER, ROW, Items, table

VISITS = """\
fields: visits
version: 1.0.0
reads: rows
split: visits
record:
  person: {column: id, required: true}
  number: {column: "visits#", type: integer, required: true}
  day: {column: visits.day, type: date, required: true}
  changed: {column: changed, type: moment, required: true}
activity:
  local_id: "{{ person }}-{{ number }}"
  updated_at: "{{ changed }}"
  municipality: {code: SFO39, name: Самоков}
  mediator: {local_id: M1, name: {given: [Примера]}}
  type: home-visit
  period: {start: "{{ day }}"}
  setting: home
  persons: [{local_id: "{{ person }}"}]
"""
DOCUMENT = {"id": "7", "changed": "2026-03-01T10:00:00Z", "visits": [{"day": "2026-02-01"}, {"day": "2026-02-02"}]}


class RowsOptions(Section):
    """Settings of rows."""

    rows: int = Field(default=1, description="how many")
    sheet: str = Field(default="", description="a name")


@dataclass
class Rows:
    options: Any
    context: SourceContext
    incremental: bool = False

    def count(self) -> int | None:
        return self.options.rows  # type: ignore[no-any-return]

    def records(self, since: str | None = None) -> Any:
        yield from table(*[ROW] * self.options.rows)


KIND = ReaderKind("rows", RowsOptions, Rows, "rows of a test")


@pytest.fixture
def deployment(tmp_path: Path) -> SourceContext:
    text = (FOLDER / "samokov.yaml").read_text(encoding="utf-8").replace("reads: csv", "reads: rows")
    text = text.replace("reads: rows", "reads: rows\noptions: {rows: 3, sheet: Март}")
    # The rows of this test have no other columns than these.
    for name in ("Пол", "Теми", "Тест"):
        text = text.replace(f"{{column: {name}", f"{{optional: true, column: {name}")
    (tmp_path / "fields.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "directory.yaml").write_bytes((FOLDER / "directory.yaml").read_bytes())
    return SourceContext("samokov", tmp_path, CONTEXT.zone)


def options(**settings: Any) -> BaseModel:
    return source_options(KIND).model_validate(settings)


def test_a_source_passes_on_what_its_reader_says(open_register: Callable[..., FieldsSource]) -> None:
    items = [*table(ROW), Remark("Март", "hidden-sheet", "not read"), Checkpoint("7")]
    source = open_register(items=[Headings("t:1", open_register(ROW).fields.columns[0].names)][:0] + items[1:])
    assert [type(item) for item in source.records("6")][:3] == [Record, Remark, Checkpoint]
    assert (source.count(), source.incremental) == (3, False)


def test_the_reader_is_told_which_columns_are_wanted(open_register: Callable[..., FieldsSource]) -> None:
    source = open_register(ROW)
    list(source.records())
    assert isinstance(source.reader, Items)
    assert {"ЕГН/ЛНЧ", "Вид номер", "Час"} <= set(source.reader.wanted)


def test_without_a_directory_nobody_can_be_named_by_number(samokov: Fields) -> None:
    with pytest.raises(SettingsError, match="name mediators or facilities"):
        FieldsSource(Items([]), samokov, None, CONTEXT)


# --- settings -------------------------------------------------------------------------------------------------------


def test_settings_of_a_source_are_those_of_its_reader_with_fields_and_directory() -> None:
    model = source_options(KIND)
    assert set(model.model_fields) == {"rows", "sheet", "fields", "directory"}
    assert issubclass(model, RowsOptions)
    assert model is source_options(KIND)
    with pytest.raises(ValidationError):
        model.model_validate({"unknown": 1})


def test_options_of_the_fields_file_stand_below_those_of_the_settings(deployment: SourceContext) -> None:
    folder = deployment.folder
    assert merged_options({"rows": 1}, folder, folder) == {"rows": 1, "sheet": "Март"}
    assert merged_options({"fields": "fields.yaml"}, folder) == {"fields": "fields.yaml", "rows": 3, "sheet": "Март"}
    assert merged_options({"rows": 1}, folder) == {"rows": 1}


def test_fields_and_directory_of_the_settings(deployment: SourceContext) -> None:
    chosen = options(fields="fields.yaml", directory="directory.yaml")
    source = open_source(KIND, chosen, deployment)
    assert isinstance(source, FieldsSource)
    assert source.directory is not None
    assert source.fields.reads == "rows"


def test_fields_and_directory_of_a_plugin_and_what_the_settings_say_against_them(deployment: SourceContext) -> None:
    source = open_source(KIND, options(), deployment, deployment.folder)
    assert isinstance(source, FieldsSource)
    first = source.fingerprint
    other = deployment.folder / "other.yaml"
    other.write_text('municipality: {code: SFO39, name: Самоков}\nmediators: {"М1": {given: [Мостра]}}\n')
    chosen = open_source(KIND, options(directory="other.yaml"), deployment, deployment.folder)
    assert isinstance(chosen, FieldsSource)
    assert chosen.fingerprint != first
    assert chosen.directory is not None
    assert chosen.directory.mediator("М1").name.given == ("Мостра",)


def test_fields_for_another_kind_of_source_are_refused(deployment: SourceContext) -> None:
    other = ReaderKind("lines", RowsOptions, Rows, "lines of a test")
    with pytest.raises(SettingsError, match="'rows', this one is 'lines'") as caught:
        open_source(other, source_options(other).model_validate({}), deployment, deployment.folder)
    assert (caught.value.place or "").endswith("fields.yaml:4:8")


def test_wrong_fields_stop_the_start_with_all_their_mistakes(deployment: SourceContext) -> None:
    (deployment.folder / "fields.yaml").write_text("fields: x\nversion: 1.0.0\nreads: rows\n", encoding="utf-8")
    with pytest.raises(MappingErrors, match="record is missing"):
        open_source(KIND, options(), deployment, deployment.folder)


def test_without_fields_the_records_are_activities(deployment: SourceContext) -> None:
    assert isinstance(open_source(KIND, options(), deployment), ActivitySource)


# --- documents that hold several activities -------------------------------------------------------------------------


def split(fields: Fields, *items: Record) -> tuple[FieldsSource, list[Record]]:
    source = FieldsSource(Items(list(items)), fields, None, CONTEXT)
    return source, list(records_of(source))


def test_each_part_of_a_document_is_a_record_with_the_rest_of_the_document(load: Callable[[str], Fields]) -> None:
    source, records = split(load(VISITS), Record("people:3", DOCUMENT, document="7"))
    assert [record.place for record in records] == ["people:3 part 1", "people:3 part 2"]
    assert {record.document for record in records} == {"7"}
    found = [activity_of(source, record) for record in records]
    assert [(one.local_id, str(one.period.start)) for one in found] == [("7-1", "2026-02-01"), ("7-2", "2026-02-02")]
    assert source.count() is None
    assert not any(isinstance(item, Remark) for item in source.records())


def test_the_list_may_stand_inside_of_a_group_of_the_document(load: Callable[[str], Fields]) -> None:
    text = VISITS.replace("split: visits", "split: g.visits").replace("visits#", "g.visits#")
    text = text.replace("visits.day", "g.visits.day")
    document = {"id": "7", "changed": DOCUMENT["changed"], "g": {"visits": DOCUMENT["visits"], "team": "x"}}
    source, records = split(load(text), Record("people:3", document, document="7"))
    assert [activity_of(source, record).local_id for record in records] == ["7-1", "7-2"]
    assert document["g"]["visits"] == DOCUMENT["visits"]
    assert [item.message for item in source.records() if isinstance(item, Remark)] == [
        "new column is not read: 'g.team'"
    ]
    _, records = split(load(text), Record("people:3", {**document, "g": {"visits": []}}, document="7"))
    assert [record.deleted for record in records] == [True]


def test_a_rejected_part_is_read_again_from_what_is_kept_of_it(load: Callable[[str], Fields]) -> None:
    source, (_, second) = split(load(VISITS), Record("people:3", DOCUMENT, document="7"))
    kept = Record(second.place, dict(second.values), document=second.document)
    assert activity_of(source, kept) == activity_of(source, second)


def test_a_document_that_holds_no_part_any_more_holds_no_activity(load: Callable[[str], Fields]) -> None:
    _, records = split(load(VISITS), Record("people:3", {**DOCUMENT, "visits": []}, document="7"))
    assert [(record.document, record.deleted) for record in records] == [("7", True)]
    _, records = split(load(VISITS), Record("people:3", {**DOCUMENT, "visits": []}))
    assert records == []


def test_a_document_whose_parts_are_no_list_is_refused(load: Callable[[str], Fields]) -> None:
    source, (record,) = split(load(VISITS), Record("people:3", {**DOCUMENT, "visits": "x"}, document="7"))
    with pytest.raises(RecordRejected, match="'visits' is not a list"):
        understand(source, record)


def test_a_document_without_its_list_is_refused_and_withdraws_nothing(load: Callable[[str], Fields]) -> None:
    document = {key: value for key, value in DOCUMENT.items() if key != "visits"}
    for values in (document, {**document, "visits": None}):
        source, (record,) = split(load(VISITS), Record("people:3", values, document="7"))
        assert (record.document, record.deleted, dict(record.values)) == ("7", False, values)
        with pytest.raises(
            RecordRejected, match="the list 'visits' is not in the document; was it renamed"
        ) as caught:
            understand(source, record)
        assert caught.value.code == "empty"
        assert "optional: true" in (caught.value.fix or "")


def test_a_document_that_was_not_taken_apart_tells_of_no_activity_by_its_id(load: Callable[[str], Fields]) -> None:
    fields = load(VISITS.replace("{{ person }}-{{ number }}", "{{ person }}-{{ number.toString() }}"))
    source, (record,) = split(fields, Record("people:3", {"id": "7", "changed": DOCUMENT["changed"]}, document="7"))
    assert source.local_id(record) is None
    _, (first, _) = split(fields, Record("people:3", DOCUMENT, document="7"))
    assert source.local_id(first) == "7-1"


def test_a_list_that_got_another_name_is_named(load: Callable[[str], Fields]) -> None:
    renamed = {"id": "7", "changed": DOCUMENT["changed"], "poseshtenia": DOCUMENT["visits"]}
    source, (record,) = split(load(VISITS), Record("people:3", renamed, document="7"))
    with pytest.raises(RecordRejected, match="did it become 'poseshtenia'"):
        understand(source, record)
    assert [item.message for item in source.records() if isinstance(item, Remark)] == [
        "new column is not read: 'poseshtenia'; column 'visits' is gone; did it become 'poseshtenia'?"
    ]
    both, _ = split(load(VISITS), Record("people:2", DOCUMENT), Record("people:3", renamed, document="7"))
    (remark,) = [item.message for item in both.records() if isinstance(item, Remark)]
    assert remark.endswith("; column 'visits' is gone from some documents; did it become 'poseshtenia'?")


def test_a_list_that_the_product_leaves_out_when_it_is_empty(load: Callable[[str], Fields]) -> None:
    optional = VISITS.replace("split: visits", "split: {column: visits, optional: true}")
    empty = {"id": "7", "changed": DOCUMENT["changed"]}
    _, records = split(load(optional), Record("people:3", empty, document="7"))
    assert [(record.document, record.deleted) for record in records] == [("7", True)]
    _, records = split(load(optional), Record("people:3", DOCUMENT, document="7"))
    assert [record.place for record in records] == ["people:3 part 1", "people:3 part 2"]


def test_a_list_that_may_be_left_out_and_got_another_name_is_refused(load: Callable[[str], Fields]) -> None:
    optional = VISITS.replace("split: visits", "split: {column: visits, optional: true}")
    renamed = {"id": "7", "changed": DOCUMENT["changed"], "g": {"poseshtenia": DOCUMENT["visits"]}}
    source, (record,) = split(load(optional), Record("people:3", renamed, document="7"))
    with pytest.raises(RecordRejected, match=r"did it become 'g\.poseshtenia'"):
        understand(source, record)
    _, (record,) = split(load(optional + "ignored: [g.*]\n"), Record("people:3", renamed, document="7"))
    assert record.deleted


def test_the_name_of_another_list_is_not_shown_where_it_may_be_a_key_of_a_person(
    load: Callable[[str], Fields],
) -> None:
    renamed = {"id": "7", "0350509927": DOCUMENT["visits"]}
    source, (record,) = split(load(VISITS), Record("people:3", renamed, document="7"))
    with pytest.raises(RecordRejected) as caught:
        understand(source, record)
    assert "0350509927" not in str(caught.value) + str(caught.value.fix)
    assert not any("0350509927" in item.message for item in source.records() if isinstance(item, Remark))


# --- records that are activities already ----------------------------------------------------------------------------

PLAIN = {
    "local_id": "7",
    "updated_at": "2026-01-05T16:05:00+02:00",
    "municipality.code": "SFO39",
    "municipality.name": "Самоков",
    "mediator.local_id": "M1",
    "mediator.name.given.0": "Примера",
    "type": "home-visit",
    "period.start": "2026-01-05",
    "setting": "home",
    "persons.0.local_id": "9",
}


def plain(*items: Any) -> ActivitySource:
    reader: Reader = Items(list(items))
    return ActivitySource(reader, CONTEXT)


def test_headings_that_are_paths_spell_out_an_activity() -> None:
    source = plain(*table(PLAIN))
    (record,) = records_of(source)
    activity = activity_of(source, record)
    assert (activity.system, activity.local_id, activity.persons[0].local_id) == ("register", "7", "9")
    assert (source.local_id(record), source.incremental, source.count()) == ("7", False, 2)


def test_documents_are_activities_as_they_are() -> None:
    nested = {
        **{key: value for key, value in PLAIN.items() if "." not in key},
        "municipality": {"code": "SFO39", "name": "Самоков"},
        "mediator": {"local_id": "M1", "name": {"given": ["Примера"]}},
        "period": {"start": "2026-01-05"},
        "persons": [{"local_id": "9"}],
    }
    source = plain(Record("a:1", nested), Record("a:2", PLAIN))
    one, other = (activity_of(source, record) for record in records_of(source))
    assert one == other


def test_a_heading_that_is_no_path_stops_the_source_and_is_not_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        list(plain(Headings("t:1", ("local_id", "Проба Тестова"))).records())
    assert caught.value.message == "heading 2 is no field of an activity"
    assert "Проба" not in str(caught.value)


def test_a_path_that_is_both_a_value_and_a_group_is_refused() -> None:
    source = plain(Record("t:2", {**PLAIN, "period": "2026"}))
    (record,) = records_of(source)
    with pytest.raises(RecordRejected, match="contradicts another one"):
        activity_of(source, record)
