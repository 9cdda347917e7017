"""References between resources: what their text says, and which resource of a Bundle they mean.

Source: https://hl7.org/fhir/R4/references.html and https://hl7.org/fhir/R4/bundle.html#references.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, Literal, NamedTuple

from hm_fhir.fhir.definitions import r4
from hm_fhir.validation.json_parts import listed, text_of
from hm_fhir.validation.primitives.uris import is_absolute

Form = Literal["relative", "absolute", "urn", "contained", "conditional", "odd"]


class ParsedReference(NamedTuple):
    """What the text of a reference says.

    Args:
        form: relative (``Type/id``), absolute (a URL), urn (``urn:uuid:``, ``urn:oid:``), contained (``#id``),
            conditional (``Type?query``), odd: none of these.
        type: name of the resource type that it shows; None when it shows none.
        id: logical id of the resource, or the id behind ``#``.
        version: what stands behind ``/_history/``.
        base: what stands before ``Type/id`` of an absolute one, with the slash at its end.
    """

    form: Form
    type: str | None = None
    id: str | None = None
    version: str | None = None
    base: str = ""


_ID: Final = r"[A-Za-z0-9\-.]{1,64}"
_rest: Final = re.compile(rf"(.*/)?([A-Z][A-Za-z]*)/({_ID})(?:/_history/({_ID}))?", re.DOTALL).fullmatch
_full_query: Final = re.compile(r"[_a-zA-Z][_a-zA-Z0-9.:\-]*=[^=&]*(?:&[_a-zA-Z][_a-zA-Z0-9.:\-]*=[^=&]*)*").fullmatch
_ODD: Final = ParsedReference("odd")


@cache
def resource_types() -> frozenset[str]:
    """Return the names of all types of resource in R4."""
    return frozenset(r4().resource_types)


def parse_reference(text: str) -> ParsedReference:
    """Return what the text of ``Reference.reference`` says; it never fails.

    Args:
        text: the text.
    """
    if text.startswith("#"):
        return ParsedReference("contained", id=text[1:])
    if text.startswith("urn:"):
        return ParsedReference("urn")
    found = _rest(text)
    if found is not None and found[2] in resource_types():
        base = found[1] or ""
        if not base or is_absolute(base):
            return ParsedReference("absolute" if base else "relative", found[2], found[3], found[4], base)
    kind, mark, _ = text.partition("?")
    if mark and kind in resource_types():
        return ParsedReference("conditional", kind)
    return ParsedReference("absolute") if is_absolute(text) else _ODD


def is_search(text: str) -> bool:
    """Return whether a text is a search URL such as ``Patient?identifier=a|b`` (a conditional reference)."""
    kind, mark, query = text.partition("?")
    return bool(mark) and kind in resource_types() and _full_query(query) is not None


class BundleIndex:
    """The resources of a Bundle by the ways in which references may name them.

    Args:
        bundle: the JSON of the Bundle; what is malformed in it is left out.
    """

    def __init__(self, bundle: Any) -> None:
        self.type: str = text_of(bundle, "type") or ""
        self.entries: list[Any] = listed(bundle, "entry")
        self._urls: dict[str, list[Any]] = {}
        self._names: dict[str, list[Any]] = {}
        self._homes: dict[int, str | None] = {}
        for entry in self.entries:
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict):
                continue
            url = text_of(entry, "fullUrl")
            self._homes[id(resource)] = url
            for contained in listed(resource, "contained"):
                self._homes[id(contained)] = url
            if url is not None:
                self._urls.setdefault(url, []).append(resource)
            kind, identifier = text_of(resource, "resourceType"), text_of(resource, "id")
            if kind is not None and identifier is not None:
                self._names.setdefault(f"{kind}/{identifier}", []).append(resource)

    def full_url(self, resource: Any) -> str | None:
        """Return the fullUrl of the entry that a resource is in; None when it has none."""
        return self._homes.get(id(resource))

    def holds(self, resource: Any) -> bool:
        """Return whether a resource is in one of the entries."""
        return id(resource) in self._homes

    def resolve(self, reference: str, resource: Any) -> Any:
        """Return the resource that a reference means, or None.

        Args:
            reference: text of the reference; not one that starts with ``#``.
            resource: the resource that it stands in.
        """
        found = self.matches(reference, resource)
        return found[0] if found else None

    def matches(self, reference: str, resource: Any) -> list[Any]:
        """Return the resources that a reference means; more than one is an error in the Bundle.

        Args:
            reference: text of the reference.
            resource: the resource that it stands in.
        """
        url = self.absolute(reference, self.full_url(resource))
        if url is None:
            return []
        plain, mark, version = url.partition("/_history/")
        if not mark:
            return self._urls.get(plain, [])
        of_version = [one for one in self._urls.get(plain, ()) if _version(one) == version]
        return of_version or self._urls.get(url, [])

    def same_name(self, reference: str) -> list[Any]:
        """Return the resources with the type and id that a relative reference says, wherever they belong."""
        return self._names.get(reference.partition("/_history/")[0], [])

    def of_url(self, reference: str) -> list[Any]:
        """Return the resources of a fullUrl, of whatever version."""
        return self._urls.get(reference.partition("/_history/")[0], [])

    @staticmethod
    def absolute(reference: str, full_url: str | None) -> str | None:
        """Return the URL that a reference means where it stands.

        Args:
            reference: text of the reference.
            full_url: fullUrl of the entry around it: a relative reference belongs to the same server.
        """
        if is_absolute(reference):
            return reference
        if full_url is None:
            return None
        if full_url.startswith("urn:"):
            # On the way to a server both get URLs of their own; until then the id of a urn:uuid: is all there is.
            name = reference.partition("/_history/")[0].partition("/")[2]
            return f"{full_url.rpartition(':')[0]}:{name}" if name else None
        base = full_url.partition("/_history/")[0].rsplit("/", 2)
        return f"{base[0]}/{reference}" if len(base) == 3 else None


def _version(resource: Any) -> str | None:
    return text_of(resource.get("meta"), "versionId")


def references_in(value: Any) -> Iterator[tuple[str, bool]]:
    """Yield the texts in a resource that may point to other resources, and whether each is a Reference.

    Beside References these are links: texts of elements that are URLs (``url``, ``valueUri``). Entries of a Bundle
    inside are left out.

    Args:
        value: JSON of a resource.
    """
    todo: list[Any] = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, list):
            todo += one
        elif isinstance(one, dict):
            text = one.get("reference")
            if isinstance(text, str):
                yield text, True
            for key, item in one.items():
                if isinstance(item, str):
                    if key in _LINKS:
                        yield item, False
                elif key in _LINKS and isinstance(item, list):
                    yield from ((text, False) for text in item if isinstance(text, str))
                elif not (key == "entry" and one.get("resourceType") == "Bundle"):
                    todo.append(item)


_LINKS: Final = frozenset(["url", "uri", "valueUri", "valueUrl"])
