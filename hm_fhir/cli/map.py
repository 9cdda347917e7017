"""`hm-fhir map`: a dry run."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click

from hm_fhir.app import App, open_app
from hm_fhir.cli.console import Exit, err, progress
from hm_fhir.errors import RecordRejected
from hm_fhir.fhir.json import to_json
from hm_fhir.sources.base import count_of


@click.command("map")
@click.option("--source", "sources", multiple=True, help="Map only this source (can be repeated).")
@click.pass_obj
def command(settings: Path, sources: tuple[str, ...]) -> int:
    """Print the FHIR resources of all sources as NDJSON, one a line; nothing is stored or sent.

    Rejected records and activities without a mapping are counted on standard error.
    """
    with open_app(settings) as app, progress() as start:
        try:
            for name in sources or tuple(app.settings.sources):
                _map(app, name, start(f"from {name}", count_of(app.source(name))))
        except BrokenPipeError:
            # Whoever reads has read enough; what is still buffered goes nowhere, quietly.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.DONE


def _map(app: App, name: str, advance: Callable[[int], None]) -> None:
    counts: Counter[str] = Counter(records=0)
    write = sys.stdout.buffer.write
    for record, result in app.map(name):
        counts["records"] += 1
        advance(1)
        if isinstance(result, RecordRejected):
            counts["rejected"] += 1
            err.print(f"{record.place}: {result.code}: {result.message}", markup=False)
        elif result is None:
            counts["without a mapping"] += 1
        else:
            counts["mapped"] += 1
            for resource in result.resources:
                counts["resources"] += 1
                write(to_json(resource.content) + b"\n")
    sys.stdout.buffer.flush()
    err.print(f"{name}: " + ", ".join(f"{number} {what}" for what, number in counts.items()), markup=False)
