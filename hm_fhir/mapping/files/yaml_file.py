r"""YAML read so that what is written is what is meant, and every value knows its place in the file.

PyYAML's default turns ``02201`` into 1153, ``no`` into False, ``12:30`` into 750 and a date into an object. Here a
plain scalar is a number only by the grammar of JSON (RFC 8259, section 6), a boolean only as ``true`` or ``false``,
null only as ``null``, ``~`` or nothing; all else is text. Keys are always text. Duplicate keys, anchors, aliases,
merge keys, tags and several documents are errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from hm_fhir.errors import MappingError
from hm_fhir.mapping.files.regular_files import read_regular_file
from hm_fhir.mapping.files.yaml_slips import found_in, slip_of

if TYPE_CHECKING:
    from collections.abc import Iterator

YamlPath = tuple[str | int, ...]

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it: 8 times faster
_MAXIMUM_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands: 0-based lines and columns, the end exclusive; `key` is where its key starts."""

    line: int
    column: int
    end_line: int
    end_column: int
    key: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A value read from YAML, and the place of each of its parts.

    Attributes:
        name: file name for messages.
        text: of the file.
        value: str, int, Decimal, bool, None, dict and list.
        places: by path, such as ``("resources", 0, "type")``; ``()`` is the whole document.
    """

    name: str
    text: str
    value: Any
    places: dict[YamlPath, Span]

    def place(self, path: YamlPath = (), *, key: bool = False) -> str:
        """Return ``file:line:column``, 1-based, of the value at `path` or of the nearest part around it.

        Args:
            path: keys and indices from the top.
            key: the place of the key instead of its value.
        """
        line, column = self._at(path, key=key)
        return f"{self.name}:{line + 1}:{column + 1}"

    def excerpt(self, path: YamlPath = (), *, key: bool = False) -> str:
        """Return the line of the value at `path` with a caret below its start."""
        return self._line(*self._at(path, key=key))

    def place_within(self, path: YamlPath, text: str, position: int) -> tuple[str, str]:
        """Return place and excerpt of a character of an expression that is part of the value at `path`.

        Args:
            path: of the scalar (or of its key, if the expression stands there).
            text: the expression, as it stands in the scalar.
            position: 0-based offset in `text`.
        """
        line, column = self._at(path)
        span = self.places.get(path)
        if span:
            inside_key = span.key and str(path[-1]).startswith("{") and text in str(path[-1])
            start = self._offset(*(span.key if span.key and inside_key else (span.line, span.column)))
            end = self._offset(span.end_line, span.end_column)
            found = _standing(text, self.text, start, end)
            # An escaped or folded scalar does not hold the text as it is; its start is the best that is known.
            if found >= 0:
                offset = found + position
                line = self.text.count("\n", 0, offset)
                column = offset - (self.text.rfind("\n", 0, offset) + 1)
        return f"{self.name}:{line + 1}:{column + 1}", self._line(line, column)

    def _at(self, path: YamlPath, *, key: bool = False) -> tuple[int, int]:
        while path and path not in self.places:
            path = path[:-1]
            key = False
        span = self.places[path]
        return span.key if key and span.key else (span.line, span.column)

    def _line(self, line: int, column: int) -> str:
        lines = self.text.split("\n")
        return f"{lines[line] if line < len(lines) else ''}\n{' ' * column}^"

    def _offset(self, line: int, column: int) -> int:
        return sum(len(part) + 1 for part in self.text.split("\n")[:line]) + column


def read_yaml(source: str | Path, name: str | None = None) -> YamlDocument:
    """Return the document of a YAML text or file.

    Args:
        source: a Path is read as UTF-8, a str is the text itself.
        name: what messages call it; default: the path, or ``text``.

    Raises:
        MappingError: not UTF-8, no YAML, or YAML that could mean something else than it seems to.
    """
    if isinstance(source, Path):
        name = name or str(source)
        try:
            text = read_regular_file(source, name).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise MappingError("the file is not UTF-8 text", place=name, fix="save it as UTF-8") from None
    else:
        text = source
    return _Reader(text.replace("\r\n", "\n").replace("\r", "\n"), name or "text").document()


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._places: dict[YamlPath, Span] = {}
        self._quoted: Any = None  # the last quoted text

    def document(self) -> YamlDocument:
        try:
            return self._document(yaml.parse(self._text, Loader=_LOADER))
        except yaml.MarkedYAMLError as error:
            slip = slip_of(found_in(self._text, error, self._quoted))
            self._fail_at(slip.message, slip.place, slip.fix)
        except yaml.reader.ReaderError as error:
            raise MappingError(
                "the file holds a character that YAML forbids",
                place=self._name,
                fix=f"remove U+{error.character:04X}"
                if isinstance(error.character, int)
                else "remove control characters",
            ) from None

    def _document(self, events: Iterator[Any]) -> YamlDocument:
        documents = 0
        value: Any = None
        end = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._fail("a second document starts here", event.start_mark, fix="one document a file")
                value = self._node(next(events), events, ())
            else:
                end = event.end_mark
        if not documents:
            self._fail("the file is empty", end)
        return YamlDocument(self._name, self._text, value, self._places)

    def _node(self, event: Any, events: Iterator[Any], path: YamlPath, key: tuple[int, int] | None = None) -> Any:
        if len(path) > _MAXIMUM_DEPTH:
            self._fail("this is nested too deeply", event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            fix = "put quotes around a text that starts with *; to share a value, write it out or use parts"
            self._fail(f"an alias *{event.anchor}", event.start_mark, fix=fix)
        if event.anchor is not None:
            fix = "put quotes around a text that starts with &; to share a value, write it out or use parts"
            self._fail(f"an anchor &{event.anchor}", event.start_mark, fix=fix)
        if event.tag is not None:
            self._fail(f"a tag {event.tag}", event.start_mark, fix="put quotes around a text that starts with !")
        start: Any = event.start_mark
        value: Any
        end: Any
        if isinstance(event, yaml.ScalarEvent):
            self._quoted = event if event.style in ("'", '"') else self._quoted
            value, end = self._scalar(event), event.end_mark
        elif isinstance(event, yaml.SequenceStartEvent):
            value, end = self._sequence(events, path)
        else:
            value, end = self._mapping(events, path)
        self._places[path] = Span(start.line, start.column, end.line, end.column, key)
        return value

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        try:
            return text if event.style else plain_scalar(text)
        except (ValueError, ArithmeticError):  # sys.set_int_max_str_digits, and the exponents of Decimal
            start = event.start_mark
            place = f"{self._name}:{start.line + 1}:{start.column + 1}"
            raise MappingError("a number is too large", place=place, fix="put quotes around text") from None

    def _sequence(self, events: Iterator[Any], path: YamlPath) -> tuple[list[Any], Any]:
        items: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, (*path, len(items))))
        return items, event.end_mark

    def _mapping(self, events: Iterator[Any], path: YamlPath) -> tuple[dict[str, Any], Any]:
        members: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            mark = event.start_mark
            if not isinstance(event, yaml.ScalarEvent):
                self._fail("a key must be text", mark, fix="put quotes around {{ }}, {% %} and {[ ]}")
            if event.tag is not None or event.anchor is not None:
                self._fail("a key must be plain text", mark, fix="remove the tag or anchor")
            name = event.value
            if name == "<<" and not event.style:
                self._fail("merge keys are not supported", mark, fix="write the values out, or use {% merge %}")
            if not name:
                self._fail("a key is empty", mark)
            if not event.style and name != name.strip():
                self._fail("a key begins or ends with a no-break space", mark, fix="write plain spaces, or quotes")
            if name in members:
                first = self._places[(*path, name)]
                line = (first.key or (first.line, 0))[0] + 1
                self._fail(f"the key {name!r} is already on line {line}", mark, fix="remove one of them")
            members[name] = self._node(next(events), events, (*path, name), (mark.line, mark.column))
        return members, event.end_mark

    def _fail(self, message: str, mark: Any, fix: str | None = None) -> NoReturn:
        self._fail_at(message, (mark.line, mark.column) if mark else (0, 0), fix)

    def _fail_at(self, message: str, at: tuple[int, int], fix: str | None) -> NoReturn:
        line, column = at
        lines = self._text.split("\n")
        excerpt = f"{lines[line] if line < len(lines) else ''}\n{' ' * column}^"
        raise MappingError(message, place=f"{self._name}:{line + 1}:{column + 1}", excerpt=excerpt, fix=fix) from None


def _standing(expression: str, text: str, start: int, end: int) -> int:
    """Return where an expression stands between two offsets of a text, or -1.

    The same words may stand inside of another expression before it, so where it fills its brackets counts first.
    """
    filled = re.compile(r"(?:\{\{\+?|\{\[|\b(?:if|in))\s*(" + re.escape(expression) + r")\s*(?:\+?\}\}|\]\}|%\})")
    found = filled.search(text, start, end)
    return found.start(1) if found else text.find(expression, start, end)


def plain_scalar(text: str) -> str | int | Decimal | bool | None:
    """Return what an unquoted scalar means.

    Raises:
        ValueError: a number has more digits than Python reads.
        ArithmeticError: a number has too large an exponent.
    """
    if text in ("true", "false"):
        return text == "true"
    if text in ("null", "~", ""):
        return None
    if number := NUMBER.fullmatch(text):
        return Decimal(text) if number[1] or number[2] else int(text)
    return text
