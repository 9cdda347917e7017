"""`hm-fhir mappings schema`: what editors need to complete and check mapping files, and those of fields."""

from __future__ import annotations

from pathlib import Path

import click

from hm_fhir.cli.console import Exit, out

# What two modules called json_schema have written; importing them would load the types of FHIR for nothing.
_PACKAGE = Path(__file__).parents[2]
_MAPPINGS = _PACKAGE / "mapping" / "files" / "schema"
_FILES = {kind: _MAPPINGS / f"{kind}.json" for kind in ("mapping", "part", "pack", "case")}
_FILES["fields"] = _PACKAGE / "sources" / "fields" / "schema" / "fields.json"
_KINDS = tuple(_FILES)


@click.command("schema")
@click.argument("kind", type=click.Choice(_KINDS), default="mapping")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Write all of them here instead.")
def command(kind: str, folder: Path | None) -> int:
    """Print the JSON Schema (draft 2020-12) of a KIND of file: mapping, part, pack, case or fields.

    It knows the keys of the file, the blocks of templates, the elements of the resource types that care needs, and
    codes that FHIR requires.
    """
    if folder is None:
        out.file.write(_FILES[kind].read_text(encoding="utf-8"))
        return Exit.DONE
    folder.mkdir(parents=True, exist_ok=True)
    for name in _KINDS:
        path = folder / f"{name}.json"
        path.write_text(_FILES[name].read_text(encoding="utf-8"), encoding="utf-8")
        out.print(f"wrote {path}", markup=False)
    return Exit.DONE
