"""`hm-fhir init`: a commented settings file and an identity key."""

from __future__ import annotations

import base64
import os
import secrets
from importlib.resources import files
from pathlib import Path

import click

from hm_fhir.cli.console import Exit, out
from hm_fhir.errors import SettingsError

KEY_BYTES = 32


def example() -> str:
    """Return the commented example of all settings."""
    return (files("hm_fhir.cli") / "example.toml").read_text(encoding="utf-8")


def write_key(path: Path) -> None:
    """Write a new identity key that only its owner can read.

    Raises:
        FileExistsError: there is one already; it is never replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")


@click.command("init")
@click.pass_obj
def command(settings: Path) -> int:
    """Write a commented settings file and a new identity key, if there are none."""
    if settings.exists():
        raise SettingsError("there is a settings file already", place=str(settings), fix="edit it, or name another")
    settings.parent.mkdir(parents=True, exist_ok=True)
    key = settings.parent / "keys" / "identity.key"
    if not key.exists():
        write_key(key)
        out.print(f"wrote {key} (keep it safe: all ids are made with it)", markup=False)
    settings.write_text(example(), encoding="utf-8")
    out.print(f"wrote {settings}", markup=False)
    out.print("next: edit it, then `hm-fhir check`, `hm-fhir map`, `hm-fhir run`")
    return Exit.DONE
