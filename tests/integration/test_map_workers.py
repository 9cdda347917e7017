"""`hm-fhir map` in several processes: the same bytes in the same order, and nobody left behind."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hm_fhir import processes
from hm_fhir.app import App
from hm_fhir.delivery import mapping_workers
from hm_fhir.delivery.mapping_chunks import RECORDS_IN_A_CHUNK
from hm_fhir.errors import HmFhirError, SettingsError
from hm_fhir.sources.base import Item, Source
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.samples import open_sample

ACTIVITY = {
    "updated_at": "2026-03-05T10:00:00+02:00",
    "municipality": {"code": "SFO39", "name": "Самоков"},
    "mediator": {"local_id": "M1", "name": {"given": ["Мария"], "family": "Примерова"}},
    "type": "home-visit",
    "period": {"start": "2026-03-05"},
    "setting": "home",
    "persons": [{"local_id": "p", "name": {"given": ["Проба"]}}],
}


def put(folder: Path, number: int) -> None:
    """Write activities, with some lines and values that are wrong, and some that no mapping takes."""
    with (folder / "activities.ndjson").open("w", encoding="utf-8") as file:
        for one in range(number):
            more: dict[str, Any] = {0: {"setting": "hom"}, 1: {"setting": "hospital"}}.get(one % 17, {})
            line = json.dumps({**ACTIVITY, "local_id": f"v{one}", "note": f"{one}.50", **more}, ensure_ascii=False)
            file.write("not json\n" if one % 31 == 30 else f"{line}\n")


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    put(tmp_path, 5 * RECORDS_IN_A_CHUNK + 7)
    return Deployment(tmp_path).source("register", "ndjson", "activities.ndjson")


@pytest.fixture
def app(deployment: Deployment) -> Iterator[App]:
    with deployment.app() as opened:
        yield opened


@pytest.fixture(autouse=True)
def nobody_is_left_behind() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def test_several_processes_write_the_same_bytes(tmp_path: Path) -> None:
    put(tmp_path, 200)
    deployment = Deployment(tmp_path).source("own", "ndjson", "activities.ndjson")
    with ExitStack() as stack:
        for name in ("burgas", "samokov"):
            sample = stack.enter_context(open_sample(name, tmp_path / name))
            deployment.enable(name).source(name, sample.kind, **sample.options)
        check_processes(deployment)


def check_processes(deployment: Deployment) -> None:
    one, two, three = (deployment.run("map", "--workers", number) for number in "123")
    assert one.code == two.code == three.code == 0
    assert "rejected" in one.errors
    assert len(one.output.splitlines()) > 1000
    assert (two.output, two.errors) == (one.output, one.errors)
    assert (three.output, three.errors) == (one.output, one.errors)


def test_chunks_come_in_the_order_of_the_records(app: App) -> None:
    here, there = list(app.map_to_json("register")), list(app.map_to_json("register", workers=2))
    assert here == there
    assert [chunk.records for chunk in here] == [*[RECORDS_IN_A_CHUNK] * 5, 7]
    assert sum(len(chunk.rejected) for chunk in here) > 20


def test_more_processes_than_chunks_is_no_problem(deployment: Deployment) -> None:
    put(deployment.folder, 3)
    with deployment.app() as app:
        assert list(app.map_to_json("register", workers=3)) == list(app.map_to_json("register"))


def test_an_empty_source_has_no_chunks(deployment: Deployment) -> None:
    put(deployment.folder, 0)
    with deployment.app() as app:
        assert list(app.map_to_json("register", workers=2)) == []


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a new process import this file: it gets functions by the name of their module."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    for function in (_die, _with_a_defect):
        monkeypatch.setattr(function, "__module__", Path(__file__).stem)
    monkeypatch.setitem(sys.modules, Path(__file__).stem, sys.modules[__name__])


@pytest.mark.usefixtures("importable")
def test_a_process_that_dies_is_said(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_work", _die)
    with pytest.raises(HmFhirError, match="a worker process ended with code 7") as raised:
        list(app.map_to_json("register", workers=2))
    assert raised.value.code == "worker-died"


def _die(*_: object) -> None:
    os._exit(7)


def test_a_process_that_is_killed_is_said_on_the_command_line(deployment: Deployment) -> None:
    put(deployment.folder, 20_000)
    process = subprocess.Popen(
        deployment.command("map", "--workers", "2"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    workers = [int(pid) for pid in children.read_text().split() if b"spawn_main" in command_of(int(pid))]
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "a worker process was ended by signal 9" in errors
    assert "Traceback" not in errors
    assert not any(is_running(pid) for pid in workers)


@pytest.mark.usefixtures("importable")
def test_a_defect_in_a_process_shows_its_place_and_no_value(app: App) -> None:
    with pytest.raises(HmFhirError, match=r"a worker process failed: RuntimeError at test_map_workers\.py:\d+"):
        list(mapping_workers.map_in_workers(app.source("register"), _with_a_defect, 1))


def _with_a_defect() -> Any:
    raise RuntimeError("Проба")


class _Breaks:
    """A source that fails in the middle."""

    def __init__(self, source: Source, after: int) -> None:
        self._source = source
        self._after = after

    def records(self, since: str | None = None) -> Iterator[Item]:
        for number, item in enumerate(self._source.records(since)):
            if number == self._after:
                raise SettingsError("the source is gone")
            yield item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)


@pytest.mark.parametrize("workers", [1, 2])
def test_what_came_before_a_failure_of_the_source_is_mapped(
    workers: int, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = _Breaks(app.source("register"), RECORDS_IN_A_CHUNK + 5)
    monkeypatch.setattr(app, "source", lambda _: broken)
    chunks = app.map_to_json("register", workers=workers)
    assert [next(chunks).records, next(chunks).records] == [RECORDS_IN_A_CHUNK, 5]
    with pytest.raises(SettingsError, match="the source is gone"):
        next(chunks)


def test_whoever_stops_early_ends_the_processes(app: App) -> None:
    chunks = app.map_to_json("register", workers=2)
    next(chunks)
    assert len(multiprocessing.active_children()) == 2
    chunks.close()
    assert multiprocessing.active_children() == []


def test_a_reader_that_has_read_enough_is_no_error(deployment: Deployment) -> None:
    put(deployment.folder, 5000)
    command = deployment.command("map", "--workers", "2")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with process.stdout or pytest.fail("no pipe") as pipe:
        pipe.readline()
    assert process.wait(60) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_a_map_that_was_stopped(number: signal.Signals, deployment: Deployment) -> None:
    put(deployment.folder, 20_000)
    process = subprocess.Popen(
        deployment.command("map", "--workers", "2"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    children = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    if number is signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (-9 if number is signal.SIGKILL else 130)
    assert b"Traceback" not in errors
    deadline = time.monotonic() + 20
    while any(is_running(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_running(pid) for pid in children)


def command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
