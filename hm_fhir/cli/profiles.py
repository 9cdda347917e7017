"""`hm-fhir profiles`: the FHIR package of the project, for hospitals; needs no settings."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from hm_fhir import builtin
from hm_fhir.cli.console import Exit, counted, out, print_json, table
from hm_fhir.fhir.package_archive import package_archive


@click.group("profiles")
def command() -> None:
    """List the project's FHIR package, or write it as a file for a FHIR server."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all resources.")
def list_profiles(as_json: bool) -> int:
    """List the profiles and extensions, and count the rest."""
    folder = package_folder()
    manifest = _json(folder / "package.json")
    resources = [_json(folder / entry["filename"]) for entry in _json(folder / ".index.json")["files"]]
    examples = len(_json(folder / "example" / ".index.json")["files"])
    if as_json:
        keys = ("resourceType", "id", "url", "title", "type", "description")
        listed = [{key: one[key] for key in keys if isinstance(one.get(key), str)} for one in resources]
        print_json({**manifest, "resources": listed, "examples": examples})
        return Exit.DONE
    structures = [one for one in resources if one["resourceType"] == "StructureDefinition"]
    rows = table("profile", "of", "what it is")
    for one in sorted(structures, key=lambda one: (one["type"] == "Extension", one["type"], one["id"])):
        rows.add_row(one["id"], one["type"], one["title"])
    out.print(rows)
    out.print()
    for kind, number in sorted(Counter(one["resourceType"] for one in resources).items()):
        out.print(f"{number:5} {kind}")
    out.print(f"{manifest['name']} {manifest['version']}: {counted(len(resources), 'resource')}", end="")
    out.print(f", {counted(examples, 'example')}; canonical {manifest['canonical']}")
    return Exit.DONE


@command.command("export")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="The file. Default: name and version of the package in this folder, as in hm-fhir.profiles-1.0.0.tgz.",
)
def export(output: Path | None) -> int:
    """Write the package as a .tgz that FHIR servers and validators install; always the same bytes."""
    folder = package_folder()
    manifest = _json(folder / "package.json")
    path = output or Path(f"{manifest['name']}-{manifest['version']}.tgz")
    content = package_archive(folder)
    path.write_bytes(content)
    out.print(f"{path}: {manifest['name']} {manifest['version']}, {len(content)} bytes", markup=False)
    out.print(f"sha256 {hashlib.sha256(content).hexdigest()}")
    return Exit.DONE


def package_folder() -> Path:
    """Return the folder of the package that comes with hm_fhir."""
    [pack] = builtin.hm_fhir_profiles()
    return pack.folder


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
