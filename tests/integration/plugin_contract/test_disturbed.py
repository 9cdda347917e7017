"""The contract finds what goes wrong in a plugin when something else goes wrong, and says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from hm_fhir.testing.contract.contract import Contract
from hm_fhir.testing.contract.written import PluginIsWritten


def test_what_depends_on_the_order_of_records_is_found(broken: Any) -> None:
    broken.wrap(
        """
def activity(self, record):
    told = self.source.activity(record)
    return changed(told, activity=told.activity.model_copy(update={"note": str(next(self.numbers))}))
""",
    )
    said = broken.finding(Contract.test_another_order_gives_the_same_state)
    assert "the server holds something else" in said
    assert "different: {" in said


def test_a_checkpoint_that_comes_too_early_is_found(broken: Any) -> None:
    broken.wrap(
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
    said = broken.finding(Contract.test_an_interrupted_source_goes_on_and_gives_the_same_state)
    assert "missing" in said


SWALLOWS = """
def records(self, since=None):
    from hm_fhir.errors import HmFhirError
    try:
        yield from self.source.records(since)
    except HmFhirError:
        pass
"""


def test_a_file_that_is_gone_and_taken_for_an_empty_one_is_found(broken: Any) -> None:
    broken.wrap(SWALLOWS)
    said = broken.finding(Contract.test_an_interrupted_source_goes_on_and_gives_the_same_state)
    assert "taken for one that has no more records" in said


@pytest.mark.parametrize("kind", ["kobo", "rest"])
def test_an_answer_that_is_an_error_and_taken_for_the_end_is_found(kind: str, new: Any) -> None:
    broken = new(kind)
    broken.wrap(SWALLOWS)
    said = broken.finding(Contract.test_an_interrupted_source_goes_on_and_gives_the_same_state)
    assert "taken for one that has no more records" in said


def test_a_guess_at_an_unknown_word_is_found(broken: Any) -> None:
    broken.wrap(
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
    said = broken.finding(Contract.test_rejected_records_are_replayed_after_a_word_is_added)
    assert "without one word of the table" in said


def test_a_bad_record_without_a_place_is_found(broken: Any) -> None:
    broken.wrap(
        """
def records(self, since=None):
    for item in self.source.records(since):
        yield changed(item, place="") if hasattr(item, "values") else item
""",
    )
    said = broken.finding(Contract.test_a_bad_record_is_rejected_with_its_place_and_taken_when_it_is_mended)
    assert "has no place" in said


IN_PYTHON = """
from pydantic import BaseModel
from hm_fhir import SourceSpec, hookimpl


class Options(BaseModel):
    pass


def opened(options, context):
    raise AssertionError("nobody opens it")


@hookimpl
def hm_fhir_sources():
    yield SourceSpec("broken", Options, opened, description="in Python")
"""


def test_without_a_sample_what_needs_one_is_skipped(broken: Any) -> None:
    (broken.package / "plugin.py").write_text(IN_PYTHON, encoding="utf-8")
    skipped: set[str] = set()
    with broken.contract() as tests:
        for name in (one for one in dir(tests) if one.startswith("test_")):
            try:
                getattr(tests, name)()
            except pytest.skip.Exception:
                skipped.add(name)
    of_the_files = {name for name in vars(PluginIsWritten) if name.startswith("test_")}
    assert len(of_the_files) == 6
    assert skipped == {name for name in dir(Contract) if name.startswith("test_")} - of_the_files
