"""`hm-fhir check`: is everything ready, and if not, what is to be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from hm_fhir.app import App, open_app
from hm_fhir.cli.console import Exit, counted, out, print_json, table
from hm_fhir.errors import HmFhirError, RetryLater
from hm_fhir.sources.base import Source, count_of
from hm_fhir.sources.fields.loading import warnings_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        what: what was looked at.
        state: ok, wrong, or later (nothing is wrong here, but it does not answer now).
        says: what was found, and what to do.
    """

    what: str
    state: str
    says: str


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Path, as_json: bool) -> int:
    """Look at settings, keys, plugins, mappings, store, sources and targets; exit 2 when something is wrong."""
    with open_app(settings) as app:
        findings = list(check(app, settings))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        rows = table("what", "state", "found")
        for finding in findings:
            rows.add_row(finding.what, finding.state, finding.says)
        out.print(rows, markup=False)
    if any(finding.state == "wrong" for finding in findings):
        return Exit.CANNOT
    return Exit.OPEN if any(finding.state == "later" for finding in findings) else Exit.DONE


def check(app: App, settings: Path) -> Iterator[Finding]:
    """Yield one finding for each part of a deployment; one that is wrong does not hide the next."""
    yield Finding("settings", "ok", str(settings))
    yield _look("identity key", lambda: f"{app.identity.key_id}, fingerprint {app.identity.fingerprint}")
    yield _look("plugins", lambda: f"{len(app.contributions.sources)} source kinds, all load")
    yield _look("mappings", lambda: _mappings(app))
    yield _look("validation", lambda: _validation(app))
    yield _look("store", lambda: app.store.describe())
    for name in app.settings.sources:
        yield _look(f"source {name}", lambda name=name: _source(name, app.source(name)))  # type: ignore[misc]
    for name in app.settings.targets:
        yield _look(f"target {name}", lambda name=name: app.targets[name].check())  # type: ignore[misc]


def _mappings(app: App) -> str:
    packs = app.mapper.packs
    number = sum(len(pack.mappings) for pack in packs)
    warnings = len(app.check_mappings())  # an error would have stopped the mapper
    more = f", {counted(warnings, 'warning')}: hm-fhir mappings check" if warnings else ""
    return f"{number} mappings in {', '.join(pack.label for pack in packs)}{more}"


def _validation(app: App) -> str:
    if app.mapped_check is None:
        return "off in the settings"
    definitions = app.validation.definitions
    broken = (
        f", {len(definitions.broken)} that cannot be used: hm-fhir validate names them" if definitions.broken else ""
    )
    return f"{counted(len(definitions.profiles), 'profile')} of packages{broken}"


def _source(name: str, source: Source) -> str:
    warnings = len(warnings_of(source))
    more = f", {counted(warnings, 'warning')}: hm-fhir sources preview {name}" if warnings else ""
    return f"{_first_record(source)}{more}"


def _first_record(source: Source) -> str:
    for _ in source.records():
        count = count_of(source)
        return f"readable, about {counted(count, 'record')}" if count is not None else "readable"
    return "readable, and empty"


def _look(what: str, at: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", at())
    except RetryLater as error:
        return Finding(what, "later", str(error))
    except HmFhirError as error:
        return Finding(what, "wrong", str(error))
