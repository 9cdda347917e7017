"""What resources are checked against, and how it is kept for the next start."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.errors import SettingsError
from hm_fhir.validation import prepared
from hm_fhir.validation.definitions import Definitions, cache_folder, load_definitions, own_package

Json = dict[str, Any]
OWN = "https://example.org/fhir"
PATIENT = "http://hl7.org/fhir/StructureDefinition/Patient"


def profile(name: str = "adult", base: str = PATIENT, **more: Any) -> Json:
    """A profile without snapshot: the birth date must be there."""
    return {
        "resourceType": "StructureDefinition",
        "url": f"{OWN}/StructureDefinition/{name}",
        "name": name,
        "status": "active",
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": base,
        "derivation": "constraint",
        "differential": {"element": [{"id": "Patient.birthDate", "path": "Patient.birthDate", "min": 1}]},
    } | more


COLOURS: Json = {
    "resourceType": "CodeSystem",
    "url": f"{OWN}/CodeSystem/colours",
    "version": "1",
    "content": "complete",
    "valueSet": f"{OWN}/ValueSet/colours",
    "concept": [{"code": "red"}],
}


def package(path: Path, *resources: Json) -> Path:
    path.mkdir(exist_ok=True)
    for number, one in enumerate(resources):
        (path / f"{number}.json").write_text(json.dumps(one), encoding="utf-8")
    return path


def load(*paths: Path, cache: Path | None = None) -> Definitions:
    return load_definitions(paths, cache=cache, own=False)


def minimum(definitions: Definitions, name: str, element: str) -> int:
    found = definitions.types.type(f"{OWN}/StructureDefinition/{name}")
    assert found is not None
    return found.elements[element].minimum


def test_a_package_gives_profiles_codes_and_resources(tmp_path: Path) -> None:
    found = load(package(tmp_path / "p", profile(), COLOURS))
    assert found.profiles == {f"{OWN}/StructureDefinition/adult"}
    assert minimum(found, "adult", "birthDate") == 1
    assert found.terminology.code(f"{OWN}/CodeSystem/colours", "blue") is False
    colours = found.types.value_set(f"{OWN}/ValueSet/colours")
    assert colours is not None
    assert colours.codes == {"red"}
    assert found.resource("CodeSystem", f"{OWN}/CodeSystem/colours|1") == COLOURS
    assert found.resource("CodeSystem", f"{OWN}/CodeSystem/colours|2") is None
    assert found.resource("StructureDefinition", f"{OWN}/StructureDefinition/adult") == profile()


def test_what_is_not_in_a_package_is_that_of_r4(tmp_path: Path) -> None:
    found = load(package(tmp_path / "p", COLOURS))
    assert found.types.type("Encounter") is not None
    assert found.terminology.code("http://hl7.org/fhir/administrative-gender", "female") is True


def test_the_order_of_the_files_does_not_matter_for_profiles_that_stand_on_each_other(tmp_path: Path) -> None:
    birth = {"id": "Patient.gender", "path": "Patient.gender", "min": 1}
    one = profile("a", f"{OWN}/StructureDefinition/b", differential={"element": [birth]})
    two = profile("b", f"{OWN}/StructureDefinition/c", differential={"element": []})
    found = load(package(tmp_path / "p", one, two, profile("c")))
    assert minimum(found, "a", "birthDate") == 1
    assert minimum(found, "a", "gender") == 1
    assert found.profile_type(f"{OWN}/StructureDefinition/a") == "Patient"
    assert found.broken == {}


def test_a_profile_may_stand_on_one_of_another_package(tmp_path: Path) -> None:
    base = package(tmp_path / "base", profile("base"))
    derived = package(tmp_path / "derived", profile("derived", f"{OWN}/StructureDefinition/base"))
    assert minimum(load(derived, base), "derived", "birthDate") == 1


def test_of_two_definitions_with_one_url_the_later_one_counts(tmp_path: Path) -> None:
    one = package(tmp_path / "1", profile(), COLOURS)
    two = package(tmp_path / "2", profile(differential={"element": []}), COLOURS | {"concept": [{"code": "blue"}]})
    assert minimum(load(one, two), "adult", "birthDate") == 0
    assert load(one, two).terminology.code(COLOURS["url"], "blue") is True
    assert minimum(load(two, one), "adult", "birthDate") == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"baseDefinition": f"{OWN}/StructureDefinition/nowhere"}, "is not at hand"),
        ({"fhirVersion": "5.0.0"}, "it is for FHIR version 5.0.0"),
        ({"derivation": "specialization"}, "it defines a type of its own"),
        ({"differential": {"element": [{"id": "Patient.horns", "path": "Patient.horns"}]}}, ""),
        ({"baseDefinition": f"{OWN}/StructureDefinition/adult"}, ""),
        ({"differential": 7}, ""),
    ],
    ids=["base missing", "other FHIR version", "new type", "unknown element", "its own base", "nonsense"],
)
def test_a_profile_that_cannot_be_used_is_named_and_the_others_are_there(
    tmp_path: Path, change: Json, why: str
) -> None:
    child = profile("child", f"{OWN}/StructureDefinition/adult")
    found = load(package(tmp_path / "p", profile() | change, child, profile("other")))
    assert set(found.broken) == {f"{OWN}/StructureDefinition/adult", f"{OWN}/StructureDefinition/child"}
    assert why in found.broken[f"{OWN}/StructureDefinition/adult"]
    assert found.profiles == {f"{OWN}/StructureDefinition/other"}
    assert found.types.type(f"{OWN}/StructureDefinition/adult") is None


def test_a_package_without_any_definition_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no resource with a url"):
        load(package(tmp_path / "p", {"resourceType": "Patient"}))


def test_the_own_package_is_whole() -> None:
    found = load_definitions()
    assert found.broken == {}
    assert found.profiles
    assert found.terminology.knows("https://w3id.org/hm-fhir/CodeSystem/activity-type")


def test_the_fingerprint_is_that_of_the_content(tmp_path: Path) -> None:
    one = load(package(tmp_path / "p", profile())).fingerprint
    os.utime(tmp_path / "p" / "0.json", (1, 1))
    assert load(tmp_path / "p").fingerprint == one
    assert load(package(tmp_path / "p", profile("other"))).fingerprint != one


# --- the cache


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often packages were made into types: the length of the list."""
    calls: list[int] = []
    prepare = prepared.prepare

    def counted(packages: Any) -> Any:
        calls.append(1)
        return prepare(packages)

    monkeypatch.setattr(prepared, "prepare", counted)
    return calls


