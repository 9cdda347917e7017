"""`hm-fhir map`: a dry run."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click

from hm_fhir.app import App, open_app
from hm_fhir.cli.console import Exit, err, progress
from hm_fhir.cli.mappings.places import Places
from hm_fhir.cli.validation_report import print_findings
from hm_fhir.errors import SettingsError
from hm_fhir.sources.base import count_of
from hm_fhir.validation.deployment.findings import Findings

_MOST_WORKERS = 64


@click.command("map")
@click.option("--source", "sources", multiple=True, help="Map only this source (can be repeated).")
@click.option(
    "--workers",
    type=click.IntRange(1, _MOST_WORKERS),
    default=1,
    show_default=True,
    help="Map in so many processes; the output is the same. Worth it from some thousand records.",
)
@click.option("--no-validate", is_flag=True, help="Do not check the resources; faster.")
@click.pass_obj
def command(settings: Path, sources: tuple[str, ...], workers: int, no_validate: bool) -> int:
    """Print the FHIR resources of all sources as NDJSON, one a line; nothing is stored or sent.

    Rejected records, activities without a mapping, and what `run` would find in the resources are counted on standard
    error. What is not valid is printed, too.
    """
    if sys.stdout is None:
        raise SettingsError("standard output is closed", fix="send it to a file or a pipe")
    with open_app(settings) as app, progress() as start:
        try:
            for name in sources or tuple(app.settings.sources):
                advance = start(f"from {name}", count_of(app.source(name)))
                _map(app, name, workers, advance, validate=not no_validate)
        except BrokenPipeError:
            # Whoever reads has read enough; what is still buffered goes nowhere, quietly.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.DONE


def _map(app: App, name: str, workers: int, advance: Callable[[int], None], *, validate: bool) -> None:
    counts: Counter[str] = Counter(records=0)
    findings = Findings()
    with closing(app.map_to_json(name, workers=workers, validate=validate)) as chunks:
        for chunk in chunks:
            for rejected in chunk.rejected:
                err.print(f"{rejected.place}: {rejected.code}: {rejected.message}", markup=False)
            counts["records"] += chunk.records
            counts["mapped"] += chunk.mapped
            counts["resources"] += chunk.resources
            counts["rejected"] += len(chunk.rejected)
            counts["without a mapping"] += chunk.unmapped
            counts["not valid"] += chunk.not_valid
            findings.merge(chunk.findings)
            sys.stdout.buffer.write(chunk.lines)
            advance(chunk.records)
    sys.stdout.buffer.flush()
    shown = (f"{number} {what}" for what, number in counts.items() if number or what == "records")
    err.print(f"{name}: {', '.join(shown)}", markup=False)
    print_findings(findings, Places(app.mapper.packs).short, ("fatal", "error", "warning"), to=err)
