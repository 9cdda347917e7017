"""A new plugin is complete from the first minute, and never takes the place of something else."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hm_fhir.cli.main import cli
from hm_fhir.errors import SettingsError
from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.scaffold.kinds import KINDS
from hm_fhir.scaffold.plugin import check_name, write_plugin
from hm_fhir.sources.base import Record, activity_of, records_of
from hm_fhir.sources.directory import Directory
from hm_fhir.sources.fields.loading import load_fields
from hm_fhir.sources.fields.source import source_options
from hm_fhir.sources.kinds import READER_NAMES, reader_kind
from hm_fhir.sources.spec import fields_source
from hm_fhir.testing.samples import open_sample
from hm_fhir.testing.story.sample_file import read_sample


def test_every_reader_has_a_template() -> None:
    assert set(KINDS) == set(READER_NAMES)


@pytest.mark.parametrize("kind", KINDS)
def test_all_files_are_there_and_say_nothing_wrong(kind: str, tmp_path: Path) -> None:
    plugin = write_plugin("novo-selo", kind, tmp_path, title="Ново село")
    inside = plugin.folder / plugin.package

    assert plugin.folder == tmp_path / "hm-fhir-novo-selo"
    assert {str(file) for file in plugin.files} == {
        str(path.relative_to(plugin.folder)) for path in plugin.folder.rglob("*") if path.is_file()
    }
    fields = load_fields(inside / "fields.yaml")
    assert (fields.name, fields.reads, fields.warnings) == ("novo-selo", kind, ())
    assert Directory(inside / "directory.yaml").municipality.name == "Ново село"
    assert read_sample(inside)[0].activities >= 300
    assert len((plugin.folder / "tests" / "test_contract.py").read_text(encoding="utf-8").splitlines()) < 15


@pytest.mark.parametrize("kind", KINDS)
def test_no_mark_of_a_template_is_left(kind: str, tmp_path: Path) -> None:
    plugin = write_plugin("novo-selo", kind, tmp_path)
    for file in plugin.files:
        text = (plugin.folder / file).read_text(encoding="utf-8")
        assert not re.search(r"@[a-z_]+@", text), file
        assert text == "" or text.endswith("\n"), file


@pytest.mark.parametrize("kind", KINDS)
def test_the_readme_names_every_setting_and_its_example_is_toml(kind: str, tmp_path: Path) -> None:
    plugin = write_plugin("novo-selo", kind, tmp_path)
    readme = (plugin.folder / "README.md").read_text(encoding="utf-8")

    assert [name for name in source_options(reader_kind(kind)).model_fields if f"| `{name}` |" not in readme] == []
    [example] = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    shown = tomllib.loads(example)
    [source] = shown["sources"].values()
    assert source.pop("kind") == "novo-selo"
    source_options(reader_kind(kind)).model_validate(source | read_yaml_options(plugin.folder / plugin.package))


def read_yaml_options(folder: Path) -> dict[str, object]:
    return dict(read_yaml(folder / "fields.yaml").value.get("options") or {})


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_row_without_a_time_of_day_is_known_by_its_day(kind: str, tmp_path: Path) -> None:
    plugin = write_plugin("novo-selo", kind, tmp_path)
    spec = fields_source("novo-selo", reads=kind, files=plugin.folder / plugin.package, description="new")
    with open_sample(spec, tmp_path / "local") as sample:
        source = sample.source(tmp_path)
        row = next(records_of(source))
        told = activity_of(source, Record("here", {name: cell for name, cell in row.values.items() if name != "Час"}))
    assert told.period.start == sample.activities[0].period.start.date()


def test_the_distribution_names_its_files_and_its_entry_point(tmp_path: Path) -> None:
    plugin = write_plugin("novo-selo", "xlsx", tmp_path)
    setup = configparser.ConfigParser()
    setup.read(plugin.folder / "setup.cfg", encoding="utf-8")

    assert setup["options.entry_points"]["hm_fhir"].strip() == "novo-selo = hm_fhir_novo_selo.plugin"
    assert setup["options"]["install_requires"].strip() == "hm-fhir[xlsx]"
    assert tomllib.loads((plugin.folder / "pyproject.toml").read_text())["build-system"]["build-backend"]


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    plugin = write_plugin("novo-selo", "csv", tmp_path)
    changed = plugin.folder / "README.md"
    changed.write_text("mine", encoding="utf-8")

    with pytest.raises(SettingsError, match="already") as caught:
        write_plugin("novo-selo", "xlsx", tmp_path)

    assert "nothing was written" in str(caught.value)
    assert changed.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    "name", ["", "Novo", "novo_selo", "-novo", "novo-", "novo--selo", "ново", "1novo", "a" * 41, "a/b"]
)
def test_what_is_no_name_is_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be the name"):
        write_plugin(name, "csv", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["csv", "rest", "fhir", "hm-fhir", "hm-fhir-base"])
def test_names_of_hm_fhir_itself_are_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="is a name of hm-fhir itself"):
        check_name(name)


def test_the_name_of_an_installed_plugin_is_refused() -> None:
    with pytest.raises(SettingsError, match="is installed already"):
        check_name("novo-selo", installed=["novo-selo"])


@given(st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,9}){0,2}", fullmatch=True))
def test_every_name_of_small_letters_and_single_hyphens_is_taken(name: str) -> None:
    if name not in (*READER_NAMES, "fhir"):
        check_name(name, installed=[])


def test_another_kind_is_refused_with_what_was_probably_meant(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean 'xlsx'"):
        write_plugin("novo-selo", "xslx", tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        write_plugin("novo-selo", "csv", tmp_path / "file")
    assert "file" in str(caught.value)


def test_the_command_writes_the_plugin_and_says_what_comes_next(tmp_path: Path) -> None:
    arguments = ["plugins", "new", "novo-selo", "--source", "odk", "--title", "Ново село", "--folder", str(tmp_path)]
    done = CliRunner().invoke(cli, arguments)

    assert done.exit_code == 0, done.output
    assert "fields.yaml" in done.output
    assert "pip install -e" in done.output
    assert (tmp_path / "hm-fhir-novo-selo" / "hm_fhir_novo_selo" / "plugin.py").is_file()