def test_the_second_start_makes_nothing_and_says_the_same(tmp_path: Path, made: list[int]) -> None:
    source = package(tmp_path / "p", profile(), profile("bad", "https://example.org/nowhere"), COLOURS)
    first = load(source, cache=tmp_path / "cache")
    second = load(source, cache=tmp_path / "cache")
    assert len(made) == 1
    for name in ("profiles", "broken", "fingerprint"):
        assert getattr(first, name) == getattr(second, name)
    url = f"{OWN}/StructureDefinition/adult"
    assert first.types.type(url) == second.types.type(url)
    assert second.terminology.code(COLOURS["url"], "red") is True


def test_a_changed_file_is_noticed(tmp_path: Path, made: list[int]) -> None:
    source = package(tmp_path / "p", profile())
    assert minimum(load(source, cache=tmp_path / "cache"), "adult", "birthDate") == 1
    package(source, profile(differential={"element": []}))
    assert minimum(load(source, cache=tmp_path / "cache"), "adult", "birthDate") == 0
    assert len(made) == 2


def test_the_same_content_elsewhere_is_not_made_again(tmp_path: Path, made: list[int]) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        load(package(folder / "p", profile()), cache=tmp_path / "cache")
    assert len(made) == 1


@pytest.mark.parametrize("content", [b"", b"nonsense" * 100, None], ids=["empty", "nonsense", "one bit"])
def test_a_broken_cache_is_made_again(tmp_path: Path, made: list[int], content: bytes | None) -> None:
    source, cache = package(tmp_path / "p", profile()), tmp_path / "cache"
    load(source, cache=cache)
    for file in cache.iterdir():
        old = file.read_bytes()
        file.write_bytes(old[:-1] + bytes([old[-1] ^ 1]) if content is None else content)
    assert minimum(load(source, cache=cache), "adult", "birthDate") == 1
    assert minimum(load(source, cache=cache), "adult", "birthDate") == 1
    assert len(made) == 2


def test_only_the_owner_can_read_the_cache(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    load(package(tmp_path / "p", profile()), cache=cache)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in cache.iterdir()} == {0o600}


def test_a_cache_that_somebody_else_owns_is_not_trusted(
    tmp_path: Path, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, cache = package(tmp_path / "p", profile()), tmp_path / "cache"
    load(source, cache=cache)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    load(source, cache=cache)
    assert len(made) == 2


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(tmp_path: Path) -> None:
    source = package(tmp_path / "p", profile())
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    assert minimum(load(source, cache=file / "cache"), "adult", "birthDate") == 1


def test_a_broken_package_leaves_nothing_in_the_cache(tmp_path: Path) -> None:
    source = package(tmp_path / "p", profile())
    (source / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(SettingsError, match="it is not JSON"):
        load(source, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*"))


def test_old_caches_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "_KEPT_FILES", 3)
    for number in range(6):
        load(package(tmp_path / f"p{number}", profile(f"number-{number}")), cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").glob("definitions-*"))) == 3
    assert len(list((tmp_path / "cache").glob("packages-*"))) == 3


def test_caches_are_where_the_user_wants_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "hm-fhir"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "hm-fhir"


def test_the_own_package_is_inside_the_distribution() -> None:
    assert (own_package() / "package.json").is_file()
