"""The notation of FPML: which texts and keys of a template are expressions, and which block a key opens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hm_fhir.errors import MappingError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hm_fhir.mapping.files.yaml_file import YamlPath

    Report = Callable[[YamlPath, MappingError], None]

NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_COLLECTION = re.compile(r"\{\[\s*(.+?)\s*\]\}", re.DOTALL)
_FIRST = re.compile(r"\{\{(\+?)\s*(.+?)\s*(\+?)\}\}", re.DOTALL)
_IF = re.compile(r"\{%\s*if\s+(.+?)\s*%\}", re.DOTALL)
_ELSE = re.compile(r"\{%\s*else\s*%\}")
_FOR = re.compile(r"\{%\s*for\s+(?:(\w+)\s*,\s*)?(\w+)\s+in\s+(.+?)\s*%\}", re.DOTALL)
_ASSIGN = re.compile(r"\{%\s*assign\s*%\}")
_MERGE = re.compile(r"\{%\s*merge\s*%\}")
_CONTEXT = re.compile(r"\{\{\s*(.+?)\s*\}\}", re.DOTALL)
_WORD = re.compile(r"\{%\s*(\w*)")
_ELIF = re.compile(r"\{%\s*(?:else?\s*if|elif)\b")
_WORDS = ("if", "else", "for", "assign", "merge")
_ALMOST = re.compile(r"[{}%]")
_CLOSED_UP = "write {% ... %} or {{ ... }}, without a space in between"
_MARKS = re.compile(r"\{\{|\}\}|\{\[|\]\}|\{%|%\}")


@dataclass(frozen=True, slots=True)
class Insertion:
    """One ``{{ expression }}`` of a text.

    Attributes:
        expression: FHIRPath.
        keeps_null: written ``{{+ expression +}}``: an empty result is null, not absent.
    """

    expression: str
    keeps_null: bool


@dataclass(frozen=True, slots=True)
class Loop:
    """``{% for index, item in expression %}``."""

    expression: str
    item: str
    index: str | None


@dataclass(slots=True)
class Blocks:
    """The keys of one object of a template, sorted by what they are; a block is its key and what belongs to it."""

    members: dict[str, Any] = field(default_factory=dict)
    assign: str | None = None
    merge: str | None = None
    condition: tuple[str, str] | None = None
    otherwise: str | None = None
    loop: tuple[str, Loop] | None = None
    context: tuple[str, str] | None = None

    def kinds(self) -> list[str]:
        """Return the names of the blocks other than assign, for messages."""
        found = {
            "{{ }}": self.context,
            "{% for %}": self.loop,
            "{% merge %}": self.merge,
            "{% if %}": self.condition,
        }
        return [name for name, value in found.items() if value]


def split_text(text: str) -> str | list[str | Insertion]:
    """Return the expression of ``{[ expression ]}``, or the parts of a text with ``{{ }}``.

    Raises:
        MappingError: a bracket is not closed, or ``{[ ]}`` is not the whole text.
    """
    if not _MARKS.search(text):
        return [text]
    if found := _COLLECTION.match(text):
        if found.end() != len(text):
            raise MappingError("{[ ]} is not the whole text", fix="use {{ }} inside of a text")
        return found[1]
    parts: list[str | Insertion] = []
    end = 0
    for found in _FIRST.finditer(text):
        _plain(text[end : found.start()], parts)
        if found[1] != found[3]:
            raise MappingError("{{+ is not closed by +}}", fix="write {{+ expression +}} or {{ expression }}")
        parts.append(Insertion(found[2], keeps_null=bool(found[1])))
        end = found.end()
    _plain(text[end:], parts)
    return parts


def _plain(text: str, parts: list[str | Insertion]) -> None:
    if mark := _MARKS.search(text):
        raise MappingError(
            f"{mark[0]} stands alone in a text",
            fix="write {{ expression }} inside of a text; {% %} is a key, {[ ]} a whole text",
        )
    if text:
        parts.append(text)


def split_keys(template: dict[str, Any], path: YamlPath, report: Report) -> Blocks:
    """Return the blocks of an object; mistakes are reported at their keys."""
    blocks = Blocks()
    for key, value in template.items():
        error = _sort_in(key, value, blocks)
        if error is not None:
            report((*path, key), error)
    if blocks.otherwise and not blocks.condition:
        report((*path, blocks.otherwise), MappingError("{% else %} without {% if %}"))
    _check_company(blocks, path, report)
    return blocks


def _sort_in(key: str, value: Any, blocks: Blocks) -> MappingError | None:
    taken: object = None
    if not _MARKS.search(key):
        if _ALMOST.search(key):
            return MappingError(f"{key!r} is no block", code="unknown-key", fix=_CLOSED_UP)
        blocks.members[key] = value
    elif _ASSIGN.fullmatch(key):
        taken, blocks.assign = blocks.assign, key
    elif _MERGE.fullmatch(key):
        taken, blocks.merge = blocks.merge, key
    elif _ELSE.fullmatch(key):
        taken, blocks.otherwise = blocks.otherwise, key
    elif found := _IF.fullmatch(key):
        taken, blocks.condition = blocks.condition, (key, found[1])
    elif found := _FOR.fullmatch(key):
        taken, blocks.loop = blocks.loop, (key, Loop(found[3], found[2], found[1]))
    elif found := _CONTEXT.fullmatch(key):
        taken, blocks.context = blocks.context, (key, found[1])
    elif _ELIF.match(key):
        return MappingError("there is no elif", fix="put {% if %} into {% else %}")
    elif found := _WORD.match(key):
        near = None if found[1] in _WORDS else did_you_mean(found[1], _WORDS)
        return MappingError(f"{key!r} is no block", fix=near or "see the blocks of the mapping language")
    else:
        return MappingError(f"the key {key!r} mixes text and an expression", fix="a key is a name or one block")
    if taken is not None:
        return MappingError("this block is here twice", fix=_fix_of_second(key))
    return None


def _fix_of_second(key: str) -> str:
    """Return how to write two blocks of one kind that do not depend on each other."""
    word = found[1] if (found := _WORD.match(key)) else ""
    fixes = {
        "if": 'for both, independent of each other: "{% merge %}" with a list of objects, each with its own {% if %}'
        "; for the second only where the first is not true: put it into {% else %}",
        "else": "each {% if %} has one {% else %}: remove one of them",
        "assign": "put the variables of both into one list",
        "merge": "put the objects of both into one list",
    }
    return fixes.get(word, "make them two items of the list, each with one block")


def _check_company(blocks: Blocks, path: YamlPath, report: Report) -> None:
    kinds = blocks.kinds()
    if len(kinds) > 1:
        report(path, MappingError(f"{' and '.join(kinds)} in one object", fix="nest one in the other"))
    alone = blocks.context or blocks.loop
    if alone and blocks.members:
        report((*path, alone[0]), MappingError(f"{kinds[0]} has other keys beside it", fix="nest them below it"))


def check_names(names: Iterable[str], path: YamlPath, report: Report) -> None:
    """Report names that no ``%variable`` can have."""
    for name in names:
        if not NAME.fullmatch(name):
            report(path, MappingError(f"{name!r} cannot be the name of a variable", fix="use letters, digits, _"))
