"""The shared texts of a workbook, packed: in UTF-8, one behind the other, instead of one Python object each."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from hm_fhir.sources.workbook import xml

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """Return a text of a workbook with what XML cannot hold, such as ``_x000D_`` (ECMA-376 part 1, 22.4.2.4)."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


class SharedTexts:
    """Texts by number, without the white space around them.

    Args:
        file: the part ``sharedStrings.xml``; None when the workbook has none.

    Raises:
        Unreadable: it is no XML.
    """

    def __init__(self, file: IO[bytes] | None) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])
        if file is not None:
            for text in _texts(file):
                self._bytes += text.strip().encode("utf-8", "surrogatepass")
                self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self):
            raise IndexError(number)
        return self._bytes[self._ends[number] : self._ends[number + 1]].decode("utf-8", "surrogatepass")


class TextParts:
    """Gathers the text of an item: that of its runs, without what is said about its pronunciation.

    Args:
        reader: the parser whose texts are gathered.
        before: prefix of the names of elements.
    """

    def __init__(self, reader: expat.XMLParserType, before: str) -> None:
        self._reader = reader
        self._text, self._spoken = f"{before}t", f"{before}rPh"
        self._is_spoken = False
        self.parts: list[str] = []

    def start(self, name: str) -> None:
        """Take notice of an element that begins."""
        if name == self._text:
            if not self._is_spoken:
                self._reader.CharacterDataHandler = self.parts.append
        elif name == self._spoken:
            self._is_spoken = True

    def end(self, name: str) -> None:
        """Take notice of an element that ends."""
        if name == self._text:
            self._reader.CharacterDataHandler = None
        elif name == self._spoken:
            self._is_spoken = False

    def take(self) -> str:
        """Return the text and begin another one."""
        text = unescaped("".join(self.parts))
        self.parts.clear()
        return text


def _texts(file: IO[bytes]) -> Iterator[str]:
    found: list[str] = []
    reader = xml.parser()

    def root(name: str, _: dict[str, str]) -> None:
        before = xml.prefix(name)
        item, parts = f"{before}si", TextParts(reader, before)

        def end(name: str) -> None:
            if name == item:
                found.append(parts.take())
            else:
                parts.end(name)

        reader.StartElementHandler = lambda name, _: parts.start(name)
        reader.EndElementHandler = end

    reader.StartElementHandler = root
    for _ in xml.feed(reader, file):
        yield from found
        found.clear()
