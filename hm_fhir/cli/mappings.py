"""`hm-fhir mappings`: run the cases of mapping packs."""

from __future__ import annotations

from pathlib import Path

import click

from hm_fhir.app import open_app
from hm_fhir.cli.console import Exit, out, print_json, progress
from hm_fhir.errors import SettingsError
from hm_fhir.mapping.cases import load_cases, run_case, write_case


@click.group("mappings")
def command() -> None:
    """Test mapping packs."""


@command.command("test")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--write", is_flag=True, help="Write what the mappings make into the cases that fail: then read them.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each case.")
@click.pass_obj
def test(settings: Path, folders: tuple[Path, ...], write: bool, as_json: bool) -> int:
    """Run the cases of all packs in force, or those below FOLDERS; exit 1 when one fails."""
    failed = total = 0
    with open_app(settings) as app, progress() as start:
        places = folders or tuple(spec.folder / "cases" for spec in app.contributions.mappings.values())
        cases = [case for place in places for case in load_cases(place)]
        if not cases:
            raise SettingsError("there are no cases", fix="a case is a YAML file below cases/ of a pack")
        mapper = app.case_mapper
        advance = start("cases", len(cases))
        for case in cases:
            result = run_case(case, mapper)
            total += 1
            advance(1)
            if not result.passed:
                failed += 1
                if write:
                    write_case(case, mapper)
            if as_json:
                print_json({"case": result.name, "passed": result.passed, "difference": result.difference})
            elif not result.passed:
                out.print(f"[bold red]failed[/] {result.name}")
                out.print(result.difference, markup=False)
    if not as_json:
        out.print(f"{total - failed} of {total} cases pass" + (", the others were written anew" if write else ""))
    return Exit.WRONG if failed else Exit.DONE
