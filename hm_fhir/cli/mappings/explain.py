"""`hm-fhir mappings explain`: which line of which mapping made each element, and from what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from hm_fhir.app import open_app
from hm_fhir.cli.console import Exit, out, table
from hm_fhir.cli.mappings.activity import read_activity
from hm_fhir.cli.mappings.places import Places
from hm_fhir.fhir.json import to_json
from hm_fhir.mapping.inspection.explain import explain
from hm_fhir.mapping.inspection.explanation import ExplainedResource, Explanation


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
    takes it, 2 when it is no activity.
    """
    with open_app(settings) as app:
        explanation = explain(app.mapper, read_activity(activity, app).for_mapping())
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
