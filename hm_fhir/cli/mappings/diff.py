"""`hm-fhir mappings diff`: what a change of mapping does to real output."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from hm_fhir.app import App, open_app
from hm_fhir.cli.console import Exit, counted, out, progress
from hm_fhir.errors import RecordRejected, SettingsError
from hm_fhir.fhir.json import to_json
from hm_fhir.mapping.inspection.diff import KINDS, Comparison, Difference
from hm_fhir.mapping.inspection.packs_to_compare import folders_to_compare
from hm_fhir.sources.activity_paths import ActivitySource
from hm_fhir.sources.base import Source, SourceContext, activity_of, count_of, records_of
from hm_fhir.sources.ndjson import NdjsonReader

_MOST_PLACES = 20


@dataclass(slots=True)
class _Unreadable:
    """Records that could not become an activity.

    Attributes:
        records: how many, by code.
        places: of the first of each code.
    """

    records: Counter[str] = field(default_factory=Counter)
    places: Mapping[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, code: str, place: str) -> None:
        """Count one record."""
        self.records[code] += 1
        if len(self.places[code]) < _MOST_PLACES:
            self.places[code].append(place)


@click.command("diff")
@click.argument("before")
@click.argument("after")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--source", "name", help="Compare on the activities of this source of the settings, not of a FILE.")
@click.option("--values", is_flag=True, help="Also the values that differ, of one activity: PERSONAL DATA.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each difference, then the sums.")
@click.pass_obj
def command(
    settings: Path, before: str, after: str, file: Path | None, name: str | None, values: bool, as_json: bool
) -> int:
    """Map every activity of FILE with the packs BEFORE and AFTER and show what differs; exit 1 when anything does.

    BEFORE and AFTER are folders of packs, or names of packs in force. The other packs in force stay as they are, and
    what a pack extends is found among them. FILE has one activity a line, as JSON. Exit 1 also when a record could
    not become an activity: then not everything was compared.
    """
    if (file is None) == (name is None):
        raise click.UsageError("name a FILE, or --source")
    with open_app(settings) as app, progress() as start:
        in_force = [spec.folder for spec in app.contributions.mappings.values()]
        old, new = (app.mapper_of(folders) for folders in folders_to_compare(before, after, in_force))
        source = app.source(name) if name is not None else _source(app, file or Path())
        comparison, unreadable = Comparison(), _Unreadable()
        advance = start("activities", count_of(source))
        for record in records_of(source):
            advance(1)
            try:
                activity = activity_of(source, record).for_mapping()
            except RecordRejected as error:
                unreadable.add(error.code, record.place)
                continue
            comparison.add(old, new, activity, record.place)
    if unreadable.records and not comparison.activities:
        reasons = "; ".join(_where(code, unreadable) for code in unreadable.records)
        raise SettingsError(
            f"nothing was compared: no record could become an activity: {reasons}", fix="look at these records"
        )
    if as_json:
        for line in _lines(comparison, unreadable, values=values):
            out.file.write(to_json(line).decode() + "\n")
    else:
        _print(comparison, unreadable, values=values)
    return Exit.DONE if comparison.is_same and not unreadable.records else Exit.WRONG


def _source(app: App, file: Path) -> Source:
    zone = ZoneInfo(app.settings.deployment.time_zone)
    return ActivitySource(NdjsonReader(file.resolve()), SourceContext("diff", app.settings.folder, zone))


def _newly_failing(comparison: Comparison) -> int:
    return sum(comparison.total(before, "failed") for before in ("mapped", "no mapping", "refused"))


def _no_longer_failing(comparison: Comparison) -> int:
    return sum(comparison.total("failed", after) for after in ("mapped", "no mapping", "refused"))


_SUMMARY: tuple[tuple[str, Callable[[Comparison], int]], ...] = (
    ("same", lambda one: one.same),
    ("changed", lambda one: one.changed),
    ("newly mapped", lambda one: one.total("no mapping", "mapped")),
    ("no longer mapped", lambda one: one.total("mapped", "no mapping")),
    ("newly refused", lambda one: one.total("mapped", "refused") + one.total("no mapping", "refused")),
    ("no longer refused", lambda one: one.total("refused", "mapped") + one.total("refused", "no mapping")),
    ("refused for another reason", lambda one: one.total("refused", "refused")),
    ("newly failing", _newly_failing),
    ("no longer failing", _no_longer_failing),
    ("failing for another reason", lambda one: one.total("failed", "failed")),
)


def _lines(comparison: Comparison, unreadable: _Unreadable, *, values: bool) -> Iterator[dict[str, Any]]:
    for (before, after), number in comparison.outcomes.items():
        first = comparison.first[before, after]
        yield {"outcome": {"before": before, "after": after}, "activities": number, "example": first}
    for what, differences in (("resource", comparison.resources), ("element", comparison.elements)):
        for name, difference in sorted(differences.items()):
            for kind in KINDS:
                if number := difference.activities[kind]:
                    example = difference.examples[kind]
                    shown = {"before": example.before, "after": example.after} if values else {}
                    yield {what: name, "kind": kind, "activities": number, "example": example.place, **shown}
    for code, number in unreadable.records.items():
        yield {"unreadable": code, "records": number, "places": unreadable.places[code]}
    sums = {what.replace(" ", "_"): count(comparison) for what, count in _SUMMARY}
    yield {"activities": comparison.activities, **sums, "unreadable": dict(unreadable.records)}


def _print(comparison: Comparison, unreadable: _Unreadable, *, values: bool) -> None:
    for (before, after), number in comparison.outcomes.items():
        activities = counted(number, "activity", "activities")
        out.print(f"- {before}\n+ {after}", markup=False)
        out.print(f"  {activities}, the first at {comparison.first[before, after]}", markup=False)
    for differences in (comparison.resources, comparison.elements):
        for name, difference in sorted(differences.items()):
            _print_one(name, difference, values=values)
    sums = ", ".join(
        f"{number} {what}" for what, count in _SUMMARY if (number := count(comparison)) or what == "same"
    )
    out.print(f"{counted(comparison.activities, 'activity', 'activities')}: {sums}", markup=False)
    if unreadable.records:
        number = unreadable.records.total()
        out.print(f"not compared: {counted(number, 'record')} could not become an activity", markup=False)
        for code in unreadable.records:
            out.print(f"  {_where(code, unreadable)}", markup=False)


def _where(code: str, unreadable: _Unreadable) -> str:
    number, places = unreadable.records[code], unreadable.places[code]
    more = f" and {number - len(places)} more" if number > len(places) else ""
    return f"{number} {code}: {', '.join(places)}{more}"


def _print_one(name: str, difference: Difference, *, values: bool) -> None:
    signs = {"added": "+", "removed": "-", "changed": "~"}
    for kind in KINDS:
        if not (number := difference.activities[kind]):
            continue
        example = difference.examples[kind]
        activities = counted(number, "activity", "activities")
        out.print(f"{signs[kind]} {name}", markup=False)
        out.print(f"  {kind} in {activities}, the first at {example.place}", markup=False)
        if values:
            for sign, value in (("-", example.before), ("+", example.after)):
                if value is not None:
                    out.print(f"  {sign} {to_json(value).decode()}", markup=False)
