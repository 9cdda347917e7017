"""Code tables: what the words of a local system stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from hm_fhir.sources.fields.unreadable import Unreadable
from hm_fhir.sources.headings import heading_key as word_key
from hm_fhir.sources.headings import heading_look

Target = str | int | bool

_SPELLINGS_KEPT: Final = 4096
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class CodeTable:
    """One code table of a fields file.

    Attributes:
        name: in the file.
        words: word as it is written in the file -> what it stands for; None: known, says nothing.
        targets: all that its words stand for.
    """

    name: str
    words: Mapping[str, Target | None]
    _plain: dict[str, Target | None] = field(init=False, repr=False)
    _known: dict[str, Target | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_plain", {word_key(word): code for word, code in self.words.items()})
        object.__setattr__(self, "_known", {})

    @property
    def targets(self) -> frozenset[Target]:
        """All that its words stand for."""
        return frozenset(code for code in self.words.values() if code is not None)

    @property
    def kind(self) -> str:
        """Type of its targets: ``text``, ``integer`` or ``boolean``."""
        kinds = {type(code) for code in self.targets}
        return "boolean" if kinds == {bool} else "integer" if kinds == {int} else "text"

    def has(self, word: Any) -> bool:
        """Return whether a word is in the table; case and white space do not matter."""
        return isinstance(word, str | int) and word_key(_word(word)) in self._plain

    def convert(self, value: Any) -> Target | None:
        """Return what a word stands for.

        Raises:
            Unreadable: it is no word, or not in the table.
        """
        if value.__class__ is str and (found := self._known.get(value, _MISSING)) is not _MISSING:
            return found  # type: ignore[return-value]
        word = _word(value)
        found = self._plain.get(word_key(word), _MISSING)
        if found is _MISSING:
            raise self._unknown(word)
        if len(self._known) >= _SPELLINGS_KEPT:
            self._known.clear()
        self._known[word] = found  # type: ignore[assignment]
        return found  # type: ignore[return-value]

    def _unknown(self, word: str) -> Unreadable:
        message = f"has a word that is not in the code table {self.name!r}"
        look = heading_look(word)
        if any(heading_look(known) == look for known in self.words):
            message += "; it differs from one that is there only in letters that look alike (Latin and Cyrillic)"
        fix = f"correct it in the local system, or add the word to `codes.{self.name}` of the fields file"
        return Unreadable(message, "unknown-code", fix)


def _word(value: Any) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if not isinstance(value, str | int):
        raise Unreadable("is not a text", "wrong-kind")
    return str(value)
