"""Which mapping is for an activity, without asking all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Generic, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hm_fhir.fhirpath import Expression

    Candidates = tuple[tuple[Expression | None, T], ...]

# Whatever follows can only narrow it: `and` binds closer than these words, so none of them may be there.
_OF_ONE_TYPE = re.compile(r"\s*type\s*=\s*'([^'\\]*)'\s*(?:$|and\b)")
_WIDENS = re.compile(r"\b(?:or|xor|implies)\b|//|/\*")
_NOTHING_ELSE = re.compile(r"\s*type\s*=\s*'[^'\\]*'\s*")


def only_type(when: Expression) -> str | None:
    """Return the activity type without which a condition is never true, or None if that is not plain to see."""
    found = _OF_ONE_TYPE.match(when.text)
    return found[1] if found and not _WIDENS.search(when.text) else None


class Dispatch(Generic[T]):
    """Conditions with what they choose, found by the type of the activity.

    Args:
        entries: condition and what it chooses, in order.
        asks_all: ask also the conditions of which the type says that they are true, since somebody watches them.
    """

    def __init__(self, entries: Iterable[tuple[Expression, T]], *, asks_all: bool = False) -> None:
        self._entries = tuple(entries)
        types = [only_type(when) for when, _ in self._entries]
        self._by_type: dict[str | None, Candidates[T]] = {
            kind: tuple(
                (None if own and not asks_all and _NOTHING_ELSE.fullmatch(when.text) else when, chosen)
                for (when, chosen), own in zip(self._entries, types, strict=True)
                if own in (None, kind)
            )
            for kind in {None, *types}
        }

    def __iter__(self) -> Iterator[T]:
        return (chosen for _, chosen in self._entries)

    def candidates(self, root: dict[str, Any]) -> Candidates[T]:
        """Return what can be for an activity, in order, each with the condition that is left; None: it is."""
        kind = root.get("type")
        if not isinstance(kind, str):
            return self._entries
        return self._by_type.get(kind) or self._by_type[None]
