"""The contract finds what is wrong with a plugin, and says what to do.

Each test breaks a new plugin (with a small sample, to be quick) in one way, and runs the one test that is to find it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hm_fhir.scaffold.plugin import write_plugin
from hm_fhir.testing.contract import delivered, plugin_contract
from hm_fhir.testing.contract.contract import Contract

WRAPPED = '''
from dataclasses import replace as changed
from functools import partial

class Wrapped:
    """The source, with a defect."""

    numbers = iter(range(1, 10**9))

    def __init__(self, options, context, spec):
        self.source = spec.open(options, context)
        self.incremental = self.source.incremental
        self.fingerprint = "same"

    def count(self):
        return None

    def records(self, since=None):
        return self.source.records(since)

    def activity(self, record):
        return self.source.activity(record)

    def local_id(self, record):
        return self.source.local_id(record)

    {defect}


def wrapped(spec):
    return changed(spec, open=partial(lambda spec, options, context: Wrapped(options, context, spec), spec))


specs = [wrapped(spec) for spec in hm_fhir_sources()]

@hookimpl
def hm_fhir_sources():
    yield from specs
'''


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new plugin whose sample is small."""
    plugin = write_plugin("broken", "csv", tmp_path_factory.mktemp("template"))
    sample = plugin.folder / plugin.package / "sample.yaml"
    text = sample.read_text(encoding="utf-8")
    sample.write_text(text.replace("activities: 330", "activities: 40"), encoding="utf-8")
    return plugin.folder


@pytest.fixture
def folder(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(delivered, "LEAST_ACTIVITIES", 10)
    return shutil.copytree(template, tmp_path / "hm-fhir-broken")


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / "hm_fhir_broken" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def wrap(folder: Path, defect: str) -> None:
    path = folder / "hm_fhir_broken" / "plugin.py"
    indented = defect.strip("\n").replace("\n", "\n    ")
    path.write_text(path.read_text(encoding="utf-8") + WRAPPED.replace("{defect}", indented), encoding="utf-8")


@contextmanager
def contract(folder: Path, **options: str) -> Iterator[Contract]:
    tests = plugin_contract("broken", folder, **options)  # type: ignore[arg-type]
    tests.setup_class()
    try:
        yield tests()
    finally:
        tests.teardown_class()


def finding(folder: Path, test: Callable[[Contract], None]) -> str:
    """Return what a test of the contract says; it has to fail."""
    with contract(folder) as tests, pytest.raises(pytest.fail.Exception) as caught:
        getattr(tests, test.__name__)()
    said = str(caught.value)
    assert "\n\n  -> " in said, "it says what to do"
    return said


def test_a_small_plugin_that_is_not_broken_passes(folder: Path) -> None:
    with contract(folder) as tests:
        for name in dir(tests):
            if name.startswith("test_"):
                getattr(tests, name)()


# ---- as it is written


def test_a_misspelled_hook_is_found(folder: Path) -> None:
    change(folder, "plugin.py", "def hm_fhir_sources", "def hm_fhir_source")
    assert "did you mean 'hm_fhir_sources'" in finding(folder, Contract.test_the_plugin_loads)


def test_a_module_that_cannot_be_imported_is_named(folder: Path) -> None:
    change(folder, "plugin.py", "from pathlib import Path", "from pathlip import Path")
    assert "hm_fhir_broken.plugin cannot be imported" in finding(folder, Contract.test_the_plugin_loads)


def test_a_plugin_that_is_not_there_is_named(folder: Path) -> None:
    tests = plugin_contract("brocken", folder)
    tests.setup_class()
    try:
        with pytest.raises(pytest.fail.Exception, match="no plugin 'brocken' is installed"):
            tests().test_the_plugin_loads()
    finally:
        tests.teardown_class()


def test_the_name_of_a_source_of_hm_fhir_is_found(folder: Path) -> None:
    change(folder, "plugin.py", '"broken", reads', '"csv", reads')
    assert "csv" in finding(folder, Contract.test_its_names_are_free)


def test_a_setting_that_is_not_in_the_readme_is_found(folder: Path) -> None:
    readme = folder / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("`encoding`", "encoding"), encoding="utf-8")
    said = finding(folder, Contract.test_every_setting_is_documented)
    assert "\n  encoding" in said
    assert "delimiter" not in said


