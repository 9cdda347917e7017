"""The contract finds where a plugin says who somebody is, and says what to do."""

from __future__ import annotations

from typing import Any

from hm_fhir.testing.contract.contract import Contract


def test_a_reason_that_repeats_a_value_is_found(broken: Any) -> None:
    broken.wrap(
        """
def activity(self, record):
    from hm_fhir.errors import RecordRejected
    try:
        return self.source.activity(record)
    except RecordRejected as error:
        raise RecordRejected(f"{error.message}: {record.values.get('Пол')}", code=error.code) from None
""",
    )
    said = broken.finding(Contract.test_no_error_shows_a_value)
    assert "Пол" in said
    assert "Телефон" not in said


def test_a_value_that_makes_the_plugin_fail_is_found(broken: Any) -> None:
    broken.wrap(
        """
def activity(self, record):
    int(record.values.get("Телефон", "+0").replace(" ", ""))
    return self.source.activity(record)
""",
    )
    said = broken.finding(Contract.test_no_error_shows_a_value)
    assert "make the plugin fail" in said
    assert "Телефон" in said


def test_a_log_line_with_a_name_is_found(broken: Any) -> None:
    broken.wrap(
        """
def activity(self, record):
    import logging
    logging.getLogger("broken").debug("read %s", record.values.get("Фамилия"))
    return self.source.activity(record)
""",
    )
    said = broken.finding(Contract.test_no_personal_data_in_ids_addresses_logs_and_reports)
    assert "log lines" in said
    assert "ids of resources" not in said


def test_a_log_line_with_a_note_is_found(broken: Any) -> None:
    broken.wrap(
        """
def activity(self, record):
    import logging
    logging.getLogger("broken").debug("read %s", record.values.get("Бележка"))
    return self.source.activity(record)
""",
    )
    assert "log lines" in broken.finding(Contract.test_no_personal_data_in_ids_addresses_logs_and_reports)


def test_a_command_that_prints_a_name_is_found(broken: Any) -> None:
    broken.wrap(
        """
def records(self, since=None):
    from hm_fhir.sources.base import Remark
    for item in self.source.records(since):
        yield item
        if "Фамилия" in getattr(item, "values", ()):
            yield Remark(item.place, "odd", f"read {item.values['Фамилия']}")
""",
    )
    assert "hm-fhir run" in broken.finding(Contract.test_no_personal_data_in_what_commands_print)
