"""How commands talk: tables and progress for a person on a terminal, JSON for a machine; and the exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from typing import Any, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    """Everything is done and accounted for."""
    WRONG = 1
    """Something was found to be wrong: sums that do not add up, cases that fail, figures that differ."""
    CANNOT = 2
    """It could not run: settings, plugins, mappings, store, or the command line itself."""
    OPEN = 3
    """Everything is accounted for, and something waits, is parked, or is not valid: look at `hm-fhir outbox list`."""
    INTERRUPTED = 130
    """A person stopped it; the next run goes on."""


# Closed by whoever started us, it is None.
_WIDTH = None if sys.stdout is not None and sys.stdout.isatty() else 160


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let the one place that knows exit codes end the command; rich would exit with 1."""
        raise BrokenPipeError


out = _Console(highlight=False, soft_wrap=True, width=_WIDTH)
err = _Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one JSON document on a line of its own."""
    out.file.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun in the right form: 1 record, 2 records."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def table(*headings: str, title: str | None = None) -> Table:
    """Return an empty table; headings that begin with ``#`` are numbers."""
    made = Table(title=title, title_justify="left", show_edge=False, pad_edge=False, header_style="bold")
    for heading in headings:
        side: Literal["left", "right"] = "right" if heading.startswith("#") else "left"
        # On a narrow terminal a cell grows downwards: nothing is cut off.
        made.add_column(heading.removeprefix("#"), justify=side, overflow="fold")
    return made


@contextmanager
def progress(*, hidden: bool = False) -> Iterator[Callable[[str, int | None], Callable[[int], None]]]:
    """Give a function that starts a progress bar on standard error; there are no bars when that is no terminal.

    Args:
        hidden: no bars anyway, such as where lines of output would tear them apart.
    """
    if hidden or not err.is_terminal:
        yield lambda _label, _total: lambda _steps: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as bars:

        def start(label: str, total: int | None) -> Callable[[int], None]:
            task = bars.add_task(label, total=total)
            return lambda steps: bars.advance(task, steps)

        yield start
