"""Rules of contained resources. Source: https://hl7.org/fhir/R4/references.html#contained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hm_fhir.fhir.xhtml import read_xhtml
from hm_fhir.validation.run import Path, Run


def check_contained(resource: Any, path: Path, run: Run) -> None:
    """Report contained resources without an id, with one that stands twice, or that nothing refers to.

    Args:
        resource: the resource that holds them.
        path: where it is.
        run: the validation.
    """
    contained = resource.get("contained")
    if not isinstance(contained, list):
        return
    ids: list[str | None] = []
    for place, one in enumerate(contained):
        name = one.get("id") if isinstance(one, dict) else None
        if not isinstance(name, str):
            name = None
            run.report("error", "invalid", "contained-id", (path, f"contained[{place}]"), "it must have an id")
        elif name in ids:
            problem = "the id of another contained resource"
            run.report("error", "duplicate", "contained-id", (path, f"contained[{place}]"), problem)
        ids.append(name)
    used = _used(resource, contained, ids)
    for place in range(len(contained)):
        if place not in used:
            problem = "nothing in the resource refers to it"
            run.report("error", "invalid", "contained-unreferenced", (path, f"contained[{place}]"), problem)


def _used(resource: Any, contained: list[Any], ids: list[str | None]) -> set[int]:
    """Return the places of those that the resource refers to, that refer to it, or that such a one refers to."""
    base = set(_fragments({key: item for key, item in resource.items() if key != "contained"}))
    inner = [set(_fragments(one)) for one in contained]
    used = set(range(len(contained)))
    while True:
        gone = {
            place
            for place in used
            if ids[place] not in base
            and "" not in inner[place]
            and not any(ids[place] in inner[other] for other in used if other != place)
        }
        if not gone:
            return used
        used -= gone


def _fragments(value: Any) -> Iterator[str]:
    """Yield the ids that references, canonicals, URLs and narratives in a JSON value point to in the resource."""
    todo = [("", value)]
    while todo:
        key, one = todo.pop()
        if isinstance(one, dict):
            todo += one.items()
        elif isinstance(one, list):
            todo += [(key, item) for item in one]
        elif isinstance(one, str):
            if one.startswith("#"):
                if key not in _TEXTS:
                    yield one[1:]
            elif key == "div" and "#" in one:
                links, images = read_xhtml(one).links
                yield from links | images


_TEXTS = frozenset(
    ["valueString", "valueMarkdown", "display", "text", "title", "description", "code", "valueCode", "id"]
)
"""Keys of texts for people and of codes: # has no meaning there."""
