"""`hm-fhir plugins`: what is installed, what is enabled, what it brings; and the beginning of a new one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hm_fhir.app import open_app
from hm_fhir.cli.console import Exit, err, out, print_json, table
from hm_fhir.scaffold.kinds import KINDS


@click.group("plugins")
def command() -> None:
    """List plugins and what they bring; begin a new one."""


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


@command.command("new")
@click.argument("name")
@click.option("--source", "kind", type=click.Choice(sorted(KINDS)), required=True, help="What the local system is.")
@click.option("--title", help="The municipality as people write it; made of NAME when absent.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder in which hm-fhir-NAME is made; this one by default.",
)
def new(name: str, kind: str, title: str | None, folder: Path) -> int:
    """Write the plugin hm-fhir-NAME: it installs, runs and passes its tests at once. NAME is such as novi-pazar."""
    from hm_fhir.scaffold.plugin import write_plugin

    written = write_plugin(name, kind, folder, title=title)
    for file in written.files:
        out.print(f"wrote {written.folder / file}", markup=False)
    inside = written.folder / written.package
    out.print("next:")
    out.print(f"  pip install -e {written.folder}[test] && pytest {written.folder}", markup=False)
    out.print(f"  then make it yours: {inside / 'directory.yaml'}, {inside / 'fields.yaml'}", markup=False)
    return Exit.DONE
