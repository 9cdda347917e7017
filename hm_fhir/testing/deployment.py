"""A deployment in a folder of its own: settings, a key, and the command line as a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from hm_fhir.app import App, open_app
from hm_fhir.config import write_key
from hm_fhir.delivery.clock import Clock


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended.

    Args:
        code: its exit code.
        output: what it printed.
        errors: what it printed to standard error.
    """

    code: int
    output: str
    errors: str

    def json(self) -> Any:
        """Return the output as JSON."""
        return json.loads(self.output)


class Deployment:
    """A deployment for tests.

    Args:
        folder: an empty or new folder.
        identifier_system: system of the surrogate identifiers; tests that share a server differ in it.
    """

    def __init__(self, folder: Path, *, identifier_system: str = "urn:hm-fhir:test") -> None:
        self.folder = folder
        self.identifier_system = identifier_system
        self.settings: dict[str, Any] = {
            "deployment": {"name": "test", "identifier_system": identifier_system},
            "identity": {"key": "file:keys/identity.key", "key_id": "test"},
            "plugins": {"enabled": []},
            "sources": {},
            "targets": {},
        }
        write_key(folder / "keys" / "identity.key")

    def enable(self, *plugins: str) -> Deployment:
        """Enable plugins by name."""
        self.settings["plugins"]["enabled"] += plugins
        return self.write()

    def source(self, name: str, kind: str, path: str | Path | None = None, **options: Any) -> Deployment:
        """Add a source.

        Args:
            name: of the source.
            kind: of the source.
            path: its file, when it reads one.
            options: its other settings.
        """
        where = {} if path is None else {"path": path}
        self.settings["sources"][name] = {"kind": kind, **where, **options}
        return self.write()

    def target(self, name: str, url: str, **options: Any) -> Deployment:
        """Add a FHIR server."""
        self.settings["targets"][name] = {"kind": "fhir", "url": url, **options}
        return self.write()

    def section(self, name: str, **options: Any) -> Deployment:
        """Set keys of a section, such as ``delivery``."""
        self.settings.setdefault(name, {}).update(options)
        return self.write()

    @property
    def path(self) -> Path:
        """The settings file."""
        return self.folder / "hm-fhir.toml"

    def write(self) -> Deployment:
        """Write the settings file."""
        self.path.write_text("\n".join(_toml(self.settings)) + "\n", encoding="utf-8")
        return self

    def app(self, *, clock: Clock | None = None) -> App:
        """Return the app of this deployment."""
        return open_app(self.path, clock=clock)

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of `hm-fhir` with this deployment's settings."""
        program = "from hm_fhir.cli.main import main; main()"
        return [sys.executable, "-c", program, "--settings", str(self.path), *arguments]

    def run(self, *arguments: str, timeout_seconds: float = 300) -> Finished:
        """Run `hm-fhir` with these arguments as a process of its own, and wait."""
        done = subprocess.run(  # noqa: S603  (our own command)
            self.command(*arguments), capture_output=True, check=False, timeout=timeout_seconds, env=_environment()
        )
        return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def _environment() -> dict[str, str]:
    """Return the environment without settings of some other deployment."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HM_FHIR_")}


def _toml(table: Mapping[str, Any], path: str = "") -> list[str]:
    """Return a table as lines of TOML; what is None is left out."""
    lines = [
        f"{json.dumps(key)} = {_value(value)}"
        for key, value in table.items()
        if value is not None and not isinstance(value, Mapping)
    ]
    for key, value in table.items():
        if isinstance(value, Mapping):
            inner = f"{path}.{json.dumps(key)}" if path else json.dumps(key)
            lines += [f"[{inner}]", *_toml(value, inner)]
    return lines


def _value(value: Any) -> str:
    """Return a value as TOML: JSON texts, numbers and booleans are TOML as they are."""
    if isinstance(value, Mapping):
        inner = (f"{json.dumps(key)} = {_value(one)}" for key, one in value.items() if one is not None)
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, date | Decimal):
        return value.isoformat() if isinstance(value, date) else str(value)
    return json.dumps(str(value) if isinstance(value, Path) else value)
