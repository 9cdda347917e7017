"""NDJSON: one broken line is one rejected record."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.fhir.json import to_json
from hm_fhir.sources.base import Record, SourceContext
from hm_fhir.sources.ndjson import NdjsonOptions, NdjsonReader, NdjsonSource, each


def read(folder: Path, content: bytes) -> list[Record]:
    (folder / "export.ndjson").write_bytes(content)
    return list(NdjsonReader(folder / "export.ndjson").records())


def test_each_line_is_a_record_with_its_place(tmp_path: Path) -> None:
    records = read(tmp_path, '{"a": "ж"}\r\n\n{"a": "007"}\n'.encode())
    assert [(record.place, record.values) for record in records] == [
        ("export.ndjson:1", {"a": "ж"}),
        ("export.ndjson:3", {"a": "007"}),
    ]
    assert NdjsonReader(tmp_path / "export.ndjson").count() == 2


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    (record,) = read(tmp_path, b'\xef\xbb\xbf{"a": 1}')
    assert record.values == {"a": 1}


def test_decimals_keep_their_digits(tmp_path: Path) -> None:
    (record,) = read(tmp_path, b'{"a": 9.20, "b": 3, "c": true, "d": null}')
    assert record.values == {"a": Decimal("9.20"), "b": 3, "c": True, "d": None}
    assert to_json(dict(record.values)) == b'{"a":9.20,"b":3,"c":true,"d":null}'


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": 1',
        b"[1]",
        b'"a"',
        b"null",
        b'{"a": 01}',
        b'{"a": NaN}',
        b'{"a": 1}{"b": 2}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b"\x00",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=range(11),
)
def test_a_line_that_is_no_object_is_one_rejected_record_and_kept(tmp_path: Path, line: bytes) -> None:
    wrong, good = read(tmp_path, line + b'\n{"a": 1}\n')
    assert wrong.error is not None
    assert (wrong.error.code, wrong.error.place) == ("unreadable", "export.ndjson:1")
    assert set(wrong.values) == {"line"}
    assert to_json(dict(wrong.values))
    assert good.error is None


def test_a_rejection_does_not_show_the_line(tmp_path: Path) -> None:
    (record,) = read(tmp_path, '{"name": "Скрита'.encode())
    assert "Скрит" not in f"{record.error} {record!r}"


def test_a_missing_file_is_a_settings_error(tmp_path: Path) -> None:
    reader = NdjsonReader(tmp_path / "none.ndjson")
    assert reader.count() is None
    with pytest.raises(SettingsError, match="FileNotFoundError"):
        list(reader.records())


def test_a_document_is_split_into_one_record_for_each_visit() -> None:
    record = Record("x:3", {"person": {"id": 1}, "visits": [{"n": 1}, {"n": 2}]})
    assert [(one.place, one.values) for one in each(record, "visits", "visit")] == [
        ("x:3 visit 1", {"person": {"id": 1}, "visits": {"n": 1}}),
        ("x:3 visit 2", {"person": {"id": 1}, "visits": {"n": 2}}),
    ]


def test_a_document_without_a_list_is_one_rejected_record() -> None:
    for values in ({}, {"visits": None}, {"visits": {"n": 1}}):
        (one,) = each(Record("x:3", values), "visits", "visit")
        assert one.error is not None
        assert (one.error.code, one.place, one.values) == ("wrong-kind", "x:3", values)


def test_a_document_that_could_not_be_read_stays_one_record() -> None:
    record = Record("x:3", {"line": "?"}, RecordRejected("no", code="unreadable", place="x:3"))
    assert list(each(record, "visits", "visit")) == [record]


def test_activities_of_this_project_are_read_as_they_are(tmp_path: Path) -> None:
    line = (
        '{"local_id": "7", "updated_at": "2026-01-05T16:00:00+02:00", "type": "home-visit", "setting": "home",'
        ' "municipality": {"code": "SFO39", "name": "Самоков"}, "period": {"start": "2026-01-05"},'
        ' "mediator": {"local_id": "M1", "name": {"given": ["Мостра"]}}, "persons": [{"local_id": "L1"}]}'
    )
    (tmp_path / "a.ndjson").write_text(line, encoding="utf-8")
    context = SourceContext("clinic", tmp_path, ZoneInfo("Europe/Sofia"))
    source = NdjsonSource(NdjsonOptions(path=Path("a.ndjson")), context)
    (record,) = source.records()
    assert source.activity(record).key == "clinic|7"
    named = Record(record.place, {**record.values, "system": "other"})
    assert source.activity(named).key == "other|7"
