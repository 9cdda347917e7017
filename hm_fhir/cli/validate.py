"""`hm-fhir validate`: FHIR resources in files against R4 and profiles; needs no settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import click

from hm_fhir.cli.console import Exit, counted, err, out, progress
from hm_fhir.cli.validation_report import ForPeople, JsonLines, Outcomes, Printer, Silent, amounts
from hm_fhir.errors import SettingsError
from hm_fhir.validation.deployment.check import ResourceCheck
from hm_fhir.validation.issue import SEVERITIES, Severity
from hm_fhir.validation.reading.batches import Checked, TextCheck, check_texts
from hm_fhir.validation.reading.files import InputFile, Text, find_files, read_texts

_MOST_WORKERS = 64
_KILOBYTE = 1024


@click.command("validate")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--package",
    "packages",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A FHIR package: folder, .tgz or .json file (can be repeated).",
)
@click.option("--profile", "profiles", multiple=True, help="Check every resource against this URL (can be repeated).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each issue.")
@click.option("--outcome", is_flag=True, help="Print one OperationOutcome for each resource, as NDJSON.")
@click.option(
    "--level",
    type=click.Choice(["error", "warning", "information"]),
    help="The least severity that is shown. Without it: warning, with --json and --outcome information.",
)
@click.option("--quiet", is_flag=True, help="Print only the sum, and with --json or --outcome not even that.")
@click.option(
    "--workers",
    type=click.IntRange(1, _MOST_WORKERS),
    default=1,
    show_default=True,
    help="Validate in so many processes; the output is the same. Worth it from some thousand resources.",
)
@click.option(
    "--as-deployment",
    is_flag=True,
    help="Also with the packages, profiles and rules of [validation] in the settings, and the profiles of plugins.",
)
@click.pass_obj
def command(
    settings: Path,
    files: tuple[str, ...],
    packages: tuple[Path, ...],
    profiles: tuple[str, ...],
    as_json: bool,
    outcome: bool,
    level: Severity | None,
    quiet: bool,
    workers: int,
    as_deployment: bool,
) -> int:
    """Check FHIR resources in FILEs against R4, the profiles that they claim, and those that are asked for.

    FILE is JSON (a resource, or a list of resources), NDJSON, a folder with such files, or - for standard input. The
    profiles of this project are known without --package; no settings are needed. No value of a resource is
    printed, only where and what is wrong.

    Exit 0 without errors, 1 with errors, 2 when it could not run, a file could not be
    read, or there was no resource at all.
    """
    if as_json and outcome:
        raise click.UsageError("--json or --outcome, not both")
    found = list(find_files(files))
    opened = partial(_open, packages, profiles, settings if as_deployment else None)
    check = opened()  # what is wrong with packages and profiles is said before the first file is read
    is_for_programs = as_json or outcome
    shown = SEVERITIES[: SEVERITIES.index(level or ("information" if is_for_programs else "warning")) + 1]
    later: list[str] = []
    printer: Printer
    if as_json:
        printer = JsonLines(shown)
    elif outcome:
        printer = Outcomes(shown)
    elif quiet:
        printer = Silent()
    else:
        # Lines between bars would tear them apart.
        printer = ForPeople(shown, later.append if err.is_terminal else _print)
    reading = _Reading(found)
    sums = _Sums()
    results = check_texts(reading.texts(), opened if workers > 1 else lambda: check, workers)
    with progress(hidden=is_for_programs and out.is_terminal) as start, closing(results) as checked:
        advance = _by_kilobyte(start("validated, KB", _kilobytes(found)))
        for one in _by_file(checked, printer):
            sums.add(one)
            printer.resource(one)
            advance(one.size_bytes)
    for line in later:
        _print(line)
    for failure in reading.failures:
        err.print(str(failure), markup=False)
    out.file.flush()  # the sum comes last, also where both streams go to one place
    if not (quiet and is_for_programs):
        (err if is_for_programs else out).print(sums.text(len(found) - len(reading.failures)))
    if reading.failures:
        return Exit.CANNOT
    if not sums.resources:  # an answer that never came must not look like one that is right
        err.print("no resource was found in what was given", markup=False)
        return Exit.CANNOT
    return Exit.WRONG if sums.invalid else Exit.DONE


def _print(line: str) -> None:
    out.print(line)


def _by_file(checked: Iterable[Checked], printer: Printer) -> Iterator[Checked]:
    """Yield results, and tell the printer of the end of each file."""
    for _, of_file in groupby(checked, key=attrgetter("file")):
        yield from of_file
        printer.end()


def _kilobytes(files: Iterable[InputFile]) -> int | None:
    """Return the size of all files, None when it is not known."""
    sizes = [file.size_bytes for file in files]
    return None if None in sizes else sum(filter(None, sizes)) // _KILOBYTE


def _by_kilobyte(advance: Callable[[int], None]) -> Callable[[int], None]:
    """Return what takes bytes where kilobytes are counted."""
    done_bytes = 0

    def add(size_bytes: int) -> None:
        nonlocal done_bytes
        before = done_bytes
        done_bytes += size_bytes
        advance(done_bytes // _KILOBYTE - before // _KILOBYTE)

    return add


def _open(packages: Sequence[Path], profiles: Sequence[str], settings: Path | None) -> TextCheck:
    """Return what checks texts; runs in every process."""
    if settings is not None:
        # Settings and plugins take longer to load than most files to check.
        from hm_fhir.app import open_app

        with open_app(settings) as app:
            check = app.validation.resource_check(packages, profiles)
    else:
        from hm_fhir.validation.definitions import cache_folder, load_definitions
        from hm_fhir.validation.validator import Validator

        check = ResourceCheck(Validator(load_definitions(packages, cache=cache_folder())), profiles)
    return TextCheck(check)


class _Reading:
    """Reads files one after the other; one that cannot be read does not hide the next.

    Args:
        files: what is read.

    Attributes:
        failures: of files that could not be read, or not to their end.
    """

    def __init__(self, files: Sequence[InputFile]) -> None:
        self._files = files
        self.failures: list[SettingsError] = []

    def texts(self) -> Iterator[Text]:
        """Yield the texts of all files."""
        for file in self._files:
            try:
                yield from read_texts(file.name)
            except SettingsError as failure:
                self.failures.append(failure)


@dataclass(slots=True)
class _Sums:
    """What was found in all files.

    Args:
        resources: how many there are.
        invalid: how many of them have an error.
        issues: how many, by severity.
    """

    resources: int = 0
    invalid: int = 0
    issues: Counter[Severity] = field(default_factory=Counter)

    def add(self, checked: Checked) -> None:
        """Count one resource."""
        self.resources += 1
        self.invalid += any(issue.stops for issue in checked.issues)
        self.issues.update(issue.severity for issue in checked.issues)

    def text(self, files: int) -> str:
        """Return the sums for a person."""
        where = f"{counted(self.resources, 'resource')} in {counted(files, 'file')}"
        verdict = "[bold red]not valid[/]" if self.invalid else "[green]valid[/]"
        how_many = f"{self.invalid} of {where}" if self.invalid else where
        return f"{how_many} {verdict}: {amounts(self.issues)}"
