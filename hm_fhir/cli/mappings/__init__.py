"""`hm-fhir mappings`: what those who write mappings ask; one file per command."""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = {
    "check": "Check mapping packs against the activity model and FHIR.",
    "diff": "Show what a change of mapping does to real output.",
    "explain": "Show which line of which mapping made each element, and from what.",
    "schema": "Print the JSON Schema of mapping files, for editors.",
    "test": "Run the cases of mapping packs, and show what no case reaches.",
}


class _Commands(click.Group):
    """Imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"hm_fhir.cli.mappings.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group("mappings", cls=_Commands)
def command() -> None:
    """Check, test, explain and compare mapping packs."""
