"""Real FHIR servers and the official validation, for every test that asks for them."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from hm_fhir.cli import demo_server
from hm_fhir.fhir.package_archive import package_archive
from hm_fhir.testing.deployment import Deployment
from hm_fhir.validation.definitions import own_package

HAPI = Path(__file__).parent / "servers" / "hapi"
START_SECONDS = 240  # the first start builds the Maven project
VALIDATION_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A HAPI FHIR server in a process of its own."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it; twice is no error."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True, slots=True)
class Validation:
    """What the official HL7 validation found.

    Attributes:
        issues: file, index, severity, location, id and text of each.
        summary: how many files, resources, and issues of each severity.
    """

    issues: list[dict[str, Any]]
    summary: dict[str, Any]

    def errors(self) -> list[dict[str, Any]]:
        """Return the issues of severity error and fatal."""
        return [issue for issue in self.issues if issue["severity"] in ("error", "fatal")]


def missing(what: str) -> NoReturn:
    """Skip the test that needs something; in CI, where it must be there, fail it."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def need_java() -> None:
    absent = [tool for tool in ("bash", "java", "mvn") if shutil.which(tool) is None]
    if absent:
        missing(f"HAPI FHIR needs Java 17 and Maven; not found: {', '.join(absent)}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def start_hapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningServer]]:
    """A function that starts a HAPI FHIR server of its own: ``start_hapi(maxentries=10, token="x")``.

    The options are those of tests/servers/hapi/run.sh. Stopped by the test, or with the session. Takes 1.5 GB each.
    """
    folder = tmp_path_factory.mktemp("hapi")

    def start(**options: object) -> RunningServer:
        need_java()
        port = free_port()
        output = folder / f"{port}.out"
        given = {"log": folder / f"{port}.log", **options}
        command = ["bash", str(HAPI / "run.sh"), str(port), "-XX:TieredStopAtLevel=1"]
        command += [f"-Dhapi.{name}={value}" for name, value in given.items()]
        with output.open("wb") as stream:
            process = subprocess.Popen(command, stdout=stream, stderr=stream)
        server = RunningServer(f"http://127.0.0.1:{port}/fhir", process)
        servers.callback(server.stop)
        deadline = time.monotonic() + START_SECONDS
        while f"ready {server.url}" not in output.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"HAPI FHIR did not start:\n{output.read_text()[-3000:]}")
            time.sleep(0.1)
        return server

    with ExitStack() as servers:
        yield start


@pytest.fixture(scope="session")
def hapi(start_hapi: Callable[..., RunningServer]) -> str:
    """The base URL of one HAPI FHIR server for the session, with ids as it comes out of the box.

    Nobody empties it between tests: use identities of your own. Mark the test with ``pytest.mark.server``.
    """
    return start_hapi(clientids="alphanumeric").url


@pytest.fixture(scope="session")
def strict_hapi(start_hapi: Callable[..., RunningServer], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The base URL of a HAPI FHIR server with the package that enforces its profiles.

    Codes of systems that it does not have are no error. Use identities of your own.
    """
    archive = tmp_path_factory.mktemp("package") / "package.tgz"
    archive.write_bytes(package_archive(own_package()))
    return start_hapi(package=archive, enforce="repository", unknown="warning", references="off").url


@pytest.fixture(scope="session")
def sekmet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of one sekmet-fhir server for the session, in a process of its own.

    Nobody empties it between tests: use identities of your own.
    """
    if not demo_server.is_installed():
        missing("sekmet-fhir is not installed: pip install 'hm-fhir[demo]'")
    with demo_server.serve(tmp_path_factory.mktemp("sekmet") / "data") as url:
        yield url


@pytest.fixture(scope="session")
def official_validation() -> Callable[..., Validation]:
    """A function that runs the official HL7 validation; see `validate`. Mark the test with ``pytest.mark.server``."""

    def validate(
        files: Iterable[Path], *, packages: Iterable[Path] = (), unknown: str = "warning", level: str = "warning"
    ) -> Validation:
        """Validate files or folders, JSON or NDJSON.

        Args:
            files: what to validate.
            packages: folders of definitions, or package.tgz.
            unknown: severity of a code from a code system that nobody knows: ``warning`` or ``error``.
            level: the least severity that comes back: ``information``, ``warning`` or ``error``.
        """
        need_java()
        command = ["bash", str(HAPI / "validate.sh"), "--unknown", unknown, "--level", level]
        for package in packages:
            command += ["--package", str(package)]
        command += [str(file) for file in files]
        done = subprocess.run(command, capture_output=True, text=True, timeout=VALIDATION_SECONDS, check=False)
        if done.returncode not in (0, 1):
            pytest.fail(f"the official validation did not run:\n{done.stderr[-3000:]}")
        *issues, last = [json.loads(line) for line in done.stdout.splitlines()]
        return Validation(issues, last["summary"])

    return validate


@pytest.fixture
def without_mapping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Deployment, str], None]:
    """A function that makes a deployment have no mapping for an activity type: the base pack maps every one.

    A plugin takes the base pack's mapping out of force and puts one in its place that is for no activity.
    """

    def without(deployment: Deployment, kind: str) -> None:
        site = tmp_path / "site"
        pack = site / "hm_fhir_gap"
        pack.mkdir(parents=True)
        (pack / "__init__.py").write_text(
            "from pathlib import Path\n"
            "from hm_fhir import MappingPackSpec, hookimpl\n"
            "@hookimpl\n"
            "def hm_fhir_mappings():\n"
            "    return [MappingPackSpec('gap', Path(__file__).parent)]\n"
        )
        (pack / "pack.yaml").write_text("pack: gap\nversion: 1.0.0\nextends: [hm-fhir-base]\n")
        (pack / f"{kind}.yaml").write_text(
            f"mapping: {kind}\nversion: 1.0.0\nreplaces: hm-fhir-base/{kind}\n"
            f"when: \"type = '{kind}' and local_id = 'no activity has this'\"\n"
            "resources: [{name: group, type: Group, template: {type: person, actual: true}}]\n"
        )
        distribution = site / "hm_fhir_gap-1.0.0.dist-info"
        distribution.mkdir()
        (distribution / "METADATA").write_text("Metadata-Version: 2.1\nName: hm-fhir-gap\nVersion: 1.0.0\n")
        (distribution / "entry_points.txt").write_text("[hm_fhir]\ngap = hm_fhir_gap\n")
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.setenv("PYTHONPATH", str(site), prepend=os.pathsep)
        deployment.enable("gap")

    return without
