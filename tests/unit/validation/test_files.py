"""Which texts stand in files: endings, lists, lines, folders, standard input; memory does not grow with a file."""

from __future__ import annotations

import io
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from hm_fhir.errors import SettingsError
from hm_fhir.validation.reading.files import STANDARD_INPUT, Text, find_files, read_texts


def texts(path: Path) -> list[tuple[int, bytes]]:
    return [(one.index, one.text) for one in read_texts(str(path))]


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_json_file_is_one_text(tmp_path: Path) -> None:
    content = b'{"resourceType": "Bundle",\n "type": "collection"}\n'
    assert texts(write(tmp_path / "one.json", content)) == [(0, content)]


def test_a_list_in_a_json_file_is_a_text_for_each_item(tmp_path: Path) -> None:
    file = write(tmp_path / "list.json", b' [ {"a": 1.50} ,\n 7, {"b": [{}]}]')
    assert texts(file) == [(0, b'{"a": 1.50}'), (1, b"7"), (2, b'{"b": [{}]}')]


@pytest.mark.parametrize("content", [b"[]", b"[{},", b"[\xff", b"", b"[" * 100_000])
def test_an_empty_or_broken_list_is_one_text(content: bytes, tmp_path: Path) -> None:
    assert texts(write(tmp_path / "list.json", content)) == [(0, content)]


@pytest.mark.parametrize("name", ["a.ndjson", "a.NDJSON", "a.jsonl", "a.txt", "a"])
def test_lines_are_counted_with_the_empty_ones(name: str, tmp_path: Path) -> None:
    file = write(tmp_path / name, b'{"a": 1}\n\n  \t\r\n{"b": 2}\r\nnot json\n{"c": 3}')
    assert texts(file) == [(0, b'{"a": 1}'), (3, b'{"b": 2}'), (4, b"not json"), (5, b'{"c": 3}')]


def test_empty_lines_before_the_first_text_count(tmp_path: Path) -> None:
    assert texts(write(tmp_path / "a", b'\n\n{"a": 1}\n{"b": 2}\n')) == [(2, b'{"a": 1}'), (3, b'{"b": 2}')]


def test_the_first_line_of_another_file_decides_what_it_is(tmp_path: Path) -> None:
    whole = b'{"resourceType": "Patient",\n "id": "a"}\n'
    assert texts(write(tmp_path / "whole", whole)) == [(0, whole)]
    assert texts(write(tmp_path / "list", b'[{"a": 1},\n {"b": 2}]')) == [(0, b'{"a": 1}'), (1, b'{"b": 2}')]
    assert texts(write(tmp_path / "broken-lines", b'{"a": }\n{"b": 2}\n')) == [(0, b'{"a": }'), (1, b'{"b": 2}')]


def test_an_empty_ndjson_file_has_no_texts_and_an_empty_json_file_a_broken_one(tmp_path: Path) -> None:
    assert texts(write(tmp_path / "a.ndjson", b"")) == []
    assert texts(write(tmp_path / "a.json", b"")) == [(0, b"")]


def test_lines_in_another_encoding_are_one_text(tmp_path: Path) -> None:
    content = '{"a": 1}\n{"b": 2}\n'.encode("utf-16")
    assert [index for index, _ in texts(write(tmp_path / "a.ndjson", content))] == [0]


def test_standard_input_is_read_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer = io.BytesIO(b'{"a": 1}\n{"b": 2}\n')

    monkeypatch.setattr(sys, "stdin", Input)
    assert list(read_texts(STANDARD_INPUT)) == [Text("-", 0, b'{"a": 1}'), Text("-", 1, b'{"b": 2}')]


def test_a_folder_gives_its_json_and_ndjson_files_in_order(tmp_path: Path) -> None:
    for name in ("b.json", "a.ndjson", "c.JSON", "sub/d.json", "sub/deep/e.ndjson", "x.txt", "y.xml"):
        write(tmp_path / name, b"{}")
    found = [Path(one.name).relative_to(tmp_path).as_posix() for one in find_files([str(tmp_path)])]
    assert found == ["a.ndjson", "b.json", "c.JSON", "sub/d.json", "sub/deep/e.ndjson"]


def test_of_a_fhir_package_only_the_resources_are_read(tmp_path: Path) -> None:
    for name in ("package.json", ".index.json", ".hidden/a.json", "Patient-a.json", "example/Patient-b.json"):
        write(tmp_path / name, b"{}")
    found = [Path(one.name).name for one in find_files([str(tmp_path)])]
    assert found == ["Patient-a.json", "Patient-b.json"]
    assert [one.name for one in find_files([str(tmp_path / "package.json")])] == [str(tmp_path / "package.json")]


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", b"{}")
    assert [one.name for one in find_files([str(file), str(tmp_path), str(file)])] == [str(file)]


def test_a_link_to_the_folder_itself_does_not_lead_round_and_round(tmp_path: Path) -> None:
    write(tmp_path / "a.json", b"{}")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(list(find_files([str(tmp_path)]))) == 1


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for name in (tmp_path / "no.json", tmp_path / "nothing"):
        with pytest.raises(SettingsError, match="cannot be read: No such file") as raised:
            list(find_files([str(name)]))
        assert raised.value.place == str(name)
    with pytest.raises(SettingsError, match=r"no \.json or \.ndjson file in this folder"):
        list(find_files([str(tmp_path)]))


def test_a_file_that_vanishes_is_said_when_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        list(read_texts(str(tmp_path / "gone.json")))


def test_a_named_pipe_can_be_read(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -c '{_READ}' <(printf '%s\\n' '{{}}' '[]')"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "[0, 1]\n"


_READ = """import sys
from hm_fhir.validation.reading.files import read_texts
print([one.index for one in read_texts(sys.argv[1])])
"""


def test_memory_does_not_grow_with_the_number_of_lines(tmp_path: Path) -> None:
    line = b'{"resourceType": "Patient", "id": "%s"}\n' % (b"a" * 1000)
    file = write(tmp_path / "long.ndjson", line * 20_000)
    tracemalloc.start()
    try:
        number = sum(1 for _ in read_texts(str(file)))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert number == 20_000
    assert most < 500_000, "the file has 20 MB"
