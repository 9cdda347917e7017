"""The FHIR server of the demo: sekmet-fhir, in a process of its own on this machine."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import requests

from hm_fhir.errors import SettingsError

START_SECONDS = 60


def is_installed() -> bool:
    """Return whether the demo's server is installed."""
    return find_spec("sekmet") is not None


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Run the server until the end of the `with` statement; gives the base of its FHIR API.

    Args:
        folder: where it keeps its database and its log.

    Raises:
        SettingsError: it is not installed, or does not start.
    """
    if not is_installed():
        raise SettingsError(
            "the demo's FHIR server is not installed", fix="pip install 'hm-fhir[demo]', or use --server"
        )
    folder.mkdir(parents=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/fhir"
    settings = {
        "base_url": url,
        "host": "127.0.0.1",
        "port": port,
        "data_dir": str(folder),
        "log_inbound": False,
        "simulator": {"enabled": False},
    }
    # YAML is a superset of JSON.
    (folder / "settings.yaml").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-c", "from sekmet.cli import app; app()", "serve", "--config", "settings.yaml"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)  # noqa: S603  (our own command)
        try:
            _wait(process, url, folder / "server.log")
            yield url
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{url}/metadata", timeout=5).status_code == 200:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise SettingsError("the demo's FHIR server did not start", fix=f"look at {log}, or use --server")
