"""What somebody most likely meant where a file is no YAML: the common slips, each with place and remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

Place = tuple[int, int]
"""0-based line and column."""

_CLOSING: Final = {"[": "]", "{": "}"}
_NO_START: Final = "%@`"
_MARK: Final = re.compile(r"[*&][A-Za-z0-9_-]*$|[|>][-+0-9]*\s*$")
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"")
_TEMPLATE: Final = re.compile(r"(^|[\s:\-\[,])\{[{%\[]")
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_TABS: Final = "indent with spaces, not with tabs"
_ESCAPE: Final = (
    "between double quotes of YAML a backslash is written twice, and four times in a text of an expression; or put "
    "the YAML text between single quotes"
)


@dataclass(frozen=True, slots=True)
class Slip:
    """A mistake of YAML.

    Attributes:
        message: what is wrong.
        place: where.
        fix: what to do, or None: nobody knows.
    """

    message: str
    place: Place
    fix: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a YAML parser stumbled over.

    Attributes:
        text: of the file.
        problem: in its words.
        context: what it was doing.
        place: where it stumbled.
        opened: where what it was doing began, or None.
        quoted: begin and end of the last quoted text before, or None.
    """

    text: str
    problem: str
    context: str
    place: Place
    opened: Place | None
    quoted: tuple[Place, Place] | None

    def line(self, number: int) -> str:
        """Return a line, empty below the last one."""
        lines = self.text.split("\n")
        return lines[number] if 0 <= number < len(lines) else ""

    @property
    def before(self) -> str:
        """What stands before the place in its line."""
        return self.line(self.place[0])[: self.place[1]]

    @property
    def character(self) -> str:
        """What stands at the place, or nothing."""
        return self.line(self.place[0])[self.place[1] : self.place[1] + 1]


def found_in(text: str, error: Any, quoted: Any) -> Found:
    """Return what a parser stumbled over.

    Args:
        text: of the file.
        error: a MarkedYAMLError.
        quoted: the event of the last quoted text, or None.
    """
    mark, opened = error.problem_mark or error.context_mark, error.context_mark
    ends = (quoted.start_mark, quoted.end_mark) if quoted is not None else None
    return Found(
        text=text,
        problem=error.problem or "this is no YAML",
        context=error.context or "",
        place=(mark.line, mark.column) if mark else (0, 0),
        opened=(opened.line, opened.column) if opened else None,
        quoted=((ends[0].line, ends[0].column), (ends[1].line, ends[1].column)) if ends else None,
    )


def slip_of(found: Found) -> Slip:
    """Return the slip that is the likely cause of what a parser says."""
    for rule in _RULES:
        slip = rule(found)
        if slip is not None:
            return slip
    return Slip(found.problem, found.place, None)


# --- quotes and characters that begin something else ----------------------------------------------------------------


def _open_quote(found: Found) -> Slip | None:
    if "quoted scalar" not in found.context or found.opened is None:
        return None
    if "end of stream" in found.problem:
        fix = _template(found, found.opened[0]) or "close it"
        return Slip("the quote that opens here is not closed", found.opened, fix)
    if "escape" in found.problem:
        return Slip(found.problem, found.place, _ESCAPE)
    return None


def _after_quote(found: Found) -> Slip | None:
    if found.quoted is None or found.quoted[1][0] != found.place[0]:
        return None
    (line, column), _ = found.quoted
    if line < found.place[0]:
        fix = f"the quote that opens in line {line + 1}, column {column + 1} ends only here: close it there"
        return Slip(found.problem, found.place, fix)
    if _expects_key(found) and found.character not in ("]", "}"):
        fix = "put quotes around the whole text; write a quote inside of it twice ('') or as the other kind"
        return Slip("something follows the closing quote", found.place, fix)
    return None


def _tab(found: Found) -> Slip | None:
    before = found.before + (found.character if found.character == "\t" else "")
    if before.strip() or "\t" not in before:
        if found.character == "\t":
            return Slip("a tab stands here", found.place, "write spaces instead of it")
        return None
    return Slip("a line begins with a tab", (found.place[0], before.index("\t")), _TABS)


