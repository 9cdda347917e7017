"""`hm-fhir mappings schema`: what editors need to complete and check mapping files."""

from __future__ import annotations

from pathlib import Path

import click

from hm_fhir.cli.console import Exit, out

# The folder that hm_fhir.mapping.files.json_schema writes; importing that would load the types of FHIR for nothing.
_FOLDER = Path(__file__).parents[2] / "mapping" / "files" / "schema"
_KINDS = ("mapping", "part", "pack", "case")


@click.command("schema")
@click.argument("kind", type=click.Choice(_KINDS), default="mapping")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Write all of them here instead.")
def command(kind: str, folder: Path | None) -> int:
    """Print the JSON Schema (draft 2020-12) of a KIND of file: mapping, part, pack or case.

    It knows the keys of the file, the blocks of templates, the elements of the resource types that care needs, and
    codes that FHIR requires.
    """
    if folder is None:
        out.file.write((_FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
        return Exit.DONE
    folder.mkdir(parents=True, exist_ok=True)
    for name in _KINDS:
        path = folder / f"{name}.json"
        path.write_text((_FOLDER / f"{name}.json").read_text(encoding="utf-8"), encoding="utf-8")
        out.print(f"wrote {path}", markup=False)
    return Exit.DONE