def test_a_code_that_does_not_exist_is_found_with_its_line(folder: Path) -> None:
    change(folder, "fields.yaml", "домашно посещение: home-visit", "домашно посещение: home-visits")
    said = finding(folder, Contract.test_its_fields_are_clean)
    assert "fields.yaml:" in said
    assert "did you mean 'home-visit'" in said


def test_a_warning_about_the_fields_is_a_failure(folder: Path) -> None:
    change(folder, "fields.yaml", '  note: "{{ note }}"\n', "")
    assert "note" in finding(folder, Contract.test_its_fields_are_clean)


def test_a_pack_without_a_case_for_every_branch_is_found(folder: Path) -> None:
    pack = folder / "hm_fhir_broken" / "mappings"
    pack.mkdir()
    (pack / "pack.yaml").write_text("pack: broken\nversion: 1.0.0\nextends: [hm-fhir-base]\n", encoding="utf-8")
    (pack / "beseda.yaml").write_text(
        "mapping: group-health-talk\nversion: 1.0.0\nreplaces: hm-fhir-base/group-health-talk\n"
        "when: \"type = 'group-health-talk'\"\n"
        "resources: [{name: group, type: Group, key: key, template: {type: person, actual: true}}]\n",
        encoding="utf-8",
    )
    plugin = folder / "hm_fhir_broken" / "plugin.py"
    plugin.write_text(
        plugin.read_text(encoding="utf-8")
        + "\n\nfrom hm_fhir import MappingPackSpec\n\n@hookimpl\ndef hm_fhir_mappings():\n"
        "    yield MappingPackSpec('broken', Path(__file__).parent / 'mappings')\n",
        encoding="utf-8",
    )
    assert "has no cases" in finding(folder, Contract.test_its_cases_pass_and_reach_every_branch)
    cases = pack / "cases"
    cases.mkdir()
    (cases / "other.yaml").write_text(
        "case: another type\nactivity: {type: home-visit}\nrefused: no\n", encoding="utf-8"
    )
    assert "cases that fail" in finding(folder, Contract.test_its_cases_pass_and_reach_every_branch)
    (cases / "other.yaml").write_text(
        "case: another type\nactivity: {type: home-visit}\nrefused: invalid-activity\n", encoding="utf-8"
    )
    said = finding(folder, Contract.test_its_cases_pass_and_reach_every_branch)
    assert "no case is mapped by 'group-health-talk'" in said


# ---- the sample


def test_a_record_that_is_refused_is_found(folder: Path) -> None:
    change(folder, "fields.yaml", "дом: home", "у дома: home")
    change(
        folder, "sample.yaml", "setting.word('settings')", "iif(setting = 'home', 'дом', setting.word('settings'))"
    )
    said = finding(folder, Contract.test_the_sample_runs_end_to_end_and_both_sums_add_up)
    assert "unknown-code" in said


def test_a_column_that_is_not_read_is_found(folder: Path) -> None:
    change(folder, "fields.yaml", 'gender: "{{ gender }}"', "gender: female")
    said = finding(folder, Contract.test_the_sample_is_read_as_it_was_told)
    assert "persons.gender" in said
    assert "persons.phone" not in said


def test_an_activity_that_is_new_each_time_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def activity(self, record):
    told = self.source.activity(record)
    number = f"{told.activity.local_id}-{next(self.numbers)}"
    return changed(told, activity=told.activity.model_copy(update={"local_id": number}))
""",
    )
    said = finding(folder, Contract.test_the_same_sample_twice_writes_nothing)
    assert "40 new" in said or " new, 0 newer" in said


def test_a_source_that_loses_records_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def records(self, since=None):
    return list(self.source.records(since))[:-1]
""",
    )
    said = finding(folder, Contract.test_the_sample_runs_end_to_end_and_both_sums_add_up)
    assert "new: expected" in said


def test_what_is_not_valid_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def activity(self, record):
    from datetime import timedelta
    told = self.source.activity(record)
    period = told.activity.period
    backwards = period.model_copy(update={"end": period.start - timedelta(days=2)})
    return changed(told, activity=told.activity.model_copy(update={"period": backwards}))
