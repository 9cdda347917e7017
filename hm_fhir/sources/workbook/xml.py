"""XML of a workbook, a piece at a time.

Names are compared without their prefix: the transitional and the strict form of Office Open XML differ in namespaces
only (ECMA-376). A document type is refused: no workbook has one, and it could make a small file swell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from hm_fhir.sources.workbook.cells import Unreadable

PIECE = 65_536
"""Bytes that are read at once."""


def parser() -> expat.XMLParserType:
    """Return a parser that refuses document types and gives texts whole."""
    made = expat.ParserCreate()
    made.buffer_text = True
    made.StartDoctypeDeclHandler = _refuse
    return made


def elements(file: IO[bytes]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each element that begins: its name and its attributes, both without prefixes.

    Raises:
        Unreadable: it is no XML.
    """
    found: list[tuple[str, dict[str, str]]] = []
    reader = parser()
    reader.StartElementHandler = lambda name, attributes: found.append(
        (local(name), {local(key): value for key, value in attributes.items()})
    )
    for _ in feed(reader, file):
        yield from found
        found.clear()


def feed(reader: expat.XMLParserType, file: IO[bytes]) -> Iterator[None]:
    """Give a file to a parser, a piece at a time; yields after each.

    Raises:
        Unreadable: it is no XML.
    """
    try:
        while piece := file.read(PIECE):
            reader.Parse(piece, False)
            yield
        reader.Parse(b"", True)
    except expat.ExpatError:
        raise Unreadable("the workbook is damaged: a part of it is not XML") from None
    yield


def local(name: str) -> str:
    """Return a name without its prefix."""
    return name.rpartition(":")[2]


def prefix(name: str) -> str:
    """Return the prefix of a name, with its colon; empty when it has none."""
    before, colon, _ = name.rpartition(":")
    return before + colon


def _refuse(*_: object) -> None:
    raise Unreadable("the workbook has a document type, which no workbook has")
