"""`hm-fhir mappings explain`: which line of which mapping made each element, and from what."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from hm_fhir.activities.model import Activity, rejected
from hm_fhir.app import App, open_app
from hm_fhir.cli.console import Exit, out, table
from hm_fhir.cli.mappings.places import Places
from hm_fhir.errors import MappingError, SettingsError
from hm_fhir.fhir.json import from_json, to_json
from hm_fhir.mapping.files.yaml_file import read_yaml
from hm_fhir.mapping.inspection.explain import explain
from hm_fhir.mapping.inspection.explanation import ExplainedResource, Explanation
from hm_fhir.sources.base import activity_of

_STDIN = "-"


@click.command("explain")
@click.argument("activity")
@click.option("--resource", "names", multiple=True, help="Only this resource, by name or type (can be repeated).")
@click.option("--values", is_flag=True, help="Also the values of the elements: PERSONAL DATA.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each element.")
@click.pass_obj
def command(settings: Path, activity: str, names: tuple[str, ...], values: bool, as_json: bool) -> int:
    """Show for each element that ACTIVITY becomes the place in a mapping file, the expression, and the fields used.

    ACTIVITY is a JSON or YAML file with one activity, or a case; - for standard input; or SOURCE:LOCAL_ID, a record
    of a source. Resources that were not made are listed with what decided it. Exit 1 when it is refused or no mapping
    takes it.
    """
    with open_app(settings) as app:
        explanation = explain(app.mapper, _read(activity, app).for_mapping())
        places = Places(app.mapper.packs)
    wanted = [one for one in explanation.resources if not names or {one.name, one.key.split("/")[0]} & set(names)]
    known = {name for one in explanation.resources for name in (one.name, one.key.split("/")[0])}
    known |= {name for one in explanation.not_made for name in (one.name, one.type)}
    for name in names:
        if explanation.resources and name not in known:
            raise click.UsageError(f"the mapping has no resource {name!r}")
    if as_json:
        for line in _lines(explanation, wanted, values=values):
            out.file.write(to_json(line).decode() + "\n")
    else:
        _print(explanation, wanted, names, places, values=values)
    return Exit.DONE if explanation.mapping and explanation.refused is None else Exit.WRONG


def _read(name: str, app: App) -> Activity:
    source, _, local_id = name.partition(":")
    if name != _STDIN and not Path(name).exists() and source in app.settings.sources:
        return _of_source(app, source, local_id)
    text = sys.stdin.buffer.read() if name == _STDIN else _content(Path(name))
    value = _value(text, "standard input" if name == _STDIN else name)
    if "case" in value and isinstance(value.get("activity"), dict):
        value = value["activity"]
    try:
        return Activity.model_validate({"system": "explain", **value})
    except ValidationError as error:
        raise rejected(error, place=name) from None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"cannot read the activity: {type(error).__name__}",
            place=str(path),
            fix="name a file, - for standard input, or SOURCE:LOCAL_ID with a source of the settings",
        ) from None


def _value(text: bytes, name: str) -> dict[str, Any]:
    try:
        value = from_json(text)
    except ValueError:
        try:
            value = read_yaml(text.decode("utf-8-sig"), name).value
        except (MappingError, UnicodeDecodeError):  # whose excerpt would show a line of the activity
            value = None
    if not isinstance(value, dict):
        raise SettingsError("this is no activity in JSON or YAML", place=name, fix="one JSON object, or YAML")
    return value


def _of_source(app: App, name: str, local_id: str) -> Activity:
    source = app.source(name)
    for record in source.records():
        if record.error is None and local_id in map(str, _texts(record.values)):
            activity = activity_of(source, record)
            if activity.local_id == local_id:
                return activity
    raise SettingsError(f"the source {name!r} has no such activity", fix="look at its local ids")


def _texts(value: Any) -> Iterator[Any]:
    """Yield all values of a record: one that does not hold the local id need not become an activity."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    else:
        yield value


def _lines(explanation: Explanation, wanted: list[ExplainedResource], *, values: bool) -> Iterator[dict[str, object]]:
    for resource in wanted:
        name = resource.name if resource.index is None else f"{resource.name}#{resource.index}"
        if resource.as_of is not None:
            since = resource.as_of
            yield {
                "resource": name,
                "key": resource.key,
                "as_of": since.expression,
                "place": since.place,
                "inputs": since.inputs,
            }
        for element in resource.elements:
            origin = element.origin
            yield {
                "resource": name,
                "key": resource.key,
                "element": element.location,
                "place": origin.place,
                "expression": origin.expression,
                "inputs": origin.inputs,
                "conditions": origin.conditions,
                "added_by_engine": origin.is_added,
                **({"value": element.value} if values else {}),
            }
    for one in explanation.not_made:
        yield {
            "not_made": one.name if one.index is None else f"{one.name}#{one.index}",
            "type": one.type,
            "place": one.place,
            "because": one.because,
            "inputs": one.inputs,
        }
    refused = explanation.refused
    last: dict[str, object] = {"mapping": explanation.mapping, "concept_maps": explanation.concept_maps}
    if refused is not None:
        last["refused"] = {
            "code": refused.code,
            "says": refused.message,
            "place": refused.place,
            "expression": refused.expression,
            "inputs": refused.inputs,
        }
    yield last


def _print(
    explanation: Explanation,
    wanted: list[ExplainedResource],
    names: tuple[str, ...],
    places: Places,
    *,
    values: bool,
) -> None:
    refused = explanation.refused
    if refused is not None:
        out.print(f"refused: {refused.code}: {refused.message}", markup=False)
        out.print(f"{places.short(refused.place)}: {refused.expression}".removesuffix(": "), markup=False)
        if refused.inputs:
            out.print(f"from {', '.join(refused.inputs)}", markup=False)
        return
    if explanation.mapping is None:
        out.print("no mapping is for this activity: no `when` is true")
        return
    out.print(f"mapping {explanation.mapping}, {places.short(explanation.place)}", markup=False)
    headings = ("element", "made by", "from", "place", *(["value"] if values else []))
    for resource in wanted:
        index = "" if resource.index is None else f"#{resource.index}"
        out.print(f"\n{resource.name}{index}, {places.short(resource.place)}", markup=False)
        if resource.as_of is not None:
            of = ", ".join(resource.as_of.inputs)
            place = places.short(resource.as_of.place)
            out.print(f"as of {resource.as_of.expression}, from {of}, {place}", markup=False)
        rows = table(*headings)
        for element in resource.elements:
            origin = element.origin
            made_by = f"engine: {origin.expression}" if origin.is_added else origin.expression
            cells = (element.location, made_by, ", ".join(origin.inputs), places.short(origin.place))
            rows.add_row(*cells, *([to_json(element.value).decode()] if values else []))
        out.print(rows, markup=False)
    not_made = [one for one in explanation.not_made if not names or {one.name, one.type} & set(names)]
    if not_made:
        out.print("\nnot made")
        rows = table("resource", "because", "from", "place")
        for one in not_made:
            name = one.name if one.index is None else f"{one.name}#{one.index}"
            rows.add_row(name, one.because, ", ".join(one.inputs), places.short(one.place))
        out.print(rows, markup=False)
    if explanation.concept_maps and not names:
        used = ", ".join(f"{name} {count}" for name, count in explanation.concept_maps.items())
        out.print(f"\ncodes translated: {used}", markup=False)
