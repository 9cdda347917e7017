"""Columns that are there and not found: headings that look alike, lower headings without their upper ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from hm_fhir.sources.headings import BETWEEN_LEVELS, heading_key, heading_look, told_apart

if TYPE_CHECKING:
    from hm_fhir.sources.fields.loading import Column

_SHOWN: Final = 4


def near_misses(missing: Iterable[Column], names: Iterable[str]) -> dict[str, str]:
    """Return what is to be said of columns whose headings are in the table in another form, by their first names.

    Only headings that look like a declared one are shown, or end with one, so none of them is the value of a record.

    Args:
        missing: columns that were not found.
        names: of the columns that nobody declared.
    """
    others = list(names)
    by_look = {heading_look(name): name for name in reversed(others)}
    found: dict[str, str] = {}
    for column in missing:
        said = next((said for name in column.names if (said := _looks_the_same(name, by_look))), None)
        said = said or next((said for name in column.names if (said := _stands_below(name, others))), None)
        said = said or next((said for name in column.names if (said := _is_cut(name, others))), None)
        if said is not None:
            found.setdefault(column.names[0], said)
    return found


def _looks_the_same(name: str, by_look: dict[str, str]) -> str | None:
    other = by_look.get(heading_look(name))
    if other is None:
        return None
    return f"{other!r} differs from {name!r} only in letters that look alike ({told_apart(other, name)})"


def _stands_below(name: str, others: list[str]) -> str | None:
    plain = heading_key(name)
    full = [one for one in others if heading_key(one).rpartition(BETWEEN_LEVELS)[1:] == (BETWEEN_LEVELS, plain)]
    if not full:
        return None
    if len(full) == 1:
        return f"{name!r} is the lower half of {full[0]!r}: write it in full"
    shown = " and ".join(f"as {one!r}" for one in full[:_SHOWN])
    more = f" and {len(full) - _SHOWN} more" if full[_SHOWN:] else ""
    times = "twice" if len(full) == 2 else f"{len(full)} times"
    return f"{name!r} stands there {times}, {shown}{more}: write the one that is meant in full"


def _is_cut(name: str, others: list[str]) -> str | None:
    full = next((one for one in others if heading_key(one).startswith(f"{heading_key(name)} #")), None)
    return f"{full!r} holds a #, after which YAML reads a comment: write it in quotes" if full is not None else None
