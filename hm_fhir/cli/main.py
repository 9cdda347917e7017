"""The command `hm-fhir`: one file a command; errors become messages and exit codes in one place."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import click

from hm_fhir.cli.console import Exit, err
from hm_fhir.errors import HmFhirError, MappingErrors
from hm_fhir.version import __version__

_COMMANDS = {
    "check": "Look at settings, keys, plugins, mappings, store and targets.",
    "demo": "Run everything on this machine with synthetic people.",
    "init": "Write a settings file and an identity key.",
    "map": "Show what the sources map to, as NDJSON; nothing is stored or sent.",
    "mappings": "Test, explain and compare mapping packs.",
    "outbox": "Look at entries, and send parked ones again.",
    "plugins": "List plugins and what they bring.",
    "profiles": "List the FHIR package, or write it for a FHIR server.",
    "run": "Read the sources and deliver to the targets.",
    "sources": "Look at sources, and take refused records again.",
    "validate": "Check FHIR resources in files against R4 and profiles.",
}


_DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


class _ReaderIsGone(Exception):
    """Whoever reads our output has read enough; click would exit with 1 for a BrokenPipeError."""


class _Commands(click.Group):
    """Imports a command when it is called, so that `hm-fhir --help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"hm_fhir.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderIsGone from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hm-fhir")
@click.option(
    "--settings",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("hm-fhir.toml"),
    show_default=True,
    envvar="HM_FHIR_SETTINGS",
    help="The settings file.",
)
@click.option("--verbose", is_flag=True, help="Log what happens to standard error.")
@click.pass_context
def cli(ctx: click.Context, settings: Path, verbose: bool) -> None:
    """Map the work of health mediators to HL7 FHIR R4 and deliver it, exactly once in effect.

    Exit codes: 0 done; 1 something is wrong; 2 it could not run; 3 entries wait, are parked or are not valid;
    130 interrupted.
    """
    ctx.obj = settings
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; exits with the code that `Exit` documents."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = Exit.CANNOT
    except (click.Abort, KeyboardInterrupt):
        err.print("stopped; the next run goes on")
        code = Exit.INTERRUPTED
    except HmFhirError as error:
        several = len(error.errors) if isinstance(error, MappingErrors) else 1
        _say(f"{several} mistakes\n{error}" if several > 1 else str(error))
        code = Exit.CANNOT
    except (_ReaderIsGone, BrokenPipeError):
        code = Exit.DONE
    except OSError as error:
        code = _of_system(error)
    except Exception as defect:  # noqa: BLE001  (its text could hold anything; its place and kind do not)
        code = _of_defect(defect)
    sys.exit(_flushed(int(code or 0)))


def _of_defect(defect: Exception) -> Exit:
    place = traceback.extract_tb(defect.__traceback__)[-1]
    err.print(f"[bold red]defect:[/] {type(defect).__name__} at {Path(place.filename).name}:{place.lineno}")
    err.print("Please report it with this line; nothing was lost: run it again.")
    if logging.getLogger().isEnabledFor(logging.INFO):
        err.print("".join(traceback.format_tb(defect.__traceback__)), markup=False)
    return Exit.CANNOT


def _of_system(error: OSError) -> Exit:
    """Say what the system did not allow: a file (its name is known), or output (it has none)."""
    if error.filename is None and error.errno not in _DISK_IS_FULL:
        return _of_defect(error)
    if error.filename is None:
        _say(f"output could not be written to its end, it is cut: {error.strerror}")
    else:
        _say(f"{error.filename}: {error.strerror} (look at its name and at who may use it)")
    return Exit.CANNOT


def _say(what_is_wrong: str) -> None:
    err.print("[bold red]error:[/] ", end="")
    err.print(what_is_wrong, markup=False)


def _flushed(code: int) -> int:
    """Write out what is still buffered, and return the exit code: Python would exit with 120 when that fails."""
    if sys.stdout is None:
        return code
    try:
        sys.stdout.flush()
    except OSError as error:
        # What nobody can read goes nowhere, quietly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError) and code in (Exit.DONE, Exit.WRONG, Exit.OPEN):
            return _of_system(error)
    return code
