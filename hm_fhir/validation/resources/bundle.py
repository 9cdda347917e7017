"""Rules of Bundles that no invariant of R4 states. Source: https://hl7.org/fhir/R4/bundle.html."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hm_fhir.validation.issue import Severity
from hm_fhir.validation.json_parts import text_of
from hm_fhir.validation.primitives.uris import is_absolute
from hm_fhir.validation.references import BundleIndex, parse_reference
from hm_fhir.validation.resources.linked_entries import check_linked
from hm_fhir.validation.run import Path, Run

Json = dict[str, Any]

_CHANGES: Final = frozenset(["transaction", "transaction-response", "batch", "batch-response"])
_PAGES: Final = frozenset(["first", "previous", "next", "last"])
_STYLE: Final = "https://hl7.org/fhir/fhir.css"


def check_bundle(value: Any, path: Path, run: Run) -> None:
    """Report what is wrong with a Bundle as a whole: its links, the URLs of its entries, what its type asks for.

    References between its entries are checked where they stand (`hm_fhir.validation.datatypes.check_reference`).

    Args:
        value: the Bundle.
        path: where it is.
        run: the validation.
    """
    kind = value.get("type")
    kind = kind if isinstance(kind, str) else ""
    entries = list(_objects(value.get("entry")))
    _check_links(value, kind, entries, path, run)
    for place, entry in entries:
        _check_full_url(entry, kind, (path, f"entry[{place}]"), run)
    if kind in ("document", "message"):
        _check_first(value, kind, entries, path, run)
    elif kind == "searchset" and entries:
        _check_search(value, entries, path, run)
    elif kind in ("transaction", "batch"):
        for place, entry in entries:
            _check_request(entry, (path, f"entry[{place}]"), run)


def _objects(value: Any) -> Iterator[tuple[int, Json]]:
    if isinstance(value, list):
        yield from ((place, one) for place, one in enumerate(value) if isinstance(one, dict))


def _resource(entry: Json) -> Json | None:
    found = entry.get("resource")
    return found if isinstance(found, dict) else None


def _check_links(value: Any, kind: str, entries: list[tuple[int, Json]], path: Path, run: Run) -> None:
    seen: set[str] = set()
    paged = kind in ("searchset", "history")
    for place, link in _objects(value.get("link")):
        relation, here = link.get("relation"), (path, f"link[{place}]")
        if not isinstance(relation, str):
            continue
        if relation in _PAGES and not paged:
            problem = "links between pages belong to searchset and history bundles only"
            run.report("error", "invalid", "bundle-link", here, problem)
        elif relation in seen and (relation == "self" or relation in _PAGES):
            run.report("error", "invalid", "bundle-link", here, "a link of this relation stands twice")
        elif relation == "stylesheet" and kind == "document":
            _check_style(link.get("url"), entries, here, run)
        seen.add(relation)


def _check_style(url: Any, entries: list[tuple[int, Json]], path: Path, run: Run) -> None:
    if not isinstance(url, str) or url == _STYLE:
        return
    if is_absolute(url):
        problem = f"a stylesheet outside of the document should be {_STYLE} only"
        run.report("warning", "business-rule", "bundle-link", path, problem)
    elif not any(
        f"{one.get('resourceType')}/{one.get('id')}" == url for _, entry in entries if (one := _resource(entry))
    ):
        run.report("error", "not-found", "bundle-link", path, "no entry of the document is the stylesheet")


def _check_full_url(entry: Json, kind: str, path: Path, run: Run) -> None:
    url, resource = entry.get("fullUrl"), _resource(entry)
    if url is None:
        if kind not in _CHANGES and "_fullUrl" not in entry:
            problem = "an entry must have a fullUrl, unless the bundle is a transaction or a batch"
            run.report("error", "required", "bundle-full-url", path, problem)
        return
    if not isinstance(url, str) or not url:
        return
    if not is_absolute(url):
        run.report("error", "invalid", "bundle-full-url", path, "fullUrl must be an absolute URL")
        return
    if resource is None:
        return
    identifier, parsed = resource.get("id"), parse_reference(url)
    if parsed.form == "absolute" and parsed.type is not None and url.startswith("http"):
        if identifier is None:
            problem = "fullUrl is the URL of a resource on a server, but the resource has no id"
            run.report("error", "invalid", "bundle-full-url", path, problem)
        elif parsed.version is not None or parsed.type != resource.get("resourceType") or parsed.id != identifier:
            problem = "fullUrl must end with the type and the id of the resource"
            run.report("error", "invalid", "bundle-full-url", path, problem)
    elif url == resource.get("url"):
        problem = "fullUrl must not be the canonical URL of the resource, unless it is also its URL on a server"
        run.report("error", "invalid", "bundle-full-url", path, problem)


def _check_first(value: Json, kind: str, entries: list[tuple[int, Json]], path: Path, run: Run) -> None:
    """Check what a document or a message starts with, and that everything in it belongs together."""
    expected = "Composition" if kind == "document" else "MessageHeader"
    if not entries:
        run.report("error", "invalid", "bundle-first-entry", path, f"a {kind} must start with a {expected}")
        return
    place, entry = entries[0]
    here, first = (path, f"entry[{place}]"), _resource(entry)
    if first is None:
        problem = f"the first entry of a {kind} must hold a {expected}"
        run.report("error", "invalid", "bundle-first-entry", here, problem)
        if kind == "message":
            return
    elif first.get("resourceType") != expected:
        problem = f"the first entry of a {kind} must be a {expected}"
        run.report("error", "invalid", "bundle-first-entry", (here, "resource"), problem)
    index = run.bundle if isinstance(run.bundle, BundleIndex) else BundleIndex(value)
    check_linked(value, entries, index, path, run)


def _check_search(value: Json, entries: list[tuple[int, Json]], path: Path, run: Run) -> None:
    """Check the entries of a search result (https://hl7.org/fhir/R4/bundle.html#searchset)."""
    itself = next((link for _, link in _objects(value.get("link")) if link.get("relation") == "self"), None)
    if itself is None:
        problem = "a search result should have a link self that says what was searched for"
        run.report("warning", "invalid", "bundle-search", path, problem)
    wanted = _searched_types(itself.get("url") if itself else None)
    modes = [_mode(entry) for _, entry in entries]
    if not any(modes):
        problem = "the entries of a search result should say their search mode"
        run.report("warning", "invalid", "bundle-search", path, problem)
    for (place, entry), mode in zip(entries, modes, strict=True):
        here, resource = (path, f"entry[{place}]"), _resource(entry)
        if resource is None:
            run.report("error", "invalid", "bundle-search", here, "an entry of a search result must have a resource")
            continue
        _check_found(resource, mode, wanted, (here, "resource"), run)
        if mode is None and any(modes):
            problem = "the entry should say its search mode, as others do"
            run.report("warning", "invalid", "bundle-search", here, problem)


def _check_found(resource: Json, mode: str | None, wanted: frozenset[str], path: Path, run: Run) -> None:
    kind = text_of(resource, "resourceType")
    if mode == "outcome":
        if kind != "OperationOutcome":
            problem = "an entry of search mode outcome must be an OperationOutcome"
            run.report("error", "invalid", "bundle-search", path, problem)
        return
    if "id" not in resource and kind != "OperationOutcome":
        severity: Severity = "error" if mode in ("match", "include") else "warning"
        run.report(severity, "invalid", "bundle-search", path, "what a search found must have an id")
    if wanted and kind not in wanted and mode != "include" and kind != "OperationOutcome":
        severity = "error" if mode == "match" else "warning"
        problem = "the search of the link self does not find resources of this type"
        run.report(severity, "invalid", "bundle-search", path, problem)


def _mode(entry: Json) -> str | None:
    search = entry.get("search")
    mode = search.get("mode") if isinstance(search, dict) else None
    return mode if isinstance(mode, str) else None


def _searched_types(url: Any) -> frozenset[str]:
    """Return the types of resource that a search URL finds; empty: not known."""
    if not isinstance(url, str):
        return frozenset()
    head, _, query = url.partition("?")
    steps = [step for step in head.split("/") if step]
    if steps and steps[-1] == "_search":
        steps.pop()
    if steps and parse_reference(f"{steps[-1]}?").type is not None:
        return frozenset([steps[-1]])
    types = [one[6:] for one in query.split("&") if one.startswith("_type=")]
    return frozenset(name for one in types for name in one.split(",") if name)


def _check_request(entry: Json, path: Path, run: Run) -> None:
    """Warn of requests that a server will refuse (https://hl7.org/fhir/R4/http.html#transaction)."""
    request, resource = entry.get("request"), _resource(entry)
    if not isinstance(request, dict):
        return
    method, url = request.get("method"), request.get("url")
    if not isinstance(url, str):
        return
    if method in ("POST", "PUT") and resource is None and "$" not in url:
        problem = f"a request with {method} needs a resource"
    elif method == "POST" and resource is not None and url.rpartition("/")[2] != resource.get("resourceType"):
        problem = "the URL of a POST is the type of the resource"
        if "$" in url or url == "":
            return
    elif method == "PUT" and resource is not None and not _put_fits(url, resource):
        problem = "the URL of a PUT is the type and the id of the resource, or its type and a search"
    else:
        return
    run.report("warning", "business-rule", "bundle-request", (path, "request"), problem)


def _put_fits(url: str, resource: Json) -> bool:
    parsed = parse_reference(url)
    if parsed.type != resource.get("resourceType"):
        return False
    return parsed.form == "conditional" or parsed.id == resource.get("id")
