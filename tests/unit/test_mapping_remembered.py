"""What was checked and had no mistake is not checked again, until anything that counts is different."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hm_fhir.errors import MappingErrors
from hm_fhir.fhir.definitions import r4
from hm_fhir.fhir.terminology import r4_terminology
from hm_fhir.mapping.checker import Profiles, load_checked, packs, remembered

RIGHT = Path(__file__).parent / "seeded_profile_mistakes" / "pack"
PROFILES = Profiles(r4(), r4_terminology(), fingerprint="1")


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each check that is made."""
    made: list[int] = []
    check = packs.check_packs

    def counted(*args: object, **more: object) -> object:
        made.append(1)
        return check(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(packs, "check_packs", counted)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pack without a mistake: its profiles are not at hand, so it claims none."""
    copied = tmp_path / "pack"
    shutil.copytree(RIGHT, copied)
    for file in (copied / "visit.yaml", copied / "parts" / "people.yaml"):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if "    profile: " not in line), encoding="utf-8")
    return copied


def test_a_pack_is_checked_once(tmp_path: Path, folder: Path, checks: list[int]) -> None:
    for _ in range(2):
        (pack,) = load_checked([folder], profiles=PROFILES, cache=tmp_path / "cache")
        assert pack.mappings
    assert len(checks) == 1
    (kept,) = (tmp_path / "cache").iterdir()
    assert (kept.stat().st_mode & 0o777, kept.stat().st_size) == (0o600, 0)


def test_other_packs_and_other_profiles_are_checked(tmp_path: Path, folder: Path, checks: list[int]) -> None:
    def load(profiles: Profiles = PROFILES) -> None:
        load_checked([folder], profiles=profiles, cache=tmp_path / "cache")

    load()
    load(replace(PROFILES, fingerprint="2"))
    file = folder / "visit.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    load()
    assert len(checks) == 3


def test_other_code_checks_again(
    tmp_path: Path, folder: Path, checks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_checked([folder], profiles=PROFILES, cache=tmp_path / "cache")
    monkeypatch.setattr(remembered, "_code", lambda: "other")
    load_checked([folder], profiles=PROFILES, cache=tmp_path / "cache")
    assert len(checks) == 2


@pytest.mark.parametrize("old", ["status: finished", "mapping: visit"])
def test_mistakes_are_said_each_time(tmp_path: Path, folder: Path, old: str) -> None:
    load_checked([folder], profiles=PROFILES, cache=tmp_path / "cache")
    file = folder / "visit.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, f"{old[:3]}{old[4:]}"), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(MappingErrors):
            load_checked([folder], profiles=PROFILES, cache=tmp_path / "cache")


def test_without_a_place_to_keep_it_everything_is_checked(tmp_path: Path, folder: Path, checks: list[int]) -> None:
    no_folder = tmp_path / "file"
    no_folder.write_text("x", encoding="utf-8")
    for _ in range(2):
        load_checked([folder], profiles=PROFILES, cache=no_folder)
        load_checked([folder], profiles=PROFILES)
        load_checked([folder], profiles=replace(PROFILES, fingerprint=""), cache=tmp_path / "cache")
        load_checked([folder], cache=tmp_path / "cache")
    assert len(checks) == 8


def test_what_was_not_used_for_long_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_KEPT_FILES", 3)
    kept = remembered.Remembered(tmp_path)
    for number in range(6):
        kept.add(kept.key([str(number)]))
    assert len(list(tmp_path.iterdir())) == 3
    assert kept.has(kept.key(["5"]))
