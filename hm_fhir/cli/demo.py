"""`hm-fhir demo`: the whole way on this machine, with two synthetic municipalities and the defects of real life."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from hm_fhir.app import App, open_app
from hm_fhir.cli.console import Exit, err, out, print_json, progress, table
from hm_fhir.cli.demo_server import serve
from hm_fhir.cli.mappings.places import Places
from hm_fhir.cli.run import show
from hm_fhir.config import write_key
from hm_fhir.delivery.intake import RecordCounts
from hm_fhir.delivery.readback import ReadBack
from hm_fhir.delivery.reconcile import RunReport
from hm_fhir.errors import PluginError, SettingsError

MUNICIPALITIES = {"samokov": "csv", "burgas": "ndjson"}
"""The plugins of the demo, with the ending of their files."""

_WITHOUT_IDENTIFIER = {"Provenance"}

_SETTINGS = """\
# Written by `hm-fhir demo`: two synthetic municipalities, each with a sample and a file of defects.
[deployment]
name = "demo"
identifier_system = "urn:hm-fhir:demo:{nonce}"

[identity]
key = "file:keys/identity.key"
key_id = "demo"

[plugins]
enabled = ["samokov", "burgas"]

[targets.demo]
kind = "fhir"
url = "{url}"
"""

_SOURCE = """
[sources.{name}]
kind = "{kind}"
system = "{kind}"
path = "data/{name}.{ending}"
"""


@click.command("demo")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Where to write (a new folder).")
@click.option("--server", help="Base of a FHIR R4 server that is there already; its data stays.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(folder: Path | None, server: str | None, as_json: bool) -> int:
    """Run everything on this machine with synthetic people.

    Makes the samples of two municipalities with the defects of real life, delivers them to a FHIR server on this
    machine, sends the same files again (nothing may be written), reads the server back, and compares.
    """
    for plugin in MUNICIPALITIES:
        if find_spec(f"hm_fhir_{plugin}") is None:
            raise PluginError(f"the plugin {plugin!r} is not installed", fix=f"pip install ./plugins/{plugin}")
    folder = folder or _new_folder()
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise SettingsError("this is there already", place=str(folder), fix="name a new folder") from None
    with nullcontext(server) if server else serve(folder / "server") as url, _quiet(as_json):
        expected = _write_deployment(folder, url)
        out.print(f"deployment: {folder}/hm-fhir.toml, FHIR server: {url}\n", markup=False)
        with open_app(folder / "hm-fhir.toml") as app:
            verdict = _tell(app, expected, url)
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


def _write_deployment(folder: Path, url: str) -> dict[str, Any]:
    """Write settings, key and data; return the expected figures by source."""
    (folder / "data").mkdir()
    write_key(folder / "keys" / "identity.key")
    settings = _SETTINGS.format(nonce=secrets.token_hex(8), url=url)
    expected = {}
    for plugin, ending in MUNICIPALITIES.items():
        sample = import_module(f"hm_fhir_{plugin}.sample")
        for name, write in ((plugin, sample.write_sample), (f"{plugin}-late", sample.write_defects)):
            expected[name] = write(folder / "data" / f"{name}.{ending}")
            settings += _SOURCE.format(name=name, kind=plugin, ending=ending)
    (folder / "hm-fhir.toml").write_text(settings, encoding="utf-8")
    return expected


def _tell(app: App, expected: dict[str, Any], url: str) -> dict[str, Any]:
    """Run the demo's steps, print them, and return the verdict."""
    folder = app.settings.folder
    out.print("[bold]1. The registers of two municipalities[/]")
    first = _run(app, list(MUNICIPALITIES))
    out.print("\n[bold]2. Later files with the defects of real life[/]")
    late = _run(app, [name for name in expected if name not in MUNICIPALITIES])
    out.print("\n[bold]3. All the same files again: nothing may be written[/]")
    again = _run(app, list(expected))
    out.print("\n[bold]4. The server is read back[/]")
    reader = ReadBack(url)
    try:
        rows = _compare(app, reader)
        examples = _examples(app, reader)
    finally:
        reader.close()
    _print_comparison(rows)
    out.print("\n[bold]5. One of each[/]")
    for example in examples:
        out.print(json.dumps(example, ensure_ascii=False), markup=False)
    findings = {
        "both sums add up in every run": first.adds_up and late.adds_up and again.adds_up,
        "every record became what its generator expects": _as_expected({**first.records, **late.records}, expected),
        "nothing waits or is parked": again.open_entries == 0,
        "the same files again wrote nothing": again.written == 0,
        "the server has exactly what the ledger says": all(row["agrees"] for row in rows) and bool(rows),
    }
    out.print()
    for what, holds in findings.items():
        out.print(f"{'[green]yes[/]' if holds else '[bold red]NO[/] '}  {what}")
    out.print(
        f"\nWhere to look next: the data and settings in {folder}; then"
        f"\n  hm-fhir --settings {folder}/hm-fhir.toml outbox stats"
        f"\n  hm-fhir --settings {folder}/hm-fhir.toml map --source burgas"
        "\nand docs/tutorial.md.",
        markup=False,
    )
    return {
        "agrees": all(findings.values()),
        "findings": findings,
        "runs": [first.as_json(), late.as_json(), again.as_json()],
        "resources": rows,
    }


def _run(app: App, sources: list[str]) -> RunReport:
    with progress() as start:
        report = app.run(sources=sources, patience_seconds=60, progress=start)
    if report.interrupted:
        raise KeyboardInterrupt  # a person stopped the demo, not only this step
    show(report, Places(app.mapper.packs).short)
    return report


def _as_expected(records: dict[str, RecordCounts], expected: dict[str, Any]) -> bool:
    return set(records) == set(expected) and all(figures.matches(records[name]) for name, figures in expected.items())


def _compare(app: App, reader: ReadBack) -> list[dict[str, Any]]:
    """Compare the ledger with the server, type by type: every id once, none missing, none too many."""
    system = app.settings.deployment.identifier_system
    sent: dict[str, set[str]] = {}
    for key in app.store.ledger_keys("demo"):
        resource_type, _, resource_id = key.partition("/")
        sent.setdefault(resource_type, set()).add(resource_id)
    rows = []
    for resource_type, ids in sorted(sent.items()):
        if resource_type in _WITHOUT_IDENTIFIER:
            there = reader.ids_by_id(resource_type, sorted(ids))
        else:
            there = reader.ids_by_identifier(resource_type, system)
        rows.append(
            {
                "type": resource_type,
                "sent": len(ids),
                "on_server": there.total(),
                "missing": len(ids - set(there)),
                "too_many": len(set(there) - ids) + there.total() - len(there),
                "agrees": set(there) == ids and there.total() == len(there),
            }
        )
    return rows


def _print_comparison(rows: list[dict[str, Any]]) -> None:
    compared = table("resource", "#sent", "#on the server", "#missing", "#too many", "agrees")
    for row in rows:
        numbers = (row["sent"], row["on_server"], row["missing"], row["too_many"])
        compared.add_row(row["type"], *map(str, numbers), "yes" if row["agrees"] else "[bold red]NO[/]")
    out.print(compared)


def _examples(app: App, reader: ReadBack) -> list[dict[str, Any]]:
    first: dict[str, str] = {}
    for key in app.store.ledger_keys("demo"):
        resource_type, _, resource_id = key.partition("/")
        first.setdefault(resource_type, resource_id)
    return [reader.read(resource_type, resource_id) for resource_type, resource_id in sorted(first.items())]
