"""How a sheet is called where people and logs read it: a mediator's own sheet often bears a name of a person."""

from __future__ import annotations

import re
from typing import Final

_MONTHS: Final = """
    януари февруари март април май юни юли август септември октомври ноември декември
    january february march april may june july august september october november december
"""
_SHORTEST_MONTH: Final = 3
_OTHERS: Final = """
    i ii iii iv v vi vii viii ix x xi xii
    г год година полугодие тримесечие м месец седмица ден year quarter q month week w day
    лист страница таблица графика sheet page table chart
    регистър дневник отчет справка данни обобщение общо register log report data summary total
    списък списъци кодове номенклатури посещения дейности list lists codes visits activities
"""
_PLAIN: Final = frozenset(
    {name[:length] for name in _MONTHS.split() for length in range(_SHORTEST_MONTH, len(name) + 1)}
    | set(_OTHERS.split())
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_DIGITS: Final = re.compile(r"\d+")
_YEAR_LENGTH: Final = len("2026")
_DAY_LENGTH: Final = len("01032026")


def shown_sheet(name: str, number: int, named: tuple[str, ...]) -> str:
    """Return what a sheet is called in places: its name when it tells of nobody, otherwise its number.

    Args:
        name: of the sheet.
        number: of the sheet in the workbook, from 1, hidden ones counted.
        named: names that the settings write in full; whoever wrote them there wants to read them.

    Returns:
        ``'Март 2026'``, or ``sheet 3``.
    """
    if name in named or (_has_plain_words(name) and _has_short_numbers(name)):
        return repr(name)
    return f"sheet {number}"


def _has_plain_words(name: str) -> bool:
    return all(word.casefold() in _PLAIN for word in _WORD.findall(name))


def _has_short_numbers(name: str) -> bool:
    """Return whether numbers can be days and years, and no numbers of people or phones."""
    numbers = _DIGITS.findall(name)
    return sum(map(len, numbers)) <= _DAY_LENGTH and all(len(one) <= _YEAR_LENGTH for one in numbers)
