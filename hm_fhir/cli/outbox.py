"""`hm-fhir outbox`: what waits, what is parked and why, and sending it again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hm_fhir.app import open_app
from hm_fhir.cli.console import Exit, counted, out, print_json, table
from hm_fhir.delivery.reconcile import target_as_json
from hm_fhir.fhir.outcomes import redacted
from hm_fhir.outbox.entry import EntryRow, Shown, State
from hm_fhir.validation.issue import SEVERITIES

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_state = click.option("--state", type=click.Choice([state.value for state in State]), help="Only in this state.")
_target = click.option("--target", help="Only for this target.")


@click.group("outbox")
def command() -> None:
    """Look at entries, and send parked ones again."""


@command.command("list")
@_state
@_target
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Most entries to list.")
@click.option("--after", type=int, default=0, help="Only entries with a greater number, to page on.")
@_json
@click.pass_obj
def list_entries(settings: Path, state: str | None, target: str | None, limit: int, after: int, as_json: bool) -> int:
    """List entries, without what they hold."""
    with open_app(settings) as app:
        rows = app.store.list(target=target, state=State(state) if state else None, limit=limit, after=after)
    if as_json:
        for row in rows:
            print_json(_plain(row))
        return Exit.DONE
    listed = table("#entry", "target", "state", "code", "activity type", "source", "#attempts", "try again at")
    for row in rows:
        again = row.retry_at.isoformat(timespec="seconds") if row.retry_at and row.state is State.WAITING else ""
        cells = (row.target, row.state.value, row.code or "", row.activity_type, row.source, str(row.attempts), again)
        listed.add_row(str(row.entry_id), *cells)
    out.print(listed)
    if len(rows) == limit:
        out.print(f"there may be more: --after {rows[-1].entry_id}")
    return Exit.DONE


@command.command("show")
@click.argument("entry", type=int)
@click.option("--payload", is_flag=True, help="Also the resources: PERSONAL DATA.")
@click.option("--words", is_flag=True, help="Also the target's own words: may hold PERSONAL DATA.")
@_json
@click.pass_obj
def show(settings: Path, entry: int, payload: bool, words: bool, as_json: bool) -> int:
    """Show one entry, and what the target said of it (redacted)."""
    with open_app(settings) as app:
        shown = app.store.show(entry)
    content = _shown(shown, payload=payload, words=words)
    if as_json:
        print_json(content)
        return Exit.DONE
    rows = table("what", "value")
    for name, value in content.items():
        if name not in ("payload", "words", "findings") and value not in (None, "", False) and value != []:
            rows.add_row(name.replace("_", " "), "\n".join(value) if isinstance(value, list) else str(value))
    out.print(rows)
    if content["findings"]:
        out.print("\nnot delivered, since this was found in what the activity became:")
        for issue in content["findings"]:
            made = f", made in {issue['origin']}" if issue["origin"] else ""
            said_of_it = f"{issue['severity']}: {issue['location']}: {issue['text']} [{issue['rule']}]{made}"
            out.print(f"{issue['resource']}: {said_of_it}", markup=False)
    for said in content["words"]:
        out.print(f"\nthe target said at {said['at']}, {said['status']}:", markup=False)
        out.print_json(data=said["content"], default=str)
    if payload:
        out.print()
        out.print_json(data=content["payload"], default=str)
    return Exit.DONE


@command.command("retry")
@click.argument("entries", type=int, nargs=-1)
@click.option("--parked", is_flag=True, help="All parked entries.")
@click.option("--waiting", is_flag=True, help="All entries that wait for a later time.")
@_target
@_json
@click.pass_obj
def retry(
    settings: Path, entries: tuple[int, ...], parked: bool, waiting: bool, target: str | None, as_json: bool
) -> int:
    """Make entries due now, parked ones and those that wait for a later time; the next run sends them."""
    if bool(entries) == (parked or waiting):
        raise click.UsageError("name entries, or give --parked or --waiting")
    # First those that wait: a parked one that is made due waits, too, and would count twice.
    states = [State.WAITING] * (waiting or bool(entries)) + [State.PARKED] * (parked or bool(entries))
    with open_app(settings) as app:
        number = sum(app.store.retry(entry_ids=entries or None, state=state, target=target) for state in states)
    if as_json:
        print_json({"waiting_again": number})
    else:
        out.print(f"{counted(number, 'entry', 'entries')} to be sent again by `hm-fhir run`")
    return Exit.DONE


@command.command("rejected")
@click.option("--source", help="Only of this source.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Most records to list.")
@click.option("--payload", is_flag=True, help="Also the records, as JSON: PERSONAL DATA.")
@_json
@click.pass_obj
def rejected(settings: Path, source: str | None, limit: int, payload: bool, as_json: bool) -> int:
    """List kept records that could not become activities: where they stand, why, and when they were last read."""
    with open_app(settings) as app:
        records = app.store.rejected(source, limit=limit)
    if as_json or payload:
        for record in records:
            kept = asdict(record)
            if not payload:
                del kept["payload"], kept["document"]
            print_json(kept)
        return Exit.DONE
    listed = table("source", "place", "reason", "what is wrong", "last read")
    for record in records:
        last = record.last_at.isoformat(timespec="seconds")
        listed.add_row(record.source, record.place or "", record.code, record.message, last)
    out.print(listed, markup=False)
    return Exit.DONE


@command.command("forget")
@click.option("--source", help="Only of this source.")
@click.option(
    "--last-read-before",
    "before",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    required=True,
    help="UTC; a record that still stands in its source is read again by every run.",
)
@_json
@click.pass_obj
def forget(settings: Path, source: str | None, before: datetime, as_json: bool) -> int:
    """Drop kept records that were rejected and are no longer in their source (corrected or removed there)."""
    with open_app(settings) as app:
        number = app.store.forget_rejected(before.replace(tzinfo=UTC), source)
    if as_json:
        print_json({"forgotten": number})
    else:
        out.print(f"{counted(number, 'rejected record')} forgotten")
    return Exit.DONE


@command.command("stats")
@_json
@click.pass_obj
def stats(settings: Path, as_json: bool) -> int:
    """Count entries by target and state, and kept records by reason; exit 1 when a sum does not add up."""
    with open_app(settings) as app:
        counts = app.store.counts()
        rejected = app.store.rejected_counts()
    adds_up = not any(one.missing for one in counts.values())
    if as_json:
        targets = {name: target_as_json(one) for name, one in counts.items()}
        kept = {source: dict(codes) for source, codes in rejected.items()}
        print_json({"targets": targets, "rejected_records": kept, "adds_up": adds_up})
        return Exit.DONE if adds_up else Exit.WRONG
    rows = table("target", "#routed", *(f"#{state.value}" for state in State), "sum")
    for name, one in counts.items():
        verdict = "adds up" if not one.missing else "DOES NOT ADD UP"
        rows.add_row(name, str(one.routed), *(str(one.states[state]) for state in State), verdict)
    out.print(rows)
    if rejected:
        out.print()
        kept_rows = table("rejected records of", "reason", "#kept")
        for source, codes in rejected.items():
            for code, number in codes.items():
                kept_rows.add_row(source, code, str(number))
        out.print(kept_rows)
    return Exit.DONE if adds_up else Exit.WRONG


def _plain(row: EntryRow) -> dict[str, Any]:
    kept = asdict(row)
    kept.pop("payload", None)
    return kept


def _shown(shown: Shown, *, payload: bool, words: bool) -> dict[str, Any]:
    content = _plain(shown.entry)
    content.update(holds=list(shown.entry.holds), needs=list(shown.entry.needs), missing=list(shown.missing))
    found = shown.entry.payload.get("issues", [])
    content["findings"] = sorted(found, key=lambda issue: SEVERITIES.index(issue["severity"]))
    content["words"] = [
        {"at": said.at, "status": said.status, "content": said.content if words else redacted(said.content)}
        for said in shown.words
    ]
    if payload:
        content["payload"] = shown.entry.payload
    return content
