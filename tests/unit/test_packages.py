"""FHIR packages: folders, archives, single files."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.errors import SettingsError
from hm_fhir.fhir.packages import read_package, state_of

Json = dict[str, Any]
URL = "https://example.org/fhir/ValueSet/colours"


def value_set(version: str = "1") -> Json:
    return {"resourceType": "ValueSet", "url": URL, "version": version}


MANIFEST = {"name": "example.colours", "version": "1.2.0"}


def folder(path: Path, **files: Any) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (path / f"{name}.json").write_text(text, encoding="utf-8")
    return path


def archive(path: Path, **files: Any) -> Path:
    with tarfile.open(path, "w:gz") as target:
        for name, content in files.items():
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(name.replace("__", "/") + ".json")
            member.size = len(data)
            target.addfile(member, io.BytesIO(data))
    return path


def test_a_folder_with_its_files_directly_or_below_package(tmp_path: Path) -> None:
    for place in (tmp_path / "flat", tmp_path / "deep" / "package"):
        folder(place, package=MANIFEST, colours=value_set())
    flat, deep = read_package(tmp_path / "flat"), read_package(tmp_path / "deep")
    assert (flat.name, flat.version) == (deep.name, deep.version) == ("example.colours", "1.2.0")
    assert list(flat.resources()) == list(deep.resources()) == [value_set()]
    assert flat.sha256 == deep.sha256


def test_an_archive_has_the_same_content_as_its_folder(tmp_path: Path) -> None:
    packed = read_package(
        archive(
            tmp_path / "p.tgz", package__package=MANIFEST, package__colours=value_set(), package__example__other={}
        )
    )
    unpacked = read_package(folder(tmp_path / "p", package=MANIFEST, colours=value_set()))
    assert packed.sha256 == unpacked.sha256
    assert packed.name == unpacked.name


def test_examples_are_no_definitions(tmp_path: Path) -> None:
    folder(tmp_path / "p", colours=value_set())
    folder(tmp_path / "p" / "example", other=value_set("example"))
    assert [one["version"] for one in read_package(tmp_path / "p").resources()] == ["1"]


def test_a_file_with_one_resource_or_a_bundle(tmp_path: Path) -> None:
    entries: list[Any] = [{"resource": value_set()}, {"resource": {"resourceType": "Patient"}}, {}, "nothing"]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    folder(tmp_path, one=value_set(), bundle=bundle)
    for name in ("one", "bundle"):
        package = read_package(tmp_path / f"{name}.json")
        assert package.name == f"{name}.json"
        assert list(package.resources()) == [value_set()]


def test_a_resource_is_found_by_type_url_and_version(tmp_path: Path) -> None:
    package = read_package(folder(tmp_path, a=value_set("1"), b=value_set("2")))
    assert package.resource("ValueSet", URL) == value_set("1")
    assert package.resource("ValueSet", f"{URL}|2") == value_set("2")
    assert package.resource("ValueSet", f"{URL}|3") is None
    assert package.resource("CodeSystem", URL) is None


def test_the_hash_is_that_of_the_content(tmp_path: Path) -> None:
    one = read_package(folder(tmp_path / "a", colours=value_set())).sha256
    folder(tmp_path / "a", colours=value_set("2"))
    assert read_package(tmp_path / "a").sha256 != one
    (tmp_path / "a" / "colours.json").rename(tmp_path / "a" / "shades.json")
    folder(tmp_path / "a", shades=value_set())
    assert read_package(tmp_path / "a").sha256 != one


def test_the_state_changes_with_the_files_and_not_without(tmp_path: Path) -> None:
    folder(tmp_path / "a", colours=value_set())
    one = state_of(tmp_path / "a")
    assert state_of(tmp_path / "a") == one
    folder(tmp_path / "a", colours=value_set("2"))
    assert state_of(tmp_path / "a") != one
    two = state_of(tmp_path / "a")
    folder(tmp_path / "a", more=value_set())
    assert state_of(tmp_path / "a") != two


def test_text_that_is_not_json_is_named_with_its_file(tmp_path: Path) -> None:
    package = read_package(folder(tmp_path / "p", good=value_set(), bad="{"))
    with pytest.raises(SettingsError, match="it is not JSON") as caught:
        list(package.resources())
    assert caught.value.place == f"{tmp_path / 'p'}: bad.json"


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path / "missing",
        lambda path: folder(path / "empty"),
        lambda path: folder(path / "p", package="{"),
        lambda path: _written(path / "broken.tgz", b"\x1f\x8bnothing"),
        lambda path: archive(path / "other.tgz", other__colours=value_set()),
    ],
    ids=["nothing there", "no JSON", "package.json", "broken archive", "no package inside"],
)
def test_what_cannot_be_read_says_where_and_what_to_do(tmp_path: Path, make: Any) -> None:
    path = make(tmp_path)
    with pytest.raises(SettingsError) as caught:
        read_package(path)
    assert caught.value.code == "package"
    assert str(path) in str(caught.value.place)
    assert caught.value.fix


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_cut_archive_is_an_error_and_no_crash(tmp_path: Path) -> None:
    whole = archive(
        tmp_path / "whole.tgz", **{f"package__colours{n}": value_set(str(n)) for n in range(200)}
    ).read_bytes()
    for length in (20, len(whole) // 2, len(whole) - 4):
        with pytest.raises(SettingsError):
            read_package(_written(tmp_path / "cut.tgz", whole[:length]))
