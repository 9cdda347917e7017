"""The XHTML of a narrative: what it may hold, what it links to. Source: https://hl7.org/fhir/R4/narrative.html#xhtml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple
from xml.etree import ElementTree

XHTML_NAMESPACE: Final = "http://www.w3.org/1999/xhtml"
_XHTML: Final = f"{{{XHTML_NAMESPACE}}}"
_XML: Final = "{http://www.w3.org/XML/1998/namespace}"


FlawKind = Literal["content", "empty", "xml", "namespace", "structure", "link", "id", "language"]


class Flaw(NamedTuple):
    """Something that a narrative must not, or should not, hold.

    Args:
        severity: error, warning or information.
        kind: what it offends: content (elements and attributes), empty, xml (not well-formed), namespace, structure,
            link, id or language.
        text: what is wrong; it shows names of HTML only, never a text or an address.
    """

    severity: Literal["error", "warning", "information"]
    kind: FlawKind
    text: str


@dataclass(frozen=True, slots=True)
class Xhtml:
    """What was found in a narrative.

    Args:
        flaws: what is wrong with it.
        ids: ids and anchor names in it.
        links: what its links and images point to inside the resource (``#x`` without the ``#``): of links, of images.
        languages: ``lang`` and ``xml:lang`` of the outermost element.
        sections: whether all it holds are parts with a language of their own.
    """

    flaws: tuple[Flaw, ...] = ()
    ids: frozenset[str] = frozenset()
    links: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    languages: tuple[str | None, str | None] = (None, None)
    sections: bool = False

    @property
    def safe(self) -> bool:
        """Whether nothing is wrong with it."""
        return all(flaw.severity != "error" for flaw in self.flaws)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Chapters 7 to 11 (without section 4 of chapter 9) and 15 of HTML 4.0, links and images; without what does the work
# of style attributes, as the official validation has it.
_ELEMENTS: Final = _words(
    "p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite blockquote hr address "
    "bdo kbd sub sup ul ol li dl dt dd pre table caption colgroup col thead tr tfoot tbody th td code samp img map "
    "area"
)
_ATTRIBUTES: Final = _words(
    "title style class id lang dir accesskey tabindex span width align valign char charoff abbr axis headers scope "
    "rowspan colspan"
)
_OWN_ATTRIBUTES: Final = _words(
    "a.href a.name a.charset a.type a.hreflang a.rel a.rev a.shape a.coords img.src img.border img.alt img.longdesc "
    "img.height img.width img.usemap img.ismap blockquote.cite q.cite map.name area.shape area.coords area.href "
    "area.nohref area.alt table.summary table.width table.border table.frame table.rules table.cellspacing "
    "table.cellpadding pre.space td.nowrap"
)
_INLINE: Final = _words(
    "a b em i strong small big sub sup code tt dfn q var abbr acronym cite bdo kbd samp"
)  # none of them holds itself
_TEXT_ONLY: Final = _INLINE | _words("p h1 h2 h3 h4 h5 h6 pre address span caption dd dt")
_BLOCKS: Final = _words("div pre table ul ol")
_NOT_IN_P: Final = _words("div blockquote table ol ul p")
_EMPTY: Final = _words("br img hr area")
_CHILDREN: Final = {
    "table": _words("tbody tr caption thead tfoot col colgroup"),
    "tr": _words("td th"),
    "tbody": _words("tr"),
    "thead": _words("tr"),
    "tfoot": _words("tr"),
    "ul": _words("li"),
    "ol": _words("li"),
    "dl": _words("dt dd"),
    "map": _words("area"),
}
_PARENTS: Final = {
    "tr": _words("table thead tfoot tbody"),
    "tbody": _words("table"),
    "thead": _words("table"),
    "tfoot": _words("table"),
    "caption": _words("table"),
    "colgroup": _words("table"),
    "col": _words("colgroup table"),
    "th": _words("tr thead tfoot"),
    "td": _words("tr thead tfoot"),
    "li": _words("ul ol"),
    "dd": _words("dl"),
    "dt": _words("dl"),
}
_ADDRESS: Final = re.compile(r"[\w;?:@&=+$.,/%\-~#\[\]!'()*|]*").fullmatch
_DATA: Final = re.compile(r"data:([^,]*),([^,]*)").fullmatch
# Data of an image may stand inline; data of another kind could be a page that runs a script.
_IMAGE_DATA: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp|bmp)(?:;[^,]*)?,", re.IGNORECASE).match
_SCRIPTS: Final = ("javascript:", "vbscript:")
_COMMON_SCHEMES: Final = ("http", "https", "tel", "mailto", "data")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):").match

_NOT_XML: Final = Xhtml((Flaw("error", "xml", "it must be one well-formed XHTML div; &nbsp; is not known in XML"),))
_MARKED: Final = Xhtml(
    (Flaw("error", "xml", "it must not have a document type, CDATA, processing instructions or entities of its own"),)
)
_marks: Final = re.compile(r"<(?:\?|!(?!--))").search


def read_xhtml(text: str) -> Xhtml:
    """Return what the text of a narrative's ``div`` holds, and what is wrong with it.

    Time and memory grow with its length only: there are no entities to expand, and no recursion.
    """
    if _marks(text):
        return _MARKED
    try:
        root = ElementTree.fromstring(text.strip())  # noqa: S314 - without a document type there is nothing to expand
    except (ElementTree.ParseError, ValueError):
        return _NOT_XML
    return _Reader().read(root)


class _Reader:
    """Goes through the elements once and notes each kind of flaw once."""

    def __init__(self) -> None:
        self.flaws: dict[Flaw, None] = {}
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.images: set[str] = set()
        self.filled = False

    def flaw(self, kind: FlawKind, text: str, severity: Literal["error", "warning", "information"] = "error") -> None:
        self.flaws[Flaw(severity, kind, text)] = None

    def read(self, root: ElementTree.Element) -> Xhtml:
        namespace, _, name = root.tag.rpartition("}")
        if namespace != _XHTML[:-1]:
            self.flaw("namespace", f"the namespace of the div must be {XHTML_NAMESPACE}")
        if name != "div":
            self.flaw("structure", "the outermost element must be div")
        self.attributes(root, name)
        self.filled = _is_text(root.text)
        todo = [(child, name, frozenset[str](), False) for child in reversed(root)]
        while todo:
            element, parent, inline, in_p = todo.pop()
            self.filled = self.filled or _has_text(element)
            tag = element.tag
            if tag.startswith(_XHTML):
                tag = tag[len(_XHTML) :]
            elif namespace or tag.startswith("{"):
                self.flaw("namespace", f"all elements must be in the namespace {XHTML_NAMESPACE}")
                tag = tag.rpartition("}")[2]
            if tag not in _ELEMENTS:
                self.flaw("content", f"the element {_shown(tag)} is not allowed")
            self.attributes(element, tag)
            self.structure(element, tag, parent, inline, in_p)
            if tag in _TEXT_ONLY:
                inline = inline | {tag}
            in_p = in_p or tag == "p"
            todo += [(child, tag, inline, in_p) for child in reversed(element)]
        if not self.filled:
            self.flaw("empty", "the narrative must hold some text or an image")
        sectioned = [child for child in root if child.tag.endswith("}div") and child.get(f"{_XML}lang")]
        if sectioned and (len(sectioned) != len(root) or _own_text(root)):
            self.flaw("language", "some parts have a language of their own, others have not", "warning")
        outer = sectioned[0] if sectioned and len(sectioned) == len(root) else root
        return Xhtml(
            tuple(self.flaws),
            frozenset(self.ids),
            (frozenset(self.links), frozenset(self.images)),
            (outer.get("lang"), outer.get(f"{_XML}lang")),
            outer is not root,
        )

    def attributes(self, element: ElementTree.Element, tag: str) -> None:
        for name, value in element.attrib.items():
            plain = name.removeprefix(_XML)
            if name == f"{_XML}space":
                self.flaw("content", "xml:space should not be used", "information")
            elif plain not in _ATTRIBUTES and f"{tag}.{name}" not in _OWN_ATTRIBUTES:
                self.flaw("content", f"the attribute {_shown(plain)} of {_shown(tag)} is not allowed")
            elif name == "id" or (name == "name" and tag == "a"):
                if value in self.ids and not (name == "name" and element.get("id") == value):
                    self.flaw("id", "an id stands twice in it", "warning")
                self.ids.add(value)
            elif name in ("href", "src"):
                self.address(value, tag)

    def address(self, value: str, tag: str) -> None:
        wanted = value.strip().lower()
        scheme = _SCHEME(wanted)
        if not wanted:
            self.flaw("link", f"the address of {tag} must not be empty")
        elif wanted.startswith(_SCRIPTS) or (wanted.startswith("data:") and not _IMAGE_DATA(wanted)):
            self.flaw("link", f"the address of {tag} must not run anything")
        elif value.startswith("data:"):
            if not _DATA(value):
                self.flaw("link", f"the data of {tag} is not written as a data: URL")
        elif not _ADDRESS(value):
            self.flaw("link", f"the address of {tag} holds a character that URLs do not have")
        elif value.startswith("#"):
            if len(value) > 1:
                (self.images if tag == "img" else self.links).add(value[1:])
        elif tag == "a" and scheme is not None:
            if scheme[1] in ("urn", "cid"):
                self.flaw("link", "a link must lead somewhere; urn: and cid: do not")
            elif scheme[1] not in _COMMON_SCHEMES:
                self.flaw("link", "the scheme of a link is an uncommon one", "information")

    def structure(
        self, element: ElementTree.Element, tag: str, parent: str, inline: frozenset[str], in_p: bool
    ) -> None:
        if (inline and tag in _BLOCKS) or (in_p and tag in _NOT_IN_P):
            self.flaw("structure", f"the element {tag} must not stand inside of a paragraph or other text")
        elif tag in inline and tag in _INLINE:
            self.flaw("structure", f"the element {tag} must not stand inside of itself")
        parents = _PARENTS.get(tag)
        if parents is not None and parent not in parents:
            self.flaw("structure", f"the element {tag} must stand in {' or '.join(sorted(parents))}")
        if tag in _EMPTY and (len(element) or element.text):
            self.flaw("structure", f"the element {tag} must be empty")
        children = _CHILDREN.get(tag)
        if children is not None and (_own_text(element) or any(_name(child) not in children for child in element)):
            self.flaw("structure", f"the element {tag} must hold {', '.join(sorted(children))} only")


def _has_text(element: ElementTree.Element) -> bool:
    return _is_text(element.text) or _is_text(element.tail) or _name(element) == "img"


def _own_text(element: ElementTree.Element) -> bool:
    return _is_text(element.text) or any(_is_text(child.tail) for child in element)


def _is_text(text: str | None) -> bool:
    return bool(text and text.strip(" \t\r\n"))  # white space of XML: a no-break space is a character


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _shown(name: str) -> str:
    """Return a name of HTML; what is longer or stranger than that could be data."""
    return name if name.isascii() and name.replace("-", "").isalnum() and len(name) <= 20 else "with a strange name"
