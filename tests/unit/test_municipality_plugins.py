"""A municipality is a few lines of Python and YAML, and says plainly what is known of it and what is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.sources.directory import Directory

PLUGINS = Path(__file__).parents[2] / "plugins"
MUNICIPALITIES = sorted(folder.name for folder in PLUGINS.iterdir() if (folder / "setup.cfg").is_file())
MOST_LINES_OF_PYTHON = 60
# NSI code of the municipality, EKATTE code and name of its seat: all codes that are verified.
CODES = {
    "burgas": ("BGS04", "07079", "Бургас"),
    "dimitrovgrad": ("HKV09", "21052", "Димитровград"),
    "dupnitsa": ("KNL48", "68789", "Дупница"),
    "kazanlak": ("SZR12", "35167", "Казанлък"),
    "novi-pazar": ("SHU22", "52009", "Нови пазар"),
    "samokov": ("SFO39", "65231", "Самоков"),
}


def package_of(name: str) -> Path:
    return PLUGINS / name / f"hm_fhir_{name.replace('-', '_')}"


def lines(files: list[Path]) -> int:
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


def test_there_are_six() -> None:
    assert list(CODES) == MUNICIPALITIES


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_there_is_little_python(name: str) -> None:
    assert lines(list(package_of(name).rglob("*.py"))) <= MOST_LINES_OF_PYTHON
    tests = list((PLUGINS / name / "tests").rglob("*.py"))
    assert [test.name for test in tests] == ["test_contract.py"]
    assert lines(tests) < 15


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_its_codes_are_those_that_are_verified(name: str) -> None:
    code, ekatte, seat = CODES[name]
    path = package_of(name) / "directory.yaml"
    municipality = Directory(path).municipality
    assert (municipality.code, municipality.ekatte, municipality.name) == (code, ekatte, seat)
    told = read_yaml(path).value
    places = [area for mediator in told["mediators"].values() for area in mediator.get("areas", ())]
    places += [facility["address"] for facility in told["facilities"].values() if "address" in facility]
    assert {(place["ekatte"], place["settlement"]) for place in places} == {(ekatte, seat)}


@pytest.mark.parametrize("name", MUNICIPALITIES)
def test_its_readme_says_what_is_not_known_and_which_file_to_change(name: str) -> None:
    readme = " ".join((PLUGINS / name / "README.md").read_text(encoding="utf-8").split())
    assert "**The true system of the municipality is not known." in readme
    fields = re.escape(f"`{package_of(name).name}/fields.yaml`")
    assert re.search(
        rf"The one file to change is {fields}|{fields}[^|]*\|[^|]*\| \*\*this is the one file to change\*\*", readme
    )
