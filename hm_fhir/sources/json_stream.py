"""The documents of a JSON text, one after the other: the text is never in memory as a whole (RFC 8259).

Only where a document begins and ends is looked for here; whether it is JSON its own reader says. So one bad document
does not take the others with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import IO, Any

import msgspec

PIECE = 262_144
"""Bytes that are read at once."""
MOST_BYTES = 64_000_000
"""A document that is longer is none."""
_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_INSIDE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.DOTALL)
_END_OF_SIMPLE = re.compile(rb"[,\]}\s]")
_BOM = b"\xef\xbb\xbf"


class NotJson(Exception):
    """The text is not JSON where its documents are looked for."""


class NoList(Exception):
    """There is no list at the path."""


def documents(file: IO[bytes], path: Sequence[str]) -> Iterator[bytes]:
    """Yield each value of a list as it is written; the whole text when it is an object and the path is empty.

    Args:
        file: the text, in UTF-8.
        path: names of members that lead to the list.

    Raises:
        NotJson: the text is not JSON.
        NoList: there is something else at the path, or nothing.
    """
    text = _Text(file)
    for step in path:
        text.enter(step)
    if text.next_byte() == b"[":
        yield from text.values()
    elif not path and text.next_byte() == b"{":
        yield text.value()
    else:
        raise NoList
    if not path and text.next_byte():
        raise NotJson


class _Text:
    """A text that is read on as it is needed.

    Args:
        file: the text.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._held = file.read(PIECE).removeprefix(_BOM)
        self._position = 0

    def next_byte(self) -> bytes:
        """Return the next byte that is no white space without taking it; empty at the end."""
        while True:
            self._position = self._after(_SPACE)
            if self._position < len(self._held) or not self._more(self._position):
                return self._held[self._position : self._position + 1]

    def enter(self, name: str) -> None:
        """Go to the value of a member."""
        if self.next_byte() != b"{":
            raise NoList
        self._position += 1
        while self.next_byte() == b'"':
            found = msgspec_text(self.value())
            self._take(b":")
            if found == name:
                return
            self.value(is_kept=False)
            if self.next_byte() == b",":
                self._position += 1
        if self.next_byte() != b"}":
            raise NotJson
        raise NoList

    def values(self) -> Iterator[bytes]:
        """Yield the values of a list."""
        self._take(b"[")
        if self.next_byte() == b"]":
            self._position += 1
            return
        while True:
            yield self.value()
            if self.next_byte() == b"]":
                self._position += 1
                return
            self._take(b",")

    def value(self, *, is_kept: bool = True) -> bytes:
        """Return the next value as it is written, or nothing of it."""
        first = self.next_byte()
        if first == b'"':
            return self._string()
        if first in (b"{", b"["):
            return self._nested(is_kept=is_kept)
        if first in (b"", b",", b"]", b"}", b":"):
            raise NotJson
        return self._simple()

    def _string(self) -> bytes:
        while (found := _STRING.match(self._held, self._position)) is None:
            if not self._more(self._position):
                raise NotJson
        self._position = found.end()
        return found[0]

    def _simple(self) -> bytes:
        while (found := _END_OF_SIMPLE.search(self._held, self._position)) is None:
            if not self._more(self._position):
                break
        begin, self._position = self._position, found.start() if found else len(self._held)
        return self._held[begin : self._position]

    def _nested(self, *, is_kept: bool) -> bytes:
        depth, begin, looked = 0, self._position, self._position
        while True:
            for found in _INSIDE.finditer(self._held, looked):
                token = found[0]
                if token in (b"{", b"["):
                    depth += 1
                elif token in (b"}", b"]"):
                    depth -= 1
                    if not depth:
                        self._position = found.end()
                        return self._held[begin : self._position] if is_kept else b""
                elif token == b'"':  # a text that goes on in the next piece
                    looked = found.start()
                    break
                looked = found.end()
            else:
                looked = len(self._held)
            moved = begin if is_kept else looked
            if not self._more(moved):
                raise NotJson
            begin, looked = begin - moved if is_kept else 0, looked - moved

    def _more(self, keep_from: int) -> bool:
        """Read on; what stands before is forgotten, and positions begin there."""
        if len(self._held) - keep_from > MOST_BYTES:
            raise NotJson
        piece = self._file.read(PIECE)
        self._held = self._held[keep_from:] + piece
        self._position = 0
        return bool(piece)

    def _take(self, byte: bytes) -> None:
        if self.next_byte() != byte:
            raise NotJson
        self._position += 1

    def _after(self, pattern: re.Pattern[bytes]) -> int:
        found = pattern.match(self._held, self._position)
        return found.end() if found else self._position


def msgspec_text(value: bytes) -> Any:
    """Return the text of a JSON string.

    Raises:
        NotJson: it is none.
    """
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NotJson from None
