"""The contract finds what is wrong with what a plugin does, and says what to do."""

from __future__ import annotations

from typing import Any

from hm_fhir.testing.contract.contract import Contract


def test_a_small_plugin_that_is_not_broken_passes(broken: Any) -> None:
    with broken.contract() as tests:
        for name in dir(tests):
            if name.startswith("test_"):
                getattr(tests, name)()


def test_a_record_that_is_refused_is_found(broken: Any) -> None:
    broken.change("fields.yaml", "дом: home", "у дома: home")
    broken.change("sample.yaml", "setting.word('settings')", "iif(setting = 'home', 'дом', setting.word('settings'))")
    said = broken.finding(Contract.test_the_sample_runs_end_to_end_and_both_sums_add_up)
    assert "unknown-code" in said


def test_a_column_that_is_not_read_is_found(broken: Any) -> None:
    broken.change("fields.yaml", 'gender: "{{ gender }}"', "gender: female")
    said = broken.finding(Contract.test_the_sample_is_read_as_it_was_told)
    assert "persons.gender" in said
    assert "persons.phone" not in said


def test_an_activity_that_is_new_each_time_is_found(broken: Any) -> None:
    broken.wrap(
        """
def activity(self, record):
    told = self.source.activity(record)
    number = f"{told.activity.local_id}-{next(self.numbers)}"
    return changed(told, activity=told.activity.model_copy(update={"local_id": number}))
""",
    )
    said = broken.finding(Contract.test_the_same_sample_twice_writes_nothing)
    assert "40 new" in said or " new, 0 newer" in said


def test_a_source_that_loses_records_is_found(broken: Any) -> None:
    broken.wrap(
        """
def records(self, since=None):
    return list(self.source.records(since))[:-1]
""",
    )
    said = broken.finding(Contract.test_the_sample_runs_end_to_end_and_both_sums_add_up)
    assert "new: expected" in said


def test_what_is_not_valid_is_found(broken: Any) -> None:
    broken.wrap(
        """
def activity(self, record):
    from datetime import timedelta
    told = self.source.activity(record)
    period = told.activity.period
    backwards = period.model_copy(update={"end": period.start - timedelta(days=2)})
    return changed(told, activity=told.activity.model_copy(update={"period": backwards}))
""",
    )
    said = broken.finding(Contract.test_what_is_sent_is_valid)
    assert "not valid, and withheld" in said
    assert "per-1" in said


def test_a_correction_that_is_not_newer_is_found(broken: Any) -> None:
    broken.wrap(
        """
def activity(self, record):
    told = self.source.activity(record)
    first = told.activity.updated_at.replace(year=2026, month=1, day=1)
    return changed(told, activity=told.activity.model_copy(update={"updated_at": first}))
""",
    )
    said = broken.finding(Contract.test_corrections_deletions_and_late_records_arrive)
    assert "newer: expected" in said


def test_a_deletion_that_is_overlooked_is_found(broken: Any) -> None:
    broken.change("fields.yaml", "изтрито: entered-in-error", "изтрито: entered-in-error\n    заличено: completed")
    broken.change(
        "sample.yaml",
        "status.word('statuses')",
        "iif(status = 'entered-in-error', 'заличено', status.word('statuses'))",
    )
    assert "deletions of the sample" in broken.finding(Contract.test_what_was_deleted_is_withdrawn)
