"""`hm-fhir sources`: what a source gives, what its records become, and what was refused and can be taken again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from hm_fhir.activities.model import Activity
from hm_fhir.app import App, open_app
from hm_fhir.cli.console import Exit, counted, err, out, print_json, progress, table
from hm_fhir.cli.run import show_counts
from hm_fhir.delivery.claims import same_number
from hm_fhir.errors import RecordRejected
from hm_fhir.mapping.files.yaml_text import to_yaml
from hm_fhir.opening import record_again
from hm_fhir.sources.base import Record, Remark, Source, Understood, understand
from hm_fhir.sources.fields.loading import warnings_of
from hm_fhir.sources.fields.profile import ColumnProfile, Profile, profile_of
from hm_fhir.sources.fields.unlisted import Unlisted

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_MOST_WORDS = 20
_MOST_REJECTED = 20
_READ_ANEW = "correct it there, and the next run reads it"
_SEVERAL = {"mediator": "mediators", "facility": "facilities"}


@click.group("sources")
def command() -> None:
    """Look at sources: what they give, what becomes of it, and what was refused."""


@command.command("list")
@_json
@click.pass_obj
def list_sources(settings: Path, as_json: bool) -> int:
    """List the sources of the settings: kind, how they are read, and when they were read last."""
    rows: list[dict[str, Any]] = []
    with open_app(settings) as app:
        kept = app.store.rejected_counts()
        for name, chosen in app.settings.sources.items():
            source, place = app.source(name), app.store.reading_place(name)
            rows.append(
                {
                    "source": name,
                    "kind": chosen.kind,
                    "system": chosen.system or name,
                    "reads": "what changed" if source.incremental else "everything",
                    "read_at": place.read_at if place else None,
                    "goes_on": bool(place and place.cursor),
                    "rejected": sum(kept.get(name, {}).values()),
                }
            )
    if as_json:
        print_json(rows)
        return Exit.DONE
    listed = table("source", "kind", "system", "each run reads", "last read", "#rejected and kept")
    for row in rows:
        last = row["read_at"].isoformat(timespec="seconds") if row["read_at"] else "never"
        listed.add_row(row["source"], row["kind"], row["system"], row["reads"], last, str(row["rejected"]))
    out.print(listed, markup=False)
    return Exit.DONE


@command.command("preview")
@click.argument("name")
@click.option("--rows", type=click.IntRange(min=1), default=20, show_default=True, help="So many records.")
@click.option("--full", is_flag=True, help="Whole activities, as YAML: PERSONAL DATA.")
@_json
@click.pass_obj
def preview(settings: Path, name: str, rows: int, full: bool, as_json: bool) -> int:
    """Show what each record becomes, and why records are refused; nothing is stored or sent. Exit 1 when one is."""
    refused = 0
    with open_app(settings) as app:
        source = app.source(name)
        _warn(source)
        listed = table("record", "becomes", "status", "when", "whom", "what it brings")
        said: dict[str, Activity] = {}
        for record in islice(_records(source), rows):
            place, told = record.place, _told(app, source, record, said)
            refused += isinstance(told, RecordRejected)
            if as_json:
                print_json(_as_json(place, told, full=full))
            elif full and isinstance(told, Understood):
                out.print(f"# {place}", markup=False)
                out.print(to_yaml(_plain(told.activity)), markup=False)
            elif isinstance(told, Understood):
                listed.add_row(place, *_summary(told))
            elif full:
                out.print(f"# {told or place}", markup=False)
            else:
                listed.add_row(place, *_refusal(told))
    if not as_json and not full:
        out.print(listed, markup=False)
        out.print(f"\n{counted(refused, 'record')} refused" if refused else "\nnothing refused")
    return Exit.WRONG if refused else Exit.DONE


def _warn(source: Source) -> None:
    for finding in warnings_of(source):
        err.print(str(finding), markup=False)


def _records(source: Source) -> Iterator[Record]:
    for item in source.records():
        if isinstance(item, Record):
            yield item
        elif isinstance(item, Remark):
            err.print(f"{item.place}: {item.message}", markup=False)


def _told(
    app: App, source: Source, record: Record, said: dict[str, Activity] | None = None
) -> Understood | RecordRejected | None:
    if record.deleted:
        return None
    try:
        told = understand(source, record)
        app.refuse(told)
        one = told.activity
        if told.last_read_counts and said is not None and said.setdefault(one.local_id, one) != one:
            raise same_number()
        return told
    except RecordRejected as error:
        error.place = error.place or record.place
        return error


def _summary(told: Understood) -> tuple[str, str, str, str, str]:
    activity = told.activity
    if activity.group is not None:
        whom = f"group of {activity.group.size}"
    else:
        subject = activity.persons[0]
        numbers = ", ".join(number.kind for number in subject.identifiers) or "local id"
        whom = numbers + (f" + {len(activity.persons) - 1}" if len(activity.persons) > 1 else "")
    parts = [
        *(f"referral to {activity.referral.destination}" for _ in [1] if activity.referral),
        *(f"{len(activity.findings.tests)} tests" for _ in [1] if activity.findings.tests),
        *("pregnancy" for _ in [1] if activity.findings.pregnancy),
        *("case plan" for _ in [1] if activity.case_plan),
        *("consent" for _ in [1] if activity.consent),
        *(f"{len(activity.barriers)} barriers" for _ in [1] if activity.barriers),
        *(f"outcome {activity.outcome}" for _ in [1] if activity.outcome),
        *(f"mended: {repair}" for repair in told.repairs),
    ]
    return activity.type, activity.status, str(activity.period.start), whom, ", ".join(parts)


def _refusal(told: RecordRejected | None) -> tuple[str, str, str, str, str]:
    if told is None:
        return "(deleted)", "", "", "", ""
    fix = f" ({told.fix})" if told.fix else ""
    return f"REFUSED {told.code}", "", "", "", f"{told.message}{fix}"


def _as_json(place: str, told: Understood | RecordRejected | None, *, full: bool) -> dict[str, Any]:
    if told is None:
        return {"place": place, "deleted": True}
    if isinstance(told, RecordRejected):
        return {"place": place, "refused": told.code, "message": told.message, "fix": told.fix}
    kind, status, when, whom, brings = _summary(told)
    found: dict[str, Any] = {"place": place, "type": kind, "status": status, "when": when, "whom": whom}
    found["brings"], found["repairs"] = brings, list(told.repairs)
    return {**found, "activity": _plain(told.activity)} if full else found


def _plain(activity: Activity) -> dict[str, Any]:
    return activity.model_dump(mode="json", exclude_defaults=True)


@command.command("profile")
@click.argument("name")
@click.option("--rows", type=click.IntRange(min=1), help="Only so many records; default all.")
@_json
@click.pass_obj
def profile(settings: Path, name: str, rows: int | None, as_json: bool) -> int:
    """List the columns of a source: how often they are filled, and what is named there and nobody has declared.

    That is words that no code table has, and mediators and facilities that the directory has not. Values of personal
    columns and mediators are never shown. Exit 1 when there are such, or columns that are not known or gone.
    """
    with open_app(settings) as app, progress() as start:
        source = app.source(name)
        _warn(source)
        found = profile_of(source, limit=rows, advance=start(f"from {name}", rows))
    open_ones = [column for column in found.columns if _is_open(column)]
    if as_json:
        print_json(found.as_json())
        return Exit.WRONG if open_ones else Exit.DONE
    listed = table("column", "read as", "#filled", "#%", "#distinct", "words that no table has")
    for column in found.columns:
        share = f"{100 * column.filled / found.records:.0f}" if found.records else ""
        listed.add_row(column.name, _read_as(column), str(column.filled), share, str(column.distinct), _words(column))
    out.print(f"{counted(found.records, 'record')} of {name}", markup=False)
    out.print(listed, markup=False)
    _show_unlisted(found)
    for remark in found.remarks:
        err.print(f"{remark.place}: {remark.message}", markup=False)
    return Exit.WRONG if open_ones else Exit.DONE


def _show_unlisted(found: Profile) -> None:
    missing = [(column.name, one) for column in found.columns for one in column.unlisted]
    if not missing:
        return
    listed = table("column", "not in the directory", "#records", "which", "first records of what is not shown")
    for name, one in missing:
        what = counted(one.distinct, one.kind, _SEVERAL[one.kind])
        listed.add_row(name, what, str(one.records), _which(one), _first_places(one))
    out.print()
    out.print(listed, markup=False)


def _which(one: Unlisted) -> str:
    shown = [f"{code} ({number})" for code, number in one.shown[:_MOST_WORDS]]
    more, hidden = len(one.shown) - len(shown), one.distinct - len(one.shown)
    return ", ".join([*shown, *([f"and {more} more"] if more else []), *([f"{hidden} not shown"] if hidden else [])])


def _first_places(one: Unlisted) -> str:
    more = one.distinct - len(one.shown) - len(one.places)
    return ", ".join([*one.places, *([f"and {more} more"] if more else [])])


def _is_open(column: ColumnProfile) -> bool:
    return bool(column.unmapped or column.hidden or column.unlisted) or column.state in ("gone", "not declared")


def _read_as(column: ColumnProfile) -> str:
    return f"{column.read_as} (personal)" if column.personal else column.read_as


def _words(column: ColumnProfile) -> str:
    shown = [f"{word} ({number})" for word, number in column.unmapped[:_MOST_WORDS]]
    more = len(column.unmapped) - len(shown)
    hidden = [f"{counted(column.hidden, 'other text')} not shown"] if column.hidden else []
    return ", ".join([*shown, *([f"and {more} more"] if more else []), *hidden])


@command.command("replay")
@click.argument("names", nargs=-1)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many records of each source.")
@_json
@click.pass_obj
def replay(settings: Path, names: tuple[str, ...], limit: int | None, as_json: bool) -> int:
    """Take rejected records again, after fields, codes or mappings were mended. Exit 3 when some stay rejected.

    What is taken goes to the outbox; `hm-fhir run` delivers it. Of the first 20 records of each source that stay
    rejected it says where they stand, why, and what to do. Records that could not be read at all need a better file
    instead.
    """
    with open_app(settings) as app:
        kept = app.store.rejected_counts()
        names = names or tuple(name for name in app.settings.sources if name in kept)
        for name in sorted(kept.keys() - app.settings.sources.keys()):
            err.print(f"{name} is not in the settings any more, and records of it are kept", markup=False)
        counts = {name: app.prepare().replay(name, limit=limit) for name in names}
        left = {name: _still_rejected(app, name, one.rejected.total()) for name, one in counts.items()}
    if as_json:
        print_json(
            {
                name: {
                    **one.as_json(),
                    "still_rejected": left[name],
                    "more_still_rejected": one.rejected.total() - len(left[name]),
                }
                for name, one in counts.items()
            }
        )
    else:
        for name, one in counts.items():
            show_counts(name, one)
            _show_rejected(name, left[name], one.rejected.total())
        if not counts:
            out.print("no record is kept as rejected")
    return Exit.OPEN if any(one.rejected for one in counts.values()) else Exit.DONE


def _still_rejected(app: App, name: str, number: int) -> list[dict[str, str | None]]:
    """Return where the records of a replay stand that stay rejected, why, and what to do: the first of them."""
    if not number:
        return []
    source = app.source(name)
    found = []
    # The longest known stand first, which are those that a replay with a limit takes.
    for kept in app.store.rejected(name, limit=min(number, _MOST_REJECTED)):
        again = _told(app, source, record_again(kept))  # what to do is not kept with a record
        fix = again.fix if isinstance(again, RecordRejected) and again.code == kept.code else None
        if not kept.replayable:
            fix = _READ_ANEW
        elif kept.code == (same := same_number()).code:
            fix = same.fix
        found.append({"place": kept.place, "reason": kept.code, "message": kept.message, "fix": fix})
    return found


def _show_rejected(name: str, left: list[dict[str, str | None]], number: int) -> None:
    for one in left:
        fix = f" ({one['fix']})" if one["fix"] else ""
        out.print(f"    {one['place'] or name}: {one['reason']}: {one['message']}{fix}", markup=False)
    if number > len(left):
        all_of_them = f"hm-fhir outbox rejected --source {name} --limit {number}"
        out.print(f"    and {number - len(left)} more: `{all_of_them}`", markup=False)


@command.command("read-again")
@click.argument("names", nargs=-1, required=True)
@click.pass_obj
def read_again(settings: Path, names: tuple[str, ...]) -> int:
    """Let the next run read these sources from their beginning; what is known already is not sent twice."""
    with open_app(settings) as app:
        _forget(app, names)
    return Exit.DONE


def _forget(app: App, names: tuple[str, ...]) -> None:
    for name in names:
        app.read_again(name)
        out.print(f"{name}: the next run reads everything", markup=False)
