"""`hm-fhir demo`: the whole way on this machine, with six synthetic municipalities and the defects of real life."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hm_fhir.app import App
from hm_fhir.cli.console import Exit, counted, err, out, print_json, progress, table
from hm_fhir.cli.demo_server import serve
from hm_fhir.cli.mappings.places import Places
from hm_fhir.cli.run import show
from hm_fhir.delivery.readback import Compared, ReadBack, compare_with_ledger
from hm_fhir.errors import PluginError, SettingsError
from hm_fhir.plugins import installed
from hm_fhir.testing.deployment import Deployment
from hm_fhir.testing.samples import open_sample

if TYPE_CHECKING:
    from hm_fhir.delivery.reconcile import RunReport
    from hm_fhir.testing.samples import Sample
    from hm_fhir.testing.story.expected import ExpectedCounts

MUNICIPALITIES = ("burgas", "dimitrovgrad", "dupnitsa", "kazanlak", "novi-pazar", "samokov")
"""The plugins of the demo."""


@click.command("demo")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Where to write (a new folder).")
@click.option("--server", help="Base of a FHIR R4 server that is there already; its data stays.")
@click.option("--only", multiple=True, type=click.Choice(MUNICIPALITIES), help="Only this one (can be repeated).")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(folder: Path | None, server: str | None, only: tuple[str, ...], as_json: bool) -> int:
    """Run everything on this machine with synthetic people.

    Starts the local systems of six municipalities with three months of work in them, delivers it to a FHIR server on
    this machine, changes the local systems as real life does, delivers that, reads everything once more (nothing may
    be written), reads the server back, and compares.
    """
    names = tuple(name for name in MUNICIPALITIES if not only or name in only)
    if missing := [name for name in names if name not in installed()]:
        fix = "pip install " + " ".join(f"./plugins/{name}" for name in missing)
        raise PluginError(f"these plugins are not installed: {', '.join(missing)}", fix=fix)
    folder = folder or _new_folder()
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise SettingsError("this is there already", place=str(folder), fix="name a new folder") from None
    with ExitStack() as stack:
        url = stack.enter_context(nullcontext(server) if server else serve(folder / "server"))
        stack.enter_context(_quiet(as_json))
        samples = {name: stack.enter_context(open_sample(name, folder / "data" / name)) for name in names}
        deployment = _deployment(folder, samples, url)
        out.print(f"deployment: {deployment.path}, FHIR server: {url}\n", markup=False)
        verdict = _tell(stack.enter_context(deployment.app()), samples, url)
    if as_json:
        print_json(verdict)
    if not verdict["agrees"]:
        err.print("[bold red]the figures do not agree[/]")
    return Exit.DONE if verdict["agrees"] else Exit.WRONG


def _new_folder() -> Path:
    number = 1
    while (folder := Path("hm-fhir-demo" if number == 1 else f"hm-fhir-demo-{number}")).exists():
        number += 1
    return folder


@contextmanager
def _quiet(as_json: bool) -> Iterator[None]:
    before, out.quiet = out.quiet, as_json
    try:
        yield
    finally:
        out.quiet = before


def _deployment(folder: Path, samples: Mapping[str, Sample], url: str) -> Deployment:
    """Write settings and key."""
    deployment = Deployment(folder, identifier_system=f"urn:hm-fhir:demo:{secrets.token_hex(8)}")
    deployment.settings["deployment"]["name"] = deployment.settings["identity"]["key_id"] = "demo"
    for name, sample in samples.items():
        deployment.enable(name).source(name, sample.kind, **sample.options)
    return deployment.target("demo", url)


def _tell(app: App, samples: Mapping[str, Sample], url: str) -> dict[str, Any]:
    """Run the demo's steps, print them, and return the verdict."""
    out.print(f"[bold]1. What {counted(len(samples), 'municipality', 'municipalities')} did in three months[/]")
    expected = {name: sample.figures for name, sample in samples.items()}
    first = _run(app)
    as_told = _as_expected(first, expected)
    out.print("\n[bold]2. Corrections, deletions, late records and defects, as real life has them[/]")
    expected = {name: sample.change() for name, sample in samples.items()}
    late = _run(app)
    as_told = as_told and _as_expected(late, expected)
    out.print("\n[bold]3. Everything is read once more: nothing may be written[/]")
    for name in samples:
        app.read_again(name)
    again = _run(app)
    out.print("\n[bold]4. The server is read back[/]")
    with closing(ReadBack(url)) as reader:
        keys = app.store.ledger_keys("demo")
        rows = compare_with_ledger(reader, keys, app.settings.deployment.identifier_system)
        examples = _examples(keys, reader)
    _print_comparison(rows)
    out.print("\n[bold]5. One of each[/]")
    for example in examples:
        out.print(json.dumps(example, ensure_ascii=False), markup=False)
    findings = {
        "both sums add up in every run": first.adds_up and late.adds_up and again.adds_up,
        "every record became what its sample tells": as_told,
        "nothing waits, is parked or not valid": not again.open_entries and not again.not_valid_entries,
        "reading everything once more wrote nothing": again.written == 0,
        "the server has exactly what the ledger says": all(row.agrees for row in rows) and bool(rows),
    }
    out.print()
    for what, holds in findings.items():
        out.print(f"{'[green]yes[/]' if holds else '[bold red]NO[/] '}  {what}")
    settings = app.settings.folder / "hm-fhir.toml"
    out.print(
        f"\nWhere to look next: {settings}; then"
        f"\n  hm-fhir --settings {settings} outbox stats"
        f"\n  hm-fhir --settings {settings} outbox rejected"
        "\nand docs/tutorial.",
        markup=False,
    )
    return {
        "agrees": all(findings.values()),
        "findings": findings,
        "runs": [first.as_json(), late.as_json(), again.as_json()],
        "resources": [asdict(row) | {"agrees": row.agrees} for row in rows],
    }


def _run(app: App) -> RunReport:
    with progress() as start:
        report = app.run(patience_seconds=60, progress=start)
    if report.interrupted:
        raise KeyboardInterrupt  # a person stopped the demo, not only this step
    show(report, Places(app.mapper.packs).short)
    return report


def _as_expected(report: RunReport, expected: Mapping[str, ExpectedCounts]) -> bool:
    records = report.records
    return set(records) == set(expected) and all(figures.matches(records[name]) for name, figures in expected.items())


def _print_comparison(rows: list[Compared]) -> None:
    compared = table("resource", "#sent", "#on the server", "#missing", "#too many", "agrees")
    for row in rows:
        numbers = (row.sent, row.on_server, row.missing, row.too_many)
        compared.add_row(row.type, *map(str, numbers), "yes" if row.agrees else "[bold red]NO[/]")
    out.print(compared)


def _examples(ledger_keys: tuple[str, ...], reader: ReadBack) -> list[dict[str, Any]]:
    first: dict[str, str] = {}
    for key in ledger_keys:
        resource_type, _, resource_id = key.partition("/")
        first.setdefault(resource_type, resource_id)
    return [reader.read(resource_type, resource_id) for resource_type, resource_id in sorted(first.items())]