def _template(found: Found, line: int) -> str | None:
    return "put quotes around {{ }}, {% %} and {[ ]}" if _TEMPLATE.search(_plain(found.line(line))) else None


def _template_without_quotes(found: Found) -> Slip | None:
    fix = _template(found, found.place[0])
    return Slip("a template without quotes", found.place, fix) if fix else None


def _special_character(found: Found) -> Slip | None:
    line = found.place[0]
    if "cannot start any token" in found.problem and found.character in _NO_START:
        return _starts_with(found.character, found.place)
    if "directive" in found.problem and found.line(line).startswith("%"):
        return _starts_with("%", (line, 0))
    mark = _MARK.search(found.before)
    if mark is not None and ("alphabetic" in found.problem or "comment or line break" in found.problem):
        return _starts_with(mark[0][0], (line, mark.start()))
    if "mapping keys are not allowed" in found.problem and found.character == "?":
        return _starts_with("?", found.place)
    return None


def _starts_with(character: str, place: Place) -> Slip:
    message = f"no text begins with {character} without quotes"
    return Slip(message, place, f"put quotes around a text that starts with {character}")


# --- brackets -------------------------------------------------------------------------------------------------------


def _in_brackets(found: Found) -> Slip | None:
    if "flow" not in found.context or found.opened is None:
        return None
    if "node content" in found.problem:
        return _no_value(found)
    if "expected ','" not in found.problem:
        return None
    opening = found.line(found.opened[0])[found.opened[1] : found.opened[1] + 1]
    closing = _CLOSING.get(opening)
    if closing is None:
        return None
    return (
        _comment_in_brackets(found, closing)
        or _not_closed(found, opening, closing)
        or _between_brackets(found, opening, closing)
    )


def _comment_in_brackets(found: Found, closing: str) -> Slip | None:
    assert found.opened is not None  # noqa: S101 - for the type checker; the caller has looked
    for number in range(found.opened[0], found.place[0]):
        line = found.line(number)
        comment = re.search(r"(?:^|\s)#", _plain(line))
        if comment is not None and closing in line[comment.end() :]:
            message = f"what follows # is a comment, also the {closing} in it"
            return Slip(message, (number, comment.end() - 1), "put quotes around a text that holds #")
    return None


def _not_closed(found: Found, opening: str, closing: str) -> Slip | None:
    assert found.opened is not None  # noqa: S101 - see above
    if found.place[0] == found.opened[0]:
        return None
    line = found.line(found.place[0])
    if line.strip() and _indentation(line) > _indentation(found.line(found.opened[0])):
        where = f"line {found.opened[0] + 1}, column {found.opened[1] + 1}"
        fix = f"write the comma, or close the {opening} of {where} with {closing}"
        return Slip(f"a comma or {closing} is missing before this", found.place, fix)
    return Slip(f"the {opening} that opens here is not closed", found.opened, f"close it with {closing}")


def _no_value(found: Found) -> Slip | None:
    match found.character:
        case ",":
            return Slip("nothing stands before this comma", found.place, "remove it, or write what is missing")
        case "-":
            return Slip("a line with a dash stands inside of brackets", found.place, "write the list as [a, b]")
        case "]" | "}":
            return Slip(f"this {found.character} closes another bracket than the last one", found.place,
                        "close each bracket with its own kind")  # fmt: skip
        case _:
            return None


def _between_brackets(found: Found, opening: str, closing: str) -> Slip:
    before, character = found.before.rstrip(), found.character
    last = before[-1:]
    if character in ("]", "}") and character != closing:
        return Slip(f"the {opening} is closed with {character}", found.place, f"close it with {closing}")
    if character == ":":
        return _colon_in_brackets(found)
    if character in _CLOSING and last and last not in "'\"]}":
        return Slip(f"a text holds {character} without quotes", found.place,
                    f"put quotes around a text that holds {character} or {_CLOSING[character]}")  # fmt: skip
    return Slip("a comma is missing here", found.place, "write a comma between the two")


