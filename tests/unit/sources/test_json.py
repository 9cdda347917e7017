"""JSON: one broken line of NDJSON is one rejected record; a text with a list of documents is read as well."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.json import to_json
from hm_fhir.sources import json_stream
from hm_fhir.sources.activity_paths import ActivitySource
from hm_fhir.sources.base import ReaderKind, Record, SourceContext, records_of
from hm_fhir.sources.ndjson import JSON, NDJSON, JsonOptions, JsonReader, NdjsonOptions, NdjsonReader
from hm_fhir.testing.local_systems.json import JsonSystem
from hm_fhir.testing.local_systems.ndjson import NdjsonSystem


def read(folder: Path, content: bytes) -> list[Record]:
    (folder / "export.ndjson").write_bytes(content)
    return list(records_of(NdjsonReader(folder / "export.ndjson")))


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
    assert set(wrong.values) == {"text"}
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


def test_activities_of_this_project_are_read_as_they_are(tmp_path: Path) -> None:
    line = (
        '{"local_id": "7", "updated_at": "2026-01-05T16:00:00+02:00", "type": "home-visit", "setting": "home",'
        ' "municipality": {"code": "SFO39", "name": "Самоков"}, "period": {"start": "2026-01-05"},'
        ' "mediator": {"local_id": "M1", "name": {"given": ["Мостра"]}}, "persons": [{"local_id": "L1"}]}'
    )
    (tmp_path / "a.ndjson").write_text(line, encoding="utf-8")
    context = SourceContext("clinic", tmp_path, ZoneInfo("Europe/Sofia"))
    source = ActivitySource(NDJSON.open(NdjsonOptions(path=Path("a.ndjson")), context), context)
    (record,) = records_of(source)
    assert source.activity(record).key == "clinic|7"
    named = Record(record.place, {**record.values, "system": "other"})
    assert source.activity(named).key == "other|7"


def read_text(folder: Path, content: bytes, items: str = "", key: str | None = None) -> list[Record]:
    (folder / "export.json").write_bytes(content)
    return list(records_of(JsonReader(folder / "export.json", items=items, key=key)))


def test_a_text_can_be_a_list_of_documents(tmp_path: Path) -> None:
    records = read_text(tmp_path, b'\xef\xbb\xbf [ {"a": 9.20} , {"a": "]}"}, {"a": {"b": [1, {"c": "\\""}]}} ]\r\n')
    assert [(record.place, record.values) for record in records] == [
        ("export.json [1]", {"a": Decimal("9.20")}),
        ("export.json [2]", {"a": "]}"}),
        ("export.json [3]", {"a": {"b": [1, {"c": '"'}]}}),
    ]


def test_the_list_can_stand_at_a_path(tmp_path: Path) -> None:
    content = '{"visits": 1, "meta": {"visits": [0]}, "data": {"н": [], "visits": [{"a": 1}, {"a": 2}]}, "z": 2}'
    records = read_text(tmp_path, content.encode(), items="data.visits")
    assert [record.values for record in records] == [{"a": 1}, {"a": 2}]


def test_one_document_alone_is_a_list_of_one(tmp_path: Path) -> None:
    assert [record.values for record in read_text(tmp_path, b' {"a": [1]} ')] == [{"a": [1]}]


@pytest.mark.parametrize("content", [b"[]", b" [ ] ", b'{"a": []}'])
def test_an_empty_list_has_no_documents(tmp_path: Path, content: bytes) -> None:
    assert read_text(tmp_path, content, items="a" if b"a" in content else "") == []


@pytest.mark.parametrize(
    "wrong", [b"1", b'"a"', b"null", b'{"a": 01}', b'{"a": 1]', b"[1]", b'{"a": "\xff"}', b"{'a'}"]
)
def test_a_value_that_is_no_document_does_not_take_the_others_with_it(tmp_path: Path, wrong: bytes) -> None:
    first, bad, last = read_text(tmp_path, b'[{"a": 1},' + wrong + b',{"a": 3}]')
    assert (first.values, last.values) == ({"a": 1}, {"a": 3})
    assert bad.error is not None
    assert (bad.error.code, bad.place) == ("unreadable", "export.json [2]")


@pytest.mark.parametrize(
    ("content", "items"),
    [
        (b"", ""),
        (b"[", ""),
        (b'[{"a": 1}', ""),
        (b'[{"a": 1},', ""),
        (b'[{"a": 1} {"a": 2}]', ""),
        (b'[{"a": "', ""),
        (b'{"a": 1}\n{"a": 2}', ""),
        (b'[{"a": 1}] x', ""),
        (b"\xff\xfe[\x00]\x00", ""),
        (b'{"a" 1, "b": []}', "b"),
        (b'{"b": {"a": 1]', "c"),
    ],
)
def test_a_text_that_is_cut_or_no_json_is_a_settings_error(tmp_path: Path, content: bytes, items: str) -> None:
    with pytest.raises(SettingsError, match=r"not JSON|no list"):
        read_text(tmp_path, content, items=items)


@pytest.mark.parametrize(
    ("content", "items"), [(b"{}", "a"), (b'{"a": {}}', "a"), (b"[]", "a"), (b'{"a": 1}', "a.b"), (b"7", "")]
)
def test_a_path_without_a_list_is_a_settings_error(tmp_path: Path, content: bytes, items: str) -> None:
    with pytest.raises(SettingsError, match="there is no list"):
        read_text(tmp_path, content, items=items)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('a"\\[]{},:ж\n', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('a"\\]}', max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.lists(st.dictionaries(st.text("ab", max_size=2), VALUES, max_size=3), max_size=4), VALUES, st.integers(1, 40)
)
def test_wherever_a_piece_of_the_file_ends_the_documents_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, wanted: list[dict[str, object]], other: object, piece: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    content = json.dumps({"other": other, "data": {"other": [other], "list": wanted}}, indent=piece % 3 or None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "PIECE", piece)
        assert [record.values for record in read_text(folder, content.encode(), items="data.list")] == wanted


def test_the_member_that_identifies_a_document_is_named(tmp_path: Path) -> None:
    good, number, wrong = read_text(tmp_path, b'[{"id": {"n": "7"}}, {"id": {"n": 8}}, {"id": 7}]', key="id.n")
    assert (good.document, number.document) == ("7", "8")
    assert wrong.error is not None
    assert wrong.error.code == "unreadable"


def test_a_missing_text_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FileNotFoundError"):
        list(JsonReader(tmp_path / "none.json").records())


@pytest.mark.parametrize(("system", "kind"), [(JsonSystem, JSON), (NdjsonSystem, NDJSON)])
def test_what_a_local_system_exports_is_read(tmp_path: Path, system: type[JsonSystem], kind: ReaderKind) -> None:
    with system(tmp_path) as local:
        for key in "abc":
            local.save(
                {"key": key, "changed": "2026-03-05T10:00:00+02:00", "native": {"id": key, "n": Decimal("1.50")}}
            )
        local.save({"key": "a", "native": {"id": "a"}})
        local.delete("b")
        local.flush()
        context = SourceContext("clinic", tmp_path, ZoneInfo("Europe/Sofia"))
        reader = kind.open(kind.options(**local.options, key="id"), context)
    records = list(records_of(reader))
    assert [(record.document, record.values) for record in records] == [
        ("a", {"id": "a"}),
        ("c", {"id": "c", "n": Decimal("1.50")}),
    ]
    with pytest.raises(KeyError):
        local.delete("b")


def test_a_list_at_a_path_is_exported_and_read(tmp_path: Path) -> None:
    with JsonSystem(tmp_path, items="data.visits") as local:
        local.save({"key": "1", "native": {"a": 1}})
        local.flush()
    options = JsonOptions(**local.options)
    assert [record.values for record in records_of(JsonReader(options.path, items=options.items))] == [{"a": 1}]
