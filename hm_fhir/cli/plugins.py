"""`hm-fhir plugins`: what is installed, what is enabled, what it brings."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hm_fhir.app import open_app
from hm_fhir.cli.console import Exit, err, out, print_json, table


@click.group("plugins")
def command() -> None:
    """List plugins and what they bring."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_plugins(settings: Path, as_json: bool) -> int:
    """List installed plugins, whether they are enabled, and the hooks that they implement."""
    with open_app(settings) as app:
        plugins = app.plugins
        gathered = plugins.gather()
    kinds = {
        "sources": {spec.name: spec.description for spec in gathered.sources.values()},
        "targets": {spec.name: spec.description for spec in gathered.targets.values()},
        "mappings": dict.fromkeys(gathered.mappings, ""),
        "profiles": dict.fromkeys(gathered.profiles, ""),
    }
    if as_json:
        listed = [asdict(plugin) for plugin in plugins.plugins]
        print_json({"plugins": listed, "brings": kinds, "problems": [str(one) for one in plugins.problems]})
    else:
        rows = table("plugin", "distribution", "version", "state", "hooks")
        for plugin in plugins.plugins:
            state = "broken" if plugin.error else "enabled" if plugin.enabled else "not enabled"
            rows.add_row(plugin.name, plugin.distribution, plugin.version, state, ", ".join(plugin.hooks))
        out.print(rows)
        out.print()
        brought = table("kind", "name", "what it is")
        for kind, names in kinds.items():
            for name, description in names.items():
                brought.add_row(kind, name, description)
        out.print(brought)
        for problem in plugins.problems:
            err.print(str(problem), markup=False)
    return Exit.CANNOT if plugins.problems else Exit.DONE
