"""`hm-fhir mappings test`: run the cases of mapping packs."""

from __future__ import annotations

from pathlib import Path

import click

from hm_fhir.app import open_app
from hm_fhir.cli.console import Exit, counted, out, print_json, progress, table
from hm_fhir.cli.mappings.places import Places
from hm_fhir.cli.validation_report import finding_lines, issue_as_json
from hm_fhir.errors import SettingsError
from hm_fhir.mapping.cases import Case, load_cases, map_case, pack_of, run_case, write_case
from hm_fhir.mapping.engine import Mapper
from hm_fhir.mapping.files.pack_files import PACK_FILE
from hm_fhir.mapping.inspection.coverage import coverage
from hm_fhir.mapping.inspection.coverage_report import Report
from hm_fhir.validation.deployment.findings import Findings
from hm_fhir.validation.deployment.mapped_check import FINE, MappedCheck, Verdict


@click.command("test")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--write", is_flag=True, help="Write what the mappings make into the cases that fail: then read them.")
@click.option("--coverage", "with_coverage", is_flag=True, help="Also show the branches that no case reaches.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="With --coverage: exit 1 when cases reach a smaller part of the branches.",
)
@click.option("--no-validate", is_flag=True, help="Do not check whether what the cases become is valid.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each case, then the coverage.")
@click.pass_obj
def command(
    settings: Path,
    folders: tuple[Path, ...],
    write: bool,
    with_coverage: bool,
    fail_under: float | None,
    no_validate: bool,
    as_json: bool,
) -> int:
    """Run the cases of all packs in force, or those below FOLDERS; exit 1 when one fails.

    Of a folder with pack.yaml these are the cases below its folder cases. A case also fails when `run` would withhold
    what its activity becomes: it is not valid.

    With --coverage the files of the packs that the cases belong to are listed with the branches that no case reaches,
    each with its place and what no case has.
    """
    if fail_under is not None and not with_coverage:
        raise click.UsageError("--fail-under needs --coverage")
    failed = written = 0
    with open_app(settings) as app, progress() as start:
        below = folders or tuple(spec.folder / "cases" for spec in app.contributions.mappings.values())
        cases = [case for folder in below for case in load_cases(_cases_folder(folder))]
        if not cases:
            raise SettingsError("there are no cases", fix="a case is a YAML file below cases/ of a pack")
        mapper = app.case_mapper
        check = None if no_validate else app.validation.mapped_check(mapper)
        places = Places(mapper.packs)
        advance = start("cases", len(cases))
        for case in cases:
            result = run_case(case, mapper)
            verdict = _verdict(case, mapper, check)
            advance(1)
            failed += not result.passed or verdict.stops
            is_written = write and not result.passed and write_case(case, mapper)
            written += is_written
            if as_json:
                shown = {"case": result.name, "passed": result.passed and not verdict.stops}
                more = {"written": is_written} if write else {}
                found = [{"resource": one.resource, **issue_as_json(one.issue)} for one in verdict.found]
                print_json({**shown, "difference": result.difference, "findings": found, **more})
            elif not result.passed or verdict.stops:
                out.print(f"[bold red]failed[/] {result.name}")
                if result.difference:
                    out.print(result.difference, markup=False)
                if write and not result.passed and not is_written:
                    out.print("not written: no mapping took the activity; correct it, or write `refused` yourself")
                _print_findings(verdict, places)
        report = _coverage(mapper, cases) if with_coverage else None
    if not as_json:
        out.print(f"{len(cases) - failed} of {len(cases)} cases pass", end="")
        out.print(_written(written, failed))
    if report is not None:
        _print(report, places, as_json=as_json)
    is_covered = report is None or fail_under is None or report.percent >= fail_under
    return Exit.DONE if not failed and is_covered else Exit.WRONG


def _verdict(case: Case, mapper: Mapper, check: MappedCheck | None) -> Verdict:
    made = map_case(case, mapper) if check is not None else None
    if check is None or made is None:
        return FINE
    activity, mapped = made
    return check(mapped, activity, cases_of=pack_of(case, mapper))


def _print_findings(verdict: Verdict, places: Places) -> None:
    findings = Findings()
    for resource, issue in verdict.found:
        findings.add((issue,), resource.partition("/")[0])
    for line in finding_lines(findings, ("fatal", "error", "warning"), places.short):
        out.print(f"  {line}")


def _cases_folder(folder: Path) -> Path:
    """Return where cases are: the other files of a pack are none."""
    return folder / "cases" if (folder / PACK_FILE).is_file() else folder


def _written(written: int, failed: int) -> str:
    if not written:
        return ""
    return ", the others were written anew" if written == failed else f", {written} of the others were written anew"


def _coverage(mapper: Mapper, cases: list[Case]) -> Report:
    owners = [pack_of(case, mapper) for case in cases]
    names = {pack.name for pack in owners if pack is not None}
    return coverage(mapper, cases, [pack for pack in mapper.packs if not names or pack.name in names])


def _print(report: Report, places: Places, *, as_json: bool) -> None:
    if as_json:
        for one in report.files:
            unreached = [{"place": branch.place, "says": branch.says} for branch in one.unreached]
            print_json(
                {"file": one.file, "branches": len(one.branches), "reached": one.reached, "unreached": unreached}
            )
        for used in report.concept_maps:
            print_json({"concept_map": used.name, "used_codes": used.used, "unused_codes": list(used.unused)})
        print_json({"branches": report.total, "reached": report.reached, "percent": float(_percent(report))})
        return
    rows = table("file", "#reached", "#branches")
    for one in report.files:
        rows.add_row(places.short(one.file), str(one.reached), str(len(one.branches)))
    out.print(rows, markup=False)
    for branch in report.unreached:
        out.print(f"{places.short(branch.place)}: {branch.says}", markup=False)
    unused = [f"{used.name} {len(used.unused)}" for used in report.concept_maps if used.unused]
    if unused:
        out.print(f"codes of concept maps that no case has: {', '.join(unused)}", markup=False)
    out.print(f"{report.reached} of {counted(report.total, 'branch', 'branches')} reached, {_percent(report)} %")


def _percent(report: Report) -> str:
    """Return the percentage rounded down: 100 only when nothing is left."""
    return f"{int(report.percent * 10) / 10:g}"
