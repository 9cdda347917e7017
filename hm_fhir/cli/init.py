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
