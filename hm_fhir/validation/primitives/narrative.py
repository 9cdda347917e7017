"""The narrative of a resource: safe XHTML with something in it. Source: https://hl7.org/fhir/R4/narrative.html."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hm_fhir.fhir.xhtml import FlawKind, read_xhtml
from hm_fhir.validation.issue import Code
from hm_fhir.validation.run import Path, Run

_RULES: Final[dict[FlawKind, tuple[Code, str]]] = {
    "content": ("invariant", "txt-1"),
    "empty": ("invariant", "txt-2"),
    "xml": ("invalid", "narrative-xml"),
    "namespace": ("invalid", "narrative-namespace"),
    "structure": ("structure", "narrative-structure"),
    "link": ("invalid", "narrative-link"),
    "id": ("business-rule", "narrative-id"),
    "language": ("business-rule", "narrative-language"),
}
"""Kind of flaw -> code and rule; the first two are invariants of Narrative, in R4 without a place."""


def check_narrative(value: Any, path: Path, run: Run) -> None:
    """Report what is wrong with the XHTML of a Narrative, and links in it that lead nowhere.

    Args:
        value: the Narrative.
        path: where it is.
        run: the validation.
    """
    text = value.get("div")
    if not isinstance(text, str) or not text:
        return
    here = (path, "div")
    found = read_xhtml(text)
    for flaw in found.flaws:
        code, rule = _RULES[flaw.kind]
        run.report(flaw.severity, code, rule, here, flaw.text)
    links, images = found.links
    missing = (links | images) - found.ids
    if missing:
        missing -= _ids(run.root)
    if missing:
        what = "a link" if missing & links else "an image"
        run.report("error", "invalid", "narrative-link", here, f"{what} leads to an id that is not in the resource")


def check_language(resource: Any, path: Path, run: Run) -> None:
    """Warn when the narrative does not say that it is in the language of its resource.

    Args:
        resource: a resource.
        path: where it is.
        run: the validation.
    """
    language, narrative = resource.get("language"), resource.get("text")
    text = narrative.get("div") if isinstance(narrative, dict) else None
    if not isinstance(language, str) or not isinstance(text, str):
        return
    plain, xml = read_xhtml(text).languages
    if plain is None and xml is None:
        problem = "the div of the narrative should say its language, because the resource does"
    elif plain is None or xml is None:
        problem = "the div of the narrative should say its language with lang and with xml:lang"
    elif plain != language or xml not in (language, plain):
        problem = "the language of the narrative is not the one of the resource"
    else:
        return
    run.report("warning", "business-rule", "narrative-language", path, problem)


def _ids(value: Any) -> frozenset[str]:
    """Return all ids in a resource, of elements and of what is inside of it."""
    return frozenset(found for found in _walk(value) if isinstance(found, str))


def _walk(value: Any) -> Iterator[Any]:
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            yield one.get("id")
            todo += one.values()
        elif isinstance(one, list):
            todo += one