def _colon_in_brackets(found: Found) -> Slip:
    before = found.before[found.opened[1] if found.opened else 0 :].rstrip()
    quotes = 'put quotes around a text that holds ": "'
    words = re.search(r":\s+\S.*\s(\S+)$", before)
    if words is None:
        return Slip('a text holds ": " without quotes', found.place, quotes)
    name = words[1]
    if _KEY.fullmatch(name) or name[-1] in "'\"":
        place = (found.place[0], len(found.before.rstrip()) - len(name))
        return Slip(f"a comma is missing before {name}", place, f"write it; or {quotes}")
    fix = f"{quotes}, or write the comma that is missing before the last word"
    return Slip('a text holds ": " without quotes', found.place, fix)


def _closed_too_often(found: Found) -> Slip | None:
    if not _expects_key(found):
        return None
    if found.character in ("]", "}"):
        return Slip(f"this {found.character} closes nothing", found.place, "remove it")
    last = found.before.rstrip()[-1:]
    if last in ("]", "}"):
        opening = "[" if last == "]" else "{"
        return Slip(f"something follows the {last}", found.place,
                    f"put quotes around a text that starts with {opening}")  # fmt: skip
    return None


# --- lines ----------------------------------------------------------------------------------------------------------


def _wrong_indentation(found: Found) -> Slip | None:
    is_first = not found.before.strip() and bool(found.character)
    if not is_first or not (_expects_key(found) or "'-' indicator" in found.problem):
        return None
    line, width = found.line(found.place[0]), found.place[1]
    around = _levels_above(found)
    if width in around:
        above = around[width]
        if line.lstrip().startswith("-"):
            message = f"a list item stands beside the key of line {above + 1}"
            return Slip(message, found.place, "indent it below the key that it belongs to, or remove the dash")
        message = f"a key stands beside the list item of line {above + 1}"
        return Slip(message, found.place, "begin it with a dash, or indent it as the key that it stands beside")
    levels = " or ".join(f"{one} as in line {above + 1}" for one, above in sorted(around.items(), reverse=True))
    message = f"this line is indented by {_spaces(width)}, as nothing above that it could belong to"
    return Slip(message, found.place, f"indent it by {levels}")


def _colon(found: Found) -> Slip | None:
    if "mapping values are not allowed" not in found.problem:
        return None
    before = _plain(found.before)
    if ": " in before.lstrip(" -"):
        return Slip('a text holds ": " without quotes', found.place, 'put quotes around a text that holds ": "')
    line = found.place[0]
    above = next((number for number in range(line - 1, -1, -1) if _is_filled(found.line(number))), None)
    if above is None:
        return None
    text = _plain(found.line(above))
    place = (above, len(text.rstrip()))
    if ": " not in text and not text.rstrip().endswith(":"):
        inner = text.find(":")
        if inner >= 0:
            return Slip("no space follows this colon", (above, inner), "write a space behind it")
        key = text.strip().removeprefix("- ").strip()
        return Slip("a colon is missing here", place, f"write `{key}:`" if _KEY.fullmatch(key) else "write it")
    width, wanted = _indentation(found.line(line)), _indentation(text)
    if width > wanted:
        return Slip(
            f"this line is indented more than line {above + 1}, which has its value already",
            (line, width),
            f"indent it by {_spaces(wanted)}, as line {above + 1}",
        )
    return None


def _expects_key(found: Found) -> bool:
    # libyaml, and PyYAML without it.
    return "expected key" in found.problem or "<block end>" in found.problem


def _levels_above(found: Found) -> dict[int, int]:
    """Return the indentations that a line can have, each with the line above that has it."""
    levels: dict[int, int] = {}
    least: int | None = None
    for number in range(found.place[0] - 1, -1, -1):
        line = found.line(number)
        if _is_filled(line):
            width = _indentation(line)
            if least is None or width < least:
                levels[width], least = number, width
    return levels


def _is_filled(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _spaces(number: int) -> str:
    return f"{number} space{'' if number == 1 else 's'}"


def _plain(line: str) -> str:
    """Return a line in which quoted texts are blank, so that what they hold is not taken for YAML."""
    return _QUOTED.sub(lambda quoted: "x" * len(quoted[0]), line)


_RULES: Final = (
    _open_quote,
    _tab,
    _after_quote,
    _template_without_quotes,
    _special_character,
    _in_brackets,
    _closed_too_often,
    _wrong_indentation,
    _colon,
)
