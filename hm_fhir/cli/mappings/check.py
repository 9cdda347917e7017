"""`hm-fhir mappings check`: what is wrong with mapping packs, before any data flows."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hm_fhir.app import open_app
from hm_fhir.cli.console import Exit, counted, out, print_json
from hm_fhir.cli.mappings.places import Places
from hm_fhir.errors import MappingError
from hm_fhir.mapping.checker import Finding
from hm_fhir.mapping.inspection.packs_to_compare import read_head


@click.command("check")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--strict", is_flag=True, help="Exit 1 for warnings, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each finding.")
@click.pass_obj
def command(settings: Path, folders: tuple[Path, ...], strict: bool, as_json: bool) -> int:
    """Check all packs in force, or those in FOLDERS, against the activity model and FHIR; exit 1 when one is wrong.

    A pack in FOLDERS takes the place of the one in force with its name; what it extends is found among them.
    """
    with open_app(settings) as app:
        in_force = [spec.folder for spec in app.contributions.mappings.values()]
        given = {_name(folder) for folder in folders}
        others = [folder for folder in in_force if not folders or _name(folder) not in given]
        findings = list(app.check_mappings([*folders, *others]))
        if folders:
            own = [one for one in findings if _is_of(one, folders)]
            rest = [one for one in findings if one.is_error and not one.mappings and one not in own]
            named = {folder.resolve() for folder in folders}
            without = [folder for folder in in_force if folder.resolve() not in named] if rest else []
            # What the files of other packs say only because of these packs, such as a name that is there twice.
            known = {_key(one) for one in (app.check_mappings(without) if rest else ())}
            findings = [one for one in findings if one in own or (one in rest and _key(one) not in known)]
    places = Places(())
    for finding in findings:
        if as_json:
            print_json(asdict(finding))
        else:
            _print(finding, places.short(finding.place))
    errors = sum(finding.is_error for finding in findings)
    warnings = len(findings) - errors
    if not as_json:
        out.print(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}")
    return Exit.WRONG if errors or (strict and warnings) else Exit.DONE


def _name(folder: Path) -> str:
    """Return the name of a pack; of one that does not say it, its folder: what is wrong is found with the rest."""
    try:
        return read_head(folder).pack
    except MappingError:
        return str(folder.resolve())


def _is_of(finding: Finding, folders: tuple[Path, ...]) -> bool:
    """Return whether a finding is in the packs of folders, or in another one because of their mappings."""
    files = (finding.place, *finding.mappings)
    return any(Path(file).is_relative_to(folder) for file in files for folder in folders)


def _key(finding: Finding) -> tuple[str, str]:
    return finding.place, finding.message


def _print(finding: Finding, place: str) -> None:
    colour = "bold red" if finding.is_error else "bold yellow"
    out.print(f"[{colour}]{finding.severity}[/] ", end="")
    out.print(f"{place}: {finding.message}", markup=False, end="")
    out.print(f" [{finding.code}]", markup=False)
    if finding.excerpt:
        out.print(finding.excerpt, markup=False)
    if finding.fix:
        out.print(f"  {finding.fix}", markup=False)
