"""What belongs together in a document or a message: references that lead to entries, entries that are reached.

Source: https://hl7.org/fhir/R4/documents.html#content and https://hl7.org/fhir/R4/messaging.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hm_fhir.validation.json_parts import listed
from hm_fhir.validation.references import BundleIndex, references_in
from hm_fhir.validation.run import Path, Run

Json = dict[str, Any]

_OF_COMPOSITION: Final = ("subject", "author", "encounter", "custodian", "attester.party", "event.detail")
_OF_SECTION: Final = ("author", "focus", "entry")


def check_linked(value: Json, entries: list[tuple[int, Json]], index: BundleIndex, path: Path, run: Run) -> None:
    """Report what a document or a message refers to and does not hold, and what it holds without need.

    Args:
        value: the Bundle.
        entries: its entries, with their positions; at least one.
        index: the index of its entries.
        path: where the Bundle is.
        run: the validation.
    """
    document = value.get("type") == "document"
    held = {place: resource for place, entry in entries if isinstance(resource := entry.get("resource"), dict)}
    first, _ = entries[0]
    start = held.get(first)
    if start is not None:
        wanted = _of_document(start) if document else _members(start, "focus")
        for step, reference in wanted:
            if not index.matches(reference, start):
                here = (((path, f"entry[{first}]"), "resource"), step)
                problem = f"the {'document' if document else 'message'} must hold what it refers to here"
                run.report("error", "not-found", "bundle-reference", here, problem)
    _check_reached(value, held, index, path, run)


def _of_document(composition: Json) -> Iterator[tuple[str, str]]:
    """Yield step and text of the references of a Composition that the document must hold."""
    if composition.get("resourceType") != "Composition":
        return
    for name in _OF_COMPOSITION:
        yield from _members(composition, name)
    todo = [("", composition)]
    while todo:
        step, part = todo.pop()
        for place, section in enumerate(listed(part, "section")):
            if isinstance(section, dict):
                here = f"{step}section[{place}]."
                for name in _OF_SECTION:
                    yield from ((f"{here}{inner}", text) for inner, text in _members(section, name))
                todo.append((here, section))


def _members(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield step and text of the references in an element."""
    name, _, inner = name.partition(".")
    found = value.get(name) if isinstance(value, dict) else None
    many = isinstance(found, list)
    for place, one in enumerate(found if isinstance(found, list) else [found]):
        step = f"{name}[{place}]" if many else name
        if inner:
            yield from ((f"{step}.{under}", text) for under, text in _members(one, inner))
        elif isinstance(one, dict) and isinstance(text := one.get("reference"), str) and not text.startswith("#"):
            yield step, text


def _check_reached(value: Json, held: dict[int, Json], index: BundleIndex, path: Path, run: Run) -> None:
    """Report entries that nothing leads to from the first one, forwards or backwards."""
    places = {id(resource): place for place, resource in held.items()}
    targets: dict[int, set[int]] = {place: set() for place in held}
    for place, resource in held.items():
        for text, is_reference in references_in(resource):
            if text.startswith("#"):
                continue
            found = index.matches(text.partition("#")[0], resource)
            targets[place].update(places[id(one)] for one in found if id(one) in places)
            if not found and is_reference and index.same_name(text):
                problem = "a reference has the type and id of an entry, but means another server than its fullUrl"
                here = ((path, f"entry[{place}]"), "resource")
                run.report("error", "invalid", "bundle-reference", here, problem)
    reached = _closure({min(held, default=0), *_styles(value, held)}, targets)
    document = value.get("type") == "document"
    again = True
    while again:
        again = False
        for place, resource in held.items():
            if place not in reached and not targets[place].isdisjoint(reached):
                again = True
                reached |= _closure({place}, targets)
                if document and resource.get("resourceType") != "Provenance":
                    problem = "nothing leads from the Composition to the entry; only a Provenance may stand so"
                    run.report("warning", "invalid", "bundle-orphan", (path, f"entry[{place}]"), problem)
    for place in held.keys() - reached:
        problem = f"the entry has no link with the {'Composition' if document else 'MessageHeader'}"
        run.report("error" if document else "warning", "invalid", "bundle-orphan", (path, f"entry[{place}]"), problem)


def _closure(start: set[int], targets: dict[int, set[int]]) -> set[int]:
    reached: set[int] = set()
    todo = list(start)
    while todo:
        one = todo.pop()
        if one not in reached:
            reached.add(one)
            todo += targets.get(one, ())
    return reached


def _styles(value: Json, held: dict[int, Json]) -> set[int]:
    urls = {
        link.get("url")
        for link in listed(value, "link")
        if isinstance(link, dict) and link.get("relation") == "stylesheet" and isinstance(link.get("url"), str)
    }
    return {place for place, one in held.items() if f"{one.get('resourceType')}/{one.get('id')}" in urls}