""",
    )
    said = finding(folder, Contract.test_what_is_sent_is_valid)
    assert "not valid, and withheld" in said
    assert "per-1" in said


def test_a_correction_that_is_not_newer_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def activity(self, record):
    told = self.source.activity(record)
    first = told.activity.updated_at.replace(year=2026, month=1, day=1)
    return changed(told, activity=told.activity.model_copy(update={"updated_at": first}))
""",
    )
    said = finding(folder, Contract.test_corrections_deletions_and_late_records_arrive)
    assert "newer: expected" in said


def test_a_deletion_that_is_overlooked_is_found(folder: Path) -> None:
    change(folder, "fields.yaml", "изтрито: entered-in-error", "изтрито: entered-in-error\n    заличено: completed")
    change(
        folder,
        "sample.yaml",
        "status.word('statuses')",
        "iif(status = 'entered-in-error', 'заличено', status.word('statuses'))",
    )
    assert "deletions of the sample" in finding(folder, Contract.test_what_was_deleted_is_withdrawn)


# ---- disturbed


def test_what_depends_on_the_order_of_records_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def activity(self, record):
    told = self.source.activity(record)
    return changed(told, activity=told.activity.model_copy(update={"note": str(next(self.numbers))}))
""",
    )
    said = finding(folder, Contract.test_another_order_gives_the_same_state)
    assert "the server holds something else" in said
    assert "different: {" in said


def test_a_checkpoint_that_comes_too_early_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def records(self, since=None):
    from hm_fhir.sources.base import Checkpoint
    self.incremental = True
    if since is None:
        for number, item in enumerate(self.source.records()):
            yield item
            if number == 1:
                yield Checkpoint("all")
""",
    )
    said = finding(folder, Contract.test_an_interrupted_source_goes_on_and_gives_the_same_state)
    assert "missing" in said


def test_a_guess_at_an_unknown_word_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def activity(self, record):
    from hm_fhir.errors import RecordRejected
    try:
        return self.source.activity(record)
    except RecordRejected as error:
        if error.code != "unknown-code":
            raise
    for item in self.source.records():
        try:
            return self.source.activity(item)
        except (RecordRejected, AttributeError):
            pass
""",
    )
    said = finding(folder, Contract.test_rejected_records_are_replayed_after_a_word_is_added)
    assert "without one word of the table" in said


def test_a_bad_record_without_a_place_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def records(self, since=None):
    for item in self.source.records(since):
        yield changed(item, place="") if hasattr(item, "values") else item
""",
    )
    said = finding(folder, Contract.test_a_bad_record_is_rejected_with_its_place_and_taken_when_it_is_mended)
    assert "has no place" in said


# ---- private


def test_a_reason_that_repeats_a_value_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def activity(self, record):
    from hm_fhir.errors import RecordRejected
    try:
        return self.source.activity(record)
    except RecordRejected as error:
        raise RecordRejected(f"{error.message}: {record.values.get('Пол')}", code=error.code) from None
""",
    )
    said = finding(folder, Contract.test_no_error_shows_a_value)
    assert "Пол" in said
    assert "Телефон" not in said


def test_a_value_that_makes_the_plugin_fail_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def activity(self, record):
    int(record.values.get("Телефон", "+0").replace(" ", ""))
    return self.source.activity(record)
""",
    )
    said = finding(folder, Contract.test_no_error_shows_a_value)
    assert "make the plugin fail" in said
    assert "Телефон" in said


def test_a_log_line_with_a_name_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def activity(self, record):
    import logging
    logging.getLogger("broken").debug("read %s", record.values.get("Фамилия"))
    return self.source.activity(record)
""",
    )
    said = finding(folder, Contract.test_no_personal_data_in_ids_addresses_logs_and_reports)
    assert "log lines" in said
    assert "ids of resources" not in said


def test_a_command_that_prints_a_name_is_found(folder: Path) -> None:
    wrap(
        folder,
        """
def records(self, since=None):
    from hm_fhir.sources.base import Remark
    for item in self.source.records(since):
        yield item
        if "Фамилия" in getattr(item, "values", ()):
            yield Remark(item.place, "odd", f"read {item.values['Фамилия']}")
""",
    )
    assert "hm-fhir run" in finding(folder, Contract.test_no_personal_data_in_what_commands_print)
