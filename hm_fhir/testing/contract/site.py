"""A deployment of a laboratory: settings, a store, one source, and a FHIR server of its own on this machine."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hm_fhir.app import App
from hm_fhir.delivery import reading
from hm_fhir.delivery.reconcile import RunReport
from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.errors import HmFhirError
from hm_fhir.sources.base import Source
from hm_fhir.testing.clock import Clock
from hm_fhir.testing.contract.failing import fail
from hm_fhir.testing.contract.given import Stopped
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.exchange import Resource
from hm_fhir.testing.fhir_server import FhirServer

SOURCE, TARGET = "sample", "receiver"
RECORDS_IN_A_COMMIT = 60
"""Few, so that a source of some hundred records is interrupted between commits, too."""

Resources = dict[str, Resource]


@dataclass(frozen=True, slots=True)
class Ran:
    """One run, and what stood at the server after it.

    Args:
        report: of the run.
        resources: by ``Type/id``, without what the server adds.
        requests: method, path and query of each request of this run.
    """

    report: RunReport
    resources: Resources
    requests: tuple[str, ...]

    @property
    def counts(self) -> RecordCounts:
        """The first sum."""
        return self.report.records[SOURCE]


class Site:
    """A deployment with one source and one server.

    Args:
        folder: for its files.
        plugin: that is enabled.
        kind: of the source.
        options: settings of the source.
        clock: time.
        logs: where log lines go.
    """

    def __init__(
        self, folder: Path, plugin: str, kind: str, options: dict[str, Any], clock: Clock, logs: list[str]
    ) -> None:
        folder.mkdir()
        self.server = FhirServer(now=clock.now)
        self.server.start()
        self.clock = clock
        self.logs = logs
        self._seen = 0
        self.deployment = Deployment(folder).enable(plugin)
        self.deployment.source(SOURCE, kind, **options).target(TARGET, self.server.url)

    def close(self) -> None:
        """Stop the server."""
        self.server.stop()

    def use_key_of(self, other: Site) -> None:
        """Make the same ids as another deployment."""
        key = Path("keys", "identity.key")
        shutil.copy(other.deployment.folder / key, self.deployment.folder / key)

    @contextmanager
    def app(self) -> Iterator[App]:
        """The app, with everything logged."""
        with _logged(self.logs), _small_commits(), self.deployment.app(clock=self.clock) as app:
            yield app

    @property
    def resources(self) -> Resources:
        """What stands at the server, by ``Type/id``, without what the server adds."""
        return {key: _plain(resource) for key, resource in self.server.resources.items()}

    def cursor(self) -> str | None:
        """Return where reading goes on."""
        with self.app() as app:
            place = app.store.reading_place(SOURCE)
            return None if place is None else place.cursor

    def run(self) -> Ran:
        """Run as `hm-fhir run` does."""
        with self.app() as app:
            report = app.run()
        requests = self.server.requests[self._seen :]
        self._seen += len(requests)
        told = tuple(f"{one.method} {one.path}?{one.query}" for one in requests)
        return Ran(report, self.resources, told)

    def take(self, source: Callable[[Source], Source]) -> RecordCounts:
        """Read a source and deliver; a reading that is `Stopped` leaves what a killed process leaves.

        Args:
            source: makes the source that is read of the one of the settings.

        Raises:
            HmFhirError: the source cannot be read to its end.
        """
        counts, failure = self.take_failing(source)
        if failure is not None:
            raise failure
        return counts

    def take_failing(self, source: Callable[[Source], Source]) -> tuple[RecordCounts, HmFhirError | None]:
        """Do the same, and return why the source could not be read to its end, or None."""
        counts, failure = RecordCounts(), None
        with self.app() as app:
            how = app.prepare().reading(SOURCE)
            try:
                app.intake.take(replace(how, source=source(how.source)), counts=counts)
            except Stopped:
                return counts, None
            except HmFhirError as error:
                failure = error
            app.deliver()
        return counts, failure

    def commands(self, commands: Sequence[Sequence[str]]) -> dict[str, tuple[int, str]]:
        """Run commands of `hm-fhir` in one process; return the exit code of each, and all that it printed."""
        path = os.pathsep.join(sys.path)
        done = subprocess.run(  # noqa: S603  (our own command)
            [sys.executable, "-c", _PROGRAM, str(self.deployment.path), json.dumps(commands)],
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
        )
        if done.returncode:
            fail(f"hm-fhir does not start:\n{done.stderr.decode()}", "report this to hm-fhir")
        found = json.loads(done.stdout)
        return {" ".join(command): (code, output) for command, (code, output) in zip(commands, found, strict=True)}

    def set_option(self, name: str, value: str | int | None) -> None:
        """Change a setting of the source; None takes it away."""
        options = self.deployment.settings["sources"][SOURCE]
        if value is None:
            options.pop(name, None)
        else:
            options[name] = value
        self.deployment.write()


def _plain(resource: Resource) -> Resource:
    # A server keeps labels that a later version does not repeat, so they tell how often it was written.
    meta = {name: value for name, value in resource.get("meta", {}).items() if name == "profile"}
    return {**resource, "meta": meta}


_PROGRAM = """
import contextlib, io, json, sys
from unittest.mock import patch
from hm_fhir.cli.main import main
found = []
for arguments in json.loads(sys.argv[2]):
    said, code = io.StringIO(), 0
    said.fileno = lambda: 1
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        with patch.object(sys, "argv", ["hm-fhir", "--settings", sys.argv[1], *arguments]):
            try:
                main()
            except SystemExit as end:
                code = end.code or 0
    found.append([code, said.getvalue()])
json.dump(found, sys.stdout)
"""


class _Lines(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, with its traceback."""
        self._lines.append(logging.Formatter("%(name)s %(message)s").format(record))


@contextmanager
def _logged(lines: list[str]) -> Iterator[None]:
    root, handler = logging.getLogger(), _Lines(lines)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


@contextmanager
def _small_commits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "ITEMS_IN_A_COMMIT", RECORDS_IN_A_COMMIT)
        yield
