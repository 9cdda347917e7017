"""`hm-fhir init`: a commented settings file and an identity key."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from hm_fhir.cli.console import Exit, out
from hm_fhir.config import write_key
from hm_fhir.errors import SettingsError


def example() -> str:
    """Return the commented example of all settings."""
    return (files("hm_fhir.cli") / "example.toml").read_text(encoding="utf-8")


@click.command("init")
@click.option("--key-only", is_flag=True, help="Only the key, for settings that are there.")
@click.pass_obj
def command(settings: Path, key_only: bool) -> int:
    """Write a commented settings file and a new identity key, if there are none."""
    if settings.exists() and not key_only:
        raise SettingsError("there is a settings file already", place=str(settings), fix="edit it, or name another")
    key = settings.parent / "keys" / "identity.key"
    if key_only and key.exists():
        raise SettingsError("there is a key already", place=str(key), fix="keep it: all ids are made with it")
    try:
        settings.parent.mkdir(parents=True, exist_ok=True)
        if not key.exists():
            write_key(key)
            out.print(f"wrote {key} (keep it safe: all ids are made with it)", markup=False)
        if key_only:
            return Exit.DONE
        settings.write_text(example(), encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"cannot write here: {type(error).__name__}",
            place=str(settings.parent),
            fix="name a folder that you may write to",
        ) from None
    out.print(f"wrote {settings}", markup=False)
    out.print("next: edit it, then `hm-fhir check`, `hm-fhir map`, `hm-fhir run`")
    return Exit.DONE
