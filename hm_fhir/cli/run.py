"""`hm-fhir run`: read the sources, deliver to the targets, account for everything."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click

from hm_fhir.app import open_app
from hm_fhir.cli.console import Exit, counted, err, out, print_json, progress
from hm_fhir.cli.mappings.places import Places
from hm_fhir.cli.validation_report import print_findings
from hm_fhir.delivery.reconcile import RunReport
from hm_fhir.delivery.record_counts import RecordCounts
from hm_fhir.outbox.entry import State
from hm_fhir.validation.deployment.mapped_check import NOT_VALID

MOST_PATIENCE_SECONDS = 7 * 24 * 3600
MOST_REMARKS_SHOWN = 6


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter("a number of seconds")
    return value


@click.command("run")
@click.option("--source", "sources", multiple=True, help="Read only this source (can be repeated).")
@click.option("--target", "targets", multiple=True, help="Deliver only to this target (can be repeated).")
@click.option(
    "--patience",
    type=click.FloatRange(min=0, max=MOST_PATIENCE_SECONDS),
    callback=lambda _context, _option, value: _finite(value),
    default=30,
    show_default=True,
    help="Seconds to wait in all for a target that does not answer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def command(
    settings: Path, sources: tuple[str, ...], targets: tuple[str, ...], patience: float, as_json: bool
) -> int:
    """Read the sources and deliver to the targets. To run it again is always safe."""
    with open_app(settings) as app, progress() as start:
        report = app.run(sources=sources, targets=targets, patience_seconds=patience, progress=start)
        places = Places(app.mapper.packs)
    if as_json:
        print_json(report.as_json())
    else:
        show(report, places.short)
    return exit_code(report)


def exit_code(report: RunReport) -> Exit:
    """Return what a report means for the exit code."""
    if report.interrupted:
        return Exit.INTERRUPTED
    if not report.adds_up:
        return Exit.WRONG
    if report.failed_sources or any(counts.closed for counts in report.deliveries.values()):
        return Exit.CANNOT
    return Exit.OPEN if report.open_entries or report.not_valid_entries else Exit.DONE


def show(report: RunReport, short: Callable[[str], str] = str) -> None:
    """Print a report for a person.

    Args:
        report: the report.
        short: shortens a place in a mapping.
    """
    _show_records(report, short)
    _show_targets(report)
    for name, reason in report.failed_sources.items():
        err.print(f"source {name} was not read to its end: {reason}", markup=False)
    for name, counts in report.deliveries.items():
        if counts.closed:
            err.print(f"nothing more was sent to {name}: {counts.closed.code}; {counts.closed.fix}", markup=False)
    for name in report.unknown_targets:
        err.print(f"{name} is not in the settings any more, and entries wait for it", markup=False)
    if report.interrupted:
        err.print("stopped; the next run goes on")


def _show_records(report: RunReport, short: Callable[[str], str]) -> None:
    for name, counts in report.records.items():
        show_counts(name, counts, short)


def show_counts(name: str, counts: RecordCounts, short: Callable[[str], str] = str) -> None:
    """Print what became of the records of one source.

    Args:
        name: name of the source.
        counts: the first of the two sums.
        short: shortens a place in a mapping.
    """
    parts = {
        "new": counts.new,
        "newer": counts.newer,
        "repeated": counts.repeated,
        "rejected": counts.rejected.total(),
    }
    out.print(f"from {name}: {_sum(counts.read, 'read', parts, holds=counts.adds_up)}")
    notes = [f"{number} rejected: {code}" for code, number in sorted(counts.rejected.items())]
    notes += [f"{number} have no mapping yet: {kind}" for kind, number in sorted(counts.unmapped.items())]
    notes += [f"{number} withheld, not valid: {kind}" for kind, number in sorted(counts.not_valid.items())]
    notes += [f"{number} mended: {code}" for code, number in sorted(counts.repaired.items())]
    if counts.older:
        notes.append(f"{counts.older} of the repeated are older than what is known")
    if counts.deleted:
        notes.append(f"{counts.deleted} of the newer are deleted in the source, and withdrawn")
    if counts.gone:
        notes.append(f"{counts.gone} are not in the source any more, and withdrawn")
    notes += _remarks(counts)
    for note in notes:
        out.print(f"    {note}", markup=False)
    print_findings(counts.findings, short, ("fatal", "error"))


def _remarks(counts: RecordCounts) -> list[str]:
    if len(counts.remarks) <= MOST_REMARKS_SHOWN:
        return [f"{remark.place}: {remark.message}" for remark in counts.remarks]
    codes = Counter(remark.code for remark in counts.remarks)
    named = ", ".join(f"{number} {code}" for code, number in sorted(codes.items()))
    total = len(counts.remarks) + counts.more_remarks
    return [f"{total} remarks on what was not read, or read otherwise (--json has their places): {named}"]


def _show_targets(report: RunReport) -> None:
    for name, counts in report.targets.items():
        parts = {state.value: counts.states[state] for state in State}
        out.print(f"to {name}: {_sum(counts.routed, 'routed', parts, holds=not counts.missing)}")
        if name in report.deliveries:
            delivery = report.deliveries[name]
            written, requests = counted(delivery.resources, "resource"), counted(delivery.requests, "transaction")
            out.print(f"    {written} written in {requests} in this run")
        for code, number in counts.waiting.items():
            out.print(f"    {number} waiting: {code}; see `hm-fhir outbox list --state waiting`", markup=False)
        if NOT_VALID in counts.withheld:
            see = "see `hm-fhir outbox list --state withheld`"
            out.print(f"    {counts.withheld[NOT_VALID]} withheld: {NOT_VALID}; {see}", markup=False)
        for code, number in counts.parked.items():
            out.print(f"    {number} parked: {code}; see `hm-fhir outbox list --state parked`", markup=False)


def _sum(total: int, what: str, parts: dict[str, int], *, holds: bool) -> str:
    added = " + ".join(f"{number} {name}" for name, number in parts.items())
    verdict = "[green]adds up[/]" if holds else "[bold red]DOES NOT ADD UP[/]"
    return f"{total} {what} = {added}  {verdict}"
