"""A new plugin (with a small sample, to be quick) that a test breaks, and what the contract then says."""

from __future__ import annotations

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


class Breakable:
    """A new plugin with the name ``broken``.

    Attributes:
        folder: of its distribution.
        package: of its Python package.
    """

    def __init__(self, kind: str, parent: Path) -> None:
        plugin = write_plugin("broken", kind, parent)
        self.folder = plugin.folder
        self.package = plugin.folder / plugin.package
        self.change("sample.yaml", "activities: 330", "activities: 60")

    def change(self, file: str, old: str, new: str) -> None:
        """Write something else into a file of the package."""
        path = self.package / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def wrap(self, defect: str) -> None:
        """Put a source with a defect, which is one of its methods, around its own."""
        indented = defect.strip("\n").replace("\n", "\n    ")
        self.append(WRAPPED.replace("{defect}", indented))

    def append(self, code: str) -> None:
        """Write more Python into its module."""
        path = self.package / "plugin.py"
        path.write_text(path.read_text(encoding="utf-8") + code, encoding="utf-8")

    @contextmanager
    def contract(self, name: str = "broken") -> Iterator[Contract]:
        """The tests of the contract, of this plugin."""
        tests = plugin_contract(name, self.folder)
        tests.setup_class()
        try:
            yield tests()
        finally:
            tests.teardown_class()

    def finding(self, test: Callable[[Contract], None]) -> str:
        """Return what a test of the contract says; it has to fail."""
        with self.contract() as tests, pytest.raises(pytest.fail.Exception) as caught:
            getattr(tests, test.__name__)()
        said = str(caught.value)
        assert "\n\n  -> " in said, "it says what to do"
        return said


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Breakable]:
    """Writes a new plugin of a kind."""
    monkeypatch.setattr(delivered, "LEAST_ACTIVITIES", 10)
    return lambda kind: Breakable(kind, tmp_path)


@pytest.fixture
def broken(new: Callable[[str], Breakable]) -> Breakable:
    """A new plugin that reads a CSV file."""
    return new("csv")
